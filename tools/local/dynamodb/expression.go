package dynamodb

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/truora/minidyn/interpreter"
	"github.com/truora/minidyn/interpreter/language"
)

// placeholders are the names and values that a request's expressions refer to, as #name and :value.
type placeholders struct {
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues item
}

func placeholderPattern() *regexp.Regexp { return regexp.MustCompile(`[#:][A-Za-z0-9_]+`) }

// check refuses placeholders that are used and not defined, or defined and not used, as DynamoDB does.
func (p placeholders) check(pattern *regexp.Regexp, expressions ...string) error {
	if p.ExpressionAttributeNames != nil && len(p.ExpressionAttributeNames) == 0 {
		return validation("ExpressionAttributeNames must not be empty")
	}
	if p.ExpressionAttributeValues != nil && len(p.ExpressionAttributeValues) == 0 {
		return validation("ExpressionAttributeValues must not be empty")
	}
	if err := checkItem(p.ExpressionAttributeValues); err != nil {
		return err
	}
	used := map[string]bool{}
	for _, name := range pattern.FindAllString(strings.Join(expressions, " "), -1) {
		used[name] = true
		_, isName := p.ExpressionAttributeNames[name]
		_, isValue := p.ExpressionAttributeValues[name]
		if !isName && !isValue {
			return validation("Invalid expression: An expression attribute name or value used in it is not defined: %s", name)
		}
	}
	for name := range p.ExpressionAttributeNames {
		if !used[name] {
			return validation("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", name)
		}
	}
	for name := range p.ExpressionAttributeValues {
		if !used[name] {
			return validation("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", name)
		}
	}
	return nil
}

// matches tells whether a condition holds for the row; a row that isn't there is nil. No condition holds. label names the expression.
func (p placeholders) matches(label, condition string, row item) (bool, error) {
	if condition == "" {
		return true, nil
	}
	holds, err := new(interpreter.Language).Match(interpreter.MatchInput{
		Expression: condition, ExpressionType: interpreter.ExpressionTypeConditional,
		Item: row, Attributes: p.ExpressionAttributeValues, Aliases: p.ExpressionAttributeNames,
	})
	if err != nil {
		return false, validation("Invalid %s: %v", label, err)
	}
	return holds, nil
}

func (p placeholders) project(expression string, row item) (item, error) {
	if expression == "" || row == nil {
		return row, nil
	}
	projected, err := new(interpreter.Language).Project(interpreter.ProjectInput{Expression: expression, Item: row, Aliases: p.ExpressionAttributeNames})
	if err != nil {
		return nil, validation("Invalid ProjectionExpression: %v", err)
	}
	return projected, nil
}

// projected lists the attributes that the request's ProjectionExpression names.
func (r *pageRequest) projected() ([]string, error) {
	parser := language.NewParser(language.NewLexer(r.ProjectionExpression))
	paths := parser.ParseProjectionExpression()
	if problems := parser.Errors(); len(problems) > 0 {
		return nil, validation("Invalid ProjectionExpression: %s", strings.Join(problems, "; "))
	}
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = r.path(path)[0]
	}
	return names, nil
}

// updated returns the row that an update expression makes of this one, and the names of the attributes that it sets or removes.
func (p placeholders) updated(expression string, targets []target, row item) (item, error) {
	scratch := maps.Clone(row)
	err := new(interpreter.Language).Update(interpreter.UpdateInput{
		Expression: expression, Item: scratch, Attributes: p.ExpressionAttributeValues, Aliases: p.ExpressionAttributeNames,
	})
	if err != nil {
		return nil, validation("%v", err)
	}
	// The interpreter leaves removed attributes in place, and rewrites the numbers of all: take from it what the expression names.
	result := maps.Clone(row)
	for _, t := range targets {
		if t.removed {
			delete(result, t.path[0])
		} else if value, ok := scratch[t.path[0]]; ok {
			result[t.path[0]] = value
		}
	}
	return result, nil
}

// target is a document path that an update expression changes.
type target struct {
	path    []string // the attribute, then names of map entries and [positions] in lists
	removed bool     // the whole attribute goes
}

// targets reads the paths of an update expression. Paths that overlap are refused, as DynamoDB does.
func (p placeholders) targets(expression string) ([]target, error) {
	parser := language.NewUpdateParser(language.NewLexer(expression))
	statement := parser.ParseUpdateExpression()
	if problems := parser.Errors(); len(problems) > 0 || statement.Expression == nil {
		return nil, validation("Invalid UpdateExpression: %s", strings.Join(problems, "; "))
	}
	targets := p.collect(nil, statement.Expression)
	for i, a := range targets {
		for _, b := range targets[:i] {
			shorter := min(len(a.path), len(b.path))
			if slices.Equal(a.path[:shorter], b.path[:shorter]) {
				return nil, validation("Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; %s", strings.Join(a.path, "."))
			}
		}
	}
	return targets, nil
}

func (p placeholders) collect(targets []target, expression language.Expression) []target {
	switch e := expression.(type) {
	case *language.UpdateExpression:
		for _, inner := range e.Expressions {
			targets = p.collect(targets, inner)
		}
	case *language.ActionExpression:
		path := p.path(e.Left)
		targets = append(targets, target{path, e.Token.Type == language.REMOVE && len(path) == 1})
	}
	return targets
}

func (p placeholders) path(expression language.Expression) []string {
	if index, ok := expression.(*language.IndexExpression); ok {
		step := p.name(index.Index.String())
		if index.Type == language.ObjectTypeList {
			step = "[" + step + "]"
		}
		return append(p.path(index.Left), step)
	}
	return []string{p.name(expression.String())}
}

func (p placeholders) name(text string) string {
	if name, ok := p.ExpressionAttributeNames[text]; ok {
		return name
	}
	return text
}

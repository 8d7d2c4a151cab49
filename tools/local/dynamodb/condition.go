package dynamodb

import (
	"slices"
	"strings"

	"github.com/truora/minidyn/interpreter/language"
)

// parseCondition refuses a condition or filter that is wrong whatever the rows hold, and returns the attributes that it begins its paths
// with, as they are written in it. label names the expression in errors. Without this, one that no row is there for would pass.
func parseCondition(label, text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	parser := language.NewParser(language.NewLexer(text))
	statement := parser.ParseConditionalExpression()
	if problems := parser.Errors(); len(problems) > 0 || statement.Expression == nil {
		return nil, validation("Invalid %s: Syntax error: %s", label, strings.Join(problems, "; "))
	}
	var w conditionWalk
	w.visit(statement.Expression)
	// The parser takes several expressions, one after the other, and keeps the last.
	if w.identifiers != identifiers(text) {
		return nil, validation("Invalid %s: Syntax error: more than one expression", label)
	}
	for _, name := range w.attributes {
		if language.IsReservedWord(strings.ToUpper(name)) {
			return nil, validation("Invalid %s: Attribute name is a reserved keyword; reserved keyword: %s", label, name)
		}
	}
	return w.attributes, nil
}

// identifiers counts the names, placeholders and positions in an expression.
func identifiers(text string) int {
	lexer, count := language.NewLexer(text), 0
	for token := lexer.NextToken(); token.Type != language.EOF; token = lexer.NextToken() {
		if token.Type == language.IDENT {
			count++
		}
	}
	return count
}

// conditionWalk goes through a condition's syntax tree.
type conditionWalk struct {
	attributes  []string
	identifiers int
}

func (w *conditionWalk) visit(expressions ...language.Expression) {
	for _, expression := range expressions {
		switch e := expression.(type) {
		case *language.Identifier:
			w.identifiers++
			if !strings.HasPrefix(e.Value, ":") && !slices.Contains(w.attributes, e.Value) {
				w.attributes = append(w.attributes, e.Value)
			}
		case *language.PrefixExpression:
			w.visit(e.Right)
		case *language.InfixExpression:
			w.visit(e.Left, e.Right)
		case *language.BetweenExpression:
			w.visit(e.Left, e.Range[0], e.Range[1])
		case *language.InExpression:
			w.visit(e.Left)
			w.visit(e.Range...)
		case *language.CallExpression:
			w.identifiers++ // the function's name
			w.visit(e.Arguments...)
		case *language.IndexExpression:
			w.identifiers++ // the entry's name or the position
			w.visit(e.Left)
		}
	}
}

package dynamodb

import (
	"bytes"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/truora/minidyn/interpreter/language"
)

// keyCondition is what a KeyConditionExpression says: the partition, and perhaps a range of the sort key in it.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html
type keyCondition struct {
	partition *value
	sort      *comparison // nil: the whole partition
}

// comparison is one of = < <= > >= BETWEEN begins_with on an attribute of a key.
type comparison struct {
	attribute string
	operator  string
	operands  []*value
}

func (c *comparison) holds(v *value) bool {
	order := compareValues(v, c.operands[0])
	switch c.operator {
	case "=":
		return order == 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "BETWEEN":
		return order >= 0 && compareValues(v, c.operands[1]) <= 0
	default: // begins_with
		if v.B != nil {
			return bytes.HasPrefix(v.B, c.operands[0].B)
		}
		return strings.HasPrefix(*v.S, *c.operands[0].S)
	}
}

// keyCondition reads the request's KeyConditionExpression for the view.
func (r *pageRequest) keyCondition(v view) (keyCondition, error) {
	if r.KeyConditionExpression == "" {
		return keyCondition{}, validation("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	comparisons, err := r.comparisons()
	if err != nil {
		return keyCondition{}, err
	}
	var result keyCondition
	for _, c := range comparisons {
		switch {
		case c.attribute == aws.ToString(v.schema[0].AttributeName) && result.partition == nil:
			if c.operator != "=" {
				return result, validation("Query key condition not supported")
			}
			err, result.partition = v.comparable(v.schema[0], c), c.operands[0]
		case len(v.schema) == 2 && c.attribute == aws.ToString(v.schema[1].AttributeName) && result.sort == nil:
			err, result.sort = v.comparable(v.schema[1], c), c
		case isKey(v.schema, c.attribute):
			return result, validation("Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key")
		default:
			return result, validation("Query condition missed key schema element: the attribute %s is none", c.attribute)
		}
		if err != nil {
			return result, err
		}
	}
	if result.partition == nil {
		return result, validation("Query condition missed key schema element: %s", aws.ToString(v.schema[0].AttributeName))
	}
	return result, nil
}

// comparable refuses operands of another type than the key's, and empty or turned ranges.
func (v view) comparable(key types.KeySchemaElement, c *comparison) error {
	for _, operand := range c.operands {
		if kind := v.kind(key); kind == types.ScalarAttributeTypeS && operand.S == nil || kind == types.ScalarAttributeTypeN && operand.N == nil ||
			kind == types.ScalarAttributeTypeB && operand.B == nil {
			return validation("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
		if operand.S != nil && *operand.S == "" || operand.B != nil && len(operand.B) == 0 {
			return validation("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", c.attribute)
		}
	}
	switch {
	case c.operator == "BETWEEN" && compareValues(c.operands[0], c.operands[1]) > 0:
		return validation("Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound")
	case c.operator == "begins_with" && c.operands[0].N != nil:
		return validation("Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N")
	}
	return nil
}

// comparisons parses the expression: one comparison, or two joined by AND, each perhaps in parentheses.
func (r *pageRequest) comparisons() ([]*comparison, error) {
	p := keyConditionParser{lexer: language.NewLexer(r.KeyConditionExpression), placeholders: r.placeholders}
	p.next()
	all := p.conjunction()
	if p.token.Type != language.EOF || p.failed {
		return nil, validation("Invalid KeyConditionExpression: Syntax error, or an operator that a key condition can't have; near: %q", p.token.Literal)
	}
	return all, nil
}

type keyConditionParser struct {
	lexer *language.Lexer
	token language.Token // the one to read next
	placeholders
	failed bool
}

func (p *keyConditionParser) next() { p.token = p.lexer.NextToken() }

// take goes past a token of the type, or fails.
func (p *keyConditionParser) take(kind language.TokenType) language.Token {
	token := p.token
	if token.Type != kind || p.failed {
		p.failed = true
		return token
	}
	p.next()
	return token
}

func (p *keyConditionParser) conjunction() []*comparison {
	all := p.term()
	for p.token.Type == language.AND && !p.failed {
		p.next()
		all = append(all, p.term()...)
	}
	return all
}

func (p *keyConditionParser) term() []*comparison {
	if p.token.Type == language.LPAREN {
		p.next()
		all := p.conjunction()
		p.take(language.RPAREN)
		return all
	}
	c := &comparison{}
	if p.token.Literal == "begins_with" {
		c.operator = p.token.Literal
		p.next()
		p.take(language.LPAREN)
		c.attribute = p.attribute()
		p.take(language.COMMA)
		c.operands = append(c.operands, p.operand())
		p.take(language.RPAREN)
		return []*comparison{c}
	}
	c.attribute = p.attribute()
	c.operator = string(p.token.Type)
	switch p.token.Type {
	case language.EQ, language.LT, language.LTE, language.GT, language.GTE:
		p.next()
		c.operands = append(c.operands, p.operand())
	case language.BETWEEN:
		p.next()
		c.operands = append(c.operands, p.operand())
		p.take(language.AND)
		c.operands = append(c.operands, p.operand())
	default:
		p.failed = true
	}
	return []*comparison{c}
}

// attribute reads the name of a key attribute. A reserved word must be written as a placeholder.
func (p *keyConditionParser) attribute() string {
	text := p.take(language.IDENT).Literal
	if strings.HasPrefix(text, ":") || language.IsReservedWord(strings.ToUpper(text)) {
		p.failed = true
	}
	return p.name(text)
}

func (p *keyConditionParser) operand() *value {
	operand := p.ExpressionAttributeValues[p.take(language.IDENT).Literal]
	if operand == nil {
		p.failed = true
	}
	return operand
}

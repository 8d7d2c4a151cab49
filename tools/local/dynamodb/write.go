package dynamodb

import (
	"encoding/json"
	"maps"
)

// write is one action of a transaction, or the whole of a PutItem, UpdateItem or DeleteItem: they have these members in common.
type write struct {
	TableName                           string
	Item                                item   // of a put
	Key                                 item   // of the others
	UpdateExpression                    string // of an update
	ConditionExpression                 string
	ReturnValues                        string
	ReturnValuesOnConditionCheckFailure string
	placeholders
}

type kind int

const (
	put kind = iota
	update
	remove
	check
)

// plan is a write that has been looked at and not yet done.
type plan struct {
	table    *table
	id       string
	old, new item // nil: no such row
	targets  []target
	failed   *reason // why it can't be done
}

// reason is a member of CancellationReasons.
type reason struct {
	Code    string          // "None" if it is not this action's fault
	Message string          `json:",omitempty"`
	Item    json.RawMessage `json:",omitempty"`
}

// plan works out what the write would do. A request that is wrong whatever the rows hold is an error.
func (s *Server) plan(k kind, w *write) (plan, error) {
	t, err := s.table(w.TableName)
	if err != nil {
		return plan{}, err
	}
	p := plan{table: t}
	if k == put {
		p.id, err = t.rowID(w.Item)
	} else {
		p.id, err = t.exactKey(w.Key)
	}
	if err != nil {
		return plan{}, err
	}
	if err := w.validate(k, t, &p, s); err != nil {
		return plan{}, err
	}
	p.old = t.rows[p.id]
	holds, err := w.matches("ConditionExpression", w.ConditionExpression, p.old)
	if err != nil {
		return plan{}, err
	}
	if !holds {
		p.failed = &reason{Code: "ConditionalCheckFailed", Message: "The conditional request failed"}
		if w.ReturnValuesOnConditionCheckFailure == "ALL_OLD" {
			p.failed.Item = encodeItem(p.old)
		}
		return p, nil
	}
	switch k {
	case put:
		p.new = w.Item // its index keys have been checked
	case remove:
		p.new = nil
	case check:
		p.new = p.old
	case update:
		row := p.old
		if row == nil {
			row = maps.Clone(w.Key)
		}
		if p.new, err = row, nil; w.UpdateExpression != "" {
			p.new, err = w.updated(w.UpdateExpression, p.targets, row)
		}
		if err == nil {
			err = t.checkIndexKeys(p.new)
		}
		if err != nil {
			p.failed = &reason{Code: "ValidationError", Message: err.Error()}
		}
	}
	return p, nil
}

func (w *write) validate(k kind, t *table, p *plan, s *Server) error {
	if err := w.check(s.pattern, w.ConditionExpression, w.UpdateExpression); err != nil {
		return err
	}
	if _, err := parseCondition("ConditionExpression", w.ConditionExpression); err != nil {
		return err
	}
	if err := checkItem(w.Item); err != nil {
		return err
	}
	if err := t.checkIndexKeys(w.Item); err != nil {
		return err
	}
	if k != update || w.UpdateExpression == "" {
		return nil
	}
	var err error
	if p.targets, err = w.targets(w.UpdateExpression); err != nil {
		return err
	}
	for _, target := range p.targets {
		if isKey(t.schema, target.path[0]) {
			return validation("One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key", target.path[0])
		}
	}
	return nil
}

func (p plan) do() {
	if p.new == nil {
		delete(p.table.rows, p.id)
		return
	}
	p.table.rows[p.id] = p.new
}

// writeItem serves PutItem, UpdateItem or DeleteItem.
func (s *Server) writeItem(k kind) func(*write) (any, error) {
	return func(w *write) (any, error) {
		p, err := s.plan(k, w)
		if err != nil {
			return nil, err
		}
		if p.failed != nil {
			if p.failed.Code == "ValidationError" {
				return nil, validation("%s", p.failed.Message)
			}
			return nil, conditionFailed(p.failed)
		}
		p.do()
		return answerItem("Attributes", p.returned(w.ReturnValues)), nil
	}
}

// returned is what ReturnValues asks for. The UPDATED ones give whole attributes, where DynamoDB gives the paths updated.
func (p plan) returned(which string) item {
	from := p.new
	switch which {
	case "ALL_NEW":
		return p.new
	case "ALL_OLD":
		return p.old
	case "UPDATED_OLD":
		from = p.old
	case "UPDATED_NEW":
	default:
		return nil
	}
	var result item
	for _, t := range p.targets {
		if value, ok := from[t.path[0]]; ok {
			if result == nil {
				result = item{}
			}
			result[t.path[0]] = value
		}
	}
	return result
}

package dynamodb

// actionLimit is the largest number of actions in one transaction.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
const actionLimit = 100

type transactRequest struct {
	ClientRequestToken string
	TransactItems      []struct{ Put, Update, Delete, ConditionCheck *write }
}

// transactWriteItems does all actions or none. When it does none, it says of each whether its condition held.
func (s *Server) transactWriteItems(r *transactRequest) (any, error) {
	if n := len(r.TransactItems); n < 1 || n > actionLimit {
		return nil, validation("1 validation error detected: 'transactItems' must have between 1 and %d members, not %d", actionLimit, n)
	}
	repeated, err := s.tokens.seen(r)
	if err != nil || repeated {
		return struct{}{}, err
	}
	plans, reasons, cancelled := make([]plan, len(r.TransactItems)), make([]reason, len(r.TransactItems)), false
	seen := map[*table]map[string]bool{}
	for i, action := range r.TransactItems {
		k, w := put, action.Put
		switch {
		case action.Update != nil:
			k, w = update, action.Update
		case action.Delete != nil:
			k, w = remove, action.Delete
		case action.ConditionCheck != nil:
			k, w = check, action.ConditionCheck
		case w == nil:
			return nil, validation("A transaction's item must be one of Put, Update, Delete, ConditionCheck")
		}
		p, err := s.plan(k, w)
		if err != nil {
			return nil, err
		}
		if seen[p.table] == nil {
			seen[p.table] = map[string]bool{}
		}
		if seen[p.table][p.id] {
			return nil, validation("Transaction request cannot include multiple operations on one item")
		}
		seen[p.table][p.id] = true
		plans[i], reasons[i] = p, reason{Code: "None"}
		if p.failed != nil {
			reasons[i], cancelled = *p.failed, true
		}
	}
	if cancelled {
		return nil, transactionCancelled(reasons)
	}
	for _, p := range plans {
		p.do()
	}
	return struct{}{}, s.tokens.remember(r)
}

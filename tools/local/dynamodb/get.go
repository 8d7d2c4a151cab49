package dynamodb

type getRequest struct {
	TableName            string
	Key                  item
	ProjectionExpression string
	placeholders
}

func (s *Server) getItem(r *getRequest) (any, error) {
	t, err := s.table(r.TableName)
	if err != nil {
		return nil, err
	}
	id, err := t.exactKey(r.Key)
	if err != nil {
		return nil, err
	}
	if r.ProjectionExpression == "" && r.ExpressionAttributeNames == nil {
		return answerItem("Item", t.rows[id]), nil
	}
	if err := r.check(s.pattern, r.ProjectionExpression); err != nil {
		return nil, err
	}
	projected, err := r.project(r.ProjectionExpression, t.rows[id])
	if err != nil {
		return nil, err
	}
	return answerItem("Item", projected), nil
}

package auditstore

import (
	"time"

	"sallyport/shared/audit"
	"sallyport/shared/dynamo"
)

// optional are the attributes that an event may lack, with where it has them.
func optional(event *audit.Event) map[string]*string {
	return map[string]*string{
		"reason": &event.Reason, "detail": &event.Detail, "actor_id": &event.ActorID, "session_id": &event.SessionID, "token_id": &event.TokenID,
		"target": &event.Target, "source_ip": &event.Address, "request_id": &event.RequestID, "lambda_request_id": &event.InvocationID,
	}
}

// item is the row of a stored event.
func item(event audit.Event, retention time.Duration) dynamo.Item {
	item := dynamo.Item{
		"account_id": dynamo.S(event.AccountID),
		"at_id":      dynamo.S(event.ID),
		"day":        dynamo.S(event.At.Format(time.DateOnly)),
		"at":         dynamo.N(event.At.UnixMilli()),
		"action":     dynamo.S(event.Action),
		"outcome":    dynamo.S(string(event.Outcome)),
		"expires_at": dynamo.N(event.At.Add(retention).Unix()),
	}
	for name, text := range optional(&event) {
		if *text != "" {
			item[name] = dynamo.S(*text)
		}
	}
	if event.ByAnother() { // the index by-actor has the rows that have it
		item["by_another"] = dynamo.S(event.ActorID)
	}
	return item
}

// event reads what item wrote.
func event(row *dynamo.Row) (audit.Event, error) {
	event := audit.Event{
		ID: row.Text("at_id"), Action: row.Text("action"), Outcome: audit.Outcome(row.Text("outcome")),
		At: time.UnixMilli(row.Number("at")).UTC(), AccountID: row.Text("account_id"),
	}
	for name, text := range optional(&event) {
		if row.Has(name) {
			*text = row.Text(name)
		}
	}
	return event, row.Err()
}

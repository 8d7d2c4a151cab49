package main

import (
	"strconv"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
	"sallyport/shared/audit"
	"sallyport/shared/token"
)

// maxSecond is the last second of the year 9999, beyond which a date has no four digits.
const maxSecond = 253402300799

// queryOf reads what is asked for. The error's code is InvalidRequest.
func queryOf(req apigw.Request) (audit.Query, error) {
	in, err := apigw.QueryOf(req, "user_id", "actor_id", "from", "to", "limit", "cursor")
	if err != nil {
		return audit.Query{}, err
	}
	query := audit.Query{AccountID: in["user_id"], ActorID: in["actor_id"]}
	if query.Limit, query.Cursor, err = in.Page(); err != nil {
		return audit.Query{}, err
	}
	if query.From, err = second(in, "from", 0); err != nil {
		return audit.Query{}, err
	}
	if query.To, err = second(in, "to", maxSecond); err != nil {
		return audit.Query{}, err
	}
	if value, given := in["user_id"]; given && value != audit.Nobody && !isID(value) {
		return audit.Query{}, apperr.New(apperr.InvalidRequest, "The user_id must be a user's id, or - for events that are about no account.")
	}
	if value, given := in["actor_id"]; given && !isID(value) {
		return audit.Query{}, apperr.New(apperr.InvalidRequest, "The actor_id must be an id.")
	}
	if query.AccountID != "" && query.ActorID != "" {
		return audit.Query{}, apperr.New(apperr.InvalidRequest, "Ask for a user_id or for an actor_id, not for both.")
	}
	return query, nil
}

func isID(text string) bool {
	_, ok := token.ParseID(text)
	return ok
}

// second reads a time in Unix seconds, written as a plain number.
func second(in apigw.Query, name string, absent int64) (int64, error) {
	text, given := in[name]
	if !given {
		return absent, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > maxSecond || strconv.FormatInt(n, 10) != text {
		return 0, apperr.New(apperr.InvalidRequest, "The "+name+" must be a time in Unix seconds.")
	}
	return n, nil
}

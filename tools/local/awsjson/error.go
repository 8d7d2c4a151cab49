package awsjson

import (
	"context"
	"encoding/json"
)

// Error is an error as AWS services answer it.
type Error struct {
	Status  int // HTTP status; 0 is 400
	Code    string
	Message string
	Members map[string]any // further members of the error's object; may be nil
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Decode makes an Operation of a function that takes its request decoded. Unknown members are ignored, as AWS does.
func Decode[Request any](serve func(*Request) (any, error)) Operation {
	return func(_ context.Context, body []byte) (any, error) {
		request := new(Request)
		if err := json.Unmarshal(body, request); err != nil {
			return nil, &Error{Code: "SerializationException", Message: err.Error()}
		}
		return serve(request)
	}
}

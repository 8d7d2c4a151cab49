package throttle_test

import (
	"errors"
	"testing"

	"sallyport/shared/apperr"
	"sallyport/shared/throttle"
)

func TestWhatCountsAsAGuessAndWhatAsARequest(t *testing.T) {
	for _, tc := range []struct {
		outcome        error
		guess, request bool
	}{
		{nil, false, true},
		{apperr.New(apperr.Unauthenticated, ""), true, true},
		{apperr.New(apperr.Forbidden, ""), false, true},
		{apperr.New(apperr.UsernameTaken, ""), false, true},
		{apperr.New(apperr.InvalidRequest, ""), false, true},
		{throttle.TooMany(1), false, false},
		{apperr.Unavailable(errors.New("down")), false, false},
		{apperr.Tampered("damaged", nil), false, false},
		{errors.New("nobody has said what it means"), false, false},
	} {
		if guess, request := throttle.Guesses(tc.outcome), throttle.Requests(tc.outcome); guess != tc.guess || request != tc.request {
			t.Errorf("%v: a guess: %v, a request: %v", tc.outcome, guess, request)
		}
	}
}

// Parts are told apart, so that no name can be spelt like another kind of subject.
func TestSubjectsOfOtherPartsAreOthers(t *testing.T) {
	seen := map[string]bool{}
	for _, parts := range [][]string{{"a", "b"}, {"ab"}, {"a", "b", ""}, {"", "a", "b"}, {"b", "a"}, {"a\x00", "b"}, {"a", "\x00b"}} {
		subject := throttle.Subject(parts...)
		if len(subject) != 64 || seen[subject] {
			t.Errorf("%q: %s", parts, subject)
		}
		seen[subject] = true
	}
}

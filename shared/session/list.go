package session

import (
	"context"

	"sallyport/shared/token"
)

// Lister finds many records at once, for people to look at: no request is let in for what it says.
type Lister interface {
	// RecordsOf returns those of the user's records with these token ids that there are, in no order. Each is as of the moment in
	// which it was read (strongly consistent), no two as of one moment. An error with code apperr.Corrupt means that a row is damaged,
	// and any other that the store could not answer.
	RecordsOf(ctx context.Context, userID token.ID, tokenIDs []token.ID) ([]Record, error)
}

package client

import (
	"context"
	"crypto/subtle"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/secret"
	"sallyport/shared/throttle"
	"sallyport/shared/token"
)

// How many wrong secrets there may be in a throttle.Window.
const (
	failuresPerClient  = 20
	failuresPerAddress = 100
)

// Finder finds clients.
type Finder interface {
	// Client returns the client as of now (strongly consistent), and false if there is none. An error with code apperr.Corrupt
	// means that the row is damaged, and any other that the store could not answer.
	Client(ctx context.Context, id token.ID) (Client, bool, error)
}

// Authenticator tells clients by their secrets. It keeps no verdict: a client that has been removed is refused at its next call.
type Authenticator struct {
	Store   Finder
	Counter throttle.Counter
	Now     func() time.Time
}

// Authenticate returns no error if presented is the secret of the client with that id, which may be any text. The error's code is
// Unauthenticated, the same for an unknown client and a wrong secret, and for the same work; TooManyRequests, when there were too many of
// these; ServiceUnavailable, or Corrupt.
//
// The secret is judged before failures are looked at, unlike a password: no number of guesses finds 128 random bits, and resource servers
// ask about each of their requests, so that whoever knows a client's id must not be able to shut it out, nor its own parallel calls
// to get in each other's way. A right secret writes nothing.
func (a *Authenticator) Authenticate(ctx context.Context, id string, presented secret.Text, address string) error {
	parsed, _ := token.ParseID(id) // of any other text the zero ID, which no client has
	found, exists, err := a.Store.Client(ctx, parsed)
	if err != nil {
		return apperr.Dependency(err)
	}
	shown := hash(presented)
	if right := subtle.ConstantTimeCompare(shown[:], found.SecretHash[:]) == 1; exists && right {
		return nil
	}
	if err := a.count(ctx, id, address); err != nil {
		return err
	}
	refused := apperr.Refuse(apperr.Unauthenticated, "There is no such client, or its secret is another one.", "client_unknown")
	if exists {
		refused.Reason, refused.ClientID = "client_secret_wrong", found.ID.String()
	}
	return refused
}

// count counts a wrong secret against the address and the id, known or not. The error's code is TooManyRequests if there were too many.
func (a *Authenticator) count(ctx context.Context, id, address string) error {
	now := a.Now()
	end := now.Truncate(throttle.Window).Add(throttle.Window)
	for _, limited := range []struct {
		subject string
		most    int
	}{
		{throttle.AddressSubject("client", address, end), failuresPerAddress},
		{throttle.Subject("client", id, end.UTC().Format(time.RFC3339)), failuresPerClient},
	} {
		counted, err := a.Counter.CountFailure(ctx, limited.subject, limited.most, end.Unix())
		if err != nil {
			return apperr.Dependency(err)
		}
		if !counted {
			return throttle.TooMany(end.Sub(now))
		}
	}
	return nil
}

// Package leak takes tokens that somebody has found where they do not belong, and ends what they belong to.
package leak

import (
	"context"
	"log/slog"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/throttle"
	"sallyport/shared/token"
)

// reportsPerAddress is how many tokens one address may report in a throttle.Window.
const reportsPerAddress = 100

// Reporter takes reports from anybody: who has the token could use it, and ending it is the less that can be done with it.
type Reporter struct {
	Revoker *session.TokenRevoker
	Counter throttle.Counter
	Now     func() time.Time
	Log     *slog.Logger
}

// Report ends the session, or the API token, that found belongs to, at once, and says whose it was. The error's code is InvalidRequest
// for what is no token in form, which anyone can tell by its length, its letters and its CRC; Unauthenticated for a token that is not
// live, so that there is nothing to end; TooManyRequests; or ServiceUnavailable: it may be live still.
func (r *Reporter) Report(ctx context.Context, found secret.Text, address string) (session.Identity, error) {
	if _, err := token.Parse(found.Reveal()); err != nil {
		return session.Identity{}, &apperr.Error{
			Code: apperr.InvalidRequest, Reason: session.ReasonMalformed, Err: err,
			Detail: "This is not a token of this system: spt_ or spk_ and 120 letters, digits, - and _, the last of which are a checksum.",
		}
	}
	limit := throttle.Addresses{
		Counter: r.Counter, Route: "leaked-tokens", Most: reportsPerAddress, Counts: throttle.Requests, Now: r.Now, Log: r.Log,
	}
	return throttle.ByAddress(ctx, limit, address, func() (session.Identity, error) { return r.Revoker.RevokeToken(ctx, found) })
}

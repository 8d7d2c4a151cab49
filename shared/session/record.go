// Package session is half the domain, the half that runs on every request: it authorizes a request, and it revokes.
//
// A session lasts from one successful sign-in until it ends. It has one current access token (package token) and one record in
// the Tokens table, which holds that token. A request passes only while both agree: these are the two doors. Renewing a session
// puts another token in the same record. An API token has a record of its own, and no session.
package session

import (
	"encoding/binary"
	"time"

	"sallyport/shared/policy"
	"sallyport/shared/token"
)

// Record is a token record, the row that keeps a token alive. Deleting it revokes the token, and ends the session.
type Record struct {
	Kind      token.Kind
	UserID    token.ID
	TokenID   token.ID // the same for all tokens of a session, which differ in when they were issued
	SessionID string   // of an API token: its token id
	Username  string   // canonical
	Role      policy.Role
	CreatedAt int64          // Unix seconds: when the session began, or the API token was made
	IssuedAt  int64          // Unix seconds: when the current token was issued
	ExpiresAt int64          // Unix seconds: the record is void from this second on, whether or not the row is still there
	LimitAt   int64          // Unix seconds: no renewal takes ExpiresAt beyond this
	Routes    []policy.Route // of an API token: the only routes that it is good for; empty: all that its role's API tokens may call

	// Of a session that has been renewed: when (Unix milliseconds), and when the token was issued that the current one replaced
	// (Unix seconds). Else zero.
	RenewedAt        int64
	PreviousIssuedAt int64

	Sealed []byte // the whole token, sealed under its data key and bound to the fields above by aad
}

// Identity is whom an authorized request comes from. The authorizer passes it to the functions behind it.
type Identity struct {
	Kind      token.Kind
	UserID    token.ID
	TokenID   token.ID
	SessionID string
	Username  string // canonical
	Role      policy.Role
	IssuedAt  int64 // Unix seconds: of the token that was presented
	ExpiresAt int64 // Unix seconds
}

// Identity returns whom the record's token stands for.
func (r Record) Identity() Identity {
	return Identity{
		Kind: r.Kind, UserID: r.UserID, TokenID: r.TokenID, SessionID: r.SessionID,
		Username: r.Username, Role: r.Role, IssuedAt: r.IssuedAt, ExpiresAt: r.ExpiresAt,
	}
}

// bearer returns what decides which routes the record's token may call.
func (r Record) bearer() policy.Bearer {
	return policy.Bearer{Role: r.Role, APIToken: r.Kind == token.API, Only: r.Routes}
}

// replacedJustNow reports whether a token issued at issued (Unix seconds) is the one that the current token replaced, no longer
// than replacementGrace ago.
func (r Record) replacedJustNow(issued int64, now time.Time) bool {
	since := now.Sub(time.UnixMilli(r.RenewedAt))
	return r.RenewedAt != 0 && r.PreviousIssuedAt == issued && since >= -maxClockSkew && since <= replacementGrace
}

// renewableIn returns how long it is until the record's current token may be replaced; not above zero: now. The record knows one
// replaced token, so that the grace of one must be over before the next is replaced: it would be taken for stolen within it. And a
// token that was issued in a second that is yet to come could not be told from its successor.
func (r Record) renewableIn(now time.Time) time.Duration {
	wait := time.Unix(r.IssuedAt, 0).Sub(now)
	if r.RenewedAt != 0 {
		wait = max(wait, time.UnixMilli(r.RenewedAt).Add(replacementGrace+time.Millisecond).Sub(now))
	}
	return wait
}

// aadPurpose keeps what is sealed here from opening as anything else that the data key may come to seal.
const aadPurpose = "sallyport token record v2"

// aad is what the seal binds the token to: a record moved to another user, session, role or expiry does not open, nor one that is
// to be renewed beyond its limit, or whose API token is to be good for more routes. Every text follows its length, numbers have
// eight bytes, and the routes come last, so that no two different records give the same bytes.
func (r Record) aad() []byte {
	b := make([]byte, 0, 384)
	text := func(part string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part))) //nolint:gosec // G115: parts are far below 4 GiB
		b = append(b, part...)
	}
	for _, part := range [...]string{aadPurpose, r.Kind.String(), string(r.UserID[:]), string(r.TokenID[:]), r.SessionID, r.Username, r.Role.String()} {
		text(part)
	}
	for _, number := range [...]int64{r.CreatedAt, r.IssuedAt, r.ExpiresAt, r.LimitAt, r.RenewedAt, r.PreviousIssuedAt} {
		b = binary.BigEndian.AppendUint64(b, uint64(number)) //nolint:gosec // G115: the bit pattern is the format
	}
	for _, route := range r.Routes {
		text(route.String())
	}
	return b
}

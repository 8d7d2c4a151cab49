package session

import (
	"context"
	"crypto/subtle"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

// How long what can live.
const (
	// MaxSessionLife is how long after its beginning a session ends, however often it is renewed (NIST SP 800-63B-4 section
	// 2.2.3 asks for at most 24 hours at AAL2).
	MaxSessionLife = 12 * time.Hour

	// MaxTokenLife is the longest life that an access token can be given.
	MaxTokenLife = MaxSessionLife

	// MaxAPITokenLife is the longest life of an API token.
	MaxAPITokenLife = 90 * 24 * time.Hour

	// replacementGrace is how long a token that was replaced may still be shown to Renew, which then repeats its answer: the first
	// may have been lost. Whoever shows a replaced token later than that is not the one who has the new one.
	replacementGrace = 2 * time.Second
)

// maxClockSkew is how far the clocks of the function that issued a token and of the one that checks it may differ.
const maxClockSkew = 60 * time.Second

const secondsPerDay = 24 * 60 * 60

// Why a request was refused, for the log.
const (
	ReasonMalformed      apperr.Reason = "token_malformed"
	ReasonKeyDay         apperr.Reason = "token_key_day"     // no live token can name that day
	ReasonKeyUnknown     apperr.Reason = "token_key_unknown" // never made, expired or shredded
	ReasonKeyCorrupt     apperr.Reason = "token_key_corrupt"
	ReasonSignature      apperr.Reason = "token_signature"
	ReasonExpired        apperr.Reason = "token_expired"
	ReasonRevoked        apperr.Reason = "token_record_absent"
	ReasonRecordExpired  apperr.Reason = "token_record_expired"
	ReasonRecordCorrupt  apperr.Reason = "token_record_corrupt"
	ReasonRecordMismatch apperr.Reason = "token_record_mismatch"
	ReasonReplaced       apperr.Reason = "token_replaced" // by a renewal, a moment ago
	ReasonReused         apperr.Reason = "token_reused"   // after it was replaced: the session has ended for it
	ReasonRole           apperr.Reason = "role_not_allowed"
	ReasonAPIToken       apperr.Reason = "api_token_not_allowed" //nolint:gosec // G101: no credential but a reason
)

// Renewal is the route at which a session is renewed: the only one at which a token passes that was replaced a moment ago.
func Renewal() policy.Route { return policy.Route{API: policy.Own, Method: "POST", Resource: "/renew"} }

// Records finds token records.
type Records interface {
	// Record returns the record as of now (strongly consistent), and false if there is none. An error with code
	// apperr.Corrupt means that the row is damaged, and any other that the store could not answer.
	Record(ctx context.Context, userID, tokenID token.ID) (Record, bool, error)
}

// Keys holds the keys that tokens are signed with and records sealed under, by the day and generation that a token names.
// The results report false for a key that does not exist and for what does not open; an error with code apperr.Corrupt means
// that the stored key is damaged, and any other that the key service could not answer.
type Keys interface {
	// Tag returns the tag that a token over message has.
	Tag(ctx context.Context, day uint32, generation uint8, message []byte) (tag [token.TagSize]byte, ok bool, err error)

	// Open returns what was sealed for aad.
	Open(ctx context.Context, day uint32, generation uint8, sealed, aad []byte) (plaintext []byte, ok bool, err error)

	// SealedUnder returns the day and generation of the key that sealed says it was made with.
	SealedUnder(sealed []byte) (day uint32, generation uint8, ok bool)
}

// Remover ends a session by what is known of it when one of its tokens turns out to be stolen.
type Remover interface {
	// RemoveRecord deletes the token record. The session's entry in its account stays until it expires. That there is no such
	// record is no error. An error means that the store could not answer, and the session may live.
	RemoveRecord(ctx context.Context, userID, tokenID token.ID) error
}

// RecordStore is what an Authorizer needs of a store.
type RecordStore interface {
	Records
	Remover
}

// Authorizer decides whether a request passes. It keeps no verdict: each request is judged anew. It is safe for concurrent
// use.
type Authorizer struct {
	keys    Keys
	records RecordStore
	now     func() time.Time
}

// NewAuthorizer returns an Authorizer that reads the clock once for each request.
func NewAuthorizer(keys Keys, records RecordStore, now func() time.Time) *Authorizer {
	return &Authorizer{keys: keys, records: records, now: now}
}

// Authorize lets the request in, and says who makes it, only if the presented token is genuine, unexpired, recorded, and its
// role may call the route. The error's code is Unauthenticated, the same for every way in which a token can be no good;
// Forbidden, with the identity all the same; or ServiceUnavailable, when a store or key service could not answer.
//
// The cheap and certain checks come first: before the signature has been checked nothing that the caller wrote is believed,
// and no record is read.
func (a *Authorizer) Authorize(ctx context.Context, presented secret.Text, route policy.Route) (Identity, error) {
	record, err := a.identify(ctx, presented, route == Renewal())
	if err != nil {
		return Identity{}, err
	}
	identity := record.Identity()
	switch bearer := record.bearer(); {
	case policy.Allows(bearer, route):
		return identity, nil
	case bearer.APIToken && policy.Allows(policy.Bearer{Role: bearer.Role}, route):
		return identity, apperr.Refuse(apperr.Forbidden, "This API token may not call this route.", ReasonAPIToken)
	default:
		return identity, apperr.Refuse(apperr.Forbidden, RoleMayNot, ReasonRole)
	}
}

// Identify returns the record of the presented token, if it is genuine, unexpired and recorded: what it may call is for its caller
// to ask. The error is Authorize's, Forbidden aside.
func (a *Authorizer) Identify(ctx context.Context, presented secret.Text) (Record, error) {
	return a.identify(ctx, presented, false)
}

// IdentifyToEnd is Identify for whoever is about to end what the token belongs to. A token that was replaced a moment ago will do too:
// its holder could still renew the session with it.
func (a *Authorizer) IdentifyToEnd(ctx context.Context, presented secret.Text) (Record, error) {
	return a.identify(ctx, presented, true)
}

// identify opens both doors. With renewing, a token that was replaced a moment ago passes too.
func (a *Authorizer) identify(ctx context.Context, presented secret.Text, renewing bool) (Record, error) {
	now := a.now()
	claims, err := a.verify(ctx, presented, now.Unix())
	if err != nil {
		return Record{}, err
	}
	record, err := a.match(ctx, presented, claims, renewing, now)
	if err != nil {
		return Record{}, about(err, claims)
	}
	return record, nil
}

// verify is the first door: the token's form, key, signature and expiry.
func (a *Authorizer) verify(ctx context.Context, presented secret.Text, now int64) (token.Claims, error) {
	parsed, err := token.Parse(presented.Reveal())
	if err != nil {
		return token.Claims{}, refused(ReasonMalformed)
	}
	if !couldBeLive(parsed.Kind(), parsed.KeyDay(), now) {
		return token.Claims{}, refused(ReasonKeyDay)
	}
	tag, ok, err := a.keys.Tag(ctx, parsed.KeyDay(), parsed.Generation(), parsed.Signed())
	switch {
	case isCorrupt(err):
		return token.Claims{}, alarming(ReasonKeyCorrupt, err)
	case err != nil:
		return token.Claims{}, apperr.Dependency(err)
	case !ok:
		return token.Claims{}, refused(ReasonKeyUnknown)
	}
	claims, err := parsed.Verify(tag)
	if err != nil {
		return token.Claims{}, refused(ReasonSignature)
	}
	if claims.Expires <= now {
		return token.Claims{}, refused(ReasonExpired)
	}
	return claims, nil
}

// match is the second door: a live record that holds this very token.
func (a *Authorizer) match(ctx context.Context, presented secret.Text, claims token.Claims, renewing bool, now time.Time) (Record, error) {
	record, ok, err := a.records.Record(ctx, claims.UserID, claims.TokenID)
	switch {
	case isCorrupt(err):
		return Record{}, alarming(ReasonRecordCorrupt, err)
	case err != nil:
		return Record{}, apperr.Dependency(err)
	case !ok:
		return Record{}, refused(ReasonRevoked)
	case record.ExpiresAt <= now.Unix(): // DynamoDB deletes expired rows days late, so the clock decides
		return Record{}, refused(ReasonRecordExpired)
	case claims.Kind == token.Access && claims.Issued < record.IssuedAt:
		return a.replaced(ctx, claims, record, renewing, now)
	}
	recorded, ok, err := a.keys.Open(ctx, claims.KeyDay, claims.Generation, record.Sealed, record.aad())
	switch {
	case isCorrupt(err):
		return Record{}, alarming(ReasonKeyCorrupt, err)
	case err != nil:
		return Record{}, apperr.Dependency(err)
	case !ok || subtle.ConstantTimeCompare(recorded, []byte(presented.Reveal())) != 1:
		// A genuine token whose record is not its own: somebody has written to the table.
		return Record{}, alarming(ReasonRecordMismatch, nil)
	}
	return record, nil
}

// replaced judges a genuine token whose session has a newer one. It passes for a renewal whose answer may have been lost. Long
// after that, two hold tokens of one session, and one of them has stolen it: nobody can tell which, so it ends for both (RFC 9700
// section 4.14.2 has the same rule for refresh tokens).
func (a *Authorizer) replaced(ctx context.Context, claims token.Claims, record Record, renewing bool, now time.Time) (Record, error) {
	if !record.replacedJustNow(claims.Issued, now) {
		if err := a.records.RemoveRecord(ctx, claims.UserID, claims.TokenID); err != nil {
			return Record{}, apperr.Dependency(err)
		}
		reused := alarming(ReasonReused, nil)
		reused.Bounded = true // there is no second time
		return Record{}, reused
	}
	if !renewing {
		return Record{}, refused(ReasonReplaced)
	}
	if _, err := current(ctx, a.keys, record); err != nil {
		return Record{}, err
	}
	record.IssuedAt = claims.Issued
	return record, nil
}

// current opens the token that the record holds.
func current(ctx context.Context, keys Keys, record Record) (secret.Text, error) {
	day, generation, ok := keys.SealedUnder(record.Sealed)
	if !ok {
		return secret.Text{}, alarming(ReasonRecordMismatch, nil)
	}
	recorded, ok, err := keys.Open(ctx, day, generation, record.Sealed, record.aad())
	switch {
	case isCorrupt(err):
		return secret.Text{}, alarming(ReasonKeyCorrupt, err)
	case err != nil:
		return secret.Text{}, apperr.Dependency(err)
	case !ok:
		return secret.Text{}, alarming(ReasonRecordMismatch, nil)
	}
	return secret.New(string(recorded)), nil
}

// about notes for the log whose record it is: the signature was genuine, so that the ids can be believed.
func about(err error, claims token.Claims) error {
	noted := *apperr.From(err)
	noted.UserID, noted.TokenID = claims.UserID.String(), claims.TokenID.String()
	return &noted
}

// couldBeLive reports whether a token of that kind that has not expired can have been signed with a key of that day. It spares the
// key store from made-up days.
func couldBeLive(kind token.Kind, day uint32, now int64) bool {
	life := MaxTokenLife
	if kind == token.API {
		life = MaxAPITokenLife
	}
	skew := int64(maxClockSkew / time.Second)
	oldest := (now - int64(life/time.Second) - skew) / secondsPerDay
	newest := (now + skew) / secondsPerDay
	return int64(day) >= oldest && int64(day) <= newest
}

// What callers are told whose token is no good, and whose role does not open a route.
const (
	SignInAgain = "The access token is not valid. Sign in again."
	RoleMayNot  = "Your role may not call this route."
)

func refused(reason apperr.Reason) error {
	return apperr.Refuse(apperr.Unauthenticated, SignInAgain, reason)
}

func alarming(reason apperr.Reason, cause error) *apperr.Error {
	return &apperr.Error{Code: apperr.Unauthenticated, Detail: SignInAgain, Reason: reason, Alarm: true, Err: cause}
}

func isCorrupt(err error) bool { return apperr.CodeOf(err) == apperr.Corrupt }

// Package session is half the domain, the half that runs on every request: it authorizes a request, and it revokes.
//
// A session lasts from one successful sign-in until it ends. It has one current access token (package token), and that token
// one record in the Tokens table. A request passes only while both agree: these are the two doors.
package session

import (
	"encoding/binary"

	"sallyport/shared/policy"
	"sallyport/shared/token"
)

// Record is a token record, the row that keeps a token alive. Deleting it revokes the token.
type Record struct {
	UserID    token.ID
	TokenID   token.ID
	SessionID string
	Username  string // canonical
	Role      policy.Role
	IssuedAt  int64  // Unix seconds
	ExpiresAt int64  // Unix seconds: the record is void from this second on, whether or not the row is still there
	Sealed    []byte // the whole token, sealed under the token's data key and bound to the fields above by aad
}

// Identity is whom an authorized request comes from. The authorizer passes it to the functions behind it.
type Identity struct {
	UserID    token.ID
	TokenID   token.ID
	SessionID string
	Username  string // canonical
	Role      policy.Role
	ExpiresAt int64 // Unix seconds
}

// Identity returns whom the record's token stands for.
func (r Record) Identity() Identity {
	return Identity{
		UserID: r.UserID, TokenID: r.TokenID, SessionID: r.SessionID,
		Username: r.Username, Role: r.Role, ExpiresAt: r.ExpiresAt,
	}
}

// aadPurpose keeps what is sealed here from opening as anything else that the data key may come to seal.
const aadPurpose = "sallyport token record v1"

// aad is what the seal binds the token to: a record moved to another user, session, role or expiry does not open. Every part
// follows its length, so that no two different records give the same bytes.
func (r Record) aad() []byte {
	role := r.Role.String()
	b := make([]byte, 0, 256)
	for _, part := range []string{aadPurpose, string(r.UserID[:]), string(r.TokenID[:]), r.SessionID, r.Username, role} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part))) //nolint:gosec // G115: parts are far below 4 GiB
		b = append(b, part...)
	}
	return binary.BigEndian.AppendUint64(b, uint64(r.ExpiresAt)) //nolint:gosec // G115: the bit pattern is the format
}

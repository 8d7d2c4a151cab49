package dynamo

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/apperr"
)

// A cursor is
//
//	base64url(version 1 | digest 16 | for each attribute of the key, by name: type 1, length 2, value)
//
// without padding and without spare bits. The digest is the first half of the SHA-256 of the query and of the rest: a cursor of another
// query, and one that was altered, is refused. It is no secret, and no proof of who made it: whoever makes one up gets a page that the
// query could have given anyway. So what a query must not go beyond, it says itself, in its key condition.
const (
	cursorVersion = 1
	digestLength  = 16

	// maxCursor is the longest cursor, in characters: room for the keys that there are, and far below what a URL may have.
	maxCursor = 1024
)

// Types of attributes in a cursor.
const (
	cursorText   = 'S'
	cursorNumber = 'N' // a whole number
)

// ReasonCursor is why a cursor is refused.
const ReasonCursor apperr.Reason = "bad_cursor"

// Cursors turns the last keys of one query's pages into text for callers, and back. The zero value is of no use: see NewCursors.
type Cursors struct {
	query [sha256.Size]byte
	names []string // attributes of the keys, sorted
}

// NewCursors is for pages whose last keys have exactly these attributes: those of the table's key, and of the index's. query says which
// query it is, down to the values that a caller chose and that make it another one: "events by day", "from=…". Cursors of one query are
// no good for another.
func NewCursors(names []string, query ...string) Cursors {
	var text []byte
	for _, part := range query {
		text = append(binary.BigEndian.AppendUint64(text, uint64(len(part))), part...)
	}
	return Cursors{query: sha256.Sum256(text), names: slices.Sorted(slices.Values(names))}
}

// Text returns the cursor of a page's last key, and no text for nil. An error is a fault of the program or of the row, with no value in it.
func (c Cursors) Text(last Item) (string, error) {
	if last == nil {
		return "", nil
	}
	if len(last) != len(c.names) {
		return "", fmt.Errorf("dynamo: a last key has %d attributes, not the %d of the cursor", len(last), len(c.names))
	}
	var key []byte
	for _, name := range c.names {
		var kind byte
		var value string
		switch v := last[name].(type) {
		case *types.AttributeValueMemberS:
			kind, value = cursorText, v.Value
		case *types.AttributeValueMemberN:
			kind, value = cursorNumber, v.Value
		default:
			return "", fmt.Errorf("dynamo: a last key has no text and no number %s", name)
		}
		if !isKeyValue(kind, value) {
			return "", fmt.Errorf("dynamo: the %s of a last key is no key's", name)
		}
		key = append(key, kind)
		key = append(binary.BigEndian.AppendUint16(key, uint16(len(value))), value...) //nolint:gosec // G115: isKeyValue bounds it
	}
	text := base64.RawURLEncoding.EncodeToString(append(append([]byte{cursorVersion}, c.digest(key)...), key...))
	if len(text) > maxCursor {
		return "", errors.New("dynamo: a last key is too long for a cursor")
	}
	return text, nil
}

// Key returns the key that a cursor stands for, from which a page begins, and nil for no text. The error's code is InvalidRequest: Text has
// not made the cursor, or for another query.
func (c Cursors) Key(text string) (Item, error) {
	if text == "" {
		return nil, nil
	}
	if len(text) > maxCursor {
		return nil, BadCursor(errors.New("dynamo: a cursor is too long"))
	}
	// Strict refuses spare bits, but not line ends, which no cursor has.
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodedLen(len(raw)) != len(text) {
		return nil, BadCursor(errors.New("dynamo: a cursor is not base64url"))
	}
	if len(raw) < 1+digestLength || raw[0] != cursorVersion {
		return nil, BadCursor(errors.New("dynamo: a cursor of an unknown form"))
	}
	digest, rest := raw[1:1+digestLength], raw[1+digestLength:]
	if subtle.ConstantTimeCompare(digest, c.digest(rest)) != 1 {
		return nil, BadCursor(errors.New("dynamo: a cursor of another query, or altered"))
	}
	key := Item{}
	for _, name := range c.names {
		if len(rest) < 3 || len(rest)-3 < int(binary.BigEndian.Uint16(rest[1:])) {
			return nil, BadCursor(errors.New("dynamo: a cursor ends early"))
		}
		end := 3 + int(binary.BigEndian.Uint16(rest[1:]))
		kind, value := rest[0], string(rest[3:end])
		if rest = rest[end:]; !isKeyValue(kind, value) {
			return nil, BadCursor(errors.New("dynamo: a cursor has a value that no key has"))
		}
		if key[name] = S(value); kind == cursorNumber {
			key[name] = &types.AttributeValueMemberN{Value: value}
		}
	}
	if len(rest) > 0 {
		return nil, BadCursor(errors.New("dynamo: a cursor goes on after its end"))
	}
	return key, nil
}

func (c Cursors) digest(key []byte) []byte {
	sum := sha256.Sum256(slices.Concat(c.query[:], []byte{cursorVersion}, key))
	return sum[:digestLength]
}

// isKeyValue tells whether a key can have the value: a text that DynamoDB can hold, or a whole number as strconv writes it.
func isKeyValue(kind byte, value string) bool {
	if kind == cursorText {
		return storable(value)
	}
	n, err := strconv.ParseInt(value, 10, 64)
	return kind == cursorNumber && err == nil && strconv.FormatInt(n, 10) == value
}

// BadCursor refuses a caller's cursor: its code is InvalidRequest.
func BadCursor(cause error) error {
	return &apperr.Error{
		Code: apperr.InvalidRequest, Reason: ReasonCursor, Err: cause,
		Detail: "The cursor is not one that this route gave. Begin again without it.",
	}
}

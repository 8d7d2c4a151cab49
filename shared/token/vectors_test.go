package token_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"os"
	"testing"

	"sallyport/shared/token"
)

// Offsets in the 90 bytes, written out again here: these tests must not move with the code.
const (
	rawSize    = 90
	keyDayAt   = 1
	tagAt      = 54
	checksumAt = 86
)

// vector is a token computed outside this package: testdata/README.md says how.
type vector struct {
	Name   string
	Key    hexBytes
	Claims struct {
		Kind       string // absent: of a session
		KeyDay     uint32 `json:"key_day"`
		Generation uint8
		UserID     hexBytes `json:"user_id"`
		TokenID    hexBytes `json:"token_id"`
		Role       uint8
		Issued     int64
		Expires    int64
	}
	Token string
}

func (v vector) claims() token.Claims {
	kind, _ := token.ParseKind(v.Claims.Kind)
	return token.Claims{
		Kind: kind, KeyDay: v.Claims.KeyDay, Generation: v.Claims.Generation,
		UserID: token.ID(v.Claims.UserID), TokenID: token.ID(v.Claims.TokenID), Role: v.Claims.Role,
		Issued: v.Claims.Issued, Expires: v.Claims.Expires,
	}
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

func vectors(t testing.TB) []vector {
	t.Helper()
	content, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(content, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("testdata/vectors.json is empty")
	}
	return all
}

// genuine returns a token as they are in daily use, and its key.
func genuine(t testing.TB) (presented string, key []byte) {
	t.Helper()
	first := vectors(t)[0]
	return first.Token, first.Key
}

// decoded returns the 90 bytes of a well-formed token.
func decoded(t testing.TB, s string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(s[len(token.Prefix):])
	if err != nil || len(raw) != rawSize {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	return raw
}

// spelled is the reverse of decoded, for bytes of any number.
func spelled(raw []byte) string { return "spt_" + base64.RawURLEncoding.EncodeToString(raw) }

// withChecksum returns raw with the CRC that belongs to it.
func withChecksum(raw []byte) []byte {
	return binary.BigEndian.AppendUint32(raw[:checksumAt:checksumAt], crc32.ChecksumIEEE(raw[:checksumAt]))
}

func TestTheFormatIsTheFrozenOne(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			if minted := mint(v.Key, v.claims()).Reveal(); minted != v.Token {
				t.Errorf("Mint gives\n%s, want\n%s", minted, v.Token)
			}
			parsed, err := token.Parse(v.Token)
			if err != nil {
				t.Fatal(err)
			}
			if parsed.KeyDay() != v.Claims.KeyDay || parsed.Generation() != v.Claims.Generation {
				t.Errorf("before it is verified it names key %d.%d", parsed.KeyDay(), parsed.Generation())
			}
			if claims, err := parsed.Verify(tagOf(v.Key, parsed)); err != nil || claims != v.claims() {
				t.Errorf("Verify gives %+v, %v, want %+v", claims, err, v.claims())
			}
		})
	}
}

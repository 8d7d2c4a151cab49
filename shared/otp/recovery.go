package otp

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"sallyport/shared/secret"
)

const (
	recoveryCodeBytes   = 10 // 80 bits from crypto/rand
	recoveryCodeSymbols = recoveryCodeBytes * 8 / 5
	recoveryCodeGroup   = 4

	// crockford is Douglas Crockford's base32 alphabet (https://www.crockford.com/base32.html): no I, L, O, which look like digits, and no U.
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// RecoveryCode signs in once in place of the authenticator app: a look-up secret in the words of SP 800-63B-4 §3.1.2. It is 16 symbols
// of Crockford's base32. As read from a person, case and hyphens are ignored, wherever they are, and I and L are taken for 1, O for 0,
// as Crockford's decoder does: no two codes become one by it, since none is made with those letters. Nothing prints it.
type RecoveryCode struct {
	characters secret.Text // canonical: upper case, no hyphens
}

// NewRecoveryCodes returns n codes, all different.
func NewRecoveryCodes(n int) []RecoveryCode {
	codes := make([]RecoveryCode, 0, n)
	for len(codes) < n {
		code := newRecoveryCode()
		if !slices.ContainsFunc(codes, code.equal) {
			codes = append(codes, code)
		}
	}
	return codes
}

func newRecoveryCode() RecoveryCode {
	random := make([]byte, recoveryCodeBytes)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	return RecoveryCode{secret.New(base32.NewEncoding(crockford).WithPadding(base32.NoPadding).EncodeToString(random))}
}

func (r RecoveryCode) equal(other RecoveryCode) bool {
	return r.characters.Reveal() == other.characters.Reveal()
}

func parseRecoveryCode(text secret.Text) (RecoveryCode, error) {
	// Byte by byte: strings.ToUpper would also make letters of other scripts into ours (U+017F, the long s, into S).
	canonical := make([]byte, 0, recoveryCodeSymbols)
	for _, c := range []byte(text.Reveal()) {
		if c == '-' {
			continue
		}
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		switch c {
		case 'I', 'L':
			c = '1'
		case 'O':
			c = '0'
		}
		if len(canonical) == recoveryCodeSymbols || strings.IndexByte(crockford, c) < 0 {
			return RecoveryCode{}, ErrCode
		}
		canonical = append(canonical, c)
	}
	if len(canonical) != recoveryCodeSymbols {
		return RecoveryCode{}, ErrCode
	}
	return RecoveryCode{secret.New(string(canonical))}, nil
}

// Show returns the code as it is shown to its owner, once: XXXX-XXXX-XXXX-XXXX.
func (r RecoveryCode) Show() secret.Text {
	var groups []string
	for group := range slices.Chunk([]byte(r.characters.Reveal()), recoveryCodeGroup) {
		groups = append(groups, string(group))
	}
	return secret.New(strings.Join(groups, "-"))
}

// Hash returns the form in which a user's code is stored and looked up: lower-case hexadecimal HMAC-SHA-256 over user id and code,
// each after its length, under a key that HKDF-SHA-256 (RFC 5869) derives from the user's authenticator secret. A new
// authenticator therefore needs new recovery codes.
//
// The key is what protects the 80 bits of a code. A plain hash of them would take 2^76 tries to hit one of an account's ten, and
// SP 800-63B-4 §3.1.2.2 and ASVS 5.0 6.5.2 ask for more below 112 bits; but the key is stored only sealed under KMS, so that a
// stolen table gives nothing to try at all.
func (r RecoveryCode) Hash(s Secret, userID string) string {
	key, err := hkdf.Key(sha256.New, s.Bytes(), nil, "sallyport recovery code v1", sha256.Size)
	if err != nil { // only for a key longer than HKDF can give
		panic(err)
	}
	mac := hmac.New(sha256.New, key)
	for _, part := range []string{userID, r.characters.Reveal()} {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part)))) //nolint:gosec // G115: both are short
		mac.Write([]byte(part))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

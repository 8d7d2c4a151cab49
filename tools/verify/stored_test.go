package main

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/password"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

// mint gives a token a tag of random bytes: what it says is what is read here.
func mint(t *testing.T, claims token.Claims) string {
	t.Helper()
	minted, err := token.Mint(claims, func([]byte) (tag [token.TagSize]byte, err error) {
		_, err = rand.Read(tag[:])
		return tag, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return minted.Reveal()
}

// minted returns a token as the service makes it.
func minted(t *testing.T) accessToken {
	t.Helper()
	now := time.Now().Unix()
	text := mint(t, token.Claims{
		KeyDay: 20780, Generation: 3, UserID: token.NewID(), TokenID: token.NewID(), Role: 2, Issued: now, Expires: now + 3600,
	})
	parsed, err := parseToken(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestATokenIsReadAsTheServiceWritesIt(t *testing.T) {
	t.Parallel()
	id := token.NewID()
	text := mint(t, token.Claims{KeyDay: 20780, Generation: 3, UserID: id, TokenID: id, Role: 2, Issued: 5, Expires: 7})
	got, err := parseToken(text)
	if err != nil || got.keyDay != 20780 || got.generation != 3 || got.userID != id.String() || got.tokenID != id.String() ||
		got.role != 2 || got.issued != 5 || got.expires != 7 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestATokenOfAnotherFormIsRefused(t *testing.T) {
	t.Parallel()
	text := minted(t).text
	for i := len(tokenPrefix); i < len(text); i++ {
		other := []byte(text)
		if other[i]++; other[i] == '{' || other[i] == '[' || other[i] == ':' || other[i] == '.' {
			other[i] = '0'
		}
		if _, err := parseToken(string(other)); err == nil && string(other) != text {
			t.Errorf("a token with another character at %d passes", i)
		}
	}
	for _, other := range []string{"", text[1:], text + "A", "SPT_" + text[4:], strings.Repeat("A", tokenLength), text[:123] + "="} {
		if _, err := parseToken(other); err == nil {
			t.Errorf("%q passes", other)
		}
	}
}

func TestAnAlteredTokenHasTheFormAndAnotherByte(t *testing.T) {
	t.Parallel()
	was := minted(t)
	is, err := parseToken(was.altered(roleOffset, 1))
	if err != nil || is.role != 1 || is.tokenID != was.tokenID || is.text == was.text || was.role != 2 {
		t.Errorf("%+v, %v", is, err)
	}
}

// rowOf is the row of a token as it should be.
func rowOf(of accessToken) row {
	sealed := make([]byte, sealedSize)
	copy(sealed, of.raw[:5])
	return row{
		"user_id": text(of.userID), "token_id": text(of.tokenID), "session_id": text("session"),
		"expires_at": number(of.expires), "sealed": blob(sealed),
	}
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func TestATokensRowIsChecked(t *testing.T) {
	t.Parallel()
	minted := minted(t)
	if err := checkTokenRow(rowOf(minted), minted, "session"); err != nil {
		t.Fatal(err)
	}
	if err := checkTokenRow(nil, minted, "session"); err == nil {
		t.Error("no row passes")
	}
	part := minted.secretPart()[7:15]
	for name, value := range map[string]types.AttributeValue{
		"sealed as text":               text(strings.Repeat("x", sealedSize)),
		"sealed short":                 blob(make([]byte, tokenSize)),
		"sealed under another key":     blob(make([]byte, sealedSize)),
		"session_id":                   text("another"),
		"expires_at":                   number(minted.expires + 1),
		"the token":                    text(minted.text),
		"the token's bytes":            blob(minted.raw),
		"eight bytes":                  blob(part),
		"eight bytes in a set":         &types.AttributeValueMemberBS{Value: [][]byte{part}},
		"eight bytes in a set of text": &types.AttributeValueMemberSS{Value: []string{hex.EncodeToString(part)}},
		"eight bytes deep inside": &types.AttributeValueMemberL{Value: []types.AttributeValue{
			&types.AttributeValueMemberM{Value: row{"x": blob(append([]byte("before"), part...))}},
		}},
		"eight bytes as a name": &types.AttributeValueMemberM{Value: row{hex.EncodeToString(part): text("")}},
	} {
		stored := rowOf(minted)
		attribute := "note"
		if first, _, _ := strings.Cut(name, " "); stored[first] != nil {
			attribute = first
		}
		stored[attribute] = value
		if err := checkTokenRow(stored, minted, "session"); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestEightBytesOfASecretAreFoundInEveryEncodingAndPlace(t *testing.T) {
	t.Parallel()
	secretBytes := minted(t).secretPart()
	known := newLeaks()
	known.add("it", secretBytes)
	encodings := map[string]func([]byte) string{
		"as it is":          func(b []byte) string { return string(b) },
		"hexadecimal":       hex.EncodeToString,
		"HEXADECIMAL":       func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) },
		"base64":            base64.StdEncoding.EncodeToString,
		"base64url":         base64.URLEncoding.EncodeToString,
		"unpadded base64":   base64.RawStdEncoding.EncodeToString,
		"base32":            base32.StdEncoding.EncodeToString,
		"unpadded base32":   base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString,
		"base64 of nothing": func([]byte) string { return "" },
	}
	for name, encode := range encodings {
		for before := range 6 {
			for start := 0; start+window <= len(secretBytes); start += 5 {
				whole := append(make([]byte, before), secretBytes[start:start+window]...)
				_, found := known.find([]byte("prefix" + encode(append(whole, "behind"...))))
				if found != (name != "base64 of nothing") {
					t.Errorf("%s, %d bytes before, from byte %d: found %t", name, before, start, found)
				}
			}
		}
	}
	if _, found := known.find(secretBytes[:window-1]); found {
		t.Error("seven bytes count as a leak")
	}
}

func TestAPasswordsHashIsChecked(t *testing.T) {
	t.Parallel()
	hasher, err := password.NewHasher(password.Params{MemoryKiB: 19456, Time: 2})
	if err != nil {
		t.Fatal(err)
	}
	const right = "correct horse battery"
	plain, err := password.Prepare(secret.New(right))
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hasher.Hash(plain)
	if err != nil {
		t.Fatal(err)
	}
	if costs, err := checkPasswordHash(hash, right); err != nil || costs != "Argon2id m=19456,t=2,p=1" {
		t.Fatalf("%q, %v", costs, err)
	}
	for name, c := range map[string]struct{ hash, password string }{
		"another password": {hash, right + "!"},
		"in clear":         {right, right},
		"Argon2i":          {strings.Replace(hash, "argon2id", "argon2i", 1), right},
		"too little":       {strings.Replace(hash, "t=2", "t=1", 1), right},
		"far too little":   {strings.Replace(hash, "m=19456", "m=16", 1), right},
		"far too much":     {strings.Replace(hash, "m=19456", "m=4194304", 1), right},
		"another order":    {strings.Replace(hash, "m=19456,t=2", "t=2,m=19456", 1), right},
		"two lanes":        {strings.Replace(hash, "p=1", "p=2", 1), right},
		"no salt":          {hash[:strings.LastIndex(hash, "$")], right},
		"a short hash":     {hash[:len(hash)-4], right},
		"nothing":          {"", right},
	} {
		if _, err := checkPasswordHash(c.hash, c.password); err == nil {
			t.Errorf("%s passes", name)
		} else if strings.Contains(err.Error(), hash[len(hash)-20:]) {
			t.Errorf("%s: the error repeats the hash", name)
		}
	}
}

func TestCodesAreTheRFCsVectors(t *testing.T) {
	t.Parallel()
	// RFC 6238 Appendix B for SHA-1, the last six of its eight digits; the secret is "12345678901234567890".
	app, err := scan("otpauth://totp/A:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := app.code(time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestAnAppReadsOnlyWhatAppsRead(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"", "https://totp/A?secret=GEZDGNBV", "otpauth://hotp/A?secret=GEZDGNBV", "otpauth://totp/A", "otpauth://totp/A?secret=GEZDGNB1",
		"otpauth://totp/A?secret=GEZDGNBV&algorithm=SHA256", "otpauth://totp/A?secret=GEZDGNBV&digits=8",
		"otpauth://totp/A?secret=GEZDGNBV&period=0", "otpauth://totp/A?secret=GEZDGNBV&period=soon",
	} {
		if _, err := scan(uri); err == nil {
			t.Errorf("%q is read", uri)
		} else if strings.Contains(err.Error(), "GEZDGN") {
			t.Errorf("%q: the error repeats the secret", uri)
		}
	}
}

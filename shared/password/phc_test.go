package password

import (
	"encoding/base64"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestKnownAnswersOfTheReferenceImplementationVerify(t *testing.T) {
	file, err := os.ReadFile("testdata/argon2id.txt")
	if err != nil {
		t.Fatal(err)
	}
	h := newHasher(t, least)
	tried := 0
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		quoted, phc, _ := strings.Cut(line, " $")
		typed, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if match, _, err := h.Verify("$"+phc, prepare(t, typed)); !match || err != nil {
			t.Errorf("%s: match %t, error %v", line, match, err)
		}
		tried++
	}
	if tried != 9 {
		t.Errorf("tried %d answers", tried)
	}
}

const (
	goodSalt = "MDEyMzQ1Njc4OWFiY2RlZg"                      // 16 bytes
	goodTag  = "rk2Mi3E4dgRMg0fHaYaptWVZRKqs//6b6k3/nntqGJk" // 32 bytes
	goodPHC  = "$argon2id$v=19$m=19456,t=2,p=1$" + goodSalt + "$" + goodTag
)

func TestEachRecordHasOneSpelling(t *testing.T) {
	bytes := func(n int) string { return base64.RawStdEncoding.EncodeToString(make([]byte, n)) }
	for _, s := range []string{
		goodPHC,
		"$argon2id$v=19$m=8,t=1,p=1$" + bytes(8) + "$" + bytes(16),
		"$argon2id$v=19$m=262144,t=2,p=1$" + bytes(48) + "$" + bytes(64),
	} {
		r, err := parsePHC(s)
		if err != nil || r.String() != s {
			t.Errorf("%s: read as %+v, error %v", s, r, err)
		}
	}
}

func TestAStoredStringInAnyOtherFormIsRefused(t *testing.T) {
	with := func(old, changed string) string { return strings.Replace(goodPHC, old, changed, 1) }
	encode := base64.RawStdEncoding.EncodeToString
	for name, s := range map[string]string{
		"nothing":                 "",
		"only separators":         "$$$$$",
		"a clear password":        "correct horse",
		"bcrypt":                  "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
		"Argon2i":                 with("argon2id", "argon2i"),
		"another case":            with("argon2id", "Argon2id"),
		"version 16":              with("v=19", "v=16"),
		"no version":              with("v=19$", ""),
		"version with a zero":     with("v=19", "v=019"),
		"two lanes":               with("p=1", "p=2"),
		"no lanes":                with("p=1", "p=0"),
		"reordered costs":         with("m=19456,t=2", "t=2,m=19456"),
		"a cost twice":            with("t=2", "m=19456"),
		"a cost too few":          with(",p=1", ""),
		"a cost too many":         with("p=1", "p=1,keyid=AA"),
		"no name":                 with("m=19456", "19456"),
		"another name":            with("m=19456", "x=19456"),
		"a name twice":            with("m=19456", "m=m=19456"),
		"a leading zero":          with("m=19456", "m=019456"),
		"a plus sign":             with("m=19456", "m=+19456"),
		"a minus sign":            with("t=2", "t=-2"),
		"a space":                 with("t=2", "t= 2"),
		"hexadecimal":             with("m=19456", "m=0x4c00"),
		"an underscore":           with("m=19456", "m=19_456"),
		"no number":               with("m=19456", "m="),
		"too little memory":       with("m=19456", "m=7"),
		"too much memory":         with("m=19456", "m=262145"),
		"memory beyond 32 bits":   with("m=19456", "m=4294986752"),
		"no pass":                 with("t=2", "t=0"),
		"too many passes":         with("t=2", "t=11"),
		"padded salt":             with(goodSalt, goodSalt+"=="),
		"spare bits in the salt":  with(goodSalt, goodSalt[:21]+"h"),
		"a line end in the salt":  with(goodSalt, goodSalt[:4]+"\n"+goodSalt[4:]),
		"base64url":               with("//6b", "__6b"),
		"no salt":                 with(goodSalt, ""),
		"salt too short":          with(goodSalt, encode(make([]byte, 7))),
		"salt too long":           with(goodSalt, encode(make([]byte, 49))),
		"no tag":                  with(goodTag, ""),
		"tag too short":           with(goodTag, encode(make([]byte, 15))),
		"tag too long":            with(goodTag, encode(make([]byte, 65))),
		"spare bits in the tag":   with(goodTag, goodTag[:42]+"l"),
		"a carriage return after": goodPHC + "\r",
		"a line end after":        goodPHC + "\n",
		"a field after":           goodPHC + "$",
		"a space before":          " " + goodPHC,
		"a NUL after":             goodPHC + "\x00",
		"far too long":            goodPHC + strings.Repeat("A", 1<<20),
	} {
		if r, err := parsePHC(s); !errors.Is(err, ErrStored) {
			t.Errorf("%s: read as %+v, error %v", name, r, err)
		}
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add(goodPHC)
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=262144,t=10,p=1$" + goodSalt + "$" + goodTag)
	f.Add("$argon2id$v=19$m=4294967295,t=4294967295,p=255$" + goodSalt + "$" + goodTag)
	f.Add("$argon2id$v=19$m=019456,t=+2,p=1$" + goodSalt + "\n$" + goodTag + "==")
	f.Add("$argon2i$v=16$t=2,m=8$$")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parsePHC(s)
		if err != nil {
			if !errors.Is(err, ErrStored) {
				t.Fatalf("undocumented error %v", err)
			}
			return
		}
		if r.String() != s {
			t.Fatalf("%q was read as %q", s, r)
		}
		if m, n := r.params.MemoryKiB, r.params.Time; m < 8 || m > 262144 || n < 1 || n > 10 || m*n > 524288 {
			t.Fatalf("costs out of bounds: %+v", r.params)
		}
		if len(r.salt) < 8 || len(r.salt) > 48 || len(r.tag) < 16 || len(r.tag) > 64 {
			t.Fatalf("salt of %d bytes, tag of %d", len(r.salt), len(r.tag))
		}
	})
}

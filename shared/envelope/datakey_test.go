package envelope

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"sync"
	"testing"
)

// vector is a sealed value computed outside this package: testdata/README.md says how.
type vector struct {
	Name       string
	DataKey    hexBytes `json:"data_key"`
	Stage      string
	KeyDay     uint32 `json:"key_day"`
	Generation uint8
	SigningKey hexBytes `json:"signing_key"`
	Plaintext  hexBytes
	AAD        hexBytes
	Sealed     hexBytes
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

func (v vector) key(t testing.TB) *dataKey {
	t.Helper()
	return mustDerive(t, v.DataKey, v.Stage, keyID{v.KeyDay, v.Generation})
}

func mustDerive(t testing.TB, plaintext []byte, stage string, id keyID) *dataKey {
	t.Helper()
	key, err := derive(plaintext, stage, id)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKeysAndSealedFormAreTheFrozenOnes(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			key := v.key(t)
			if key.tag(v.Plaintext) != tagUnder(v.SigningKey, v.Plaintext) {
				t.Error("it signs with another key")
			}
			plaintext, ok := key.open(v.Sealed, v.AAD)
			if !ok || !bytes.Equal(plaintext, v.Plaintext) {
				t.Errorf("the sealed value opens to %x, %t, want %x", plaintext, ok, v.Plaintext)
			}
		})
	}
}

func TestWhatIsSealedOpens(t *testing.T) {
	for _, v := range vectors(t) {
		key := v.key(t)
		sealed := key.seal(v.Plaintext, v.AAD)
		if len(sealed) != len(v.Plaintext)+Overhead {
			t.Errorf("%s: %d bytes seal to %d, want %d more", v.Name, len(v.Plaintext), len(sealed), Overhead)
		}
		if len(v.Plaintext) > 0 && bytes.Contains(sealed, v.Plaintext) {
			t.Errorf("%s: the plaintext can be read", v.Name)
		}
		if plaintext, ok := key.open(sealed, v.AAD); !ok || !bytes.Equal(plaintext, v.Plaintext) {
			t.Errorf("%s: opens to %x, %t", v.Name, plaintext, ok)
		}
	}
}

func TestNoNonceRepeats(t *testing.T) {
	key := vectors(t)[0].key(t)
	seen := map[string]bool{}
	for range 10_000 {
		nonce := string(key.seal([]byte("the same"), nil)[headerSize : headerSize+nonceSize])
		if seen[nonce] {
			t.Fatal("a nonce came twice")
		}
		seen[nonce] = true
	}
}

func TestEveryFlippedBitKeepsItShut(t *testing.T) {
	for _, v := range vectors(t) {
		key := v.key(t)
		for at := range v.Sealed {
			for bit := range 8 {
				changed := bytes.Clone(v.Sealed)
				changed[at] ^= 1 << bit
				if plaintext, ok := key.open(changed, v.AAD); ok || plaintext != nil {
					t.Fatalf("%s: with bit %d of byte %d flipped it opens to %x", v.Name, bit, at, plaintext)
				}
			}
		}
		for at := range v.AAD {
			changed := bytes.Clone(v.AAD)
			changed[at] ^= 1
			if _, ok := key.open(v.Sealed, changed); ok {
				t.Fatalf("%s: with byte %d of the AAD changed it opens", v.Name, at)
			}
		}
	}
}

func TestASealOpensUnderItsOwnKeyOnly(t *testing.T) {
	v := vectors(t)[0]
	id := keyID{v.KeyDay, v.Generation}
	otherData := bytes.Clone(v.DataKey)
	otherData[0] ^= 1
	for what, key := range map[string]*dataKey{
		"another data key":   mustDerive(t, otherData, v.Stage, id),
		"another stage":      mustDerive(t, v.DataKey, v.Stage+"x", id),
		"no stage":           mustDerive(t, v.DataKey, "", id),
		"another day":        mustDerive(t, v.DataKey, v.Stage, keyID{id.day + 1, id.generation}),
		"another generation": mustDerive(t, v.DataKey, v.Stage, keyID{id.day, id.generation + 1}),
	} {
		// Once as it is, once with the header that this key asks for.
		header := key.id.header()
		for _, sealed := range [][]byte{v.Sealed, append(header[:], v.Sealed[headerSize:]...)} {
			if _, ok := key.open(sealed, v.AAD); ok {
				t.Errorf("it opens under %s", what)
			}
		}
		if key.tag(v.Plaintext) == tagUnder(v.SigningKey, v.Plaintext) {
			t.Errorf("%s signs with the same key", what)
		}
	}
	key := v.key(t)
	for what, aad := range map[string][]byte{"no AAD": nil, "a longer AAD": append(bytes.Clone(v.AAD), 0), "a shorter AAD": v.AAD[1:]} {
		if _, ok := key.open(v.Sealed, aad); ok {
			t.Errorf("it opens with %s", what)
		}
	}
}

func TestHostileLengthsDoNotOpen(t *testing.T) {
	v := vectors(t)[0]
	key := v.key(t)
	for n := range v.Sealed {
		if _, ok := key.open(v.Sealed[:n], v.AAD); ok {
			t.Errorf("its first %d bytes open", n)
		}
		if _, ok := key.open(v.Sealed[n+1:], v.AAD); ok {
			t.Errorf("it opens without its first %d bytes", n+1)
		}
	}
	for _, more := range []int{1, tagSize, 1 << 20} {
		if _, ok := key.open(append(bytes.Clone(v.Sealed), make([]byte, more)...), v.AAD); ok {
			t.Errorf("it opens with %d bytes more", more)
		}
	}
	if _, ok := key.open(nil, nil); ok {
		t.Error("nothing opens")
	}
}

func TestNoTwoStagesAndPurposesShareAnInfoString(t *testing.T) {
	seen := map[string]string{}
	for _, pair := range [][2]string{{"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}, {"ab\x00\x00\x00\x01", "c"}, {"ab", "\x00\x00\x00\x01c"}} {
		text := info(pair[0], pair[1], keyID{day: 1, generation: 2})
		if other, ok := seen[text]; ok {
			t.Errorf("%q and %s give the same info", pair, other)
		}
		seen[text] = pair[0] + "+" + pair[1]
	}
}

func TestADataKeyOfAnotherSizeIsRefused(t *testing.T) {
	for _, size := range []int{0, 16, 31, 33, 64} {
		if _, err := derive(make([]byte, size), "prod", keyID{}); err == nil {
			t.Errorf("a data key of %d bytes is taken", size)
		}
	}
}

func FuzzOpen(f *testing.F) {
	v := vectors(f)[0]
	key := v.key(f)
	for _, seed := range vectors(f) {
		f.Add([]byte(seed.Sealed), []byte(seed.AAD))
	}
	f.Add([]byte(nil), []byte(nil))
	f.Add([]byte(v.Sealed[:Overhead]), []byte(v.AAD))
	f.Fuzz(func(t *testing.T, sealed, aad []byte) {
		plaintext, ok := key.open(sealed, aad)
		if genuine := bytes.Equal(sealed, v.Sealed) && bytes.Equal(aad, v.AAD); ok != genuine {
			t.Fatalf("opens: %t", ok)
		}
		if !ok && plaintext != nil {
			t.Fatalf("shut, and yet it gives %x", plaintext)
		}
	})
}

// tagUnder is HMAC-SHA-256, as the standard library gives it.
func tagUnder(key, message []byte) [sha256.Size]byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return [sha256.Size]byte(mac.Sum(nil))
}

func TestTagsOfManyAtOnceAreEachTheirOwn(t *testing.T) {
	v := vectors(t)[0]
	key := v.key(t)
	var group sync.WaitGroup
	for i := range 32 {
		group.Go(func() {
			for n := range 200 {
				message := []byte(strconv.Itoa(i * n))
				if key.tag(message) != tagUnder(v.SigningKey, message) {
					t.Error("a tag is wrong")
				}
			}
		})
	}
	group.Wait()
}

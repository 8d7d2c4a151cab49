package dynamo_test

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sallyport/shared/apperr"
	"sallyport/shared/dynamo"
)

func cursors(query ...string) dynamo.Cursors {
	return dynamo.NewCursors([]string{"day", "at", "n"}, query...)
}

func lastKey() dynamo.Item {
	return dynamo.Item{"at": dynamo.S("1795000000000#x"), "day": dynamo.S("2026-11-26"), "n": dynamo.N(-7)}
}

func mustText(t testing.TB, c dynamo.Cursors, key dynamo.Item) string {
	t.Helper()
	text, err := c.Text(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func refused(err error) bool {
	return apperr.CodeOf(err) == apperr.InvalidRequest && apperr.From(err).Reason == dynamo.ReasonCursor
}

// The cursor's form is frozen: callers keep them while a new version is deployed.
func TestACursorIsWhatItAlwaysWas(t *testing.T) {
	const frozen = "AfTLZD-Fsb7ZRpTHT6NJinhTAA8xNzk1MDAwMDAwMDAwI3hTAAoyMDI2LTExLTI2TgACLTc"
	if text := mustText(t, cursors("events"), lastKey()); text != frozen {
		t.Errorf("%s", text)
	}
	key, err := cursors("events").Key(frozen)
	if err != nil || !reflect.DeepEqual(key, lastKey()) {
		t.Errorf("%v, %v", key, err)
	}
}

func TestNoCursorIsNoKeyAndNoKeyIsNoCursor(t *testing.T) {
	if text, err := cursors("q").Text(nil); text != "" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if key, err := cursors("q").Key(""); key != nil || err != nil {
		t.Errorf("%v, %v", key, err)
	}
}

func TestACursorOfAnotherQueryIsRefused(t *testing.T) {
	text := mustText(t, cursors("events", "from=1"), lastKey())
	for name, other := range map[string]dynamo.Cursors{
		"another query":      cursors("events", "from=2"),
		"less of the query":  cursors("events"),
		"joined otherwise":   cursors("eventsfrom=1"),
		"in another order":   cursors("from=1", "events"),
		"other attributes":   dynamo.NewCursors([]string{"day", "at"}, "events", "from=1"),
		"more attributes":    dynamo.NewCursors([]string{"day", "at", "n", "o"}, "events", "from=1"),
		"with nothing added": cursors("events", "from=1", ""),
	} {
		if key, err := other.Key(text); !refused(err) || key != nil {
			t.Errorf("%s: %v, %v", name, key, err)
		}
	}
}

func TestAnAlteredCursorIsRefused(t *testing.T) {
	c := cursors("q")
	text := mustText(t, c, lastKey())
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for bit := range 8 {
			altered := slices.Clone(raw)
			altered[i] ^= 1 << bit
			if _, err := c.Key(base64.RawURLEncoding.EncodeToString(altered)); !refused(err) {
				t.Errorf("bit %d of byte %d: %v", bit, i, err)
			}
		}
	}
	for i := range text {
		if _, err := c.Key(text[:i]); i > 0 && !refused(err) {
			t.Errorf("the first %d characters: %v", i, err)
		}
	}
	for name, spelt := range map[string]string{
		"padding": text + "=", "a character more": text + "A", "a line end": text[:8] + "\n" + text[8:], "a carriage return": text + "\r",
		"a space": " " + text, "another alphabet": strings.NewReplacer("-", "+", "_", "/").Replace(text) + "+", "twice": text + text,
		"too long": strings.Repeat("A", 1<<20), "not ASCII": text[:8] + "é" + text[8:], "nothing at all": "A", "a zero": "\x00",
	} {
		if _, err := c.Key(spelt); !refused(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// forge makes a cursor of the query "q" with a right digest, as anybody can who knows the source.
func forge(body []byte) string {
	sum := sha256.Sum256([]byte{0, 0, 0, 0, 0, 0, 0, 1, 'q'})
	digest := sha256.Sum256(slices.Concat(sum[:], []byte{1}, body))
	return base64.RawURLEncoding.EncodeToString(slices.Concat([]byte{1}, digest[:16], body))
}

func TestAForgedCursorIsAKeyOfTheQuerysFormOrRefused(t *testing.T) {
	c := dynamo.NewCursors([]string{"at"}, "q")
	if key, err := c.Key(forge([]byte("S\x00\x03abc"))); err != nil || !reflect.DeepEqual(key, dynamo.Item{"at": dynamo.S("abc")}) {
		t.Fatalf("%v, %v", key, err)
	}
	for name, body := range map[string]string{
		"nothing": "", "a type alone": "S", "half a length": "S\x00", "no text": "S\x00\x00", "a text that ends early": "S\x00\x04abc", "a text that goes on": "S\x00\x03abcd",
		"another type": "B\x00\x03abc", "not UTF-8": "S\x00\x01\xff", "no number": "N\x00\x01x", "an empty number": "N\x00\x00", "a number with a sign": "N\x00\x02+1",
		"a number with a zero before": "N\x00\x0201", "minus nothing": "N\x00\x02-0", "a fraction": "N\x00\x031.5", "a number too large": "N\x00\x1499999999999999999999",
		"two attributes": "S\x00\x01aS\x00\x01b",
	} {
		if key, err := c.Key(forge([]byte(body))); !refused(err) || key != nil {
			t.Errorf("%s: %v, %v", name, key, err)
		}
	}
}

func TestAKeyThatIsNotTheQuerysMakesNoCursor(t *testing.T) {
	for name, spoil := range map[string]func(dynamo.Item){
		"an attribute less":   func(k dynamo.Item) { delete(k, "at") },
		"an attribute more":   func(k dynamo.Item) { k["o"] = dynamo.S("x") },
		"another attribute":   func(k dynamo.Item) { delete(k, "at"); k["o"] = dynamo.S("x") },
		"a binary":            func(k dynamo.Item) { k["at"] = dynamo.B([]byte("x")) },
		"an empty text":       func(k dynamo.Item) { k["at"] = dynamo.S("") },
		"too long for it":     func(k dynamo.Item) { k["at"] = dynamo.S(strings.Repeat("secret", 150)) },
		"too long for a key":  func(k dynamo.Item) { k["at"] = dynamo.S(strings.Repeat("secret", 400)) },
		"not UTF-8":           func(k dynamo.Item) { k["at"] = dynamo.S("secret\xff") },
		"nothing of what was": func(k dynamo.Item) { clear(k) },
	} {
		key := lastKey()
		spoil(key)
		if text, err := cursors("q").Text(key); err == nil || text != "" || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

func FuzzACursorIsItsKeysOnlySpellingOrRefused(f *testing.F) {
	c := cursors("q")
	f.Add(mustText(f, c, lastKey()))
	f.Add(mustText(f, cursors("other"), lastKey()))
	f.Add("")
	f.Add("AQ")
	f.Add(forge([]byte("S\x00\x01aS\x00\x01bN\x00\x011")))
	f.Add(forge([]byte("S\x00\x01aS\xff\xffbN\x00\x011")))
	f.Fuzz(func(t *testing.T, text string) {
		for _, candidate := range []string{text, forge([]byte(text))} { // as it is, and as what a right digest covers
			key, err := c.Key(candidate)
			if err != nil {
				if !refused(err) || key != nil || strings.Contains(err.Error(), "\n") {
					t.Errorf("%q: %v, %v", candidate, key, err)
				}
				continue
			}
			if candidate == "" {
				continue
			}
			if names := slices.Sorted(maps.Keys(key)); !slices.Equal(names, []string{"at", "day", "n"}) {
				t.Errorf("%q: %v", candidate, key)
			}
			if again, err := c.Text(key); err != nil || again != candidate {
				t.Errorf("%q is spelt %q too, %v", candidate, again, err)
			}
		}
	})
}

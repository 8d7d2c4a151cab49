package password

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var least = Params{MemoryKiB: 19456, Time: 2}

func newHasher(t *testing.T, p Params) *Hasher {
	t.Helper()
	h, err := NewHasher(p)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAStoredPasswordVerifiesAndNoOther(t *testing.T) {
	h := newHasher(t, least)
	stored, err := h.Hash(prepare(t, "correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]bool{"correct horse": true, "correct horsf": false, "Correct horse": false, "correct horse ": false} {
		match, outdated, err := h.Verify(stored, prepare(t, typed))
		if match != want || outdated || err != nil {
			t.Errorf("%q: match %t, outdated %t, error %v", typed, match, outdated, err)
		}
	}
}

func TestEveryHashIsArgon2idWithItsCostsAndAFreshSalt(t *testing.T) {
	h := newHasher(t, least)
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	seen := make(map[string]bool)
	for range 3 {
		stored, err := h.Hash(prepare(t, "correct horse"))
		if err != nil || !form.MatchString(stored) {
			t.Fatalf("stored %q, error %v", stored, err)
		}
		seen[strings.Split(stored, "$")[4]] = true
	}
	if len(seen) != 3 {
		t.Error("two hashes have one salt")
	}
}

func TestCostsBelowTheRecommendationOrAboveTheCapsAreRefused(t *testing.T) {
	cases := []struct {
		p  Params
		ok bool
	}{
		{Params{19456, 2}, true},
		{Params{47104, 1}, true},
		{Params{262144, 2}, true},
		{Params{52428, 10}, true},
		{Params{262144, 3}, false},
		{Params{52429, 10}, false},
		{Params{}, false},
		{Params{19455, 2}, false},
		{Params{19455, 10}, false},
		{Params{19456, 1}, false},
		{Params{47103, 1}, false},
		{Params{47104, 0}, false},
		{Params{262145, 1}, false},
		{Params{47104, 11}, false},
		{Params{1 << 31, 1 << 31}, false},
	}
	for _, c := range cases {
		h, err := NewHasher(c.p)
		if (err == nil) != c.ok || (h != nil) != c.ok {
			t.Errorf("%+v: error %v", c.p, err)
		}
	}
}

func TestAStoredPasswordOfLowerCostIsOutdated(t *testing.T) {
	p := prepare(t, "correct horse")
	cases := []struct {
		name string
		r    record
		want bool
	}{
		{"the same", record{Params{47104, 2}, make([]byte, 16), make([]byte, 32)}, false},
		{"more memory", record{Params{65536, 2}, make([]byte, 16), make([]byte, 32)}, false},
		{"more passes", record{Params{47104, 3}, make([]byte, 16), make([]byte, 32)}, false},
		{"less memory", record{Params{47103, 2}, make([]byte, 16), make([]byte, 32)}, true},
		{"fewer passes", record{Params{47104, 1}, make([]byte, 16), make([]byte, 32)}, true},
		{"less memory for more passes", record{Params{19456, 3}, make([]byte, 16), make([]byte, 32)}, true},
		{"a shorter salt", record{Params{47104, 2}, make([]byte, 15), make([]byte, 32)}, true},
		{"a shorter tag", record{Params{47104, 2}, make([]byte, 16), make([]byte, 31)}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := newHasher(t, Params{47104, 2})
			h.idKey = func(_, _ []byte, _, _ uint32, _ uint8, length uint32) []byte { return make([]byte, length) }
			match, outdated, err := h.Verify(c.r.String(), p)
			if !match || outdated != c.want || err != nil {
				t.Errorf("match %t, outdated %t, error %v", match, outdated, err)
			}
		})
	}
}

func TestAnAbsentAccountCostsTheSameHash(t *testing.T) {
	type work struct {
		password                    string
		salt                        int
		time, memory, lanes, length uint32
	}
	var done []work
	h := newHasher(t, Params{47104, 1})
	h.idKey = func(password, salt []byte, time, memory uint32, threads uint8, length uint32) []byte {
		done = append(done, work{string(password), len(salt), time, memory, uint32(threads), length})
		return make([]byte, length)
	}
	p := prepare(t, "correct horse")
	stored, err := h.Hash(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Verify(stored, p); err != nil {
		t.Fatal(err)
	}
	h.VerifyAbsent(p)
	if want := (work{"correct horse", 16, 1, 47104, 1, 32}); len(done) != 3 || done[1] != want || done[2] != want {
		t.Errorf("work done: %+v", done)
	}
}

func TestOneHashRunsAtATime(t *testing.T) {
	var running, most atomic.Int32
	h := newHasher(t, least)
	h.idKey = func(_, _ []byte, _, _ uint32, _ uint8, length uint32) []byte {
		if n := running.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer running.Add(-1)
		time.Sleep(time.Millisecond) // long enough for the others to come in, if they can
		return make([]byte, length)
	}
	p := prepare(t, "correct horse")
	stored, err := h.Hash(p)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { h.VerifyAbsent(p) })
		all.Go(func() { _, _ = h.Hash(p) })
		all.Go(func() { _, _, _ = h.Verify(stored, p) })
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d hashes ran at once", most.Load())
	}
}

func TestAnUnpreparedPasswordIsNeverStoredOrMatched(t *testing.T) {
	h := newHasher(t, least)
	if stored, err := h.Hash(Plain{}); err == nil || stored != "" {
		t.Errorf("stored %q, error %v", stored, err)
	}
	stored, err := h.Hash(prepare(t, "correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	if match, _, err := h.Verify(stored, Plain{}); match || err == nil {
		t.Errorf("match %t, error %v", match, err)
	}
}

func TestAnUnreadableStoredPasswordCostsNoWorkAndIsNotShown(t *testing.T) {
	h := newHasher(t, least)
	h.idKey = func(_, _ []byte, _, _ uint32, _ uint8, _ uint32) []byte {
		t.Error("hashed")
		return nil
	}
	const canary = "Y2FuYXJ5"
	match, outdated, err := h.Verify("$argon2id$v=19$m=4294967295,t=1,p=1$"+canary+"$"+canary, prepare(t, "correct horse"))
	if match || outdated || !errors.Is(err, ErrStored) || strings.Contains(err.Error(), canary) {
		t.Errorf("match %t, outdated %t, error %v", match, outdated, err)
	}
}

func BenchmarkHash(b *testing.B) {
	h, err := NewHasher(Params{47104, 1})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		h.VerifyAbsent(Plain{})
	}
}

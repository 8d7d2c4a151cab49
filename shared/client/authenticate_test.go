package client_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"sallyport/shared/account/accounttest"
	"sallyport/shared/apperr"
	"sallyport/shared/client"
	"sallyport/shared/client/clienttest"
	"sallyport/shared/faults"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

const address = "203.0.113.7"

// world has one client, and a clock that stands still until it is set.
type world struct {
	*client.Authenticator
	clients   *clienttest.Store
	throttles *accounttest.Store
	made      client.Client
	secret    secret.Text
	now       time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{clients: &clienttest.Store{}, throttles: accounttest.NewStore(), now: time.Unix(1_795_435_200, 0)}
	w.Authenticator = &client.Authenticator{Store: w.clients, Counter: w.throttles, Now: func() time.Time { return w.now }}
	var err error
	if w.made, w.secret, err = client.NewRegistry(w.clients, w.Now).Make(t.Context(), madeBy(), "Notes"); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) guess(t *testing.T, id, from string) error {
	t.Helper()
	return w.Authenticate(t.Context(), id, secret.New("spc_WRONG"), from)
}

func TestOnlyTheSecretOfThatClientAuthenticatesIt(t *testing.T) {
	w := newWorld(t)
	other, others, err := client.NewRegistry(w.clients, w.Now).Make(t.Context(), madeBy(), "Other")
	if err != nil {
		t.Fatal(err)
	}
	for what, row := range map[string]struct {
		id     string
		secret secret.Text
		right  bool
	}{
		"its secret":                  {w.made.ID.String(), w.secret, true},
		"another's":                   {w.made.ID.String(), others, false},
		"its secret for another":      {other.ID.String(), w.secret, false},
		"none":                        {w.made.ID.String(), secret.Text{}, false},
		"cut short":                   {w.made.ID.String(), secret.New(w.secret.Reveal()[:29]), false},
		"with more":                   {w.made.ID.String(), secret.New(w.secret.Reveal() + "A"), false},
		"an unknown client":           {token.NewID().String(), w.secret, false},
		"no id":                       {"", w.secret, false},
		"an id that is none":          {"notes", w.secret, false},
		"the id in capitals":          {"ABCDEF" + w.made.ID.String()[6:], w.secret, false},
		"the zero id, no secret":      {token.ID{}.String(), secret.Text{}, false},
		"the stored hash as a secret": {w.made.ID.String(), secret.New(string(w.made.SecretHash[:])), false},
	} {
		err := w.Authenticate(t.Context(), row.id, row.secret, address)
		if row.right != (err == nil) || !row.right && apperr.CodeOf(err) != apperr.Unauthenticated {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAnUnknownClientIsToldAndCostsWhatAWrongSecretDoes(t *testing.T) {
	w := newWorld(t)
	var details []string
	for _, id := range []string{w.made.ID.String(), token.NewID().String(), "notes", ""} {
		w.clients.Forget()
		w.throttles.Forget()
		err := w.guess(t, id, address)
		details = append(details, apperr.From(err).Detail)
		if reads, writes := w.clients.Reads(), w.throttles.Writes(); reads != 1 || writes != 2 || w.throttles.Reads() != 0 || w.clients.Writes() != 0 {
			t.Errorf("%q: %d reads and %d writes", id, reads, writes)
		}
		if wrong := apperr.From(err); (wrong.ClientID == w.made.ID.String()) != (id == w.made.ID.String()) {
			t.Errorf("%q: the log names the client %q", id, wrong.ClientID)
		}
	}
	for _, detail := range details {
		if detail != details[0] {
			t.Errorf("%q and %q", detail, details[0])
		}
	}
}

func TestARightSecretWritesNothing(t *testing.T) {
	w := newWorld(t)
	w.clients.Forget()
	for range 1000 {
		if err := w.Authenticate(t.Context(), w.made.ID.String(), w.secret, address); err != nil {
			t.Fatal(err)
		}
	}
	if w.clients.Reads() != 1000 || w.clients.Writes()+w.throttles.Writes()+w.throttles.Reads() != 0 {
		t.Errorf("%d reads, %d writes", w.clients.Reads(), w.throttles.Writes())
	}
}

func TestARemovedClientIsRefusedAtOnce(t *testing.T) {
	w := newWorld(t)
	if err := w.clients.RemoveClient(t.Context(), w.made.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Authenticate(t.Context(), w.made.ID.String(), w.secret, address); apperr.CodeOf(err) != apperr.Unauthenticated {
		t.Errorf("%v", err)
	}
}

func TestWrongSecretsAreLimitedByClientFromWhereverTheyCome(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{w.made.ID.String(), token.NewID().String()} {
		for n := range 60 {
			err := w.guess(t, id, fmt.Sprintf("203.0.113.%d", n))
			want := apperr.Unauthenticated
			if n >= 20 {
				want = apperr.TooManyRequests
			}
			if apperr.CodeOf(err) != want {
				t.Fatalf("guess %d: %v", n, err)
			}
			if wait := apperr.From(err).RetryAfter; n >= 20 && (wait <= 0 || wait > 5*time.Minute) {
				t.Fatalf("guess %d: wait %v", n, wait)
			}
		}
	}
	w.now = w.now.Add(5 * time.Minute)
	if err := w.guess(t, w.made.ID.String(), address); apperr.CodeOf(err) != apperr.Unauthenticated {
		t.Errorf("in the next five minutes: %v", err)
	}
}

func TestWrongSecretsAreLimitedByAddressForWhicheverClient(t *testing.T) {
	w := newWorld(t)
	for n := range 150 {
		err := w.guess(t, token.NewID().String(), "2001:db8::"+fmt.Sprint(n))
		if want := map[bool]apperr.Code{false: apperr.Unauthenticated, true: apperr.TooManyRequests}[n >= 100]; apperr.CodeOf(err) != want {
			t.Fatalf("guess %d: %v", n, err)
		}
	}
	if err := w.guess(t, token.NewID().String(), "2001:db8:0:1::1"); apperr.CodeOf(err) != apperr.Unauthenticated {
		t.Errorf("from another network: %v", err)
	}
}

func TestNobodyCanShutAClientOut(t *testing.T) {
	w := newWorld(t)
	for range 200 {
		if err := w.guess(t, w.made.ID.String(), address); err == nil {
			t.Fatal("a wrong secret passes")
		}
	}
	if err := w.Authenticate(t.Context(), w.made.ID.String(), w.secret, address); err != nil {
		t.Errorf("its own secret, from the very address: %v", err)
	}
}

func TestParallelGuessesDoNotPassTheLimit(t *testing.T) {
	w := newWorld(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	answers := map[apperr.Code]int{}
	for range 200 {
		group.Go(func() {
			err := w.guess(t, w.made.ID.String(), address)
			mu.Lock()
			defer mu.Unlock()
			answers[apperr.CodeOf(err)]++
		})
	}
	group.Wait()
	if answers[apperr.Unauthenticated] != 20 || answers[apperr.TooManyRequests] != 180 {
		t.Errorf("%v", answers)
	}
}

func TestWithoutAnAnswerNobodyIsLetIn(t *testing.T) {
	down := errors.New("no answer")
	w := newWorld(t)
	w.throttles.Before("CountFailure", faults.Always(down))
	if err := w.guess(t, w.made.ID.String(), address); apperr.CodeOf(err) != apperr.ServiceUnavailable {
		t.Errorf("a wrong secret that cannot be counted: %v", err)
	}
	w.clients.Before("Client", faults.Always(down))
	if err := w.Authenticate(t.Context(), w.made.ID.String(), w.secret, address); apperr.CodeOf(err) != apperr.ServiceUnavailable {
		t.Errorf("a right one that cannot be looked up: %v", err)
	}
	w.clients.Mend()
	w.clients.Before("Client", faults.Always(apperr.Tampered("row_malformed", nil)))
	if err := w.Authenticate(t.Context(), w.made.ID.String(), w.secret, address); apperr.CodeOf(err) != apperr.Corrupt {
		t.Errorf("a damaged row: %v", err)
	}
}

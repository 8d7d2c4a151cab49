package client_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/client"
	"sallyport/shared/client/clienttest"
	"sallyport/shared/faults"
	"sallyport/shared/token"
)

const maker = 7

func madeBy() token.ID { return token.ID{maker} }

func at(seconds int64) func() time.Time { return func() time.Time { return time.Unix(seconds, 0) } }

func TestASecretIsGivenOnceAndStoredNowhere(t *testing.T) {
	store := &clienttest.Store{}
	made, characters, err := client.NewRegistry(store, at(1_795_435_200)).Make(t.Context(), madeBy(), "Notes")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^spc_[A-Z2-7]{26}$`).MatchString(characters.Reveal()) || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(made.ID.String()) {
		t.Errorf("the id is %s, and the secret has another form than a URL and Basic credentials take", made.ID)
	}
	stored, found, err := store.Client(t.Context(), made.ID)
	if err != nil || !found || stored != made || stored.Name != "Notes" || stored.MadeBy != madeBy() || stored.CreatedAt != 1_795_435_200 {
		t.Errorf("stored %+v, %t, %v", stored, found, err)
	}
	if strings.Contains(string(stored.SecretHash[:]), characters.Reveal()[:8]) || stored.SecretHash == (client.Hash{}) {
		t.Error("the stored hash is none")
	}
}

func TestNoTwoClientsShareAnIdOrASecret(t *testing.T) {
	registry := client.NewRegistry(&clienttest.Store{}, time.Now)
	seen := map[string]bool{}
	for range 1000 {
		made, characters, err := registry.Make(t.Context(), madeBy(), "Notes")
		if err != nil || seen[made.ID.String()] || seen[characters.Reveal()] {
			t.Fatalf("%v", err)
		}
		seen[made.ID.String()], seen[characters.Reveal()] = true, true
	}
}

func TestANameIsWhatAListCanShow(t *testing.T) {
	registry := client.NewRegistry(&clienttest.Store{}, time.Now)
	for name, good := range map[string]bool{
		"N": true, "Notes of the day": true, "Zürich 注記 🦀": true, strings.Repeat("é", 64): true, "<b>&\"'": true,
		"": false, " ": false, " Notes": false, "Notes ": false, strings.Repeat("é", 65): false, "a\nb": false, "a\x00b": false, "a\tb": false,
		"a\u202eb": false, "a\u00a0b": false, "a\u200bb": false, "\xff": false, "a\u2028b": false,
	} {
		if _, _, err := registry.Make(t.Context(), madeBy(), name); (err == nil) != good || !good && apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestRemovingWhatIsNotThereIsNotFound(t *testing.T) {
	registry := client.NewRegistry(&clienttest.Store{}, time.Now)
	made, _, err := registry.Make(t.Context(), madeBy(), "Notes")
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.Remove(t.Context(), made.ID); err != nil {
		t.Error(err)
	}
	for _, id := range []token.ID{made.ID, {}} {
		if err := registry.Remove(t.Context(), id); apperr.CodeOf(err) != apperr.NotFound {
			t.Errorf("%v", err)
		}
	}
}

func TestAStoreThatDoesNotAnswerIsUnavailable(t *testing.T) {
	store := &clienttest.Store{}
	store.Before("", faults.Always(errors.New("no answer")))
	registry := client.NewRegistry(store, time.Now)
	_, characters, made := registry.Make(t.Context(), madeBy(), "Notes")
	_, _, listed := registry.List(t.Context(), 10, "")
	for what, err := range map[string]error{"make": made, "list": listed, "remove": registry.Remove(t.Context(), madeBy())} {
		if apperr.CodeOf(err) != apperr.ServiceUnavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
	if characters.Reveal() != "" {
		t.Error("a secret is given for a client that may not be there")
	}
}

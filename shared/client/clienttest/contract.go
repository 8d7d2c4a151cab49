package clienttest

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"sallyport/shared/apperr"
	"sallyport/shared/client"
	"sallyport/shared/token"
)

// sample returns a client that differs from all others in every field.
func sample(n byte) client.Client {
	return client.Client{
		ID: token.NewID(), Name: "Notes " + string('a'+rune(n)), SecretHash: client.Hash{n, 1}, MadeBy: token.NewID(), CreatedAt: 1_795_435_200 + int64(n),
	}
}

// Contract checks what every store of clients promises. open returns an empty one.
func Contract(t *testing.T, open func(t *testing.T) Everything) {
	t.Helper()
	t.Run("what is added is found until it is removed", func(t *testing.T) {
		store := open(t)
		first, second := sample(0), sample(1)
		add(t, store, first, second)
		for _, want := range []client.Client{first, second} {
			if got, ok, err := store.Client(t.Context(), want.ID); err != nil || !ok || got != want {
				t.Errorf("%+v, %t, %v; want %+v", got, ok, err, want)
			}
		}
		if err := store.RemoveClient(t.Context(), first.ID); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := store.Client(t.Context(), first.ID); err != nil || ok {
			t.Errorf("a removed client: %+v, %t, %v", got, ok, err)
		}
		if _, ok, err := store.Client(t.Context(), second.ID); err != nil || !ok {
			t.Errorf("the other client: %t, %v", ok, err)
		}
	})
	t.Run("what is not there cannot be removed", func(t *testing.T) {
		store := open(t)
		one := sample(0)
		add(t, store, one)
		for _, id := range []token.ID{{}, token.NewID()} {
			if err := store.RemoveClient(t.Context(), id); !errors.Is(err, client.ErrNoClient) {
				t.Errorf("%v", err)
			}
		}
		if err := store.RemoveClient(t.Context(), one.ID); err != nil {
			t.Fatal(err)
		}
		if err := store.RemoveClient(t.Context(), one.ID); !errors.Is(err, client.ErrNoClient) {
			t.Errorf("removed twice: %v", err)
		}
	})
	t.Run("pages hold each client once", func(t *testing.T) {
		store := open(t)
		want := map[token.ID]client.Client{}
		for n := range byte(7) {
			one := sample(n)
			want[one.ID] = one
			add(t, store, one)
		}
		for _, limit := range []int{1, 3, 7, 100} {
			got := map[token.ID]client.Client{}
			for cursor, pages := "", 0; ; pages++ {
				page, next, err := store.Clients(t.Context(), limit, cursor)
				if err != nil || len(page) > limit || pages > 8 {
					t.Fatalf("limit %d: a page of %d, the %d., %v", limit, len(page), pages, err)
				}
				for _, one := range page {
					if _, twice := got[one.ID]; twice {
						t.Errorf("limit %d: %v comes twice", limit, one)
					}
					got[one.ID] = one
				}
				if cursor = next; next == "" {
					break
				}
			}
			if !maps.Equal(got, want) {
				t.Errorf("limit %d: %d clients, want %d", limit, len(got), len(want))
			}
		}
	})
	t.Run("an empty table is an empty page", func(t *testing.T) {
		if page, next, err := open(t).Clients(t.Context(), 10, ""); err != nil || len(page) != 0 || next != "" {
			t.Errorf("%v, %q, %v", page, next, err)
		}
	})
	t.Run("a cursor that no page has given is refused", func(t *testing.T) {
		store := open(t)
		add(t, store, sample(0), sample(1))
		for _, cursor := range []string{"x", "AAAA", "0123456789abcdef", "%00", "é"} {
			if page, _, err := store.Clients(t.Context(), 1, cursor); apperr.CodeOf(err) != apperr.InvalidRequest {
				t.Errorf("%q: %v, %v", cursor, page, err)
			}
		}
	})
	t.Run("names in any script are kept as they are", func(t *testing.T) {
		store := open(t)
		one := sample(0)
		one.Name = "Noten-Dienst Zürich 注記"
		add(t, store, one)
		page, _, err := store.Clients(t.Context(), 1, "")
		if err != nil || !slices.Equal(page, []client.Client{one}) {
			t.Errorf("%v, %v", page, err)
		}
	})
}

func add(t *testing.T, store Everything, clients ...client.Client) {
	t.Helper()
	for _, one := range clients {
		if err := store.AddClient(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
}

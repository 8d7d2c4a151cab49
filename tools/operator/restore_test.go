package main

import (
	"context"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/dynamo/dynamotest"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

func TestRestoringBringsBackWhatWasLostAndNothingElse(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		g := openGate(t, server)
		copied := dynamotest.MakeTables(t, g.client).Accounts
		for _, name := range []string{"gone", "demoted", "fine", "taken"} {
			a := g.account(name, 1)
			a.Role = policy.Admin
			g.write(copied, a)
		}
		// Since then: one row was lost, with its session; one account demoted and its hash damaged; one name went to somebody else.
		lost := g.stored("gone")
		if err := g.store.ChangeAccount(t.Context(), account.Change{Before: &lost}); err != nil {
			t.Fatal(err)
		}
		g.edit("demoted", func(a *account.Account) { a.PasswordHash = "$argon2id$damaged" })
		g.edit("fine", func(a *account.Account) { a.Role = policy.Admin })
		g.edit("taken", func(a *account.Account) { a.UserID = token.NewID() })

		before := []account.Account{g.stored("demoted"), g.stored("fine"), g.stored("taken")}
		if got := g.does("restore", "-from", copied, "-all"); !strings.Contains(got, "Nothing was written; with -write it would be: "+
			"returned 1, replaced 1, the same already 1, another's name now 1, never used 0, failed 0.") {
			t.Errorf("a dry run says:\n%s", got)
		}
		for _, a := range before {
			if g.stored(a.Username).Revision != a.Revision {
				t.Errorf("a dry run has written %s", a.Username)
			}
		}
		got := g.does("restore", "-from", copied, "-all", "-write")
		for _, want := range []string{
			"gone: returned, disabled, ADMIN, recovery codes 1\n", "demoted: replaced, active, CONSUMER, recovery codes 1\n",
			"taken: another's name now\n", "Done: returned 1, replaced 1, the same already 1, another's name now 1, never used 0, failed 0.",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("it does not say %q:\n%s", want, got)
			}
		}
		if a := g.stored("demoted"); a.PasswordHash != secretHash || a.Role != policy.Consumer || a.SessionVersion <= before[0].SessionVersion {
			t.Errorf("restored: %+v", a)
		}
		if n := g.rows(g.tables.Tokens); n != 2 { // those of "fine" and of the old "taken"
			t.Errorf("%d token rows are left", n)
		}
		if got := g.does("restore", "-from", copied, "-all", "-write"); !strings.Contains(got, "Done: returned 0, replaced 0, the same already 3,") {
			t.Errorf("the second time it says:\n%s", got)
		}
	})
}

// edit changes a stored account.
func (g gate) edit(name string, edit func(*account.Account)) {
	g.Helper()
	a := g.stored(name)
	edit(&a)
	a.Revision++
	g.write(g.tables.Accounts, a)
}

func TestRestoringOneAccountAsItWas(t *testing.T) {
	g := openGate(t, dynamotest.Embedded(t))
	copied := dynamotest.MakeTables(t, g.client).Accounts
	for _, name := range []string{"ana", "bob"} {
		a := g.account(name, 0)
		g.write(copied, a)
		g.does("remove", "-user", name)
	}
	got := g.does("restore", "-from", copied, "-user", "ANA", "-as-it-was", "-write")
	if !strings.HasPrefix(got, "ana: returned, active, CONSUMER") || g.stored("ana").Status != account.Active || g.rows(g.tables.Accounts) != 1 {
		t.Errorf("it says %q, and there are %d accounts", got, g.rows(g.tables.Accounts))
	}
}

func TestAnInterruptedRestoreIsCompletedByTheNextAndNoTokenRowIsLeft(t *testing.T) {
	for _, refused := range []string{"Query", "DeleteItem", "TransactWriteItems"} {
		server := dynamotest.Embedded(t)
		g := openGate(t, server)
		copied := dynamotest.MakeTables(t, g.client).Accounts
		lost := g.account("ana", 2)
		g.write(copied, lost)
		if err := g.store.ChangeAccount(t.Context(), account.Change{Before: &lost}); err != nil {
			t.Fatal(err)
		}
		wire := g.over(server)
		wire.Set(func(ctx context.Context, call dynamotest.Call, pass func() (*http.Response, error)) (*http.Response, error) {
			if call.Operation == refused {
				return dynamotest.Answers(http.StatusBadRequest, "AccessDeniedException")(ctx, call, pass)
			}
			return pass()
		})
		again := []string{"restore", "-from", copied, "-user", "ana", "-as-it-was", "-write"}
		g.fails("your AWS credentials do not allow", again...)
		if n := g.rows(g.tables.Accounts); n != 0 {
			t.Errorf("without %s the account is there", refused)
		}
		wire.Set(nil)
		if got := g.does(again...); !strings.HasPrefix(got, "ana: returned, active") || g.rows(g.tables.Tokens) != 0 {
			t.Errorf("after a run without %s it says %q, and %d token rows are left", refused, got, g.rows(g.tables.Tokens))
		}
	}
}

// over puts a wire between the commands and their tables.
func (g gate) over(server dynamotest.Server) *dynamotest.Wire {
	g.Helper()
	target, err := url.Parse(server.URL)
	if err != nil {
		g.Fatal(err)
	}
	wire := &dynamotest.Wire{}
	g.Setenv("AWS_ENDPOINT_URL_DYNAMODB", serve(g.T, &httputil.ReverseProxy{
		Transport: wire, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}))
	return wire
}

func TestADamagedRowDoesNotKeepOthersFromBeingRestored(t *testing.T) {
	g := openGate(t, dynamotest.Embedded(t))
	copied := dynamotest.MakeTables(t, g.client).Accounts
	for _, name := range []string{"ana", "bob", "eve"} {
		a := g.account(name, 0)
		g.write(copied, a)
	}
	g.does("remove", "-user", "bob")
	g.damage(g.tables.Accounts, "ana")
	g.damage(copied, "eve")
	got := g.fails("accounts that could not be restored: 2", "restore", "-from", copied, "-all", "-write")
	for _, want := range []string{
		"ana: NOT restored, its row in the stack's table is damaged", "eve: NOT restored, its row in the copy is damaged", "bob: returned",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %q:\n%s", want, got)
		}
	}
}

func TestACopyThatIsNoneIsSaidSo(t *testing.T) {
	g := openGate(t, dynamotest.Embedded(t))
	g.account("ana", 1)
	g.fails("is the stack's own table", "restore", "-from", g.tables.Accounts, "-all", "-write")
	g.does("invite", "-role", "ADMIN")
	g.fails("it is no copy of an Accounts table", "restore", "-from", g.tables.Invitations, "-all", "-write")
	const misspelt = `there is no table "nowhere" in this region: -from names the restored copy`
	g.fails(misspelt, "restore", "-from", "nowhere", "-all")
	g.fails(misspelt, "restore", "-from", "nowhere", "-user", "ana")
	g.fails("accounts that could not be restored: 1", "restore", "-from", g.tables.Invitations, "-user", "e ve")
}

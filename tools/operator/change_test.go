package main

import (
	"strings"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/dynamo/dynamotest"
	"sallyport/shared/policy"
)

func TestEachChangeOfAnAccountEndsItsSessionsAndSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		args    []string
		says    string
		again   string
		changed func(account.Account) bool
	}{
		"disable": {
			[]string{"disable", "-user", "Ana"}, "ana is disabled. Sessions ended: 2.", "ana is disabled already: nothing was changed.",
			func(a account.Account) bool { return a.Status == account.Disabled },
		},
		"role": {
			[]string{"role", "-user", "ana", "-role", "ADMIN"}, "ana is ADMIN. Sessions ended: 2.", "ana is ADMIN already: nothing was changed.",
			func(a account.Account) bool { return a.Role == policy.Admin },
		},
		"revoke": {
			[]string{"revoke", "-user", "ana"}, "ana: sessions ended: 2.", "ana: sessions ended: 0.",
			func(a account.Account) bool { return a.Status == account.Active && a.Role == policy.Consumer },
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := openGate(t, dynamotest.Embedded(t))
			before := g.account("ana", 2)
			g.account("bob", 1)
			if got := g.does(c.args...); !strings.Contains(got, c.says) {
				t.Errorf("it says %q", got)
			}
			after := g.stored("ana")
			if !c.changed(after) || len(after.Sessions) != 0 || after.SessionVersion != before.SessionVersion+1 {
				t.Errorf("stored: %+v", after)
			}
			if n := g.rows(g.tables.Tokens); n != 1 {
				t.Errorf("%d token rows are left, want bob's", n)
			}
			if got := g.does(c.args...); !strings.Contains(got, c.again) {
				t.Errorf("the second time it says %q", got)
			}
		})
	}
}

func TestADisabledAccountIsEnabledAndARemovedOneIsGone(t *testing.T) {
	g := openGate(t, dynamotest.Embedded(t))
	g.account("ana", 1)
	g.does("disable", "-user", "ana")
	if got := g.does("enable", "-user", "ana"); got != "ana is active. Sessions ended: 0.\n" || g.stored("ana").Status != account.Active {
		t.Errorf("it says %q", got)
	}
	if got := g.does("enable", "-user", "ana"); got != "ana is active already: nothing was changed.\n" {
		t.Errorf("the second time it says %q", got)
	}
	g.does("remove", "-user", "ana")
	g.fails(`there is no account "ana"`, "remove", "-user", "ana")
	if n := g.rows(g.tables.Accounts) + g.rows(g.tables.Tokens); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

func TestShowTellsWhatAnOperatorNeedsAndNoSecret(t *testing.T) {
	g := openGate(t, dynamotest.Embedded(t))
	a := g.account("ana", 2)
	got := g.does("show", "-user", "ANA")
	for _, entry := range a.Sessions {
		if !strings.Contains(got, entry.SessionID) {
			t.Errorf("it names no session %s", entry.SessionID)
		}
	}
	for _, want := range []string{"ana\n", a.UserID.String(), "active", "CONSUMER", "2026-11-23 12:00:00 UTC", "1 left"} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %q:\n%s", want, got)
		}
	}
}

func TestOneSessionEndsAndTheOthersStay(t *testing.T) {
	g := openGate(t, dynamotest.Embedded(t))
	a := g.account("ana", 3)
	for tokenID, entry := range a.Sessions {
		g.does("revoke", "-user", "ana", "-session", entry.SessionID)
		after := g.stored("ana")
		if _, listed := after.Sessions[tokenID]; listed || len(after.Sessions) != 2 || g.rows(g.tables.Tokens) != 2 {
			t.Errorf("listed: %v, token rows: %d", after.Sessions, g.rows(g.tables.Tokens))
		}
		g.fails("nothing was changed", "revoke", "-user", "ana", "-session", entry.SessionID)
		break
	}
}

func TestWhatIsWrongWithAnAccountIsSaid(t *testing.T) {
	g := openGate(t, dynamotest.Embedded(t))
	g.account("ana", 1)
	for _, command := range [][]string{
		{"show"}, {"disable"}, {"enable"}, {"role", "-role", "ADMIN"}, {"remove"}, {"revoke"}, {"revoke", "-session", "x"},
	} {
		g.fails(`there is no account "eve"`, append(command, "-user", "eve")...)
		g.fails("The username may contain letters", append(command, "-user", "e ve")...)
	}
	g.fails("The role must be "+policy.RoleNames()+".", "role", "-user", "ana", "-role", "admin")
	g.damage(g.tables.Accounts, "ana")
	g.fails(`the row of "ana" is damaged`, "disable", "-user", "ana")
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")
	g.fails("connection refused", "disable", "-user", "ana")
	g.fails("connection refused", "revoke", "-everyone")
}

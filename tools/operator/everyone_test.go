package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/shared/dynamo/dynamotest"
	"sallyport/shared/dynamo/keystore"
	"sallyport/shared/envelope"
	"sallyport/shared/token"
	"sallyport/tools/local/template"
)

// everyone is the command without the time that it waits, in which meanwhile runs, and with what it has printed.
func (g gate) everyone(meanwhile func()) (everyone, *strings.Builder) {
	printed := &strings.Builder{}
	return everyone{
		client: g.client, keys: keystore.New(g.client, g.tables.DataKeys), tokens: g.tables.Tokens, out: printed, now: time.Now,
		sleep: func(ctx context.Context, d time.Duration) error {
			if d < underWay-time.Second || d > underWay { // the first sweep of a few rows takes less
				g.Errorf("it waits %s", d)
			}
			meanwhile()
			return ctx.Err()
		},
	}, printed
}

func TestRevokeEveryoneShredsTheKeysOfLiveTokensAndDeletesEveryRow(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		g := openGate(t, server)
		g.account("ana", 50)
		g.account("bob", 3)
		keys := keystore.New(g.client, g.tables.DataKeys)
		today := envelope.Day(time.Now())
		for _, day := range []uint32{today - 92, today - 91, today - 2, today, today + 1} {
			if added, err := keys.AddWrappedKey(t.Context(), envelope.WrappedKey{Day: day, Wrapped: []byte{1}, ExpiresAt: 1}); err != nil || !added {
				t.Fatal(added, err)
			}
		}
		command, printed := g.everyone(func() {})
		if err := command.end(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := printed.String()
		for _, want := range []string{
			envelope.Date(today-91) + ": the data key is shredded.", envelope.Date(today) + ": the data key is shredded.",
			envelope.Date(today-91) + " to " + envelope.Date(today+1) + ": days without a data key: 89.", "Token rows deleted: 53.",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("it does not say %q:\n%s", want, got)
			}
		}
		for day, want := range map[uint32]int{today - 92: 1, today - 91: 0, today - 2: 0, today: 0, today + 1: 0} { // a key whose tokens have expired stays
			if key, _, err := keys.WrappedKey(t.Context(), day); err != nil || len(key.Wrapped) != want {
				t.Errorf("%s: %+v, %v", envelope.Date(day), key, err)
			}
		}
		printed.Reset()
		if err := command.end(t.Context()); err != nil || g.rows(g.tables.Tokens) != 0 || strings.Count(printed.String(), "Token rows deleted: 0.") != 2 {
			t.Errorf("the second time it says %q, %v", printed, err)
		}
	})
}

func TestRevokeEveryoneDeletesWhatSignInsUnderWayHaveStored(t *testing.T) {
	g := openGate(t, dynamotest.Embedded(t))
	a := g.account("ana", 1)
	command, printed := g.everyone(func() {
		if n := g.rows(g.tables.Tokens); n != 0 {
			t.Errorf("%d token rows are left meanwhile", n)
		}
		g.token(a, token.NewID())
	})
	if err := command.end(t.Context()); err != nil || g.rows(g.tables.Tokens) != 0 {
		t.Errorf("%v, and %d token rows are left:\n%s", err, g.rows(g.tables.Tokens), printed)
	}
}

func TestRevokeEveryoneWaitsLongerThanWhateverMakesATokenRuns(t *testing.T) {
	stack, err := template.Load("../../template.yaml", template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, function := range stack.Functions {
		if slices.Contains([]string{"VerifyOtpFunction", "RenewFunction", "CreateApiTokenFunction"}, function.LogicalID) {
			found++
			if longest := underWay - 2*time.Second; function.Timeout > longest {
				t.Errorf("%s may take %s: raise underWay, which allows for %s", function.LogicalID, function.Timeout, longest)
			}
		}
	}
	if found != 3 {
		t.Errorf("the template has %d of the functions that make tokens", found)
	}
}

func TestRevokeEveryoneSaysAllThatItCouldNotDo(t *testing.T) {
	server := dynamotest.Embedded(t)
	key := func(call dynamotest.Call) bool { return call.Operation == "UpdateItem" }
	rows := func(call dynamotest.Call) bool { return call.Operation == "Scan" }
	const noKey, noRows = "your AWS credentials do not allow dynamodb:UpdateItem", "your AWS credentials do not allow dynamodb:Scan"
	for name, c := range map[string]struct {
		refuses func(call dynamotest.Call) bool
		want    []string
		left    int // token rows
	}{
		"a key":         {key, []string{noKey}, 0},
		"the rows":      {rows, []string{"run it again: " + noRows}, 2},
		"neither":       {func(call dynamotest.Call) bool { return key(call) || rows(call) }, []string{"run it again: " + noKey, "; and " + noRows}, 2},
		"the last rows": {func(call dynamotest.Call) bool { return rows(call) && call.Number == 2 }, []string{"run it again: " + noRows}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := openGate(t, server)
			g.account("ana", 2)
			wire := &dynamotest.Wire{}
			wire.Set(func(ctx context.Context, call dynamotest.Call, pass func() (*http.Response, error)) (*http.Response, error) {
				if c.refuses(call) {
					return dynamotest.Answers(http.StatusBadRequest, "AccessDeniedException")(ctx, call, pass)
				}
				return pass()
			})
			command, printed := g.everyone(func() {})
			command.client = server.Client(wire)
			command.keys = keystore.New(command.client, g.tables.DataKeys)
			err := command.end(t.Context())
			if err == nil {
				t.Fatalf("it fails with nothing: %s", printed)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v, want one line with %q", err, want)
				}
			}
			if n := g.rows(g.tables.Tokens); n != c.left {
				t.Errorf("%d token rows are left, want %d", n, c.left)
			}
		})
	}
}

func TestRevokeEveryoneThatIsInterruptedSaysSo(t *testing.T) {
	g := openGate(t, dynamotest.Embedded(t))
	ctx, cancel := context.WithCancel(t.Context())
	command, _ := g.everyone(cancel)
	if err := command.end(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "run it again") {
		t.Errorf("it says %v", err)
	}
	if err := sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("sleep: %v", err)
	}
}

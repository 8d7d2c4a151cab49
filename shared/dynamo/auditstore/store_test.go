package auditstore_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/apperr"
	"sallyport/shared/audit"
	"sallyport/shared/audit/audittest"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/auditstore"
	"sallyport/shared/dynamo/dynamotest"
)

const retentionDays = 365

// store writes and reads the table of one test.
type store struct {
	*auditstore.Store
	*auditstore.Reader
	client *dynamodb.Client
	table  string
	wire   *dynamotest.Wire
}

func open(t *testing.T, server dynamotest.Server) store {
	t.Helper()
	wire := &dynamotest.Wire{}
	client := server.Client(wire)
	table := dynamotest.MakeTables(t, client).Audit
	t.Cleanup(func() { wire.Set(nil) })
	wire.Calls()
	return store{
		auditstore.New(client, table, retentionDays), auditstore.NewReader(client, table, retentionDays, audittest.Now),
		client, table, wire,
	}
}

func TestTheStoreKeepsTheContract(t *testing.T) {
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		audittest.TestStore(t, func(t *testing.T) audittest.Store {
			s := open(t, server)
			t.Cleanup(func() {
				dynamotest.CheckSafe(t, s.wire.Calls(), "Query AuditTable", "Query AuditTable/by-day", "Query AuditTable/by-actor", "DeleteTable AuditTable")
			})
			return s
		})
	})
}

var event = audit.Event{
	Action: "login", Outcome: audit.Succeeded, AccountID: "a", ActorID: "b", Address: "192.0.2.1", At: audittest.Now().Add(-time.Minute),
}

func TestEachMethodNeedsTheActionsThatItNames(t *testing.T) {
	s := open(t, dynamotest.Embedded(t))
	for name, test := range map[string]struct {
		do   func(ctx context.Context) error
		want []string
	}{
		"Record": {func(ctx context.Context) error { return s.Record(ctx, event) }, []string{"PutItem AuditTable"}},
		"Forget": {func(ctx context.Context) error {
			_, err := s.Forget(ctx, "a")
			return err
		}, []string{"Query AuditTable", "Query AuditTable/by-actor", "UpdateItem AuditTable"}},
		"Events of an account": {s.events(audit.Query{AccountID: "a"}), []string{"Query AuditTable"}},
		"Events of an actor":   {s.events(audit.Query{ActorID: "a"}), []string{"Query AuditTable/by-actor"}},
		"Events of all":        {s.events(audit.Query{}), []string{"Query AuditTable/by-day"}},
	} {
		if err := s.Record(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		s.wire.Calls()
		if err := test.do(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := dynamotest.Actions(t, s.wire.Calls()); !slices.Equal(got, test.want) {
			t.Errorf("%s needs %v, want %v", name, got, test.want)
		}
	}
}

func (s store) events(query audit.Query) func(ctx context.Context) error {
	query.To, query.Limit = audittest.Now().Unix(), 10
	return func(ctx context.Context) error {
		_, err := s.Events(ctx, query)
		return err
	}
}

func TestAStoreThatCannotAnswerIsUnavailable(t *testing.T) {
	s := open(t, dynamotest.Embedded(t))
	for name, fault := range map[string]dynamotest.Fault{
		"resets":       dynamotest.Resets,
		"throttles":    dynamotest.Answers(http.StatusBadRequest, "ThrottlingException"),
		"fails inside": dynamotest.Answers(http.StatusInternalServerError, "InternalServerError"),
		"hangs":        dynamotest.Hangs,
	} {
		for method, do := range map[string]func(ctx context.Context) error{
			"Record":     func(ctx context.Context) error { return s.Record(ctx, event) },
			"Events":     s.events(audit.Query{AccountID: "a"}),
			"all Events": s.events(audit.Query{}),
			"Forget": func(ctx context.Context) error {
				done, err := s.Forget(ctx, "a")
				if done {
					t.Error("it is done although the store cannot answer")
				}
				return err
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			s.wire.Set(fault)
			if err := do(ctx); apperr.CodeOf(err) != apperr.ServiceUnavailable {
				t.Errorf("%s, %s: %v", name, method, err)
			}
			s.wire.Set(nil)
			cancel()
		}
	}
}

func TestAnEventWhoseAnswerIsLostIsThereOnce(t *testing.T) {
	s := open(t, dynamotest.Embedded(t))
	s.wire.Set(dynamotest.First(1, dynamotest.Loses))
	if err := s.Record(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	s.wire.Set(nil)
	page, err := s.Events(t.Context(), audit.Query{AccountID: "a", To: audittest.Now().Unix(), Limit: 10})
	if err != nil || len(page.Events) != 1 {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestEventsThatHaveExpiredAreNotShownThoughTheirRowsAreStillThere(t *testing.T) {
	s := open(t, dynamotest.Embedded(t))
	for _, at := range []time.Time{audittest.Now().Add(-retentionDays*24*time.Hour + time.Minute), audittest.Now().Add(-retentionDays*24*time.Hour - time.Minute)} {
		old := event
		old.At = at
		if err := s.Record(t.Context(), old); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.client.Scan(t.Context(), &dynamodb.ScanInput{TableName: &s.table})
	if err != nil || len(rows.Items) != 2 {
		t.Fatalf("%v, %v", rows, err)
	}
	for _, row := range rows.Items {
		r := dynamo.NewRow("Audit", row)
		if life := r.Number("expires_at") - r.Number("at")/1000; life != retentionDays*24*60*60 {
			t.Errorf("a row expires after %d s", life)
		}
	}
	for name, query := range map[string]audit.Query{"of the account": {AccountID: "a"}, "of the actor": {ActorID: "b"}} {
		query.To, query.Limit = audittest.Now().Unix(), 10
		if page, err := s.Events(t.Context(), query); err != nil || len(page.Events) != 1 {
			t.Errorf("%s: %+v, %v", name, page, err)
		}
	}
}

// A long silence costs a bounded number of queries a page, and the pages come to its end all the same.
func TestAPageOfAllLooksThroughABoundedNumberOfDays(t *testing.T) {
	s := open(t, dynamotest.Embedded(t))
	old := event
	old.At = audittest.Now().Add(-300 * 24 * time.Hour)
	if err := s.Record(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	query, found := audit.Query{To: audittest.Now().Unix(), Limit: 10}, 0
	for pages := 1; ; pages++ {
		s.wire.Calls()
		page, err := s.Events(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if calls := len(s.wire.Calls()); calls > 32 {
			t.Errorf("a page took %d queries", calls)
		}
		found += len(page.Events)
		if query.Cursor = page.Next; page.Next == "" {
			if found != 1 || pages > 13 {
				t.Errorf("%d events on %d pages", found, pages)
			}
			return
		}
	}
}

// Whoever knows how cursors are made gets nothing that the query could not have given.
func TestAMadeUpCursorIsRefused(t *testing.T) {
	s := open(t, dynamotest.Embedded(t))
	if err := s.Record(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	const from, to = "1795600000", "1795650000"
	for name, key := range map[string]dynamo.Item{
		"no day":              {"account_id": dynamo.S("a"), "at_id": dynamo.S("1795600001000#x"), "day": dynamo.S("yesterday")},
		"a day after":         {"account_id": dynamo.S("a"), "at_id": dynamo.S("1795900000000#x"), "day": dynamo.S("2026-11-28")},
		"a day before":        {"account_id": dynamo.S("a"), "at_id": dynamo.S("1795300000000#x"), "day": dynamo.S("2026-11-21")},
		"a time before":       {"account_id": dynamo.S("a"), "at_id": dynamo.S("1795500000000#x"), "day": dynamo.S("2026-11-25")},
		"a number for a text": {"account_id": dynamo.S("a"), "at_id": dynamo.N(1), "day": dynamo.S("2026-11-25")},
	} {
		cursor, err := dynamo.NewCursors([]string{"account_id", "at_id", "day"}, "audit events", "", "", from, to).Text(key)
		if err != nil {
			t.Fatal(err)
		}
		page, err := s.Events(t.Context(), audit.Query{From: 1795600000, To: 1795650000, Limit: 10, Cursor: cursor})
		if apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("%s: %+v, %v", name, page, err)
		}
	}
}

func TestAMalformedEventIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(dynamo.Item){
		"no action":         func(i dynamo.Item) { delete(i, "action") },
		"no outcome":        func(i dynamo.Item) { delete(i, "outcome") },
		"no time":           func(i dynamo.Item) { delete(i, "at") },
		"a reason, empty":   func(i dynamo.Item) { i["reason"] = dynamo.S("") },
		"an actor's number": func(i dynamo.Item) { i["actor_id"] = dynamo.N(1) },
	} {
		s := open(t, dynamotest.Embedded(t))
		if err := s.Record(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		rows, err := s.client.Scan(t.Context(), &dynamodb.ScanInput{TableName: &s.table})
		if err != nil {
			t.Fatal(err)
		}
		spoil(rows.Items[0])
		if _, err := s.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(s.table), Item: rows.Items[0]}); err != nil {
			t.Fatal(err)
		}
		var tampered *apperr.Error
		if _, err := s.Events(t.Context(), audit.Query{AccountID: "a", To: audittest.Now().Unix(), Limit: 10}); !errors.As(err, &tampered) || tampered.Code != apperr.Corrupt {
			t.Errorf("%s: %v", name, err)
		}
	}
}

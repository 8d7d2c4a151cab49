package sessiontest

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"

	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// Stores is what the contract is checked of: both stores over the same rows, and a way to put a record there.
type Stores struct {
	Records session.RecordStore
	Renewer session.RenewStore
	Ender   session.Ender
	Lister  session.Lister
	Add     func(t *testing.T, record session.Record)
}

// NewRecord returns a record of fresh ids.
func NewRecord() session.Record {
	return session.Record{
		UserID: token.NewID(), TokenID: token.NewID(), SessionID: token.NewID().String(), Username: "ada",
		Role: policy.Developer, CreatedAt: 1_795_000_000, IssuedAt: 1_795_000_000, ExpiresAt: 1_795_003_600, LimitAt: 1_795_043_200,
		Sealed: []byte("sealed\x00\xff"),
	}
}

// renewed returns what renewing makes of the record.
func renewed(record session.Record) session.Record {
	record.PreviousIssuedAt, record.RenewedAt = record.IssuedAt, (record.IssuedAt+9)*1000+123
	record.IssuedAt += 9
	record.ExpiresAt += 9
	record.Sealed = []byte("sealed anew")
	return record
}

// TestStore checks every promise of session.Records and, as far as no account is concerned, of session.Ender. Each part
// opens empty stores. What ending a session does to its account is for package accounttest.
func TestStore(t *testing.T, open func(t *testing.T) Stores) {
	t.Helper()
	parts := []struct {
		name string
		run  func(*testing.T, Stores)
	}{
		{"a record is read as it was stored", testRoundTrip},
		{"a record that is not there is no error", testAbsent},
		{"a record belongs to its user and its token", testKey},
		{"what was read belongs to its reader", testCopies},
		{"ending a session deletes its record and no other", testEnd},
		{"ending a session again is no error", testEndAgain},
		{"ending one session many times at once is no error", testEndAtOnce},
		{"an API token's record is read as it was stored", testAPIToken},
		{"removing a record deletes it and no other, and again is no error", testRemove},
		{"a renewed record has the new token and all else as before", testReplace},
		{"a record is renewed from what was read of it only, and not once it is gone", testReplaceConflicts},
		{"of many renewals at once of what all have read one succeeds", testReplaceAtOnce},
		{"of renewals and an end at once no record is left", testReplaceAndEnd},
		{"several records of a user are found at once, and nobody else's", testRecordsOf},
		{"a call whose context has ended fails", testContext},
	}
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) { part.run(t, open(t)) })
	}
}

func testRoundTrip(t *testing.T, s Stores) {
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	for _, username := range OddKeys() {
		for _, role := range policy.Roles() {
			record := NewRecord()
			record.Username, record.Role, record.Sealed = username, role, everyByte
			s.Add(t, record)
			if got, ok := find(t, s, record); !ok || !reflect.DeepEqual(got, record) {
				t.Errorf("stored %+v, read %+v, %v", record, got, ok)
			}
		}
	}
}

func testAbsent(t *testing.T, s Stores) {
	if got, ok := find(t, s, NewRecord()); ok || !reflect.DeepEqual(got, session.Record{}) {
		t.Errorf("read %+v, %v", got, ok)
	}
}

func testKey(t *testing.T, s Stores) {
	record := NewRecord()
	s.Add(t, record)
	for name, other := range map[string]session.Record{
		"another user's":  {UserID: token.NewID(), TokenID: record.TokenID},
		"another token's": {UserID: record.UserID, TokenID: token.NewID()},
		"swapped":         {UserID: record.TokenID, TokenID: record.UserID},
	} {
		if _, ok := find(t, s, other); ok {
			t.Errorf("%s: found", name)
		}
	}
}

func testCopies(t *testing.T, s Stores) {
	record := NewRecord()
	want := bytes.Clone(record.Sealed)
	s.Add(t, record)
	clear(record.Sealed)
	first, _ := find(t, s, record)
	clear(first.Sealed)
	if second, _ := find(t, s, record); !bytes.Equal(second.Sealed, want) {
		t.Errorf("the stored record has changed: %q", second.Sealed)
	}
}

func testEnd(t *testing.T, s Stores) {
	ended, other, foreign := NewRecord(), NewRecord(), NewRecord()
	other.UserID, foreign.TokenID = ended.UserID, ended.TokenID
	for _, record := range []session.Record{ended, other, foreign} {
		s.Add(t, record)
	}
	end(t, s, ended)
	if _, ok := find(t, s, ended); ok {
		t.Error("the record is still there")
	}
	for _, record := range []session.Record{other, foreign} {
		if _, ok := find(t, s, record); !ok {
			t.Error("another record is gone")
		}
	}
}

func testEndAgain(t *testing.T, s Stores) {
	end(t, s, NewRecord()) // never was
	record := NewRecord()
	s.Add(t, record)
	end(t, s, record)
	end(t, s, record)
}

func testEndAtOnce(t *testing.T, s Stores) {
	record := NewRecord()
	s.Add(t, record)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { end(t, s, record) })
	}
	all.Wait()
	if _, ok := find(t, s, record); ok {
		t.Error("the record is still there")
	}
}

func testContext(t *testing.T, s Stores) {
	record := NewRecord()
	s.Add(t, record)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok, err := s.Records.Record(ctx, record.UserID, record.TokenID); err == nil || ok {
		t.Errorf("Record: %v, %v", ok, err)
	}
	if found, err := s.Lister.RecordsOf(ctx, record.UserID, []token.ID{record.TokenID}); err == nil || len(found) != 0 {
		t.Errorf("RecordsOf: %v, %v", found, err)
	}
	if err := s.Ender.EndSession(ctx, record.Identity()); err == nil {
		t.Error("EndSession succeeded")
	}
	if err := s.Records.RemoveRecord(ctx, record.UserID, record.TokenID); err == nil {
		t.Error("RemoveRecord succeeded")
	}
	if err := s.Renewer.ReplaceToken(ctx, record, renewed(record)); err == nil || errors.Is(err, session.ErrRenewed) {
		t.Errorf("ReplaceToken: %v", err)
	}
}

func testRecordsOf(t *testing.T, s Stores) {
	one, foreign, over := NewRecord(), NewRecord(), NewRecord()
	s.Add(t, one)
	s.Add(t, foreign)
	want := map[token.ID]session.Record{one.TokenID: one}
	ids := []token.ID{one.TokenID, foreign.TokenID, over.TokenID}
	for range 74 { // with one, as many as an account can list
		record := NewRecord()
		record.UserID = one.UserID
		s.Add(t, record)
		want[record.TokenID] = record
		ids = append(ids, record.TokenID)
	}
	unasked := NewRecord()
	unasked.UserID = one.UserID
	s.Add(t, unasked)
	got, err := s.Lister.RecordsOf(t.Context(), one.UserID, ids)
	if err != nil || len(got) != len(want) {
		t.Errorf("%d records, %v, want %d", len(got), err, len(want))
	}
	for _, record := range got {
		if !reflect.DeepEqual(record, want[record.TokenID]) {
			t.Errorf("found %+v, want %+v", record, want[record.TokenID])
		}
		clear(record.Sealed)
	}
	if again, _ := find(t, s, one); !reflect.DeepEqual(again, one) {
		t.Errorf("the stored record has changed: %+v", again)
	}
	if got, err := s.Lister.RecordsOf(t.Context(), one.UserID, nil); err != nil || len(got) != 0 {
		t.Errorf("of none: %v, %v", got, err)
	}
}

func find(t *testing.T, s Stores, record session.Record) (session.Record, bool) {
	t.Helper()
	got, ok, err := s.Records.Record(t.Context(), record.UserID, record.TokenID)
	if err != nil {
		t.Errorf("Record: %v", err)
	}
	return got, ok
}

func end(t *testing.T, s Stores, record session.Record) {
	t.Helper()
	if err := s.Ender.EndSession(t.Context(), record.Identity()); err != nil {
		t.Errorf("EndSession: %v", err)
	}
}

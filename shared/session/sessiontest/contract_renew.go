package sessiontest

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"sallyport/shared/policy"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

func testAPIToken(t *testing.T, s Stores) {
	for _, routes := range [][]policy.Route{nil, {
		{API: policy.Own, Method: "GET", Resource: "/dashboard"}, {API: "orders", Method: "DELETE", Resource: "/orders/{id}/lines/{line+}"},
	}} {
		record := NewRecord()
		record.Kind, record.Routes = token.API, routes
		s.Add(t, record)
		if got, ok := find(t, s, record); !ok || !reflect.DeepEqual(got, record) {
			t.Errorf("stored %+v, read %+v, %v", record, got, ok)
		}
	}
}

func testRemove(t *testing.T, s Stores) {
	removed, other := NewRecord(), NewRecord()
	other.UserID = removed.UserID
	s.Add(t, removed)
	s.Add(t, other)
	for range 2 {
		if err := s.Records.RemoveRecord(t.Context(), removed.UserID, removed.TokenID); err != nil {
			t.Errorf("RemoveRecord: %v", err)
		}
		if _, ok := find(t, s, removed); ok {
			t.Error("the record is still there")
		}
	}
	if _, ok := find(t, s, other); !ok {
		t.Error("another record is gone")
	}
}

func testReplace(t *testing.T, s Stores) {
	record := NewRecord()
	s.Add(t, record)
	for range 2 {
		next := renewed(record)
		if err := s.Renewer.ReplaceToken(t.Context(), record, next); err != nil {
			t.Fatalf("ReplaceToken: %v", err)
		}
		if got, ok := find(t, s, record); !ok || !reflect.DeepEqual(got, next) {
			t.Errorf("renewed to %+v, read %+v, %v", next, got, ok)
		}
		record = next
	}
}

func testReplaceConflicts(t *testing.T, s Stores) {
	record := NewRecord()
	if err := s.Renewer.ReplaceToken(t.Context(), record, renewed(record)); !errors.Is(err, session.ErrRenewed) {
		t.Errorf("one that never was: %v", err)
	}
	s.Add(t, record)
	earlier := record
	earlier.IssuedAt--
	if err := s.Renewer.ReplaceToken(t.Context(), earlier, renewed(record)); !errors.Is(err, session.ErrRenewed) {
		t.Errorf("one with another token: %v", err)
	}
	if got, ok := find(t, s, record); !ok || !reflect.DeepEqual(got, record) {
		t.Errorf("and yet it is %+v, %v", got, ok)
	}
	end(t, s, record)
	if err := s.Renewer.ReplaceToken(t.Context(), record, renewed(record)); !errors.Is(err, session.ErrRenewed) {
		t.Errorf("one that has ended: %v", err)
	}
	if _, ok := find(t, s, record); ok {
		t.Error("a session that has ended is there again")
	}
}

func testReplaceAtOnce(t *testing.T, s Stores) {
	record := NewRecord()
	s.Add(t, record)
	var all sync.WaitGroup
	var succeeded atomic.Int32
	for range 40 {
		all.Go(func() {
			err := s.Renewer.ReplaceToken(t.Context(), record, renewed(record))
			if err == nil {
				succeeded.Add(1)
			} else if !errors.Is(err, session.ErrRenewed) {
				t.Errorf("ReplaceToken: %v", err)
			}
		})
	}
	all.Wait()
	if n := succeeded.Load(); n != 1 {
		t.Errorf("%d succeeded", n)
	}
}

func testReplaceAndEnd(t *testing.T, s Stores) {
	for range 10 {
		record := NewRecord()
		s.Add(t, record)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if err := s.Renewer.ReplaceToken(t.Context(), record, renewed(record)); err != nil && !errors.Is(err, session.ErrRenewed) {
					t.Errorf("ReplaceToken: %v", err)
				}
			})
		}
		all.Go(func() { end(t, s, record) })
		all.Wait()
		if _, ok := find(t, s, record); ok {
			t.Fatal("a session that has ended is there")
		}
	}
}

// Package sessiontest has a memory store of token records for tests, and the contract that every such store keeps.
package sessiontest

import (
	"context"
	"slices"
	"sync"

	"sallyport/shared/faults"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// Key is a record's primary key.
type Key struct{ UserID, TokenID token.ID }

// Store is every store that package session asks for, in memory. It never mixes its own memory with a caller's. Methods can be
// made to fail by their names: "Record", "RecordsOf", "EndSession", "RemoveRecord", "ReplaceToken".
type Store struct {
	faults.Plan

	mu      sync.Mutex
	records map[Key]session.Record
	ended   func(session.Identity)
}

var (
	_ session.RecordStore = (*Store)(nil)
	_ session.RenewStore  = (*Store)(nil)
	_ session.Ender       = (*Store)(nil)
	_ session.Lister      = (*Store)(nil)
)

// NewStore returns an empty store. When a session ends, ended (unless nil) runs in the same step: whoever keeps the accounts
// strikes the session off its account there. It must not use the store.
func NewStore(ended func(session.Identity)) *Store {
	return &Store{records: map[Key]session.Record{}, ended: ended}
}

// Record implements session.Records.
func (s *Store) Record(ctx context.Context, userID, tokenID token.ID) (record session.Record, ok bool, err error) {
	err = s.Read(ctx, "Record", func() error {
		s.Step(func(records map[Key]session.Record) { record, ok = records[Key{userID, tokenID}] })
		record = Clone(record)
		return nil
	})
	return record, ok, err
}

// RemoveRecord implements session.Remover.
func (s *Store) RemoveRecord(ctx context.Context, userID, tokenID token.ID) error {
	return s.Write(ctx, "RemoveRecord", func() error {
		s.Step(func(records map[Key]session.Record) { delete(records, Key{userID, tokenID}) })
		return nil
	})
}

// ReplaceToken implements session.RenewStore.
func (s *Store) ReplaceToken(ctx context.Context, before, after session.Record) error {
	return s.Write(ctx, "ReplaceToken", func() (err error) {
		s.Step(func(records map[Key]session.Record) {
			key := Key{before.UserID, before.TokenID}
			stored, found := records[key]
			if !found || stored.IssuedAt != before.IssuedAt {
				err = session.ErrRenewed
				return
			}
			stored.IssuedAt, stored.ExpiresAt, stored.Sealed = after.IssuedAt, after.ExpiresAt, slices.Clone(after.Sealed)
			stored.RenewedAt, stored.PreviousIssuedAt = after.RenewedAt, before.IssuedAt
			records[key] = stored
		})
		return err
	})
}

// RecordsOf implements session.Lister.
func (s *Store) RecordsOf(ctx context.Context, userID token.ID, tokenIDs []token.ID) (found []session.Record, err error) {
	err = s.Read(ctx, "RecordsOf", func() error {
		s.Step(func(records map[Key]session.Record) {
			for _, id := range tokenIDs {
				if record, ok := records[Key{userID, id}]; ok {
					found = append(found, Clone(record))
				}
			}
		})
		return nil
	})
	return found, err
}

// Clone returns a copy that shares no memory with r.
func Clone(r session.Record) session.Record {
	r.Sealed, r.Routes = slices.Clone(r.Sealed), slices.Clone(r.Routes)
	return r
}

// EndSession implements session.Ender.
func (s *Store) EndSession(ctx context.Context, identity session.Identity) error {
	return s.Write(ctx, "EndSession", func() error {
		s.Step(func(records map[Key]session.Record) {
			delete(records, Key{identity.UserID, identity.TokenID})
			if s.ended != nil {
				s.ended(identity)
			}
		})
		return nil
	})
}

// Add stores a record. It counts as no call.
func (s *Store) Add(record session.Record) {
	record = Clone(record)
	s.Step(func(records map[Key]session.Record) { records[Key{record.UserID, record.TokenID}] = record })
}

// All returns copies of all records, in no order. It counts as no call.
func (s *Store) All() []session.Record {
	var all []session.Record
	s.Step(func(records map[Key]session.Record) {
		for _, record := range records {
			all = append(all, Clone(record))
		}
	})
	return all
}

// Step does one thing in one atomic step, to the records themselves and to what else the caller guards by it.
func (s *Store) Step(do func(records map[Key]session.Record)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(s.records)
}

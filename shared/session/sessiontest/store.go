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

// Store is session.Records and session.Ender in memory. It never mixes its own memory with a caller's. Methods can be made
// to fail by their names: "Record", "EndSession".
type Store struct {
	faults.Plan

	mu      sync.Mutex
	records map[Key]session.Record
	ended   func(session.Identity)
}

var (
	_ session.Records = (*Store)(nil)
	_ session.Ender   = (*Store)(nil)
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
		record.Sealed = slices.Clone(record.Sealed)
		return nil
	})
	return record, ok, err
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
	record.Sealed = slices.Clone(record.Sealed)
	s.Step(func(records map[Key]session.Record) { records[Key{record.UserID, record.TokenID}] = record })
}

// All returns copies of all records, in no order. It counts as no call.
func (s *Store) All() []session.Record {
	var all []session.Record
	s.Step(func(records map[Key]session.Record) {
		for _, record := range records {
			record.Sealed = slices.Clone(record.Sealed)
			all = append(all, record)
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

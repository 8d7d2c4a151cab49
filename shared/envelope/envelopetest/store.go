// Package envelopetest has a memory store of data keys and a stand-in for KMS for tests, and the contract that every
// envelope.KeyStore keeps.
package envelopetest

import (
	"context"
	"slices"
	"sync"

	"sallyport/shared/envelope"
	"sallyport/shared/faults"
)

// Store is an envelope.KeyStore in memory. Methods can be made to fail by their names: "WrappedKey", "AddWrappedKey".
type Store struct {
	faults.Plan

	mu   sync.Mutex
	rows map[uint32]envelope.WrappedKey
}

var _ envelope.KeyStore = (*Store)(nil)

// NewStore returns an empty store.
func NewStore() *Store { return &Store{rows: map[uint32]envelope.WrappedKey{}} }

// WrappedKey implements envelope.KeyStore.
func (s *Store) WrappedKey(ctx context.Context, day uint32) (row envelope.WrappedKey, ok bool, err error) {
	err = s.Read(ctx, "WrappedKey", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		row, ok = s.rows[day]
		row.Wrapped = slices.Clone(row.Wrapped)
		return nil
	})
	return row, ok, err
}

// AddWrappedKey implements envelope.KeyStore.
func (s *Store) AddWrappedKey(ctx context.Context, k envelope.WrappedKey) (added bool, err error) {
	err = s.Write(ctx, "AddWrappedKey", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		row, found := s.rows[k.Day]
		if found && (len(row.Wrapped) > 0 || row.Generation != k.Generation) {
			return nil
		}
		k.Wrapped = slices.Clone(k.Wrapped)
		s.rows[k.Day], added = k, true
		return nil
	})
	return added, err
}

// Put stores a row whatever is there. It counts as no call. Without Wrapped the row is a shredded one.
func (s *Store) Put(row envelope.WrappedKey) {
	row.Wrapped = slices.Clone(row.Wrapped)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[row.Day] = row
}

// Shred empties the day's row and raises its generation, as the operator does. It counts as no call.
func (s *Store) Shred(day uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.rows[day]
	row.Day, row.Wrapped = day, nil
	row.Generation++
	s.rows[day] = row
}

// Remove deletes the day's row, as its expiry does. It counts as no call.
func (s *Store) Remove(day uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rows, day)
}

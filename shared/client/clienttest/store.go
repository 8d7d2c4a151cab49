// Package clienttest has a memory store of clients, and the contract that every such store keeps.
package clienttest

import (
	"cmp"
	"context"
	"encoding/hex"
	"maps"
	"slices"
	"sync"

	"sallyport/shared/apperr"
	"sallyport/shared/client"
	"sallyport/shared/faults"
	"sallyport/shared/token"
)

// Everything is all that a store of clients promises.
type Everything interface {
	client.Keeper
	client.Finder
}

// Store is one table in memory. Each method can be made to fail by its name (package faults). The zero value is empty.
type Store struct {
	faults.Plan

	mu      sync.Mutex
	clients map[token.ID]client.Client
}

var _ Everything = (*Store)(nil)

// AddClient implements client.Keeper.
func (s *Store) AddClient(ctx context.Context, added client.Client) error {
	return s.Write(ctx, "AddClient", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.clients == nil {
			s.clients = map[token.ID]client.Client{}
		}
		s.clients[added.ID] = added
		return nil
	})
}

// RemoveClient implements client.Keeper.
func (s *Store) RemoveClient(ctx context.Context, id token.ID) error {
	return s.Write(ctx, "RemoveClient", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, found := s.clients[id]; !found {
			return client.ErrNoClient
		}
		delete(s.clients, id)
		return nil
	})
}

// Clients implements client.Keeper. A cursor is the id of the last client of a page.
func (s *Store) Clients(ctx context.Context, limit int, cursor string) (page []client.Client, next string, err error) {
	err = s.Read(ctx, "Clients", func() error {
		after, known := token.ParseID(cursor)
		if cursor != "" && !known {
			return apperr.New(apperr.InvalidRequest, "The cursor is not one that this route gave. Begin again without it.")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, id := range slices.SortedFunc(maps.Keys(s.clients), func(a, b token.ID) int { return cmp.Compare(a.String(), b.String()) }) {
			switch {
			case cursor != "" && id.String() <= after.String():
			case len(page) == limit:
				next = hex.EncodeToString(page[limit-1].ID[:])
				return nil
			default:
				page = append(page, s.clients[id])
			}
		}
		return nil
	})
	return page, next, err
}

// Client implements client.Finder.
func (s *Store) Client(ctx context.Context, id token.ID) (found client.Client, ok bool, err error) {
	err = s.Read(ctx, "Client", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		found, ok = s.clients[id]
		return nil
	})
	return found, ok, err
}

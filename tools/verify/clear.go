package main

import (
	"context"
	"fmt"
	"strings"
)

// nothingInClear searches all six tables for everything that this run knows to be secret.
func (r *run) nothingInClear(ctx context.Context, s *store) (string, error) {
	known := r.secrets()
	var counts []string
	for _, table := range tableNames() {
		rows, all, err := s.scan(ctx, table, func(stored row) error {
			if name, path, found := known.findIn(stored); found {
				return fmt.Errorf("%s: a row holds %s in clear, or a part of it, in %s", table, name, path)
			}
			return nil
		})
		if err != nil {
			return "", err
		}
		count := fmt.Sprintf("%s %d", table, rows)
		if !all {
			count = fmt.Sprintf("%s %d (the first ones only)", table, rows)
		}
		counts = append(counts, count)
	}
	return "rows searched: " + strings.Join(counts, ", "), nil
}

// secrets is what must be found nowhere. Of a token that is the signature: its ids are the row's key.
func (r *run) secrets() *leaks {
	known := newLeaks()
	for _, u := range r.users() {
		known.add(u.role+"'s token", u.token.secretPart())
		known.add(u.role+"'s password", []byte(u.password))
		known.add(u.role+"'s TOTP secret", u.app.key)
		known.add(u.role+"'s invitation", []byte(u.invitation))
		for _, code := range u.recovery {
			known.add("a recovery code of "+u.role+"'s", []byte(code))
			known.add("a recovery code of "+u.role+"'s", []byte(strings.ReplaceAll(code, "-", "")))
		}
	}
	known.add("the operator's invitation", []byte(r.target.invitation))
	return known
}

package account

import (
	"cmp"
	"maps"
	"slices"

	"sallyport/shared/token"
)

// addSession notes a new session, drops the notes of expired ones, and returns the tokens that had to go to stay within
// MaxSessions: those that would have expired first.
func (a *Account) addSession(id token.ID, entry SessionEntry, now int64) (evicted []token.ID) {
	a.Sessions = maps.Clone(a.Sessions)
	maps.DeleteFunc(a.Sessions, func(_ token.ID, entry SessionEntry) bool { return entry.ExpiresAt <= now })
	oldestFirst := slices.SortedFunc(maps.Keys(a.Sessions), func(x, y token.ID) int {
		return cmp.Or(cmp.Compare(a.Sessions[x].ExpiresAt, a.Sessions[y].ExpiresAt), cmp.Compare(x.String(), y.String()))
	})
	if excess := len(oldestFirst) - (MaxSessions - 1); excess > 0 {
		evicted = oldestFirst[:excess]
	}
	for _, id := range evicted {
		delete(a.Sessions, id)
	}
	if a.Sessions == nil {
		a.Sessions = map[token.ID]SessionEntry{}
	}
	a.Sessions[id] = entry
	return evicted
}

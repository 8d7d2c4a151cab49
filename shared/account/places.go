package account

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"sallyport/shared/throttle"
	"sallyport/shared/token"
)

// A place is a source network (throttle.Network) that an account's owner is known to have been at: where it was registered, and where
// a sign-in was completed. Wrong passwords from there have a count of their own, so that a stranger's guesses, from wherever else,
// never make the owner wait at his usual places. A guesser gains another count for each of the places that he is at himself.
const (
	MaxPlaces = 8 // the next one takes the place of the one that was used longest ago

	placeLife = 90 * 24 * time.Hour // after the last sign-in there
)

// place is what a place is stored as. The user id is in it, so that the rows of two accounts do not show that they share one.
func place(userID token.ID, address string) string {
	return throttle.Subject("place", userID.String(), throttle.Network(address))
}

// passwordSubject is what a wrong password for the name is counted under, whether or not there is such an account: strangers share one
// count, wherever they are.
func (a Account) passwordSubject(canonical, address string, now time.Time) string {
	if here := place(a.UserID, address); a.Places[here] > now.Unix() {
		return placeSubject(here)
	}
	return nameSubject(canonical)
}

// addPlace notes that the owner is there now, and drops places that are no longer known.
func (a *Account) addPlace(address string, now time.Time) {
	places := maps.Clone(a.Places)
	if places == nil {
		places = map[string]int64{}
	}
	maps.DeleteFunc(places, func(_ string, knownUntil int64) bool { return knownUntil <= now.Unix() })
	places[place(a.UserID, address)] = now.Add(placeLife).Unix()
	oldestFirst := slices.SortedFunc(maps.Keys(places), func(x, y string) int {
		return cmp.Or(cmp.Compare(places[x], places[y]), cmp.Compare(x, y))
	})
	for _, oldest := range oldestFirst[:max(0, len(places)-MaxPlaces)] {
		delete(places, oldest)
	}
	a.Places = places
}

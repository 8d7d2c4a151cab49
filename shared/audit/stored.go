package audit

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// period is how often a recurring event is kept.
const period = time.Minute

// maxText bounds each text of an event, in bytes: longer ones are cut.
const maxText = 256

// Stored returns the event as a store keeps it: with its ID, with the time that it is kept under, and with nothing but printable ASCII
// in its texts. Those of a recurring event that would be the same are given the same ID.
func (e Event) Stored() Event {
	for _, text := range []*string{
		&e.Action, &e.Reason, &e.Detail, &e.ActorID, &e.AccountID, &e.SessionID, &e.TokenID, &e.Target, &e.Address, &e.RequestID, &e.InvocationID,
	} {
		*text = printable(*text)
	}
	if e.AccountID == "" {
		e.AccountID = Nobody
	}
	e.At = e.At.UTC().Truncate(time.Millisecond)
	unique := rand.Text()
	if e.Recurring {
		e.At = e.At.Truncate(period)
		unique = digest(e.AccountID, e.Action, string(e.Outcome), e.Reason)
	}
	e.ID = Bound(e.At) + "#" + unique
	return e
}

// Bound returns what the IDs of all events at t or later are greater than, and those of all before it are less than.
func Bound(t time.Time) string { return fmt.Sprintf("%013d", t.UnixMilli()) }

// printable puts a question mark for each character that is not printable ASCII. No text of an event should have one: this is for the
// day when one does.
func printable(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}

// digest is as long as rand.Text, and of the same alphabet. Each part follows its length.
func digest(parts ...string) string {
	var b []byte
	for _, part := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part))) //nolint:gosec // G115: at most maxText
		b = append(b, part...)
	}
	sum := sha256.Sum256(b)
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])
}

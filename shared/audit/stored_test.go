package audit_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/shared/audit"
)

var noon = time.Date(2026, 11, 26, 12, 0, 31, 123_456_789, time.UTC)

func TestEventsHaveIDsOfTheirOwnThatSortByTime(t *testing.T) {
	event := audit.Event{Action: "login", Outcome: audit.Succeeded, AccountID: "a", At: noon}
	one, two := event.Stored(), event.Stored()
	event.At = noon.Add(time.Millisecond)
	later := event.Stored()
	if one.ID == two.ID || one.ID >= later.ID || two.ID >= later.ID {
		t.Errorf("%s, %s, later %s", one.ID, two.ID, later.ID)
	}
	if !strings.HasPrefix(one.ID, "1795694431123#") || !one.At.Equal(noon.Truncate(time.Millisecond)) {
		t.Errorf("%s of %v", one.ID, one.At)
	}
	if from, until := audit.Bound(one.At), audit.Bound(later.At); one.ID <= from || one.ID >= until || later.ID <= until {
		t.Errorf("%s is not between %s and %s, or %s is", one.ID, from, until, later.ID)
	}
}

func TestARecurringEventIsOneAMinuteForItsAccountActionOutcomeAndReason(t *testing.T) {
	event := audit.Event{
		Action: "authorize", Outcome: audit.Refused, Reason: "role_not_allowed", AccountID: "a", Address: "192.0.2.1", RequestID: "r", At: noon, Recurring: true,
	}
	first := event.Stored()
	if !first.At.Equal(noon.Truncate(time.Minute)) {
		t.Errorf("kept under %v", first.At)
	}
	for name, test := range map[string]struct {
		change func(*audit.Event)
		same   bool
	}{
		"the same":          {func(*audit.Event) {}, true},
		"in its minute":     {func(e *audit.Event) { e.At = noon.Add(28 * time.Second) }, true},
		"from elsewhere":    {func(e *audit.Event) { e.Address = "192.0.2.2" }, true},
		"another request":   {func(e *audit.Event) { e.RequestID = "s" }, true},
		"another token":     {func(e *audit.Event) { e.TokenID = "t" }, true},
		"a minute later":    {func(e *audit.Event) { e.At = noon.Add(29 * time.Second) }, false},
		"another account":   {func(e *audit.Event) { e.AccountID = "b" }, false},
		"no account":        {func(e *audit.Event) { e.AccountID = "" }, false},
		"another action":    {func(e *audit.Event) { e.Action = "logout" }, false},
		"another outcome":   {func(e *audit.Event) { e.Outcome = audit.Throttled }, false},
		"another reason":    {func(e *audit.Event) { e.Reason = "token_record_absent" }, false},
		"other parts, alas": {func(e *audit.Event) { e.Action, e.Outcome = "authorizerefused", "" }, false},
	} {
		changed := event
		test.change(&changed)
		if same := changed.Stored().ID == first.ID; same != test.same {
			t.Errorf("%s: the same %v, want %v", name, same, test.same)
		}
	}
}

func TestNoTextOfAnEventCanForgeALine(t *testing.T) {
	forged := "x\r\n{\"event\":\"login\"}\x1b[2K\u2028\u2029\u0085\u202e\x00\x7f" + strings.Repeat("y", 1000)
	event := audit.Event{
		Action: forged, Outcome: audit.Refused, Reason: forged, Detail: forged, At: noon, ActorID: forged, AccountID: forged, SessionID: forged,
		TokenID: forged, Target: forged, Address: forged, RequestID: forged, InvocationID: forged,
	}.Stored()
	for _, text := range []string{
		event.ID, event.Action, event.Reason, event.Detail, event.ActorID, event.AccountID, event.SessionID, event.TokenID, event.Target,
		event.Address, event.RequestID, event.InvocationID,
	} {
		if len(text) > 256 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("kept as %q", text)
		}
	}
	if !strings.HasPrefix(event.Reason, `x??{"event":"login"}?[2K???`) {
		t.Errorf("kept as %q", event.Reason)
	}
}

func TestAnEventIsByAnotherIfItsActorIsNotTheAccount(t *testing.T) {
	for _, test := range []struct {
		actor, account string
		want           bool
	}{{"a", "a", false}, {"a", "b", true}, {"a", audit.Nobody, true}, {"", "b", false}, {"", "", false}} {
		if got := (audit.Event{ActorID: test.actor, AccountID: test.account}).ByAnother(); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

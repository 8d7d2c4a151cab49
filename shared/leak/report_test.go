package leak_test

import (
	"errors"
	"log/slog"
	"regexp"
	"testing"
	"time"

	"sallyport/shared/account/accounttest"
	"sallyport/shared/apperr"
	"sallyport/shared/envelope"
	"sallyport/shared/envelope/envelopetest"
	"sallyport/shared/faults"
	"sallyport/shared/leak"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

const address = "203.0.113.7"

// world has one account's session and API token.
type world struct {
	leak.Reporter
	store            *accounttest.Store
	access, apiToken secret.Text
	now              time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{store: accounttest.NewStore(), now: time.Unix(1_795_435_200, 0)}
	clock := func() time.Time { return w.now }
	log := slog.New(slog.DiscardHandler)
	ring := envelope.NewRing(envelopetest.NewStore(), envelopetest.NewWrapper("test"), "test", clock, log)
	w.Reporter = leak.Reporter{
		Revoker: session.NewTokenRevoker(session.NewAuthorizer(ring, w.store, clock), session.NewRevoker(w.store)),
		Counter: w.store, Now: clock, Log: log,
	}
	issuer := session.NewIssuer(ring, clock, time.Hour)
	holder := session.Holder{UserID: token.NewID(), Username: "alice", Role: policy.Developer}
	var record, apiRecord session.Record
	var err, apiErr error
	w.access, record, err = issuer.Issue(t.Context(), holder)
	w.apiToken, apiRecord, apiErr = issuer.IssueAPIToken(t.Context(), holder, w.now.Add(time.Hour).Unix(), nil)
	if err := errors.Join(err, apiErr); err != nil {
		t.Fatal(err)
	}
	w.store.Add(record)
	w.store.Add(apiRecord)
	return w
}

func TestALeakedTokenOfEitherKindEndsAndNothingElse(t *testing.T) {
	w := newWorld(t)
	for n, found := range []secret.Text{w.apiToken, w.access} {
		ended, err := w.Report(t.Context(), found, address)
		if err != nil || ended.Username != "alice" || len(w.store.Snapshot().Records) != 1-n {
			t.Errorf("%+v, %v, %d records left", ended, err, len(w.store.Snapshot().Records))
		}
		if _, err := w.Report(t.Context(), found, address); apperr.CodeOf(err) != apperr.Unauthenticated {
			t.Errorf("a second report: %v", err)
		}
	}
}

func TestWhatIsNoTokenInFormIsSaidToBeNoneAndCostsNothing(t *testing.T) {
	w := newWorld(t)
	w.store.Forget()
	good := w.access.Reveal()
	for _, found := range []string{
		"", "spt_", "password", good[:123], good + "A", " " + good, good + "\n", "spx_" + good[4:], good[:123] + "!",
		good[:4] + "B" + good[5:], "SPT_" + good[4:],
	} {
		if _, err := w.Report(t.Context(), secret.New(found), address); apperr.CodeOf(err) != apperr.InvalidRequest {
			t.Errorf("%q: %v", found, err)
		}
	}
	if calls := w.store.Reads() + w.store.Writes(); calls != 0 {
		t.Errorf("%d calls of the store", calls)
	}
}

func TestReportsAreLimitedByAddressAndAnotherAddressIsHeard(t *testing.T) {
	w := newWorld(t)
	dead := newWorld(t).access // of another installation
	for n := range 110 {
		_, err := w.Report(t.Context(), dead, address)
		want := apperr.Unauthenticated
		if n >= 100 {
			want = apperr.TooManyRequests
		}
		if apperr.CodeOf(err) != want {
			t.Fatalf("report %d: %v", n, err)
		}
	}
	if _, err := w.Report(t.Context(), w.access, address); apperr.CodeOf(err) != apperr.TooManyRequests {
		t.Errorf("a live token from there: %v", err)
	}
	if _, err := w.Report(t.Context(), w.access, "198.51.100.1"); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
}

func TestAReportThatFailsIsNotClaimedAndDoesNotCount(t *testing.T) {
	w := newWorld(t)
	w.store.Before("EndSession", faults.Always(errors.New("no answer")))
	for range 200 {
		if _, err := w.Report(t.Context(), w.access, address); apperr.CodeOf(err) != apperr.ServiceUnavailable {
			t.Fatalf("%v", err)
		}
	}
	w.store.Mend()
	if _, err := w.Report(t.Context(), w.access, address); err != nil {
		t.Errorf("when the store answers again: %v", err)
	}
}

// The pattern of docs/security.md, which secret scanners look for.
func TestTheScannersPatternFindsBothKindsOfTokenInAnyText(t *testing.T) {
	pattern := regexp.MustCompile(`sp[tk]_[A-Za-z0-9_-]{120}`)
	w := newWorld(t)
	for _, found := range []secret.Text{w.access, w.apiToken} {
		text := "export TOKEN=\"" + found.Reveal() + "\" # do not commit\n"
		if got := pattern.FindString(text); got != found.Reveal() {
			t.Errorf("found %d characters", len(got))
		}
		if _, err := token.Parse(pattern.FindString(text)); err != nil {
			t.Error(err)
		}
	}
}

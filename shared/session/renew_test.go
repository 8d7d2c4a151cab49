package session_test

import (
	"sync"
	"testing"
	"time"

	"sallyport/shared/apperr"
	"sallyport/shared/faults"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

func (w *world) renewer() *session.Renewer {
	return session.NewRenewer(w.records, w.newRing(), w.clock.Now, life)
}

// renew presents the token at the route for it, as a caller does.
func (w *world) renew(t testing.TB, presented secret.Text) (session.Renewed, error) {
	t.Helper()
	identity, err := w.authorizer.Authorize(t.Context(), presented, session.Renewal())
	if err != nil {
		return session.Renewed{}, err
	}
	return w.renewer().Renew(t.Context(), identity)
}

func (w *world) advance(d time.Duration) { w.clock.Set(w.clock.Now().Add(d)) }

func (w *world) passes(t testing.TB, presented secret.Text) bool {
	t.Helper()
	_, err := w.authorizer.Authorize(t.Context(), presented, dashboard)
	return err == nil
}

func TestRenewingReplacesTheTokenAndKeepsTheSession(t *testing.T) {
	w := newWorld()
	old, record := w.signIn(t, policy.Developer)
	w.advance(10 * time.Minute)
	renewed, err := w.renew(t, old)
	if err != nil {
		t.Fatal(err)
	}
	if want := (session.Identity{
		UserID: record.UserID, TokenID: record.TokenID, SessionID: record.SessionID, Username: "alice", Role: policy.Developer,
		IssuedAt: noon.Add(10 * time.Minute).Unix(), ExpiresAt: noon.Add(10*time.Minute + life).Unix(),
	}); renewed.Identity != want || renewed.ExpiresIn != life {
		t.Errorf("renewed to %+v, want %+v", renewed, want)
	}
	if !w.passes(t, renewed.AccessToken) {
		t.Error("the new token does not pass")
	}
	if got, _ := w.refused(t, old.Reveal(), dashboard); got.reason != session.ReasonReplaced || got.code != apperr.Unauthenticated || got.alarm {
		t.Errorf("the old token at once: %+v", got)
	}
	if !w.passes(t, renewed.AccessToken) {
		t.Error("showing the old token at once has ended the session")
	}
}

func TestAReplacedTokenAfterTheGraceEndsTheSession(t *testing.T) {
	for _, tc := range []struct {
		name  string
		after time.Duration
		ends  bool
	}{
		{"two seconds after", 2 * time.Second, false},
		{"a millisecond later", 2*time.Second + time.Millisecond, true},
		{"an hour later", 59 * time.Minute, true},
	} {
		for _, route := range []policy.Route{dashboard, session.Renewal()} {
			w := newWorld()
			old, _ := w.signIn(t, policy.Developer)
			other, _ := w.signIn(t, policy.Developer)
			w.advance(time.Second)
			renewed, err := w.renew(t, old)
			if err != nil {
				t.Fatal(err)
			}
			w.advance(tc.after)
			_, err = w.authorizer.Authorize(t.Context(), old, route)
			if tc.ends {
				if e := apperr.From(err); e.Reason != session.ReasonReused || !e.Alarm || e.Code != apperr.Unauthenticated || e.UserID == "" || !e.Bounded {
					t.Errorf("%s at %s: %+v", tc.name, route, e)
				}
			}
			if w.passes(t, renewed.AccessToken) == tc.ends {
				t.Errorf("%s at %s: the session has ended: %t", tc.name, route, !tc.ends)
			}
			if !w.passes(t, other) {
				t.Errorf("%s: another session has ended", tc.name)
			}
		}
	}
}

func TestASessionIsNotSparedWhenEndingItFails(t *testing.T) {
	w := newWorld()
	old, _ := w.signIn(t, policy.Developer)
	w.advance(time.Second)
	renewed, err := w.renew(t, old)
	if err != nil {
		t.Fatal(err)
	}
	w.advance(time.Minute)
	w.records.Before("RemoveRecord", faults.Always(errDown))
	if got, _ := w.refused(t, old.Reveal(), dashboard); got.code != apperr.ServiceUnavailable {
		t.Errorf("%+v", got)
	}
	w.records.Mend()
	if got, _ := w.refused(t, old.Reveal(), dashboard); got.reason != session.ReasonReused {
		t.Errorf("when the store is back: %+v", got)
	}
	if w.passes(t, renewed.AccessToken) {
		t.Error("the session lives")
	}
}

func TestALostAnswerIsRepeated(t *testing.T) {
	w := newWorld()
	old, _ := w.signIn(t, policy.Developer)
	w.advance(time.Second)
	first, err := w.renew(t, old)
	if err != nil {
		t.Fatal(err)
	}
	w.advance(2 * time.Second)
	again, err := w.renew(t, old)
	if err != nil || again.AccessToken.Reveal() != first.AccessToken.Reveal() || again.Identity != first.Identity || again.ExpiresIn != life-2*time.Second {
		t.Errorf("%+v, %v, want the same token again", again, err)
	}
}

func TestATokenBeforeThePreviousOneHasNoGrace(t *testing.T) {
	w := newWorld()
	first, _ := w.signIn(t, policy.Developer)
	w.advance(time.Second)
	second, err := w.renew(t, first)
	if err != nil {
		t.Fatal(err)
	}
	w.advance(2*time.Second + time.Millisecond) // no sooner: so the first one's grace is over
	third, err := w.renew(t, second.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.renew(t, first); apperr.From(err).Reason != session.ReasonReused {
		t.Errorf("a token two renewals old: %v", err)
	}
	if w.passes(t, third.AccessToken) {
		t.Error("the session lives")
	}
}

func TestARowThatIsMadeToLookJustRenewedGivesNothingAway(t *testing.T) {
	w := newWorld()
	old, record := w.signIn(t, policy.Developer)
	w.advance(time.Second)
	if _, err := w.renew(t, old); err != nil {
		t.Fatal(err)
	}
	w.advance(time.Minute)
	stored, _, err := w.records.Record(t.Context(), record.UserID, record.TokenID)
	if err != nil {
		t.Fatal(err)
	}
	stored.RenewedAt = w.clock.Now().UnixMilli()
	w.records.Add(stored)
	if _, err := w.renew(t, old); apperr.From(err).Reason != session.ReasonRecordMismatch || !apperr.From(err).Alarm {
		t.Errorf("%v", err)
	}
	identity := record.Identity() // as if it had passed
	if _, err := w.renewer().Renew(t.Context(), identity); apperr.From(err).Reason != session.ReasonRecordMismatch {
		t.Errorf("%v", err)
	}
}

func TestOfManyRenewalsAtOnceOneTokenSurvivesAndAllGetIt(t *testing.T) {
	w := newWorld()
	old, _ := w.signIn(t, policy.Developer)
	w.advance(time.Second)
	identity, err := w.authorizer.Authorize(t.Context(), old, session.Renewal())
	if err != nil {
		t.Fatal(err)
	}
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		given = map[string]bool{}
	)
	for range 40 {
		all.Go(func() {
			renewed, err := w.renewer().Renew(t.Context(), identity)
			if err != nil {
				t.Errorf("Renew: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			given[renewed.AccessToken.Reveal()] = true
		})
	}
	all.Wait()
	if len(given) != 1 {
		t.Fatalf("%d tokens were given out", len(given))
	}
	for minted := range given {
		if !w.passes(t, secret.New(minted)) {
			t.Error("and it does not pass")
		}
	}
}

func TestRenewalGoesOnUntilTheSessionsLimitAndNoFurther(t *testing.T) {
	w := newWorld()
	minted, record := w.signIn(t, policy.Developer)
	renewals := 0
	for w.clock.Now().Before(noon.Add(session.MaxSessionLife - 30*time.Minute)) {
		w.advance(30 * time.Minute)
		renewed, err := w.renew(t, minted)
		if err != nil {
			t.Fatalf("after %s: %v", w.clock.Now().Sub(noon), err)
		}
		if renewed.Identity.ExpiresAt > record.LimitAt {
			t.Fatalf("it expires %d s after the session's limit", renewed.Identity.ExpiresAt-record.LimitAt)
		}
		minted = renewed.AccessToken
		renewals++
	}
	if renewals != 23 {
		t.Errorf("%d renewals", renewals)
	}
	w.clock.Set(noon.Add(session.MaxSessionLife - time.Second))
	last, err := w.renew(t, minted)
	if err != nil || last.ExpiresIn != time.Second {
		t.Fatalf("in its last second: %+v, %v", last, err)
	}
	w.advance(time.Second)
	if _, err := w.renew(t, last.AccessToken); apperr.CodeOf(err) != apperr.Unauthenticated {
		t.Errorf("at the limit: %v", err)
	}
}

func TestASessionIsRenewedOnceInTheTimeThatAReplacedTokenMayStillCome(t *testing.T) {
	w := newWorld()
	minted, record := w.signIn(t, policy.Developer)
	renewed, err := w.renew(t, minted)
	if err != nil || renewed.Identity.IssuedAt != record.IssuedAt+1 || renewed.ExpiresIn != life {
		t.Fatalf("at once: %+v, %v", renewed, err)
	}
	w.advance(2 * time.Second)
	if _, err := w.renew(t, renewed.AccessToken); apperr.CodeOf(err) != apperr.TooManyRequests || apperr.From(err).RetryAfter != time.Millisecond {
		t.Errorf("within two seconds: %+v", apperr.From(err))
	}
	if got, _ := w.refused(t, minted.Reveal(), dashboard); got.reason != session.ReasonReplaced {
		t.Errorf("the replaced token within two seconds: %+v", got)
	}
	if !w.passes(t, renewed.AccessToken) {
		t.Error("the token that was renewed too soon is dead")
	}
	w.advance(time.Millisecond)
	if again, err := w.renew(t, renewed.AccessToken); err != nil || again.Identity.IssuedAt != record.IssuedAt+2 {
		t.Errorf("a moment later: %+v, %v", again, err)
	}
}

func TestAnAPITokenIsNotRenewedEvenIfARouteLetItIn(t *testing.T) {
	w := newWorld()
	minted, record, err := w.issuer.IssueAPIToken(t.Context(), session.Holder{UserID: token.NewID(), Username: "alice", Role: policy.Developer},
		noon.Add(time.Hour).Unix(), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.records.Add(record)
	w.advance(time.Minute)
	asSession := record.Identity()
	asSession.Kind = token.Access
	for _, identity := range []session.Identity{record.Identity(), asSession} {
		if _, err := w.renewer().Renew(t.Context(), identity); apperr.CodeOf(err) != apperr.Unauthenticated {
			t.Errorf("%s: %v", identity.Kind, err)
		}
	}
	if !w.passes(t, minted) {
		t.Error("it has changed")
	}
}

func TestARenewalThatFailsLeavesTheOldTokenGood(t *testing.T) {
	for name, fail := range map[string]func(w *world){
		"the record cannot be read":   func(w *world) { w.records.Before("Record", faults.Always(errDown)) },
		"the record cannot be stored": func(w *world) { w.records.Before("ReplaceToken", faults.Always(errDown)) },
		"there is no key":             func(w *world) { w.keys.Before("WrappedKey", faults.Always(errDown)) },
	} {
		w := newWorld()
		minted, record := w.signIn(t, policy.Developer)
		w.advance(time.Second)
		fail(w)
		if _, err := w.renewer().Renew(t.Context(), record.Identity()); apperr.CodeOf(err) != apperr.ServiceUnavailable {
			t.Errorf("%s: %v", name, err)
		}
		w.records.Mend()
		w.keys.Mend()
		if !w.passes(t, minted) {
			t.Errorf("%s: the old token is dead", name)
		}
		if _, err := w.renew(t, minted); err != nil {
			t.Errorf("%s: it does not recover: %v", name, err)
		}
	}
}

func TestASessionThatHasEndedIsNotRenewed(t *testing.T) {
	w := newWorld()
	minted, record := w.signIn(t, policy.Developer)
	w.advance(time.Second)
	if err := w.revoker.Revoke(t.Context(), record.Identity()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.renewer().Renew(t.Context(), record.Identity()); apperr.From(err).Reason != session.ReasonRevoked {
		t.Errorf("as if it had passed: %v", err)
	}
	if len(w.records.All()) != 0 || w.passes(t, minted) {
		t.Error("the session is there again")
	}
}

func TestAnAPITokenIsGoodForItsRoutesAndItsTime(t *testing.T) {
	for _, tc := range []struct {
		name   string
		routes []policy.Route
		route  policy.Route
		reason apperr.Reason // empty: it passes
	}{
		{"all routes", nil, dashboard, ""},
		{"its route", []policy.Route{dashboard}, dashboard, ""},
		{"another route", []policy.Route{{API: policy.Own, Method: "GET", Resource: "/developer_resource"}}, dashboard, session.ReasonAPIToken},
		{"a session's route", nil, session.Renewal(), session.ReasonAPIToken},
		{"logging out", []policy.Route{{API: policy.Own, Method: "POST", Resource: "/logout"}},
			policy.Route{API: policy.Own, Method: "POST", Resource: "/logout"}, session.ReasonAPIToken},
		{"another role's", nil, policy.Route{API: policy.Own, Method: "GET", Resource: "/admin_resource"}, session.ReasonRole},
	} {
		w := newWorld()
		expires := noon.Add(session.MaxAPITokenLife)
		minted, record, err := w.issuer.IssueAPIToken(t.Context(), session.Holder{UserID: token.NewID(), Username: "alice", Role: policy.Developer}, expires.Unix(), tc.routes)
		if err != nil {
			t.Fatal(err)
		}
		w.records.Add(record)
		w.clock.Set(expires.Add(-time.Second))
		identity, err := w.authorizer.Authorize(t.Context(), minted, tc.route)
		if tc.reason == "" && (err != nil || identity.Kind != token.API) || tc.reason != "" && (apperr.CodeOf(err) != apperr.Forbidden || apperr.From(err).Reason != tc.reason) {
			t.Errorf("%s: %+v, %v", tc.name, identity, err)
		}
		w.clock.Set(expires)
		if got, _ := w.refused(t, minted.Reveal(), tc.route); got.reason != session.ReasonExpired {
			t.Errorf("%s, when it has expired: %+v", tc.name, got)
		}
	}
}

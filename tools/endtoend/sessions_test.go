package endtoend_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/tools/endtoend"
)

// signInOn signs a user in with a recovery code, under a name for the device.
func (c caller) signInOn(user *endtoend.User, device string) string {
	c.t.Helper()
	last := len(user.RecoveryCodes) - 1
	code := user.RecoveryCodes[last]
	user.RecoveryCodes = user.RecoveryCodes[:last]
	got := c.do(http.MethodPost, "/verify-otp", map[string]string{"challenge_id": c.login(user), "otp": code, "device": device})
	wants(c.t, "signing in on "+device, got, 200)
	secrets.add("access token", got.Text("access_token"))
	return got.Text("access_token")
}

// sessions returns what GET /sessions shows.
func (c caller) sessions(token string) []map[string]any {
	c.t.Helper()
	got := c.get("/sessions", token)
	wants(c.t, "listing sessions", got, 200)
	return objects(got, "sessions")
}

func TestSessionsAreListedAsTheirOwnerKnowsThem(t *testing.T) {
	c := calling(t, shared.Client)
	before := time.Now().Unix()
	user, first := c.member(shared, "CONSUMER")
	foreign := c.signIn(c.user())
	time.Sleep(time.Until(time.Unix(time.Now().Unix()+1, 0))) // the list goes by the second
	second := c.signInOn(user, "Büro 🖥")
	time.Sleep(1100 * time.Millisecond)
	renewed := c.renew(second)
	wants(t, "renewing", renewed, 200)

	list := c.sessions(renewed.Text("access_token"))
	if len(list) != 2 {
		t.Fatalf("%d sessions are listed: %v", len(list), list)
	}
	latest, oldest := list[0], list[1]
	if latest["device"] != "Büro 🖥" || oldest["device"] != "Go-http-client/1.1" {
		t.Errorf("the devices are %q and %q", latest["device"], oldest["device"])
	}
	if latest["current"] != true || oldest["current"] != false || latest["session_id"] != renewed.Text("session_id") {
		t.Errorf("the current one is not marked: %v", list)
	}
	for i, session := range list {
		created, renewedAt, expires := session["created_at"].(float64), session["renewed_at"].(float64), session["expires_at"].(float64)
		if session["address_family"] != "ipv4" || int64(created) < before || expires != created+12*3600 || len(session) != 7 {
			t.Errorf("session %d: %v", i, session)
		}
		if (renewedAt > created) != (i == 0) {
			t.Errorf("session %d was begun at %.0f and renewed at %.0f", i, created, renewedAt)
		}
	}
	if seen := c.sessions(first); seen[0]["current"] != false || seen[1]["current"] != true {
		t.Errorf("seen from the other session: %v", seen)
	}
	if theirs := c.sessions(foreign); len(theirs) != 1 || slices.ContainsFunc(list, func(s map[string]any) bool { return s["session_id"] == theirs[0]["session_id"] }) {
		t.Errorf("somebody else's: %v", theirs)
	}
	wants(t, "logout", c.logout(first), 204)
	if left := c.sessions(renewed.Text("access_token")); len(left) != 1 {
		t.Errorf("after one logged out: %v", left)
	}
}

func TestOneOfOnesOwnSessionsEndsAtOnceAndNobodyElses(t *testing.T) {
	c := calling(t, shared.Client)
	user, own := c.member(shared, "DEVELOPER")
	other := c.signInOn(user, "lost phone")
	_, foreign := c.member(shared, "ADMIN")
	foreignID := c.get("/dashboard", foreign).Text("session_id")
	otherID := c.get("/dashboard", other).Text("session_id")

	absent := c.as(own, http.MethodDelete, "/sessions/"+strings.Repeat("ab", 16), nil)
	wants(t, "an id that nobody has", absent, 404)
	for _, id := range []string{foreignID, "x", strings.ToUpper(otherID), otherID + "0", "%2e%2e", "%00", strings.Repeat("a", 200)} {
		got := c.as(own, http.MethodDelete, "/sessions/"+id, nil)
		wants(t, "ending "+id, got, 404)
		if got.Text("detail") != absent.Text("detail") || got.Text("type") != absent.Text("type") {
			t.Errorf("%s does not look like an absent one: %s", id, got.Body)
		}
	}
	wants(t, "the foreign session", c.get("/dashboard", foreign), 200)

	wants(t, "ending the other", c.as(own, http.MethodDelete, "/sessions/"+otherID, nil), 204)
	wants(t, "the other", c.get("/dashboard", other), 401)
	wants(t, "renewing the other", c.renew(other), 401)
	wants(t, "ending it again", c.as(own, http.MethodDelete, "/sessions/"+otherID, nil), 404)
	if left := c.sessions(own); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
	ownID := c.get("/dashboard", own).Text("session_id")
	wants(t, "ending one's own", c.as(own, http.MethodDelete, "/sessions/"+ownID, nil), 204)
	wants(t, "one's own", c.get("/dashboard", own), 401)
}

func TestEndingAllOthersLeavesTheCallersOwnAndVoidsHalfDoneSignIns(t *testing.T) {
	c := calling(t, shared.Client)
	user, own := c.member(shared, "DEVELOPER")
	made := c.as(own, http.MethodPost, "/api-tokens", map[string]any{"name": "script"})
	wants(t, "making an API token", made, 201)
	others := []string{c.signInOn(user, "phone"), c.signInOn(user, "tablet")}
	pending := c.login(user)
	foreign := c.signIn(c.user())

	wants(t, "ending the others", c.as(own, http.MethodDelete, "/sessions", nil), 204)
	for _, other := range others {
		wants(t, "another session", c.get("/dashboard", other), 401)
		wants(t, "renewing it", c.renew(other), 401)
	}
	wants(t, "one's own", c.get("/dashboard", own), 200)
	wants(t, "an API token", c.get("/dashboard", made.Text("api_token")), 200)
	wants(t, "a half-done sign-in", c.verify(pending, user.RecoveryCodes[0]), 401)
	wants(t, "somebody else", c.get("/dashboard", foreign), 200)
	if left := c.sessions(own); len(left) != 1 || left[0]["current"] != true {
		t.Errorf("left: %v", left)
	}
	wants(t, "when there are none", c.as(own, http.MethodDelete, "/sessions", nil), 204)
	wants(t, "the account signs in again", c.verify(c.login(user), user.RecoveryCodes[0]), 200)
}

func TestASessionThatEndedBecauseItWasStolenIsNotListed(t *testing.T) {
	c := calling(t, shared.Client)
	user, own := c.member(shared, "CONSUMER")
	stolen := c.signInOn(user, "phone")
	wants(t, "renewing", c.renew(stolen), 200)
	if list := c.sessions(own); len(list) != 2 {
		t.Errorf("before: %v", list)
	}
	time.Sleep(2100 * time.Millisecond)
	wants(t, "the replaced token", c.get("/dashboard", stolen), 401)
	if list := c.sessions(own); len(list) != 1 || list[0]["current"] != true {
		t.Errorf("after: %v", list)
	}
}

func TestALabelThatIsNoneIsRefusedAndTheChallengeGoesOn(t *testing.T) {
	c := calling(t, shared.Client)
	user := c.user()
	challenge := c.login(user)
	code := user.Code()
	for _, device := range []any{"", strings.Repeat("é", 65), "a\nb", "a\u202eb", "\u0000", 7, nil, []string{"a"}} {
		body := map[string]any{"challenge_id": challenge, "otp": code, "device": device}
		wants(t, "a device that is none", c.do(http.MethodPost, "/verify-otp", body), 400)
	}
	got := c.do(http.MethodPost, "/verify-otp", map[string]any{"challenge_id": challenge, "otp": code, "device": strings.Repeat("é", 64)})
	secrets.add("access token", got.Text("access_token"))
	wants(t, "the longest", got, 200)
}

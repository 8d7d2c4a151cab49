package endtoend_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/tools/endtoend"
)

func TestRegistrationGivesAnAuthenticatorAndTenRecoveryCodes(t *testing.T) {
	c := calling(t, shared.Client)
	got := c.do(http.MethodPost, "/register", map[string]string{"username": "Grace.Sample-" + unique(), "password": "canary " + unique()})
	wants(t, "register", got, 201)
	totp, _ := got.JSON["totp"].(map[string]any)
	secret, _ := totp["secret"].(string)
	uri, _ := totp["uri"].(string)
	codes, _ := got.JSON["recovery_codes"].([]any)
	secrets.add("authenticator secret", secret)
	if len(secret) != 32 || strings.Trim(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		t.Errorf("a secret of %d characters, want 160 bits in base32", len(secret))
	}
	if !strings.HasPrefix(uri, "otpauth://totp/Sallyport:grace.sample-") || !strings.Contains(uri, "secret="+secret) {
		t.Error("the URI is not what authenticator apps read")
	}
	if len(codes) != 10 || got.Text("role") != "CONSUMER" || !strings.HasPrefix(got.Text("username"), "grace.sample-") || len(got.JSON) != 5 {
		t.Errorf("%d recovery codes, role %s, username %s", len(codes), got.Text("role"), got.Text("username"))
	}
	seen := map[any]bool{}
	for _, code := range codes {
		text, _ := code.(string)
		secrets.add("recovery code", text)
		if seen[code] || len(text) != 19 || strings.Count(text, "-") != 3 {
			t.Error("a recovery code is repeated or not of the form XXXX-XXXX-XXXX-XXXX")
		}
		seen[code] = true
	}
}

func TestThePasswordAloneGivesAChallengeAndNoToken(t *testing.T) {
	c := calling(t, shared.Client)
	user := c.user()
	got := c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password})
	wants(t, "login", got, 200)
	if got.Text("challenge_id") == "" || got.JSON["expires_in"] != 300.0 || len(got.JSON) != 2 {
		t.Errorf("login answers %s", got.Body)
	}
}

func TestBothFactorsGiveAToken(t *testing.T) {
	c := calling(t, shared.Client)
	user := c.user()
	got := c.verify(c.login(user), user.Code())
	wants(t, "verify", got, 200)
	token := got.Text("access_token")
	if len(token) != 124 || !strings.HasPrefix(token, "spt_") || got.Text("token_type") != "Bearer" || got.JSON["expires_in"] != 3600.0 ||
		got.Text("role") != "CONSUMER" || got.Text("session_id") == "" || len(got.JSON) != 5 {
		t.Error("the answer is not the contract's")
	}
}

func TestACodeIsGoodOnce(t *testing.T) {
	c := calling(t, shared.Client)
	user := c.user()
	first, second := c.login(user), c.login(user)
	code := user.Code()
	wants(t, "the code", c.verify(first, code), 200)
	wants(t, "the code and its challenge again", c.verify(first, code), 401)
	wants(t, "the code with another open challenge", c.verify(second, code), 401)
	wants(t, "the code with a fresh challenge", c.verify(c.login(user), code), 401)

	recovery := user.RecoveryCodes[0]
	wants(t, "a recovery code, typed carelessly", c.verify(c.login(user), strings.ToLower(strings.ReplaceAll(recovery, "-", ""))), 200)
	wants(t, "the recovery code again", c.verify(c.login(user), recovery), 401)
	wants(t, "another recovery code", c.verify(c.login(user), user.RecoveryCodes[1]), 200)
}

func TestACodeAnswersItsOwnAccountsChallengeOnly(t *testing.T) {
	c := calling(t, shared.Client)
	one, other := c.user(), c.user()
	challenge := c.login(one)
	wants(t, "another's app", c.verify(challenge, other.CodeAt(time.Now())), 401)
	wants(t, "another's recovery code", c.verify(challenge, other.RecoveryCodes[0]), 401)
	wants(t, "one's own", c.verify(challenge, one.Code()), 200)
	wants(t, "the other's recovery code is still good", c.verify(c.login(other), other.RecoveryCodes[0]), 200)
}

func TestOnlyThisStepsCodeAndTheOneBeforeAreAccepted(t *testing.T) {
	c := calling(t, shared.Client)
	for what, offset := range map[string]time.Duration{"two steps old": -60 * time.Second, "one step early": 30 * time.Second} {
		user := c.user()
		challenge := c.login(user)
		settle(t)
		if code := user.CodeAt(time.Now().Add(offset)); code != user.CodeAt(time.Now()) && code != user.CodeAt(time.Now().Add(-30*time.Second)) {
			wants(t, what, c.verify(challenge, code), 401)
		}
	}
	user := c.user()
	challenge := c.login(user)
	settle(t)
	wants(t, "one step old", c.verify(challenge, user.CodeAt(time.Now().Add(-30*time.Second))), 200)
}

// settle waits until the step does not change within the next seconds.
func settle(t *testing.T) {
	t.Helper()
	if into := time.Now().Unix() % 30; into >= 25 {
		time.Sleep(time.Duration(31-into) * time.Second)
	}
}

func TestOfFiftyParallelVerifiesOfOneCodeOneWins(t *testing.T) {
	c := calling(t, shared.Client)
	const parallel = 50
	for what, challenges := range map[string]int{"one challenge": 1, "a challenge each": parallel} {
		user := c.user()
		open := make([]string, challenges)
		for i := range open {
			open[i] = c.login(user)
		}
		settle(t)
		code := user.Code()
		var won atomic.Int64
		var group sync.WaitGroup
		start := make(chan struct{})
		for i := range parallel {
			group.Go(func() {
				<-start
				got, err := c.Verify(t.Context(), open[i%challenges], code)
				if err != nil {
					t.Error(err)
					return
				}
				switch got.Status {
				case 200:
					won.Add(1)
					secrets.add("access token", got.Text("access_token"))
				case 401, 429:
				default:
					t.Errorf("%s: %d %s", what, got.Status, got.Body)
				}
			})
		}
		close(start)
		group.Wait()
		if won.Load() != 1 {
			t.Errorf("%s: %d of %d parallel verifies won", what, won.Load(), parallel)
		}
	}
}

func TestAHundredParallelWrongCodesAreNotJudgedMoreThanFiveTimes(t *testing.T) {
	c := calling(t, shared.Client)
	user := c.user()
	challenges := []string{c.login(user), c.login(user), c.login(user), c.login(user)}
	wrong := user.WrongCode()
	var judged, throttled atomic.Int64
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			got, err := c.Verify(t.Context(), challenges[i%len(challenges)], wrong)
			switch {
			case err != nil:
				t.Error(err)
			case got.Status == 401:
				judged.Add(1)
			case got.Status == 429:
				throttled.Add(1)
			default:
				t.Errorf("%d %s", got.Status, got.Body)
			}
		})
	}
	group.Wait()
	if judged.Load() > 5 || judged.Load()+throttled.Load() != 100 {
		t.Errorf("%d judged, %d throttled", judged.Load(), throttled.Load())
	}
}

func TestFiveWrongCodesThrottleTheAccountAcrossChallengesAndNotItsSessions(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "CONSUMER")
	early := c.login(user) // open before the lock
	for i := range 5 {
		challenge := early
		if i >= 2 {
			challenge = c.login(user)
		}
		wants(t, "wrong code "+strconv.Itoa(i+1), c.verify(challenge, user.WrongCode()), 401)
	}
	got := c.verify(early, user.RecoveryCodes[0])
	wants(t, "a right code on the challenge from before", got, 429)
	if wait, err := strconv.Atoi(got.Header.Get("Retry-After")); err != nil || wait < 1 || wait > 30 {
		t.Errorf("Retry-After %q", got.Header.Get("Retry-After"))
	}
	wants(t, "a right code on a fresh challenge", c.verify(c.login(user), user.RecoveryCodes[0]), 429)
	wants(t, "the open session", c.get("/dashboard", token), 200)
}

func TestWrongPasswordsThrottleTheNameWhetherOrNotItExists(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "CONSUMER")
	for _, name := range []string{user.Username, "nobody-" + unique()} {
		login := func(name string) (status int, body string) {
			got := c.do(http.MethodPost, "/login", map[string]string{"username": name, "password": "wrong password"})
			wants(t, name, got, got.Status)
			delete(got.JSON, "instance")
			return got.Status, got.Text("type") + got.Text("title") + got.Text("detail")
		}
		for i := range 6 {
			spelling := name
			if i%2 == 1 {
				spelling = strings.ToUpper(name) // one name, however it is spelt
			}
			if status, body := login(spelling); status != 401 || !strings.Contains(body, "The username or the password is wrong.") {
				t.Errorf("failure %d of %s: %d %s", i+1, name, status, body)
			}
		}
		// The sixth failure starts a wait of a second, which a slow machine may let pass; each further one doubles it.
		throttled := false
		for range 4 {
			status, _ := login(name)
			throttled = throttled || status == 429
		}
		if !throttled {
			t.Errorf("%s is not throttled", name)
		}
	}
	got := c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password})
	for deadline := time.Now().Add(20 * time.Second); got.Status == 429 && time.Now().Before(deadline); {
		wait, err := strconv.Atoi(got.Header.Get("Retry-After"))
		if err != nil || wait < 1 || wait > 16 {
			t.Fatalf("Retry-After %q", got.Header.Get("Retry-After"))
		}
		time.Sleep(time.Duration(wait) * time.Second)
		got = c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password})
	}
	wants(t, "the right password after the wait", got, 200)
	wants(t, "the open session", c.get("/dashboard", token), 200)
}

func TestAnAddressMayFailAHundredTimesInFiveMinutes(t *testing.T) {
	startOfWindow(t)
	guesser := calling(t, endtoend.Client{URL: shared.URL, HTTP: endtoend.From("127.0.0.9")})
	guess := func(c caller) endtoend.Response {
		return c.do(http.MethodPost, "/login", map[string]string{"username": "nobody-" + unique(), "password": "wrong password"})
	}
	for i := range 100 {
		if got := guess(guesser); got.Status != 401 {
			t.Fatalf("guess %d: %d %s", i+1, got.Status, got.Body)
		}
	}
	user := guesser.user()
	got := guesser.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password})
	wants(t, "guess 101, and right", got, 429)
	if wait, err := strconv.Atoi(got.Header.Get("Retry-After")); err != nil || wait < 1 || wait > 300 {
		t.Errorf("Retry-After %q", got.Header.Get("Retry-After"))
	}
	elsewhere := calling(t, endtoend.Client{URL: shared.URL, HTTP: endtoend.From("127.0.0.10")})
	wants(t, "another address", guess(elsewhere), 401)
	elsewhere.login(user)
}

func TestALostPendingRegistrationCanBeRepeatedWithItsInvitation(t *testing.T) {
	c := calling(t, shared.Client)
	invitation := c.invite(shared, "DEVELOPER")
	body := map[string]string{"username": "lost-" + unique(), "password": "canary " + unique(), "role": "DEVELOPER", "invitation": invitation}
	wants(t, "first", c.do(http.MethodPost, "/register", body), 201)
	again := c.do(http.MethodPost, "/register", body)
	wants(t, "again, with the invitation", again, 201)
	delete(body, "invitation")
	delete(body, "role")
	wants(t, "somebody else, for the same name", c.do(http.MethodPost, "/register", body), 409)
}

func TestAnInvitationWorksOnceAndForItsRoleOnly(t *testing.T) {
	c := calling(t, shared.Client)
	invitation := c.invite(shared, "DEVELOPER")
	body := func(role string) map[string]string {
		b := map[string]string{"username": "invited-" + unique(), "password": "canary " + unique(), "invitation": invitation}
		if role != "" {
			b["role"] = role
		}
		return b
	}
	wants(t, "for ADMIN", c.do(http.MethodPost, "/register", body("ADMIN")), 403)
	wants(t, "for the default role", c.do(http.MethodPost, "/register", body("")), 403)
	weak := body("DEVELOPER")
	weak["password"] = "password1"
	wants(t, "with a weak password", c.do(http.MethodPost, "/register", weak), 400)
	good := body("DEVELOPER")
	wants(t, "after those refusals it is unused", c.do(http.MethodPost, "/register", good), 201)
	wants(t, "a second time", c.do(http.MethodPost, "/register", body("DEVELOPER")), 403)
}

func TestTheRunnersInvitationIsKeptFresh(t *testing.T) {
	c := calling(t, shared.Client)
	c.admin(shared) // uses the first
	state, err := shared.State()
	if err != nil {
		t.Fatal(err)
	}
	secrets.add("password", "canary second admin")
	c.register("ADMIN", state.AdminInvitation)
	waitFor(t, "a fresh invitation", func() bool {
		next, err := shared.State()
		return err == nil && next.AdminInvitation != state.AdminInvitation
	})
}

// Whoever withdraws all invitations that there are still finds one that is good, for the next ADMIN.
func TestTheRunnersInvitationIsReplacedIfItIsWithdrawn(t *testing.T) {
	t.Parallel()
	runner := start(t)
	c := calling(t, runner.Client)
	_, admin := c.member(runner, "ADMIN")
	state, err := runner.State()
	if err != nil {
		t.Fatal(err)
	}
	listed := objects(c.get("/invitations", admin), "invitations")
	if len(listed) != 1 {
		t.Fatalf("listed are %v", listed)
	}
	wants(t, "withdrawing it", c.as(admin, http.MethodDelete, "/invitations/"+listed[0]["invitation_id"].(string), nil), 204)
	next, err := runner.State()
	if err != nil || next.AdminInvitation == state.AdminInvitation {
		t.Fatalf("the invitation is still the one that was withdrawn, %v", err)
	}
	secrets.add("invitation", next.AdminInvitation)
	c.register("ADMIN", next.AdminInvitation)
}

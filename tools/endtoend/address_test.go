package endtoend_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/tools/endtoend"
)

// from calls a local run from an address of its own.
func from(t *testing.T, runner *endtoend.Runner, address string) caller {
	t.Helper()
	return calling(t, endtoend.Client{URL: runner.URL, HTTP: endtoend.From(address)})
}

// startOfWindow waits until an address's count does not begin anew within the next half minute.
func startOfWindow(t *testing.T) {
	t.Helper()
	if left := 300 - time.Now().Unix()%300; left < 30 {
		time.Sleep(time.Duration(left+1) * time.Second)
	}
}

// waitsForTheWindow checks a refusal until the end of the window, to the second: the clock moves on meanwhile.
func waitsForTheWindow(t *testing.T, what string, got endtoend.Response, asked time.Time) {
	t.Helper()
	wants(t, what, got, 429)
	wait, err := strconv.ParseInt(got.Header.Get("Retry-After"), 10, 64)
	first, last := 300-asked.Unix()%300, 300-time.Now().Unix()%300
	if err != nil || wait > first || wait < last {
		t.Errorf("%s: Retry-After %q, want %d to %d", what, got.Header.Get("Retry-After"), last, first)
	}
}

func TestAnAddressMayRegisterOnlySoOften(t *testing.T) {
	runner := start(t, "-param", "RegistrationsPerAddress=3")
	startOfWindow(t)
	c := from(t, runner, "127.0.0.20")
	user := c.user()
	body := func(name string) map[string]string {
		return map[string]string{"username": name, "password": "canary " + unique()}
	}
	wants(t, "a name that is taken", c.do(http.MethodPost, "/register", body(user.Username)), 409)
	wants(t, "an impossible name, which does not count", c.do(http.MethodPost, "/register", body("al ice")), 400)
	c.user()
	for _, name := range []string{"free-" + unique(), user.Username} { // so that nobody learns of more names
		asked := time.Now()
		waitsForTheWindow(t, "the fourth", c.do(http.MethodPost, "/register", body(name)), asked)
	}
	wants(t, "an impossible name", c.do(http.MethodPost, "/register", body("al ice")), 400)
	from(t, runner, "127.0.0.21").user()
	wants(t, "the session", c.get("/dashboard", c.signIn(user)), 200)
}

func TestAnAddressMayTryAHundredChallengesInFiveMinutes(t *testing.T) {
	startOfWindow(t)
	c := from(t, shared, "127.0.0.22")
	user := c.user()
	challenge := c.login(user)
	for i := range 100 {
		if got := c.verify("nobody's-"+strconv.Itoa(i), "123456"); got.Status != 401 {
			t.Fatalf("challenge %d: %d %s", i+1, got.Status, got.Body)
		}
	}
	asked := time.Now()
	waitsForTheWindow(t, "the next, and right", c.verify(challenge, user.Code()), asked)
	wants(t, "what is no code", c.verify(challenge, "12345"), 400)
	elsewhere := from(t, shared, "127.0.0.23")
	wants(t, "another address", elsewhere.verify(challenge, user.RecoveryCodes[0]), 200)
}

// A name is known. Whoever guesses at it makes other strangers wait, and the owner never where he has signed in.
func TestStrangersGuessesDoNotKeepTheOwnerFromHisUsualPlaces(t *testing.T) {
	home, office, stranger := from(t, shared, "127.0.0.24"), from(t, shared, "127.0.0.25"), from(t, shared, "127.0.0.26")
	user := home.user()
	guess := map[string]string{"username": user.Username, "password": "wrong password"}
	besiege := func() {
		for range 12 {
			if stranger.do(http.MethodPost, "/login", guess).Status == 429 {
				return
			}
		}
		t.Error("the stranger is not throttled")
	}
	right := map[string]string{"username": user.Username, "password": user.Password}
	besiege()
	wants(t, "the owner, where he has registered", home.do(http.MethodPost, "/login", right), 200)
	wants(t, "the owner, where he has not been", office.do(http.MethodPost, "/login", right), 429)
	for deadline := time.Now().Add(40 * time.Second); ; time.Sleep(time.Second) {
		if got := office.do(http.MethodPost, "/login", right); got.Status == 200 {
			wants(t, "his code there", office.verify(got.Text("challenge_id"), user.Code()), 200)
			break
		} else if got.Status != 429 || time.Now().After(deadline) {
			t.Fatalf("the owner, once the wait is over: %d %s", got.Status, got.Body)
		}
	}
	besiege()
	wants(t, "the owner, where he has been since", office.do(http.MethodPost, "/login", right), 200)
	wants(t, "and at home", home.do(http.MethodPost, "/login", right), 200)
	wants(t, "the stranger, even if right", stranger.do(http.MethodPost, "/login", right), 429)
}

// A registration that nobody has signed in to is DynamoDB's to delete after a week, and what has been signed in to never is.
func TestOnlyARegistrationThatNobodyHasSignedInToLapses(t *testing.T) {
	c := calling(t, shared.Client)
	d := openDatabase(t, shared)
	user := c.user()
	lapses := func() (int64, bool) {
		for _, r := range d.rows("Accounts") {
			value, ok := r["lapses_at"].(*types.AttributeValueMemberN)
			if !ok || text(r["username"]) != user.Username {
				continue
			}
			at, err := strconv.ParseInt(value.Value, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return at, true
		}
		return 0, false
	}
	week := time.Now().Add(7 * 24 * time.Hour).Unix()
	if at, ok := lapses(); !ok || at > week || at < week-60 {
		t.Errorf("a registration lapses at %d (%v), want %d", at, ok, week)
	}
	c.login(user)
	if _, ok := lapses(); !ok {
		t.Error("the password alone keeps it")
	}
	c.signIn(user)
	if at, ok := lapses(); ok {
		t.Errorf("an account that was signed in to lapses at %d", at)
	}
}

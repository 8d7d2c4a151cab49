package endtoend_test

import (
	"net/http"
	"sync"
	"testing"

	"sallyport/tools/endtoend"
)

// changePassword gives the user a new password.
func (c caller) changePassword(token string, user *endtoend.User, code, password string) endtoend.Response {
	c.t.Helper()
	secrets.add("password", password)
	return c.as(token, http.MethodPost, "/password", map[string]string{"old_password": user.Password, "otp": code, "new_password": password})
}

func TestANewPasswordEndsAllOtherSessionsAndTheCallersGoesOn(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "DEVELOPER")
	elsewhere := c.recover(user)
	pending := c.login(user) // a challenge of the old password
	code := user.Code()
	got := c.changePassword(token, user, code, "canary "+unique())
	wants(t, "a new password", got, 204)
	if got.Body != "" {
		t.Errorf("answered %s", got.Body)
	}
	wants(t, "the caller's session", c.get("/dashboard", token), 200)
	wants(t, "another session", c.get("/dashboard", elsewhere), 401)
	wants(t, "the old password", c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password}), 401)
	wants(t, "a challenge of the old password", c.verify(pending, user.Code()), 401)
	wants(t, "logging out", c.logout(token), 204)
}

func TestTheNewPasswordSignsInAndTheCodeOfTheChangeDoesNot(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "CONSUMER")
	code, password := user.Code(), "canary "+unique()
	wants(t, "a new password", c.changePassword(token, user, code, password), 204)
	user.Password = password
	challenge := c.login(user)
	wants(t, "the code of the change", c.verify(challenge, code), 401)
	wants(t, "another code", c.verify(challenge, user.Code()), 200)
}

func TestAPasswordIsChangedForTheOldOneAndACodeAndTheAnswerDoesNotSayWhichWasWrong(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "CONSUMER")
	body := func(old, code, password string) map[string]string {
		return map[string]string{"old_password": old, "otp": code, "new_password": password}
	}
	wrong := []endtoend.Response{
		c.as(token, http.MethodPost, "/password", body("wrong password", user.Code(), "canary "+unique())),
		c.as(token, http.MethodPost, "/password", body(user.Password, user.WrongCode(), "canary "+unique())),
		c.as(token, http.MethodPost, "/password", body("wrong password", user.WrongCode(), "canary "+unique())),
		c.as(token, http.MethodPost, "/password", body("short", "ZZZZ-ZZZZ-ZZZZ-ZZZZ", "canary "+unique())),
	}
	for i, got := range wrong {
		wants(t, "a wrong password or code", got, 401)
		if got.Text("detail") != wrong[0].Text("detail") || got.Text("type") != "urn:problem-type:sallyport:unauthenticated" {
			t.Errorf("the %dth is answered %s", i+1, got.Body)
		}
	}
	for name, refused := range map[string]map[string]string{
		"the old password":    body(user.Password, user.WrongCode(), user.Password),
		"a common password":   body(user.Password, user.WrongCode(), "password1"),
		"the username":        body(user.Password, user.WrongCode(), user.Username),
		"seven characters":    body(user.Password, user.WrongCode(), "1234567"),
		"no code":             body(user.Password, "12345", "canary "+unique()),
		"a code with a space": body(user.Password, " 123456", "canary "+unique()),
	} {
		wants(t, name, c.as(token, http.MethodPost, "/password", refused), 400)
	}
	wants(t, "nothing has changed", c.changePassword(token, user, user.Code(), "canary "+unique()), 204)
}

// Whoever has stolen a token guesses no faster with it: the failures of both routes are one count.
func TestGuessesAtTheOldPasswordAndAtSignInAreCountedTogether(t *testing.T) {
	for name, guess := range map[string]func(c caller, user *endtoend.User, token string) (endtoend.Response, endtoend.Response){
		"with a token, then without": func(c caller, user *endtoend.User, token string) (endtoend.Response, endtoend.Response) {
			for range 8 { // more than it takes: the slower they are, the longer is the wait that the last one starts
				c.as(token, http.MethodPost, "/password", map[string]string{"old_password": "wrong password", "otp": user.RecoveryCodes[0], "new_password": "canary " + unique()})
			}
			login := map[string]string{"username": user.Username, "password": user.Password}
			return c.do(http.MethodPost, "/login", login), c.changePassword(token, user, user.RecoveryCodes[0], "canary "+unique())
		},
		"without a token, then with": func(c caller, user *endtoend.User, token string) (endtoend.Response, endtoend.Response) {
			for range 8 { // more than it takes: the slower they are, the longer is the wait that the last one starts
				c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": "wrong password"})
			}
			login := map[string]string{"username": user.Username, "password": user.Password}
			return c.do(http.MethodPost, "/login", login), c.changePassword(token, user, user.RecoveryCodes[0], "canary "+unique())
		},
	} {
		c := calling(t, endtoend.Client{URL: shared.URL, HTTP: endtoend.From("127.0.0.31")})
		user, token := c.member(shared, "CONSUMER")
		first, second := guess(c, user, token)
		for i, got := range []endtoend.Response{first, second} {
			wants(t, name, got, 429)
			if got.Header.Get("Retry-After") == "" {
				t.Errorf("%s: answer %d has no Retry-After", name, i)
			}
		}
		wants(t, name+": the open session", c.get("/dashboard", token), 200)
	}
}

func TestOfTwoPasswordChangesAtOnceOneIsDone(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "CONSUMER")
	passwords := []string{"canary " + unique(), "canary " + unique()}
	codes := []string{user.RecoveryCodes[0], user.RecoveryCodes[1]}
	answers := make([]endtoend.Response, 2)
	var all sync.WaitGroup
	for i := range answers {
		secrets.add("password", passwords[i])
		all.Go(func() {
			got, err := c.Do(t.Context(), http.MethodPost, "/password",
				map[string]string{"old_password": user.Password, "otp": codes[i], "new_password": passwords[i]}, "Authorization", "Bearer "+token)
			if err != nil {
				t.Error(err)
			}
			answers[i] = got
		})
	}
	all.Wait()
	done := 0
	for i, got := range answers {
		want := 401
		if got.Status == 204 {
			done, want = done+1, 200
		}
		wants(t, "signing in with it", c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": passwords[i]}), want)
	}
	if done != 1 {
		t.Errorf("%d changes were done: %d, %d", done, answers[0].Status, answers[1].Status)
	}
}

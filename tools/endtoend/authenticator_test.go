package endtoend_test

import (
	"encoding/base32"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"sallyport/tools/endtoend"
)

// beginEnrolment asks for a new authenticator, and returns the user with it in hand.
func (c caller) beginEnrolment(token string, user *endtoend.User, code string) (endtoend.Response, *endtoend.User) {
	c.t.Helper()
	got := c.as(token, http.MethodPost, "/authenticator", map[string]string{"otp": code})
	return got, c.withAuthenticator(user, got)
}

// withAuthenticator is the user with the authenticator of the answer.
func (c caller) withAuthenticator(user *endtoend.User, got endtoend.Response) *endtoend.User {
	c.t.Helper()
	totp, _ := got.JSON["totp"].(map[string]any)
	base, _ := totp["secret"].(string)
	uri, _ := totp["uri"].(string)
	secrets.add("authenticator secret", base, uri)
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(base)
	if err != nil {
		c.t.Fatal(err)
	}
	return &endtoend.User{
		Username: user.Username, Password: user.Password, Role: user.Role, UserID: user.UserID, Secret: key, Base32: base,
		RecoveryCodes: c.recoveryCodes(got),
	}
}

// recoveryCodes are those of an answer.
func (c caller) recoveryCodes(got endtoend.Response) []string {
	c.t.Helper()
	var answer struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}
	if err := json.Unmarshal([]byte(got.Body), &answer); err != nil && got.Status < 300 {
		c.t.Fatal(err)
	}
	secrets.add("recovery code", answer.RecoveryCodes...)
	return answer.RecoveryCodes
}

// confirm shows the code that the new authenticator has now.
func (c caller) confirm(token string, fresh *endtoend.User) endtoend.Response {
	c.t.Helper()
	got := c.as(token, http.MethodPost, "/authenticator/confirm", map[string]string{"otp": fresh.Code()})
	if got.Status == http.StatusOK {
		fresh.RecoveryCodes = c.recoveryCodes(got)
	}
	return got
}

func (c caller) newRecoveryCodes(token, code string) endtoend.Response {
	c.t.Helper()
	got := c.as(token, http.MethodPost, "/recovery-codes", map[string]string{"otp": code})
	c.recoveryCodes(got)
	return got
}

func TestANewAuthenticatorTakesTheOldOnesPlaceAndEndsOtherSessions(t *testing.T) {
	c := calling(t, shared.Client)
	for proof, of := range map[string]func(*endtoend.User) string{
		"a code of the old one": func(user *endtoend.User) string { return user.CodeAt(time.Now()) },
		"a recovery code":       func(user *endtoend.User) string { return user.RecoveryCodes[0] },
	} {
		user := c.user()
		token := c.recover(user)
		elsewhere := c.verify(c.login(user), user.RecoveryCodes[1]).Text("access_token")
		begun, fresh := c.beginEnrolment(token, user, of(user))
		wants(t, proof, begun, 200)
		if begun.JSON["expires_in"] != 600.0 || len(begun.JSON) != 2 || fresh.Base32 == user.Base32 {
			t.Errorf("begun with %s: %d members, for %v s", proof, len(begun.JSON), begun.JSON["expires_in"])
		}
		wants(t, "until then, another session", c.get("/dashboard", elsewhere), 200)
		confirmed := c.confirm(token, fresh)
		wants(t, "a code of the new one", confirmed, 200)
		if len(fresh.RecoveryCodes) != 10 || len(confirmed.JSON) != 1 {
			t.Errorf("confirmed with %d codes, %d members", len(fresh.RecoveryCodes), len(confirmed.JSON))
		}
		wants(t, "the caller's session", c.get("/dashboard", token), 200)
		wants(t, "another session", c.get("/dashboard", elsewhere), 401)
		challenge := c.login(user)
		for what, dead := range map[string]string{
			"a code of the old one":  user.CodeAt(time.Now()),
			"an old recovery code":   user.RecoveryCodes[2],
			"the code that was used": fresh.CodeAt(time.Now()),
		} {
			wants(t, what, c.verify(challenge, dead), 401)
		}
		wants(t, "a new recovery code", c.verify(challenge, fresh.RecoveryCodes[0]), 200)
		wants(t, "confirming again", c.confirm(token, fresh), 400) // with a recovery code, as the code of this half minute is used
	}
}

func TestNewRecoveryCodesReplaceTheOldOnesAndTakeACodeOfTheApp(t *testing.T) {
	c := calling(t, shared.Client)
	user := c.user()
	token := c.recover(user)
	wants(t, "a recovery code", c.newRecoveryCodes(token, user.RecoveryCodes[0]), 400)
	wants(t, "a wrong code", c.newRecoveryCodes(token, user.WrongCode()), 401)
	code := user.CodeAt(time.Now())
	got := c.newRecoveryCodes(token, code)
	wants(t, "a code of the app", got, 200)
	fresh := c.recoveryCodes(got)
	if len(fresh) != 10 || len(got.JSON) != 1 {
		t.Errorf("%d codes, %d members", len(fresh), len(got.JSON))
	}
	challenge := c.login(user)
	wants(t, "an old one", c.verify(challenge, user.RecoveryCodes[0]), 401)
	wants(t, "the code that was used", c.verify(challenge, code), 401)
	wants(t, "a new one", c.verify(challenge, fresh[0]), 200)
	wants(t, "the same again", c.verify(c.login(user), fresh[0]), 401)
	wants(t, "the same for an authenticator", c.as(token, http.MethodPost, "/authenticator", map[string]string{"otp": fresh[0]}), 401)
}

func TestOneRecoveryCodeAtManyRoutesAtOnceIsTakenOnce(t *testing.T) {
	c := calling(t, shared.Client)
	user := c.user()
	token := c.recover(user)
	code, challenges := user.RecoveryCodes[0], []string{c.login(user), c.login(user)}
	password := "canary " + unique()
	secrets.add("password", password)
	calls := []func() (endtoend.Response, error){
		func() (endtoend.Response, error) { return c.Verify(t.Context(), challenges[0], code) },
		func() (endtoend.Response, error) { return c.Verify(t.Context(), challenges[1], code) },
		func() (endtoend.Response, error) {
			return c.Do(t.Context(), http.MethodPost, "/password", map[string]string{"old_password": user.Password, "otp": code, "new_password": password}, "Authorization", "Bearer "+token)
		},
		func() (endtoend.Response, error) {
			return c.Do(t.Context(), http.MethodPost, "/authenticator", map[string]string{"otp": code}, "Authorization", "Bearer "+token)
		},
	}
	taken := make([]int, len(calls))
	var all sync.WaitGroup
	for i, call := range calls {
		all.Go(func() {
			got, err := call()
			if err != nil {
				t.Error(err)
			}
			taken[i] = got.Status
			secrets.add("access token", got.Text("access_token"))
			if got.Status == http.StatusOK && got.JSON["totp"] != nil {
				c.withAuthenticator(user, got)
			}
		})
	}
	all.Wait()
	n := 0
	for _, status := range taken {
		switch status {
		case 200, 204:
			n++
		case 401, 429:
		default:
			t.Errorf("answered %v", taken)
		}
	}
	if n != 1 {
		t.Errorf("it was taken %d times: %v", n, taken)
	}
}

func TestALogoutAndAChangeOfCredentialsAtOnceLeaveNoSessionAndNoHalfChange(t *testing.T) {
	c := calling(t, shared.Client)
	for range 5 {
		user := c.user()
		token := c.recover(user)
		password := "canary " + unique()
		secrets.add("password", password)
		var changed, ended endtoend.Response
		var all sync.WaitGroup
		all.Go(func() {
			changed, _ = c.Do(t.Context(), http.MethodPost, "/password", map[string]string{"old_password": user.Password, "otp": user.RecoveryCodes[0], "new_password": password}, "Authorization", "Bearer "+token)
		})
		all.Go(func() { ended, _ = c.Logout(t.Context(), token) })
		all.Wait()
		if ended.Status != 204 || changed.Status != 204 && changed.Status != 401 {
			t.Errorf("logged out with %d, changed with %d: %s", ended.Status, changed.Status, changed.Body)
		}
		wants(t, "the session", c.get("/dashboard", token), 401)
		want := map[bool]int{true: 200, false: 401}
		wants(t, "the new password", c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": password}), want[changed.Status == 204])
		wants(t, "the old password", c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password}), want[changed.Status != 204])
	}
}

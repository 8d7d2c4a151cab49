package endtoend_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/tools/endtoend"
)

// Whatever a caller sends may be a secret in the wrong place. TestMain looks for all of these in what the local run has printed by the end;
// the answers are looked at here.
func TestWhatIsSentIsNeitherPrintedNorAnswered(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "CONSUMER")
	sent := func(what string) string {
		canary := "canary-" + unique() // in small letters, as a username is logged
		secrets.add(what, canary)
		return canary
	}
	refused := func(what string, got endtoend.Response) {
		t.Helper()
		if got.Status < 400 || got.Status >= 500 {
			t.Errorf("%s: %d %s", what, got.Status, got.Body)
		}
		if kinds := secrets.in(got.Body); len(kinds) > 0 {
			t.Errorf("%s: the answer repeats a %s", what, kinds[0])
		}
		for name, values := range got.Header {
			if kinds := secrets.in(strings.Join(values, " ")); len(kinds) > 0 {
				t.Errorf("%s: the header %s repeats a %s", what, name, kinds[0])
			}
		}
	}
	post := func(what, path string, body any, headers ...string) {
		t.Helper()
		refused(what, c.do(http.MethodPost, path, body, headers...))
	}
	for _, path := range []string{"/register", "/login", "/verify-otp", "/enrolment"} {
		post(path+", an unknown member", path, `{"`+sent("member's name")+`":1}`)
		post(path+", an unknown member's value", path, `{"x":"`+sent("member's value")+`"}`)
		post(path+", not JSON", path, sent("body"))
		post(path+", cut short", path, `{"username":"`+sent("string that was cut short"))
		post(path+", another type", path, `{"username":["`+sent("list's member")+`"],"password":{"x":"`+sent("object's member")+`"}}`)
		post(path+", a content type", path, `{}`, "Content-Type", "text/"+sent("content type"))
		post(path+", too long", path, `{"x":"`+sent("long body")+strings.Repeat("x", 8<<10)+`"}`)
		post(path+", in the query", path+"?password="+sent("query"), `{}`)
		post(path+", a header", path, `{}`, "X-Password", sent("header"), "Cookie", "session="+sent("cookie"))
	}
	post("a password typed as the username", "/login", map[string]string{"username": sent("username that is a password"), "password": sent("wrong password")})
	post("a wrong password of an account", "/login", map[string]string{"username": user.Username, "password": sent("wrong password of an account")})
	post("an impossible username", "/login", map[string]string{"username": "two words " + sent("impossible username"), "password": "x"})
	post("a challenge", "/verify-otp", map[string]string{"challenge_id": sent("unknown challenge"), "otp": "123456"})
	post("a code", "/verify-otp", map[string]string{"challenge_id": "x", "otp": sent("code of no form")})
	post("a used code", "/verify-otp", map[string]string{"challenge_id": c.login(user), "otp": "0000-0000-0000-0000"})
	post("an invitation", "/register", map[string]string{
		"username": "invited-" + unique(), "password": sent("refused registration's password"), "role": "ADMIN", "invitation": sent("made-up invitation"),
	})
	post("a role", "/register", map[string]string{"username": "role-" + unique(), "password": sent("password"), "role": sent("role")})
	post("a taken name", "/register", map[string]string{"username": user.Username, "password": sent("password for a taken name")})

	for what, header := range map[string]string{
		"a password as a token":   "Bearer " + sent("password as a token"),
		"another scheme":          "Basic " + base64.StdEncoding.EncodeToString([]byte("a:"+sent("basic password"))),
		"no scheme":               sent("Authorization without a scheme"),
		"a forged token":          "Bearer " + mended(token[:60]+"AAAA"+token[64:]),
		"two tokens":              "Bearer " + token + ", Bearer " + token,
		"a token in another case": "Bearer " + strings.ToUpper(token),
	} {
		refused(what, c.do(http.MethodGet, "/dashboard", nil, "Authorization", header))
		refused(what+", no route", c.do(http.MethodGet, "/none", nil, "Authorization", header))
	}
	refused("in the query", c.do(http.MethodGet, "/dashboard?access_token="+token+"&x="+url.QueryEscape(sent("query")), nil))
}

package endtoend_test

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func unique() string { return strings.ToLower(rand.Text()) }

func TestBadBodiesAreRefusedEverywhereAlike(t *testing.T) {
	c := calling(t, shared.Client)
	admin := c.admin(shared)
	for path, good := range map[string]string{
		"/register":    `"username":"somebody-new","password":"a fine pass phrase"`,
		"/login":       `"username":"somebody-new","password":"a fine pass phrase"`,
		"/verify-otp":  `"challenge_id":"x","otp":"123456"`,
		"/invitations": `"role":"CONSUMER"`,

		"/password":              `"old_password":"a fine pass phrase","otp":"123456","new_password":"another pass phrase"`,
		"/authenticator":         `"otp":"123456"`,
		"/authenticator/confirm": `"otp":"123456"`,
		"/recovery-codes":        `"otp":"123456"`,
		"/enrolment":             `"username":"somebody-new","password":"a fine pass phrase","enrolment":"x"`,
		"/api-tokens":            `"name":"script"`,
	} {
		first, _, _ := strings.Cut(good, ":")
		for what, body := range map[string]string{
			"empty":                 "",
			"not JSON":              "username=a",
			"cut short":             "{" + good,
			"text after it":         "{" + good + "} x",
			"a second object":       "{" + good + "}{" + good + "}",
			"an array":              "[{" + good + "}]",
			"null":                  "null",
			"an unknown member":     "{" + good + `,"is_admin":true}`,
			"a member twice":        "{" + good + "," + good + "}",
			"a member missing":      "{}",
			"a member in capitals":  "{" + strings.ToUpper(first) + strings.TrimPrefix(good, first) + "}",
			"a null member":         "{" + first + ":null}",
			"a number for a string": "{" + strings.Replace(good, first+":", first+":1,\"x\":", 1) + "}",
			"an object as a member": "{" + first + `:{"$gt":""}}`,
			"invalid UTF-8":         "{" + first + ":\"\xff\xfe\"}",
			"U+FFFD":                "{" + first + ":\"\uFFFD\"}",
			"deeply nested":         strings.Repeat("[", 4000) + strings.Repeat("]", 4000),
			"half a surrogate":      "{" + first + `:"\ud800"}`,
		} {
			got := c.do(http.MethodPost, path, body, "Authorization", "Bearer "+admin)
			wants(t, path+" "+what, got, 400)
		}
		for what, headers := range map[string][]string{
			"no content type": {"Content-Type", ""},
			"form":            {"Content-Type", "application/x-www-form-urlencoded"},
			"text":            {"Content-Type", "text/plain"},
			"another charset": {"Content-Type", "application/json; charset=iso-8859-1"},
		} {
			wants(t, path+" "+what, c.do(http.MethodPost, path, "{"+good+"}", append(headers, "Authorization", "Bearer "+admin)...), 415)
		}
		large := "{" + good + `,"x":"` + strings.Repeat("a", 8<<10) + `"}`
		wants(t, path+" over 8 KiB", c.do(http.MethodPost, path, large, "Authorization", "Bearer "+admin), 413)
	}
}

func TestRegistrationRefusesWhatItCannotUse(t *testing.T) {
	c := calling(t, shared.Client)
	free := c.user()
	name := func() string { return "fresh-" + unique() }
	used := c.invite(shared, "DEVELOPER")
	c.register("DEVELOPER", used)
	foreign := c.invite(shared, "ADMIN")
	long := func(n int) string { return strings.Repeat("ab3-", n/4+1)[:n] }
	for what, row := range map[string]struct {
		body   map[string]any
		status int
	}{
		"a password of 7":             {map[string]any{"username": name(), "password": "xq7-vbn"}, 400},
		"a password of 8":             {map[string]any{"username": name(), "password": "xq7-vbnk"}, 201},
		"a password of 64":            {map[string]any{"username": name(), "password": long(64)}, 201},
		"a password of 128":           {map[string]any{"username": name(), "password": long(128)}, 201},
		"a password of 129":           {map[string]any{"username": name(), "password": long(129)}, 400},
		"a password of 8 emoji":       {map[string]any{"username": name(), "password": "🦀🐙🦑🐡🐠🐟🐬🐳"}, 201},
		"a password of 7 emoji":       {map[string]any{"username": name(), "password": "🦀🐙🦑🐡🐠🐟🐬"}, 400},
		"a common password":           {map[string]any{"username": name(), "password": "password1"}, 400},
		"NUL in the password":         {map[string]any{"username": name(), "password": "correct\x00horse"}, 400},
		"an empty password":           {map[string]any{"username": name(), "password": ""}, 400},
		"the username as password":    {map[string]any{"username": "samesame-x1", "password": "SameSame-x1"}, 400},
		"a username of 2":             {map[string]any{"username": "ab", "password": "fine pass phrase"}, 400},
		"a username of 65":            {map[string]any{"username": strings.Repeat("a", 65), "password": "fine pass phrase"}, 400},
		"an empty username":           {map[string]any{"username": "", "password": "fine pass phrase"}, 400},
		"a username with a space":     {map[string]any{"username": "two words", "password": "fine pass phrase"}, 400},
		"a username with NUL":         {map[string]any{"username": "nul\x00nul", "password": "fine pass phrase"}, 400},
		"a username with a newline":   {map[string]any{"username": "line\nbreak", "password": "fine pass phrase"}, 400},
		"right-to-left override":      {map[string]any{"username": "abc\u202edef", "password": "fine pass phrase"}, 400},
		"an unknown role":             {map[string]any{"username": name(), "password": "fine pass phrase", "role": "ROOT"}, 400},
		"a role in small letters":     {map[string]any{"username": name(), "password": "fine pass phrase", "role": "consumer"}, 400},
		"an empty role":               {map[string]any{"username": name(), "password": "fine pass phrase", "role": ""}, 400},
		"a role as a number":          {map[string]any{"username": name(), "password": "fine pass phrase", "role": 1}, 400},
		"ADMIN without an invitation": {map[string]any{"username": name(), "password": "fine pass phrase", "role": "ADMIN"}, 403},
		"a made-up invitation":        {map[string]any{"username": name(), "password": "fine pass phrase", "role": "ADMIN", "invitation": "made-up"}, 403},
		"an empty invitation":         {map[string]any{"username": name(), "password": "fine pass phrase", "role": "ADMIN", "invitation": ""}, 403},
		"an invitation of 129 bytes":  {map[string]any{"username": name(), "password": "fine pass phrase", "role": "ADMIN", "invitation": strings.Repeat("x", 129)}, 400},
		"a used invitation":           {map[string]any{"username": name(), "password": "fine pass phrase", "role": "DEVELOPER", "invitation": used}, 403},
		"a foreign invitation":        {map[string]any{"username": name(), "password": "fine pass phrase", "role": "DEVELOPER", "invitation": foreign}, 403},
		"a taken name":                {map[string]any{"username": free.Username, "password": "fine pass phrase"}, 409},
		"a taken name in capitals":    {map[string]any{"username": strings.ToUpper(free.Username), "password": "fine pass phrase"}, 409},
		"a taken name in full width":  {map[string]any{"username": fullWidth(free.Username), "password": "fine pass phrase"}, 409},
		"status, by mass assignment":  {map[string]any{"username": name(), "password": "fine pass phrase", "status": "active"}, 400},
	} {
		wants(t, what, c.do(http.MethodPost, "/register", row.body), row.status)
	}
}

// fullWidth spells ASCII letters as U+FF41 and following.
func fullWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + '\uff41'
		}
		return r
	}, s)
}

func TestPasswordsAreComparedWholeAndAsTyped(t *testing.T) {
	c := calling(t, shared.Client)
	user := c.user()
	base := strings.Repeat("0123456789ab", 6) // 72 bytes, where bcrypt would stop
	name := "long-" + unique()
	wants(t, "register", c.do(http.MethodPost, "/register", map[string]string{"username": name, "password": base + "X"}), 201)
	for what, password := range map[string]string{
		"another 73rd byte": base + "Y", "cut at 72": base, "a space after it": base + "X ", "small letters": base + "x",
	} {
		wants(t, what, c.do(http.MethodPost, "/login", map[string]string{"username": name, "password": password}), 401)
	}
	wants(t, "the password", c.do(http.MethodPost, "/login", map[string]string{"username": name, "password": base + "X"}), 200)
	for what, password := range map[string]string{"too long": strings.Repeat("a", 129), "empty": "", "with NUL": "a\x00bcdefgh"} {
		wants(t, "a password that is "+what, c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": password}), 401)
	}
	for _, spelling := range []string{strings.ToUpper(user.Username), fullWidth(user.Username)} {
		wants(t, "another spelling of the name", c.do(http.MethodPost, "/login", map[string]string{"username": spelling, "password": user.Password}), 200)
	}
	for what, name := range map[string]string{"impossible": "two words", "empty": "", "with NUL": "a\x00b", "long": strings.Repeat("n", 4000)} {
		wants(t, "a name that is "+what, c.do(http.MethodPost, "/login", map[string]string{"username": name, "password": "some pass phrase"}), 401)
	}
}

func TestCodesHaveOneFormAndTheWrongFormIsNotCounted(t *testing.T) {
	c := calling(t, shared.Client)
	user := c.user()
	challenge := c.login(user)
	for _, code := range []string{
		" 123456", "123456 ", "12345", "1234567", "１２３４５６", "12 456", "+12345", "-12345", "0x1234", "12345a", "", "123.45",
		"ABCD-EFGH-JKMN", "ABCD-EFGH-JKMN-PQR!", "ABCDEFGHJKMNPQRSTV",
	} {
		wants(t, fmt.Sprintf("otp %q", code), c.verify(challenge, code), 400)
	}
	wants(t, "a number", c.do(http.MethodPost, "/verify-otp", map[string]any{"challenge_id": challenge, "otp": 123456}), 400)
	wants(t, "a list", c.do(http.MethodPost, "/verify-otp", map[string]any{"challenge_id": challenge, "otp": []string{"123456"}}), 400)
	wants(t, "an empty challenge", c.verify("", "123456"), 401)
	wants(t, "an unknown challenge", c.verify("no-such-challenge", "123456"), 401)
	wants(t, "a challenge of 128 bytes", c.verify(strings.Repeat("x", 128), "123456"), 401)
	wants(t, "a challenge of 129 bytes", c.verify(strings.Repeat("x", 129), "123456"), 400)
	wants(t, "after all that, the right code", c.verify(challenge, user.Code()), 200)
}

func TestInvitationsHaveBounds(t *testing.T) {
	c := calling(t, shared.Client)
	admin := c.admin(shared)
	for what, row := range map[string]struct {
		body   map[string]any
		status int
	}{
		"the least":        {map[string]any{"role": "ADMIN", "expires_in": 60}, 201},
		"below the least":  {map[string]any{"role": "ADMIN", "expires_in": 59}, 400},
		"the most":         {map[string]any{"role": "ADMIN", "expires_in": 604800}, 201},
		"above the most":   {map[string]any{"role": "ADMIN", "expires_in": 604801}, 400},
		"zero":             {map[string]any{"role": "ADMIN", "expires_in": 0}, 400},
		"negative":         {map[string]any{"role": "ADMIN", "expires_in": -60}, 400},
		"a fraction":       {map[string]any{"role": "ADMIN", "expires_in": 60.5}, 400},
		"as text":          {map[string]any{"role": "ADMIN", "expires_in": "60"}, 400},
		"an unknown role":  {map[string]any{"role": "ROOT"}, 400},
		"without the role": {map[string]any{"expires_in": 60}, 400},
	} {
		wants(t, what, c.do(http.MethodPost, "/invitations", row.body, "Authorization", "Bearer "+admin), row.status)
	}
	got := c.do(http.MethodPost, "/invitations", map[string]string{"role": "CONSUMER"}, "Authorization", "Bearer "+admin)
	secrets.add("invitation", got.Text("invitation"))
	left := got.JSON["expires_at"].(float64) - float64(time.Now().Unix())
	if got.Text("role") != "CONSUMER" || left < 86390 || left > 86401 {
		t.Errorf("role %s, %v s left", got.Text("role"), left)
	}
}

func TestStepsOutOfOrderAreRefused(t *testing.T) {
	c := calling(t, shared.Client)
	user := c.user()
	wants(t, "a code without a challenge", c.do(http.MethodPost, "/verify-otp", map[string]string{"otp": user.CodeAt(time.Now())}), 400)
	wants(t, "a user id as a challenge", c.verify(user.UserID, user.CodeAt(time.Now())), 401)
	wants(t, "a username as a challenge", c.verify(user.Username, user.CodeAt(time.Now())), 401)
	wants(t, "a logout without a token", c.do(http.MethodPost, "/logout", nil), 401)
}

func TestRawRequestsThatAreNotHTTPDoNotHarm(t *testing.T) {
	t.Parallel()
	c := calling(t, shared.Client)
	for _, raw := range []string{
		"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00", "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"GET /dashboard HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\n b\r\n\r\n",
	} {
		connection, err := net.Dial("tcp", strings.TrimPrefix(c.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := connection.Write([]byte(raw)); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 64)
		n, _ := connection.Read(answer) // an answer or an end, either will do
		if strings.Contains(string(answer[:n]), " 500 ") {
			t.Errorf("%q: %s", raw, answer[:n])
		}
		if err := connection.Close(); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, "afterwards", c.do(http.MethodGet, "/dashboard", nil), 401)
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// exchange is one request to a service and the honest answer to it, for a broken service to change.
type exchange struct {
	s        *service
	route    string // method and path
	bearer   string
	request  map[string]string // the members that are strings
	answer   *httptest.ResponseRecorder
	response map[string]any
}

// broken makes a service whose every answer goes through alter first. One request at a time is answered.
func broken(alter func(*exchange)) func(*service, http.Handler) http.Handler {
	var turn sync.Mutex
	return func(s *service, honest http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			turn.Lock()
			defer turn.Unlock()
			sent, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(sent))
			e := &exchange{s: s, route: r.Method + " " + r.URL.Path, answer: httptest.NewRecorder()}
			e.bearer, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			var members map[string]any
			_ = json.Unmarshal(sent, &members) // GET has no body
			e.request = map[string]string{}
			for name, value := range members {
				e.request[name], _ = value.(string)
			}
			honest.ServeHTTP(e.answer, r)
			_ = json.Unmarshal(e.answer.Body.Bytes(), &e.response) // 204 has none
			alter(e)
			for name, values := range e.answer.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(e.answer.Code)
			_, _ = w.Write(e.answer.Body.Bytes()) // the caller sees a body that is cut off
		})
	}
}

// say replaces the answer by a success.
func (e *exchange) say(status int, body any) {
	e.answer = httptest.NewRecorder()
	answerWith(e.answer, status, body, nil)
}

func (e *exchange) text(member string) string {
	text, _ := e.response[member].(string)
	return text
}

// write sets an attribute of a row.
func (e *exchange) write(table string, key map[string]string, attribute string, value types.AttributeValue) {
	name := e.s.state.Tables[table]
	in := &dynamodb.UpdateItemInput{
		TableName: &name, Key: row{}, ExpressionAttributeNames: map[string]string{"#a": attribute},
		ExpressionAttributeValues: row{":v": value},
	}
	for part, id := range key {
		in.Key[part] = &types.AttributeValueMemberS{Value: id}
	}
	update := "SET #a = :v"
	in.UpdateExpression = &update
	if _, err := e.s.store.database.UpdateItem(e.s.background, in); err != nil {
		panic(err)
	}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
func blob(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

// signedIn reports whether the exchange gave out a token, and which.
func (e *exchange) signedIn() (accessToken, bool) {
	token, err := parseToken(e.text("access_token"))
	return token, err == nil && e.route == "POST /verify-otp" && e.answer.Code == 200
}

func (e *exchange) problemWith(change func(*problem)) {
	if e.answer.Code < 400 {
		return
	}
	var p problem
	if json.Unmarshal(e.answer.Body.Bytes(), &p) == nil {
		change(&p)
		e.answer.Body.Reset()
		_ = json.NewEncoder(e.answer.Body).Encode(p) // a problem has a JSON form
	}
}

// brokenPromise is a service that keeps all promises but one.
type brokenPromise struct {
	title   string
	promise string // the step that must fail
	alter   func() func(*exchange)
}

func always(alter func(*exchange)) func() func(*exchange) {
	return func() func(*exchange) { return alter }
}

func brokenSignIns() []brokenPromise {
	return []brokenPromise{
		{"/login gives a token", "a right password gives a challenge and no token", always(func(e *exchange) {
			if e.route == "POST /login" && e.answer.Code == 200 {
				e.response["access_token"] = "spt_"
				e.say(200, e.response)
			}
		})},
		{"/login tells who exists", "a wrong password and an unknown name get one and the same refusal", always(func(e *exchange) {
			if strings.HasSuffix(e.request["username"], "-unknown") {
				e.problemWith(func(p *problem) { p.Detail = "There is no such user." })
			}
		})},
		{"any code is right", "a wrong code is refused", always(func(e *exchange) {
			if e.route == "POST /verify-otp" && e.answer.Code == 401 {
				e.say(200, map[string]string{})
			}
		})},
		{"a code is good twice", "the same code is refused afterwards", replayed(6)},
		{"a recovery code is good twice", "the same recovery code is refused afterwards", replayed(19)},
		{"the token has another form", "ADMIN signs in with the authenticator app's code", always(func(e *exchange) {
			if token, ok := e.signedIn(); ok {
				e.response["access_token"] = mistyped(token.text)
				e.say(200, e.response)
			}
		})},
		{"the token lives longer than it says", "ADMIN signs in with the authenticator app's code", always(func(e *exchange) {
			if _, ok := e.signedIn(); ok {
				e.response["expires_in"] = 60
				e.say(200, e.response)
			}
		})},
		{"an invitation is good twice", "the invitation is used up", always(func(e *exchange) {
			if e.route == "POST /register" && e.answer.Code == 403 {
				e.say(201, map[string]string{})
			}
		})},
		{"a recovery code twice in the list", "ADMIN registers with the operator's invitation", always(func(e *exchange) {
			if codes, ok := e.response["recovery_codes"].([]any); ok {
				codes[1] = codes[0]
				e.say(201, e.response)
			}
		})},
		{"two TOTP secrets", "ADMIN registers with the operator's invitation", always(func(e *exchange) {
			if totp, ok := e.response["totp"].(map[string]any); ok {
				totp["secret"] = strings.Repeat("A", 32)
				e.say(201, e.response)
			}
		})},
	}
}

// replayed answers a code of that length that has signed in once with the same answer again.
func replayed(length int) func() func(*exchange) {
	return func() func(*exchange) {
		answers := map[string]map[string]any{}
		return func(e *exchange) {
			code := e.request["otp"]
			if _, ok := e.signedIn(); ok && len(code) == length {
				answers[code] = e.response
			} else if first := answers[code]; first != nil {
				e.say(200, first)
			}
		}
	}
}

// letIn answers GET /dashboard as if the token were good.
func (e *exchange) letIn() {
	if e.route == "GET /dashboard" && e.answer.Code == 401 && e.bearer != "" {
		e.say(200, nil)
	}
}

func brokenSessions() []brokenPromise {
	return []brokenPromise{
		{"a replaced token is let in", "a renewed session goes on with its new token alone", func() func(*exchange) {
			renewed := ""
			return func(e *exchange) {
				if e.route == "POST /renew" && e.answer.Code == 200 {
					renewed = e.bearer
				} else if e.bearer == renewed {
					e.letIn()
				}
			}
		}},
		{"renewing gives the same token", "a renewed session goes on with its new token alone", always(func(e *exchange) {
			if e.route == "POST /renew" && e.answer.Code == 200 {
				e.response["access_token"] = e.bearer
				e.say(200, e.response)
			}
		})},
		{"a session ends for show", "a session that its owner ends from another one is shut out at once", func() func(*exchange) {
			ended := false
			return func(e *exchange) {
				if strings.HasPrefix(e.route, "DELETE /sessions/") && e.answer.Code == 204 {
					ended = true
				} else if ended {
					e.letIn()
					ended = false
				}
			}
		}},
		{"sessions are not listed", "a session that its owner ends from another one is shut out at once", always(func(e *exchange) {
			if e.route == "GET /sessions" && e.answer.Code == 200 {
				e.say(200, map[string]any{"sessions": []any{}})
			}
		})},
		{"an API token renews itself", "an API token opens its route alone until it is revoked", always(func(e *exchange) {
			if e.route == "POST /renew" && e.answer.Code == 403 {
				e.say(200, nil)
			}
		})},
		{"an API token is shown again", "an API token opens its route alone until it is revoked", func() func(*exchange) {
			shown := ""
			return func(e *exchange) {
				if text := e.text("api_token"); text != "" {
					shown = text
				} else if e.route == "GET /api-tokens" && e.answer.Code == 200 {
					e.response["shown"] = shown
					e.say(200, e.response)
				}
			}
		}},
		{"an API token is revoked for show", "an API token opens its route alone until it is revoked", always(func(e *exchange) {
			if strings.HasPrefix(e.bearer, "spk_") {
				e.letIn()
			}
		})},
	}
}

func brokenRoutes() []brokenPromise {
	return []brokenPromise{
		{"ADMIN gets into the others' routes", "ADMIN's token opens ADMIN's routes alone", always(func(e *exchange) {
			if e.route == "GET /developer_resource" && e.answer.Code == 403 {
				e.say(200, nil)
			}
		})},
		{"CONSUMER may invite", "CONSUMER's token opens CONSUMER's routes alone", always(func(e *exchange) {
			if token, err := parseToken(e.bearer); err == nil && token.role == 3 && e.route == "POST /invitations" {
				e.say(201, nil)
			}
		})},
		{"DEVELOPER is shut out", "DEVELOPER's token opens DEVELOPER's routes alone", always(func(e *exchange) {
			if e.route == "GET /developer_resource" && e.answer.Code == 200 {
				e.say(403, nil)
			}
		})},
		{"no token is needed", "no token opens nothing", letIn(func(token string, _ *accessToken) bool { return token == "" })},
		{"the CRC is not checked", "a mistyped token opens nothing", letIn(func(token string, parsed *accessToken) bool {
			return strings.HasPrefix(token, tokenPrefix) && parsed == nil
		})},
		{"the signature is not checked", "a forged signature opens nothing", func() func(*exchange) {
			given := map[string]bool{} // what was signed; a record that has been replaced or removed still counts
			return func(e *exchange) {
				if token := e.text("access_token"); token != "" {
					given[token] = true
				}
				if _, err := parseToken(e.bearer); err == nil && !given[e.bearer] && e.answer.Code == 401 && strings.HasPrefix(e.route, "GET /") {
					e.say(200, nil)
				}
			}
		}},
		{"a record is not asked for", "a renewed session goes on with its new token alone", letIn(func(_ string, parsed *accessToken) bool {
			return parsed != nil
		})},
		{"the role in the token is believed", "a token raised to ADMIN opens nothing", func() func(*exchange) {
			roles := map[string]byte{} // by user
			return func(e *exchange) {
				if token, ok := e.signedIn(); ok {
					roles[token.userID] = token.role
				}
				if token, err := parseToken(e.bearer); err == nil && token.role != roles[token.userID] && e.answer.Code == 401 {
					e.say(200, nil)
				}
			}
		}},
		{"a revoked token is let through", "ADMIN logs out and is shut out at once", func() func(*exchange) {
			verdicts := map[string]bool{} // as an authorizer's cache
			return func(e *exchange) {
				if e.route == "GET /dashboard" && e.answer.Code == 200 && strings.HasPrefix(e.bearer, tokenPrefix) {
					verdicts[e.bearer] = true
				} else if e.route == "GET /dashboard" && verdicts[e.bearer] {
					e.say(200, nil)
				}
			}
		}},
		{"logging out twice is done twice", "logging out twice is refused", func() func(*exchange) {
			out := map[string]bool{}
			return func(e *exchange) {
				if e.route == "POST /logout" && e.answer.Code == 204 {
					out[e.bearer] = true
				} else if e.route == "POST /logout" && out[e.bearer] {
					e.say(204, nil)
				}
			}
		}},
	}
}

// letIn lets refused tokens of a kind through; those without the form of a token come unparsed.
func letIn(kind func(token string, parsed *accessToken) bool) func() func(*exchange) {
	return always(func(e *exchange) {
		var parsed *accessToken
		if token, err := parseToken(e.bearer); err == nil {
			parsed = &token
		}
		if e.answer.Code == 401 && strings.HasPrefix(e.route, "GET /") && kind(e.bearer, parsed) {
			e.say(200, nil)
		}
	})
}

func brokenStores() []brokenPromise {
	const sealed, inClear = "each token is stored sealed, in a row of its own", "no token, password, code or secret is anywhere in clear"
	return []brokenPromise{
		{"the row holds the token", sealed, atLastSignIn(func(e *exchange, token accessToken, _ string) {
			e.write("Tokens", tokenKey(token), "note", text(token.text))
		})},
		{"another table holds the token", inClear, atLastSignIn(func(e *exchange, token accessToken, _ string) {
			e.write("Throttles", map[string]string{"subject": token.tokenID}, "note", text(token.text))
		})},
		{"what is sealed was altered", "what is sealed is that very token, for that user alone", atLastSignIn(func(e *exchange, token accessToken, _ string) {
			stored, err := e.s.store.get(e.s.background, "Tokens", tokenKey(token))
			if sealed, ok := stored.binary("sealed"); err == nil && ok {
				sealed[40] ^= 1
				e.write("Tokens", tokenKey(token), "sealed", blob(sealed))
			}
		})},
		{"logging out leaves the row", "the tokens' rows are gone", always(func(e *exchange) {
			if token, err := parseToken(e.bearer); err == nil && e.route == "POST /logout" && e.answer.Code == 204 {
				e.write("Tokens", tokenKey(token), "revoked", &types.AttributeValueMemberBOOL{Value: true})
			}
		})},
		{"the hash is a weak one", "the passwords are stored as Argon2id hashes", atLastSignIn(func(e *exchange, _ accessToken, username string) {
			weak := "$argon2id$v=19$m=16,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + strings.Repeat("A", 43)
			e.write("Accounts", map[string]string{"username": username}, "password_hash", text(weak))
		})},
		{"the TOTP secret is kept as it is", "the TOTP secrets are stored sealed", atLastSignIn(func(e *exchange, _ accessToken, username string) {
			e.write("Accounts", map[string]string{"username": username}, "sealed_totp_secret", blob(make([]byte, 20)))
		})},
		{"the TOTP secret is sealed for another", "the TOTP secrets are stored sealed", atLastSignIn(func(e *exchange, _ accessToken, username string) {
			other := map[string]string{"username": strings.Replace(username, "consumer", "admin", 1)}
			if stored, err := e.s.store.get(e.s.background, "Accounts", other); err == nil {
				e.write("Accounts", map[string]string{"username": username}, "sealed_totp_secret", stored["sealed_totp_secret"])
			}
		})},
		{"the password is kept", inClear, atRegistration(func(e *exchange) {
			e.write("Accounts", map[string]string{"username": e.text("username")}, "note", text(e.request["password"]))
		})},
		{"a recovery code is kept", inClear, atRegistration(func(e *exchange) {
			codes, _ := e.response["recovery_codes"].([]any)
			code, _ := codes[3].(string)
			e.write("Throttles", map[string]string{"subject": "s"}, "codes", &types.AttributeValueMemberL{Value: []types.AttributeValue{text(code)}})
		})},
		{"an invitation is kept", inClear, always(func(e *exchange) {
			if e.route == "POST /invitations" && e.answer.Code == 201 {
				e.write("Invitations", map[string]string{"code_hash": e.text("invitation")}, "maker", text("x"))
			}
		})},
	}
}

// atLastSignIn alters what is stored once CONSUMER has signed in: the next steps look at the tables, before the honest
// service itself would notice.
func atLastSignIn(alter func(e *exchange, token accessToken, username string)) func() func(*exchange) {
	return always(func(e *exchange) {
		token, ok := e.signedIn()
		if !ok || e.text("role") != consumer {
			return
		}
		stored, err := e.s.store.get(e.s.background, "Tokens", tokenKey(token))
		if username, ok := stored.text("username"); err == nil && ok {
			alter(e, token, username)
		}
	})
}

func atRegistration(alter func(*exchange)) func() func(*exchange) {
	return always(func(e *exchange) {
		if e.route == "POST /register" && e.answer.Code == 201 {
			alter(e)
		}
	})
}

func brokenAnswers() []brokenPromise {
	return []brokenPromise{
		{"an unknown route answers", "an unknown route is refused", always(func(e *exchange) {
			if e.answer.Code == 404 {
				e.say(200, nil)
			}
		})},
		{"a dashboard may be cached", "every answer forbids caching, sniffing and plain HTTP", always(func(e *exchange) {
			if e.route == "GET /dashboard" {
				e.answer.Header().Del("Cache-Control")
			}
		})},
		{"a 403 is plain JSON", "every refusal is a problem+json of the contract", always(func(e *exchange) {
			if e.answer.Code == 403 {
				e.answer.Header().Set("Content-Type", "application/json")
			}
		})},
	}
}

func TestABrokenPromiseFailsItsStepAndNoEarlierOne(t *testing.T) {
	t.Parallel()
	for _, b := range slices.Concat(brokenSignIns(), brokenRoutes(), brokenSessions(), brokenStores(), brokenAnswers()) {
		t.Run(b.title, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out := &untilFailure{end: cancel}
			passed := newRun(startService(t, broken(b.alter())).target(), time.Now).all(ctx, out)
			if failed := failedSteps(out.String()); passed || len(failed) == 0 || !strings.HasPrefix(failed[0], b.promise+": ") {
				t.Errorf("want the step %q to fail, and no earlier one:\n%s", b.promise, out)
			}
		})
	}
}

// untilFailure ends the run at the first step that fails, to save time.
type untilFailure struct {
	bytes.Buffer
	end func()
}

func (u *untilFailure) Write(line []byte) (int, error) {
	if bytes.HasPrefix(line, []byte("FAILED")) {
		u.end()
	}
	return u.Buffer.Write(line)
}

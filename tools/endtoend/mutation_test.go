package endtoend_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/tools/endtoend"
	"sallyport/tools/local/iam"
	"sallyport/tools/local/template"
	"sallyport/tools/local/wildcard"
)

// mutants is a local run whose database and key service are behind guards of this test's own, which can be given other policies while
// it runs. The local run's own guards stand before them, with the policies as they are.
type mutants struct {
	t         *testing.T
	runner    *endtoend.Runner
	functions []template.Function
	guards    []*iam.Guard
	caller
	database
	stack string

	mu      sync.Mutex
	denials []iam.Denial
}

func startMutants(t *testing.T) *mutants {
	t.Helper()
	m := &mutants{t: t, stack: stackPrefix + unique()}
	m.guards = []*iam.Guard{iam.NewDynamoDBGuard(newDatabase(), m.denied), iam.NewKMSGuard(newKeyService(), m.denied)}
	databaseServer, keyServer := httptest.NewServer(m.guards[0]), httptest.NewServer(m.guards[1])
	t.Cleanup(databaseServer.Close)
	t.Cleanup(keyServer.Close)
	keyID := ""
	load := func() []template.Function {
		return loadTemplate(t, func(id, kind string) string {
			if kind == "AWS::KMS::Key" {
				return keyID
			}
			return m.stack + "-" + id
		}).Functions
	}
	m.enforce(load()) // the run makes an invitation before it tells the key's id
	m.runner = start(t, "-dynamodb", databaseServer.URL, "-kms", keyServer.URL, "-stack", m.stack, "-param", "SelfRegistrationRoles=CONSUMER,DEVELOPER")
	state, err := m.runner.State()
	if err != nil {
		t.Fatal(err)
	}
	keyID = state.KMSKeyID
	m.functions = load()
	m.enforce(m.functions)
	m.caller, m.database = calling(t, m.runner.Client), openDatabase(t, m.runner)
	return m
}

func (m *mutants) denied(d iam.Denial) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.denials = append(m.denials, d)
}

// refused returns what was refused since it was last asked.
func (m *mutants) refused() []iam.Denial {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.denials
	m.denials = nil
	return all
}

func (m *mutants) enforce(functions []template.Function) {
	for _, guard := range m.guards {
		guard.Enforce(m.stack, functions)
	}
}

// without are the functions' policies with one statement of one function left out.
func (m *mutants) without(function, statement int) []template.Function {
	changed := slices.Clone(m.functions)
	changed[function].Statements = slices.Delete(slices.Clone(changed[function].Statements), statement, statement+1)
	return changed
}

// promise is what a function does when all is well: a call that answers with this status. It may be made again after it has failed.
type promise struct {
	status int
	call   func() endtoend.Response
}

// promises prepare, by function, a promise that needs all of its statements.
func (m *mutants) promises() map[string]func() promise {
	return map[string]func() promise{
		"RegisterFunction": func() promise { // with an invitation, which is looked up and used
			body := map[string]string{
				"username": "mutant-" + unique(), "password": "canary " + unique(), "role": "DEVELOPER", "invitation": m.invite(m.runner, "DEVELOPER"),
			}
			secrets.add("password", body["password"])
			return promise{http.StatusCreated, func() endtoend.Response { return m.do(http.MethodPost, "/register", body) }}
		},
		"LoginFunction": func() promise {
			user := m.user()
			return promise{http.StatusOK, func() endtoend.Response {
				return m.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password})
			}}
		},
		"VerifyOtpFunction": func() promise { // as the day's first sign-in, which makes the data key
			user := m.user()
			challenge := m.login(user)
			return promise{http.StatusOK, func() endtoend.Response {
				m.forgetDataKeys()
				return m.verify(challenge, user.RecoveryCodes[0])
			}}
		},
		"LogoutFunction": func() promise {
			token := m.signIn(m.user())
			return promise{http.StatusNoContent, func() endtoend.Response { return m.logout(token) }}
		},
		"RenewFunction": func() promise { // as what a day's first caller does, which makes the data key
			token := m.signInAnew("CONSUMER")
			return promise{http.StatusOK, func() endtoend.Response {
				m.forgetDataKeys()
				return m.renew(token)
			}}
		},
		"IntrospectFunction": func() promise { // of a token that comes back, which it ends, after a wrong secret, which it counts
			by, token := m.newClient(m.runner), m.signInAnew("CONSUMER")
			wants(m.t, "renewing", m.renew(token), http.StatusOK)
			time.Sleep(2100 * time.Millisecond)
			return promise{http.StatusOK, func() endtoend.Response { return m.asClient(by, "/introspect", token) }}
		},
		"RevokeFunction": func() promise {
			by, token := m.newClient(m.runner), m.signInAnew("CONSUMER")
			return promise{http.StatusOK, func() endtoend.Response { return m.asClient(by, "/revoke", token) }}
		},
		"ReportTokenFunction": func() promise {
			token := m.signInAnew("CONSUMER")
			return promise{http.StatusNoContent, func() endtoend.Response { return m.reportLeaked(token) }}
		},
		"CreateClientFunction": func() promise {
			token := m.admin(m.runner)
			return promise{http.StatusCreated, func() endtoend.Response {
				got := m.do(http.MethodPost, "/clients", map[string]string{"name": "Notes"}, "Authorization", "Bearer "+token)
				secrets.add("client secret", got.Text("client_secret"))
				return got
			}}
		},
		"ClientsFunction": func() promise {
			token := m.admin(m.runner)
			return promise{http.StatusOK, func() endtoend.Response {
				return m.do(http.MethodGet, "/clients", nil, "Authorization", "Bearer "+token)
			}}
		},
		"RemoveClientFunction": func() promise {
			by, token := m.newClient(m.runner), m.admin(m.runner)
			return promise{http.StatusNoContent, func() endtoend.Response {
				return m.do(http.MethodDelete, "/clients/"+by.id, nil, "Authorization", "Bearer "+token)
			}}
		},
		"SessionsFunction": func() promise {
			token := m.signIn(m.user())
			return promise{http.StatusOK, func() endtoend.Response { return m.get("/sessions", token) }}
		},
		"EndSessionFunction": func() promise {
			user := m.user()
			own := m.signIn(user)
			other := m.get("/dashboard", m.signInOn(user, "other")).Text("session_id")
			return promise{http.StatusNoContent, func() endtoend.Response { return m.as(own, http.MethodDelete, "/sessions/"+other, nil) }}
		},
		"EndOtherSessionsFunction": func() promise {
			user := m.user()
			own := m.signIn(user)
			m.signInOn(user, "other")
			return promise{http.StatusNoContent, func() endtoend.Response { return m.as(own, http.MethodDelete, "/sessions", nil) }}
		},
		"CreateApiTokenFunction": func() promise { // as what a day's first caller does, which makes the data key
			token := m.signInAnew("DEVELOPER")
			return promise{http.StatusCreated, func() endtoend.Response {
				m.forgetDataKeys()
				return m.as(token, http.MethodPost, "/api-tokens", map[string]any{"name": "script"})
			}}
		},
		"ApiTokensFunction": func() promise {
			_, token := m.member(m.runner, "DEVELOPER")
			return promise{http.StatusOK, func() endtoend.Response { return m.get("/api-tokens", token) }}
		},
		"RevokeApiTokenFunction": func() promise {
			_, token := m.member(m.runner, "DEVELOPER")
			id := m.as(token, http.MethodPost, "/api-tokens", map[string]any{"name": "script"}).Text("token_id")
			return promise{http.StatusNoContent, func() endtoend.Response { return m.as(token, http.MethodDelete, "/api-tokens/"+id, nil) }}
		},
		"ChangePasswordFunction": func() promise { // with another session to end
			user := m.user()
			own := m.signIn(user)
			m.recover(user)
			return promise{http.StatusNoContent, func() endtoend.Response {
				return m.changePassword(own, user, user.RecoveryCodes[0], "canary "+unique())
			}}
		},
		"BeginEnrolmentFunction": func() promise {
			user := m.user()
			own := m.signIn(user)
			return promise{http.StatusOK, func() endtoend.Response {
				got, _ := m.beginEnrolment(own, user, user.RecoveryCodes[0])
				return got
			}}
		},
		"FinishEnrolmentFunction": func() promise { // with another session to end
			user := m.user()
			own := m.signIn(user)
			m.recover(user)
			_, fresh := m.beginEnrolment(own, user, user.RecoveryCodes[0])
			return promise{http.StatusOK, func() endtoend.Response {
				again := *fresh // which does not remember that its code has been shown already: it was in vain
				return m.confirm(own, &again)
			}}
		},
		"RecoveryCodesFunction": func() promise {
			user := m.user()
			own := m.recover(user)
			return promise{http.StatusOK, func() endtoend.Response { return m.newRecoveryCodes(own, user.CodeAt(time.Now())) }}
		},
		"EnrolFunction": func() promise {
			user := m.user()
			code := m.resetSecondFactor(user)
			return promise{http.StatusCreated, func() endtoend.Response { return m.enrol(user, user.Password, code) }}
		},
		"AuthorizerFunction": func() promise { // to refuse, of which there is an event, and to let in
			token := m.signIn(m.user())
			return promise{http.StatusOK, func() endtoend.Response {
				if got := m.get("/admin_resource", token); got.Status != http.StatusForbidden {
					return got
				}
				return m.get("/dashboard", token)
			}}
		},
		"AuditEventsFunction": func() promise { // by account, by time and by actor: it is kept if all three are
			user, token := m.user(), m.admin(m.runner)
			return promise{http.StatusOK, func() (got endtoend.Response) {
				for _, query := range []string{"?user_id=" + user.UserID, "", "?actor_id=" + user.UserID} {
					if got = m.get("/audit-events"+query, token); got.Status != http.StatusOK {
						break
					}
				}
				return got
			}}
		},
		"ListInvitationsFunction": func() promise { return m.administering(http.MethodGet, "/invitations", nil, http.StatusOK) },
		"WithdrawInvitationFunction": func() promise {
			token := m.admin(m.runner)
			m.invite(m.runner, "DEVELOPER")
			return promise{http.StatusNoContent, func() endtoend.Response {
				id, _ := objects(m.get("/invitations", token), "invitations")[0]["invitation_id"].(string)
				return m.as(token, http.MethodDelete, "/invitations/"+id, nil)
			}}
		},
		"AccountsFunction": func() promise {
			user, token := m.user(), m.admin(m.runner)
			return promise{http.StatusOK, func() (got endtoend.Response) {
				if got = m.get("/accounts", token); got.Status == http.StatusOK {
					got = m.get("/accounts?username="+user.Username, token)
				}
				return got
			}}
		},
		"AccountFunction": func() promise {
			user := m.user()
			m.signIn(user)
			return m.administering(http.MethodGet, "/accounts/"+user.UserID, nil, http.StatusOK)
		},
		"ChangeAccountFunction": func() promise {
			return m.administering(http.MethodPatch, "/accounts/"+m.busyUser(), map[string]string{"role": "DEVELOPER"}, http.StatusOK)
		},
		"EndAccountSessionsFunction": func() promise {
			return m.administering(http.MethodDelete, "/accounts/"+m.busyUser()+"/sessions", nil, http.StatusNoContent)
		},
		"ResetSecondFactorFunction": func() promise {
			return m.administering(http.MethodPost, "/accounts/"+m.busyUser()+"/reset-second-factor", nil, http.StatusCreated)
		},
		"RemoveAccountFunction": func() promise {
			return m.administering(http.MethodDelete, "/accounts/"+m.busyUser(), nil, http.StatusNoContent)
		},
		"InvitationsFunction": func() promise {
			token := m.admin(m.runner)
			return promise{http.StatusCreated, func() endtoend.Response {
				got := m.do(http.MethodPost, "/invitations", map[string]any{"role": "DEVELOPER"}, "Authorization", "Bearer "+token)
				secrets.add("invitation", got.Text("invitation"))
				return got
			}}
		},
	}
}

// asClient calls a route with a wrong secret, and if that is refused as it should be, with the right one.
func (m *mutants) asClient(by client, path, token string) endtoend.Response {
	m.t.Helper()
	if got := m.form(path, basicHeader(by.id+":wrong"), "token="+token); got.Status != http.StatusUnauthorized {
		return got
	}
	return m.form(path, by.header(), "token="+token)
}

// administering promises that an ADMIN's request is answered with the status.
func (m *mutants) administering(method, path string, body any, status int) promise {
	token := m.admin(m.runner)
	return promise{status, func() endtoend.Response { return m.as(token, method, path, body) }}
}

// busyUser returns the id of a user who is signed in, and has begun to sign in once more.
func (m *mutants) busyUser() string {
	user := m.user()
	m.signIn(user)
	m.login(user)
	return user.UserID
}

// signInAnew returns the token of a session that the authorizer lets in, whatever becomes of the data keys from now on.
func (m *mutants) signInAnew(role string) string {
	m.t.Helper()
	token := m.signIn(m.register(role, "")) // not invited: with the data keys the ADMIN's token is no good either
	kill(m.t, m.runner, "authorizer")       // it may hold a key that is forgotten
	wants(m.t, "a new session", m.get("/dashboard", token), http.StatusOK)
	return token
}

// makesDataKeys returns 1 for a function that may make data keys, else 0.
func makesDataKeys(f template.Function) int {
	if slices.ContainsFunc(f.Statements, func(s template.Statement) bool { return s.Sid == "MakeDataKey" }) {
		return 1
	}
	return 0
}

// The policies hold nothing that could be left out: without any one statement some promise is broken, and a line says which permission
// is missing. A statement that none of the promises needs fails this test.
func TestWithoutAnyOneStatementOfItsPoliciesAFunctionFailsVisibly(t *testing.T) {
	t.Parallel()
	m := startMutants(t)
	promises := m.promises()
	// The functions that make data keys come last: with new ones, tokens under the old ones are no good any more.
	slices.SortStableFunc(m.functions, func(a, b template.Function) int { return makesDataKeys(a) - makesDataKeys(b) })
	tried := 0
	for i, f := range m.functions {
		if len(f.Statements) == 0 {
			continue
		}
		prepare := promises[f.LogicalID]
		if prepare == nil {
			t.Errorf("%s has policies, and this test knows no promise that needs them: add one", f.LogicalID)
			continue
		}
		var promised *promise // nil: none that could be made once more
		failed := 0           // how often it was broken
		for j, statement := range f.Statements {
			if statement.Sid == audits {
				continue
			}
			if promised == nil {
				promised, failed = m.prepared(f, prepare), 0
			}
			if got := m.tryWithout(i, j, promised); got.Status < 500 {
				t.Errorf("%s does without its statement %s (template.yaml:%d): %d", f.LogicalID, statement.Sid, statement.Line, got.Status)
			}
			if failed++; failed == breakable {
				promised = nil
			}
			tried++
		}
		if promised == nil {
			promised = m.prepared(f, prepare)
		}
		kill(t, m.runner, folder(f.LogicalID))
		if got := promised.call(); got.Status != promised.status {
			t.Errorf("%s with all its statements again: %d, want %d: %s", f.LogicalID, got.Status, promised.status, got.Body)
		}
		if j := slices.IndexFunc(f.Statements, func(s template.Statement) bool { return s.Sid == audits }); j >= 0 {
			m.withoutEvents(i, j, m.prepared(f, prepare))
			tried++
		}
	}
	if tried == 0 {
		t.Error("no statement was left out")
	}
}

// audits is the statement that a function's events are stored by.
const audits = "Audit"

// breakable is how often a promise can be broken before it must be prepared anew: a challenge takes five codes.
const breakable = 4

// prepared prepares a promise of the function, with all policies as they are.
func (m *mutants) prepared(f template.Function, prepare func() promise) *promise {
	m.t.Helper()
	p := prepare()
	if early := m.refused(); len(early) > 0 {
		m.t.Fatalf("%s: refused with all policies as they are: %v", f.LogicalID, early)
	}
	return &p
}

// tryWithout calls a function that lacks one statement: something is refused, by that statement's absence and nothing else.
func (m *mutants) tryWithout(function, statement int, p *promise) endtoend.Response {
	m.t.Helper()
	f := m.functions[function]
	left := f.Statements[statement]
	m.enforce(m.without(function, statement))
	defer m.enforce(m.functions)
	kill(m.t, m.runner, folder(f.LogicalID)) // what a process remembers must not stand in for what it may not ask
	got := p.call()
	refused := m.refused()
	for _, d := range refused {
		if d.FunctionID != f.LogicalID || !wildcard.MatchAny(left.Actions, d.Action) || !wildcard.MatchAny(left.Resources, d.Resource) ||
			!strings.HasPrefix(d.String(), f.LogicalID+" may not "+d.Action+" on "+d.Resource+": ") {
			m.t.Errorf("%s without %s: refused is %v", f.LogicalID, left.Sid, d)
		}
	}
	if len(refused) == 0 {
		m.t.Errorf("%s without %s: nothing was refused", f.LogicalID, left.Sid)
	}
	return got
}

// withoutEvents calls a function that may not store its events. That changes no answer: what is done is done, and somebody has to look.
func (m *mutants) withoutEvents(function, statement int, p *promise) {
	m.t.Helper()
	const lost = "an audit event could not be stored"
	told := strings.Count(m.runner.Output(), lost)
	if got := m.tryWithout(function, statement, p); got.Status != p.status {
		m.t.Errorf("%s without its statement %s: %d, want %d", m.functions[function].LogicalID, audits, got.Status, p.status)
	}
	waitFor(m.t, "the line about the audit event of "+m.functions[function].LogicalID, func() bool {
		return strings.Count(m.runner.Output(), lost) > told
	})
	kill(m.t, m.runner, folder(m.functions[function].LogicalID))
}

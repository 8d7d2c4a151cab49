package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/auditstore"
	"sallyport/shared/dynamo/keystore"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/envelope"
	"sallyport/shared/password"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/tools/contract"
	embeddeddynamodb "sallyport/tools/local/dynamodb"
	embeddedkms "sallyport/tools/local/kms"
	"sallyport/tools/local/template"
)

// service is an honest service: the domain behind plain HTTP, on an embedded DynamoDB and KMS.
type service struct {
	state      state
	store      *store
	kms        *embeddedkms.Server
	background context.Context // ends with the test

	registrar  account.Registrar
	beginner   account.Beginner
	finisher   account.Finisher
	inviter    *account.Inviter
	authorizer *session.Authorizer
	revoker    *session.Revoker
	renewer    *session.Renewer
	maker      account.APITokenMaker
	accounts   *accountstore.Store
	sessions   *sessionstore.Store
	trail      *auditstore.Store
}

// startService starts one. The handler that dishonest makes of the honest one is what answers; nil leaves it honest.
func startService(t *testing.T, dishonest func(*service, http.Handler) http.Handler) *service {
	t.Helper()
	const keyID = "6f1c1f5e-3a0e-4b6e-9d0c-1f8f3f6f2a11"
	s := &service{background: t.Context(), kms: embeddedkms.NewServer(keyID)}
	s.state = state{
		DynamoDBURL: serve(t, embeddeddynamodb.NewServer()), KMSURL: serve(t, s.kms), KMSKeyID: keyID, Tables: map[string]string{},
	}
	for _, name := range tableNames() {
		s.state.Tables[name] = "local-" + name
	}
	var err error
	if s.store, err = s.state.store(defaultStage); err != nil {
		t.Fatal(err)
	}
	s.createTables(t)
	s.wire(t)
	code, _, err := s.inviter.Invite(t.Context(), "operator", admin, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.state.AdminInvitation = code.Reveal()
	handler := s.handler()
	if dishonest != nil {
		handler = dishonest(s, handler)
	}
	s.state.URL = serve(t, handler)
	return s
}

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func (s *service) createTables(t *testing.T) {
	t.Helper()
	stack, err := template.Load("../../template.yaml", template.Options{Physical: func(logicalID, _ string) string {
		return s.state.Tables[strings.TrimSuffix(logicalID, "Table")]
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range stack.Tables {
		if _, err := s.store.database.CreateTable(t.Context(), embeddeddynamodb.TableInput(table)); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *service) wire(t *testing.T) {
	t.Helper()
	hasher, err := password.NewHasher(password.Params{MemoryKiB: 19456, Time: 2})
	if err != nil {
		t.Fatal(err)
	}
	log, tables := slog.New(slog.DiscardHandler), s.state.Tables
	accounts := accountstore.New(s.store.database, accountstore.Tables{
		Accounts: tables["Accounts"], Challenges: tables["Challenges"], Tokens: tables["Tokens"],
		Invitations: tables["Invitations"], Throttles: tables["Throttles"],
	})
	sessions := sessionstore.New(s.store.database, sessionstore.Tables{Tokens: tables["Tokens"], Accounts: tables["Accounts"]})
	ring := envelope.NewRing(keystore.New(s.store.database, tables["DataKeys"]), s.store.key(), defaultStage, time.Now, log)
	s.registrar = account.Registrar{
		Store: accounts, Sealer: s.store.key(), Hasher: hasher, Strength: password.CheckStrength,
		FreeRoles: []policy.Role{policy.Consumer}, Issuer: "Sallyport", Now: time.Now, Log: log, PerAddress: 1000,
	}
	s.beginner = account.Beginner{Store: accounts, Hasher: hasher, ChallengeLife: 5 * time.Minute, Now: time.Now, Log: log}
	s.finisher = account.Finisher{
		Store: accounts, Opener: s.store.key(), Issuer: session.NewIssuer(ring, time.Now, time.Hour), Now: time.Now, Log: log,
	}
	s.accounts, s.trail = accounts, auditstore.New(s.store.database, tables["Audit"], 1)
	s.inviter = account.NewInviter(accounts, time.Now)
	s.authorizer = session.NewAuthorizer(ring, sessions, time.Now)
	s.revoker = session.NewRevoker(sessions)
	s.accounts, s.sessions = accounts, sessions
	s.renewer = session.NewRenewer(sessions, ring, time.Now, time.Hour)
	s.maker = account.APITokenMaker{Store: accounts, Issuer: s.finisher.Issuer, Now: time.Now}
}

// handler serves the contract.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	public := func(pattern string, serve func(*http.Request) (int, any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			status, body, err := serve(r)
			answerWith(w, status, body, err)
		})
	}
	public("POST /register", s.register)
	public("POST /login", s.login)
	public("POST /verify-otp", s.verifyOTP)
	for _, to := range contract.Routes() {
		mux.HandleFunc(to.Method+" "+to.Template(), func(w http.ResponseWriter, r *http.Request) {
			bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			caller, err := s.authorizer.Authorize(r.Context(), secret.New(bearer), policy.Route{API: policy.Own, Method: to.Method, Resource: to.Template()})
			if apperr.CodeOf(err) == apperr.Unauthenticated && err != nil {
				w.Header().Set("WWW-Authenticate", `Bearer realm="sallyport"`)
			}
			if err != nil {
				w.Header().Set(refusedByAuthorizer, "true")
			}
			status, body := to.Status, any(map[string]string{"username": caller.Username})
			administered, failure, is := any(nil), error(nil), false
			if err == nil {
				administered, failure, is = s.administer(r, caller)
			}
			switch {
			case err != nil:
			case to.Path == "/logout":
				body, err = nil, s.revoker.Revoke(r.Context(), caller)
			case is:
				body, err = administered, failure
				if status = http.StatusOK; body == nil {
					status = http.StatusNoContent
				}
			case to.Path == "/invitations" && to.Method == http.MethodPost:
				body, err = s.invite(r, caller.Username)
			default:
				if body, err = s.own(r, caller, body); err == nil && status == 404 { // not an id that nobody has
					status, body = 204, nil
				}
			}
			answerWith(w, status, body, err)
		})
	}
	public("/", func(*http.Request) (int, any, error) { return 404, nil, nil })
	return mux
}

// refusedByAuthorizer tells a refusal of the authorizer's from a function's own: sam local words the first in its own way.
const refusedByAuthorizer = "X-Refused-By-Authorizer"

func answerWith(w http.ResponseWriter, status int, body any, err error) {
	kind := "application/json"
	if err != nil {
		failure := apperr.From(err)
		status = map[apperr.Code]int{
			apperr.InvalidRequest: 400, apperr.Unauthenticated: 401, apperr.Forbidden: 403, apperr.UsernameTaken: 409,
			apperr.NotFound: 404, apperr.TooManyRequests: 429, apperr.ServiceUnavailable: 503,
		}[failure.Code]
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(failure.RetryAfter.Seconds()))))
	}
	if status >= 400 || status == 0 {
		status = max(status, 400)
		kind = "application/problem+json"
		body = problem{
			Type: "urn:problem-type:sallyport:x", Title: http.StatusText(status), Status: status, Detail: "Do otherwise.",
			Instance: "urn:uuid:" + randomUUID(),
		}
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	w.WriteHeader(status)
	if body != nil {
		json.NewEncoder(w).Encode(body) //nolint:errcheck,errchkjson // the caller sees a body that is cut off
	}
}

func (s *service) register(r *http.Request) (int, any, error) {
	var in struct {
		Username, Password, Role string
		Invitation               *string
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return 400, nil, nil //nolint:nilerr // the status says it
	}
	input := account.RegisterInput{Username: in.Username, Password: secret.New(in.Password), Role: &in.Role}
	if in.Invitation != nil {
		code := secret.New(*in.Invitation)
		input.Invitation = &code
	}
	made, err := s.registrar.Register(r.Context(), input)
	var codes []string
	for _, code := range made.RecoveryCodes {
		codes = append(codes, code.Reveal())
	}
	return 201, map[string]any{
		"user_id": made.UserID.String(), "username": made.Username, "role": made.Role.String(), "recovery_codes": codes,
		"totp": map[string]string{"secret": made.TOTPSecret.Reveal(), "uri": made.TOTPURI.Reveal()},
	}, err
}

func (s *service) login(r *http.Request) (int, any, error) {
	var in struct{ Username, Password string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return 400, nil, nil //nolint:nilerr // the status says it
	}
	begun, err := s.beginner.Begin(r.Context(), account.BeginInput{
		Username: in.Username, Password: secret.New(in.Password), Address: "192.0.2.1",
	})
	return 200, map[string]any{"challenge_id": begun.ChallengeID, "expires_in": int(begun.ExpiresIn.Seconds())}, err
}

func (s *service) verifyOTP(r *http.Request) (int, any, error) {
	var in struct {
		ChallengeID string `json:"challenge_id"`
		OTP         string `json:"otp"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return 400, nil, nil //nolint:nilerr // the status says it
	}
	got, err := s.finisher.Finish(r.Context(), account.FinishInput{ChallengeID: in.ChallengeID, Code: secret.New(in.OTP)})
	return 200, map[string]any{
		"access_token": got.AccessToken.Reveal(), "token_type": "Bearer", "expires_in": int(got.ExpiresIn.Seconds()),
		"session_id": got.Identity.SessionID, "role": got.Identity.Role.String(),
	}, err
}

func (s *service) invite(r *http.Request, maker string) (any, error) {
	var in struct {
		Role      string `json:"role"`
		ExpiresIn int64  `json:"expires_in"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, apperr.New(apperr.InvalidRequest, "no JSON")
	}
	code, made, err := s.inviter.Invite(r.Context(), maker, in.Role, &in.ExpiresIn)
	return map[string]any{"invitation": code.Reveal(), "role": made.Role.String(), "expires_at": made.ExpiresAt}, err
}

// own does what a caller may do to sessions and API tokens; other routes answer body.
func (s *service) own(r *http.Request, caller session.Identity, body any) (any, error) {
	ctx := r.Context()
	switch r.Pattern {
	case "POST /renew":
		got, err := s.renewer.Renew(ctx, caller)
		return map[string]any{"access_token": got.AccessToken.Reveal(), "session_id": got.Identity.SessionID}, err
	case "GET /sessions":
		all, err := account.ListSessions(ctx, s.accounts, s.sessions, caller, time.Now())
		list := []map[string]any{}
		for _, one := range all {
			list = append(list, map[string]any{"session_id": one.SessionID, "current": one.TokenID == caller.TokenID})
		}
		return map[string]any{"sessions": list}, err
	case "DELETE /sessions":
		_, err := account.EndOtherSessions(ctx, s.accounts, caller)
		return nil, err
	case "DELETE /sessions/{session_id}":
		return nil, account.EndSession(ctx, s.accounts, s.sessions, caller, r.PathValue("session_id"))
	case "POST /api-tokens":
		var in struct {
			Name   string
			Routes []struct{ Method, Resource string }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return nil, apperr.New(apperr.InvalidRequest, "no JSON")
		}
		var routes []policy.Route
		for _, one := range in.Routes {
			routes = append(routes, policy.Route{API: policy.Own, Method: one.Method, Resource: one.Resource})
		}
		text, made, err := s.maker.Make(ctx, caller, account.APITokenInput{Name: in.Name, Routes: routes})
		return map[string]any{"api_token": text.Reveal(), "token_id": made.TokenID.String()}, err
	case "GET /api-tokens":
		all, err := account.ListAPITokens(ctx, s.accounts, caller, time.Now())
		ids := []string{}
		for _, one := range all {
			ids = append(ids, one.TokenID.String())
		}
		return map[string]any{"api_tokens": ids}, err
	case "DELETE /api-tokens/{token_id}":
		return nil, account.RevokeAPIToken(ctx, s.accounts, s.sessions, caller, r.PathValue("token_id"))
	}
	if strings.Contains(r.Pattern, "{") { // an id that nobody has
		return nil, apperr.New(apperr.NotFound, "There is none.")
	}
	return body, nil
}

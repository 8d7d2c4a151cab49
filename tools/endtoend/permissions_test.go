package endtoend_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/crypto/argon2"

	"sallyport/tools/endtoend"
	"sallyport/tools/local/awsjson"
	"sallyport/tools/local/lambda"
	"sallyport/tools/local/template"
)

// permissions are what a function may do or has done, as "PutItem TokensTable" and "Decrypt access-token".
type permissions map[string]bool

// loadTemplate reads template.yaml as the local run does, with the physical names that physical gives, or logical ids.
func loadTemplate(t *testing.T, physical func(logicalID, resourceType string) string) *template.Stack {
	t.Helper()
	stack, err := template.Load(filepath.Join(root, "template.yaml"), template.Options{Physical: physical})
	if err != nil {
		t.Fatal(err)
	}
	return stack
}

// deployed reads template.yaml with the tables' names of a local run.
func deployed(t *testing.T, runner *endtoend.Runner) *template.Stack {
	t.Helper()
	state, err := runner.State()
	if err != nil {
		t.Fatal(err)
	}
	return loadTemplate(t, func(id, _ string) string { return state.Tables[strings.TrimSuffix(id, "Table")] })
}

// granted is what template.yaml lets each function do. Only statements of the form that the template has are taken, and any other is
// a fault: what is wider than these is wider than a function needs.
func granted(t *testing.T) map[string]permissions {
	t.Helper()
	all := map[string]permissions{}
	for _, f := range loadTemplate(t, nil).Functions {
		all[f.LogicalID] = permissions{}
		for _, s := range f.Statements {
			if s.Deny || len(s.Resources) != 1 || strings.ContainsAny(s.Resources[0], "*?") {
				t.Errorf("%s, %s: not an Allow on one resource of the stack", f.LogicalID, s.Sid)
				continue
			}
			_, target, _ := strings.Cut(s.Resources[0], "/")
			target = strings.Replace(target, "/index/", "/", 1) // an index follows its table
			for _, action := range s.Actions {
				service, name, _ := strings.Cut(action, ":")
				on := []string{target}
				if service == "kms" {
					on = purposes(t, f.LogicalID, s)
				} else if service != "dynamodb" || len(s.Conditions) > 0 || strings.ContainsAny(name, "*?") {
					t.Errorf("%s, %s: %s is not one action on a table", f.LogicalID, s.Sid, action)
				}
				for _, target := range on {
					all[f.LogicalID][name+" "+target] = true
				}
			}
		}
	}
	if !all["AuthorizerFunction"]["GetItem TokensTable"] {
		t.Fatalf("the authorizer may %v: template.yaml is not read as it is meant", all["AuthorizerFunction"])
	}
	return all
}

// purposes are those that a statement on the key is bound to.
func purposes(t *testing.T, function string, s template.Statement) (purposes []string) {
	t.Helper()
	bound := false
	for _, c := range s.Conditions {
		switch {
		case c.Operator == "StringEquals" && c.Key == "kms:EncryptionContext:purpose":
			purposes = c.Values
		case c.Operator == "StringEquals" && c.Key == "kms:EncryptionContext:stage" && slices.Equal(c.Values, []string{"prod"}):
			bound = true
		default:
			t.Errorf("%s, %s: %s on %s is a condition that this test does not know", function, s.Sid, c.Operator, c.Key)
		}
	}
	if !bound || len(purposes) == 0 || !strings.HasSuffix(s.Resources[0], "key/SealingKey") {
		t.Errorf("%s, %s: not bound to the key, a purpose and the stage", function, s.Sid)
	}
	return purposes
}

// witness passes calls on to a service and notes which function made them, and the keys that KMS gave out in clear.
type witness struct {
	service   http.Handler
	functions map[string]string // access key id to logical id

	mu   sync.Mutex
	used map[string]permissions // by function
	keys [][]byte
}

func (w *witness) ServeHTTP(response http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if function, ok := w.functions[awsjson.AccessKeyID(r.Header.Get("Authorization"))]; ok { // else it is the local run, which makes the tables
		w.note(function, operation, body)
	}
	recorder := httptest.NewRecorder()
	w.service.ServeHTTP(recorder, r)
	var answer struct{ Plaintext []byte }
	if json.Unmarshal(recorder.Body.Bytes(), &answer) == nil && len(answer.Plaintext) > 0 {
		w.mu.Lock()
		w.keys = append(w.keys, answer.Plaintext)
		w.mu.Unlock()
	}
	maps.Copy(response.Header(), recorder.Header())
	response.WriteHeader(recorder.Code)
	_, _ = response.Write(recorder.Body.Bytes()) // who does not listen has hung up
}

func (w *witness) did(function string) permissions {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.used[function])
}

func (w *witness) note(function, operation string, body []byte) {
	var call struct {
		TableName         string
		IndexName         string
		TransactItems     []map[string]struct{ TableName string }
		RequestItems      map[string]any
		EncryptionContext map[string]string
	}
	_ = json.Unmarshal(body, &call) // what is not JSON needs no permission
	w.mu.Lock()
	defer w.mu.Unlock()
	add := func(action, on string) {
		if w.used[function] == nil {
			w.used[function] = permissions{}
		}
		w.used[function][action+" "+on] = true
	}
	table := func(name string) string { return name[strings.LastIndexByte(name, '-')+1:] } // the stack's name precedes it
	switch {
	case len(call.TransactItems) > 0: // IAM asks for the actions that a transaction is made of
		for _, item := range call.TransactItems {
			for kind, of := range item {
				add(kind+"Item", table(of.TableName))
			}
		}
	case len(call.RequestItems) > 0:
		for name := range call.RequestItems {
			add(operation, table(name))
		}
	case call.IndexName != "":
		add(operation, table(call.TableName)+"/"+call.IndexName)
	case call.TableName != "":
		add(operation, table(call.TableName))
	default:
		if call.EncryptionContext["stage"] != "prod" {
			add(operation, "another stage")
		}
		add(operation, call.EncryptionContext["purpose"])
	}
}

func TestEachFunctionDoesExactlyWhatItsPolicyAllowsAndNoKeyIsPrinted(t *testing.T) {
	t.Parallel()
	allowed := granted(t)
	functions := map[string]string{}
	for id := range allowed {
		functions[lambda.AccessKeyID(id)] = id
	}
	database := &witness{service: newDatabase(), functions: functions, used: map[string]permissions{}}
	keys := &witness{service: newKeyService(), functions: functions, used: map[string]permissions{}}
	databaseServer, keyServer := httptest.NewServer(database), httptest.NewServer(keys)
	t.Cleanup(databaseServer.Close)
	t.Cleanup(keyServer.Close)
	runner := start(t, "-dynamodb", databaseServer.URL, "-kms", keyServer.URL)
	everything(t, runner)

	for _, id := range slices.Sorted(maps.Keys(allowed)) {
		did := permissions{}
		maps.Copy(did, database.did(id))
		maps.Copy(did, keys.did(id))
		for action := range did {
			if !allowed[id][action] {
				t.Errorf("%s does %s, which its policy does not allow", id, action)
			}
		}
		for action := range allowed[id] {
			if !did[action] {
				t.Errorf("%s may %s, and never does", id, action)
			}
		}
	}
	checkEventsOfTheAuditPage(t, runner)
	if len(keys.keys) == 0 {
		t.Error("KMS gave out no key: nothing was looked for")
	}
	output := runner.Output()
	for _, key := range keys.keys {
		for _, form := range []string{string(key), base64.StdEncoding.EncodeToString(key), base64.RawURLEncoding.EncodeToString(key), fmt.Sprintf("%x", key), fmt.Sprint(key)} {
			if strings.Contains(output, form) {
				t.Error("a key is printed")
			}
		}
	}
	if leaked := secrets.in(output); len(leaked) > 0 {
		t.Errorf("the output tells %d secrets, such as a %s", len(leaked), leaked[0])
	}

	// Its keys are its own: what one installation signs is nothing to another.
	calling(t, shared.Client).member(shared, "CONSUMER") // the other one has a key of its own: for want of one, any token is refused
	_, token := calling(t, runner.Client).member(runner, "CONSUMER")
	wants(t, "another installation's token", calling(t, shared.Client).get("/dashboard", token), 401)
	wants(t, "its own", calling(t, runner.Client).get("/dashboard", token), 200)
}

// everyKeyAnew has each function that makes data keys make one, as the day's first.
func everyKeyAnew(t *testing.T, c caller, runner *endtoend.Runner) {
	t.Helper()
	d := openDatabase(t, runner)
	token := c.signIn(c.user())
	_, developer := c.member(runner, "DEVELOPER")
	wants(t, "a new session", c.get("/dashboard", token), 200)
	d.forgetDataKeys()
	wants(t, "renewing as the day's first", c.renew(token), 200)
	d.forgetDataKeys()
	wants(t, "making an API token as the day's first", c.as(developer, http.MethodPost, "/api-tokens", map[string]any{"name": "script"}), 201)
	kill(t, runner, "authorizer") // it holds the key that is no more
}

// everyStandardRoute has the functions for resource servers and finders do all that they can.
func everyStandardRoute(t *testing.T, c caller, runner *endtoend.Runner) {
	t.Helper()
	by := c.newClient(runner)
	for path, end := range map[string]func(token string) endtoend.Response{
		"/introspect":    func(token string) endtoend.Response { return c.introspect(by, token) },
		"/revoke":        func(token string) endtoend.Response { return c.revoke(by, token) },
		"/leaked-tokens": c.reportLeaked,
	} {
		for replaced := range 2 {
			token := c.signIn(c.user())
			if replaced == 1 {
				wants(t, "renewing", c.renew(token), 200)
				time.Sleep(2100 * time.Millisecond) // out of its grace: the session ends by it
			}
			if got := end(token); got.Status >= 300 {
				t.Errorf("%s: %d %s", path, got.Status, got.Body)
			}
		}
	}
	for _, path := range []string{"/introspect", "/revoke"} {
		wantsRefused(t, path+" with a wrong secret", c.form(path, basicHeader(by.id+":wrong"), "token=x"), 401, "invalid_client")
	}
	admin := []string{"Authorization", "Bearer " + c.admin(runner)}
	wants(t, "the clients", c.do(http.MethodGet, "/clients", nil, admin...), 200)
	wants(t, "removing a client", c.do(http.MethodDelete, "/clients/"+by.id, nil, admin...), 204)
}

// everyCredential has each function that changes credentials do all that it can: wrong guesses counted, right ones forgotten, and sessions
// ended.
func everyCredential(t *testing.T, c caller, runner *endtoend.Runner) {
	t.Helper()
	user := c.user()
	token := c.recover(user)
	wants(t, "a wrong password", c.changePassword(token, &endtoend.User{Username: user.Username, Password: "wrong password"}, user.RecoveryCodes[0], "canary "+unique()), 401)
	password := "canary " + unique()
	c.recover(user)
	wants(t, "a new password", c.changePassword(token, user, user.RecoveryCodes[0], password), 204)
	user.Password = password
	for _, path := range []string{"/authenticator", "/recovery-codes"} {
		wants(t, "a wrong code at "+path, c.as(token, http.MethodPost, path, map[string]string{"otp": user.WrongCode()}), 401)
	}
	wants(t, "new recovery codes", c.newRecoveryCodes(token, user.CodeAt(time.Now())), 200)

	user = c.user()
	token = c.recover(user)
	c.recover(user)
	begun, fresh := c.beginEnrolment(token, user, user.RecoveryCodes[0])
	wants(t, "a new authenticator", begun, 200)
	wants(t, "a wrong code of it", c.as(token, http.MethodPost, "/authenticator/confirm", map[string]string{"otp": fresh.WrongCode()}), 401)
	wants(t, "a right code of it", c.confirm(token, fresh), 200)

	code := openDatabase(t, runner).resetSecondFactor(user)
	wants(t, "a wrong enrolment", c.enrol(user, user.Password, "wrong"), 401)
	wants(t, "an enrolment", c.enrol(user, user.Password, code), 201)
}

// everyAdministration has an ADMIN do all that an ADMIN can.
func everyAdministration(t *testing.T, c caller, runner *endtoend.Runner) {
	t.Helper()
	admin := c.admin(runner)
	user := c.user()
	path := "/accounts/" + user.UserID
	signIn := func() { // what ends, and a sign-in under way
		c.recover(user)
		c.login(user)
	}
	signIn()
	for _, listed := range []string{"/invitations", "/accounts", "/accounts?username=" + user.Username, path} {
		wants(t, listed, c.get(listed, admin), 200)
	}
	c.invite(runner, "DEVELOPER")
	id, _ := objects(c.get("/invitations", admin), "invitations")[0]["invitation_id"].(string)
	wants(t, "withdrawing", c.as(admin, http.MethodDelete, "/invitations/"+id, nil), 204)
	wants(t, "a new role", c.as(admin, http.MethodPatch, path, map[string]string{"role": "DEVELOPER"}), 200)
	signIn()
	wants(t, "ending sessions", c.as(admin, http.MethodDelete, path+"/sessions", nil), 204)
	signIn()
	wants(t, "a reset", c.as(admin, http.MethodPost, path+"/reset-second-factor", nil), 201)
	user = c.user()
	path = "/accounts/" + user.UserID
	signIn()
	wants(t, "erasing", c.as(admin, http.MethodDelete, path, nil), 204)
}

// everything has every function do all that it can, sign-in's rare cases included.
func everything(t *testing.T, runner *endtoend.Runner) {
	t.Helper()
	c := calling(t, runner.Client)
	for _, role := range roles {
		user, token := c.member(runner, role)
		for _, path := range []string{"/dashboard", "/admin_resource", "/developer_resource", "/consumer_resource"} {
			c.get(path, token)
		}
		if role != "CONSUMER" {
			made := c.as(token, http.MethodPost, "/api-tokens", map[string]any{"name": "script"})
			wants(t, "making an API token", made, 201)
			wants(t, "listing them", c.get("/api-tokens", token), 200)
			wants(t, "revoking it", c.as(token, http.MethodDelete, "/api-tokens/"+made.Text("token_id"), nil), 204)
		}
		c.signInOn(user, "another")
		wants(t, "ending the other sessions", c.as(token, http.MethodDelete, "/sessions", nil), 204)
		another := c.get("/dashboard", c.signInOn(user, "yet another")).Text("session_id")
		c.sessions(token)
		wants(t, "ending one", c.as(token, http.MethodDelete, "/sessions/"+another, nil), 204)
		renewed := c.renew(token)
		wants(t, "renewing", renewed, 200)
		wants(t, "logout", c.logout(renewed.Text("access_token")), 204)
	}
	for _, query := range []string{"", "?user_id=-", "?actor_id=" + c.user().UserID} {
		wants(t, "audit events", c.get("/audit-events"+query, c.admin(runner)), 200)
	}
	stolen := c.signIn(c.user())
	wants(t, "renewing", c.renew(stolen), 200)
	time.Sleep(2100 * time.Millisecond) // for the other one to be out of its grace
	wants(t, "a replaced token", c.get("/dashboard", stolen), 401)
	everyStandardRoute(t, c, runner)
	everyCredential(t, c, runner)
	everyAdministration(t, c, runner)
	everyKeyAnew(t, c, runner)

	user := c.user()
	wants(t, "a wrong password", c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": "wrong password"}), 401)
	wants(t, "a wrong code", c.verify(c.login(user), user.WrongCode()), 401)
	wants(t, "a code of the app", c.verify(c.login(user), user.Code()), 200)

	// An account that is full, and whose hash is of yesterday's costs: the next sign-in ends a session and hashes anew.
	d := openDatabase(t, runner)
	salt := []byte("sixteen bytes...")
	tag := argon2.IDKey([]byte(user.Password), salt, 2, 19456, 1, 32)
	full := map[string]types.AttributeValue{}
	for n := range 50 {
		full[fmt.Sprintf("%032x", n)] = &types.AttributeValueMemberM{Value: row{
			"session_id": &types.AttributeValueMemberS{Value: fmt.Sprintf("%032x", n)}, "created_at": &types.AttributeValueMemberN{Value: "1795435200"}, "expires_at": &types.AttributeValueMemberN{Value: "4102444800"},
		}}
	}
	for _, r := range d.rows("Accounts") {
		if text(r["username"]) == user.Username {
			r["sessions"] = &types.AttributeValueMemberM{Value: full}
			r["password_hash"] = &types.AttributeValueMemberS{Value: fmt.Sprintf("$argon2id$v=19$m=19456,t=2,p=1$%s$%s",
				base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(tag))}
			d.put("Accounts", r)
		}
	}
	c.signIn(user)
	for _, r := range d.rows("Accounts") {
		if text(r["username"]) == user.Username {
			if hash := text(r["password_hash"]); !strings.HasPrefix(hash, "$argon2id$v=19$m=47104,t=1,p=1$") {
				t.Error("the hash was not raised to today's costs")
			}
			if n := len(r["sessions"].(*types.AttributeValueMemberM).Value); n != 50 {
				t.Errorf("the full account has %d sessions", n)
			}
		}
	}
}

package endtoend_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"sallyport/tools/endtoend"
	"sallyport/tools/operator/stack/stacktest"
)

// operated is a local run, and a shell in which an operator looks after it as if it were the stack "sallyport".
type operated struct {
	caller

	runner *endtoend.Runner
	state  endtoend.State
	sh     *shell
}

func operate(t *testing.T) operated {
	t.Helper()
	runner := start(t, embeddedKMS...)
	state, err := runner.State()
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string]string{"ApiUrl": runner.URL, "SealingKeyArn": state.KMSKeyID}
	for table, name := range state.Tables {
		outputs[table+"TableName"] = name
	}
	cloudFormation := httptest.NewServer(stacktest.Stack{Name: "sallyport", Outputs: outputs})
	t.Cleanup(cloudFormation.Close)
	return operated{calling(t, runner.Client), runner, state, newShell(t, root, map[string]string{
		"AWS_ENDPOINT_URL_CLOUDFORMATION": cloudFormation.URL, "AWS_ENDPOINT_URL_DYNAMODB": state.DynamoDBURL, "AWS_ENDPOINT_URL_KMS": state.KMSURL,
	})}
}

func (o operated) password(user *endtoend.User, password string) endtoend.Response {
	o.t.Helper()
	return o.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": password})
}

// account is somebody who is signed in, and whose name the shell has.
func (o operated) account() (*endtoend.User, string) {
	o.t.Helper()
	user, token := o.member(o.runner, "CONSUMER")
	o.sh.set("user", user.Username)
	return user, token
}

func TestTheOperationsPageDoesToAccountsWhatItSays(t *testing.T) {
	t.Parallel()
	o := operate(t)
	const lock, one = "Somebody cannot sign in: 429 1", "End one account's sessions, disable it, or change its role "

	user, token := o.account()
	for range 7 {
		o.password(user, "wrong password")
	}
	wants(t, "a right password while the name is throttled", o.password(user, user.Password), 429)
	o.sh.run(lock)
	wants(t, "a right password then", o.password(user, user.Password), 200)
	wants(t, "an open session meanwhile", o.get("/dashboard", token), 200)

	other := o.signIn(user)
	dashboard := o.get("/dashboard", token)
	wantsPrinted(t, o.sh.run(one+"1"), dashboard.Text("session_id"))
	o.sh.set("session_id", dashboard.Text("session_id"))
	o.sh.run(one + "2")
	wants(t, "the session that was ended", o.get("/dashboard", token), 401)
	wants(t, "another session", o.get("/dashboard", other), 200)

	pending := o.login(user)
	o.sh.run(one + "3")
	wants(t, "when all sessions were ended", o.get("/dashboard", other), 401)
	wants(t, "a sign-in that was under way", o.verify(pending, user.Code()), 401)
	token = o.signIn(user)

	o.sh.run(one + "4")
	wants(t, "a disabled account's token", o.get("/dashboard", token), 401)
	wants(t, "a disabled account's right password", o.password(user, user.Password), 401)
	o.sh.run(one + "5")
	token = o.signIn(user)
	wants(t, "when the account is enabled", o.get("/dashboard", token), 200)

	o.sh.run(one + "6")
	wants(t, "a token from before the change of role", o.get("/dashboard", token), 401)
	token = o.signIn(user)
	wants(t, "the new role's route", o.get("/developer_resource", token), 200)
	wants(t, "the old role's route", o.get("/consumer_resource", token), 403)

	o.sh.run(one + "7")
	wants(t, "a removed account's token", o.get("/dashboard", token), 401)
	wants(t, "registering the name anew", o.do(http.MethodPost, "/register", map[string]string{
		"username": user.Username, "password": user.Password,
	}), 201)

	printed := o.sh.run("The first ADMIN 1")
	wantsPrinted(t, printed, "curl -sS "+o.runner.URL+"/register")
	o.register("ADMIN", invitationIn(t, printed))

	o.everyone()
	o.sh.page.wantAllRun(t, byOperator)
}

// everyone ends every session, and checks that either door alone would have done.
func (o operated) everyone() {
	o.t.Helper()
	d := openDatabase(o.t, o.runner)
	user, token := o.account()
	row := d.tokenRow(user.UserID)
	o.sh.run("End every session 1")
	wants(o.t, "a token from before", o.get("/dashboard", token), 401)
	if n := len(d.rows("Tokens")); n != 0 {
		o.t.Errorf("%d token rows are left", n)
	}
	d.put("Tokens", row) // somebody who can write the table brings it back
	kill(o.t, o.runner, "authorizer")
	wants(o.t, "a token of a shredded key whose row is there", o.get("/dashboard", token), 401)
	fresh := o.signIn(user)
	waitFor(o.t, "a new token that is let in", func() bool { return o.get("/dashboard", fresh).Status == http.StatusOK })
	wants(o.t, "the old token still", o.get("/dashboard", token), 401)
}

// invitationIn returns the invitation that the operator's command printed.
func invitationIn(t *testing.T, printed string) string {
	t.Helper()
	_, rest, _ := strings.Cut(printed, `"invitation":"`)
	code, _, found := strings.Cut(rest, `"`)
	if !found {
		t.Fatalf("no invitation: %s", printed)
	}
	secrets.add("invitation", code)
	return code
}

func TestTheOperationsPageDoesToKeysAndTablesWhatItSays(t *testing.T) {
	t.Parallel()
	if !installed(t, awsCLI()) {
		return
	}
	o := operate(t)
	user, token := o.account()

	o.sh.set("user_id", user.UserID)
	wantsPrinted(t, o.sh.run("Audit events 1"), "verify_otp\tsucceeded")
	wantsPrinted(t, o.sh.run("Audit events 2"), user.UserID+"\tverify_otp\tsucceeded")

	o.sh.run("Keys 1")
	wants(t, "a token from before the rotation", o.get("/dashboard", token), 200)
	kill(t, o.runner, "authorizer")
	wants(t, "the same, with the key unwrapped anew", o.get("/dashboard", token), 200)
	wants(t, "a new session", o.get("/dashboard", o.signIn(user)), 200)

	const key = "The KMS key is disabled or scheduled for deletion "
	keys := kms.New(kms.Options{
		Region: "us-east-1", BaseEndpoint: &o.state.KMSURL, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	if _, err := keys.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &o.state.KMSKeyID}); err != nil {
		t.Fatal(err)
	}
	wants(t, "the second step without the key", o.verify(o.login(user), user.Code()), 503)
	kill(t, o.runner, "authorizer")
	wants(t, "a fresh authorizer without the key", o.get("/dashboard", token), 503)
	wantsPrinted(t, o.sh.run(key+"1"), "PendingDeletion")
	o.sh.run(key + "2")
	wantsPrinted(t, o.sh.run(key+"1"), "Disabled")
	o.sh.run(key + "3")
	wantsPrinted(t, o.sh.run(key+"1"), "Enabled")
	wants(t, "the old token with the key back", o.get("/dashboard", token), 200)
	wants(t, "the second step with the key back", o.verify(o.login(user), user.Code()), 200)

	const another = "Another table is gone "
	d := openDatabase(t, o.runner)
	tokens := o.state.Tables["Tokens"]
	if _, err := d.client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &tokens}); err != nil {
		t.Fatal(err)
	}
	wants(t, "a token without the table", o.get("/dashboard", token), 503)
	for _, block := range []string{"1", "2", "3"} {
		o.sh.run(another + block)
	}
	wants(t, "a token with the table made anew", o.get("/dashboard", token), 401)
	wants(t, "a new session", o.get("/dashboard", o.signIn(user)), 200)
	ttl, err := d.client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &tokens})
	if err != nil || aws.ToString(ttl.TimeToLiveDescription.AttributeName) != "expires_at" {
		t.Errorf("time to live: %+v, %v", ttl, err)
	}
	o.sh.page.wantAllRun(t, byAWSCLI)
}

package endtoend_test

import (
	"net/http/httptest"
	"testing"
)

// What two teams at one DynamoDB and one KMS may expect: neither sees, knows or lets in what is the other's.
func TestTwoStacksAtTheSameServersShareNothing(t *testing.T) {
	t.Parallel()
	servers := startServers(t)
	one, other := start(t, servers...), start(t, servers...)
	mine, theirs := calling(t, one.Client), calling(t, other.Client)
	user, token := mine.member(one, "CONSUMER")
	_, otherToken := theirs.member(other, "CONSUMER")

	wants(t, "my token at mine", mine.get("/dashboard", token), 200)
	wants(t, "my token at theirs", theirs.get("/dashboard", token), 401)
	wants(t, "their token at theirs", theirs.get("/dashboard", otherToken), 200)
	wants(t, "their token at mine", mine.get("/dashboard", otherToken), 401)

	account := map[string]string{"username": user.Username, "password": user.Password}
	wants(t, "my account at theirs", theirs.do("POST", "/login", account), 401)
	wants(t, "my challenge at theirs", theirs.verify(mine.login(user), user.Code()), 401)
	state, err := one.State()
	if err != nil {
		t.Fatal(err)
	}
	wants(t, "my invitation at theirs", theirs.do("POST", "/register", map[string]string{
		"username": user.Username, "password": user.Password, "role": "ADMIN", "invitation": state.AdminInvitation,
	}), 403)
	wants(t, "my name, free at theirs", theirs.do("POST", "/register", account), 201)
	wants(t, "which is nothing to my session", mine.get("/dashboard", token), 200)
}

// A run that is stopped and started again on the same servers is the same stack: its accounts, their authenticators and the open
// sessions are as they were.
func TestAStackThatStartsAgainHasItsAccountsAuthenticatorsAndSessions(t *testing.T) {
	t.Parallel()
	args := append(startServers(t), "-stack", stackPrefix+unique())
	first := start(t, args...)
	c := calling(t, first.Client)
	user := c.user()
	session := func(recovery int) string {
		t.Helper()
		got := c.verify(c.login(user), user.RecoveryCodes[recovery])
		wants(t, "a recovery code", got, 200)
		return got.Text("access_token")
	}
	token, ended := session(0), session(1)
	wants(t, "a logout", c.logout(ended), 204)
	open := c.login(user)
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}

	again := start(t, args...)
	c = calling(t, again.Client)
	wants(t, "the open session", c.get("/dashboard", token), 200)
	wants(t, "the ended session", c.get("/dashboard", ended), 401)
	wants(t, "the open challenge and the authenticator", c.verify(open, user.Code()), 200)
	wants(t, "a session of this run", c.get("/dashboard", session(2)), 200)
	wants(t, "a recovery code that was used before", c.verify(c.login(user), user.RecoveryCodes[0]), 401)
	wants(t, "the name is taken", c.do("POST", "/register", map[string]string{"username": user.Username, "password": user.Password}), 409)
}

// startServers starts a DynamoDB and a KMS that outlive a local run, and returns the arguments that name them: none for those that the tests'
// flags name, as every local run uses these.
func startServers(t *testing.T) (args []string) {
	t.Helper()
	if *dynamoDBURL == "" {
		server := httptest.NewServer(newDatabase())
		t.Cleanup(server.Close)
		args = append(args, "-dynamodb", server.URL)
	}
	if *kmsURL == "" {
		server := httptest.NewServer(newKeyService())
		t.Cleanup(server.Close)
		args = append(args, "-kms", server.URL)
	}
	return args
}

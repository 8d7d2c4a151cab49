package endtoend_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// embeddedKMS has a local run keep its own KMS, whichever the others use: moto opens what KMS would not.
var embeddedKMS = []string{"-kms", ""}

func TestADisabledKeyLetsNobodyInUntilItIsEnabled(t *testing.T) {
	t.Parallel()
	runner := start(t, embeddedKMS...)
	state, err := runner.State()
	if err != nil {
		t.Fatal(err)
	}
	keys := kms.New(kms.Options{Region: "us-east-1", BaseEndpoint: &state.KMSURL, Credentials: aws.CredentialsProviderFunc(anyone)})
	c := calling(t, runner.Client)
	user := c.user()
	token := c.signIn(user)
	challenge, code := c.login(user), user.RecoveryCodes[0]

	if _, err := keys.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &state.KMSKeyID}); err != nil {
		t.Fatal(err)
	}
	kill(t, runner, "authorizer") // a warm one holds the data key, and does not need KMS for a quarter of an hour
	wants(t, "the open session", c.get("/dashboard", token), 503)
	wants(t, "the second factor", c.verify(challenge, code), 503)
	wants(t, "a registration", c.do(http.MethodPost, "/register", map[string]string{"username": "late-" + unique(), "password": "canary " + unique()}), 503)

	if _, err := keys.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &state.KMSKeyID}); err != nil {
		t.Fatal(err)
	}
	wants(t, "the open session, the key enabled", c.get("/dashboard", token), 200)
	wants(t, "the second factor, the key enabled", c.verify(challenge, code), 200)
}

// Whoever may write Accounts could give an account the authenticator of another: its secret is sealed for the account that it was made for.
func TestAnAuthenticatorOfAnotherAccountOpensNothing(t *testing.T) {
	t.Parallel()
	runner := start(t, embeddedKMS...)
	c := calling(t, runner.Client)
	one, other := c.user(), c.user()
	challenge := c.login(one)
	d := openDatabase(t, runner)
	accounts := map[string]row{}
	for _, r := range d.rows("Accounts") {
		accounts[text(r["username"])] = r
	}
	theirs := with(with(accounts[one.Username], "sealed_totp_secret", accounts[other.Username]["sealed_totp_secret"]),
		"recovery_codes", accounts[other.Username]["recovery_codes"])
	d.put("Accounts", theirs)
	for what, code := range map[string]string{"code": other.Code(), "recovery code": other.RecoveryCodes[0]} {
		wants(t, "the other's "+what, c.verify(challenge, code), 401)
	}
	waitFor(t, "an alarm for each of the 2 refusals", func() bool { return strings.Count(runner.Output(), `"Alarms":1`) >= 2 })
	d.put("Accounts", accounts[one.Username])
	wants(t, "one's own code, the row as it was", c.verify(challenge, one.Code()), 200)
}

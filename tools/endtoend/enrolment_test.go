package endtoend_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/tools/endtoend"
)

// resetSecondFactor leaves the user's account as an administrator's reset does, but for the secret, and returns the enrolment code.
func (d database) resetSecondFactor(user *endtoend.User) string {
	d.t.Helper()
	code := "enrolment-" + unique()
	secrets.add("enrolment code", code)
	sum := sha256.Sum256([]byte("sallyport enrolment v1\x00" + code))
	for _, r := range d.rows("Accounts") {
		if text(r["username"]) != user.Username {
			continue
		}
		r["recovery_codes"] = &types.AttributeValueMemberL{Value: []types.AttributeValue{}}
		r["enrolment_hash"] = &types.AttributeValueMemberS{Value: hex.EncodeToString(sum[:])}
		r["enrolment_expires_at"] = &types.AttributeValueMemberN{Value: strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)}
		d.put("Accounts", r)
		return code
	}
	d.t.Fatal("there is no such account")
	return ""
}

func (c caller) enrol(user *endtoend.User, password, code string) endtoend.Response {
	c.t.Helper()
	got := c.do(http.MethodPost, "/enrolment", map[string]string{"username": user.Username, "password": password, "enrolment": code})
	if got.Status == http.StatusCreated {
		c.withAuthenticator(user, got)
	}
	return got
}

func TestAfterAResetThePasswordAndTheEnrolmentCodeGiveANewAuthenticator(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "DEVELOPER")
	wants(t, "logging out", c.logout(token), 204)
	code := openDatabase(t, shared).resetSecondFactor(user)
	lost := c.enrol(user, user.Password, code)
	wants(t, "an enrolment", lost, 201)
	if lost.Text("user_id") != user.UserID || lost.Text("username") != user.Username || lost.Text("role") != "DEVELOPER" || len(lost.JSON) != 5 {
		t.Errorf("answered for %s, %s, %s with %d members", lost.Text("user_id"), lost.Text("username"), lost.Text("role"), len(lost.JSON))
	}
	got := c.enrol(user, user.Password, code)
	wants(t, "the same again, as after a lost answer", got, 201)
	fresh := c.withAuthenticator(user, got)
	challenge := c.login(user)
	wants(t, "a code of the old authenticator", c.verify(challenge, user.CodeAt(time.Now())), 401)
	wants(t, "a code of the answer that was lost", c.verify(challenge, c.withAuthenticator(user, lost).RecoveryCodes[0]), 401)
	wants(t, "a code of the new one", c.verify(challenge, fresh.Code()), 200)
	wants(t, "the enrolment code after that", c.enrol(user, user.Password, code), 401)
	wants(t, "a new recovery code", c.verify(c.login(user), fresh.RecoveryCodes[0]), 200)
}

func TestAnEnrolmentIsRefusedWithoutSayingWhatIsWrong(t *testing.T) {
	c := calling(t, endtoend.Client{URL: shared.URL, HTTP: endtoend.From("127.0.0.32")})
	user, nobody := c.user(), &endtoend.User{Username: "nobody-" + unique()}
	d := openDatabase(t, shared)
	code := d.resetSecondFactor(user)
	answers := []endtoend.Response{
		c.enrol(user, "wrong password", code), c.enrol(user, user.Password, "wrong"), c.enrol(user, user.Password, ""),
		c.enrol(nobody, user.Password, code), c.enrol(c.user(), user.Password, code),
	}
	for i, got := range answers {
		wants(t, "refused", got, 401)
		if got.Text("detail") != answers[0].Text("detail") {
			t.Errorf("the %dth is answered %s", i+1, got.Body)
		}
	}
	for range 6 { // more than it takes: the slower they are, the longer is the wait that the last one starts
		c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": "wrong password"})
	}
	throttled := c.enrol(user, user.Password, code)
	wants(t, "after six wrong guesses, here and at sign-in", throttled, 429)
	if throttled.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

package endtoend_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/tools/endtoend"
)

func TestWhoIsRightIsNeverThrottled(t *testing.T) {
	c := calling(t, endtoend.Client{URL: shared.URL, HTTP: endtoend.From("127.0.0.11")})
	d := openDatabase(t, shared)
	user := c.user() // registrations are counted, right or wrong
	before := d.failures()
	for range 8 { // more than the failures in a row that either throttle lets pass
		c.signIn(user)
	}
	for subject, count := range d.failures() {
		if count != before[subject] {
			t.Errorf("after sign-ins that were right, a throttle counts %s failures, before %q", count, before[subject])
		}
	}
}

func TestARightPasswordAndARightCodeForgetTheFailuresBefore(t *testing.T) {
	c := calling(t, endtoend.Client{URL: shared.URL, HTTP: endtoend.From("127.0.0.12")})
	user := c.user()
	for range 2 {
		for range 4 { // one more starts a wait, were these not forgotten in between
			wants(t, "a wrong password", c.do(http.MethodPost, "/login", map[string]string{"username": user.Username, "password": "wrong password"}), 401)
		}
		challenge := c.login(user)
		for range 3 {
			wants(t, "a wrong code", c.verify(challenge, user.WrongCode()), 401)
		}
		wants(t, "the right code", c.verify(challenge, user.Code()), 200)
	}
}

// failures returns what the rows of Throttles count, by subject, where it isn't zero.
func (d database) failures() map[string]string {
	d.t.Helper()
	counts := map[string]string{}
	for _, r := range d.rows("Throttles") {
		if n, ok := r["failures"].(*types.AttributeValueMemberN); ok && n.Value != "0" {
			counts[text(r["subject"])] = n.Value
		}
	}
	return counts
}

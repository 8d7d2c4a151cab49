package endtoend_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/tools/endtoend"
)

// database reads and writes the local run's tables as somebody who has got hold of them would.
type database struct {
	t      *testing.T
	client *dynamodb.Client
	tables map[string]string
}

func openDatabase(t *testing.T, runner *endtoend.Runner) database {
	t.Helper()
	state, err := runner.State()
	if err != nil {
		t.Fatal(err)
	}
	return database{t, clientOf(state.DynamoDBURL), state.Tables}
}

func clientOf(url string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: &url, Credentials: aws.CredentialsProviderFunc(anyone)})
}

type row = map[string]types.AttributeValue

func (d database) rows(table string) (rows []row) {
	d.t.Helper()
	pages := dynamodb.NewScanPaginator(d.client, &dynamodb.ScanInput{TableName: aws.String(d.tables[table]), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(d.t.Context())
		if err != nil {
			d.t.Fatal(err)
		}
		rows = append(rows, page.Items...)
	}
	return rows
}

// tokenRow returns the only token row of a user, nil if there is none.
func (d database) tokenRow(userID string) row {
	d.t.Helper()
	var found row
	for _, r := range d.rows("Tokens") {
		if text(r["user_id"]) == userID {
			found = r
		}
	}
	return found
}

func (d database) put(table string, r row) {
	d.t.Helper()
	if _, err := d.client.PutItem(d.t.Context(), &dynamodb.PutItemInput{TableName: aws.String(d.tables[table]), Item: r}); err != nil {
		d.t.Fatal(err)
	}
}

// forgetDataKeys deletes every data key.
func (d database) forgetDataKeys() {
	d.t.Helper()
	for _, r := range d.rows("DataKeys") {
		if _, err := d.client.DeleteItem(d.t.Context(), &dynamodb.DeleteItemInput{
			TableName: aws.String(d.tables["DataKeys"]), Key: row{"key_day": r["key_day"]},
		}); err != nil {
			d.t.Fatal(err)
		}
	}
}

// keepExpired switches a table's time to live off: DynamoDB deletes expired rows when it likes, DynamoDB Local within seconds.
func (d database) keepExpired(table string) {
	d.t.Helper()
	_, err := d.client.UpdateTimeToLive(d.t.Context(), &dynamodb.UpdateTimeToLiveInput{
		TableName:               aws.String(d.tables[table]),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("expires_at"), Enabled: aws.Bool(false)},
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

func text(value types.AttributeValue) string {
	s, _ := value.(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}

func with(r row, name string, value types.AttributeValue) row {
	changed := maps.Clone(r)
	changed[name] = value
	return changed
}

func TestTheStoredTokenIsSealedAndNothingIsStoredInClear(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "CONSUMER")
	d := openDatabase(t, shared)
	stored := d.tokenRow(user.UserID)
	sealed, ok := stored["sealed"].(*types.AttributeValueMemberB)
	if !ok || len(sealed.Value) != 157 { // header 5, nonce 12, token 124, tag 16
		t.Fatalf("the sealed attribute is %T", stored["sealed"])
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "spt_"))
	if err != nil {
		t.Fatal(err)
	}
	inClear := map[string][]byte{
		"token": []byte(token), "signature": raw[54:86], "password": []byte(user.Password),
		"authenticator secret": user.Secret, "authenticator secret in base32": []byte(user.Base32),
	}
	for _, code := range user.RecoveryCodes {
		inClear["recovery code "+code] = []byte(code)
		inClear["recovery code without hyphens "+code] = []byte(strings.ReplaceAll(code, "-", ""))
	}
	for table := range d.tables {
		for _, r := range d.rows(table) {
			for name, value := range flatten(r) {
				for what, secret := range inClear {
					if bytes.Contains(value, secret) {
						t.Errorf("%s.%s holds the %s in clear", table, name, strings.Fields(what)[0])
					}
				}
			}
		}
	}
	for _, r := range d.rows("Accounts") {
		if text(r["username"]) == user.Username &&
			!regexp.MustCompile(`^\$argon2id\$v=19\$m=47104,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`).MatchString(text(r["password_hash"])) {
			t.Error("the password is not stored as Argon2id in PHC form")
		}
	}
}

// flatten returns the bytes of all values of a row, also of those inside lists and maps.
func flatten(r row) map[string][]byte {
	out := map[string][]byte{}
	var walk func(name string, value types.AttributeValue)
	walk = func(name string, value types.AttributeValue) {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			out[name] = []byte(v.Value)
		case *types.AttributeValueMemberB:
			out[name] = v.Value
		case *types.AttributeValueMemberL:
			for _, inner := range v.Value {
				walk(name+"[]", inner)
			}
		case *types.AttributeValueMemberM:
			for key, inner := range v.Value {
				out[name+" key "+key] = []byte(key)
				walk(name+"."+key, inner)
			}
		}
	}
	for name, value := range r {
		walk(name, value)
	}
	return out
}

func TestARecordThatWasWrittenByAnybodyElseLetsNobodyIn(t *testing.T) {
	c := calling(t, shared.Client)
	one, token := c.member(shared, "CONSUMER")
	other, otherToken := c.member(shared, "CONSUMER")
	d := openDatabase(t, shared)
	mine, theirs := d.tokenRow(one.UserID), d.tokenRow(other.UserID)
	later := &types.AttributeValueMemberN{Value: "4102444800"}
	alarms := strings.Count(shared.Output(), `"Alarms":1`)
	flipped := bytes.Clone(mine["sealed"].(*types.AttributeValueMemberB).Value)
	flipped[len(flipped)-1] ^= 1
	for what, changed := range map[string]row{
		"another's sealed token": with(mine, "sealed", theirs["sealed"]),
		"a raised role":          with(mine, "role", &types.AttributeValueMemberS{Value: "ADMIN"}),
		"a later expiry":         with(mine, "expires_at", later),
		"another username":       with(mine, "username", theirs["username"]),
		"another session":        with(mine, "session_id", theirs["session_id"]),
		"one bit flipped":        with(mine, "sealed", &types.AttributeValueMemberB{Value: flipped}),
		"cut short":              with(mine, "sealed", &types.AttributeValueMemberB{Value: flipped[:20]}),
		"the token in clear":     with(mine, "sealed", &types.AttributeValueMemberB{Value: []byte(token)}),
	} {
		d.put("Tokens", changed)
		wants(t, what, c.get("/dashboard", token), 401)
		wants(t, what+", ADMIN route", c.get("/admin_resource", token), 401)
	}
	waitFor(t, "an alarm for each of the 16 refusals", func() bool { // a line is printed a moment after its answer
		return strings.Count(shared.Output(), `"Alarms":1`)-alarms >= 16
	})
	d.put("Tokens", mine)
	wants(t, "the record as it was", c.get("/dashboard", token), 200)
	wants(t, "the other's", c.get("/dashboard", otherToken), 200)
}

func TestARecordThatIsGoneLetsNobodyIn(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "CONSUMER")
	d := openDatabase(t, shared)
	stored := d.tokenRow(user.UserID)
	_, err := d.client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
		TableName: aws.String(d.tables["Tokens"]), Key: row{"user_id": stored["user_id"], "token_id": stored["token_id"]},
	})
	if err != nil {
		t.Fatal(err)
	}
	wants(t, "without its record", c.get("/dashboard", token), 401)
}

func TestLogoutDeletesTheRecordAndItsNoteInTheAccount(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "CONSUMER")
	d := openDatabase(t, shared)
	if d.tokenRow(user.UserID) == nil {
		t.Fatal("no record before the logout")
	}
	wants(t, "logout", c.logout(token), 204)
	if d.tokenRow(user.UserID) != nil {
		t.Error("the record is still there")
	}
	for _, r := range d.rows("Accounts") {
		if text(r["username"]) == user.Username && len(r["sessions"].(*types.AttributeValueMemberM).Value) != 0 {
			t.Error("the account still notes the session")
		}
	}
}

func TestADisabledAccountLooksLikeAWrongPasswordAndFinishesNoOpenChallenge(t *testing.T) {
	c := calling(t, shared.Client)
	user := c.user()
	open := c.login(user)
	d := openDatabase(t, shared)
	for _, r := range d.rows("Accounts") {
		if text(r["username"]) == user.Username {
			d.put("Accounts", with(r, "status", &types.AttributeValueMemberS{Value: "disabled"}))
		}
	}
	wants(t, "the open challenge", c.verify(open, user.Code()), 401)
	right := c.do("POST", "/login", map[string]string{"username": user.Username, "password": user.Password})
	wrong := c.do("POST", "/login", map[string]string{"username": user.Username, "password": "wrong password"})
	wants(t, "the right password", right, 401)
	if right.Text("detail") != wrong.Text("detail") || right.Text("type") != wrong.Text("type") {
		t.Errorf("the answers differ: %s and %s", right.Body, wrong.Body)
	}
}

func TestAnExpiredTokenIsRefusedThoughItsRecordIsStillThere(t *testing.T) {
	t.Parallel()
	runner := start(t, "-param", "TokenTTLSeconds=4")
	openDatabase(t, runner).keepExpired("Tokens")
	c := calling(t, runner.Client)
	user := c.user()
	challenge := c.login(user)
	began := time.Now()
	got := c.verify(challenge, user.Code())
	wants(t, "verify", got, 200)
	token := got.Text("access_token")
	if got.JSON["expires_in"] != 4.0 {
		t.Errorf("expires_in %v", got.JSON["expires_in"])
	}
	if fresh := c.get("/dashboard", token); fresh.Status != 200 && time.Since(began) < 3*time.Second {
		t.Errorf("the fresh token got %d", fresh.Status)
	}
	time.Sleep(time.Until(time.Unix(time.Now().Unix()+5, 0)))
	wants(t, "the expired token", c.get("/dashboard", token), 401)
	if openDatabase(t, runner).tokenRow(user.UserID) == nil {
		t.Error("the record is gone: the test has not shown that the clock decides")
	}
}

func TestAnyFunctionMayRestartBetweenAnyTwoSteps(t *testing.T) {
	c := calling(t, shared.Client)
	restarted := map[string]bool{}
	restart := func() {
		t.Helper()
		for _, function := range []string{"register", "login", "verify-otp", "authorizer", "logout", "dashboard"} {
			pids, err := shared.Processes(function)
			if err != nil {
				t.Fatal(err)
			}
			for _, pid := range pids {
				restarted[function] = true
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
					t.Fatal(err)
				}
			}
			waitFor(t, "the processes of "+function+" to end", func() bool {
				return !slices.ContainsFunc(pids, func(pid int) bool { return syscall.Kill(pid, 0) == nil })
			})
		}
	}
	restart()
	user := c.user()
	restart()
	challenge := c.login(user)
	restart()
	got := c.verify(challenge, user.Code())
	wants(t, "verify", got, 200)
	token := got.Text("access_token")
	restart()
	wants(t, "dashboard", c.get("/dashboard", token), 200)
	restart()
	wants(t, "logout", c.logout(token), 204)
	restart()
	wants(t, "after logout", c.get("/dashboard", token), 401)
	if len(restarted) != 6 {
		t.Errorf("only %v were restarted", slices.Collect(maps.Keys(restarted)))
	}
}

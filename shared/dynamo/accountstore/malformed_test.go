package accountstore_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/dynamo"
	"sallyport/shared/dynamo/dynamotest"
	"sallyport/shared/policy"
	"sallyport/shared/token"
)

// TestARowWithAnAttributeMissingOrOfAnotherTypeIsRefused spoils each attribute of each kind of row in turn.
func TestARowWithAnAttributeMissingOrOfAnotherTypeIsRefused(t *testing.T) {
	client := dynamotest.Embedded(t).Client(nil)
	store, tables := open(t, client)
	ctx := t.Context()
	a := newAccount("ada")
	a.Sessions = map[token.ID]account.SessionEntry{token.NewID(): {SessionID: "session", CreatedAt: 1, ExpiresAt: 1}}
	a.APITokens = map[token.ID]account.APITokenEntry{token.NewID(): {Name: "nightly", CreatedAt: 1, ExpiresAt: 1}}
	a.Places, a.LapsesAt = map[string]int64{"a place": 1}, 1
	c := newCompletion(a).Challenge
	invitation := account.Invitation{CodeHash: "hash", Role: policy.Consumer, MadeBy: "operator", ExpiresAt: 1}
	for _, err := range []error{
		store.CreateAccount(ctx, account.Creation{Account: a}), store.AddChallenge(ctx, c), store.AddInvitation(ctx, invitation),
		store.SetThrottle(ctx, "subject", account.Throttle{}, account.Throttle{Failures: 1, ExpiresAt: 1}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []struct {
		table    string
		key      dynamo.Item
		optional []string // absent, they are no fault
		read     func() (any, error)
	}{
		{tables.Accounts, dynamo.Item{"username": dynamo.S("ada")}, []string{"invitation_hash", "places", "lapses_at", "api_tokens"}, func() (any, error) {
			a, _, err := store.Account(ctx, "ada")
			return a, err
		}},
		{tables.Challenges, dynamo.Item{"challenge_id": dynamo.S(c.ID)}, nil, func() (any, error) {
			c, _, err := store.Challenge(ctx, c.ID)
			return c, err
		}},
		{tables.Invitations, dynamo.Item{"code_hash": dynamo.S("hash")}, nil, func() (any, error) {
			i, _, err := store.Invitation(ctx, "hash")
			return i, err
		}},
		{tables.Throttles, dynamo.Item{"subject": dynamo.S("subject")}, nil, func() (any, error) {
			return store.Throttle(ctx, "subject")
		}},
	} {
		good := get(t, client, kind.table, kind.key)
		for name := range good {
			if _, isKey := kind.key[name]; isKey {
				continue
			}
			for what, value := range map[string]types.AttributeValue{"absent": nil, "of another type": &types.AttributeValueMemberBOOL{Value: true}} {
				if value == nil && slices.Contains(kind.optional, name) {
					continue
				}
				if value != nil && name == "user_id" { // an index's key: DynamoDB takes no other type
					value = dynamo.S("no id")
				}
				bad := dynamo.Item{}
				for k, v := range good {
					bad[k] = v
				}
				delete(bad, name)
				if value != nil {
					bad[name] = value
				}
				put(t, client, kind.table, bad)
				if got, err := kind.read(); apperr.CodeOf(err) != apperr.Corrupt || !reflect.ValueOf(got).IsZero() {
					t.Errorf("%s with %s %s: got %+v, %v", kind.table, name, what, got, err)
				}
			}
		}
		put(t, client, kind.table, good)
		if _, err := kind.read(); err != nil {
			t.Errorf("%s as it was: %v", kind.table, err)
		}
	}
}

// An upgrade must not lock everybody out.
func TestAnAccountFromBeforeAPITokensIsRead(t *testing.T) {
	client := dynamotest.Embedded(t).Client(nil)
	store, tables := open(t, client)
	a, id := newAccount("ada"), token.NewID()
	if err := store.CreateAccount(t.Context(), account.Creation{Account: a}); err != nil {
		t.Fatal(err)
	}
	item := get(t, client, tables.Accounts, dynamo.Item{"username": dynamo.S("ada")})
	delete(item, "api_tokens")
	delete(item, "places")
	item["sessions"] = dynamo.M(dynamo.Item{id.String(): dynamo.M(dynamo.Item{"session_id": dynamo.S("session"), "expires_at": dynamo.N(1)})})
	put(t, client, tables.Accounts, item)
	got, found, err := store.Account(t.Context(), "ada")
	if err != nil || !found || got.UserID != a.UserID || len(got.APITokens) != 0 || got.Sessions[id] != (account.SessionEntry{SessionID: "session", ExpiresAt: 1}) {
		t.Errorf("got %+v, %v, %v", got, found, err)
	}
}

func TestAnAccountWithValuesThatMeanNothingIsRefused(t *testing.T) {
	client := dynamotest.Embedded(t).Client(nil)
	store, tables := open(t, client)
	if err := store.CreateAccount(t.Context(), account.Creation{Account: newAccount("ada")}); err != nil {
		t.Fatal(err)
	}
	entry := dynamo.M(dynamo.Item{"session_id": dynamo.S("session"), "created_at": dynamo.N(1), "expires_at": dynamo.N(1)})
	for name, spoil := range map[string]func(dynamo.Item){
		"unknown status":          func(i dynamo.Item) { i["status"] = dynamo.S("ACTIVE") },
		"unknown role":            func(i dynamo.Item) { i["role"] = dynamo.S("ROOT") },
		"user id that is none":    func(i dynamo.Item) { i["user_id"] = dynamo.S("ada") },
		"session under no id":     func(i dynamo.Item) { i["sessions"] = dynamo.M(dynamo.Item{"x": entry}) },
		"session without a value": func(i dynamo.Item) { i["sessions"] = dynamo.M(dynamo.Item{token.NewID().String(): dynamo.M(nil)}) },
		"session of another shape": func(i dynamo.Item) {
			i["sessions"] = dynamo.M(dynamo.Item{token.NewID().String(): dynamo.M(dynamo.Item{
				"session_id": dynamo.S("session"), "created_at": dynamo.N(1), "expires_at": dynamo.N(1), "device": dynamo.N(1)})})
		},
		"API token under no id":     func(i dynamo.Item) { i["api_tokens"] = dynamo.M(dynamo.Item{"x": apiToken()}) },
		"API token without a value": func(i dynamo.Item) { i["api_tokens"] = dynamo.M(dynamo.Item{token.NewID().String(): dynamo.M(nil)}) },
		"API token for no route": func(i dynamo.Item) {
			i["api_tokens"] = dynamo.M(dynamo.Item{token.NewID().String(): apiToken("GET /dashboard")})
		},
		"enrolling authenticator without end": func(i dynamo.Item) { i["enrolling_totp_secret"] = dynamo.B([]byte("sealed")) },
		"enrolment without end":               func(i dynamo.Item) { i["enrolment_hash"] = dynamo.S("hash") },
		"negative revision":                   func(i dynamo.Item) { i["revision"] = dynamo.N(-1) },
		"empty password hash":                 func(i dynamo.Item) { i["password_hash"] = dynamo.S("") },
		"invitation without end":              func(i dynamo.Item) { delete(i, "invitation_expires_at") },
	} {
		item := get(t, client, tables.Accounts, dynamo.Item{"username": dynamo.S("ada")})
		good := dynamo.Item{}
		for k, v := range item {
			good[k] = v
		}
		spoil(item)
		put(t, client, tables.Accounts, item)
		if got, found, err := store.Account(t.Context(), "ada"); apperr.CodeOf(err) != apperr.Corrupt || found || got.Username != "" {
			t.Errorf("%s: got %+v, %v, %v", name, got, found, err)
		}
		put(t, client, tables.Accounts, good)
	}
}

// apiToken returns the value of an account's note of an API token.
func apiToken(routes ...string) types.AttributeValue {
	return dynamo.M(dynamo.Item{"name": dynamo.S("nightly"), "created_at": dynamo.N(1), "expires_at": dynamo.N(1), "routes": dynamo.Strings(routes)})
}

func get(t *testing.T, client *dynamodb.Client, table string, key dynamo.Item) dynamo.Item {
	t.Helper()
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(table), Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil || len(out.Item) == 0 {
		t.Fatalf("GetItem: %v, %v", out, err)
	}
	return out.Item
}

func put(t *testing.T, client *dynamodb.Client, table string, item dynamo.Item) {
	t.Helper()
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: item}); err != nil {
		t.Fatalf("PutItem: %v", err)
	}
}

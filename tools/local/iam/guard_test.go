package iam_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	awskms "github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"sallyport/tools/local/dynamodb"
	"sallyport/tools/local/iam"
	"sallyport/tools/local/kms"
	"sallyport/tools/local/lambda"
	"sallyport/tools/local/template"
)

// guarded is a DynamoDB and a KMS behind guards, with the tables Things and Others and one key.
type guarded struct {
	t         testing.TB
	databases *httptest.Server
	keys      *httptest.Server
	guards    []*iam.Guard
	keyID     string
	operator  caller

	mu      sync.Mutex
	denials []iam.Denial
}

// caller calls with somebody's credentials.
type caller struct {
	database *awsdynamodb.Client
	keys     *awskms.Client
}

func newGuarded(t testing.TB) *guarded {
	t.Helper()
	g := &guarded{t: t}
	databases, keys := iam.NewDynamoDBGuard(dynamodb.NewServer(), g.denied), iam.NewKMSGuard(kms.NewServer(), g.denied)
	g.guards = []*iam.Guard{databases, keys}
	g.databases, g.keys = httptest.NewServer(databases), httptest.NewServer(keys)
	t.Cleanup(g.databases.Close)
	t.Cleanup(g.keys.Close)
	g.operator = g.as("AKIAOPERATOR", "")
	for _, name := range []string{"Things", "Others"} {
		day := template.KeyAttribute{Name: "day", Type: "S"}
		if _, err := g.operator.database.CreateTable(t.Context(), dynamodb.TableInput(template.Table{
			Name: name, PartitionKey: template.KeyAttribute{Name: "id", Type: "S"},
			Indexes: []template.Index{{Name: "by-day", PartitionKey: day, Projection: "ALL"}, {Name: "by-daylight", PartitionKey: day, Projection: "KEYS_ONLY"}},
		})); err != nil {
			t.Fatal(err)
		}
	}
	key, err := g.operator.keys.CreateKey(t.Context(), &awskms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	g.keyID = aws.ToString(key.KeyMetadata.KeyId)
	return g
}

func (g *guarded) denied(d iam.Denial) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.denials = append(g.denials, d)
}

// last returns what was refused since it was last asked, as the runner prints it.
func (g *guarded) last() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var lines []string
	for _, d := range g.denials {
		lines = append(lines, d.String())
	}
	g.denials = nil
	return strings.Join(lines, "\n")
}

func (g *guarded) as(accessKeyID, sessionToken string) caller {
	provider := credentials.NewStaticCredentialsProvider(accessKeyID, "secret", sessionToken)
	return caller{
		database: awsdynamodb.New(awsdynamodb.Options{Region: template.Region, BaseEndpoint: &g.databases.URL, Credentials: provider}),
		keys:     awskms.New(awskms.Options{Region: template.Region, BaseEndpoint: &g.keys.URL, Credentials: provider}),
	}
}

// function returns a caller with the credentials of TestFunction, which has these statements.
func (g *guarded) function(statements ...template.Statement) caller {
	for _, guard := range g.guards {
		guard.Enforce(template.StackName, []template.Function{{LogicalID: "OtherFunction", Line: 1}, {LogicalID: "TestFunction", Line: 480, Statements: statements}})
	}
	return g.as(lambda.AccessKeyID("TestFunction"), "token")
}

func arn(table string) string { return "arn:aws:dynamodb:us-east-1:123456789012:table/" + table }

func on(resource string, actions ...string) template.Statement {
	return template.Statement{Sid: "Test", Line: 500, Actions: actions, Resources: []string{resource}}
}

// calls are one of each of DynamoDB's operations on a table, by the action that it asks for.
func (c caller) calls(ctx context.Context, table string) map[string]func() error {
	key := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "1"}}
	return map[string]func() error{
		"GetItem": func() error {
			_, err := c.database.GetItem(ctx, &awsdynamodb.GetItemInput{TableName: &table, Key: key})
			return err
		},
		"PutItem": func() error {
			_, err := c.database.PutItem(ctx, &awsdynamodb.PutItemInput{TableName: &table, Item: key})
			return err
		},
		"UpdateItem": func() error {
			_, err := c.database.UpdateItem(ctx, &awsdynamodb.UpdateItemInput{TableName: &table, Key: key})
			return err
		},
		"DeleteItem": func() error {
			_, err := c.database.DeleteItem(ctx, &awsdynamodb.DeleteItemInput{TableName: &table, Key: key})
			return err
		},
		"Query": func() error {
			_, err := c.database.Query(ctx, &awsdynamodb.QueryInput{TableName: &table, KeyConditionExpression: aws.String("id = :id"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":id": key["id"]}})
			return err
		},
		"Scan": func() error {
			_, err := c.database.Scan(ctx, &awsdynamodb.ScanInput{TableName: &table})
			return err
		},
		"BatchGetItem": func() error {
			_, err := c.database.BatchGetItem(ctx, &awsdynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
				table: {Keys: []map[string]types.AttributeValue{key}}}})
			return err
		},
		"DescribeTable": func() error {
			_, err := c.database.DescribeTable(ctx, &awsdynamodb.DescribeTableInput{TableName: &table})
			return err
		},
	}
}

func isDenied(err error) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	return ok && e.ErrorCode() == "AccessDeniedException"
}

func TestAFunctionMayDoWhatItsStatementsAllowAndNothingElse(t *testing.T) {
	g := newGuarded(t)
	for action := range g.operator.calls(t.Context(), "Things") {
		c := g.function(on(arn("Things"), "dynamodb:"+action))
		for _, table := range []string{"Things", "Others"} {
			for other, call := range c.calls(t.Context(), table) {
				err := call()
				if may := action == other && table == "Things"; may && err != nil || !may && !isDenied(err) {
					t.Errorf("%s on %s with %s on Things: %v", other, table, action, err)
				} else if want := "TestFunction may not dynamodb:" + other + " on " + arn(table) + ": no statement of its policies allows it"; !may && g.last() != want {
					t.Errorf("%s on %s: does not say %q", other, table, want)
				}
			}
		}
	}
	for action, call := range g.function().calls(t.Context(), "Things") {
		if err := call(); !isDenied(err) {
			t.Errorf("%s without a statement: %v", action, err)
		}
	}
}

func TestAnIndexIsAskedUnderItsOwnARNAndATableUnderItsOwn(t *testing.T) {
	g := newGuarded(t)
	query := func(c caller, index string) error {
		in := &awsdynamodb.QueryInput{TableName: aws.String("Things"), KeyConditionExpression: aws.String("id = :id"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":id": &types.AttributeValueMemberS{Value: "1"}}}
		if index != "" {
			in.IndexName, in.KeyConditionExpression, in.ExpressionAttributeNames = &index, aws.String("#day = :id"), map[string]string{"#day": "day"}
		}
		_, err := c.database.Query(t.Context(), in)
		return err
	}
	scan := func(c caller, index string) error {
		in := &awsdynamodb.ScanInput{TableName: aws.String("Things")}
		if index != "" {
			in.IndexName = &index
		}
		_, err := c.database.Scan(t.Context(), in)
		return err
	}
	for _, test := range []struct {
		statement            template.Statement
		table, index, second bool // may be queried, and scanned
	}{
		{on(arn("Things"), "dynamodb:Query", "dynamodb:Scan"), true, false, false},
		{on(arn("Things/index/by-day"), "dynamodb:Query", "dynamodb:Scan"), false, true, false},
		{on(arn("Things/index/by-*"), "dynamodb:Query", "dynamodb:Scan"), false, true, true},
		{on(arn("Others/index/by-day"), "dynamodb:Query", "dynamodb:Scan"), false, false, false},
		{on(arn("Things*"), "dynamodb:Query", "dynamodb:Scan"), true, true, true},
		{on(arn("Things*"), "dynamodb:GetItem", "dynamodb:BatchGetItem"), false, false, false},
	} {
		c := g.function(test.statement)
		for index, may := range map[string]bool{"": test.table, "by-day": test.index, "by-daylight": test.second} {
			for operation, call := range map[string]func(caller, string) error{"Query": query, "Scan": scan} {
				if err := call(c, index); may && err != nil || !may && !isDenied(err) {
					t.Errorf("%s of %q with %v: %v", operation, index, test.statement, err)
				}
			}
		}
		g.last()
	}
}

func TestABatchNeedsItsActionOnEachTableThatItNames(t *testing.T) {
	g := newGuarded(t)
	keys := types.KeysAndAttributes{Keys: []map[string]types.AttributeValue{{"id": &types.AttributeValueMemberS{Value: "1"}}}}
	in := &awsdynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"Things": keys, "Others": keys}}
	if _, err := g.function(on(arn("Things"), "dynamodb:BatchGetItem")).database.BatchGetItem(t.Context(), in); !isDenied(err) || !strings.Contains(g.last(), "dynamodb:BatchGetItem on "+arn("Others")) {
		t.Error(err)
	}
	if _, err := g.function(on(arn("*"), "dynamodb:GetItem")).database.BatchGetItem(t.Context(), in); !isDenied(err) {
		t.Error(err)
	}
	if _, err := g.function(on(arn("*"), "dynamodb:BatchGetItem")).database.BatchGetItem(t.Context(), in); err != nil {
		t.Error(err)
	}
}

func TestATransactionNeedsTheActionsThatItIsMadeOf(t *testing.T) {
	g := newGuarded(t)
	item := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "1"}}
	in := &awsdynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String("Things"), Item: item}},
		{ConditionCheck: &types.ConditionCheck{TableName: aws.String("Others"), Key: item, ConditionExpression: aws.String("attribute_not_exists(id)")}},
	}}
	for _, test := range []struct {
		statements []template.Statement
		denied     string
	}{
		{[]template.Statement{on(arn("Things"), "dynamodb:PutItem"), on(arn("Others"), "dynamodb:ConditionCheckItem")}, ""},
		{[]template.Statement{on(arn("Things"), "dynamodb:PutItem")}, "dynamodb:ConditionCheckItem on " + arn("Others")},
		{[]template.Statement{on(arn("Others"), "dynamodb:ConditionCheckItem")}, "dynamodb:PutItem on " + arn("Things")},
		{[]template.Statement{on(arn("*"), "dynamodb:TransactWriteItems", "dynamodb:UpdateItem", "dynamodb:DeleteItem")}, "dynamodb:PutItem on " + arn("Things")},
	} {
		_, err := g.function(test.statements...).database.TransactWriteItems(t.Context(), in)
		if said := g.last(); test.denied == "" && err != nil || test.denied != "" && (!isDenied(err) || !strings.Contains(said, " "+test.denied+":")) {
			t.Errorf("%v: %v, %q; want %q", test.statements, err, said, test.denied)
		}
	}
}

func TestTheKeyIsUsedInTheEncryptionContextOfTheStatementOnly(t *testing.T) {
	g := newGuarded(t)
	bound := on("arn:aws:kms:us-east-1:123456789012:key/"+g.keyID, "kms:Decrypt", "kms:GenerateDataKey")
	bound.Conditions = []template.Condition{
		{Operator: "StringEquals", Key: "kms:EncryptionContext:purpose", Values: []string{"access-token", "totp-secret"}},
		{Operator: "StringEquals", Key: "kms:EncryptionContext:stage", Values: []string{"prod"}},
	}
	c := g.function(bound)
	for _, test := range []struct {
		name    string
		context map[string]string
		may     bool
	}{
		{"as the statement says", map[string]string{"purpose": "access-token", "stage": "prod"}, true},
		{"with a pair more", map[string]string{"purpose": "totp-secret", "stage": "prod", "user_id": "1"}, true},
		{"another purpose", map[string]string{"purpose": "other", "stage": "prod"}, false},
		{"another stage", map[string]string{"purpose": "access-token", "stage": "test"}, false},
		{"no stage", map[string]string{"purpose": "access-token"}, false},
		{"none", nil, false},
	} {
		made, err := c.keys.GenerateDataKey(t.Context(), &awskms.GenerateDataKeyInput{KeyId: &g.keyID, KeySpec: kmstypes.DataKeySpecAes256, EncryptionContext: test.context})
		if test.may && err != nil || !test.may && !isDenied(err) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if !test.may {
			if said := g.last(); !strings.HasSuffix(said, ": the conditions of its statement Test do not hold") {
				t.Errorf("%s: %q", test.name, said)
			}
			continue
		}
		if _, err := c.keys.Decrypt(t.Context(), &awskms.DecryptInput{KeyId: &g.keyID, CiphertextBlob: made.CiphertextBlob, EncryptionContext: test.context}); err != nil {
			t.Errorf("%s, decrypted: %v", test.name, err)
		}
		_, err = c.keys.Decrypt(t.Context(), &awskms.DecryptInput{CiphertextBlob: made.CiphertextBlob, EncryptionContext: test.context})
		if said := g.last(); !isDenied(err) || !strings.Contains(said, "TestFunction may not kms:Decrypt on *: the call does not name the key") {
			t.Errorf("%s, without the key's id: %v %q", test.name, err, said)
		}
	}
	if _, err := c.keys.Encrypt(t.Context(), &awskms.EncryptInput{KeyId: &g.keyID, Plaintext: []byte("x"), EncryptionContext: map[string]string{"purpose": "access-token", "stage": "prod"}}); !isDenied(err) {
		t.Errorf("Encrypt: %v", err)
	}
}

func TestAnOperationThatTheGuardDoesNotKnowIsRefusedWhateverThePolicySays(t *testing.T) {
	g := newGuarded(t)
	c := g.function(on("*", "*"))
	if _, err := c.database.DeleteTable(t.Context(), &awsdynamodb.DeleteTableInput{TableName: aws.String("Things")}); !isDenied(err) {
		t.Errorf("DeleteTable: %v", err)
	}
	if said := g.last(); !strings.HasPrefix(said, "TestFunction may not dynamodb:DeleteTable on *: the local run does not know") {
		t.Errorf("it says %q", said)
	}
	if _, err := c.keys.DisableKey(t.Context(), &awskms.DisableKeyInput{KeyId: &g.keyID}); !isDenied(err) {
		t.Errorf("DisableKey: %v", err)
	}
	// Neither a call to another service nor one that is no POST reaches what is behind.
	for _, change := range []func(*http.Request){
		func(r *http.Request) { r.Header.Set("X-Amz-Target", "TrentService.GetItem") },
		func(r *http.Request) { r.Header.Del("X-Amz-Target") },
		func(r *http.Request) { r.Method = http.MethodPut },
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(`{"TableName":"Things"}`))
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810.GetItem")
		r.Header.Set("X-Amz-Security-Token", "token")
		r.Header.Set("Authorization", authorization("TestFunction", "dynamodb"))
		change(r)
		w := httptest.NewRecorder()
		g.guards[0].ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "AccessDeniedException") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
}

func TestTheOperatorMayDoEverything(t *testing.T) {
	g := newGuarded(t)
	g.function()
	for action, call := range g.operator.calls(t.Context(), "Things") {
		if err := call(); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
	if _, err := g.operator.keys.DisableKey(t.Context(), &awskms.DisableKeyInput{KeyId: &g.keyID}); err != nil {
		t.Error(err)
	}
	if said := g.last(); said != "" {
		t.Errorf("refused: %s", said)
	}
}

func TestARefusalIsWordedAsOnAWS(t *testing.T) {
	g := newGuarded(t)
	const user = "User: arn:aws:sts::123456789012:assumed-role/sallyport-local-TestFunctionRole/sallyport-local-TestFunction is not authorized to perform: "
	forbid := on(arn("Things"), "dynamodb:*")
	forbid.Deny = true
	for _, test := range []struct {
		statements []template.Statement
		want       string
		line       int
	}{
		{nil, user + "dynamodb:GetItem on resource: " + arn("Things") + " because no identity-based policy allows the dynamodb:GetItem action", 480},
		{[]template.Statement{on("*", "*"), forbid}, user + "dynamodb:GetItem on resource: " + arn("Things") + " with an explicit deny in an identity-based policy", 500},
	} {
		err := g.function(test.statements...).calls(t.Context(), "Things")["GetItem"]()
		if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "AccessDeniedException" || e.ErrorMessage() != test.want {
			t.Errorf("%v\nwant %s", err, test.want)
		}
		if len(g.denials) != 1 || g.denials[0].Line != test.line || g.denials[0].Action != "dynamodb:GetItem" {
			t.Errorf("%+v", g.denials)
		}
		g.last()
	}
	c := g.function()
	_, err := c.keys.Encrypt(t.Context(), &awskms.EncryptInput{KeyId: &g.keyID, Plaintext: []byte("x")})
	if want := user + "kms:Encrypt on resource: arn:aws:kms:us-east-1:123456789012:key/" + g.keyID + " because no identity-based policy allows the kms:Encrypt action"; !isDenied(err) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
	for server, want := range map[*httptest.Server]struct{ service, target, answer string }{
		g.databases: {"dynamodb", "DynamoDB_20120810.GetItem", `{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: `},
		g.keys:      {"kms", "TrentService.Decrypt", `{"__type":"AccessDeniedException","Message":"User: `},
	} {
		status, body := post(t, server.URL, want.target, want.service, `{}`)
		if status != http.StatusBadRequest || !strings.HasPrefix(body, want.answer) {
			t.Errorf("%s: %d %s", want.target, status, body)
		}
	}
}

func TestAFunctionsCredentialsAreNoGoodWithoutTheirSessionTokenOrItsFunction(t *testing.T) {
	g := newGuarded(t)
	g.function(on("*", "*"))
	for what, c := range map[string]caller{
		"no session token":             g.as(lambda.AccessKeyID("TestFunction"), ""),
		"a function of no template":    g.as(lambda.AccessKeyID("NoFunction"), "token"),
		"a key in a function's manner": g.as(lambda.AccessKeyID("TestFunction")+"X", "token"),
	} {
		err := c.calls(t.Context(), "Things")["GetItem"]()
		if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "UnrecognizedClientException" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAFunctionWithoutPoliciesYetMayDoNothing(t *testing.T) {
	g := newGuarded(t)
	if err := g.as(lambda.AccessKeyID("TestFunction"), "token").calls(t.Context(), "Things")["GetItem"](); err == nil {
		t.Error("it read before the policies were known")
	}
}

func TestWhatACallSaysIsPrintedOnOneLine(t *testing.T) {
	g := newGuarded(t)
	g.function()
	post(t, g.databases.URL, "DynamoDB_20120810.GetItem", "dynamodb", `{"TableName":"a\nlocal: \u001b[2Jb"}`)
	post(t, g.databases.URL, "DynamoDB_20120810.Get\tItem", "dynamodb", `{}`)
	for _, d := range g.denials {
		if strings.ContainsAny(d.String(), "\n\t\x1b") {
			t.Errorf("%q", d.String())
		}
	}
	if len(g.denials) != 2 {
		t.Errorf("%d denials", len(g.denials))
	}
}

// authorization is what the SDKs send for a function's call to a service, with a signature that nobody checks.
func authorization(functionID, service string) string {
	return "AWS4-HMAC-SHA256 Credential=" + lambda.AccessKeyID(functionID) + "/20261125/us-east-1/" + service + "/aws4_request, SignedHeaders=host, Signature=0"
}

// post calls as TestFunction.
func post(t *testing.T, url, target, service, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", target)
	r.Header.Set("X-Amz-Security-Token", "token")
	r.Header.Set("Authorization", authorization("TestFunction", service))
	return send(t, r)
}

func send(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

package endtoend_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cloudformationtypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"sallyport/tools/workcopy"
)

// standIn is moto, which stands in for CloudFormation, S3, DynamoDB and KMS, and a shell in a copy of the repository, so that what
// SAM makes is in nobody's way.
type standIn struct {
	t      *testing.T
	stacks *cloudformation.Client
	tables *dynamodb.Client
	keys   *kms.Client
	sh     *shell

	repository workcopy.Copy
}

// openStandIn opens a region of its own, which moto keeps apart from others. It reports false if moto or one of the programs is missing.
func openStandIn(t *testing.T, region string, programs ...requirement) (standIn, bool) {
	t.Helper()
	if *dynamoDBURL != "" || *kmsURL != "" { // there is no local run here whose servers could be others: the other pass does this one's work
		return standIn{}, false
	}
	url := os.Getenv("KMS_MOTO_URL")
	if url == "" {
		if os.Getenv("CI") != "" {
			t.Error("in CI, KMS_MOTO_URL must name a moto server; start one with .ci/servers")
		}
		t.Log("KMS_MOTO_URL names no moto server: the blocks of docs/operations.md that need one are not run")
		return standIn{}, false
	}
	for _, each := range programs {
		if !installed(t, each) {
			return standIn{}, false
		}
	}
	repository := workcopy.New(t, root)
	url = strings.Replace(url, "127.0.0.1", "localhost", 1) // by this name moto finds a template's bucket in its URL
	cfg := aws.Config{Region: region, BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	return standIn{
		t: t, stacks: cloudformation.NewFromConfig(cfg), tables: dynamodb.NewFromConfig(cfg), keys: kms.NewFromConfig(cfg),
		repository: repository,
		sh: newShell(t, repository.Root, map[string]string{
			"AWS_ENDPOINT_URL": url, "AWS_REGION": region, "AWS_DEFAULT_REGION": region, "SAM_CLI_TELEMETRY": "0",
		}),
	}, true
}

// create makes a stack from resources and outputs, which are references to them.
func (s standIn) create(name string, resources map[string]any, outputs map[string]string, tags ...cloudformationtypes.Tag) {
	s.t.Helper()
	references := map[string]any{}
	for output, resource := range outputs {
		references[output] = map[string]any{"Value": map[string]any{"Ref": resource}}
	}
	template, err := json.Marshal(map[string]any{"Resources": resources, "Outputs": references})
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = s.stacks.CreateStack(s.t.Context(), &cloudformation.CreateStackInput{
		StackName: &name, TemplateBody: aws.String(string(template)), Tags: tags,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		ctx := context.WithoutCancel(s.t.Context()) // at the end it is over
		if _, err := s.stacks.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &name}); err != nil {
			s.t.Error(err)
		}
	})
}

// bucketForArtifacts makes the stack in which SAM keeps the bucket for what it deploys. moto leaves the outputs of a stack that
// comes of a change set away, so that SAM does not believe in one that it has made itself there.
func (s standIn) bucketForArtifacts() {
	s.t.Helper()
	s.create("aws-sam-cli-managed-default", map[string]any{"SamCliSourceBucket": map[string]any{"Type": "AWS::S3::Bucket"}},
		map[string]string{"SourceBucket": "SamCliSourceBucket", "SamCliVersion": "SamCliSourceBucket"},
		cloudformationtypes.Tag{Key: aws.String("ManagedStackSource"), Value: aws.String("AwsSamCli")})
}

// simplify leaves one function of the template in the copy of the repository, and what stays behind when a stack goes. moto does not expand
// SAM's transform, so that it cannot make anything which refers to what that makes: the alarms, for one.
func (s standIn) simplify() {
	s.t.Helper()
	whole := s.repository.Read(s.t, "template.yaml")
	template := `AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage:
    Type: String
Resources:
  LogoutFunction:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: go1.x
    Properties:
      CodeUri: functions/logout
      Runtime: provided.al2023
      Handler: bootstrap
`
	for _, kept := range []string{"AccountsTable", "SealingKey"} {
		resource := regexp.MustCompile(`(?m)^  ` + kept + `:\n(?:(?:    .*)?\n)+`).FindString(whole)
		if !strings.Contains(resource, "DeletionPolicy: Retain") {
			s.t.Fatalf("template.yaml does not keep %s: %q", kept, resource)
		}
		template += resource
	}
	s.edit(func(string) string { return template })
}

// edit changes the template in the copy of the repository.
func (s standIn) edit(change func(template string) string) {
	s.t.Helper()
	template := change(s.repository.Read(s.t, "template.yaml"))
	if err := os.WriteFile(filepath.Join(s.repository.Root, "template.yaml"), []byte(template), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// mendKeys writes the keys' policies again, as text. moto keeps the policy of a key that comes of a stack in another form, and then
// answers DescribeKey with a failure of its own.
func (s standIn) mendKeys() {
	s.t.Helper()
	keys, err := s.keys.ListKeys(s.t.Context(), &kms.ListKeysInput{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, key := range keys.Keys {
		_, err := s.keys.PutKeyPolicy(s.t.Context(), &kms.PutKeyPolicyInput{
			KeyId: key.KeyId, PolicyName: aws.String("default"), Policy: aws.String(`{"Statement": []}`),
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestTheOperationsPageDeploysAndTearsDown(t *testing.T) {
	t.Parallel()
	s, ok := openStandIn(t, "eu-west-1", awsCLI(), samCLI())
	if !ok {
		return
	}
	s.simplify()
	s.bucketForArtifacts()
	const saved = "[default.deploy.parameters]\n" // by a guided deploy of another stack
	s.repository.Replace(t, "samconfig.toml", saved, saved+"parameter_overrides = \"Stage=another\"\n")
	stack := "deployed-" + strings.ToLower(rand.Text()[:8])
	s.sh.set("stack", stack)
	wantsPrinted(t, s.sh.run("Deploy 2"), "Successfully created/updated stack - "+stack)
	s.edit(func(template string) string { return template + "  NewLogs:\n    Type: AWS::Logs::LogGroup\n" })
	changes := s.sh.run("Upgrade and roll back 1")
	wantsPrinted(t, changes, "Replacement")
	wantsPrinted(t, changes, "NewLogs")
	s.wantsStage(stack, "prod")
	if _, err := s.stacks.DescribeStackResource(t.Context(), &cloudformation.DescribeStackResourceInput{
		StackName: &stack, LogicalResourceId: aws.String("NewLogs"),
	}); err == nil {
		t.Error("looking at a change has made it")
	}
	wantsPrinted(t, s.sh.run("Tear down 2"), "Deleted successfully")

	s.mendKeys()
	left := s.sh.run("Tear down 3")
	table, key := "", ""
	for _, word := range strings.Fields(left) {
		if strings.HasPrefix(word, stack+"-AccountsTable-") {
			table = word
		}
		if strings.HasPrefix(word, "arn:aws:kms:") {
			key = word
		}
	}
	if table == "" || key == "" {
		t.Fatalf("what the stack leaves behind is not found: %s", left)
	}
	s.sh.set("accounts", table)
	s.sh.set("key", key)
	s.sh.run("Tear down 4")
	described, err := s.keys.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &key})
	if err != nil || described.KeyMetadata.KeyState != kmstypes.KeyStatePendingDeletion {
		t.Errorf("the key: %+v, %v", described, err)
	}
	if _, err := s.tables.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table}); err == nil {
		t.Error("the table is still there")
	}
	s.sh.page.wantAllRun(t, bySAM)
}

// wantsStage checks the parameter Stage of every change that has been asked for.
func (s standIn) wantsStage(stack, want string) {
	s.t.Helper()
	sets, err := s.stacks.ListChangeSets(s.t.Context(), &cloudformation.ListChangeSetsInput{StackName: &stack})
	if err != nil || len(sets.Summaries) == 0 {
		s.t.Fatalf("%+v, %v", sets, err)
	}
	for _, set := range sets.Summaries {
		change, err := s.stacks.DescribeChangeSet(s.t.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: set.ChangeSetId, StackName: &stack})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, parameter := range change.Parameters {
			if aws.ToString(parameter.ParameterKey) != "Stage" || aws.ToString(parameter.ParameterValue) != want {
				s.t.Errorf("%s: %s is %q", aws.ToString(set.ChangeSetName), aws.ToString(parameter.ParameterKey), aws.ToString(parameter.ParameterValue))
			}
		}
	}
}

func TestTheOperationsPageRestoresAccounts(t *testing.T) {
	t.Parallel()
	s, ok := openStandIn(t, "eu-west-2", awsCLI())
	if !ok {
		return
	}
	accounts := s.sallyport()
	s.put(accounts, "ana")
	s.sh.set("user", "ana")

	if found, failed := s.sh.script("resource AccountsTable\n"); found != accounts+"\n" || failed != "" { // whom it helps is not run here
		t.Errorf("the first block's resource finds %q, %s", found, failed)
	}

	const rows = "Rows of Accounts are damaged or gone "
	s.sh.run(rows + "1")
	s.delete(accounts, "ana")
	wantsPrinted(t, s.sh.run(rows+"2"), "Nothing was written; with -write it would be: returned 1,")
	if s.status(accounts, "ana") != "" {
		t.Error("a dry run has written the account")
	}
	wantsPrinted(t, s.sh.run(rows+"3"), "ana: returned, disabled, CONSUMER, recovery codes 1")
	if got := s.status(accounts, "ana"); got != "disabled" {
		t.Errorf("the account is %q", got)
	}
	wantsPrinted(t, s.sh.run(rows+"4"), "ana: returned, active, CONSUMER, recovery codes 1")
	if got := s.status(accounts, "ana"); got != "active" {
		t.Errorf("the account is %q", got)
	}
	s.sh.run(rows + "5")
	if _, err := s.tables.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(accounts + "-restored")}); err == nil {
		t.Error("the copy is still there")
	}

	wantsPrinted(t, s.sh.run("Tear down 1"), "sallyport: "+accounts+" ")
	s.sh.set("key", strings.Fields(s.sh.run("Tear down 1"))[2])
	s.sh.run("Keys 2")
	s.sh.page.wantAllRun(t, byStandIn)
}

// sallyport makes a stack with the tables and the key of template.yaml, and returns the name of its Accounts table.
func (s standIn) sallyport() string {
	s.t.Helper()
	resources, outputs := map[string]any{
		"SealingKey": map[string]any{"Type": "AWS::KMS::Key", "Properties": map[string]any{"EnableKeyRotation": true, "KeyPolicy": map[string]any{
			"Version": "2012-10-17", "Statement": []any{},
		}}},
	}, map[string]string{"SealingKeyArn": "SealingKey", "ApiUrl": "SealingKey"}
	for table, keys := range map[string][]string{
		"Accounts": {"username"}, "Challenges": {"challenge_id"}, "Tokens": {"user_id", "token_id"}, "DataKeys": {"key_day"},
		"Invitations": {"code_hash"}, "Throttles": {"subject"}, "Audit": {"account_id", "at_id"}, "Clients": {"client_id"},
	} {
		definitions, schema := []any{}, []any{}
		for i, key := range keys {
			definitions = append(definitions, map[string]any{"AttributeName": key, "AttributeType": "S"})
			schema = append(schema, map[string]any{"AttributeName": key, "KeyType": []string{"HASH", "RANGE"}[i]})
		}
		resources[table+"Table"] = map[string]any{"Type": "AWS::DynamoDB::Table", "Properties": map[string]any{
			"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": definitions, "KeySchema": schema,
			"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
		}}
		outputs[table+"TableName"] = table + "Table"
	}
	s.create("sallyport", resources, outputs)
	found, err := s.stacks.DescribeStackResource(s.t.Context(), &cloudformation.DescribeStackResourceInput{
		StackName: aws.String("sallyport"), LogicalResourceId: aws.String("AccountsTable"),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return aws.ToString(found.StackResourceDetail.PhysicalResourceId)
}

// put stores an active account, in the form that docs/security.md and the functions know.
func (s standIn) put(table, username string) {
	s.t.Helper()
	text := func(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }
	number := func(value string) types.AttributeValue { return &types.AttributeValueMemberN{Value: value} }
	_, err := s.tables.PutItem(s.t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: row{
		"username": text(username), "user_id": text("36cd52bbcbedc1914f65b26f4d5204b9"), "status": text("active"), "role": text("CONSUMER"),
		"password_hash": text("$argon2id$"), "sealed_totp_secret": &types.AttributeValueMemberB{Value: []byte("sealed")},
		"last_totp_step": number("7"), "recovery_codes": &types.AttributeValueMemberL{Value: []types.AttributeValue{text("hash")}},
		"sessions":        &types.AttributeValueMemberM{Value: row{}},
		"session_version": number("1"), "revision": number("1"), "created_at": number("1795435200"),
	}})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s standIn) delete(table, username string) {
	s.t.Helper()
	_, err := s.tables.DeleteItem(s.t.Context(), &dynamodb.DeleteItemInput{
		TableName: &table, Key: row{"username": &types.AttributeValueMemberS{Value: username}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// status returns an account's status, empty if there is no account.
func (s standIn) status(table, username string) string {
	s.t.Helper()
	out, err := s.tables.GetItem(s.t.Context(), &dynamodb.GetItemInput{
		TableName: &table, Key: row{"username": &types.AttributeValueMemberS{Value: username}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return text(out.Item["status"])
}

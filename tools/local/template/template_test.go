package template

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// head begins every template of these tests, which end it with Resources.
const head = `AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
`

// smallest is a template that loads.
const smallest = head + `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: prod}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /hello, Method: get}}
`

// write puts a template beside the folders of its functions and returns its path.
func write(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{"hello", "guard"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "template.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t testing.TB, text string, o Options) *Stack {
	t.Helper()
	s, err := Load(write(t, text), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryPartOfAStackIsRead(t *testing.T) {
	text := head + `Globals:
  Function:
    Timeout: 7
    MemorySize: 256
    Environment: {Variables: {SHARED: "1", MODE: global}}
  Api:
    StageName: !Ref Stage
Parameters:
  Stage: {Type: String, Default: test, AllowedPattern: "[a-z]+"}
  Life: {Type: Number, Default: 3600, MinValue: 1, MaxValue: 43200}
  Roles: {Type: CommaDelimitedList, Default: "A, B"}
Conditions:
  IsTest: !Equals [!Ref Stage, test]
  IsOther: !Not [{Condition: IsTest}]
  Both: !And [{Condition: IsTest}, !Or [{Condition: IsOther}, {"Fn::Equals": [1, 1]}]]
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      Auth:
        DefaultAuthorizer: Guarding
        Authorizers:
          Guarding:
            FunctionPayloadType: REQUEST
            FunctionArn: !GetAtt Guard.Arn
            Identity: {Headers: [Authorization], ReauthorizeEvery: 0}
      GatewayResponses:
        DEFAULT_4XX:
          ResponseParameters: {Headers: {Content-Type: "'application/problem+json'"}}
          ResponseTemplates: {application/json: '{"instance":"urn:uuid:$context.requestId"}'}
        UNAUTHORIZED: {StatusCode: "401"}
  Guard:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: guard/, Timeout: 4}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello
      KmsKeyArn: !GetAtt SomeRole.Arn
      Environment:
        Variables:
          MODE: !If [Both, own, other]
          TABLE: !Ref Things
          TABLE_ARN: !GetAtt Things.Arn
          KEY: {Ref: SealingKey}
          LIFE: !Ref Life
          ROLES: !Join [",", !Ref Roles]
          SECOND: !Select [1, !Ref Roles]
          PART: !Select ["0", !Split ["-", "x-y"]]
          TEXT: !Sub "${AWS::Region}/${AWS::AccountId}/${AWS::Partition}/${AWS::StackName}/${AWS::URLSuffix}/${Stage}/${Things.Arn}/${!literal}"
          OWN: !Sub ["${X}-${Stage}", {X: !Ref Life}]
          GONE: !Ref AWS::NoValue
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/hello/{name}", Method: get}}
        Open: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /, Method: ANY, Auth: {Authorizer: NONE}}}
        Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  Things:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}, {AttributeName: n, AttributeType: N}]
      KeySchema: [{AttributeName: id, KeyType: HASH}, {AttributeName: n, KeyType: RANGE}]
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
  Named:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "named-${Stage}"
      AttributeDefinitions: [{AttributeName: id, AttributeType: B}, {AttributeName: day, AttributeType: S}, {AttributeName: n, AttributeType: N}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      GlobalSecondaryIndexes:
      - IndexName: by-day
        KeySchema: [{AttributeName: day, KeyType: HASH}, {AttributeName: n, KeyType: RANGE}]
        Projection: {ProjectionType: INCLUDE, NonKeyAttributes: [!Ref Stage, b]}
      - !If [Both, {IndexName: by-n, KeySchema: [{AttributeName: n, KeyType: HASH}], Projection: {ProjectionType: ALL}}, !Ref "AWS::NoValue"]
  Absent:
    Type: AWS::DynamoDB::Table
    Condition: IsOther
  SealingKey: {Type: "AWS::KMS::Key"}
  SealingKeyAlias:
    Type: AWS::KMS::Alias
    Properties: {AliasName: !Sub "alias/${AWS::StackName}", TargetKeyId: !GetAtt SealingKey.Arn}
  SomeRole:
    Type: AWS::IAM::Role
    Properties: {Policies: !Nonsense x}
`
	s := load(t, text, Options{
		Parameters: map[string]string{"Life": "5"},
		Physical:   func(id, _ string) string { return strings.ToLower(id) },
	})
	if a := s.API; a.LogicalID != "Api" || a.StageName != "test" || len(a.GatewayResponses) != 2 ||
		a.GatewayResponses["UNAUTHORIZED"].StatusCode != 401 ||
		a.GatewayResponses["DEFAULT_4XX"].Headers["Content-Type"] != "'application/problem+json'" ||
		a.GatewayResponses["DEFAULT_4XX"].Templates["application/json"] != `{"instance":"urn:uuid:$context.requestId"}` {
		t.Errorf("API: %+v", a)
	}
	if want := (&Authorizer{Name: "Guarding", FunctionID: "Guard", IdentityHeaders: []string{"Authorization"}}); !reflect.DeepEqual(s.API.Authorizer, want) {
		t.Errorf("authorizer %+v", s.API.Authorizer)
	}
	if len(s.API.Routes) != 2 || s.API.Routes[0].Line == 0 {
		t.Fatalf("routes %+v", s.API.Routes)
	}
	s.API.Routes[0].Line, s.API.Routes[1].Line = 0, 0
	if want := []Route{{Method: "GET", Resource: "/hello/{name}", FunctionID: "Hello", Authorized: true}, {Method: "ANY", Resource: "/", FunctionID: "Hello"}}; !reflect.DeepEqual(s.API.Routes, want) {
		t.Errorf("routes %+v", s.API.Routes)
	}
	if len(s.Functions) != 2 || s.Functions[0].LogicalID != "Guard" || s.Functions[0].Timeout != 4*time.Second ||
		filepath.Base(s.Functions[0].CodeDir) != "guard" || !filepath.IsAbs(s.Functions[0].CodeDir) {
		t.Fatalf("functions %+v", s.Functions)
	}
	hello := s.Functions[1]
	if hello.Timeout != 7*time.Second || hello.MemoryMiB != 256 || hello.Line == 0 {
		t.Errorf("Hello %+v", hello)
	}
	wantEnvironment := map[string]string{
		"SHARED": "1", "MODE": "own", "TABLE": "things", "KEY": "sealingkey", "LIFE": "5", "ROLES": "A,B", "SECOND": "B", "PART": "x",
		"TABLE_ARN": "arn:aws:dynamodb:us-east-1:123456789012:table/things",
		"TEXT":      "us-east-1/123456789012/aws/sallyport-local/amazonaws.com/test/arn:aws:dynamodb:us-east-1:123456789012:table/things/${literal}",
		"OWN":       "5-test",
	}
	if !reflect.DeepEqual(hello.Environment, wantEnvironment) {
		t.Errorf("environment %v", hello.Environment)
	}
	if len(s.Tables) != 2 || s.Tables[0].Name != "named-test" || s.Tables[0].PartitionKey != (KeyAttribute{"id", "B"}) || s.Tables[0].TTLAttribute != "" ||
		s.Tables[1].Name != "things" || s.Tables[1].SortKey != (KeyAttribute{"n", "N"}) || s.Tables[1].TTLAttribute != "expires_at" {
		t.Errorf("tables %+v", s.Tables)
	}
	if want := []Index{{"by-day", KeyAttribute{"day", "S"}, KeyAttribute{"n", "N"}, "INCLUDE", []string{"test", "b"}}, {"by-n", KeyAttribute{"n", "N"}, KeyAttribute{}, "ALL", nil}}; !reflect.DeepEqual(s.Tables[0].Indexes, want) || s.Tables[1].Indexes != nil {
		t.Errorf("indexes %+v", s.Tables[0].Indexes)
	}
	if len(s.Keys) != 1 || s.Keys[0].ID != "sealingkey" || s.Keys[0].Alias != "alias/sallyport-local" {
		t.Errorf("keys %+v", s.Keys)
	}
}

func TestAFunctionsAliasAndAnAPIsStageCanBeReferredTo(t *testing.T) {
	for _, arn := range []string{"!GetAtt Hello.Arn", "!Ref Hello.Alias", `!Sub "${Hello.Alias}"`, `!Sub "${Hello.Arn}:live"`} {
		text := strings.Replace(smallest, "{StageName: prod}", `
      StageName: prod
      Auth: {Authorizers: {A: {FunctionPayloadType: REQUEST, FunctionArn: `+arn+`, Identity: {ReauthorizeEvery: 0}}}}`, 1)
		text = strings.Replace(text, "CodeUri: hello", `CodeUri: hello
      AutoPublishAlias: live
      Environment: {Variables: {AA: !Ref Hello.Alias, BB: !Sub "${Api.Stage}"}}`, 1)
		s := load(t, text, Options{})
		if got := s.API.Authorizer.FunctionID; got != "Hello" {
			t.Errorf("%s: the authorizer is %q", arn, got)
		}
		want := map[string]string{"AA": "arn:aws:lambda:us-east-1:123456789012:function:Hello:live", "BB": "prod"}
		if got := s.Functions[0].Environment; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: environment %v", arn, got)
		}
	}
}

func TestLambdaAndGatewayDefaultsAreThoseOfAWS(t *testing.T) {
	s := load(t, strings.Replace(smallest, "{StageName: prod}", `
      StageName: prod
      Auth: {Authorizers: {A: {FunctionPayloadType: REQUEST, FunctionArn: !GetAtt Hello.Arn, Identity: {Headers: [X]}}}}`, 1), Options{})
	if f := s.Functions[0]; f.Timeout != 3*time.Second || f.MemoryMiB != 128 || len(f.Environment) != 0 {
		t.Errorf("function %+v", f)
	}
	if s.API.Authorizer.ResultTTL != 300*time.Second {
		t.Errorf("an unset ReauthorizeEvery is %v, want 300 s", s.API.Authorizer.ResultTTL)
	}
	if s.API.Routes[0].Authorized {
		t.Error("an authorizer that is not the default decides for a route that doesn't name it")
	}
}

func TestParameterConstraintsAreApplied(t *testing.T) {
	text := strings.Replace(smallest, "Resources:", `Parameters:
  Name: {Type: String, Default: abc, MinLength: 2, MaxLength: 4, AllowedPattern: "[a-z]*", ConstraintDescription: small letters}
  Count: {Type: Number, Default: 5, MinValue: 1, MaxValue: 10}
  Kind: {Type: String, Default: arm64, AllowedValues: [arm64, x86_64]}
  Roles: {Type: CommaDelimitedList, Default: "", AllowedValues: ["", CONSUMER, ADMIN]}
Resources:`, 1)
	for _, test := range []struct{ name, value, wrong string }{
		{"Name", "ab", ""},
		{"Name", "a", "within MinLength 2 (small letters)"},
		{"Name", "abcde", "within MaxLength 4"},
		{"Name", "aB", "that matches [a-z]*"},
		{"Name", "ab\n", "that matches"},
		{"Count", "1", ""},
		{"Count", "10", ""},
		{"Count", "0", "within MinValue 1"},
		{"Count", "10.5", "within MaxValue 10"},
		{"Count", "NaN", "that is a number"},
		{"Count", "0x5", "that is a number"},
		{"Count", "", "that is a number"},
		{"Kind", "x86_64", ""},
		{"Kind", "ARM64", "of arm64, x86_64"},
		{"Roles", "ADMIN , CONSUMER", ""},
		{"Roles", "ADMIN,ROOT", `the value "ROOT" is not allowed`},
		{"Nothing", "1", "the template has no such parameter; use one of Count, Kind, Name, Roles"},
	} {
		_, err := Load(write(t, text), Options{Parameters: map[string]string{test.name: test.value}})
		switch {
		case test.wrong == "" && err != nil:
			t.Errorf("%s=%q: %v", test.name, test.value, err)
		case test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)):
			t.Errorf("%s=%q: %v, want %q", test.name, test.value, err, test.wrong)
		}
	}
}

func TestAParameterWithoutDefaultMustBeGiven(t *testing.T) {
	text := strings.Replace(smallest, "Resources:", "Parameters: {Owner: {Type: String}}\nResources:", 1)
	if _, err := Load(write(t, text), Options{}); err == nil || !strings.Contains(err.Error(), "start with -param Owner=") {
		t.Error(err)
	}
	load(t, text, Options{Parameters: map[string]string{"Owner": ""}})
}

func TestLoadingAMissingFileSaysWhich(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml"), Options{}); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Error(err)
	}
}

func TestTheProjectsOwnTemplateLoads(t *testing.T) {
	s, err := Load(filepath.Join("..", "..", "..", "template.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.API.Routes) == 0 || s.API.Authorizer == nil || len(s.Tables) == 0 || len(s.Keys) != 1 {
		t.Errorf("%d routes, authorizer %v, %d tables, %d keys", len(s.API.Routes), s.API.Authorizer, len(s.Tables), len(s.Keys))
	}
}

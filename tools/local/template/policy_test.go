package template

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// withPolicies puts Policies under the smallest template's function, from its line 11 on, and gives it something to name.
func withPolicies(policies string) string {
	text := strings.Replace(smallest, "CodeUri: hello\n", "CodeUri: hello\n      Policies:\n"+policies+"\n", 1)
	return strings.Replace(text, "Resources:\n", "Parameters: {Stage: {Type: String, Default: prod}}\nResources:\n", 1) + `  Things:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}, {AttributeName: day, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      GlobalSecondaryIndexes: [{IndexName: by-day, KeySchema: [{AttributeName: day, KeyType: HASH}], Projection: {ProjectionType: KEYS_ONLY}}]
  SealingKey: {Type: "AWS::KMS::Key"}
`
}

func TestPoliciesAreReadWithTheirLocalNamesAndLines(t *testing.T) {
	s := load(t, withPolicies(`        - Version: "2012-10-17"
          Statement:
            - Sid: Things
              Effect: Allow
              Action: [dynamodb:GetItem, dynamodb:Put*]
              Resource: !GetAtt Things.Arn
            - Sid: Unseal
              Effect: Allow
              Action: kms:Decrypt
              Resource: [!GetAtt SealingKey.Arn]
              Condition:
                StringEquals:
                  kms:EncryptionContext:purpose: [one, another]
                  kms:EncryptionContext:stage: !Ref Stage
                ForAllValues:StringLike: {kms:EncryptionContextKeys: "*"}
        - Statement:
            Effect: Deny
            Action: "*"
            Resource: !Sub arn:${AWS::Partition}:dynamodb:*:*:table/local-*`), Options{Physical: func(id, _ string) string {
		return map[string]string{"Things": "local-Things", "SealingKey": "key-1"}[id]
	}})
	want := []Statement{
		{Sid: "Things", Line: 15, Actions: []string{"dynamodb:GetItem", "dynamodb:Put*"}, Resources: []string{"arn:aws:dynamodb:us-east-1:123456789012:table/local-Things"}},
		{Sid: "Unseal", Line: 19, Actions: []string{"kms:Decrypt"}, Resources: []string{"arn:aws:kms:us-east-1:123456789012:key/key-1"}, Conditions: []Condition{
			{"StringEquals", "kms:EncryptionContext:purpose", []string{"one", "another"}},
			{"StringEquals", "kms:EncryptionContext:stage", []string{"prod"}},
			{"ForAllValues:StringLike", "kms:EncryptionContextKeys", []string{"*"}},
		}},
		{Line: 29, Deny: true, Actions: []string{"*"}, Resources: []string{"arn:aws:dynamodb:*:*:table/local-*"}},
	}
	if got := s.Functions[0].Statements; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

func TestAnIndexIsNamedByItsARNAndIsNotItsTable(t *testing.T) {
	s := load(t, withPolicies(`        - Statement:
            Effect: Allow
            Action: [dynamodb:Query, dynamodb:Scan]
            Resource: !Sub ${Things.Arn}/index/by-day`), Options{})
	want := []string{"arn:aws:dynamodb:us-east-1:123456789012:table/Things/index/by-day"}
	if got := s.Functions[0].Statements; len(got) != 1 || !reflect.DeepEqual(got[0].Resources, want) {
		t.Errorf("%+v", got)
	}
}

func TestAFunctionWithoutPoliciesHasNoStatement(t *testing.T) {
	for _, policies := range []string{"        []", "        - !Ref AWS::NoValue"} {
		if s := load(t, withPolicies(policies), Options{}); len(s.Functions[0].Statements) != 0 {
			t.Errorf("%s: %+v", policies, s.Functions[0].Statements)
		}
	}
	if s := load(t, smallest, Options{}); len(s.Functions[0].Statements) != 0 {
		t.Errorf("%+v", s.Functions[0].Statements)
	}
}

// TestAPolicyThatIsNotUnderstoodIsOneLineThatSaysWhereAndWhatToDo counts lines as withPolicies does: the policies begin at line 13.
func TestAPolicyThatIsNotUnderstoodIsOneLineThatSaysWhereAndWhatToDo(t *testing.T) {
	statement := func(rest string) string {
		return "        - Statement:\n          - Effect: Allow\n" + rest
	}
	const things = "            Resource: !GetAtt Things.Arn\n"
	condition := func(c string) string {
		return statement("            Action: kms:Decrypt\n            Resource: !GetAtt SealingKey.Arn\n            Condition: " + c)
	}
	for _, test := range []struct {
		name, policies string
		line           int
		want           string
	}{
		{"managed policy", "        - AmazonDynamoDBReadOnlyAccess", 13, "write its statements out"},
		{"managed policy alone", "        AmazonDynamoDBReadOnlyAccess", 13, "not an inline document"},
		{"managed policy's ARN", "        - !Sub arn:${AWS::Partition}:iam::aws:policy/AmazonDynamoDBReadOnlyAccess", 13, "not an inline document"},
		{"SAM's policy template", "        - DynamoDBCrudPolicy: {TableName: !Ref Things}", 13, "SAM's policy templates"},
		{"no statement", "        - Statement: []", 13, "a policy has no statement"},
		{"null statement", "        - Statement:", 13, "a statement has no Effect"},
		{"version", "        - Version: 2025-01-01\n          Statement: []", 13, `write "2012-10-17"`},
		{"id", "        - Id: x\n          Statement: []", 13, "a policy has Id, which the local run does not know"},
		{"no table of that name", statement("            Action: dynamodb:GetItem\n            Resource: !GetAtt Nothing.Arn"), 16, `it refers to "Nothing", which is neither a parameter nor a resource`},
		{"foreign table", statement("            Action: dynamodb:GetItem\n            Resource: arn:aws:dynamodb:us-east-1:123456789012:table/Nothing"), 16, "is no table, key or function of this template"},
		{"table by its name", statement("            Action: dynamodb:GetItem\n            Resource: !Ref Things"), 16, "write !GetAtt and the table's name with .Arn"},
		{"one of two is foreign", statement("            Action: dynamodb:GetItem\n            Resource:\n            - !GetAtt Things.Arn\n            - arn:aws:dynamodb:*:*:table/Other"), 18, `"arn:aws:dynamodb:*:*:table/Other"`},
		{"index that is not there", statement("            Action: dynamodb:Query\n            Resource: !Sub ${Things.Arn}/index/by-night"), 16, "is no table, key or function"},
		{"reading rows of an index", statement("            Action: [dynamodb:Query, dynamodb:GetItem]\n            Resource: !Sub ${Things.Arn}/index/by-day"), 15, "names no table for dynamodb:GetItem"},
		{"key for a table", statement("            Action: dynamodb:GetItem\n            Resource: !GetAtt SealingKey.Arn"), 15, "names no table for dynamodb:GetItem"},
		{"table for a key", statement("            Action: [dynamodb:GetItem, KMS:Decrypt]\n" + things), 15, "names no key for KMS:Decrypt"},
		{"resource without attribute", statement("            Action: dynamodb:GetItem\n            Resource: !GetAtt Hello"), 16, "does not name a resource and an attribute"},
		{"no resource", statement("            Action: dynamodb:GetItem\n"), 14, "a statement's Resource is missing"},
		{"no action", statement(things), 14, "a statement's Action is missing"},
		{"empty action", statement("            Action: []\n" + things), 15, "a statement's Action is empty"},
		{"action without service", statement("            Action: GetItem\n" + things), 15, `has the Action "GetItem"; write it as dynamodb:GetItem`},
		{"NotAction", statement("            NotAction: dynamodb:GetItem\n" + things), 15, "a statement has NotAction, which the local run does not know"},
		{"NotResource", statement("            Action: dynamodb:GetItem\n            NotResource: !GetAtt Things.Arn\n"), 16, "a statement has NotResource"},
		{"principal", statement("            Action: dynamodb:GetItem\n            Principal: \"*\"\n" + things), 16, "a statement has Principal"},
		{"effect", "        - Statement:\n          - Effect: Permit\n            Action: dynamodb:GetItem\n" + things, 14, `has the Effect "Permit"`},
		{"no effect", "        - Statement:\n          - Action: dynamodb:GetItem\n" + things, 14, "a statement has no Effect"},
		{"sid", statement("            Sid: of Things\n            Action: dynamodb:GetItem\n" + things), 15, `the Sid "of Things"`},
		{"sid twice", "        - Statement:\n          - {Sid: A, Effect: Allow, Action: \"*\", Resource: \"*\"}\n          - {Sid: A, Effect: Allow, Action: \"*\", Resource: \"*\"}", 15, "the Sid A is that of the statement at line 14 already"},
		{"policy variable", statement("            Action: dynamodb:GetItem\n            Resource: arn:aws:dynamodb:*:*:table/${aws:username}"), 16, "has a policy variable"},
		{"variable in a value", condition(`{StringEquals: {kms:EncryptionContext:a: "${aws:username}"}}`), 17, "has a policy variable"},
		{"operator", condition(`{DateGreaterThan: {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}`), 17, "the condition operator DateGreaterThan"},
		{"operator's suffix", condition(`{StringEqualsIfExists: {kms:EncryptionContext:a: b}}`), 17, "the condition operator StringEqualsIfExists"},
		{"condition key", condition(`{StringEquals: {"kms:ViaService": x}}`), 17, "the condition key kms:ViaService"},
		{"nameless key", condition(`{StringEquals: {"kms:EncryptionContext:": x}}`), 17, "the condition key kms:EncryptionContext:"},
		{"set for one value", condition(`{ForAnyValue:StringEquals: {kms:EncryptionContext:a: b}}`), 17, "compares kms:EncryptionContext:a with ForAnyValue:StringEquals"},
		{"no set for several", condition(`{StringEquals: {kms:EncryptionContextKeys: b}}`), 17, "compares kms:EncryptionContextKeys with StringEquals"},
		{"no value", condition(`{StringEquals: {kms:EncryptionContext:a: []}}`), 17, "kms:EncryptionContext:a is empty"},
	} {
		t.Run(test.name, func(t *testing.T) { wantFault(t, withPolicies(test.policies), test.line, test.want) })
	}
}

func TestWhatGrantsOrTakesPermissionsElsewhereIsRefused(t *testing.T) {
	for _, test := range []struct {
		old, new string
		line     int
		want     string
	}{
		{"CodeUri: hello", "CodeUri: hello\n      Role: arn:aws:iam::123456789012:role/x", 11, "Hello: Role says elsewhere what the function may do"},
		{"CodeUri: hello", "CodeUri: hello\n      Role: !GetAtt SomeRole.Arn", 11, "remove it, and write the statements under the function's Policies"},
		{"CodeUri: hello", "CodeUri: hello\n      PermissionsBoundary: x", 11, "PermissionsBoundary says elsewhere"},
		{"Resources:", "Globals: {Function: {PermissionsBoundary: x}}\nResources:", 3, "PermissionsBoundary says elsewhere"},
		{"Resources:", "Globals: {Function: {Policies: []}}\nResources:", 3, "Globals: SAM takes no Policies here"},
		{"    Properties:\n      CodeUri", "    Connectors: {X: {}}\n    Properties:\n      CodeUri", 9, "Hello: Connectors grant permissions"},
		{"  Hello:", "  Wider: {Type: \"AWS::IAM::Policy\"}\n  Hello:", 7, "Wider: AWS::IAM::Policy is not served locally; use the Policies of the function that it is for"},
		{"  Hello:", "  Wider: {Type: \"AWS::Serverless::Connector\"}\n  Hello:", 7, "use the Policies of the function"},
	} {
		wantFault(t, strings.Replace(smallest, test.old, test.new, 1), test.line, test.want)
	}
}

func wantFault(t *testing.T, text string, line int, want string) {
	t.Helper()
	path := write(t, text)
	_, err := Load(path, Options{})
	if err == nil {
		t.Fatalf("loaded; want %q", want)
	}
	message := err.Error()
	if !strings.HasPrefix(message, fmt.Sprintf("%s:%d: ", path, line)) || !strings.Contains(message, want) || strings.Contains(message, "\n") || !strings.Contains(message, "; ") {
		t.Errorf("%s\nwant line %d, %q and what to do", message, line, want)
	}
}

func FuzzPoliciesNeverPanicAndFailInOneLine(f *testing.F) {
	f.Add("[{Statement: [{Sid: A, Effect: Allow, Action: [dynamodb:GetItem], Resource: !GetAtt Things.Arn, Condition: {StringEquals: {kms:EncryptionContext:a: [b]}}}]}]")
	f.Add("{Version: 2012-10-17, Statement: {Effect: Deny, Action: '*', Resource: ['*', !Sub '${Things.Arn}']}}")
	f.Add("[!If [A, b, c], {Statement: }, {Statement: {Effect: !Ref AWS::NoValue}}]")
	f.Fuzz(func(t *testing.T, policies string) {
		d, err := parse("template.yaml", []byte(withPolicies("        "+policies)), Options{})
		if err != nil {
			return // not even YAML
		}
		for _, r := range d.created() {
			statements, err := d.statements(r)
			if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("more than one line: %q", err)
			}
			for _, s := range statements {
				if len(s.Actions) == 0 || len(s.Resources) == 0 || s.Line == 0 {
					t.Errorf("a statement of nothing: %+v", s)
				}
			}
		}
	})
}

package template

import (
	"fmt"
	"strings"
	"testing"
)

// TestWhatIsWrongIsOneLineThatSaysWhereAndWhatToDo replaces a part of the smallest template with something wrong.
// Lines count from the template's first.
func TestWhatIsWrongIsOneLineThatSaysWhereAndWhatToDo(t *testing.T) {
	const api, code, event = "{StageName: prod}", "CodeUri: hello", "{RestApiId: !Ref Api, Path: /hello, Method: get}"
	auth := func(authorizer string) string {
		return "{StageName: prod, Auth: {Authorizers: {A: " + authorizer + "}}}"
	}
	response := func(s string) string { return "{StageName: prod, GatewayResponses: {UNAUTHORIZED: " + s + "}}" }
	for _, test := range []struct {
		name, old, new string
		line           int
		want           string
	}{
		{"not YAML", "Resources:", "Resources: [", 0, "not valid YAML"},
		{"no mapping", smallest, "hello", 1, "the template is not a mapping"},
		{"empty", smallest, "", 1, "the template is empty"},
		{"two documents", "Resources:", "---\nResources:", 3, "a second YAML document"},
		{"no transform", "Transform: AWS::Serverless-2016-10-31", "Description: x", 1, "Transform is missing"},
		{"other transform", "AWS::Serverless-2016-10-31", "AWS::Include", 2, "a transform other than"},
		{"no resources", "Resources:", "Outputs:", 1, "Resources is missing"},
		{"key twice", code, code + "\n      CodeUri: guard", 11, "Hello: Properties has CodeUri twice"},
		{"merge key", code, "<<: {CodeUri: hello}", 10, "Hello: Properties has a key that is not plain text"},
		{"no type", "    Type: AWS::Serverless::Function\n", "", 7, "Hello: the resource has no Type"},
		{"unserved type", "AWS::Serverless::Function", "AWS::Lambda::Function", 8, "Hello: AWS::Lambda::Function is not served locally; use AWS::Serverless::Function"},
		{"other API", "AWS::Serverless::Api", "AWS::Serverless::HttpApi", 5, "use AWS::Serverless::Api and functions' events of type Api"},
		{"unknown intrinsic, short", code, "CodeUri: !Cidr hello", 10, "Hello: the intrinsic function Fn::Cidr is not known"},
		{"unknown intrinsic, long", code, "CodeUri: {\"Fn::ImportValue\": x}", 10, "Hello: the intrinsic function Fn::ImportValue is not known"},
		{"condition as value", code, "CodeUri: !Equals [a, a]", 10, "Fn::Equals is used as a value"},
		{"unknown Ref", code, "CodeUri: !Ref Nowhere", 10, `Hello: it refers to "Nowhere", which is neither a parameter nor a resource; declare it`},
		{"Ref of a mapping", code, "CodeUri: {Ref: {a: b}}", 10, "Ref is not a text"},
		{"unknown GetAtt", code, "CodeUri: !GetAtt Nowhere.Arn", 10, `it refers to "Nowhere"`},
		{"unknown attribute", code, "CodeUri: !GetAtt Api.RootResourceId", 10, "the attribute RootResourceId of Api is not known"},
		{"ARN of nothing served", code, "CodeUri: !GetAtt Api.Arn", 10, "has no local stand-in"},
		{"GetAtt without attribute", code, "CodeUri: !GetAtt Api", 10, "does not name a resource and an attribute"},
		{"unknown Sub", code, "CodeUri: !Sub \"${Nowhere}\"", 10, `it refers to "Nowhere"`},
		{"open Sub", code, "CodeUri: !Sub \"${Nowhere\"", 10, "a ${ without its }"},
		{"short Join", code, "CodeUri: !Join [x]", 10, "Fn::Join does not have 2 arguments"},
		{"Select beyond", code, "CodeUri: !Select [2, [a, b]]", 10, "Fn::Select has no item 2"},
		{"empty delimiter", code, "CodeUri: !Select [0, !Split [\"\", a]]", 10, "the delimiter of Fn::Split is empty"},
		{"unknown condition", code, "CodeUri: !If [No, a, b]", 10, `the condition "No" is not declared`},
		{"short If", code, "CodeUri: !If [No, a]", 10, "Fn::If does not have 3 arguments"},
		{"cyclic condition", "Resources:", "Conditions: {A: !Not [{Condition: A}]}\nResources:\n  X: {Type: T, Condition: A}", 3, `the condition "A" depends on itself`},
		{"strange condition", "Resources:", "Conditions: {A: !Ref X}\nResources:\n  X: {Type: T, Condition: A}", 3, "not an expression"},
		{"reference to the absent", "Resources:", "Conditions: {A: !Equals [a, b]}\nResources:\n  X: {Type: T, Condition: A}\n  Y: {Type: \"AWS::DynamoDB::Table\", Properties: {KeySchema: !Ref X, AttributeDefinitions: []}}", 6, "its condition is false"},
		{"unknown Ref, unserved", "  Hello:", "  Logs: {Type: \"AWS::Logs::LogGroup\", Properties: {RetentionInDays: !Ref Nowhere}}\n  Hello:", 7, `Logs: it refers to "Nowhere", which is neither a parameter nor a resource`},
		{"unknown GetAtt, unserved", "  Hello:", "  A: {Type: \"AWS::CloudWatch::Alarm\", Properties: {Dimensions: [{Value: {\"Fn::GetAtt\": [Nowhere, Arn]}}]}}\n  Hello:", 7, `A: it refers to "Nowhere"`},
		{"unknown Sub, unserved", "  Hello:", "  A: {Type: T, Properties: {B: !Sub [\"${C}${!D}${Hello.Arn}${Nowhere.Arn}\", {C: 1}]}}\n  Hello:", 7, `A: it refers to "Nowhere"`},
		{"unknown pseudo parameter", "  Hello:", "  A: {Type: T, Properties: {B: !Ref \"AWS::Regoin\"}}\n  Hello:", 7, `A: it refers to "AWS::Regoin"`},
		{"unknown Ref, output", "Resources:", "Outputs: {Where: {Value: !Sub \"https://${Nowhere}\"}}\nResources:", 3, `Where: it refers to "Nowhere"`},
		{"what SAM does not make, unserved", "  Hello:", "  A: {Type: T, Properties: {B: !GetAtt ApiLogs.Arn}}\n  Hello:", 7, `A: it refers to "ApiLogs", which is neither a parameter nor a resource`},
		{"unknown property, unserved", "  Hello:", "  A: {Type: T, Properties: {B: !Ref Hello.Alais}}\n  Hello:", 7, `A: it refers to "Hello.Alais", which SAM does not make of Hello; correct the name`},
		{"unknown attribute, unserved", "  Hello:", "  A: {Type: T, Properties: {B: !GetAtt Hello.Arm}}\n  Hello:", 7, `A: it refers to "Hello.Arm", but Hello has no such attribute; correct`},
		{"unknown condition, unserved", "  Hello:", "  A: {Type: T, Properties: {B: !If [HasDomian, true, false]}}\n  Hello:", 7, `A: the condition "HasDomian" is not declared; declare it in Conditions`},
		{"unknown condition, globals", "Resources:", "Globals: {Function: {Tags: {A: !If [HasDomian, a, b]}}}\nResources:", 3, `Function: the condition "HasDomian" is not declared`},
		{"unknown condition, output", "Resources:", "Outputs: {Where: {Condition: HasDomian, Value: x}}\nResources:", 3, `Where: the condition "HasDomian" is not declared`},
		{"unknown condition in one that is not used", "Resources:", "Conditions: {A: !And [Condition: HasDomian, !Equals [a, a]]}\nResources:", 3, `A: the condition "HasDomian" is not declared`},
		{"unknown condition in short in one that is not used", "Resources:", "Conditions: {A: !Not [!Condition HasDomian]}\nResources:", 3, `A: the condition "HasDomian" is not declared`},
		{"unknown parameter in a condition that is not used", "Resources:", "Conditions: {A: !Equals [!Ref DomianName, a]}\nResources:", 3, `A: it refers to "DomianName", which is no parameter; conditions and rules know parameters only`},
		{"resource in a condition", "Resources:", "Conditions: {A: !Equals [!Ref Hello, a]}\nResources:", 3, `A: it refers to "Hello", which is no parameter; conditions and rules know parameters only`},
		{"unknown parameter in a rule", "Resources:", "Rules: {A: {Assertions: [{Assert: !Equals [!Ref DomianName, a]}]}}\nResources:", 3, `A: it refers to "DomianName", which is no parameter`},
		{"unknown DependsOn", "  Hello:", "  A: {Type: T, DependsOn: Nowhere}\n  Hello:", 7, `A: it refers to "Nowhere"`},
		{"unknown DependsOn in a list", "  Hello:", "  A: {Type: T, DependsOn: [Hello, HelloRole, Nowhere]}\n  Hello:", 7, `A: it refers to "Nowhere"`},
		{"DependsOn a pseudo parameter", "  Hello:", "  A: {Type: T, DependsOn: \"AWS::Region\"}\n  Hello:", 7, `A: it refers to "AWS::Region"`},
		{"alias bomb", "Resources:", "x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\nx-b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nx-c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nx-d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\nx-e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nx-f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\nGlobals: {Function: {CodeUri: *f}}\nResources:", 0, "nests or repeats too much"},
		{"no CodeUri", "      " + code + "\n", "", 7, "Hello: CodeUri is missing"},
		{"missing folder", code, "CodeUri: nowhere", 10, `Hello: CodeUri "nowhere" is not a folder; create it`},
		{"bucket", code, "CodeUri: s3://a/b", 10, "CodeUri is not a local folder"},
		{"inline code", code, code + "\n      InlineCode: x", 11, "InlineCode is not known"},
		{"timeout", code, code + "\n      Timeout: 901", 11, `Timeout is "901"; give a whole number from 1 to 900`},
		{"memory", code, code + "\n      MemorySize: 64", 11, "from 128 to 10240"},
		{"environment list", code, code + "\n      Environment: {Variables: {AA: [1]}}", 11, "is a list where one text is wanted; use Fn::Join"},
		{"environment null", code, code + "\n      Environment: {Variables: {AA: }}", 11, "Environment.Variables.AA is not a text"},
		{"reserved variable", code, code + "\n      Environment: {Variables: {AWS_REGION: x}}", 11, `"AWS_REGION" is not one that a function may set`},
		{"large environment", code, code + "\n      Environment: {Variables: {AA: " + strings.Repeat("x", 4095) + "}}", 11, "keep it to Lambda's 4096"},
		{"no API", "  Api:\n    Type: AWS::Serverless::Api\n    Properties: {StageName: prod}\n", "", 1, "there is no AWS::Serverless::Api"},
		{"second API", "  Hello:", "  Other: {Type: \"AWS::Serverless::Api\"}\n  Hello:", 7, "Other: it is a second AWS::Serverless::Api"},
		{"no stage", api, "{}", 4, "Api: StageName is missing"},
		{"stage", api, "{StageName: a b}", 6, `StageName is "a b"`},
		{"compression", api, "{StageName: prod, MinimumCompressionSize: 0}", 6, "MinimumCompressionSize is not known to the local run"},
		{"binary type", api, "{StageName: prod, BinaryMediaTypes: [image~1png, image]}", 6, `BinaryMediaTypes has "image"; write a media type`},
		{"binary type with parameter", api, "{StageName: prod, BinaryMediaTypes: [\"text/plain;charset=x\"]}", 6, "without parameters"},
		{"binary type as text", api, "{StageName: prod, BinaryMediaTypes: image~1png}", 6, "BinaryMediaTypes is not a list"},
		{"stage variable's name", api, "{StageName: prod, Variables: {a-b: c}}", 6, `Variables has "a-b": "c", which is not a stage variable`},
		{"stage variable's value", api, "{StageName: prod, Variables: {a: b c}}", 6, `Variables has "a": "b c"`},
		{"origin without quotes", api, "{StageName: prod, Cors: \"*\"}", 6, `Cors is "*", which is not a literal in single quotes; write it as`},
		{"origin from the request", api, "{StageName: prod, Cors: {AllowOrigin: method.request.header.Origin}}", 6, "Cors.AllowOrigin is"},
		{"empty CORS header", api, "{StageName: prod, Cors: {AllowHeaders: \"''\"}}", 6, "Cors.AllowHeaders is"},
		{"CORS age", api, "{StageName: prod, Cors: {MaxAge: 600}}", 6, `Cors.MaxAge is "600"`},
		{"CORS list", api, "{StageName: prod, Cors: [a]}", 6, "Cors is not a mapping"},
		{"CORS property", api, "{StageName: prod, Cors: {ExposeHeaders: \"'A'\"}}", 6, "ExposeHeaders, which the local run does not know"},
		{"credentials", api, "{StageName: prod, Cors: {AllowCredentials: yes}}", 6, `Cors.AllowCredentials is "yes"; write true or false`},
		{"credentials for all", api, "{StageName: prod, Cors: {AllowCredentials: true}}", 6, "while any origin is allowed; name the origin"},
		{"CORS and all binary", api, "{StageName: prod, BinaryMediaTypes: [\"*~1*\"], Cors: \"'*'\"}", 6, "Cors does not go with the binary media type */*"},
		{"preflight's authorizer", api, "{StageName: prod, Auth: {AddDefaultAuthorizerToCorsPreflight: never}}", 6, `AddDefaultAuthorizerToCorsPreflight is "never"`},
		{"no route", "Type: Api", "Type: Schedule", 4, "Api: no function has an event of type Api"},
		{"HTTP API route", "Type: Api", "Type: HttpApi", 12, "use the type Api"},
		{"no API id", "RestApiId: !Ref Api, ", "", 12, "Hello: the event Get does not belong to the API Api; add RestApiId: !Ref Api"},
		{"no method", ", Method: get", "", 12, "the event Get has no Method"},
		{"method", "Method: get", "Method: fetch", 12, `the method "fetch"`},
		{"no path", "Path: /hello, ", "", 12, "the event Get has no Path"},
		{"path", "Path: /hello", "Path: hello", 12, `the path "hello"`},
		{"trailing slash", "Path: /hello", "Path: /hello/", 12, "without a slash at the end"},
		{"greedy in the middle", "Path: /hello", "Path: \"/{a+}/b\"", 12, "the path"},
		{"event property", "Method: get", "Method: get, TimeoutInMillis: 50", 12, "TimeoutInMillis, which the local run does not know"},
		{"route authorizer", "Method: get", "Method: get, Auth: {Authorizer: B}", 12, `names the authorizer "B"`},
		{"API key", "Method: get", "Method: get, Auth: {ApiKeyRequired: true}", 12, "ApiKeyRequired, which the local run does not know"},
		{"duplicate route", event + "}", event + "}\n        Again: {Type: Api, Properties: " + event + "}", 13, "Hello: the route GET /hello is already Hello's, at line 12"},
		{"sibling parameters", event + "}", event + "}\n        A: {Type: Api, Properties: {RestApiId: !Ref Api, Path: \"/{a}\", Method: get}}\n        B: {Type: Api, Properties: {RestApiId: !Ref Api, Path: \"/{b}/c\", Method: get}}", 14, "the path parameter {b} has a sibling {a}"},
		{"default authorizer", api, "{StageName: prod, Auth: {DefaultAuthorizer: B}}", 6, `DefaultAuthorizer "B" is not among Authorizers`},
		{"token authorizer", api, auth("{FunctionArn: !GetAtt Hello.Arn}"), 6, "not of type REQUEST; add FunctionPayloadType: REQUEST"},
		{"authorizer without function", api, auth("{FunctionPayloadType: REQUEST}"), 6, "has no FunctionArn"},
		{"foreign authorizer", api, auth("{FunctionPayloadType: REQUEST, FunctionArn: \"arn:aws:lambda:us-east-1:123456789012:function:x\"}"), 6, "names no function of this template"},
		{"authorizer without alias", api, auth("{FunctionPayloadType: REQUEST, FunctionArn: !Ref Hello.Alias}"), 6, "it refers to the alias of Hello, which has none; give it AutoPublishAlias"},
		{"alias of nothing", api, auth("{FunctionPayloadType: REQUEST, FunctionArn: !Ref Nowhere.Alias}"), 6, `it refers to "Nowhere"`},
		{"alias of no function", api, auth("{FunctionPayloadType: REQUEST, FunctionArn: !Sub \"${Api.Alias}\"}"), 6, "it refers to Api.Alias, which the local run does not know"},
		{"another alias", api, auth("{FunctionPayloadType: REQUEST, FunctionArn: !Sub \"${Hello.Arn}:live\"}"), 6, "names no function of this template"},
		{"name of an alias", code, code + "\n      AutoPublishAlias: \"7\"\n      Environment: {Variables: {AA: !Ref Hello.Alias}}", 11, `Hello: AutoPublishAlias is "7"; use letters`},
		{"version", code, code + "\n      Environment: {Variables: {AA: !Ref Hello.Version}}", 11, "it refers to Hello.Version, which the local run does not know"},
		{"authorizer's cache", api, auth("{FunctionPayloadType: REQUEST, FunctionArn: !GetAtt Hello.Arn, Identity: {ReauthorizeEvery: 3601}}"), 6, "from 0 to 3600"},
		{"cache without identity", api, auth("{FunctionPayloadType: REQUEST, FunctionArn: !GetAtt Hello.Arn}"), 6, "without an identity source"},
		{"identity of the query", api, auth("{FunctionPayloadType: REQUEST, FunctionArn: !GetAtt Hello.Arn, Identity: {QueryStrings: [a]}}"), 6, "QueryStrings, which the local run does not know"},
		{"response type", api, "{StageName: prod, GatewayResponses: {TEAPOT: {}}}", 6, "TEAPOT, which is not a response type"},
		{"response status", api, response("{StatusCode: 99}"), 6, "from 200 to 599"},
		{"header without quotes", api, response("{ResponseParameters: {Headers: {A: no-store}}}"), 6, `the header A: "no-store" is not a mapping expression`},
		{"unknown variable", api, response("{ResponseTemplates: {application/json: $context.nothing}}"), 6, "the variable $context.nothing is not known"},
		{"VTL", api, response("{ResponseTemplates: {application/json: \"${context.requestId}\"}}"), 6, "VTL"},
		{"table without key", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\"}\n  Hello:", 7, "T: AttributeDefinitions is missing"},
		{"table with local index", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {LocalSecondaryIndexes: []}}\n  Hello:", 7, "T: LocalSecondaryIndexes are not known"},
		{"indexes that are no list", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}], GlobalSecondaryIndexes: {IndexName: abc}}}\n  Hello:", 7, "GlobalSecondaryIndexes is not a list"},
		{"index without name", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}], GlobalSecondaryIndexes: [{KeySchema: [{AttributeName: a, KeyType: HASH}], Projection: {ProjectionType: ALL}}]}}\n  Hello:", 7, "an index has no IndexName"},
		{"index with a short name", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}], GlobalSecondaryIndexes: [{IndexName: ab}]}}\n  Hello:", 7, "T: the index's name \"ab\"; use 3 to 255"},
		{"index without key", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}], GlobalSecondaryIndexes: [{IndexName: by-a, Projection: {ProjectionType: ALL}}]}}\n  Hello:", 7, "KeySchema of the index by-a is missing"},
		{"index on an undefined key", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}], GlobalSecondaryIndexes: [{IndexName: by-b, KeySchema: [{AttributeName: b, KeyType: HASH}], Projection: {ProjectionType: ALL}}]}}\n  Hello:", 7, "the key attribute \"b\" is not in AttributeDefinitions"},
		{"index without projection", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}], GlobalSecondaryIndexes: [{IndexName: by-a, KeySchema: [{AttributeName: a, KeyType: HASH}]}]}}\n  Hello:", 7, "the Projection of the index by-a has no ProjectionType"},
		{"index with another projection", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}], GlobalSecondaryIndexes: [{IndexName: by-a, KeySchema: [{AttributeName: a, KeyType: HASH}], Projection: {ProjectionType: SOME}}]}}\n  Hello:", 7, "write ALL, KEYS_ONLY or INCLUDE"},
		{"index that includes nothing", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}], GlobalSecondaryIndexes: [{IndexName: by-a, KeySchema: [{AttributeName: a, KeyType: HASH}], Projection: {ProjectionType: INCLUDE}}]}}\n  Hello:", 7, "is INCLUDE and has no NonKeyAttributes"},
		{"index of all and more", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}], GlobalSecondaryIndexes: [{IndexName: by-a, KeySchema: [{AttributeName: a, KeyType: HASH}], Projection: {ProjectionType: ALL, NonKeyAttributes: [b]}}]}}\n  Hello:", 7, "is ALL and has NonKeyAttributes"},
		{"index with a throughput", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}], GlobalSecondaryIndexes: [{IndexName: by-a, ProvisionedThroughput: {ReadCapacityUnits: 1}}]}}\n  Hello:", 7, "an index has ProvisionedThroughput, which the local run does not know"},
		{"index twice", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}], GlobalSecondaryIndexes: [{IndexName: by-a, KeySchema: [{AttributeName: a, KeyType: HASH}], Projection: {ProjectionType: ALL}}, {IndexName: by-a, KeySchema: [{AttributeName: a, KeyType: HASH}], Projection: {ProjectionType: ALL}}]}}\n  Hello:", 7, "the index by-a is declared at line 7 already"},
		{"attribute without key", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}, {AttributeName: b, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: HASH}]}}\n  Hello:", 7, "AttributeDefinitions has \"b\", which is in no key"},
		{"undefined key", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [], KeySchema: [{AttributeName: a, KeyType: HASH}]}}\n  Hello:", 7, `the key attribute "a" is not in AttributeDefinitions`},
		{"sort key alone", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {AttributeDefinitions: [{AttributeName: a, AttributeType: S}], KeySchema: [{AttributeName: a, KeyType: RANGE}]}}\n  Hello:", 7, "KeySchema has no HASH key"},
		{"table with a long name", "  Hello:", "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {TableName: " + strings.Repeat("t", 256) + "}}\n  Hello:", 7, "T: the table's name would have 256 characters; shorten"},
		{"alias without a name", "  Hello:", "  A: {Type: \"AWS::KMS::Alias\", Properties: {TargetKeyId: x}}\n  Hello:", 7, `A: the alias's name is "A"; begin it with alias/`},
		{"alias of AWS", "  Hello:", "  A: {Type: \"AWS::KMS::Alias\", Properties: {AliasName: alias/aws/x, TargetKeyId: x}}\n  Hello:", 7, `the alias's name is "alias/aws/x"`},
		{"alias without a key", "  Hello:", "  A: {Type: \"AWS::KMS::Alias\", Properties: {AliasName: alias/x}}\n  Hello:", 7, "A: TargetKeyId is missing; name the key"},
		{"parameter type", "Resources:", "Parameters: {A: {Type: \"AWS::SSM::Parameter::Value<String>\"}}\nResources:", 3, "use String, Number or CommaDelimitedList"},
		{"parameter pattern", "Resources:", "Parameters: {A: {Type: String, Default: a, AllowedPattern: \"(\"}}\nResources:", 3, "AllowedPattern is not a regular expression"},
		{"parameter default", "Resources:", "Parameters: {A: {Type: Number, Default: x}}\nResources:", 3, "give one that is a number"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(smallest, test.old) {
				t.Fatalf("the smallest template has no %q", test.old)
			}
			path := write(t, strings.Replace(smallest, test.old, test.new, 1))
			_, err := Load(path, Options{})
			if err == nil {
				t.Fatal("loaded")
			}
			message := err.Error()
			if !strings.Contains(message, test.want) || strings.Contains(message, "\n") || !strings.Contains(message, "; ") {
				t.Errorf("%s\nwant one line with %q and what to do", message, test.want)
			}
			if prefix := fmt.Sprintf("%s:%d: ", path, test.line); test.line > 0 && !strings.HasPrefix(message, prefix) {
				t.Errorf("%s\nwant line %d", message, test.line)
			}
		})
	}
}

func TestTheLineOfASyntaxErrorIsKept(t *testing.T) {
	path := write(t, "a: b\nc: d: e\n")
	if _, err := Load(path, Options{}); err == nil || !strings.HasPrefix(err.Error(), path+":2: not valid YAML: ") {
		t.Error(err)
	}
}

func FuzzLoadNeverPanicsAndFailsInOneLine(f *testing.F) {
	f.Add(smallest)
	f.Add(head + "Resources: &a {X: *a}")
	f.Add(head + "Globals: &g {Function: !If [A, *g, !Sub '${B}']}\nConditions: {A: !And [!Equals [a, a], !Or [{Condition: A}]]}\nResources: {}")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parse("template.yaml", []byte(text), Options{})
		if err == nil {
			_, err = d.stack("testdata-that-is-not-there")
		}
		if err == nil {
			err = d.checkReferences()
		}
		if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("more than one line: %q", err)
		}
	})
}

package template

import (
	"strings"
	"testing"
)

// generating is a template of which SAM makes as much as it can. What is listed in the tests is what SAM 1.170's transform makes.
const generating = head + `Conditions: {Always: !Equals [a, a]}
Mappings: {Sizes: {a: {b: c}}}
Parameters: {Size: {Type: String, Default: a}}
Globals:
  Function:
    AutoPublishAlias: li-ve_x
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Domain: {DomainName: x.example, CertificateArn: a, BasePath: [v1]}
      Auth:
        Authorizers: {Tok: {FunctionPayloadType: REQUEST, FunctionArn: !GetAtt Hello.Arn, Identity: {ReauthorizeEvery: 0}}}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello
      DeploymentPreference: {Type: AllAtOnce}
      FunctionUrlConfig: {AuthType: NONE}
      EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: SQS}, OnFailure: {Type: SNS}}}
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /hello, Method: get}}
        Daily: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
        Weekly: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(7 days)}}
        Queue: {Type: SQS, Properties: {Queue: a}}
        Bucket: {Type: S3, Properties: {Bucket: b}}
        Pool: {Type: Cognito, Properties: {UserPool: u}}
  Log: {Type: "AWS::Logs::LogGroup"}
  Watch:
    Type: AWS::CloudWatch::Alarm
    Properties: {Unread: HERE}
`

// refersTo is whether generating loads with a value in a resource that is not served.
func refersTo(t *testing.T, text, value string) error {
	t.Helper()
	_, err := Load(write(t, strings.Replace(text, "HERE", value, 1)), Options{})
	return err
}

func TestWhatSAMMakesMayBeReferredTo(t *testing.T) {
	for _, value := range []string{
		"!Ref HelloRole", "!GetAtt HelloRole.Arn", "!Ref HelloAliasliDveUx", "!Ref HelloVersion0123456789", "!Ref HelloDeploymentGroup",
		"!Ref CodeDeployServiceRole", "!Ref ServerlessDeploymentApplication", "!Ref HelloUrl", "!GetAtt HelloUrl.FunctionUrl", "!Ref HelloUrlPublicPermissions",
		"!Ref HelloURLInvokeAllowPublicAccess", "!Ref HelloEventInvokeConfig", "!Ref HelloEventInvokeConfigOnSuccessQueue", "!Ref HelloGetPermissionprod",
		"!Ref HelloDaily", "!Ref HelloDailyPermission", "!Ref HelloWeekly", "!Ref HelloWeeklyRole", "!Ref HelloQueue", "!Ref HelloBucketPermission", "!Ref HelloCognitoPermission",
		"!Ref ApiprodStage", "!Sub \"${ApiprodStage}\"", "!Ref ApiDeployment0123456789", "!Ref ApiTokAuthorizerPermission", "!Ref Apiv1BasePathMapping",
		"!Ref Hello.Alias", "!Ref Hello.Version", "!Ref Hello.DestinationTopic", "!Ref Hello.DestinationQueue", "!GetAtt Hello.Alias.AliasArn", "!Sub \"${Hello.Alias}\"",
		"!Ref Api.Stage", "!Ref Api.Deployment", "!Ref Api.DomainName", "!GetAtt [Api.Deployment, DeploymentId]",
		"!GetAtt Hello.Arn", "!GetAtt [Hello, Arn]", "!GetAtt Hello.SnapStartResponse.ApplyOn", "!GetAtt Api.RootResourceId", "!GetAtt Api.RestApiId", "!Sub \"${Hello.Arn}\"",
		"!GetAtt Log.Arn", "!GetAtt [Log, !Ref Size]", "!If [Always, 1, 2]", "!FindInMap [Sizes, !Ref Size, b]",
	} {
		if err := refersTo(t, generating, value); err != nil {
			t.Errorf("%s: %v", value, err)
		}
	}
	for stage, names := range map[string][]string{
		"pr-od":                       {"!Ref ApiStage9bcb6feff3", "!Ref HelloGetPermission9bcb6feff3"},
		"!Ref Stage":                  {"!Ref ApiStage", "!Ref HelloGetPermissionStage"},
		"!Sub \"${Stage}\"":           {"!Ref ApiStage", "!Ref HelloGetPermissionStage"},
		"{\"Fn::Sub\": \"${Stage}\"}": {"!Ref ApiStage", "!Ref HelloGetPermissionStage"},
	} {
		text := strings.Replace(strings.Replace(generating, "StageName: prod", "StageName: "+stage, 1), "Parameters: {", "Parameters: {Stage: {Type: String, Default: prod}, ", 1)
		for _, value := range names {
			if err := refersTo(t, text, value); err != nil {
				t.Errorf("stage %s, %s: %v", stage, value, err)
			}
		}
	}
}

func TestWhatSAMDoesNotMakeIsUnknown(t *testing.T) {
	const unknown = "which is neither a parameter nor a resource"
	for value, want := range map[string]string{
		"!Ref HelloLogs": unknown, "!Ref HelloRoles": unknown, "!Ref HelloAliaslive": unknown, "!Ref HelloVersion": unknown, "!Ref HelloVersion012345678g": unknown,
		"!Ref HelloGet": unknown, "!Ref HelloGetPermission": unknown, "!Ref HelloGetPermissionStage": unknown, "!Ref HelloPostPermissionprod": unknown,
		"!Ref HelloDailyRole": unknown, "!Ref HelloQueuePermission": unknown, "!Ref HelloBucket": unknown, "!GetAtt ApiLog.Arn": unknown, "!Ref ApiStage": unknown, "!Ref ApitestStage": unknown,
		"!Ref ApiDeployment": unknown, "!Ref ApiAuthorizerPermission": unknown, "!Sub \"${HelloRol.Arn}\"": unknown, "!Ref LogRole": unknown, "!Ref Nowhere.Alias": unknown,
		"!Ref Hello.Alais": `it refers to "Hello.Alais", which SAM does not make of Hello`, "!Ref Hello.Arn": `"Hello.Arn", which SAM does not make`, "!Ref Hello.Stage": "which SAM does not make of Hello",
		"!Ref Api.Alias": "which SAM does not make of Api", "!Ref Api.RestApiId": "which SAM does not make of Api", "!Ref Log.Alias": "which SAM does not make of Log",
		"!GetAtt Hello.Arm": `it refers to "Hello.Arm", but Hello has no such attribute`, "!GetAtt [Hello, Name]": "but Hello has no such attribute", "!GetAtt Api.Arn": "but Api has no such attribute",
		"!GetAtt Log": `it refers to "Log", but Log has no such attribute`, "!Sub \"${Hello.Alais}\"": "but Hello has no such attribute", "!GetAtt Size.Arn": `it refers to an attribute of "Size", which is a parameter`,
		"!If [Allways, 1, 2]": `the condition "Allways" is not declared`, "{\"Fn::If\": [Allways, 1, 2]}": `the condition "Allways" is not declared`, "[{a: !If [Allways, 1, 2]}]": `the condition "Allways" is not declared`,
		"!FindInMap [Size, a, b]": `there is no "Size" in Mappings`, "!FindInMap [Sizes, !Ref Sise, b]": `it refers to "Sise", ` + unknown,
	} {
		if err := refersTo(t, generating, value); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", value, err, want)
		}
	}
}

// A name is unknown where the property is not set of which SAM would make it.
func TestWhatIsNotAskedForIsNotMade(t *testing.T) {
	for value, without := range map[string]string{
		"!Ref HelloAliasliDveUx": "    AutoPublishAlias: li-ve_x", "!Ref HelloVersion0123456789": "    AutoPublishAlias: li-ve_x", "!Ref Hello.Alias": "    AutoPublishAlias: li-ve_x", "!Ref Hello.Version": "    AutoPublishAlias: li-ve_x",
		"!Ref HelloDeploymentGroup": "      DeploymentPreference: {Type: AllAtOnce}", "!Ref CodeDeployServiceRole": "      DeploymentPreference: {Type: AllAtOnce}",
		"!Ref ServerlessDeploymentApplication": "      DeploymentPreference: {Type: AllAtOnce}", "!Ref HelloUrl": "      FunctionUrlConfig: {AuthType: NONE}",
		"!Ref HelloEventInvokeConfig": "      EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: SQS}, OnFailure: {Type: SNS}}}",
		"!Ref Hello.DestinationTopic": "      EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: SQS}, OnFailure: {Type: SNS}}}",
		"!Ref Apiv1BasePathMapping":   "      Domain: {DomainName: x.example, CertificateArn: a, BasePath: [v1]}", "!Ref Api.DomainName": "      Domain: {DomainName: x.example, CertificateArn: a, BasePath: [v1]}",
	} {
		text := strings.Replace(generating, without+"\n", "", 1)
		if text == generating {
			t.Fatalf("the template has no %q", without)
		}
		if err := refersTo(t, text, value); err == nil || !strings.Contains(err.Error(), "Watch: it refers to ") {
			t.Errorf("%s: %v", value, err)
		}
	}
	text := strings.Replace(generating, "{FunctionPayloadType: REQUEST,", "{DisableFunctionDefaultPermissions: true, FunctionPayloadType: REQUEST,", 1)
	if err := refersTo(t, text, "!Ref ApiTokAuthorizerPermission"); err == nil {
		t.Error("the authorizer's permission, which the template makes itself")
	}
}

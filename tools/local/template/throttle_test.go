package template

import (
	"strings"
	"testing"
)

const throttled = `
Transform: AWS::Serverless-2016-10-31
Parameters:
  Rate: {Type: Number, Default: 7}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      MethodSettings:
        - {ResourcePath: "/*", HttpMethod: "*", ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200}
        - {ResourcePath: "/~1things~1{id}", HttpMethod: GET, ThrottlingRateLimit: !Ref Rate, ThrottlingBurstLimit: 8}
        - {ResourcePath: "/*", HttpMethod: "*", LoggingLevel: "OFF"}
  Function:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: go1.x}
    Properties:
      Runtime: provided.al2023
      Handler: bootstrap
      CodeUri: .
      Events:
        One: {Type: Api, Properties: {RestApiId: !Ref Api, Method: GET, Path: "/things/{id}"}}
        Other: {Type: Api, Properties: {RestApiId: !Ref Api, Method: POST, Path: "/things/{id}"}}
`

func TestARouteIsThrottledAsTheNearestSettingSays(t *testing.T) {
	stack := load(t, throttled, Options{})
	for i, want := range []Throttle{{7, 8}, {100, 200}} {
		if route := stack.API.Routes[i]; route.Throttle == nil || *route.Throttle != want {
			t.Errorf("%s %s: %+v, want %+v", route.Method, route.Resource, route.Throttle, want)
		}
	}
}

func TestAMalformedThrottleIsAFaultOfTheTemplate(t *testing.T) {
	for what, change := range map[string][2]string{
		"a rate that is no number": {"ThrottlingRateLimit: 100", "ThrottlingRateLimit: fast"},
		"a negative burst":         {"ThrottlingBurstLimit: 200", "ThrottlingBurstLimit: -1"},
		"no method":                {`HttpMethod: "*", Throttling`, `Throttling`},
	} {
		if _, err := Load(write(t, strings.Replace(throttled, change[0], change[1], 1)), Options{}); err == nil {
			t.Errorf("%s: no fault", what)
		}
	}
}

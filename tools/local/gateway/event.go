package gateway

import (
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// requestDetails are the parts that the authorizer's event and the integration's have in common.
type requestDetails struct {
	headers    map[string]string
	allHeaders map[string][]string
	query      map[string]string // nil if there is none
	allQuery   map[string][]string
	context    requestContext
}

// proxyEvent is what a function behind a Lambda proxy integration gets.
// "Set up Lambda proxy integrations", Input format of a Lambda function for proxy integration.
type proxyEvent struct {
	Resource        string              `json:"resource"`
	Path            string              `json:"path"`
	HTTPMethod      string              `json:"httpMethod"`
	Headers         map[string]string   `json:"headers"`
	AllHeaders      map[string][]string `json:"multiValueHeaders"`
	Query           map[string]string   `json:"queryStringParameters"`
	AllQuery        map[string][]string `json:"multiValueQueryStringParameters"`
	PathParameters  map[string]string   `json:"pathParameters"`
	StageVariables  map[string]string   `json:"stageVariables"`
	RequestContext  *requestContext     `json:"requestContext"`
	Body            *string             `json:"body"` // null if empty
	IsBase64Encoded bool                `json:"isBase64Encoded"`
}

// authorizerEvent is what a REQUEST authorizer gets: maps that are empty, not null, and no body.
// "Input to an API Gateway Lambda authorizer".
type authorizerEvent struct {
	Type           string              `json:"type"`
	MethodARN      string              `json:"methodArn"`
	Resource       string              `json:"resource"`
	Path           string              `json:"path"`
	HTTPMethod     string              `json:"httpMethod"`
	Headers        map[string]string   `json:"headers"`
	AllHeaders     map[string][]string `json:"multiValueHeaders"`
	Query          map[string]string   `json:"queryStringParameters"`
	AllQuery       map[string][]string `json:"multiValueQueryStringParameters"`
	PathParameters map[string]string   `json:"pathParameters"`
	StageVariables map[string]string   `json:"stageVariables"`
	RequestContext *requestContext     `json:"requestContext"`
}

// requestContext describes the call. "Variables for data transformations for API Gateway", $context.
type requestContext struct {
	ResourceID        string         `json:"resourceId"`
	ResourcePath      string         `json:"resourcePath"`
	HTTPMethod        string         `json:"httpMethod"`
	ExtendedRequestID string         `json:"extendedRequestId"`
	RequestTime       string         `json:"requestTime"` // Common Log Format
	Path              string         `json:"path"`        // with the stage
	AccountID         string         `json:"accountId"`
	Protocol          string         `json:"protocol"`
	Stage             string         `json:"stage"`
	DomainPrefix      string         `json:"domainPrefix"`
	RequestTimeEpoch  int64          `json:"requestTimeEpoch"` // milliseconds
	RequestID         string         `json:"requestId"`
	Identity          identity       `json:"identity"`
	DomainName        string         `json:"domainName"`
	DeploymentID      string         `json:"deploymentId"`
	APIID             string         `json:"apiId"`
	Authorizer        map[string]any `json:"authorizer,omitzero"`
}

// identity tells who called. Measured: what is for other kinds of authorization is null.
type identity struct {
	SourceIP                      string  `json:"sourceIp"`
	UserAgent                     *string `json:"userAgent"`
	AccessKey                     *string `json:"accessKey"`
	AccountID                     *string `json:"accountId"`
	Caller                        *string `json:"caller"`
	CognitoAuthenticationProvider *string `json:"cognitoAuthenticationProvider"`
	CognitoAuthenticationType     *string `json:"cognitoAuthenticationType"`
	CognitoIdentityID             *string `json:"cognitoIdentityId"`
	CognitoIdentityPoolID         *string `json:"cognitoIdentityPoolId"`
	PrincipalOrgID                *string `json:"principalOrgId"`
	User                          *string `json:"user"`
	UserARN                       *string `json:"userArn"`
}

// clfTime is the layout of $context.requestTime.
const clfTime = "02/Jan/2006:15:04:05 -0700"

// describe collects the details of a routed request, once.
func (g *gateway) describe(x *exchange) *requestDetails {
	if x.details != nil {
		return x.details
	}
	d := &requestDetails{}
	d.headers, d.allHeaders = x.eventHeaders()
	d.query, d.allQuery = parseQuery(x.request.URL.RawQuery)
	prefix, _, _ := strings.Cut(x.request.Host, ".")
	start := x.start.UTC()
	d.context = requestContext{
		ResourceID: x.route.resourceID, ResourcePath: x.route.Resource, HTTPMethod: x.method,
		ExtendedRequestID: x.extendedRequestID, RequestTime: start.Format(clfTime), RequestTimeEpoch: start.UnixMilli(),
		Path: g.contextPath(x), AccountID: g.options.AccountID, Protocol: x.request.Proto, Stage: g.api.StageName,
		DomainPrefix: prefix, DomainName: x.request.Host, RequestID: x.requestID, DeploymentID: g.deploymentID, APIID: g.options.APIID,
		Identity: identity{SourceIP: x.sourceIP},
	}
	if agent := x.request.UserAgent(); agent != "" {
		d.context.Identity.UserAgent = &agent
	}
	x.details = d
	return d
}

// contextPath is $context.path: the stage, and the path as it was sent.
func (g *gateway) contextPath(x *exchange) string {
	return "/" + g.api.StageName + x.request.URL.EscapedPath()
}

// authorizerPayload encodes the authorizer's event.
func (g *gateway) authorizerPayload(x *exchange, methodARN string) ([]byte, error) {
	d := g.describe(x)
	return encode(&authorizerEvent{Type: "REQUEST", MethodARN: methodARN, Resource: x.route.Resource, Path: x.path,
		HTTPMethod: x.method, Headers: d.headers, AllHeaders: d.allHeaders, Query: orEmpty(d.query), AllQuery: orEmpty(d.allQuery),
		PathParameters: orEmpty(x.pathParameters), StageVariables: orEmpty(g.api.StageVariables), RequestContext: &d.context})
}

// proxyPayload encodes the integration's event.
func (g *gateway) proxyPayload(x *exchange, body []byte) ([]byte, error) {
	d := g.describe(x)
	d.context.Authorizer = x.authorizer
	event := &proxyEvent{Resource: x.route.Resource, Path: x.path, HTTPMethod: x.method, Headers: d.headers,
		AllHeaders: d.allHeaders, Query: d.query, AllQuery: d.allQuery, PathParameters: x.pathParameters,
		StageVariables: g.api.StageVariables, RequestContext: &d.context}
	event.Body, event.IsBase64Encoded = g.eventBody(x.request, body)
	return encode(event)
}

// encode writes an event. What is not UTF-8 in a text becomes U+FFFD.
func encode(event any) ([]byte, error) {
	return json.Marshal(event, json.FormatNilMapAsNull(true), jsontext.AllowInvalidUTF8(true))
}

func orEmpty[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}

// parseQuery decodes a query: the last value of each parameter, and all values. Both are nil if there is none.
// "Important notes for REST APIs": parameters are decoded, and a semicolon splits the data as an ampersand does.
// What can't be decoded stays as it is.
func parseQuery(raw string) (last map[string]string, all map[string][]string) {
	for pair := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		if last == nil {
			last, all = map[string]string{}, map[string][]string{}
		}
		last[name] = value
		all[name] = append(all[name], value)
	}
	return last, all
}

func unescape(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}

package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// proxyAnswer is a function's answer. "Set up Lambda proxy integrations", Output format of a Lambda function for proxy
// integration: any other member makes it malformed.
type proxyAnswer struct {
	StatusCode      jsontext.Value              `json:"statusCode"`
	Headers         map[string]jsontext.Value   `json:"headers"`
	AllHeaders      map[string][]jsontext.Value `json:"multiValueHeaders"`
	Body            *string                     `json:"body"`
	IsBase64Encoded *bool                       `json:"isBase64Encoded"`
}

// parseAnswer turns a function's answer into a response, its body as it is: see decodeBody. Errors don't repeat the
// answer's values.
func parseAnswer(payload []byte) (response, error) {
	if kind := jsontext.Value(payload).Kind(); kind != '{' {
		return response{}, errors.New("it is not an object")
	}
	var answer proxyAnswer
	if err := json.Unmarshal(payload, &answer, json.RejectUnknownMembers(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		return response{}, errors.New("it is not statusCode, headers, multiValueHeaders, body (a text) and isBase64Encoded alone")
	}
	status, err := parseStatus(answer.StatusCode)
	if err != nil {
		return response{}, err
	}
	r := response{status: status, header: http.Header{}, base64: answer.IsBase64Encoded != nil && *answer.IsBase64Encoded}
	if answer.Body != nil {
		r.body = []byte(*answer.Body)
	}
	for name, values := range answer.AllHeaders {
		for _, value := range values {
			if err := r.addHeader(name, value); err != nil {
				return response{}, err
			}
		}
	}
	for name, value := range answer.Headers {
		if err := r.addHeader(name, value); err != nil {
			return response{}, err
		}
	}
	// "Important notes for REST APIs": every integration response has a Content-Type, application/json by default.
	if r.header.Get("Content-Type") == "" {
		r.header.Set("Content-Type", "application/json")
	}
	return r, nil
}

// parseStatus reads statusCode. Measured: a number in a text is taken, and without one the status is 200. Below 200 it
// would be no final response (RFC 9110, section 15.2).
func parseStatus(value jsontext.Value) (int, error) {
	text := string(value)
	switch value.Kind() {
	case jsontext.KindInvalid, 'n':
		return http.StatusOK, nil
	case '"':
		if err := json.Unmarshal(value, &text); err != nil {
			return 0, errors.New("statusCode is not text")
		}
	}
	status, err := strconv.Atoi(text)
	if err != nil || status < 200 || status > 599 {
		return 0, errors.New("statusCode is not a whole number from 200 to 599")
	}
	return status, nil
}

// addHeader adds one value of one header, under the name that the service gives it. "Support for multi-value headers":
// headers and multiValueHeaders are merged, and a pair that is in both is sent once. Measured: a boolean is sent as a
// text.
func (r *response) addHeader(name string, value jsontext.Value) error {
	var text string
	switch value.Kind() {
	case '"':
		if err := json.Unmarshal(value, &text, jsontext.AllowInvalidUTF8(true)); err != nil {
			return fmt.Errorf("the header %q is not text", name)
		}
	case 't', 'f', '0':
		text = string(value)
	default:
		return fmt.Errorf("the header %q is not text", name)
	}
	sent := remapped(http.CanonicalHeaderKey(name))
	if sent != "" && !slices.Contains(r.header[sent], text) {
		r.header.Add(sent, text)
	}
	return nil
}

// remapped is the name under which a function's header is sent, or empty if it isn't. "Important notes for REST APIs",
// table of headers, column Response, lambda. Measured: Content-Length and X-Amzn-RequestId are renamed too.
func remapped(name string) string {
	switch name {
	case "Authorization", "Connection", "Content-Length", "Content-Md5", "Date", "Max-Forwards", "Server", "User-Agent",
		"Www-Authenticate", "X-Amzn-Requestid":
		return "X-Amzn-Remapped-" + name
	case "Expect", "Host", "Proxy-Authenticate", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Via", "X-Amz-Apigw-Id":
		return ""
	}
	return strings.TrimSpace(name)
}

package awsjson_test

import (
	"errors"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"sallyport/tools/local/awsjson"
)

type greeting struct{ Name string }

func newServer() *awsjson.Server {
	return awsjson.New(awsjson.Protocol{Version: "1.1", Target: "Greeter", ErrorPrefix: "greeter#", BodyLimit: 64}, map[string]awsjson.Operation{
		"Greet": awsjson.Decode(func(g *greeting) (any, error) {
			switch g.Name {
			case "":
				return nil, &awsjson.Error{Status: http.StatusConflict, Code: "NoName", Message: "who?", Members: map[string]any{"Hint": "a name"}}
			case "bug":
				return nil, errors.New("unexpected")
			}
			return map[string]string{"Greeting": "hello " + g.Name}, nil
		}),
	})
}

func TestAnAnswerOrAnErrorHasItsFormOnTheWire(t *testing.T) {
	const signed = "AWS4-HMAC-SHA256 Credential=ASIATEST/20261123/us-east-1/greeter/aws4_request, SignedHeaders=host, Signature=0"
	for what, c := range map[string]struct {
		method, target, authorization, body string
		status                              int
		want                                string
	}{
		"an answer":             {"POST", "Greeter.Greet", signed, `{"Name":"ana"}`, 200, `{"Greeting":"hello ana"}`},
		"an unknown member":     {"POST", "Greeter.Greet", signed, `{"Name":"ana","More":1}`, 200, `{"Greeting":"hello ana"}`},
		"an error":              {"POST", "Greeter.Greet", signed, `{}`, 409, `{"Hint":"a name","__type":"greeter#NoName","message":"who?"}`},
		"a fault":               {"POST", "Greeter.Greet", signed, `{"Name":"bug"}`, 500, `{"__type":"greeter#InternalServerError","message":"unexpected"}`},
		"malformed JSON":        {"POST", "Greeter.Greet", signed, `{"Name":`, 400, `{"__type":"greeter#SerializationException","message":"unexpected end of JSON input"}`},
		"too much":              {"POST", "Greeter.Greet", signed, `{"Name":"` + strings.Repeat("x", 64) + `"}`, 400, `{"__type":"greeter#SerializationException","message":"http: request body too large"}`},
		"an unknown operation":  {"POST", "Greeter.Leave", signed, `{}`, 400, `{"__type":"greeter#UnknownOperationException","message":"no such operation: Leave"}`},
		"another service":       {"POST", "Other.Greet", signed, `{}`, 400, `{"__type":"greeter#UnknownOperationException","message":"no such operation: Other.Greet"}`},
		"another method":        {"GET", "Greeter.Greet", signed, ``, 400, `{"__type":"greeter#UnknownOperationException","message":"no such operation: Greet"}`},
		"nobody":                {"POST", "Greeter.Greet", "", `{}`, 400, `{"__type":"greeter#MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}`},
		"no signature of AWS's": {"POST", "Greeter.Greet", "Bearer Credential=x/y", `{}`, 400, `{"__type":"greeter#MissingAuthenticationTokenException","message":"Request is missing Authentication Token"}`},
	} {
		request := httptest.NewRequestWithContext(t.Context(), c.method, "/", strings.NewReader(c.body))
		request.Header.Set("X-Amz-Target", c.target)
		request.Header.Set("Authorization", c.authorization)
		recorder := httptest.NewRecorder()
		newServer().ServeHTTP(recorder, request)
		if recorder.Code != c.status || recorder.Body.String() != c.want ||
			recorder.Header().Get("Content-Type") != "application/x-amz-json-1.1" ||
			recorder.Header().Get("X-Amz-Crc32") != strconv.FormatUint(uint64(crc32.ChecksumIEEE(recorder.Body.Bytes())), 10) {
			t.Errorf("%s: %d %s", what, recorder.Code, recorder.Body)
		}
	}
}

package gateway

import (
	"bytes"
	"net/http"
	"reflect"
	"testing"
)

func TestAFunctionsAnswerBecomesTheResponse(t *testing.T) {
	json := http.Header{"Content-Type": {"application/json"}}
	for _, test := range []struct {
		name, payload string
		status        int
		header        http.Header
		body          string
	}{
		{"all of it", `{"statusCode":201,"headers":{"content-type":"text/plain","X-A":"1"},"body":"b","isBase64Encoded":false}`, 201,
			http.Header{"Content-Type": {"text/plain"}, "X-A": {"1"}}, "b"},
		{"nulls", `{"statusCode":204,"headers":null,"multiValueHeaders":null,"body":null,"isBase64Encoded":null}`, 204, json, ""},
		{"the status in a text", `{"statusCode":"404"}`, 404, json, ""},
		{"no status", `{"body":"b"}`, 200, json, "b"},
		{"a boolean and a number for a header", `{"headers":{"X-A":true,"X-B":7}}`, 200, http.Header{"Content-Type": {"application/json"}, "X-A": {"true"}, "X-B": {"7"}}, ""},
		{"several values", `{"multiValueHeaders":{"Set-Cookie":["a=1","b=2"]}}`, 200, http.Header{"Content-Type": {"application/json"}, "Set-Cookie": {"a=1", "b=2"}}, ""},
		{"both kinds of headers", `{"headers":{"x-a":"2","X-B":"1"},"multiValueHeaders":{"X-A":["1"],"X-B":["1"]}}`, 200,
			http.Header{"Content-Type": {"application/json"}, "X-A": {"1", "2"}, "X-B": {"1"}}, ""},
		{"headers that the gateway keeps for itself", `{"headers":{"WWW-Authenticate":"a","Date":"b","Server":"c","Content-Length":"9","Connection":"close","Authorization":"d",
			"User-Agent":"e","Content-MD5":"f","Max-Forwards":"g","x-amzn-requestid":"h","Host":"i","TE":"j","Transfer-Encoding":"k","Trailer":"l","Upgrade":"m","Via":"n","Expect":"o","Proxy-Authenticate":"p"}}`, 200,
			http.Header{"Content-Type": {"application/json"}, "X-Amzn-Remapped-Www-Authenticate": {"a"}, "X-Amzn-Remapped-Date": {"b"}, "X-Amzn-Remapped-Server": {"c"}, "X-Amzn-Remapped-Content-Length": {"9"},
				"X-Amzn-Remapped-Connection": {"close"}, "X-Amzn-Remapped-Authorization": {"d"}, "X-Amzn-Remapped-User-Agent": {"e"}, "X-Amzn-Remapped-Content-Md5": {"f"},
				"X-Amzn-Remapped-Max-Forwards": {"g"}, "X-Amzn-Remapped-X-Amzn-Requestid": {"h"}}, ""},
		{"base64 without binary media types", `{"body":"aGk=","isBase64Encoded":true}`, 200, json, "aGk="},
	} {
		r, err := parseAnswer([]byte(test.payload))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if r.status != test.status || !reflect.DeepEqual(r.header, test.header) || string(r.body) != test.body {
			t.Errorf("%s: %d %v %q", test.name, r.status, r.header, r.body)
		}
	}
}

func TestAMalformedAnswerIsRefused(t *testing.T) {
	for _, payload := range []string{
		``, `null`, `"text"`, `7`, `[]`, `{`, `{"statusCode":200`, `{} {}`,
		`{"statusCode":200,"wrongValue":"x"}`, `{"statusCode":200,"cookies":[]}`, `{"StatusCode":200}`,
		`{"statusCode":"test"}`, `{"statusCode":200.5}`, `{"statusCode":99}`, `{"statusCode":101}`, `{"statusCode":600}`, `{"statusCode":true}`, `{"statusCode":{}}`,
		`{"body":{}}`, `{"body":7}`, `{"body":[]}`,
		`{"headers":[]}`, `{"headers":{"a":{}}}`, `{"headers":{"a":["b"]}}`, `{"headers":{"a":null}}`, `{"headers":"a"}`,
		`{"multiValueHeaders":{"a":"b"}}`, `{"multiValueHeaders":{"a":[{}]}}`, `{"isBase64Encoded":"yes"}`,
		`{"statusCode":200,"statusCode":201}`, `{"errorMessage":"x"}`,
	} {
		if r, err := parseAnswer([]byte(payload)); err == nil {
			t.Errorf("%s became %d %v", payload, r.status, r.header)
		}
	}
}

func FuzzAnAnswerIsEitherRefusedOrHasAFinalStatus(f *testing.F) {
	f.Add([]byte(`{"statusCode":200,"headers":{"a":"b"},"multiValueHeaders":{"a":["b"]},"body":"x","isBase64Encoded":false}`))
	f.Add([]byte(`{"errorMessage":"x"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := parseAnswer(payload)
		if err == nil && (r.status < 200 || r.status > 599 || r.header.Get("Content-Type") == "" || bytes.HasPrefix(payload, []byte("["))) {
			t.Errorf("%q became %d %v", payload, r.status, r.header)
		}
	})
}

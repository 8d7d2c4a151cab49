package main

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"sallyport/tools/local/iam"
	"sallyport/tools/local/lambda"
	"sallyport/tools/local/template"
)

// moto and DynamoDB Local read more of a call than the guard does: what they could read otherwise is not passed on.
func TestOnlyWhatWasJudgedOfAFunctionsCallIsForwarded(t *testing.T) {
	type record struct {
		r    *http.Request
		body string
	}
	var last atomic.Pointer[record]
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		last.Store(&record{r, string(body)})
	}))
	defer service.Close()
	guard := iam.NewKMSGuard(forward(service.URL), func(iam.Denial) {})
	guard.Enforce(template.StackName, []template.Function{{LogicalID: "TestFunction", Statements: []template.Statement{
		{Actions: []string{"kms:Decrypt"}, Resources: []string{"arn:aws:kms:us-east-1:123456789012:key/1"}},
	}}})
	server := httptest.NewServer(guard)
	defer server.Close()

	own := http.Header{
		"Authorization": {"AWS4-HMAC-SHA256 Credential=" + lambda.AccessKeyID("TestFunction") + "/20261125/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0"},
		"X-Amz-Target":  {"TrentService.Decrypt"}, "X-Amz-Security-Token": {"token"}, "X-Amz-Date": {"20261125T000000Z"}, "Accept-Encoding": {"identity"},
	}
	const body = `{"KeyId":"1","CiphertextBlob":"AA=="}`
	send := func(method, target string, header http.Header, body string) int {
		t.Helper()
		last.Store(nil)
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = header.Clone()
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	with := func(name string, values ...string) http.Header {
		header := own.Clone()
		header[name] = values
		return header
	}

	for what, call := range map[string]struct {
		method, target string
		header         http.Header
	}{
		"a second target":             {"POST", "/", with("X-Amz-Target", "TrentService.Decrypt", "TrentService.DisableKey")},
		"a control path":              {"POST", "/moto-api/reset", own},
		"an action in the query":      {"POST", "/?Action=CreateUser", own},
		"another method":              {"DELETE", "/", own},
		"another service":             {"POST", "/", with("Authorization", strings.Replace(own.Get("Authorization"), "/kms/", "/iam/", 1))},
		"a second signature":          {"POST", "/", with("Authorization", own.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIAOPERATOR/20261125/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0")},
		"a body that is not readable": {"POST", "/", with("Content-Encoding", "gzip")},
	} {
		if status := send(call.method, call.target, call.header, body); status != http.StatusBadRequest || last.Load() != nil {
			t.Errorf("%s: %d, forwarded: %v", what, status, last.Load())
		}
	}

	header := with("Content-Type", "application/x-www-form-urlencoded")
	maps.Copy(header, http.Header{
		"Action": {"DisableKey"}, "X-Moto-Account-Id": {"2"}, "X_Amz_Target": {"TrentService.DisableKey"}, "X-Forwarded-Host": {"iam.amazonaws.com"},
		"User-Agent": {"aws-cli region/eu-west-1"}, "X-Http-Method-Override": {"PUT"},
	})
	status := send(http.MethodPost, "/", header, `{"KeyId":"1","CiphertextBlob":"AA==","More":"&Action=DisableKey&"}`)
	got := last.Load()
	if status != http.StatusOK || got == nil {
		t.Fatalf("a call that may pass: %d %v", status, got)
	}
	if got.r.Method != http.MethodPost || got.r.RequestURI != "/" || got.r.Host != strings.TrimPrefix(service.URL, "http://") ||
		got.body != `{"KeyId":"1","CiphertextBlob":"AA==","More":"\u0026Action=DisableKey\u0026"}` {
		t.Errorf("%s %s of %s: %s", got.r.Method, got.r.RequestURI, got.r.Host, got.body)
	}
	for _, name := range slices.Sorted(maps.Keys(got.r.Header)) {
		want := own.Get(name)
		switch name {
		case "Content-Type":
			want = "application/x-amz-json-1.1"
		case "Content-Length":
			want = strconv.Itoa(len(got.body))
		}
		if values := got.r.Header[name]; len(values) != 1 || values[0] != want {
			t.Errorf("%s: %q, want %q", name, values, want)
		}
	}
	for name := range own {
		if got.r.Header.Get(name) == "" {
			t.Errorf("%s is missing", name)
		}
	}
}

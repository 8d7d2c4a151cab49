package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sallyport/tools/local/template"
)

// exchangeRaw sends text over TCP to a real server and returns the responses to it.
func exchangeRaw(t *testing.T, f *fixture, text string, methods ...string) []*http.Response {
	t.Helper()
	server := httptest.NewUnstartedServer(New(f.api, f.invoker, f.options))
	server.Config.DisableGeneralOptionsHandler = true // else net/http answers OPTIONS * itself
	server.Start()
	defer server.Close()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, text); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(connection)
	var responses []*http.Response
	for _, method := range methods {
		r, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		responses = append(responses, r)
	}
	return responses
}

func TestOneConnectionServesHeadOptionsAndMore(t *testing.T) {
	f := newFixture()
	f.options.Log = nil
	responses := exchangeRaw(t, f, "HEAD /any/x HTTP/1.1\r\nHost: a\r\n\r\n"+
		"OPTIONS /any/x HTTP/1.1\r\nHost: a\r\n\r\n"+
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"+
		"GET http://a/any/../x%20y HTTP/1.1\r\nHost: a\r\n\r\n"+
		"POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
		"HEAD", "OPTIONS", "OPTIONS", "GET", "POST")
	for i, want := range []struct {
		status int
		body   string
	}{{200, ""}, {200, "open"}, {403, `{"message":"Missing Authentication Token"}`}, {200, "open"}, {200, "open"}} {
		if body := bodyOf(t, responses[i]); responses[i].StatusCode != want.status || body != want.body {
			t.Errorf("response %d: %d %q, want %d %q", i, responses[i].StatusCode, body, want.status, want.body)
		}
	}
	if length := responses[0].ContentLength; length != 4 {
		t.Errorf("HEAD says %d bytes", length)
	}
	if event := f.invoker.event(t, "Open"); event["body"] != "ab" {
		t.Errorf("chunked body %v", event["body"])
	}
}

func TestAnExpectedBodyIsAskedForOnlyOnceTheCallIsAllowed(t *testing.T) {
	f := newFixture()
	f.api.Routes[0].Authorized = true
	const request = "POST /open HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
	if r := exchangeRaw(t, f, request, "POST"); r[0].StatusCode != http.StatusContinue {
		t.Errorf("allowed: %d", r[0].StatusCode)
	}
	f.invoker.functions["Guard"] = fails("Unauthorized")
	if r := exchangeRaw(t, f, request, "POST"); r[0].StatusCode != http.StatusUnauthorized {
		t.Errorf("refused: %d", r[0].StatusCode)
	}
}

func TestDuplicateAuthorizationHeadersBothReachTheAuthorizer(t *testing.T) {
	f := newFixture()
	f.options.Log = nil
	exchangeRaw(t, f, "GET /guarded HTTP/1.1\r\nHost: a\r\nAuthorization: one\r\nauthorization: two\r\n\r\n", "GET")
	event := f.invoker.event(t, "Guard")
	want(t, "all", event["multiValueHeaders"].(map[string]any)["Authorization"], `["one","two"]`)
	want(t, "the last", event["headers"].(map[string]any)["Authorization"], `"two"`)
}

func TestABodyOfUnknownLengthIsCutOffAtTheLimit(t *testing.T) {
	f := newFixture()
	f.options.Log = nil
	server := httptest.NewServer(New(f.api, f.invoker, f.options))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/open", io.LimitReader(zeros{}, maxRequestBodyBytes+1))
	if err != nil {
		t.Fatal(err)
	}
	r, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusRequestEntityTooLarge || f.invoker.calls("Open") != 0 {
		t.Errorf("%d", r.StatusCode)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestABodyThatBreaksOffIsABadRequest(t *testing.T) {
	f := newFixture()
	f.options.Log = nil
	if r := exchangeRaw(t, f, "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "POST"); r[0].StatusCode != http.StatusBadRequest || f.invoker.calls("Open") != 0 {
		t.Errorf("%d", r[0].StatusCode)
	}
}

func TestAResponseWithoutBodyHasNoLength(t *testing.T) {
	f := newFixture()
	f.options.Log = nil
	f.invoker.functions["Open"] = answers(`{"statusCode":204,"body":"ignored","headers":{"X-A":"1"}}`)
	r := exchangeRaw(t, f, "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST")[0]
	if r.StatusCode != 204 || r.Header.Get("Content-Length") != "" || r.Header.Get("X-A") != "1" || r.Header.Get("X-Amzn-Trace-Id") == "" {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
}

func TestManyCallersAtOnceGetTheirOwnAnswers(t *testing.T) {
	f := newFixture()
	var logged atomic.Int64
	f.options.Log = func(RequestLine) { logged.Add(1) }
	f.api.Authorizer.ResultTTL = 1 // a nanosecond: the cache is written and read all the time
	f.api.GatewayResponses["DEFAULT_4XX"] = template.GatewayResponse{Templates: map[string]string{"application/json": "$context.requestId"}}
	g := New(f.api, f.invoker, f.options)
	var wait sync.WaitGroup
	for i := range 32 {
		wait.Go(func() {
			for n := range 50 {
				if r := serve(g, get(fmt.Sprintf("/guarded/%d-%d", i, n))); r.StatusCode != 200 {
					t.Errorf("%d", r.StatusCode)
				}
				if r := serve(g, get("/nothing")); bodyOf(t, r) != r.Header.Get("X-Amzn-Requestid") {
					t.Error("the answer to another request")
				}
			}
		})
	}
	wait.Wait()
	if logged.Load() != 3200 {
		t.Errorf("%d lines", logged.Load())
	}
}

func BenchmarkAnAuthorizedRequest(b *testing.B) {
	f := newFixture()
	f.options.Log = nil
	g := New(f.api, discard{f.invoker.functions}, f.options)
	b.ReportAllocs()
	for b.Loop() {
		g.ServeHTTP(httptest.NewRecorder(), get("/guarded"))
	}
}

// discard is an Invoker that remembers nothing.
type discard struct{ functions map[string]function }

func (d discard) Invoke(ctx context.Context, id string, payload []byte) (Result, error) {
	return d.functions[id](ctx, payload)
}

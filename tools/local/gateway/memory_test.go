package gateway

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/tools/local/template"
)

// memory is an Invoker whose functions are Go functions. It remembers the payloads.
type memory struct {
	functions map[string]function
	lock      sync.Mutex
	payloads  map[string][][]byte
}

type function func(ctx context.Context, payload []byte) (Result, error)

func (m *memory) Invoke(ctx context.Context, id string, payload []byte) (Result, error) {
	m.lock.Lock()
	if m.payloads == nil {
		m.payloads = map[string][][]byte{}
	}
	m.payloads[id] = append(m.payloads[id], payload)
	m.lock.Unlock()
	return m.functions[id](ctx, payload)
}

// calls is how often a function was run.
func (m *memory) calls(id string) int {
	m.lock.Lock()
	defer m.lock.Unlock()
	return len(m.payloads[id])
}

// event decodes the latest event of a function.
func (m *memory) event(t testing.TB, id string) map[string]any {
	t.Helper()
	m.lock.Lock()
	defer m.lock.Unlock()
	if len(m.payloads[id]) == 0 {
		t.Fatalf("%s was not run", id)
	}
	var event map[string]any
	if err := json.Unmarshal(m.payloads[id][len(m.payloads[id])-1], &event); err != nil {
		t.Fatal(err)
	}
	return event
}

// answers is a function that always gives the same answer.
func answers(payload string) function {
	return func(context.Context, []byte) (Result, error) { return Result{Payload: []byte(payload)}, nil }
}

// fails is a function that ends in an error.
func fails(message string) function {
	return func(context.Context, []byte) (Result, error) {
		return Result{Payload: []byte(`{"errorMessage":"` + message + `","errorType":"errorString"}`), FunctionError: "Unhandled"}, nil
	}
}

// policy is an authorizer's answer with one statement.
func policy(effect, resource string) string {
	return `{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"` +
		effect + `","Resource":"` + resource + `"}]}}`
}

const arnPrefix = "arn:aws:execute-api:us-east-1:123456789012:local/test/"

// fixture is an API with an open and a guarded route, and what its log got.
type fixture struct {
	api     template.API
	invoker *memory
	options Options
	lines   []RequestLine
}

func newFixture() *fixture {
	f := &fixture{
		api: template.API{
			LogicalID: "Api", StageName: "test",
			Authorizer: &template.Authorizer{Name: "Guarding", FunctionID: "Guard", IdentityHeaders: []string{"Authorization"}},
			Routes: []template.Route{
				{Method: "POST", Resource: "/open", FunctionID: "Open"},
				{Method: "GET", Resource: "/guarded", FunctionID: "Guarded", Authorized: true},
				{Method: "GET", Resource: "/guarded/{id}", FunctionID: "Guarded", Authorized: true},
				{Method: "ANY", Resource: "/any/{proxy+}", FunctionID: "Open"},
			},
			GatewayResponses: map[string]template.GatewayResponse{},
		},
		invoker: &memory{functions: map[string]function{
			"Open":    answers(`{"statusCode":200,"body":"open"}`),
			"Guarded": answers(`{"statusCode":200,"body":"guarded"}`),
			"Guard":   answers(policy("Allow", arnPrefix+"*")),
		}},
	}
	f.options = Options{Region: "us-east-1", AccountID: "123456789012", APIID: "local", Log: func(l RequestLine) { f.lines = append(f.lines, l) }}
	return f
}

// send gives one request to a new gateway.
func (f *fixture) send(r *http.Request) *http.Response {
	return serve(New(f.api, f.invoker, f.options), r)
}

func serve(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// get is a GET with a credential.
func get(target string) *http.Request {
	r := newRequest(http.MethodGet, target, http.NoBody)
	r.Header.Set("Authorization", "Bearer t")
	return r
}

func post(target, body string) *http.Request {
	return newRequest(http.MethodPost, target, strings.NewReader(body))
}

func newRequest(method, target string, body io.Reader) *http.Request {
	return httptest.NewRequestWithContext(context.Background(), method, target, body)
}

func bodyOf(t testing.TB, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// handClock is a clock that moves only by hand.
type handClock struct {
	lock sync.Mutex
	now  time.Time
}

func (c *handClock) Now() time.Time {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.now
}

func (c *handClock) add(d time.Duration) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.now = c.now.Add(d)
}

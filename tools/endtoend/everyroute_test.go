package endtoend_test

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport/tools/endtoend"
	"sallyport/tools/openapi"
)

// Answers that every route can give, whatever it is for. What a route gives by itself is the matter of its own tests; the table at the
// end of all (undescribed) shows which described answers none of them has got.

// everyRoute returns the routes of the description.
func everyRoute() []openapi.Route { return described.Document().Routes() }

// pathOf returns a path of the route, with ids that nobody has.
func pathOf(route openapi.Route) string {
	var segments []string
	for segment := range strings.SplitSeq(route.Path, "/") {
		if strings.HasPrefix(segment, "{") {
			segment = strings.Repeat("0", 32)
		}
		segments = append(segments, segment)
	}
	return strings.Join(segments, "/")
}

// bodyOf returns the first example of what the route takes, with its content type; empty if it takes nothing.
func (c caller) bodyOf(route openapi.Route) (contentType string, body any) {
	c.t.Helper()
	if route.RequestBody == nil {
		return "", nil
	}
	content := route.RequestBody.Content[0]
	body, err := content.Value.Examples[0].Value.Value.Plain()
	if err != nil {
		c.t.Fatal(err)
	}
	return content.Name, body
}

// call calls a route with an example of its body, as somebody with its role.
func (c caller) call(route openapi.Route, credentials ...string) endtoend.Response {
	c.t.Helper()
	headers := credentials
	contentType, body := c.bodyOf(route)
	if contentType != "" {
		headers = append([]string{"Content-Type", contentType}, headers...)
	}
	if fields, ok := body.(map[string]any); ok && contentType == "application/x-www-form-urlencoded" {
		form := url.Values{}
		for name, value := range fields {
			form.Set(name, value.(string))
		}
		body = form.Encode()
	}
	return c.do(route.Method, pathOf(route), body, headers...)
}

// credentials returns the header of somebody whom the route takes, in a session of its own unless it is an ADMIN's; none if the route
// takes anybody.
func (c caller) credentials(route openapi.Route, runner *endtoend.Runner) []string {
	c.t.Helper()
	access := route.Access()
	if len(access) == 0 {
		return nil
	}
	if access[0].Scheme == "client" {
		return []string{"Authorization", "Basic " + c.resourceServer(runner)}
	}
	role := "CONSUMER"
	if len(access[0].Roles) > 0 {
		role = access[0].Roles[0]
	}
	if role == "ADMIN" {
		return []string{"Authorization", "Bearer " + c.admin(runner)}
	}
	_, token := c.member(runner, role)
	return []string{"Authorization", "Bearer " + token}
}

// resourceServer returns the Basic credentials of a new client.
func (c caller) resourceServer(runner *endtoend.Runner) string {
	c.t.Helper()
	made := c.do(http.MethodPost, "/clients", map[string]string{"name": "everyroute"}, "Authorization", "Bearer "+c.admin(runner))
	if made.Status != http.StatusCreated {
		c.t.Fatalf("making a client: %d %s", made.Status, made.Body)
	}
	secrets.add("client secret", made.Text("client_secret"))
	return base64.StdEncoding.EncodeToString([]byte(made.Text("client_id") + ":" + made.Text("client_secret")))
}

func TestNoRouteTakesHeadersOrABodyBeyondTheGatewaysLimits(t *testing.T) {
	c := calling(t, shared.Client)
	for _, route := range everyRoute() {
		wants(t, route.String()+" with 10 KiB of headers", c.do(route.Method, pathOf(route), nil, "X-Long", strings.Repeat("a", 10<<10)), 400)
		if got := c.send(route, io.LimitReader(zeros{}, 10<<20+1)); got.Status != 413 || got.Text("message") == "" {
			t.Errorf("%s with over 10 MB: %d %s", route, got.Status, got.Body) // the service's own answer, which cannot be changed
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// send sends a body of a length that is known beforehand, so that the answer need not wait for all of it.
func (c caller) send(route openapi.Route, body io.Reader) endtoend.Response {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), route.Method, c.URL+pathOf(route), body)
	if err != nil {
		c.t.Fatal(err)
	}
	request.ContentLength = 10<<20 + 1
	response, err := c.Send(request)
	if err != nil {
		c.t.Fatal(err)
	}
	return response
}

func TestEveryProtectedRouteAsksWhoCalls(t *testing.T) {
	c := calling(t, shared.Client)
	for _, route := range everyRoute() {
		if len(route.Security) > 0 {
			refuses(t, route.String()+" without credentials", c.call(route), 401)
			refuses(t, route.String()+" with forged ones", c.call(route, "Authorization", "Bearer spt_"+strings.Repeat("A", 120)), 401)
		}
	}
}

func TestEveryRouteThatTakesABodyTakesNoOtherType(t *testing.T) {
	c := calling(t, shared.Client)
	for _, route := range everyRoute() {
		if route.RequestBody != nil {
			headers := append([]string{"Content-Type", "text/plain"}, c.credentials(route, shared)...)
			refuses(t, route.String()+" with text", c.do(route.Method, pathOf(route), "text", headers...), 415)
		}
	}
}

// refuses checks the status; the form is held to the description, as that of every answer is.
func refuses(t *testing.T, what string, response endtoend.Response, status int) {
	t.Helper()
	if response.Status != status {
		t.Errorf("%s: %d, want %d: %s", what, response.Status, status, response.Body)
	}
}

func TestEveryRouteThatIsCalledTooOftenSaysWhenToTryAgain(t *testing.T) {
	t.Parallel()
	runner := start(t, "-throttle", "-param", "RequestsPerSecond=1", "-param", "SignInsPerSecond=1")
	c := calling(t, runner.Client)
	for _, route := range everyRoute() {
		var last endtoend.Response
		for range 5 { // at one a second, whichever of them are let in
			if last = c.do(route.Method, pathOf(route), nil); last.Status == 429 {
				break
			}
		}
		wants(t, route.String()+" again and again", last, 429)
	}
}

func TestEveryRouteIsUnavailableWhileTheDatabaseIs(t *testing.T) {
	t.Parallel()
	database := &faulty{backend: newDatabase()}
	server := httptest.NewServer(database)
	t.Cleanup(server.Close)
	runner := start(t, "-dynamodb", server.URL)
	c := calling(t, runner.Client)
	for _, route := range everyRoute() {
		credentials := c.credentials(route, runner)
		database.set(awsError(500, "InternalServerError"))
		wants(t, route.String()+" without a database", c.call(route, credentials...), 503)
		database.set(nil)
	}
}

// A function that is stopped in the middle of an invocation and then killed has given no proper answer, whichever it is.
func TestEveryRouteWhoseFunctionIsKilledOverARequestIsABadGateway(t *testing.T) {
	t.Parallel()
	runner := start(t)
	c := calling(t, runner.Client)
	functions := map[string]string{}
	for _, route := range routes(t) {
		functions[route.Method+" "+route.Resource] = route.FunctionID
	}
	for _, route := range everyRoute() {
		var got endtoend.Response
		for range 20 { // until the process that the request is given to is one that is killed
			if got = c.killedOver(runner, route, functions[route.String()]); got.Status == 502 {
				break
			}
		}
		wants(t, route.String()+" by a function that is killed", got, 502)
	}
}

// killedOver calls a route, while every process of its function that there is stands still and is then killed.
func (c caller) killedOver(runner *endtoend.Runner, route openapi.Route, functionID string) endtoend.Response {
	c.t.Helper()
	credentials := c.credentials(route, runner)
	name := strings.ToLower(strings.TrimSuffix(functionID, "Function"))
	pids := signal(c.t, runner, name, syscall.SIGSTOP)
	var answered sync.WaitGroup
	var got endtoend.Response
	answered.Go(func() { got = c.call(route, credentials...) })
	if len(pids) > 0 {
		time.Sleep(150 * time.Millisecond) // for the authorizer, which comes first
	} else {
		time.Sleep(20 * time.Millisecond) // for the process to be started
		pids = signal(c.t, runner, name, syscall.SIGSTOP)
		time.Sleep(150 * time.Millisecond)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			c.t.Error(err)
		}
	}
	answered.Wait()
	return got
}

func signal(t *testing.T, runner *endtoend.Runner, function string, sign syscall.Signal) []int {
	t.Helper()
	pids, err := runner.Processes(function)
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, sign); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
	return pids
}

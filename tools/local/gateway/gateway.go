// Package gateway answers HTTP as an Amazon API Gateway REST API (regional, stage at the root) with a Lambda REQUEST
// authorizer and Lambda proxy integrations does.
//
// Where the developer guide says how the service acts, the code cites the section. "Measured" marks what the guide
// leaves out and public recordings of the service show, "Local" a choice where neither is known. The one thing that
// HTTP in Go hides is the spelling of header names: functions see them in canonical form (Content-Type), while the
// service passes on what the caller wrote.
package gateway

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"sallyport/tools/local/template"
)

// Invoker runs functions.
type Invoker interface {
	// Invoke runs the function once. What the function itself did wrong (its handler returned an error, it crashed or
	// timed out) is Result.FunctionError, with the error text in Result.Payload as Lambda gives it:
	// {"errorMessage":"Unauthorized","errorType":"errorString"}. err is for the platform's own failure (no capacity,
	// shutting down, ctx is done); it must name nothing of the payload.
	Invoke(ctx context.Context, functionID string, payload []byte) (Result, error)
}

// Result is what one invocation gave.
type Result struct {
	Payload       []byte
	FunctionError string // "" or "Unhandled"
	Cold          bool   // the invocation waited for a new process
}

// Options place the API and connect it to its surroundings.
type Options struct {
	Region    string
	AccountID string
	APIID     string
	Log       func(RequestLine) // called once a request, after its answer, from many goroutines; may be nil
	Clock     func() time.Time  // nil: time.Now
	Throttle  bool              // act on the routes' throttles; else none is limited
}

// RequestLine describes one answered request. It holds nothing secret of it: no query, header or body.
type RequestLine struct {
	Time      time.Time
	Method    string
	Path      string // as sent, percent-encoded; without the query
	Status    int
	Duration  time.Duration
	Cold      bool // an invocation for this request waited for a new process
	RequestID string
	// Problem says to the developer why the gateway itself answered (the response type and a reason), as the service's
	// execution log does. Empty when the function answered.
	Problem string
}

// gateway is one deployed API. It is not changed after New, but for the authorizer's cache and the buckets.
type gateway struct {
	api          template.API
	invoker      Invoker
	options      Options
	router       *router
	cache        *verdictCache // nil if answers of the authorizer are not cached
	buckets      map[string]*bucket
	responses    map[string]customResponse
	deploymentID string
}

// New returns the API as a handler that is safe for concurrent use. Give it to the server as it is: a ServeMux in
// front would redirect paths that the service takes as they are.
func New(api template.API, invoker Invoker, o Options) http.Handler {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = func(RequestLine) {}
	}
	g := &gateway{api: api, invoker: invoker, options: o, router: newRouter(api.Routes),
		responses: compileResponses(api.GatewayResponses), deploymentID: resourceID(o.APIID + "/" + api.StageName)}
	if o.Throttle {
		g.buckets = newBuckets(api.Routes, o.Clock())
	}
	if api.Authorizer != nil && api.Authorizer.ResultTTL > 0 {
		g.cache = newVerdictCache(api.Authorizer.ResultTTL, o.Clock)
	}
	return g
}

// ServeHTTP answers one request and logs it.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := newExchange(w, r, g.options.Clock())
	status := http.StatusInternalServerError // for a panic, which net/http turns into a closed connection
	defer func() {
		g.options.Log(RequestLine{Time: x.start, Method: x.method, Path: x.loggedPath(), Status: status,
			Duration: g.options.Clock().Sub(x.start), Cold: x.cold, RequestID: x.requestID, Problem: x.problem})
	}()
	answer, f := g.handle(r.Context(), x)
	if f != nil {
		x.problem = f.kind + ": " + f.reason
		answer = g.gatewayResponse(x, f)
	}
	answer.header.Set("X-Amzn-Requestid", x.requestID)
	answer.header.Set("X-Amz-Apigw-Id", x.extendedRequestID)
	answer.write(w, r)
	status = answer.status
}

// handle takes a request through the gateway. API Gateway Developer Guide, "Lambda authorizer workflow".
func (g *gateway) handle(ctx context.Context, x *exchange) (response, *failure) {
	if f := checkSizes(x.request); f != nil {
		return response{}, f
	}
	if x.route, x.pathParameters = g.router.match(x.method, x.path); x.route == nil {
		return response{}, unknownRoute(x.request)
	}
	if b := g.buckets[bucketOf(x.route.Route)]; b != nil && !b.take(g.options.Clock()) {
		return response{}, throttled()
	}
	if x.route.Authorized {
		if f := g.authorize(ctx, x); f != nil {
			return response{}, f
		}
	}
	if x.route.Preflight != nil {
		return preflight(x)
	}
	return g.integrate(ctx, x)
}

// newRandom returns n unpredictable bytes.
func newRandom(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: it ends the program rather than return an error
	return b
}

package iam

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"sallyport/tools/local/lambda"
	"sallyport/tools/local/template"
)

// bodyLimit is the largest request that a function may send, in bytes: DynamoDB's, the larger of the two services'.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-api
const bodyLimit = 16 << 20

// Guard stands before a service as an http.Handler. A call with the credentials of a function passes if the function's statements
// allow all that it asks for, and only what was judged of it is passed on; before the first Enforce no function has any. Whoever has no function's credentials is the operator,
// who may do everything, as somebody with an administrator's credentials may on AWS. It is safe for concurrent use.
type Guard struct {
	service service
	next    http.Handler
	denied  func(Denial)
	stack   atomic.Pointer[stack]
}

// stack is whom a Guard knows.
type stack struct {
	name    string
	callers map[string]*template.Function // by access key id
}

// service is what a Guard must know of the service behind it.
type service struct {
	prefix      string // of its actions
	target      string // of X-Amz-Target
	version     string // of the AWS JSON protocol
	errorPrefix string // of __type, for errors that are not the service's own
	requests    func(operation string, body []byte) ([]Request, error)
}

// NewDynamoDBGuard returns a Guard before a DynamoDB. denied is told each refusal; it may be called concurrently.
func NewDynamoDBGuard(next http.Handler, denied func(Denial)) *Guard {
	return newGuard(service{"dynamodb", "DynamoDB_20120810.", "1.0", "com.amazon.coral.service#", dynamoDBRequests}, next, denied)
}

// NewKMSGuard returns a Guard before a KMS. denied is told each refusal; it may be called concurrently.
func NewKMSGuard(next http.Handler, denied func(Denial)) *Guard {
	return newGuard(service{"kms", "TrentService.", "1.1", "", kmsRequests}, next, denied)
}

func newGuard(s service, next http.Handler, denied func(Denial)) *Guard {
	g := &Guard{service: s, next: next, denied: denied}
	g.Enforce("", nil)
	return g
}

// Enforce makes the statements of a stack's functions count from now on, in the place of what counted before.
func (g *Guard) Enforce(stackName string, functions []template.Function) {
	callers := make(map[string]*template.Function, len(functions))
	for _, f := range functions {
		callers[lambda.AccessKeyID(f.LogicalID)] = &f
	}
	g.stack.Store(&stack{stackName, callers})
}

// ServeHTTP implements http.Handler.
func (g *Guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := functionKey(r)
	if id == "" {
		g.next.ServeHTTP(w, r)
		return
	}
	// A function's credentials are a role's, and no good without their session token.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html
	stack := g.stack.Load()
	f, known := stack.callers[id]
	if !known || r.Header.Get("X-Amz-Security-Token") == "" {
		g.answer(w, "UnrecognizedClientException", "The security token included in the request is invalid.")
		return
	}
	if reason := g.service.misscoped(r); reason != "" {
		g.denied(*g.unread(f, r, reason))
		g.answer(w, "InvalidSignatureException", reason)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		g.answer(w, "SerializationException", fmt.Sprintf("read the request: %v", err))
		return
	}
	if denial := g.judge(f, r, body); denial != nil {
		g.denied(*denial)
		g.answer(w, "AccessDeniedException", denial.message(stack.name))
		return
	}
	g.next.ServeHTTP(w, g.service.judged(r, body))
}

// judge returns why the call may not pass, or nil.
func (g *Guard) judge(f *template.Function, r *http.Request, body []byte) *Denial {
	if reason := misshapen(r); reason != "" {
		return g.unread(f, r, reason)
	}
	operation, known := strings.CutPrefix(r.Header.Get("X-Amz-Target"), g.service.target)
	requests, err := []Request(nil), errUnknown
	if known {
		requests, err = g.service.requests(operation, body)
	}
	if err != nil {
		return g.unread(f, r, err.Error())
	}
	for _, request := range requests {
		if decision := Decide(f.Statements, request); !decision.Allowed {
			return newDenial(f, request, decision)
		}
	}
	return nil
}

// unread is the denial of a call that can't be judged.
func (g *Guard) unread(f *template.Function, r *http.Request, reason string) *Denial {
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), g.service.target)
	return &Denial{FunctionID: f.LogicalID, Line: f.Line, Action: g.service.prefix + ":" + operation, Resource: "*", Reason: reason}
}

// answer refuses as AWS does: with status 400, and the kind of error in __type.
func (g *Guard) answer(w http.ResponseWriter, kind, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-"+g.service.version)
	w.WriteHeader(http.StatusBadRequest)
	w.Write(errorBody(g.service.errorPrefix+kind, message)) //nolint:errcheck // the caller has gone, nobody is left to tell
}

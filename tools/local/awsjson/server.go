// Package awsjson serves the AWS JSON protocol (versions 1.0 and 1.1), in which an operation is named by the X-Amz-Target
// header and errors are objects with a __type. The embedded DynamoDB and KMS speak it; what they do is in their packages.
package awsjson

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

// Protocol names a service on the wire.
type Protocol struct {
	Version     string // of the JSON protocol: "1.0" or "1.1"
	Target      string // what precedes the dot in X-Amz-Target, as "TrentService"
	ErrorPrefix string // what precedes the code in __type; may be empty
	BodyLimit   int64  // the largest request, in bytes
}

// Operation answers one request body with a response: a json.RawMessage is sent as it is, anything else marshalled.
// An *Error is answered as such; any other error is an internal one.
type Operation func(ctx context.Context, body []byte) (any, error)

// Call says which operation was asked for, and by whom.
type Call struct {
	Operation   string
	AccessKeyID string // as the caller claims: signatures are not verified
}

// Interceptor sees each call before its operation. A nil error lets it through, ErrHang never answers, any other error
// is the answer. Tests use it to count calls and to inject faults.
type Interceptor func(Call) error

// ErrHang is what an Interceptor returns to leave the call unanswered until the caller gives up.
var ErrHang = errors.New("awsjson: unanswered on purpose")

// Server is the http.Handler. It is safe for concurrent use.
type Server struct {
	protocol    Protocol
	operations  map[string]Operation
	interceptor atomic.Pointer[Interceptor]
}

// New returns a Server of the operations, by name.
func New(p Protocol, operations map[string]Operation) *Server {
	return &Server{protocol: p, operations: operations}
}

// Intercept puts i before every operation from now on; nil takes it away.
func (s *Server) Intercept(i Interceptor) {
	if i == nil {
		s.interceptor.Store(nil)
		return
	}
	s.interceptor.Store(&i)
}

// ServeHTTP implements http.Handler. A request must carry a Signature Version 4 Authorization header, as on AWS; the
// signature itself is not verified, since the server hands out no secrets to verify it with.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := Call{AccessKeyID: AccessKeyID(r.Header.Get("Authorization"))}
	call.Operation, _ = strings.CutPrefix(r.Header.Get("X-Amz-Target"), s.protocol.Target+".")
	operation, known := s.operations[call.Operation]
	switch {
	case r.Method != http.MethodPost || !known:
		s.refuse(w, &Error{Code: "UnknownOperationException", Message: "no such operation: " + call.Operation})
		return
	case call.AccessKeyID == "":
		s.refuse(w, &Error{Code: "MissingAuthenticationTokenException", Message: "Request is missing Authentication Token"})
		return
	}
	body, err := readBody(w, r, s.protocol.BodyLimit)
	if err != nil {
		s.refuse(w, &Error{Code: "SerializationException", Message: err.Error()})
		return
	}
	if i := s.interceptor.Load(); i != nil {
		if err := (*i)(call); errors.Is(err, ErrHang) {
			<-r.Context().Done()
			panic(http.ErrAbortHandler) // closes the connection without an answer
		} else if err != nil {
			s.refuse(w, err)
			return
		}
	}
	answer, err := operation(r.Context(), body)
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.answer(w, http.StatusOK, answer)
}

func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	reader := http.MaxBytesReader(w, r.Body, limit)
	if r.ContentLength < 0 || r.ContentLength > limit {
		return io.ReadAll(reader)
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(reader, body)
	return body, err
}

// AccessKeyID reads an Authorization header, "AWS4-HMAC-SHA256 Credential=<access key id>/<date>/…". It is empty if there is none.
func AccessKeyID(authorization string) string {
	_, credential, found := strings.Cut(authorization, "Credential=")
	id, _, slash := strings.Cut(credential, "/")
	if !found || !slash || !strings.HasPrefix(authorization, "AWS4-") {
		return ""
	}
	return id
}

func (s *Server) refuse(w http.ResponseWriter, err error) {
	known, ok := errors.AsType[*Error](err)
	if !ok {
		known = &Error{Status: http.StatusInternalServerError, Code: "InternalServerError", Message: err.Error()}
	}
	status := known.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	members := map[string]any{"__type": s.protocol.ErrorPrefix + known.Code, "message": known.Message}
	for name, value := range known.Members {
		members[name] = value
	}
	s.answer(w, status, members)
}

func (s *Server) answer(w http.ResponseWriter, status int, value any) {
	body, ok := value.(json.RawMessage)
	if !ok {
		var err error
		if body, err = json.Marshal(value); err != nil {
			http.Error(w, fmt.Sprintf("encode the answer: %v", err), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-"+s.protocol.Version)
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)) // clients of DynamoDB check it, and warn
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the caller has gone, nobody is left to tell
}

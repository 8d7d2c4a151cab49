package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

const (
	// answerLimit is above the 10 s in which the service promises an answer.
	answerLimit = 15 * time.Second

	// longestWait is how long a Retry-After is waited for.
	longestWait = 60 * time.Second

	bodyLimit = 1 << 20
)

// client calls the API and keeps every answer, so that what all answers must have in common is checked on all of them.
type client struct {
	base    string
	http    *http.Client
	answers []*answer
}

// answer is what came back.
type answer struct {
	call    string // method and path
	status  int
	header  http.Header
	body    []byte
	gateway bool // API Gateway itself is expected to refuse this call
	relaxed bool // taken for a refusal of sam local's
}

// call is one request.
type call struct {
	method, path string
	token        string // sent as a bearer token unless empty
	body         any    // sent as JSON unless nil
	gateway      bool   // API Gateway itself is expected to refuse it, on the authorizer's word
}

func newClient(base string) *client {
	return &client{base: base, http: &http.Client{
		Timeout:       answerLimit,
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 1, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// send makes the call. A 429 is obeyed once: it waits as long as Retry-After says and calls again. An error means that there
// was no answer.
func (c *client) send(ctx context.Context, request call) (*answer, error) {
	first, err := c.once(ctx, request)
	if err != nil || first.status != http.StatusTooManyRequests {
		return first, err
	}
	seconds, err := strconv.Atoi(first.header.Get("Retry-After"))
	wait := time.Duration(seconds) * time.Second
	if err != nil || wait <= 0 || wait > longestWait {
		return first, nil //nolint:nilerr // whoever wanted another status than 429 says what it was
	}
	select {
	case <-time.After(wait):
		return c.once(ctx, request)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *client) once(ctx context.Context, request call) (*answer, error) {
	var body io.Reader
	if request.body != nil {
		encoded, err := json.Marshal(request.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(ctx, request.method, c.base+request.path, body)
	if err != nil {
		return nil, err
	}
	if request.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if request.token != "" {
		r.Header.Set("Authorization", "Bearer "+request.token)
	}
	response, err := c.http.Do(r)
	if err != nil {
		return nil, c.noAnswer(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read to its end, or the run fails anyway
	content, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	if err != nil {
		return nil, c.noAnswer(err)
	}
	got := &answer{
		call: request.method + " " + request.path, status: response.StatusCode, header: response.Header, body: content,
		gateway: request.gateway,
	}
	c.answers = append(c.answers, got)
	return got, nil
}

func (c *client) noAnswer(err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("nothing answers on %s: start it with make dev", c.base)
	}
	if unsent, ok := errors.AsType[*url.Error](err); ok { // it repeats the URL
		err = unsent.Err
	}
	return fmt.Errorf("no answer from %s: %w", c.base, err)
}

// succeed makes the call, which must be answered with the status, and decodes the answer's body into result unless that is nil.
func (c *client) succeed(ctx context.Context, request call, status int, result any) error {
	got, err := c.send(ctx, request)
	if err != nil {
		return err
	}
	if got.status != status {
		return got.unexpected(status)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(got.body, result); err != nil {
		return fmt.Errorf("%s: the body of the %d is not what the contract says", got.call, got.status)
	}
	return nil
}

// unexpectedError is an answer with another status than the contract's.
type unexpectedError struct {
	status int // that came
	text   string
}

func (e *unexpectedError) Error() string { return e.text }

// unexpected says what was wanted, what came, and what the problem's detail says about it. Of an answer that is no problem
// nothing is repeated: it may hold a token.
func (a *answer) unexpected(status int) error {
	detail := ""
	if p, err := a.problem(); err == nil {
		detail = fmt.Sprintf(" (%.200s)", p.Detail)
	}
	return &unexpectedError{a.status, fmt.Sprintf("%s: want %d, got %d%s", a.call, status, a.status, detail)}
}

// explain adds a hint to an error that says that the status came.
func explain(err error, status int, hint string) error {
	if other, ok := errors.AsType[*unexpectedError](err); ok && other.status == status {
		return fmt.Errorf("%w: %s", err, hint)
	}
	return err
}

package conformance_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sallyport/tools/conformance/script"
)

// request is one HTTP request. Headers are sent in order of their values, one line each.
type request struct {
	method, target string // the target as it goes over the wire
	header         http.Header
	body           string
	authorizer     *script.Script // sent as the credential
	handler        *script.Script
}

func get(target string) request { return method(http.MethodGet, target) }

// posted sends a body to the one route that takes any.
func posted(body string) request {
	r := method(http.MethodPost, "/open")
	r.body = body
	return r
}

func method(method, target string) request {
	return request{method: method, target: target, header: http.Header{}}
}

// with adds a header, or another value of one.
func (r request) with(name string, values ...string) request {
	r.header = r.header.Clone()
	r.header[http.CanonicalHeaderKey(name)] = append(r.header[http.CanonicalHeaderKey(name)], values...)
	return r
}

// authorized has the authorizer answer.
func (r request) authorized(answer string) request {
	return r.authorizing(script.Script{Answer: answer})
}

// authorizing has the authorizer do what s says.
func (r request) authorizing(s script.Script) request { r.authorizer = &s; return r }

// answered has the handler answer.
func (r request) answered(answer string) request { return r.handling(script.Script{Answer: answer}) }

// handling has the handler do what s says.
func (r request) handling(s script.Script) request { r.handler = &s; return r }

// response is an answer, read whole.
type response struct {
	status int
	header http.Header
	body   string
	broken bool // the body ended before the length that was announced
}

// largeBody is from where on a request asks before it sends its body, as curl does: else a refusal can be lost in the
// reset of a connection that nobody reads from any more.
const largeBody = 1 << 20

// client sends requests as they are: no header is added, nothing is decompressed or followed.
func client() *http.Client {
	return &http.Client{Timeout: 2 * time.Minute,
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true, ExpectContinueTimeout: time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// sendTo sends the request to the API at base. name makes its scripts unlike those of other rows.
func (r request) sendTo(base, name string) (response, error) {
	host := strings.TrimPrefix(base, "http://")
	path, query, _ := strings.Cut(r.target, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return response{}, fmt.Errorf("the path %s: %w", path, err)
	}
	q := &http.Request{Method: r.method, URL: &url.URL{Scheme: "http", Host: host, Path: decoded, RawPath: path, RawQuery: query},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Host: host, Header: r.header.Clone(), Body: http.NoBody}
	if _, named := q.Header["User-Agent"]; !named {
		q.Header.Set("User-Agent", "conformance")
	}
	if r.body != "" {
		q.Body, q.ContentLength = io.NopCloser(strings.NewReader(r.body)), int64(len(r.body))
		if len(r.body) > largeBody {
			q.Header.Set("Expect", "100-continue")
		}
	}
	if r.authorizer != nil {
		s := *r.authorizer
		s.Name = name
		q.Header.Set("Authorization", "Bearer "+s.String())
	}
	if r.handler != nil {
		q.Header.Set(script.Header, r.handler.String())
	}
	got, err := client().Do(q)
	if err != nil {
		return response{}, fmt.Errorf("%s %s: %w", r.method, r.target, err)
	}
	defer got.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(got.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return response{}, fmt.Errorf("%s %s: %w", r.method, r.target, err)
	}
	return response{got.StatusCode, got.Header, body.String(), err != nil}, nil
}

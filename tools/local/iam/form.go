package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"sallyport/tools/local/awsjson"
	"sallyport/tools/local/lambda"
	"sallyport/tools/local/template"
)

// A service behind a guard may read a call in another way than the guard: by the second of two headers, the path, the query, the
// service that the signature is for. So a function's call is judged in the one form in which the AWS SDKs send it and refused in
// any other, and what is passed on has nothing in it that was not judged.

// functionKey returns the first access key id of a function's that a call names, in a header or as a presigned URL does, or "".
func functionKey(r *http.Request) string {
	var ids []string
	for _, authorization := range r.Header.Values("Authorization") {
		ids = append(ids, awsjson.AccessKeyID(authorization))
	}
	for _, credential := range r.URL.Query()["X-Amz-Credential"] {
		id, _, _ := strings.Cut(credential, "/")
		ids = append(ids, id)
	}
	for _, id := range ids {
		if lambda.IsFunctionKey(id) {
			return id
		}
	}
	return ""
}

// misshapen returns why a call does not have the form that is judged, or "".
func misshapen(r *http.Request) string {
	switch encodings := r.Header.Values("Content-Encoding"); {
	case r.Method != http.MethodPost:
		return "the call is no POST"
	case r.URL.EscapedPath() != "/":
		return "the path of the call is not /"
	case r.URL.RawQuery != "" || r.URL.ForceQuery:
		return "the call has a query"
	case len(r.Header.Values("X-Amz-Target")) != 1:
		return "the call does not have one X-Amz-Target header"
	case len(r.Header.Values("Authorization")) != 1:
		return "the call does not have one Authorization header"
	case len(encodings) > 1 || len(encodings) == 1 && !strings.EqualFold(encodings[0], "identity"):
		return "the body of the call is encoded"
	}
	return ""
}

// misscoped returns what AWS says of a call whose signature is for something else than this service here, or "".
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
func (s service) misscoped(r *http.Request) string {
	scope := regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=[^/, ]+/[0-9]{8}/([^/, ]+)/([^/, ]+)/aws4_request, ?SignedHeaders=[^=, ]+, ?Signature=[0-9a-f]+$`).
		FindStringSubmatch(r.Header.Get("Authorization"))
	switch {
	case scope == nil:
		return "The request signature does not conform to AWS standards."
	case scope[1] != template.Region:
		return fmt.Sprintf("Credential should be scoped to a valid region, not '%s'. ", scope[1])
	case scope[2] != s.prefix:
		return fmt.Sprintf("Credential should be scoped to correct service: '%s'. ", s.prefix)
	}
	return ""
}

// judged makes the request to pass on when a call with this body may pass. Of its headers it has those that don't say what is asked
// for, beside the two that have been looked at: moto, for example, takes a region from User-Agent and an account from a header of
// its own. It also takes the body for a form, and an operation from a text in it: there is no & in what it gets.
func (s service) judged(r *http.Request, body []byte) *http.Request {
	header := http.Header{"Content-Type": {"application/x-amz-json-" + s.version}}
	for _, name := range []string{"Accept-Encoding", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Target"} {
		if value := r.Header.Get(name); value != "" {
			header.Set(name, value)
		}
	}
	var escaped bytes.Buffer
	json.HTMLEscape(&escaped, body) // & becomes \u0026, which means the same in JSON
	next := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/"}, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor, Host: r.Host,
		RemoteAddr: r.RemoteAddr, Header: header, Body: io.NopCloser(&escaped), ContentLength: int64(escaped.Len()),
	}
	return next.WithContext(r.Context())
}

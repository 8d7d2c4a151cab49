package main

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
)

// problem is an RFC 9457 document.
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"`
}

// problem returns the answer's problem document, checked against the contract.
func (a *answer) problem() (problem, error) {
	if kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type")); err != nil || kind != "application/problem+json" {
		return problem{}, fmt.Errorf("%s %d: Content-Type is %.40q, want application/problem+json", a.call, a.status, a.header.Get("Content-Type"))
	}
	var p problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		return problem{}, fmt.Errorf("%s %d: the problem is not a JSON object of type, title, status, detail, instance", a.call, a.status)
	}
	wrong := ""
	switch {
	case !strings.HasPrefix(p.Type, "urn:problem-type:sallyport:"):
		wrong = "type"
	case p.Title != http.StatusText(a.status):
		wrong = "title"
	case p.Status != a.status:
		wrong = "status"
	case p.Detail == "":
		wrong = "detail"
	case !strings.HasPrefix(p.Instance, "urn:uuid:") || len(p.Instance) != len("urn:uuid:")+36:
		wrong = "instance"
	}
	if wrong != "" {
		return problem{}, fmt.Errorf("%s %d: the problem's %s is not as the contract says", a.call, a.status, wrong)
	}
	return p, nil
}

// refuse makes the call, which must be refused with the status. What it returns says how.
func (r *run) refuse(ctx context.Context, request call, status int) (seen string, err error) {
	got, err := r.api.send(ctx, request)
	if err != nil {
		return "", err
	}
	return r.refused(got, status)
}

func (r *run) refused(got *answer, status int) (seen string, err error) {
	if r.target.samLocal && got.gateway && samLocalRefuses(got, status) {
		got.relaxed = true
		return fmt.Sprintf("%d (sam local's answer for %d)", got.status, status), nil
	}
	if got.status != status {
		return "", got.unexpected(status)
	}
	return fmt.Sprint(status), nil
}

// samLocalRefuses reports whether the answer is sam local's in place of API Gateway's refusal with the status: it ignores
// GatewayResponses, takes the authorizer's "Unauthorized" for a crash, and knows no 404 (sam local 1.170,
// samcli/local/apigw/service_error_responses.py).
func samLocalRefuses(got *answer, status int) bool {
	var body struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(got.body, &body) != nil {
		return false
	}
	type refusal struct {
		want, status int
		message      string
	}
	switch (refusal{status, got.status, body.Message}) {
	case refusal{401, 401, "Unauthorized"},
		refusal{401, 502, "Internal server error"},
		refusal{403, 403, "User is not authorized to access this resource"},
		refusal{404, 403, "Missing Authentication Token"}:
		return true
	}
	return false
}

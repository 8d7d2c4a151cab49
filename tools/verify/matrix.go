package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// route is a protected route, with the roles that may call it and what it answers them.
type route struct {
	method, path string
	allowed      []string
	status       int
	body         any
}

// protectedRoutes is every route that needs a token. A test holds it against template.yaml.
func protectedRoutes() []route {
	return []route{
		{method: "GET", path: "/dashboard", allowed: []string{admin, developer, consumer}, status: 200},
		{method: "GET", path: "/admin_resource", allowed: []string{admin}, status: 200},
		{method: "GET", path: "/developer_resource", allowed: []string{developer}, status: 200},
		{method: "GET", path: "/consumer_resource", allowed: []string{consumer}, status: 200},
		{method: "POST", path: "/invitations", allowed: []string{admin}, status: 201, body: map[string]any{"role": consumer, "expires_in": 60}},
		// Allowed to all; the steps after the matrix do it, since it ends the session.
		{method: "POST", path: "/logout", allowed: []string{admin, developer, consumer}, status: 204},
	}
}

// presented is a token to try the routes with, and the role that it should count for: none for what is no token.
type presented struct {
	title string
	token func() string
	role  string
}

// matrix is a step for each role and for each way to have no right token.
func (r *run) matrix() []step {
	rows := []presented{
		{"ADMIN's token opens ADMIN's routes alone", func() string { return r.admin.token.text }, admin},
		{"DEVELOPER's token opens DEVELOPER's routes alone", func() string { return r.developer.token.text }, developer},
		{"CONSUMER's token opens CONSUMER's routes alone", func() string { return r.consumer.token.text }, consumer},
		{"no token opens nothing", func() string { return "" }, ""},
		{"a mistyped token opens nothing", func() string { return mistyped(r.admin.token.text) }, ""},
		{"a forged signature opens nothing", func() string {
			t := r.admin.token
			return t.altered(tagOffset, t.raw[tagOffset]^1)
		}, ""},
		{"a token raised to ADMIN opens nothing", func() string { return r.consumer.token.altered(roleOffset, r.admin.token.role) }, ""},
	}
	var steps []step
	for _, p := range rows {
		steps = append(steps, step{promise: p.title, check: func(ctx context.Context) (string, error) { return r.tryRoutes(ctx, p) }})
	}
	return steps
}

// mistyped changes one character in the middle.
func mistyped(token string) string {
	middle := []byte(token)
	if i := len(middle) / 2; middle[i] == 'A' {
		middle[i] = 'B'
	} else {
		middle[i] = 'A'
	}
	return string(middle)
}

// tryRoutes calls every protected route. All are tried, whatever the first ones answer.
func (r *run) tryRoutes(ctx context.Context, p presented) (string, error) {
	token := p.token()
	var seen []string
	var wrong []error
	for _, to := range protectedRoutes() {
		if p.role != "" && to.path == "/logout" {
			continue
		}
		request := call{method: to.method, path: to.path, token: token, body: to.body}
		var status string
		var err error
		switch {
		case p.role == "":
			request.gateway = true
			status, err = r.refuse(ctx, request, 401)
		case slices.Contains(to.allowed, p.role):
			err = r.api.succeed(ctx, request, to.status, nil)
			status = fmt.Sprint(to.status)
		default:
			request.gateway = true
			status, err = r.refuse(ctx, request, 403)
		}
		wrong = append(wrong, err)
		seen = append(seen, fmt.Sprintf("%s %s %s", to.method, to.path, status))
	}
	if err := errors.Join(wrong...); err != nil {
		return "", oneLine(err)
	}
	return strings.Join(seen, ", "), nil
}

// oneLine joins the lines of errors.Join.
func oneLine(err error) error { return errors.New(strings.ReplaceAll(err.Error(), "\n", "; ")) }

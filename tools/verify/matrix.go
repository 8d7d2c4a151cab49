package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sallyport/tools/contract"
)

// presented is a token to try the routes with, and the role that it should count for: none for what is no token.
type presented struct {
	title string
	token func() string
	role  string
}

// matrix is a step for each role and for each way to have no right token.
func (r *run) matrix() []step {
	var rows []presented
	for _, u := range r.users() {
		rows = append(rows, presented{u.role + "'s token opens " + u.role + "'s routes alone", func() string { return u.token.text }, u.role})
	}
	rows = append(rows, []presented{
		{"no token opens nothing", func() string { return "" }, ""},
		{"a mistyped token opens nothing", func() string { return mistyped(r.admin.token.text) }, ""},
		{"a forged signature opens nothing", func() string {
			t := r.admin.token
			return t.altered(tagOffset, t.raw[tagOffset]^1)
		}, ""},
		{"a token raised to ADMIN opens nothing", func() string { return r.consumer.token.altered(roleOffset, r.admin.token.role) }, ""},
	}...)
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
	for _, to := range contract.Routes() {
		if p.role != "" && to.Spends { // the steps after the matrix log out, since that ends the session
			continue
		}
		request := call{method: to.Method, path: to.Path, token: token, body: to.Body}
		var status string
		var err error
		switch {
		case p.role == "":
			request.gateway = true
			status, err = r.refuse(ctx, request, 401)
		case to.Allows(p.role) && to.Status >= 400: // an id that nobody has
			status, err = r.refuse(ctx, request, to.Status)
		case to.Allows(p.role):
			err = r.api.succeed(ctx, request, to.Status, nil)
			status = fmt.Sprint(to.Status)
		default:
			request.gateway = true
			status, err = r.refuse(ctx, request, 403)
		}
		wrong = append(wrong, err)
		seen = append(seen, fmt.Sprintf("%s %s %s", to.Method, to.Path, status))
	}
	if err := errors.Join(wrong...); err != nil {
		return "", oneLine(err)
	}
	return strings.Join(seen, ", "), nil
}

// oneLine joins the lines of errors.Join.
func oneLine(err error) error { return errors.New(strings.ReplaceAll(err.Error(), "\n", "; ")) }

package main

import (
	"context"
	"fmt"
)

// headers looks at all answers that the run has seen.
func (r *run) headers(context.Context) (string, error) {
	want := map[string]string{
		"Cache-Control":             "no-store",
		"X-Content-Type-Options":    "nosniff",
		"Strict-Transport-Security": "max-age=63072000; includeSubDomains",
	}
	checked, challenged := 0, 0
	for _, a := range r.api.answers {
		if a.relaxed {
			continue
		}
		checked++
		for name, value := range want {
			if got := a.header.Get(name); got != value {
				return "", fmt.Errorf("%s %d: %s is %.60q, want %q", a.call, a.status, name, got, value)
			}
		}
		// A 401 of API Gateway's own says how to authenticate (RFC 9110 section 11.6.1).
		if a.gateway && a.status == 401 {
			challenged++
			const scheme = `Bearer realm="sallyport"`
			if got := a.header.Get("WWW-Authenticate"); got != scheme {
				return "", fmt.Errorf("%s 401: WWW-Authenticate is %.60q, want %q", a.call, got, scheme)
			}
		}
	}
	return fmt.Sprintf("%d answers; WWW-Authenticate on the gateway's %d refusals%s", checked, challenged, r.setAside()), nil
}

// problems looks at all refusals that the run has seen.
func (r *run) problems(context.Context) (string, error) {
	refusals, instances := 0, map[string]bool{}
	for _, a := range r.api.answers {
		if a.relaxed || a.status < 400 {
			continue
		}
		p, err := a.problem()
		if err != nil {
			return "", err
		}
		refusals++
		if instances[p.Instance] && !r.target.samLocal { // it names all requests alike (samcli/local/events/api_event.py)
			return "", fmt.Errorf("%s %d: the problem's instance is another request's", a.call, a.status)
		}
		instances[p.Instance] = true
	}
	if len(instances) < refusals {
		return fmt.Sprintf("%d refusals; sam local names its requests alike%s", refusals, r.setAside()), nil
	}
	return fmt.Sprintf("%d refusals, each with an instance of its own%s", refusals, r.setAside()), nil
}

func (r *run) setAside() string {
	n := 0
	for _, a := range r.api.answers {
		if a.relaxed {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d of sam local's own set aside)", n)
}

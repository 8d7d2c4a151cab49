package main

import (
	"context"
	"fmt"
)

func (r *run) logsOut(u *user) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if err := r.api.succeed(ctx, call{method: "POST", path: "/logout", token: u.token.text}, 204, nil); err != nil {
			return "", err
		}
		seen, err := r.refuse(ctx, call{method: "GET", path: "/dashboard", token: u.token.text, gateway: true}, 401)
		return fmt.Sprintf("POST /logout 204, then GET /dashboard %s", seen), err
	}
}

func (r *run) logoutTwice(ctx context.Context) (string, error) {
	return r.refuse(ctx, call{method: "POST", path: "/logout", token: r.admin.token.text, gateway: true}, 401)
}

func (r *run) rowsGone(ctx context.Context, s *store) (string, error) {
	for _, u := range r.users() {
		found, err := s.get(ctx, "Tokens", tokenKey(u.token))
		if err != nil {
			return "", err
		}
		if found != nil {
			return "", fmt.Errorf("%s's row is still in Tokens", u.role)
		}
	}
	return fmt.Sprintf("none of the %d is in Tokens", len(r.users())), nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// administration is a step for each thing that an ADMIN does to another account, from finding it to erasing it.
func (r *run) administration() []step {
	return []step{
		{promise: "ADMIN finds an account by its name, and looks at it", check: r.findsGuest},
		{promise: "an account whose role ADMIN changes is shut out at once", check: r.shutsOut(map[string]string{"role": "DEVELOPER"})},
		{promise: "an account that ADMIN disables does not sign in", check: r.disablesGuest},
		{promise: "ADMIN disables nobody's account but others'", check: r.sparesOneself},
		{promise: "an account that ADMIN erases is gone", check: r.erasesGuest},
	}
}

func (r *run) guestPath() string { return "/accounts/" + r.guest.id }

func (r *run) asAdmin(method, path string, body any) call {
	return call{method: method, path: path, token: r.admin.token.text, body: body}
}

func (r *run) findsGuest(ctx context.Context) (string, error) {
	if _, err := r.register(ctx, r.guest, ""); err != nil {
		return "", err
	}
	if _, err := r.signsIn(r.guest)(ctx); err != nil {
		return "", err
	}
	var found struct {
		Accounts []struct {
			UserID string `json:"user_id"`
			Role   string `json:"role"`
			Status string `json:"status"`
		} `json:"accounts"`
	}
	if err := r.api.succeed(ctx, r.asAdmin("GET", "/accounts?username="+strings.ToUpper(r.guest.name), nil), 200, &found); err != nil {
		return "", err
	}
	if len(found.Accounts) != 1 || found.Accounts[0].UserID != r.guest.id || found.Accounts[0].Role != consumer || found.Accounts[0].Status != "active" {
		return "", errors.New("the list is not that one account, active and a CONSUMER's")
	}
	var shown struct {
		Sessions []struct {
			SessionID string `json:"session_id"`
		} `json:"sessions"`
	}
	if err := r.api.succeed(ctx, r.asAdmin("GET", r.guestPath(), nil), 200, &shown); err != nil {
		return "", err
	}
	if len(shown.Sessions) != 1 || shown.Sessions[0].SessionID != r.guest.session {
		return "", errors.New("the account is not shown with its one session")
	}
	return fmt.Sprintf("user %s with 1 session", shorten(r.guest.id)), nil
}

// shutsOut changes the account, and tries the token that it had.
func (r *run) shutsOut(edit map[string]string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if err := r.api.succeed(ctx, r.asAdmin("PATCH", r.guestPath(), edit), 200, nil); err != nil {
			return "", err
		}
		seen, err := r.refuse(ctx, call{method: "GET", path: "/dashboard", token: r.guest.token.text, gateway: true}, 401)
		return fmt.Sprintf("PATCH 200, then GET /dashboard %s", seen), err
	}
}

func (r *run) disablesGuest(ctx context.Context) (string, error) {
	if _, err := r.shutsOut(map[string]string{"status": "disabled"})(ctx); err != nil {
		return "", err
	}
	return r.refuse(ctx, call{method: "POST", path: "/login", body: map[string]string{"username": r.guest.name, "password": r.guest.password}}, 401)
}

func (r *run) sparesOneself(ctx context.Context) (string, error) {
	return r.refuse(ctx, r.asAdmin("PATCH", "/accounts/"+r.admin.id, map[string]string{"status": "disabled"}), 403)
}

func (r *run) erasesGuest(ctx context.Context) (string, error) {
	if err := r.api.succeed(ctx, r.asAdmin("DELETE", r.guestPath(), nil), 204, nil); err != nil {
		return "", err
	}
	seen, err := r.refuse(ctx, r.asAdmin("GET", r.guestPath(), nil), 404)
	return fmt.Sprintf("DELETE 204, then GET %s", seen), err
}

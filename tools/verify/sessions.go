package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// renews checks that a session goes on with a new token, and that the old one is refused from then on.
func (r *run) renews(u *user) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		var got struct {
			AccessToken string `json:"access_token"`
			SessionID   string `json:"session_id"`
		}
		if err := r.api.succeed(ctx, call{method: "POST", path: "/renew", token: u.token.text}, 200, &got); err != nil {
			return "", err
		}
		renewed, err := parseToken(got.AccessToken)
		switch {
		case err != nil:
			return "", err
		case got.SessionID != u.session || renewed.tokenID != u.token.tokenID || renewed.text == u.token.text:
			return "", errors.New("the answer is no new token of the same session")
		}
		old := u.token
		u.token = renewed
		seen, err := r.refuse(ctx, call{method: "GET", path: "/dashboard", token: old.text, gateway: true}, 401)
		if err != nil {
			return "", fmt.Errorf("with the old token: %w", err)
		}
		err = r.api.succeed(ctx, call{method: "GET", path: "/dashboard", token: renewed.text}, 200, nil)
		return fmt.Sprintf("GET /dashboard %s with the old token, 200 with the new one", seen), err
	}
}

// endsOne checks that a second session of the user is listed, and ends when the first one says so.
func (r *run) endsOne(u *user) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		second := *u
		if _, err := r.begin(ctx, &second); err != nil {
			return "", err
		}
		if _, err := r.finish(ctx, &second, u.recovery[1]); err != nil {
			return "", err
		}
		before, err := r.listed(ctx, u)
		if err != nil {
			return "", err
		}
		if len(before) != 2 || !slices.Contains(before, second.session) || !slices.Contains(before, u.session) {
			return "", errors.New("GET /sessions does not list the two sessions")
		}
		if err := r.api.succeed(ctx, call{method: "DELETE", path: "/sessions/" + second.session, token: u.token.text}, 204, nil); err != nil {
			return "", err
		}
		seen, err := r.refuse(ctx, call{method: "GET", path: "/dashboard", token: second.token.text, gateway: true}, 401)
		if err != nil {
			return "", err
		}
		if after, err := r.listed(ctx, u); err != nil || len(after) != 1 {
			return "", errors.Join(err, errors.New("GET /sessions still lists it"))
		}
		return fmt.Sprintf("DELETE /sessions/… 204, then GET /dashboard %s in it", seen), nil
	}
}

// listed returns the ids of the user's sessions, of which exactly the user's own must be called the current one.
func (r *run) listed(ctx context.Context, u *user) (ids []string, err error) {
	var got struct {
		Sessions []struct {
			SessionID string `json:"session_id"`
			Current   bool   `json:"current"`
		} `json:"sessions"`
	}
	if err := r.api.succeed(ctx, call{method: "GET", path: "/sessions", token: u.token.text}, 200, &got); err != nil {
		return nil, err
	}
	for _, session := range got.Sessions {
		ids = append(ids, session.SessionID)
		if session.Current != (session.SessionID == u.session) {
			return nil, errors.New("GET /sessions calls another session the current one")
		}
	}
	return ids, nil
}

// apiToken checks an API token's life: made for one route, good for that one alone, listed without its text, revoked.
func (r *run) apiToken(u *user) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		var made struct {
			APIToken string `json:"api_token"`
			TokenID  string `json:"token_id"`
		}
		body := map[string]any{"name": "verify", "expires_in": 60, "routes": []map[string]string{{"method": "GET", "resource": "/dashboard"}}}
		if err := r.api.succeed(ctx, call{method: "POST", path: "/api-tokens", token: u.token.text, body: body}, 201, &made); err != nil {
			return "", err
		}
		if !strings.HasPrefix(made.APIToken, "spk_") || made.TokenID == "" {
			return "", errors.New("the answer has no token that begins with spk_, or no id")
		}
		if err := r.api.succeed(ctx, call{method: "GET", path: "/dashboard", token: made.APIToken}, 200, nil); err != nil {
			return "", err
		}
		for _, other := range []call{
			{method: "GET", path: "/admin_resource"}, {method: "POST", path: "/renew"}, {method: "POST", path: "/api-tokens", body: body},
		} {
			other.token, other.gateway = made.APIToken, true
			if _, err := r.refuse(ctx, other, 403); err != nil {
				return "", fmt.Errorf("with a token for GET /dashboard: %w", err)
			}
		}
		var listed json.RawMessage
		if err := r.api.succeed(ctx, call{method: "GET", path: "/api-tokens", token: u.token.text}, 200, &listed); err != nil {
			return "", err
		}
		if !strings.Contains(string(listed), made.TokenID) || strings.Contains(string(listed), made.APIToken) {
			return "", errors.New("GET /api-tokens does not list it, or shows its text again")
		}
		if err := r.api.succeed(ctx, call{method: "DELETE", path: "/api-tokens/" + made.TokenID, token: u.token.text}, 204, nil); err != nil {
			return "", err
		}
		seen, err := r.refuse(ctx, call{method: "GET", path: "/dashboard", token: made.APIToken, gateway: true}, 401)
		return fmt.Sprintf("spk_…, GET /dashboard 200 and three other routes 403, revoked 204, then GET /dashboard %s", seen), err
	}
}

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
)

// recoveryCodes is how many an account is given.
const recoveryCodes = 10

var (
	recoveryForm = regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`) // Crockford's base32
	idForm       = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

func (r *run) registerAdmin(ctx context.Context) (string, error) {
	seen, err := r.register(ctx, r.admin, r.target.invitation)
	return seen, explain(err, 403, "is the invitation for ADMIN, unused and unexpired?")
}

func (r *run) registerInvited(u *user) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) { return r.register(ctx, u, u.invitation) }
}

func (r *run) registerConsumer(ctx context.Context) (string, error) {
	seen, err := r.register(ctx, r.consumer, "")
	return seen, explain(err, 403, "does SelfRegistrationRoles name CONSUMER?")
}

// register makes the user's account and keeps what its owner is shown.
func (r *run) register(ctx context.Context, u *user, invitation string) (string, error) {
	body := map[string]string{"username": u.name, "password": u.password, "role": u.role}
	if invitation != "" {
		body["invitation"] = invitation
	}
	var got struct {
		UserID   string `json:"user_id"`
		Username string `json:"username"`
		Role     string `json:"role"`
		TOTP     struct {
			Secret string `json:"secret"`
			URI    string `json:"uri"`
		} `json:"totp"`
		RecoveryCodes []string `json:"recovery_codes"`
	}
	if err := r.api.succeed(ctx, call{method: "POST", path: "/register", body: body}, 201, &got); err != nil {
		return "", err
	}
	if !idForm.MatchString(got.UserID) || got.Username != u.name || got.Role != u.role {
		return "", errors.New("the answer has another user_id, username or role than it should")
	}
	app, err := scan(got.TOTP.URI)
	if err != nil {
		return "", fmt.Errorf("an authenticator app could not read totp.uri: %w", err)
	}
	if typed, err := scan("otpauth://totp/typed?secret=" + got.TOTP.Secret); err != nil || !bytes.Equal(typed.key, app.key) {
		return "", errors.New("totp.secret and totp.uri are not the same secret")
	}
	if err := checkRecoveryCodes(got.RecoveryCodes); err != nil {
		return "", err
	}
	u.id, u.app, u.recovery = got.UserID, app, got.RecoveryCodes
	return fmt.Sprintf("user %s, a TOTP secret of %d bits, %d recovery codes", shorten(u.id), 8*len(app.key), len(u.recovery)), nil
}

func checkRecoveryCodes(codes []string) error {
	different := map[string]bool{}
	for _, code := range codes {
		if !recoveryForm.MatchString(code) {
			return errors.New("a recovery code has not the form XXXX-XXXX-XXXX-XXXX")
		}
		different[code] = true
	}
	if len(codes) != recoveryCodes || len(different) != recoveryCodes {
		return fmt.Errorf("%d different recovery codes, want %d", len(different), recoveryCodes)
	}
	return nil
}

func (r *run) invite(u *user) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		var got struct {
			Invitation string `json:"invitation"`
			Role       string `json:"role"`
			ExpiresAt  int64  `json:"expires_at"`
		}
		request := call{
			method: "POST", path: "/invitations", token: r.admin.token.text,
			body: map[string]any{"role": u.role, "expires_in": 300},
		}
		if err := r.api.succeed(ctx, request, 201, &got); err != nil {
			return "", err
		}
		if len(got.Invitation) < 16 || got.Role != u.role || got.ExpiresAt == 0 {
			return "", errors.New("the answer has no invitation, or another role or no expires_at")
		}
		u.invitation = got.Invitation
		return fmt.Sprintf("an invitation of %d characters", len(got.Invitation)), nil
	}
}

func (r *run) invitationUsedUp(u *user) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		return r.refuse(ctx, call{method: "POST", path: "/register", body: map[string]string{
			"username": u.name + "-again", "password": rand.Text(), "role": u.role, "invitation": u.invitation,
		}}, 403)
	}
}

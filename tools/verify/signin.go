package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// readingTime is how old a code is when it is sent: nobody types in no time, and the service's clock may lag a little.
const readingTime = 2 * time.Second

// passwordAlone also keeps the challenge, for the steps that follow.
func (r *run) passwordAlone(ctx context.Context) (string, error) {
	return r.begin(ctx, r.admin)
}

// begin takes the first step of a sign-in. Its answer must hold two members and nothing that could be a token.
func (r *run) begin(ctx context.Context, u *user) (string, error) {
	var got map[string]json.RawMessage
	body := map[string]string{"username": u.name, "password": u.password}
	if err := r.api.succeed(ctx, call{method: "POST", path: "/login", body: body}, 200, &got); err != nil {
		return "", err
	}
	var expiresIn int
	if json.Unmarshal(got["challenge_id"], &u.challenge) != nil || json.Unmarshal(got["expires_in"], &expiresIn) != nil ||
		u.challenge == "" || expiresIn < 1 || len(got) != 2 || strings.Contains(string(got["challenge_id"]), tokenPrefix) {
		return "", errors.New("the answer is not challenge_id and expires_in alone")
	}
	return fmt.Sprintf("a challenge for %d s", expiresIn), nil
}

func (r *run) wrongPassword(ctx context.Context) (string, error) {
	var refusals []problem
	for _, name := range []string{r.admin.name, r.admin.name + "-unknown"} {
		request := call{method: "POST", path: "/login", body: map[string]string{"username": name, "password": rand.Text()}}
		got, err := r.api.send(ctx, request)
		if err != nil {
			return "", err
		}
		if _, err := r.refused(got, 401); err != nil {
			return "", err
		}
		p, err := got.problem()
		if err != nil {
			return "", err
		}
		p.Instance = "" // the request's id
		refusals = append(refusals, p)
	}
	if refusals[0] != refusals[1] {
		return "", errors.New("the two problems differ: they tell whether a name exists")
	}
	return "401 and 401", nil
}

func (r *run) wrongCode(ctx context.Context) (string, error) {
	return r.refuse(ctx, verifyOTP(r.admin.challenge, r.admin.app.wrongCode(r.now())), 401)
}

func verifyOTP(challenge, code string) call {
	return call{method: "POST", path: "/verify-otp", body: map[string]string{"challenge_id": challenge, "otp": code}}
}

func (r *run) finishAdmin(ctx context.Context) (string, error) {
	return r.finish(ctx, r.admin, r.admin.app.code(r.now().Add(-readingTime)))
}

func (r *run) signsIn(u *user) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if _, err := r.begin(ctx, u); err != nil {
			return "", err
		}
		return r.finish(ctx, u, u.app.code(r.now().Add(-readingTime)))
	}
}

// finish takes the second step and checks the token.
func (r *run) finish(ctx context.Context, u *user, code string) (string, error) {
	var got struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
		SessionID   string `json:"session_id"`
		Role        string `json:"role"`
	}
	if err := r.api.succeed(ctx, verifyOTP(u.challenge, code), 200, &got); err != nil {
		return "", explain(err, 401, r.clocks())
	}
	token, err := parseToken(got.AccessToken)
	switch {
	case err != nil:
		return "", err
	case got.TokenType != "Bearer" || got.SessionID == "" || got.Role != u.role:
		return "", errors.New("the answer has another token_type, session_id or role than it should")
	case token.userID != u.id:
		return "", errors.New("the token names another user")
	case token.expires-token.issued != got.ExpiresIn:
		return "", errors.New("the token's times and expires_in disagree")
	}
	u.code, u.token, u.session = code, token, got.SessionID
	return fmt.Sprintf("%s %d characters with a right CRC, good for %d s", shorten(token.text), len(token.text), got.ExpiresIn), nil
}

// clocks says how far the service's clock is off, as its last answer's Date tells.
func (r *run) clocks() string {
	last := r.api.answers[len(r.api.answers)-1]
	served, err := http.ParseTime(last.header.Get("Date"))
	if err != nil {
		return "do the clocks agree?"
	}
	return fmt.Sprintf("the service's clock is %d s ahead of this one", int64(served.Sub(r.now()).Round(time.Second)/time.Second))
}

// replayCode sends the code that signed in once more: to the challenge that it answered, and to a fresh one.
func (r *run) replayCode(ctx context.Context) (string, error) {
	same, err := r.refuse(ctx, verifyOTP(r.admin.challenge, r.admin.code), 401)
	if err != nil {
		return "", fmt.Errorf("on the same challenge: %w", err)
	}
	fresh, err := r.onFreshChallenge(ctx, r.admin, r.admin.code)
	return fmt.Sprintf("%s on the same challenge, %s on a fresh one", same, fresh), err
}

func (r *run) onFreshChallenge(ctx context.Context, u *user, code string) (string, error) {
	if _, err := r.begin(ctx, u); err != nil {
		return "", err
	}
	seen, err := r.refuse(ctx, verifyOTP(u.challenge, code), 401)
	if err != nil {
		return "", fmt.Errorf("on a fresh challenge: %w", err)
	}
	return seen, nil
}

func (r *run) recoveryCode(ctx context.Context) (string, error) {
	if _, err := r.begin(ctx, r.consumer); err != nil {
		return "", err
	}
	return r.finish(ctx, r.consumer, r.consumer.recovery[0])
}

// replayRecoveryCode signs the user out at the end, so that no session is left behind.
func (r *run) replayRecoveryCode(ctx context.Context) (string, error) {
	seen, err := r.onFreshChallenge(ctx, r.consumer, r.consumer.recovery[0])
	if err != nil {
		return "", err
	}
	return seen, r.api.succeed(ctx, call{method: "POST", path: "/logout", token: r.consumer.token.text}, 204, nil)
}

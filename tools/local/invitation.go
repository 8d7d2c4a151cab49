package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"sallyport/tools/local/gateway"
	"sallyport/tools/local/template"
)

// The operator's invitation: a week is the longest that one may live. It is renewed a day before it ends.
const (
	invitationLife = 7 * 24 * time.Hour
	renewBefore    = 24 * time.Hour
)

// invitations keeps one unused ADMIN invitation at hand, in the place of the operator, who makes the first one of a deployed stack. It
// asks the function behind POST /invitations for it, as an ADMIN would; how invitations are kept is that function's business.
type invitations struct {
	invoker    gateway.Invoker
	functionID string // empty: the API makes no invitations
	publish    func(invitation string) error
	out        *output

	mu      sync.Mutex
	unused  string
	expires time.Time
}

// newInvitations returns the keeper. publish is told each new invitation.
func newInvitations(invoker gateway.Invoker, api template.API, publish func(string) error, out *output) *invitations {
	i := &invitations{invoker: invoker, publish: publish, out: out}
	for _, route := range api.Routes {
		if route.Method == http.MethodPost && route.Resource == "/invitations" {
			i.functionID = route.FunctionID
		}
	}
	return i
}

func (i *invitations) current() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.unused
}

// renew makes an invitation and publishes it. If that fails there is none: the one before may be used or over.
func (i *invitations) renew(ctx context.Context) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.unused, i.expires = "", time.Time{}
	err := i.ask(ctx)
	if published := i.publish(i.unused); err == nil {
		err = published
	}
	return err
}

// ask fetches an invitation. The caller holds the lock.
func (i *invitations) ask(ctx context.Context) error {
	if i.functionID == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	result, err := i.invoker.Invoke(ctx, i.functionID, operatorEvent())
	if err != nil {
		return fmt.Errorf("make the ADMIN invitation: %w", err)
	}
	var answer struct {
		StatusCode int    `json:"statusCode"`
		Body       string `json:"body"`
	}
	var body struct {
		Invitation string `json:"invitation"`
		ExpiresAt  int64  `json:"expires_at"`
	}
	err = json.Unmarshal(result.Payload, &answer)
	if err == nil && result.FunctionError == "" && answer.StatusCode == http.StatusCreated {
		err = json.Unmarshal([]byte(answer.Body), &body)
	}
	if err != nil || body.Invitation == "" {
		return fmt.Errorf("make the ADMIN invitation: %s answered %s", i.functionID, result.Payload)
	}
	i.unused, i.expires = body.Invitation, time.Unix(body.ExpiresAt, 0)
	return nil
}

// operatorEvent is the event of POST /invitations by an ADMIN that no account stands for.
func operatorEvent() []byte {
	zeros := strings.Repeat("0", 32)
	event, err := json.Marshal(map[string]any{
		"resource": "/invitations", "path": "/invitations", "httpMethod": http.MethodPost,
		"headers":           map[string]string{"Content-Type": "application/json"},
		"multiValueHeaders": map[string][]string{"Content-Type": {"application/json"}},
		"requestContext": map[string]any{
			"resourcePath": "/invitations", "httpMethod": http.MethodPost, "path": "/invitations", "stage": "local", "protocol": "HTTP/1.1",
			"requestId": "operator-" + rand.Text(), "accountId": template.AccountID, "apiId": "local",
			"identity": map[string]any{"sourceIp": "127.0.0.1", "userAgent": "local"},
			"authorizer": map[string]string{
				"principalId": "operator", "user_id": zeros, "username": "the operator", "role": "ADMIN", "session_id": zeros, "token_id": zeros,
				"kind": "session", "issued_at": fmt.Sprint(time.Now().Unix()), "expires_at": fmt.Sprint(time.Now().Add(time.Hour).Unix()),
			},
		},
		"body":            fmt.Sprintf(`{"role":"ADMIN","expires_in":%d}`, int(invitationLife.Seconds())),
		"isBase64Encoded": false,
	})
	if err != nil {
		panic(err) // strings always marshal
	}
	return event
}

// keepFresh renews the invitation before it ends, until ctx does.
func (i *invitations) keepFresh(ctx context.Context) {
	for ticker := time.NewTicker(time.Hour); ; {
		select {
		case <-ctx.Done():
			ticker.Stop()
			return
		case <-ticker.C:
		}
		i.mu.Lock()
		due := time.Until(i.expires) < renewBefore
		i.mu.Unlock()
		if due {
			i.tryRenew(ctx)
		}
	}
}

func (i *invitations) tryRenew(ctx context.Context) {
	if err := i.renew(ctx); err != nil {
		i.out.printf("local: %v (trying again within the hour)\n", err)
	}
}

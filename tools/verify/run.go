package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"
)

// The roles, by their names on the wire.
const (
	admin     = "ADMIN"
	developer = "DEVELOPER"
	consumer  = "CONSUMER"
)

// run is one acceptance run.
type run struct {
	target target
	api    *client
	now    func() time.Time

	admin, developer, consumer *user

	developerInvitation string // made by the ADMIN
}

// user is one of the three users, and what its owner would know or hold.
type user struct {
	role, name, password string

	id       string
	app      authenticator
	recovery []string

	challenge string // the latest one
	code      string // the one that signed in
	token     accessToken
	session   string
}

func newRun(t target, now func() time.Time) *run {
	suffix := strings.ToLower(rand.Text()[:12])
	newUser := func(role string) *user {
		return &user{role: role, name: "verify-" + strings.ToLower(role) + "-" + suffix, password: rand.Text()}
	}
	return &run{
		target: t, api: newClient(t.url), now: now,
		admin: newUser(admin), developer: newUser(developer), consumer: newUser(consumer),
	}
}

func (r *run) users() []*user { return []*user{r.admin, r.developer, r.consumer} }

// all does the steps in their order and reports whether none failed. The order makes the run quick: each user's authenticator
// app is used once, because its next code would be half a minute away, and recovery codes after that.
func (r *run) all(ctx context.Context, out io.Writer) bool {
	steps := []step{
		{promise: "an unknown route is refused", check: r.unknownRoute, essential: true},
		{promise: "ADMIN registers with the operator's invitation", check: r.registerAdmin, essential: true},
		{promise: "a right password gives a challenge and no token", check: r.passwordAlone, essential: true},
		{promise: "a wrong password and an unknown name get one and the same refusal", check: r.wrongPassword},
		{promise: "a wrong code is refused", check: r.wrongCode},
		{promise: "ADMIN signs in with the authenticator app's code", check: r.finishAdmin, essential: true},
		{promise: "the same code is refused afterwards", check: r.replayCode},
		{promise: "ADMIN invites a DEVELOPER", check: r.inviteDeveloper, essential: true},
		{promise: "DEVELOPER registers with that invitation", check: r.registerDeveloper, essential: true},
		{promise: "the invitation is used up", check: r.invitationUsedUp},
		{promise: "CONSUMER registers without one", check: r.registerConsumer, essential: true},
		{promise: "DEVELOPER signs in", check: r.signsIn(r.developer), essential: true},
		{promise: "CONSUMER signs in", check: r.signsIn(r.consumer), essential: true},
		{promise: "each token is stored sealed, in a row of its own", check: r.looking(r.tokenRows)},
		{promise: "what is sealed is that very token, for that user alone", check: r.looking(r.sealsOpen)},
		{promise: "the TOTP secrets are stored sealed", check: r.looking(r.totpSecrets)},
		{promise: "the passwords are stored as Argon2id hashes", check: r.looking(r.passwordHashes)},
		{promise: "no token, password, code or secret is anywhere in clear", check: r.looking(r.nothingInClear)},
	}
	steps = append(steps, r.matrix()...)
	for _, u := range r.users() {
		steps = append(steps, step{promise: u.role + " logs out and is shut out at once", check: r.logsOut(u)})
	}
	steps = append(steps,
		step{promise: "the tokens' rows are gone", check: r.looking(r.rowsGone)},
		step{promise: "logging out twice is refused", check: r.logoutTwice},
		step{promise: "a recovery code signs in", check: r.recoveryCode},
		step{promise: "the same recovery code is refused afterwards", check: r.replayRecoveryCode},
		step{promise: "every answer forbids caching, sniffing and plain HTTP", check: r.headers},
		step{promise: "every refusal is a problem+json of the contract", check: r.problems},
	)
	return (&report{out: out}).run(ctx, steps)
}

func (r *run) unknownRoute(ctx context.Context) (string, error) {
	const path = "/verify-no-such-route"
	seen, err := r.refuse(ctx, call{method: "GET", path: path, gateway: true}, 404)
	return fmt.Sprintf("GET %s %s", path, seen), err
}

// looking wraps a check that needs the tables.
func (r *run) looking(check func(context.Context, *store) (string, error)) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if r.target.store == nil {
			return "", notLookedAtError{"needs -stack"}
		}
		return check(ctx, r.target.store)
	}
}

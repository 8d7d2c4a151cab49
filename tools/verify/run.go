package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sallyport/tools/contract"
)

// The roles that have a part of their own in the run, by their names on the wire. All others are treated alike.
const (
	admin    = "ADMIN"
	consumer = "CONSUMER"
)

// run is one acceptance run.
type run struct {
	target target
	api    *client
	now    func() time.Time

	admin, consumer *user
	invited         []*user // one of each other role
	guest           *user   // whose account the ADMIN erases in the end
}

// user is the user of one role, and what its owner would know or hold.
type user struct {
	role, name, password string
	invitation           string // if the ADMIN has made one for it

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
	r := &run{target: t, api: newClient(t.url), now: now, admin: newUser(admin), consumer: newUser(consumer), guest: newUser(consumer)}
	r.guest.name += "-guest"
	for _, role := range contract.RoleNames() {
		if role != admin && role != consumer {
			r.invited = append(r.invited, newUser(role))
		}
	}
	return r
}

func (r *run) users() []*user { return slices.Concat([]*user{r.admin}, r.invited, []*user{r.consumer}) }

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
	}
	for _, u := range r.invited {
		steps = append(steps,
			step{promise: "ADMIN makes an invitation for " + u.role, check: r.invite(u), essential: true},
			step{promise: u.role + " registers with that invitation", check: r.registerInvited(u), essential: true},
			step{promise: "the invitation is used up", check: r.invitationUsedUp(u)},
		)
	}
	steps = append(steps, step{promise: "CONSUMER registers without one", check: r.registerConsumer, essential: true})
	for _, u := range r.users()[1:] { // ADMIN has
		steps = append(steps, step{promise: u.role + " signs in", check: r.signsIn(u), essential: true})
	}
	steps = append(steps, []step{
		{promise: "each token is stored sealed, in a row of its own", check: r.looking(r.tokenRows)},
		{promise: "what is sealed is that very token, for that user alone", check: r.looking(r.sealsOpen)},
		{promise: "the TOTP secrets are stored sealed", check: r.looking(r.totpSecrets)},
		{promise: "the passwords are stored as Argon2id hashes", check: r.looking(r.passwordHashes)},
		{promise: "no token, password, code or secret is anywhere in clear", check: r.looking(r.nothingInClear)},
	}...)
	steps = append(steps,
		step{promise: "a renewed session goes on with its new token alone", check: r.renews(r.consumer)},
		step{promise: "a session that its owner ends from another one is shut out at once", check: r.endsOne(r.consumer)},
		step{promise: "an API token opens its route alone until it is revoked", check: r.apiToken(r.admin)},
	)
	steps = append(steps, r.matrix()...)
	steps = append(steps, r.administration()...)
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

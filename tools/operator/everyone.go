package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sallyport/shared/dynamo/keystore"
	"sallyport/shared/envelope"
	"sallyport/shared/session"
	"sallyport/tools/operator/stack"
)

// underWay is how long after the shredding a sign-in, a renewal or the making of an API token can still store a token of a shredded key: it read the key's generation
// before, and ends within its function's time limit, 5 s (Globals.Function.Timeout in template.yaml); 2 s more for a transaction
// that had been sent when Lambda stopped the function.
const underWay = 7 * time.Second

// everyone ends everybody's sessions and API tokens.
type everyone struct {
	client *dynamodb.Client
	keys   *keystore.Store
	tokens string // the table
	out    io.Writer
	now    func() time.Time
	sleep  func(ctx context.Context, d time.Duration) error
}

// end shreds the keys and deletes all rows, twice: at once, and when no sign-in from before the shredding can be under way any
// longer. An authorizer that has a shredded key in memory would take the tokens of those for up to envelope.MaxKeyAge. The second
// time the rows of sessions that have begun since go too. That is harmless: their owners sign in again.
func (e everyone) end(ctx context.Context) error {
	failed := e.shred(ctx)
	shredded := e.now()
	err := e.sweep(ctx)
	if err == nil {
		fmt.Fprintf(e.out, "Once more %s after the shredding, for sign-ins that are under way.\n", underWay)
		err = e.sleep(ctx, underWay-e.now().Sub(shredded))
	}
	if err == nil {
		err = e.sweep(ctx)
	}
	switch {
	case err == nil:
		return failed
	case failed != nil:
		err = fmt.Errorf("%w; and %w", failed, err) // not errors.Join: an error is one line
	}
	return fmt.Errorf("some tokens may still be good, run it again: %w", err)
}

// sweep deletes every row of Tokens.
func (e everyone) sweep(ctx context.Context) error {
	deleted, err := deleteTokens(ctx, e.client, e.tokens)
	fmt.Fprintf(e.out, "Token rows deleted: %d.\n", deleted)
	if err != nil {
		return stack.Explain("dynamodb:Scan or DeleteItem", cause(err))
	}
	return nil
}

// oldest is how many days before today the key of a token that is alive can be from: an API token's life, and the day in which that ends.
const oldest = uint32(session.MaxAPITokenLife/(24*time.Hour)) + 1

// shred shreds the data keys of all tokens that can be alive, the latest first, and returns the last failure: the keys that it does not
// concern are shredded, and deleting the rows helps all the same.
func (e everyone) shred(ctx context.Context) (failed error) {
	today := envelope.Day(e.now())
	without := 0
	for day := today + 1; day >= today-oldest; day-- { // tomorrow's key is made ahead
		shredded, err := e.keys.Shred(ctx, day)
		switch {
		case err != nil:
			failed = stack.Explain("dynamodb:UpdateItem", cause(err))
			fmt.Fprintf(e.out, "%s: the data key could NOT be shredded.\n", envelope.Date(day))
		case shredded:
			fmt.Fprintf(e.out, "%s: the data key is shredded.\n", envelope.Date(day))
		default:
			without++
		}
	}
	fmt.Fprintf(e.out, "%s to %s: days without a data key: %d.\n", envelope.Date(today-oldest), envelope.Date(today+1), without)
	return failed
}

// sleep waits for d, or until ctx ends, which is an error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

package main

import (
	"context"
	"fmt"

	"sallyport/shared/account"
)

const unthrottleUsage = `Usage: go run ./tools/operator unthrottle -user NAME -stack NAME

Forgets the failed passwords of the name and the failed codes of the account, so that the next attempt is judged at once. What
was counted against an address stays, and ends with its window of five minutes.

`

func unthrottle(ctx context.Context, args []string, out output) error {
	flags, stackName, user := accountFlags("unthrottle", out, unthrottleUsage)
	if err := parse(flags, args, "user", "stack"); err != nil {
		return err
	}
	accounts, err := connectAccounts(ctx, *stackName)
	if err != nil {
		return err
	}
	there, err := account.Unthrottle(ctx, accounts, *user)
	if err != nil {
		return explain(err, *user)
	}
	if !there {
		fmt.Fprintf(out.stdout, "%s may try again. There is no account of that name.\n", *user)
		return nil
	}
	fmt.Fprintf(out.stdout, "%s may try again.\n", *user)
	return nil
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"sallyport/shared/account"
)

const showUsage = `Usage: go run ./tools/operator show -user NAME -stack NAME

Shows an account and its sessions, and nothing that is secret.

`

func show(ctx context.Context, args []string, out output) error {
	flags, stackName, user := accountFlags("show", out, showUsage)
	if err := parse(flags, args, "user", "stack"); err != nil {
		return err
	}
	accounts, err := connectAccounts(ctx, *stackName)
	if err != nil {
		return err
	}
	a, err := read(ctx, accounts, *user)
	if err != nil {
		return explain(err, *user)
	}
	printAccount(out.stdout, a)
	return nil
}

// read returns the account of that name in any spelling.
func read(ctx context.Context, accounts account.Reader, user string) (account.Account, error) {
	canonical, err := account.Canonical(user)
	if err != nil {
		return account.Account{}, err
	}
	a, found, err := accounts.Account(ctx, canonical)
	if err == nil && !found {
		err = account.ErrNoAccount
	}
	return a, err
}

func printAccount(w io.Writer, a account.Account) {
	fmt.Fprintf(w, "%s\n  user id          %s\n  status           %s\n  role             %s\n  registered       %s\n"+
		"  recovery codes   %d left\n  session version  %d\n  sessions         %d\n",
		a.Username, a.UserID, a.Status, a.Role, moment(a.CreatedAt), len(a.RecoveryCodes), a.SessionVersion, len(a.Sessions))
	byExpiry := slices.SortedFunc(maps.Values(a.Sessions), func(x, y account.SessionEntry) int {
		return cmp.Or(cmp.Compare(x.ExpiresAt, y.ExpiresAt), cmp.Compare(x.SessionID, y.SessionID))
	})
	for _, session := range byExpiry {
		fmt.Fprintf(w, "    %s  until %s\n", session.SessionID, moment(session.ExpiresAt))
	}
}

func moment(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04:05 UTC")
}

package main

import (
	"context"
	"fmt"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/dynamo/keystore"
	"sallyport/shared/dynamo/sessionstore"
	"sallyport/shared/session"
)

const revokeUsage = `Usage: go run ./tools/operator revoke -user NAME [-session ID] -stack NAME
       go run ./tools/operator revoke -everyone -stack NAME

Ends sessions: their tokens are refused from the next request on. With -user all sessions of the account, or the one that -session
names (show lists them). With -everyone it shreds the data keys of all live tokens, then deletes every token's row, and some seconds
later those that sign-ins under way have added.

`

func revoke(ctx context.Context, args []string, out output) error {
	flags, stackName, user := accountFlags("revoke", out, revokeUsage)
	sessionID := flags.String("session", "", "`ID` of the one session to end")
	everyone := flags.Bool("everyone", false, "end everybody's sessions")
	if err := parse(flags, args, "stack"); err != nil {
		return err
	}
	if (*user != "") == *everyone || *everyone && *sessionID != "" {
		return misused(flags, "give either -user, perhaps with -session, or -everyone")
	}
	switch {
	case *everyone:
		return revokeEveryone(ctx, *stackName, out)
	case *sessionID != "":
		return revokeOne(ctx, *stackName, *user, *sessionID, out)
	}
	accounts, err := connectAccounts(ctx, *stackName)
	if err != nil {
		return err
	}
	done, err := account.NewChanger(accounts).EndSessions(ctx, *user)
	if err != nil {
		return explain(err, *user)
	}
	fmt.Fprintf(out.stdout, "%s: sessions ended: %d. Sign-ins under way begin anew.\n", done.Account.Username, done.Ended)
	return nil
}

func revokeOne(ctx context.Context, stackName, user, sessionID string, out output) error {
	found, err := connect(ctx, stackName)
	if err != nil {
		return err
	}
	tables, err := found.tables()
	if err != nil {
		return err
	}
	a, err := read(ctx, accountstore.New(found.client, tables), user)
	if err != nil {
		return explain(err, user)
	}
	for tokenID, entry := range a.Sessions {
		if entry.SessionID != sessionID {
			continue
		}
		sessions := sessionstore.New(found.client, sessionstore.Tables{Tokens: tables.Tokens, Accounts: tables.Accounts})
		identity := session.Identity{UserID: a.UserID, TokenID: tokenID, SessionID: sessionID, Username: a.Username}
		if err := sessions.EndSession(ctx, identity); err != nil {
			return explain(err, user)
		}
		fmt.Fprintf(out.stdout, "%s: session %s has ended.\n", a.Username, sessionID)
		return nil
	}
	return fmt.Errorf("%s has no session %q (any more): nothing was changed; `show` lists the sessions", a.Username, sessionID)
}

// revokeEveryone closes both doors: the signatures first, so that what it deletes meanwhile is already worthless.
func revokeEveryone(ctx context.Context, stackName string, out output) error {
	found, err := connect(ctx, stackName)
	if err != nil {
		return err
	}
	datakeys, err := found.Output(outputDataKeys)
	if err != nil {
		return err
	}
	tokens, err := found.Output(outputTokens)
	if err != nil {
		return err
	}
	return everyone{found.client, keystore.New(found.client, datakeys), tokens, out.stdout, time.Now, sleep}.end(ctx)
}

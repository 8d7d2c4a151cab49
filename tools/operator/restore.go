package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/token"
	"sallyport/tools/operator/stack"
)

const restoreUsage = `Usage: go run ./tools/operator restore -from TABLE (-user NAME | -all) -stack NAME [-as-it-was] [-write]

Copies accounts from an older copy of the Accounts table, such as point-in-time recovery makes, into the stack's own. Without
-write it only says what it would do. It lets nobody in who could not sign in before with the same role: what is gone comes back
disabled, what is disabled stays so, and roles stay as they are. With -as-it-was status, role and recovery codes are as in the copy.
Each account that it writes loses its sessions. It can be run again: what is restored already is left alone.

`

func restore(ctx context.Context, args []string, out output) error {
	flags, stackName, user := accountFlags("restore", out, restoreUsage)
	from := flags.String("from", "", "`TABLE` that holds the older copy")
	all := flags.Bool("all", false, "restore every account of the copy")
	asItWas := flags.Bool("as-it-was", false, "take status, role and recovery codes from the copy as well")
	write := flags.Bool("write", false, "do it; without this nothing is written")
	if err := parse(flags, args, "from", "stack"); err != nil {
		return err
	}
	if (*user != "") == *all {
		return misused(flags, "give either -user or -all")
	}
	found, err := connect(ctx, *stackName)
	if err != nil {
		return err
	}
	tables, err := found.tables()
	if err != nil {
		return err
	}
	if *from == tables.Accounts {
		return fmt.Errorf("%s is the stack's own table: -from names the restored copy", *from)
	}
	r := restoring{
		deployed: found, out: out.stdout, write: *write, counts: map[account.Outcome]int{},
		copied: accountstore.New(found.client, accountstore.Tables{Accounts: *from}),
		restorer: account.Restorer{
			Store: accountstore.New(found.client, tables), Now: time.Now, AsItWas: *asItWas, DryRun: !*write,
			EndUnlisted: func(ctx context.Context, userID token.ID) error {
				return deleteTokensOf(ctx, found.client, tables.Tokens, userID)
			},
		},
	}
	if *all {
		err = r.all(ctx, *from)
	} else {
		err = r.one(ctx, *user)
	}
	r.summarize()
	switch {
	case errors.Is(err, errNoCopy):
		return fmt.Errorf("there is no table %q in this region: -from names the restored copy", *from)
	case err != nil:
		return stack.Explain("dynamodb:Scan, GetItem, PutItem, Query and DeleteItem on the copy and the stack's tables", cause(err))
	case r.failed > 0:
		return fmt.Errorf("accounts that could not be restored: %d; the lines above say why", r.failed)
	}
	return nil
}

// errNoCopy is that the table which -from names is not there.
var errNoCopy = errors.New("no such table")

// fromCopy is what went wrong with a read of the copy.
func fromCopy(err error) error {
	if _, absent := errors.AsType[*types.ResourceNotFoundException](err); absent {
		return errNoCopy
	}
	return err
}

// restoring is one run of restore.
type restoring struct {
	deployed
	out      io.Writer
	copied   account.Reader
	restorer account.Restorer
	write    bool
	counts   map[account.Outcome]int
	failed   int
}

// all restores every account of the copy. An account that cannot be restored does not keep the others from it; a database that does
// not answer does.
func (r *restoring) all(ctx context.Context, from string) error {
	pages := dynamodb.NewScanPaginator(r.client, &dynamodb.ScanInput{
		TableName: aws.String(from), ProjectionExpression: aws.String("username"), ConsistentRead: aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fromCopy(err)
		}
		for _, item := range page.Items {
			name, ok := item["username"].(*types.AttributeValueMemberS)
			if !ok {
				return errors.New("the copy's key is not username: it is no copy of an Accounts table")
			}
			if err := r.one(ctx, name.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// one restores one account, and says so. What is wrong with the account itself is counted, and no error.
func (r *restoring) one(ctx context.Context, user string) error {
	old, err := read(ctx, r.copied, user)
	if err != nil {
		return r.hold(user, "in the copy", fromCopy(err))
	}
	done, err := r.restorer.Restore(ctx, old)
	if err != nil {
		return r.hold(user, "in the stack's table", err)
	}
	r.counts[done.Outcome]++
	if done.Outcome != account.Same {
		fmt.Fprintf(r.out, "%s: %s", old.Username, done.Outcome)
		if done.Outcome == account.Returned || done.Outcome == account.Replaced {
			fmt.Fprintf(r.out, ", %s, %s, recovery codes %d", done.Account.Status, done.Account.Role, len(done.Account.RecoveryCodes))
		}
		fmt.Fprintln(r.out)
	}
	return nil
}

// hold says what is wrong with one account. Any other failure it returns.
func (r *restoring) hold(user, where string, err error) error {
	var reason string
	switch {
	case errors.Is(err, account.ErrNoAccount):
		reason = "there is no such account " + where
	case apperr.CodeOf(err) == apperr.InvalidRequest:
		reason = "there can be no account of that name"
	case apperr.CodeOf(err) == apperr.Corrupt:
		reason = fmt.Sprintf("its row %s is damaged: %v", where, cause(err))
	default:
		return err
	}
	fmt.Fprintf(r.out, "%s: NOT restored, %s\n", user, reason)
	r.failed++
	return nil
}

func (r *restoring) summarize() {
	what := "Done"
	if !r.write {
		what = "Nothing was written; with -write it would be"
	}
	fmt.Fprintf(r.out, "%s: returned %d, replaced %d, the same already %d, another's name now %d, never used %d, failed %d.\n", what,
		r.counts[account.Returned], r.counts[account.Replaced], r.counts[account.Same], r.counts[account.Foreign],
		r.counts[account.Unproven], r.failed)
}

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"sallyport/shared/account"
	"sallyport/shared/dynamo/accountstore"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/tools/operator/stack"
)

const inviteUsage = `Usage: go run ./tools/operator invite -role ROLE -stack NAME [-expires DURATION]

Makes an invitation to register once with the role and prints its code, which is stored nowhere. The first ADMIN of a stack
comes this way; an ADMIN invites others through POST /invitations. It needs permission for cloudformation:DescribeStacks on the stack
and dynamodb:PutItem on its invitations table.

`

// maker is whom the invitation names as its maker, in place of an ADMIN's user id.
const maker = "the operator"

func invite(ctx context.Context, args []string, out output) error {
	flags := flag.NewFlagSet("invite", flag.ContinueOnError)
	flags.SetOutput(out.stderr)
	flags.Usage = func() {
		fmt.Fprint(out.stderr, inviteUsage)
		flags.PrintDefaults()
	}
	roleName := flags.String("role", "", "`ROLE` that the invitation is for: "+policy.RoleNames())
	stackName := flags.String("stack", "", "`NAME` of the CloudFormation stack")
	life := flags.Duration("expires", account.DefaultInvitationLife, "how long the invitation is good, from 1m to 168h")
	if err := parse(flags, args, "role", "stack"); err != nil {
		return err
	}
	if _, ok := policy.ParseRole(*roleName); !ok {
		return fmt.Errorf("there is no role %q: use %s", *roleName, policy.RoleNames())
	}
	if *life < account.MinInvitationLife || *life > account.MaxInvitationLife {
		return fmt.Errorf("an invitation is good for 1m to 168h, not %s", *life)
	}
	found, err := connect(ctx, *stackName)
	if err != nil {
		return err
	}
	url, err := found.Output(outputURL)
	if err != nil {
		return err
	}
	table, err := found.Output(outputInvitations)
	if err != nil {
		return err
	}
	invitations := accountstore.New(found.client, accountstore.Tables{Invitations: table})
	seconds := int64(*life / time.Second)
	code, made, err := account.NewInviter(invitations, time.Now).Invite(ctx, maker, *roleName, &seconds)
	if err != nil {
		return stack.Explain("dynamodb:PutItem", cause(err))
	}
	printInvitation(out.stdout, url, code, made, *stackName)
	return nil
}

// printInvitation shows the one thing that is worth stealing here, on standard output alone. The line to register with reads
// the body from the keyboard, so that the password lands in no shell history and in no list of processes.
func printInvitation(w io.Writer, url string, code secret.Text, made account.Invitation, stackName string) {
	fmt.Fprintf(w, `Invitation to register once as %s with stack %s, until %s; it is not shown again:

    %s

To register, run this, paste the body with a name and a password of your own, and press Enter and Ctrl-D:

    curl -sS %s/register -H 'Content-Type: application/json' -d @-
    {"username":"YOUR-NAME","password":"YOUR-PASSWORD","role":"%s","invitation":"%s"}
`, made.Role, stackName, moment(made.ExpiresAt), code.Reveal(), url, made.Role, code.Reveal())
}

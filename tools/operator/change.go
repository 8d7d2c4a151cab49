package main

import (
	"context"
	"flag"
	"fmt"

	"sallyport/shared/account"
	"sallyport/shared/policy"
)

// change is a command that changes one account. Each ends all of its sessions in the same transaction.
type change struct {
	name, summary, usage string
	roleFlag             bool
	do                   func(ctx context.Context, c *account.Changer, user, role string) (account.Changed, error)
	says                 func(account.Account) string // what the account is then
}

func (c change) command() command { return command{c.name, c.summary, aHandful, c.run} }

func disable() command {
	return change{
		name: "disable", summary: "keep an account from signing in, and end its sessions",
		usage: "From outside it looks like a wrong password. `enable` undoes it.",
		do: func(ctx context.Context, c *account.Changer, user, _ string) (account.Changed, error) {
			return c.Disable(ctx, user)
		},
		says: func(account.Account) string { return "disabled" },
	}.command()
}

func enable() command {
	return change{
		name: "enable", summary: "let a disabled account sign in again",
		usage: "An account that is not disabled stays as it is.",
		do: func(ctx context.Context, c *account.Changer, user, _ string) (account.Changed, error) {
			return c.Enable(ctx, user)
		},
		says: func(a account.Account) string { return string(a.Status) },
	}.command()
}

func role() command {
	return change{
		name: "role", summary: "change an account's role, and end its sessions", roleFlag: true,
		usage: "The next sign-in has the new role.",
		do: func(ctx context.Context, c *account.Changer, user, role string) (account.Changed, error) {
			return c.SetRole(ctx, user, role)
		},
		says: func(a account.Account) string { return a.Role.String() },
	}.command()
}

func remove() command {
	return change{
		name: "remove", summary: "delete an account, and end its sessions",
		usage: "Its name is free then: anybody may register with it. There is no undo but `restore`.",
		do: func(ctx context.Context, c *account.Changer, user, _ string) (account.Changed, error) {
			return c.Remove(ctx, user)
		},
		says: func(account.Account) string { return "removed" },
	}.command()
}

func (c change) run(ctx context.Context, args []string, out output) error {
	roleUsage, required := "", []string{"user", "stack"}
	if c.roleFlag {
		roleUsage, required = " -role ROLE", append(required, "role")
	}
	flags, stackName, user := accountFlags(c.name, out, fmt.Sprintf(
		"Usage: go run ./tools/operator %s -user NAME%s -stack NAME\n\nTo %s. %s\n\n", c.name, roleUsage, c.summary, c.usage))
	roleName := ""
	if c.roleFlag {
		flags.StringVar(&roleName, "role", "", "`ROLE` that the account is to have: "+policy.RoleNames())
	}
	if err := parse(flags, args, required...); err != nil {
		return err
	}
	accounts, err := connectAccounts(ctx, *stackName)
	if err != nil {
		return err
	}
	done, err := c.do(ctx, account.NewChanger(accounts), *user, roleName)
	if err != nil {
		return explain(err, *user)
	}
	if done.Already {
		fmt.Fprintf(out.stdout, "%s is %s already: nothing was changed.\n", done.Account.Username, c.says(done.Account))
		return nil
	}
	fmt.Fprintf(out.stdout, "%s is %s. Sessions ended: %d.\n", done.Account.Username, c.says(done.Account), done.Ended)
	return nil
}

// accountFlags returns the flags that every command on an account has.
func accountFlags(name string, out output, usage string) (flags *flag.FlagSet, stackName, user *string) {
	flags = flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(out.stderr)
	flags.Usage = func() {
		fmt.Fprint(out.stderr, usage)
		flags.PrintDefaults()
	}
	return flags, flags.String("stack", "", "`NAME` of the CloudFormation stack"), flags.String("user", "", "`NAME` of the account")
}

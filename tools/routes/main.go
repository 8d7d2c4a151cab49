// Command routes prints who may call what, as shared/policy has it: a line for each route, with the API, the method, the
// resource and the roles, and "+API tokens" if these roles' API tokens may call it too. The local run holds template.yaml against it when it starts.
//
//	go run ./tools/routes
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"sallyport/shared/policy"
)

func main() {
	if err := list(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "routes:", err)
		os.Exit(1)
	}
}

func list(out io.Writer) error {
	for _, route := range policy.Routes() {
		var allowed []string
		tokens := ""
		for _, role := range policy.Roles() {
			if policy.Allows(policy.Bearer{Role: role}, route) {
				allowed = append(allowed, role.String())
			}
			if policy.Allows(policy.Bearer{Role: role, APIToken: true}, route) {
				tokens = " +API tokens" //nolint:gosec // G101: no credential but words
			}
		}
		if _, err := fmt.Fprintf(out, "%s %-6s %-40s %s%s\n", route.API, route.Method, route.Resource, strings.Join(allowed, ","), tokens); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"strings"
	"testing"

	"sallyport/shared/policy"
)

func TestEachRuleIsALineWithAPIMethodResourceAndRoles(t *testing.T) {
	var out strings.Builder
	if err := list(&out); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Count(out.String(), "\n"), len(policy.Routes()); got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
	for _, want := range []string{
		"sallyport GET    /dashboard                               ADMIN,DEVELOPER,CONSUMER +API tokens\n",
		"sallyport POST   /invitations                             ADMIN\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("there is no line %q in\n%s", want, out.String())
		}
	}
}

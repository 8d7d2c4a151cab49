package accountstore_test

import (
	"flag"
	"testing"

	"pgregory.net/rapid"

	"sallyport/shared/account/accounttest"
	"sallyport/shared/dynamo/dynamotest"
)

// As on the memory store, fewer times: each step is some dozens of requests.
func TestWhateverHappensToAccountsSessionsAndAPITokensTheyAreAsTheModelSays(t *testing.T) {
	for name, value := range map[string]string{"rapid.checks": "6", "rapid.steps": "60"} {
		f := flag.Lookup(name)
		was, set := f.Value.String(), false
		flag.Visit(func(given *flag.Flag) { set = set || given.Name == name })
		if set {
			continue
		}
		if err := f.Value.Set(value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Value.Set(was) })
	}
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		rapid.Check(t, func(rt *rapid.T) {
			store, _ := open(t, server.Client(nil)) // a store of its own for each run
			accounttest.Lives(rt, store)
		})
	})
}

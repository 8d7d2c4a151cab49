package accountstore_test

import (
	"testing"

	"pgregory.net/rapid"

	"sallyport/shared/account/accounttest"
	"sallyport/shared/dynamo/dynamotest"
)

// As on the memory store, fewer times: each step is some dozens of requests.
func TestWhateverHappensToAccountsSessionsAndAPITokensTheyAreAsTheModelSays(t *testing.T) {
	accounttest.Fewer(t, 6, 60)
	dynamotest.EachServer(t, func(t *testing.T, server dynamotest.Server) {
		rapid.Check(t, func(rt *rapid.T) {
			store, _ := open(t, server.Client(nil)) // a store of its own for each run
			accounttest.Lives(rt, store)
		})
	})
}

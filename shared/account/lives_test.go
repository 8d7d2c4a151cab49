package account_test

import (
	"testing"

	"pgregory.net/rapid"

	"sallyport/shared/account/accounttest"
)

func TestWhateverHappensToAccountsSessionsAndAPITokensTheyAreAsTheModelSays(t *testing.T) {
	fewer(t, "rapid.checks", 300)
	fewer(t, "rapid.steps", 100)
	rapid.Check(t, func(t *rapid.T) { accounttest.Lives(t, accounttest.NewStore()) })
}

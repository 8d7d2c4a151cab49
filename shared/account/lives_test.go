package account_test

import (
	"testing"

	"pgregory.net/rapid"

	"sallyport/shared/account/accounttest"
)

func TestWhateverHappensToAccountsSessionsAndAPITokensTheyAreAsTheModelSays(t *testing.T) {
	accounttest.Fewer(t, 300, 100)
	rapid.Check(t, func(t *rapid.T) { accounttest.Lives(t, accounttest.NewStore()) })
}

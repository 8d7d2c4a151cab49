package accountstore_test

import (
	"errors"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/dynamo/dynamotest"
	"sallyport/shared/token"
)

func openWired(t *testing.T) (both, *dynamotest.Wire) {
	t.Helper()
	wire := &dynamotest.Wire{}
	store, _ := open(t, dynamotest.Embedded(t).Client(wire))
	t.Cleanup(func() { wire.Set(nil) }) // before the tables go
	wire.Calls()
	return store, wire
}

func unavailable(err error) bool { return apperr.CodeOf(err) == apperr.ServiceUnavailable }
func conflict(err error) bool    { return errors.Is(err, account.ErrConflict) }
func gone(err error) bool        { return errors.Is(err, account.ErrChallengeGone) }

func TestEachReasonOfACancelledSignInIsRead(t *testing.T) {
	store, wire := openWired(t)
	const no, condition, busy, throttled = "None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError"
	for name, test := range map[string]struct {
		reasons []string // challenge, account, record, evicted record
		want    func(error) bool
	}{
		"challenge gone":                       {[]string{condition, no, no, no}, gone},
		"challenge gone, account changed":      {[]string{condition, condition, no, no}, gone},
		"challenge gone, account busy":         {[]string{condition, busy, no, no}, gone},
		"account changed":                      {[]string{no, condition, no, no}, conflict},
		"account changed, challenge busy":      {[]string{busy, condition, no, no}, conflict},
		"token id taken":                       {[]string{no, no, condition, no}, conflict},
		"challenge busy":                       {[]string{busy, no, no, no}, conflict},
		"account busy":                         {[]string{no, busy, no, no}, conflict},
		"evicted record busy, account throtte": {[]string{no, throttled, no, busy}, conflict},
		"throttled":                            {[]string{no, throttled, no, no}, unavailable},
		"provisioned throughput":               {[]string{no, no, "ProvisionedThroughputExceeded", no}, unavailable},
		"invalid":                              {[]string{no, "ValidationError", no, no}, unavailable},
	} {
		c := begun(t, store, name)
		wire.Set(dynamotest.Cancels(test.reasons...))
		if err := store.FinishSignIn(t.Context(), c); !test.want(err) {
			t.Errorf("%s: got %v", name, err)
		}
		wire.Set(nil)
		if err := store.FinishSignIn(t.Context(), c); err != nil {
			t.Errorf("%s: when it has passed: %v", name, err)
		}
	}
}

func TestEachReasonOfACancelledRegistrationIsRead(t *testing.T) {
	store, wire := openWired(t)
	for name, test := range map[string]struct {
		reasons []string
		want    func(error) bool
	}{
		"name taken":      {[]string{"ConditionalCheckFailed", "None"}, conflict},
		"invitation gone": {[]string{"None", "ConditionalCheckFailed"}, conflict},
		"name busy":       {[]string{"TransactionConflict", "None"}, conflict},
		"throttled":       {[]string{"ThrottlingError", "None"}, unavailable},
	} {
		wire.Set(dynamotest.Cancels(test.reasons...))
		err := store.CreateAccount(t.Context(), account.Creation{Account: newAccount("ada"), Uses: "hash"})
		if !test.want(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestARegistrationWhoseAnswerIsLostDoesNotCallItsOwnNameTaken(t *testing.T) {
	for name, uses := range map[string]string{"with an invitation": "hash", "without": ""} {
		store, wire := openWired(t)
		if err := store.AddInvitation(t.Context(), account.Invitation{CodeHash: "hash", Role: 1, MadeBy: "operator"}); err != nil {
			t.Fatal(err)
		}
		a := newAccount("ada")
		wire.Set(dynamotest.First(2, dynamotest.Loses))
		if err := store.CreateAccount(t.Context(), account.Creation{Account: a, Uses: uses}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wire.Set(nil)
		if got, found, err := store.Account(t.Context(), "ada"); err != nil || !found || got.UserID != a.UserID {
			t.Errorf("%s: the account reads as %+v, %v, %v", name, got, found, err)
		}
	}
}

func TestASignInWhoseAnswerIsLostDoesNotCallItsOwnChallengeGone(t *testing.T) {
	store, wire := openWired(t)
	c := begun(t, store, "ada")
	wire.Calls()
	wire.Set(dynamotest.First(2, dynamotest.Loses))
	if err := store.FinishSignIn(t.Context(), c); err != nil {
		t.Fatalf("FinishSignIn: %v", err)
	}
	wire.Set(nil)
	if got, _, err := store.Account(t.Context(), "ada"); err != nil || got.Revision != 1 {
		t.Errorf("revision %d, %v", got.Revision, err)
	}
}

func TestWhenAnswersAreLostNoLimitIsPassed(t *testing.T) {
	store, wire := openWired(t)
	c := begun(t, store, "ada")
	attempts, failures := 0, 0
	for range 10 {
		wire.Calls()
		wire.Set(dynamotest.First(1, dynamotest.Loses))
		if ok, err := store.CountAttempt(t.Context(), c.Challenge.ID, 5, 0); err != nil {
			t.Fatal(err)
		} else if ok {
			attempts++
		}
		wire.Calls()
		if ok, err := store.CountFailure(t.Context(), "subject", 7, 1); err != nil {
			t.Fatal(err)
		} else if ok {
			failures++
		}
	}
	if attempts > 5 || failures > 7 {
		t.Errorf("%d attempts and %d failures were let through", attempts, failures)
	}
	wire.Calls() // a lost answer to a setting is a conflict, never a second success of the same
	if err := store.SetThrottle(t.Context(), "other", account.Throttle{}, account.Throttle{Failures: 1, ExpiresAt: 1}); !conflict(err) {
		t.Errorf("SetThrottle: %v", err)
	}
}

func TestSingleWritesWaitForATransactionToEnd(t *testing.T) {
	store, wire := openWired(t)
	c := begun(t, store, "ada")
	busy := dynamotest.Answers(400, "TransactionConflictException")
	wire.Calls()
	wire.Set(dynamotest.First(4, busy))
	if ok, err := store.CountAttempt(t.Context(), c.Challenge.ID, 5, 0); err != nil || !ok {
		t.Errorf("CountAttempt: %v, %v", ok, err)
	}
	wire.Set(busy)
	if ok, err := store.CountAttempt(t.Context(), c.Challenge.ID, 5, 0); ok || !unavailable(err) {
		t.Errorf("CountAttempt while it goes on: %v, %v", ok, err)
	}
	if err := store.ReplacePasswordHash(t.Context(), c.Before, "$argon2id$"); !unavailable(err) {
		t.Errorf("ReplacePasswordHash while it goes on: %v", err)
	}
}

func TestEndingASessionOutlastsATransactionOnItsAccount(t *testing.T) {
	store, wire := openWired(t)
	c := begun(t, store, "ada")
	if err := store.FinishSignIn(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	identity := c.Record.Identity()
	there := func() bool {
		wire.Set(nil)
		_, found, err := store.Record(t.Context(), identity.UserID, identity.TokenID)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for name, fault := range map[string]dynamotest.Fault{
		"busy":     dynamotest.Cancels("None", "TransactionConflict"),
		"throttle": dynamotest.Cancels("ThrottlingError", "None"),
		"reset":    dynamotest.Resets,
	} {
		wire.Set(fault)
		if err := store.EndSession(t.Context(), identity); !unavailable(err) || !there() {
			t.Errorf("%s for too long: %v, and the record is there: %v", name, err, there())
		}
	}
	wire.Calls()
	wire.Set(dynamotest.First(4, dynamotest.Cancels("None", "TransactionConflict")))
	if err := store.EndSession(t.Context(), identity); err != nil || there() {
		t.Errorf("busy at first: %v, and the record is there: %v", err, there())
	}
}

func TestEndingASessionWhoseAnswerIsLostIsNoError(t *testing.T) {
	store, wire := openWired(t)
	c := begun(t, store, "ada")
	if err := store.FinishSignIn(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	wire.Calls()
	wire.Set(dynamotest.First(2, dynamotest.Loses))
	if err := store.EndSession(t.Context(), c.Record.Identity()); err != nil {
		t.Errorf("EndSession: %v", err)
	}
	wire.Set(nil)
	if got, _, err := store.Account(t.Context(), "ada"); err != nil || got.Revision != 2 || len(got.Sessions) != 0 {
		t.Errorf("the account is %+v, %v", got, err)
	}
}

func TestAChangeWhoseAnswerIsLostIsDoneOnce(t *testing.T) {
	store, wire := openWired(t)
	c := begun(t, store, "ada")
	if err := store.FinishSignIn(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	before, _, err := store.Account(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	after := before
	after.Status, after.Sessions, after.Revision = account.Disabled, nil, before.Revision+1
	wire.Calls()
	wire.Set(dynamotest.First(2, dynamotest.Loses))
	if err := store.ChangeAccount(t.Context(), account.Change{Before: &before, After: &after, Ended: []token.ID{c.Record.TokenID}}); err != nil {
		t.Errorf("ChangeAccount: %v", err)
	}
	wire.Set(nil)
	if got, _, err := store.Account(t.Context(), "ada"); err != nil || got.Revision != after.Revision || got.Status != account.Disabled {
		t.Errorf("the account is %+v, %v", got, err)
	}
}

func TestEachReasonOfACancelledChangeIsRead(t *testing.T) {
	store, wire := openWired(t)
	for name, test := range map[string]struct {
		reasons []string // account, record
		want    func(error) bool
	}{
		"account changed": {[]string{"ConditionalCheckFailed", "None"}, conflict},
		"account busy":    {[]string{"TransactionConflict", "None"}, conflict},
		"record busy":     {[]string{"None", "TransactionConflict"}, conflict},
		"throttled":       {[]string{"ThrottlingError", "None"}, unavailable},
		"invalid":         {[]string{"ValidationError", "None"}, unavailable},
	} {
		c := begun(t, store, name)
		wire.Set(dynamotest.Cancels(test.reasons...))
		if err := store.ChangeAccount(t.Context(), account.Change{Before: &c.Before, Ended: c.Evicted}); !test.want(err) {
			t.Errorf("%s: got %v", name, err)
		}
		wire.Set(nil)
	}
}

func TestEachReasonOfACancelledAPITokenIsRead(t *testing.T) {
	store, wire := openWired(t)
	over := func(err error) bool { return errors.Is(err, account.ErrSessionEnded) }
	for name, test := range map[string]struct {
		reasons []string // account, record, session
		want    func(error) bool
	}{
		"account changed":                  {[]string{"ConditionalCheckFailed", "None", "None"}, conflict},
		"token id taken":                   {[]string{"None", "ConditionalCheckFailed", "None"}, conflict},
		"session over":                     {[]string{"None", "None", "ConditionalCheckFailed"}, over},
		"session over and account changed": {[]string{"ConditionalCheckFailed", "None", "ConditionalCheckFailed"}, over},
		"account busy":                     {[]string{"TransactionConflict", "None", "None"}, conflict},
		"throttled":                        {[]string{"None", "ThrottlingError", "None"}, unavailable},
	} {
		c := begun(t, store, name)
		wire.Set(dynamotest.Cancels(test.reasons...))
		in := account.APITokenAddition{Before: c.Before, By: token.NewID(), After: c.After, Record: c.Record}
		if err := store.AddAPIToken(t.Context(), in); !test.want(err) {
			t.Errorf("%s: got %v", name, err)
		}
		wire.Set(nil)
	}
}

// signedIn is a change of credentials in the name of a session that has just begun.
func signedIn(t *testing.T, store both, username string) account.CredentialChange {
	t.Helper()
	c := begun(t, store, username)
	if err := store.FinishSignIn(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	before, _, err := store.Account(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	after := before
	after.PasswordHash, after.SessionVersion = "$argon2id$another", before.SessionVersion+1
	return account.CredentialChange{Before: before, After: after, Session: c.Record.TokenID, Ended: []token.ID{token.NewID()}}
}

func TestEachReasonOfACancelledChangeOfCredentialsIsRead(t *testing.T) {
	store, wire := openWired(t)
	over := func(err error) bool { return errors.Is(err, account.ErrSessionEnded) }
	const no, condition, busy = "None", "ConditionalCheckFailed", "TransactionConflict"
	for name, test := range map[string]struct {
		reasons []string // session, account, ended record
		want    func(error) bool
	}{
		"session ended":                  {[]string{condition, no, no}, over},
		"session ended, account changed": {[]string{condition, condition, no}, over},
		"session ended, account busy":    {[]string{condition, busy, no}, over},
		"account changed":                {[]string{no, condition, no}, conflict},
		"session busy":                   {[]string{busy, no, no}, conflict},
		"account changed, session busy":  {[]string{busy, condition, no}, conflict},
		"account busy":                   {[]string{no, busy, no}, conflict},
		"ended record busy":              {[]string{no, no, busy}, conflict},
		"throttled":                      {[]string{no, "ThrottlingError", no}, unavailable},
		"invalid":                        {[]string{no, "ValidationError", no}, unavailable},
	} {
		c := signedIn(t, store, name)
		wire.Set(dynamotest.Cancels(test.reasons...))
		if err := store.ChangeCredentials(t.Context(), c); !test.want(err) {
			t.Errorf("%s: got %v", name, err)
		}
		wire.Set(nil)
		if err := store.ChangeCredentials(t.Context(), c); err != nil {
			t.Errorf("%s: when it has passed: %v", name, err)
		}
	}
}

func TestAChangeOfCredentialsWhoseAnswerIsLostIsDoneOnce(t *testing.T) {
	store, wire := openWired(t)
	c := signedIn(t, store, "ada")
	wire.Calls()
	wire.Set(dynamotest.First(2, dynamotest.Loses))
	if err := store.ChangeCredentials(t.Context(), c); err != nil {
		t.Errorf("ChangeCredentials: %v", err)
	}
	wire.Set(nil)
	if got, _, err := store.Account(t.Context(), "ada"); err != nil || got.Revision != c.Before.Revision+1 || got.SessionVersion != c.After.SessionVersion {
		t.Errorf("the account is %+v, %v", got, err)
	}
}

func TestANewAuthenticatorWhoseAnswerIsLostIsStoredOnceAndEachReasonOfARefusalIsRead(t *testing.T) {
	store, wire := openWired(t)
	before := newAccount("ada")
	before.EnrolmentHash, before.EnrolmentExpiresAt = "hash", 1
	if err := store.CreateAccount(t.Context(), account.Creation{Account: before}); err != nil {
		t.Fatal(err)
	}
	after := before
	after.SealedTOTPSecret = []byte("another")
	for reason, want := range map[string]func(error) bool{
		"ConditionalCheckFailed": conflict, "TransactionConflict": conflict, "ThrottlingError": unavailable, "ValidationError": unavailable,
	} {
		wire.Set(dynamotest.Cancels(reason))
		if err := store.ReplaceAuthenticator(t.Context(), before, after); !want(err) {
			t.Errorf("%s: got %v", reason, err)
		}
	}
	wire.Calls()
	wire.Set(dynamotest.First(2, dynamotest.Loses))
	if err := store.ReplaceAuthenticator(t.Context(), before, after); err != nil {
		t.Errorf("ReplaceAuthenticator: %v", err)
	}
	wire.Set(nil)
	if got, _, err := store.Account(t.Context(), "ada"); err != nil || got.Revision != before.Revision+1 || string(got.SealedTOTPSecret) != "another" {
		t.Errorf("the account is %+v, %v", got, err)
	}
}

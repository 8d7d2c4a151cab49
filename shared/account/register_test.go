package account_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
	"sallyport/shared/otp"
	"sallyport/shared/password"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/token"
)

func input(username string) account.RegisterInput {
	return account.RegisterInput{Username: username, Password: secret.New(rightPassword), Address: home}
}

func invited(username, role, invitation string) account.RegisterInput {
	in := input(username)
	in.Role, in.Invitation = &role, ptr(secret.New(invitation))
	return in
}

// invite makes an invitation for the role, good for an hour.
func (w *world) invite(t testing.TB, role policy.Role) string {
	t.Helper()
	code, _, err := w.inviter.Invite(t.Context(), "operator", role.String(), ptr(int64(3600)))
	if err != nil {
		t.Fatal(err)
	}
	return code.Reveal()
}

func (w *world) register(t testing.TB, in account.RegisterInput) account.Registered {
	t.Helper()
	answer, err := w.registrar.Register(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestARegistrationMakesAPendingAccountAndShowsItsSecretsOnce(t *testing.T) {
	w := newWorld(t)
	var answer account.Registered
	if n := hashes(t, func() { answer = w.register(t, input("Zoe\u0308")) }); n != 1 {
		t.Errorf("it took %d hashes", n)
	}
	if answer.Username != "zoë" || answer.Role != policy.Consumer || answer.UserID == (token.ID{}) {
		t.Errorf("the answer names %q, %v, %v", answer.Username, answer.Role, answer.UserID)
	}
	secretForm := answer.TOTPSecret.Reveal()
	if want := "otpauth://totp/Sallyport:zo%C3%AB?secret=" + secretForm + "&"; !strings.HasPrefix(answer.TOTPURI.Reveal(), want) {
		t.Errorf("the URI is %q", answer.TOTPURI.Reveal())
	}

	a := w.account(t, "zoë")
	if a.UserID != answer.UserID || a.Status != account.Pending || a.Role != policy.Consumer || a.CreatedAt != noon.Unix() ||
		a.LastTOTPStep != 0 || a.SessionVersion != 0 || a.InvitationHash != "" || len(a.Sessions) != 0 {
		t.Errorf("stored: %+v", a)
	}
}

func TestAPasswordIsStoredOnlyAsArgon2id(t *testing.T) {
	w := newWorld(t)
	w.register(t, input("alice"))
	stored := w.account(t, "alice").PasswordHash
	if form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`); !form.MatchString(stored) {
		t.Errorf("stored: %q", stored)
	}
	plain, err := password.Prepare(secret.New(rightPassword))
	if err != nil {
		t.Fatal(err)
	}
	if match, outdated, err := newHasher(t, least).Verify(stored, plain); !match || outdated || err != nil {
		t.Errorf("match %v, outdated %v, %v", match, outdated, err)
	}
}

func TestTheAuthenticatorSecretIsStoredSealedForItsUserAlone(t *testing.T) {
	w := newWorld(t)
	answer := w.register(t, input("alice"))
	key := registered(t, answer).key
	sealed := w.account(t, "alice").SealedTOTPSecret
	opened, err := w.secrets.OpenSecret(t.Context(), answer.UserID, sealed)
	if err != nil || !bytes.Equal(opened, key.Bytes()) || len(opened) != otp.SecretLength {
		t.Errorf("opens to %d bytes, %v", len(opened), err)
	}
	if _, err := w.secrets.OpenSecret(t.Context(), token.NewID(), sealed); apperr.CodeOf(err) != apperr.Corrupt {
		t.Errorf("for another user: %v", err)
	}
}

func TestRecoveryCodesAreTenDifferentOnesAndStoredHashed(t *testing.T) {
	w := newWorld(t)
	answer := w.register(t, input("alice"))
	key := registered(t, answer).key
	var want []string
	for _, shown := range answer.RecoveryCodes {
		code, err := otp.ParseCode(shown)
		if err != nil || !code.IsRecovery() {
			t.Fatalf("%q: %v", shown.Reveal(), err)
		}
		want = append(want, code.Recovery().Hash(key, answer.UserID.String()))
	}
	if got := w.account(t, "alice").RecoveryCodes; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
	slices.Sort(want)
	if n := len(slices.Compact(want)); n != 10 {
		t.Errorf("%d different codes", n)
	}
}

func TestNothingThatIsSecretIsStoredInClearOrLogged(t *testing.T) {
	w := newWorld(t)
	invitation := w.invite(t, policy.Developer)
	answer := w.register(t, invited("alice", "DEVELOPER", invitation))
	p := registered(t, answer)
	begun := w.begin(t, "alice")
	signedIn, err := w.finisher.Finish(t.Context(), answering(begun.ChallengeID, p.recovery[3]))
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{
		rightPassword, invitation, answer.TOTPSecret.Reveal(), string(p.key.Bytes()), signedIn.AccessToken.Reveal(),
		signedIn.AccessToken.Reveal()[4:40],
	}
	for _, code := range p.recovery {
		secrets = append(secrets, code.Reveal(), strings.ReplaceAll(code.Reveal(), "-", ""))
	}
	stored := w.store.Snapshot()
	everything := fmt.Sprintf("%+v %+v %+v", stored, answer, signedIn) + w.log.String()
	for _, a := range stored.Accounts {
		everything += string(a.SealedTOTPSecret)
	}
	for _, record := range stored.Records {
		everything += string(record.Sealed)
	}
	for i, text := range secrets {
		if strings.Contains(everything, text) {
			t.Errorf("secret %d is there in clear", i)
		}
	}
}

func TestTwoAccountsShareNoSecret(t *testing.T) {
	w := newWorld(t)
	x, y := w.register(t, input("alice")), w.register(t, input("bob"))
	if x.UserID == y.UserID || x.TOTPSecret.Reveal() == y.TOTPSecret.Reveal() || x.RecoveryCodes[0].Reveal() == y.RecoveryCodes[0].Reveal() ||
		w.account(t, "alice").PasswordHash == w.account(t, "bob").PasswordHash {
		t.Error("they do")
	}
}

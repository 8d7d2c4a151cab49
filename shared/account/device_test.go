package account_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"sallyport/shared/account"
	"sallyport/shared/apperr"
)

// entry returns the account's note of the session that a sign-in with that input begins.
func (w *world) entry(t *testing.T, p person, change func(*account.FinishInput)) (account.SessionEntry, error) {
	t.Helper()
	in := answering(w.challenge(p).ID, w.code(p, 0))
	change(&in)
	signedIn, err := w.finisher.Finish(t.Context(), in)
	if err != nil {
		return account.SessionEntry{}, err
	}
	return w.account(t, p.username).Sessions[signedIn.Identity.TokenID], nil
}

func TestASessionIsNotedUnderWhatItsOwnerCallsTheDevice(t *testing.T) {
	w := newWorld(t)
	for _, label := range []string{"x", " ", "  Büro-Rechner ", "👩‍💻 laptop", strings.Repeat("é", 64), "<b>\"'"} {
		p := w.person(t, "alice")
		got, err := w.entry(t, p, func(in *account.FinishInput) { in.Device, in.UserAgent = &label, "curl/8.1" })
		if err != nil || got.Device != label {
			t.Errorf("%q is noted as %q, %v", label, got.Device, err)
		}
	}
}

func TestALabelThatIsEmptyTooLongOrMovesTextIsRefusedAndNotCounted(t *testing.T) {
	w := newWorld(t)
	p := w.person(t, "alice")
	for _, label := range []string{"", strings.Repeat("é", 65), "a\x00b", "a\nb", "a\tb", "\x7f", "a\u0085b", "a\u2028b", "a\u2029b", "a\u202eb", "a\u2066b", "a\u200fb"} {
		_, err := w.entry(t, p, func(in *account.FinishInput) { in.Device = &label })
		if refused(t, err, apperr.InvalidRequest); strings.Contains(apperr.From(err).Detail, "\u202e") {
			t.Errorf("%q is repeated", label)
		}
	}
	if n := w.codeFailures(p); n != 0 || len(w.account(t, "alice").Sessions) != 0 {
		t.Errorf("%d failures are counted", n)
	}
	w.signIn(t, p)
}

func TestWithoutALabelASessionIsNotedUnderTheProductsOfTheClient(t *testing.T) {
	w := newWorld(t)
	for userAgent, want := range map[string]string{
		"":               "",
		"curl/8.1.2":     "curl/8.1.2",
		"  a/1 \t  b/2 ": "a/1 b/2",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko (deep) x) Chrome/120.0 Safari/537.36": "Mozilla/5.0 AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
		"(only a comment)":                    "",
		"open (comment":                       "open",
		"closed) a/1":                         "closed a/1",
		"a/1\r\n{\"level\":\"ERROR\"}\x1b[2J": `a/1{"level":"ERROR"}[2J`,
		"naïve/1 日本/2":                        "nave/1 /2",
		strings.Repeat("x", 63) + " y/1":      strings.Repeat("x", 63),
		strings.Repeat("x", 100):              strings.Repeat("x", 64),
		"\xff\xfe":                            "",
	} {
		p := w.person(t, "alice")
		got, err := w.entry(t, p, func(in *account.FinishInput) { in.UserAgent = userAgent })
		if err != nil || got.Device != want {
			t.Errorf("%q is noted as %q, want %q, %v", userAgent, got.Device, want, err)
		}
	}
}

func FuzzWhateverAClientCallsItselfItsLabelIsPrintableAndShort(f *testing.F) {
	f.Add("Mozilla/5.0 (X11) a/1")
	f.Add("((((")
	f.Add(strings.Repeat("x ", 64))
	f.Fuzz(func(t *testing.T, userAgent string) {
		label := account.ClientLabel(userAgent)
		if len(label) > 64 || strings.TrimSpace(label) != label || strings.ContainsFunc(label, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q gives %q", userAgent, label)
		}
		if label != "" && (!utf8.ValidString(label) || account.CheckLabel("device", label) != nil) {
			t.Errorf("%q gives %q, which nobody could choose", userAgent, label)
		}
	})
}

func TestASessionIsNotedWithTheFamilyOfItsAddress(t *testing.T) {
	w := newWorld(t)
	for address, want := range map[string]string{
		"203.0.113.7": "ipv4", "::ffff:203.0.113.7": "ipv4", "2001:db8::7": "ipv6", "fe80::1%eth0": "ipv6", "": "", "unknown": "", "203.0.113.7:80": "",
	} {
		p := w.person(t, "alice")
		got, err := w.entry(t, p, func(in *account.FinishInput) { in.Address = address })
		if err != nil || got.AddressFamily != want {
			t.Errorf("%q is noted as %q, want %q, %v", address, got.AddressFamily, want, err)
		}
	}
}

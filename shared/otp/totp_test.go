package otp_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sallyport/shared/otp"
	"sallyport/shared/secret"
)

// The secret of RFC 4226 Appendix D and of the SHA-1 rows of RFC 6238 Appendix B.
const rfcSecret = "12345678901234567890"

func parseSecret(t *testing.T, key string) otp.Secret {
	t.Helper()
	s, err := otp.ParseSecret([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parseCode(t *testing.T, text string) otp.Code {
	t.Helper()
	code, err := otp.ParseCode(secret.New(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return code
}

func TestCodesAreThoseOfRFC4226AppendixD(t *testing.T) {
	s := parseSecret(t, rfcSecret)
	for counter, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := s.CodeAt(int64(counter)).Reveal(); got != want {
			t.Errorf("counter %d: %s, want %s", counter, got, want)
		}
	}
}

func TestCodesAreThoseOfRFC6238AppendixB(t *testing.T) {
	s := parseSecret(t, rfcSecret)
	for _, row := range []struct {
		unix, step int64
		code       string // eight digits; ours are the last six
	}{
		{59, 0x1, "94287082"},
		{1111111109, 0x23523EC, "07081804"},
		{1111111111, 0x23523ED, "14050471"},
		{1234567890, 0x273EF07, "89005924"},
		{2000000000, 0x3F940AA, "69279037"},
		{20000000000, 0x27BC86AA, "65353130"},
	} {
		now := time.Unix(row.unix, 0)
		if step := otp.StepAt(now); step != row.step {
			t.Errorf("time %d lies in step %d, want %d", row.unix, step, row.step)
		}
		if got := s.CodeAt(row.step).Reveal(); got != row.code[2:] {
			t.Errorf("time %d: %s, want %s", row.unix, got, row.code[2:])
		}
		if step, ok := s.Match(parseCode(t, row.code[2:]), now); !ok || step != row.step {
			t.Errorf("time %d: step %d, %t", row.unix, step, ok)
		}
	}
}

// oathtool (the OATH Toolkit) is an implementation that shares nothing with this one. Its answers of 2.6.7 are frozen here; where it
// is installed it is asked again, for random secrets too, and where continuous integration runs it has to be installed.
func TestCodesAreThoseOfOathtool(t *testing.T) {
	const key = "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x01\x23\x45\x67"
	frozen := map[int64]string{0: "539887", 29: "539887", 30: "994005", 1795392000: "322637", 1795392029: "322637", 1795392030: "620977"}
	oathtool, missing := exec.LookPath("oathtool")
	if missing != nil && os.Getenv("CI") != "" {
		t.Fatal("install oathtool:", missing)
	}
	s := parseSecret(t, key)
	for unix, want := range frozen {
		if got := s.CodeAt(otp.StepAt(time.Unix(unix, 0))).Reveal(); got != want {
			t.Errorf("time %d: %s, want %s", unix, got, want)
		}
	}
	if missing != nil {
		return
	}
	for i := range 20 {
		now := time.Unix(1795392000+int64(i)*86_413, 0).UTC()
		random := otp.NewSecret()
		answer, err := exec.Command(oathtool, "--totp=sha1", "--digits=6", "--base32", "--now="+now.Format("2006-01-02 15:04:05 UTC"),
			random.Base32().Reveal()).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := random.CodeAt(otp.StepAt(now)).Reveal(); got != strings.TrimSpace(string(answer)) {
			t.Errorf("time %v: %s, want %s", now, got, answer)
		}
	}
}

func TestAStepLastsThirtySeconds(t *testing.T) {
	for unix, want := range map[int64]int64{0: 0, 29: 0, 30: 1, 59: 1, 60: 2, 1795392029: 59846400, 1795392030: 59846401} {
		if got := otp.StepAt(time.Unix(unix, 999_999_999)); got != want {
			t.Errorf("time %d lies in step %d, want %d", unix, got, want)
		}
	}
}

func TestThisStepAndTheOneBeforeMatchAndNoOther(t *testing.T) {
	s := parseSecret(t, rfcSecret)
	for _, now := range []time.Time{time.Unix(1795392000, 0), time.Unix(1795392029, 999_999_999)} {
		current := otp.StepAt(now)
		for offset := int64(-5); offset <= 5; offset++ {
			step, ok := s.Match(parseCode(t, s.CodeAt(current+offset).Reveal()), now)
			want := offset == 0 || offset == -1
			if ok != want || ok && step != current+offset || !ok && step != 0 {
				t.Errorf("T%+d: step %d, %t", offset, step, ok)
			}
		}
	}
}

// One pair of steps in a million has one code twice. If the earlier step were reported, a person who signed in with it would be
// refused the same digits that the app still shows for the later one.
func TestOfTwoStepsWithOneCodeTheLaterIsReported(t *testing.T) {
	const step = 910738 // the first of the RFC's secret whose code is its predecessor's too
	s := parseSecret(t, rfcSecret)
	if s.CodeAt(step).Reveal() != s.CodeAt(step-1).Reveal() {
		t.Fatal("the two steps have two codes")
	}
	now := time.Unix(step*30, 0)
	if got, ok := s.Match(parseCode(t, s.CodeAt(step).Reveal()), now); !ok || got != step {
		t.Errorf("step %d, %t, want %d", got, ok, step)
	}
}

func TestACodeOfAnotherSecretDoesNotMatch(t *testing.T) {
	now := time.Unix(1795392000, 0)
	code := parseCode(t, parseSecret(t, rfcSecret).CodeAt(otp.StepAt(now)).Reveal())
	if _, ok := parseSecret(t, "09876543210987654321").Match(code, now); ok {
		t.Error("it matched")
	}
}

func TestWhatNobodyMadeNeverMatches(t *testing.T) {
	now := time.Unix(1795392000, 0)
	s := parseSecret(t, rfcSecret)
	if _, ok := s.Match(otp.Code{}, now); ok {
		t.Error("the zero Code matched")
	}
	if _, ok := s.Match(parseCode(t, otp.NewRecoveryCodes(1)[0].Show().Reveal()), now); ok {
		t.Error("a recovery code matched")
	}
	var none otp.Secret
	if _, ok := none.Match(parseCode(t, none.CodeAt(otp.StepAt(now)).Reveal()), now); ok {
		t.Error("the zero Secret matched: everybody knows its codes")
	}
}

func ExampleSecret_Match() {
	shared, err := otp.ParseSecret([]byte("12345678901234567890"))
	if err != nil {
		panic(err)
	}
	code, err := otp.ParseCode(secret.New("081804"))
	if err != nil {
		panic(err)
	}
	fmt.Println(shared.Match(code, time.Unix(1111111109, 0)))
	// Output: 37037036 true
}

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func randomUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (s *service) target() target {
	return target{url: s.state.URL, invitation: s.state.AdminInvitation, store: s.store}
}

// verify does all the steps.
func verify(t *testing.T, to target) (passed bool, output string, r *run) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), runLimit)
	defer cancel()
	var out bytes.Buffer
	r = newRun(to, time.Now)
	passed = r.all(ctx, &out)
	return passed, out.String(), r
}

func failedSteps(output string) []string {
	var failed []string
	for line := range strings.Lines(output) {
		if promise, ok := strings.CutPrefix(line, "FAILED"); ok {
			failed = append(failed, strings.TrimSpace(promise))
		}
	}
	return failed
}

func TestAnHonestServicePasses(t *testing.T) {
	t.Parallel()
	passed, output, _ := verify(t, startService(t, nil).target())
	if !passed || len(failedSteps(output)) != 0 || !strings.Contains(output, " ok, 0 failed, 0 not looked at\n") {
		t.Errorf("an honest service does not pass:\n%s", output)
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	s := startService(t, nil)
	_, output, r := verify(t, s.target())
	secrets := []string{s.state.AdminInvitation}
	for _, u := range r.invited {
		secrets = append(secrets, u.invitation)
	}
	for _, u := range r.users() {
		secrets = append(secrets, u.password, u.token.text, u.code)
		secrets = append(secrets, u.recovery...)
	}
	for _, secret := range secrets {
		if secret == "" || strings.Contains(output, secret) {
			t.Errorf("a secret of %d characters is printed, or was never made", len(secret))
		}
	}
	if name, found := r.secrets().find([]byte(output)); found {
		t.Errorf("a part of %s is printed", name)
	}
}

func TestWithoutTablesTheStepsThatReadThemAreNotCountedAsPassed(t *testing.T) {
	t.Parallel()
	to := startService(t, nil).target()
	to.store = nil
	passed, output, _ := verify(t, to)
	if !passed || strings.Count(output, "not looked at  ") != 6 || !strings.Contains(output, " 0 failed, 6 not looked at\nWhat was not looked at is not verified.\n") ||
		!strings.Contains(output, ": needs -stack\n") {
		t.Errorf("want six steps that were not looked at:\n%s", output)
	}
}

func TestAThrottledRequestIsRepeatedOnceAfterItsRetryAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		retryAfter string
		throttled  int // how many calls are
		calls      int // how many are wanted
		want       string
	}{
		{"the second call passes", "1", 1, 2, ""},
		{"the second is throttled too", "1", 2, 2, "got 429"},
		{"no Retry-After", "", 1, 1, "got 429"},
		{"too long a wait", "3600", 1, 1, "got 429"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			s := startService(t, func(_ *service, honest http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if calls++; calls <= c.throttled {
						w.Header().Set("Retry-After", c.retryAfter)
						answerWith(w, http.StatusTooManyRequests, nil, nil)
						return
					}
					honest.ServeHTTP(w, r)
				})
			})
			_, err := newRun(s.target(), time.Now).registerAdmin(t.Context())
			if calls != c.calls || fmt.Sprint(err) != "<nil>" && c.want == "" || !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("%d calls, %v; want %d calls and %q", calls, err, c.calls, c.want)
			}
		})
	}
}

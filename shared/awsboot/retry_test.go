package awsboot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// slack is what a busy machine may add to a bound.
const slack = 2 * time.Second

func TestAHangingServiceIsGivenUpOnAndUsedAgainOnceItAnswers(t *testing.T) {
	t.Parallel()
	var hanging atomic.Bool
	hanging.Store(true)
	s := newService(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
		if hanging.Load() {
			hang(r)
		}
		succeed(w)
	})
	client := s.kmsClient(t)
	start := time.Now()
	_, err := client.ListKeys(t.Context(), nil)
	if took := time.Since(start); err == nil || took > CallLimit+slack {
		t.Errorf("given up on after %v (limit %v): %v", took, CallLimit, err)
	}
	if s.attempts.Load() != attempts {
		t.Errorf("%d attempts, want %d", s.attempts.Load(), attempts)
	}
	hanging.Store(false)
	if _, err := client.ListKeys(t.Context(), nil); err != nil {
		t.Errorf("the service answers again: %v", err)
	}
}

func TestACallHasAllTheTimeOfItsContextHoweverLittleThatIs(t *testing.T) {
	t.Parallel()
	for _, left := range []time.Duration{2 * time.Second, 100 * time.Millisecond} {
		contextEnds := time.Now().Add(left)
		ctx, cancel := context.WithDeadline(t.Context(), contextEnds)
		if got := callEnds(ctx, t); !got.Equal(contextEnds) {
			t.Errorf("with %v left the call ends %v before its context", left, contextEnds.Sub(got))
		}
		cancel()
	}
}

func TestACallEndsAtItsOwnLimitHoweverMuchTimeThereIs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, ctx := range []context.Context{ctx, t.Context()} {
		start := time.Now()
		if late := callEnds(ctx, t).Sub(start) - CallLimit; late < 0 || late > slack {
			t.Errorf("the call ends %v after its limit", late)
		}
	}
}

// callEnds returns the time limit of a call made with ctx.
func callEnds(ctx context.Context, t *testing.T) (limit time.Time) {
	t.Helper()
	config := configure(t, nil)
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	config.HTTPClient = doer(func(r *http.Request) (*http.Response, error) {
		limit, _ = r.Context().Deadline()
		return nil, errNotSent
	})
	if _, err := kms.NewFromConfig(config).ListKeys(ctx, nil); !errors.Is(err, errNotSent) {
		t.Error(err)
	}
	return limit
}

func TestACallEndsWithinTheShortestTimeLimit(t *testing.T) {
	t.Parallel()
	const authorizer = 4 * time.Second
	if CallLimit >= authorizer {
		t.Errorf("a call takes up to %v of %v", CallLimit, authorizer)
	}
}

func TestAServiceCannotAskForALongerWaitThanTheCallLasts(t *testing.T) {
	t.Parallel()
	s := newService(t, func(_ int64, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Retry-After", "5000") // milliseconds
		refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable")
	})
	start := time.Now()
	_, err := s.kmsClient(t).ListKeys(t.Context(), nil)
	if took := time.Since(start); err == nil || took > CallLimit+slack {
		t.Errorf("given up on after %v (limit %v): %v", took, CallLimit, err)
	}
}

func TestWhatMayPassIsTriedAgainAndWhatCannotIsNot(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct {
		status   int
		attempts int64
	}{
		"ThrottlingException":         {http.StatusBadRequest, 2},
		"KMSInternalException":        {http.StatusInternalServerError, 2},
		"DependencyTimeoutException":  {http.StatusServiceUnavailable, 2},
		"InvalidSignatureException":   {http.StatusBadRequest, 2},
		"RequestExpired":              {http.StatusBadRequest, 2},
		"ExpiredTokenException":       {http.StatusBadRequest, 1}, // the credentials do not get younger
		"AccessDeniedException":       {http.StatusBadRequest, 1},
		"UnrecognizedClientException": {http.StatusBadRequest, 1},
		"DisabledException":           {http.StatusBadRequest, 1},
		"InvalidCiphertextException":  {http.StatusBadRequest, 1},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			s := newService(t, func(attempt int64, w http.ResponseWriter, _ *http.Request) {
				if attempt == 1 {
					refuse(w, want.status, code)
					return
				}
				succeed(w)
			})
			_, err := s.kmsClient(t).ListKeys(t.Context(), nil)
			if got := s.attempts.Load(); got != want.attempts || (err == nil) != (want.attempts == 2) {
				t.Errorf("%d attempts, want %d; %v", got, want.attempts, err)
			}
		})
	}
}

// A thawed process may sign with a clock that stands where it was frozen.
func TestACallSignedByAStaleClockIsSignedAnew(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64 // how far the service's clock is ahead of this process's
	ahead.Store(int64(10 * time.Minute))
	s := newService(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
		now := time.Now().Add(time.Duration(ahead.Load()))
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil || now.Sub(signed).Abs() > 5*time.Minute {
			refuse(w, http.StatusBadRequest, "InvalidSignatureException")
			return
		}
		succeed(w)
	})
	client := s.kmsClient(t)
	for _, step := range []struct {
		promise  string
		ahead    time.Duration
		attempts int64
	}{
		{"a clock that lags is corrected", 10 * time.Minute, 2},
		{"and stays corrected", 10 * time.Minute, 1},
		{"until the clock is right again", 0, 2},
		{"and that is noticed", 0, 1},
	} {
		ahead.Store(int64(step.ahead))
		s.attempts.Store(0)
		if _, err := client.ListKeys(t.Context(), nil); err != nil || s.attempts.Load() != step.attempts {
			t.Errorf("%s: %d attempts, want %d; %v", step.promise, s.attempts.Load(), step.attempts, err)
		}
	}
}

// A connection that was idle while the process was frozen may be dead without its knowing.
func TestADeadIdleConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	for name, die := range map[string]func(http.ResponseWriter, *http.Request){
		"closed": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"silent": func(_ http.ResponseWriter, r *http.Request) { hang(r) },
		"cut off in the answer": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"Keys":[`)
			http.NewResponseController(w).Flush() //nolint:errcheck // the other side sees
			hang(r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := kms.NewFromConfig(configure(t, map[string]string{"AWS_ENDPOINT_URL_KMS": dyingConnections(t, die)}))
			for range 2 {
				if _, err := client.ListKeys(t.Context(), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// dyingConnections serves one request on each connection; the next one on it is die's.
func dyingConnections(t *testing.T, die http.HandlerFunc) (url string) {
	t.Helper()
	type usedKey struct{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if used := r.Context().Value(usedKey{}).(*atomic.Bool); used.Swap(true) {
			die(w, r)
			return
		}
		succeed(w)
	}))
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, usedKey{}, new(atomic.Bool))
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

package breach

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sallyport/shared/password"
	"sallyport/shared/secret"
)

const stolen = "correct horse battery"

func plain(t *testing.T, text string) password.Plain {
	t.Helper()
	p, err := password.Prepare(secret.New(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func digits(t *testing.T, text string) string {
	t.Helper()
	sum := plain(t, text).SHA1()
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// serve answers lookups with what answer writes, and returns a list that asks there.
func serve(t *testing.T, answer http.HandlerFunc) (*Ranges, *bytes.Buffer) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	log := new(bytes.Buffer)
	return New(server.URL+"/range/", slog.New(slog.NewJSONHandler(log, nil))), log
}

// The digits are sha1sum's.
func TestThePasswordIsKnownByItsSHA1(t *testing.T) {
	if got := digits(t, "password"); got != "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8" {
		t.Errorf("got %s", got)
	}
}

func TestTheServiceIsAskedForARangeWithPaddingAndKnowsWhatIsInIt(t *testing.T) {
	sum := digits(t, stolen)
	filler := strings.Repeat("0018A45C4D1DEF81644B54AB7F969B88D65:3\r\n", 900)
	for name, tc := range map[string]struct {
		line string
		want bool
	}{
		"seen once":         {sum[5:] + ":1", true},
		"seen often":        {sum[5:] + ":37615252", true},
		"in lower case":     {strings.ToLower(sum[5:]) + ":20", true},
		"padding":           {sum[5:] + ":0", false},
		"not there":         {digits(t, "another fine phrase")[5:] + ":5", false},
		"another's":         {strings.Repeat("0", 35) + ":5", false},
		"seen, last of all": {sum[5:] + ":10", true},
	} {
		for _, end := range []string{"\r\n", "\n", ""} {
			ranges, log := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.URL.Path != "/range/"+sum[:5] || r.URL.RawQuery != "" || r.Header.Get("Add-Padding") != "true" || r.Header.Get("User-Agent") == "" {
					t.Errorf("asked %s %s with %v", r.Method, r.URL, r.Header)
				}
				_, _ = fmt.Fprint(w, filler+tc.line+end)
			})
			if got := ranges.Has(t.Context(), plain(t, stolen)); got != tc.want || log.Len() != 0 {
				t.Errorf("%s: %v, log %s", name, got, log)
			}
		}
	}
}

// Whatever is the matter with the service, passwords can be set, somebody can see that it is not asked, and nothing of the password is told.
func TestAServiceThatFailsKnowsNothingAndIsCounted(t *testing.T) {
	sum := digits(t, stolen)
	line := sum[5:] + ":5\r\n"
	for name, answer := range map[string]http.HandlerFunc{
		"an error":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503); _, _ = fmt.Fprint(w, line) },
		"throttling":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) },
		"a redirect":       func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere/"+sum, http.StatusFound) },
		"nothing":          func(http.ResponseWriter, *http.Request) {},
		"a page":           func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>"+sum+"</html>") },
		"a line too short": func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "0018A45C:5\r\n"+line) },
		"no number": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, strings.Repeat("0", 35)+":x\r\n"+line)
		},
		"an endless line": func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, strings.Repeat("x", 1<<20)) },
		"an endless list": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, strings.Repeat(strings.Repeat("0", 35)+":5\r\n", 10_000)+line)
		},
		"half an answer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = fmt.Fprint(w, strings.Repeat("0", 35)+":5\r\n")
		},
		"silence": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(10 * time.Second):
			}
		},
		"a dripping tap": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = fmt.Fprint(w, strings.Repeat("0", 35)+":5\r\n")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(50 * time.Millisecond)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ranges, log := serve(t, answer)
			began := time.Now()
			if ranges.Has(t.Context(), plain(t, stolen)) {
				t.Error("it knows")
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
			counted(t, log.String(), sum)
		})
	}
}

func counted(t *testing.T, log, sum string) {
	t.Helper()
	var line struct {
		BreachLookupFailures int
		AWS                  struct {
			CloudWatchMetrics []struct {
				Namespace string
				Metrics   []struct{ Name string }
			}
		} `json:"_aws"`
	}
	if err := json.Unmarshal([]byte(log), &line); err != nil {
		t.Fatalf("%v: %q", err, log)
	}
	if m := line.AWS.CloudWatchMetrics; line.BreachLookupFailures != 1 || len(m) != 1 || m[0].Namespace != "Sallyport" || m[0].Metrics[0].Name != "BreachLookupFailures" {
		t.Errorf("no metric: %s", log)
	}
	for _, part := range []string{sum[:5], sum[5:15], stolen, "/range/"} {
		if strings.Contains(strings.ToUpper(log), strings.ToUpper(part)) {
			t.Errorf("the log has something of the password: %s", log)
		}
	}
}

func TestAServiceThatIsNotThereOrACallerWhoHasGoneAreFailuresToo(t *testing.T) {
	ranges, log := serve(t, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if ranges.Has(ctx, plain(t, stolen)) {
		t.Error("it knows")
	}
	counted(t, log.String(), digits(t, stolen))
	log.Reset()
	nobody := New("http://127.0.0.1:1/range/", slog.New(slog.NewJSONHandler(log, nil)))
	if nobody.Has(t.Context(), plain(t, stolen)) {
		t.Error("it knows")
	}
	counted(t, log.String(), digits(t, stolen))
}

func TestWithoutAURLNothingIsAsked(t *testing.T) {
	if ranges := New("", nil); ranges != nil || ranges.Has(t.Context(), plain(t, stolen)) {
		t.Error("a list")
	}
}

func TestAListIsElsewhereByHTTPSAlone(t *testing.T) {
	for text, want := range map[string]bool{
		"https://api.pwnedpasswords.com/range/": true, "https://mirror.example:8443/a/b/": true, "https://192.0.2.1/": true,
		"http://127.0.0.1:8080/range/": true, "http://[::1]:8080/": true,
		"http://api.pwnedpasswords.com/range/": false, "http://localhost/range/": false, "http://192.0.2.1/": false,
		"https://api.pwnedpasswords.com/range": false, "https://user:word@mirror.example/range/": false, "https://mirror.example/?range=/": false,
		"https://mirror.example/range/#/": false, "ftp://127.0.0.1/": false, "//mirror.example/": false, "https:///range/": false, "range/": false, "": false, "http://127.0.0.1:x/": false,
	} {
		if _, ok := ParseURL(text); ok != want {
			t.Errorf("%q: %v", text, ok)
		}
	}
}

// Package breach asks a service that knows passwords from breaches, Pwned Passwords of Have I Been Pwned or one like it, whether it
// knows one.
//
// It is asked by k-anonymity: the service gets the first 20 bits of the password's SHA-1, answers with all that it knows of such, and does
// not learn which one was meant, nor whether it was among them (https://haveibeenpwned.com/API/v3#SearchingPwnedPasswordsByRange).
package breach

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sallyport/shared/metric"
	"sallyport/shared/password"
)

const (
	prefixLength = 5  // hexadecimal digits that the service is told
	suffixLength = 35 // the rest of a SHA-1

	// timeLimit bounds what a lookup may add to an answer.
	timeLimit = time.Second

	// maxAnswer bounds an answer, in bytes. With padding it has some thousand lines of about 40.
	maxAnswer = 256 << 10
)

// Ranges is a list of breached passwords elsewhere (account.BreachList). It is safe for concurrent use. A nil *Ranges knows none.
type Ranges struct {
	base   string
	client *http.Client
	log    *slog.Logger
}

// New returns the list at base, nil for an empty one.
func New(base string, log *slog.Logger) *Ranges {
	if base == "" {
		return nil
	}
	return &Ranges{
		base: base,
		client: &http.Client{
			Timeout: timeLimit,
			// Lookups are rare, and a connection that was kept does not outlive the freezing of the function's environment.
			Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		log: log,
	}
}

// URLs says what ParseURL accepts.
const URLs = "an https URL that ends in a slash"

// ParseURL accepts where a list can be: the URL that the first digits are put behind, as https://api.pwnedpasswords.com/range/. It may be
// http for a service on this very machine.
func ParseURL(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasSuffix(u.Path, "/") {
		return "", false
	}
	loopback := net.ParseIP(u.Hostname()).IsLoopback()
	return text, u.Scheme == "https" || u.Scheme == "http" && loopback
}

// Has implements account.BreachList. When the list cannot be asked, the line that says so counts as the metric
// Sallyport/BreachLookupFailures. It has nothing of the password.
func (r *Ranges) Has(ctx context.Context, p password.Plain) bool {
	if r == nil {
		return false
	}
	sum := p.SHA1()
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	known, err := r.ask(ctx, digits[:prefixLength], digits[prefixLength:])
	if err != nil {
		r.log.WarnContext(ctx, "breached passwords could not be looked up", append([]any{"error", err}, metric.Count("BreachLookupFailures", time.Now())...)...) //nolint:forbidigo // when it was logged
	}
	return known
}

// ask reports whether the service knows the suffix among those with the prefix.
func (r *Ranges) ask(ctx context.Context, prefix, suffix string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+prefix, http.NoBody)
	if err != nil {
		return false, errors.New("breach: the URL is no good") // the cause repeats it, digits and all
	}
	req.Header.Set("User-Agent", "sallyport")
	req.Header.Set("Add-Padding", "true") // so that the answer's length does not tell whoever listens which range it is
	answer, err := r.client.Do(req)
	if cause, ok := errors.AsType[*url.Error](err); ok {
		err = cause.Err // without the URL
	}
	if err != nil {
		return false, fmt.Errorf("breach: %w", err)
	}
	defer answer.Body.Close() //nolint:errcheck // nothing is lost with a body that has been read
	if answer.StatusCode != http.StatusOK {
		return false, fmt.Errorf("breach: answered with status %d", answer.StatusCode)
	}
	return search(io.LimitReader(answer.Body, maxAnswer+1), suffix)
}

// search looks for the suffix in lines of a suffix, a colon and how often it was seen: never, if the line is padding.
func search(body io.Reader, suffix string) (bool, error) {
	lines, read := bufio.NewScanner(body), 0
	for lines.Scan() {
		read += len(lines.Bytes()) + 1
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line == "" {
			continue
		}
		known, times, ok := strings.Cut(line, ":")
		if !ok || len(known) != suffixLength || strings.Trim(times, "0123456789") != "" {
			return false, errors.New("breach: the answer is no list of suffixes")
		}
		if strings.EqualFold(known, suffix) && strings.Trim(times, "0") != "" {
			return true, nil
		}
	}
	switch err := lines.Err(); {
	case err != nil:
		return false, fmt.Errorf("breach: reading the answer: %w", err)
	case read == 0:
		return false, errors.New("breach: the answer is empty")
	case read > maxAnswer:
		return false, errors.New("breach: the answer is too long")
	}
	return false, nil
}

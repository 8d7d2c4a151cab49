package endtoend_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"

	"sallyport/tools/endtoend"
	"sallyport/tools/openapi/check"
)

// described holds every answer that any test gets to docs/openapi.yaml: it must be one that the description has, and when all tests
// have run, each that the description has must have been given.
var described *check.Seen

// readDescription is for TestMain, before any call.
func readDescription(root string) error {
	checker, err := check.Read(filepath.Join(root, "docs", "openapi.yaml"))
	if err != nil {
		return err
	}
	described = check.See(checker)
	return nil
}

// watched returns client with its answers held to the description.
func watched(client endtoend.Client) endtoend.Client {
	if _, already := client.HTTP.Transport.(watchedTransport); already {
		return client
	}
	under := *client.HTTP
	under.Transport = watchedTransport{client.HTTP.Transport}
	client.HTTP = &under
	return client
}

type watchedTransport struct{ http.RoundTripper }

func (w watchedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := sentBy(r)
	if err != nil {
		return nil, err
	}
	answer, err := w.RoundTripper.RoundTrip(r)
	if err != nil {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close() // it has been read
	answer.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
	if err == nil {
		described.Answer(check.Answer{Method: r.Method, URL: r.URL, Sent: sent, Status: answer.StatusCode, Header: answer.Header, Body: body})
	}
	return answer, nil
}

// sentBy returns a copy of the request's body, nil for one that can be read only once.
func sentBy(r *http.Request) ([]byte, error) {
	if r.GetBody == nil {
		return nil, nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// failing reads nothing and ends with err, or as at the end of a file.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// notProduced are the described answers that no test can get, and why.
func notProduced() map[string]string {
	excused := map[string]string{}
	for _, route := range described.Document().Routes() {
		for _, response := range route.Responses {
			if response.Value.Ref == "#/components/responses/FirewallRefused" {
				excused[route.String()+" "+response.Name] = "AWS WAF gives it, which the local run does not have"
			}
		}
	}
	return excused
}

// undescribed returns what is wrong between the description and the answers seen, a line each. Which answers are missing can be
// said only after all tests.
func undescribed() (faults []string) {
	for _, fault := range described.Faults() {
		faults = append(faults, "not as docs/openapi.yaml has it: "+fault)
	}
	for _, filter := range []string{"test.run", "test.skip", "test.list"} {
		if flag.Lookup(filter).Value.String() != "" {
			return faults
		}
	}
	for _, name := range described.Missing(notProduced()) {
		faults = append(faults, fmt.Sprintf("docs/openapi.yaml has the answer %s, which no test has got", name))
	}
	if needless := described.Needless(notProduced()); len(needless) > 0 {
		faults = append(faults, "notProduced excuses what needs no excuse: "+strings.Join(needless, ", "))
	}
	return faults
}

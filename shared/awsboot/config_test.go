package awsboot

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestEachEndpointVariableTakesEffect(t *testing.T) {
	t.Parallel()
	for id, call := range calls() {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			var authorization, sessionToken string
			own := newService(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
				authorization, sessionToken = r.Header.Get("Authorization"), r.Header.Get("X-Amz-Security-Token")
				succeed(w)
			})
			other := newService(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { succeed(w) })
			variables := map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": other.url, "AWS_ENDPOINT_URL_KMS": other.url}
			variables["AWS_ENDPOINT_URL_"+strings.ToUpper(id)] = own.url
			if err := call(t.Context(), configure(t, variables)); err != nil {
				t.Fatal(err)
			}
			if own.attempts.Load() != 1 || other.attempts.Load() != 0 {
				t.Errorf("%d requests arrived there and %d at the other service's", own.attempts.Load(), other.attempts.Load())
			}
			if !strings.HasPrefix(authorization, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") ||
				!strings.Contains(authorization, "/eu-central-1/"+strings.ToLower(id)+"/aws4_request") {
				t.Errorf("Authorization: %s", authorization)
			}
			if sessionToken != "session" {
				t.Errorf("X-Amz-Security-Token: %q", sessionToken)
			}
		})
	}
}

func TestWithoutEndpointVariablesCallsGoToAWSOverTLS(t *testing.T) {
	t.Parallel()
	for id, call := range calls() {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			var url string
			config := configure(t, nil)
			config.HTTPClient = doer(func(r *http.Request) (*http.Response, error) {
				url = r.URL.String()
				return nil, errNotSent
			})
			config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
			if err := call(t.Context(), config); !errors.Is(err, errNotSent) {
				t.Fatal(err)
			}
			if want := "https://" + strings.ToLower(id) + ".eu-central-1.amazonaws.com/"; url != want {
				t.Errorf("%s, want %s", url, want)
			}
		})
	}
}

var errNotSent = errors.New("not sent")

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

func TestEndpointsMustBeURLs(t *testing.T) {
	t.Parallel()
	for value, ok := range map[string]bool{
		"http://127.0.0.1:8000": true, "https://vpce.example": true, "127.0.0.1:8000": false, "localhost": false, "http://": false,
		"ftp://example": false, "http://a b": false,
	} {
		s := fromMap(map[string]string{"AWS_ENDPOINT_URL_KMS": value})
		if readEndpoints(s, "KMS"); (s.Err() == nil) != ok {
			t.Errorf("%q: %v", value, s.Err())
		}
	}
}

func TestASignedCallFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := newService(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { succeed(w) })
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect} {
		redirecting := newService(t, func(_ int64, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.url, status)
		})
		if _, err := redirecting.kmsClient(t).ListKeys(t.Context(), nil); err == nil {
			t.Errorf("%d: the call succeeded", status)
		}
	}
	if elsewhere.attempts.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestASignedCallGoesThroughNoProxy(t *testing.T) {
	t.Parallel()
	if newHTTPClient().Transport.(*http.Transport).Proxy != nil {
		t.Error("the client has a proxy")
	}
}

package endtoend_test

import (
	"flag"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"

	"sallyport/tools/local/dynamodb"
	"sallyport/tools/local/kms"
)

// The servers that every local run of these tests uses, in place of the embedded ones:
//
//	go test ./tools/endtoend -args -dynamodb http://127.0.0.1:8000 -kms http://127.0.0.1:5000
//
// Each run has a stack of its own there.
var (
	dynamoDBURL = flag.String("dynamodb", "", "`URL` of a DynamoDB that every local run uses, instead of one embedded in each")
	kmsURL      = flag.String("kms", "", "`URL` of a KMS, likewise")
)

// withBackends adds the servers and a fresh stack to a local run's arguments, each unless the arguments have their own.
func withBackends(args ...string) []string {
	args = append([]string{"-param", "RegistrationsPerAddress=1000000"}, args...) // they all come from one address; a test that means the limit says another
	for name, value := range map[string]string{"-dynamodb": *dynamoDBURL, "-kms": *kmsURL, "-stack": stackPrefix + unique()} {
		if value != "" && !slices.Contains(args, name) {
			args = append(slices.Clone(args), name, value)
		}
	}
	return args
}

// newDatabase returns a DynamoDB to stand something before: an embedded one, or the way to the one that the flag names.
func newDatabase() http.Handler {
	if *dynamoDBURL == "" {
		return dynamodb.NewServer()
	}
	return passingOn(*dynamoDBURL)
}

// newKeyService returns a KMS, likewise.
func newKeyService() http.Handler {
	if *kmsURL == "" {
		return kms.NewServer()
	}
	return passingOn(*kmsURL)
}

func passingOn(server string) http.Handler {
	target, err := url.Parse(server)
	if err != nil {
		panic(err) // the shared local run would have refused it
	}
	return &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
}

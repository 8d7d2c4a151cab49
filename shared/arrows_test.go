package shared_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "sallyport/"

// Libraries, by what their import paths begin with.
const (
	awsSDK    = "github.com/aws/aws-sdk-go-v2/"
	awsLambda = "github.com/aws/aws-lambda-go/"
	smithy    = "github.com/aws/smithy-go"
	dynamodb  = awsSDK + "service/dynamodb"
	kms       = awsSDK + "service/kms"
	jsonV2    = "github.com/go-json-experiment/json"
	argon2    = "golang.org/x/crypto/argon2"
	precis    = "golang.org/x/text/secure/precis"
)

// mayImport is who may import whom, the standard library aside: of ours the very package named, of a library also what is
// below it. Every package under shared has a line here or in testOnly.
var mayImport = map[string][]string{
	"shared/secret":   {},
	"shared/apperr":   {},
	"shared/policy":   {},
	"shared/token":    {"shared/secret"},
	"shared/envelope": {},
	"shared/otp":      {"shared/secret"},
	"shared/password": {"shared/secret", argon2, precis},

	"shared/audit":    {},
	"shared/metric":   {},
	"shared/breach":   {"shared/password", "shared/metric"},
	"shared/throttle": {"shared/apperr"},

	"shared/session": {"shared/token", "shared/policy", "shared/apperr", "shared/secret"},
	"shared/leak":    {"shared/session", "shared/throttle", "shared/token", "shared/apperr", "shared/secret"},
	"shared/client":  {"shared/throttle", "shared/token", "shared/apperr", "shared/secret"},
	"shared/account": {
		"shared/session", "shared/throttle", "shared/otp", "shared/password", "shared/token", "shared/policy", "shared/apperr", "shared/secret", precis,
	},

	"shared/dynamo":               {"shared/token", "shared/policy", "shared/apperr", awsSDK, smithy},
	"shared/dynamo/sessionstore":  {"shared/dynamo", "shared/session", "shared/token", awsSDK},
	"shared/dynamo/keystore":      {"shared/dynamo", "shared/envelope", awsSDK},
	"shared/dynamo/auditstore":    {"shared/dynamo", "shared/audit", awsSDK},
	"shared/dynamo/throttlestore": {"shared/dynamo", "shared/throttle", awsSDK},
	"shared/dynamo/clientstore":   {"shared/dynamo", "shared/client", "shared/token", awsSDK},
	"shared/dynamo/accountstore": {
		"shared/dynamo", "shared/dynamo/sessionstore", "shared/dynamo/throttlestore", "shared/account", "shared/session", "shared/token", "shared/policy", "shared/apperr", awsSDK,
	},
	"shared/kmskey":  {"shared/envelope", "shared/token", "shared/apperr", awsSDK},
	"shared/apigw":   {"shared/audit", "shared/metric", "shared/session", "shared/token", "shared/policy", "shared/apperr", "shared/secret", awsLambda, jsonV2},
	"shared/awsboot": {awsSDK, smithy},
}

// testOnly are packages that tests import, and nothing that is deployed.
var testOnly = []string{
	"shared/faults", "shared/session/sessiontest", "shared/account/accounttest", "shared/client/clienttest", "shared/envelope/envelopetest", "shared/dynamo/dynamotest",
	"shared/apigw/apigwtest", "shared/audit/audittest",
}

// mustNotLink is what a program, or every program and package below a folder, must not contain, however it would come in.
var mustNotLink = []struct {
	from   string
	never  []string
	reason string
}{
	{"functions", slices.Concat(testOnly, []string{"tools", "testing"}), "a function is made of shared packages and libraries"},
	{"functions", []string{awsSDK + "config"}, "the loader of configuration files costs a cold start 1.8 MB; awsboot does without"},
	{"functions", []string{"text/template", "html/template"}, "they keep the linker from leaving out what is unused"},
	{"functions/authorizer", []string{"shared/account", "shared/password", "shared/otp", argon2, precis},
		"it runs on every request and needs nothing that only sign-in needs"},
	{"functions/renew", []string{"shared/account", "shared/password", "shared/otp", argon2, precis}, "it knows sessions, not accounts"},
	{"functions/introspect", []string{"shared/account", "shared/password", "shared/otp", argon2, precis}, "it knows tokens, not accounts"},
	{"functions/revoke", []string{"shared/account", "shared/password", "shared/otp", argon2, precis}, "it knows tokens, not accounts"},
	{"functions/report-token", []string{"shared/account", "shared/client", "shared/password", "shared/otp", argon2, precis}, "it knows tokens, not accounts"},
	{"functions/logout", []string{"shared/account", "shared/password", "shared/otp", argon2, "shared/kmskey", kms},
		"it deletes a row: it has no permission on the key"},
	{"functions/audit-events", []string{"shared/account", "shared/password", "shared/otp", argon2, "shared/kmskey", kms},
		"it reads events: it has no permission on the key"},
	{"functions/create-client", []string{"shared/account", "shared/password", "shared/otp", argon2, "shared/kmskey", kms},
		"it writes a client: it has no permission on the key"},
	{"functions/clients", []string{"shared/account", "shared/password", "shared/otp", argon2, "shared/kmskey", kms},
		"it reads clients: it has no permission on the key"},
	{"functions/remove-client", []string{"shared/account", "shared/password", "shared/otp", argon2, "shared/kmskey", kms},
		"it deletes a client: it has no permission on the key"},
	{"functions/login", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/sessions", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/end-session", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/end-other-sessions", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/api-tokens", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/revoke-api-token", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/invitations", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/list-invitations", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/withdraw-invitation", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/accounts", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/account", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/change-account", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/end-account-sessions", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/remove-account", []string{"shared/kmskey", kms}, "it has no permission on the key"},
	{"functions/admin-resource", []string{dynamodb, kms, "shared/account"}, "a role resource may read nothing"},
	{"functions/developer-resource", []string{dynamodb, kms, "shared/account"}, "a role resource may read nothing"},
	{"functions/consumer-resource", []string{dynamodb, kms, "shared/account"}, "a role resource may read nothing"},
	{"functions/dashboard", []string{dynamodb, kms, "shared/account"}, "it shows what the authorizer has found out"},

	{"shared/session", []string{"github.com/aws/"}, "the domain knows no cloud"},
	{"shared/account", []string{"github.com/aws/"}, "the domain knows no cloud"},
	{"shared/throttle", []string{"github.com/aws/"}, "the domain knows no cloud"},
	{"shared/client", []string{"github.com/aws/"}, "the domain knows no cloud"},
	{"shared/leak", []string{"github.com/aws/"}, "the domain knows no cloud"},
	{"shared/audit", []string{"github.com/aws/"}, "the domain knows no cloud"},
	{"shared/envelope", []string{"github.com/aws/"}, "the domain knows no cloud"},

	{"tools/contract", []string{"shared", "functions"}, "it says once more what they say, and must not make their mistakes"},
	{"tools/local", []string{"shared", "functions"}, "it drives the real binaries from outside"},
}

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	packages := list(t)
	for path, may := range mayImport {
		found, ok := packages[module+path]
		if !ok {
			t.Errorf("%s has a line in this test, but there is no such package", path)
			continue
		}
		for _, imported := range found.Imports {
			if !standard(imported) && !slices.ContainsFunc(may, func(allowed string) bool { return exactly(imported, allowed) }) {
				t.Errorf("%s imports %s; it may import the standard library and %v", path, imported, may)
			}
		}
	}
	for path := range packages {
		short := strings.TrimPrefix(path, module)
		if _, ok := mayImport[short]; !ok && within(path, "shared") && !slices.Contains(testOnly, short) && short != "shared" {
			t.Errorf("%s has no line in this test: say what it may import", short)
		}
	}
}

func TestProgramsLinkOnlyWhatTheyNeed(t *testing.T) {
	packages := list(t)
	for _, rule := range mustNotLink {
		matched := false
		for path, found := range packages {
			if !within(path, rule.from) || slices.ContainsFunc(testOnly, func(only string) bool { return within(path, only) }) {
				continue
			}
			matched = true
			for _, linked := range found.Deps {
				if slices.ContainsFunc(rule.never, func(never string) bool { return within(linked, never) }) {
					t.Errorf("%s links %s: %s", path, linked, rule.reason)
				}
			}
		}
		if !matched {
			t.Errorf("there is no package %s any more", rule.from)
		}
	}
}

// A route that has lost its authorizer by a slip must not be open: whoever's route is protected looks whom the authorizer let in.
func TestEachFunctionOfAProtectedRouteAsksWhomTheAuthorizerLetIn(t *testing.T) {
	open := []string{"authorizer", "register", "login", "verify-otp", "enrol", "introspect", "revoke", "report-token"}
	mains, err := filepath.Glob("../functions/*/main.go")
	if err != nil || len(mains) < len(open) {
		t.Fatal(mains, err)
	}
	for _, main := range mains {
		source, err := os.ReadFile(main)
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Base(filepath.Dir(main))
		if asks := strings.Contains(string(source), "apigw.Caller(req)"); asks == slices.Contains(open, folder) {
			t.Errorf("functions/%s asks whom the authorizer let in: %v", folder, asks)
		}
	}
}

func TestNothingSharedReachesUp(t *testing.T) {
	for path, found := range list(t) {
		if !within(path, "shared") || slices.ContainsFunc(testOnly, func(only string) bool { return within(path, only) }) {
			continue
		}
		for _, linked := range found.Deps {
			if within(linked, "functions") || within(linked, "tools") || slices.ContainsFunc(testOnly, func(only string) bool { return within(linked, only) }) {
				t.Errorf("%s links %s", path, linked)
			}
		}
	}
}

// within reports whether the import path is the package that a rule names, or one below it.
func within(path, rule string) bool {
	prefix := strings.TrimSuffix(rule, "/")
	if root, _, _ := strings.Cut(rule, "/"); root == "shared" || root == "functions" || root == "tools" {
		prefix = module + prefix
	}
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// exactly is within for what may be imported: a library with all that is below it, but of ours the package alone.
func exactly(path, rule string) bool {
	if strings.HasPrefix(path, module) {
		return path == module+rule
	}
	return within(path, rule)
}

// standard reports whether the path is of the standard library, whose first element has no dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first+"/" != module
}

// listed is what `go list` says of a package, tests left out.
type listed struct {
	ImportPath string
	Imports    []string // direct
	Deps       []string // all
}

// list returns the module's packages as they are built for Lambda.
func list(t *testing.T) map[string]listed {
	t.Helper()
	watch(t)
	command := exec.CommandContext(t.Context(), "go", "list", "-tags", "lambda.norpc", "-json=ImportPath,Imports,Deps", "./...")
	command.Dir = ".."
	command.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	out, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("go list: %s", exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]listed{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var one listed
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[one.ImportPath] = one
	}
}

// watch looks at every source file, so that `go test` takes no old answer from its cache: it knows what files a test has
// looked at, but not what the commands it runs have read.
func watch(t *testing.T) {
	t.Helper()
	for _, folder := range []string{"functions", "shared", "tools"} {
		err := filepath.WalkDir(filepath.Join("..", folder), func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

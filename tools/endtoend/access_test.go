package endtoend_test

import (
	"encoding/base64"
	"hash/crc32"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sallyport/tools/contract"
	"sallyport/tools/local/template"
)

// roles are those of the contract.
var roles = contract.RoleNames()

// open are the routes that need no token.
var open = map[string]bool{
	"POST /register": true, "POST /login": true, "POST /verify-otp": true, "POST /enrolment": true, "POST /leaked-tokens": true,
	"POST /introspect": true, "POST /revoke": true, // open at the gateway: the functions authenticate the client
}

func routes(t *testing.T) []template.Route {
	t.Helper()
	stack, err := template.Load(filepath.Join(root, "template.yaml"), template.Options{
		Physical: func(logicalID, _ string) string { return logicalID },
	})
	if err != nil {
		t.Fatal(err)
	}
	return stack.API.Routes
}

func TestEveryRouteOfTheTemplateLetsInExactlyTheRolesOfTheContract(t *testing.T) {
	c := calling(t, shared.Client)
	tokens := map[string]string{}
	for _, role := range roles {
		_, tokens[role] = c.member(shared, role)
	}
	named := map[string]contract.Route{}
	for _, route := range contract.Routes() {
		named[route.Method+" "+route.Template()] = route
	}
	for _, route := range routes(t) {
		name := route.Method + " " + route.Resource
		if !route.Authorized {
			if !open[name] {
				t.Errorf("%s has no authorizer and is not one of the open routes", name)
			}
			continue
		}
		row, ok := named[name]
		if !ok {
			t.Errorf("%s is in the template and not in tools/contract: say who may call it", name)
			continue
		}
		delete(named, name)
		wants(t, name+" without a token", c.do(route.Method, row.Path, row.Body), 401)
		for role, token := range tokens {
			if row.Spends {
				_, token = c.member(shared, role)
			}
			want := 403
			if row.Allows(role) {
				want = row.Status
			}
			wants(t, name+" as "+role, c.do(route.Method, row.Path, row.Body, "Authorization", "Bearer "+token), want)
		}
	}
	for name := range named {
		t.Errorf("tools/contract names %s, which the template does not protect", name)
	}
}

func TestTheDashboardSaysWhoOneIs(t *testing.T) {
	c := calling(t, shared.Client)
	user, token := c.member(shared, "CONSUMER")
	got := c.get("/dashboard", token)
	if got.Text("username") != user.Username || got.Text("user_id") != user.UserID || got.Text("role") != "CONSUMER" || got.Text("session_id") == "" {
		t.Errorf("dashboard %s", got.Body)
	}
	if expires, ok := got.JSON["expires_at"].(float64); !ok || expires < 1.7e9 {
		t.Errorf("expires_at %v", got.JSON["expires_at"])
	}
}

func TestUnknownRoutesLookAlikeWithAndWithoutAToken(t *testing.T) {
	c := calling(t, shared.Client)
	_, token := c.member(shared, "CONSUMER")
	for _, path := range []string{"/", "/nothing", "/Dashboard", "/dashboard/extra", "/admin_resource/..%2fdashboard"} {
		wants(t, path, c.do(http.MethodGet, path, nil), 404)
		wants(t, path+" with a token", c.get(path, token), 404)
	}
	wants(t, "another method", c.do(http.MethodDelete, "/dashboard", nil), 404)
	if got := c.do(http.MethodGet, "/nothing-canary", nil); strings.Contains(got.Body, "canary") {
		t.Errorf("the path is echoed: %s", got.Body)
	}
}

func TestAChangeOfAnyCharacterOfATokenIsRefused(t *testing.T) {
	c := calling(t, shared.Client)
	_, token := c.member(shared, "CONSUMER")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	forgeries := make([]string, 0, 4*len(token))
	for i := range len(token) {
		at := strings.IndexByte(alphabet, token[i])
		for _, other := range []byte{alphabet[(at+1)%64], alphabet[(at+33)%64]} {
			changed := token[:i] + string(other) + token[i+1:]
			// Once as it is, which the checksum finds, and once with its checksum mended, which only the signature finds.
			forgeries = append(forgeries, changed, mended(changed))
		}
	}
	forgeries = append(forgeries, token+"=", token+"A", token[:len(token)-1], "\""+token+"\"", strings.ToUpper(token), strings.ToLower(token))
	var group sync.WaitGroup
	work := make(chan string)
	for range 8 {
		group.Go(func() {
			for forged := range work {
				if forged == token {
					continue
				}
				if got := c.get("/dashboard", forged); got.Status != 401 {
					t.Errorf("a forged token got %d", got.Status)
				}
			}
		})
	}
	for _, forged := range forgeries {
		work <- forged
	}
	close(work)
	group.Wait()
	if got := c.get("/dashboard", token); got.Status != 200 {
		t.Errorf("the real token got %d", got.Status)
	}
}

// mended puts the right checksum on an altered token; what is not base64 stays as it is.
func mended(token string) string {
	body, ok := strings.CutPrefix(token, "spt_")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if !ok || err != nil || len(raw) != 90 {
		return token
	}
	sum := crc32.ChecksumIEEE(raw[:86])
	raw[86], raw[87], raw[88], raw[89] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
	return "spt_" + base64.RawURLEncoding.EncodeToString(raw)
}

func TestATokenWorksOnlyInTheOneAuthorizationHeader(t *testing.T) {
	c := calling(t, shared.Client)
	_, token := c.member(shared, "CONSUMER")
	for what, headers := range map[string][]string{
		"two equal headers":      {"Authorization", "Bearer " + token, "Authorization", "Bearer " + token},
		"a good and a bad one":   {"Authorization", "Bearer " + token, "Authorization", "Bearer x"},
		"a bad and a good one":   {"Authorization", "Bearer x", "Authorization", "Bearer " + token},
		"no scheme":              {"Authorization", token},
		"another scheme":         {"Authorization", "Basic " + token},
		"two spaces":             {"Authorization", "Bearer  " + token},
		"a list":                 {"Authorization", "Bearer " + token + ", Bearer " + token},
		"an empty header":        {"Authorization", ""},
		"a cookie":               {"Cookie", "access_token=" + token},
		"another header":         {"X-Authorization", "Bearer " + token},
		"a challenge as a token": {"Authorization", "Bearer " + c.login(c.user())},
	} {
		wants(t, what, c.do(http.MethodGet, "/dashboard", nil, headers...), 401)
	}
	wants(t, "in the query", c.do(http.MethodGet, "/dashboard?access_token="+token, nil), 401)
	for _, scheme := range []string{"bearer", "BEARER", "bEaReR"} {
		wants(t, scheme, c.do(http.MethodGet, "/dashboard", nil, "authorization", scheme+" "+token), 200)
	}
	got := c.do(http.MethodGet, "/dashboard", nil)
	if got.Header.Get("WWW-Authenticate") != `Bearer realm="sallyport"` {
		t.Errorf("WWW-Authenticate %q", got.Header.Get("WWW-Authenticate"))
	}
}

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/tools/openapi"
)

const description = "../../docs/openapi.yaml"

// whole is a report of a run that was worth something.
func whole(t *testing.T) report {
	t.Helper()
	document, err := openapi.Read(description)
	if err != nil {
		t.Fatal(err)
	}
	r := report{Statuses: map[string]map[string]int{}, Walks: [][]string{{"register", "login", "verifyOTP", "dashboard", "logout"}}}
	for _, route := range document.Routes() {
		r.Statuses[route.ID] = map[string]int{"400": 3}
		for _, response := range route.Responses {
			r.Statuses[route.ID][response.Name] = 1
		}
	}
	return r
}

func judged(t *testing.T, r report) error {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return judge(description, file)
}

func TestARunIsWorthSomethingOnlyIfEveryRouteSucceededAndAWalkWasWhole(t *testing.T) {
	if err := judged(t, whole(t)); err != nil {
		t.Errorf("a whole run: %v", err)
	}
	for what, row := range map[string]struct {
		change func(*report)
		says   string
	}{
		"a route that was only refused": {func(r *report) { r.Statuses["dashboard"] = map[string]int{"401": 7} }, "GET /dashboard was never answered with success"},
		"a route that was not called":   {func(r *report) { delete(r.Statuses, "logout") }, "POST /logout was never answered with success"},
		"no walk":                       {func(r *report) { r.Walks = nil }, "has not walked"},
		"a walk without a logout":       {func(r *report) { r.Walks = [][]string{{"register", "login", "verifyOTP", "dashboard"}} }, "has not walked"},
		"a walk without a use":          {func(r *report) { r.Walks = [][]string{{"register", "login", "verifyOTP", "logout"}} }, "has not walked"},
	} {
		r := whole(t)
		row.change(&r)
		if err := judged(t, r); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAnErrorOfAFunctionIsFound(t *testing.T) {
	const good = `{"time":"2026-11-26T00:00:00Z","level":"INFO","msg":"request","status":400}` + "\n"
	if err := errorsIn(good); err != nil {
		t.Error(err)
	}
	if err := errorsIn(good + `{"level":"ERROR","msg":"request","reason":"panic"}` + "\n"); err == nil || !strings.Contains(err.Error(), "1 errors") {
		t.Error(err)
	}
}

package conformance_test

import (
	"path/filepath"
	"sync"
	"testing"

	"sallyport/tools/endtoend"
)

// apis are the fixtures' names.
func apis() []string { return []string{"plain", "configured", "fallback"} }

// startLocal serves every fixture with tools/local and returns the URLs by name.
func startLocal(t *testing.T) map[string]string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	program, err := endtoend.Build(t.Context(), root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return startEach(t, func(t *testing.T, api string) string {
		runner, err := endtoend.Start(program, root, t.TempDir(), "-quiet", "-throttle", "-template", filepath.Join("tools", "conformance", "testdata", api+".yaml"))
		if err != nil {
			t.Error(err)
			return ""
		}
		t.Cleanup(func() {
			if err := runner.Stop(); err != nil {
				t.Error(err)
			}
		})
		return runner.URL
	})
}

// startEach starts a server for each fixture, at once.
func startEach(t *testing.T, start func(t *testing.T, api string) string) map[string]string {
	t.Helper()
	urls := map[string]string{}
	var lock sync.Mutex
	var wait sync.WaitGroup
	for _, api := range apis() {
		wait.Go(func() {
			url := start(t, api)
			lock.Lock()
			defer lock.Unlock()
			urls[api] = url
		})
	}
	wait.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return urls
}

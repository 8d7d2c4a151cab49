package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestACallIsForwardedAsItIs(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "body" || r.Header.Get("Authorization") != "signature" || r.URL.Path != "/prefix/" ||
			r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("%s %s %v %q %v", r.Method, r.URL, r.Header, body, err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, "refused") //nolint:errcheck // the caller sees what is missing
	}))
	defer service.Close()
	server := httptest.NewServer(forward(service.URL + "/prefix"))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "signature")
	request.Header.Set("Accept-Encoding", "identity")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "refused" || response.StatusCode != http.StatusBadRequest || response.Header.Get("Content-Type") != "application/x-amz-json-1.0" {
		t.Errorf("%d %v %q %v", response.StatusCode, response.Header, body, err)
	}
}

// A service that fails must look to its caller as it would without us in between: no answer is made up.
func TestAServiceThatGivesNoAnswerGivesNoneHere(t *testing.T) {
	hung := make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hangs" {
			<-r.Context().Done()
			close(hung)
			return
		}
		panic(http.ErrAbortHandler)
	}))
	server := httptest.NewServer(forward(service.URL))
	defer server.Close()
	client := &http.Client{Timeout: 300 * time.Millisecond}
	get := func(path string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if response, err := client.Do(request); err == nil {
			response.Body.Close()
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
	get("/cuts")
	get("/hangs")
	select {
	case <-hung: // it has been told that its caller gave up
	case <-time.After(10 * time.Second):
		t.Error("the service still works for a caller that has gone")
	}
	service.Close()
	get("/gone")
}

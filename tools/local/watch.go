package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// watchedBody is how much of a registration is looked at: more than any that succeeds has.
const watchedBody = 16 << 10

// watch replaces the invitation when a registration has used it up, and whenever one has been withdrawn: it may be this one, whose id only
// the functions know; if it was another, both are good. It does so before the answer goes out: who reads the state file after that finds a fresh one.
func (i *invitations) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case i.functionID == "":
		case r.Method == http.MethodPost && strings.TrimSuffix(r.URL.Path, "/") == "/register":
			ctx, seen := r.Context(), &head{}
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.TeeReader(r.Body, seen), r.Body}
			w = &watchedWriter{ResponseWriter: w, status: http.StatusCreated, seen: func() { i.registered(ctx, seen.bytes) }}
		case r.Method == http.MethodDelete && strings.HasPrefix(r.URL.Path, "/invitations/"):
			ctx := context.WithoutCancel(r.Context())
			w = &watchedWriter{ResponseWriter: w, status: http.StatusNoContent, seen: func() { i.tryRenew(ctx) }}
		}
		next.ServeHTTP(w, r)
	})
}

// registered looks whether the body of a registration that succeeded holds the invitation.
func (i *invitations) registered(ctx context.Context, body []byte) {
	var registration struct {
		Invitation string `json:"invitation"`
	}
	if json.Unmarshal(body, &registration) == nil && registration.Invitation != "" && registration.Invitation == i.current() {
		i.tryRenew(context.WithoutCancel(ctx))
	}
}

// head keeps the beginning of what is written to it.
type head struct{ bytes []byte }

// Write implements io.Writer.
func (h *head) Write(p []byte) (int, error) {
	h.bytes = append(h.bytes, p[:min(len(p), watchedBody-len(h.bytes))]...)
	return len(p), nil
}

// watchedWriter calls seen when the status is the one that is watched for, before it is sent.
type watchedWriter struct {
	http.ResponseWriter
	status int
	seen   func()
}

// WriteHeader implements http.ResponseWriter.
func (w *watchedWriter) WriteHeader(status int) {
	if status == w.status {
		w.seen()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController through.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

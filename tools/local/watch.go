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

// watch replaces the invitation when a registration has used it up, before its answer goes out: who reads the state file after that
// finds a fresh one.
func (i *invitations) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i.functionID != "" && r.Method == http.MethodPost && strings.TrimSuffix(r.URL.Path, "/") == "/register" {
			ctx, seen := r.Context(), &head{}
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.TeeReader(r.Body, seen), r.Body}
			w = &registrationWriter{ResponseWriter: w, created: func() { i.registered(ctx, seen.bytes) }}
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

// registrationWriter calls created when the status is 201, before it is sent.
type registrationWriter struct {
	http.ResponseWriter
	created func()
}

// WriteHeader implements http.ResponseWriter.
func (w *registrationWriter) WriteHeader(status int) {
	if status == http.StatusCreated {
		w.created()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController through.
func (w *registrationWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

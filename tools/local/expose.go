package main

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"sallyport/tools/local/awsjson"
)

// expose serves DynamoDB and KMS at an address that containers reach, too, and returns their URLs with the name by which those know it.
// Other containers than the functions' may reach them there: only calls with a session token of tokens, by access key id, are taken.
func (b *backends) expose(address netip.Addr, name string, tokens map[string]string) (dynamoDB, kms string, err error) {
	for i, url := range []*string{&dynamoDB, &kms} {
		listener, err := net.Listen("tcp", netip.AddrPortFrom(address, 0).String())
		if err != nil {
			return "", "", fmt.Errorf("listen where containers reach it: %w", err)
		}
		_, port, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			return "", "", errors.Join(err, listener.Close())
		}
		*url = "http://" + net.JoinHostPort(name, port)
		server := &http.Server{Handler: withToken(tokens, b.guards[i]), ReadHeaderTimeout: backendLimit}
		b.servers = append(b.servers, server)
		go server.Serve(listener) //nolint:errcheck // returns when the server is closed
	}
	return dynamoDB, kms, nil
}

// withToken serves who has a session token of tokens. An access key id says who calls, but anyone can work out a function's, and no
// signature is verified: the token is what a caller must have been given.
func withToken(tokens map[string]string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, known := tokens[awsjson.AccessKeyID(r.Header.Get("Authorization"))]
		if !known || subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Amz-Security-Token")), []byte(token)) != 1 {
			http.Error(w, "only the functions of the local run are served here", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

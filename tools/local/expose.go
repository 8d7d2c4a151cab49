package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"sallyport/tools/local/awsjson"
	"sallyport/tools/local/lambda"
)

// expose serves DynamoDB and KMS at an address that containers reach, too, and returns their URLs with the name by which those know it.
// Other containers than the functions' may reach them there: only functions' credentials are taken.
func (b *backends) expose(address netip.Addr, name string) (dynamoDB, kms string, err error) {
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
		server := &http.Server{Handler: functionsOnly(b.guards[i]), ReadHeaderTimeout: backendLimit}
		b.servers = append(b.servers, server)
		go server.Serve(listener) //nolint:errcheck // returns when the server is closed
	}
	return dynamoDB, kms, nil
}

func functionsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !lambda.IsFunctionKey(awsjson.AccessKeyID(r.Header.Get("Authorization"))) {
			http.Error(w, "only the functions of the local run are served here", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

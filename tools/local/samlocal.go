package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"

	"sallyport/tools/local/lambda"
	"sallyport/tools/local/sam"
)

// samBuildDir is where `make build-local` has SAM build the functions for this machine, below the template's folder.
const samBuildDir = ".aws-sam/local"

// startSAM has `sam local` serve the API too, on the tables and keys of this run: what is signed in at one is signed in at the other. Each
// function has its own credentials there as well.
func (s *system) startSAM(ctx context.Context) error {
	variables, tokens := map[string]map[string]string{}, map[string]string{}
	for _, f := range s.stack.Functions {
		own := lambda.Credentials(f.LogicalID)
		tokens[own["AWS_ACCESS_KEY_ID"]] = own["AWS_SESSION_TOKEN"]
		variables[f.LogicalID] = own
	}
	dynamoDB, kms, err := s.backends.expose(sam.HostAddress(), sam.HostName, tokens)
	if err != nil {
		return err
	}
	for _, f := range s.stack.Functions {
		own := variables[f.LogicalID]
		own["AWS_ENDPOINT_URL_DYNAMODB"], own["AWS_ENDPOINT_URL_KMS"] = dynamoDB, kms
		maps.Copy(own, f.Environment)
	}
	s.out.printf("Starting sam local: one container a function…\n")
	s.sam, err = sam.Start(ctx, sam.Options{
		BuildDir: filepath.Join(filepath.Dir(s.options.template), filepath.FromSlash(samBuildDir)), Variables: variables, Output: s.logs(),
	})
	return err
}

// samHandler hands requests on to `sam local`. It stands in front so that the invitation is replaced when it is used there.
func (s *system) samHandler() http.Handler {
	to := &url.URL{Scheme: "http", Host: s.sam.Address()}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
		},
		ErrorLog: s.out.logger(),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, fmt.Sprintf("sam local: %v", err), http.StatusBadGateway)
		},
	}
}

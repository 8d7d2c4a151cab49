package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// forward passes calls on to the service at an http or https URL. Where the service gives no answer the caller gets none either:
// the connection is closed, and not a gateway's answer put in the place of AWS's. It leaves nothing out: that is for the guard before
// it, which gives it of a function's call only what was judged.
func forward(serviceURL string) http.Handler {
	target, err := url.Parse(serviceURL)
	if err != nil {
		panic(err) // parseFlags has parsed it before
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{ // no proxy, nothing compressed that was not, and connections enough for every process
			MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, DisableCompression: true,
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:     log.New(io.Discard, "", 0), // callers report what they miss
	}
}

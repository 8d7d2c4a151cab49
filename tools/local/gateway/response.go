package gateway

import (
	"net/http"
	"strconv"
)

// response is what the caller gets.
type response struct {
	status int
	header http.Header
	body   []byte
	base64 bool // a function says that body is base64
}

// write sends the response. A failed write means that the caller is gone: there is nobody left to tell.
func (r response) write(w http.ResponseWriter, request *http.Request) {
	header := w.Header()
	for name, values := range r.header {
		header[name] = values
	}
	if r.status == http.StatusNoContent || r.status == http.StatusNotModified {
		w.WriteHeader(r.status)
		return
	}
	header.Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	if request.Method != http.MethodHead {
		w.Write(r.body) //nolint:errcheck // see above
	}
}

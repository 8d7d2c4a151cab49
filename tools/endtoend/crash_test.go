package endtoend_test

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"sallyport/tools/endtoend"
)

// A crash is answered as the contract says, in the gateway's own words, and the next request finds another process.
func TestAFunctionThatIsKilledOverARequestIsABadGatewayAndTheNextRequestIsServed(t *testing.T) {
	c := calling(t, shared.Client)
	user := c.user()
	login := func() (endtoend.Response, error) {
		return c.Do(t.Context(), http.MethodPost, "/login", map[string]string{"username": user.Username, "password": user.Password})
	}
	var killed endtoend.Response
	for range 40 { // until the kill hits the hash, which takes most of a sign-in's time
		type answer struct {
			response endtoend.Response
			err      error
		}
		answered := make(chan answer, 1)
		go func() {
			response, err := login()
			answered <- answer{response, err}
		}()
		time.Sleep(20 * time.Millisecond)
		pids, err := shared.Processes("login")
		if err != nil {
			t.Fatal(err)
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended meanwhile
		}
		got := <-answered
		if got.err != nil {
			t.Fatal(got.err)
		}
		if killed = got.response; killed.Status != http.StatusOK {
			break
		}
	}
	wants(t, "the request whose function was killed", killed, 502)
	if killed.Text("type") != "urn:problem-type:sallyport:bad-gateway" {
		t.Errorf("type %s", killed.Text("type"))
	}
	time.Sleep(200 * time.Millisecond) // for the run to notice that processes with nothing to do have been killed too
	again, err := login()
	if err != nil {
		t.Fatal(err)
	}
	wants(t, "the next request", again, 200)
}

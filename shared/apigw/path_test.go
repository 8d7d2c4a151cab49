package apigw_test

import (
	"strings"
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
)

func TestWhatIsNoIDInAPathIsLikeAnIDOfNothing(t *testing.T) {
	req := event()
	const id = "0123456789abcdef0123456789abcdef"
	req.PathParameters = map[string]string{"user_id": id}
	if got, err := apigw.PathID(req, "user_id", "Nothing."); err != nil || got.String() != id {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"", "0", id + "0", strings.ToUpper(id), id[:31] + "%", id[:31] + "\n", "../" + id[3:]} {
		req.PathParameters["user_id"] = text
		if got, err := apigw.PathID(req, "user_id", "Nothing."); apperr.CodeOf(err) != apperr.NotFound || apperr.From(err).Detail != "Nothing." {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if _, err := apigw.PathID(event(), "user_id", "Nothing."); apperr.CodeOf(err) != apperr.NotFound {
		t.Errorf("a path without parameters: %v", err)
	}
}

package apigw_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
)

func TestABodyMayHave8192BytesAndNotOneMore(t *testing.T) {
	for size, fits := range map[int]bool{8192: true, 8193: false} {
		body := goodBody + strings.Repeat(" ", size-len(goodBody))
		encoded := request(base64.StdEncoding.EncodeToString([]byte(body)))
		encoded.IsBase64Encoded = true
		for name, req := range map[string]apigw.Request{"as text": request(body), "in base64": encoded} {
			_, err := apigw.Decode[sample](req)
			if fits && err != nil || !fits && apperr.CodeOf(err) != apperr.RequestTooLarge {
				t.Errorf("%d bytes %s: %v", size, name, err)
			}
		}
	}
}

func TestADuplicateMemberIsCalledThat(t *testing.T) {
	_, err := apigw.Decode[sample](request(`{"username":"a","password":"b","username":"c"}`))
	if got := apperr.From(err).Detail; got != "The body has a member twice." {
		t.Errorf("the caller is told %q", got)
	}
}

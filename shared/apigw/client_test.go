package apigw_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
	"sallyport/shared/secret"
)

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

func TestBasicCredentialsHaveOneReading(t *testing.T) {
	for header, want := range map[string][2]string{
		basic("id:secret"):          {"id", "secret"},
		basic("0af-9_A:spc_AZ27"):   {"0af-9_A", "spc_AZ27"},
		basic("i%64:%73ecret"):      {"id", "secret"},
		basic("a%3Ab:c%3Ad"):        {"a:b", "c:d"},
		basic("a+b:c+d"):            {"a b", "c d"},
		basic("Z%C3%BCrich:%25"):    {"Zürich", "%"},
		"basic" + basic("a:b")[5:]:  {"a", "b"},
		"BASIC" + basic("a:b")[5:]:  {"a", "b"},
		"bAsIc" + basic("ab:b")[5:]: {"ab", "b"},
	} {
		id, characters, ok := apigw.ParseBasic(header)
		if !ok || id != want[0] || characters.Reveal() != want[1] {
			t.Errorf("%q: %q, %q, %t", header, id, characters.Reveal(), ok)
		}
	}
	for what, header := range map[string]string{
		"nothing":                        "",
		"the scheme alone":               "Basic",
		"no credentials":                 "Basic ",
		"two spaces":                     "Basic  " + basic("a:b")[6:],
		"a tab":                          "Basic\t" + basic("a:b")[6:],
		"a space after it":               basic("a:b") + " ",
		"another scheme":                 "Bearer " + basic("a:b")[6:],
		"another scheme that begins so":  "Basics " + basic("a:b")[6:],
		"no base64":                      "Basic a:b",
		"base64url":                      "Basic " + base64.URLEncoding.EncodeToString([]byte("a:\xff\xfe")),
		"no padding":                     "Basic " + base64.RawStdEncoding.EncodeToString([]byte("a:bc")),
		"spare bits":                     "Basic YTpiYh==",
		"a line end in it":               "Basic YTpi\r\nYg==",
		"more after a comma":             basic("a:b") + "," + basic("a:b"),
		"no colon":                       basic("ab"),
		"two colons":                     basic("a:b:c"),
		"no id":                          basic(":b"),
		"no secret":                      basic("a:"),
		"a colon alone":                  basic(":"),
		"half an escape":                 basic("a:%4"),
		"a raw space":                    basic("a:b c"),
		"a control character":            basic("a:b\x00"),
		"raw UTF-8":                      basic("é:b"),
		"not UTF-8":                      basic("a:\xff"),
		"an escape that is not UTF-8":    basic("a:%FF"),
		"longer than credentials can be": basic("a:" + strings.Repeat("b", 400)),
	} {
		if id, _, ok := apigw.ParseBasic(header); ok {
			t.Errorf("%s: read as of %q", what, id)
		}
	}
}

// Whatever is read is written in one way again, and is read as the same then.
func FuzzParseBasic(f *testing.F) {
	for _, seed := range []string{"", "Basic YTpi", "basic YTpi", "Basic YTpiYh==", "Basic Og==", "Basic YSUzQWI6Yw==", "Bearer YTpi", "Basic YTpi\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		id, characters, ok := apigw.ParseBasic(header)
		if !ok {
			if id != "" || characters.Reveal() != "" {
				t.Fatalf("%q is refused, and something is read", header)
			}
			return
		}
		again := basic(url.QueryEscape(id) + ":" + url.QueryEscape(characters.Reveal()))
		sameID, same, ok := apigw.ParseBasic(again)
		if len(again) <= 512 && (!ok || sameID != id || same.Reveal() != characters.Reveal()) {
			t.Fatalf("%q: encoded anew it is %q", header, sameID)
		}
	})
}

func clientRequest(body string, authorization ...string) apigw.Request {
	req := form(body)
	req.MultiValueHeaders["authorization"] = authorization
	req.RequestContext.Identity.SourceIP = "203.0.113.7"
	return req
}

func TestOnlyAClientWithOneRightHeaderGetsThrough(t *testing.T) {
	calls := 0
	handler := apigw.ForClients(func(_ context.Context, id string, presented secret.Text, address string) error {
		if id != "id" || presented.Reveal() != "secret" || address != "203.0.113.7" {
			return apperr.New(apperr.Unauthenticated, "No.")
		}
		return nil
	}, func(_ context.Context, form apigw.Form, id string) (apigw.Answer, error) {
		calls++
		return apigw.OK(form["token"].Reveal()+" for "+id, "x", "y")
	})
	right := basic("id:secret")
	answer, err := handler(t.Context(), clientRequest("token=abc&unknown=1", right))
	if err != nil || answer.Body != "abc for id" || answer.Actor != "id" || fmt.Sprint(answer.Who) != "[x y client_id id]" {
		t.Errorf("%+v, %v", answer, err)
	}
	queried := clientRequest("token=abc", right)
	queried.QueryStringParameters = map[string]string{"token": "abc"}
	untyped := clientRequest("token=abc", right)
	delete(untyped.MultiValueHeaders, "Content-Type")
	calls = 0
	for what, row := range map[string]struct {
		req  apigw.Request
		code apperr.Code
		says string
	}{
		"no header":               {clientRequest("token=abc"), apperr.Unauthenticated, "invalid_client"},
		"a bearer token":          {clientRequest("token=abc", "Bearer abc"), apperr.Unauthenticated, "invalid_client"},
		"a wrong secret":          {clientRequest("token=abc", basic("id:wrong")), apperr.Unauthenticated, "invalid_client"},
		"a header that is none":   {clientRequest("token=abc", "Basic !"), apperr.Unauthenticated, "invalid_client"},
		"two headers":             {clientRequest("token=abc", right, right), apperr.InvalidRequest, "invalid_request"},
		"a secret in the body":    {clientRequest("token=abc&client_id=id&client_secret=secret"), apperr.InvalidRequest, "invalid_request"},
		"in body and header":      {clientRequest("token=abc&client_secret=secret", right), apperr.InvalidRequest, "invalid_request"},
		"an assertion":            {clientRequest("token=abc&client_assertion=x", right), apperr.InvalidRequest, "invalid_request"},
		"a parameter twice":       {clientRequest("token=abc&token=abc", right), apperr.InvalidRequest, "invalid_request"},
		"parameters in the URL":   {queried, apperr.InvalidRequest, "invalid_request"},
		"no content type":         {untyped, apperr.UnsupportedMediaType, "invalid_request"},
		"a body that is too long": {clientRequest("token="+strings.Repeat("a", 8192), right), apperr.RequestTooLarge, "invalid_request"},
	} {
		_, err := handler(t.Context(), row.req)
		if refused := apperr.From(err); refused.Code != row.code || refused.OAuth != row.says {
			t.Errorf("%s: %s, %q", what, refused.Code, refused.OAuth)
		}
	}
	if calls != 0 {
		t.Errorf("%d of them got through", calls)
	}
}

func TestADependencyThatIsDownIsNoErrorOfTheClients(t *testing.T) {
	for _, code := range []apperr.Code{apperr.ServiceUnavailable, apperr.TooManyRequests, apperr.Internal, apperr.Corrupt} {
		handler := apigw.ForClients(func(context.Context, string, secret.Text, string) error {
			return &apperr.Error{Code: code, Err: errors.New("x")}
		}, nil)
		_, err := handler(t.Context(), clientRequest("token=abc", basic("id:secret")))
		if got := apperr.From(err); got.Code != code || got.OAuth != "" {
			t.Errorf("%s: %s, %q", code, got.Code, got.OAuth)
		}
	}
}

package apigw_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
	"sallyport/shared/secret"
)

type sample struct {
	Username  string      `json:"username"`
	Password  secret.Text `json:"password"`
	ExpiresIn *int64      `json:"expires_in,omitzero"`
}

const goodBody = `{"username":"a","password":"b"}`

func request(body string) apigw.Request {
	return apigw.Request{
		Body:              body,
		MultiValueHeaders: map[string][]string{"content-type": {"application/json"}},
	}
}

func TestDecodeReadsTheMembersOfARoute(t *testing.T) {
	got, err := apigw.Decode[sample](request(`{"password":" pä ss ","username":"Zoë","expires_in":60}`))
	if err != nil {
		t.Fatal(err)
	}
	if got.Username != "Zoë" || got.Password.Reveal() != " pä ss " || got.ExpiresIn == nil || *got.ExpiresIn != 60 {
		t.Errorf("decoded %+v", got)
	}
}

func TestDecodeRefusesWhatIsNotOneFlatObjectOfKnownMembers(t *testing.T) {
	for name, body := range map[string]string{
		"empty":                        ``,
		"not JSON":                     `username=a&password=b`,
		"cut short":                    `{"username":"a","password":"b"`,
		"text after it":                goodBody + `x`,
		"a second object after it":     goodBody + goodBody,
		"a second value after it":      goodBody + ` null`,
		"an array":                     `[` + goodBody + `]`,
		"null":                         `null`,
		"a string":                     `"username"`,
		"an unknown member":            `{"username":"a","password":"b","admin":true}`,
		"a member in another case":     `{"username":"a","Password":"b"}`,
		"a member twice":               `{"username":"a","password":"b","password":"c"}`,
		"a member twice, escaped":      `{"username":"a","password":"b","passwor\u0064":"c"}`,
		"a member missing":             `{"username":"a"}`,
		"all members missing":          `{}`,
		"a null member":                `{"username":null,"password":"b"}`,
		"a null optional member":       `{"username":"a","password":"b","expires_in":null}`,
		"a number for a string":        `{"username":1,"password":"b"}`,
		"a number for a secret":        `{"username":"a","password":123456}`,
		"a boolean for a secret":       `{"username":"a","password":true}`,
		"a string for a number":        `{"username":"a","password":"b","expires_in":"60"}`,
		"a fraction for a whole":       `{"username":"a","password":"b","expires_in":60.5}`,
		"a number that overflows":      `{"username":"a","password":"b","expires_in":99999999999999999999}`,
		"an array for a string":        `{"username":["a"],"password":"b"}`,
		"an object for a string":       `{"username":{"$ne":""},"password":"b"}`,
		"invalid UTF-8":                "{\"username\":\"a\xff\",\"password\":\"b\"}",
		"invalid UTF-8 in a name":      "{\"user\xffname\":\"a\",\"password\":\"b\"}",
		"U+FFFD":                       "{\"username\":\"a\uFFFD\",\"password\":\"b\"}",
		"U+FFFD escaped":               `{"username":"a\ufffd","password":"b"}`,
		"half a surrogate pair":        `{"username":"a\ud800","password":"b"}`,
		"a raw control character":      "{\"username\":\"a\x00\",\"password\":\"b\"}",
		"a comment":                    `{/* */"username":"a","password":"b"}`,
		"a trailing comma":             `{"username":"a","password":"b",}`,
		"a byte order mark":            "\uFEFF" + goodBody,
		"nesting as deep as will go":   strings.Repeat("[", 4000) + strings.Repeat("]", 4000),
		"nesting in a member, as deep": `{"username":` + strings.Repeat("[", 4000) + strings.Repeat("]", 4000) + `,"password":"b"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := apigw.Decode[sample](request(body))
			refused := apperr.From(err)
			if err == nil || refused.Code != apperr.InvalidRequest {
				t.Fatalf("Decode gave %v", err)
			}
			if refused.Detail == "" || strings.Contains(refused.Detail, "admin") || strings.Contains(refused.Detail, "123456") {
				t.Errorf("the detail is empty or repeats the caller's text: %q", refused.Detail)
			}
		})
	}
}

func TestDecodeTakesEightKiBAndNoMore(t *testing.T) {
	pad := func(n int) string {
		return `{"username":"` + strings.Repeat("a", n-len(`{"username":"","password":"b"}`)) + `","password":"b"}`
	}
	if _, err := apigw.Decode[sample](request(pad(apigw.MaxBodySize))); err != nil {
		t.Errorf("%d bytes: %v", apigw.MaxBodySize, err)
	}
	if _, err := apigw.Decode[sample](request(pad(apigw.MaxBodySize + 1))); apperr.CodeOf(err) != apperr.RequestTooLarge {
		t.Errorf("%d bytes: %v", apigw.MaxBodySize+1, err)
	}
	for size, want := range map[int]apperr.Code{apigw.MaxBodySize: "", apigw.MaxBodySize + 1: apperr.RequestTooLarge} {
		req := request(base64.StdEncoding.EncodeToString([]byte(pad(size))))
		req.IsBase64Encoded = true
		if _, err := apigw.Decode[sample](req); (err == nil) != (want == "") || err != nil && apperr.CodeOf(err) != want {
			t.Errorf("%d bytes in base64: %v", size, err)
		}
	}
}

func TestDecodeReadsBase64AsTheGatewayMarksIt(t *testing.T) {
	req := request(base64.StdEncoding.EncodeToString([]byte(goodBody)))
	req.IsBase64Encoded = true
	if got, err := apigw.Decode[sample](req); err != nil || got.Username != "a" {
		t.Errorf("Decode = %+v, %v", got, err)
	}
	req.Body = "!" + req.Body
	if _, err := apigw.Decode[sample](req); apperr.CodeOf(err) != apperr.InvalidRequest {
		t.Errorf("broken base64: %v", err)
	}
}

func TestDecodeWantsJSON(t *testing.T) {
	for contentType, ok := range map[string]bool{
		"application/json":                              true,
		"Application/JSON":                              true,
		"application/json;charset=utf-8":                true,
		`application/json; charset="UTF-8"`:             true,
		"application/json; charset=iso-8859-1":          false,
		"application/json; version=1":                   false,
		"application/jsonp":                             false,
		"application/problem+json":                      false,
		"application/x-www-form-urlencoded":             false,
		"text/plain":                                    false,
		"":                                              false,
		"application/json, text/plain":                  false,
		"application/json; charset=utf-8; charset=utf8": false,
	} {
		req := request(goodBody)
		req.MultiValueHeaders = map[string][]string{"Content-Type": {contentType}}
		if _, err := apigw.Decode[sample](req); (err == nil) != ok || err != nil && apperr.CodeOf(err) != apperr.UnsupportedMediaType {
			t.Errorf("%q: %v", contentType, err)
		}
	}
	for name, headers := range map[string]map[string][]string{
		"absent":   {"Accept": {"application/json"}},
		"twice":    {"Content-Type": {"application/json", "application/json"}},
		"two ways": {"Content-Type": {"application/json"}, "content-type": {"text/plain"}},
	} {
		req := request(goodBody)
		req.MultiValueHeaders = headers
		if _, err := apigw.Decode[sample](req); apperr.CodeOf(err) != apperr.UnsupportedMediaType {
			t.Errorf("content type %s: %v", name, err)
		}
	}
	req := request(goodBody)
	req.MultiValueHeaders, req.Headers = nil, map[string]string{"CONTENT-TYPE": "application/json"}
	if _, err := apigw.Decode[sample](req); err != nil {
		t.Errorf("an event without multi-value headers: %v", err)
	}
}

func TestTheSizeIsJudgedBeforeTheTypeAndTheTypeBeforeTheBody(t *testing.T) {
	req := request(strings.Repeat("x", apigw.MaxBodySize+1))
	req.MultiValueHeaders = nil
	if _, err := apigw.Decode[sample](req); apperr.CodeOf(err) != apperr.RequestTooLarge {
		t.Errorf("too large and of no type: %v", err)
	}
	req.Body = "x"
	if _, err := apigw.Decode[sample](req); apperr.CodeOf(err) != apperr.UnsupportedMediaType {
		t.Errorf("malformed and of no type: %v", err)
	}
}

// FuzzDecode holds that decoding never panics, refuses only with a code for the caller, and lets nothing through that is not
// valid UTF-8.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		goodBody, `{}`, `{"username":"a","password":"b","expires_in":1}`, `{"username":null}`, `[[[[`, `{"a":{"b":1}}`,
		"{\"username\":\"\xff\"}", `{"username":"\ud800","password":""}`, `{"username":"a","username":"b"}`, "\uFEFF{}",
		`{"name":"a","things":[{"kind":"x","size":1}],"secrets":["b"]}`, `{"name":"a","things":[[{`, `{"name":"a","things":[{"kind":null}]}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if _, err := apigw.Decode[nested](request(body)); err != nil && apperr.CodeOf(err) != apperr.InvalidRequest && apperr.CodeOf(err) != apperr.RequestTooLarge {
			t.Errorf("refused as %v", err)
		}
		got, err := apigw.Decode[sample](request(body))
		if err != nil {
			switch e := apperr.From(err); e.Code {
			case apperr.InvalidRequest, apperr.RequestTooLarge:
				if e.Detail == "" {
					t.Error("refused without a word")
				}
			default:
				t.Errorf("refused as %s", e.Code)
			}
			return
		}
		if !utf8.ValidString(got.Username) || strings.ContainsRune(got.Username+got.Password.Reveal(), utf8.RuneError) {
			t.Errorf("let through %q", got.Username)
		}
	})
}

type nested struct {
	Name   string `json:"name"`
	Things []struct {
		Kind string  `json:"kind"`
		Size *int64  `json:"size,omitzero"`
		Tag  *string `json:"tag,omitzero"`
	} `json:"things,omitzero"`
	Secrets []secret.Text `json:"secrets,omitzero"`
}

func TestDecodeReadsTheElementsOfASlice(t *testing.T) {
	got, err := apigw.Decode[nested](request(`{"name":"a","things":[{"kind":"x"},{"size":7,"kind":"y"}],"secrets":["canary"]}`))
	if err != nil || len(got.Things) != 2 || got.Things[0].Kind != "x" || *got.Things[1].Size != 7 || got.Secrets[0].Reveal() != "canary" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := apigw.Decode[nested](request(`{"name":"a","things":[]}`)); err != nil || got.Things == nil || len(got.Things) != 0 {
		t.Errorf("an empty array is %+v, %v: it must be told from none", got.Things, err)
	}
	if got, err := apigw.Decode[nested](request(`{"name":"a"}`)); err != nil || got.Things != nil {
		t.Errorf("none is %+v, %v", got.Things, err)
	}
}

func TestDecodeIsAsStrictInsideASliceAsOutside(t *testing.T) {
	for name, things := range map[string]string{
		"no array":                   `{"kind":"x"}`,
		"a string":                   `"x"`,
		"null":                       `null`,
		"an element that is null":    `[null]`,
		"an element of text":         `["x"]`,
		"an element that is array":   `[[{"kind":"x"}]]`,
		"a member missing":           `[{"kind":"x"},{"size":1}]`,
		"an unknown member":          `[{"kind":"x","admin":true}]`,
		"a member in another case":   `[{"Kind":"x"}]`,
		"a member twice":             `[{"kind":"x","kind":"y"}]`,
		"a null member":              `[{"kind":"x","size":null}]`,
		"a number for a string":      `[{"kind":1}]`,
		"a string for a number":      `[{"kind":"x","size":"1"}]`,
		"an object for a string":     `[{"kind":{"a":"b"}}]`,
		"U+FFFD":                     `[{"kind":"` + "\uFFFD" + `"}]`,
		"invalid UTF-8":              "[{\"kind\":\"\xff\"}]",
		"cut short":                  `[{"kind":"x"}`,
		"a trailing comma":           `[{"kind":"x"},]`,
		"unclosed":                   `[{"kind":"x"`,
		"nesting as deep as will go": strings.Repeat("[", 4000) + strings.Repeat("]", 4000),
		"nested in an unknown one":   `[{"kind":"x","more":[{"kind":"x"}]}]`,
	} {
		_, err := apigw.Decode[nested](request(`{"name":"a","things":` + things + `}`))
		refused := apperr.From(err)
		if err == nil || refused.Code != apperr.InvalidRequest || refused.Detail == "" || strings.Contains(refused.Detail, "admin") {
			t.Errorf("%s: %v", name, refused)
		}
	}
	if _, err := apigw.Decode[nested](request(`{"name":"a","secrets":[{"canary":"x"}]}`)); apperr.CodeOf(err) != apperr.InvalidRequest {
		t.Errorf("an object for a secret: %v", err)
	}
	for body, want := range map[string]string{
		`{"name":"a","things":[{"kind":1}]}`:             "The member kind has",
		`{"name":"a","things":[{"kind":"x"},"x"]}`:       "The member things has",
		`{"name":"a","things":[{"kind":"x","other":1}]}`: "things (with kind, size, tag)",
		`{"name":"a","things":[{}]}`:                     "The member kind is missing.",
	} {
		if _, err := apigw.Decode[nested](request(body)); !strings.Contains(apperr.From(err).Detail, want) {
			t.Errorf("%s: %q does not say %q", body, apperr.From(err).Detail, want)
		}
	}
}

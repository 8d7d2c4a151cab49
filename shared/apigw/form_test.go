package apigw_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"sallyport/shared/apigw"
	"sallyport/shared/apperr"
)

func form(body string) apigw.Request {
	return apigw.Request{
		Body:              body,
		MultiValueHeaders: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}},
	}
}

func TestAFormIsReadAsItIsEncoded(t *testing.T) {
	for body, want := range map[string]map[string]string{
		"":                                    {},
		"token=abc":                           {"token": "abc"},
		"token=abc&token_type_hint=x":         {"token": "abc", "token_type_hint": "x"},
		"token=spt_A-z.0~":                    {"token": "spt_A-z.0~"},
		"%74oken=%61b%63":                     {"token": "abc"},
		"token=a+b%20c%2Bd%26e%3Df":           {"token": "a b c+d&e=f"},
		"token=Z%C3%BCrich%F0%9F%A6%80":       {"token": "Zürich🦀"},
		"token=a=b==":                         {"token": "a=b=="},
		"&token=abc&&":                        {"token": "abc"},
		"token=":                              {},
		"token":                               {},
		"unknown=%00&other=%0D%0A&token=(a)!": {"unknown": "\x00", "other": "\r\n", "token": "(a)!"},
	} {
		got, err := apigw.DecodeForm(form(body))
		if err != nil || len(got) != len(want) {
			t.Errorf("%q: %d parameters, %v", body, len(got), err)
			continue
		}
		for name, value := range want {
			if got[name].Reveal() != value {
				t.Errorf("%q: %s is %q, want %q", body, name, got[name].Reveal(), value)
			}
		}
	}
}

func TestAFormThatCanBeReadInTwoWaysIsRefused(t *testing.T) {
	for what, body := range map[string]string{
		"a parameter twice":                   "token=a&token=a",
		"twice, once without a value":         "token=a&token=",
		"twice, once escaped":                 "token=a&%74oken=b",
		"an unknown parameter twice":          "token=a&x=1&x=2",
		"a value without a name":              "token=a&=b",
		"half an escape":                      "token=%4",
		"an escape at the end":                "token=a%",
		"an escape that is no number":         "token=%zz",
		"a signed escape":                     "token=%+1",
		"an escape of another kind":           "token=%u0041",
		"a space":                             "token=a b",
		"a line end":                          "token=a\r\n",
		"a control character":                 "token=a\x00",
		"raw UTF-8":                           "token=é",
		"what the gateway puts for not UTF-8": "token=\uFFFD",
		"an escaped byte that is not UTF-8":   "token=%FF",
		"an overlong escape":                  "token=%C0%AF",
		"half a surrogate pair":               "token=%ED%A0%80",
		"JSON":                                `{"token":"a", "x":"b"}`,
	} {
		if got, err := apigw.DecodeForm(form(body)); apperr.CodeOf(err) != apperr.InvalidRequest || got != nil {
			t.Errorf("%s: %v", what, err)
		} else if detail := apperr.From(err).Detail; strings.Contains(detail, body) {
			t.Errorf("%s: the detail repeats the body", what)
		}
	}
}

func TestAFormHasItsContentTypeAndABoundedSize(t *testing.T) {
	for contentType, good := range map[string]bool{
		"application/x-www-form-urlencoded": true, "application/x-www-form-urlencoded; charset=UTF-8": true, "Application/X-WWW-Form-Urlencoded": true,
		"application/x-www-form-urlencoded; charset=iso-8859-1": false, "application/json": false, "text/plain": false, "": false,
		"multipart/form-data; boundary=x": false, "application/x-www-form-urlencoded; x=y": false,
	} {
		req := form("token=a")
		req.MultiValueHeaders["Content-Type"] = []string{contentType}
		if _, err := apigw.DecodeForm(req); good != (err == nil) || !good && apperr.CodeOf(err) != apperr.UnsupportedMediaType {
			t.Errorf("%q: %v", contentType, err)
		}
	}
	twice := form("token=a")
	twice.MultiValueHeaders["content-type"] = []string{"application/x-www-form-urlencoded"}
	if _, err := apigw.DecodeForm(twice); apperr.CodeOf(err) != apperr.UnsupportedMediaType {
		t.Errorf("two content types: %v", err)
	}
	for size, fits := range map[int]bool{8192: true, 8193: false} {
		body := "token=" + strings.Repeat("a", size-6)
		encoded := form(base64.StdEncoding.EncodeToString([]byte(body)))
		encoded.IsBase64Encoded = true
		for _, req := range []apigw.Request{form(body), encoded} {
			if _, err := apigw.DecodeForm(req); fits != (err == nil) || !fits && apperr.CodeOf(err) != apperr.RequestTooLarge {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
	}
}

// What is read agrees with the standard library's reader wherever that reads anything, and encodes back to the same parameters.
func FuzzDecodeForm(f *testing.F) {
	for _, seed := range []string{
		"", "token=abc", "token=a&token_type_hint=access_token", "token=%61+b", "a=1&a=2", "=x", "%", "%zz=1", "a=%FF", "a;b=c", "a=b=c&&", "token=\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := apigw.DecodeForm(form(body))
		if err != nil {
			if code := apperr.CodeOf(err); code != apperr.InvalidRequest && code != apperr.RequestTooLarge {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		again := url.Values{}
		for name, value := range got {
			again.Set(name, value.Reveal())
		}
		second, err := apigw.DecodeForm(form(again.Encode()))
		if len(again.Encode()) <= apigw.MaxBodySize && (err != nil || len(second) != len(got)) {
			t.Fatalf("%q: encoded anew it is %v", body, err)
		}
		if strings.Contains(body, ";") { // which the standard library refuses
			return
		}
		values, err := url.ParseQuery(body)
		if err != nil {
			t.Fatalf("%q is read, and by the standard library not: %v", body, err)
		}
		for name, all := range values {
			if len(all) != 1 || all[0] != got[name].Reveal() {
				t.Fatalf("%q: %q differs", body, name)
			}
		}
	})
}

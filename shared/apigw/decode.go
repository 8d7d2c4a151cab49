package apigw

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"sallyport/shared/apperr"
)

// MaxBodySize is how long a request body may be, in bytes.
const MaxBodySize = 8 << 10

// Decode reads the body of a request into a T: a struct whose fields are the members that the route knows. A field tagged
// omitzero is optional, every other one must be there.
//
// It reads strictly (RFC 8259 with the advice of RFC 7493): one object in UTF-8, no member twice or unknown, no null, nothing
// nested, nothing after it. The error's code is RequestTooLarge, UnsupportedMediaType or InvalidRequest.
func Decode[T any](req Request) (T, error) {
	var into T
	body, err := bodyOf(req, "application/json")
	if err != nil {
		return into, err
	}
	if err := unmarshal(body, &into); err != nil {
		return *new(T), err
	}
	return into, nil
}

// bodyOf returns the body if it is of that media type.
func bodyOf(req Request, mediaType string) ([]byte, error) {
	body := []byte(req.Body)
	if req.IsBase64Encoded {
		if base64.StdEncoding.DecodedLen(len(body)) > MaxBodySize+2 { // up to two bytes of padding
			return nil, errTooLarge()
		}
		var err error
		if body, err = base64.StdEncoding.DecodeString(req.Body); err != nil {
			return nil, invalid("The body is not valid base64.")
		}
	}
	if len(body) > MaxBodySize {
		return nil, errTooLarge()
	}
	contentTypes := headerValues(req.Headers, req.MultiValueHeaders, "Content-Type")
	if len(contentTypes) != 1 || !isOf(contentTypes[0], mediaType) {
		return nil, apperr.New(apperr.UnsupportedMediaType, "Send the body as Content-Type: "+mediaType+", in UTF-8.")
	}
	return body, nil
}

// isOf accepts no charset but utf-8: JSON has no other (RFC 8259 section 8.1), and OAuth's forms neither (RFC 6749 appendix B).
func isOf(contentType, mediaType string) bool {
	found, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || found != mediaType {
		return false
	}
	for name, value := range parameters {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}

// headerValues returns all values of a header, whose name may be spelt in any case and in several at once.
func headerValues(single map[string]string, multi map[string][]string, name string) (values []string) {
	for key, v := range multi {
		if strings.EqualFold(key, name) {
			values = append(values, v...)
		}
	}
	if len(values) > 0 {
		return values
	}
	for key, v := range single {
		if strings.EqualFold(key, name) {
			values = append(values, v)
		}
	}
	return values
}

// unmarshal decodes one flat object into the struct that into points to.
func unmarshal(body []byte, into any) error {
	present, err := scan(body)
	if err != nil {
		return err
	}
	known, required := members(reflect.TypeOf(into).Elem())
	for _, name := range required {
		if !present[name] {
			return invalid("The member " + name + " is missing.")
		}
	}
	err = json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if wrongType, ok := errors.AsType[*json.SemanticError](err); ok && !errors.Is(err, json.ErrUnknownName) {
		return invalid("The member " + wrongType.JSONPointer.LastToken() + " has a value of the wrong type or out of range.")
	}
	if err != nil {
		return invalid("The body has a member that this route does not know. It knows " + strings.Join(known, ", ") + ".")
	}
	return nil
}

// scan checks what holds for every body, and returns the names of its members.
func scan(body []byte) (map[string]bool, error) {
	d := jsontext.NewDecoder(strings.NewReader(string(body)))
	if d.PeekKind() != '{' {
		return nil, invalid("The body must be one JSON object.")
	}
	present := make(map[string]bool)
	for {
		t, err := d.ReadToken()
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return nil, invalid("The body has a member twice.")
		}
		if err != nil {
			return nil, invalid("The body is not valid JSON in UTF-8.")
		}
		if d.StackDepth() == 0 { // the object has ended
			if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
				return nil, invalid("Nothing may follow the JSON object.")
			}
			return present, nil
		}
		_, inside := d.StackIndex(1)
		switch {
		case d.StackDepth() > 1, t.Kind() == '[', t.Kind() == ']':
			return nil, invalid("The members must be plain values, without objects or arrays.")
		case t.Kind() == 'n':
			return nil, invalid("No member may be null: leave it out instead.")
		case t.Kind() == '"' && strings.ContainsRune(t.String(), utf8.RuneError):
			// API Gateway puts U+FFFD where the caller's bytes were not UTF-8: what was meant is lost.
			return nil, invalid("The body is not valid UTF-8, or contains U+FFFD.")
		case t.Kind() == '"' && inside%2 == 1: // a name: with it the object holds an odd number of names and values
			present[t.String()] = true
		}
	}
}

// members returns the names that t's fields have in JSON, all and the required ones.
func members(t reflect.Type) (known, required []string) {
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		known = append(known, name)
		if options != "omitzero" {
			required = append(required, name)
		}
	}
	return known, required
}

func invalid(detail string) error { return apperr.New(apperr.InvalidRequest, detail) }

func errTooLarge() error {
	return apperr.New(apperr.RequestTooLarge, "The body must have at most 8192 bytes.")
}

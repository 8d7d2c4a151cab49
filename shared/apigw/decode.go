package apigw

import (
	"encoding/base64"
	"errors"
	"mime"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"sallyport/shared/apperr"
)

// MaxBodySize is how long a request body may be, in bytes.
const MaxBodySize = 8 << 10

// Decode reads the body of a request into a T: a struct whose fields are the members that the route knows. A field tagged
// omitzero is optional, every other one must be there.
//
// It reads strictly (RFC 8259 with the advice of RFC 7493): one object in UTF-8, no member twice or unknown, no null, nothing nested but
// the elements of a field that is a slice (of structs, for which the same holds), nothing after it. The error's code is RequestTooLarge,
// UnsupportedMediaType or InvalidRequest.
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

// unmarshal decodes one object into the struct that into points to.
func unmarshal(body []byte, into any) error {
	t := reflect.TypeOf(into).Elem()
	if err := scan(body, t); err != nil {
		return err
	}
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if wrongType, ok := errors.AsType[*json.SemanticError](err); ok && !errors.Is(err, json.ErrUnknownName) {
		return invalid("The member " + memberIn(wrongType.JSONPointer) + " has a value of the wrong type or out of range.")
	}
	if err != nil {
		return invalid("The body has a member that this route does not know. It knows " + strings.Join(knownIn(t), ", ") + ".")
	}
	return nil
}

// memberIn returns the name of the member that a pointer leads to, or into whose elements.
func memberIn(pointer jsontext.Pointer) string {
	for pointer != "" && strings.Trim(pointer.LastToken(), "0123456789") == "" {
		pointer = pointer.Parent()
	}
	return pointer.LastToken()
}

func invalid(detail string) error { return apperr.New(apperr.InvalidRequest, detail) }

func errTooLarge() error {
	return apperr.New(apperr.RequestTooLarge, "The body must have at most 8192 bytes.")
}

package apigw

import (
	"encoding"
	"errors"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scan checks what holds for every body that is read into a t, but for the values' types and unknown members.
func scan(body []byte, t reflect.Type) error {
	d := jsontext.NewDecoder(strings.NewReader(string(body)))
	if d.PeekKind() != '{' {
		return invalid("The body must be one JSON object.")
	}
	if err := scanObject(d, t); err != nil {
		return err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return invalid("Nothing may follow the JSON object.")
	}
	return nil
}

// scanObject reads an object that begins here, and what of t must be in it.
func scanObject(d *jsontext.Decoder, t reflect.Type) error {
	if _, err := read(d); err != nil {
		return err
	}
	present := make(map[string]bool)
	for d.PeekKind() != '}' {
		name, err := read(d)
		if err != nil {
			return err
		}
		present[name] = true
		if err := scanValue(d, fieldOf(t, name)); err != nil {
			return err
		}
	}
	if _, err := read(d); err != nil {
		return err
	}
	for field := range t.Fields() {
		if name, optional := memberOf(field); !optional && !present[name] {
			return invalid("The member " + name + " is missing.")
		}
	}
	return nil
}

// scanValue reads a value that is to become a t; nil for a member that t does not know.
func scanValue(d *jsontext.Decoder, t reflect.Type) error {
	switch kind := d.PeekKind(); {
	case kind == '{' && isObject(t):
		return scanObject(d, t)
	case kind == '[' && t != nil && t.Kind() == reflect.Slice:
		if _, err := read(d); err != nil {
			return err
		}
		for d.PeekKind() != ']' {
			if err := scanValue(d, t.Elem()); err != nil {
				return err
			}
		}
		_, err := read(d)
		return err
	case kind == '{', kind == '[':
		return invalid("The members must be plain values, without objects or arrays, where the route does not say otherwise.")
	case kind == 'n':
		return invalid("No member may be null: leave it out instead.")
	}
	_, err := read(d)
	return err
}

// read reads one token, and returns the text of one that is a string.
func read(d *jsontext.Decoder) (text string, err error) {
	t, err := d.ReadToken()
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "", invalid("The body has a member twice.")
	case err != nil:
		return "", invalid("The body is not valid JSON in UTF-8.")
	case t.Kind() != '"':
		return "", nil
	case strings.ContainsRune(t.String(), utf8.RuneError):
		// API Gateway puts U+FFFD where the caller's bytes were not UTF-8: what was meant is lost.
		return "", invalid("The body is not valid UTF-8, or contains U+FFFD.")
	}
	return t.String(), nil
}

// isObject reports whether a t is read from an object, and not from a text.
func isObject(t reflect.Type) bool {
	return t != nil && t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// fieldOf returns the type of the field that a member is read into, nil if there is none.
func fieldOf(t reflect.Type, name string) reflect.Type {
	for field := range t.Fields() {
		if known, _ := memberOf(field); known == name {
			return field.Type
		}
	}
	return nil
}

// memberOf returns the name that a field has in JSON, and whether it may be left out.
func memberOf(field reflect.StructField) (name string, optional bool) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name, options == "omitzero"
}

// knownIn returns the names of all members of a t, and after each that has members itself, those.
func knownIn(t reflect.Type) (known []string) {
	for field := range t.Fields() {
		name, _ := memberOf(field)
		if known = append(known, name); field.Type.Kind() == reflect.Slice && isObject(field.Type.Elem()) {
			known[len(known)-1] += " (with " + strings.Join(knownIn(field.Type.Elem()), ", ") + ")"
		}
	}
	return known
}

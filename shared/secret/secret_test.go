package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"

	"sallyport/shared/secret"
)

func TestTextNeverPrintsItself(t *testing.T) {
	const canary = "canary-7f3a"
	text := secret.New(canary)
	inside := struct{ Password, hidden secret.Text }{text, text}

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%U", "%p"} {
		fmt.Fprintf(&out, verb+verb+verb, text, &text, inside)
	}
	fmt.Fprintln(&out, errors.Join(fmt.Errorf("refused: %v", text)))
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "a", text, "b", inside)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "a", text, "b", inside)
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, func(v any) ([]byte, error) { return jsonv2.Marshal(v) }} {
		encoded, err := marshal(inside)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(encoded)
	}

	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the secret was printed as %q in:\n%s", form, out.String())
		}
	}
	if text.Reveal() != canary {
		t.Error("Reveal does not give the characters")
	}
}

func TestTextDecodesAsAnyString(t *testing.T) {
	var into struct{ Password secret.Text }
	if err := jsonv2.Unmarshal([]byte(`{"Password":"correct horse"}`), &into); err != nil {
		t.Fatal(err)
	}
	if into.Password.Reveal() != "correct horse" {
		t.Errorf("decoded %q", into.Password.Reveal())
	}
}

func TestTheZeroTextIsEmpty(t *testing.T) {
	var text secret.Text
	if text.Reveal() != "" {
		t.Errorf("the zero Text reveals %q", text.Reveal())
	}
}

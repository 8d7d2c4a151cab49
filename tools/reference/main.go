// Command reference writes docs/api.md, the reference page of the API, from docs/openapi.yaml: `make docs`.
package main

import (
	"fmt"
	"os"

	"sallyport/tools/openapi"
)

const (
	description = "docs/openapi.yaml"
	page        = "docs/api.md"
)

func main() {
	if err := run(description, page); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

// run reads the description in one file and writes the page to another.
func run(from, to string) error {
	document, err := openapi.Read(from)
	if err != nil {
		return err
	}
	text, err := render(document)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if err := os.WriteFile(to, []byte(text), 0o644); err != nil { //nolint:gosec // G306: a page for everybody
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

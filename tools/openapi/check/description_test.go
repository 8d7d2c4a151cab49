package check

import "testing"

const description = "../../../docs/openapi.yaml"

func read(t *testing.T) *Checker {
	t.Helper()
	checker, err := Read(description)
	if err != nil {
		t.Fatal(err)
	}
	return checker
}

func TestEveryExampleFitsItsSchema(t *testing.T) {
	for _, fault := range read(t).Examples() {
		t.Error(fault)
	}
}

package gateway

import "testing"

func TestAMediaTypeIsBinaryIfTheListCoversIt(t *testing.T) {
	for _, test := range []struct {
		name   string
		types  []string
		header string
		want   bool
	}{
		{"no list", nil, "image/png", false},
		{"listed", []string{"text/a", "image/png"}, "image/png", true},
		{"in another case", []string{"Image/PNG"}, "image/Png", true},
		{"with a parameter", []string{"image/png"}, "image/png;q=1", true},
		{"the first of several", []string{"image/png"}, " image/png , text/html", true},
		{"the second of several", []string{"image/png"}, "text/html,image/png", false},
		{"by its kind", []string{"image/*"}, "image/png", true},
		{"of another kind", []string{"image/*"}, "imagery/png", false},
		{"a wildcard in the header", []string{"image/png"}, "*/*", false},
		{"everything", []string{"*/*"}, "text/html", true},
		{"nothing named, everything", []string{"*/*"}, "", true},
		{"nothing named, a list", []string{"image/png"}, "", false},
	} {
		f := newFixture()
		f.api.BinaryMediaTypes = test.types
		if got := (&gateway{api: f.api}).isBinary(test.header); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

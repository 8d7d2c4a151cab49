package script_test

import (
	"testing"

	"sallyport/tools/conformance/script"
)

func TestAScriptSurvivesItsHeader(t *testing.T) {
	want := script.Script{Name: "n", Delay: 1, Error: "e", Answer: `{"é":"` + script.MethodARN + `"}`, Fill: 3}
	for _, header := range []string{want.String(), "Bearer " + want.String()} {
		if got, err := script.Parse(header); err != nil || got != want {
			t.Errorf("%+v %v", got, err)
		}
	}
	for _, header := range []string{"Bearer x!", "e30x", "W10"} {
		if got, err := script.Parse(header); err == nil {
			t.Errorf("%q: %+v", header, got)
		}
	}
}

func TestTheFirstHeaderThatIsThereDecides(t *testing.T) {
	one, two, none := script.Script{Name: "one"}, script.Script{Name: "two"}, script.Script{Name: "none"}
	for event, want := range map[string]script.Script{
		`{"headers":{"b":"` + two.String() + `","A":"` + one.String() + `"}}`: one,
		`{"headers":{"B":"` + two.String() + `"}}`:                            two,
		`{"headers":null}`: none,
	} {
		if got, err := script.Of([]byte(event), none, "A", "B"); err != nil || got != want {
			t.Errorf("%s: %+v %v", event, got, err)
		}
	}
}

func TestPlaceholdersAreFilledIn(t *testing.T) {
	const event = `{"methodArn":"arn:aws:execute-api:r:a:api/stage/GET/a/b"}`
	s := script.Script{Answer: script.MethodARN + " " + script.StageARN + " " + script.Filling + " " + script.EventText, Fill: 3}
	got, err := s.Run([]byte(event))
	if want := `arn:aws:execute-api:r:a:api/stage/GET/a/b arn:aws:execute-api:r:a:api/stage/ xxx {\"methodArn\":\"arn:aws:execute-api:r:a:api/stage/GET/a/b\"}`; err != nil || string(got) != want {
		t.Errorf("%s %v", got, err)
	}
	if _, err := (script.Script{Error: "no"}).Run([]byte(event)); err == nil || err.Error() != "no" {
		t.Error(err)
	}
}

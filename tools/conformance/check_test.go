package conformance_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// differences lists in which respects an answer is not the one that is wanted, a line each.
func (a answer) differences(got response) (wrong []string) {
	say := func(what string, got, want any) {
		wrong = append(wrong, fmt.Sprintf("%s is %v, want %v", what, got, want))
	}
	if a.status != 0 && got.status != a.status {
		say("the status", got.status, a.status)
	}
	if got.broken != a.broken {
		say("the body's breaking off", got.broken, a.broken)
	}
	for name, want := range a.header {
		if values := strings.Join(got.header.Values(name), " + "); values != want {
			say("the header "+name, fmt.Sprintf("%q", values), fmt.Sprintf("%q", want))
		}
	}
	body := strings.TrimSuffix(got.body, "\n")
	if beginning, partial := strings.CutSuffix(a.body, "…"); a.body != "" && (partial && !strings.HasPrefix(body, beginning) || !partial && body != a.body) {
		say("the body", shortened(body), a.body)
	}
	if len(a.event) == 0 {
		return wrong
	}
	var event any
	if err := json.Unmarshal([]byte(got.body), &event); err != nil {
		return append(wrong, "the body is no event: "+shortened(body))
	}
	for path, want := range a.event {
		if value, present := member(event, path); !sameJSON(value, present, want) {
			text, err := json.Marshal(value)
			if err != nil || !present {
				text = []byte("absent")
			}
			say("the event's "+path, string(text), want)
		}
	}
	return wrong
}

// member finds a value by its path of names. A text on the way that is JSON is read as such.
func member(value any, path string) (any, bool) {
	for name := range strings.SplitSeq(path, ".") {
		if text, ok := value.(string); ok {
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				return nil, false
			}
		}
		object, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = object[name]; !ok {
			return nil, false
		}
	}
	return value, true
}

func sameJSON(value any, present bool, want string) bool {
	if want == "" {
		return !present
	}
	var wanted any
	return present && json.Unmarshal([]byte(want), &wanted) == nil && reflect.DeepEqual(value, wanted)
}

func shortened(text string) string {
	if len(text) > 300 {
		return text[:300] + "…"
	}
	return text
}

package template

import (
	"strings"
	"testing"
)

func TestRulesAndRoutesAreHeldAgainstEachOther(t *testing.T) {
	api := API{LogicalID: "Api", Line: 3, Routes: []Route{
		{Method: "POST", Resource: "/login", FunctionID: "Login", Line: 10},
		{Method: "GET", Resource: "/things/{id}", FunctionID: "Things", Authorized: true, Line: 20},
		{Method: "ANY", Resource: "/any", FunctionID: "Any", Authorized: true, Line: 30},
	}}
	things, anything := Rule{"GET", "/things/{id}"}, Rule{"PUT", "/any"}
	for name, c := range map[string]struct {
		rules []Rule
		want  string // "" for nothing wrong
	}{
		"the same":                       {[]Rule{things, anything}, ""},
		"two methods of ANY":             {[]Rule{anything, things, {"GET", "/any"}}, ""},
		"a route without a rule":         {[]Rule{anything}, "t.yaml:20: Things: GET /things/{id} is protected, but shared/policy has no rule for it"},
		"ANY without a rule":             {[]Rule{things}, "t.yaml:30: Any: ANY /any is protected, but shared/policy has no rule for it"},
		"a rule for the method ANY":      {[]Rule{things, {"ANY", "/any"}}, "t.yaml:30: Any: ANY /any is protected, but"},
		"a rule without a route":         {[]Rule{things, anything, {"GET", "/things"}}, "t.yaml:3: Api: there is no route GET /things, but shared/policy has a rule for it"},
		"another method":                 {[]Rule{things, anything, {"PUT", "/things/{id}"}}, "t.yaml:3: Api: there is no route PUT /things/{id}, but"},
		"a path in place of a template":  {[]Rule{{"GET", "/things/7"}, anything}, "t.yaml:20: Things: "},
		"a rule for a route that's open": {[]Rule{things, anything, {"POST", "/login"}}, "t.yaml:10: Login: POST /login is open to everybody, but shared/policy has a rule for it"},
		"no rules":                       {nil, "t.yaml:20: Things: "},
	} {
		switch err := api.CheckRules("t.yaml", c.rules); {
		case err == nil && c.want == "":
		case err == nil || c.want == "" || !strings.HasPrefix(err.Error(), c.want) || !strings.Contains(err.Error(), "; ") || strings.Contains(err.Error(), "\n"):
			t.Errorf("%s: %v, want %q and what to do", name, err, c.want)
		}
	}
}

func TestAProtectedPreflightWithoutARuleIsTheAPIs(t *testing.T) {
	api := API{LogicalID: "Api", Line: 3, Routes: []Route{{Method: "OPTIONS", Resource: "/things", Authorized: true}}}
	if err := api.CheckRules("t.yaml", nil); err == nil || !strings.HasPrefix(err.Error(), "t.yaml:3: Api: OPTIONS /things is protected, but") {
		t.Error(err)
	}
}

func TestEveryReferenceMustNameSomethingServedOrNot(t *testing.T) {
	for value, unknown := range map[string]string{
		"!Ref Logs": "", "!GetAtt Logs.Arn": "", "!GetAtt [Logs, Arn]": "", "!Sub \"${Logs} ${Logs.Arn} ${AWS::Region} ${!Nothing}\"": "",
		"!Sub [\"${own} ${Logs}\", {own: !Ref Logs}]": "", "!Ref HelloRole": "", "!Ref Api.Stage": "", "{\"Ref\": \"Logs\"}": "",
		"!Ref Log": "Log", "!GetAtt Log.Arn": "Log", "!GetAtt [Log, Arn]": "Log", "!Sub \"x ${Log}\"": "Log", "!Sub \"${Log.Arn}\"": "Log",
		"!Sub [\"${own}\", {own: !Ref Log}]": "Log", "!Sub [\"${other}\", {own: a}]": "other", "[{a: [!Ref Log]}]": "Log", "!Join [\"\", [!Ref Log]]": "Log",
		"{\"Fn::Sub\": \"${Log}\"}": "Log", "!If [A, !Ref Log, x]": "Log", "!Ref LogsRole": "LogsRole",
	} {
		path := write(t, strings.Replace(smallest, "  Hello:", "  Logs: {Type: \"AWS::Logs::LogGroup\"}\n  Alarm:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n      Unread: "+value+"\n  Hello:", 1)+
			"Conditions: {A: !Equals [a, a]}\n")
		_, err := Load(path, Options{})
		want := path + `:11: Alarm: it refers to "` + unknown + `", which is neither a parameter nor a resource; declare it, or correct the name`
		if unknown == "" && err != nil || unknown != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s: %v, want unknown %q", value, err, unknown)
		}
	}
}

package policy

import (
	"testing"

	"sallyport/tools/local/template"
)

func TestTheTableAndTheTemplateNameTheSameRoutes(t *testing.T) {
	stack, err := template.Load("../../template.yaml", template.Options{
		Physical: func(logicalID, _ string) string { return logicalID },
	})
	if err != nil {
		t.Fatal(err)
	}
	protected := map[Route]bool{}
	for _, route := range stack.API.Routes {
		if route.Authorized {
			protected[Route{route.Method, route.Resource}] = true
		}
	}
	if len(protected) == 0 {
		t.Fatal("the template has no protected route")
	}
	ruled := map[Route]bool{}
	for _, rule := range rules() {
		if ruled[rule.route] {
			t.Errorf("two rules for %s %s: the second is never looked at", rule.route.Method, rule.route.Resource)
		}
		ruled[rule.route] = true
		if !protected[rule.route] {
			t.Errorf("there is a rule for %s %s, which template.yaml does not protect", rule.route.Method, rule.route.Resource)
		}
		if rule.allowed == 0 || rule.allowed&^anyone != 0 {
			t.Errorf("the rule for %s %s is for no role, or for one that does not exist", rule.route.Method, rule.route.Resource)
		}
	}
	for route := range protected {
		if !ruled[route] {
			t.Errorf("template.yaml protects %s %s, but there is no rule for it: nobody can call it", route.Method, route.Resource)
		}
	}
}

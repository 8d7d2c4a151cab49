package policy

import (
	"strings"
	"testing"

	"sallyport/tools/contract"
	"sallyport/tools/local/template"
)

const templateFile = "../../template.yaml"

// api loads the API of the template.
func api(t *testing.T) template.API {
	t.Helper()
	stack, err := template.Load(templateFile, template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return stack.API
}

func TestTheTableAndTheTemplateNameTheSameRoutes(t *testing.T) {
	var own []template.Rule
	for _, route := range Routes() {
		if route.API == Own {
			own = append(own, template.Rule{Method: route.Method, Resource: route.Resource})
		}
	}
	if len(own) == 0 {
		t.Fatal("the table has no rule for this API")
	}
	if err := api(t).CheckRules(templateFile, own); err != nil {
		t.Error(err)
	}
}

func TestTheTableAndTheContractNameTheSameRoutes(t *testing.T) {
	inContract := map[Route]bool{}
	for _, route := range contract.Routes() {
		inContract[Route{Own, route.Method, route.Template()}] = true
	}
	for _, route := range Routes() {
		if route.API == Own && !inContract[route] {
			t.Errorf("there is a rule for %s %s, which is not in Routes of tools/contract: say there too who may call it", route.Method, route.Resource)
		}
		delete(inContract, route)
	}
	for route := range inContract {
		t.Errorf("tools/contract names %s %s, for which there is no rule", route.Method, route.Resource)
	}
}

func TestEachRuleIsForRolesThatExistAndIsLookedAt(t *testing.T) {
	ruled := map[Route]bool{}
	for _, rule := range rules() {
		if ruled[rule.route] {
			t.Errorf("two rules for %s %s: the second is never looked at", rule.route.Method, rule.route.Resource)
		}
		ruled[rule.route] = true
		if rule.route.API == "" || rule.route.Method == "" || rule.route.Resource == "" {
			t.Errorf("the rule for %+v leaves something open", rule.route)
		}
		if rule.allowed&anyone == 0 || rule.allowed&^(anyone|apiTokens) != 0 {
			t.Errorf("the rule for %s %s is for no role, or for one that does not exist", rule.route.Method, rule.route.Resource)
		}
	}
	var all callers
	for _, role := range Roles() {
		all |= 1 << role
	}
	if anyone != all {
		t.Errorf("anyone is %b, and all roles are %b", anyone, all)
	}
}

func TestTheAPICallsItselfWhatThePolicyCallsIt(t *testing.T) {
	own := api(t)
	if got := own.StageVariables["SallyportApi"]; got != Own {
		t.Errorf("%s:%d: %s: it does not say what the policy calls it; the stage variable SallyportApi is %q, want %q: the authorizer would refuse everybody",
			templateFile, own.Line, own.LogicalID, got, Own)
	}
}

func TestTheTemplateLetsEachRoleBeFree(t *testing.T) {
	free := strings.Join(contract.RoleNames(), ",")
	if _, err := template.Load(templateFile, template.Options{Parameters: map[string]string{"SelfRegistrationRoles": free}}); err != nil {
		t.Error(err)
	}
}

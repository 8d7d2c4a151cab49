package template

import (
	"fmt"
	"regexp"

	"gopkg.in/yaml.v3"
)

// api reads the one AWS::Serverless::Api and the routes that point to it.
func (d *document) api() (API, error) {
	var r *resource
	for _, candidate := range d.created() {
		if candidate.kind != typeAPI {
			continue
		}
		if r != nil {
			return API{}, d.fault(&yaml.Node{Line: candidate.line}, candidate.id, "it is a second "+typeAPI, "keep one: the local run serves one API")
		}
		r = candidate
	}
	if r == nil {
		return API{}, d.fault(nil, "", "there is no "+typeAPI, "declare the API")
	}
	if err := d.checkAPI(r); err != nil {
		return API{}, err
	}
	m, err := d.withGlobals(r, "Api", "StageName", "Auth", "GatewayResponses", "Cors", "Variables", "BinaryMediaTypes", "MethodSettings")
	if err != nil {
		return API{}, err
	}
	a := API{LogicalID: r.id, Line: r.line}
	if a.StageName, err = d.stageName(r, m.get("StageName")); err != nil {
		return a, err
	}
	auth, err := d.apiAuth(r, m.get("Auth"))
	if err != nil {
		return a, err
	}
	a.Authorizer = auth.authorizer
	if a.GatewayResponses, err = d.gatewayResponses(r, m.get("GatewayResponses")); err != nil {
		return a, err
	}
	if a.StageVariables, err = d.stageVariables(r, m.get("Variables")); err != nil {
		return a, err
	}
	if a.BinaryMediaTypes, err = d.binaryMediaTypes(r, m.get("BinaryMediaTypes")); err != nil {
		return a, err
	}
	if a.Routes, err = d.routes(r, auth); err != nil {
		return a, err
	}
	preflights, err := d.preflights(r, m.get("Cors"), auth, a)
	if err != nil {
		return a, err
	}
	a.Routes = append(a.Routes, preflights...)
	return a, d.throttle(r, m.get("MethodSettings"), a.Routes)
}

// checkAPI refuses the properties that would change what callers see and that the local gateway does not act on.
func (d *document) checkAPI(r *resource) error {
	unknown := []string{"DefinitionBody", "DefinitionUri", "MinimumCompressionSize", "Models", "CanarySetting", "CacheClusterEnabled"}
	m, err := d.withGlobals(r, "Api", unknown...)
	if err != nil {
		return err
	}
	for _, key := range unknown {
		if n := m.get(key); n != nil && n.Value != "false" {
			return d.fault(n, r.id, key+" is not known to the local run", "remove it, or teach tools/local/gateway what it means")
		}
	}
	return nil
}

// stageName reads StageName. API Gateway Developer Guide, "Important notes": letters, digits, hyphens and underscores,
// at most 128 of them.
func (d *document) stageName(r *resource, n *yaml.Node) (string, error) {
	if n == nil {
		return "", d.fault(&yaml.Node{Line: r.line}, r.id, "StageName is missing", "name the stage")
	}
	name, err := d.text(r.id, "StageName", n)
	if err != nil {
		return "", err
	}
	if !regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`).MatchString(name) {
		return "", d.fault(n, r.id, fmt.Sprintf("StageName is %q", name), "use letters, digits, hyphens and underscores, at most 128")
	}
	return name, nil
}

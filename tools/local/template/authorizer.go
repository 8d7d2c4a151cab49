package template

import (
	"fmt"
	"time"

	"gopkg.in/yaml.v3"
)

// Bounds of an authorizer's cache. API Gateway API Reference, CreateAuthorizer, authorizerResultTtlInSeconds.
const defaultResultTTLSeconds, maxResultTTLSeconds = 300, 3600

// noAuthorizer is the name with which a route opts out of the API's default authorizer.
const noAuthorizer = "NONE"

// apiAuth is an API's property Auth.
type apiAuth struct {
	authorizer *Authorizer // nil if there is none
	byDefault  bool        // whether it decides for the routes that name no authorizer
	preflight  bool        // whether byDefault holds for OPTIONS too
}

// decides says whether the authorizer decides for a method that names none. AWS SAM Developer Guide, "ApiAuth",
// AddDefaultAuthorizerToCorsPreflight; SAM's transform applies it to every OPTIONS method, a function's own included.
func (a apiAuth) decides(method string) bool {
	return a.byDefault && (method != "OPTIONS" || a.preflight)
}

// apiAuth reads Auth. AWS SAM Developer Guide, "ApiAuth".
func (d *document) apiAuth(r *resource, n *yaml.Node) (apiAuth, error) {
	auth := apiAuth{preflight: true}
	m, err := d.mapping(r.id, "Auth", n)
	if err != nil {
		return auth, err
	}
	if err := d.only(r.id, "Auth", m, "DefaultAuthorizer", "Authorizers", "AddDefaultAuthorizerToCorsPreflight"); err != nil {
		return auth, err
	}
	if n := m.get("AddDefaultAuthorizerToCorsPreflight"); n != nil {
		if auth.preflight, err = d.boolean(r.id, "AddDefaultAuthorizerToCorsPreflight", n); err != nil {
			return auth, err
		}
	}
	authorizers, err := d.mapping(r.id, "Auth.Authorizers", m.get("Authorizers"))
	if err != nil {
		return auth, err
	}
	if len(authorizers.entries) > 1 {
		return auth, d.fault(authorizers.entries[1].key, r.id, "there is a second authorizer", "keep one: the local run knows one authorizer")
	}
	for _, e := range authorizers.entries {
		if auth.authorizer, err = d.authorizer(r, e); err != nil {
			return auth, err
		}
	}
	if n := m.get("DefaultAuthorizer"); n != nil {
		name, err := d.text(r.id, "DefaultAuthorizer", n)
		if err != nil {
			return auth, err
		}
		if auth.authorizer == nil || name != auth.authorizer.Name {
			return auth, d.fault(n, r.id, fmt.Sprintf("DefaultAuthorizer %q is not among Authorizers", name), "declare it there, or correct the name")
		}
		auth.byDefault = true
	}
	return auth, nil
}

// authorizer reads a Lambda authorizer of type REQUEST. AWS SAM Developer Guide, "LambdaRequestAuthorizer".
func (d *document) authorizer(r *resource, e entry) (*Authorizer, error) {
	name := e.key.Value
	m, err := d.mapping(r.id, name, e.value)
	if err != nil {
		return nil, err
	}
	if err := d.only(r.id, name, m, "FunctionArn", "FunctionPayloadType", "FunctionInvokeRole", "Identity", "DisableFunctionDefaultPermissions"); err != nil {
		return nil, err
	}
	if n := m.get("FunctionPayloadType"); n == nil || n.Value != "REQUEST" {
		return nil, d.fault(e.key, r.id, "the authorizer "+name+" is not of type REQUEST", "add FunctionPayloadType: REQUEST")
	}
	a := &Authorizer{Name: name, ResultTTL: defaultResultTTLSeconds * time.Second}
	if a.FunctionID, err = d.authorizerFunction(r, name, e, m.get("FunctionArn")); err != nil {
		return nil, err
	}
	identity, err := d.mapping(r.id, name+".Identity", m.get("Identity"))
	if err != nil {
		return nil, err
	}
	if err := d.only(r.id, name+".Identity", identity, "Headers", "ReauthorizeEvery"); err != nil {
		return nil, err
	}
	if a.IdentityHeaders, err = d.texts(r.id, name+".Identity.Headers", identity.get("Headers")); err != nil {
		return nil, err
	}
	if n := identity.get("ReauthorizeEvery"); n != nil {
		seconds, err := d.number(r.id, name+".Identity.ReauthorizeEvery", n, 0, maxResultTTLSeconds)
		if err != nil {
			return nil, err
		}
		a.ResultTTL = time.Duration(seconds) * time.Second
	}
	if a.ResultTTL > 0 && len(a.IdentityHeaders) == 0 {
		return nil, d.fault(e.key, r.id, "the authorizer "+name+" caches its answers without an identity source to tell callers apart", "name Identity.Headers, or set ReauthorizeEvery: 0")
	}
	return a, nil
}

// authorizerFunction finds the function whose ARN, or whose alias's ARN, FunctionArn is.
func (d *document) authorizerFunction(r *resource, name string, e entry, n *yaml.Node) (string, error) {
	if n == nil {
		return "", d.fault(e.key, r.id, "the authorizer "+name+" has no FunctionArn", "point it to a function's Arn")
	}
	arn, err := d.text(r.id, name+".FunctionArn", n)
	if err != nil {
		return "", err
	}
	for _, candidate := range d.created() {
		if candidate.kind != typeFunction {
			continue
		}
		own, err := d.arn(candidate)
		if err != nil {
			return "", err
		}
		alias, err := d.aliasARN(candidate)
		if err != nil {
			return "", err
		}
		if arn == own || arn == alias {
			return candidate.id, nil
		}
	}
	if id, ok := d.options.Elsewhere[arn]; ok {
		return id, nil
	}
	return "", d.fault(n, r.id, "the authorizer "+name+" names no function of this template", "use !GetAtt <function>.Arn, or !Ref <function>.Alias")
}

package template

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// generated is a reference to what SAM makes of a resource: Function.Alias is the ARN of the alias that AutoPublishAlias
// names, Api.Stage the stage's name. AWS SAM Developer Guide, "Referencing generated CloudFormation resources".
func (d *document) generated(id, target, property string, site *yaml.Node) (*yaml.Node, error) {
	r, err := d.find(id, target, site)
	if err != nil {
		return nil, err
	}
	switch {
	case r.kind == typeFunction && property == "Alias":
		arn, err := d.aliasARN(r)
		if err != nil {
			return nil, err
		}
		if arn == "" {
			return nil, d.fault(site, id, fmt.Sprintf("it refers to the alias of %s, which has none", target), "give it AutoPublishAlias, or use !GetAtt "+target+".Arn")
		}
		return textNode(site, arn), nil
	case r.kind == typeAPI && property == "Stage":
		m, err := d.withGlobals(r, "Api", "StageName")
		if err != nil {
			return nil, err
		}
		name, err := d.stageName(r, m.get("StageName"))
		if err != nil {
			return nil, err
		}
		return textNode(site, name), nil
	}
	return nil, d.fault(site, id, fmt.Sprintf("it refers to %s.%s, which the local run does not know", target, property), "use a function's Alias or an API's Stage")
}

// aliasARN is the ARN of a function's alias, empty if it has none. Here the alias always points to the one version there is.
func (d *document) aliasARN(r *resource) (string, error) {
	m, err := d.withGlobals(r, "Function", "AutoPublishAlias")
	if err != nil || m.get("AutoPublishAlias") == nil {
		return "", err
	}
	name, err := d.text(r.id, "AutoPublishAlias", m.get("AutoPublishAlias"))
	if err != nil {
		return "", err
	}
	// AWS Lambda API Reference, CreateAlias, Name.
	if !regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`).MatchString(name) || strings.Trim(name, "0123456789") == "" {
		return "", d.fault(m.get("AutoPublishAlias"), r.id, fmt.Sprintf("AutoPublishAlias is %q", name), "use letters, digits, hyphens and underscores, at most 128, and not digits alone")
	}
	arn, err := d.arn(r)
	return arn + ":" + name, err
}

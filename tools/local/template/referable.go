package template

import "gopkg.in/yaml.v3"

// isReferable tells whether SAM knows the property of a resource by which something that it makes can be had.
func (d *document) isReferable(name, property string) bool {
	r := d.resources[name]
	if r == nil {
		return false
	}
	switch {
	case r.kind == typeFunction && (property == "Alias" || property == "Version"):
		return d.has(r, "Function", "AutoPublishAlias")
	case r.kind == typeFunction && (property == "DestinationTopic" || property == "DestinationQueue"):
		return d.has(r, "Function", "EventInvokeConfig")
	case r.kind == typeAPI && property == "DomainName":
		return d.has(r, "Api", "Domain")
	}
	return r.kind == typeAPI && (property == "Stage" || property == "Deployment")
}

// hasAttribute tells whether Fn::GetAtt knows an attribute, as far as it is known here.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html#aws-resource-lambda-function-return-values
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-restapi.html#aws-resource-apigateway-restapi-return-values
func hasAttribute(kind, attribute string) bool {
	switch kind {
	case typeFunction:
		return attribute == "Arn" || attribute == "SnapStartResponse.ApplyOn" || attribute == "SnapStartResponse.OptimizationStatus"
	case typeAPI:
		return attribute == "RestApiId" || attribute == "RootResourceId"
	}
	return true
}

// has tells whether a resource has a property, of its own or by Globals.
func (d *document) has(r *resource, section, property string) bool {
	return !isNull(d.raw(r, section, property))
}

// raw gives a property as it is written, not evaluated and not merged: of the resource, or else of Globals. It is nil if there is none.
func (d *document) raw(r *resource, section, property string) *yaml.Node {
	if properties, err := d.mapping(r.id, "Properties", r.properties); err == nil && properties.get(property) != nil {
		return properties.get(property)
	}
	if globals, err := d.mapping("Globals", section, d.globals.get(section)); err == nil {
		return globals.get(property)
	}
	return nil
}

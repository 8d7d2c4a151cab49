package template

import (
	"crypto/sha1" //nolint:gosec // SAM's own way to make names, no protection
	"encoding/hex"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// What SAM makes of a template has names of its own, and some can be had as properties of what they are made of.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-api.html
// The permissions of events and authorizers, which are not documented, are named as SAM's transform names them.

// hash is how SAM ends a name when it stands for something that changes, or that may not be in a name.
const hash = "[0-9a-f]{10}"

// isMade tells whether a resource of this name is there once SAM is done: one of the template, or one made of it.
func (d *document) isMade(name string) (bool, error) {
	if d.resources[name] != nil {
		return true, nil
	}
	for _, r := range d.order {
		if r.kind == typeFunction && d.has(r, "Function", "DeploymentPreference") && (name == "CodeDeployServiceRole" || name == "ServerlessDeploymentApplication") {
			return true, nil
		}
		suffix, ok := strings.CutPrefix(name, r.id)
		if !ok {
			continue
		}
		var patterns []string
		var err error
		switch r.kind {
		case typeFunction:
			patterns, err = d.madeOfFunction(r)
		case typeAPI:
			patterns, err = d.madeOfAPI(r)
		}
		if err != nil {
			return false, err
		}
		if len(patterns) > 0 && regexp.MustCompile(`^(`+strings.Join(patterns, "|")+`)$`).MatchString(suffix) {
			return true, nil
		}
	}
	return false, nil
}

// madeOfFunction gives patterns of what follows a function's name in the names of what SAM makes of it.
func (d *document) madeOfFunction(r *resource) ([]string, error) {
	var all []string
	if !d.has(r, "Function", "Role") {
		all = append(all, "Role")
	}
	if d.has(r, "Function", "AutoPublishAlias") {
		m, err := d.withGlobals(r, "Function", "AutoPublishAlias")
		if err != nil {
			return nil, err
		}
		if alias := m.get("AutoPublishAlias"); alias != nil {
			all = append(all, "Version"+hash, "Alias"+regexp.QuoteMeta(strings.NewReplacer("-", "D", "_", "U").Replace(alias.Value)))
		}
	}
	for property, names := range map[string]string{
		"DeploymentPreference": "DeploymentGroup", "EventInvokeConfig": "EventInvokeConfig(On(Success|Failure)(Topic|Queue))?",
		"FunctionUrlConfig": "Url(PublicPermissions)?|URLInvokeAllowPublicAccess",
	} {
		if d.has(r, "Function", property) {
			all = append(all, names)
		}
	}
	events, err := d.madeOfEvents(r)
	return append(all, events...), err
}

// madeOfEvents gives them for the events of a function.
func (d *document) madeOfEvents(r *resource) ([]string, error) {
	properties, err := d.mapping(r.id, "Properties", r.properties)
	if err != nil {
		return nil, err
	}
	events, err := d.mapping(r.id, "Events", properties.get("Events"))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range events.entries {
		event, err := d.mapping(r.id, "the event "+e.key.Value, e.value)
		if err != nil {
			return nil, err
		}
		name, kind := regexp.QuoteMeta(e.key.Value), ""
		if n := event.get("Type"); n != nil {
			kind = n.Value
		}
		switch kind {
		case "Api":
			for _, api := range d.order {
				if api.kind == typeAPI {
					all = append(all, name+"Permission"+nameOrHash(d.stageInNames(api), "Stage"))
				}
			}
		case "Schedule", "CloudWatchEvent", "EventBridgeRule", "CloudWatchLogs", "IoTRule", "SNS":
			all = append(all, name, name+"Permission")
		case "ScheduleV2":
			all = append(all, name, name+"Role")
		case "DynamoDB", "Kinesis", "MQ", "MSK", "SQS", "SelfManagedKafka", "DocumentDB":
			all = append(all, name)
		case "S3", "AlexaSkill":
			all = append(all, name+"Permission")
		case "Cognito":
			all = append(all, "CognitoPermission")
		}
	}
	return all, nil
}

// madeOfAPI gives patterns of what follows an API's name in the names of what SAM makes of it.
func (d *document) madeOfAPI(r *resource) ([]string, error) {
	all := []string{"Deployment" + hash}
	stage := d.stageInNames(r)
	if plain := nameOrHash(stage, ""); plain == stage {
		all = append(all, stage+"Stage")
	} else {
		all = append(all, "Stage"+plain)
	}
	if d.has(r, "Api", "Domain") {
		all = append(all, "[A-Za-z0-9]*BasePathMapping")
	}
	m, err := d.withGlobals(r, "Api", "Auth")
	if err != nil {
		return nil, err
	}
	auth, err := d.mapping(r.id, "Auth", m.get("Auth"))
	if err != nil {
		return nil, err
	}
	authorizers, err := d.mapping(r.id, "Auth.Authorizers", auth.get("Authorizers"))
	if err != nil {
		return nil, err
	}
	for _, e := range authorizers.entries {
		a, err := d.mapping(r.id, "the authorizer "+e.key.Value, e.value)
		if err != nil {
			return nil, err
		}
		if off := a.get("DisableFunctionDefaultPermissions"); isNull(off) || off.Value != "true" {
			all = append(all, regexp.QuoteMeta(e.key.Value)+"AuthorizerPermission")
		}
	}
	return all, nil
}

// stageInNames is the stage's name as SAM puts it in names: empty if the template computes it, be it with a Ref to a parameter.
func (d *document) stageInNames(r *resource) string {
	n := d.raw(r, "Api", "StageName")
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	if name, _ := intrinsic(n); name != "" {
		return ""
	}
	return n.Value
}

// nameOrHash is a text as SAM puts it in a name, or what it puts for an empty one.
func nameOrHash(text, empty string) string {
	if text == "" {
		return empty
	}
	if regexp.MustCompile(`^[A-Za-z0-9]+$`).MatchString(text) {
		return text
	}
	sum := sha1.Sum([]byte(text)) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])[:10]
}

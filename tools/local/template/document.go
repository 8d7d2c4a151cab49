package template

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Resource types that are served locally.
const (
	typeFunction = "AWS::Serverless::Function"
	typeAPI      = "AWS::Serverless::Api"
	typeTable    = "AWS::DynamoDB::Table"
	typeKey      = "AWS::KMS::Key"
	typeAlias    = "AWS::KMS::Alias"
)

// serverlessTransform is what gives AWS::Serverless types their meaning.
const serverlessTransform = "AWS::Serverless-2016-10-31"

// document is a parsed template. Its sections are evaluated as they are asked for.
type document struct {
	file       string
	options    Options
	sections   mapping
	parameters map[string]*yaml.Node // a value each: text, or a list of texts
	conditions map[string]*condition
	resources  map[string]*resource
	order      []*resource
	globals    mapping
	made       []string // see arns
	visited    int      // nodes evaluated so far, see maxVisited
}

// resource is one entry of the section Resources.
type resource struct {
	id, kind   string
	line       int
	properties *yaml.Node // not evaluated; nil if there are none
	absent     bool       // its Condition is false
}

// parse reads the sections and decides parameters and which resources there are.
func parse(file string, text []byte, o Options) (*document, error) {
	d := &document{file: file, options: o, resources: map[string]*resource{}}
	root, err := d.root(text)
	if err != nil {
		return nil, err
	}
	sections, err := d.mapping("", "the template", root)
	if err != nil {
		return nil, err
	}
	if err := d.checkTransform(sections); err != nil {
		return nil, err
	}
	if err := d.readParameters(sections); err != nil {
		return nil, err
	}
	if err := d.readConditions(sections); err != nil {
		return nil, err
	}
	if d.globals, err = d.mapping("", "Globals", sections.get("Globals")); err != nil {
		return nil, err
	}
	d.sections = sections
	return d, d.readResources(sections, root)
}

// root parses the text as one YAML document.
func (d *document) root(text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:1: the template is empty; write its Resources", d.file)
	} else if err != nil {
		return nil, d.syntaxFault(err)
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		return nil, d.fault(&second, "", "a second YAML document begins here", "keep one document in a template")
	} else if !errors.Is(err, io.EOF) {
		return nil, d.syntaxFault(err)
	}
	return document.Content[0], nil
}

// checkTransform makes sure that AWS::Serverless types are what SAM says they are.
func (d *document) checkTransform(sections mapping) error {
	transform := sections.get("Transform")
	if transform == nil {
		return d.fault(sections.node, "", "Transform is missing", "add Transform: "+serverlessTransform)
	}
	names := []*yaml.Node{transform}
	if transform.Kind == yaml.SequenceNode {
		names = transform.Content
	}
	for _, name := range names {
		if name.Kind != yaml.ScalarNode || name.Value != serverlessTransform {
			return d.fault(name, "", "a transform other than "+serverlessTransform, "remove it: the local run knows no other")
		}
	}
	return nil
}

func (d *document) readResources(sections mapping, root *yaml.Node) error {
	if sections.get("Resources") == nil {
		return d.fault(root, "", "Resources is missing", "declare the API, its functions and tables")
	}
	section, err := d.mapping("", "Resources", sections.get("Resources"))
	if err != nil {
		return err
	}
	for _, e := range section.entries {
		r, err := d.readResource(e)
		if err != nil {
			return err
		}
		d.resources[r.id] = r
		d.order = append(d.order, r)
	}
	return nil
}

func (d *document) readResource(e entry) (*resource, error) {
	r := &resource{id: e.key.Value, line: e.key.Line}
	m, err := d.mapping(r.id, "the resource", e.value)
	if err != nil {
		return nil, err
	}
	if r.kind, err = d.required(r.id, "the resource", m, "Type", e.key); err != nil {
		return nil, err
	}
	if instead := servedBy(r.kind); instead != "" {
		return nil, d.fault(m.get("Type"), r.id, r.kind+" is not served locally", "use "+instead)
	}
	if n := m.get("Connectors"); n != nil {
		return nil, d.fault(n, r.id, "Connectors grant permissions that the local run does not know", "write the statements under the function's Policies")
	}
	r.properties = m.get("Properties")
	if c := m.get("Condition"); c != nil {
		name, err := d.text(r.id, "Condition", c)
		if err != nil {
			return nil, err
		}
		holds, err := d.holds(r.id, name, c, 0)
		if err != nil {
			return nil, err
		}
		r.absent = !holds
	}
	return r, nil
}

// servedBy names what to use instead of a type whose absence would change what the API answers or what functions may do. Other types that the
// local run doesn't know (roles, log groups, alarms) change nothing, and are skipped.
func servedBy(kind string) string {
	switch kind {
	case "AWS::Serverless::HttpApi", "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Resource", "AWS::ApiGateway::Method",
		"AWS::ApiGateway::Authorizer", "AWS::ApiGateway::GatewayResponse":
		return typeAPI + " and functions' events of type Api"
	case "AWS::Serverless::SimpleTable":
		return typeTable
	case "AWS::Lambda::Function":
		return typeFunction
	case "AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy", "AWS::Serverless::Connector":
		return "the Policies of the function that it is for"
	}
	return ""
}

// created lists the resources that exist, by logical id.
func (d *document) created() []*resource {
	var present []*resource
	for _, r := range d.order {
		if !r.absent {
			present = append(present, r)
		}
	}
	slices.SortFunc(present, func(a, b *resource) int { return cmp.Compare(a.id, b.id) })
	return present
}

// physical gives what Ref gives for a resource that has no name of its own.
func (d *document) physical(r *resource) string {
	if d.options.Physical != nil {
		if name := d.options.Physical(r.id, r.kind); name != "" {
			return name
		}
	}
	return r.id
}

// fault is an error at a node: one line that says where, what is wrong and what to do.
func (d *document) fault(n *yaml.Node, logicalID, wrong, remedy string) error {
	line := 1
	if n != nil && n.Line > 0 {
		line = n.Line
	}
	if logicalID != "" {
		logicalID += ": "
	}
	return fmt.Errorf("%s:%d: %s%s; %s", d.file, line, logicalID, oneLine(wrong), oneLine(remedy))
}

// syntaxFault turns the YAML reader's error into a fault.
func (d *document) syntaxFault(err error) error {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := regexp.MustCompile(`^line (\d+): (.*)`).FindStringSubmatch(oneLine(message)); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			line, message = n, m[2]
		}
	}
	return fmt.Errorf("%s:%d: not valid YAML: %s; correct the line", d.file, line, oneLine(message))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

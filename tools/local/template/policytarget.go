package template

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"sallyport/tools/local/wildcard"
)

// checkTargets refuses a resource that is nothing of this template's, and an action of DynamoDB or KMS without a table, index or key to
// do it on. On AWS both would deploy, and grant nothing or what belongs to somebody else.
func (d *document) checkTargets(r *resource, what string, actions, resources []*yaml.Node) error {
	reached := map[string]bool{} // kinds of things that one of the resources is
	made, err := d.arns()
	if err != nil {
		return err
	}
	for _, n := range resources {
		found := false
		for _, arn := range made {
			if wildcard.Match(n.Value, arn) {
				found, reached[kindOf(arn)] = true, true
			}
		}
		if !found {
			return d.fault(n, r.id, fmt.Sprintf("%s has the Resource %q, which is no table, key or function of this template", what, n.Value),
				"write !GetAtt and the table's name with .Arn, or !Sub ${Table.Arn}/index/name")
		}
	}
	for _, n := range actions {
		if !regexp.MustCompile(`^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$`).MatchString(n.Value) {
			return d.fault(n, r.id, fmt.Sprintf("%s has the Action %q", what, n.Value), "write it as dynamodb:GetItem")
		}
		action := strings.ToLower(n.Value)
		service, _, _ := strings.Cut(action, ":")
		kind := map[string]string{"dynamodb": "table", "kms": "key"}[service]
		onIndex := reached["index"] && (wildcard.Match(action, "dynamodb:query") || wildcard.Match(action, "dynamodb:scan"))
		if kind != "" && !reached[kind] && !onIndex {
			return d.fault(n, r.id, fmt.Sprintf("%s names no %s for %s", what, kind, n.Value), "add the "+kind+"'s ARN to its Resource, or remove the action")
		}
	}
	return nil
}

// kindOf tells what an ARN of arns is of. An index can be queried and scanned, and nothing else can be done to it.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
func kindOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	switch kind := map[string]string{"dynamodb": "table", "kms": "key"}[parts[2]]; {
	case kind == "table" && strings.Contains(parts[5], "/index/"):
		return "index"
	case kind != "":
		return kind
	}
	return parts[2]
}

// arns lists the ARNs of what is served locally.
func (d *document) arns() ([]string, error) {
	if d.made != nil {
		return d.made, nil
	}
	var all []string
	for _, r := range d.created() {
		arn, err := d.arn(r)
		if err != nil {
			return nil, err
		}
		if arn != "" {
			all = append(all, arn)
		}
		if r.kind != typeTable {
			continue
		}
		t, err := d.table(r)
		if err != nil {
			return nil, err
		}
		for _, i := range t.Indexes {
			all = append(all, arn+"/index/"+i.Name)
		}
	}
	d.made = all
	return all, nil
}

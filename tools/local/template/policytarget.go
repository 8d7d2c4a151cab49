package template

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"sallyport/tools/local/wildcard"
)

// checkTargets refuses a resource that is nothing of this template's, and an action of DynamoDB or KMS without a table or key to
// do it on. On AWS both would deploy, and grant nothing or what belongs to somebody else.
func (d *document) checkTargets(r *resource, what string, actions, resources []*yaml.Node) error {
	reached := map[string]bool{} // services that one of the resources belongs to
	made, err := d.arns()
	if err != nil {
		return err
	}
	for _, n := range resources {
		found := false
		for _, arn := range made {
			if wildcard.Match(n.Value, arn) {
				found, reached[strings.Split(arn, ":")[2]] = true, true
			}
		}
		if !found {
			return d.fault(n, r.id, fmt.Sprintf("%s has the Resource %q, which is no table, key or function of this template", what, n.Value), "write !GetAtt and the table's name with .Arn")
		}
	}
	for _, n := range actions {
		if !regexp.MustCompile(`^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$`).MatchString(n.Value) {
			return d.fault(n, r.id, fmt.Sprintf("%s has the Action %q", what, n.Value), "write it as dynamodb:GetItem")
		}
		service, _, _ := strings.Cut(strings.ToLower(n.Value), ":")
		if kind := map[string]string{"dynamodb": "table", "kms": "key"}[service]; kind != "" && !reached[service] {
			return d.fault(n, r.id, fmt.Sprintf("%s names no %s for %s", what, kind, n.Value), "add the "+kind+"'s ARN to its Resource, or remove the action")
		}
	}
	return nil
}

// arns lists the ARNs of what is served locally.
func (d *document) arns() ([]string, error) {
	var all []string
	for _, r := range d.created() {
		arn, err := d.arn(r)
		if err != nil {
			return nil, err
		}
		if arn != "" {
			all = append(all, arn)
		}
	}
	return all, nil
}

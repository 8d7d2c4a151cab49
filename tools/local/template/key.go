package template

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// aliasForm is what KMS takes: https://docs.aws.amazon.com/kms/latest/developerguide/alias-create.html
var aliasForm = regexp.MustCompile(`^alias/[A-Za-z0-9/_-]{1,250}$`)

// nameKeys gives the stack's keys their aliases. An AWS::KMS::Alias of a key that is not the stack's changes nothing here.
func (d *document) nameKeys(keys []Key) error {
	for _, r := range d.created() {
		if r.kind != typeAlias {
			continue
		}
		properties, err := d.mapping(r.id, "Properties", r.properties)
		if err != nil {
			return err
		}
		name, err := d.aliasName(r, properties)
		if err != nil {
			return err
		}
		value, err := d.evaluate(r.id, properties.get("TargetKeyId"), 0)
		if err != nil {
			return err
		}
		if value == nil {
			return d.fault(&yaml.Node{Line: r.line}, r.id, "TargetKeyId is missing", "name the key")
		}
		target, err := d.text(r.id, "TargetKeyId", value)
		if err != nil {
			return err
		}
		for i, key := range keys {
			arn, err := d.arn(d.resources[key.LogicalID])
			if err != nil {
				return err
			}
			if target == key.ID || target == arn {
				keys[i].Alias = name
			}
		}
	}
	return nil
}

// aliasName refuses what KMS would refuse.
func (d *document) aliasName(r *resource, properties mapping) (string, error) {
	name, err := d.name(r)
	if err == nil && (!aliasForm.MatchString(name) || strings.HasPrefix(name, "alias/aws/")) {
		site := properties.get("AliasName")
		if site == nil {
			site = &yaml.Node{Line: r.line}
		}
		err = d.fault(site, r.id, fmt.Sprintf("the alias's name is %q", name),
			"begin it with alias/, though not alias/aws/, and go on with letters, digits, slashes, underscores and hyphens, 256 characters at most")
	}
	return name, err
}

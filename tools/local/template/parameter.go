package template

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Parameter types that the local run knows. CloudFormation User Guide, "Parameters".
const (
	parameterText   = "String"
	parameterNumber = "Number"
	parameterList   = "CommaDelimitedList"
)

// readParameters gives every parameter its value: the override, or else the default.
func (d *document) readParameters(sections mapping) error {
	section, err := d.mapping("", "Parameters", sections.get("Parameters"))
	if err != nil {
		return err
	}
	d.parameters = map[string]*yaml.Node{}
	for _, e := range section.entries {
		if d.parameters[e.key.Value], err = d.parameter(e); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.options.Parameters)) {
		if _, ok := d.parameters[name]; !ok {
			return d.fault(section.node, name, "the template has no such parameter", "use one of "+strings.Join(slices.Sorted(maps.Keys(d.parameters)), ", "))
		}
	}
	return nil
}

// parameter reads one declaration and checks the value that it gets.
func (d *document) parameter(e entry) (*yaml.Node, error) {
	name := e.key.Value
	m, err := d.mapping(name, "the parameter", e.value)
	if err != nil {
		return nil, err
	}
	if err := d.only(name, "the parameter", m, "Type", "Default", "Description", "AllowedValues", "AllowedPattern",
		"ConstraintDescription", "MinLength", "MaxLength", "MinValue", "MaxValue", "NoEcho"); err != nil {
		return nil, err
	}
	kind, err := d.required(name, "the parameter", m, "Type", e.key)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{parameterText, parameterNumber, parameterList}, kind) {
		return nil, d.fault(m.get("Type"), name, fmt.Sprintf("the parameter type %s is not known to the local run", kind), "use String, Number or CommaDelimitedList")
	}
	value, overridden := d.options.Parameters[name]
	if !overridden {
		if m.get("Default") == nil {
			return nil, d.fault(e.key, name, "the parameter has neither a default nor a value", "start with -param "+name+"=…")
		}
		if value, err = d.text(name, "Default", m.get("Default")); err != nil {
			return nil, err
		}
	}
	values := []string{value}
	if kind == parameterList {
		values = strings.Split(value, ",")
		for i := range values {
			values[i] = strings.TrimSpace(values[i])
		}
	}
	for _, one := range values {
		if err := d.constrain(name, kind, one, m, e.key); err != nil {
			return nil, err
		}
	}
	if kind == parameterList {
		return listNode(e.key, values), nil
	}
	return textNode(e.key, value), nil
}

// constrain applies a parameter's constraints to one value of it.
func (d *document) constrain(name, kind, value string, m mapping, site *yaml.Node) error {
	refuse := func(rule string) error {
		if why := m.get("ConstraintDescription"); why != nil && why.Kind == yaml.ScalarNode {
			rule += " (" + why.Value + ")"
		}
		return d.fault(site, name, fmt.Sprintf("the value %q is not allowed", value), "give one "+rule)
	}
	if allowed := m.get("AllowedValues"); allowed != nil {
		list, err := d.texts(name, "AllowedValues", allowed)
		if err != nil {
			return err
		}
		if !slices.Contains(list, value) {
			return refuse("of " + strings.Join(list, ", "))
		}
	}
	if pattern := m.get("AllowedPattern"); pattern != nil {
		text, err := d.text(name, "AllowedPattern", pattern)
		if err != nil {
			return err
		}
		whole, err := regexp.Compile(`^(?:` + text + `)$`) // CloudFormation matches the whole value
		if err != nil {
			return d.fault(pattern, name, "AllowedPattern is not a regular expression", "correct it")
		}
		if !whole.MatchString(value) {
			return refuse("that matches " + text)
		}
	}
	size := float64(utf8.RuneCountInString(value))
	if err := d.bound(name, m, "MinLength", "MaxLength", size, refuse); err != nil {
		return err
	}
	if kind != parameterNumber {
		return nil
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil || strings.Trim(value, "0123456789+-.eE") != "" { // ParseFloat takes NaN, infinities and hexadecimal too
		return refuse("that is a number")
	}
	return d.bound(name, m, "MinValue", "MaxValue", number, refuse)
}

// bound checks a number against a lower and an upper limit, either of which may be missing.
func (d *document) bound(name string, m mapping, low, high string, number float64, refuse func(string) error) error {
	for _, key := range []string{low, high} {
		if m.get(key) == nil {
			continue
		}
		text, err := d.text(name, key, m.get(key))
		if err != nil {
			return err
		}
		limit, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return d.fault(m.get(key), name, key+" is not a number", "correct it")
		}
		if key == low && number < limit || key == high && number > limit {
			return refuse(fmt.Sprintf("within %s %s", key, text))
		}
	}
	return nil
}

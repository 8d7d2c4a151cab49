package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sallyport/tools/openapi"
)

// members writes a table of an object's members, those of objects inside it below them.
func (w *writer) members(schema openapi.Schema) {
	object := resolved(w, w.document.Schema, schema)
	if len(object.OneOf) > 0 {
		for i, one := range object.OneOf {
			if i > 0 {
				w.line("")
			}
			w.line("%s\n", cell(one.Description))
			w.members(one)
		}
		return
	}
	w.line("| member | value | meaning |\n|---|---|---|")
	w.rows("", object)
}

func (w *writer) rows(above string, object openapi.Schema) {
	for _, member := range object.Properties {
		schema := resolved(w, w.document.Schema, member.Value)
		name := above + member.Name
		optional := ""
		if !slices.Contains(object.Required, member.Name) {
			optional = "optional; "
		}
		value := w.value(member.Value)
		if value == "object" {
			value = "an object"
		}
		if member.Value.Ref != "" && member.Value.Default != nil {
			value += fmt.Sprintf(", else %v", show(member.Value.Default))
		}
		w.line("| `%s` | %s%s | %s |", name, optional, value, cell(cmp.Or(member.Value.Description, schema.Description)))
		switch {
		case schema.Type == "object":
			w.rows(name+".", schema)
		case schema.Items != nil:
			if item := resolved(w, w.document.Schema, *schema.Items); item.Type == "object" {
				w.rows(name+"[].", item)
			}
		}
	}
}

// value says what a value looks like. One that has a section of its own below is named by it.
func (w *writer) value(schema openapi.Schema) string {
	if name, ok := strings.CutPrefix(schema.Ref, "#/components/schemas/"); ok {
		of := resolved(w, w.document.Schema, schema)
		if isValue(of) {
			return fmt.Sprintf("[%s](#values)", name)
		}
		schema = of
	}
	return w.plain(schema)
}

// isValue reports whether a schema is one of the table of values: plain, and of a form that takes some words.
func isValue(schema openapi.Schema) bool {
	return schema.Type != "object" && schema.Type != "array" && len(schema.OneOf) == 0
}

// plain says it of a schema that is no reference.
func (w *writer) plain(schema openapi.Schema) string {
	var parts []string
	switch {
	case schema.Const != nil:
		parts = append(parts, show(schema.Const))
	case len(schema.Enum) > 0:
		var all []string
		for _, one := range schema.Enum {
			all = append(all, show(one))
		}
		parts = append(parts, strings.Join(all, ", "))
	case schema.Type == "array":
		parts = append(parts, "a list of "+w.value(*schema.Items))
	default:
		parts = append(parts, schema.Type)
	}
	if text := length(schema.MinItems, schema.MaxItems, "entries"); text != "" {
		parts = append(parts, text)
	}
	if text := length(schema.MinLength, schema.MaxLength, "characters"); text != "" {
		parts = append(parts, text)
	}
	switch {
	case schema.Minimum != nil && schema.Maximum != nil:
		parts = append(parts, fmt.Sprintf("%d to %d", *schema.Minimum, *schema.Maximum))
	case schema.Minimum != nil:
		parts = append(parts, fmt.Sprintf("at least %d", *schema.Minimum))
	}
	if schema.Pattern != "" {
		parts = append(parts, "`"+strings.ReplaceAll(schema.Pattern, "|", `\|`)+"`")
	}
	if schema.Default != nil {
		parts = append(parts, "else "+show(schema.Default))
	}
	return strings.Join(parts, ", ")
}

func length(low, high *int, of string) string {
	switch {
	case low != nil && high != nil && *low == *high:
		return fmt.Sprintf("%d %s", *low, of)
	case low != nil && high != nil:
		return fmt.Sprintf("%d to %d %s", *low, *high, of)
	case high != nil:
		return fmt.Sprintf("at most %d %s", *high, of)
	case low != nil && *low == 1:
		return "not empty"
	case low != nil:
		return fmt.Sprintf("at least %d %s", *low, of)
	}
	return ""
}

func show(value any) string {
	if text, ok := value.(string); ok {
		if text == "" {
			return "an empty string"
		}
		return "`" + text + "`"
	}
	return fmt.Sprint(value)
}

// values writes the table of the plain values that the routes name.
func (w *writer) values() {
	w.line("\n## Values\n")
	w.line("| name | form | meaning |\n|---|---|---|")
	for _, schema := range w.document.Components.Schemas {
		if isValue(schema.Value) {
			w.line("| %s | %s | %s |", schema.Name, w.plain(schema.Value), cell(schema.Value.Description))
		}
	}
}

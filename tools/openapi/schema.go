package openapi

// Schema is a JSON Schema (draft 2020-12), as far as it is shown to a reader. Package check compiles the same text whole.
type Schema struct {
	Ref                  string          `yaml:"$ref"`
	Type                 string          `yaml:"type"`
	Description          string          `yaml:"description"`
	Properties           Ordered[Schema] `yaml:"properties"`
	Required             []string        `yaml:"required"`
	AdditionalProperties any             `yaml:"additionalProperties"` // false, or a schema
	PropertyNames        map[string]any  `yaml:"propertyNames"`
	MinProperties        *int            `yaml:"minProperties"`
	DependentRequired    map[string]any  `yaml:"dependentRequired"`
	Items                *Schema         `yaml:"items"`
	MinItems             *int            `yaml:"minItems"`
	MaxItems             *int            `yaml:"maxItems"`
	UniqueItems          bool            `yaml:"uniqueItems"`
	OneOf                []Schema        `yaml:"oneOf"`
	Enum                 []any           `yaml:"enum"`
	Const                any             `yaml:"const"`
	Default              any             `yaml:"default"`
	MinLength            *int            `yaml:"minLength"`
	MaxLength            *int            `yaml:"maxLength"`
	Pattern              string          `yaml:"pattern"`
	Format               string          `yaml:"format"`
	Minimum              *int64          `yaml:"minimum"`
	Maximum              *int64          `yaml:"maximum"`
}

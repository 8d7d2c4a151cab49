// Package openapi reads docs/openapi.yaml, the description of the API (OpenAPI 3.1.1). It knows the part of the standard that the
// description uses, and refuses what it does not know, so that nothing stands there that the tests and the page pass over.
// Package check holds answers to it. Tests and tools/reference use both; nothing that is deployed does.
package openapi

// Document is the whole description.
type Document struct {
	OpenAPI    string           `yaml:"openapi"`
	Info       Info             `yaml:"info"`
	Servers    []Server         `yaml:"servers"`
	Tags       []Tag            `yaml:"tags"`
	Paths      Ordered[Methods] `yaml:"paths"`
	Components Components       `yaml:"components"`
}

// Info says what the API is.
type Info struct {
	Title       string `yaml:"title"`
	Summary     string `yaml:"summary"`
	Version     string `yaml:"version"`
	Description string `yaml:"description"`
}

// Server is where the API answers.
type Server struct {
	URL         string            `yaml:"url"`
	Description string            `yaml:"description"`
	Variables   Ordered[Variable] `yaml:"variables"`
}

// Variable is a part of a server's URL.
type Variable struct {
	Default     string   `yaml:"default"`
	Enum        []string `yaml:"enum"`
	Description string   `yaml:"description"`
}

// Tag is a group of operations.
type Tag struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
}

// Methods are the operations of a path, by method in small letters.
type Methods = Ordered[Operation]

// Operation is a method of a path.
type Operation struct {
	ID          string                `yaml:"operationId"`
	Tags        []string              `yaml:"tags"`
	Summary     string                `yaml:"summary"`
	Description string                `yaml:"description"`
	Security    []map[string][]string `yaml:"security"` // a scheme with the one role that it asks for, none for any role; any one of them will do
	Parameters  []Parameter           `yaml:"parameters"`
	RequestBody *RequestBody          `yaml:"requestBody"`
	Responses   Ordered[Response]     `yaml:"responses"`
}

// Parameter is a part of the path or of the query.
type Parameter struct {
	Ref         string `yaml:"$ref"`
	Name        string `yaml:"name"`
	In          string `yaml:"in"`
	Description string `yaml:"description"`
	Required    bool   `yaml:"required"`
	Schema      Schema `yaml:"schema"`
	Example     any    `yaml:"example"`
}

// RequestBody is what an operation takes.
type RequestBody struct {
	Description string           `yaml:"description"`
	Required    bool             `yaml:"required"`
	Content     Ordered[Content] `yaml:"content"`
}

// Response is an answer.
type Response struct {
	Ref         string           `yaml:"$ref"`
	Description string           `yaml:"description"`
	Headers     Ordered[Header]  `yaml:"headers"`
	Content     Ordered[Content] `yaml:"content"`
	Links       Ordered[Link]    `yaml:"links"`
}

// Header is a header of an answer.
type Header struct {
	Ref         string `yaml:"$ref"`
	Description string `yaml:"description"`
	Required    bool   `yaml:"required"`
	Schema      Schema `yaml:"schema"`
	Example     any    `yaml:"example"`
}

// Content is a body of one media type.
type Content struct {
	Schema   Schema           `yaml:"schema"`
	Examples Ordered[Example] `yaml:"examples"`
}

// Example is a value with what it shows.
type Example struct {
	Summary string `yaml:"summary"`
	Value   Value  `yaml:"value"`
}

// Link says which call may follow an answer, and what of the answer it takes.
type Link struct {
	OperationID string            `yaml:"operationId"`
	Description string            `yaml:"description"`
	Parameters  map[string]string `yaml:"parameters"`
	RequestBody map[string]any    `yaml:"requestBody"`
	Tester      map[string]any    `yaml:"x-schemathesis"` // how schemathesis uses it
}

// Components are what several operations share.
type Components struct {
	SecuritySchemes Ordered[SecurityScheme] `yaml:"securitySchemes"`
	Parameters      Ordered[Parameter]      `yaml:"parameters"`
	Headers         Ordered[Header]         `yaml:"headers"`
	Responses       Ordered[Response]       `yaml:"responses"`
	Schemas         Ordered[Schema]         `yaml:"schemas"`
}

// SecurityScheme is a way to say who one is.
type SecurityScheme struct {
	Type         string `yaml:"type"`
	Scheme       string `yaml:"scheme"`
	BearerFormat string `yaml:"bearerFormat"`
	Description  string `yaml:"description"`
}

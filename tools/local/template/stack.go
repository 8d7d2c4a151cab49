package template

import "time"

// Stack is what the local run needs to know of a template.
type Stack struct {
	API       API
	Functions []Function // by logical id
	Tables    []Table    // by logical id
	Keys      []Key      // by logical id
}

// Function is an AWS::Serverless::Function, with Globals.Function merged in.
type Function struct {
	LogicalID   string
	Line        int           // where the template declares it
	CodeDir     string        // CodeUri as an absolute path of a folder that exists
	Timeout     time.Duration // 1 s to 900 s; 3 s unless the template says otherwise, as on AWS
	MemoryMiB   int           // 128 to 10,240; 128 unless the template says otherwise, as on AWS
	Environment map[string]string
	Statements  []Statement // of its Policies, in template order; what none of them allows, the function may not do
}

// Statement is one statement of a function's policies. IAM User Guide, "IAM JSON policy element reference".
type Statement struct {
	Sid        string // empty if it has none
	Line       int
	Deny       bool
	Actions    []string    // as "dynamodb:GetItem", in any case; * and ? are wildcards
	Resources  []string    // ARNs, with wildcards; each matches at least one thing that the template makes
	Conditions []Condition // all of which must hold
}

// Condition compares one key of a call's context with values, of which one must match (or none, if the operator is a negation).
type Condition struct {
	Operator string // StringEquals, StringLike, StringNotEquals or StringNotLike; the first two also after ForAllValues: or ForAnyValue:
	Key      string // as "kms:EncryptionContext:stage", in any case
	Values   []string
}

// Table is an AWS::DynamoDB::Table.
type Table struct {
	LogicalID    string
	Line         int
	Name         string // what Ref gives: TableName where the template sets it, else Options.Physical
	PartitionKey KeyAttribute
	SortKey      KeyAttribute // its Name is empty if the table has none
	Indexes      []Index      // global secondary ones, in template order
	TTLAttribute string       // empty if the table has none, or has it disabled
}

// Index is a global secondary index of a table.
type Index struct {
	Name         string
	PartitionKey KeyAttribute
	SortKey      KeyAttribute // its Name is empty if the index has none
	Projection   string       // ALL, KEYS_ONLY or INCLUDE
	Attributes   []string     // what INCLUDE adds to the keys
}

// KeyAttribute is one attribute of the key of a table or an index. Type is S, N or B.
type KeyAttribute struct{ Name, Type string }

// Key is an AWS::KMS::Key.
type Key struct {
	LogicalID string
	Line      int
	ID        string // what Ref gives
	Alias     string // the name of an AWS::KMS::Alias that targets the key, "alias/…"; empty if there is none
}

// API is the template's one AWS::Serverless::Api with the routes that the functions' events add to it.
type API struct {
	LogicalID        string
	Line             int // where the template declares it
	StageName        string
	Authorizer       *Authorizer // nil if the API has none
	Routes           []Route     // in template order, then what Cors adds; no two match the same method of the same resource
	GatewayResponses map[string]GatewayResponse
	StageVariables   map[string]string // nil if the stage has none
	BinaryMediaTypes []string          // as image/png, image/* or */*
}

// Authorizer is a Lambda authorizer of type REQUEST.
type Authorizer struct {
	Name       string
	FunctionID string // logical id of the function that decides
	// ResultTTL is how long an answer is cached by the values of the identity sources; zero is never.
	// Unset in the template means 300 s, as on AWS.
	ResultTTL time.Duration
	// IdentityHeaders are the identity sources: a request that lacks one of them is refused without a call.
	// They are never empty when ResultTTL is positive.
	IdentityHeaders []string
}

// Route is one method of one resource.
type Route struct {
	Method     string // in capitals, or ANY
	Resource   string // the path, as "/things/{id}" or "/{proxy+}"
	FunctionID string // logical id of the function behind it; empty for a preflight
	Authorized bool   // whether API.Authorizer decides first
	Line       int    // of the event
	Preflight  *Preflight
	Throttle   *Throttle // nil: no limit is set
}

// Preflight is the answer of an OPTIONS method that Cors adds. No function is behind it.
type Preflight struct{ Headers map[string]string }

// GatewayResponse customises what the gateway itself answers for one response type.
type GatewayResponse struct {
	StatusCode int               // 0: the type's own
	Headers    map[string]string // mapping expressions, see CheckHeaderMapping
	Templates  map[string]string // bodies by content type, see CheckBodyTemplate
}

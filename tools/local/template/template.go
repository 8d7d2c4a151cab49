// Package template reads the parts of an AWS SAM template that a local run serves: the API with its routes, its
// authorizer and its gateway responses, the functions, the tables and the keys. Everything else is left unread, but for the
// names that it refers to.
//
// Load refuses what it doesn't know rather than guess: a template that loads is served as AWS would serve it.
package template

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Pseudo parameters have the values that a template sees in the local run; StackName unless Options give the stack another name.
// AWS CloudFormation User Guide, "Pseudo parameters reference".
const (
	Region    = "us-east-1"
	AccountID = "123456789012"
	Partition = "aws"
	StackName = "sallyport-local"
	URLSuffix = "amazonaws.com"
)

// maxFileBytes is the largest template that CloudFormation takes. CloudFormation User Guide, "Quotas": 1 MB.
const maxFileBytes = 1 << 20

// Options say what a template leaves open.
type Options struct {
	// StackName is the stack's name, empty for the constant StackName. See CheckStackName.
	StackName string
	// Parameters overrides the parameters' defaults. An unknown name, or a value that the parameter's own constraints
	// refuse, is an error.
	Parameters map[string]string
	// Physical gives what Ref gives for a resource: a table's name, a key's id. Nil, or an empty answer, means the
	// logical id.
	Physical func(logicalID, resourceType string) string
	// Elsewhere are functions of another stack, logical ids by ARN. One of them may be the API's authorizer.
	Elsewhere map[string]string
}

func (o Options) stackName() string { return cmp.Or(o.StackName, StackName) }

// CheckStackName refuses what CloudFormation would not take for a stack's name.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
func CheckStackName(name string) error {
	if !regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,127}$`).MatchString(name) {
		return fmt.Errorf("%q is no name of a stack: begin with a letter, and use letters, digits and hyphens, at most 128", name)
	}
	return nil
}

// Load reads the template at path. Folders in it are relative to its own folder, as for the SAM CLI.
//
// An error is one line: file, line number, logical id where there is one, what is wrong, and what to do about it.
func Load(path string, o Options) (*Stack, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	if info.Size() > maxFileBytes {
		return nil, fmt.Errorf("%s: the template is larger than the 1 MB that CloudFormation takes; split it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("find the template's folder: %w", err)
	}
	d, err := parse(path, text, o)
	if err != nil {
		return nil, err
	}
	s, err := d.stack(folder)
	if err != nil {
		return nil, err
	}
	if err := d.checkReferences(); err != nil {
		return nil, err
	}
	return s, nil
}

// stack builds the Stack, functions first: routes and the authorizer name them.
func (d *document) stack(folder string) (*Stack, error) {
	s := &Stack{}
	for _, r := range d.created() {
		switch r.kind {
		case typeFunction:
			f, err := d.function(r, folder)
			if err != nil {
				return nil, err
			}
			s.Functions = append(s.Functions, f)
		case typeTable:
			t, err := d.table(r)
			if err != nil {
				return nil, err
			}
			s.Tables = append(s.Tables, t)
		case typeKey:
			s.Keys = append(s.Keys, Key{LogicalID: r.id, Line: r.line, ID: d.physical(r)})
		}
	}
	if err := d.nameKeys(s.Keys); err != nil {
		return nil, err
	}
	api, err := d.api()
	if err != nil {
		return nil, err
	}
	s.API = api
	return s, nil
}

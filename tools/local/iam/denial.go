package iam

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"sallyport/tools/local/template"
)

// Denial is a refused call: who may not do what, and where to look in the template.
type Denial struct {
	FunctionID string // the function's logical id
	Action     string
	Resource   string // * if the call could not be read so far
	Reason     string
	Line       int  // of the statement that decided, or else of the function
	Explicit   bool // a statement denies it; otherwise none allows it
}

func newDenial(f *template.Function, r Request, d Decision) *Denial {
	denial := &Denial{FunctionID: f.LogicalID, Action: r.Action, Resource: r.Resource, Line: f.Line, Reason: "no statement of its policies allows it"}
	switch {
	case d.By != nil:
		denial.Explicit, denial.Line, denial.Reason = true, d.By.Line, "its "+name(d.By)+" denies it"
	case d.Unmet != nil:
		denial.Line, denial.Reason = d.Unmet.Line, "the conditions of its "+name(d.Unmet)+" do not hold"
	}
	return denial
}

func name(s *template.Statement) string {
	if s.Sid == "" {
		return "statement"
	}
	return "statement " + s.Sid
}

// String is one line for whoever runs the system.
func (d Denial) String() string {
	line := fmt.Sprintf("%s may not %s on %s: %s", d.FunctionID, d.Action, d.Resource, d.Reason)
	return strings.Map(func(r rune) rune { // parts of it come from the call
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, line)
}

// message words the refusal as AWS does.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func (d Denial) message(stackName string) string {
	// SAM names the role after the function; the session is named after the function too.
	// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html
	user := fmt.Sprintf("arn:%s:sts::%s:assumed-role/%[3]s-%[4]sRole/%[3]s-%[4]s", template.Partition, template.AccountID, stackName, d.FunctionID)
	why := fmt.Sprintf("because no identity-based policy allows the %s action", d.Action)
	if d.Explicit {
		why = "with an explicit deny in an identity-based policy"
	}
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s %s", user, d.Action, d.Resource, why)
}

// errorBody is the body of an error of the AWS JSON protocol.
func errorBody(kind, message string) []byte {
	body, err := json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"Message"`
	}{kind, message})
	if err != nil {
		panic(err) // strings always marshal
	}
	return body
}

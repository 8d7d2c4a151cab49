// Package stacktest stands in for CloudFormation, in tests of what looks for a deployed stack.
package stacktest

import (
	"encoding/xml"
	"fmt"
	"net/http"
)

// Stack answers DescribeStacks as CloudFormation does (query protocol, XML) if the one stack that there is has been asked for. It wants
// a signed request.
type Stack struct {
	Name       string
	Outputs    map[string]string
	Parameters map[string]string
}

// The shape of the answer: CloudFormation API Reference, DescribeStacks.
type (
	output struct {
		Key   string `xml:"OutputKey"`
		Value string `xml:"OutputValue"`
	}
	parameter struct {
		Key   string `xml:"ParameterKey"`
		Value string `xml:"ParameterValue"`
	}
	member struct {
		Name       string      `xml:"StackName"`
		Status     string      `xml:"StackStatus"`
		Created    string      `xml:"CreationTime"`
		Outputs    []output    `xml:"Outputs>member"`
		Parameters []parameter `xml:"Parameters>member"`
	}
	response struct {
		XMLName xml.Name `xml:"DescribeStacksResponse"`
		Stacks  []member `xml:"DescribeStacksResult>Stacks>member"`
	}
)

func (s Stack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch action, name := r.FormValue("Action"), r.FormValue("StackName"); {
	case action != "DescribeStacks" || r.Header.Get("Authorization") == "":
		Refusal{"InvalidAction", "unexpected call " + action}.ServeHTTP(w, r)
		return
	case name != s.Name:
		Refusal{"ValidationError", "Stack with id " + name + " does not exist"}.ServeHTTP(w, r)
		return
	}
	found := member{Name: s.Name, Status: "CREATE_COMPLETE", Created: "2026-11-23T12:00:00Z"}
	for key, value := range s.Outputs {
		found.Outputs = append(found.Outputs, output{key, value})
	}
	for key, value := range s.Parameters {
		found.Parameters = append(found.Parameters, parameter{key, value})
	}
	w.Header().Set("Content-Type", "text/xml")
	if err := xml.NewEncoder(w).Encode(response{Stacks: []member{found}}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// Refusal answers every call with an error of the query protocol.
type Refusal struct{ Code, Message string }

func (f Refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	status := http.StatusBadRequest
	if f.Code == "AccessDenied" {
		status = http.StatusForbidden
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>", f.Code, f.Message)
}

// Package script tells the fixture's functions what to do: a request carries the script of the answer that its row needs,
// so that two small functions stand for every authorizer and every handler of the table.
package script

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Headers that carry a script. The authorizer takes its own header first, then the credential.
const (
	Header           = "X-Script"
	AuthorizerHeader = "X-Authorizer-Script"
)

// Script is what a function does with one event: wait, then crash, fail or answer.
type Script struct {
	Name   string        `json:",omitempty"` // tells one row's script from another's that does the same
	Delay  time.Duration `json:",omitempty"`
	Crash  bool          `json:",omitempty"` // the process ends without an answer
	Error  string        `json:",omitempty"` // the handler returns an error with this text
	Answer string        `json:",omitempty"` // sent as it is, but for the placeholders below
	Fill   int           `json:",omitempty"` // how long FILL is
}

// Placeholders in an answer.
const (
	EventText = "{{event}}" // the event, as the inside of a JSON string
	MethodARN = "{{arn}}"   // methodArn of an authorizer's event
	StageARN  = "{{stage}}" // methodArn up to and with the stage and a slash
	Filling   = "{{fill}}"  // as many x as Fill says
)

// String encodes a script for a header.
func (s Script) String() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// Parse decodes a header. A scheme before it, as in an Authorization, is left out.
func Parse(header string) (Script, error) {
	var s Script
	if _, credential, ok := strings.Cut(header, " "); ok {
		header = credential
	}
	text, err := base64.RawURLEncoding.DecodeString(header)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		return s, fmt.Errorf("the script is not base64url of JSON: %w", err)
	}
	return s, nil
}

// Of returns the script in the first of the headers that an event has, or fallback if it has none.
func Of(event []byte, fallback Script, headers ...string) (Script, error) {
	var e struct {
		Headers map[string]string `json:"headers"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return Script{}, fmt.Errorf("the event is not JSON: %w", err)
	}
	for _, header := range headers {
		for name, value := range e.Headers {
			if strings.EqualFold(name, header) {
				return Parse(value)
			}
		}
	}
	return fallback, nil
}

// Run does what the script says.
func (s Script) Run(event []byte) ([]byte, error) {
	time.Sleep(s.Delay)
	switch {
	case s.Crash:
		os.Exit(1)
	case s.Error != "":
		return nil, errors.New(s.Error)
	}
	var e struct {
		MethodARN string `json:"methodArn"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, fmt.Errorf("the event is not JSON: %w", err)
	}
	quoted, err := json.Marshal(string(event))
	if err != nil {
		return nil, fmt.Errorf("quoting the event: %w", err)
	}
	stage := e.MethodARN
	if parts := strings.SplitN(stage, "/", 3); len(parts) == 3 {
		stage = parts[0] + "/" + parts[1] + "/"
	}
	return []byte(strings.NewReplacer(EventText, string(quoted[1:len(quoted)-1]), MethodARN, e.MethodARN, StageARN, stage,
		Filling, strings.Repeat("x", s.Fill)).Replace(s.Answer)), nil
}

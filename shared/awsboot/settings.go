// Package awsboot is what a function does before its first event: it reads its settings, builds the aws.Config that its
// clients share, and stops with one clear line if something is missing.
//
// A function's main is
//
//	func main() { awsboot.Run(realMain) }
//
//	func realMain(settings *awsboot.Settings, log *slog.Logger) error {
//		table := settings.Text("TOKENS_TABLE")
//		config := awsboot.Config(settings)
//		if err := settings.Err(); err != nil {
//			return err
//		}
//		// build clients and the domain, then hand the handler to lambda.Start
//	}
package awsboot

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Settings reads environment variables and remembers every one that is missing or wrong, so that a deployment is mended in
// one go. What a method returns is of use only once Err has returned nil.
type Settings struct {
	lookup   func(name string) (string, bool)
	problems []error
}

// NewSettings returns Settings that read through lookup: os.LookupEnv, or a test's map.
func NewSettings(lookup func(name string) (string, bool)) *Settings { return &Settings{lookup: lookup} }

// Err returns nil if all settings that were asked for are there and right. Else it names each of the others and says what
// it must be. It never repeats a value: that may be a secret in the wrong place.
func (s *Settings) Err() error {
	if len(s.problems) == 0 {
		return nil
	}
	texts := make([]string, len(s.problems))
	for i, problem := range s.problems {
		texts[i] = problem.Error()
	}
	return errors.New("environment variables: " + strings.Join(texts, "; "))
}

// Text reads a setting that must not be empty.
func (s *Settings) Text(name string) string {
	value, ok := s.lookup(name)
	if !ok || value == "" {
		s.refuse(name, "is not set")
	}
	return value
}

// Integer reads a whole number in decimal from low to high, both included.
func (s *Settings) Integer(name string, low, high int) int {
	text := s.Text(name)
	if text == "" {
		return 0
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < low || value > high {
		s.refuse(name, fmt.Sprintf("must be a whole number from %d to %d", low, high))
		return 0
	}
	return value
}

// Seconds reads a whole number of seconds from low to high, both included.
func (s *Settings) Seconds(name string, low, high time.Duration) time.Duration {
	return time.Duration(s.Integer(name, int(low/time.Second), int(high/time.Second))) * time.Second
}

// List reads a comma-separated list, each entry of which parse must accept; spaces around an entry are dropped. The list may
// be empty, but not unset.
func List[T any](s *Settings, name string, parse func(entry string) (T, bool)) []T {
	value, ok := s.lookup(name)
	if !ok {
		s.refuse(name, "is not set")
		return nil
	}
	if strings.TrimSpace(value) == "" {
		return nil
	}
	var list []T
	for entry := range strings.SplitSeq(value, ",") {
		parsed, ok := parse(strings.TrimSpace(entry))
		if !ok {
			s.refuse(name, "must be a comma-separated list of known names, or empty")
			return nil
		}
		list = append(list, parsed)
	}
	return list
}

// Optional reads a setting that may be empty, but not unset, and that parse must accept if it is not: what says what it must be. Of an
// empty one it returns the zero T.
func Optional[T any](s *Settings, name, what string, parse func(text string) (T, bool)) (parsed T) {
	text, ok := s.lookup(name)
	if !ok {
		s.refuse(name, "is not set")
	}
	if text == "" {
		return parsed
	}
	if parsed, ok = parse(text); !ok {
		s.refuse(name, "must be "+what+", or empty")
	}
	return parsed
}

// Optional reads a setting that may be unset or empty.
func (s *Settings) Optional(name string) string {
	value, _ := s.lookup(name)
	return value
}

func (s *Settings) refuse(name, problem string) {
	s.problems = append(s.problems, errors.New(name+" "+problem))
}

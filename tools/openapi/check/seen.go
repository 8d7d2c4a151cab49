package check

import (
	"fmt"
	"slices"
	"sync"

	"sallyport/tools/openapi"
)

// Seen is what a run of tests has seen of the API: which described answers were given, and which answers were not as described.
// Several goroutines may use it.
type Seen struct {
	checker *Checker

	mu     sync.Mutex
	given  map[string]int // "GET /dashboard 200" to how often
	faults map[string]int // what was wrong to how often
}

// See returns a Seen that holds answers to checker's description.
func See(checker *Checker) *Seen {
	return &Seen{checker: checker, given: map[string]int{}, faults: map[string]int{}}
}

// Document returns the description.
func (s *Seen) Document() *openapi.Document { return s.checker.Document }

// Answer takes an answer in.
func (s *Seen) Answer(a Answer) {
	route, err := s.checker.Answer(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.faults[err.Error()]++
	case route.Path != "":
		s.given[key(route, a.Status)]++
	}
}

func key(route openapi.Route, status any) string { return fmt.Sprintf("%s %v", route, status) }

// Faults returns what was not as described, each once, with how often.
func (s *Seen) Faults() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for fault, times := range s.faults {
		all = append(all, fmt.Sprintf("%s (%d times)", fault, times))
	}
	slices.Sort(all)
	return all
}

// Missing returns the described answers that were never given, as "GET /dashboard 200", but for those that without names with the
// reason why they can't be. One that without names and that was given is Needless.
func (s *Seen) Missing(without map[string]string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, route := range s.checker.Document.Routes() {
		for _, response := range route.Responses {
			name := key(route, response.Name)
			if s.given[name] == 0 && without[name] == "" {
				all = append(all, name)
			}
		}
	}
	return all
}

// Needless returns what without excuses though it was given, or is not described at all.
func (s *Seen) Needless(without map[string]string) []string {
	described := map[string]bool{}
	for _, route := range s.checker.Document.Routes() {
		for _, response := range route.Responses {
			described[key(route, response.Name)] = true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for name := range without {
		if s.given[name] > 0 || !described[name] {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// Package wildcard matches the patterns of IAM policies.
package wildcard

import "strings"

// Match matches as IAM does: * stands for any characters, slashes and colons included, or none, ? for exactly one.
// IAM User Guide, "IAM JSON policy elements: Resource". The time is at most the product of the lengths.
func Match(pattern, s string) bool {
	p, i := 0, 0
	star, mark := -1, 0 // the last * in the pattern, and where what it stands for ends
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// MatchAny tells whether one of the patterns matches s.
func MatchAny(patterns []string, s string) bool {
	for _, pattern := range patterns {
		if Match(pattern, s) {
			return true
		}
	}
	return false
}

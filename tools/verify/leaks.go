package main

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// window is how many bytes of a secret in a row count as a leak of it: so many do not turn up by chance.
const window = 8

// leaks finds secrets in stored bytes: any eight bytes in a row of one, as they are or in hexadecimal or base64.
//
// It looks for fragments by their first eight bytes, so that the time to search does not grow with the number of secrets.
type leaks struct {
	fragments map[[window]byte][]fragment
}

type fragment struct {
	content string
	name    string // of the secret
}

func newLeaks() *leaks { return &leaks{fragments: map[[window]byte][]fragment{}} }

// add makes a secret of at least eight bytes known, under the name to call it by.
func (l *leaks) add(name string, secret []byte) {
	for i := 0; i+window <= len(secret); i++ {
		part := secret[i : i+window]
		l.addFragment(name, string(part))
		l.addFragment(name, hex.EncodeToString(part))
		l.addFragment(name, strings.ToUpper(hex.EncodeToString(part)))
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			for shift := range 3 {
				l.addFragment(name, inside(encoding.EncodeToString, part, shift, 3, 4))
			}
		}
		for shift := range 5 {
			l.addFragment(name, inside(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString, part, shift, 5, 8))
		}
	}
}

// inside returns the characters that part becomes in the middle of something longer, where it begins shift bytes after a
// group's first: an encoding makes each group of groupBytes into groupCharacters. Characters that also depend on the
// neighbours are left out.
func inside(encode func([]byte) string, part []byte, shift, groupBytes, groupCharacters int) string {
	bits := groupBytes * 8 / groupCharacters
	encoded := encode(append(make([]byte, shift), part...))
	first := (shift*8 + bits - 1) / bits
	last := (shift + len(part)) * 8 / bits
	return encoded[first:last]
}

func (l *leaks) addFragment(name, content string) {
	first := [window]byte([]byte(content))
	for _, known := range l.fragments[first] {
		if known.content == content {
			return
		}
	}
	l.fragments[first] = append(l.fragments[first], fragment{content, name})
}

// find returns the name of a secret that the content gives away.
func (l *leaks) find(content []byte) (name string, found bool) {
	for i := 0; i+window <= len(content); i++ {
		for _, f := range l.fragments[[window]byte(content[i:])] {
			if bytes.HasPrefix(content[i:], []byte(f.content)) {
				return f.name, true
			}
		}
	}
	return "", false
}

// findIn returns the name of a secret that the row gives away, and where.
func (l *leaks) findIn(r row) (name, path string, found bool) {
	r.walk(func(at string, content []byte) {
		if !found {
			if name, found = l.find(content); found {
				path = at
			}
		}
	})
	return name, path, found
}

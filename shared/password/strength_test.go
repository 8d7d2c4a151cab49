package password

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCommonPasswordsAndTheUsernameAreRefused(t *testing.T) {
	const username = "zoë.müller"
	cases := []struct {
		name, typed string
		want        error
	}{
		{"a common password", "password1", ErrCommon},
		{"digits in order", "12345678", ErrCommon},
		{"one character repeated", "aaaaaaaa", ErrCommon},
		{"keys in order", "qwertyuiop", ErrCommon},
		{"in another case", "PassWord1", ErrCommon},
		{"a dictionary word", "breakfast", ErrCommon},
		{"the service's name", "SallyPort", ErrCommon},
		{"the username", "zoë.müller", ErrUsername},
		{"the username in another case", "Zoë.MÜLLER", ErrUsername},
		{"the username decomposed", "zoe\u0308.mu\u0308ller", ErrUsername},
		{"the username in wide letters", "ｚoë.müller", ErrUsername},
		{"a phrase of common words", "password breakfast", nil},
		{"a common password within", "password1-and-more", nil},
		{"the start of a listed word", "strawberr", nil},
		{"the end of a listed word", "trawberry", nil},
		{"the username within", "zoë.müller!", nil},
		{"no mixture of classes", "nvkqjzpwxbtr", nil},
		{"the remark of the list", "# Passwords", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := CheckStrength(prepare(t, c.typed), username); !errors.Is(err, c.want) {
				t.Errorf("%q: error %v, want %v", c.typed, err, c.want)
			}
		})
	}
}

// CheckStrength finds a word between two line ends and in lower case; a word in any other form would be a hole in the list.
func TestEveryWordOfTheListCanBeFound(t *testing.T) {
	remark, rest, _ := strings.Cut(common, "\n")
	if !strings.HasPrefix(remark, "# ") {
		t.Fatalf("the list starts with %q, not with a remark", remark)
	}
	list, ended := strings.CutSuffix(rest, "\n")
	if !ended {
		t.Fatal("the last word has no line end")
	}
	words := strings.Split(list, "\n")
	if len(words) != 41_621 {
		t.Errorf("%d words", len(words))
	}
	if !slices.IsSorted(words) || len(slices.Compact(slices.Clone(words))) != len(words) {
		t.Error("the list is not sorted, or holds a word twice")
	}
	for _, word := range words {
		if n := utf8.RuneCountInString(word); n < MinLength || word != strings.ToLower(word) {
			t.Errorf("%q can never be a folded password", word)
		}
	}
	for _, word := range []string{words[0], words[len(words)/2], words[len(words)-1]} {
		if err := CheckStrength(prepare(t, strings.ToUpper(word)), "somebody"); !errors.Is(err, ErrCommon) {
			t.Errorf("%q was accepted", word)
		}
	}
}

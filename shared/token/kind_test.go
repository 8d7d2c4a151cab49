package token_test

import (
	"errors"
	"strings"
	"testing"

	"sallyport/shared/token"
)

func TestATokenOfOneKindCannotStandInForAnotherKinds(t *testing.T) {
	key := []byte("key")
	for _, kind := range []token.Kind{token.Access, token.API} {
		minted := mint(key, token.Claims{Kind: kind, Role: 1, Expires: 1}).Reveal()
		parsed, err := token.Parse(minted)
		if err != nil || parsed.Kind() != kind {
			t.Fatalf("%s: %v, %v", kind, parsed.Kind(), err)
		}
		if claims, err := parsed.Verify(tagOf(key, parsed)); err != nil || claims.Kind != kind {
			t.Errorf("%s: %+v, %v", kind, claims, err)
		}
		tag := tagOf(key, parsed)
		other := token.APIPrefix + strings.TrimPrefix(minted, token.Prefix)
		if kind == token.API {
			other = token.Prefix + strings.TrimPrefix(minted, token.APIPrefix)
		}
		disguised, err := token.Parse(other)
		if err != nil || disguised.Kind() == kind {
			t.Fatalf("%s in disguise: %v", kind, err)
		}
		if tagOf(key, disguised) == tag {
			t.Errorf("%s: the tag does not cover the prefix", kind)
		}
		if _, err := disguised.Verify(tagOf(key, disguised)); !errors.Is(err, token.ErrSignature) {
			t.Errorf("%s in disguise: %v", kind, err)
		}
	}
}

func TestAKindReadsBackByItsNameOnly(t *testing.T) {
	for _, kind := range []token.Kind{token.Access, token.API} {
		if got, ok := token.ParseKind(kind.String()); !ok || got != kind {
			t.Errorf("%s reads as %v, %t", kind, got, ok)
		}
	}
	for _, text := range []string{"", "Session", "api", "spt_", "session "} {
		if kind, ok := token.ParseKind(text); ok {
			t.Errorf("%q reads as %v", text, kind)
		}
	}
}

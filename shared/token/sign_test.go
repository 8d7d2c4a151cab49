package token_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"testing"

	"sallyport/shared/secret"
	"sallyport/shared/token"
)

// mint signs with HMAC-SHA-256 under key, as package envelope does.
func mint(key []byte, c token.Claims) secret.Text {
	minted, err := token.Mint(c, func(message []byte) ([token.TagSize]byte, error) { return tag(key, message), nil })
	if err != nil {
		panic(err)
	}
	return minted
}

// tagOf is the tag that a token should have under key.
func tagOf(key []byte, u *token.Unverified) [token.TagSize]byte { return tag(key, u.Signed()) }

func tag(key, message []byte) [token.TagSize]byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return [token.TagSize]byte(mac.Sum(nil))
}

func TestNoTokenIsMintedWithoutASignature(t *testing.T) {
	broken := errors.New("no key")
	minted, err := token.Mint(token.Claims{}, func([]byte) ([token.TagSize]byte, error) { return [token.TagSize]byte{}, broken })
	if !errors.Is(err, broken) || minted.Reveal() != "" {
		t.Errorf("%q, %v", minted.Reveal(), err)
	}
}

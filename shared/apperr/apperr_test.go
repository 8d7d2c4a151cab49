package apperr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sallyport/shared/apperr"
)

func TestAnErrorNobodyClassifiedIsInternal(t *testing.T) {
	cause := errors.New("disk on fire")
	got := apperr.From(cause)
	if got.Code != apperr.Internal || !errors.Is(got, cause) || got.Detail != "" {
		t.Errorf("From(%v) = %+v", cause, got)
	}
}

func TestTheCodeIsFoundThroughWrapping(t *testing.T) {
	err := fmt.Errorf("signing in: %w", apperr.New(apperr.Forbidden, "No."))
	if apperr.CodeOf(err) != apperr.Forbidden {
		t.Errorf("CodeOf(%v) = %s", err, apperr.CodeOf(err))
	}
}

func TestUnavailableKeepsItsCauseForTheLogOnly(t *testing.T) {
	cause := errors.New("dial tcp 10.0.0.1:443: refused")
	err := apperr.Unavailable(cause)
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), cause.Error()) {
		t.Errorf("the cause is lost: %v", err)
	}
	if strings.Contains(err.Detail, "10.0.0.1") {
		t.Errorf("the caller is told the inside: %s", err.Detail)
	}
}

func TestNoErrorHasNoCode(t *testing.T) {
	if code := apperr.CodeOf(nil); code != "" {
		t.Errorf("CodeOf(nil) = %s", code)
	}
}

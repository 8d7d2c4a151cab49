package envelope_test

import (
	"testing"
	"time"

	"sallyport/shared/envelope"
)

// The other tests measure by these; here they are what docs/security.md tells an operator.
func TestAKeyIsUsedForFifteenMinutesAndAbsenceRememberedForFiveSeconds(t *testing.T) {
	if envelope.MaxKeyAge != 15*time.Minute || envelope.MaxAbsenceAge != 5*time.Second {
		t.Errorf("%v and %v", envelope.MaxKeyAge, envelope.MaxAbsenceAge)
	}
}

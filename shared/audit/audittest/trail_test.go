package audittest_test

import (
	"testing"

	"sallyport/shared/audit/audittest"
)

func TestTheTrailKeepsTheContract(t *testing.T) {
	audittest.TestStore(t, func(*testing.T) audittest.Store { return &audittest.Trail{} })
}

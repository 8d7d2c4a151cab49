// A day's row that was deleted and made anew has another key under the same generation: no fresh instance knows the old one.
package envelope_test

import "testing"

func TestASignInDoesNotUseAKeyThatIsNoLongerTheStoredOne(t *testing.T) {
	w := newWorld()
	day, generation := w.current(t)
	w.store.Remove(day)
	if gotDay, got, err := w.ring.Current(t.Context()); err != nil || gotDay != day || got != generation {
		t.Fatalf("Current gives %d.%d, %v", gotDay, got, err)
	}
	used, _, err := w.ring.Tag(t.Context(), day, generation, nil)
	if err != nil {
		t.Fatal(err)
	}
	stored, ok, err := w.newRing().Tag(t.Context(), day, generation, nil)
	if err != nil || !ok || used != stored {
		t.Errorf("the instance signs with a key that is not the stored one (%t, %v)", ok, err)
	}
}

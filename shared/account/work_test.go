package account_test

import (
	"runtime"
	"testing"
)

// hashes returns how many Argon2id hashes of the least costs do makes. Each fills 19 MiB anew, and nothing else here takes a
// hundredth of that, but for a thousand calls at once; a hash of other costs shows as another number, or as an error. Nothing else
// may run meanwhile.
func hashes(t testing.TB, do func()) int {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	per := float64(least.MemoryKiB) * 1024
	made := float64(after.TotalAlloc-before.TotalAlloc) / per
	n := int(made + 0.5)
	if diff := made - float64(n); diff < -0.2 || diff > 0.2 {
		t.Fatalf("%.2f hashes' worth of memory was taken", made)
	}
	return n
}

// storeMethods are all methods that a sign-in or a registration calls.
var storeMethods = []string{
	"Account", "Invitation", "CreateAccount", "AddInvitation",
	"CountFailure", "ForgiveFailure", "Throttle", "SetThrottle", "ClearThrottle", "AddChallenge", "ReplacePasswordHash",
	"Challenge", "CountAttempt", "FinishSignIn", "ChangeCredentials", "ReplaceAuthenticator", "Record", "EndSession",
}

// calls returns how often each method of the store was called while do ran.
func (w *world) calls(do func()) map[string]int {
	w.store.Forget()
	do()
	counts := map[string]int{}
	for _, method := range storeMethods {
		if n := w.store.Calls(method); n > 0 {
			counts[method] = n
		}
	}
	return counts
}

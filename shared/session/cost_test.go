package session_test

import (
	"context"
	"testing"

	"sallyport/shared/apperr"
	"sallyport/shared/policy"
	"sallyport/shared/secret"
	"sallyport/shared/session"
	"sallyport/shared/token"
)

// oneRecord is a record store whose read costs nothing, to measure what the decision costs by itself.
type oneRecord struct{ record session.Record }

func (s oneRecord) Record(context.Context, token.ID, token.ID) (session.Record, bool, error) {
	return s.record, true, nil
}

func (oneRecord) RemoveRecord(context.Context, token.ID, token.ID) error { return nil }

// decision returns an Authorizer that holds the key, a token that it lets in, and one that it does not: everything is right
// but the tag.
func decision(t testing.TB) (authorizer *session.Authorizer, genuine, forged secret.Text) {
	t.Helper()
	w := newWorld()
	minted, record := w.signIn(t, policy.Consumer)
	authorizer = session.NewAuthorizer(w.newRing(), oneRecord{record}, w.clock.Now)
	if _, err := authorizer.Authorize(t.Context(), minted, dashboard); err != nil {
		t.Fatal(err)
	}
	return authorizer, minted, secret.New(edited(t, minted, func(raw []byte) { raw[54] ^= 1 }))
}

func TestADecisionStaysWithinItsAllocations(t *testing.T) {
	authorizer, genuine, forged := decision(t)
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := authorizer.Authorize(t.Context(), genuine, dashboard); err != nil {
			t.Fatal(err)
		}
	}); n > 12 {
		t.Errorf("a decision allocates %v times without the read, want at most 12", n)
	}
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := authorizer.Authorize(t.Context(), forged, dashboard); err == nil {
			t.Fatal("a forged token passes")
		}
	}); n > 10 {
		t.Errorf("refusing a forged token allocates %v times, want at most 10", n)
	}
}

// BenchmarkDecision measures a whole decision without the read of the record.
func BenchmarkDecision(b *testing.B) {
	authorizer, genuine, _ := decision(b)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := authorizer.Authorize(ctx, genuine, dashboard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkForgedToken measures the refusal of a token of which everything is right but the tag.
func BenchmarkForgedToken(b *testing.B) {
	authorizer, _, forged := decision(b)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := authorizer.Authorize(ctx, forged, dashboard); apperr.CodeOf(err) != apperr.Unauthenticated {
			b.Fatal(err)
		}
	}
}

func BenchmarkIssue(b *testing.B) {
	w := newWorld()
	holder := session.Holder{UserID: token.NewID(), Username: "alice", Role: policy.Consumer}
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := w.issuer.Issue(ctx, holder); err != nil {
			b.Fatal(err)
		}
	}
}

package meteringtest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// RunSame appends random batches to a store and to the one of [NewModel], and demands the
// same results and listings: in whatever batches events come, again or with other
// content. It opens a store for each of some hundred sequences of calls
// (-rapid.checks); Open may return the same one, since the suite forgets its
// customers before it begins.
func RunSame(t testing.TB, h Harness) {
	t.Helper()
	rapid.Check(t, func(r *rapid.T) {
		s, model := h.Open(t), NewModel()
		for _, c := range []servicecoin.CustomerID{acme, globex} {
			if err := s.Forget(t.Context(), c); err != nil {
				r.Fatalf("forget %s: %v", c, err)
			}
		}
		for range rapid.IntRange(1, 5).Draw(r, "batches") {
			batch := someEvents(r)
			want, wantErr := model.Append(t.Context(), batch)
			got, err := s.Append(t.Context(), batch)
			if err != nil || wantErr != nil {
				r.Fatalf("append: got %v, want %v", err, wantErr)
			}
			sameAs(r, "append", got, want)
		}
		for _, c := range []servicecoin.CustomerID{acme, globex} {
			q := everything(c)
			q.During.Start = after(time.Duration(rapid.IntRange(0, 3000).Draw(r, "from")))
			if rapid.Bool().Draw(r, "as of") {
				q.KnownBefore = after(time.Hour + time.Duration(rapid.IntRange(0, 3000).Draw(r, "known")))
			}
			sameAs(r, "scan", scanned(t, s, q), scanned(t, model, q))
		}
	})
}

func someEvents(r *rapid.T) []metering.Event {
	var list []metering.Event
	for range rapid.IntRange(0, 12).Draw(r, "events") {
		e := metering.Event{
			Customer: rapid.SampledFrom([]servicecoin.CustomerID{acme, globex}).Draw(r, "customer"),
			Source:   rapid.SampledFrom([]string{"a", "B", "a b"}).Draw(r, "source"),
			ID:       rapid.SampledFrom([]string{"1", "2", "10", "é"}).Draw(r, "id"),
			Type:     rapid.SampledFrom([]string{hours, "vm.starts"}).Draw(r, "type"),
			Subject:  rapid.SampledFrom([]string{"", "x"}).Draw(r, "subject"),
			Time:     after(time.Duration(rapid.IntRange(0, 3000).Draw(r, "time"))),
		}
		e.RecordedAt = e.Time.Add(time.Hour)
		if rapid.Bool().Draw(r, "valued") {
			exponent := rapid.Int32Range(-20, 5).Draw(r, "exponent")
			e.Value = servicecoin.Some(decimal.New(rapid.Int64().Draw(r, "value"), exponent))
		}
		if rapid.Bool().Draw(r, "dimensioned") {
			e.Dimensions = metering.DimensionsOf(map[string]string{"k": rapid.SampledFrom([]string{"", "v", `"<`}).Draw(r, "dimension")})
		}
		list = append(list, e)
	}
	return list
}

func sameAs[T any](r *rapid.T, what string, got, want T) {
	r.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		r.Fatalf("%s (-want +got)\n%s", what, diff)
	}
}

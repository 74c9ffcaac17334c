package meteringtest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// RunSame appends random batches to a store and to the one of [NewModel], and demands
// the same receipts, listings, histories, measurements and digests, as of now and as
// of any instant: in whatever batches events and facts come, again or with other
// content. It opens a store for each of some hundred sequences of calls
// (-rapid.checks); Open may return the same one, since the suite forgets its
// customers before it begins.
func RunSame(t testing.TB, h Harness) {
	t.Helper()
	table := meters(t)
	rapid.Check(t, func(r *rapid.T) {
		pair := same{TB: t, r: r, store: h.Open(t), model: NewModel(), meters: table}
		for _, c := range []servicecoin.CustomerID{acme, globex} {
			if err := pair.store.Forget(t.Context(), c); err != nil {
				r.Fatalf("forget %s: %v", c, err)
			}
		}
		for range rapid.IntRange(1, 5).Draw(r, "batches") {
			pair.append(someEvents(r))
			if rapid.IntRange(0, 3).Draw(r, "ask between") == 0 {
				pair.ask()
			}
		}
		for range 3 {
			pair.ask()
		}
		pair.histories()
	})
}

// same is a store and the model that it is compared with.
type same struct {
	testing.TB

	r            *rapid.T
	store, model metering.EventStore
	meters       []metering.Meter
}

func (s *same) append(batch []metering.Event) {
	want, wantErr := s.model.Append(s.Context(), batch)
	got, err := s.store.Append(s.Context(), batch)
	if err != nil || wantErr != nil {
		s.r.Fatalf("append: got %v, want %v", err, wantErr)
	}
	sameAs(s.r, "append", got, want)
}

// ask puts one random question of each kind.
func (s *same) ask() {
	r := s.r
	known := time.Time{}
	if rapid.Bool().Draw(r, "as of") {
		known = someInstant(r, "known").Add(time.Duration(rapid.IntRange(0, 1).Draw(r, "just after")) * time.Microsecond)
	}
	for _, c := range []servicecoin.CustomerID{acme, globex} {
		q := everything(c)
		q.Type = rapid.SampledFrom([]string{hours, "vm.starts"}).Draw(r, "type")
		q.KnownBefore = known
		if rapid.Bool().Draw(r, "part") {
			q.During = someWindows(r, 1)[0]
		}
		sameAs(r, "scan", scanned(s, s.store, q), scanned(s, s.model, q))
		sameAs(r, "digest", digest(s, s.store, q), digest(s, s.model, q))
	}
	m := metering.Measurement{
		Meter: rapid.SampledFrom(s.meters).Draw(r, "meter"), GroupBy: rapid.SampledFrom(groupings()).Draw(r, "by"),
		Windows: someWindows(r, rapid.IntRange(1, 6).Draw(r, "windows")), KnownBefore: known,
		Customers: rapid.SampledFrom([][]servicecoin.CustomerID{nil, {acme}, {globex, acme}, {"stranger", acme}}).Draw(r, "customers"),
	}
	if rapid.Bool().Draw(r, "goes on") {
		m.Now = someInstant(r, "now")
	}
	sameAs(r, "measure", measured(s, s.store, m), measured(s, s.model, m))
}

func (s *same) histories() {
	for _, c := range []servicecoin.CustomerID{acme, globex} {
		for _, source := range someSources() {
			for _, id := range someIDs() {
				e := metering.Event{Customer: c, Source: source, ID: id}
				sameAs(s.r, "history", told(s, s.store, e), told(s, s.model, e))
			}
		}
	}
}

func someSources() []string { return []string{"a", "B", "a b"} }
func someIDs() []string     { return []string{"1", "2", "10", "é"} }

// someInstant is one of few enough for events to meet, in four days; some of them lie
// at their borders.
func someInstant(r *rapid.T, what string) time.Time {
	at := after(time.Duration(rapid.IntRange(0, 8).Draw(r, what)) * 12 * time.Hour)
	return at.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, -1, 1, 450_000_001, 3_600_000_000, 5_000_000_000}).Draw(r, what+", past")) * time.Microsecond)
}

// someWindows are in order; there may be gaps between them.
func someWindows(r *rapid.T, n int) []calendar.Interval {
	edges := make([]time.Time, 2*n)
	for i := range edges {
		edges[i] = someInstant(r, "edge")
	}
	slices.SortFunc(edges, time.Time.Compare)
	list := make([]calendar.Interval, n)
	for i := range list {
		list[i] = calendar.Between(edges[2*i], edges[2*i+1])
		if i > 0 && rapid.Bool().Draw(r, "no gap") {
			list[i].Start = list[i-1].End
		}
	}
	return list
}

func someEvents(r *rapid.T) []metering.Event {
	var list []metering.Event
	for range rapid.IntRange(0, 16).Draw(r, "events") {
		e := metering.Event{
			Customer:   rapid.SampledFrom([]servicecoin.CustomerID{acme, globex}).Draw(r, "customer"),
			Source:     rapid.SampledFrom(someSources()).Draw(r, "source"),
			ID:         rapid.SampledFrom(someIDs()).Draw(r, "id"),
			RecordedAt: someInstant(r, "recorded"),
			Does:       rapid.SampledFrom([]metering.Act{metering.Happen, metering.Happen, metering.Happen, metering.Correct, metering.Close, metering.Void}).Draw(r, "does"),
		}
		if e.Does != metering.Happen {
			e.Of = metering.Ref{Source: rapid.SampledFrom(append(someSources(), "desk a", "a", "a")).Draw(r, "of source"), ID: rapid.SampledFrom(append(someIDs(), "1", "1")).Draw(r, "of id")}
			e.Source = "desk " + e.Source[:1] // so that most events are no facts
		}
		if e.Does != metering.Void {
			e.Time = someInstant(r, "time")
		}
		if e.Does == metering.Happen || e.Does == metering.Correct {
			someContent(r, &e)
		}
		list = append(list, e)
	}
	return list
}

// someContent is often one of two, so that facts say what was said before.
func someContent(r *rapid.T, e *metering.Event) {
	if rapid.Bool().Draw(r, "plain") {
		e.Type, e.Time, e.Value = hours, after(time.Hour), servicecoin.Some(decimal.NewFromInt(int64(rapid.IntRange(1, 2).Draw(r, "value"))))
		return
	}
	e.Type = rapid.SampledFrom([]string{hours, hours, "vm.starts"}).Draw(r, "type")
	e.Subject = rapid.SampledFrom([]string{"", "vm1", "vm2", "vm3"}).Draw(r, "subject")
	switch rapid.IntRange(0, 5).Draw(r, "interval") {
	case 0:
		e.Open = true
	case 1:
		e.End = e.Time.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 3_600_000_000, 100_000_000_000}).Draw(r, "length")) * time.Microsecond) // none is refused
	}
	if rapid.Bool().Draw(r, "valued") {
		e.Value = servicecoin.Some(someNumber(r, "value"))
	}
	if rapid.Bool().Draw(r, "has fields") {
		e.Fields = metering.Fields{{Name: "in", Value: someNumber(r, "in")}, {Name: "out", Value: someNumber(r, "out")}}
	}
	e.Dimensions = metering.DimensionsOf(map[string]string{
		"region": rapid.SampledFrom([]string{"", "eu", `"<`}).Draw(r, "region"),
		"size":   rapid.SampledFrom([]string{"", "xl"}).Draw(r, "size"),
	})
}

// someNumber is most often a small one.
func someNumber(r *rapid.T, what string) decimal.Decimal {
	if rapid.IntRange(0, 9).Draw(r, what+", large") == 0 {
		return decimal.New(rapid.Int64().Draw(r, what), rapid.Int32Range(-20, 5).Draw(r, what+", exponent"))
	}
	return decimal.New(rapid.Int64Range(-20, 500).Draw(r, what), -rapid.Int32Range(0, 4).Draw(r, what+", places"))
}

func sameAs[T any](r *rapid.T, what string, got, want T) {
	r.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		r.Fatalf("%s (-want +got)\n%s", what, diff)
	}
}

package meteringtest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

func scanCases() []Case {
	return []Case{
		{Name: "scan/order", Sentence: "Scan yields events by time, then source, then id, byte by byte, in whatever order they came.", Run: caseOrder},
		{Name: "scan/interval", Sentence: "The interval of a query is half-open, to the microsecond: an event at its end belongs to the next.", Run: caseInterval},
		{Name: "scan/type and customer", Sentence: "A query lists the events of one customer and one type.", Run: caseTypeAndCustomer},
		{Name: "scan/known before", Sentence: "KnownBefore leaves out what was recorded at or after it.", Run: caseKnownBefore},
		{Name: "scan/pages", Sentence: "Every event comes exactly once, in order, however many there are, also where many have one time.", Run: casePages},
		{Name: "scan/in the loop", Sentence: "Other methods may be called in the loop: what is appended meanwhile may come or not, everything else comes exactly once.", Run: caseInTheLoop},
		{Name: "scan/invalid", Sentence: "A query that is not valid yields ErrInvalid with all violations, and ends.", Run: caseInvalidQuery},
		{Name: "scan/ends", Sentence: "Scan ends after the first error, and when the loop does.", Run: caseEnds},
	}
}

func caseOrder(t testing.TB, h Harness) {
	s := h.Open(t)
	var want []metering.Event
	for _, minute := range []int{1, 2, 3} {
		for _, source := range []string{"A", "a", "a b", "b", "\u00e9"} {
			for _, id := range []string{"1", "10", "9", "Z", "z"} {
				e := event(minute)
				e.Source, e.ID = source, id+"-"+number(minute)
				want = append(want, e)
			}
		}
	}
	mixed := slices.Clone(want)
	for i := range mixed { // 7 and the length have no common factor
		mixed[i] = want[i*7%len(want)]
	}
	for some := range slices.Chunk(mixed, 10) {
		appended(t, s, some...)
	}
	equal(t, "scan", scanned(t, s, everything(acme)), want)
}

func caseInterval(t testing.TB, h Harness) {
	s := h.Open(t)
	moments := []time.Duration{-time.Microsecond, 0, time.Microsecond, time.Hour - time.Microsecond, time.Hour, time.Hour + time.Microsecond}
	for i, m := range moments {
		e := event(i)
		e.Time = after(m)
		appended(t, s, e)
	}
	for _, c := range []struct {
		from, to time.Duration
		want     []string
	}{
		{0, time.Hour, []string{"00001", "00002", "00003"}},
		{time.Hour, 2 * time.Hour, []string{"00004", "00005"}},
		{-time.Hour, 0, []string{"00000"}},
		{0, 0, []string{}},
		{999, time.Hour + 999, []string{"00001", "00002", "00003"}}, // nanoseconds are cut
		{time.Microsecond, time.Microsecond * 2, []string{"00002"}},
	} {
		q := everything(acme)
		zone := time.FixedZone("somewhere", 5400)
		q.During = calendar.Interval{Start: after(c.from).In(zone), End: after(c.to).In(zone)}
		equal(t, q.During.String(), ids(scanned(t, s, q)), c.want)
	}
}

func caseTypeAndCustomer(t testing.TB, h Harness) {
	s := h.Open(t)
	starts, others := event(2), event(3)
	starts.Type, others.Customer = "vm.starts", globex
	appended(t, s, event(1), starts, others)
	equal(t, "acme's hours", scanned(t, s, everything(acme)), events(1, 2))
	equal(t, "globex's hours", scanned(t, s, everything(globex)), []metering.Event{others})
	q := everything(acme)
	q.Type = "vm.starts"
	equal(t, "acme's starts", scanned(t, s, q), []metering.Event{starts})
}

func caseKnownBefore(t testing.TB, h Harness) {
	s := h.Open(t)
	for n := range 3 {
		e := event(n)
		e.RecordedAt = after(time.Duration(n) * time.Hour)
		appended(t, s, e)
	}
	for hour, want := range [][]string{{}, {"00000"}, {"00000", "00001"}, {"00000", "00001", "00002"}} {
		q := everything(acme)
		q.KnownBefore = after(time.Duration(hour) * time.Hour)
		equal(t, "known before hour "+number(hour), ids(scanned(t, s, q)), want)
	}
	late := event(0)
	late.RecordedAt = after(5 * time.Hour)
	appended(t, s, late)
	q := everything(acme)
	q.KnownBefore = after(time.Hour)
	equal(t, "a repeat does not make it younger", ids(scanned(t, s, q)), []string{"00000"})
}

func casePages(t testing.TB, h Harness) {
	s := h.Open(t)
	const many = 2*metering.PageSize + 500
	batch := events(0, many)
	for i := range batch {
		batch[i].Time = after(time.Duration(i/1700) * time.Minute)
		if i%3 == 0 {
			batch[i].Source = "b"
		}
	}
	appended(t, s, batch...)
	slices.SortFunc(batch, metering.Event.Compare)
	got := scanned(t, s, everything(acme))
	equal(t, "number", len(got), many)
	equal(t, "ids", ids(got), ids(batch))
	whole := everything(acme)
	whole.During = calendar.Between(after(0), after(time.Minute))
	equal(t, "of one minute", len(scanned(t, s, whole)), 1700)
	exactly := h.Open(t)
	appended(t, exactly, events(0, metering.PageSize)...)
	equal(t, "one full page", len(scanned(t, exactly, everything(acme))), metering.PageSize)
}

func caseInTheLoop(t testing.TB, h Harness) {
	s := h.Open(t)
	const many = metering.PageSize + 300
	appended(t, s, events(0, many)...)
	seen := map[string]int{}
	n := 0
	for e, err := range s.Scan(t.Context(), everything(acme)) {
		if err != nil {
			t.Fatalf("scan: %v", err)
		}
		seen[e.ID]++
		if n++; n%100 == 1 {
			before, behind := event(50000+n), event(60000+n)
			before.Time = e.Time.Add(-time.Millisecond)
			appended(t, s, before, behind)
			inner := everything(acme)
			inner.During = calendar.Between(e.Time, e.Time.Add(time.Microsecond))
			equal(t, "a scan in the loop", ids(scanned(t, s, inner)), []string{e.ID})
		}
	}
	for i := range many {
		if seen[number(i)] != 1 {
			t.Errorf("event %d came %d times", i, seen[number(i)])
		}
	}
	for id, times := range seen {
		if times > 1 {
			t.Errorf("event %s came %d times", id, times)
		}
	}
}

func caseInvalidQuery(t testing.TB, h Harness) {
	s := h.Open(t)
	appended(t, s, events(0, 3)...)
	q := everything("")
	q.Type = ""
	q.During = calendar.Interval{Start: after(time.Hour), End: after(0)}
	times := 0
	for _, err := range s.Scan(t.Context(), q) {
		times++
		invalid(t, "scan", err, "customer", "type", "during.end")
	}
	equal(t, "yields", times, 1)
}

func caseEnds(t testing.TB, h Harness) {
	s := h.Open(t)
	appended(t, s, events(0, metering.PageSize+10)...)
	for n := range 50 { // more often than a pool has connections
		i := 0
		for _, err := range s.Scan(t.Context(), everything(acme)) {
			if err != nil {
				t.Fatalf("scan %d: %v", n, err)
			}
			if i++; i == n+1 {
				break
			}
		}
		equal(t, "events until the loop ends", i, n+1)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	yields, failed := 0, 0
	for _, err := range s.Scan(ctx, everything(acme)) {
		if yields++; yields == 10 {
			cancel()
		}
		if err != nil {
			failed++
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the context's error", err)
			}
		}
	}
	equal(t, "errors", failed, 1)
	if yields > metering.PageSize+1 {
		t.Errorf("%d events after the context has ended", yields)
	}
}

func otherCases() []Case {
	return []Case{
		{Name: "forget", Sentence: "Forget erases all events of a customer, and nobody else's; it is idempotent, and the keys are free again.", Run: caseForget},
		{Name: "cancelled", Sentence: "A method whose context has ended answers its error, and changes nothing.", Run: caseCancelled},
		{Name: "closed", Needs: Closing, Sentence: "Every method of a store that is closed, or has lost its connection, answers an error.", Run: caseClosed},
	}
}

func caseForget(t testing.TB, h Harness) {
	s := h.Open(t)
	other, starts := event(1), event(2)
	other.Customer, starts.Type = globex, "vm.starts"
	appended(t, s, event(1), other, starts)
	for range 2 {
		if err := s.Forget(t.Context(), acme); err != nil {
			t.Fatalf("forget: %v", err)
		}
		equal(t, "acme's", len(scanned(t, s, everything(acme))), 0)
		q := everything(acme)
		q.Type = "vm.starts"
		equal(t, "acme's of another type", len(scanned(t, s, q)), 0)
		equal(t, "globex's", len(scanned(t, s, everything(globex))), 1)
	}
	again := event(1)
	again.Subject = "vm2"
	equal(t, "the key", appended(t, s, again), came(1, 0))
	if err := s.Forget(t.Context(), ""); !errors.Is(err, servicecoin.ErrInvalid) {
		t.Errorf("forget nobody: got %v, want ErrInvalid", err)
	}
	if err := s.Forget(t.Context(), "acm%"); err != nil {
		t.Errorf("forget a stranger: %v", err)
	}
	equal(t, "acme's, after a stranger was forgotten", len(scanned(t, s, everything(acme))), 1)
}

func caseCancelled(t testing.TB, h Harness) {
	s := h.Open(t)
	appended(t, s, event(1))
	why := errors.New("no more time")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	check := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, why) && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want the context's error", what, err)
		}
	}
	_, err := s.Append(ctx, events(2, 4))
	check("append", err)
	check("forget", s.Forget(ctx, acme))
	_, err = s.History(ctx, metering.KeyOf(event(1)))
	check("history", err)
	_, err = s.Measure(ctx, metering.Measurement{Meter: meter(t, "count"), Windows: days(2)})
	check("measure", err)
	_, err = s.Digest(ctx, everything(acme))
	check("digest", err)
	_, err = s.Verify(ctx, acme)
	check("verify", err)
	yields := 0
	for _, err := range s.Scan(ctx, everything(acme)) {
		yields++
		check("scan", err)
	}
	equal(t, "yields", yields, 1)
	equal(t, "stored", ids(scanned(t, s, everything(acme))), []string{"00001"})
}

func caseClosed(t testing.TB, h Harness) {
	s := h.Open(t)
	appended(t, s, event(1))
	h.Close(t, s)
	if _, err := s.Append(t.Context(), events(2, 3)); err == nil {
		t.Error("append to a closed store answers no error")
	}
	if err := s.Forget(t.Context(), acme); err == nil {
		t.Error("forget in a closed store answers no error")
	}
	for what, err := range map[string]error{
		"history": second(s.History(t.Context(), metering.KeyOf(event(1)))),
		"measure": second(s.Measure(t.Context(), metering.Measurement{Meter: meter(t, "count"), Windows: days(2)})),
		"digest":  second(s.Digest(t.Context(), everything(acme))),
		"verify":  second(s.Verify(t.Context(), acme)),
	} {
		if err == nil {
			t.Errorf("%s of a closed store answers no error", what)
		}
	}
	failed := false
	for _, err := range s.Scan(t.Context(), everything(acme)) {
		failed = failed || err != nil
	}
	if !failed {
		t.Error("scan of a closed store yields no error")
	}
}

func second[T any](_ T, err error) error { return err }

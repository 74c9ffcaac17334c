package meteringtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

func appendCases() []Case {
	return []Case{
		{Name: "append", Sentence: "Append stores the events of a batch with all they were written with, and tells how many of them were added.", Run: caseAppend},
		{Name: "append/values", Sentence: "A value comes back as the number that it was: null, zero, negative, with 30 digits before the point and 30 behind.", Run: caseValues},
		{Name: "append/instants", Sentence: "Instants are kept in UTC, to the microsecond; what is finer is cut.", Run: caseInstants},
		{Name: "append/odd texts", Sentence: "Texts are any UTF-8 without control characters, compared byte by byte.", Run: caseOddTexts},
		{Name: "append/repeat", Sentence: "An event that is there already with the same content is a Repeat, and nothing is stored.", Run: caseRepeat},
		{Name: "append/conflict", Sentence: "An event that is there already with other content is a Conflict; what is stored stays, and the rest of the batch is stored all the same.", Run: caseConflict},
		{Name: "append/key", Sentence: "Customer, source and id together are the key.", Run: caseKey},
		{Name: "append/twice in a batch", Sentence: "Within a batch the first of two events of one key counts.", Run: caseTwiceInBatch},
		{Name: "append/invalid", Sentence: "An event that is not valid is Refused, with all that is wrong with it by field and rule; the rest of the batch is stored.", Run: caseInvalid},
		{Name: "append/limit", Sentence: "A batch has at most 10,000 events; one of that many is stored, a larger one is ErrInvalid; an empty one does nothing.", Run: caseLimit},
		{Name: "append/copies", Sentence: "Results are copies that the caller may change; nothing that the caller handed in is kept.", Run: caseCopies},
		{Name: "append/many customers", Sentence: "A large batch of many customers is stored as if its events came one by one; its exceptions are told in the order of the batch.", Run: caseLarge},
		{Name: "append/at once", Sentence: "Of those who append the same events at the same time one adds each, and no batch waits for another for ever.", Run: caseAtOnce},
	}
}

func caseAppend(t testing.TB, h Harness) {
	s := h.Open(t)
	batch := events(0, 4)
	batch[1].Subject, batch[1].Dimensions = "", nil
	batch[2], batch[3] = batch[3], batch[2] // not in the order of their times
	equal(t, "receipt", appended(t, s, batch...), came(4, 0))
	batch[2], batch[3] = batch[3], batch[2]
	equal(t, "scan", scanned(t, s, everything(acme)), batch)
	equal(t, "another customer", len(scanned(t, s, everything(globex))), 0)
}

func caseValues(t testing.TB, h Harness) {
	s := h.Open(t)
	digits := strings.Repeat("9", 30)
	values := []string{"0", "-1.5", "0.1", "123.4567890123456789", digits + "." + digits, "-" + digits + "." + digits, "0." + strings.Repeat("0", 29) + "1", "1000000000000000000000", "9223372036854775808"}
	var batch []metering.Event
	for i, text := range values {
		e := event(i)
		e.Value = servicecoin.Some(decimal.RequireFromString(text))
		batch = append(batch, e)
	}
	exponent := event(len(values))
	exponent.Value = servicecoin.Some(decimal.New(5, 20))
	null := event(len(values) + 1)
	null.Value = servicecoin.Undefined()
	batch = append(batch, exponent, null)
	appended(t, s, batch...)
	stored := scanned(t, s, everything(acme))
	if len(stored) != len(batch) {
		t.Fatalf("%d of %d events come back", len(stored), len(batch))
	}
	for i, e := range stored {
		if e.Value.Valid != batch[i].Value.Valid || !e.Value.Decimal.Equal(batch[i].Value.Decimal) {
			t.Errorf("value %v comes back as %v", batch[i].Value, e.Value)
		}
	}
	equal(t, "the same values again", appended(t, s, batch...), came(0, len(batch)))
}

func caseInstants(t testing.TB, h Harness) {
	s := h.Open(t)
	e := event(0)
	e.Time = time.Date(2026, 3, 29, 3, 0, 0, 123456789, time.FixedZone("somewhere", 7200))
	e.RecordedAt = e.Time.Add(999)
	appended(t, s, e)
	want := time.Date(2026, 3, 29, 1, 0, 0, 123456000, time.UTC)
	if got := only(t, scanned(t, s, everything(acme))); got.Time != want || got.RecordedAt != want.Add(time.Microsecond) {
		t.Errorf("%v is stored as %v, recorded at %v", e.Time, got.Time, got.RecordedAt)
	}
	e.Time = want
	equal(t, "the cut instant", appended(t, s, e), came(0, 1))
	for i, year := range []int{1, 1969, 9999} {
		far := event(i + 1)
		far.Time = time.Date(year, 12, 31, 23, 59, 59, 999999000, time.UTC)
		appended(t, s, far)
		q := everything(acme)
		q.During = calendar.Between(far.Time.Add(-time.Second), far.Time.Add(time.Microsecond-1))
		q.During.End = far.Time.Add(time.Microsecond)
		if year == 9999 { // there is no instant after it that a query could end at
			continue
		}
		equal(t, "of the year", ids(scanned(t, s, q)), []string{far.ID})
	}
}

func only(t testing.TB, list []metering.Event) metering.Event {
	t.Helper()
	if len(list) != 1 {
		t.Fatalf("got %d events, want one", len(list))
	}
	return list[0]
}

func caseOddTexts(t testing.TB, h Harness) {
	s := h.Open(t)
	odd := []string{"A", "a", "a ", " a", "a%", "a/b", "a_b", `a"b\c`, "\u00e9", "e\u0301", "'; DROP TABLE x; --", "{}", "日本", "<&>", strings.Repeat("x", servicecoin.MaxIDBytes)}
	var batch []metering.Event
	for i, text := range odd {
		e := event(i)
		e.ID, e.Subject, e.Dimensions = text, text, metering.DimensionsOf(map[string]string{text: text, "n": number(i)})
		batch = append(batch, e)
		e.Source, e.ID = text, "odd source"
		e.Time = e.Time.Add(time.Second)
		batch = append(batch, e)
	}
	appended(t, s, batch...)
	equal(t, "scan", scanned(t, s, everything(acme)), batch)
	for _, c := range []servicecoin.CustomerID{"ACME", "acme ", "acm%", "acm_"} {
		if n := len(scanned(t, s, everything(c))); n > 0 {
			t.Errorf("customer %q sees %d events of acme", c, n)
		}
	}
	for _, kind := range []string{"VM.hours", "vm.hours ", "vm%"} {
		q := everything(acme)
		q.Type = kind
		if n := len(scanned(t, s, q)); n > 0 {
			t.Errorf("type %q has %d events of vm.hours", kind, n)
		}
	}
}

func caseRepeat(t testing.TB, h Harness) {
	s := h.Open(t)
	first := event(1)
	first.Value = servicecoin.Some(decimal.RequireFromString("1.50"))
	appended(t, s, first)
	again := first
	again.Value = servicecoin.Some(decimal.RequireFromString("1.5"))
	again.Time = first.Time.In(time.FixedZone("somewhere", -3600))
	again.Dimensions = metering.Dimensions{{Name: "size", Value: "xl"}, {Name: "region", Value: "eu"}, {Name: "empty"}}
	again.RecordedAt = first.RecordedAt.Add(time.Hour)
	equal(t, "receipt", appended(t, s, again, event(2)), came(1, 1))
	equal(t, "scan", ids(scanned(t, s, everything(acme))), []string{"00001", "00002"})
	equal(t, "what is stored", scanned(t, s, everything(acme))[0].RecordedAt, first.RecordedAt)
}

func caseConflict(t testing.TB, h Harness) {
	s := h.Open(t)
	first := event(1)
	appended(t, s, first)
	differently := map[string]func(e *metering.Event){
		"type":      func(e *metering.Event) { e.Type = "vm.starts" },
		"subject":   func(e *metering.Event) { e.Subject = "VM1" },
		"time":      func(e *metering.Event) { e.Time = e.Time.Add(time.Microsecond) },
		"value":     func(e *metering.Event) { e.Value = servicecoin.Some(e.Value.Decimal.Neg()) },
		"no value":  func(e *metering.Event) { e.Value = servicecoin.Undefined() },
		"region":    func(e *metering.Event) { e.Dimensions[0].Value = "us" },
		"dimension": func(e *metering.Event) { e.Dimensions = e.Dimensions[1:] },
		"more": func(e *metering.Event) {
			e.Dimensions = append(e.Dimensions, metering.Dimension{Name: "more", Value: "x"})
		},
		"field": func(e *metering.Event) { e.Fields = metering.Fields{{Name: "size", Value: decimal.NewFromInt(1)}} },
		"end":   func(e *metering.Event) { e.End = e.Time.Add(time.Hour) },
		"open":  func(e *metering.Event) { e.Open = true },
		"a fact": func(e *metering.Event) {
			e.Does, e.Of = metering.Correct, metering.Ref{Source: "collector", ID: "other"}
		},
	}
	next := 2
	for _, name := range slices.Sorted(maps.Keys(differently)) {
		other := event(1)
		differently[name](&other)
		receipt := appended(t, s, event(next), other, event(next+1))
		next += 2
		equal(t, name, receipt.Added, 2)
		x := conflict(t, name, receipt)
		equal(t, name+": which", x.Index, 1)
		equal(t, name+": what is stored", *x.Stored, first)
	}
	list := scanned(t, s, everything(acme))
	equal(t, "events", len(list), next-1)
	equal(t, "what is stored", list[0], first)
}

func caseKey(t testing.TB, h Harness) {
	s := h.Open(t)
	list := []metering.Event{event(1), event(1), event(1), event(1)}
	list[1].Customer = globex
	list[2].Source = "another"
	list[3].ID = "another"
	equal(t, "receipt", appended(t, s, list...), came(4, 0))
	equal(t, "again", appended(t, s, list...), came(0, 4))
	equal(t, "events of acme", len(scanned(t, s, everything(acme))), 3)
	equal(t, "events of globex", scanned(t, s, everything(globex)), list[1:2])
}

func caseTwiceInBatch(t testing.TB, h Harness) {
	s := h.Open(t)
	other := event(1)
	other.Subject = "vm2"
	receipt := appended(t, s, event(2), event(1), event(1), other, event(2))
	equal(t, "added and repeats", []int{receipt.Added, receipt.Repeats}, []int{2, 2})
	x := conflict(t, "another content", receipt)
	equal(t, "which", x.Index, 3)
	equal(t, "what is stored", *x.Stored, event(1))
	equal(t, "scan", scanned(t, s, everything(acme)), events(1, 3))
	receipt = appended(t, s, other, event(1))
	equal(t, "later", receipt.Repeats, 1)
	equal(t, "later, which", conflict(t, "later", receipt).Index, 0)
}

func caseInvalid(t testing.TB, h Harness) {
	s := h.Open(t)
	batch := events(0, 5)
	batch[1].Customer, batch[1].ID = "", strings.Repeat("x", servicecoin.MaxIDBytes+1)
	batch[3] = metering.Event{
		Customer: acme, Source: "\x00", ID: "x", Type: "\xff", Subject: "a\nb", Value: servicecoin.Some(decimal.New(1, 1<<30)),
		Dimensions: metering.Dimensions{{Name: "bad", Value: "\x7f"}, {Name: "subject", Value: "x"}},
	}
	batch[4].Value = servicecoin.Some(decimal.New(1, -31))
	receipt := appended(t, s, batch...)
	equal(t, "added and refused", []int{receipt.Added, receipt.Refused}, []int{2, 3})
	invalid(t, "append", receipt.Err(), "events[1].customer", "events[1].id", "events[3].source", "events[3].type", "events[3].subject",
		"events[3].time", "events[3].recordedAt", "events[3].value", "events[3].dimensions", "events[3].dimensions.bad", "events[4].value")
	for i, x := range receipt.Exceptions {
		equal(t, "refused", []any{x.Index, x.Outcome, x.Source, x.ID}, []any{[]int{1, 3, 4}[i], metering.Refused, batch[[]int{1, 3, 4}[i]].Source, batch[[]int{1, 3, 4}[i]].ID})
	}
	equal(t, "stored", ids(scanned(t, s, everything(acme))), []string{"00000", "00002"})
	many := event(6)
	for n := range metering.MaxDimensions + 1 {
		many.Dimensions = append(many.Dimensions, metering.Dimension{Name: number(n), Value: "x"})
	}
	invalid(t, "dimensions", appended(t, s, event(5), many).Err(), "events[1].dimensions")
	many.Dimensions = metering.Dimensions{{Name: "x", Value: strings.Repeat("x", metering.MaxDimensionBytes)}}
	invalid(t, "a large dimension", appended(t, s, many).Err(), "events[0].dimensions")
	equal(t, "stored", len(scanned(t, s, everything(acme))), 3)
	odd := []metering.Event{event(10), event(11), event(12), event(13), event(14), event(15)}
	odd[0].End = odd[0].Time
	odd[1].End, odd[1].Open = odd[1].Time.Add(time.Hour), true
	odd[2].Does, odd[2].Of = metering.Void, metering.Ref{Source: "collector", ID: "00000"}
	odd[3].Does, odd[3].Of = metering.Correct, metering.Ref{Source: odd[3].Source, ID: odd[3].ID}
	odd[4].Does = "undo"
	odd[5].Dimensions = metering.Dimensions{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}}
	receipt = appended(t, s, odd...)
	equal(t, "refused", receipt.Refused, len(odd))
	invalid(t, "odd facts", receipt.Err(), "events[0].end", "events[1].end", "events[2].type", "events[2].value", "events[3].of", "events[4].does", "events[5].dimensions")
}

func caseLimit(t testing.TB, h Harness) {
	s := h.Open(t)
	batch := events(0, metering.MaxBatch)
	equal(t, "receipt", appended(t, s, batch...), came(len(batch), 0))
	_, err := s.Append(t.Context(), events(20000, 20000+metering.MaxBatch+1))
	invalid(t, "one more", err, "events")
	receipt, err := s.Append(t.Context(), nil)
	if err != nil || receipt.Total() > 0 {
		t.Errorf("an empty batch answers %v, %v", receipt, err)
	}
	equal(t, "stored", len(scanned(t, s, everything(acme))), len(batch))
}

func caseCopies(t testing.TB, h Harness) {
	s := h.Open(t)
	batch := events(1, 2)
	batch[0].Fields = metering.Fields{{Name: "size", Value: decimal.NewFromInt(2)}}
	want := batch[0]
	want.Dimensions, want.Fields = slices.Clone(want.Dimensions), slices.Clone(want.Fields)
	appended(t, s, batch...)
	spoil := func(e *metering.Event) { e.Dimensions[0].Value, e.Fields[0].Name = "spoilt", "spoilt" }
	check := func(when string) {
		t.Helper()
		equal(t, when, scanned(t, s, everything(acme)), []metering.Event{want})
		equal(t, when+", its history", told(t, s, want), []metering.Event{want})
	}
	spoil(&batch[0])
	check("after changing what was handed in")
	other := want
	other.Subject = "vm2"
	spoil(conflict(t, "another content", appended(t, s, other)).Stored)
	check("after changing a result")
	spoil(&scanned(t, s, everything(acme))[0])
	check("after changing what was listed")
	spoil(&told(t, s, want)[0])
	check("after changing a history")
}

func caseAtOnce(t testing.TB, h Harness) {
	s := h.Open(t)
	const writers, each = 8, 200
	added := make([]int, writers)
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			batch := events(0, each)
			if w%2 == 1 {
				slices.Reverse(batch)
			}
			for some := range slices.Chunk(batch, 50) {
				receipt, err := s.Append(t.Context(), some)
				if err != nil {
					errs[w] = fmt.Errorf("writer %d: %w", w, err)
					return
				}
				added[w] += receipt.Added
			}
		})
	}
	wg.Wait()
	sum := 0
	for w := range writers {
		if errs[w] != nil {
			t.Error(errs[w])
		}
		sum += added[w]
	}
	equal(t, "added", sum, each)
	equal(t, "stored", len(scanned(t, s, everything(acme))), each)
}

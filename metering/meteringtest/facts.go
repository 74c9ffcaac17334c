package meteringtest

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

func factCases() []Case {
	return []Case{
		{Name: "facts/history", Sentence: "History returns an event as it was first told, then the facts about it in the order in which they were recorded; nothing where the store knows nothing.", Run: caseHistory},
		{Name: "facts/void", Sentence: "An event that is voided is listed no more; what was stored stays in its history.", Run: caseVoid},
		{Name: "facts/correct", Sentence: "An event that is corrected is listed as the fact says, under its own key: with another value, another type, another day.", Run: caseCorrect},
		{Name: "facts/zeros", Sentence: "An event with zeros behind the last digit of its numbers can be voided and corrected like any other, whenever that comes.", Run: caseZeros},
		{Name: "facts/close", Sentence: "An interval that is open ends where the fact that closes it says; one that has an end, or would end before it began, stays as it is.", Run: caseClose},
		{Name: "facts/any order", Sentence: "Facts about an event hold in the order in which they were recorded, in whatever order and batches they come.", Run: caseAnyOrder},
		{Name: "facts/before their event", Sentence: "A fact that comes before its event is kept, and holds once the event is there; until then nothing is listed.", Run: caseBeforeEvent},
		{Name: "facts/batches", Sentence: "An event and the facts about it may come in one batch, in any order.", Run: caseFactBatches},
		{Name: "facts/repeat", Sentence: "A fact that comes again is a Repeat; with other content it is a Conflict, and nothing changes.", Run: caseFactAgain},
		{Name: "facts/late", Sentence: "A fact that was recorded before one that is there takes its place before it: what was known at any instant is exact.", Run: caseLateFact},
		{Name: "facts/known before", Sentence: "A query as of an instant knows the facts that were recorded before it, and no others.", Run: caseFactsKnownBefore},
		{Name: "facts/own customer", Sentence: "A fact is about an event of its own customer, and about no other fact.", Run: caseOwnCustomer},
		{Name: "facts/intervals and fields", Sentence: "Intervals and fields come back as they were, their ends in UTC and cut to the microsecond.", Run: caseIntervals},
		{Name: "facts/forget", Sentence: "Forget erases facts, too, also those that wait for their event.", Run: caseForgetFacts},
	}
}

// fact is one of acme's about event(of), recorded as many hours after it as its number.
func fact(n int, does metering.Act, of int) metering.Event {
	f := metering.Event{
		Customer: acme, Source: "desk", ID: "fact" + strconv.Itoa(n) + "-" + strconv.Itoa(of), Does: does, Of: metering.Ref{Source: "collector", ID: number(of)},
		RecordedAt: after(1000*time.Hour + time.Duration(n)*time.Hour),
	}
	switch does {
	case metering.Correct:
		e := event(of)
		f.Type, f.Subject, f.Time, f.Value, f.Dimensions = e.Type, e.Subject, e.Time, servicecoin.Some(decimal.NewFromInt(int64(1000+n))), e.Dimensions
	case metering.Close:
		f.Time = event(of).Time.Add(time.Duration(n) * time.Hour)
	case metering.Void, metering.Happen:
	}
	return f
}

// stands is how an event is listed after a fact corrected it.
func stands(e, f metering.Event) metering.Event {
	f.Source, f.ID, f.Does, f.Of = e.Source, e.ID, metering.Happen, metering.Ref{}
	return f
}

// open is event(n) as an interval that nobody has closed.
func open(n int) metering.Event {
	e := event(n)
	e.Open = true
	return e
}

// asOf is everything of acme as it was known so many hours after events were recorded.
func asOf(hours int) metering.Query {
	q := everything(acme)
	q.KnownBefore = after(1000*time.Hour + time.Duration(hours)*time.Hour)
	return q
}

func caseHistory(t testing.TB, h Harness) {
	s := h.Open(t)
	list := []metering.Event{event(1), fact(1, metering.Correct, 1), fact(2, metering.Correct, 1), fact(3, metering.Void, 1)}
	list[2].Source = "another desk"
	appended(t, s, event(2))
	for _, i := range []int{2, 0, 3, 1} {
		appended(t, s, list[i])
	}
	equal(t, "history", told(t, s, event(1)), list)
	equal(t, "of an event without facts", told(t, s, event(2)), []metering.Event{event(2)})
	for name, other := range map[string]metering.Event{
		"an id":      {Customer: acme, Source: "collector", ID: "00003"},
		"a source":   {Customer: acme, Source: "Collector", ID: "00001"},
		"a customer": {Customer: globex, Source: "collector", ID: "00001"},
	} {
		equal(t, name+" that is not there", len(told(t, s, other)), 0)
	}
	same := fact(5, metering.Correct, 2) // of facts recorded at the same time the order is that of their names
	first, second := same, same
	first.Source, second.Source = "a desk", "b desk"
	appended(t, s, second, first)
	equal(t, "recorded at the same time", told(t, s, event(2)), []metering.Event{event(2), first, second})
}

func caseVoid(t testing.TB, h Harness) {
	s := h.Open(t)
	appended(t, s, events(0, 4)...)
	equal(t, "receipt", appended(t, s, fact(1, metering.Void, 2), fact(2, metering.Void, 0)), came(2, 0))
	equal(t, "scan", scanned(t, s, everything(acme)), []metering.Event{event(1), event(3)})
	equal(t, "history", told(t, s, event(2)), []metering.Event{event(2), fact(1, metering.Void, 2)})
	equal(t, "the event again", appended(t, s, event(2)), came(0, 1))
	equal(t, "scan", ids(scanned(t, s, everything(acme))), []string{"00001", "00003"})
	appended(t, s, fact(3, metering.Correct, 2))
	equal(t, "corrected after it was voided", scanned(t, s, everything(acme)), []metering.Event{event(1), stands(event(2), fact(3, metering.Correct, 2)), event(3)})
}

func caseCorrect(t testing.TB, h Harness) {
	s := h.Open(t)
	batch := events(0, 5)
	batch[0].Fields = metering.Fields{{Name: "size", Value: decimal.NewFromInt(1)}}
	appended(t, s, batch...)
	facts := make([]metering.Event, len(batch))
	for i := range facts {
		facts[i] = fact(i, metering.Correct, i)
		facts[i].RecordedAt = after(1001 * time.Hour)
	}
	facts[0].Fields = metering.Fields{{Name: "size", Value: decimal.NewFromInt(2)}}
	facts[1].Time = after(50 * time.Hour) // another day, behind all others
	facts[2].Type = "vm.starts"
	facts[3].Subject, facts[3].Dimensions = "vm2", metering.Dimensions{{Name: "region", Value: "us"}}
	facts[4].Value, facts[4].End = servicecoin.Undefined(), facts[4].Time.Add(time.Hour)
	equal(t, "receipt", appended(t, s, facts...), came(5, 0))
	want := make([]metering.Event, len(batch))
	for i := range want {
		want[i] = stands(batch[i], facts[i])
	}
	equal(t, "scan", scanned(t, s, everything(acme)), []metering.Event{want[0], want[3], want[4], want[1]})
	starts := everything(acme)
	starts.Type = "vm.starts"
	equal(t, "of the other type", scanned(t, s, starts), want[2:3])
	day := everything(acme)
	day.During = calendar.Between(after(0), after(24*time.Hour))
	equal(t, "of the day it was told for", ids(scanned(t, s, day)), []string{"00000", "00003", "00004"})
	equal(t, "history", told(t, s, batch[0]), []metering.Event{batch[0], facts[0]})
	back := fact(9, metering.Correct, 0) // with what it said at first
	back.Value, back.Fields = batch[0].Value, batch[0].Fields
	appended(t, s, back)
	equal(t, "corrected back", scanned(t, s, day)[0], stands(batch[0], back))
}

func caseZeros(t testing.TB, h Harness) {
	s := h.Open(t)
	numbers := []string{"0.1000000000", "-1.50000000000000000000", "1000000000.000000000", "0.000000000000", "12345678901234567890.00", "0.1", "1e3"}
	batch := make([]metering.Event, 0, 2*len(numbers))
	var facts []metering.Event
	for _, text := range numbers {
		for range 2 { // one is voided, the other corrected
			n := len(batch)
			e := event(n)
			e.Value = servicecoin.Some(decimal.RequireFromString(text))
			e.Fields = metering.Fields{{Name: "size", Value: e.Value.Decimal}}
			batch = append(batch, e)
			facts = append(facts, fact(n, []metering.Act{metering.Void, metering.Correct}[n%2], n))
		}
	}
	appended(t, s, batch...)
	appended(t, s, event(1000)) // another day: who seals has sealed
	for n, f := range facts {
		f.Time = f.Time.Add(time.Duration(n%3) * 24 * time.Hour)
		if f.Does == metering.Void {
			f.Time = time.Time{}
		}
		appended(t, s, f)
		facts[n] = f
	}
	want := []metering.Event{event(1000)}
	for n, f := range facts {
		if f.Does == metering.Correct {
			want = append(want, stands(batch[n], f))
		}
	}
	slices.SortFunc(want, metering.Event.Compare)
	equal(t, "scan", scanned(t, s, everything(acme)), want)
	differences, err := s.Verify(t.Context(), acme)
	if err != nil || len(differences) > 0 {
		t.Fatalf("verify: %v, %v", differences, err)
	}
}

func caseClose(t testing.TB, h Harness) {
	s := h.Open(t)
	appended(t, s, open(0), open(1), event(2), open(3))
	closing, again, early := fact(4, metering.Close, 0), fact(5, metering.Close, 0), fact(6, metering.Close, 1)
	early.Time = open(1).Time
	appended(t, s, again, closing, early, fact(7, metering.Close, 2))
	closed := open(0)
	closed.Open, closed.End, closed.RecordedAt = false, closing.Time, closing.RecordedAt
	equal(t, "scan", scanned(t, s, everything(acme)), []metering.Event{closed, open(1), event(2), open(3)})
	equal(t, "history", told(t, s, open(0)), []metering.Event{open(0), closing, again})
	equal(t, "before", scanned(t, s, asOf(4)), []metering.Event{open(0), open(1), event(2), open(3)})
}

// life is event(n) and what became of it, in the order of recording, and how it was
// listed before each hour after it was recorded (and, at last, now).
func life(n int) (list []metering.Event, known [][]metering.Event) {
	list = []metering.Event{open(n), fact(1, metering.Close, n), fact(2, metering.Correct, n), fact(3, metering.Void, n), fact(4, metering.Correct, n)}
	list[2].Time = after(30 * time.Hour) // another day
	closed := open(n)
	closed.Open, closed.End, closed.RecordedAt = false, list[1].Time, list[1].RecordedAt
	return list, [][]metering.Event{nil, {open(n)}, {closed}, {stands(list[0], list[2])}, nil, {stands(list[0], list[4])}}
}

func checkLife(t testing.TB, what string, s metering.EventStore, list []metering.Event, known [][]metering.Event) {
	t.Helper()
	for hour, want := range known {
		equal(t, what+": known before hour "+strconv.Itoa(hour), scanned(t, s, asOf(hour)), want)
	}
	equal(t, what+": now", scanned(t, s, everything(acme)), known[len(known)-1])
	equal(t, what+": history", told(t, s, list[0]), list)
}

// permutations calls do with every order of n things.
func permutations(n int, do func(order []int)) {
	var rec func(order, left []int)
	rec = func(order, left []int) {
		if len(left) == 0 {
			do(order)
			return
		}
		for i := range left {
			rest := slices.Delete(slices.Clone(left), i, i+1)
			rec(append(slices.Clone(order), left[i]), rest)
		}
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	rec(nil, all)
}

func caseAnyOrder(t testing.TB, h Harness) {
	s := h.Open(t)
	var lives [][]metering.Event // each comes in another order, all at the same time
	var orders [][]int
	known := make([][]metering.Event, 6)
	permutations(5, func(order []int) {
		list, stood := life(len(lives))
		lives, orders = append(lives, list), append(orders, order)
		for hour := range known {
			known[hour] = append(known[hour], stood[hour]...)
		}
	})
	for step := range 5 {
		batch := make([]metering.Event, 0, len(lives))
		for n, list := range lives {
			if k := orders[n][step]; n%2 == 0 || step < 3 {
				batch = append(batch, list[k])
			} else if step == 3 { // the last two in one batch
				batch = append(batch, list[k], list[orders[n][4]])
			}
		}
		appended(t, s, batch...)
	}
	for hour, want := range known {
		slices.SortFunc(want, metering.Event.Compare)
		equal(t, "known before hour "+strconv.Itoa(hour), scanned(t, s, asOf(hour)), want)
	}
	equal(t, "now", scanned(t, s, everything(acme)), known[5])
	for n, list := range lives {
		if n%17 == 0 {
			equal(t, "the history in the order "+decimals(orders[n]), told(t, s, list[0]), list)
		}
	}
}

func decimals(list []int) string {
	var text []byte
	for _, n := range list {
		text = strconv.AppendInt(text, int64(n), 10)
	}
	return string(text)
}

func caseBeforeEvent(t testing.TB, h Harness) {
	s := h.Open(t)
	void, correct := fact(-2, metering.Void, 1), fact(-1, metering.Correct, 2)
	equal(t, "receipt", appended(t, s, void, correct), came(2, 0))
	equal(t, "scan", len(scanned(t, s, everything(acme))), 0)
	equal(t, "history", told(t, s, event(1)), []metering.Event{void})
	equal(t, "the events", appended(t, s, event(1), event(2), event(3)), came(3, 0))
	as := stands(event(2), correct)
	as.RecordedAt = event(2).RecordedAt // nobody knew of it before
	equal(t, "scan", scanned(t, s, everything(acme)), []metering.Event{as, event(3)})
	equal(t, "before the events were recorded", len(scanned(t, s, asOf(0))), 0)
	equal(t, "history", told(t, s, event(2)), []metering.Event{event(2), correct})
	later := fact(2, metering.Void, 4) // recorded after its event, but comes before it
	appended(t, s, later)
	appended(t, s, event(4))
	equal(t, "as of between", ids(scanned(t, s, asOf(1))), []string{"00002", "00003", "00004"})
	equal(t, "now", ids(scanned(t, s, everything(acme))), []string{"00002", "00003"})
}

func caseFactBatches(t testing.TB, h Harness) {
	s := h.Open(t)
	list, known := life(1)
	forget := func() {
		t.Helper()
		if err := s.Forget(t.Context(), acme); err != nil {
			t.Fatalf("forget: %v", err)
		}
	}
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}} {
		batch := make([]metering.Event, len(order))
		for n, i := range order {
			batch[n] = list[i]
		}
		for cut := range batch {
			equal(t, "receipt", appended(t, s, batch[:cut]...), came(cut, 0))
			equal(t, "receipt", appended(t, s, batch[cut:]...), came(len(batch)-cut, 0))
			equal(t, "again", appended(t, s, batch...), came(0, len(batch)))
			checkLife(t, "the order "+decimals(order)+" cut at "+strconv.Itoa(cut), s, list, known)
			forget()
		}
	}
	batch := events(0, 300)
	for n := 0; n < 300; n += 3 {
		batch = append(batch, fact(n, metering.Void, n))
	}
	equal(t, "many in one batch", appended(t, s, batch...), came(400, 0))
	equal(t, "that are left", len(scanned(t, s, everything(acme))), 200)
}

func caseFactAgain(t testing.TB, h Harness) {
	s := h.Open(t)
	correct := fact(1, metering.Correct, 1)
	appended(t, s, event(1), event(2), correct)
	again := correct
	again.RecordedAt = again.RecordedAt.Add(time.Hour)
	equal(t, "again", appended(t, s, again), came(0, 1))
	for name, change := range map[string]func(f *metering.Event){
		"another value": func(f *metering.Event) { f.Value = servicecoin.Some(decimal.NewFromInt(7)) },
		"another event": func(f *metering.Event) { f.Of.ID = number(2) },
		"another act":   func(f *metering.Event) { *f = fact(1, metering.Void, 1) },
		"no fact":       func(f *metering.Event) { f.Does, f.Of = metering.Happen, metering.Ref{} },
	} {
		other := correct
		change(&other)
		x := conflict(t, name, appended(t, s, other))
		equal(t, name+": what is stored", *x.Stored, correct)
	}
	equal(t, "scan", scanned(t, s, everything(acme)), []metering.Event{stands(event(1), correct), event(2)})
	equal(t, "history", told(t, s, event(1)), []metering.Event{event(1), correct})
	equal(t, "history of the other", told(t, s, event(2)), []metering.Event{event(2)})
}

func caseLateFact(t testing.TB, h Harness) {
	s := h.Open(t)
	list, known := life(1)
	appended(t, s, list[0], list[4]) // the last word comes first
	checkLife(t, "with the last fact alone", s, []metering.Event{list[0], list[4]},
		[][]metering.Event{nil, known[1], known[1], known[1], known[1], known[5]})
	appended(t, s, list[2])
	checkLife(t, "with one recorded before it", s, []metering.Event{list[0], list[2], list[4]},
		[][]metering.Event{nil, known[1], known[1], known[3], known[3], known[5]})
	appended(t, s, list[3])
	checkLife(t, "with one recorded between", s, []metering.Event{list[0], list[2], list[3], list[4]},
		[][]metering.Event{nil, known[1], known[1], known[3], nil, known[5]})
	appended(t, s, list[1])
	checkLife(t, "with all", s, list, known)
	first, late := fact(6, metering.Correct, 2), fact(5, metering.Correct, 2)
	late.Value = first.Value // it says the same, and has said it before
	appended(t, s, event(2), first)
	appended(t, s, late)
	equal(t, "since when it stands so", only(t, scanned(t, s, everything(acme))[1:]), stands(event(2), late))
}

func caseFactsKnownBefore(t testing.TB, h Harness) {
	s := h.Open(t)
	appended(t, s, events(0, 3)...)
	value, day := fact(1, metering.Correct, 0), fact(2, metering.Correct, 1)
	day.Time = after(30 * time.Hour)
	appended(t, s, value, day, fact(3, metering.Void, 2))
	first, second := stands(event(0), value), stands(event(1), day)
	for hour, want := range [][]metering.Event{nil, events(0, 3), {first, event(1), event(2)}, {first, event(2), second}, {first, second}} {
		equal(t, "known before hour "+strconv.Itoa(hour), scanned(t, s, asOf(hour)), want)
		q := asOf(hour)
		q.During = calendar.Between(after(24*time.Hour), after(48*time.Hour))
		equal(t, "of the next day, known before hour "+strconv.Itoa(hour), len(scanned(t, s, q)), btoi(hour >= 3))
	}
	q := asOf(1)
	q.KnownBefore = q.KnownBefore.Add(time.Microsecond)
	equal(t, "a microsecond after the correction", scanned(t, s, q)[0], first)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func caseOwnCustomer(t testing.TB, h Harness) {
	s := h.Open(t)
	theirs, void := event(1), fact(1, metering.Void, 1)
	theirs.Customer, void.Customer = globex, globex
	appended(t, s, event(1), void)
	equal(t, "acme's", scanned(t, s, everything(acme)), []metering.Event{event(1)})
	appended(t, s, theirs)
	equal(t, "globex's", len(scanned(t, s, everything(globex))), 0)
	equal(t, "acme's history", told(t, s, event(1)), []metering.Event{event(1)})
	correct, ofFact := fact(2, metering.Correct, 1), fact(3, metering.Void, 1)
	ofFact.Of = metering.Ref{Source: correct.Source, ID: correct.ID}
	appended(t, s, correct)
	appended(t, s, ofFact)
	equal(t, "a fact about a fact", scanned(t, s, everything(acme)), []metering.Event{stands(event(1), correct)})
}

func caseIntervals(t testing.TB, h Harness) {
	s := h.Open(t)
	batch := events(0, 4)
	batch[0].End = batch[0].Time.Add(90 * 24 * time.Hour)
	batch[1].Open = true
	batch[2].Fields = metering.Fields{{Name: "in", Value: decimal.RequireFromString("-0.000000000000000000000000000001")}, {Name: "out", Value: decimal.New(5, 20)}}
	batch[3].End, batch[3].Value = batch[3].Time.Add(time.Microsecond), servicecoin.Undefined()
	batch[3].Fields = metering.Fields{{Name: "é", Value: decimal.Zero}}
	sent := slices.Clone(batch)
	sent[0].End = sent[0].End.Add(999).In(time.FixedZone("somewhere", 5400))
	sent[2].Fields = metering.Fields{batch[2].Fields[1], batch[2].Fields[0]}
	appended(t, s, sent...)
	got := scanned(t, s, everything(acme))
	equal(t, "scan", got, batch)
	for i, e := range got {
		if !e.End.IsZero() && (e.End.Location() != time.UTC || e.End.Nanosecond()%1000 != 0) {
			t.Errorf("the end of event %d comes back as %v", i, e.End)
		}
	}
	equal(t, "again", appended(t, s, sent...), came(0, 4))
	q := everything(acme)
	q.During.Start = batch[1].Time
	equal(t, "an interval belongs to where it begins", ids(scanned(t, s, q)), []string{"00001", "00002", "00003"})
}

func caseForgetFacts(t testing.TB, h Harness) {
	s := h.Open(t)
	theirs, their := event(1), fact(1, metering.Void, 1)
	theirs.Customer, their.Customer = globex, globex
	appended(t, s, event(1), fact(1, metering.Void, 1), fact(2, metering.Void, 2), theirs, their)
	if err := s.Forget(t.Context(), acme); err != nil {
		t.Fatalf("forget: %v", err)
	}
	equal(t, "history", len(told(t, s, event(1)))+len(told(t, s, event(2))), 0)
	equal(t, "their keys", appended(t, s, event(1), event(2), fact(1, metering.Void, 3)), came(3, 0))
	equal(t, "scan", scanned(t, s, everything(acme)), events(1, 3))
	equal(t, "globex's", told(t, s, theirs), []metering.Event{theirs, their})
}

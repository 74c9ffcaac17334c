package meteringtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

func measureCases() []Case {
	return []Case{
		{Name: "measure", Sentence: "Measure answers what a meter says of each customer, in each window and group.", Run: caseMeasure},
		{Name: "measure/every meter", Sentence: "Measure answers what the meter makes of the events that Scan yields, whatever its aggregation, field, filters and groups.", Run: caseEveryMeter},
		{Name: "measure/windows", Sentence: "Windows begin and end at any microsecond, may have gaps between them, and may be empty.", Run: caseWindows},
		{Name: "measure/intervals", Sentence: "The sum of an interval is spread over its time, also where it began before the first window; one that is open has a length, up to now, and no value yet.", Run: caseMeasureIntervals},
		{Name: "measure/facts", Sentence: "What is voided does not count, what is corrected or closed counts as the fact says, also where a day was measured before.", Run: caseMeasureFacts},
		{Name: "measure/known before", Sentence: "A measurement as of an instant counts what was known then.", Run: caseMeasureKnownBefore},
		{Name: "measure/many alike", Sentence: "Days with many events of few subjects and dimensions are measured as all others, also with what comes late.", Run: caseManyAlike},
		{Name: "measure/customers", Sentence: "Customers are those that are asked about, in order of their names; without any named, all that the store has.", Run: caseCustomers},
		{Name: "measure/exact", Sentence: "Sums are exact, with 30 digits before the point and 30 behind.", Run: caseExact},
		{Name: "measure/invalid", Sentence: "A measurement that is not valid is ErrInvalid, with all violations.", Run: caseInvalidMeasurement},
		{Name: "measure/forget", Sentence: "What is forgotten counts no longer.", Run: caseMeasureForgotten},
	}
}

// days are windows of whole days of UTC from the start.
func days(n int) []calendar.Interval {
	var list []calendar.Interval
	for i := range n {
		list = append(list, calendar.Between(start().AddDate(0, 0, i), start().AddDate(0, 0, i+1)))
	}
	return list
}

// said is what was measured of a customer.
type said struct {
	Customer servicecoin.CustomerID
	Series   []metering.Series
}

// measured returns what a store says, of each customer in order. Without customers
// named it leaves out those of whom there is nothing to say: a store may list them, or not.
func measured(t testing.TB, s metering.EventStore, m metering.Measurement) []said {
	t.Helper()
	d, err := s.Measure(t.Context(), m)
	if err != nil {
		t.Fatalf("measure %q: %v", m.Meter.ID, err)
	}
	return saidBy(d, m)
}

func saidBy(d *metering.Measured, m metering.Measurement) []said {
	var list []said
	for _, c := range d.Customers {
		one := said{Customer: c, Series: d.Series(m.Meter, c)}
		if m.Customers != nil || slices.ContainsFunc(one.Series, heard) {
			list = append(list, one)
		}
	}
	return list
}

func heard(s metering.Series) bool {
	return slices.ContainsFunc(s.Points, func(p metering.Point) bool { return p.Events > 0 || p.Value.Valid && !p.Value.Decimal.IsZero() })
}

// asScanned demands that a store measures what the meter makes of its listing.
func asScanned(t testing.TB, what string, s metering.EventStore, m metering.Measurement) {
	t.Helper()
	d, err := metering.MeasureScan(t.Context(), s, m, []servicecoin.CustomerID{acme, globex})
	if err != nil {
		t.Fatalf("%s: measure the listing: %v", what, err)
	}
	if diff := cmp.Diff(saidBy(d, m), measured(t, s, m)); diff != "" { // one is enough to read
		t.Fatalf("%s: meter %q by %v (-want +got)\n%s", what, m.Meter.ID, m.GroupBy, diff)
	}
}

// groupings are some ways to ask for groups.
func groupings() [][]string {
	return [][]string{nil, {"region"}, {metering.Subject, "size"}}
}

func caseMeasure(t testing.TB, h Harness) {
	s := h.Open(t)
	batch := events(0, 6) // of 0.5, 1.5, … hours
	batch[1].Dimensions, batch[1].Subject = metering.Dimensions{{Name: "region", Value: "us"}}, "vm2"
	batch[3].Time, batch[4].Time = after(24*time.Hour), after(25*time.Hour)
	batch[4].Value = servicecoin.Undefined()
	batch[5].Customer = globex
	appended(t, s, batch...)
	windows := days(3)
	of := func(values [3]string, events ...int64) []metering.Point {
		points := make([]metering.Point, len(windows))
		for i := range points {
			points[i] = metering.Point{Interval: windows[i], Events: events[i]}
			if values[i] != "" {
				points[i].Value = some(values[i])
			}
		}
		return points
	}
	for _, c := range []struct {
		meter metering.MeterID
		by    []string
		want  []metering.Series
	}{
		{"count", nil, []metering.Series{{Points: of([3]string{"3", "2"}, 3, 2, 0)}}},
		{"sum", nil, []metering.Series{{Points: of([3]string{"4.5", "3.5"}, 3, 2, 0)}}},
		{"sum, nothing is 0", nil, []metering.Series{{Points: of([3]string{"4.5", "3.5", "0"}, 3, 2, 0)}}},
		{"max", nil, []metering.Series{{Points: of([3]string{"2.5", "3.5"}, 3, 2, 0)}}},
		{"unique subjects", nil, []metering.Series{{Points: of([3]string{"2", "1"}, 3, 2, 0)}}},
		{"sum", []string{"region"}, []metering.Series{
			{Group: []string{"eu"}, Points: of([3]string{"3", "3.5"}, 2, 2, 0)},
			{Group: []string{"us"}, Points: of([3]string{"1.5"}, 1, 0, 0)},
		}},
		{"count", []string{"size", "region"}, []metering.Series{
			{Group: []string{"", "us"}, Points: of([3]string{"1"}, 1, 0, 0)},
			{Group: []string{"xl", "eu"}, Points: of([3]string{"2", "2"}, 2, 2, 0)},
		}},
	} {
		m := metering.Measurement{Meter: meter(t, c.meter), Customers: []servicecoin.CustomerID{acme}, Windows: windows, GroupBy: c.by}
		equal(t, fmt.Sprintf("%s by %v", c.meter, c.by), measured(t, s, m), []said{{acme, c.want}})
	}
}

func caseEveryMeter(t testing.TB, h Harness) {
	s := h.Open(t)
	list := use()
	appended(t, s, list...)
	appended(t, s, afterthoughts(list)...)
	for _, m := range meters(t) {
		for _, by := range groupings() {
			asScanned(t, "days", s, metering.Measurement{Meter: m, Windows: days(7), GroupBy: by, Now: after(150 * time.Hour)})
		}
	}
}

func caseWindows(t testing.TB, h Harness) {
	s := h.Open(t)
	appended(t, s, use()...)
	every := func(from, step time.Duration, n int) []calendar.Interval {
		var list []calendar.Interval
		for i := range n {
			list = append(list, calendar.Between(after(from+time.Duration(i)*step), after(from+time.Duration(i+1)*step)))
		}
		return list
	}
	edge, all := use()[42].Time, meters(t)
	for what, windows := range map[string][]calendar.Interval{
		"one":                        every(-time.Hour, 200*time.Hour, 1),
		"quarters of an hour":        every(20*time.Hour+7*time.Minute, 15*time.Minute, 60),
		"hours across midnight":      every(22*time.Hour+30*time.Minute, time.Hour, 30),
		"days of another zone":       every(-2*time.Hour, 24*time.Hour, 6),
		"with gaps":                  {every(0, 5*time.Hour, 1)[0], every(24*time.Hour, 24*time.Hour, 1)[0], every(60*time.Hour+time.Microsecond, 17*time.Hour, 1)[0]},
		"an empty one among others":  {every(0, 5*time.Hour, 1)[0], calendar.Between(after(5*time.Hour), after(5*time.Hour)), every(5*time.Hour, 50*time.Hour, 1)[0]},
		"edges on an event":          {calendar.Between(edge.Add(-time.Hour), edge), calendar.Between(edge, edge.Add(time.Microsecond)), calendar.Between(edge.Add(time.Microsecond), edge.Add(time.Hour))},
		"long before and long after": {calendar.Between(after(-9000*time.Hour), after(-8990*time.Hour)), calendar.Between(after(8990*time.Hour), after(9000*time.Hour))},
	} {
		for _, m := range all {
			asScanned(t, what, s, metering.Measurement{Meter: m, Windows: windows, GroupBy: []string{"region"}})
		}
	}
}

func caseMeasureIntervals(t testing.TB, h Harness) {
	s := h.Open(t)
	interval := func(n, from, to int, value string) metering.Event {
		e := event(n)
		e.Time, e.End, e.Value = after(time.Duration(from)*time.Hour), after(time.Duration(to)*time.Hour), some(value)
		return e
	}
	going := interval(3, 12, 12, "24")
	going.End, going.Open = time.Time{}, true
	appended(t, s, interval(0, 22, 26, "8"), interval(1, -2, 2, "8"), interval(2, 20, 30, "1"), going)
	third := []calendar.Interval{calendar.Between(after(20*time.Hour), after(23*time.Hour)), calendar.Between(after(23*time.Hour), after(26*time.Hour)), calendar.Between(after(26*time.Hour), after(30*time.Hour))}
	says := func(what string, id metering.MeterID, windows []calendar.Interval, want ...string) {
		t.Helper()
		got := measured(t, s, metering.Measurement{Meter: meter(t, id), Customers: []servicecoin.CustomerID{acme}, Windows: windows, Now: after(30 * time.Hour)})
		for i, p := range got[0].Series[0].Points {
			if text := map[bool]string{true: p.Value.Decimal.String()}[p.Value.Valid]; text != want[i] {
				t.Errorf("%s: %s of window %d: got %q, want %q", what, id, i, text, want[i])
			}
		}
	}
	says("spread over days", "sum", days(3), "8.4", "4.6", "")
	says("spread over hours", "sum", third, "2.3", "6.3", "0.4")
	says("lengths", "sum of lengths", days(3), "72000", "50400", "")
	says("one begins where it begins", "count", days(3), "3", "", "")
	appended(t, s, closing(3, 36))
	says("closed", "sum", days(3), "20.4", "16.6", "")
	says("lengths, closed", "sum of lengths", days(3), "72000", "72000", "")
	appended(t, s, fact(7, metering.Void, 1))
	says("voided", "sum", days(3), "16.4", "16.6", "")
}

// closing is a fact that event(n), an open interval, ended so many hours after the start.
func closing(n, hour int) metering.Event {
	f := fact(1, metering.Close, n)
	f.Time = after(time.Duration(hour) * time.Hour)
	return f
}

func caseMeasureFacts(t testing.TB, h Harness) {
	s := h.Open(t)
	appended(t, s, events(0, 3)...) // 0.5, 1.5 and 2.5
	value := func(id metering.MeterID, want ...string) {
		t.Helper()
		got := measured(t, s, metering.Measurement{Meter: meter(t, id), Customers: []servicecoin.CustomerID{acme}, Windows: days(2)})
		for i, p := range got[0].Series[0].Points {
			if text := map[bool]string{true: p.Value.Decimal.String()}[p.Value.Valid]; text != want[i] {
				t.Errorf("%s of day %d: got %q, want %q", id, i, text, want[i])
			}
		}
	}
	value("sum", "4.5", "")
	value("max", "2.5", "")
	appended(t, s, fact(1, metering.Void, 2))
	value("sum", "2", "")
	value("max", "1.5", "")
	value("count", "2", "")
	day := fact(2, metering.Correct, 1)
	day.Time, day.Value = after(24*time.Hour), some("8")
	appended(t, s, day)
	value("sum", "0.5", "8")
	value("count", "1", "1")
	appended(t, s, fact(3, metering.Void, 0))
	value("sum", "", "8")
	value("count", "", "1")
	value("unique subjects", "", "1")
	back := fact(4, metering.Correct, 2)
	appended(t, s, back)
	value("sum", "1004", "8")
	kind := fact(5, metering.Correct, 2)
	kind.Type = "vm.starts"
	appended(t, s, kind)
	value("max", "", "8")
	list := use()
	appended(t, s, list...)
	for _, m := range meters(t) {
		asScanned(t, "before facts", s, metering.Measurement{Meter: m, Windows: days(6)})
	}
	for some := range slices.Chunk(afterthoughts(list), 7) {
		appended(t, s, some...)
		asScanned(t, "after some facts", s, metering.Measurement{Meter: meter(t, "max"), Windows: days(6), GroupBy: []string{"size"}})
	}
}

func caseMeasureKnownBefore(t testing.TB, h Harness) {
	s := h.Open(t)
	list := use()
	facts := afterthoughts(list)
	appended(t, s, list[:90]...)
	appended(t, s, facts...)
	appended(t, s, list[90:]...)
	all := meters(t)
	for _, hour := range []int{1000, 1007, 1012, 2000} {
		for _, m := range all {
			q := metering.Measurement{Meter: m, Windows: days(6), GroupBy: []string{"region"}, KnownBefore: after(time.Duration(hour) * time.Hour)}
			asScanned(t, "known before hour "+number(hour), s, q)
		}
	}
	q := metering.Measurement{Meter: meter(t, "count"), Customers: []servicecoin.CustomerID{acme}, Windows: days(6), KnownBefore: after(1000 * time.Hour)}
	equal(t, "before anything was known", slices.ContainsFunc(measured(t, s, q)[0].Series, heard), false)
	q.KnownBefore = q.KnownBefore.Add(time.Microsecond)
	equal(t, "a microsecond later", slices.ContainsFunc(measured(t, s, q)[0].Series, heard), true)
}

func caseCustomers(t testing.TB, h Harness) {
	s := h.Open(t)
	appended(t, s, use()...)
	names := func(list []said) []servicecoin.CustomerID {
		var all []servicecoin.CustomerID
		for _, x := range list {
			all = append(all, x.Customer)
		}
		return all
	}
	for _, c := range []struct{ ask, want []servicecoin.CustomerID }{
		{nil, []servicecoin.CustomerID{acme, globex}},
		{[]servicecoin.CustomerID{globex}, []servicecoin.CustomerID{globex}},
		{[]servicecoin.CustomerID{globex, acme}, []servicecoin.CustomerID{acme, globex}},
		{[]servicecoin.CustomerID{"stranger", "acme ", globex}, []servicecoin.CustomerID{"acme ", globex, "stranger"}},
		{[]servicecoin.CustomerID{}, nil},
	} {
		for _, by := range groupings() {
			m := metering.Measurement{Meter: meter(t, "sum, nothing is 0"), Customers: c.ask, Windows: days(6), GroupBy: by}
			equal(t, fmt.Sprintf("customers %v", c.ask), names(measured(t, s, m)), c.want)
			asScanned(t, fmt.Sprintf("customers %v", c.ask), s, m)
		}
	}
	other := meter(t, "count")
	other.Type = "unheard of"
	equal(t, "of a type that nobody has", len(measured(t, s, metering.Measurement{Meter: other, Windows: days(6)})), 0)
}

func caseExact(t testing.TB, h Harness) {
	s := h.Open(t)
	texts := []string{
		"999999999999999999999999999999.999999999999999999999999999999", "0.000000000000000000000000000001",
		"9223372036854775807", "9223372036854775807", "-0.0000000005", "170141183460469231731687303715", "0.1", "0.2",
	}
	var batch []metering.Event
	sum := decimal.Zero
	for i, text := range texts {
		e := event(i)
		e.Value = some(text)
		batch = append(batch, e)
		sum = sum.Add(e.Value.Decimal)
	}
	appended(t, s, batch...)
	q := metering.Measurement{Meter: meter(t, "sum"), Customers: []servicecoin.CustomerID{acme}, Windows: days(1)}
	equal(t, "sum", measured(t, s, q)[0].Series[0].Points[0].Value, servicecoin.Some(sum))
	for n := range len(batch) - 2 { // what is left is 0.1 and 0.2
		appended(t, s, fact(n, metering.Void, n))
	}
	equal(t, "sum of what is left", measured(t, s, q)[0].Series[0].Points[0].Value, some("0.3"))
	q.Meter = meter(t, "max")
	equal(t, "max of what is left", measured(t, s, q)[0].Series[0].Points[0].Value, some("0.2"))
}

func caseInvalidMeasurement(t testing.TB, h Harness) {
	s := h.Open(t)
	appended(t, s, event(1))
	m := metering.Measurement{
		Meter: meter(t, "sum"), Customers: []servicecoin.CustomerID{acme, "", acme}, Windows: []calendar.Interval{days(2)[1], days(2)[0]},
		GroupBy: []string{"region", "colour"},
	}
	m.Meter.Unit = ""
	d, err := s.Measure(t.Context(), m)
	invalid(t, "measure", err, "meter.unit", "customers", "windows[1]", "groupBy[1]")
	if d != nil {
		t.Errorf("with the error comes %+v", d)
	}
}

func caseMeasureForgotten(t testing.TB, h Harness) {
	s := h.Open(t)
	list := use()
	appended(t, s, list...)
	appended(t, s, afterthoughts(list)...)
	q := metering.Measurement{Meter: meter(t, "count"), Windows: days(6)}
	equal(t, "customers", len(measured(t, s, q)), 2)
	if err := s.Forget(t.Context(), acme); err != nil {
		t.Fatalf("forget: %v", err)
	}
	got := measured(t, s, q)
	if len(got) != 1 || got[0].Customer != globex {
		t.Errorf("acme is forgotten, and the store says %s", cmp.Diff(nil, got))
	}
	appended(t, s, event(1))
	q.Customers = []servicecoin.CustomerID{acme}
	equal(t, "what came since", measured(t, s, q)[0].Series[0].Points[0].Events, 1)
}

// caseManyAlike has days as most are: stores keep more of them than of the others.
func caseManyAlike(t testing.TB, h Harness) {
	s := h.Open(t)
	const aDay = 96
	alike := func(n int) metering.Event {
		e := event(n)
		k := n % aDay
		e.Time = after(time.Duration(n/aDay)*24*time.Hour + time.Duration(k%8)*3*time.Hour + time.Duration(k)*13*time.Second)
		e.Subject, e.Dimensions = "vm"+number(k%8/3), metering.DimensionsOf(map[string]string{"region": []string{"eu", "us"}[n/8%2]})
		if n%7 == 0 {
			e.Value = servicecoin.Undefined()
		}
		return e
	}
	for day := range 4 {
		var list []metering.Event
		for n := range aDay {
			list = append(list, alike(aDay*day+n))
		}
		appended(t, s, list...)
	}
	check := func(what string) {
		t.Helper()
		shifted := func(by time.Duration) []calendar.Interval {
			list := days(4)
			for i, w := range list {
				list[i] = calendar.Between(w.Start.Add(by), w.End.Add(by))
			}
			return list
		}
		var halves []calendar.Interval
		for i := range 90 {
			halves = append(halves, calendar.Between(after(time.Duration(i)*30*time.Minute), after(time.Duration(i+1)*30*time.Minute)))
		}
		ask := func(what string, windows []calendar.Interval, known time.Time) {
			t.Helper()
			for _, id := range []metering.MeterID{"count", "sum, nothing is 0", "sum, filtered", "min", "max", "average", "unique subjects", "unique regions of large ones"} {
				for _, by := range [][]string{nil, {"region"}} {
					m := metering.Measurement{Meter: meter(t, id), Windows: windows, GroupBy: by, Customers: []servicecoin.CustomerID{acme}, KnownBefore: known}
					asScanned(t, what, s, m)
				}
			}
		}
		for _, windows := range [][]calendar.Interval{
			days(4), shifted(-2 * time.Hour), shifted(330 * time.Minute), shifted(15 * time.Minute), halves,
			{calendar.Between(after(0), after(30*time.Hour)), calendar.Between(after(60*time.Hour), after(85*time.Hour))},
		} {
			ask(what, windows, time.Time{})
		}
		ask(what+", as known before", days(4), after(1000*time.Hour+time.Minute))
		q := metering.Query{Customer: acme, Type: hours, During: calendar.Between(after(5*time.Hour), after(4*24*time.Hour))}
		want, err := metering.DigestOf(s.Scan(t.Context(), q))
		if err != nil {
			t.Fatalf("%s: digest of the listing: %v", what, err)
		}
		equal(t, what+": digest", digest(t, s, q), want)
	}
	check("as they came")
	late := alike(6000)
	late.Time, late.RecordedAt, late.Subject = after(50*time.Hour), after(1001*time.Hour), "vm9"
	late.Dimensions = metering.DimensionsOf(map[string]string{"region": "asia"})
	appended(t, s, late)
	check("with a late one")
	appended(t, s, metering.Event{
		Customer: acme, Source: "desk", ID: "void", Does: metering.Void, Of: metering.Ref{Source: "collector", ID: number(30)}, RecordedAt: after(1002 * time.Hour),
	})
	check("without one that is voided")
}

package cost_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// at is an instant of January 2026.
func at(day, hour int) time.Time { return time.Date(2026, 1, day, hour, 0, 0, 0, time.UTC) }

// item includes an item of a price of its own name.
func (w *world) item(i cost.Item) {
	w.t.Helper()
	i.Name, i.Service = "Item "+string(i.ID), "storage"
	if i.Price == "" {
		i.Price = servicecoin.PriceID(i.ID)
	}
	if i.From.IsZero() {
		i.From = newYear
	}
	_, err := w.Include(w.t.Context(), ada, i)
	w.must(err)
}

// used records an event of a meter.
func (w *world) used(meter metering.MeterID, when time.Time, value string, dimensions ...metering.Dimension) {
	w.t.Helper()
	w.events++
	_, err := w.ledger.Record(w.t.Context(), exchange, metering.Event{
		Source: "s", ID: strconv.Itoa(w.events), Type: "used." + string(meter), Time: when, Value: some(value), Dimensions: dimensions,
	})
	w.must(err)
}

func (w *world) proved(m calendar.Month) cost.Statement {
	w.t.Helper()
	st := w.draft(m)
	proved, err := st.Proves()
	w.must(err)
	require.True(w.t, proved)
	return st
}

func TestChargesOfAPartOfAMonth(t *testing.T) {
	t.Parallel()
	flat := func(amount string, policy rating.Proration) rating.Price {
		return rating.Price{Model: rating.Flat, Amount: some(amount), Proration: policy}
	}
	per := func(unit string, policy rating.Proration) rating.Price {
		return rating.Price{Model: rating.PerUnit, UnitPrice: some(unit), Proration: policy}
	}
	tiers := func(unit string) rating.Price {
		return rating.Price{Model: rating.Graduated, Proration: rating.ByEvents, Tiers: []rating.Tier{{UpTo: some("10")}, {Unit: dec(unit)}}}
	}
	least := tiers("1")
	least.Minimum = some("100")
	for name, c := range map[string]struct {
		first, then rating.Price
		on          time.Time // of the second version
		from, until time.Time
		meter       metering.MeterID // of which 8 are used on the 5th, 16 on the 15th and 20 on the 25th
		want        []string
	}{
		"a fee begins":              {first: flat("31", rating.ByDays), from: at(16, 0), want: []string{"fee/x 16.00 EUR"}},
		"a fee begins by night":     {first: flat("31", rating.ByDays), from: at(16, 22), want: []string{"fee/x 16.00 EUR"}},
		"a fee ends":                {first: flat("31", rating.ByDays), until: at(16, 0), want: []string{"fee/x 15.00 EUR"}},
		"a fee ends at noon":        {first: flat("31", rating.ByDays), until: at(16, 12), want: []string{"fee/x 15.00 EUR"}},
		"begins and ends":           {first: flat("31", rating.ByDays), from: at(10, 0), until: at(12, 0), want: []string{"fee/x 2.00 EUR"}},
		"begins and ends in a day":  {first: flat("31", rating.ByDays), from: at(10, 8), until: at(10, 9), want: []string{"fee/x 0.00 EUR"}},
		"a fee in full":             {first: flat("31", rating.WholePeriod), from: at(16, 0), want: []string{"fee/x 31.00 EUR"}},
		"a fee that is no decimal":  {first: flat("10", rating.ByDays), from: at(16, 0), want: []string{"fee/x 5.16 EUR"}},
		"a fee changes":             {first: flat("31", rating.ByDays), then: flat("62", rating.ByDays), on: at(11, 0), want: []string{"fee/x 10.00 EUR", "fee/x/2026-01-11T00:00:00Z 42.00 EUR"}},
		"a fee changes, by events":  {first: flat("31", rating.ByEvents), then: flat("62", rating.ByEvents), on: at(11, 0), want: []string{"fee/x 10.00 EUR", "fee/x/2026-01-11T00:00:00Z 42.00 EUR"}},
		"a fee changes next month":  {first: flat("31", rating.WholePeriod), then: flat("62", rating.ByDays), on: at(11, 0), want: []string{"fee/x 31.00 EUR"}},
		"for the rest of the month": {first: flat("31", rating.ByDays), then: flat("62", rating.WholePeriod), on: at(11, 0), want: []string{"fee/x 10.00 EUR", "fee/x/2026-01-11T00:00:00Z 62.00 EUR"}},
		"usage by events":           {first: per("1", rating.ByEvents), then: per("2", rating.ByEvents), on: at(15, 0), meter: "disk", want: []string{"usage/x 8.00 EUR", "usage/x/2026-01-15T00:00:00Z 72.00 EUR"}},
		"usage by days":             {first: per("1", rating.ByDays), then: per("2", rating.ByDays), on: at(11, 0), meter: "disk", want: []string{"usage/x 14.19 EUR", "usage/x/2026-01-11T00:00:00Z 59.61 EUR"}},
		"usage begins, by days":     {first: per("1", rating.ByDays), from: at(10, 0), meter: "disk", want: []string{"usage/x 36.00 EUR"}},
		// The first ten are free once: 8 in the first part, and 2 more in the second.
		"tiers go on":                   {first: tiers("1"), then: tiers("3"), on: at(10, 0), meter: "disk", want: []string{"usage/x 0.00 EUR", "usage/x/2026-01-10T00:00:00Z 102.00 EUR"}},
		"a minimum is due at the end":   {first: least, then: least, on: at(10, 0), meter: "disk", want: []string{"usage/x 100.00 EUR"}},
		"a minimum of the last version": {first: tiers("1"), then: least, on: at(20, 0), meter: "disk", want: []string{"usage/x 14.00 EUR", "usage/x/2026-01-20T00:00:00Z 86.00 EUR"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.publish("x", c.first, newYear.AddDate(-1, 0, 0))
			if !c.on.IsZero() {
				w.publish("x", c.then, c.on)
			}
			w.item(cost.Item{ID: "x", Meter: c.meter, From: c.from, Until: c.until})
			if c.meter != "" {
				w.used(c.meter, at(5, 0), "8")
				w.used(c.meter, at(15, 0), "16")
				w.used(c.meter, at(25, 0), "20")
			}
			st := w.proved(january)
			got := lines(st)
			require.Equal(t, c.want, got[:len(got)-1])
			for _, l := range st.Lines {
				sum := decimal.Zero
				for _, part := range l.Parts {
					sum = sum.Add(part.Amount)
				}
				require.True(t, sum.Equal(l.Exact.Decimal()), "the parts of %s sum to %s, not to %s", l.ID, sum, l.Exact)
			}
			require.Equal(t, lines(w.issue(january)), got, "what is issued is what was drafted")
			require.Empty(t, corrections(w.draft(february)), "nothing is corrected that no fact changed")
		})
	}
}

func corrections(st cost.Statement) (list []string) {
	for _, l := range st.Lines {
		if l.Kind == cost.CorrectionLine {
			list = append(list, l.ID+" "+l.Amount.String())
		}
	}
	return list
}

// A version that says what the one before says, under another name, changes nothing of
// what is charged in all, whenever it becomes valid.
func TestEqualVersionsChangeNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w, plain := newWorld(t, nil), newWorld(t, nil)
		policy := rapid.SampledFrom([]rating.Proration{rating.ByDays, rating.ByEvents}).Draw(r, "policy")
		price := rapid.SampledFrom([]rating.Price{
			{Model: rating.PerUnit, UnitPrice: some("0.37")},
			{Model: rating.Graduated, Tiers: []rating.Tier{{UpTo: some("20"), Flat: dec("3")}, {UpTo: some("50"), Unit: dec("0.5")}, {Unit: dec("0.25"), Flat: dec("1")}}, Minimum: some("9")},
			{Model: rating.Volume, Tiers: []rating.Tier{{UpTo: some("40"), Unit: dec("2")}, {Unit: dec("1.5")}}, Maximum: some("80")},
			{Model: rating.Package, Package: &rating.Bundle{Size: dec("7"), Price: dec("3"), Free: dec("5")}},
			{Model: rating.Flat, Amount: some("12.34")},
		}).Draw(r, "price")
		price.Proration = policy
		from := rapid.IntRange(0, 40*24).Draw(r, "from")
		changes := rapid.SliceOfNDistinct(rapid.IntRange(1, 31*24-1), 1, 4, rapid.ID).Draw(r, "changes")
		for _, of := range []*world{w, plain} {
			of.publish("x", price, newYear.AddDate(-1, 0, 0))
			of.item(cost.Item{ID: "x", Meter: rapid.SampledFrom([]metering.MeterID{"disk"}).Draw(r, "meter"), From: newYear.AddDate(0, 0, -9).Add(time.Duration(from) * time.Hour)})
		}
		seen := map[int]bool{}
		for i := range 31 * 24 { // in order
			for _, c := range changes {
				if c == i && !seen[i] {
					seen[i] = true
					renamed := price
					renamed.Unit = "unit " + strconv.Itoa(i)
					w.publish("x", renamed, newYear.Add(time.Duration(i)*time.Hour))
				}
			}
		}
		for n := range rapid.IntRange(0, 12).Draw(r, "events") {
			hour := rapid.IntRange(0, 31*24-1).Draw(r, "hour")
			value := strconv.Itoa(rapid.IntRange(0, 12).Draw(r, "value"))
			for _, of := range []*world{w, plain} {
				of.events = n
				of.used("disk", newYear.Add(time.Duration(hour)*time.Hour), value)
			}
		}
		exact := func(st cost.Statement) (sum decimal.Decimal, known bool) {
			for _, l := range st.Lines {
				if l.Exact.Defined() {
					sum, known = sum.Add(l.Exact.Decimal()), true
				}
			}
			return sum.Round(20), known
		}
		got, known := exact(w.proved(january))
		want, is := exact(plain.proved(january))
		if known != is {
			r.Fatalf("known %v, without versions %v", known, is)
		}
		if !got.Equal(want) {
			r.Fatalf("in parts %s, at once %s", got, want)
		}
	})
}

// nights are from ten to six, by the clock of Berlin.
func nights(t *testing.T) *hours.Hours {
	t.Helper()
	span, err := calendar.ParseClockSpan("22:00-06:00")
	require.NoError(t, err)
	return &hours.Hours{Zone: "Europe/Berlin", Weekly: hours.EveryDay(span)}
}

func TestChargesByWindows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.publish("x", rating.Price{Model: rating.PerUnit, UnitPrice: some("1"), Windows: []rating.PriceWindow{{Name: "night", Hours: nights(t), Factor: some("0.25")}}}, newYear.AddDate(-1, 0, 0))
	w.item(cost.Item{ID: "x", Meter: "disk"})
	w.used("disk", at(5, 12), "8")
	w.used("disk", at(5, 22), "4")  // 23:00 in Berlin
	w.used("disk", at(6, 4), "12")  // 05:00
	w.used("disk", at(6, 5), "100") // 06:00: the night is over
	st := w.proved(january)
	require.Equal(t, []string{"usage/x 112.00 EUR", "112.00 EUR"}, lines(st))
	require.Contains(t, st.Trace().String(), "night, 32 stretches")
	sources, err := st.Sources("usage/x")
	require.NoError(t, err)
	require.Len(t, sources, 2)
	byName := map[string]cost.Source{}
	for _, s := range sources {
		byName[s.Window] = s
	}
	require.Equal(t, "16", byName["night"].Usage.Quantity.String())
	require.Equal(t, "108", byName[""].Usage.Quantity.String())
	count := func(window string) (n int, sum decimal.Decimal) {
		for e, err := range w.Events(t.Context(), &st, "usage/x", window) {
			require.NoError(t, err)
			n++
			sum = sum.Add(e.Value.Decimal)
		}
		return n, sum
	}
	n, sum := count("night")
	require.Equal(t, 2, n)
	require.Equal(t, "16", sum.String())
	n, sum = count("")
	require.Equal(t, 4, n)
	require.Equal(t, "124", sum.String())
	_, err = w.Include(t.Context(), ada, cost.Item{ID: "fixed", Name: "Fixed", Service: "storage", Price: "x", From: newYear})
	require.ErrorContains(t, err, "price.windows", "what is not metered is used at no time")
	_, err = st.Sources("usage/y")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)

	// What is less than nothing in a window is not paid back, and said.
	below := newWorld(t, nil)
	below.publish("x", st.Facts[0].Charge.Price.Price, newYear.AddDate(-1, 0, 0))
	below.item(cost.Item{ID: "x", Meter: "disk"})
	below.used("disk", at(5, 12), "8")
	below.used("disk", at(5, 22), "-4")
	less := below.proved(january)
	require.Equal(t, []string{"usage/x 8.00 EUR", "8.00 EUR"}, lines(less))
	require.Equal(t, "-4", less.Lines[0].Remainder.String())

	// A late event is corrected at the price of its window.
	w.issue(january)
	w.used("disk", at(7, 3), "8")
	require.Equal(t, []string{"correction/2026-01/usage%2Fx 2.00 EUR"}, corrections(w.draft(february)))
}

// The price changes within the month, and has windows.
func TestWindowsAndVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	price := func(unit string) rating.Price {
		return rating.Price{
			Model: rating.Graduated, Tiers: []rating.Tier{{UpTo: some("10")}, {Unit: dec(unit)}}, Proration: rating.ByEvents,
			Windows: []rating.PriceWindow{{Name: "critical", During: calendar.Between(at(9, 0), at(21, 0)), Price: &rating.Price{
				Name: "critical", Model: rating.PerUnit, UnitPrice: some("5"), Currency: money.EUR, Rounding: money.HalfAwayFromZero,
			}}},
		}
	}
	w.publish("x", price("1"), newYear.AddDate(-1, 0, 0))
	w.publish("x", price("2"), at(16, 0))
	w.item(cost.Item{ID: "x", Meter: "disk"})
	w.used("disk", at(5, 0), "15")  // 10 free, 5 at 1
	w.used("disk", at(10, 0), "2")  // critical: 10
	w.used("disk", at(17, 0), "3")  // critical: 15
	w.used("disk", at(25, 0), "10") // at 2, nothing is free any more
	st := w.proved(january)
	require.Equal(t, []string{"usage/x 15.00 EUR", "usage/x/2026-01-16T00:00:00Z 35.00 EUR", "50.00 EUR"}, lines(st))
	w.issue(january)
	w.publish("x", price("9"), at(20, 0))
	require.Empty(t, corrections(w.draft(february)), "what was charged keeps its versions, part by part")
	w.used("disk", at(6, 0), "1") // late, in the first part: it is priced there, and moves nothing in the second
	require.Equal(t, []string{"correction/2026-01/usage%2Fx 1.00 EUR"}, corrections(w.draft(february)))
}

func TestPricesThatAskForMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		price rating.Price
		reads *cost.Reads
		want  string
		fails string
	}{
		"a matrix":                 {price: rating.Price{Model: rating.Matrix, Rows: []rating.Row{{Where: map[string]string{"region": "eu"}, Unit: dec("2")}, {Unit: dec("1")}}}, want: "44.00 EUR"},
		"each group":               {price: rating.Price{Model: rating.Graduated, Each: rating.EachGroup, Tiers: []rating.Tier{{UpTo: some("10")}, {Unit: dec("1")}}}, reads: &cost.Reads{GroupBy: []string{"region"}}, want: "6.00 EUR"},
		"each group, not told":     {price: rating.Price{Model: rating.PerUnit, UnitPrice: some("1"), Each: rating.EachGroup}, fails: "reads.groupBy"},
		"each bucket":              {price: rating.Price{Model: rating.Package, Each: rating.EachBucket, Package: &rating.Bundle{Size: dec("10"), Price: dec("3")}}, reads: &cost.Reads{Bucket: metering.Hourly}, want: "12.00 EUR"},
		"each bucket, not told":    {price: rating.Price{Model: rating.PerUnit, UnitPrice: some("1"), Each: rating.EachBucket}, fails: "reads.bucket"},
		"each event":               {price: rating.Price{Model: rating.Percentage, Share: &rating.Share{Percent: dec("10"), PerEvent: dec("0.5"), FreeEvents: 1}}, want: "3.70 EUR"},
		"amounts":                  {price: rating.Price{Model: rating.Dynamic, Factor: some("2")}, reads: &cost.Reads{Amounts: "calls"}, want: "14.00 EUR"},
		"amounts of its own meter": {price: rating.Price{Model: rating.Dynamic, Factor: some("2")}, want: "60.00 EUR"},
		"peaks": {
			price: rating.Price{Model: rating.Capacity, Plans: []rating.Plan{{Price: dec("5"), Most: map[string]decimal.Decimal{"calls": dec("6")}}, {Price: dec("9")}}},
			reads: &cost.Reads{Peaks: map[string]metering.MeterID{"calls": "calls"}}, want: "9.00 EUR",
		},
		"a window of groups": {
			price: rating.Price{Model: rating.Matrix, Rows: []rating.Row{{Where: map[string]string{"region": "eu"}, Unit: dec("2")}, {Unit: dec("1")}}, Windows: []rating.PriceWindow{{Name: "sale", During: calendar.Between(at(5, 0), at(5, 11)), Factor: some("0.5")}}},
			want:  "30.00 EUR",
		},
		"a unit of the host's own":    {price: rating.Price{Model: rating.PerUnit, UnitPrice: some("1"), In: "credit"}, want: "6.00 EUR"},
		"another unit":                {price: rating.Price{Model: rating.PerUnit, UnitPrice: some("1"), In: "token"}, fails: "rate from token to EUR"},
		"an unknown peak of no meter": {price: rating.Price{Model: rating.Capacity, Plans: []rating.Plan{{Price: dec("5")}}}, reads: &cost.Reads{Peaks: map[string]metering.MeterID{"calls": "none"}}, fails: "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rates, err := rating.NewConversions(rating.Conversion{From: "credit", To: money.EUR, Rate: dec("0.2"), ValidFrom: newYear.AddDate(-1, 0, 0)})
			require.NoError(t, err)
			w := newWorld(t, &cost.Options{Rates: rates})
			meters := metering.NewMeters(w.store.For(servicecoin.Provider))
			err = meters.Define(t.Context(), ada, metering.Meter{ID: "groups", Name: "G", Type: "used.groups", Aggregation: metering.Sum, Unit: "GB", GroupBy: []string{"region"}})
			require.NoError(t, err)
			w.publish("x", c.price, newYear.AddDate(-1, 0, 0))
			w.item(cost.Item{ID: "x", Meter: "groups", Reads: c.reads})
			w.used("groups", at(5, 10), "8", metering.Dimension{Name: "region", Value: "eu"})
			w.used("groups", at(5, 10), "12", metering.Dimension{Name: "region", Value: "us"})
			w.used("groups", at(5, 11), "6", metering.Dimension{Name: "region", Value: "eu"})
			w.used("groups", at(6, 11), "4")
			w.used("calls", at(6, 11), "7")
			if c.fails != "" {
				_, err := w.Draft(t.Context(), january)
				require.ErrorContains(t, err, c.fails)
				return
			}
			st := w.proved(january)
			require.Equal(t, c.want, st.Lines[0].Amount.String(), st.Trace())
			require.Equal(t, "30", st.Lines[0].Quantity.Decimal.String())
			w.issue(january)
			require.Empty(t, corrections(w.draft(february)))
		})
	}
}

// A customer's own price holds in its statements, for its time.
func TestOwnPriceOfACustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.publish("x", rating.Price{Model: rating.Flat, Amount: some("31"), Proration: rating.ByDays}, newYear)
	own := rating.Price{Name: "own", Model: rating.Flat, Amount: some("3.10"), Currency: money.EUR, Rounding: money.HalfAwayFromZero, Proration: rating.ByDays}
	_, err := w.prices.Override(t.Context(), ada, "acme", "x", own, calendar.Between(at(11, 0), at(21, 0)))
	require.NoError(t, err)
	w.item(cost.Item{ID: "x"})
	st := w.proved(january)
	require.Equal(t, []string{"fee/x 10.00 EUR", "fee/x/2026-01-11T00:00:00Z 1.00 EUR", "fee/x/2026-01-21T00:00:00Z 11.00 EUR", "22.00 EUR"}, lines(st))
	require.Equal(t, rating.OverrideID("acme", "x"), st.Lines[1].Price.ID)
}

// The days of parts that follow each other are all days, each once, in every zone.
func TestDaysAreCountedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, nil)
		zone := rapid.SampledFrom([]string{"", "Europe/Berlin", "Pacific/Apia", "America/St_Johns", "Asia/Kathmandu"}).Draw(r, "zone")
		m := calendar.Month{Year: 2026, Month: time.Month(rapid.IntRange(1, 12).Draw(r, "month"))}
		loc, err := servicecoin.Customer{Zone: zone}.Location()
		require.NoError(t, err)
		period := m.In(loc)
		w.publish("x", rating.Price{Model: rating.Flat, Amount: some("1000"), Proration: rating.ByDays}, newYear.AddDate(-1, 0, 0))
		cuts := rapid.SliceOfNDistinct(rapid.Int64Range(1, int64(period.End.Sub(period.Start)/time.Minute)-1), 1, 5, rapid.ID).Draw(r, "cuts")
		slices.Sort(cuts)
		for i := range cuts { // one item after another
			from, until := newYear.AddDate(0, -2, 0), time.Time{}
			if i > 0 {
				from = period.Start.Add(time.Duration(cuts[i-1]) * time.Minute)
			}
			if i+1 < len(cuts) {
				until = period.Start.Add(time.Duration(cuts[i]) * time.Minute)
			}
			w.item(cost.Item{ID: cost.ItemID("x" + strconv.Itoa(i)), Price: "x", From: from, Until: until})
		}
		st, err := w.in(zone, money.EUR, nil).Draft(t.Context(), m)
		require.NoError(t, err)
		var part, whole int64
		for _, f := range st.Facts {
			if f.Charge.Days == nil {
				part, whole = part+1, 1
				continue
			}
			part, whole = part+f.Charge.Days.Share.Part, f.Charge.Days.Share.Whole
		}
		if part != whole {
			r.Fatalf("%d of %d days", part, whole)
		}
	})
}

// beyond is what was used beyond limits, as somebody else tells.
type beyond []cost.Excess

func (b beyond) Charged(_ context.Context, during calendar.Interval) (list []cost.Excess, err error) {
	for _, x := range b {
		if x.Period.Overlaps(during) {
			list = append(list, x)
		}
	}
	return list, nil
}

// What was used beyond a limit is charged in the month in which the limit's period ends, once.
func TestChargesBeyondLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.publish("peak", rating.Price{Model: rating.PerUnit, UnitPrice: some("3")}, newYear.AddDate(-1, 0, 0))
	w.publish("peak", rating.Price{Model: rating.PerUnit, UnitPrice: some("4")}, at(20, 0))
	w.include("disk", "disk", newYear)
	w.use("disk", time.January, 5, "20")
	one := cost.Excess{ID: "disk.1", Name: "Beyond 15 GB", Meter: "disk", Unit: "GB", Price: "peak", Period: calendar.Between(at(5, 0), at(6, 0)), Limit: dec("15"), Used: dec("20"), Quantity: dec("5")}
	over := one
	over.ID, over.Period, over.Quantity = "disk.2", calendar.Between(at(26, 0), at(33, 0)), dec("1")
	list := beyond{one, over}
	o := &cost.Options{Excesses: list}
	w.Statements = w.in("", money.EUR, o)
	st := w.proved(january)
	require.Equal(t, []string{"usage/disk 3.10 EUR", "excess/disk.1 15.00 EUR", "18.10 EUR"}, lines(st))
	require.Equal(t, servicecoin.ServiceID("storage"), st.Lines[1].Service, "it is charged for the service that the meter is of")
	require.Contains(t, st.Trace().String(), "limit: 15 GB")
	sources, err := st.Sources("excess/disk.1")
	w.must(err)
	require.Equal(t, []calendar.Interval{one.Period}, sources[0].Stretches)
	totals, err := st.Services()
	w.must(err)
	require.Equal(t, "18.10 EUR", totals[0].Charged.String())
	w.credit("c1", "10", january)
	w.issue(january)
	list[0].Quantity = dec("7") // a late event
	require.Equal(t, []string{"correction/2026-01/credit%2Facme%252Fsla.credit%252Fc1 -0.60 EUR", "correction/2026-01/excess%2Fdisk.1 6.00 EUR"}, corrections(w.draft(february)))
	require.Contains(t, lines(w.draft(february)), "excess/disk.2 4.00 EUR", "a week that ends in February is charged there, at the price that held when it began")
	list[0].Quantity = dec("0")
	require.Contains(t, corrections(w.draft(february)), "correction/2026-01/excess%2Fdisk.1 -15.00 EUR")
	list[0].Price = "none"
	list[0].Quantity = dec("5")
	require.Empty(t, corrections(w.draft(february)), "what was charged keeps its price")
	list[1].Price = "none"
	_, err = w.Draft(t.Context(), february)
	require.ErrorContains(t, err, "excess disk.2")
}

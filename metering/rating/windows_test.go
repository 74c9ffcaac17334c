package rating_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

const hour = time.Hour

// windowed is a price of Berlin: half at night, a quarter on a holiday, a sale that
// comes first, and twice as much while a settlement runs.
func windowed(t testing.TB) rating.Price {
	t.Helper()
	span := func(text string) calendar.ClockSpan {
		s, err := calendar.ParseClockSpan(text)
		require.NoError(t, err)
		return s
	}
	holiday := hours.On(calendar.Date{Year: 2026, Month: time.March, Day: 20})
	patches, err := recur.ParseWindow("Sa 22:00-06:00 Europe/Berlin")
	require.NoError(t, err)
	sale := storage()
	sale.Model, sale.UnitPrice, sale.Tiers = rating.PerUnit, some("0.01"), nil
	base := sale
	base.UnitPrice, base.Unit = some("1"), "GB"
	night := &hours.Hours{
		Zone: "Europe/Berlin", Weekly: hours.EveryDay(span("22:00-06:00")),
		Holidays: []hours.Holiday{{Name: "Feast", Dates: holiday}}, OnHolidays: []calendar.ClockSpan{span("22:00-06:00")},
	}
	at := func(day, clock int) time.Time { return time.Date(2026, 3, day, clock, 0, 0, 0, time.UTC) }
	base.Windows = []rating.PriceWindow{
		{Name: "sale", During: calendar.Between(at(10, 12), at(10, 14)), Price: &sale},
		rating.Critical(hours.CriticalWindow{
			Name: "settlement", Kind: hours.OperationalWindow, Reason: "Banks", Weight: dec("3"), During: calendar.Between(at(10, 13), at(10, 15)),
		}, dec("2")),
		{Name: "patches", Repeats: &patches, Factor: some("0.1"), From: at(15, 0)},
		{Name: "holiday", Hours: &hours.Hours{Zone: "Europe/Berlin", Special: []hours.SpecialDay{{Dates: holiday, Hours: []calendar.ClockSpan{calendar.AllDay()}}}}, Factor: some("0.25")},
		{Name: "night", Hours: night, Factor: some("0.5"), Until: at(25, 0)},
	}
	return base
}

func nights(t testing.TB) (*rating.TimeTariff, calendar.Interval) {
	t.Helper()
	month := calendar.Between(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
	tariff, err := rating.CompileDuring(windowed(t), month)
	require.NoError(t, err)
	return tariff, month
}

func TestWindowOfAnInstant(t *testing.T) {
	t.Parallel()
	tariff, month := nights(t)
	require.Equal(t, month, tariff.Span())
	for text, want := range map[string]string{
		"2026-03-10T11:59:59Z": "", "2026-03-10T12:00:00Z": "sale", "2026-03-10T13:30:00Z": "sale", // of two, the first of the list
		"2026-03-10T14:00:00Z": "settlement", "2026-03-10T15:00:00Z": "",
		"2026-03-09T20:59:59Z": "", "2026-03-09T21:00:00Z": "night", "2026-03-10T04:59:59Z": "night", "2026-03-10T05:00:00Z": "",
		"2026-03-14T21:00:00Z": "night", "2026-03-21T21:00:00Z": "patches", // not before it is effective
		"2026-03-19T23:00:00Z": "holiday", "2026-03-20T22:59:59Z": "holiday", "2026-03-20T23:00:00Z": "night",
		"2026-03-24T23:59:59Z": "night", "2026-03-25T00:00:00Z": "", // nor when it is over
		"2026-03-28T20:59:59Z": "", "2026-03-28T21:00:00Z": "patches", "2026-03-29T03:59:59Z": "patches", "2026-03-29T04:00:00Z": "", // the clock is put forward
	} {
		when, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		got, err := tariff.At(when)
		require.NoError(t, err)
		require.Equal(t, want, got.Window, text)
	}
	for _, when := range []time.Time{month.Start.Add(-1), month.End} {
		_, err := tariff.At(when)
		_, ok := errors.AsType[*calendar.OutsideError](err)
		require.True(t, ok, "%v", err)
		_, err = tariff.Charge([]rating.Timed{{At: when}})
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
	}
}

func TestStretches(t *testing.T) {
	t.Parallel()
	tariff, month := nights(t)
	list, err := tariff.Stretches(month)
	require.NoError(t, err)
	at := month.Start
	for _, s := range list {
		require.True(t, s.Start.Equal(at), "without a gap")
		at = s.End
	}
	require.True(t, at.Equal(month.End))
	_, err = tariff.Stretches(calendar.Between(month.Start, month.End.Add(1)))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// An interval that spans windows is divided by time, and the parts sum to it.
func TestIntervalOverWindows(t *testing.T) {
	t.Parallel()
	tariff, _ := nights(t)
	during := calendar.Between(time.Date(2026, 3, 9, 20, 0, 0, 0, time.UTC), time.Date(2026, 3, 9, 23, 0, 0, 0, time.UTC)) // one hour of the day, two of the night
	c, err := tariff.Charge([]rating.Timed{{During: during, Usage: rating.Usage{Quantity: dec("10")}}})
	require.NoError(t, err)
	require.Equal(t, "6.67 EUR", c.Amount.String())
	require.Equal(t, "10", c.Quantity.String())
	require.Len(t, c.Lines, 2)
	require.Equal(t, "3.333333333333333333333333333333", c.Lines[0].Quantity.Decimal.String())
	require.Equal(t, "6.666666666666666666666666666667", c.Lines[1].Quantity.Decimal.String())
	require.Equal(t, "night", c.Lines[1].Part)

	_, err = tariff.Charge([]rating.Timed{{During: during, Usage: rating.Usage{Events: []rating.Event{{Value: dec("1")}}}}, {}})
	require.ErrorContains(t, err, "usage[0].usage")
	require.ErrorContains(t, err, "usage[1]: must have an instant or an interval")
}

// What a customer is told names the windows.
func TestTraceOfWindows(t *testing.T) {
	t.Parallel()
	s := windowed(t)
	s.Discount = &rating.Discount{Percent: some("10")}
	s.Minimum = some("5")
	tariff, err := rating.CompileDuring(s, calendar.Between(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)))
	require.NoError(t, err)
	use := func(hour int, q string) rating.Timed {
		return rating.Timed{At: time.Date(2026, 3, 9, hour, 0, 0, 0, time.UTC), Usage: rating.Usage{Quantity: dec(q)}}
	}
	list := []rating.Timed{use(12, "2"), use(22, "3"), use(23, "1.5"), use(10, "0")}
	c, err := tariff.Charge(list)
	require.NoError(t, err)
	require.Equal(t, `Charge for 6.5 GB: 5.00 EUR
  2 GB at 1.00 EUR each = 2.00 EUR
  Night: 4.5 GB at 0.50 EUR each = 2.25 EUR
  Discount of 10 % on 4.25 EUR: −0.425 EUR
  What is missing to the least that is charged: 1.175 EUR
`, c.TraceOf("GB").Tell(servicecoin.Reader{}).String())
	soFar, err := tariff.SoFar(list)
	require.NoError(t, err)
	require.Equal(t, "3.83 EUR", soFar.Amount.String())
	d, err := tariff.Delta(list, soFar.Amount, true)
	require.NoError(t, err)
	require.Equal(t, "1.17 EUR", d.Amount.String())
	nothing, err := tariff.Charge(nil)
	require.NoError(t, err)
	require.Equal(t, "5.00 EUR", nothing.Amount.String(), "the base says what nothing costs")
}

func TestWindowsAsJSON(t *testing.T) {
	t.Parallel()
	s := windowed(t)
	text, err := json.Marshal(s)
	require.NoError(t, err)
	var back rating.Price
	require.NoError(t, json.Unmarshal(text, &back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(again))
	require.NoError(t, back.Validate())
	require.True(t, s.Equal(back))
	for name, change := range map[string]func(w *rating.PriceWindow){
		"name": func(w *rating.PriceWindow) { w.Name = "x" }, "hours": func(w *rating.PriceWindow) { w.Hours = &hours.Hours{} }, "repeats": func(w *rating.PriceWindow) { w.Repeats = &recur.Window{} },
		"during": func(w *rating.PriceWindow) { w.During.End = w.During.End.Add(1) }, "from": func(w *rating.PriceWindow) { w.From = day(1) }, "until": func(w *rating.PriceWindow) { w.Until = day(1) },
		"price": func(w *rating.PriceWindow) { w.Price = nil }, "factor": func(w *rating.PriceWindow) { w.Factor = some("7") },
	} {
		other := windowed(t)
		change(&other.Windows[0])
		require.False(t, s.Equal(other), name)
	}
	_, err = rating.Compile(s)
	require.ErrorContains(t, err, "windows: must be worked out for a span of time", "without a time it has no price")
	require.Equal(t, "1.00 EUR per GB; sale: 0.01 EUR per GB; settlement: 2 times as much; patches: 0.1 times as much; holiday: 0.25 times as much; night: 0.5 times as much", s.Says())
}

func TestWindowsValidate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(s *rating.Price)
		want   string
	}{
		"no name":         {func(s *rating.Price) { s.Windows[0].Name = "" }, "windows[0].name"},
		"twice":           {func(s *rating.Price) { s.Windows[0].Name = "night" }, "windows[4].name"},
		"never":           {func(s *rating.Price) { s.Windows[4].Hours = nil }, "windows[4]: must have one of"},
		"two times":       {func(s *rating.Price) { s.Windows[0].Hours = s.Windows[4].Hours }, "windows[0]: must have one of"},
		"no price":        {func(s *rating.Price) { s.Windows[0].Price = nil }, "windows[0].price"},
		"two prices":      {func(s *rating.Price) { s.Windows[0].Factor = some("1") }, "windows[0].price"},
		"below zero":      {func(s *rating.Price) { s.Windows[4].Factor = some("-1") }, "windows[4].factor"},
		"a mad factor":    {func(s *rating.Price) { s.Windows[4].Factor = servicecoin.Some(decimal.New(1, 1<<30)) }, "windows[4].factor"},
		"another money":   {func(s *rating.Price) { s.Windows[0].Price.Currency = money.USD }, "windows[0].price.currency"},
		"of its own":      {func(s *rating.Price) { s.Windows[0].Price.Windows = s.Windows[1:2] }, "windows[0].price.windows"},
		"credits":         {func(s *rating.Price) { s.Windows[0].Price.In = "credit" }, "windows[0].price.in"},
		"a bound":         {func(s *rating.Price) { s.Windows[0].Price.Minimum = some("1") }, "windows[0].price"},
		"never effective": {func(s *rating.Price) { s.Windows[2].Until = s.Windows[2].From }, "windows[2].until"},
		"free units":      {func(s *rating.Price) { s.Discount = &rating.Discount{Free: some("1")} }, "price.discount.free"},
		"too many":        {func(s *rating.Price) { s.Windows = make([]rating.PriceWindow, 201) }, "windows"},
		"every second": {func(s *rating.Price) {
			w, err := recur.ParseWindow("DTSTART:20260101T000000Z\nRRULE:FREQ=SECONDLY\nDURATION:PT1S")
			if err != nil {
				panic(err)
			}
			s.Windows[2].Repeats = &w
		}, "windows[2].repeats"},
		"a wrong base": {func(s *rating.Price) { s.Name = "" }, "price.name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := windowed(t)
			c.change(&s)
			if name != "every second" { // which is known once it is worked out
				require.ErrorIs(t, s.Validate(), servicecoin.ErrInvalid)
			}
			_, err := rating.CompileDuring(s, calendar.Between(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)))
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// Numbers that nobody could add up are refused before anybody does.
func TestHugeUsageAtATime(t *testing.T) {
	t.Parallel()
	tariff, month := nights(t)
	for _, d := range limittest.HugeNumbers() {
		for path, u := range map[string]rating.Usage{"quantity": {Quantity: d}, "amount": {Amount: servicecoin.Some(d)}, "peaks.x": {Peaks: map[string]decimal.Decimal{"x": d}}} {
			limittest.AtOnce(t, func() {
				_, err := tariff.Charge([]rating.Timed{{At: month.Start, Usage: u}, {During: month, Usage: u}, {At: month.Start, Usage: u}})
				require.ErrorContains(t, err, "usage[0].usage."+path)
				require.ErrorContains(t, err, "usage[1].usage."+path)
			})
		}
	}
	_, err := rating.CompileDuring(windowed(t), calendar.Between(month.Start, month.Start.AddDate(20, 0, 1)))
	require.ErrorContains(t, err, "within")
}

// Whatever is used when, it costs what a walk through the windows of the list says; an
// interval costs what its parts by the windows do; and steps sum to the whole.
func TestWindowsByAnOracle(t *testing.T) {
	t.Parallel()
	tariff, month := nights(t)
	s := windowed(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	// what the windows say, written once more and by hand
	factor := func(at time.Time) decimal.Decimal {
		local := at.In(berlin)
		clock, begun := local.Hour(), local
		if clock < 6 {
			begun = local.AddDate(0, 0, -1) // what begins at night is of the day before
		}
		switch in := func(from, to time.Time) bool { return !at.Before(from) && at.Before(to) }; {
		case in(s.Windows[0].During.Start, s.Windows[0].During.End):
			return dec("0.01")
		case in(s.Windows[1].During.Start, s.Windows[1].During.End):
			return dec("2")
		case !at.Before(s.Windows[2].From) && (clock >= 22 || clock < 6) && begun.Weekday() == time.Saturday:
			return dec("0.1")
		case local.Format("2006-01-02") == "2026-03-20":
			return dec("0.25")
		case at.Before(s.Windows[4].Until) && (clock >= 22 || clock < 6):
			return dec("0.5")
		}
		return dec("1")
	}
	rapid.Check(t, func(t *rapid.T) {
		var list, split []rating.Timed
		want := decimal.Zero
		for range rapid.IntRange(1, 8).Draw(t, "uses") {
			// Quarters of an hour, of which all windows are: each has one factor.
			from := month.Start.Add(time.Duration(rapid.Int64Range(0, 31*96-1).Draw(t, "quarter")) * hour / 4)
			quarters := rapid.Int64Range(0, 200).Draw(t, "quarters")
			if to := from.Add(time.Duration(quarters) * hour / 4); quarters == 0 || to.After(month.End) {
				q := dec("1").Add(decimal.New(quarters, 0))
				list = append(list, rating.Timed{At: from, Usage: rating.Usage{Quantity: q}})
				split = append(split, list[len(list)-1])
				want = want.Add(q.Mul(factor(from)))
				continue
			}
			during := calendar.Between(from, from.Add(time.Duration(quarters)*hour/4))
			list = append(list, rating.Timed{During: during, Usage: rating.Usage{Quantity: decimal.NewFromInt(quarters)}})
			for i := range quarters {
				want = want.Add(factor(from.Add(time.Duration(i) * hour / 4)))
			}
			stretches, err := tariff.Stretches(during)
			require.NoError(t, err)
			for _, x := range stretches {
				q := x.Seconds().DivRound(decimal.NewFromInt(900), 30)
				split = append(split, rating.Timed{During: x.Interval, Usage: rating.Usage{Quantity: q}})
			}
		}
		c, err := tariff.Charge(list)
		require.NoError(t, err)
		rounded, err := c.Exact.RoundTo(20, money.HalfEven)
		require.NoError(t, err)
		require.True(t, rounded.Decimal().Equal(want), "want %s, got %s", want, c.Exact)
		by, err := tariff.Charge(split)
		require.NoError(t, err)
		require.True(t, by.Amount.Equal(c.Amount))

		billed, err := money.Zero(money.EUR)
		require.NoError(t, err)
		for i := range list {
			d, err := tariff.Delta(list[:i+1], billed, i == len(list)-1)
			require.NoError(t, err)
			billed, err = billed.Add(d.Amount)
			require.NoError(t, err)
		}
		require.True(t, billed.Equal(c.Amount))
	})
}

// A window at a factor costs what the base price does, times the factor, whatever
// the model; and what it asks for may come in pieces.
func TestFactorOfAnyModel(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	month := calendar.Between(begin, begin.AddDate(0, 1, 0))
	rapid.Check(t, func(t *rapid.T) {
		p := drawnPrice(t)
		p.Each, p.Commitment, p.Discount, p.Minimum, p.Maximum = rating.EachWhole, nil, nil, servicecoin.Undefined(), servicecoin.Undefined()
		u := drawnUsage(t, p)
		base, err := rating.Compile(p)
		require.NoError(t, err)
		want, err := base.Charge(u)
		require.NoError(t, err)
		factor := above(priceNumbers()).Draw(t, "factor")
		s := p
		s.Windows = []rating.PriceWindow{{Name: "half", During: calendar.Between(begin, begin.AddDate(0, 0, 10)), Factor: servicecoin.Some(factor)}}
		tariff, err := rating.CompileDuring(s, month)
		require.NoError(t, err)
		pieces := []rating.Timed{{At: begin, Usage: u}}
		if len(u.Events) > 1 {
			pieces = []rating.Timed{{At: begin, Usage: rating.Usage{Events: u.Events[:1]}}, {At: begin.Add(hour), Usage: rating.Usage{Events: u.Events[1:]}}}
		}
		got, err := tariff.Charge(pieces)
		require.NoError(t, err)
		if u.Quantity.IsZero() && len(u.Parts) == 0 && len(u.Events) == 0 {
			factor = decimal.NewFromInt(1) // nothing was used: the base says what that costs
		}
		require.True(t, want.Exact.Decimal().Mul(factor).Equal(got.Exact.Decimal()), "want %s times %s, got %s", want.Exact, factor, got.Exact)
		got, err = tariff.Charge([]rating.Timed{{At: begin.AddDate(0, 0, 10), Usage: u}})
		require.NoError(t, err)
		require.True(t, want.Exact.Equal(got.Exact), "outside of the window")
	})
}

func TestFurtherUsageAtATime(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	month := calendar.Between(begin, begin.AddDate(0, 1, 0))
	half := rating.PriceWindow{Name: "half", During: calendar.Between(begin, begin.AddDate(0, 0, 10)), Factor: some("0.5")}
	compiled := func(p rating.Price) *rating.TimeTariff {
		p.Name, p.Currency, p.Rounding = "P", money.EUR, money.HalfEven
		p.Windows = []rating.PriceWindow{half}
		tariff, err := rating.CompileDuring(p, month)
		require.NoError(t, err)
		return tariff
	}
	peaks := func(n string) rating.Usage { return rating.Usage{Peaks: map[string]decimal.Decimal{"x": dec(n)}} }
	plans := compiled(rating.Price{Model: rating.Capacity, Plans: []rating.Plan{{Price: dec("10"), Most: map[string]decimal.Decimal{"x": dec("5")}}, {Price: dec("20")}}})
	c, err := plans.Charge([]rating.Timed{{At: begin, Usage: peaks("3")}, {At: begin.Add(hour), Usage: peaks("6")}, {At: begin.AddDate(0, 0, 20), Usage: peaks("4")}})
	require.NoError(t, err)
	require.Equal(t, "20.00 EUR", c.Amount.String(), "the larger plan at half its price, and the smaller one")

	passed := compiled(rating.Price{Model: rating.Dynamic, Factor: some("2")})
	around := calendar.Between(begin.AddDate(0, 0, 9), begin.AddDate(0, 0, 12))
	c, err = passed.Charge([]rating.Timed{{During: around, Usage: rating.Usage{Quantity: dec("3"), Amount: some("30")}}})
	require.NoError(t, err)
	require.Equal(t, "50.00 EUR", c.Amount.String(), "a third of it at half the factor")

	buckets := compiled(rating.Price{Model: rating.PerUnit, UnitPrice: some("2"), Each: rating.EachBucket})
	c, err = buckets.Charge([]rating.Timed{{Name: "first", At: begin, Usage: rating.Usage{Quantity: dec("3")}}, {During: around, Usage: rating.Usage{Quantity: dec("3")}}, {At: begin, Usage: parts("1", "2")}})
	require.NoError(t, err)
	names := []string{}
	for _, l := range c.Lines {
		names = append(names, l.Part)
	}
	require.Equal(t, []string{
		"2026-03-11T00:00:00Z/2026-03-13T00:00:00Z", "half, first", "half, 2026-03-10T00:00:00Z/2026-03-11T00:00:00Z",
		"half, 2026-03-01T00:00:00Z, part 1", "half, 2026-03-01T00:00:00Z, part 2",
	}, names)

	usd, err := money.Zero(money.USD)
	require.NoError(t, err)
	_, err = buckets.Delta(nil, usd, true)
	require.ErrorContains(t, err, "billed.currency")
	_, err = buckets.Delta([]rating.Timed{{}}, usd, true)
	require.ErrorContains(t, err, "usage[0]")
	_, err = buckets.Charge([]rating.Timed{{At: begin, Usage: rating.Usage{Quantity: dec("-1")}}})
	require.ErrorContains(t, err, "quantity")
	_, err = buckets.Charge([]rating.Timed{{During: calendar.Between(begin, begin)}, {During: calendar.Between(begin, begin.AddDate(1, 0, 0))}})
	require.ErrorContains(t, err, "usage[0].during")
	require.ErrorContains(t, err, "usage[1].during")
	_, err = buckets.Charge(make([]rating.Timed, 20_001))
	require.ErrorContains(t, err, "usage")
}

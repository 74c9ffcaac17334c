package cost_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// in returns the statements of acme in a zone and a currency, over the same
// records.
func (w *world) in(zone string, currency money.Currency, o *cost.Options) *cost.Statements {
	acme := servicecoin.Customer{ID: "acme", Name: "Acme", Zone: zone, Currency: string(currency)}
	return cost.New(w.store.For("acme"), acme, w.ledger, w.prices, o)
}

// hourly charges one euro for every hour from an instant on, in UTC.
func (w *world) hourly(from, until time.Time) {
	w.t.Helper()
	w.publish("hour", rating.Price{Model: rating.PerUnit, UnitPrice: some("1")}, from.AddDate(-1, 0, 0))
	_, err := w.Include(w.t.Context(), ada, cost.Item{ID: "hour", Name: "Hours", Service: "storage", Meter: "disk", Price: "hour", From: from})
	w.must(err)
	var batch []metering.Event
	for at := from; at.Before(until); at = at.Add(time.Hour) {
		batch = append(batch, metering.Event{Source: "hours", ID: at.Format(time.RFC3339), Type: "used.disk", Time: at, Value: some("1")})
	}
	_, err = w.ledger.Record(w.t.Context(), exchange, batch...)
	w.must(err)
}

func sum(t *testing.T, list []cost.Statement) (total decimal.Decimal, corrections int) {
	t.Helper()
	for i, st := range list {
		proved, err := st.Proves()
		require.NoError(t, err)
		require.True(t, proved)
		total = total.Add(st.Total.Decimal())
		for _, l := range st.Lines {
			if l.Kind == cost.CorrectionLine {
				corrections++
			}
		}
		if i > 0 {
			require.Equal(t, list[i-1].Period.End, st.Period.Start, "statements follow each other")
		}
	}
	return total, corrections
}

// Whatever zones a customer has from month to month, every hour is charged once,
// and nothing is corrected that no fact changed.
func TestCustomerMoves(t *testing.T) {
	t.Parallel()
	first := calendar.Month{Year: 2025, Month: time.June}
	begin := time.Date(2025, 6, 1, 4, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		zones []string // of June, July and so on
		hours int64
		last  int64 // of the last statement
	}{
		"no move":                   {[]string{"America/New_York", "America/New_York", "America/New_York", "America/New_York", "America/New_York", "America/New_York"}, 4393, 721},
		"from New York to Berlin":   {[]string{"America/New_York", "America/New_York", "America/New_York", "America/New_York", "America/New_York", "Europe/Berlin"}, 4387, 715},
		"from Berlin to New York":   {[]string{"America/New_York", "Europe/Berlin", "Europe/Berlin", "Europe/Berlin", "Europe/Berlin", "America/New_York"}, 4393, 726},
		"across the date line":      {[]string{"America/New_York", "Pacific/Apia", "Pacific/Honolulu", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Tokyo"}, 4379, 700},
		"there and back in a month": {[]string{"America/New_York", "America/New_York", "America/New_York", "Asia/Kolkata", "America/New_York", "America/New_York"}, 4393, 721},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.hourly(begin, time.Date(2025, 12, 5, 0, 0, 0, 0, time.UTC))
			var list []cost.Statement
			for n, zone := range c.zones {
				m := first.Add(n)
				w.after(m)
				st, err := w.in(zone, money.EUR, nil).Issue(t.Context(), ada, m)
				require.NoError(t, err)
				list = append(list, st)
			}
			total, corrections := sum(t, list)
			require.Equal(t, c.hours, total.IntPart())
			require.Zero(t, corrections)
			require.Equal(t, c.last, list[len(list)-1].Total.Decimal().IntPart())

			// A late fact is corrected in the month that it was charged in.
			late := list[4].Period.End.Add(-30 * time.Minute)
			_, err := w.ledger.Record(t.Context(), exchange, metering.Event{Source: "late", ID: "1", Type: "used.disk", Time: late, Value: some("1")})
			require.NoError(t, err)
			draft, err := w.in(c.zones[5], money.EUR, nil).Draft(t.Context(), first.Add(6))
			require.NoError(t, err)
			var found []string
			for _, l := range draft.Lines {
				if l.Kind == cost.CorrectionLine {
					found = append(found, l.Of.Month.String()+" "+l.Amount.String())
				}
			}
			require.Equal(t, []string{"2025-10 1.00 EUR"}, found)
		})
	}
}

// A month that is issued late fits between its neighbours, and a further edition
// keeps the period of the first.
func TestPeriodsAreFixed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &cost.Options{LookBack: -1})
	w.hourly(newYear.AddDate(0, 0, -10), newYear.AddDate(0, 4, 0))
	newYork, berlin := w.in("America/New_York", money.EUR, nil), w.in("Europe/Berlin", money.EUR, nil)
	ctx := t.Context()
	*w.now = newYear.AddDate(0, 4, 0)
	jan, err := newYork.Issue(ctx, ada, january)
	require.NoError(t, err)
	mar, err := berlin.Issue(ctx, ada, march)
	require.NoError(t, err)
	feb, err := w.in("Asia/Tokyo", money.EUR, nil).Issue(ctx, ada, february)
	require.NoError(t, err)
	require.Equal(t, calendar.Between(jan.Period.End, mar.Period.Start), feb.Period)
	w.use("disk", time.January, 15, "7")
	again, err := berlin.Replace(ctx, ada, january, "it was forgotten")
	require.NoError(t, err)
	require.Equal(t, jan.Period, again.Period)
	period, err := berlin.Period(ctx, january)
	require.NoError(t, err)
	require.Equal(t, jan.Period, period)
}

// An item that begins or ends in the hours between two zones makes the month due
// that was issued for them.
func TestDueByIssuedPeriod(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &cost.Options{LookBack: -1})
	w.hourly(newYear.AddDate(0, 0, -10), newYear.AddDate(0, 1, 10))
	ctx := t.Context()
	w.after(january)
	_, err := w.in("America/New_York", money.EUR, nil).Issue(ctx, ada, january)
	require.NoError(t, err)
	berlin := w.in("Europe/Berlin", money.EUR, nil)
	from := time.Date(2026, 2, 1, 2, 0, 0, 0, time.UTC) // February in Berlin, January in New York
	_, err = berlin.Include(ctx, ada, cost.Item{ID: "base", Name: "Base", Service: "storage", Price: "base", From: from})
	require.NoError(t, err)
	standing, err := berlin.Month(ctx, january)
	require.NoError(t, err)
	require.True(t, standing.Due)
}

// A customer's currency changes from March on.
func TestCurrencyChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	w.include("base", "", newYear)
	w.include("disk", "disk", newYear)
	w.use("disk", time.January, 10, "10")
	w.issue(january)
	w.issue(february)
	spring := march.In(time.UTC).Start
	for _, id := range []cost.ItemID{"base", "disk"} {
		_, err := w.End(ctx, ada, id, spring)
		w.must(err)
	}
	dollars := w.in("", money.USD, nil)
	w.publish("dollars", rating.Price{Model: rating.Flat, Amount: some("7"), Currency: money.USD}, newYear)
	fee := cost.Item{ID: "fee", Name: "Fee", Service: "storage", Price: "dollars", From: spring}
	early := fee
	early.From = newYear
	_, err := dollars.Include(ctx, ada, early)
	require.ErrorContains(t, err, "2026-01 was issued in EUR")
	_, err = dollars.Include(ctx, ada, fee)
	w.must(err)
	w.use("disk", time.February, 10, "20") // late
	w.after(march)
	st, err := dollars.Issue(ctx, ada, march)
	require.NoError(t, err, "months in the old currency do not keep it from being issued")
	require.Equal(t, "7.00 USD", st.Total.String())
	require.Equal(t, []calendar.Month{february}, st.Elsewhere, "what it cannot correct, it says")
	standing, err := dollars.Month(ctx, february)
	w.must(err)
	require.True(t, standing.Due)

	replaced, err := dollars.Replace(ctx, ada, february, "usage came late")
	require.NoError(t, err)
	require.Equal(t, money.EUR, replaced.Currency)
	require.Equal(t, "23.10 EUR", replaced.Total.String())
	next, err := dollars.Draft(ctx, march.Next())
	require.NoError(t, err)
	require.Empty(t, next.Elsewhere)

	credit := lineCredit("euros", "1", february)
	credit.Percent, credit.Amount = decimal.NullDecimal{}, amount("1 USD")
	_, err = dollars.Credit(ctx, ada, credit)
	require.ErrorContains(t, err, "must be EUR, in which 2026-02 was issued")
	credit.Amount = amount("1 EUR")
	_, err = dollars.Credit(ctx, ada, credit)
	require.NoError(t, err)
}

// What was used less than nothing, at a price that is not for that.
func TestLessThanNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		price   rating.Price
		january string // used in time
		late    string // in January, told after it was issued
		total   string // of January
		then    string // of February's corrections
	}{
		"never used":      {rating.Price{Model: rating.PerUnit, UnitPrice: some("2")}, "-5", "", "0.00 EUR", ""},
		"used before":     {rating.Price{Model: rating.PerUnit, UnitPrice: some("2")}, "3", "-5", "6.00 EUR", "-6.00 EUR"},
		"still below":     {rating.Price{Model: rating.PerUnit, UnitPrice: some("2")}, "-5", "-1", "0.00 EUR", ""},
		"above again":     {rating.Price{Model: rating.PerUnit, UnitPrice: some("2")}, "-5", "6", "0.00 EUR", "2.00 EUR"},
		"a flat price":    {rating.Price{Model: rating.Flat, Amount: some("9")}, "-5", "", "9.00 EUR", ""},
		"tiers":           {rating.Price{Model: rating.Graduated, Tiers: []rating.Tier{{UpTo: some("10"), Unit: dec("2")}, {Unit: dec("1")}}}, "-5", "8", "0.00 EUR", "6.00 EUR"},
		"a signed price":  {rating.Price{Model: rating.PerUnit, UnitPrice: some("2"), Signed: true}, "-5", "", "-10.00 EUR", ""},
		"exactly nothing": {rating.Price{Model: rating.PerUnit, UnitPrice: some("2")}, "0", "", "0.00 EUR", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.publish("x", c.price, newYear)
			_, err := w.Include(t.Context(), ada, cost.Item{ID: "x", Name: "X", Service: "storage", Meter: "disk", Price: "x", From: newYear})
			w.must(err)
			w.use("disk", time.January, 5, c.january)
			st := w.issue(january)
			require.Equal(t, c.total, st.Total.String())
			if below := dec(c.january); below.IsNegative() && !c.price.Signed {
				require.NotNil(t, st.Lines[0].Remainder)
				require.Equal(t, c.january, st.Lines[0].Remainder.String())
				require.Contains(t, st.Trace().String(), "below nothing, and not paid back: "+c.january)
			} else {
				require.Nil(t, st.Lines[0].Remainder)
			}
			require.Equal(t, c.january, st.Lines[0].Quantity.Decimal.String())
			if c.late != "" {
				w.use("disk", time.January, 6, c.late)
			}
			var then []string
			for _, l := range w.draft(february).Lines {
				if l.Kind == cost.CorrectionLine {
					then = append(then, l.Amount.String())
				}
			}
			require.Equal(t, c.then, strings.Join(then, " "))
		})
	}
}

func TestIncludeAsksWhatItNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	good := cost.Item{ID: "a", Name: "A", Service: "storage", Meter: "disk", Price: "disk", From: newYear}
	for name, c := range map[string]struct {
		change func(i *cost.Item)
		want   []string
	}{
		"a price that is not there":   {func(i *cost.Item) { i.Price = "none" }, []string{`price "none"`, "no version of it holds"}},
		"a price that does not hold":  {func(i *cost.Item) { i.From = newYear.AddDate(0, 0, -1) }, []string{"no version of it holds at 2025-12-31"}},
		"a price in another currency": {func(i *cost.Item) { i.Price = "dollars" }, []string{"is in USD"}},
		"a meter that is not there":   {func(i *cost.Item) { i.Meter = "none" }, []string{`meter "none"`, "is not defined"}},
		"both":                        {func(i *cost.Item) { i.Price, i.Meter = "none", "none" }, []string{"price", "meter"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.publish("dollars", rating.Price{Model: rating.Flat, Amount: some("1"), Currency: money.USD}, newYear)
			i := good
			c.change(&i)
			_, err := w.Include(t.Context(), ada, i)
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
	unmetered := cost.New(w.store.For("acme"), servicecoin.Customer{ID: "acme", Currency: "EUR"}, nil, w.prices, nil)
	_, err := unmetered.Include(t.Context(), ada, good)
	require.ErrorContains(t, err, "nothing is metered")
	_, err = cost.New(w.store.For("acme"), servicecoin.Customer{ID: "acme", Currency: "EUR"}, nil, w.prices, &cost.Options{LookBack: 41}).Draft(t.Context(), january)
	require.ErrorContains(t, err, "lookBack")
	_, err = w.Include(t.Context(), ada, good)
	require.NoError(t, err)
}

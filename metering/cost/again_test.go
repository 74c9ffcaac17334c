package cost_test

import (
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
	"github.com/servicecoin/servicecoin/store"
)

func daily(amount string) rating.Price {
	return rating.Price{Model: rating.Flat, Amount: some(amount), Proration: rating.ByDays}
}

// What was charged by a correction alone is taken back as anything else is, and keeps the
// version that it was charged at.
func TestCorrectionsAreCorrected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	w.publish("x", daily("31"), newYear.AddDate(-1, 0, 0))
	w.issue(january)
	w.item(cost.Item{ID: "x", From: at(16, 0)})
	require.Equal(t, []string{"correction/2026-01/fee%2Fx 16.00 EUR"}, corrections(w.issue(february)))
	w.publish("x", daily("62"), at(5, 0))
	require.Empty(t, corrections(w.draft(march)), "it keeps its price")
	_, err := w.End(t.Context(), ada, "x", at(16, 0))
	w.must(err)
	got := corrections(w.draft(march))
	require.Contains(t, got, "correction/2026-01/fee%2Fx -16.00 EUR")
}

// Usage of which all events are void is paid back.
func TestAllIsVoid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("calls", "calls", newYear)
	w.include("disk", "disk", newYear)
	w.used("calls", at(5, 0), "5000")
	require.Equal(t, "10.00 EUR", w.issue(january).Total.String())
	require.Empty(t, corrections(w.draft(february)), "of what was never known there is nothing to say")
	_, err := w.ledger.Record(t.Context(), exchange, metering.Event{Source: "s", ID: "void", Does: metering.Void, Of: metering.Ref{Source: "s", ID: "1"}})
	w.must(err)
	require.Equal(t, []string{"correction/2026-01/usage%2Fcalls -10.00 EUR"}, corrections(w.draft(february)))
	st := w.issue(february)
	require.Equal(t, "-10.00 EUR", st.Total.String(), "a month whose only line takes something back has its statement")
	require.Empty(t, corrections(w.draft(march)))
}

// A percentage of what is charged no longer is nothing.
func TestCreditOfWhatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	w.credit("c1", "10", january)
	w.issue(january)
	_, err := w.End(t.Context(), ada, "base", newYear)
	w.must(err)
	require.Equal(t, []string{"correction/2026-01/credit%2Facme%252Fsla.credit%252Fc1 2.00 EUR", "correction/2026-01/fee%2Fbase -20.00 EUR"}, corrections(w.draft(february)))
}

// An item that is ended anew, later, is charged at the versions that hold there.
func TestEndedLaterAfterAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.publish("x", daily("31"), newYear.AddDate(-1, 0, 0))
	w.publish("x", daily("62"), at(16, 0))
	w.item(cost.Item{ID: "x", Until: at(11, 0)})
	require.Equal(t, "10.00 EUR", w.issue(january).Total.String())
	_, err := w.End(t.Context(), ada, "x", january.In(time.UTC).End)
	w.must(err)
	require.Equal(t, []string{"correction/2026-01/fee%2Fx 5.00 EUR", "correction/2026-01/fee%2Fx%2F2026-01-16T00:00:00Z 32.00 EUR"}, corrections(w.draft(february)))
}

// A price whose versions have several currencies is charged in both accounts, and corrected
// in none where no fact changed.
func TestPriceChangesItsCurrency(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.publish("x", daily("31"), newYear.AddDate(-1, 0, 0))
	dollars := daily("31")
	dollars.Currency = money.USD
	w.publish("x", dollars, at(16, 0))
	w.item(cost.Item{ID: "x"})
	usd := w.in("", money.USD, nil)
	w.after(january)
	list, err := usd.IssueEach(t.Context(), ada, january)
	w.must(err)
	require.Equal(t, []string{"15.00 EUR", "16.00 USD"}, []string{list[0].Total.String(), list[1].Total.String()})
	for _, c := range []money.Currency{money.EUR, money.USD} {
		st, err := usd.Account(c).Draft(t.Context(), february)
		w.must(err)
		require.Empty(t, corrections(st), c)
	}
}

// Versions with several policies count what was used once.
func TestPoliciesOfAMonth(t *testing.T) {
	t.Parallel()
	per := func(policy rating.Proration, name string) rating.Price {
		return rating.Price{Model: rating.PerUnit, UnitPrice: some("1"), Proration: policy, Unit: name}
	}
	for _, c := range [][2]rating.Proration{{rating.ByEvents, rating.ByDays}, {rating.ByDays, rating.ByEvents}, {rating.ByDays, rating.WholePeriod}, {rating.ByEvents, rating.WholePeriod}} {
		for _, day := range []int{5, 20} {
			w := newWorld(t, nil)
			w.publish("x", per(c[0], "a"), newYear.AddDate(-1, 0, 0))
			w.publish("x", per(c[1], "b"), at(16, 0))
			w.item(cost.Item{ID: "x", Meter: "disk"})
			w.used("disk", at(day, 0), "100")
			sum := w.proved(january).Total.Decimal()
			require.True(t, sum.Sub(dec("100")).Abs().LessThanOrEqual(dec("0.01")), "%v, used on the %d.: %s", c, day, sum)
		}
	}
}

// A price with windows is for what adds up, and what is beyond a limit has no windows.
func TestWhatHasNoWindows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	meters := metering.NewMeters(w.store.For(servicecoin.Provider))
	w.must(meters.Define(t.Context(), ada, metering.Meter{ID: "most", Name: "M", Type: "used.disk", Aggregation: metering.Max, Unit: "GB"}))
	w.publish("x", rating.Price{Model: rating.PerUnit, UnitPrice: some("1"), Windows: []rating.PriceWindow{{Name: "night", Hours: nights(t), Factor: some("1")}}}, newYear.AddDate(-1, 0, 0))
	_, err := w.Include(t.Context(), ada, cost.Item{ID: "x", Name: "X", Service: "storage", Meter: "most", Price: "x", From: newYear})
	require.ErrorContains(t, err, "must be a count, a sum or a product")

	month := january.In(time.UTC)
	over := beyond{{ID: "a", Name: "A", Service: "storage", Meter: "disk", Unit: "GB", Price: "x", Period: month, Limit: dec("1"), Used: dec("11"), Quantity: dec("10")}}
	_, err = w.in("", money.EUR, &cost.Options{Excesses: over}).Draft(t.Context(), january)
	require.ErrorContains(t, err, "there is a quantity alone")
	over[0].Price = "base"
	twice := append(beyond{}, over[0], over[0])
	_, err = w.in("", money.EUR, &cost.Options{Excesses: twice}).Draft(t.Context(), january)
	require.ErrorContains(t, err, "duplicate")

	// Of a price that began within the period, the version holds that held when the limit began.
	w.publish("late", rating.Price{Model: rating.PerUnit, UnitPrice: some("2")}, at(15, 0))
	over[0].Price, over[0].Since = "late", at(16, 0)
	st, err := w.in("", money.EUR, &cost.Options{Excesses: over}).Draft(t.Context(), january)
	w.must(err)
	require.Equal(t, "20.00 EUR", st.Total.String())

	// In another currency it is in that account.
	w.publish("dollars", rating.Price{Model: rating.PerUnit, UnitPrice: some("3"), Currency: money.USD}, newYear)
	over[0].Price = "dollars"
	w.after(january)
	list, err := w.in("", money.EUR, &cost.Options{Excesses: over}).IssueEach(t.Context(), ada, january)
	w.must(err)
	require.Len(t, list, 1)
	require.Equal(t, "30.00 USD", list[0].Total.String())
}

// The sources of a further part are those of the part.
func TestSourcesOfAPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	price := rating.Price{Model: rating.PerUnit, UnitPrice: some("1"), Proration: rating.ByEvents, Windows: []rating.PriceWindow{{Name: "night", Hours: nights(t), Factor: some("2")}}}
	w.publish("x", price, newYear.AddDate(-1, 0, 0))
	price.UnitPrice = some("3")
	w.publish("x", price, at(16, 0))
	w.item(cost.Item{ID: "x", Meter: "disk"})
	w.used("disk", at(5, 12), "8")
	w.used("disk", at(20, 12), "2")
	w.used("disk", at(20, 23), "5")
	st := w.proved(january)
	line := "usage/x/2026-01-16T00:00:00Z"
	sources, err := st.Sources(line)
	w.must(err)
	sum, events := decimal.Zero, 0
	for _, s := range sources {
		sum = sum.Add(s.Usage.Sum())
		for _, stretch := range s.Stretches {
			require.False(t, stretch.Start.Before(at(16, 0)))
		}
	}
	for _, err := range w.Events(t.Context(), &st, line, "") {
		w.must(err)
		events++
	}
	require.Equal(t, "7", sum.String())
	require.Equal(t, 2, events)
	trace := st.Trace().String()
	require.Contains(t, trace, "night, 17 stretches: 5 GB", "the night that the border divides is one of both parts")
	require.Contains(t, trace, "outside of all windows, 16 stretches: 2 GB")
	require.Contains(t, trace, "used in the month before that, at other versions: 2026-01-01T00:00:00Z/2026-01-16T00:00:00Z: 8 GB")
}

// Buckets and prorated units keep the zone that they were charged by.
func TestZonesOfParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.publish("x", rating.Price{Model: rating.Package, Each: rating.EachBucket, Package: &rating.Bundle{Size: dec("10"), Price: dec("3")}}, newYear.AddDate(-1, 0, 0))
	w.item(cost.Item{ID: "x", Meter: "disk", Reads: &cost.Reads{Bucket: metering.Daily}})
	w.publish("y", daily("31"), newYear.AddDate(-1, 0, 0))
	w.item(cost.Item{ID: "y"})
	w.used("disk", at(5, 5), "6")
	w.used("disk", at(5, 12), "6") // another day in Auckland
	w.after(january)
	_, err := w.in("Pacific/Auckland", money.EUR, nil).Issue(t.Context(), ada, january)
	w.must(err)
	st, err := w.in("America/New_York", money.EUR, nil).Draft(t.Context(), february)
	w.must(err)
	require.Empty(t, corrections(st))
}

// In a unit of work of the host a long statement is written with it.
func TestLongStatementInAUnitOfTheHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.many(300)
	w.issue(january)
	w.many(1)
	w.item(cost.Item{ID: "more", Price: "base"})
	err := w.store.Do(t.Context(), func(tx *store.Store) error {
		_, err := w.On(tx.For("acme")).Replace(t.Context(), ada, january, "one more")
		return err
	})
	w.must(err)
	st, err := w.Get(t.Context(), january)
	w.must(err)
	require.Equal(t, 2, st.Edition)
	require.Equal(t, cost.Issued, st.State)
	require.Len(t, st.Lines, 301)
}

// A part of a statement that somebody writes anew, while it is swept, stays.
func TestSweptWhileWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.many(300)
	w.after(january)
	st := w.issue(january)
	require.Positive(t, st.Parts)
	require.Equal(t, calendar.Between(newYear, january.In(time.UTC).End), st.Period)
	*w.now = w.now.AddDate(0, 0, 3)
	w.item(cost.Item{ID: "more", Price: "base"})
	_, err := w.Replace(t.Context(), ada, january, "one more")
	w.must(err)
	first, err := w.Edition(t.Context(), january, 1)
	w.must(err)
	require.Len(t, first.Lines, 300, "what an edition rests on is not swept")
}

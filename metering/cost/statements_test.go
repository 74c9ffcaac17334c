package cost_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

var (
	january  = calendar.Month{Year: 2026, Month: time.January}
	february = january.Next()
	march    = february.Next()
	newYear  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ada      = servicecoin.Person("ada")
	exchange = servicecoin.Program("exchange")
)

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func some(text string) decimal.NullDecimal { return servicecoin.Some(dec(text)) }

func amount(text string) money.Amount {
	a, err := money.Parse(text)
	if err != nil {
		return money.Amount{}
	}
	return a
}

// world is a provider with prices, and the statements of acme in UTC and euros.
type world struct {
	*cost.Statements

	t      testing.TB
	store  *store.Store
	faults *storetest.Faults
	ledger *metering.Ledger
	prices *rating.PriceList
	now    *time.Time
	events int
}

func newWorld(t testing.TB, o *cost.Options) *world {
	t.Helper()
	now := newYear
	w := &world{t: t, faults: storetest.NewFaults(memory.New()), now: &now}
	w.store = store.New(w.faults, &store.Options{Now: func() time.Time { return now }})
	acme := servicecoin.Customer{ID: "acme", Name: "Acme", Currency: "EUR"}
	meters := metering.NewMeters(w.store.For(servicecoin.Provider), nil)
	w.prices = rating.New(w.store.For(servicecoin.Provider), nil)
	w.ledger = metering.New(w.store.For("acme"), metering.NewMemoryStore(), meters, acme, nil)
	w.Statements = cost.New(w.store.For("acme"), acme, w.ledger, w.prices, o)
	for _, id := range []metering.MeterID{"disk", "calls"} {
		w.must(meters.Define(t.Context(), metering.Meter{ID: id, Name: "M", Type: "used." + string(id), Aggregation: metering.Sum, Unit: "GB"}, ada))
	}
	w.publish("disk", rating.Price{Model: rating.Graduated, Tiers: []rating.Tier{{UpTo: some("100"), Unit: dec("0.105"), Flat: dec("1")}, {Unit: dec("0.05")}}}, newYear)
	w.publish("calls", rating.Price{Model: rating.PerUnit, UnitPrice: some("0.002")}, newYear)
	w.publish("base", rating.Price{Model: rating.Flat, Amount: some("20")}, newYear)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	require.NoError(w.t, err)
}

func (w *world) publish(id servicecoin.PriceID, p rating.Price, from time.Time) {
	w.t.Helper()
	p.Name, p.Rounding = string(id), money.HalfAwayFromZero
	if p.Currency == "" {
		p.Currency = money.EUR
	}
	_, err := w.prices.Publish(w.t.Context(), id, p, from, ada)
	w.must(err)
}

func (w *world) include(id cost.ItemID, meter metering.MeterID, from time.Time) {
	w.t.Helper()
	_, err := w.Include(w.t.Context(), cost.Item{ID: id, Name: "Item " + string(id), Service: "storage", Meter: meter, Price: servicecoin.PriceID(id), From: from}, ada)
	w.must(err)
}

// use records so much on a day of a month of 2026.
func (w *world) use(meter metering.MeterID, month time.Month, day int, value string) {
	w.t.Helper()
	w.events++
	_, err := w.ledger.Record(w.t.Context(), exchange, metering.Event{
		Source: "s", ID: strconv.Itoa(w.events), Type: "used." + string(meter), Time: time.Date(2026, month, day, 0, 0, 0, 0, time.UTC), Value: some(value),
	})
	w.must(err)
}

// after sets the clock to the third day after a month.
func (w *world) after(m calendar.Month) { *w.now = m.In(time.UTC).End.AddDate(0, 0, 2) }

func (w *world) issue(m calendar.Month) cost.Statement {
	w.t.Helper()
	w.after(m)
	st, err := w.Issue(w.t.Context(), m, ada)
	w.must(err)
	proved, err := st.Proves()
	w.must(err)
	require.True(w.t, proved)
	return st
}

func (w *world) draft(m calendar.Month) cost.Statement {
	w.t.Helper()
	st, err := w.Draft(w.t.Context(), m)
	w.must(err)
	require.Equal(w.t, cost.Draft, st.State)
	return st
}

func lineCredit(id, percent string, m calendar.Month) cost.Credit {
	return cost.Credit{
		Reference: servicecoin.Key{Customer: "acme", Kind: "sla.credit", ID: id}, Service: "storage", Month: m, Percent: some(percent), Reason: "Uptime",
		Because: []servicecoin.Key{{Customer: servicecoin.Provider, Kind: "incident", ID: "i1"}},
	}
}

func (w *world) credit(id, percent string, m calendar.Month) {
	w.t.Helper()
	_, err := w.Credit(w.t.Context(), lineCredit(id, percent, m), exchange)
	w.must(err)
}

// lines is a statement in short, a line each, then the total.
func lines(st cost.Statement) (list []string) {
	for _, l := range st.Lines {
		list = append(list, l.ID+" "+l.Amount.String())
	}
	return append(list, st.Total.String())
}

func TestStatementOfAMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("disk", "disk", newYear)
	w.include("calls", "calls", newYear)
	w.include("base", "", newYear)
	w.use("disk", time.January, 2, "90")
	w.use("disk", time.January, 31, "60.3")
	w.use("disk", time.February, 1, "1000")
	w.credit("c1", "10", january)
	draft := w.draft(january)
	// 100 x 0.105 + 1 + 50.3 x 0.05 = 14.015, rounded half away; calls: nothing known.
	want := []string{"usage/calls no amount", "usage/disk 14.02 EUR", "fee/base 20.00 EUR", "credit/acme%2Fsla.credit%2Fc1 -3.40 EUR", "30.62 EUR"}
	require.Equal(t, want, lines(draft))
	require.False(t, draft.Lines[0].Quantity.Valid, "nothing was recorded, which is not zero")
	require.Equal(t, "14.015 EUR", draft.Lines[1].Exact.String())
	require.Equal(t, cost.PriceRef{ID: "disk", Version: 1}, *draft.Lines[1].Price)

	issued := w.issue(january)
	require.Equal(t, want, lines(issued))
	require.Equal(t, cost.RuleVersion, issued.Rules)
	require.Equal(t, ada, issued.IssuedBy)
	stored, err := w.Get(t.Context(), january)
	w.must(err)
	one, err := json.Marshal(issued)
	w.must(err)
	two, err := json.Marshal(stored)
	w.must(err)
	require.Equal(t, string(one), string(two), "what is stored is what was returned")
	proved, err := stored.Proves()
	w.must(err)
	require.True(t, proved, "it recomputes to the same bytes")
	again := w.issue(january)
	require.Equal(t, issued.IssuedAt, again.IssuedAt, "issuing again changes nothing")

	services, err := issued.Services()
	w.must(err)
	require.Equal(t, []string{"storage 34.02 EUR -3.40 EUR no amount 30.62 EUR 1"}, func() (list []string) {
		for _, s := range services {
			list = append(list, fmt.Sprintf("%s %s %s %s %s %d", s.Service, s.Charged, s.Credited, s.Corrections, s.Total, s.Unknown))
		}
		return list
	}())
}

func TestForgedStatementsDoNotProve(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("disk", "disk", newYear)
	w.use("disk", time.January, 2, "90")
	w.credit("c1", "10", january)
	forge := map[string]func(st *cost.Statement){
		"an amount":  func(st *cost.Statement) { st.Lines[0].Amount = amount("1.00 EUR") },
		"a quantity": func(st *cost.Statement) { st.Facts[0].Charge.Usage.Value = some("91") },
		"a price":    func(st *cost.Statement) { st.Facts[0].Charge.Price.Price.Tiers[0].Unit = dec("0.2") },
		"the total":  func(st *cost.Statement) { st.Total = amount("1.00 EUR") },
		"a credit":   func(st *cost.Statement) { st.Facts[1].Credit.Percent = some("11") },
		"a line":     func(st *cost.Statement) { st.Lines = st.Lines[:1] },
	}
	for name, change := range forge {
		st := w.draft(january)
		proved, err := st.Proves()
		w.must(err)
		require.True(t, proved)
		change(&st)
		proved, err = st.Proves()
		w.must(err)
		require.False(t, proved, name)
	}
}

func TestTraceReachesTheRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("disk", "disk", newYear)
	w.use("disk", time.January, 2, "110")
	w.credit("c1", "10", january)
	_, err := w.Import(t.Context(), []cost.Row{row("f/2", "1.004"), row("f/3", "")}, ada)
	w.must(err)
	st := w.issue(january)
	w.use("disk", time.January, 3, "10")
	next := w.draft(february)
	text := st.Trace().String()
	for _, want := range []string{
		"statement of 2026-01: 11.8 EUR", "usage, storage: Item disk: 12 EUR [@provider/rating.version/disk/1]", "disk in 2026-01-01T00:00:00Z/2026-02-01T00:00:00Z, of 1 events",
		"usage, tier 2: 10 at 0.05: 0.5 EUR", "fee, tier 1: 1 EUR", "credit, storage: Uptime, 10 % of the month's charge: -1.2 EUR [acme/sla.credit/c1] [@provider/incident/i1]",
		"cost, cloud: Costs passed on, 2 rows",
	} {
		require.Contains(t, text, want)
	}
	whole, err := w.Trace(t.Context(), &st)
	w.must(err)
	require.Contains(t, whole.String(), "focus.csv, line f/2: Requests: 1.004 EUR [acme/cost.row/f/2]")
	require.Contains(t, whole.String(), "focus.csv, line f/3: Requests: undefined EUR [acme/cost.row/f/3]")
	require.Contains(t, next.Trace().String(), "correction, storage: Item disk, 2026-01: 0.5 EUR [acme/cost.statement/2026-01/1]\n    2026-01, as it is now: 12.5 EUR\n    charged so far: 12 EUR")
}

func TestLateUsageIsCorrectedInTheNextStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("disk", "disk", newYear)
	w.use("disk", time.January, 2, "90")
	w.credit("c1", "10", january)
	require.Equal(t, []string{"usage/disk 10.45 EUR", "credit/acme%2Fsla.credit%2Fc1 -1.05 EUR", "9.40 EUR"}, lines(w.issue(january)))
	w.use("disk", time.January, 30, "20")
	w.use("disk", time.February, 3, "10")
	// 110 GB cost 12, and a tenth of that is 1.20.
	want := []string{"usage/disk 2.05 EUR", "correction/2026-01/credit%2Facme%252Fsla.credit%252Fc1 -0.15 EUR", "correction/2026-01/usage%2Fdisk 1.55 EUR", "3.45 EUR"}
	require.Equal(t, want, lines(w.draft(february)))
	require.Equal(t, want, lines(w.issue(february)))
	require.Equal(t, []string{"usage/disk no amount", "no amount"}, lines(w.draft(march)), "it is corrected once")

	w.use("disk", time.January, 31, "-20")
	require.Equal(t, []string{"usage/disk no amount", "correction/2026-01/credit%2Facme%252Fsla.credit%252Fc1 0.15 EUR", "correction/2026-01/usage%2Fdisk -1.55 EUR", "-1.40 EUR"},
		lines(w.draft(march)), "and taken back")
	january, err := w.Get(t.Context(), january)
	w.must(err)
	require.Equal(t, "9.40 EUR", january.Total.String(), "what was issued never changes")
}

func TestLateCredit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	w.issue(january)
	w.credit("c1", "25", january)
	w.credit("c1", "25", january)
	w.credit("c2", "-5", january) // the service level's own correction
	require.Equal(t, []string{
		"fee/base 20.00 EUR", "correction/2026-01/credit%2Facme%252Fsla.credit%252Fc1 -5.00 EUR", "correction/2026-01/credit%2Facme%252Fsla.credit%252Fc2 1.00 EUR", "16.00 EUR",
	}, lines(w.issue(february)))
	require.Equal(t, []string{"fee/base 20.00 EUR", "20.00 EUR"}, lines(w.issue(march)))
}

func TestACreditIsGivenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := w.Credit(t.Context(), lineCredit("c1", "10", january), exchange); err != nil {
				t.Errorf("credit: %v", err)
			}
		})
	}
	wg.Wait()
	w.faults.Script(storetest.After)
	_, err := w.Credit(t.Context(), lineCredit("c2", "1", january), exchange)
	require.ErrorIs(t, err, storetest.ErrFault)
	w.credit("c2", "1", january)
	_, err = w.Credit(t.Context(), lineCredit("c1", "11", january), exchange)
	require.ErrorIs(t, err, servicecoin.ErrExists)
	require.Equal(t, []string{"fee/base 20.00 EUR", "credit/acme%2Fsla.credit%2Fc1 -2.00 EUR", "credit/acme%2Fsla.credit%2Fc2 -0.20 EUR", "17.80 EUR"}, lines(w.draft(january)))
	n := 0
	for c, err := range w.Credits(t.Context(), january) {
		w.must(err)
		require.Equal(t, exchange, c.GivenBy)
		n++
	}
	require.Equal(t, 2, n)
}

func TestCreditOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("calls", "calls", newYear)
	w.credit("c1", "10", january)
	fixed := lineCredit("c2", "0", january)
	fixed.Percent, fixed.Amount = decimal.NullDecimal{}, amount("3.005 EUR")
	_, err := w.Credit(t.Context(), fixed, ada)
	w.must(err)
	require.Equal(t, []string{"usage/calls no amount", "credit/acme%2Fsla.credit%2Fc1 no amount", "credit/acme%2Fsla.credit%2Fc2 -3.01 EUR", "-3.01 EUR"}, lines(w.draft(january)))
	require.Equal(t, []string{"no amount"}, lines(newWorld(t, nil).draft(january)), "a sum of nothing is undefined")
}

func row(id, value string) cost.Row {
	r := cost.Row{
		ID: id, Service: "cloud", Month: january, Period: calendar.Between(newYear, newYear.Add(time.Hour)), Description: "Requests",
		Quantity: some("2"), Unit: "Requests", Reference: "focus.csv, line " + id,
	}
	if value != "" {
		r.Amount = amount(value + " EUR")
	}
	return r
}

func TestImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	var list []cost.Row
	for i := range 205 {
		list = append(list, row(fmt.Sprintf("f/%03d", i), "0.0000008"))
	}
	list[7].Amount = money.Amount{} // a null cost adds nothing
	list[8].Amount = amount("-2.6137 EUR")
	list[9].Service = "other"
	list[10].Month = february
	done, err := w.Import(ctx, list, ada)
	w.must(err)
	require.Equal(t, cost.Imported{Added: 205}, done)
	done, err = w.Import(ctx, append(list, list[0]), ada)
	w.must(err)
	require.Equal(t, cost.Imported{Repeat: 206}, done)
	// 201 rows of 0.0000008 less 2.6137, summed exactly and rounded once.
	st := w.draft(january)
	require.Equal(t, []string{"cost/cloud -2.61 EUR", "cost/other 0.00 EUR", "-2.61 EUR"}, lines(st))
	require.Equal(t, "-2.6135392 EUR", st.Lines[0].Exact.String())
	require.Equal(t, 203, st.Facts[0].Cost.Rows)
	n := 0
	for r, err := range w.Rows(ctx, january, "cloud") {
		w.must(err)
		require.Equal(t, servicecoin.ServiceID("cloud"), r.Service)
		n++
	}
	require.Equal(t, 203, n)

	issued := w.issue(january)
	late := row("g/1", "1.50")
	_, err = w.Import(ctx, []cost.Row{late}, ada)
	w.must(err)
	require.Equal(t, []string{"cost/cloud 0.00 EUR", "correction/2026-01/cost%2Fcloud 1.50 EUR", "1.50 EUR"}, lines(w.draft(february)))
	require.NotEqual(t, issued.Facts[0].Cost.Digest, w.draft(january).Facts[0].Cost.Digest)
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	_, err := w.Import(ctx, []cost.Row{row("a", "1"), row("b", "1")}, ada)
	w.must(err)
	dollars, bad := row("c", "1"), cost.Row{Quantity: servicecoin.Some(decimal.New(1, 1<<30))}
	dollars.Amount = amount("1 USD")
	_, err = w.Import(ctx, []cost.Row{row("new", "1"), dollars, bad, row("twice", "1"), row("twice", "2")}, ada)
	for _, want := range []string{"rows[1].amount.currency", "rows[2].id", "rows[2].service", "rows[2].month", "rows[2].period.start", "rows[2].quantity", "rows[2].reference", "rows[4].id"} {
		require.ErrorContains(t, err, want)
	}
	_, err = w.Import(ctx, []cost.Row{row("new", "1"), row("a", "2"), row("b", "1"), row("b2", "2")}, ada)
	require.ErrorContains(t, err, "rows[a]")
	require.NotContains(t, err.Error(), "rows[b]")
	require.Equal(t, 2, w.draft(january).Facts[0].Cost.Rows, "nothing of a bad import is stored")
}

func TestPricesHoldForTheirMonths(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	w.publish("base", rating.Price{Model: rating.Flat, Amount: some("30")}, time.Date(2026, 2, 15, 0, 0, 0, 0, time.UTC))
	require.Equal(t, "20.00 EUR", w.issue(january).Total.String())
	require.Equal(t, "20.00 EUR", w.issue(february).Total.String(), "the version that held when the month began")
	require.Equal(t, "30.00 EUR", w.issue(march).Total.String())

	// A price that is published for the past does not reach what was issued.
	w.include("calls", "calls", newYear)
	w.use("calls", time.April, 2, "1000")
	april := march.Next()
	require.Equal(t, []string{"usage/calls 2.00 EUR", "fee/base 30.00 EUR", "32.00 EUR"}, lines(w.issue(april)))
	w.publish("calls", rating.Price{Model: rating.PerUnit, UnitPrice: some("0.009")}, newYear.AddDate(0, 0, 1))
	require.Equal(t, []string{"usage/calls no amount", "fee/base 30.00 EUR", "30.00 EUR"}, lines(w.draft(april.Next())))
}

func TestItemsWithinAMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	w.include("disk", "disk", newYear.AddDate(0, 0, 10))
	w.use("disk", time.January, 9, "500")
	w.use("disk", time.January, 11, "10")
	w.use("disk", time.January, 20, "10")
	st := w.draft(january)
	require.Equal(t, "20", st.Lines[0].Quantity.Decimal.String(), "usage before the item began is not charged")
	require.Equal(t, "2026-01-11T00:00:00Z/2026-02-01T00:00:00Z", st.Facts[0].Charge.Period.String())
	w.issue(january)
	_, err := w.End(ctx, "disk", newYear.AddDate(0, 0, 15), ada)
	w.must(err)
	standing, err := w.Standing(ctx, january)
	w.must(err)
	require.True(t, standing.Due)
	require.Equal(t, []string{"correction/2026-01/usage%2Fdisk -1.05 EUR", "-1.05 EUR"}, lines(w.issue(february)))
	_, err = w.End(ctx, "disk", newYear.AddDate(0, 0, 10), ada)
	w.must(err)
	require.Equal(t, []string{"correction/2026-01/usage%2Fdisk -2.05 EUR", "-2.05 EUR"}, lines(w.draft(march)), "ended at its beginning: it was never charged")
	_, err = w.End(ctx, "disk", newYear, ada)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = w.End(ctx, "absent", newYear, ada)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)

	// An item that is included later for a month that is issued.
	_, err = w.Include(ctx, cost.Item{ID: "booked", Name: "Booked calls", Service: "calls", Price: "calls", Quantity: some("500"), From: newYear}, ada)
	w.must(err)
	require.Contains(t, lines(w.draft(march)), "correction/2026-01/fee%2Fbooked 1.00 EUR")
	var list []string
	for i, err := range w.Items(ctx, "calls") {
		w.must(err)
		list = append(list, string(i.ID))
	}
	require.Equal(t, []string{"booked"}, list)
}

func TestIncludeRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	i := cost.Item{ID: "a", Name: "A", Service: "s", Price: "base", From: newYear}
	_, err := w.Include(ctx, i, ada)
	w.must(err)
	_, err = w.Include(ctx, i, ada)
	w.must(err)
	i.Name = "B"
	_, err = w.Include(ctx, i, ada)
	require.ErrorIs(t, err, servicecoin.ErrExists)
	bad := cost.Item{Meter: metering.MeterID(strings.Repeat("x", 201)), Quantity: some("-1"), Until: newYear}
	_, err = w.Include(ctx, bad, ada)
	for _, want := range []string{"name", "service", "price", "meter", "quantity", "from"} {
		require.ErrorContains(t, err, want)
	}
	c := cost.Credit{Percent: some("100.5"), Amount: amount("1 USD")}
	_, err = w.Credit(ctx, c, ada)
	for _, want := range []string{"reference.customer", "service", "month", "percent", "reason", "amount.currency"} {
		require.ErrorContains(t, err, want)
	}
	_, err = w.Credit(ctx, lineCredit("x", "100.5", january), ada)
	require.ErrorContains(t, err, "between -100 and 100")
}

func TestDraftRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	_, err := w.Draft(ctx, calendar.Month{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	w.include("base", "", newYear.AddDate(-1, 0, 0))
	_, err = w.Draft(ctx, january.Add(-3))
	require.ErrorIs(t, err, servicecoin.ErrNotFound, "no price held then")
	w.publish("dollars", rating.Price{Model: rating.Flat, Amount: some("1"), Currency: money.USD}, newYear)
	w.include("dollars", "", newYear)
	_, err = w.Draft(ctx, january)
	require.ErrorContains(t, err, "must be EUR, the customer's")
	_, err = cost.New(w.store.For("acme"), servicecoin.Customer{ID: "acme", Currency: "EUR"}, nil, w.prices, nil).Draft(ctx, january)
	require.Error(t, err)
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	w.include("base", "", newYear)
	*w.now = january.In(time.UTC).End.Add(-time.Microsecond)
	_, err := w.Issue(ctx, january, ada)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "its month ends on 2026-02-01")
	_, err = w.Issue(ctx, january.Previous(), ada)
	require.ErrorContains(t, err, "nothing is charged in 2025-12")
	_, err = w.Get(ctx, january)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	w.after(january)
	_, err = w.Issue(gone, january, ada)
	require.ErrorIs(t, err, context.Canceled)
	_, err = w.Issue(ctx, january, servicecoin.Actor{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	for range w.All(ctx) {
		t.Error("nothing is issued")
	}
}

func TestIssuingAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	w.after(january)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			if _, err := w.Issue(t.Context(), january, ada); err != nil {
				t.Errorf("issue: %v", err)
			}
			if _, err := w.Credit(t.Context(), lineCredit(strconv.Itoa(n), "1", january), exchange); err != nil {
				t.Errorf("credit: %v", err)
			}
		})
	}
	wg.Wait()
	n := 0
	for st, err := range w.All(t.Context()) {
		w.must(err)
		require.Equal(t, 1, st.Edition)
		n++
	}
	require.Equal(t, 1, n)
	first, err := w.Get(t.Context(), january)
	w.must(err)
	second := w.issue(february)
	sum, err := first.Total.Add(second.Total)
	w.must(err)
	require.Equal(t, "38.40 EUR", sum.String(), "whenever a credit came, it is in one of the two")
}

func TestReplace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	w.include("disk", "disk", newYear)
	w.use("disk", time.January, 2, "90")
	w.issue(january)
	_, err := w.Replace(ctx, january, ada, "wrong usage")
	require.ErrorContains(t, err, "nothing would change")
	_, err = w.Replace(ctx, january, ada, "")
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = w.Replace(ctx, february, ada, "x")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	w.use("disk", time.January, 3, "10")
	require.Equal(t, []string{"usage/disk no amount", "correction/2026-01/usage%2Fdisk 1.05 EUR", "1.05 EUR"}, lines(w.issue(february)))
	// The replacement takes all in; what February corrected is taken back in March.
	st, err := w.Replace(ctx, january, ada, "wrong usage")
	w.must(err)
	require.Equal(t, 2, st.Edition)
	require.Equal(t, "11.50 EUR", st.Total.String())
	old, err := w.Edition(ctx, january, 1)
	w.must(err)
	require.Equal(t, cost.Superseded, old.State)
	require.Equal(t, "wrong usage", old.Reason)
	current, err := w.Get(ctx, january)
	w.must(err)
	require.Equal(t, 2, current.Edition)
	require.Equal(t, []string{"usage/disk no amount", "correction/2026-01/usage%2Fdisk -1.05 EUR", "-1.05 EUR"}, lines(w.issue(march)))
}

func TestDueMonthsAreFoundHoweverOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &cost.Options{LookBack: -1})
	ctx := t.Context()
	w.include("base", "", newYear)
	w.include("disk", "disk", newYear)
	w.use("disk", time.January, 2, "90")
	w.issue(january)
	w.use("disk", time.January, 3, "10")
	require.Equal(t, []string{"usage/disk no amount", "fee/base 20.00 EUR", "20.00 EUR"}, lines(w.issue(february)), "nobody has said that January changed")
	event := servicecoin.Key{Customer: "acme", Kind: metering.EventKind, ID: "s/2"}
	for range 3 {
		w.must(w.MarkDue(ctx, january, event, exchange))
	}
	w.must(w.MarkDue(ctx, march, event, exchange))
	standing, err := w.Standing(ctx, march)
	w.must(err)
	require.False(t, standing.Due, "an open month needs no mark")
	require.Equal(t, []string{"usage/disk no amount", "fee/base 20.00 EUR", "correction/2026-01/usage%2Fdisk 1.05 EUR", "21.05 EUR"}, lines(w.issue(march)))
	standing, err = w.Standing(ctx, january)
	w.must(err)
	require.False(t, standing.Due)
	events, err := w.store.For("acme").Events(ctx, 0, 100)
	w.must(err)
	due := 0
	for _, e := range events {
		if e.Name == cost.StatementDue {
			due++
		}
	}
	require.Equal(t, 1, due, "it is told once")
}

// Whatever comes when: all statements together charge exactly what the months
// come to with all that is known at the end.
func TestNothingIsLostAndNothingTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, &cost.Options{LookBack: 12})
		w.include("disk", "disk", newYear)
		w.include("base", "", newYear)
		months, credits := []calendar.Month{january, february, march, march.Next()}, 0
		issued := 0
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			switch rapid.IntRange(0, 4).Draw(r, "step") {
			case 0:
				if issued < len(months) {
					w.issue(months[issued])
					issued++
				}
			case 1:
				credits++
				w.credit(strconv.Itoa(credits), strconv.Itoa(rapid.IntRange(-9, 9).Draw(r, "percent")), rapid.SampledFrom(months).Draw(r, "month"))
			case 2:
				_, err := w.Import(t.Context(), []cost.Row{row(strconv.Itoa(w.events), "0.335")}, ada)
				if err != nil {
					require.ErrorIs(t, err, servicecoin.ErrInvalid)
				}
			default:
				w.use("disk", rapid.SampledFrom(months).Draw(r, "month").Month, rapid.IntRange(1, 28).Draw(r, "day"), rapid.SampledFrom([]string{"1", "90.5", "33.33", "0.001"}).Draw(r, "value"))
			}
		}
		for _, m := range append(months[issued:], march.Add(2)) {
			w.issue(m)
		}
		charged, due := decimal.Zero, decimal.Zero
		for st, err := range w.All(t.Context()) {
			w.must(err)
			charged = charged.Add(st.Total.Decimal())
		}
		for _, m := range append(months, march.Add(2)) {
			for _, l := range w.draft(m).Lines {
				if l.Kind != cost.CorrectionLine {
					due = due.Add(l.Amount.Decimal())
				}
			}
		}
		require.True(t, charged.Equal(due), "charged %s, due %s", charged, due)
	})
}

// In between a commit and its answer everything may break: the second call
// heals it.
func TestIssueHeals(t *testing.T) {
	t.Parallel()
	for _, fault := range []storetest.Fault{storetest.Before, storetest.After, storetest.Conflict, storetest.Busy} {
		for place := range 6 {
			w := newWorld(t, nil)
			w.include("base", "", newYear)
			w.issue(january)
			w.credit("c1", "10", january)
			w.after(february)
			w.faults.Script(append(make([]storetest.Fault, place), fault)...)
			_, _ = w.Issue(t.Context(), february, ada)
			w.faults.Script()
			st := w.issue(february)
			require.Equal(t, []string{"fee/base 20.00 EUR", "correction/2026-01/credit%2Facme%252Fsla.credit%252Fc1 -2.00 EUR", "18.00 EUR"}, lines(st))
			require.Equal(t, "20.00 EUR", w.draft(march).Total.String())
		}
	}
}

// A credit that comes between the draft and the commit makes the commit fail,
// and the statement is drafted again.
func TestACreditDuringIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	w.issue(january)
	w.after(february)
	n := 0
	w.faults.Meanwhile(func(c store.Commit) {
		if len(c.Events) > 0 && c.Events[0].Name == cost.StatementIssued && n == 0 {
			n++
			w.credit("c1", "10", january)
		}
	})
	st, err := w.Issue(t.Context(), february, ada)
	w.must(err)
	w.faults.Meanwhile(nil)
	require.Equal(t, 1, n)
	require.Contains(t, lines(st), "correction/2026-01/credit%2Facme%252Fsla.credit%252Fc1 -2.00 EUR")
	standing, err := w.Standing(t.Context(), january)
	w.must(err)
	require.False(t, standing.Due)
}

func TestCustomersAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	w.issue(january)
	globex := cost.New(w.store.For("globex"), servicecoin.Customer{ID: "globex", Name: "G", Currency: "EUR"}, nil, w.prices, nil)
	ctx := t.Context()
	_, err := globex.Get(ctx, january)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = globex.End(ctx, "base", newYear, ada)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	for range globex.All(ctx) {
		t.Error("globex sees acme's statements")
	}
	_, err = w.On(w.store.For("globex")).Draft(ctx, january)
	require.ErrorContains(t, err, "is not a view of acme")
}

func TestFaultyArgumentsAreReportedByTheFirstCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s := cost.New(w.store.For("acme"), servicecoin.Customer{ID: "globex", Zone: "Mars/Olympus", Currency: "EURO"}, nil, nil, &cost.Options{Rounding: "guess"})
	ctx := t.Context()
	_, err1 := s.Draft(ctx, january)
	_, err2 := s.Issue(ctx, january, ada)
	_, err3 := s.Standing(ctx, january)
	_, err4 := s.Include(ctx, cost.Item{}, ada)
	for _, err := range []error{err1, err2, err3, err4} {
		for _, want := range []string{"customer.id", "customer.zone", "customer.currency", "prices", "rounding"} {
			require.ErrorContains(t, err, want)
		}
	}
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	var asked []string
	w := newWorld(t, &cost.Options{Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.Verb+" "+a.Subject.String())
		return servicecoin.ErrForbidden
	}})
	ctx := t.Context()
	_, err1 := w.Include(ctx, cost.Item{ID: "a"}, ada)
	_, err2 := w.End(ctx, "a", newYear, ada)
	_, err3 := w.Credit(ctx, lineCredit("c", "1", january), ada)
	_, err4 := w.Import(ctx, nil, ada)
	_, err5 := w.Issue(ctx, january, ada)
	_, err6 := w.Replace(ctx, january, ada, "x")
	for _, err := range []error{err1, err2, err3, err4, err5, err6, w.MarkDue(ctx, january, servicecoin.Key{}, ada)} {
		require.ErrorIs(t, err, servicecoin.ErrForbidden)
	}
	require.Equal(t, []string{
		"statement.include acme/cost.item/a", "statement.end acme/cost.item/a", "statement.credit acme/cost.credit/acme/sla.credit/c",
		"statement.import acme/cost.row/acme", "statement.issue acme/cost.month/2026-01", "statement.replace acme/cost.month/2026-01", "statement.markDue acme/cost.month/2026-01",
	}, asked)
}

type broken struct{}

var errDown = errors.New("the store is down")

func (broken) Between(context.Context, metering.MeterID, calendar.Interval) (metering.Usage, error) {
	return metering.Usage{}, errDown
}

func TestFailingUsageIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("disk", "disk", newYear)
	acme := servicecoin.Customer{ID: "acme", Name: "Acme", Currency: "EUR"}
	_, err := cost.New(w.store.For("acme"), acme, broken{}, w.prices, nil).Draft(t.Context(), january)
	require.ErrorIs(t, err, errDown)
	require.ErrorContains(t, err, "item disk")
	_, err = cost.New(w.store.For("acme"), acme, nil, w.prices, nil).Draft(t.Context(), january)
	require.ErrorContains(t, err, "there is a metered item")
}

var update = flag.Bool("update", false, "rewrite the golden files")

// The names and payloads of events, and the form in which a statement is stored,
// are API.
func TestEventsAreAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	w.include("disk", "disk", newYear)
	w.include("base", "", newYear)
	w.use("disk", time.January, 2, "110")
	w.credit("c1", "10", january)
	_, err := w.Import(ctx, []cost.Row{row("f/2", "1.004")}, ada)
	w.must(err)
	w.issue(january)
	w.credit("c2", "1", january)
	w.issue(february)
	_, err = w.End(ctx, "base", newYear.AddDate(0, 0, 3), ada)
	w.must(err)
	_, err = w.Replace(ctx, january, ada, "a mistake")
	w.must(err)
	events, err := w.store.For("acme").Events(ctx, 0, 100)
	w.must(err)
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%s %s %s\n", e.Name, e.Subject, e.Data)
	}
	st, err := w.Get(ctx, february)
	w.must(err)
	text, err := json.MarshalIndent(st, "", "\t")
	w.must(err)
	b.Write(append(text, '\n'))
	const golden = "testdata/events.golden"
	if *update {
		w.must(os.WriteFile(golden, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	w.must(err)
	require.Equal(t, string(want), b.String())
}

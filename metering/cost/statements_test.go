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
	meters := metering.NewMeters(w.store.For(servicecoin.Provider))
	w.prices = rating.New(w.store.For(servicecoin.Provider))
	w.ledger = metering.New(w.store.For("acme"), metering.NewMemoryStore(), meters, acme, nil)
	w.Statements = cost.New(w.store.For("acme"), acme, w.ledger, w.prices, o)
	for _, id := range []metering.MeterID{"disk", "calls"} {
		w.must(meters.Define(t.Context(), ada, metering.Meter{ID: id, Name: "M", Type: "used." + string(id), Aggregation: metering.Sum, Unit: "GB"}))
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
	_, err := w.prices.Publish(w.t.Context(), ada, id, p, from)
	w.must(err)
}

func (w *world) include(id cost.ItemID, meter metering.MeterID, from time.Time) {
	w.t.Helper()
	_, err := w.Include(w.t.Context(), ada, cost.Item{ID: id, Name: "Item " + string(id), Service: "storage", Meter: meter, Price: servicecoin.PriceID(id), From: from})
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
	st, err := w.Issue(w.t.Context(), ada, m)
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
		Because: []servicecoin.Key{{Customer: servicecoin.Provider, Kind: "incident.incident", ID: "i1"}},
	}
}

func (w *world) credit(id, percent string, m calendar.Month) {
	w.t.Helper()
	_, err := w.Credit(w.t.Context(), exchange, lineCredit(id, percent, m))
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
	_, err := w.Import(t.Context(), ada, []cost.Row{row("f/2", "1.004"), row("f/3", "")})
	w.must(err)
	st := w.issue(january)
	w.use("disk", time.January, 3, "10")
	next := w.draft(february)
	text := st.Trace().String()
	for _, want := range []string{
		"statement of 2026-01: 11.8 EUR", "usage, storage: Item disk: 12 EUR [@provider/rating.version/disk/1]", "disk in 2026-01-01T00:00:00Z/2026-02-01T00:00:00Z, of 1 events",
		"usage, tier 2: 10 at 0.05: 0.5 EUR", "fee, tier 1: 1 EUR", "credit, storage: Uptime, 10 % of the month's charge: -1.2 EUR [acme/sla.credit/c1] [@provider/incident.incident/i1]",
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

func TestIncludeRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	i := cost.Item{ID: "a", Name: "A", Service: "s", Price: "base", From: newYear}
	_, err := w.Include(ctx, ada, i)
	w.must(err)
	_, err = w.Include(ctx, ada, i)
	w.must(err)
	i.Name = "B"
	_, err = w.Include(ctx, ada, i)
	require.ErrorIs(t, err, servicecoin.ErrExists)
	bad := cost.Item{Meter: metering.MeterID(strings.Repeat("x", 201)), Quantity: some("-1"), Until: newYear}
	_, err = w.Include(ctx, ada, bad)
	for _, want := range []string{"name", "service", "price", "meter", "quantity", "from"} {
		require.ErrorContains(t, err, want)
	}
	c := cost.Credit{Percent: some("100.5"), Amount: amount("1 USD")}
	_, err = w.Credit(ctx, ada, c)
	for _, want := range []string{"reference.customer", "service", "month", "percent", "reason", "amount.currency"} {
		require.ErrorContains(t, err, want)
	}
	_, err = w.Credit(ctx, ada, lineCredit("x", "100.5", january))
	require.ErrorContains(t, err, "between -100 and 100")
}

func TestDraftRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	_, err := w.Draft(ctx, calendar.Month{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	w.include("base", "", newYear)
	dollars := cost.New(w.store.For("acme"), servicecoin.Customer{ID: "acme", Currency: "USD"}, w.ledger, w.prices, nil)
	_, err = dollars.Draft(ctx, january)
	require.ErrorContains(t, err, "must be USD, that of the statement")
	w.include("disk", "disk", newYear)
	_, err = cost.New(w.store.For("acme"), servicecoin.Customer{ID: "acme", Currency: "EUR"}, nil, w.prices, nil).Draft(ctx, january)
	require.Error(t, err)
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
	_, err = globex.End(ctx, ada, "base", newYear)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	for range globex.List().All(ctx) {
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
	_, err2 := s.Issue(ctx, ada, january)
	_, err3 := s.Month(ctx, january)
	_, err4 := s.Include(ctx, ada, cost.Item{})
	for _, err := range []error{err1, err2, err3, err4} {
		for _, want := range []string{"customer.id", "customer.zone", "customer.currency", "prices", "rounding"} {
			require.ErrorContains(t, err, want)
		}
	}
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	var asked []string
	w := newWorld(t, nil)
	w.Statements = w.On(store.New(w.faults, &store.Options{Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.Verb+" "+a.Subject.String())
		return servicecoin.ErrForbidden
	}}).For("acme"))
	ctx := t.Context()
	_, err1 := w.Include(ctx, ada, cost.Item{ID: "a"})
	_, err2 := w.End(ctx, ada, "a", newYear)
	_, err3 := w.Credit(ctx, ada, lineCredit("c", "1", january))
	_, err4 := w.Import(ctx, ada, nil)
	_, err5 := w.Issue(ctx, ada, january)
	_, err6 := w.Replace(ctx, ada, january, "x")
	for _, err := range []error{err1, err2, err3, err4, err5, err6, w.MarkDue(ctx, ada, january, servicecoin.Key{})} {
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

func (broken) Meter(context.Context, metering.MeterID) (metering.Meter, error) {
	return metering.Meter{}, errDown
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
	_, err := w.Import(ctx, ada, []cost.Row{row("f/2", "1.004")})
	w.must(err)
	w.issue(january)
	w.credit("c2", "1", january)
	w.issue(february)
	_, err = w.End(ctx, ada, "base", newYear.AddDate(0, 0, 3))
	w.must(err)
	_, err = w.Replace(ctx, ada, january, "a mistake")
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

package sla_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

var (
	january = calendar.Month{Year: 2026, Month: time.January}
	ada     = servicecoin.Person("ada")
)

func promise() sla.Promise {
	return sla.Promise{
		ID: "p1", Service: "mail", Name: "Mail", Objective: dec("99.9"), Terms: terms(),
		Bands:     sla.Bands{{Below: dec("99.9"), Credit: dec("10")}, {Below: dec("99"), Credit: dec("25")}},
		ValidFrom: origin.AddDate(-1, 0, 0),
	}
}

type desk struct {
	*sla.Keeper
	store  *store.Store
	source *sla.MemorySource
	now    *time.Time
}

func newDesk(t *testing.T) desk {
	t.Helper()
	now := time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	source := &sla.MemorySource{}
	d := desk{sla.New(s.For("acme"), source), s, source, &now}
	_, err := d.Make(t.Context(), ada, promise())
	require.NoError(t, err)
	d.happens()
	return d
}

func (d desk) happens(outages ...sla.Outage) {
	d.source.Set("mail", sla.Facts{Coverage: calendar.SetOf(minute(-1000000, 1000000)), Outages: outages})
}

func (d desk) close(t *testing.T) sla.Closed {
	t.Helper()
	c, err := d.CloseMonth(t.Context(), ada, "p1", january)
	require.NoError(t, err)
	return c
}

func (d desk) due(t *testing.T) (list []string) {
	t.Helper()
	for m, err := range d.Due().All(t.Context()) {
		require.NoError(t, err)
		list = append(list, string(m.Promise)+" "+m.Month.String())
	}
	return list
}

func (d desk) credits(t *testing.T) (list []string) {
	t.Helper()
	for c, err := range d.Credits(january).All(t.Context()) {
		require.NoError(t, err)
		list = append(list, c.ID+" "+c.Percent.String()+" "+c.CorrectionOf)
	}
	return list
}

func key(id string) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: "incident.incident", ID: id}
}

func TestClosingAMonth(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.happens(outage("outage", 0, 60, "a"), outage("disruption", 30, 90, "b"))
	require.NoError(t, d.MarkDue(t.Context(), ada, "p1", january, key("a")))
	require.NoError(t, d.MarkDue(t.Context(), ada, "p1", january, key("a")))
	require.NoError(t, d.MarkDue(t.Context(), ada, "p1", january, key("b")))
	require.Equal(t, []string{"p1 2026-01"}, d.due(t))

	first := d.close(t)
	require.Equal(t, sla.Issued, first.Report.State)
	require.Equal(t, "99.84543011", first.Report.Figures.Uptime.Decimal.String())
	require.NotNil(t, first.Credit)
	require.Equal(t, []servicecoin.Key{key("a"), key("b")}, first.Credit.Outages)
	require.Empty(t, d.due(t))
	require.Equal(t, []string{"p1/2026-01/1 10 "}, d.credits(t))
	require.True(t, d.close(t).Again, "closing again changes nothing")
	require.Equal(t, []string{"p1/2026-01/1 10 "}, d.credits(t))

	// A fact comes late: worse.
	d.happens(outage("outage", 0, 600, "a"))
	require.True(t, d.close(t).Again, "nobody has said that the facts changed")
	require.NoError(t, d.MarkDue(t.Context(), ada, "p1", january, key("c")))
	second := d.close(t)
	require.Equal(t, 2, second.Report.Edition)
	require.Equal(t, []string{"p1/2026-01/1 10 ", "p1/2026-01/2 15 p1/2026-01/1"}, d.credits(t))

	// And better than it ever was: the correction takes back.
	d.happens()
	require.NoError(t, d.MarkDue(t.Context(), ada, "p1", january, key("d")))
	third := d.close(t)
	require.Equal(t, "-25", third.Credit.Percent.String())
	require.Len(t, d.credits(t), 3)

	// A change that does not touch the figures makes no edition.
	require.NoError(t, d.MarkDue(t.Context(), ada, "p1", january, key("e")))
	require.True(t, d.close(t).Again)
	require.Empty(t, d.due(t))

	var states []string
	for r, err := range d.Reports(january).All(t.Context()) {
		require.NoError(t, err)
		states = append(states, string(r.State))
		proved, err := r.Proves()
		require.NoError(t, err)
		require.True(t, proved, "an issued report recomputes to the same bytes")
		r.Facts.Outages = append(r.Facts.Outages, outage("outage", 700, 701, "forged"))
		proved, err = r.Proves()
		require.NoError(t, err)
		require.False(t, proved)
	}
	require.Equal(t, []string{"superseded", "superseded", "issued"}, states)
	standing, err := d.Standing(t.Context(), "p1", january)
	require.NoError(t, err)
	require.Equal(t, "0", standing.Credited.String())
}

func TestClosingAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.happens(outage("outage", 0, 60, "a"))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := d.CloseMonth(t.Context(), ada, "p1", january); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	wg.Wait()
	require.Len(t, d.credits(t), 1)
}

func TestClosingRefuses(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := t.Context()
	_, err := d.CloseMonth(ctx, ada, "p1", january.Next())
	require.ErrorIs(t, err, servicecoin.ErrRefused, "the month is not over")
	_, err = d.CloseMonth(ctx, ada, "p1", january.Add(-24))
	require.ErrorIs(t, err, servicecoin.ErrRefused, "the promise was not valid")
	_, err = d.CloseMonth(ctx, ada, "p1", calendar.Month{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = d.CloseMonth(ctx, ada, "unknown", january)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = d.CloseMonth(ctx, servicecoin.Actor{}, "p1", january)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = d.On(d.store.For("globex")).CloseMonth(ctx, ada, "p1", january)
	require.ErrorIs(t, err, servicecoin.ErrNotFound, "another customer's promise")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = d.CloseMonth(gone, ada, "p1", january)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, d.credits(t))
	events, err := d.store.For("acme").Events(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, events, 1, "nothing but the promise")
}

func TestUnknownIsNeitherUpNorDown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.source.Set("mail", sla.Facts{})
	c := d.close(t)
	f := c.Report.Figures
	require.False(t, f.Uptime.Valid)
	require.Equal(t, sla.Unknown, f.Verdict)
	require.False(t, f.Credit.Valid)
	require.Nil(t, c.Credit)
	require.Equal(t, "0", f.Lowest.Decimal.String())
	require.Equal(t, "100", f.Highest.Decimal.String())
	text, err := json.Marshal(f)
	require.NoError(t, err)
	require.Contains(t, string(text), `"uptimePercent":null`)
	require.Contains(t, string(text), `"verdict":"unknown"`)
}

func TestTraceReachesTheOutages(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.happens(outage("outage", 0, 60, "a"), outage("disruption", 30, 90, "b"))
	closed := d.close(t)
	trace := closed.Report.Trace()
	require.Equal(t, []servicecoin.Key{key("a"), key("b")}, trace.Keys())
	require.Contains(t, trace.String(), "outage for 3600 s, weight 1: 3600 s [@provider/incident.incident/a]")
	require.Contains(t, trace.String(), "disruption for 1800 s, weight 0.3: 540 s [@provider/incident.incident/b]")
}

func TestHundredPercentHasNoBudget(t *testing.T) {
	t.Parallel()
	p := promise()
	p.Objective, p.Bands = dec("100"), nil
	r, err := p.Report(january, sla.Facts{Coverage: calendar.SetOf(minute(0, 100000)), Outages: []sla.Outage{outage("outage", 0, 1, "a")}}, origin)
	require.NoError(t, err)
	require.Equal(t, sla.Broken, r.Figures.Verdict)
	require.Equal(t, "0", r.Figures.Budget.Allowed.String())
	require.Equal(t, "-60", r.Figures.Budget.Left.String())
	require.False(t, r.Figures.Budget.Share.Valid)
}

func TestPromiseValidates(t *testing.T) {
	t.Parallel()
	require.NoError(t, promise().Validate())
	bad := sla.Promise{
		Objective: dec("100.1"), Zone: "Mars/Olympus", Terms: sla.Terms{Weights: sla.Weights{"x": dec("-1")}},
		Bands:    sla.Bands{{Below: dec("99"), Credit: dec("10")}, {Below: dec("99"), Credit: dec("5")}, {Below: dec("0"), Credit: dec("101")}},
		Rounding: &sla.UptimeRounding{Places: -1, Mode: "guess"}, ValidUntil: origin,
	}
	e, ok := errors.AsType[*servicecoin.InvalidError](bad.Validate())
	require.True(t, ok)
	var paths []string
	for _, v := range e.Violations {
		paths = append(paths, v.Path)
	}
	for _, want := range []string{"id", "service", "objective", "zone", "terms.weights.x", "bands[1].below", "bands[1].credit", "bands[2].below", "bands[2].credit", "rounding.places", "validFrom"} {
		require.Contains(t, paths, want)
	}
	late := promise()
	late.Bands[0].Below = dec("99.95")
	require.ErrorContains(t, late.Validate(), "gives credit while the objective 99.9 is kept")
}

func TestPromiseMonths(t *testing.T) {
	t.Parallel()
	p := promise()
	p.Zone = "Pacific/Auckland" // 13 hours ahead in January
	p.ValidFrom = time.Date(2025, 12, 20, 0, 0, 0, 0, time.UTC)
	months, err := p.Months(calendar.Between(time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)))
	require.NoError(t, err)
	require.Equal(t, []calendar.Month{january.Previous(), january, january.Next()}, months)
	period, err := p.Period(january.Previous())
	require.NoError(t, err)
	require.Equal(t, "2025-12-20T00:00:00Z/2025-12-31T11:00:00Z", period.String())
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	var asked []string
	s := store.New(memory.New(), &store.Options{Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.Verb)
		return servicecoin.ErrForbidden
	}})
	k := sla.New(s.For("acme"), &sla.MemorySource{})
	ctx := t.Context()
	_, err1 := k.Make(ctx, ada, promise())
	_, err2 := k.CloseMonth(ctx, ada, "p1", january)
	_, err3 := k.End(ctx, ada, "p1", origin)
	for _, err := range []error{err1, err2, err3, k.MarkDue(ctx, ada, "p1", january, key("a"))} {
		require.ErrorIs(t, err, servicecoin.ErrForbidden)
	}
	require.Equal(t, []string{"promise.make", "report.issue", "promise.end", "report.markDue"}, asked)
	events, err := s.Events(ctx, 0, 10)
	require.NoError(t, err)
	require.Empty(t, events)
}

func TestEndOfAPromise(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	p, err := d.End(t.Context(), ada, "p1", origin.AddDate(0, 0, 10))
	require.NoError(t, err)
	require.Equal(t, origin.AddDate(0, 0, 10), p.ValidUntil)
	require.Equal(t, "864000", d.close(t).Report.Figures.Period.String())
	_, err = d.End(t.Context(), ada, "p1", origin.AddDate(-3, 0, 0))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	n := 0
	for _, err := range d.Promises("mail").All(t.Context()) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, 1, n)
}

func TestAmountOfACredit(t *testing.T) {
	t.Parallel()
	charge, err := money.Parse("99.99 EUR")
	require.NoError(t, err)
	got, err := amount(charge, dec("10"), money.HalfAwayFromZero)
	require.NoError(t, err)
	require.Equal(t, "10.00 EUR", got.String())
}

var update = flag.Bool("update", false, "rewrite the golden files")

// The names and payloads of events are API.
func TestEventsAreAPI(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.happens(outage("outage", 0, 60, "a"))
	require.NoError(t, d.MarkDue(t.Context(), ada, "p1", january, key("a")))
	d.close(t)
	d.happens()
	require.NoError(t, d.MarkDue(t.Context(), ada, "p1", january, key("a")))
	d.close(t)
	_, err := d.End(t.Context(), ada, "p1", origin)
	require.NoError(t, err)
	events, err := d.store.For("acme").Events(t.Context(), 0, 100)
	require.NoError(t, err)
	var lines []string
	for _, e := range events {
		lines = append(lines, e.Name+" "+e.Subject.String()+" "+string(e.Data))
	}
	slices.Sort(lines)
	got := strings.Join(slices.Compact(lines), "\n") + "\n"
	const golden = "testdata/events.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

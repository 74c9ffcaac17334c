package metering_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

var (
	january   = calendar.Month{Year: 2026, Month: time.January}
	ada       = servicecoin.Person("ada")
	collector = servicecoin.Program("collector")
)

// world is a provider with three meters, and the ledger of acme in Berlin.
type world struct {
	*metering.Ledger

	t      *testing.T
	store  *store.Store
	faults *storetest.Faults
	events metering.EventStore
	meters *metering.Meters
	now    *time.Time
}

func newWorld(t *testing.T, o *metering.Options) world {
	t.Helper()
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	w := world{t: t, faults: storetest.NewFaults(memory.New()), events: metering.NewMemoryStore(), now: &now}
	ids := 0
	w.store = store.New(w.faults, &store.Options{Now: func() time.Time { return now }, NewID: func() string { ids++; return fmt.Sprintf("id%d", ids) }})
	w.meters = metering.NewMeters(w.store.For(servicecoin.Provider))
	for _, m := range []metering.Meter{
		{ID: "hours", Name: "Hours", Type: "vm.ran", Aggregation: metering.Sum, Unit: "hours", GroupBy: []string{"region"}},
		{ID: "starts", Name: "Starts", Type: "vm.started", Aggregation: metering.Count, Unit: "starts"},
		{ID: "peak", Name: "Peak", Type: "vm.ran", Aggregation: metering.Max, Unit: "hours"},
	} {
		require.NoError(t, w.meters.Define(t.Context(), ada, m))
	}
	w.Ledger = w.ledger("acme", "Europe/Berlin", o)
	return w
}

func (w world) ledger(id servicecoin.CustomerID, zone string, o *metering.Options) *metering.Ledger {
	return metering.New(w.store.For(id), w.events, w.meters, servicecoin.Customer{ID: id, Name: "A", Zone: zone}, o)
}

func ran(id string, at time.Time, value string, dimensions ...string) metering.Event {
	e := metering.Event{Source: "hv", ID: id, Type: "vm.ran", Subject: "vm1", Time: at, Value: some(value)}
	if len(dimensions) > 0 {
		e.Dimensions = metering.Dimensions{{Name: "region", Value: dimensions[0]}}
	}
	return e
}

// record records events, and returns the receipt in short.
func (w world) record(events ...metering.Event) string {
	w.t.Helper()
	receipt, err := w.Record(w.t.Context(), collector, events...)
	require.NoError(w.t, err)
	return short(receipt)
}

// short is a receipt in short: "2 added, conflict of 0".
func short(r metering.Receipt) string {
	var list []string
	if r.Added > 0 {
		list = append(list, strconv.Itoa(r.Added)+" added")
	}
	if r.Repeats > 0 {
		list = append(list, strconv.Itoa(r.Repeats)+" repeated")
	}
	for _, x := range r.Exceptions {
		list = append(list, fmt.Sprintf("%s of %d", x.Outcome, x.Index))
	}
	return strings.Join(list, ", ")
}

// told returns the events of the customer's feed.
func (w world) told(name string) (list []store.Event) {
	w.t.Helper()
	events, err := w.store.For("acme").Events(w.t.Context(), 0, 1000)
	require.NoError(w.t, err)
	for _, e := range events {
		if e.Name == name {
			list = append(list, e)
		}
	}
	return list
}

func at(day, hour int) time.Time { return time.Date(2026, 1, day, hour, 0, 0, 0, time.UTC) }

func TestRecordAndUsage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	// 23:00 UTC on New Year's Eve is January in Berlin.
	require.Equal(t, "3 added",
		w.record(ran("1", time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC), "1.5", "eu"), ran("2", at(2, 0), "2", "us"), ran("3", at(31, 23), "100")))
	require.Equal(t, "1 added, 1 repeated", w.record(ran("2", at(2, 0), "2.0", "us"), ran("4", at(2, 1), "4", "eu")))

	total, err := w.Total(t.Context(), "hours", january)
	require.NoError(t, err)
	require.Equal(t, "7.5", total.Value.Decimal.String(), "the last one is February's")
	require.EqualValues(t, 3, total.Events)
	require.Equal(t, "2025-12-31T23:00:00Z/2026-01-31T23:00:00Z", total.Period.String())
	require.Contains(t, total.Trace().String(), "of 3 events")

	series, err := w.Usage(t.Context(), "hours", metering.Question{During: calendar.Between(at(1, 23), at(3, 23)), Each: metering.Daily, GroupBy: []string{"region"}})
	require.NoError(t, err)
	require.Equal(t, []string{"eu 4/1 -/0", "us 2/1 -/0"}, text(series))
	peak, err := w.Between(t.Context(), "peak", january.In(time.UTC))
	require.NoError(t, err)
	require.Equal(t, "100", peak.Value.Decimal.String())
	starts, err := w.Total(t.Context(), "starts", january)
	require.NoError(t, err)
	require.False(t, starts.Value.Valid, "nothing is known, which is not zero")

	var behind []string
	for e, err := range w.Events(t.Context(), "hours", january.In(time.UTC), map[string]string{"region": "eu"}) {
		require.NoError(t, err)
		behind = append(behind, e.ID)
		require.Equal(t, servicecoin.Key{Customer: "acme", Kind: "metering.event", ID: "hv/" + e.ID}, e.Key())
	}
	require.Equal(t, []string{"4"}, behind)
	for e, err := range w.Events(t.Context(), "hours", january.In(time.UTC), nil) {
		require.NoError(t, err)
		require.Equal(t, "2", e.ID, "the first by time")
		break
	}
}

func TestDigestFollowsTheEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	digest := func() string {
		u, err := w.Total(t.Context(), "hours", january)
		require.NoError(t, err)
		return u.Digest
	}
	none := digest()
	w.record(ran("1", at(2, 0), "2.50"))
	one := digest()
	require.NotEqual(t, none, one)
	w.record(ran("1", at(2, 0), "2.5"))
	require.Equal(t, one, digest(), "a repeat changes nothing")
	w.record(ran("2", at(2, 1), "0"))
	require.NotEqual(t, one, digest(), "an event that adds nothing is an event")

	other := newWorld(t, nil)
	*other.now = at(20, 0)
	other.record(ran("2", at(2, 1), "0.0"), ran("1", at(2, 0), "2.5"))
	u, err := other.Total(t.Context(), "hours", january)
	require.NoError(t, err)
	require.Equal(t, digest(), u.Digest, "the same events in another order, recorded at another time")
}

func TestAsOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.record(ran("1", at(2, 0), "1"))
	*w.now = at(20, 0)
	w.record(ran("2", at(2, 0), "10"))
	q := metering.Question{During: january.In(time.UTC), KnownBefore: at(20, 0)}
	series, err := w.Usage(t.Context(), "hours", q)
	require.NoError(t, err)
	require.Equal(t, []string{" 1/1"}, text(series))
	q.KnownBefore = time.Time{}
	series, err = w.Usage(t.Context(), "hours", q)
	require.NoError(t, err)
	require.Equal(t, []string{" 11/2"}, text(series))
}

func TestConflictsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.record(ran("1", at(2, 0), "1"), ran("2", at(2, 0), "1"))
	require.Equal(t, "1 repeated, conflict of 0, conflict of 2", w.record(ran("1", at(2, 0), "9"), ran("2", at(2, 0), "1"), ran("1", at(2, 0), "9")))
	w.record(ran("1", at(2, 0), "9"))
	*w.now = w.now.Add(time.Hour)
	w.record(ran("1", at(2, 0), "8"))
	total, err := w.Total(t.Context(), "hours", january)
	require.NoError(t, err)
	require.Equal(t, "2", total.Value.Decimal.String())
	require.Len(t, w.told(metering.EventUsageConflicted), 2, "each content once")
	var list []string
	for c, err := range w.Conflicts().All(t.Context()) {
		require.NoError(t, err)
		list = append(list, c.Stored.Value.Decimal.String()+" "+c.Offered.Value.Decimal.String())
	}
	require.Equal(t, []string{"1 8", "1 9"}, list)
}

func TestManyConflictsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var first, second []metering.Event
	for i := range 100 {
		e := ran(strconv.Itoa(i), at(2, 0), "1")
		e.Subject = strings.Repeat("<", metering.MaxSubjectBytes)
		e.Dimensions = metering.Dimensions{{Name: "region", Value: strings.Repeat("<", metering.MaxDimensionBytes-6)}}
		first = append(first, e)
		e.Value = some("2")
		second = append(second, e)
	}
	w.record(first...)
	w.record(second...)
	require.Len(t, w.told(metering.EventUsageConflicted), 100)
}

// An answer that is lost, or a store that fails in between, costs nothing but a
// second call.
func TestRecordingAgainHeals(t *testing.T) {
	t.Parallel()
	hit := 0
	for _, fault := range []storetest.Fault{storetest.Before, storetest.After} {
		for place := range 6 { // the kinds of records make themselves known, then a conflict is told, then an excess
			w := newWorld(t, nil)
			ctx := t.Context()
			_, err := w.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("1"), Mode: metering.Hard, Period: metering.Monthly})
			require.NoError(t, err)
			w.record(ran("1", at(2, 0), "1"))
			batch := []metering.Event{ran("1", at(2, 0), "7"), ran("2", at(2, 0), "6")}
			w.faults.Script(append(make([]storetest.Fault, place), fault)...)
			receipt, err := w.Record(ctx, collector, batch...)
			if err != nil {
				hit++
				require.ErrorIs(t, err, storetest.ErrFault)
				require.Equal(t, "1 added, conflict of 0", short(receipt), "they are recorded, and the caller knows")
			}
			w.faults.Script()
			w.record(batch...)
			require.Len(t, w.told(metering.EventQuotaExceeded), 1)
			require.Len(t, w.told(metering.EventUsageConflicted), 1)
			total, err := w.Total(ctx, "hours", january)
			require.NoError(t, err)
			require.Equal(t, "7", total.Value.Decimal.String())
		}
	}
	require.GreaterOrEqual(t, hit, 4)
}

func TestRecordingAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	_, err := w.SetQuota(t.Context(), ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("1"), Mode: metering.Hard, Period: metering.Monthly})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 10 {
				if _, err := w.Record(t.Context(), collector, ran(strconv.Itoa(i), at(2, 0), "6")); err != nil {
					t.Errorf("record: %v", err)
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, w.told(metering.EventQuotaExceeded), 1)
	total, err := w.Total(t.Context(), "hours", january)
	require.NoError(t, err)
	require.Equal(t, "60", total.Value.Decimal.String())
}

func TestRecordRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	foreign := ran("1", at(2, 0), "1")
	foreign.Customer = "globex"
	bad := ran("", time.Time{}, "1")
	receipt, err := w.Record(ctx, collector, foreign, ran("0", at(2, 0), "1"), bad, ran("0", at(2, 0), "2"))
	require.NoError(t, err)
	require.Equal(t, "1 added, refused of 0, refused of 2, conflict of 3", short(receipt), "one that is refused takes no other with it")
	for _, want := range []string{"events[0].customer", "events[2].id", "events[2].time"} {
		require.ErrorContains(t, receipt.Err(), want)
	}
	many := make([]metering.Event, metering.MaxBatch+1)
	_, err = w.Record(ctx, collector, many...)
	require.ErrorContains(t, err, "events: has 10001")
	_, err = w.Record(ctx, servicecoin.Actor{}, ran("0", at(2, 0), "1"))
	require.ErrorContains(t, err, "by.kind")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = w.Record(gone, collector, ran("0", at(2, 0), "1"))
	require.ErrorIs(t, err, context.Canceled)
	total, err := w.Total(ctx, "hours", january)
	require.NoError(t, err)
	require.EqualValues(t, 1, total.Events)
	receipt, err = w.Record(ctx, collector)
	require.NoError(t, err)
	require.Zero(t, receipt.Total())

	_, err = w.Total(ctx, "hours", calendar.Month{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = w.Usage(ctx, "hours", metering.Question{During: january.In(nil), GroupBy: []string{"colour"}})
	require.ErrorContains(t, err, "groupBy[0]")
	for _, err := range w.Events(ctx, "colour", january.In(nil), nil) {
		require.ErrorIs(t, err, servicecoin.ErrNotFound)
	}
}

func TestCustomersAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	globex := w.ledger("globex", "", nil)
	w.record(ran("1", at(2, 0), "1"))
	_, err := globex.Record(t.Context(), collector, ran("1", at(2, 0), "5"))
	require.NoError(t, err)
	for l, want := range map[*metering.Ledger]string{w.Ledger: "1", globex: "5"} {
		total, err := l.Total(t.Context(), "hours", january)
		require.NoError(t, err)
		require.Equal(t, want, total.Value.Decimal.String())
	}
	_, err = w.SetQuota(t.Context(), ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("1"), Mode: metering.Hard, Period: metering.Daily})
	require.NoError(t, err)
	require.ErrorIs(t, globex.DropQuota(t.Context(), ada, "q"), servicecoin.ErrNotFound)
	_, err = w.On(w.store.For("globex")).Record(t.Context(), collector, ran("9", at(2, 0), "1"))
	require.ErrorContains(t, err, "is not a view of acme")
}

func TestFaultyArgumentsAreReportedByTheFirstCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	l := metering.New(w.store.For("acme"), nil, nil, servicecoin.Customer{ID: "globex", Zone: "Mars/Olympus"}, nil)
	ctx := t.Context()
	_, err1 := l.Record(ctx, collector)
	_, err2 := l.Total(ctx, "hours", january)
	_, err3 := l.Review(ctx, collector, at(1, 0))
	for _, err := range []error{err1, err2, err3, l.DropQuota(ctx, ada, "q")} {
		for _, want := range []string{"events", "meters", "customer.id", "customer.zone"} {
			require.ErrorContains(t, err, want)
		}
	}
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	var asked []string
	w := newWorld(t, nil)
	forbidden := store.New(w.faults, &store.Options{Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.Verb+" "+a.Subject.String())
		return servicecoin.ErrForbidden
	}})
	w.Ledger = w.On(forbidden.For("acme"))
	ctx := t.Context()
	_, err1 := w.Record(ctx, collector, ran("1", at(2, 0), "1"))
	_, err2 := w.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("1"), Mode: metering.Hard, Period: metering.Daily})
	_, err3 := w.Review(ctx, ada, at(1, 0))
	err4 := metering.NewMeters(forbidden.For(servicecoin.Provider)).Define(ctx, ada, meter(metering.Sum))
	for _, err := range []error{err1, err2, err3, w.DropQuota(ctx, ada, "q"), err4} {
		require.ErrorIs(t, err, servicecoin.ErrForbidden)
	}
	require.Equal(t, []string{
		"usage.record acme/metering.usage/acme", "quota.set acme/metering.quota/q", "quota.review acme/metering.usage/acme",
		"meter.define @provider/metering.meter/m", "quota.drop acme/metering.quota/q",
	}, asked)
	events, err := w.store.For("acme").Events(ctx, 0, 10)
	require.NoError(t, err)
	require.Empty(t, events)
	for range w.events.Scan(ctx, metering.Query{Customer: "acme", Type: "vm.ran", During: january.In(nil)}) {
		t.Error("nothing is recorded")
	}
}

func TestMetersNeverChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	again := metering.Meter{ID: "hours", Name: "Other", Type: "x", Aggregation: metering.Count, Unit: "x"}
	require.ErrorIs(t, w.meters.Define(t.Context(), ada, again), servicecoin.ErrExists)
	require.ErrorIs(t, w.meters.Define(t.Context(), ada, metering.Meter{}), servicecoin.ErrInvalid)
	var list []metering.MeterID
	for m, err := range w.meters.List().All(t.Context()) {
		require.NoError(t, err)
		list = append(list, m.ID)
	}
	require.Equal(t, []metering.MeterID{"hours", "peak", "starts"}, list)
	err := w.store.For(servicecoin.Provider).Do(t.Context(), func(tx store.View) error {
		if err := w.meters.On(tx).Define(t.Context(), ada, meter(metering.Sum)); err != nil {
			return err
		}
		return errors.New("no")
	})
	require.ErrorContains(t, err, "no")
	_, err = w.meters.Get(t.Context(), "m")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

// failing answers an error to every call.
type failing struct{ metering.EventStore }

var errDown = errors.New("the store is down")

func (failing) Append(context.Context, []metering.Event) (metering.Receipt, error) {
	return metering.Receipt{}, errDown
}

func (failing) Scan(context.Context, metering.Query) iter.Seq2[metering.Event, error] {
	return func(yield func(metering.Event, error) bool) { yield(metering.Event{}, errDown) }
}

func (failing) Measure(context.Context, metering.Measurement) (*metering.Measured, error) {
	return nil, errDown
}

func TestAFailingStoreIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	l := metering.New(w.store.For("acme"), failing{}, w.meters, servicecoin.Customer{ID: "acme", Name: "A"}, nil)
	ctx := t.Context()
	_, err := l.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("1"), Mode: metering.Hard, Period: metering.Daily})
	require.NoError(t, err)
	_, err1 := l.Record(ctx, collector, ran("1", at(2, 0), "1"))
	_, err2 := l.Total(ctx, "hours", january)
	_, err3 := l.Check(ctx, "hours", dec("1"), at(20, 0))
	_, err4 := l.Review(ctx, ada, at(20, 0))
	_, err5 := l.Usage(ctx, "hours", metering.Question{During: january.In(nil)})
	for _, err := range []error{err1, err2, err3, err4, err5} {
		require.ErrorIs(t, err, errDown)
	}
	for _, err := range l.Events(ctx, "hours", january.In(nil), nil) {
		require.ErrorIs(t, err, errDown)
	}
}

var update = flag.Bool("update", false, "rewrite the golden files")

// The names and payloads of events are API.
func TestEventsAreAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	q := metering.Quota{ID: "q", Meter: "hours", Limit: dec("10"), Mode: metering.Hard, Period: metering.Monthly}
	_, err := w.SetQuota(ctx, ada, q)
	require.NoError(t, err)
	w.record(ran("1", at(2, 0), "6.50", "eu"))
	w.record(ran("1", at(2, 0), "7"), ran("2", at(2, 1), "6"))
	require.NoError(t, w.DropQuota(ctx, ada, "q"))
	hours, err := w.meters.Get(ctx, "hours")
	require.NoError(t, err)
	hours.Round = &metering.Rounding{Mode: money.Up}
	_, err = w.meters.Revise(ctx, ada, hours, at(20, 0))
	require.NoError(t, err)
	events, err := w.store.Events(ctx, 0, 100)
	require.NoError(t, err)
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%s %s %s\n", e.Name, e.Subject, e.Data)
	}
	const golden = "testdata/events.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

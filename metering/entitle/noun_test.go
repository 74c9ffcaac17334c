package entitle_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

var ada = servicecoin.Person("ada")

// world is a customer with a meter, a ledger, grants and a calendar.
type world struct {
	t            testing.TB
	store        *store.Store
	ledger       *metering.Ledger
	grants       *grant.Grants
	entitlements *entitle.Entitlements
	windows      entitle.Fixed
	customer     servicecoin.Customer
	n            int

	mu        sync.Mutex
	now       time.Time
	authorize servicecoin.Authorizer
}

func newWorld(t testing.TB, zone string, backend store.Backend) *world {
	t.Helper()
	w := &world{t: t, now: at(1, 0), customer: servicecoin.Customer{ID: "acme", Name: "Acme", Zone: zone}, windows: entitle.Fixed{}}
	if backend == nil {
		backend = memory.New()
	}
	w.store = store.New(backend, &store.Options{
		Now:       w.clock,
		Authorize: func(ctx context.Context, a servicecoin.Attempt) error { return w.authorize.Ask(ctx, a) },
	})
	meters := metering.NewMeters(w.store.For(servicecoin.Provider))
	for _, m := range []metering.Meter{
		{ID: "calls", Name: "Calls", Type: "call", Aggregation: metering.Sum, Unit: "calls"},
		{ID: "disk", Name: "Disk", Type: "disk", Aggregation: metering.Latest, Unit: "GB"},
		{ID: "users", Name: "Users", Type: "call", Aggregation: metering.Unique, Distinct: metering.Subject, Unit: "people"},
		{ID: "peak", Name: "Peak", Type: "disk", Aggregation: metering.Max, Unit: "GB"},
	} {
		require.NoError(t, meters.Define(t.Context(), ada, m))
	}
	w.ledger = metering.New(w.store.For("acme"), metering.NewMemoryStore(), meters, w.customer, nil)
	w.grants = grant.New(w.store.For("acme"), w.ledger)
	w.entitlements = entitle.New(w.store.For("acme"), w.ledger, w.customer, &entitle.Options{Calendars: w.windows, Grants: w.grants})
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) at(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = t
}

// uses records usage, and looks after what it concerns.
func (w *world) uses(kind, value string, when time.Time) []entitle.Told {
	w.t.Helper()
	e := w.record(kind, value, when)
	told, err := w.entitlements.LookAfter(w.t.Context(), ada, e)
	require.NoError(w.t, err)
	return told
}

func (w *world) record(kind, value string, when time.Time) metering.Event {
	w.t.Helper()
	w.n++
	e := metering.Event{Source: "test", ID: strconv.Itoa(w.n), Type: kind, Time: when, Value: some(value)}
	r, err := w.ledger.Record(w.t.Context(), ada, e)
	require.NoError(w.t, err)
	require.NoError(w.t, r.Err())
	return e
}

func (w *world) set(k entitle.Kept) entitle.Kept {
	w.t.Helper()
	set, err := w.entitlements.Set(w.t.Context(), ada, k)
	require.NoError(w.t, err)
	return set
}

func (w *world) judge(feature entitle.FeatureID, amount string, when time.Time) entitle.Judgement {
	w.t.Helper()
	j, err := w.entitlements.Judge(w.t.Context(), feature, d(amount), when)
	require.NoError(w.t, err)
	return j
}

// events returns how often each event is in the customer's feed.
func (w *world) events() map[string]int {
	w.t.Helper()
	n := map[string]int{}
	events, err := w.store.For("acme").Events(w.t.Context(), 0, 1000)
	require.NoError(w.t, err)
	for _, e := range events {
		n[e.Name]++
	}
	return n
}

func words(told []entitle.Told) []string {
	list := []string{}
	for _, x := range told {
		text := x.Threshold
		if x.Exceeded() {
			text = "over " + x.Critical
		}
		list = append(list, fmt.Sprintf("%s %s of %s", text, x.Figure, x.Line))
	}
	return list
}

// stored is the entitlement of the pure tests, with a period.
func stored() entitle.Kept {
	k := entitle.Kept{Entitlement: calls(), Every: metering.Monthly}
	k.From = time.Time{}
	k.Thresholds = k.Thresholds[:2]
	return k
}

// A customer nears a limit, passes that of a critical window, then that of all: each is
// told once, and judged by what the ledger says.
func TestNearsAndPasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.windows["settlement"] = calendar.SetOf(calendar.Between(at(5, 10), at(5, 18)), calendar.Between(at(20, 10), at(20, 18)))
	w.set(stored())

	w.at(at(4, 12))
	require.Empty(t, words(w.uses("call", "500", at(4, 11))))
	j := w.judge("api.calls", "500", at(4, 12))
	require.True(t, j.Allowed)
	require.Equal(t, at(5, 10), j.Until, "the window opens")
	require.False(t, w.judge("api.calls", "500.5", at(4, 12)).Allowed)

	w.at(at(5, 12))
	require.Equal(t, []string{"half of the peak 60 of 50"}, words(w.uses("call", "60", at(5, 11))))
	require.False(t, w.judge("api.calls", "1", at(5, 12)).Throttle().Valid)
	told := w.uses("call", "60", at(5, 11))
	require.Equal(t, []string{"over settlement 120 of 100"}, words(told))
	require.Equal(t, calendar.Between(at(5, 10), at(5, 18)), told[0].Window)
	require.Equal(t, march(), told[0].Period)
	require.Equal(t, "calls", told[0].Unit)
	require.Equal(t, []entitle.Act{entitle.Throttle, entitle.Charge}, []entitle.Act{told[0].Follows[0].Act, told[0].Follows[1].Act})
	j = w.judge("api.calls", "1", at(5, 12))
	require.True(t, j.Allowed)
	require.Equal(t, "5", j.Throttle().Decimal.String())
	require.Equal(t, at(5, 18), j.Until, "until the window closes")
	require.False(t, w.judge("api.calls", "1", at(5, 18)).Throttle().Valid, "and not beyond")
	require.Empty(t, words(w.uses("call", "1", at(5, 11))), "it was told")

	w.at(at(6, 0))
	require.Equal(t, []string{"near 80.1 of 80"}, words(w.uses("call", "180", at(5, 20))))
	require.Equal(t, []string{"over  1001 of 1000"}, words(w.uses("call", "200", at(5, 20))), "what happened is kept")
	require.ErrorIs(t, w.judge("api.calls", "1", at(6, 0)).Err(), servicecoin.ErrRefused)
	require.Equal(t, map[string]int{entitle.EventSet: 1, entitle.EventThresholdReached: 2, entitle.EventExceeded: 2}, w.events())

	again, err := w.entitlements.Review(t.Context(), ada, at(6, 0))
	require.NoError(t, err)
	require.Empty(t, again)
	x, err := w.entitlements.Excesses(t.Context(), "", march())
	require.NoError(t, err)
	require.Len(t, x, 2)
	require.Equal(t, []string{"1", "21", "", "peak"}, []string{x[0].Quantity.String(), x[1].Quantity.String(), string(x[0].Price()), string(x[1].Price())})
	require.Contains(t, x[1].Trace().Tell(servicecoin.Reader{}).String(), "From 5 Mar 2026, 10:00 to 5 Mar 2026, 18:00, out of 3 events: 121 calls")
	n := 0
	for x, err := range w.entitlements.Tellings("").All(t.Context()) {
		require.NoError(t, err)
		require.NotEmpty(t, x.ID)
		n++
	}
	require.Equal(t, 4, n)

	// The next month begins anew.
	w.at(at(32, 1))
	require.True(t, w.judge("api.calls", "1000", at(32, 1)).Allowed)
	require.Empty(t, w.uses("call", "10", at(32, 0)))
}

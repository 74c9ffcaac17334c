package entitle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func plainLimit(limit string) entitle.Kept {
	return entitle.Kept{Every: metering.Monthly, Entitlement: entitle.Entitlement{
		Feature: "f", Kind: entitle.Metered, Meter: "calls", Limit: some(limit), Exceeding: []entitle.Consequence{{Act: entitle.Refuse}},
	}}
}

func (w *world) versions(feature entitle.FeatureID) []string {
	w.t.Helper()
	list := []string{}
	for k, err := range w.entitlements.List(feature).All(w.t.Context()) {
		require.NoError(w.t, err)
		until := "open"
		if !k.Until.IsZero() {
			until = k.Until.Format("Jan 2 15")
		}
		list = append(list, k.Limit.Decimal.String()+": "+k.From.Format("Jan 2 15")+" to "+until)
	}
	return list
}

func TestVersions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t, "Europe/Berlin", nil)
	_, err := w.entitlements.Get(ctx, "f", at(1, 0))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	require.ErrorIs(t, w.judge("f", "1", at(1, 0)).Err(), servicecoin.ErrRefused, "what nobody set is not had")
	_, err = w.entitlements.End(ctx, ada, "f", at(1, 0))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)

	first := plainLimit("10")
	first.Until, first.Service, first.Subscription = at(31, 0), "api", "s1"
	set := w.set(first)
	require.Equal(t, "Europe/Berlin", set.Zone)
	require.Equal(t, set, w.set(plainLimit("10")), "the same again is what there is")
	require.Equal(t, 1, w.events()[entitle.EventSet])

	w.at(at(10, 0))
	second := w.set(plainLimit("20"))
	require.Equal(t, []any{servicecoin.ServiceID("api"), servicecoin.SubscriptionID("s1"), at(31, 0)}, []any{second.Service, second.Subscription, second.Until}, "what it does not name it keeps")
	ahead := plainLimit("30")
	ahead.From = at(20, 0)
	w.set(ahead)
	require.Equal(t, []string{"10: Mar 1 00 to Mar 10 00", "20: Mar 10 00 to Mar 20 00", "30: Mar 20 00 to Mar 31 00"}, w.versions("f"))
	ahead.Limit = some("35")
	w.set(ahead)
	between := plainLimit("25")
	between.From = at(15, 0)
	w.set(between)
	require.Equal(t, []string{"10: Mar 1 00 to Mar 10 00", "20: Mar 10 00 to Mar 15 00", "25: Mar 15 00 to Mar 20 00", "35: Mar 20 00 to Mar 31 00"}, w.versions("f"))
	for day, limit := range map[int]string{1: "10", 9: "10", 10: "20", 15: "25", 20: "35", 30: "35"} {
		k, err := w.entitlements.Get(ctx, "f", at(day, 0))
		require.NoError(t, err)
		require.Equal(t, limit, k.Limit.Decimal.String(), "day %d", day)
	}
	_, err = w.entitlements.Get(ctx, "f", at(31, 0))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)

	w.at(at(16, 0))
	for name, change := range map[string]func(k *entitle.Kept){
		"before one that has begun": func(k *entitle.Kept) { k.From = at(12, 0) },
		"in place of one":           func(k *entitle.Kept) { k.From = at(15, 0) },
	} {
		k := plainLimit("1")
		change(&k)
		_, err := w.entitlements.Set(ctx, ada, k)
		require.ErrorIs(t, err, servicecoin.ErrRefused, name)
	}
	foreign := plainLimit("1")
	foreign.Subscription = "s2"
	_, err = w.entitlements.Set(ctx, ada, foreign)
	require.ErrorContains(t, err, "comes with subscription s1")

	ended, err := w.entitlements.End(ctx, ada, "f", at(18, 0))
	require.NoError(t, err)
	require.Equal(t, at(18, 0), ended.Until)
	_, err = w.entitlements.End(ctx, ada, "f", at(18, 0))
	require.NoError(t, err)
	require.Equal(t, 1, w.events()[entitle.EventEnded], "twice is once")
	require.Equal(t, []string{"10: Mar 1 00 to Mar 10 00", "20: Mar 10 00 to Mar 15 00", "25: Mar 15 00 to Mar 18 00", "35: Mar 20 00 to Mar 20 00"}, w.versions("f"))
	require.False(t, w.judge("f", "1", at(18, 0)).Has)
	require.False(t, w.judge("f", "1", at(25, 0)).Has)

	// Another subscription brings it anew, and the end of the first one leaves that alone.
	w.at(at(19, 0))
	foreign.Limit = some("50")
	w.set(foreign)
	require.NoError(t, w.entitlements.EndOf(ctx, ada, "s1", at(17, 0)))
	require.Equal(t, []string{"10: Mar 1 00 to Mar 10 00", "20: Mar 10 00 to Mar 15 00", "25: Mar 15 00 to Mar 17 00", "50: Mar 19 00 to open", "35: Mar 20 00 to Mar 20 00"}, w.versions("f"))
	require.NoError(t, w.entitlements.EndOf(ctx, ada, "s1", at(17, 0)))
	require.NoError(t, w.entitlements.EndOf(ctx, ada, "none", at(17, 0)))
}

func TestSetRefuses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t, "", nil)
	w.windows["settlement"] = calendar.Set{}
	bare := entitle.New(w.store.For("acme"), w.ledger, w.customer, nil)
	for want, c := range map[string]struct {
		n      *entitle.Entitlements
		change func(k *entitle.Kept)
	}{
		"every":                 {w.entitlements, func(k *entitle.Kept) { k.Every = "" }},
		"must be day, week":     {w.entitlements, func(k *entitle.Kept) { k.Every = metering.Hourly }},
		"must not stand beside": {w.entitlements, func(k *entitle.Kept) { k.Periods = billing(t, at(5, 0)) }},
		"counts in periods": {w.entitlements, func(k *entitle.Kept) {
			*k = entitle.Kept{Every: metering.Daily, Entitlement: entitle.Entitlement{Feature: "f", Kind: entitle.Boolean}}
		}},
		"is a level":     {w.entitlements, func(k *entitle.Kept) { k.Meter = "disk" }},
		"it is no level": {w.entitlements, func(k *entitle.Kept) { k.Counts = grant.Level }},
		"have no figure together": {w.entitlements, func(k *entitle.Kept) {
			k.Meter, k.Critical = "users", []entitle.Critical{{Name: "settlement", Limit: d("1")}}
		}},
		"there is no forecast": {w.entitlements, func(k *entitle.Kept) {
			k.Meter, k.Thresholds = "users", []entitle.Threshold{{Name: "x", Measure: entitle.Expected, At: d("1")}}
		}},
		"grants are of meters":      {w.entitlements, func(k *entitle.Kept) { k.Meter, k.Limit = "users", decimal.NullDecimal{} }},
		"names no critical windows": {w.entitlements, func(k *entitle.Kept) { k.Critical = []entitle.Critical{{Name: "sale", Limit: d("1")}} }},
		"Options.Calendars is nil":  {bare, func(k *entitle.Kept) { k.Critical = []entitle.Critical{{Name: "settlement", Limit: d("1")}} }},
		"Options.Grants is nil":     {bare, func(k *entitle.Kept) { k.Limit = decimal.NullDecimal{} }},
		"service":                   {w.entitlements, func(k *entitle.Kept) { k.Service = "a\x00b" }},
		"subscription":              {w.entitlements, func(k *entitle.Kept) { k.Subscription = "a\x00b" }},
		"metering.meter/nothing":    {w.entitlements, func(k *entitle.Kept) { k.Meter = "nothing" }},
		"must not lie before from":  {w.entitlements, func(k *entitle.Kept) { k.From, k.Until = at(2, 0), at(1, 0) }},
		"must not be negative":      {w.entitlements, func(k *entitle.Kept) { k.Limit = some("-1") }},
		"must be boolean":           {w.entitlements, func(k *entitle.Kept) { k.Kind = "often" }},
	} {
		k := plainLimit("1")
		c.change(&k)
		_, err := c.n.Set(ctx, ada, k)
		require.ErrorContains(t, err, want)
	}
	require.Empty(t, w.events())
	for n := range entitle.MaxAhead {
		k := plainLimit("1")
		k.From = at(2+n, 0)
		w.set(k)
	}
	k := plainLimit("1")
	k.From = at(60, 0)
	_, err := w.entitlements.Set(ctx, ada, k)
	require.ErrorContains(t, err, "versions ahead")
	_, err = w.entitlements.End(ctx, ada, "f", at(1, 12))
	require.NoError(t, err, "all that lie ahead")
	require.False(t, w.judge("f", "1", at(15, 0)).Has)
}

func billing(t testing.TB, anchor time.Time) metering.Periods {
	t.Helper()
	p, err := metering.NewPeriods(metering.Rhythm{Every: calendar.Period{Months: 1}, Anchor: anchor})
	require.NoError(t, err)
	return p
}

// Periods are those of a bill, or of the zone, whatever the clock does.
func TestPeriodsOfEntitlements(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "Europe/Berlin", nil)
	k := plainLimit("10")
	k.Every, k.Periods = "", billing(t, at(5, 9))
	set := w.set(k)
	require.Equal(t, "Europe/Berlin", set.Periods.Rhythms()[0].Zone, "that of the customer")
	require.Equal(t, calendar.Between(at(5, 9), time.Date(2026, 4, 5, 8, 0, 0, 0, time.UTC)), set.In(at(10, 0)), "10:00 in Berlin, in summer, too")
	w.uses("call", "8", at(5, 8))
	require.True(t, w.judge("f", "2", at(5, 8)).Allowed)
	require.True(t, w.judge("f", "10", at(5, 9)).Allowed, "the next period")
	for every, want := range map[metering.Stretch]calendar.Interval{
		metering.Daily:     calendar.Between(time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC), time.Date(2026, 3, 29, 22, 0, 0, 0, time.UTC)),
		metering.Weekly:    calendar.Between(time.Date(2026, 3, 22, 23, 0, 0, 0, time.UTC), time.Date(2026, 3, 29, 22, 0, 0, 0, time.UTC)),
		metering.Monthly:   calendar.Between(time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC), time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC)),
		metering.Quarterly: calendar.Between(time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC), time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC)),
		metering.Yearly:    calendar.Between(time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC), time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)),
	} {
		k := plainLimit("10")
		k.Feature, k.Every = entitle.FeatureID(every), every
		require.Equal(t, want, w.set(k).In(at(29, 12)), every)
	}
	moved := entitle.New(w.store.For("acme"), w.ledger, servicecoin.Customer{ID: "acme", Name: "Acme", Zone: "Asia/Tokyo"}, nil)
	w.at(at(2, 0))
	more := plainLimit("11")
	more.Feature = entitle.FeatureID(metering.Monthly)
	set, err := moved.Set(t.Context(), ada, more)
	require.NoError(t, err)
	require.Equal(t, "Europe/Berlin", set.Zone, "periods still follow each other")
}

func TestNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", nil)
	w.set(plainLimit("10"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	globex, provider := w.store.For("globex"), w.store.For(servicecoin.Provider)
	for name, c := range map[string]struct {
		n    *entitle.Entitlements
		ctx  context.Context //nolint:containedctx // of a case
		want string
	}{
		"another's view":  {w.entitlements.On(globex), t.Context(), "is not a view of acme"},
		"the provider's":  {entitle.New(provider, w.ledger, servicecoin.Customer{ID: servicecoin.Provider}, nil), t.Context(), "is the provider's"},
		"no ledger":       {entitle.New(w.store.For("acme"), nil, w.customer, nil), t.Context(), "ledger: is nil"},
		"a foreign view":  {entitle.New(globex, w.ledger, w.customer, nil), t.Context(), "is not the customer of the view"},
		"no zone":         {entitle.New(w.store.For("acme"), w.ledger, servicecoin.Customer{ID: "acme", Zone: "Mars"}, nil), t.Context(), "zone"},
		"no view":         {entitle.New(store.View{}, w.ledger, servicecoin.Customer{}, nil), t.Context(), "has no store"},
		"a cancelled one": {w.entitlements, ctx, "canceled"},
	} {
		for verb, err := range map[string]error{
			"set":      second(c.n.Set(c.ctx, ada, plainLimit("20"))),
			"end":      second(c.n.End(c.ctx, ada, "f", at(2, 0))),
			"get":      second(c.n.Get(c.ctx, "f", at(2, 0))),
			"judge":    second(c.n.Judge(c.ctx, "f", d("1"), at(2, 0))),
			"review":   second(c.n.Review(c.ctx, ada, at(2, 0))),
			"look":     second(c.n.LookAfter(c.ctx, ada, metering.Event{Source: "s", ID: "1", Type: "call", Time: at(2, 0)})),
			"forecast": second(c.n.Forecast(c.ctx, "f", at(2, 0))),
			"excesses": second(c.n.Excesses(c.ctx, "f", march())),
			"list":     second(c.n.List("").Page(c.ctx, "", 1)),
			"notify":   c.n.Notify(c.ctx, ada, entitle.Notice{ID: "1", Feature: "f", Text: "x"}),
		} {
			require.ErrorContains(t, err, c.want, "%s: %s", name, verb)
		}
	}
	require.Equal(t, 1, w.events()[entitle.EventSet])

	forbidden := errors.Join(servicecoin.ErrForbidden)
	asked := map[string]servicecoin.Key{}
	w.authorize = func(_ context.Context, a servicecoin.Attempt) error {
		asked[a.Verb] = a.Subject
		return forbidden
	}
	for _, err := range []error{
		second(w.entitlements.Set(t.Context(), ada, plainLimit("20"))), second(w.entitlements.End(t.Context(), ada, "f", at(2, 0))),
		second(w.entitlements.Review(t.Context(), ada, at(2, 0))), second(w.entitlements.LookAfter(t.Context(), ada, metering.Event{})),
		w.entitlements.EndOf(t.Context(), ada, "s", at(2, 0)), w.entitlements.Notify(t.Context(), ada, entitle.Notice{}),
	} {
		require.ErrorIs(t, err, servicecoin.ErrForbidden)
	}
	require.Len(t, asked, 5)
	require.Equal(t, servicecoin.Key{Customer: "acme", Kind: entitle.EntitlementRecord, ID: "f"}, asked[entitle.VerbSet])
	require.True(t, w.judge("f", "1", at(2, 0)).Has, "who reads is not asked")
}

func second[T any](_ T, err error) error { return err }

func TestBooleanNeedsNoUsage(t *testing.T) {
	t.Parallel()
	s := store.New(memory.New(), nil)
	acme := servicecoin.Customer{ID: "acme", Name: "Acme"}
	ledger := metering.New(s.For("acme"), nil, metering.NewMeters(s.For(servicecoin.Provider)), acme, nil)
	n := entitle.New(s.For("acme"), ledger, acme, nil)
	_, err := n.Set(t.Context(), ada, entitle.Kept{Entitlement: entitle.Entitlement{Feature: "sso", Kind: entitle.Boolean, From: at(1, 0)}})
	require.NoError(t, err)
	_, err = n.Set(t.Context(), ada, entitle.Kept{Entitlement: entitle.Entitlement{Feature: "support", Kind: entitle.Static, Value: "gold", From: at(1, 0)}})
	require.NoError(t, err)
	j, err := n.Judge(t.Context(), "support", d("0"), at(2, 0))
	require.NoError(t, err)
	require.Equal(t, "gold", j.Value)
	j, err = n.Judge(t.Context(), "sso", d("0"), at(2, 0))
	require.NoError(t, err)
	require.True(t, j.Allowed)
	told, err := n.Review(t.Context(), ada, at(2, 0))
	require.NoError(t, err)
	require.Empty(t, told)
}

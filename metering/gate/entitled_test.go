package gate_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/gate"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// What is left of entitlements and of quotas that are kept is what a gate leases.
func TestLimitsThatAreKept(t *testing.T) {
	t.Parallel()
	ctx, ada := t.Context(), servicecoin.Person("ada")
	noon := time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return noon }})
	acme := servicecoin.Customer{ID: "acme", Name: "Acme"}
	meters := metering.NewMeters(s.For(servicecoin.Provider))
	require.NoError(t, meters.Define(ctx, ada, metering.Meter{ID: "calls", Name: "Calls", Type: "call", Aggregation: metering.Sum, Unit: "calls"}))
	ledger := metering.New(s.For(acme.ID), metering.NewMemoryStore(), meters, acme, nil)
	_, err := ledger.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "calls", Limit: d("100"), Mode: metering.Hard, Period: metering.Monthly})
	require.NoError(t, err)
	_, err = ledger.Record(ctx, ada, metering.Event{Source: "api", ID: "1", Type: "call", Time: noon.Add(-time.Hour), Value: servicecoin.Some(d("90"))})
	require.NoError(t, err)
	mine := entitle.New(s.For(acme.ID), ledger, acme, nil)
	_, err = mine.Set(ctx, ada, entitle.Kept{Every: metering.Daily, Entitlement: entitle.Entitlement{
		Feature: "api", Kind: entitle.Metered, Meter: "calls", Limit: servicecoin.Some(d("95")), Exceeding: []entitle.Consequence{{Act: entitle.Refuse}},
	}})
	require.NoError(t, err)
	away := errors.New("away")
	known := func(id servicecoin.CustomerID) error {
		if id != acme.ID {
			return away
		}
		return nil
	}
	entitled := gate.Entitled{OnTheWay: time.Minute, Of: func(_ context.Context, id servicecoin.CustomerID) (gate.Stander, error) { return mine, known(id) }}
	quotas := gate.Quotas{OnTheWay: time.Minute, Of: func(_ context.Context, id servicecoin.CustomerID) (gate.Checker, error) { return ledger, known(id) }}
	for name, c := range map[string]struct {
		limits gate.Limits
		of     string
		left   string
		until  time.Time
	}{
		"an entitlement": {entitled, "api", "5", time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)},
		"a quota":        {quotas, "calls", "10", time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)},
	} {
		got, err := c.limits.Standing(ctx, gate.Key{Customer: "acme", Name: c.of}, noon)
		require.NoError(t, err, name)
		require.Equal(t, c.left, got.Left.Decimal.String(), name)
		require.Equal(t, []time.Time{c.until, noon.Add(-time.Minute)}, []time.Time{got.Until, got.Through}, name)
		_, err = c.limits.Standing(ctx, gate.Key{Customer: "globex", Name: c.of}, noon)
		require.ErrorIs(t, err, away, name)
	}
	got, err := entitled.Standing(ctx, gate.Key{Customer: "acme", Name: "nothing"}, noon)
	require.NoError(t, err)
	require.True(t, got.Left.Valid && got.Left.Decimal.IsZero(), "nobody is entitled to it")
	for _, bad := range []gate.Limits{gate.Entitled{}, gate.Quotas{OnTheWay: -1}, gate.Entitled{Of: entitled.Of, OnTheWay: gate.MaxLength + 1}} {
		_, err := bad.Standing(ctx, gate.Key{Customer: "acme", Name: "calls"}, noon)
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
	}
}

package metering_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// counting counts how often a store is asked.
type counting struct {
	metering.EventStore

	measures *atomic.Int64
}

func (c counting) Measure(ctx context.Context, m metering.Measurement) (*metering.Measured, error) {
	c.measures.Add(1)
	return c.EventStore.Measure(ctx, m)
}

// Within a context that remembers, events are added up once for each question, and
// again when something was recorded.
func TestRemembering(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	at := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
	w.record(ran("1", at, "2"), ran("2", at.Add(time.Hour), "3"))
	_, err := w.SetQuota(t.Context(), ada, metering.Quota{ID: "q", Meter: "hours", Limit: decimal.NewFromInt(10), Mode: metering.Soft, Period: metering.Monthly, From: at.AddDate(0, -3, 0)})
	require.NoError(t, err)
	reads := counting{w.events, new(atomic.Int64)}
	ledger := func(id servicecoin.CustomerID) *metering.Ledger {
		return metering.New(w.store.For(id), reads, w.meters, servicecoin.Customer{ID: id, Name: "A", Zone: "Europe/Berlin"}, nil)
	}
	acme, globex := ledger("acme"), ledger("globex")
	total := func(ctx context.Context, l *metering.Ledger, m metering.MeterID) metering.Usage {
		u, err := l.Total(ctx, m, january)
		require.NoError(t, err)
		return u
	}
	ctx := metering.Remembering(t.Context())
	first := total(ctx, acme, "hours")
	require.Equal(t, "5", first.Value.Decimal.String())
	for range 3 {
		require.Equal(t, first, total(metering.Remembering(ctx), acme, "hours"), "the digest, too")
		d, err := acme.Check(ctx, "hours", decimal.Zero, at)
		require.NoError(t, err)
		require.Equal(t, "5", d.Standings[0].Used.Decimal.String())
	}
	require.EqualValues(t, 1, reads.measures.Load())
	require.Equal(t, "3", total(ctx, acme, "peak").Value.Decimal.String(), "another meter")
	require.False(t, total(ctx, globex, "hours").Value.Valid, "another customer's is another question")
	require.EqualValues(t, 3, reads.measures.Load())
	_, err = acme.Record(ctx, collector, ran("3", at.Add(2*time.Hour), "4"))
	require.NoError(t, err)
	require.Equal(t, "9", total(ctx, acme, "hours").Value.Decimal.String(), "what was recorded within is seen")
	before := reads.measures.Load()
	total(t.Context(), acme, "hours")
	total(t.Context(), acme, "hours")
	require.Equal(t, before+2, reads.measures.Load(), "nothing is kept without being asked to")
}

package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/gate"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// process is one of those that serve the same customers from the same stores.
type process struct {
	meter   *Meter
	guard   *Guard
	handler http.Handler
}

func newProcess(t *testing.T, s *store.Store, events metering.EventStore, stale gate.Choice, now func() time.Time) process {
	t.Helper()
	p := process{meter: newMeter(s, events, now)}
	var err error
	p.guard, err = newGuard(s, events, stale, now)
	require.NoError(t, err)
	p.handler = p.guard.Wrap(p.meter.Wrap(http.HandlerFunc(echo)))
	return p
}

func (p process) ask(key string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody) //nolint:noctx // of a test's own goroutines
	r.Header.Set("X-Api-Key", key)
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

// A request passes and is metered; beyond the quota it is refused with what a client needs
// to know, and in the next month it passes again.
func TestTheQuotaIsKept(t *testing.T) {
	t.Parallel()
	now := noon
	s, events := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }}), metering.NewMemoryStore()
	require.NoError(t, define(t.Context(), s, events, 3))
	p := newProcess(t, s, events, gate.Closed, func() time.Time { return now })
	for range 3 {
		require.Equal(t, http.StatusOK, p.ask("k-acme").Code)
	}
	require.Equal(t, http.StatusOK, p.ask("of nobody").Code, "the handler's concern")
	for range 5 {
		require.Equal(t, http.StatusOK, p.ask("k-globex").Code, "nothing bounds it")
	}
	w := p.ask("k-acme")
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	require.NotEmpty(t, w.Header().Get("Retry-After"), "what is leased may come back")

	require.NoError(t, p.meter.Flush(t.Context()))
	now = now.Add(time.Minute) // the lease is over, and what it let pass is in the ledger
	w = p.ask("k-acme")
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	february := time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC) // in Berlin
	require.Equal(t, seconds(february.Sub(now)), w.Header().Get("Retry-After"))
	var body map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	require.Equal(t, map[string]any{
		"title": "Too Many Requests", "status": 429.0, "code": "limit", "detail": "The limit of 3 requests a month is used up.",
		"quota": "plan-s", "limit": "3", "unit": "requests", "per": "month", "used": "3", "until": "2026-01-31T23:00:00Z",
	}, body)
	got, _ := stored(t, events, "acme")
	require.EqualValues(t, 3, got.requests, "what is refused is not counted")

	now = february
	require.Equal(t, http.StatusOK, p.ask("k-acme").Code)
}

// Where nobody can be asked, the host's choice counts; who has a share goes on with it.
func TestNobodyToAsk(t *testing.T) {
	t.Parallel()
	for stale, want := range map[gate.Choice]int{gate.Open: http.StatusOK, gate.Closed: http.StatusServiceUnavailable} {
		s, events := store.New(memory.New(), nil), metering.NewMemoryStore()
		require.NoError(t, define(t.Context(), s, events, 1000))
		now := noon
		p := newProcess(t, s, events, stale, func() time.Time { return now })
		require.Equal(t, http.StatusOK, p.ask("k-acme").Code)
		asked := p.guard.limits.ledger
		p.guard.limits.ledger = func(servicecoin.CustomerID) (*metering.Ledger, error) { return nil, errBroke }
		require.Equal(t, http.StatusOK, p.ask("k-acme").Code, "from its share")
		w := p.ask("k-umbra")
		require.Equal(t, want, w.Code, stale)
		if stale == gate.Closed {
			require.Equal(t, "1", w.Header().Get("Retry-After"))
			require.Contains(t, w.Body.String(), `"code":"busy"`)
			require.NotContains(t, w.Body.String(), errBroke.Error())
		}
		p.guard.limits.ledger = asked
		require.Equal(t, want, p.ask("k-umbra").Code, "not asked again at once")
		now = now.Add(retry)
		require.Equal(t, http.StatusOK, p.ask("k-umbra").Code)
	}
}

// Three processes serve a customer until its quota is used up, over and over, while their
// meters flush and one of them is restarted: never more passes than the quota has, and in the
// end, once all is measured and all leases are over, nothing of it is left.
func TestProcessesShareAQuota(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 2000
		s, events := store.New(memory.New(), nil), metering.NewMemoryStore()
		require.NoError(t, define(t.Context(), s, events, limit))
		var passed, refused atomic.Int64
		var all sync.WaitGroup
		began := time.Now()
		serve := func(during time.Duration) {
			p := newProcess(t, s, events, gate.Closed, time.Now)
			ctx, stop := context.WithCancel(t.Context())
			var background sync.WaitGroup
			background.Go(func() { _ = p.meter.Run(ctx, flushEvery, last) })
			background.Go(func() { _ = p.guard.Run(ctx, leaseEvery, last) })
			for end := time.Now().Add(during); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
				if p.ask("k-acme").Code == http.StatusOK {
					passed.Add(1)
				} else {
					refused.Add(1)
				}
			}
			stop()
			background.Wait()
		}
		all.Go(func() { serve(6 * time.Minute) })
		all.Go(func() { serve(6 * time.Minute) })
		all.Go(func() {
			for range 6 {
				serve(time.Minute)
			}
		})
		all.Wait()
		require.EqualValues(t, limit, passed.Load())
		require.Positive(t, refused.Load())
		var total int64
		for e, err := range events.Scan(t.Context(), metering.Query{Customer: "acme", Type: eventType, During: calendar.Between(began.Add(-quarter), time.Now().Add(quarter))}) {
			require.NoError(t, err)
			total += e.Value.Decimal.IntPart()
		}
		require.EqualValues(t, limit, total, "each that passed is metered")
	})
}

// What a request that has its share waits for.
func BenchmarkGuard(b *testing.B) {
	s, events := store.New(memory.New(), nil), metering.NewMemoryStore()
	require.NoError(b, define(b.Context(), s, events, 1_000_000_000))
	g, err := newGuard(s, events, gate.Closed, func() time.Time { return noon })
	require.NoError(b, err)
	h := g.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", http.NoBody)
	r.Header.Set("X-Api-Key", "k-acme")
	w := discard{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(p []byte) (int, error) { return io.Discard.Write(p) } //nolint:wrapcheck // it has none
func (d discard) WriteHeader(int)             {}

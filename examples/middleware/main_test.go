package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	require.NoError(t, run(t.Context(), &b))
	require.Equal(t, "acme: 8 requests, 56 bytes in, 56 bytes out; refused 2\nglobex: 10 requests, 100 bytes in, 100 bytes out; refused 0\n", b.String())
}

var errBroke = errors.New("the connection broke")

// unsure fails as it is told to: before it stores a batch, or afterwards.
type unsure struct {
	metering.EventStore

	mu     sync.Mutex
	calls  int
	before func(call int) bool
	after  func(call int) bool
}

func (u *unsure) Append(ctx context.Context, events []metering.Event) (metering.Receipt, error) {
	u.mu.Lock()
	u.calls++
	call := u.calls
	u.mu.Unlock()
	if u.before != nil && u.before(call) {
		return metering.Receipt{}, errBroke
	}
	receipt, err := u.EventStore.Append(ctx, events)
	if u.after != nil && u.after(call) {
		return metering.Receipt{}, errBroke
	}
	return receipt, err
}

var noon = time.Date(2026, 1, 8, 12, 7, 0, 0, time.UTC)

// stored adds up what a customer's events say.
func stored(t *testing.T, events metering.EventStore, id servicecoin.CustomerID) (s sum, n int) {
	t.Helper()
	for e, err := range events.Scan(t.Context(), metering.Query{Customer: id, Type: eventType, During: calendar.Between(noon.AddDate(0, 0, -1), noon.AddDate(0, 0, 1))}) {
		require.NoError(t, err)
		s.requests += e.Value.Decimal.IntPart()
		s.in += e.Fields.Get("in").Decimal.IntPart()
		s.out += e.Fields.Get("out").Decimal.IntPart()
		n++
	}
	return s, n
}

func post(h http.Handler, key, body string) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)) //nolint:noctx // of a test's own goroutines
	r.Header.Set("X-Api-Key", key)
	h.ServeHTTP(httptest.NewRecorder(), r)
}

// Whatever fails and however often, each request counts once.
func TestNothingIsLostOrCountedTwice(t *testing.T) {
	t.Parallel()
	for name, u := range map[string]*unsure{
		"a sound store":       {},
		"fails before":        {before: func(n int) bool { return n%3 != 0 }},
		"fails afterwards":    {after: func(n int) bool { return n%3 != 0 }},
		"fails in both ways":  {before: func(n int) bool { return n%3 == 1 }, after: func(n int) bool { return n%3 == 2 }},
		"is down for a while": {before: func(n int) bool { return n < 200 }},
	} {
		u.EventStore = metering.NewMemoryStore()
		m := newMeter(store.New(memory.New(), nil), u, func() time.Time { return noon })
		h := m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(w, r.Body)
			_, _ = io.WriteString(w, "!")
		}))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 100 {
					post(h, "k-acme", "abc")
					post(h, "k-globex", "")
					post(h, "of nobody", "abc")
					_ = m.Flush(t.Context()) // the next one sends it again
				}
			})
		}
		wg.Wait()
		require.NoError(t, m.flushAtLast(t.Context(), time.Minute), name)
		got, _ := stored(t, u, "acme")
		require.Equal(t, sum{400, 1200, 1600}, got, name)
		got, _ = stored(t, u, "globex")
		require.Equal(t, sum{400, 0, 400}, got, name)
		require.NoError(t, m.Flush(t.Context()))
		got, _ = stored(t, u, "acme")
		require.Equal(t, sum{400, 1200, 1600}, got, name)
	}
}

// While the store is down there is one sum for each customer and quarter.
func TestAnOutageCostsNoMemory(t *testing.T) {
	t.Parallel()
	u := &unsure{EventStore: metering.NewMemoryStore(), before: func(n int) bool { return n <= 1000 }}
	now := noon
	m := newMeter(store.New(memory.New(), nil), u, func() time.Time { return now })
	h := m.Wrap(http.HandlerFunc(echo))
	for n := range 1000 {
		now = noon.Add(time.Duration(n) * 3 * time.Second)
		post(h, "k-acme", "abc")
		require.ErrorIs(t, m.Flush(t.Context()), errBroke)
	}
	require.NoError(t, m.Flush(t.Context()))
	got, n := stored(t, u, "acme")
	require.Equal(t, sum{1000, 3000, 3000}, got)
	require.Equal(t, 5, n, "four quarters, and the first one again for what came after the first flush")
}

func TestWhatHandlersDoIsCounted(t *testing.T) {
	t.Parallel()
	events := metering.NewMemoryStore()
	m := newMeter(store.New(memory.New(), nil), events, func() time.Time { return noon })
	require.Panics(t, func() {
		post(m.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a fault") })), "k-acme", "abc")
	})
	post(m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusNoContent)
	})), "k-acme", "abc")
	require.NoError(t, m.Flush(t.Context()))
	got, _ := stored(t, events, "acme")
	require.Equal(t, sum{2, 0, 0}, got, "neither read the body")
}

func TestTheLastFlushEnds(t *testing.T) {
	t.Parallel()
	u := &unsure{EventStore: metering.NewMemoryStore(), before: func(int) bool { return true }}
	m := newMeter(store.New(memory.New(), nil), u, func() time.Time { return noon })
	post(m.Wrap(http.HandlerFunc(echo)), "k-acme", "abc")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	err := m.Run(ctx, time.Hour, 10*time.Millisecond)
	require.ErrorIs(t, err, errBroke)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

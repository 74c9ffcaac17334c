package usage_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// month is a month of some customers, in hourly batches, that come an hour late.
func month(customers int) [][]metering.Event {
	var batches [][]metering.Event
	for hour := range 30 * 24 {
		at := day.Add(time.Duration(hour) * time.Hour)
		var list []metering.Event
		for c := range customers {
			e := batch(servicecoin.CustomerID("c"+strconv.Itoa(c)), hour, 1)[0]
			e.Time, e.RecordedAt = at, at.Add(time.Hour)
			list = append(list, e)
		}
		batches = append(batches, list)
	}
	return batches
}

// Append seals by itself: at most a day of a customer who sends events waits in the log, or
// two until its turn comes, in however few transactions that is done.
func TestAtMostADayWaits(t *testing.T) {
	d := open(t)
	s, schema := d.storeIn(t, d.app(t))
	s.Limit(7, 1<<20)
	batches := month(40)
	for i, list := range batches {
		_, err := s.Append(t.Context(), list)
		require.NoError(t, err)
		if i%24 == 12 {
			var most int
			require.NoError(t, d.owner.QueryRow(t.Context(), "SELECT max(n) FROM (SELECT count(*) AS n FROM "+schema+".usage_log GROUP BY customer) AS l").Scan(&most))
			require.LessOrEqual(t, most, 24, "batch %d", i)
		}
	}
	for c := range 40 {
		customer := servicecoin.CustomerID("c" + strconv.Itoa(c))
		differences, err := s.Verify(t.Context(), customer)
		require.NoError(t, err)
		require.Empty(t, differences)
		require.Len(t, list(t, s, all(customer)), len(batches))
	}
	require.NoError(t, s.Seal(t.Context(), day.AddDate(1, 0, 0)))
	var left int
	require.NoError(t, d.owner.QueryRow(t.Context(), "SELECT count(*) FROM "+schema+".usage_log").Scan(&left))
	require.Zero(t, left)
}

// A day that is too large for the log is sealed in parts; an event of the far future
// ends no day.
func TestLargeDayAndFarFuture(t *testing.T) {
	d := open(t)
	s, schema := d.storeIn(t, d.app(t))
	s.Limit(7, 100)
	waiting := func() (n int) {
		require.NoError(t, d.owner.QueryRow(t.Context(), "SELECT count(*) FROM "+schema+".usage_log").Scan(&n))
		return n
	}
	for i := range 20 {
		_, err := s.Append(t.Context(), batch("acme", i*30, 30))
		require.NoError(t, err)
		require.LessOrEqual(t, waiting(), 4)
	}
	require.Len(t, list(t, s, all("acme")), 600)

	s, schema = d.storeIn(t, d.app(t))
	far := batch("acme", 10_000, 1)
	far[0].Time = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	_, err := s.Append(t.Context(), far)
	require.NoError(t, err)
	for i := range 5 {
		_, err := s.Append(t.Context(), batch("acme", i*30, 30))
		require.NoError(t, err)
	}
	require.Equal(t, 6, waiting(), "the day under way is not over")
	require.NoError(t, s.Seal(t.Context(), day.AddDate(0, 0, 1)))
	require.Equal(t, 1, waiting())
	differences, err := s.Verify(t.Context(), "acme")
	require.NoError(t, err)
	require.Empty(t, differences)
}

// Verify notices what somebody else has done to the tables.
func TestVerifyNotices(t *testing.T) {
	d := open(t)
	for name, c := range map[string]struct{ sql, what string }{
		"a key is gone":        {"DELETE FROM %s.usage_keys WHERE ctid = (SELECT min(ctid) FROM %[1]s.usage_keys)", "key"},
		"a day is gone":        {"DELETE FROM %s.usage_days WHERE day = '2026-03-29'", "entries"},
		"a month is gone":      {"DELETE FROM %s.usage_months", "day"},
		"another total":        {"UPDATE %s.usage_months SET total = (SELECT total FROM %[1]s.usage_months WHERE month = '2026-04-01') WHERE month = '2026-03-01'", "entries"},
		"another day's total":  {"UPDATE %s.usage_months SET days = substr(days, 1, length(days) - 1) || '\\x00'::bytea", "mark"},
		"another digest":       {"UPDATE %s.usage_days SET summary = '' WHERE day = '2026-03-29'", "summary"},
		"entries counted once": {"UPDATE %s.usage_days SET whole = true", "whole"},
		"a row of the log":     {"INSERT INTO %s.usage_log (customer, first_day, last_day, entries) SELECT customer, first_day, last_day, entries FROM %[1]s.usage_log", "event"},
		"another reach":        {"UPDATE %s.usage_months SET reach = 5", "reach of the month"},
	} {
		t.Run(name, func(t *testing.T) {
			s, schema := d.storeIn(t, d.app(t))
			for _, list := range month(1)[:24*6] {
				_, err := s.Append(t.Context(), list)
				require.NoError(t, err)
			}
			differences, err := s.Verify(t.Context(), "c0")
			require.NoError(t, err)
			require.Empty(t, differences)
			d.must(t, fmt.Sprintf(c.sql, schema))
			differences, err = s.Verify(t.Context(), "c0")
			require.NoError(t, err)
			require.True(t, slices.ContainsFunc(differences, func(x metering.Difference) bool { return x.What == c.what }), "%+v", differences)
		})
	}
}

// Events and facts about them come in any order from several at once, while somebody
// seals: what stands at the end is what stands when one brings all of it.
func TestAtOnce(t *testing.T) {
	d := open(t)
	s := d.store(t, d.app(t))
	model := metering.NewMemoryStore()
	var all []metering.Event
	for n := range 40 {
		for _, e := range disturbed(n) {
			if e.Subject != "another" { // of conflicts the first one counts
				all = append(all, e)
			}
		}
	}
	_, err := model.Append(t.Context(), all)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	work := make(chan []metering.Event, len(all))
	for some := range slices.Chunk(all, 17) {
		work <- some
	}
	close(work)
	var wg sync.WaitGroup
	done := make(chan struct{})
	var added atomic.Int64
	for range 6 {
		wg.Go(func() {
			for some := range work {
				receipt, err := s.Append(t.Context(), some)
				if err != nil {
					t.Errorf("append: %v", err)
				}
				added.Add(int64(receipt.Added))
			}
		})
	}
	var sealing sync.WaitGroup
	sealing.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
				if err := s.Seal(t.Context(), day.AddDate(0, 0, n%7)); err != nil {
					t.Errorf("seal: %v", err)
				}
			}
		}
	})
	wg.Wait()
	close(done)
	sealing.Wait()
	same(t, s, model, 40)
}

// A question is answered from one state of the database, whatever is sealed meanwhile: it
// never counts twice, and misses nothing.
func TestQuestionsWhileSealing(t *testing.T) {
	d := open(t)
	s := d.store(t, d.app(t))
	days := calendar.Between(day, day.AddDate(0, 1, 0))
	count := metering.Measurement{Meter: metering.Meter{ID: "m", Name: "M", Type: "vm.ran", Aggregation: metering.Count, Unit: "u"}, Windows: []calendar.Interval{days}}
	var sent atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for i, list := range month(2)[:24*8] {
			if _, err := s.Append(t.Context(), list); err != nil {
				t.Errorf("append: %v", err)
			}
			sent.Store(int64(i + 1))
		}
	})
	for sent.Load() < 24*8 {
		least := sent.Load()
		m, err := s.Measure(t.Context(), count)
		require.NoError(t, err)
		listed := int64(len(list(t, s, all("c0"))))
		most := sent.Load() + 1
		for i := range m.Cells {
			require.GreaterOrEqual(t, m.Cells[i].Events, least)
			require.LessOrEqual(t, m.Cells[i].Events, most)
		}
		require.GreaterOrEqual(t, listed, least)
		require.LessOrEqual(t, listed, most)
	}
	wg.Wait()
}

// trips is a connection that counts the answers to what it has sent.
type trips struct {
	net.Conn

	n    *atomic.Int64
	sent atomic.Bool
}

func (c *trips) Write(p []byte) (int, error) {
	c.sent.Store(true)
	return c.Conn.Write(p)
}

func (c *trips) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.sent.CompareAndSwap(true, false) {
		c.n.Add(1)
	}
	return n, err
}

// Once the connection has prepared its statements, a batch is two round trips, whatever its
// size, and a question two.
func TestRoundTrips(t *testing.T) {
	d := open(t)
	var n atomic.Int64
	app := d.app(t, func(c *pgxpool.Config) {
		c.MaxConns = 1
		c.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
		dial := c.ConnConfig.DialFunc
		c.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			return &trips{Conn: conn, n: &n}, err
		}
	})
	s := d.store(t, app)
	fact := func(i int) []metering.Event {
		return []metering.Event{{Customer: "acme", Source: "desk", ID: strconv.Itoa(i), Does: metering.Void, Of: metering.Ref{Source: "s", ID: strconv.Itoa(i)}, RecordedAt: day}}
	}
	m := metering.Measurement{
		Meter:     metering.Meter{ID: "m", Name: "M", Type: "vm.ran", Aggregation: metering.Sum, Unit: "u"},
		Customers: []servicecoin.CustomerID{"acme"}, Windows: []calendar.Interval{calendar.Between(day, day.AddDate(0, 0, 1))},
	}
	measure := func(int) error { _, err := s.Measure(t.Context(), m); return err }
	for _, c := range []struct {
		name string
		want int64
		call func(round int) error
	}{
		{"one event", 2, func(round int) error { _, err := s.Append(t.Context(), batch("acme", round, 1)); return err }},
		{"a thousand", 2, func(round int) error {
			_, err := s.Append(t.Context(), batch("acme", 1000*(round+1), 1000))
			return err
		}},
		{"of two customers", 2, func(round int) error {
			_, err := s.Append(t.Context(), append(batch("globex", 1000*(round+1), 100), batch("acme", 10_000*(round+1), 100)...))
			return err
		}},
		{"again", 4, func(int) error { _, err := s.Append(t.Context(), batch("acme", 1000, 100)); return err }},
		{"a fact", 4, func(round int) error { _, err := s.Append(t.Context(), fact(1000+round)); return err }},
		{"a total", 2, measure},
		{"a listing", 1, func(int) error {
			for _, err := range s.Scan(t.Context(), all("acme")) {
				return err
			}
			return nil
		}},
	} {
		for round := range 2 { // prepares, and seals what it can
			require.NoError(t, c.call(round), c.name)
		}
		for round := 2; round <= 4; round++ {
			n.Store(0)
			require.NoError(t, c.call(round), c.name)
			require.Equal(t, c.want, n.Load(), "%s, round %d", c.name, round)
		}
	}
}

// An event and facts about it that come at the same moment meet, whichever is first.
func TestFactsMeetTheirEvent(t *testing.T) {
	d := open(t)
	s := d.store(t, d.app(t))
	model := metering.NewMemoryStore()
	const rounds = 100
	for n := range rounds {
		event := batch("acme", n, 1)[0]
		void := metering.Event{Customer: "acme", Source: "desk", ID: "void " + strconv.Itoa(n), Does: metering.Void, Of: metering.Ref{Source: "s", ID: event.ID}, RecordedAt: day.Add(time.Hour)}
		correct := event
		correct.Source, correct.ID, correct.Does, correct.Of, correct.RecordedAt = "desk", "correct "+strconv.Itoa(n), metering.Correct, void.Of, day.Add(2*time.Hour)
		again := correct
		correct.Subject, again.ID, again.RecordedAt = "another", "again "+strconv.Itoa(n), day.Add(3*time.Hour)
		all := []metering.Event{event, void, correct, again}
		_, err := model.Append(t.Context(), all)
		require.NoError(t, err)
		if n%2 == 0 { // the event is there
			_, err := s.Append(t.Context(), all[:1])
			require.NoError(t, err)
			all = all[1:]
		}
		var wg sync.WaitGroup
		start := make(chan struct{})
		for _, e := range all {
			wg.Go(func() {
				<-start
				if _, err := s.Append(t.Context(), []metering.Event{e}); err != nil {
					t.Errorf("append: %v", err)
				}
			})
		}
		close(start)
		wg.Wait()
	}
	require.Equal(t, list(t, model, all("acme")), list(t, s, all("acme")))
	q := all("acme")
	q.KnownBefore = day.Add(time.Hour + time.Microsecond)
	require.Equal(t, list(t, model, q), list(t, s, q), "as it was known before")
	differences, err := s.Verify(t.Context(), "acme")
	require.NoError(t, err)
	require.Empty(t, differences)
}

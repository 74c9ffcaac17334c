package postgres_test

import (
	"context"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres"
	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
)

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

// Read counts when an answer comes: pgx may have begun to wait for it before it
// sends.
func (c *trips) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.sent.CompareAndSwap(true, false) {
		c.n.Add(1)
	}
	return n, err
}

// counted returns a backend with one connection, and the count of its round trips.
func counted(t *testing.T, d database) (*postgres.Backend, *atomic.Int64) {
	t.Helper()
	n := &atomic.Int64{}
	pool := pgtest.Pool(t, pgtest.As(d.dsn, "app"), func(c *pgxpool.Config) {
		c.MaxConns = 1
		c.PingTimeout = time.Second
		c.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false } // the pool's own, after an idle second
		dial := c.ConnConfig.DialFunc
		c.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			return &trips{Conn: conn, n: n}, err
		}
	})
	b, err := postgres.New(t.Context(), pool, nil)
	require.NoError(t, err)
	return b, n
}

// Once the connection has prepared its statements, a read is one round trip and a
// commit two, whatever is in it.
func TestRoundTrips(t *testing.T) {
	b, n := counted(t, open(t))
	ctx := t.Context()
	key := func(id int) store.Key { return store.Key{Customer: "acme", Kind: "thing", ID: strconv.Itoa(id)} }
	write := func(id int, expect store.Version) store.Write {
		return store.Write{Document: store.Document{Key: key(id), Body: []byte("x"), Index: [store.Slots][]byte{[]byte("i")}}, Expect: expect}
	}
	event := store.Event{ID: "e", Name: "thing.done", Subject: key(1), Actor: servicecoin.Program("test"), At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	commit := func(c store.Commit) func(int) error { return func(int) error { return b.Commit(ctx, c) } }
	for _, c := range []struct {
		name string
		want int64
		call func(round int) error
	}{
		{"insert with an event", 2, func(round int) error {
			return b.Commit(ctx, store.Commit{Writes: []store.Write{write(round, 0)}, Events: []store.Event{event}})
		}},
		{"replace", 2, func(round int) error {
			return b.Commit(ctx, store.Commit{Writes: []store.Write{write(0, store.Version(round+1))}})
		}},
		{"many", 2, func(round int) error {
			return b.Commit(ctx, store.Commit{
				Writes: []store.Write{write(100+3*round, 0), write(101+3*round, 0), write(102+3*round, 0)},
				Checks: []store.Check{{Key: key(1), Version: 1}, {Key: key(99)}}, Events: []store.Event{event, event},
			})
		}},
		{"event alone", 2, commit(store.Commit{Events: []store.Event{event}})},
		{"get", 1, func(int) error { _, err := b.Get(ctx, key(1)); return err }},
		{"find", 1, func(int) error {
			_, err := b.Find(ctx, store.Query{Customer: "acme", Kind: "thing", Slot: 1, Limit: 10})
			return err
		}},
		{"find across", 1, func(int) error {
			_, err := b.Find(ctx, store.Query{Everyone: true, Kind: "thing", Slot: 1, Limit: 10})
			return err
		}},
		{"feed", 1, func(int) error { _, err := b.Events(ctx, store.Feed{Everyone: true, Limit: 10}); return err }},
		{"feed of a customer", 1, func(int) error { _, err := b.Events(ctx, store.Feed{Customer: "acme", Limit: 10}); return err }},
	} {
		require.NoError(t, c.call(0), c.name) // prepares
		for round := 1; round <= 3; round++ {
			n.Store(0)
			require.NoError(t, c.call(round), c.name)
			require.Equal(t, c.want, n.Load(), "%s, round %d", c.name, round)
		}
	}
}

// So it is with a store above: a record that is read and changed takes three.
func TestRoundTripsOfAStore(t *testing.T) {
	b, n := counted(t, open(t))
	ctx := t.Context()
	type note struct{ ID, Text string }
	notes := store.Of(store.New(b, nil).For("acme"), store.Kind[note]{Name: "note", ID: func(n note) string { return n.ID }})
	for i, c := range []struct {
		name string
		want int64
		call func(id string) error
	}{
		{"Insert", 2, func(id string) error { return notes.Insert(ctx, note{ID: id}) }},
		{"Get", 1, func(id string) error { _, err := notes.Get(ctx, id); return err }},
		{"Update", 3, func(id string) error {
			_, err := notes.Update(ctx, id, func(x *note) ([]store.Event, error) { x.Text += "x"; return nil, nil })
			return err
		}},
		{"All", 1, func(string) error {
			for _, err := range notes.Find(store.All()).All(ctx) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		require.NoError(t, c.call("warm"), c.name)
		n.Store(0)
		require.NoError(t, c.call("measured"), c.name)
		require.Equal(t, c.want, n.Load(), "%s (%d)", c.name, i)
	}
}

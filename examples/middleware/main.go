// Command middleware answers: how do I count what each customer's requests use, so that
// nothing is lost or counted twice; and how do I refuse those beyond a quota without asking
// anybody on the way of each? It serves a few requests to two customers with a store that
// fails at first, shuts down, and tells what was used.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/gate"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// How often a process flushes, and leases shares; how long a request is served at most, and
// how long it takes to shut down.
const (
	flushEvery = 10 * time.Second
	leaseEvery = 2 * time.Second
	longest    = 30 * time.Second
	last       = 10 * time.Second
)

// keys are the host's: whose an API key is.
func keys() map[string]servicecoin.Customer {
	return map[string]servicecoin.Customer{
		"k-acme":   {ID: "acme", Name: "Acme", Zone: "Europe/Berlin"},
		"k-globex": {ID: "globex", Name: "Globex"},
		"k-umbra":  {ID: "umbra", Name: "Umbra"},
	}
}

// callers returns what says whose a request is.
func callers() func(*http.Request) (servicecoin.CustomerID, bool) {
	known := keys()
	return func(r *http.Request) (servicecoin.CustomerID, bool) {
		c, is := known[r.Header.Get("X-Api-Key")]
		return c.ID, is
	}
}

// newMeter returns the meter of a process.
func newMeter(s *store.Store, events metering.EventStore, now func() time.Time) *Meter {
	customers := map[servicecoin.CustomerID]servicecoin.Customer{}
	for _, c := range keys() {
		customers[c.ID] = c
	}
	return &Meter{
		intake:   metering.NewIntake(s, events, metering.NewMeters(s.For(servicecoin.Provider)), nil),
		customer: callers(),
		known: func(_ context.Context, id servicecoin.CustomerID) (servicecoin.Customer, error) {
			c, known := customers[id]
			if !known {
				return c, servicecoin.ErrNotFound
			}
			return c, nil
		},
		now: now, log: slog.New(slog.DiscardHandler), run: s.NewID(), sums: map[cell]sum{},
	}
}

// newLedger returns what a customer has used, and its quotas.
func newLedger(s *store.Store, events metering.EventStore, id servicecoin.CustomerID) (*metering.Ledger, error) {
	for _, c := range keys() {
		if c.ID == id {
			return metering.New(s.For(id), events, metering.NewMeters(s.For(servicecoin.Provider)), c, nil), nil
		}
	}
	return nil, servicecoin.NotFound(servicecoin.Key{Kind: "customer", ID: string(id)})
}

// newGuard returns the guard of a process. Those of one store lease from the same pools, and
// each has a name of its own.
func newGuard(s *store.Store, events metering.EventStore, stale gate.Choice, now func() time.Time) (*Guard, error) {
	q := &quotas{
		ledger: func(id servicecoin.CustomerID) (*metering.Ledger, error) { return newLedger(s, events, id) },
		last:   map[gate.Key]metering.Decision{},
	}
	// A request is on its way to the ledger while it is served, and until the next flush.
	limits := gate.Quotas{Of: q.of, OnTheWay: longest + flushEvery}
	authority, err := gate.NewAuthority(gate.NewRecords(s.For), limits, gate.Terms{}, s.NewID, now)
	if err != nil {
		return nil, err
	}
	g, err := gate.New("api-"+s.NewID(), authority, &gate.Options{Stale: stale, Retry: retry})
	if err != nil {
		return nil, err
	}
	return &Guard{gate: g, limits: q, customer: callers(), now: now, log: slog.New(slog.DiscardHandler)}, nil
}

// define says what is metered, and how much of it acme may use.
func define(ctx context.Context, s *store.Store, events metering.EventStore, limit int64) error {
	ada := servicecoin.Person("ada")
	err := metering.NewMeters(s.For(servicecoin.Provider)).Define(ctx, ada, metering.Meter{
		ID: meterID, Name: "Requests", Type: eventType, Aggregation: metering.Sum, Unit: unit,
	})
	if err != nil {
		return err
	}
	ledger, err := newLedger(s, events, "acme")
	if err != nil {
		return err
	}
	_, err = ledger.SetQuota(ctx, ada, metering.Quota{
		ID: "plan-s", Meter: meterID, Limit: decimal.NewFromInt(limit), Mode: metering.Hard, Period: metering.Monthly,
	})
	return err
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	s := store.New(memory.New(), nil)
	events := &flaky{EventStore: metering.NewMemoryStore(), failures: 3}
	if err := define(ctx, s, events, 8); err != nil {
		return err
	}
	meter := newMeter(s, events, time.Now)
	guard, err := newGuard(s, events, gate.Open, time.Now)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 2)
	go func() { ended <- meter.Run(running, flushEvery, last) }()
	go func() { ended <- guard.Run(running, leaseEvery, last) }()

	began := time.Now()
	answers, err := serve(ctx, guard.Wrap(meter.Wrap(http.HandlerFunc(echo))))
	if err != nil {
		return err
	}
	stop() // the server is down: flush what is left, and give shares back
	if err := errors.Join(<-ended, <-ended); err != nil {
		return err
	}
	during := calendar.Between(began.Add(-quarter), time.Now().Add(quarter))
	for _, key := range []string{"k-acme", "k-globex"} {
		id := keys()[key].ID
		ledger, err := newLedger(s, events, id)
		if err != nil {
			return err
		}
		used, err := ledger.Between(ctx, meterID, during)
		if err != nil {
			return err
		}
		in, sent, err := bytes(ctx, events, id, during)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s requests, %d bytes in, %d bytes out; refused %d\n", id, used.Value.Decimal, in, sent, answers[key][http.StatusTooManyRequests])
	}
	return nil
}

// bytes adds the fields of a customer's events up.
func bytes(ctx context.Context, events metering.EventStore, id servicecoin.CustomerID, during calendar.Interval) (in, out int64, err error) {
	for e, err := range events.Scan(ctx, metering.Query{Customer: id, Type: eventType, During: during}) {
		if err != nil {
			return 0, 0, err
		}
		in, out = in+e.Fields.Get("in").Decimal.IntPart(), out+e.Fields.Get("out").Decimal.IntPart()
	}
	return in, out, nil
}

// echo is the host's own handler.
func echo(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(w, r.Body) // a client that has gone away is not the handler's concern
}

// serve answers ten requests of two customers and one of nobody, and shuts down. It returns
// how often each key got which status.
func serve(ctx context.Context, h http.Handler) (map[string]map[int]int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Second, WriteTimeout: longest}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	answers := map[string]map[int]int{"k-acme": {}, "k-globex": {}, "": {}}
	for n := range 21 {
		key := []string{"k-acme", "k-globex"}[n%2]
		if n == 20 {
			key = ""
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+l.Addr().String(), strings.NewReader(strings.Repeat("x", n)))
		if err != nil {
			return nil, err
		}
		r.Header.Set("X-Api-Key", key)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return nil, err
		}
		answers[key][res.StatusCode]++
		if err := res.Body.Close(); err != nil {
			return nil, err
		}
	}
	if err := server.Shutdown(ctx); err != nil {
		return nil, err
	}
	if err := <-done; err != http.ErrServerClosed { //nolint:errorlint // it comes as it is
		return nil, err
	}
	return answers, nil
}

// flaky is a store that fails at first: in turn before it stores a batch, and afterwards.
type flaky struct {
	metering.EventStore

	failures int
}

// Append implements metering.EventStore.
func (f *flaky) Append(ctx context.Context, events []metering.Event) (metering.Receipt, error) {
	if f.failures == 0 {
		return f.EventStore.Append(ctx, events)
	}
	f.failures--
	if f.failures%2 == 0 {
		if _, err := f.EventStore.Append(ctx, events); err != nil {
			return metering.Receipt{}, err
		}
	}
	return metering.Receipt{}, fmt.Errorf("the connection broke") //nolint:err113,perfsprint // it stands for those of a driver
}

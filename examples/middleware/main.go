// Command middleware answers: how do I count what each customer's requests use, so that
// nothing is lost or counted twice? It serves a few requests to two customers with a store
// that fails at first, shuts down, and tells what was used.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// keys are the host's: whose an API key is.
func keys() map[string]servicecoin.Customer {
	return map[string]servicecoin.Customer{
		"k-acme":   {ID: "acme", Name: "Acme", Zone: "Europe/Berlin"},
		"k-globex": {ID: "globex", Name: "Globex"},
	}
}

// newMeter returns the meter of a process.
func newMeter(s *store.Store, events metering.EventStore, now func() time.Time) *Meter {
	customers := map[servicecoin.CustomerID]servicecoin.Customer{}
	for _, c := range keys() {
		customers[c.ID] = c
	}
	return &Meter{
		intake: metering.NewIntake(s, events, metering.NewMeters(s.For(servicecoin.Provider)), nil),
		customer: func(r *http.Request) (servicecoin.CustomerID, bool) {
			c, known := keys()[r.Header.Get("X-Api-Key")]
			return c.ID, known
		},
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

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	s := store.New(memory.New(), nil)
	events := &flaky{EventStore: metering.NewMemoryStore(), failures: 3}
	meters := metering.NewMeters(s.For(servicecoin.Provider))
	for _, m := range []metering.Meter{
		{ID: "requests", Name: "Requests", Type: eventType, Aggregation: metering.Sum, Unit: "requests"},
	} {
		if err := meters.Define(ctx, servicecoin.Person("ada"), m); err != nil {
			return err
		}
	}
	meter := newMeter(s, events, time.Now)
	running, stop := context.WithCancel(ctx)
	flushed := make(chan error, 1)
	go func() { flushed <- meter.Run(running, 20*time.Millisecond, 10*time.Second) }()

	began := time.Now()
	if err := serve(ctx, meter.Wrap(http.HandlerFunc(echo))); err != nil {
		stop()
		return err
	}
	stop() // the server is down: flush what is left
	if err := <-flushed; err != nil {
		return err
	}
	during := calendar.Between(began.Add(-quarter), time.Now().Add(quarter))
	for _, key := range []string{"k-acme", "k-globex"} {
		customer := keys()[key]
		used, err := metering.New(s.For(customer.ID), events, meters, customer, nil).Between(ctx, "requests", during)
		if err != nil {
			return err
		}
		in, sent, err := bytes(ctx, events, customer.ID, during)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s requests, %d bytes in, %d bytes out\n", customer.ID, used.Value.Decimal, in, sent)
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

// serve answers ten requests of each customer and one of nobody, and shuts down.
func serve(ctx context.Context, h http.Handler) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	for n := range 21 {
		key := []string{"k-acme", "k-globex"}[n%2]
		if n == 20 {
			key = ""
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+l.Addr().String(), strings.NewReader(strings.Repeat("x", n)))
		if err != nil {
			return err
		}
		r.Header.Set("X-Api-Key", key)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		if err := res.Body.Close(); err != nil {
			return err
		}
	}
	if err := server.Shutdown(ctx); err != nil {
		return err
	}
	if err := <-done; err != http.ErrServerClosed { //nolint:errorlint // it comes as it is
		return err
	}
	return nil
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

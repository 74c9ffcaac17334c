package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// eventType is what the events of the meter are called; source is who tells them.
const (
	eventType = "http.served"
	source    = "middleware"
	meterID   = "requests"
	unit      = "requests"
)

// Meter counts the requests of each customer, and the bytes in both directions. It keeps
// sums by customer and quarter of an hour: the day of every zone begins at one, so each
// window of a quarter or longer is exact. A [Meter.Flush] makes events of them.
//
// What was counted is lost with the process, so flush often, and before it ends.
type Meter struct {
	intake   *metering.Intake
	customer func(*http.Request) (servicecoin.CustomerID, bool)
	known    func(context.Context, servicecoin.CustomerID) (servicecoin.Customer, error)
	now      func() time.Time
	log      *slog.Logger
	run      string // makes the ids of this process its own

	mu   sync.Mutex
	sums map[cell]sum

	flushing sync.Mutex       // one at a time
	sealed   []metering.Event // handed to the intake, and not known to be stored: sent again as they are
	number   int              // of the last event
}

// cell is what one sum is of.
type cell struct {
	customer servicecoin.CustomerID
	from     time.Time
}

type sum struct{ requests, in, out int64 }

// quarter is how long a cell is.
const quarter = 15 * time.Minute

// Wrap counts what a handler serves. A request of nobody that is known is not counted.
func (m *Meter) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, known := m.customer(r)
		if !known {
			next.ServeHTTP(w, r)
			return
		}
		from := m.now().UTC().Truncate(quarter)
		body, answer := &counted{ReadCloser: r.Body}, &answered{ResponseWriter: w}
		r.Body = body
		defer func() { // of a handler that panics, too
			m.mu.Lock()
			defer m.mu.Unlock()
			s := m.sums[cell{id, from}]
			m.sums[cell{id, from}] = sum{s.requests + 1, s.in + body.n, s.out + answer.n}
		}()
		next.ServeHTTP(answer, r)
	})
}

// Flush records what was counted. Where that fails, or nobody knows whether it did, the
// same events with the same ids are sent by the next Flush, and what is counted meanwhile
// adds up behind them: nothing is lost, nothing counts twice, and however long the store
// is down, there is one sum for each customer and quarter.
func (m *Meter) Flush(ctx context.Context) error {
	m.flushing.Lock()
	defer m.flushing.Unlock()
	for {
		if len(m.sealed) == 0 {
			m.seal()
		}
		if len(m.sealed) == 0 {
			return nil
		}
		receipt, err := m.intake.Record(ctx, servicecoin.Program(source), m.owner, m.sealed...)
		if err != nil {
			return fmt.Errorf("usage of %d cells waits: %w", len(m.sealed), err)
		}
		for _, x := range receipt.Exceptions { // of a customer that has left, say
			m.log.WarnContext(ctx, "usage is not recorded", "event", m.sealed[x.Index], "outcome", x.Outcome, "reason", x.Reason)
		}
		m.sealed = nil
	}
}

// seal makes events of the sums, with ids that stay.
func (m *Meter) seal() {
	m.mu.Lock()
	sums := m.sums
	m.sums = map[cell]sum{}
	m.mu.Unlock()
	cells := make([]cell, 0, len(sums))
	for c := range sums {
		cells = append(cells, c)
	}
	slices.SortFunc(cells, func(a, b cell) int { return cmp.Or(a.from.Compare(b.from), cmp.Compare(a.customer, b.customer)) })
	if len(cells) > metering.MaxBatch { // the rest waits with what comes
		m.mu.Lock()
		for _, c := range cells[metering.MaxBatch:] {
			s := m.sums[c]
			m.sums[c] = sum{s.requests + sums[c].requests, s.in + sums[c].in, s.out + sums[c].out}
		}
		m.mu.Unlock()
		cells = cells[:metering.MaxBatch]
	}
	for _, c := range cells {
		m.number++
		s := sums[c]
		m.sealed = append(m.sealed, metering.Event{
			Customer: c.customer, Source: source, ID: fmt.Sprintf("%s-%d", m.run, m.number), Type: eventType, Time: c.from,
			Value:  servicecoin.Some(decimal.NewFromInt(s.requests)),
			Fields: metering.Fields{{Name: "in", Value: decimal.NewFromInt(s.in)}, {Name: "out", Value: decimal.NewFromInt(s.out)}},
		})
	}
}

// owner says whose an event is: the customer under which it was counted.
func (m *Meter) owner(ctx context.Context, e metering.Event) (servicecoin.Customer, error) {
	return m.known(ctx, e.Customer)
}

// Run flushes every so often until the context ends, and once more then. Shut the server
// down first: what is served afterwards is not counted.
func (m *Meter) Run(ctx context.Context, every, last time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := m.Flush(ctx); err != nil && ctx.Err() == nil {
				m.log.WarnContext(ctx, "usage is recorded later", "error", err)
			}
		case <-ctx.Done():
			return m.flushAtLast(context.WithoutCancel(ctx), last)
		}
	}
}

// flushAtLast tries for some time.
func (m *Meter) flushAtLast(ctx context.Context, last time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, last)
	defer cancel()
	const pause = 50 * time.Millisecond
	for {
		err := m.Flush(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// counted is a body that counts what is read of it.
type counted struct {
	io.ReadCloser

	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n += int64(n)
	return n, err //nolint:wrapcheck // readers hand errors on as they are
}

// answered is an answer that counts what is written of its body.
type answered struct {
	http.ResponseWriter

	n int64
}

func (a *answered) Write(p []byte) (int, error) {
	n, err := a.ResponseWriter.Write(p)
	a.n += int64(n)
	return n, err //nolint:wrapcheck // writers hand errors on as they are
}

// Unwrap is for http.ResponseController: flushing, deadlines.
func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/gate"
	"github.com/servicecoin/servicecoin/problem"
)

// retry is how long the gate does not ask again after nobody could be asked.
const retry = time.Second

// Guard lets a request pass while the quota of its customer leaves one, from a share that
// this process has leased: most requests wait for nothing and nobody. It stands around the
// [Meter], so that what is refused is not counted.
//
// Where nobody can be asked what is left, the gate does what the host has said: [gate.Open]
// goes on serving and may pass the limit, [gate.Closed] keeps it and answers 503.
type Guard struct {
	gate     *gate.Gate
	limits   *quotas
	customer func(*http.Request) (servicecoin.CustomerID, bool)
	now      func() time.Time
	log      *slog.Logger
}

// Wrap asks for one request before a handler serves it. One of nobody that is known goes on
// to the handler, whose concern it is.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	one := decimal.NewFromInt(1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, known := g.customer(r)
		if !known {
			next.ServeHTTP(w, r)
			return
		}
		key, now := gate.Key{Customer: id, Name: meterID}, g.now()
		answer, err := g.gate.Counter(key).Ask(r.Context(), one, now)
		if err != nil { // the answer counts all the same: it is what the host chose
			g.log.WarnContext(r.Context(), "what is left of the quota is not known", "customer", id, "passes", answer.Allowed, "error", err)
		}
		switch {
		case answer.Allowed:
			next.ServeHTTP(w, r)
		case answer.Why == gate.Over:
			g.limits.refusal(key, answer, now).write(w, now)
		default:
			w.Header().Set("Retry-After", seconds(retry))
			problem.Write(w, answer.Err())
		}
	})
}

// Run leases the next shares in time until the context ends, and gives what is left back
// then. Shut the server down first.
func (g *Guard) Run(ctx context.Context, every, last time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := g.gate.Refill(ctx, g.now()); err != nil && ctx.Err() == nil {
				g.log.WarnContext(ctx, "shares are leased later", "error", err)
			}
		case <-ctx.Done():
			return g.giveBack(context.WithoutCancel(ctx), last)
		}
	}
}

func (g *Guard) giveBack(ctx context.Context, last time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, last)
	defer cancel()
	return g.gate.Close(ctx, g.now())
}

// quotas remembers what a [gate.Quotas] was told of the stored quotas, so that a refusal
// can name its limit without asking again.
type quotas struct {
	ledger func(servicecoin.CustomerID) (*metering.Ledger, error)

	mu   sync.Mutex
	last map[gate.Key]metering.Decision
}

// of returns the ledger of a customer as an authority asks it.
func (q *quotas) of(_ context.Context, customer servicecoin.CustomerID) (gate.Checker, error) {
	ledger, err := q.ledger(customer)
	return heard{ledger, q}, err
}

// heard is a ledger whose last decision is remembered.
type heard struct {
	*metering.Ledger

	quotas *quotas
}

// Check implements [gate.Checker].
func (h heard) Check(ctx context.Context, meter metering.MeterID, amount decimal.Decimal, at time.Time) (metering.Decision, error) {
	d, err := h.Ledger.Check(ctx, meter, amount, at)
	if err == nil {
		h.quotas.mu.Lock()
		h.quotas.last[gate.Key{Customer: h.Customer().ID, Name: string(meter)}] = d
		h.quotas.mu.Unlock()
	}
	return d, err
}

// refusal is a problem of RFC 9457 that names the limit, with members of its own.
type refusal struct {
	problem.Problem

	Quota metering.QuotaID     `json:"quota,omitempty"`
	Limit *decimal.Decimal     `json:"limit,omitempty"`
	Unit  string               `json:"unit,omitempty"`
	Per   metering.Stretch     `json:"per,omitempty"`
	Used  *decimal.NullDecimal `json:"used,omitempty"` // as far as it is recorded
	Until time.Time            `json:"until"`          // when to ask again
}

// refusal words an answer: the quota that has the least left, and when there is more.
func (q *quotas) refusal(key gate.Key, a gate.Answer, now time.Time) refusal {
	r := refusal{Until: a.Until, Problem: problem.Problem{
		Title: http.StatusText(http.StatusTooManyRequests), Status: http.StatusTooManyRequests, Code: "limit",
		Detail: "What is left of the limit is with other processes.",
	}}
	q.mu.Lock()
	standings := q.last[key].Standings // nobody changes what is in it
	q.mu.Unlock()
	var least *metering.Standing
	for i := range standings {
		s := &standings[i]
		if s.Quota.Mode == metering.Hard && s.Period.Contains(now) && (least == nil || s.Left.LessThan(least.Left)) {
			least = s
		}
	}
	if least == nil {
		return r
	}
	r.Quota, r.Limit, r.Unit, r.Per, r.Used = least.Quota.ID, &least.Quota.Limit, unit, least.Quota.Period, &least.Used
	if !least.Left.IsPositive() { // else somebody may give a share back before
		r.Until = least.Period.End
	}
	r.Detail = fmt.Sprintf("The limit of %s %s a %s is used up.", metering.Plain(least.Quota.Limit), unit, least.Quota.Period)
	return r
}

// write answers 429, with the seconds after which asking again makes sense.
func (r refusal) write(w http.ResponseWriter, now time.Time) {
	body, err := json.Marshal(r)
	if err != nil { // no field of it can fail
		body = nil
	}
	h := w.Header()
	h.Set("Content-Type", problem.ContentType)
	h.Set("Cache-Control", "no-store")
	h.Set("Retry-After", seconds(r.Until.Sub(now)))
	w.WriteHeader(r.Status)
	_, _ = w.Write(body) // a client that has gone away is not the handler's concern
}

// seconds writes a Retry-After: whole seconds, at least one.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(max(d, time.Second).Seconds())), 10)
}

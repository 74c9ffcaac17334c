package gate

import (
	"context"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// Counter is one key at a gate. It is safe for goroutines.
type Counter struct {
	mu       sync.Mutex
	used     bool      // since the last call of Refill
	least    fixed.Sum // of the quantities above 0 that were asked for since then: 0 if none was
	held     [2]lease  // the first is spent first
	refused  refusal
	returns  []Return // leases that are over, and not given back yet
	unleased int64    // how often something passed without a lease
	failed   failure

	gate   *Gate
	key    Key
	flight chan struct{} // holds one while the source is asked
}

// Take answers from what the gate holds, and takes the quantity of it if it may pass. It
// asks nobody and allocates nothing. The quantity is not negative, and counts up to nine
// places: what has more is rounded up. The instant is now, by the clock of this process.
func (c *Counter) Take(n decimal.Decimal, at time.Time) Answer {
	sum, ok := sumOf(n)
	if !ok {
		return Answer{Why: Invalid}
	}
	c.mu.Lock()
	a := c.take(sum, at)
	if a.Why == Stale {
		a = c.choose(a)
	}
	c.mu.Unlock()
	return a
}

// take answers from what is held: Stale where that is nothing. The caller holds mu.
func (c *Counter) take(n fixed.Sum, at time.Time) Answer {
	c.used = true
	if c.least == (fixed.Sum{}) || less(n, c.least) && n != (fixed.Sum{}) {
		c.least = n
	}
	why, until, rest := Stale, time.Time{}, fixed.Sum{}
	for i := range c.held {
		l := &c.held[i]
		switch {
		case !l.there() || !l.holds(at):
			continue
		case l.unlimited:
			return Answer{Allowed: true, Why: Unlimited, Until: l.until}
		case l.take(n):
			return Answer{Allowed: true, Why: Leased, Until: l.until}
		}
		why, until = Spent, l.until
		rest.AddSum(l.left)
	}
	if r := &c.refused; r.length > 0 && within(at, r.from, r.length) {
		rest.AddSum(r.left)
		if why, until = Spent, r.from.Add(r.length); less(rest, n) { // even if it gave back what it holds
			why = Over
		}
	}
	return Answer{Why: why, Until: until}
}

// choose does as the host said where nobody can be asked.
func (c *Counter) choose(a Answer) Answer {
	if c.gate.stale == Closed {
		return Answer{Why: Stale, Until: a.Until}
	}
	c.unleased++
	return Answer{Allowed: true, Why: Unleased, Until: a.Until}
}

// Unleased returns how often something passed without a lease.
func (c *Counter) Unleased() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unleased
}

// Ask answers as [Counter.Take], and asks the source where the gate holds too little. If the
// source cannot be asked the answer is what the host chose, and the error says why
// that was so: it stands beside an answer that counts. One goroutine asks at a time, and the
// others wait for what it gets, or for the end of their context. After a failure nobody
// asks for a while ([Options].Retry): the answer is the choice, with the same error.
func (c *Counter) Ask(ctx context.Context, n decimal.Decimal, at time.Time) (Answer, error) {
	sum, ok := sumOf(n)
	if !ok {
		var v servicecoin.Violations
		amount(&v, "quantity", n)
		if v.Len() == 0 {
			v.Add("quantity", "out-of-range", "", "is more than a share can have")
		}
		return Answer{Why: Invalid}, v.Err()
	}
	if a := c.takeNow(sum, at); a.Allowed || a.Why == Over {
		return a, nil
	}
	select {
	case c.flight <- struct{}{}:
	case <-ctx.Done():
		return c.chosen(), ctx.Err()
	}
	defer func() { <-c.flight }()
	if err := ctx.Err(); err != nil {
		return c.chosen(), err
	}
	if a := c.takeNow(sum, at); a.Allowed || a.Why == Over { // somebody else has asked meanwhile
		return a, nil
	}
	if err := c.failure(at); err != nil {
		return c.chosen(), err
	}
	a, err := c.lease(ctx, n, at, request)
	if err == nil && a.Why == Spent { // what this gate holds itself is what is missing
		a, err = c.lease(ctx, n, at, allHeld)
	}
	if err != nil || a.Why == Stale { // or the lease was over before it was there
		return c.chosen(), err
	}
	return a, nil
}

func (c *Counter) takeNow(n fixed.Sum, at time.Time) Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.take(n, at)
}

// failure is why the source is not asked now, nil if it is.
func (c *Counter) failure(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if within(at, c.failed.at, c.gate.retry) {
		return c.failed.err
	}
	return nil
}

func (c *Counter) chosen() Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.choose(Answer{})
}

package gate

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// scope is for whom the source is asked.
type scope int

const (
	request scope = iota // for a request that waits
	allHeld              // for one that all that is held is given back for
	ahead                // for those to come
)

// lease asks the source for a share that suffices for a quantity, takes in what it grants,
// and takes the quantity of that, before others can. All that is held is given back with the
// ask, or what is over, and one lease if there is no room for another. The caller holds
// the flight.
func (c *Counter) lease(ctx context.Context, n decimal.Decimal, at time.Time, what scope) (Answer, error) {
	ask := Ask{Key: c.key, Gate: c.gate.name, Want: n}
	if err := c.gate.adopt(c); err != nil {
		return Answer{}, err
	}
	c.mu.Lock()
	c.endOver(at)
	if what == allHeld {
		c.endAll()
	} else if c.held[1].there() {
		c.end(0)
	}
	ask.Returns = c.returns[:min(len(c.returns), MaxReturns)]
	c.mu.Unlock()

	grant, err := c.gate.source.Lease(ctx, ask)
	if err != nil {
		if ctx.Err() == nil { // else it is the caller who did not wait
			c.mu.Lock()
			c.failed = failure{err, at}
			c.mu.Unlock()
		}
		return Answer{}, err
	}
	wanted, _ := sumOf(n)
	share, ok := sumOf(grant.Share)
	left, _ := sumOf(grant.Left)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.returns = append([]Return(nil), c.returns[len(ask.Returns):]...)
	c.failed = failure{}
	switch next := (lease{id: grant.Lease, unlimited: grant.Unlimited, share: share, left: share, from: at, length: grant.For, until: at.Add(grant.For)}); {
	case !ok: // a source that leases what nobody can spend
	case !grant.Unlimited && grant.Lease == "":
		c.refused = refusal{at, grant.For, left}
	case c.held[0].there():
		c.held[1], c.refused = next, refusal{}
	default:
		c.held[0], c.refused = next, refusal{}
	}
	if what == ahead {
		return Answer{}, nil // nobody has asked for anything
	}
	return c.take(wanted, at), nil
}

// endOver ends the leases that are over.
func (c *Counter) endOver(at time.Time) {
	for i := len(c.held) - 1; i >= 0; i-- {
		if l := &c.held[i]; l.there() && !l.holds(at) {
			c.end(i)
		}
	}
}

func (c *Counter) endAll() {
	for c.held[0].there() {
		c.end(0)
	}
}

// end ends a lease: it is given back with the next ask.
func (c *Counter) end(i int) {
	if l := c.held[i]; !l.unlimited {
		spent := l.share
		left := l.left
		left.Negate()
		spent.AddSum(left)
		c.returns = append(c.returns, Return{Lease: l.id, Spent: spent.Decimal(fixed.Places)})
	}
	if i == 0 {
		c.held[0] = c.held[1]
	}
	c.held[1] = lease{}
}

// due reports whether the counter should lease the next share, of how much at least, and
// whether nobody has used it since the last call and nothing is held. What is less than
// each quantity that was asked for would serve nobody here, and be missing elsewhere.
func (c *Counter) due(at time.Time) (due bool, least decimal.Decimal, idle bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	used := c.used
	least = c.least.Decimal(fixed.Places)
	c.used, c.least = false, fixed.Sum{}
	c.endOver(at)
	if !c.held[0].there() {
		return used && !within(at, c.refused.from, c.refused.length), least, !used
	}
	l := &c.held[0]
	if c.held[1].there() || !used {
		return false, least, false
	}
	const quarter = 4
	if l.length-at.Sub(l.from) < l.length/quarter {
		return true, least, false
	}
	var fourTimes fixed.Sum
	for range quarter {
		fourTimes.AddSum(l.left)
	}
	return !l.unlimited && less(fourTimes, l.share), least, false
}

// idle reports whether nothing is held or to be given back, and nobody has used it. The
// caller holds mu.
func (c *Counter) idle() bool { return !c.used && !c.held[0].there() && len(c.returns) == 0 }

// refill leases the next share, of so much at least, unless somebody is asking.
func (c *Counter) refill(ctx context.Context, least decimal.Decimal, at time.Time) error {
	select {
	case c.flight <- struct{}{}:
	default:
		return nil
	}
	defer func() { <-c.flight }()
	_, err := c.lease(ctx, least, at, ahead)
	return err
}

// giveBack gives all leases back.
func (c *Counter) giveBack(ctx context.Context, _ time.Time) error {
	select {
	case c.flight <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-c.flight }()
	c.mu.Lock()
	c.endAll()
	returns := c.returns[:min(len(c.returns), MaxReturns)]
	c.mu.Unlock()
	if len(returns) == 0 {
		return nil
	}
	if err := c.gate.source.Return(ctx, c.key, c.gate.name, returns); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.returns = append([]Return(nil), c.returns[len(returns):]...)
	return nil
}

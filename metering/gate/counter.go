package gate

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// Why is the reason of an [Answer].
type Why string

// The reasons. Those that let pass are Leased, Unlimited and Unleased.
const (
	Leased    Why = "leased"    // it is within the share of a lease
	Unlimited Why = "unlimited" // nothing is bounded
	Unleased  Why = "unleased"  // nobody could be asked, and the gate is [Open]
	Stale     Why = "stale"     // nobody could be asked, and the gate is [Closed]
	Spent     Why = "spent"     // the share does not suffice: [Counter.Ask] may get more
	Over      Why = "over"      // the limit leaves less than that
	Invalid   Why = "invalid"   // a quantity below zero, or one that no share can have
)

// Answer says whether something may pass.
type Answer struct {
	Allowed bool      `json:"allowed"`
	Why     Why       `json:"why"`
	Until   time.Time `json:"until,omitzero"` // until when the gate answers from what it knows; zero: it does not
}

// VerbPass stands in refusals: a limit would be passed.
const VerbPass = "gate.pass"

// Err returns what a request is refused with, nil if it may pass: an ErrRefused where the
// limit leaves less, or the gate holds less and did not ask; an ErrBusy where nobody could
// be asked and the gate is [Closed].
func (a Answer) Err() error {
	refused := &servicecoin.RefusedError{Subject: servicecoin.Key{Kind: Pools}, Verb: VerbPass}
	switch a.Why {
	case Leased, Unlimited, Unleased:
		return nil
	case Over:
		refused.Why = "the limit leaves less than that"
	case Spent:
		refused.Why = "more than this process may let pass without asking"
	case Invalid:
		var v servicecoin.Violations
		v.Add("quantity", "out-of-range", "", "is negative, or more than a share can have")
		return v.Err()
	case Stale:
		return fmt.Errorf("what is left of the limit is not known now: %w", servicecoin.ErrBusy)
	}
	return refused
}

// Counter is one key at a gate. It is safe for goroutines.
type Counter struct {
	mu       sync.Mutex
	used     bool     // since the last call of Refill
	held     [2]lease // the first is spent first
	refused  refusal
	returns  []Return // leases that are over, and not given back yet
	unleased int64    // how often something passed without a lease
	failed   failure

	gate   *Gate
	key    Key
	flight chan struct{} // holds one while the source is asked
}

// lease is a share as the gate holds it: the zero lease is none.
type lease struct {
	from      time.Time     // when it was asked for
	length    time.Duration // above 0
	left      fixed.Sum
	until     time.Time
	unlimited bool
	share     fixed.Sum
	id        LeaseID
}

// refusal is what the source said was left, and until when that is not asked again.
type refusal struct {
	left  fixed.Sum
	until time.Time
}

// failure is why the source could not be asked, and when.
type failure struct {
	err error // nil: it could
	at  time.Time
}

func (l *lease) there() bool { return l.length > 0 }

// holds reports whether a lease may be used at an instant: not where the clock was set back
// by more than it lasts, either.
func (l *lease) holds(at time.Time) bool {
	passed := at.Sub(l.from)
	return passed < l.length && passed >= -l.length
}

// take takes a quantity of the share, if that suffices.
func (l *lease) take(n fixed.Sum) bool {
	rest := l.left
	n.Negate()
	rest.AddSum(n)
	if high, _ := rest.Words(); high < 0 {
		return false
	}
	l.left = rest
	return true
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
	why, until := Stale, time.Time{}
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
	}
	if at.Before(c.refused.until) {
		if why, until = Spent, c.refused.until; less(c.refused.left, n) {
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
	if a := c.takeNow(sum, at); a.Allowed || a.Why == Over { // somebody else has asked meanwhile
		return a, nil
	}
	if err := c.failure(at); err != nil {
		return c.chosen(), err
	}
	if err := c.lease(ctx, n, at, false); err != nil {
		return c.chosen(), err
	}
	a := c.takeNow(sum, at)
	if !a.Allowed && c.holdsRest(at) {
		// What this gate holds itself may be what is missing.
		if err := c.lease(ctx, n, at, true); err != nil {
			return c.chosen(), err
		}
		a = c.takeNow(sum, at)
	}
	if a.Why == Stale { // the lease was over before it was there
		return c.chosen(), nil
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
	if passed := at.Sub(c.failed.at); c.failed.err != nil && passed < c.gate.retry && passed >= -c.gate.retry {
		return c.failed.err
	}
	return nil
}

func (c *Counter) chosen() Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.choose(Answer{})
}

// holdsRest reports whether there is something of a lease that the gate could give back.
func (c *Counter) holdsRest(at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.held {
		if l := &c.held[i]; l.there() && l.holds(at) && less(fixed.Sum{}, l.left) {
			return true
		}
	}
	return false
}

// lease asks the source, and takes in what it grants. All that is held is given back
// before, or what is over, and one lease if there is no room for another. The caller
// holds the flight.
func (c *Counter) lease(ctx context.Context, want decimal.Decimal, at time.Time, all bool) error {
	ask := Ask{Key: c.key, Gate: c.gate.name, Want: want}
	if err := c.gate.adopt(c); err != nil {
		return err
	}
	c.mu.Lock()
	c.endOver(at)
	if all {
		c.endAll()
	} else if c.held[1].there() {
		c.end(0)
	}
	ask.Returns = c.returns[:min(len(c.returns), MaxReturns)]
	c.mu.Unlock()

	grant, err := c.gate.source.Lease(ctx, ask)
	if err != nil {
		if !errors.Is(err, context.Canceled) { // that is the caller's, and says nothing of the source
			c.mu.Lock()
			c.failed = failure{err, at}
			c.mu.Unlock()
		}
		return err
	}
	share, ok := sumOf(grant.Share)
	left, _ := sumOf(grant.Left)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.returns = append([]Return(nil), c.returns[len(ask.Returns):]...)
	c.failed = failure{}
	switch next := (lease{id: grant.Lease, unlimited: grant.Unlimited, share: share, left: share, from: at, length: grant.For, until: at.Add(grant.For)}); {
	case !ok: // a source that leases what nobody can spend
	case !grant.Unlimited && grant.Lease == "":
		c.refused = refusal{left: left, until: next.until}
	case c.held[0].there():
		c.held[1], c.refused = next, refusal{}
	default:
		c.held[0], c.refused = next, refusal{}
	}
	return nil
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

// due reports whether the counter should lease the next share, and whether nobody has
// used it since the last call and nothing is held.
func (c *Counter) due(at time.Time) (due, idle bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	used := c.used
	c.used = false
	c.endOver(at)
	if !c.held[0].there() {
		return used && !at.Before(c.refused.until), !used
	}
	l := &c.held[0]
	if c.held[1].there() || !used {
		return false, false
	}
	const quarter = 4
	if l.length-at.Sub(l.from) < l.length/quarter {
		return true, false
	}
	var fourTimes fixed.Sum
	for range quarter {
		fourTimes.AddSum(l.left)
	}
	return !l.unlimited && less(fourTimes, l.share), false
}

// idle reports whether nothing is held or to be given back, and nobody has used it. The
// caller holds mu.
func (c *Counter) idle() bool { return !c.used && !c.held[0].there() && len(c.returns) == 0 }

// refill leases the next share, unless somebody is asking.
func (c *Counter) refill(ctx context.Context, at time.Time) error {
	select {
	case c.flight <- struct{}{}:
	default:
		return nil
	}
	defer func() { <-c.flight }()
	return c.lease(ctx, decimal.Decimal{}, at, false)
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

// less reports whether a sum is less than another one.
func less(a, b fixed.Sum) bool {
	b.Negate()
	a.AddSum(b)
	high, _ := a.Words()
	return high < 0
}

// sumOf returns a quantity in units of 10^-9, rounded up, if it is not negative and no
// more than a share can be.
func sumOf(d decimal.Decimal) (fixed.Sum, bool) {
	var s fixed.Sum
	if n, ok := fixed.Of(d); ok {
		s.Add(n)
		return s, n >= 0
	}
	const mostDigits = 19
	if d.IsNegative() || int(d.Exponent())+d.NumDigits() > mostDigits || d.Exponent() < -maxPlaces || d.GreaterThan(largest()) {
		return s, false
	}
	n := d.RoundCeil(places).Shift(places).BigInt()
	const word = 64
	high := new(big.Int).Rsh(n, word)
	return fixed.SumOf(high.Int64(), new(big.Int).Sub(n, new(big.Int).Lsh(high, word)).Uint64()), true
}

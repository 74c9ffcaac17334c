package gate

import (
	"context"
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

// refusal is what the source said was left, and how long that is not asked again.
type refusal struct {
	from   time.Time
	length time.Duration
	left   fixed.Sum
}

// failure is why the source could not be asked, and when.
type failure struct {
	err error // nil: it could
	at  time.Time
}

func (l *lease) there() bool { return l.length > 0 }

// within reports whether something that holds for so long from an instant on does at
// another one: not where the clock was set back by more than that, either.
func within(at, from time.Time, length time.Duration) bool {
	passed := at.Sub(from)
	return passed < length && passed >= -length
}

func (l *lease) holds(at time.Time) bool { return within(at, l.from, l.length) }

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

// due reports whether the counter should lease the next share, and whether nobody has
// used it since the last call and nothing is held.
func (c *Counter) due(at time.Time) (due, idle bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	used := c.used
	c.used = false
	c.endOver(at)
	if !c.held[0].there() {
		return used && !within(at, c.refused.from, c.refused.length), !used
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
	_, err := c.lease(ctx, decimal.Decimal{}, at, ahead)
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

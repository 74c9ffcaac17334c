// Package gate answers on the hot path whether a customer may use so much more, and until
// when, without asking anybody: from a share of what is left that was leased to it.
//
// It answers: may this request go on; until when is that so; what if nobody can be
// asked; and who holds how much of what is left of a limit?
//
// A [Gate] stands in each process that lets requests pass. It leases shares from a
// [Source], which is an [Authority] most often: over what is left of the limit, as the
// host knows it ([Limits]), and over the leases that are out, which are kept in one place
// ([Keep]):
//
//	authority, err := gate.NewAuthority(keep, limits, gate.Terms{}, newID, time.Now)
//	g, err := gate.New("api-3", authority, &gate.Options{Stale: gate.Closed})
//	calls := g.Counter(gate.Key{Customer: "acme", Name: "api.calls"})
//	answer, err := calls.Ask(ctx, decimal.NewFromInt(1), time.Now())
//	if err := answer.Err(); err != nil {
//		return err // refused, or nobody to ask and the gate is closed
//	}
//
// [Counter.Take] is the check alone: it asks nobody, allocates nothing, and is safe for
// goroutines. [Counter.Ask] takes, and asks the source where the share does not suffice.
// [Gate.Refill], which the host calls now and then, leases the next share before the last
// one is spent, so that few requests wait.
//
// # What is promised
//
// A share is deducted from what is left when it is leased. So what gates let pass from
// leases never passes the limit, as long as the limit does not fall meanwhile; and what
// they let pass in all falls short of it by no more than the shares that are out. A lease ends
// when the limit, a grant or the period changes next, or after the length that the
// authority states. One of a gate that is gone counts until then: by its whole share,
// as nobody knows what it spent of it. What passes without a lease is what passes a limit:
// where nobody can be asked, and the host said [Open].
//
// # Clocks
//
// A gate counts the length of a lease from the instant at which it asked, by its own clock,
// so it never holds one longer than the authority counts it, whatever its clock shows. The
// authority counts a [Terms.Margin] longer. Instants from time.Now carry a monotonic
// reading: with them a clock that is set back does not prolong a lease, either. See
// [Pool.Grant] for authorities whose clocks differ.
//
// # Errors
//
// Asks and standings that make no sense are an [*servicecoin.InvalidError] with every
// violation. A source that cannot be asked is an error beside an answer that counts, as
// the host chose. What may not pass is an [Answer]; [Answer.Err] makes a
// [*servicecoin.RefusedError] of it, or an ErrBusy.
package gate

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/servicecoin/servicecoin"
)

// MaxCounters is how many counters a gate has at once: another one leases nothing until
// [Gate.Refill] has let go of some that are not used.
const MaxCounters = 1_000_000

// Key names what is bounded.
type Key struct {
	Customer servicecoin.CustomerID `json:"customer"`
	Name     string                 `json:"name"` // of the meter, the feature or the quota, in the host's words
}

// Validate reports an id that is empty or too long.
func (k Key) Validate() error {
	var v servicecoin.Violations
	v.ID("customer", string(k.Customer))
	v.ID("name", k.Name)
	return v.Err()
}

// Choice is what a gate does where it has no lease and can get none.
type Choice string

// The choices. There is no default: who bounds something has to say which of the two
// errors is the lesser one.
const (
	Open   Choice = "open"   // it lets pass: the service goes on, and may pass the limit
	Closed Choice = "closed" // it lets nothing pass: the limit is kept, and the service stops
)

// Options are what a host sets for a gate.
type Options struct {
	Stale Choice // required
	// Retry is how long a counter does not ask again after the source could not be asked, so
	// that not every request waits for it in vain. 0: a second.
	Retry time.Duration
}

// Gate lets pass what is within the shares that it leased. It is safe for goroutines.
type Gate struct {
	name   string
	source Source
	stale  Choice
	retry  time.Duration

	mu       sync.RWMutex
	counters map[Key]*Counter
}

// New returns a gate without leases. Its name is one that no other gate has, nor had
// before it was started: a host's name alone is none.
func New(name string, source Source, o *Options) (*Gate, error) {
	var v servicecoin.Violations
	v.ID("name", name)
	if source == nil {
		v.Add("source", "required", "", "is nil: leases shares")
	}
	if o == nil {
		o = &Options{}
	}
	switch o.Stale {
	case Open, Closed:
	default:
		v.Add("options.stale", "required", string(o.Stale), "must be open or closed")
	}
	retry := o.Retry
	if retry == 0 {
		retry = time.Second
	}
	if retry < 0 || retry > MaxLength {
		v.Add("options.retry", "out-of-range", retry.String(), "must lie between 0 and "+MaxLength.String())
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	return &Gate{name: name, source: source, stale: o.Stale, retry: retry, counters: map[Key]*Counter{}}, nil
}

// Counter returns the counter of a key, the same one for each call while it is used. Who
// keeps it saves looking it up.
func (g *Gate) Counter(key Key) *Counter {
	g.mu.RLock()
	c := g.counters[key]
	g.mu.RUnlock()
	if c != nil {
		return c
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if c := g.counters[key]; c != nil {
		return c
	}
	c = &Counter{gate: g, key: key, flight: make(chan struct{}, 1)}
	if len(g.counters) < MaxCounters {
		g.counters[key] = c
	}
	return c
}

// adopt takes a counter back that it has let go of, and that is used again. One in whose
// place there is another one by now leases for itself.
func (g *Gate) adopt(c *Counter) error {
	g.mu.RLock()
	_, taken := g.counters[c.key]
	n := len(g.counters)
	g.mu.RUnlock()
	switch {
	case taken:
		return nil
	case n >= MaxCounters:
		return fmt.Errorf("a gate has at most %d counters: %w", MaxCounters, servicecoin.ErrBusy)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.counters[c.key] == nil {
		g.counters[c.key] = c
	}
	return nil
}

// Refill leases the next share for each counter that is near the end of its last one,
// in time or in quantity, and lets go of those that were not used since the last call and
// have no lease. The host calls it a few times in the length of a lease. It asks for all
// that it can, and returns the first error.
func (g *Gate) Refill(ctx context.Context, at time.Time) error {
	var first error
	for _, c := range g.all() {
		switch due, least, idle := c.due(at); {
		case idle:
			if err := c.giveBack(ctx, at); err != nil && first == nil {
				first = err
			}
			g.drop(c)
		case due:
			if err := c.refill(ctx, least, at); err != nil && first == nil {
				first = err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return first
}

// Close gives all leases back, with what was spent of them: the host calls it before the
// process ends, so that others can have the rest. Counters lease anew when they are asked
// again. It returns the first error; what was not given back counts until it ends.
func (g *Gate) Close(ctx context.Context, at time.Time) error {
	var first error
	for _, c := range g.all() {
		if err := c.giveBack(ctx, at); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// all returns the counters.
func (g *Gate) all() []*Counter {
	g.mu.RLock()
	list := make([]*Counter, 0, len(g.counters))
	for _, c := range g.counters {
		list = append(list, c)
	}
	g.mu.RUnlock()
	return list
}

// drop lets go of a counter that nobody has used meanwhile.
func (g *Gate) drop(c *Counter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle() && g.counters[c.key] == c {
		delete(g.counters, c.key)
	}
}

package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
)

// Rule turns events into effects.
type Rule struct {
	Name string   // stable: it is stored, and effect ids are derived from it
	On   []string // the names of the events that it answers

	// Do makes the effect. What it writes through tx is committed together
	// with the consumer's place in the feed: exactly once. Effects of several
	// events may share a commit, each sees what the ones before it wrote. Do may
	// run again, after a conflict or when another effect of the commit failed,
	// and then gets the same ids from tx. A call to the outside is made at least
	// once; the event's id is its idempotency key.
	//
	// An effect that is too large for one commit returns where to go on, and
	// is called again with that in a commit of its own; "" begins and ends.
	Do func(ctx context.Context, tx *Store, e Event, from string) (next string, err error)
}

// ConsumerOptions are what a host may set for a consumer.
type ConsumerOptions struct {
	Holder string        // this replica in the lease; default: a new id
	Lease  time.Duration // default: 30 seconds
	Tries  int           // after so many failures an event is parked; default: 5
}

// Consumer reads the feed of all customers and runs rules on it. Its place,
// lease and troubles are one record; the host calls [Consumer.Step] when it
// likes, from as many replicas as it likes.
type Consumer struct {
	store *Store
	name  string
	rules []Rule
	o     ConsumerOptions
}

// NewConsumer returns the consumer of that name, which is stored. A new one
// begins with the oldest event.
func NewConsumer(s *Store, name string, rules []Rule, o *ConsumerOptions) (*Consumer, error) {
	var v servicecoin.Violations
	v.ID("name", name)
	seen := map[string]bool{}
	for i, r := range rules {
		path := fmt.Sprintf("rules[%d]", i)
		v.ID(path+".name", r.Name)
		if seen[r.Name] {
			v.Add(path+".name", "duplicate", r.Name, "names two rules")
		}
		seen[r.Name] = true
		if len(r.On) == 0 {
			v.Add(path+".on", "required", "", "names the events that the rule answers")
		}
		if r.Do == nil {
			v.Add(path+".do", "required", "", "makes the effect")
		}
	}
	c := &Consumer{store: s, name: name, rules: rules}
	if o != nil {
		c.o = *o
	}
	if c.o.Lease < 0 || c.o.Tries < 0 {
		v.Add("options", "negative", "", "lease and tries are not negative")
	}
	if c.o.Holder == "" {
		c.o.Holder = s.NewID()
	}
	if c.o.Lease == 0 {
		c.o.Lease = 30 * time.Second
	}
	if c.o.Tries == 0 {
		c.o.Tries = 5
	}
	return c, v.Err()
}

// place is where a consumer stands: the stored record.
type place struct {
	Name     string    `json:"name"`
	Position Position  `json:"position"` // the last event that is done with
	Holder   string    `json:"holder,omitempty"`
	Until    time.Time `json:"until"` // end of the lease
	// The event after Position, if it is under way:
	Rule  string `json:"rule,omitempty"`  // the next rule to run; "" is the first
	From  string `json:"from,omitempty"`  // where its effect goes on
	Tries int    `json:"tries,omitempty"` // failures of that rule
	Error string `json:"error,omitempty"` // the last one
}

const consumerKind = "store.consumer"

func places(name string) Kind[place] {
	return Kind[place]{Name: consumerKind, House: house.Own(), ID: func(place) string { return name }}
}

// Stepped tells what one step did.
type Stepped struct {
	Effects  int      // effects made, or parts of them
	Skipped  int      // events that no rule answers, or whose customer is forgotten
	Parked   int      // events given up, to be looked at
	Position Position // where the consumer stands now
}

// Step works through at most limit events (1 to [MaxPage]) and returns what it
// did. It answers ErrBusy while another replica holds the lease, and the
// failure of an effect with the event's name: call again later, after Tries
// failures the event is parked and the rest goes on. Calling Step until it did
// nothing drains the feed.
func (c *Consumer) Step(ctx context.Context, limit int) (Stepped, error) {
	run := &stepping{Consumer: c, unmarked: map[servicecoin.CustomerID]bool{}}
	err := run.lease(ctx)
	if err == nil {
		err = run.work(ctx, limit)
	}
	run.done.Position = run.place.Position
	return run.done, err
}

// Release gives the lease back, so that another replica need not wait for its
// end.
func (c *Consumer) Release(ctx context.Context) error {
	_, err := c.places().Update(ctx, c.name, func(p *place) ([]Event, error) {
		if p.Holder == c.o.Holder {
			p.Holder, p.Until = "", time.Time{}
		}
		return nil, nil
	})
	if errors.Is(err, servicecoin.ErrNotFound) {
		return nil
	}
	return err
}

// Position returns where the consumer stands: the last event done with.
func (c *Consumer) Position(ctx context.Context) (Position, error) {
	p, err := c.places().Get(ctx, c.name)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return 0, nil
	}
	return p.Position, err
}

func (c *Consumer) places() Collection[place] {
	return Of(c.store.For(servicecoin.Provider), places(c.name))
}

// derived returns ids that are the same whenever an effect runs again.
func derived(parts ...string) func() string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	seed, n := h.Sum(nil), 0
	return func() string {
		n++
		return uuid.NewSHA1(uuid.Nil, append(seed, strconv.Itoa(n)...)).String()
	}
}

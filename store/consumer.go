package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/servicecoin/servicecoin"
)

// Rule turns events into effects.
type Rule struct {
	Name string   // stable: it is stored, and effect ids are derived from it
	On   []string // the names of the events that it answers

	// Do makes the effect. What it writes through tx is committed together
	// with the consumer's place in the feed: exactly once. It may run again
	// after a conflict, and then gets the same ids from tx. A call to the
	// outside is made at least once; the event's id is its idempotency key.
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
	return Kind[place]{Name: consumerKind, ID: func(place) string { return name }}
}

// Stepped tells what one step did.
type Stepped struct {
	Effects  int      // commits of effects
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
	run := &stepping{Consumer: c}
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

// stepping is one Step at work.
type stepping struct {
	*Consumer
	place place
	done  Stepped
}

// lease takes or renews the lease and reads the place.
func (s *stepping) lease(ctx context.Context) error {
	now := s.store.Now()
	renew := func(p *place) ([]Event, error) {
		if p.Holder != s.o.Holder && p.Until.After(now) {
			return nil, &servicecoin.KeyError{
				Key: s.store.For(servicecoin.Provider).Key(consumerKind, s.name),
				Err: fmt.Errorf("%w: %s holds the lease until %s", servicecoin.ErrBusy, p.Holder, p.Until.Format(time.RFC3339)),
			}
		}
		p.Holder, p.Until = s.o.Holder, now.Add(s.o.Lease)
		s.place = *p
		return nil, nil
	}
	item, err := s.places().Item(ctx, s.name)
	if errors.Is(err, servicecoin.ErrNotFound) {
		p := place{Name: s.name}
		if _, err := renew(&p); err != nil {
			return err
		}
		err := s.places().Insert(ctx, p)
		if !errors.Is(err, servicecoin.ErrExists) {
			return err
		}
	} else if err != nil {
		return err
	}
	// Half of a lease is enough to begin with; most steps need no commit.
	if p := item.Value; p.Holder == s.o.Holder && p.Until.Sub(now) > s.o.Lease/2 {
		s.place = p
		return nil
	}
	_, err = s.places().Update(ctx, s.name, renew)
	return err
}

func (s *stepping) work(ctx context.Context, limit int) error {
	page, err := s.store.Events(ctx, s.place.Position, limit)
	if err != nil {
		return err
	}
	at := s.place.Position // how far events were passed over without a commit
	for _, e := range page {
		rules := s.answering(e)
		if len(rules) == 0 {
			at = e.Position
			s.done.Skipped++
			continue
		}
		if err := s.handle(ctx, e, rules); err != nil {
			return err
		}
		at = e.Position
	}
	if at == s.place.Position {
		return nil
	}
	return s.move(ctx, func(p *place) { p.finish(at) })
}

// finish leaves the event at position behind.
func (p *place) finish(at Position) {
	p.Position, p.Rule, p.From, p.Tries, p.Error = at, "", "", 0, ""
}

// answering returns the rules that e still has to pass.
func (s *stepping) answering(e Event) []Rule {
	var rules []Rule
	for _, r := range s.rules {
		if slices.Contains(r.On, e.Name) {
			rules = append(rules, r)
		}
	}
	return rules
}

// handle runs the rules on one event, a commit each.
func (s *stepping) handle(ctx context.Context, e Event, rules []Rule) error {
	first := 0
	if s.place.Rule != "" {
		// A rule that the program no longer has leaves the event to the rest.
		first = max(0, slices.IndexFunc(rules, func(r Rule) bool { return r.Name == s.place.Rule }))
	}
	for i := first; i < len(rules); i++ {
		after := func(p *place) { p.finish(e.Position) }
		if i+1 < len(rules) {
			after = func(p *place) { p.Rule, p.From, p.Tries, p.Error = rules[i+1].Name, "", 0, "" }
		}
		for more := true; more; {
			var err error
			if more, err = s.effect(ctx, e, rules[i], after); err != nil {
				return err
			}
		}
	}
	return nil
}

// failure is an error of an effect itself, not of the store around it.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// effect runs one commit of a rule on an event and reports whether there is
// more of it.
func (s *stepping) effect(ctx context.Context, e Event, r Rule, after func(*place)) (more bool, err error) {
	from := s.place.From
	var next string
	var skipped bool
	err = s.commit(ctx, func(tx *Store, p *place) error {
		next, skipped = "", false
		gone, err := tx.erased(ctx, e)
		if err != nil {
			return err
		}
		if skipped = gone; gone {
			p.finish(e.Position)
			return nil
		}
		tx.newID = derived(e.ID, r.Name, from)
		next, err = r.Do(ctx, tx, e, from)
		if err != nil {
			return failure{err}
		}
		if next == "" {
			after(p)
		} else {
			p.From, p.Rule, p.Tries, p.Error = next, r.Name, 0, ""
		}
		return nil
	})
	switch f, failed := errors.AsType[failure](err); {
	case err == nil && skipped:
		s.done.Skipped++
		return false, nil
	case err == nil:
		s.done.Effects++
		return next != "", nil
	case failed && ctx.Err() == nil:
		return false, s.trouble(ctx, e, r, after, f.error)
	default:
		return false, err
	}
}

// trouble counts a failure, or parks the event after too many.
func (s *stepping) trouble(ctx context.Context, e Event, r Rule, after func(*place), cause error) error {
	tries := s.place.Tries + 1
	cause = fmt.Errorf("event %s (%s), rule %s, try %d of %d: %w", e.Name, e.ID, r.Name, tries, s.o.Tries, cause)
	if tries < s.o.Tries {
		err := s.move(ctx, func(p *place) { p.Rule, p.Tries, p.Error = r.Name, tries, cause.Error() })
		return errors.Join(cause, err)
	}
	err := s.commit(ctx, func(tx *Store, p *place) error {
		after(p)
		gone, err := tx.erased(ctx, e)
		if err != nil || gone {
			return err
		}
		return Of(tx.For(e.Subject.Customer), parkedEvents).Insert(ctx, Parked{
			ID: parkedID(s.name, r.Name, e.ID), Consumer: s.name, Rule: r.Name, From: s.place.From,
			Event: e, Tries: tries, Error: cause.Error(), At: s.store.Now(),
		})
	})
	if err != nil {
		return errors.Join(cause, err)
	}
	s.store.log.WarnContext(ctx, "event parked", "consumer", s.name, "rule", r.Name, "event", e.ID, "name", e.Name, "cause", cause.Error())
	s.done.Parked++
	return nil
}

func (s *stepping) move(ctx context.Context, change func(*place)) error {
	return s.commit(ctx, func(_ *Store, p *place) error {
		change(p)
		return nil
	})
}

// commit runs fn in a unit that also stores the consumer's place, if this
// replica still holds the lease and stands where it thinks it stands.
func (s *stepping) commit(ctx context.Context, fn func(tx *Store, p *place) error) error {
	var now place
	err := s.store.Do(ctx, func(tx *Store) error {
		_, err := Of(tx.For(servicecoin.Provider), places(s.name)).Update(ctx, s.name, func(p *place) ([]Event, error) {
			if p.Holder != s.o.Holder || p.Position != s.place.Position || p.Rule != s.place.Rule || p.From != s.place.From {
				return nil, fmt.Errorf("%w: consumer %s was taken over by %s", servicecoin.ErrBusy, s.name, p.Holder)
			}
			if err := fn(tx, p); err != nil {
				return nil, err
			}
			p.Until = s.store.Now().Add(s.o.Lease)
			now = *p
			return nil, nil
		})
		return err
	})
	if err == nil {
		s.place = now
	}
	return err
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

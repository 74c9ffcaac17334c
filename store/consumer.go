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
)

// ConsumerOptions are what a host may set for a consumer.
type ConsumerOptions struct {
	Holder string        // this replica in the lease; default: a new id
	Lease  time.Duration // stored with the lease, which holds for no longer by any reader's clock; default: 30 seconds
	Tries  int           // after so many failures an event is parked; default: 5

	// Backoff says how long to wait after so many failures of an effect, from
	// 1; default: [Backoff]. Zero or less is at once.
	Backoff func(failures int) time.Duration

	// Overlap is how long a rule that a replica does not have is taken for one
	// that another replica has: see [Consumer]. Default: 24 hours.
	Overlap time.Duration
}

// Backoff is how long a consumer waits after so many failures of an effect, if
// nothing else is set: a second, four, 16, 64 and then five minutes.
func Backoff(failures int) time.Duration {
	const most = 5 * time.Minute
	if failures > 4 {
		return most
	}
	return time.Second << (2 * max(failures-1, 0))
}

// AtOnce is a backoff without a pause, for tests and clocks that stand still.
func AtOnce(int) time.Duration { return 0 }

// Consumer reads the feed of all customers and runs rules on it. Its bookmark,
// lease and troubles are one record; the host calls [Consumer.Step] or
// [Consumer.Drain] when it likes, from as many replicas as it likes.
//
// # The rules change
//
// Which rules are done with an event is kept by name, and so is the progress of
// one. A list that is reordered, loses or gains rules or has renamed ones
// (Rule.Was) therefore goes on in the middle of an event: no rule answers it
// twice. A new rule answers the events that are not done with when it comes.
//
// Replicas of two releases may run side by side. A replica that lacks a rule
// which another one had during the last [ConsumerOptions].Overlap parks what
// that rule would have answered, and goes on; so it does with the progress of a
// rule that it lacks, however long ago. Who has the rule makes up for it,
// before anything else. If nobody does, because the rule is gone for good, the
// parked events wait to be looked at: [Consumer.Retry] refuses them by the
// rule's name, [Consumer.Discard] removes them.
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
	v.Merge("", s.err())
	v.ID("name", name)
	checkRules(&v, rules)
	c := &Consumer{store: s, name: name, rules: rules}
	if o != nil {
		c.o = *o
	}
	if c.o.Lease < 0 || c.o.Tries < 0 || c.o.Overlap < 0 {
		v.Add("options", "negative", "", "lease, tries and overlap are not negative")
	}
	if len(c.o.Holder) > servicecoin.MaxIDBytes {
		v.ID("options.holder", c.o.Holder)
	}
	if err := v.Err(); err != nil {
		return nil, err
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
	if c.o.Backoff == nil {
		c.o.Backoff = Backoff
	}
	if c.o.Overlap == 0 {
		c.o.Overlap = 24 * time.Hour
	}
	return c, nil
}

// checkRules adds what is wrong with a consumer's list of rules.
func checkRules(v *servicecoin.Violations, rules []Rule) {
	if !v.Limit("rules", len(rules), MaxRules) {
		return
	}
	names := 0
	for i, r := range rules {
		names += len(r.On) + len(r.Was)
		if names > MaxEvents {
			v.Add(fmt.Sprintf("rules[%d]", i), "too-many", r.Name, fmt.Sprintf("the rules up to this one have more than %d names of events and of earlier rules, together", MaxEvents))
			return
		}
	}
	seen := map[string]bool{}
	for i, r := range rules {
		path := fmt.Sprintf("rules[%d]", i)
		once := func(path, name string) {
			v.ID(path, name)
			if seen[name] {
				v.Add(path, "duplicate", name, "names two rules")
			}
			seen[name] = true
		}
		once(path+".name", r.Name)
		for n, name := range r.Was {
			once(fmt.Sprintf("%s.was[%d]", path, n), name)
		}
		if len(r.On) == 0 {
			v.Add(path+".on", "required", "", "names the events that the rule answers")
		}
		for n, name := range r.On {
			v.ID(fmt.Sprintf("%s.on[%d]", path, n), name)
		}
		if r.Do == nil {
			v.Add(path+".do", "required", "", "makes the effect")
		}
	}
}

// Stepped tells what one step did.
type Stepped struct {
	Effects  int      // effects made, or parts of them
	Skipped  int      // events that no rule answers, or whose customer is forgotten
	Parked   int      // events given up, or left to a rule that this replica lacks
	Position Position // where the consumer stands now
}

// idle reports whether nothing was done: the feed is dry.
func (s Stepped) idle() bool { return s.Effects+s.Skipped+s.Parked == 0 }

// Step works through at most limit events (1 to [MaxPage]) and returns what it
// did. It answers ErrBusy while another replica holds the lease, and an
// [*EffectError] when an effect fails: call again later, after Tries failures
// the event is parked and the rest goes on. Until the time of the next try,
// which stands in that error, each Step answers it again, and does nothing: by
// the clock of the store, so that with a clock that stands still it answers so
// for ever, and its error says until when ([AtOnce] has no pauses). Calling Step
// until it did nothing drains the feed.
func (c *Consumer) Step(ctx context.Context, limit int) (Stepped, error) {
	run := &stepping{Consumer: c, unmarked: map[servicecoin.CustomerID]bool{}}
	err := run.lease(ctx)
	if err == nil {
		err = run.waits()
	}
	if err == nil {
		err = run.makeUp(ctx, limit)
	}
	if err == nil && (run.done.Effects == 0 || run.done.Effects < limit) {
		err = run.work(ctx, limit-run.done.Effects)
	}
	run.done.Position = run.bookmark.Position
	return run.done, err
}

// Drain calls [Consumer.Step] until the feed is dry, and returns what was done
// in all. It tries an effect that failed again at once where there is no pause
// between tries, and otherwise answers the [*EffectError] that says when; it
// answers ErrBusy while another replica holds the lease. In both cases what was
// done until then is returned beside the error.
func (c *Consumer) Drain(ctx context.Context) (Stepped, error) {
	const page = 200
	var all Stepped
	for {
		done, err := c.Step(ctx, page)
		all.Effects += done.Effects
		all.Skipped += done.Skipped
		all.Parked += done.Parked
		all.Position = max(all.Position, done.Position)
		if e, ok := errors.AsType[*EffectError](err); ok && e.counted && e.Next.IsZero() && ctx.Err() == nil {
			continue
		}
		if err != nil || done.idle() {
			return all, err
		}
	}
}

// Position returns where the consumer stands: the last event done with.
func (c *Consumer) Position(ctx context.Context) (Position, error) {
	p, err := c.bookmarks().Get(ctx, c.name)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return 0, nil
	}
	return p.Position, err
}

func (c *Consumer) bookmarks() Collection[bookmark] {
	return Of(c.store.For(servicecoin.Provider), bookmarks(c.name))
}

// derived returns a source of ids that follow from parts alone: an effect that
// runs again gets the same ones.
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

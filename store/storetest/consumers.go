package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

func consumerCases() []Case {
	return []Case{
		{Name: "consumer/exactly once", Sentence: "Every event has its stored effect exactly once, in order, whatever fails in between.", Run: caseExactlyOnce},
		{Name: "consumer/crash", Sentence: "A crash between the effect and the cursor leaves neither or both.", Run: caseConsumerCrash},
		{Name: "consumer/lease", Sentence: "While one replica holds the lease, another one of the same name answers ErrBusy; it takes over when the lease ends or is released.", Run: caseLease},
		{Name: "consumer/racing", Sentence: "Two replicas of one name that run at once make each effect once.", Run: caseRacing},
		{Name: "consumer/poison", Sentence: "An event that fails again and again is parked as a record, the rest goes on, and it can be retried.", Run: casePoison},
		{Name: "consumer/emits", Sentence: "An effect that records an event has it consumed in turn.", Run: caseEmits},
		{Name: "consumer/forgotten", Sentence: "An event of a customer that was forgotten meanwhile has no effect.", Run: caseForgottenEvent},
		{Name: "consumer/idle", Sentence: "A thousand events that no rule answers move the cursor in one commit.", Run: caseIdle},
		{Name: "consumer/together", Sentence: "Effects of several events share a commit; those before a failing one are stored without it.", Run: caseTogether},
		{Name: "consumer/refused", Sentence: "An event whose effect the store refuses is parked like one that fails, the rest goes on.", Run: caseRefused},
		{Name: "consumer/parts", Sentence: "An effect too large for one commit goes on in parts, each once, from where it was.", Run: caseParts},
	}
}

// clock is a time that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// counting is a rule that counts its effects in a record for each event.
func counting(name string, on ...string) store.Rule {
	return store.Rule{Name: name, On: on, Do: func(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
		c := store.Of(tx.For(e.Subject.Customer), notes())
		id := name + e.ID
		_, err := c.Update(ctx, id, func(n *note) ([]store.Event, error) { n.N++; return nil, nil })
		if errors.Is(err, servicecoin.ErrNotFound) {
			err = c.Insert(ctx, note{ID: id, Author: tx.NewID(), N: 1})
		}
		return "", err
	}}
}

func consumer(t testing.TB, s *store.Store, o *store.ConsumerOptions, rules ...store.Rule) *store.Consumer {
	t.Helper()
	c, err := store.NewConsumer(s, "exchange", rules, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func record(t testing.TB, s *store.Store, name string, n int) {
	t.Helper()
	for i := range n {
		e := happened(acme, name+number(i))
		e.Name = name
		if err := s.For(acme).Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

// drain steps until nothing is left, through the errors that are expected.
func drain(t testing.TB, c *store.Consumer, expected ...error) (done store.Stepped) {
	t.Helper()
steps:
	for range 200 {
		d, err := c.Step(t.Context(), 100)
		done.Effects += d.Effects
		done.Skipped += d.Skipped
		done.Parked += d.Parked
		done.Position = d.Position
		for _, want := range expected {
			if errors.Is(err, want) {
				continue steps
			}
		}
		if err != nil {
			t.Fatalf("step: %v", err)
		}
		if d.Effects+d.Skipped+d.Parked == 0 {
			return done
		}
	}
	t.Fatal("the feed does not drain")
	return done
}

// counts returns how often each effect was made.
func counts(t testing.TB, s *store.Store) map[string]int {
	t.Helper()
	m := map[string]int{}
	for n, err := range store.Of(s.For(acme), notes()).Find(store.All()).All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		m[n.ID] = n.N
	}
	return m
}

func eachOnce(t testing.TB, s *store.Store, want int) {
	t.Helper()
	m := counts(t, s)
	equal(t, "effects", len(m), want)
	for id, n := range m {
		if n != 1 {
			t.Errorf("effect %s was made %d times", id, n)
		}
	}
}

func caseExactlyOnce(t testing.TB, h Harness) {
	b := NewFaults(h.Open(t))
	s := store.New(b, nil)
	record(t, s, "thing.done", 10)
	record(t, s, "thing.other", 10)
	c := consumer(t, s, nil, counting("one", "thing.done"), counting("two", "thing.done", "thing.none"))
	b.Script(Pass, Before, After, Conflict, Pass, After, Before, Conflict, Conflict, After, Pass, Before)
	done := drain(t, c, ErrFault)
	eachOnce(t, s, 20)
	if events, err := s.Events(t.Context(), 0, 100); err != nil || done.Position != events[len(events)-1].Position {
		t.Errorf("stands at %d (%v)", done.Position, err)
	}
	if d, err := c.Step(t.Context(), 100); err != nil || d.Effects+d.Skipped != 0 {
		t.Errorf("a step with nothing to do: %+v (%v)", d, err)
	}
}

func caseConsumerCrash(t testing.TB, h Harness) {
	for _, fault := range []Fault{Before, After} {
		b := NewFaults(h.Open(t))
		s := store.New(b, nil)
		record(t, s, "thing.done", 1)
		c := consumer(t, s, &store.ConsumerOptions{Holder: "a"}, counting("one", "thing.done"))
		fill(t, store.Of(s.For(globex), notes()), 1) // the kind is known, so that the next commits are the consumer's own
		b.Script(Pass, fault)                        // the lease; the effect, at which the process dies
		if _, err := c.Step(t.Context(), 10); !errors.Is(err, ErrFault) {
			t.Fatalf("got %v, want the fault", err)
		}
		effects := len(counts(t, s))
		at, err := consumer(t, s, nil, counting("one", "thing.done")).Position(t.Context())
		if err != nil || (effects == 1) != (at > 0) {
			t.Errorf("after the crash: %d effects, cursor at %d (%v)", effects, at, err)
		}
		drain(t, consumer(t, store.New(b, nil), &store.ConsumerOptions{Holder: "a"}, counting("one", "thing.done")))
		eachOnce(t, s, 1)
	}
}

func caseLease(t testing.TB, h Harness) {
	b, clock := h.Open(t), newClock()
	s := store.New(b, &store.Options{Now: clock.Now})
	record(t, s, "thing.done", 3)
	rule := counting("one", "thing.done")
	a := consumer(t, s, &store.ConsumerOptions{Holder: "a", Lease: time.Minute}, rule)
	z := consumer(t, s, &store.ConsumerOptions{Holder: "z", Lease: time.Minute}, rule)
	if _, err := a.Step(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if d, err := z.Step(t.Context(), 1); !errors.Is(err, servicecoin.ErrBusy) || d.Effects != 0 {
			t.Errorf("the second replica: %+v, %v; want ErrBusy", d, err)
		}
		clock.Add(29 * time.Second)
	}
	clock.Add(3 * time.Second)
	if d, err := z.Step(t.Context(), 1); err != nil || d.Effects != 1 {
		t.Errorf("after the lease has ended: %+v (%v)", d, err)
	}
	if _, err := a.Step(t.Context(), 1); !errors.Is(err, servicecoin.ErrBusy) {
		t.Errorf("the first replica comes back: %v, want ErrBusy", err)
	}
	if err := z.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d, err := a.Step(t.Context(), 1); err != nil || d.Effects != 1 {
		t.Errorf("after the release: %+v (%v)", d, err)
	}
	eachOnce(t, s, 3)
}

func caseRacing(t testing.TB, h Harness) {
	b, clock := h.Open(t), newClock()
	s := store.New(b, &store.Options{Now: clock.Now})
	record(t, s, "thing.done", 30)
	var outward atomic.Int32
	rule := counting("one", "thing.done")
	do := rule.Do
	rule.Do = func(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
		if outward.Add(1)%3 == 0 {
			clock.Add(2 * time.Second) // a slow effect: the lease ends under it
		}
		return do(ctx, tx, e, from)
	}
	together(4, func(i int) {
		c, err := store.NewConsumer(store.New(b, &store.Options{Now: clock.Now}), "exchange", []store.Rule{rule}, &store.ConsumerOptions{Holder: number(i), Lease: time.Second})
		if err != nil {
			t.Error(err)
			return
		}
		for range 60 {
			_, err := c.Step(t.Context(), 3)
			if err != nil && !errors.Is(err, servicecoin.ErrBusy) && !errors.Is(err, servicecoin.ErrConflict) {
				t.Errorf("step: %v", err)
				return
			}
			clock.Add(300 * time.Millisecond)
		}
	})
	clock.Add(time.Hour)
	drain(t, consumer(t, s, nil, rule))
	eachOnce(t, s, 30)
}

func casePoison(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	record(t, s, "thing.done", 5)
	bad := errors.New("cannot digest")
	healed := false
	rule := counting("one", "thing.done")
	do, tries := rule.Do, 0
	rule.Do = func(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
		if e.ID == "thing.done0002" && !healed {
			tries++
			return "", bad
		}
		return do(ctx, tx, e, from)
	}
	c := consumer(t, s, &store.ConsumerOptions{Tries: 3, Backoff: store.AtOnce}, rule, counting("two", "thing.done"))
	done := drain(t, c, bad)
	equal(t, "parked", done.Parked, 1)
	equal(t, "tries", tries, 3)
	eachOnce(t, s, 9)
	var key store.Key
	for item, err := range c.Parked().Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		p := item.Value
		if p.Event.ID != "thing.done0002" || p.Rule != "one" || p.Tries != 3 || item.Key.Customer != acme {
			t.Errorf("parked: %+v", item)
		}
		key = item.Key
	}
	if err := c.Retry(t.Context(), key); !errors.Is(err, bad) {
		t.Errorf("retry: %v", err)
	}
	healed = true
	if err := c.Retry(t.Context(), key); err != nil {
		t.Error(err)
	}
	eachOnce(t, s, 10)
	for item, err := range c.Parked().Items(t.Context()) {
		t.Errorf("still parked: %v (%v)", item.Key, err)
	}
	if err := c.Retry(t.Context(), key); !errors.Is(err, servicecoin.ErrNotFound) {
		t.Errorf("retry of what is done: %v", err)
	}
}

func caseEmits(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	record(t, s, "thing.done", 3)
	chain := store.Rule{Name: "chain", On: []string{"thing.done"}, Do: func(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
		return "", tx.For(acme).Record(ctx, store.Event{Name: "thing.followed", Subject: e.Subject, Actor: actor()})
	}}
	done := drain(t, consumer(t, s, nil, chain, counting("one", "thing.followed")))
	eachOnce(t, s, 3)
	equal(t, "effects", done.Effects, 6)
	events, err := s.For(acme).Events(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range events {
		seen[e.ID] = true
	}
	equal(t, "different event ids", len(seen), 6)
}

func caseForgottenEvent(t testing.TB, h Harness) {
	b := NewFaults(h.Open(t))
	s := store.New(b, nil)
	record(t, s, "thing.done", 40)
	fill(t, store.Of(s.For(globex), notes()), 1)
	forget := true
	rule := counting("one", "thing.done")
	do := rule.Do
	rule.Do = func(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
		if forget && e.ID == "thing.done0030" { // after the event was read and the mark looked up, before the effect is committed
			forget = false
			if err := s.Forget(ctx, actor(), acme); err != nil {
				return "", err
			}
		}
		return do(ctx, tx, e, from)
	}
	c := consumer(t, s, nil, rule)
	drain(t, c)
	equal(t, "records of the forgotten customer", len(counts(t, s)), 0)
	record(t, s, "thing.done", 1) // it comes back, with an event id that was there before
	drain(t, c)
	eachOnce(t, s, 1)
}

func caseTogether(t testing.TB, h Harness) {
	b := NewFaults(h.Open(t))
	s := store.New(b, nil)
	record(t, s, "thing.done", 12)
	fill(t, store.Of(s.For(globex), notes()), 1)
	bad := errors.New("not yet")
	fails := true
	rule := counting("one", "thing.done")
	do := rule.Do
	rule.Do = func(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
		if fails && e.ID == "thing.done0009" {
			return "", bad
		}
		return do(ctx, tx, e, from)
	}
	c := consumer(t, s, &store.ConsumerOptions{Backoff: store.AtOnce}, rule)
	if _, err := c.Step(t.Context(), 1); err != nil { // takes the lease
		t.Fatal(err)
	}
	b.Commits()
	d, err := c.Step(t.Context(), 100)
	if !errors.Is(err, bad) || d.Effects != 8 {
		t.Errorf("up to the one that fails: %+v (%v)", d, err)
	}
	eachOnce(t, s, 9)
	if n := b.Commits(); n > 6 { // a slow machine may part the eight
		t.Errorf("%d commits of eight effects and a failure", n)
	}
	fails = false
	if d, err := c.Step(t.Context(), 100); err != nil || d.Effects != 3 {
		t.Errorf("the rest: %+v (%v)", d, err)
	}
	eachOnce(t, s, 12)
}

func caseRefused(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	record(t, s, "thing.done", 6)
	rule := counting("one", "thing.done")
	do := rule.Do
	rule.Do = func(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
		c := store.Of(tx.For(e.Subject.Customer), notes())
		switch e.ID {
		case "thing.done0002": // of which there is one
			return "", c.Insert(ctx, note{ID: "one" + "thing.done0000"})
		case "thing.done0004": // one commit cannot hold it
			for i := range store.MaxParts + 1 {
				if err := c.Insert(ctx, note{ID: "many" + number(i)}); err != nil {
					return "", err
				}
			}
			return "", nil
		}
		return do(ctx, tx, e, from)
	}
	c := consumer(t, s, &store.ConsumerOptions{Tries: 2, Backoff: store.AtOnce}, rule)
	done := drain(t, c, servicecoin.ErrExists, servicecoin.ErrInvalid)
	equal(t, "parked", done.Parked, 2)
	eachOnce(t, s, 4)
	var parked []string
	for item, err := range c.Parked().Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		parked = append(parked, item.Value.Event.ID)
	}
	slices.Sort(parked)
	equal(t, "parked events", strings.Join(parked, " "), "thing.done0002 thing.done0004")
}

func caseIdle(t testing.TB, h Harness) {
	b := NewFaults(h.Open(t))
	s := store.New(b, nil)
	const n, batch = 1000, store.MaxParts
	for i := range n / batch {
		var events []store.Event
		for j := range batch {
			events = append(events, happened(acme, number(i*batch+j)))
		}
		if err := s.For(acme).Record(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
	}
	c := consumer(t, s, nil, counting("one", "thing.done"))
	if _, err := c.Step(t.Context(), 1); err != nil { // takes the lease
		t.Fatal(err)
	}
	b.Commits()
	d, err := c.Step(t.Context(), n)
	if err != nil || d.Skipped != n-1 {
		t.Errorf("skipped %d (%v)", d.Skipped, err)
	}
	equal(t, "commits", b.Commits(), 1)
	if _, err := c.Step(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	equal(t, "commits of a step with nothing to do", b.Commits(), 0)
}

func caseParts(t testing.TB, h Harness) {
	b := NewFaults(h.Open(t))
	s := store.New(b, nil)
	record(t, s, "thing.done", 2)
	next := map[string]string{"": "b", "b": "c", "c": ""}
	bad := errors.New("not now")
	failures := 2
	rule := store.Rule{Name: "parts", On: []string{"thing.done"}, Do: func(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
		if from == "c" && failures > 0 {
			failures--
			return "", bad
		}
		_, err := counting("part"+from, "thing.done").Do(ctx, tx, e, from)
		return next[from], err
	}}
	c := consumer(t, s, &store.ConsumerOptions{Backoff: store.AtOnce}, rule)
	b.Script(Pass, Pass, Pass, After, Before, After)
	drain(t, c, bad, ErrFault)
	eachOnce(t, s, 6)
}

package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

func standingCases() []Case {
	return []Case{
		{Name: "consumer/fast clock", Sentence: "No lease holds for longer than it was given for, by the reader's own clock; effects are made once all the same.", Run: caseFastClock},
		{Name: "consumer/length of a lease", Sentence: "How long a lease holds is what its holder asked for, not what the reader would.", Run: caseLeaseLength},
		{Name: "consumer/backoff", Sentence: "Between the tries of an effect lies the backoff; until then a step does nothing and says when it goes on.", Run: caseBackoff},
		{Name: "consumer/drain", Sentence: "Drain works until the feed is dry and tells what it did, with an error too.", Run: caseDrain},
		{Name: "consumer/break", Sentence: "A lease is broken by its holder's name, and an event tells who did it and why.", Run: caseBreak},
		{Name: "consumer/health", Sentence: "Health tells the place, what waits and for how long, what is parked or in trouble, and who holds the lease.", Run: caseHealth},
	}
}

// replica is a consumer whose clock is ahead of the right one.
func replica(t testing.TB, b store.Backend, right *clock, ahead time.Duration, o store.ConsumerOptions, rules ...store.Rule) *store.Consumer {
	t.Helper()
	return consumer(t, store.New(b, &store.Options{Now: func() time.Time { return right.Now().Add(ahead) }}), &o, rules...)
}

func caseFastClock(t testing.TB, h Harness) {
	for _, ahead := range []time.Duration{time.Minute, time.Hour, -time.Hour} {
		b, right := h.Open(t), newClock()
		s := store.New(b, &store.Options{Now: right.Now})
		record(t, s, "thing.done", 40)
		rule := counting("one", "thing.done")
		a := replica(t, b, right, 0, store.ConsumerOptions{Holder: "a"}, rule)
		z := replica(t, b, right, ahead, store.ConsumerOptions{Holder: "z"}, rule)
		for range 20 { // in turn, whoever gets the lease
			for _, c := range []*store.Consumer{a, z} {
				if _, err := c.Step(t.Context(), 1); err != nil && !errors.Is(err, servicecoin.ErrBusy) {
					t.Fatal(err)
				}
			}
			right.Add(time.Second)
		}
		right.Add(time.Minute)
		if _, err := z.Step(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		// z is gone
		for _, later := range []time.Duration{31 * time.Second, 29 * time.Minute, 29 * time.Minute, 3 * time.Minute} {
			right.Add(later)
			if _, err := a.Step(t.Context(), 1); err != nil {
				t.Errorf("%v ahead, after %v: %v", ahead, later, err)
			}
			if err := a.Release(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := z.Step(t.Context(), 1); err != nil {
				t.Errorf("%v ahead, after %v: %v", ahead, later, err)
			}
		}
		right.Add(2 * time.Hour)
		drain(t, a)
		eachOnce(t, s, 40)
	}
}

func caseLeaseLength(t testing.TB, h Harness) {
	b, right := h.Open(t), newClock()
	record(t, store.New(b, &store.Options{Now: right.Now}), "thing.done", 4)
	rule := counting("one", "thing.done")
	long := replica(t, b, right, 0, store.ConsumerOptions{Holder: "long", Lease: 10 * time.Minute}, rule)
	short := replica(t, b, right, 0, store.ConsumerOptions{Holder: "short", Lease: 10 * time.Second}, rule)
	if _, err := long.Step(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for range 9 {
		right.Add(time.Minute)
		if _, err := short.Step(t.Context(), 1); !errors.Is(err, servicecoin.ErrBusy) {
			t.Fatalf("a lease of ten minutes: %v, want ErrBusy", err)
		}
	}
	right.Add(time.Minute)
	if _, err := short.Step(t.Context(), 1); err != nil {
		t.Errorf("after ten minutes: %v", err)
	}
}

func caseBackoff(t testing.TB, h Harness) {
	b, right := h.Open(t), newClock()
	s := store.New(b, &store.Options{Now: right.Now})
	record(t, s, "thing.done", 2)
	bad, tries := errors.New("cannot digest"), 0
	rule := store.Rule{Name: "one", On: []string{"thing.done"}, Do: func(_ context.Context, _ *store.Store, e store.Event, _ string) (string, error) {
		if e.ID == "thing.done0000" {
			tries++
			return "", bad
		}
		return "", nil
	}}
	a := replica(t, b, right, 0, store.ConsumerOptions{Holder: "a", Tries: 4}, rule)
	z := replica(t, b, right, -time.Hour, store.ConsumerOptions{Holder: "z", Tries: 4}, rule) // its clock is behind
	want := 0
	for _, wait := range []time.Duration{time.Second, 4 * time.Second, 16 * time.Second} {
		d, err := a.Step(t.Context(), 10)
		want++
		e, ok := errors.AsType[*store.EffectError](err)
		if !ok || !errors.Is(err, bad) || !servicecoin.Retryable(err) || servicecoin.MayHaveHappened(err) || d.Effects != 0 {
			t.Fatalf("try %d: %+v, %v", want, d, err)
		}
		if next := right.Now().Add(wait); !e.Next.Equal(next) || e.Failures != want || e.Rule != "one" || e.Event.ID != "thing.done0000" {
			t.Errorf("try %d: %+v, want the next one at %v", want, e, next)
		}
		for range 3 { // a clock that stands still
			d, err := a.Step(t.Context(), 10)
			again, ok := errors.AsType[*store.EffectError](err)
			if !ok || !errors.Is(err, servicecoin.ErrBusy) || !again.Next.Equal(e.Next) || again.Event.ID != "thing.done0000" || !strings.Contains(err.Error(), bad.Error()) || d.Effects+d.Skipped+d.Parked != 0 {
				t.Fatalf("while it waits: %+v, %v", d, err)
			}
			if _, err := a.Drain(t.Context()); !errors.Is(err, servicecoin.ErrBusy) || !strings.Contains(err.Error(), e.Next.Format(time.RFC3339)) {
				t.Fatalf("Drain while it waits: %v", err)
			}
		}
		equal(t, "tries", tries, want)
		right.Add(wait)
	}
	if err := a.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d, err := z.Step(t.Context(), 10); err != nil || d.Parked != 1 || d.Effects != 1 {
		t.Errorf("for a clock that is behind no wait is longer than it was: %+v, %v", d, err)
	}
	equal(t, "tries", tries, 4)
}

func caseDrain(t testing.TB, h Harness) {
	s := store.New(h.Open(t), &store.Options{Now: newClock().Now})
	record(t, s, "thing.done", 300)
	record(t, s, "thing.other", 5)
	bad, fails := errors.New("not now"), 0
	rule := counting("one", "thing.done")
	do := rule.Do
	rule.Do = func(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
		if e.ID == "thing.done0250" && fails > 0 {
			fails--
			return "", bad
		}
		return do(ctx, tx, e, from)
	}
	fails = 1
	c := consumer(t, s, &store.ConsumerOptions{Holder: "one"}, rule)
	done, err := c.Drain(t.Context())
	if !errors.Is(err, bad) || done.Effects != 250 {
		t.Errorf("up to the one that fails: %+v, %v", done, err)
	}
	fails = 2
	c = consumer(t, s, &store.ConsumerOptions{Holder: "other", Backoff: store.AtOnce}, rule)
	if done, err := c.Drain(t.Context()); !errors.Is(err, servicecoin.ErrBusy) || done.Effects != 0 {
		t.Errorf("while another one holds the lease: %+v, %v", done, err)
	}
	other := consumer(t, store.New(h.Open(t), nil), nil, rule)
	if done, err := other.Drain(t.Context()); err != nil || done != (store.Stepped{}) {
		t.Errorf("nothing to drain: %+v, %v", done, err)
	}
	s = store.New(backendOf(t, h, 20), nil)
	fails = 0
	done, err = consumer(t, s, nil, rule).Drain(t.Context())
	if err != nil || done.Effects != 20 || done.Position == 0 {
		t.Errorf("all of it: %+v, %v", done, err)
	}
	eachOnce(t, s, 20)
}

// backendOf is a backend in which so many things were done.
func backendOf(t testing.TB, h Harness, n int) store.Backend {
	t.Helper()
	b := h.Open(t)
	record(t, store.New(b, nil), "thing.done", n)
	return b
}

func caseBreak(t testing.TB, h Harness) {
	b, right := h.Open(t), newClock()
	s := store.New(b, &store.Options{Now: right.Now})
	record(t, s, "thing.done", 3)
	rule := counting("one", "thing.done")
	a := replica(t, b, right, 0, store.ConsumerOptions{Holder: "a"}, rule)
	z := replica(t, b, right, 0, store.ConsumerOptions{Holder: "z"}, rule)
	if err := z.Break(t.Context(), actor(), "a", "hangs"); !errors.Is(err, servicecoin.ErrNotFound) {
		t.Errorf("before anybody stepped: %v, want ErrNotFound", err)
	}
	if _, err := a.Step(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := z.Break(t.Context(), actor(), "b", "hangs"); !errors.Is(err, servicecoin.ErrRefused) || !strings.Contains(err.Error(), "a does") {
		t.Errorf("somebody else's lease: %v, want ErrRefused", err)
	}
	if err := z.Break(t.Context(), servicecoin.Actor{}, "a", " "); !errors.Is(err, servicecoin.ErrInvalid) {
		t.Errorf("by nobody, for nothing: %v, want ErrInvalid", err)
	}
	inside := store.Rule{Name: "one", On: rule.On, Do: func(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
		if err := z.Break(ctx, actor(), "a", "hangs"); err != nil {
			t.Errorf("break: %v", err)
		}
		return rule.Do(ctx, tx, e, from)
	}}
	right.Add(time.Second)
	broken := replica(t, b, right, 0, store.ConsumerOptions{Holder: "a"}, inside)
	if d, err := broken.Step(t.Context(), 1); !errors.Is(err, servicecoin.ErrBusy) || d.Effects != 0 {
		t.Errorf("the holder of a broken lease: %+v, %v; want ErrBusy", d, err)
	}
	if d, err := z.Step(t.Context(), 10); err != nil || d.Effects != 2 {
		t.Errorf("after the lease was broken: %+v, %v", d, err)
	}
	eachOnce(t, s, 3)
	events, err := s.For(servicecoin.Provider).Events(t.Context(), 0, 10)
	if err != nil || len(events) != 1 || events[0].Name != store.LeaseBroken || events[0].Actor != actor() {
		t.Fatalf("the event: %+v (%v)", events, err)
	}
	told, err := store.Payload[store.BrokenLease](events[0])
	if err != nil || told.Holder != "a" || told.Consumer != "exchange" || told.Why != "hangs" || told.Until.IsZero() {
		t.Errorf("it tells %+v (%v)", told, err)
	}
}

func caseHealth(t testing.TB, h Harness) {
	b, right := h.Open(t), newClock()
	s := store.New(b, &store.Options{Now: right.Now})
	bad := errors.New("cannot digest")
	rule := counting("one", "thing.done")
	do := rule.Do
	rule.Do = func(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
		if e.ID == "thing.done0003" || e.ID == "thing.done0007" {
			return "", bad
		}
		return do(ctx, tx, e, from)
	}
	c := consumer(t, s, &store.ConsumerOptions{Holder: "a", Tries: 2}, rule)
	look := func() store.Health {
		got, err := c.Health(t.Context())
		if err != nil || got.Consumer != "exchange" || !got.At.Equal(right.Now()) {
			t.Fatalf("health: %+v (%v)", got, err)
		}
		return got
	}
	if got := look(); got.Waiting.N != 0 || got.Holder != "" || !got.Since.IsZero() || got.Lag != 0 || got.Trouble != nil {
		t.Errorf("before anything: %+v", got)
	}
	begun := right.Now()
	for i := range store.MaxCounted + 10 {
		e := happened(acme, "thing.done"+number(i))
		e.Name, e.At = "thing.done", begun.Add(time.Duration(i)*time.Second)
		if err := s.For(acme).Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	right.Add(time.Hour)
	if got := look(); got.Waiting != (store.Count{N: store.MaxCounted, More: true}) || got.Lag != time.Hour || !got.Since.Equal(begun) || got.Position != 0 {
		t.Errorf("all waits: %+v", got)
	}
	if _, err := c.Step(t.Context(), 100); !errors.Is(err, bad) {
		t.Fatal(err)
	}
	got := look()
	if got.Trouble == nil || got.Trouble.Event.ID != "thing.done0003" || got.Trouble.Failures != 1 || !got.Trouble.Next.Equal(right.Now().Add(time.Second)) ||
		!strings.Contains(got.Trouble.Error(), bad.Error()) || got.Trouble.Rule != "one" {
		t.Errorf("in trouble: %+v", got.Trouble)
	}
	if got.Holder != "a" || !got.Until.Equal(right.Now().Add(30*time.Second)) || got.Waiting.N != store.MaxCounted || !got.Waiting.More {
		t.Errorf("in trouble: %+v", got)
	}
	right.Add(time.Second)
	if _, err := c.Step(t.Context(), 7); !errors.Is(err, bad) { // parks one, and meets the next
		t.Fatal(err)
	}
	if got := look(); got.Parked.N != 1 || got.Waiting != (store.Count{N: store.MaxCounted, More: true}) || got.Lag != right.Now().Sub(begun.Add(7*time.Second)) {
		t.Errorf("one parked: %+v", got)
	}
	right.Add(time.Minute)
	drain(t, c)
	if err := c.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	events, err := s.Events(t.Context(), 0, store.MaxPage)
	if got := look(); err != nil || got.Parked != (store.Count{N: 2}) || got.Waiting.N != 0 || got.Holder != "" || got.Trouble != nil || got.Lag != 0 || got.Position != events[len(events)-1].Position {
		t.Errorf("at the end: %+v (%v)", got, err)
	}
}

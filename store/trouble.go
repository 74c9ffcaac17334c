package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
)

// EffectError says that an effect of a [Consumer] failed, or waits for its next
// try. Nothing of the effect is stored. It wraps what the rule answered, and
// while it waits it is an ErrBusy: the same call succeeds later, perhaps.
type EffectError struct {
	Consumer string
	Rule     string
	Event    Event // while it waits only id, name and position are known
	Failures int
	Tries    int       // after so many failures the event is parked
	Next     time.Time // when it is tried again, by the store's clock; zero: at the next call
	Err      error     // the last failure

	counted bool
}

// Error names the event, the rule, the failure and the time of the next try.
func (e *EffectError) Error() string {
	text := fmt.Sprintf("event %s (%s), rule %s, try %d of %d: %v", e.Event.Name, e.Event.ID, e.Rule, e.Failures, e.Tries, e.Err)
	if !e.Next.IsZero() {
		text += "; tried again at " + e.Next.Format(time.RFC3339)
	}
	return text
}

// Unwrap returns Err.
func (e *EffectError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrBusy) true while the effect waits.
func (e *EffectError) Is(target error) bool { return target == servicecoin.ErrBusy && !e.Next.IsZero() }

// waits answers the failure of the effect under way if its next try has yet to
// come.
func (s *stepping) waits() error {
	if e := s.troubleOf(&s.bookmark, s.store.Now()); s.bookmark.Tries > 0 && !e.Next.IsZero() {
		return e
	}
	return nil
}

// troubleOf returns the failure that stands in the bookmark.
func (c *Consumer) troubleOf(p *bookmark, now time.Time) *EffectError {
	e := &EffectError{
		Consumer: c.name, Rule: p.Rule, Event: Event{Position: p.At, ID: p.ID, Name: p.Event},
		Failures: p.Tries, Tries: c.o.Tries, Err: errors.New(p.Error),
	}
	for _, r := range c.rules {
		if r.called(p.Rule) {
			e.Rule = r.Name
		}
	}
	if lasts(p.Next, p.Wait, now) {
		e.Next = p.Next
	}
	return e
}

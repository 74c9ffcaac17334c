package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
)

// How much goes into one commit before another one begins: a commit costs more
// than most effects do.
const (
	effectsAtOnce = 16
	partsAtOnce   = MaxParts / 4
	timeAtOnce    = 20 * time.Millisecond
)

// stepping is one Step at work.
type stepping struct {
	*Consumer

	bookmark bookmark
	done     Stepped

	// What the last commit left behind, so that the next one need not read it:
	// the bookmark as it is stored, and of which customers no mark of an erasure
	// was there. The commit checks both as if they had been read.
	stored   Document // Version 0: not known
	unmarked map[servicecoin.CustomerID]bool
}

// key is where the bookmark is kept.
func (s *stepping) key() Key { return s.store.For(servicecoin.Provider).Key(consumerKind, s.name) }

// work makes the effects of new events, at most so many events.
func (s *stepping) work(ctx context.Context, limit int) error {
	page, err := s.store.Events(ctx, s.bookmark.Position, limit)
	for err == nil && len(page) > 0 {
		page, err = s.advance(ctx, page, effectsAtOnce)
	}
	return err
}

// batch is what one commit holds.
type batch struct {
	events  int // of the page that are done with
	effects int
	skipped int
	owed    int // left to rules that this replica lacks
	begun   time.Time
	blind   bool // every mark of an erasure is read, none is taken to be absent
	absent  []servicecoin.CustomerID
	at      attempt // the last effect
}

// attempt is a rule on an event, and the bookmark right before it.
type attempt struct {
	event  Event
	rule   Rule
	last   bool // no other rule is due
	before bookmark
}

// after marks the effect of the attempt as done, and the whole event if no other
// rule is due.
func (a attempt) after(p *bookmark) {
	if a.last {
		p.finish(a.event.Position)
		return
	}
	p.did(a.rule.first())
}

// failure is an error of an effect itself, not of the store around it.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// advance works through the first events of the page in one commit, with at
// most so many effects, and returns the events that are left.
func (s *stepping) advance(ctx context.Context, page []Event, most int) ([]Event, error) {
	var b batch
	runs := 0
	err := s.commit(ctx, func(tx *Store, p *bookmark) error {
		runs++
		b = batch{begun: s.store.Now(), blind: runs > 1}
		return s.run(ctx, tx, p, page, most, &b)
	})
	switch f, failed := errors.AsType[failure](err); {
	case err == nil:
		s.done.Effects += b.effects
		s.done.Skipped += b.skipped
		s.done.Parked += b.owed
		for _, c := range b.absent {
			s.unmarked[c] = true
		}
		return page[b.events:], nil
	case ctx.Err() != nil:
		return page, err
	case failed && b.effects > 0: // what comes before it goes without it
		rest, err := s.advance(ctx, page, b.effects)
		if err != nil || !s.stands(rest, b.at) {
			return rest, err
		}
		return s.trouble(ctx, rest, b.at, f.error)
	case failed:
		return s.trouble(ctx, page, b.at, f.error)
	case !s.blames(err) || b.effects == 0 && b.at.rule.Do == nil:
		return page, err
	case b.effects > 1: // one of them cannot be stored
		return s.advance(ctx, page, b.effects/2)
	default:
		return s.trouble(ctx, page, b.at, err)
	}
}

// stands reports whether the consumer is right before the effect of a: whether what
// came before it in the commit that failed has been stored by another commit.
func (s *stepping) stands(page []Event, a attempt) bool {
	return len(page) > 0 && page[0].Position == a.event.Position && s.bookmark.same(&a.before)
}

// blames reports whether a commit failed because of what the effects wrote, so that
// the same commit would fail again and again.
func (s *stepping) blames(err error) bool {
	k, ok := errors.AsType[*servicecoin.KeyError](err)
	return errors.Is(err, servicecoin.ErrInvalid) || errors.Is(err, servicecoin.ErrExists) && ok && k.Key != s.key()
}

// run makes the effects of one commit, inside of its unit of work, and says in b
// what they were.
func (s *stepping) run(ctx context.Context, tx *Store, p *bookmark, page []Event, most int, b *batch) error {
	for n, e := range page {
		p.begin(e)
		if s.unsettled(p, e) {
			if n > 0 { // in a commit of its own
				return nil
			}
			done, err := s.settle(ctx, tx, p, e, b)
			if done {
				b.events = 1
			}
			return err
		}
		rules := s.due(p, e)
		if len(rules) == 0 {
			b.skipped++
			p.finish(e.Position)
		}
		for i, r := range rules {
			if b.effects == most || b.effects > 0 && s.full(b, tx.unit) {
				return nil
			}
			b.at = attempt{event: e, rule: r, last: i+1 == len(rules), before: *p}
			gone, err := s.erased(ctx, tx, e, b)
			if err != nil {
				return err
			}
			if gone {
				b.skipped++
				p.finish(e.Position)
				break
			}
			from := ""
			if r.called(p.Rule) {
				from = p.From
			}
			named := *tx
			named.newID = derived(e.ID, r.first(), from)
			next, err := r.Do(ctx, &named, e, from)
			if err != nil {
				return failure{err}
			}
			b.effects++
			if next != "" {
				p.pause()
				p.Rule, p.From = r.first(), next
				return nil
			}
			b.at.after(p)
		}
		b.events = n + 1
	}
	return nil
}

// full reports whether a commit should begin no further effect.
func (s *stepping) full(b *batch, u *unit) bool {
	return len(u.order)+len(u.events) >= partsAtOnce || s.store.Now().Sub(b.begun) >= timeAtOnce
}

// due returns the rules that have yet to answer e. The rule under way comes first,
// so that the bookmark never has to hold the progress of two.
func (s *stepping) due(p *bookmark, e Event) []Rule {
	var rules []Rule
	for _, r := range s.rules {
		switch {
		case !slices.Contains(r.On, e.Name), slices.ContainsFunc(p.Done, r.called):
		case r.called(p.Rule):
			rules = slices.Insert(rules, 0, r)
		default:
			rules = append(rules, r)
		}
	}
	return rules
}

// erased is Store.erased for an event of this step, without a read where a commit of
// this step has found no mark for the customer: the next commit checks that there
// is none. If there is one by then, that commit fails, and its second run, which is
// blind, reads the mark.
func (s *stepping) erased(ctx context.Context, tx *Store, e Event, b *batch) (bool, error) {
	c := e.Subject.Customer
	key := forgottenKey(c)
	if s.unmarked[c] && !b.blind && tx.unit.keys[key] == nil {
		tx.unit.touch(Document{Key: key})
		return false, nil
	}
	gone, err := tx.erased(ctx, e)
	if t := tx.unit.keys[key]; err == nil && t != nil && t.now.Version == 0 {
		b.absent = append(b.absent, c)
	}
	return gone, err
}

// trouble counts a failure of the first effect of the page, or parks its event
// after too many. It returns the events that are left.
func (s *stepping) trouble(ctx context.Context, page []Event, a attempt, cause error) ([]Event, error) {
	e, r := a.event, a.rule
	failed := &EffectError{Consumer: s.name, Rule: r.Name, Event: e, Failures: 1, Tries: s.o.Tries, Err: cause}
	from := ""
	if r.called(a.before.Rule) {
		failed.Failures, from = a.before.Tries+1, a.before.From
	}
	if failed.Failures < s.o.Tries {
		wait := max(s.o.Backoff(failed.Failures), 0)
		if wait > 0 {
			failed.Next = s.store.Now().Add(wait)
		}
		err := s.commit(ctx, func(_ *Store, p *bookmark) error {
			*p = a.before.at(p)
			p.Rule, p.From, p.Tries, p.Error, p.Next, p.Wait = r.first(), from, failed.Failures, told(cause), failed.Next, wait
			return nil
		})
		failed.counted = err == nil
		return page, errors.Join(failed, err)
	}
	err := s.commit(ctx, func(tx *Store, p *bookmark) error {
		*p = a.before.at(p)
		a.after(p)
		gone, err := tx.erased(ctx, e)
		if err != nil || gone {
			return err
		}
		return s.park(ctx, tx, Parked{Rule: r.Name, From: from, Event: e, Tries: failed.Failures, Error: told(failed)}, r.first())
	})
	if err != nil {
		return page, errors.Join(failed, err)
	}
	s.store.log.WarnContext(ctx, "event parked", "consumer", s.name, "rule", r.Name, "event", e.ID, "name", e.Name, "cause", failed.Error())
	s.done.Parked++
	for len(page) > 0 && page[0].Position <= s.bookmark.Position {
		page = page[1:]
	}
	return page, nil
}

// told cuts an error to what a record has room for.
func told(err error) string {
	const most = 2000
	if text := []rune(err.Error()); len(text) > most {
		return string(text[:most]) + "…"
	}
	return err.Error()
}

// commit runs fn in a unit that also stores the consumer's bookmark, if this
// replica still holds the lease and stands where it thinks it stands.
func (s *stepping) commit(ctx context.Context, fn func(tx *Store, p *bookmark) error) error {
	var now bookmark
	var last *unit
	err := s.store.Do(ctx, func(tx *Store) error {
		// While the lease runs, nobody else moves the bookmark.
		if last == nil && s.stored.Version != 0 && lasts(s.bookmark.Until, s.o.Lease, s.store.Now()) {
			tx.unit.touch(s.stored)
		}
		last = tx.unit
		_, err := Of(tx.For(servicecoin.Provider), bookmarks(s.name)).Update(ctx, s.name, func(p *bookmark) ([]Event, error) {
			if p.Holder != s.o.Holder || !p.same(&s.bookmark) {
				by := "broken"
				if p.Holder != "" {
					by = "taken over by " + p.Holder
				}
				return nil, fmt.Errorf("%w: the lease of consumer %s was %s", servicecoin.ErrBusy, s.name, by)
			}
			if err := fn(tx, p); err != nil {
				return nil, err
			}
			p.Until, p.Lease = s.store.Now().Add(s.o.Lease), s.o.Lease
			now = *p
			return nil, nil
		})
		return err
	})
	s.stored = Document{}
	if err != nil {
		s.unmarked = map[servicecoin.CustomerID]bool{}
		return err
	}
	s.bookmark = now
	if t := last.keys[s.key()]; t.dirty && !s.store.alone() {
		s.stored = t.now
		s.stored.Version = t.base + 1
	}
	return nil
}

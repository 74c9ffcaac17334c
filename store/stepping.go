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

	place place
	done  Stepped

	// What the last commit left behind, so that the next one need not read it:
	// the place as it is stored, and of which customers no mark of an erasure
	// was there. The commit checks both as if they had been read.
	stored   Document // Version 0: not known
	unmarked map[servicecoin.CustomerID]bool
}

func (s *stepping) key() Key { return s.store.For(servicecoin.Provider).Key(consumerKind, s.name) }

// lease takes or renews the lease and reads the place.
func (s *stepping) lease(ctx context.Context) error {
	now := s.store.Now()
	renew := func(p *place) ([]Event, error) {
		if p.Holder != s.o.Holder && p.Until.After(now) {
			return nil, &servicecoin.KeyError{
				Key: s.key(),
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
	begun   time.Time
	blind   bool // nothing is taken for read
	absent  []servicecoin.CustomerID
	at      attempt // the last effect
}

// attempt is a rule on an event.
type attempt struct {
	event Event
	rules []Rule // all that answer the event
	n     int    // which of them
	from  string
	prior Position // of the event before
}

// after leaves the effect behind.
func (a attempt) after(p *place) {
	if a.n+1 < len(a.rules) {
		p.Position, p.Rule, p.From, p.Tries, p.Error = a.prior, a.rules[a.n+1].Name, "", 0, ""
		return
	}
	p.finish(a.event.Position)
}

// finish leaves the event at position behind.
func (p *place) finish(at Position) {
	p.Position, p.Rule, p.From, p.Tries, p.Error = at, "", "", 0, ""
}

// failure is an error of an effect itself, not of the store around it.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// advance works through the first events of the page in one commit, with at
// most so many effects, and returns the events that are left.
func (s *stepping) advance(ctx context.Context, page []Event, most int) ([]Event, error) {
	var b batch
	runs := 0
	err := s.commit(ctx, func(tx *Store, p *place) error {
		runs++
		b = batch{begun: s.store.Now(), blind: runs > 1}
		return s.run(ctx, tx, p, page, most, &b)
	})
	switch f, failed := errors.AsType[failure](err); {
	case err == nil:
		s.done.Effects += b.effects
		s.done.Skipped += b.skipped
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
	case !s.blames(err):
		return page, err
	case b.effects > 1: // one of them cannot be stored
		return s.advance(ctx, page, b.effects/2)
	default:
		return s.trouble(ctx, page, b.at, err)
	}
}

// stands reports whether the consumer stands right before an effect.
func (s *stepping) stands(page []Event, a attempt) bool {
	return len(page) > 0 && page[0].Position == a.event.Position && s.place.From == a.from &&
		(s.place.Rule == a.rules[a.n].Name || s.place.Rule == "" && a.n == 0)
}

// blames reports whether a commit failed for what effects wrote: it would fail
// again and again.
func (s *stepping) blames(err error) bool {
	k, ok := errors.AsType[*servicecoin.KeyError](err)
	return errors.Is(err, servicecoin.ErrInvalid) || errors.Is(err, servicecoin.ErrExists) && ok && k.Key != s.key()
}

// run makes the effects of one commit.
func (s *stepping) run(ctx context.Context, tx *Store, p *place, page []Event, most int, b *batch) error {
	for n, e := range page {
		rules := s.answering(e)
		first := 0
		if p.Rule != "" {
			// A rule that the program no longer has leaves the event to the rest.
			first = max(0, slices.IndexFunc(rules, func(r Rule) bool { return r.Name == p.Rule }))
		}
		prior := p.Position
		if len(rules) == 0 {
			b.skipped++
			p.finish(e.Position)
		}
		for i := first; i < len(rules); i++ {
			if b.effects == most || b.effects > 0 && s.full(b, tx.unit) {
				return nil
			}
			b.at = attempt{event: e, rules: rules, n: i, from: p.From, prior: prior}
			gone, err := s.erased(ctx, tx, e, b)
			if err != nil {
				return err
			}
			if gone {
				b.skipped++
				p.finish(e.Position)
				break
			}
			named := *tx
			named.newID = derived(e.ID, rules[i].Name, p.From)
			next, err := rules[i].Do(ctx, &named, e, p.From)
			if err != nil {
				return failure{err}
			}
			b.effects++
			if next != "" {
				p.Rule, p.From, p.Tries, p.Error = rules[i].Name, next, 0, ""
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

// answering returns the rules that answer e.
func (s *stepping) answering(e Event) []Rule {
	var rules []Rule
	for _, r := range s.rules {
		if slices.Contains(r.On, e.Name) {
			rules = append(rules, r)
		}
	}
	return rules
}

// erased is Store.erased for an event of this step. A mark that was not there
// before is taken not to be there yet; if it is, the commit fails, and the
// second run reads it.
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
	e, r := a.event, a.rules[a.n]
	tries := 1
	if s.place.Position == a.prior && s.place.Rule == r.Name {
		tries = s.place.Tries + 1
	}
	cause = fmt.Errorf("event %s (%s), rule %s, try %d of %d: %w", e.Name, e.ID, r.Name, tries, s.o.Tries, cause)
	if tries < s.o.Tries {
		err := s.commit(ctx, func(_ *Store, p *place) error {
			p.Position, p.Rule, p.From, p.Tries, p.Error = a.prior, r.Name, a.from, tries, told(cause)
			return nil
		})
		return page, errors.Join(cause, err)
	}
	err := s.commit(ctx, func(tx *Store, p *place) error {
		a.after(p)
		gone, err := tx.erased(ctx, e)
		if err != nil || gone {
			return err
		}
		return Of(tx.For(e.Subject.Customer), parkedEvents).Insert(ctx, Parked{
			ID: parkedID(s.name, r.Name, e.ID), Consumer: s.name, Rule: r.Name, From: a.from,
			Event: e, Tries: tries, Error: told(cause), At: s.store.Now(),
		})
	})
	if err != nil {
		return page, errors.Join(cause, err)
	}
	s.store.log.WarnContext(ctx, "event parked", "consumer", s.name, "rule", r.Name, "event", e.ID, "name", e.Name, "cause", cause.Error())
	s.done.Parked++
	for len(page) > 0 && page[0].Position <= s.place.Position {
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

// commit runs fn in a unit that also stores the consumer's place, if this
// replica still holds the lease and stands where it thinks it stands.
func (s *stepping) commit(ctx context.Context, fn func(tx *Store, p *place) error) error {
	var now place
	var last *unit
	err := s.store.Do(ctx, func(tx *Store) error {
		// While the lease runs, nobody else moves the place.
		if last == nil && s.stored.Version != 0 && s.place.Until.After(s.store.Now()) {
			tx.unit.touch(s.stored)
		}
		last = tx.unit
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
	s.stored = Document{}
	if err != nil {
		s.unmarked = map[servicecoin.CustomerID]bool{}
		return err
	}
	s.place = now
	if t := last.keys[s.key()]; t.dirty && !s.store.alone() {
		s.stored = t.now
		s.stored.Version = t.base + 1
	}
	return nil
}

package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// A replica with another list of rules may have been at an event before this one:
// it leaves a rule under way that this replica does not have, or this replica lacks
// rules that the other has. That is settled before this replica goes on with the
// event, in a commit of its own.

// unsettled reports whether another list of rules has left something at e.
func (s *stepping) unsettled(p *bookmark, e Event) bool {
	return p.Before != "" || s.stray(p, e) || len(s.lacking(p, e)) > 0
}

// stray reports whether a rule is under way that this replica does not have, or
// that does not answer e any more.
func (s *stepping) stray(p *bookmark, e Event) bool {
	return p.Rule != "" && !slices.ContainsFunc(s.due(p, e), func(r Rule) bool { return r.called(p.Rule) })
}

// lacking returns the rules that some replica has, and this one has not, which
// would answer e.
func (s *stepping) lacking(p *bookmark, e Event) []string {
	var names []string
	for _, k := range p.Known {
		if slices.Contains(k.On, e.Name) && !s.has(k.Name) && !slices.Contains(p.Done, k.Name) && s.store.Now().Sub(k.Seen) <= s.o.Overlap {
			names = append(names, k.Name)
		}
	}
	return names
}

// settle parks e for each rule that this replica lacks, so that a replica which has
// the rule makes up for it. It reports whether e is done with that way: whether no
// rule of this replica is left to answer it.
func (s *stepping) settle(ctx context.Context, tx *Store, p *bookmark, e Event, b *batch) (bool, error) {
	gone, err := tx.erased(ctx, e)
	if err != nil {
		return false, err
	}
	if gone {
		b.skipped++
		p.finish(e.Position)
		return true, nil
	}
	if p.Before != "" {
		if err := s.older(ctx, tx, p, e, b); err != nil {
			return false, err
		}
	}
	names := s.lacking(p, e)
	stray := s.stray(p, e)
	if stray && p.From != "" && !slices.Contains(names, p.Rule) {
		names = append(names, p.Rule)
	}
	for _, name := range names {
		from := ""
		if name == p.Rule {
			from = p.From
		}
		err := s.park(ctx, tx, Parked{Rule: name, From: from, Event: e, Owed: true, Error: "the program that came to this event has no such rule; one that has it makes up for it"}, name)
		if err != nil {
			return false, err
		}
		b.owed++
		p.did(name)
		if !slices.Contains(p.Owed, name) {
			p.Owed = append(slices.Clip(p.Owed), name)
		}
	}
	if stray {
		p.pause()
	}
	if len(s.due(p, e)) > 0 {
		return false, nil
	}
	p.finish(e.Position)
	return true, nil
}

// older is called for a bookmark of shape 0, which kept the name of the next rule
// alone: the rules before that one in the list are done. Where the named rule is
// gone nobody can know which rules are done, so e is parked for each of them, and a
// person decides.
func (s *stepping) older(ctx context.Context, tx *Store, p *bookmark, e Event, b *batch) error {
	next := p.Before
	p.Before = ""
	rules := s.due(p, e)
	at := slices.IndexFunc(rules, func(r Rule) bool { return r.called(next) })
	if at >= 0 {
		for _, r := range rules[:at] {
			p.Done = append(slices.Clip(p.Done), r.first())
		}
		p.Rule = rules[at].first()
		return nil
	}
	for _, r := range rules {
		err := s.park(ctx, tx, Parked{Rule: r.Name, Event: e, Tries: 1, Error: fmt.Sprintf(
			"an older release left this event at its rule %s, which is gone: whether this rule had answered it is not known", next)}, r.first())
		if err != nil {
			return err
		}
		b.owed++
		p.did(r.first())
	}
	p.Rule = next // with its progress, if there is any
	return nil
}

// makeUp is called before new events: it runs the rules of this replica on the
// events that replicas without those rules have parked for them, at most so many.
func (s *stepping) makeUp(ctx context.Context, limit int) error {
	for _, r := range s.rules {
		if !slices.ContainsFunc(s.bookmark.Owed, r.called) {
			continue
		}
		for item, err := range s.Parked().Items(ctx) {
			p := item.Value
			switch {
			case err != nil:
				return err
			case !p.Owed || !r.called(p.Rule):
				continue
			case s.done.Effects >= limit:
				return nil
			case lasts(p.Next, p.Wait, s.store.Now()):
				return &EffectError{
					Consumer: s.name, Rule: r.Name, Event: p.Event, Failures: p.Tries, Tries: s.o.Tries, Next: p.Next, Err: errors.New(p.Error),
				}
			}
			err := s.Retry(ctx, item.Key)
			switch {
			case errors.Is(err, servicecoin.ErrNotFound): // erased, or done meanwhile
			case err != nil:
				if err := s.countOwed(ctx, item, r, err); err != nil {
					return err
				}
			default:
				s.done.Effects++
			}
		}
		if err := s.commit(ctx, func(_ *Store, p *bookmark) error {
			p.Owed = slices.DeleteFunc(slices.Clone(p.Owed), r.called)
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// countOwed counts a failure of a rule on an event that was parked for it. After
// too many failures the event stays parked until a person decides.
func (s *stepping) countOwed(ctx context.Context, item Item[Parked], r Rule, cause error) error {
	if _, own := errors.AsType[failure](cause); ctx.Err() != nil || !own && !s.blames(cause) {
		return cause
	}
	p := item.Value
	failed := &EffectError{Consumer: s.name, Rule: r.Name, Event: p.Event, Failures: p.Tries + 1, Tries: s.o.Tries, Err: cause, counted: true}
	wait := max(s.o.Backoff(failed.Failures), 0)
	owed := failed.Failures < s.o.Tries
	if owed && wait > 0 {
		failed.Next = s.store.Now().Add(wait)
	}
	_, err := Of(s.store.For(item.Key.Customer), parkedEvents).Update(ctx, item.Key.ID, func(p *Parked) ([]Event, error) {
		p.Owed, p.Tries, p.Error, p.Next, p.Wait = owed, failed.Failures, told(cause), failed.Next, wait
		return nil, nil
	})
	switch {
	case err != nil:
		return errors.Join(cause, err)
	case owed:
		return failed
	}
	s.done.Parked++
	return nil
}

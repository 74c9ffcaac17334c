package release

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// notYet refuses promises and moves that were made after now.
func notYet(v *servicecoin.Violations, now time.Time, p Planned) {
	if last := p.last(); last.After(now) {
		v.Add("moves", "out-of-order", lifecycle.Stamp(last), "must not be after now")
	}
	if p.Skipped != nil && p.Skipped.At.After(now) {
		v.Add("skipped.at", "out-of-order", lifecycle.Stamp(p.Skipped.At), "must not be after now")
	}
}

// PlanMilestone promises a milestone of a line for a day.
func (s *Schedule) PlanMilestone(ctx context.Context, by servicecoin.Actor, platform PlatformID, line, name string, on calendar.Date) (Milestone, error) {
	m := Milestone{Platform: platform, Line: line, Name: name}
	if err := s.view.Ask(ctx, by, VerbPlan, MilestoneRecord, milestones.ID(m)); err != nil {
		return Milestone{}, err
	}
	at, err := lifecycle.Check(by, s.view.Now(), func(v *servicecoin.Violations) {
		m.promise(servicecoin.Instant(s.view.Now()), on)
		v.Merge("on", on.Validate())
		v.Merge("", m.Validate())
	})
	if err != nil {
		return Milestone{}, err
	}
	m.ChangedAt = at
	err = s.view.Do(ctx, func(tx store.View) error {
		p, err := store.Of(tx, platforms).Get(ctx, string(platform))
		if err != nil {
			return unknown(err, "platform", string(platform))
		}
		if _, err := s.On(tx).Line(ctx, platform, line); err != nil {
			return unknown(err, "line", line)
		}
		if today := p.Today(at); on.Compare(today) < 0 {
			var v servicecoin.Violations
			v.Add("on", "out-of-order", on.String(), "has passed: it is "+today.String()+" in "+zone(p))
			return v.Err()
		}
		e, err := store.Happened(by, EventMilestone, m.changed())
		if err != nil {
			return err
		}
		return store.Of(tx, milestones).Insert(ctx, m, e)
	})
	return m, err
}

// MoveMilestone promises another day for a milestone.
func (s *Schedule) MoveMilestone(ctx context.Context, by servicecoin.Actor, platform PlatformID, line, name string, to calendar.Date, why string) (Milestone, error) {
	return s.milestone(ctx, by, VerbMove, platform, line, name, func(p Platform, at time.Time, m *Milestone) error {
		if to == m.Target {
			return s.refuseMilestone(*m, VerbMove, "it is promised for that day")
		}
		if err := moves(p.Today(at), to, why); err != nil {
			return err
		}
		m.move(by, at, to, why)
		return nil
	})
}

// Reach says that a milestone was reached, on a day that is not after today.
func (s *Schedule) Reach(ctx context.Context, by servicecoin.Actor, platform PlatformID, line, name string, on calendar.Date) (Milestone, error) {
	return s.milestone(ctx, by, VerbPublish, platform, line, name, func(p Platform, at time.Time, m *Milestone) error {
		m.Done = on
		return came(p.Today(at), on)
	})
}

// SkipMilestone says that a milestone does not come. It stays on record, and as not kept.
func (s *Schedule) SkipMilestone(ctx context.Context, by servicecoin.Actor, platform PlatformID, line, name, why string) (Milestone, error) {
	return s.milestone(ctx, by, VerbSkip, platform, line, name, func(_ Platform, at time.Time, m *Milestone) error {
		m.Skipped = &Skip{At: at, By: by, Why: why}
		return nil
	})
}

func (s *Schedule) refuseMilestone(m Milestone, verb, why string) error {
	return &servicecoin.RefusedError{Subject: s.view.Key(MilestoneRecord, milestones.ID(m)), Verb: verb, Why: why}
}

func (s *Schedule) milestone(ctx context.Context, by servicecoin.Actor, verb string, platform PlatformID, line, name string, do func(p Platform, at time.Time, m *Milestone) error) (Milestone, error) {
	id := milestones.ID(Milestone{Platform: platform, Line: line, Name: name})
	if err := s.view.Ask(ctx, by, verb, MilestoneRecord, id); err != nil {
		return Milestone{}, err
	}
	at, err := lifecycle.Check(by, s.view.Now(), nil)
	if err != nil {
		return Milestone{}, err
	}
	var out Milestone
	err = s.view.Do(ctx, func(tx store.View) error {
		p, err := store.Of(tx, platforms).Get(ctx, string(platform))
		if err != nil {
			return err
		}
		out, err = store.Of(tx, milestones).Update(ctx, id, func(m *Milestone) ([]store.Event, error) {
			if at.Before(m.ChangedAt) {
				return nil, s.refuseMilestone(*m, verb, "it was changed at "+lifecycle.Stamp(m.ChangedAt))
			}
			if m.over() != "" {
				return nil, s.refuseMilestone(*m, verb, m.over())
			}
			if err := do(p, at, m); err != nil {
				return nil, err
			}
			m.ChangedAt = at
			if err := m.Validate(); err != nil {
				return nil, err
			}
			e, err := store.Happened(by, EventMilestone, m.changed())
			return []store.Event{e}, err
		})
		return err
	})
	return out, err
}

// TakeMilestone records a milestone as it was, with the promises and moves of its time.
func (s *Schedule) TakeMilestone(ctx context.Context, by servicecoin.Actor, m Milestone) (Milestone, error) {
	if err := s.view.Ask(ctx, by, VerbTake, MilestoneRecord, milestones.ID(m)); err != nil {
		return Milestone{}, err
	}
	at, err := lifecycle.Check(by, s.view.Now(), func(v *servicecoin.Violations) {
		v.Merge("", m.Validate())
		notYet(v, s.view.Now(), m.Planned)
	})
	if err != nil {
		return Milestone{}, err
	}
	m.ChangedAt = at
	err = s.view.Do(ctx, func(tx store.View) error {
		p, err := store.Of(tx, platforms).Get(ctx, string(m.Platform))
		if err != nil {
			return unknown(err, "platform", string(m.Platform))
		}
		if _, err := s.On(tx).Line(ctx, m.Platform, m.Line); err != nil {
			return unknown(err, "line", m.Line)
		}
		if !m.Done.IsZero() {
			if err := came(p.Today(at), m.Done); err != nil {
				return err
			}
		}
		e, err := store.Happened(by, EventMilestone, m.changed())
		if err != nil {
			return err
		}
		return store.Of(tx, milestones).Insert(ctx, m, e)
	})
	return m, err
}

package release

import (
	"context"
	"errors"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/version"
)

// Publish says that a release came, on a day that is not after today, and what it holds if
// that is not as it was planned. One that nobody had planned is recorded, and counts as
// promised by nobody.
func (s *Schedule) Publish(ctx context.Context, by servicecoin.Actor, x Plan) (Release, error) {
	id := releaseID(x.Platform, x.Version)
	var out Release
	err := s.view.Do(ctx, func(tx store.View) error {
		_, err := store.Of(tx, releases).Get(ctx, id)
		if errors.Is(err, servicecoin.ErrNotFound) {
			return s.On(tx).unplanned(ctx, by, x, &out)
		}
		if err != nil {
			return err
		}
		out, err = s.On(tx).change(ctx, by, VerbPublish, EventPublished, x.Platform, x.Version, func(p Platform, r *Release) error {
			if r.over() != "" {
				return s.refuse(id, VerbPublish, r.over())
			}
			if err := came(p.Today(tx.Now()), x.On); err != nil {
				return err
			}
			if told := p.Today(r.FirstAt); x.On.Compare(told) < 0 {
				var v servicecoin.Violations
				v.Add("on", "out-of-order", x.On.String(), "is before "+told.String()+", when it was promised")
				return v.Err()
			}
			r.Done = x.On
			r.say(x)
			return offered(p, r.Channel)
		})
		return err
	})
	return out, err
}

// say takes what is said of a release as it comes; what is left out stays as it was planned.
func (r *Release) say(x Plan) {
	if !x.Freeze.IsZero() {
		r.Freeze = x.Freeze
	}
	if x.Channel != "" {
		r.Channel = x.Channel
	}
	if len(x.Holds.kinds()) > 0 {
		r.Holds = x.Holds
	}
	if len(x.Notes) > 0 {
		r.Notes = x.Notes
	}
}

// came checks the day on which something came.
func came(today, on calendar.Date) error {
	var v servicecoin.Violations
	v.Merge("on", on.Validate())
	if v.Len() == 0 && on.Compare(today) > 0 {
		v.Add("on", "out-of-order", on.String(), "is yet to come: it is "+today.String())
	}
	return v.Err()
}

func (s *Schedule) unplanned(ctx context.Context, by servicecoin.Actor, x Plan, out *Release) error {
	return s.begin(ctx, by, VerbPublish, x, func(tx store.View, p Platform, r Release) error {
		if err := came(p.Today(tx.Now()), x.On); err != nil {
			return err
		}
		r.Done = x.On
		if err := r.Validate(); err != nil {
			return err
		}
		e, err := store.Happened(by, EventPublished, r.changed())
		if err != nil {
			return err
		}
		*out = r
		return store.Of(tx, releases).Insert(ctx, r, e)
	})
}

// Skip says that a release does not come. It stays on record, and as not kept.
func (s *Schedule) Skip(ctx context.Context, by servicecoin.Actor, platform PlatformID, text, why string) (Release, error) {
	id, at := releaseID(platform, text), servicecoin.Instant(s.view.Now())
	return s.change(ctx, by, VerbSkip, EventSkipped, platform, text, func(_ Platform, r *Release) error {
		if r.over() != "" {
			return s.refuse(id, VerbSkip, r.over())
		}
		r.Skipped = &Skip{At: at, By: by, Why: why}
		return nil
	})
}

// Recall says that a release is bad: it is offered to nobody any more, and who runs it is
// led to another version. It stays on record as what came.
func (s *Schedule) Recall(ctx context.Context, by servicecoin.Actor, platform PlatformID, text, why, instead string) (Release, error) {
	id, at := releaseID(platform, text), servicecoin.Instant(s.view.Now())
	var out Release
	err := s.view.Do(ctx, func(tx store.View) error {
		var err error
		out, err = s.On(tx).change(ctx, by, VerbRecall, EventRecalled, platform, text, func(_ Platform, r *Release) error {
			switch {
			case r.Recalled != nil:
				return s.refuse(id, VerbRecall, "it was recalled at "+lifecycle.Stamp(r.Recalled.At))
			case r.Done.IsZero():
				return s.refuse(id, VerbRecall, "it did not come: skip it")
			}
			r.Recalled = &Recalled{At: at, By: by, Why: why, Instead: instead}
			return s.On(tx).leadsTo(ctx, platform, text, instead)
		})
		return err
	})
	return out, err
}

// leadsTo refuses to lead the users of a version to one that is not there, or is bad.
func (s *Schedule) leadsTo(ctx context.Context, platform PlatformID, from, to string) error {
	if to == "" {
		return nil
	}
	var v servicecoin.Violations
	if _, err := version.ParseLoose(to); err != nil {
		return nil //nolint:nilerr // Validate says so
	}
	r, err := s.Get(ctx, platform, to)
	switch {
	case errors.Is(err, servicecoin.ErrNotFound):
		v.Add("instead", "unknown", to, "is no release of the platform")
	case err != nil:
		return err
	case compare(from, to) == 0:
		v.Add("instead", "out-of-range", to, "must be another version")
	case r.Done.IsZero():
		v.Add("instead", "out-of-range", to, "did not come yet")
	case r.Recalled != nil:
		v.Add("instead", "out-of-range", to, "was recalled itself")
	}
	return v.Err()
}

// Take records a release as it was, with the promises and moves of its time: what was
// planned elsewhere, or comes from somebody's published schedule. What is there already is
// not changed.
func (s *Schedule) Take(ctx context.Context, by servicecoin.Actor, r Release) (Release, error) {
	if err := s.view.Ask(ctx, by, VerbTake, ReleaseRecord, releaseID(r.Platform, r.Version)); err != nil {
		return Release{}, err
	}
	at, err := lifecycle.Check(by, s.view.Now(), func(v *servicecoin.Violations) {
		v.Merge("", r.Validate())
		notYet(v, s.view.Now(), r.Planned)
		if r.Recalled != nil && r.Recalled.At.After(s.view.Now()) {
			v.Add("recalled.at", "out-of-order", lifecycle.Stamp(r.Recalled.At), "must not be after now")
		}
	})
	if err != nil {
		return Release{}, err
	}
	r.ChangedAt = at
	err = s.view.Do(ctx, func(tx store.View) error {
		p, err := store.Of(tx, platforms).Get(ctx, string(r.Platform))
		if err != nil {
			return unknown(err, "platform", string(r.Platform))
		}
		if _, err := s.On(tx).Line(ctx, r.Platform, r.Line); err != nil {
			return unknown(err, "line", r.Line)
		}
		if err := offered(p, r.Channel); err != nil {
			return err
		}
		if !r.Done.IsZero() {
			if err := came(p.Today(at), r.Done); err != nil {
				return err
			}
		}
		name := EventPlanned
		if !r.Done.IsZero() {
			name = EventPublished
		}
		e, err := store.Happened(by, name, r.changed())
		if err != nil {
			return err
		}
		return store.Of(tx, releases).Insert(ctx, r, e)
	})
	return r, err
}

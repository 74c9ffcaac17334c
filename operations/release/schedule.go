package release

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/version"
)

// Schedule is where releases are promised, moved and published, over a view of the
// provider's partition.
type Schedule struct{ view store.View }

// NewSchedule returns the schedule of a view of the provider's partition; of another one,
// the first call says so.
func NewSchedule(view store.View) *Schedule { return &Schedule{view: view.OfProvider("schedule")} }

// On returns the same schedule over another view.
func (s *Schedule) On(view store.View) *Schedule { return NewSchedule(view) }

func number(n int) string { return fmt.Sprintf("%06d", n) }

// KeepPlatform keeps a platform and its philosophy; what it was before stays on record.
func (s *Schedule) KeepPlatform(ctx context.Context, by servicecoin.Actor, p Platform) (Platform, error) {
	if err := s.view.Ask(ctx, by, VerbKeepPlatform, PlatformRecord, string(p.ID)); err != nil {
		return Platform{}, err
	}
	at, err := lifecycle.Check(by, s.view.Now(), func(v *servicecoin.Violations) { v.Merge("", p.Validate()) })
	if err != nil {
		return Platform{}, err
	}
	err = s.view.Do(ctx, func(tx store.View) error {
		was, err := store.Of(tx, platforms).Item(ctx, string(p.ID))
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		p.Version, p.KeptAt = was.Value.Version+1, at
		if err == nil {
			if err := store.Of(tx, formers).Insert(ctx, Former{Of: PlatformRecord, ID: string(p.ID), Version: was.Value.Version, At: at, Platform: &was.Value}); err != nil {
				return err
			}
		}
		return store.Of(tx, platforms).Put(ctx, p, was.Version)
	})
	return p, err
}

// KeepLine keeps a line; what it was before stays on record. A line whose support was
// shortened says so in its formers.
func (s *Schedule) KeepLine(ctx context.Context, by servicecoin.Actor, l Line) (Line, error) {
	id := store.JoinID(string(l.Platform), l.Name)
	if err := s.view.Ask(ctx, by, VerbKeepLine, LineRecord, id); err != nil {
		return Line{}, err
	}
	at, err := lifecycle.Check(by, s.view.Now(), func(v *servicecoin.Violations) { v.Merge("", l.Validate()) })
	if err != nil {
		return Line{}, err
	}
	err = s.view.Do(ctx, func(tx store.View) error {
		if _, err := store.Of(tx, platforms).Get(ctx, string(l.Platform)); err != nil {
			return unknown(err, "platform", string(l.Platform))
		}
		was, err := store.Of(tx, lines).Item(ctx, id)
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		l.Version, l.KeptAt = was.Value.Version+1, at
		if err == nil {
			if err := store.Of(tx, formers).Insert(ctx, Former{Of: LineRecord, ID: id, Version: was.Value.Version, At: at, Line: &was.Value}); err != nil {
				return err
			}
		}
		e, err := store.Happened(by, EventLineKept, LineChanged{l.Platform, l.Name, l.Support.Until})
		if err != nil {
			return err
		}
		return store.Of(tx, lines).Put(ctx, l, was.Version, e)
	})
	return l, err
}

// unknown makes of what is not there a violation of the input that names it.
func unknown(err error, path, value string) error {
	if !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	var v servicecoin.Violations
	v.Add(path, "unknown", value, "is not known")
	return v.Err()
}

// Plan is what is promised of a release.
type Plan struct {
	Platform PlatformID
	Version  string
	Line     string // "": that which the version is of, by its numbers
	On       calendar.Date
	Freeze   calendar.Date
	Channel  string
	Holds    Holds
	Notes    servicecoin.Texts
}

// Plan promises a release for a day: from now on that is the first promise, and stays so. A
// day that has passed is no promise and refused.
func (s *Schedule) Plan(ctx context.Context, by servicecoin.Actor, x Plan) (Release, error) {
	var out Release
	err := s.begin(ctx, by, VerbPlan, x, func(tx store.View, p Platform, r Release) error {
		at := tx.Now()
		var v servicecoin.Violations
		v.Merge("on", x.On.Validate())
		if today := p.Today(at); v.Len() == 0 && x.On.Compare(today) < 0 {
			v.Add("on", "out-of-order", x.On.String(), "has passed: it is "+today.String()+" in "+zone(p)+"; a day that has passed can be recorded, but not be promised")
		}
		if err := v.Err(); err != nil {
			return err
		}
		r.promise(servicecoin.Instant(at), x.On)
		if err := r.Validate(); err != nil {
			return err
		}
		e, err := store.Happened(by, EventPlanned, r.changed())
		if err != nil {
			return err
		}
		out = r
		return store.Of(tx, releases).Insert(ctx, r, e)
	})
	return out, err
}

func zone(p Platform) string {
	if p.Zone == "" {
		return "UTC"
	}
	return p.Zone
}

// begin makes the record of a release that is not there, for do to go on with.
func (s *Schedule) begin(ctx context.Context, by servicecoin.Actor, verb string, x Plan, do func(tx store.View, p Platform, r Release) error) error {
	if err := s.view.Ask(ctx, by, verb, ReleaseRecord, releaseID(x.Platform, x.Version)); err != nil {
		return err
	}
	var v servicecoin.Violations
	lifecycle.Acting(&v, by, s.view.Now())
	v.ID("platform", string(x.Platform))
	parsed := readVersion(&v, "version", x.Version)
	v.Text("line", x.Line, 0, version.MaxLength)
	if err := v.Err(); err != nil {
		return err
	}
	return s.view.Do(ctx, func(tx store.View) error {
		p, err := store.Of(tx, platforms).Get(ctx, string(x.Platform))
		if err != nil {
			return unknown(err, "platform", string(x.Platform))
		}
		l, err := s.On(tx).lineFor(ctx, x)
		if err != nil {
			return err
		}
		if err := offered(p, x.Channel); err != nil {
			return err
		}
		return do(tx, p, Release{
			Platform: x.Platform, Version: x.Version, Line: l, Kind: KindOf(parsed), Freeze: x.Freeze, Channel: x.Channel,
			Holds: x.Holds, Notes: x.Notes, ChangedAt: servicecoin.Instant(tx.Now()),
		})
	})
}

// offered refuses a channel that the platform does not have.
func offered(p Platform, channel string) error {
	if channel == "" || slices.Contains(p.Channels, channel) {
		return nil
	}
	var v servicecoin.Violations
	v.Add("channel", "unknown", channel, "is none of the platform's")
	return v.Err()
}

// lineFor returns the line of a version.
func (s *Schedule) lineFor(ctx context.Context, x Plan) (string, error) {
	if x.Line != "" {
		if _, err := s.Line(ctx, x.Platform, x.Line); err != nil {
			return "", unknown(err, "line", x.Line)
		}
		return x.Line, nil
	}
	all, err := s.allLines(ctx, x.Platform)
	if err != nil {
		return "", err
	}
	if l, ok := LineOf(all, x.Version); ok {
		return l.Name, nil
	}
	var v servicecoin.Violations
	v.Add("line", "unknown", x.Version, "no line of the platform has this version: keep its line first")
	return "", v.Err()
}

// change changes a release, unless it is over.
func (s *Schedule) change(ctx context.Context, by servicecoin.Actor, verb, name string, platform PlatformID, text string, do func(p Platform, r *Release) error) (Release, error) {
	id := releaseID(platform, text)
	if err := s.view.Ask(ctx, by, verb, ReleaseRecord, id); err != nil {
		return Release{}, err
	}
	at, err := lifecycle.Check(by, s.view.Now(), nil)
	if err != nil {
		return Release{}, err
	}
	var out Release
	err = s.view.Do(ctx, func(tx store.View) error {
		p, err := store.Of(tx, platforms).Get(ctx, string(platform))
		if err != nil {
			return err
		}
		out, err = store.Of(tx, releases).Update(ctx, id, func(r *Release) ([]store.Event, error) {
			if at.Before(r.ChangedAt) {
				return nil, s.refuse(id, verb, "it was changed at "+lifecycle.Stamp(r.ChangedAt))
			}
			if err := do(p, r); err != nil {
				return nil, err
			}
			r.ChangedAt = at
			if err := r.Validate(); err != nil {
				return nil, err
			}
			e, err := store.Happened(by, name, r.changed())
			return []store.Event{e}, err
		})
		return err
	})
	return out, err
}

func (s *Schedule) refuse(id, verb, why string) error {
	return &servicecoin.RefusedError{Subject: s.view.Key(ReleaseRecord, id), Verb: verb, Why: why}
}

// Move promises another day for a release. The first promise stays, and so does every move,
// with who announced it, when and why.
func (s *Schedule) Move(ctx context.Context, by servicecoin.Actor, platform PlatformID, text string, to calendar.Date, why string) (Release, error) {
	id, at := releaseID(platform, text), servicecoin.Instant(s.view.Now())
	return s.change(ctx, by, VerbMove, EventMoved, platform, text, func(p Platform, r *Release) error {
		switch {
		case r.over() != "":
			return s.refuse(id, VerbMove, r.over())
		case to == r.Target:
			return s.refuse(id, VerbMove, "it is promised for that day")
		}
		if err := moves(p.Today(at), to, why); err != nil {
			return err
		}
		r.move(by, at, to, why)
		return nil
	})
}

// moves checks a day that something is moved to.
func moves(today, to calendar.Date, why string) error {
	var v servicecoin.Violations
	v.Merge("to", to.Validate())
	if v.Len() == 0 && to.Compare(today) < 0 {
		v.Add("to", "out-of-order", to.String(), "has passed: it is "+today.String())
	}
	v.Text("why", why, 1, maxReason)
	return v.Err()
}

// Describe says what a release holds, until when changes are taken and what customers are
// told. What has come can be described better, but not hold less than was said.
func (s *Schedule) Describe(ctx context.Context, by servicecoin.Actor, platform PlatformID, text string, holds Holds, freeze calendar.Date, notes servicecoin.Texts) (Release, error) {
	id := releaseID(platform, text)
	return s.change(ctx, by, VerbDescribe, EventDescribed, platform, text, func(_ Platform, r *Release) error {
		if r.Skipped != nil {
			return s.refuse(id, VerbDescribe, r.over())
		}
		if !r.Done.IsZero() && freeze != r.Freeze {
			return s.refuse(id, VerbDescribe, "it came on "+r.Done.String()+", and until when changes were taken is a fact")
		}
		if lost := r.Holds.lost(holds); !r.Done.IsZero() && lost != "" {
			return s.refuse(id, VerbDescribe, "it came on "+r.Done.String()+", and holds "+lost)
		}
		r.Holds, r.Freeze, r.Notes = holds, freeze, notes
		return nil
	})
}

// Offer puts a release into another channel: more get it, or fewer.
func (s *Schedule) Offer(ctx context.Context, by servicecoin.Actor, platform PlatformID, text, channel string) (Release, error) {
	id := releaseID(platform, text)
	return s.change(ctx, by, VerbOffer, EventOffered, platform, text, func(p Platform, r *Release) error {
		if r.Channel == channel {
			return s.refuse(id, VerbOffer, "it is offered there")
		}
		r.Channel = channel
		return offered(p, channel)
	})
}

// forget takes a customer out of what platforms promise, and promised.
func (s *Schedule) forget(ctx context.Context, id servicecoin.CustomerID) error {
	for p, err := range s.Platforms().All(ctx) {
		if err != nil {
			return err
		}
		if _, ok := p.Fixes.Customers[id]; ok {
			if _, err := store.Of(s.view, platforms).Update(ctx, string(p.ID), func(p *Platform) ([]store.Event, error) {
				p.Fixes.Customers = without(p.Fixes.Customers, id)
				return nil, nil
			}); err != nil {
				return err
			}
		}
		for f, err := range s.FormerPlatforms(p.ID).All(ctx) {
			if err != nil {
				return err
			}
			if _, ok := f.Platform.Fixes.Customers[id]; !ok {
				continue
			}
			if _, err := store.Of(s.view, formers).Update(ctx, formers.ID(f), func(f *Former) ([]store.Event, error) {
				f.Platform.Fixes.Customers = without(f.Platform.Fixes.Customers, id)
				return nil, nil
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

func without[V any](of map[servicecoin.CustomerID]V, id servicecoin.CustomerID) map[servicecoin.CustomerID]V {
	of = maps.Clone(of)
	delete(of, id)
	return of
}

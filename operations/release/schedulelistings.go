package release

import (
	"cmp"
	"context"
	"slices"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Platforms lists the platforms, by name.
func (s *Schedule) Platforms() store.Listing[Platform] {
	return store.Of(s.view, platforms).Find(store.By("name"))
}

// Platform returns a platform.
func (s *Schedule) Platform(ctx context.Context, id PlatformID) (Platform, error) {
	return store.Of(s.view, platforms).Get(ctx, string(id))
}

// FormerPlatforms lists what a platform's philosophy was before, the oldest first.
func (s *Schedule) FormerPlatforms(id PlatformID) store.Listing[Former] {
	return s.formers(PlatformRecord, string(id))
}

// FormerLines lists what a line was before: dates of support that were promised then.
func (s *Schedule) FormerLines(p PlatformID, name string) store.Listing[Former] {
	return s.formers(LineRecord, store.JoinID(string(p), name))
}

func (s *Schedule) formers(kind, id string) store.Listing[Former] {
	return store.Of(s.view, formers).Find(store.By("of", store.Text(kind), store.Text(id)))
}

// Line returns a line.
func (s *Schedule) Line(ctx context.Context, p PlatformID, name string) (Line, error) {
	return store.Of(s.view, lines).Get(ctx, store.JoinID(string(p), name))
}

// maxLines is how many lines of a platform are read; the oldest are left out.
const maxLines = 1000

// Lines returns the lines of a platform, the newest first by their numbers.
func (s *Schedule) Lines(ctx context.Context, p PlatformID) ([]Line, error) {
	list, err := s.allLines(ctx, p)
	slices.SortFunc(list, func(a, b Line) int { return cmp.Or(compare(b.Name, a.Name), cmp.Compare(b.Name, a.Name)) })
	return list, err
}

func (s *Schedule) allLines(ctx context.Context, p PlatformID) ([]Line, error) {
	var list []Line
	for l, err := range store.Of(s.view, lines).Find(store.By("platform", store.Text(p))).All(ctx) {
		if err != nil {
			return nil, err
		}
		if list = append(list, l); len(list) >= maxLines {
			break
		}
	}
	return list, nil
}

// Get returns a release, however its version is written.
func (s *Schedule) Get(ctx context.Context, p PlatformID, text string) (Release, error) {
	return store.Of(s.view, releases).Get(ctx, releaseID(p, text))
}

// Milestone returns a milestone.
func (s *Schedule) Milestone(ctx context.Context, p PlatformID, line, name string) (Milestone, error) {
	return store.Of(s.view, milestones).Get(ctx, milestones.ID(Milestone{Platform: p, Line: line, Name: name}))
}

// Releases lists the releases of a platform by the day on which they came, or for which
// they are promised; those that have neither, skipped ones of old, come first.
func (s *Schedule) Releases(p PlatformID) store.Listing[Release] {
	return store.Of(s.view, releases).Find(store.By("day", store.Text(p)))
}

// OfLine lists the releases of a line.
func (s *Schedule) OfLine(p PlatformID, line string) store.Listing[Release] {
	return store.Of(s.view, releases).Find(store.By("line", store.Text(p), store.Text(line)))
}

// Between lists the releases that came or are promised from one day to another one, both
// in.
func (s *Schedule) Between(p PlatformID, from, to calendar.Date) store.Listing[Release] {
	return store.Of(s.view, releases).Find(store.By("day", store.Text(p)).From(store.Text(from.String())).To(store.Text(to.AddDays(1).String())))
}

// Milestones lists the milestones of a platform by day.
func (s *Schedule) Milestones(p PlatformID) store.Listing[Milestone] {
	return store.Of(s.view, milestones).Find(store.By("day", store.Text(p)))
}

// Promised returns all that was promised of a platform: releases, then milestones.
func (s *Schedule) Promised(ctx context.Context, p PlatformID) ([]Promised, error) {
	var list []Promised
	for r, err := range s.Releases(p).All(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, r.Promised())
	}
	for m, err := range s.Milestones(p).All(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, m.Promised())
	}
	return list, nil
}

// Findings returns where a platform's lines do not do what is stated for them, by a day.
func (s *Schedule) Findings(ctx context.Context, id PlatformID, on calendar.Date) ([]Finding, error) {
	p, err := s.Platform(ctx, id)
	if err != nil {
		return nil, err
	}
	all, err := s.Lines(ctx, id)
	if err != nil {
		return nil, err
	}
	of := map[string][]Release{}
	for r, err := range s.Releases(id).All(ctx) {
		if err != nil {
			return nil, err
		}
		of[r.Line] = append(of[r.Line], r)
	}
	var out []Finding
	for _, l := range all {
		out = append(out, Findings(p, l, of[l.Name], on)...)
	}
	return out, nil
}

package release

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records of a schedule, in the provider's partition.
const (
	PlatformRecord  = "release.platform"  // [Platform]
	FormerRecord    = "release.former"    // what a platform or a line was before
	LineRecord      = "release.line"      // [Line]
	ReleaseRecord   = "release.release"   // [Release]
	MilestoneRecord = "release.milestone" // [Milestone]
)

// The verbs of a schedule.
const (
	VerbKeepPlatform = "platform.keep"
	VerbKeepLine     = "line.keep"
	VerbPlan         = "release.plan"
	VerbMove         = "release.move"
	VerbDescribe     = "release.describe"
	VerbOffer        = "release.offer"
	VerbPublish      = "release.publish"
	VerbSkip         = "release.skip"
	VerbRecall       = "release.recall"
	VerbTake         = "release.take"
)

// The events of a schedule. Those of releases and milestones have a [Changed] as their data,
// that of a line is a [LineChanged].
const (
	EventLineKept  = "line.kept"
	EventPlanned   = "release.planned"
	EventMoved     = "release.moved"
	EventDescribed = "release.described"
	EventOffered   = "release.offered" // in another channel
	EventPublished = "release.published"
	EventSkipped   = "release.skipped"
	EventRecalled  = "release.recalled"
	EventMilestone = "milestone.changed"
)

// Changed is the data of the event of a release or a milestone.
type Changed struct {
	Platform PlatformID    `json:"platform"`
	Version  string        `json:"version,omitempty"`
	Name     string        `json:"name,omitempty"` // of a milestone
	Line     string        `json:"line"`
	Channel  string        `json:"channel,omitempty"`
	First    calendar.Date `json:"first,omitzero"`
	Target   calendar.Date `json:"target,omitzero"`
	Done     calendar.Date `json:"done,omitzero"`
	Instead  string        `json:"instead,omitempty"` // of one that was recalled
}

// LineChanged is the data of a line's event.
type LineChanged struct {
	Platform PlatformID `json:"platform"`
	Line     string     `json:"line"`
	Until    End        `json:"until,omitempty"`
}

func (r Release) changed() Changed {
	c := Changed{Platform: r.Platform, Version: r.Version, Line: r.Line, Channel: r.Channel, First: r.First, Target: r.Target, Done: r.Done}
	if r.Recalled != nil {
		c.Instead = r.Recalled.Instead
	}
	return c
}

func (m Milestone) changed() Changed {
	return Changed{Platform: m.Platform, Name: m.Name, Line: m.Line, First: m.First, Target: m.Target, Done: m.Done}
}

var platforms = store.Kind[Platform]{
	Name: PlatformRecord, House: house.Own(),
	ID:      func(p Platform) string { return string(p.ID) },
	Indexes: []store.Index[Platform]{{Name: "name", Columns: "t", Of: func(p Platform) store.Tuple { return store.Tuple{store.Text(p.Name)} }}},
}

var lines = store.Kind[Line]{
	Name: LineRecord, House: house.Own(),
	ID:      func(l Line) string { return store.JoinID(string(l.Platform), l.Name) },
	Indexes: []store.Index[Line]{{Name: "platform", Columns: "t", Of: func(l Line) store.Tuple { return store.Tuple{store.Text(l.Platform)} }}},
}

// Former is what a platform or a line was until it was kept anew.
type Former struct {
	Of       string    `json:"of"` // the kind of record
	ID       string    `json:"id"`
	Version  int       `json:"version"`
	At       time.Time `json:"at"` // when it was replaced
	Platform *Platform `json:"platform,omitempty"`
	Line     *Line     `json:"line,omitempty"`
}

var formers = store.Kind[Former]{
	Name: FormerRecord, House: house.Own(),
	ID: func(e Former) string { return store.JoinID(e.Of, e.ID, number(e.Version)) },
	Indexes: []store.Index[Former]{{Name: "of", Columns: "tti", Of: func(e Former) store.Tuple {
		return store.Tuple{store.Text(e.Of), store.Text(e.ID), store.Int(e.Version)}
	}}},
}

var releases = store.Kind[Release]{
	Name: ReleaseRecord, House: house.Own(),
	ID: func(r Release) string { return releaseID(r.Platform, r.Version) },
	Indexes: []store.Index[Release]{
		{Name: "line", Columns: "tt", Of: func(r Release) store.Tuple { return store.Tuple{store.Text(r.Platform), store.Text(r.Line)} }},
		// By the day that counts: when it came, or when it is promised for.
		{Name: "day", Columns: "tt", Of: func(r Release) store.Tuple { return store.Tuple{store.Text(r.Platform), store.Text(r.day().String())} }},
	},
}

// day is when a release came, or when it is promised for.
func (p Planned) day() calendar.Date {
	if !p.Done.IsZero() {
		return p.Done
	}
	return p.Target
}

func releaseID(p PlatformID, text string) string { return store.JoinID(string(p), Canonical(text)) }

var milestones = store.Kind[Milestone]{
	Name: MilestoneRecord, House: house.Own(),
	ID: func(m Milestone) string { return store.JoinID(string(m.Platform), m.Line, m.Name) },
	Indexes: []store.Index[Milestone]{
		{Name: "day", Columns: "tt", Of: func(m Milestone) store.Tuple {
			return store.Tuple{store.Text(m.Platform), store.Text(m.day().String())}
		}},
	},
}

// Reindex brings the records of all rooms' kinds of releases into their indexes.
func Reindex(ctx context.Context, s *store.Store) (int, error) {
	return store.Reindex(ctx, s, platforms, formers, lines, releases, milestones, fixes, runnings, rans, pins, warnings)
}

package runbook

import (
	"fmt"
	"iter"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/workday"
)

// Schedule says on which days a checklist is due by itself, and from when until when
// by the clock of a zone: a span that does not end after it begins runs into the next
// day. Which days are working days says the host's timetable.
type Schedule struct {
	Rule   workday.Rule       `json:"rule"`
	During calendar.ClockSpan `json:"during"`
	Zone   string             `json:"zone,omitempty"` // IANA name, "" means UTC
}

// Validate reports every violation.
func (s Schedule) Validate() error {
	var v servicecoin.Violations
	v.Merge("rule", s.Rule.Validate())
	v.Merge("during", s.During.Validate())
	_, err := s.location()
	v.Merge("", err)
	return v.Err()
}

func (s Schedule) location() (*time.Location, error) {
	return hours.Hours{Zone: s.Zone}.Location()
}

// Occasion is one time that a checklist is due: it opens at the start, and must be
// finished by the end.
type Occasion struct {
	Day    calendar.Date     `json:"day"`
	During calendar.Interval `json:"during"`
}

// mostOccasions is how many occasions are looked at in one call.
const mostOccasions = 10_000

// Occasions returns the occasions of a schedule that end within an interval, in
// order. The timetable may be nil if the rule counts no working days. What depends on
// days outside of its span is a [*calendar.OutsideError], more than 10,000 occasions
// an [*servicecoin.InvalidError].
func (s Schedule) Occasions(tt *hours.Timetable, within calendar.Interval) ([]Occasion, error) {
	var v servicecoin.Violations
	v.Merge("schedule", s.Validate())
	v.Merge("within", within.Validate())
	if err := v.Err(); err != nil {
		return nil, err
	}
	days, err := s.Rule.Compile(tt)
	if err != nil {
		return nil, err
	}
	loc, err := s.location()
	if err != nil || within.Empty() {
		return nil, err
	}
	var list []Occasion
	for o, err := range s.occasions(days, loc, within) {
		switch {
		case err != nil:
			return nil, err
		case len(list) == mostOccasions:
			v.Add("within", "too-many", within.String(), fmt.Sprintf("must have at most %d occasions", mostOccasions))
			return nil, v.Err()
		}
		list = append(list, o)
	}
	return list, nil
}

// occasions yields those that end within an interval.
func (s Schedule) occasions(days *workday.Days, loc *time.Location, within calendar.Interval) iter.Seq2[Occasion, error] {
	return func(yield func(Occasion, error) bool) {
		first := calendar.DateOf(within.Start, loc).AddDays(-2)
		last := calendar.DateOf(within.End, loc).AddDays(1)
		for day, err := range days.Between(first, last) {
			if err != nil {
				yield(Occasion{}, err)
				return
			}
			o := Occasion{Day: day, During: calendar.Between(day.At(s.During.Open, loc), day.At(s.During.Close, loc))}
			if s.During.Overnight() {
				o.During.End = day.AddDays(1).At(s.During.Close, loc)
			}
			if within.Contains(o.During.End) && !yield(o, nil) {
				return
			}
		}
	}
}

// Miss is an occasion whose checklist was not finished by its end.
type Miss struct {
	Template  TemplateID  `json:"template"`
	Edition   int         `json:"edition"` // that held then
	Occasion  Occasion    `json:"occasion"`
	Kind      MissKind    `json:"kind"`
	Checklist ChecklistID `json:"checklist,omitempty"` // "" if none was made
	// FinishedAt is when it was completed after all; zero: it was not.
	FinishedAt time.Time `json:"finishedAt,omitzero"`
}

// MissKind says how an occasion was missed.
type MissKind string

// The kinds.
const (
	NeverBegun    MissKind = "neverBegun"
	NotFinished   MissKind = "notFinished" // it is still open
	GivenUp       MissKind = "givenUp"     // it was abandoned
	FinishedLater MissKind = "finishedLater"
)

// Missed returns the occasions of one edition of a template that ended within an
// interval, and before an instant, and whose checklist was not complete by then, in
// order. Nothing has to run for that: what nobody made is found by its schedule. The
// edition answers for the time from its publication to its end, for occasions that
// opened then; checklists of other templates are passed over. See
// [Schedule.Occasions] for the timetable and the errors.
func Missed(t Template, tt *hours.Timetable, made []Checklist, within calendar.Interval, at time.Time) ([]Miss, error) {
	if t.Schedule == nil || t.PublishedAt.IsZero() {
		return nil, nil
	}
	within = clipped(within, t.PublishedAt, at)
	if within.Empty() {
		return nil, nil
	}
	occasions, err := t.Schedule.Occasions(tt, within)
	if err != nil {
		return nil, err
	}
	byDay := map[calendar.Date]*Checklist{}
	for i := range made {
		if made[i].Template == t.ID && !made[i].Day.IsZero() {
			byDay[made[i].Day] = &made[i]
		}
	}
	var list []Miss
	for _, o := range occasions {
		if !t.answersFor(o) {
			continue
		}
		m := Miss{Template: t.ID, Edition: t.Edition, Occasion: o, Kind: NeverBegun}
		if c := byDay[o.Day]; c != nil {
			if m.Checklist, m.FinishedAt = c.ID, c.CompletedAt; c.State.Finished() && !c.CompletedAt.After(o.During.End) {
				continue
			}
			switch {
			case c.State == ChecklistAbandoned:
				m.Kind = GivenUp
			case c.State.Finished():
				m.Kind = FinishedLater
			default:
				m.Kind = NotFinished
			}
		}
		list = append(list, m)
	}
	return list, nil
}

// answersFor reports whether the edition was published when an occasion opened.
func (t *Template) answersFor(o Occasion) bool {
	return !t.PublishedAt.IsZero() && !o.During.Start.Before(t.PublishedAt) && (t.EndedAt.IsZero() || o.During.Start.Before(t.EndedAt))
}

// clipped returns an interval from an instant on, up to another one.
func clipped(iv calendar.Interval, from, to time.Time) calendar.Interval {
	if iv.Start.Before(from) {
		iv.Start = from
	}
	if to.Before(iv.End) {
		iv.End = to
	}
	return iv
}

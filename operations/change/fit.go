package change

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Rule says which rule a plan breaks.
type Rule string

// The rules.
const (
	RuleWindow     Rule = "window"     // a part of the plan lies outside of every window
	RuleFreeze     Rule = "freeze"     // a part of it lies in a freeze
	RuleCritical   Rule = "critical"   // or in a critical window of a customer
	RuleNotice     Rule = "notice"     // it begins before the notice is over that its kind demands
	RulePast       Rule = "past"       // it begins before now
	RuleDependency Rule = "dependency" // see [Check]
	RuleConsent    Rule = "consent"    // a customer has not agreed
	RuleConflict   Rule = "conflict"   // it collides with something: see [Schedule.Conflicts]
)

// Obstacle is one reason why a plan does not fit.
type Obstacle struct {
	Rule   Rule              `json:"rule"`
	With   string            `json:"with,omitempty"` // the name of what it breaks the rule with; of a window: the one that it touches, or that is nearest
	ID     string            `json:"id,omitempty"`   // and its id: of a window, a freeze, a customer, a change
	During calendar.Interval `json:"during"`         // the part of the plan
	Text   string            `json:"text"`
}

// Question asks whether a change fits.
type Question struct {
	At        time.Time // now: no start before it is proposed
	Change    servicecoin.ChangeID
	Kind      Kind
	Scope     Scope
	Plan      Plan
	AskedAt   time.Time                // since when notice counts; zero: At
	Customers []servicecoin.CustomerID // whom it concerns

	Exceptions   []Exception
	Dependencies []Dependency
	Others       []Other // the changes that it depends on
	Consents     []Consent

	// Busy are times that are taken otherwise: no start is proposed that needs them,
	// and nothing is said of a plan that does. [BusyWith] makes them of conflicts.
	Busy    calendar.Set
	Horizon calendar.Duration // how far from now starts are looked for; undefined: 90 days
}

// Start is a proposed start.
type Start struct {
	At     time.Time         `json:"at"`
	Window calendar.Interval `json:"window"`         // in which it is the earliest one, as far as that is known
	Name   string            `json:"name,omitempty"` // of the window, "" where there are none
}

// Fit is the answer.
type Fit struct {
	Obstacles []Obstacle  `json:"obstacles,omitempty"` // all of them, by start
	Excused   []Exception `json:"excused,omitempty"`   // without which there would be more: the freezes that it may break
	// Starts are the earliest starts in each of the next three windows that fit, the
	// whole way back included; without windows, in the next three times that are free.
	// What no other start would mend, as the consent of a customer, is not looked at.
	Starts []Start   `json:"starts,omitempty"`
	Until  time.Time `json:"until"` // up to which they were looked for
	// NotBefore is when the notice is over that the kind demands; zero: it demands none.
	NotBefore time.Time `json:"notBefore,omitzero"`
}

// Fits reports whether nothing is in the way.
func (f Fit) Fits() bool { return len(f.Obstacles) == 0 }

// Limits of a question.
const (
	proposals      = 3
	defaultHorizon = 90 * 24 * time.Hour
	longestHorizon = 5 * 366 * 24 * time.Hour
	longestSpan    = 2 * 366 * 24 * time.Hour // work and way back
)

func (q Question) validate() error {
	var v servicecoin.Violations
	v.Time("at", q.At)
	q.Kind.validate(&v, "kind")
	v.Time("plan.start", q.Plan.Start)
	work, back := length(q.Plan.Length), length(q.Plan.WayBack)
	switch { // each is at most a hundred years, if it was read or checked
	case work < 0 || back < 0 || work+back <= 0:
		v.Add("plan.length", "out-of-range", q.Plan.Length.String(), "must be longer than nothing, with its way back")
	case work > longestSpan || back > longestSpan || work+back > longestSpan:
		v.Add("plan.length", "out-of-range", q.Plan.Length.String(), "must be two years at most, with its way back")
	}
	if h, is := q.Horizon.Get(); is && (h <= 0 || h > longestHorizon) {
		v.Add("horizon", "out-of-range", q.Horizon.String(), "must be longer than nothing, and five years at most")
	}
	return v.Err()
}

func (q Question) horizon() time.Duration {
	if h, is := q.Horizon.Get(); is {
		return h
	}
	return defaultHorizon
}

// Fit works the calendar out for one question and answers it: see [Occasions.Fit].
func (c Calendar) Fit(q Question) (Fit, error) {
	if err := q.validate(); err != nil {
		return Fit{}, err
	}
	span, h := q.Plan.Span(), q.horizon()
	first, last := span.Start, span.End
	if q.At.Before(first) {
		first = q.At
	}
	if until := q.At.Add(h + span.Duration()); until.After(last) {
		last = until
	}
	o, err := c.Compile(calendar.Between(first.Add(-defaultHorizon), last.Add(defaultHorizon)))
	if err != nil {
		return Fit{}, err
	}
	return o.Fit(q)
}

// Fit says all that is in the way of a plan, and when it could be done instead. The
// error is an [*servicecoin.InvalidError] for a question that makes no sense, and a
// [*calendar.OutsideError] for a plan outside of the span that was compiled.
func (o *Occasions) Fit(q Question) (Fit, error) {
	if err := q.validate(); err != nil {
		return Fit{}, err
	}
	q.At, q.Plan.Start, q.AskedAt = servicecoin.Instant(q.At), servicecoin.Instant(q.Plan.Start), servicecoin.Instant(q.AskedAt)
	span := q.Plan.Span()
	if span.Start.Before(o.within.Start) || span.End.After(o.within.End) {
		return Fit{}, &calendar.OutsideError{What: "the plan", Span: o.within}
	}
	s := search{occasions: o, question: q, span: span, earliest: q.At}
	if err := s.noticed(); err != nil {
		return Fit{}, err
	}
	if span.Start.Before(q.At) {
		s.add(Obstacle{Rule: RulePast, During: upTo(span, q.At), Text: "it is to begin in the past"})
	}
	s.windows()
	s.freezes()
	s.critical()
	s.depends()
	s.consents()
	slices.SortStableFunc(s.fit.Obstacles, func(a, b Obstacle) int {
		return cmp.Or(a.During.Start.Compare(b.During.Start), a.During.End.Compare(b.During.End))
	})
	s.propose()
	return s.fit, nil
}

// search is a question that is being answered.
type search struct {
	occasions *Occasions
	question  Question
	span      calendar.Interval
	fit       Fit

	allowed  calendar.Set // by windows; of no use without any
	parties  []party
	blocked  []calendar.Interval
	earliest time.Time
	latest   time.Time // starts lie before it; zero: no limit
	hopeless bool      // no start can be known
}

func (s *search) add(x Obstacle) { s.fit.Obstacles = append(s.fit.Obstacles, x) }

// atLeast notes that starts lie at an instant or later.
func (s *search) atLeast(t time.Time) {
	if t.After(s.earliest) {
		s.earliest = t
	}
}

// notBefore returns when the notice is over that a kind demands, asked for at an instant.
func (o *Occasions) notBefore(kind Kind, asked time.Time) (time.Time, error) {
	if first := o.timetable.Span().Start; asked.Before(first) {
		asked = first // so long ago that it is as good
	}
	due, err := o.notice[kind].Due(o.timetable, asked)
	if err != nil {
		return time.Time{}, fmt.Errorf("notice of a %s change: %w", kind, err)
	}
	return due, nil
}

// noticed asks for the notice that the kind demands.
func (s *search) noticed() error {
	o, q := s.occasions, s.question
	notice, is := o.notice[q.Kind]
	if !is {
		return nil
	}
	asked := q.AskedAt
	if asked.IsZero() {
		asked = q.At
	}
	due, err := o.notBefore(q.Kind, asked)
	if err != nil {
		return err
	}
	s.atLeast(due)
	s.fit.NotBefore = due
	if s.span.Start.Before(due) {
		s.add(Obstacle{Rule: RuleNotice, During: upTo(s.span, due), Text: fmt.Sprintf(
			"a %s change needs notice of %s: asked for at %s, it begins at %s at the earliest", q.Kind, notice, lifecycle.Stamp(asked), lifecycle.Stamp(due))})
	}
	return nil
}

// upTo is the part of an interval before an instant.
func upTo(iv calendar.Interval, t time.Time) calendar.Interval {
	if t.Before(iv.End) {
		iv.End = t
	}
	return iv
}

func (s *search) freezes() {
	for _, f := range s.occasions.freezes {
		if !f.Concerns(s.question.Kind, s.question.Scope) {
			continue
		}
		overlap := f.During.Intersect(s.span)
		frozen := calendar.SetOf(f.During)
		excused := false
		for _, e := range s.question.Exceptions {
			if e.Freeze != f.ID {
				continue
			}
			frozen = frozen.Subtract(e.lets(f, s.question.Scope.Services))
			if e.Holds(s.span, s.question.Scope.Services) && !overlap.Empty() {
				s.fit.Excused = append(s.fit.Excused, e)
				excused = true
			}
		}
		s.blocked = append(s.blocked, frozen.List...)
		if !overlap.Empty() && !excused {
			s.add(Obstacle{
				Rule: RuleFreeze, With: f.Name, ID: string(f.ID), During: overlap,
				Text: fmt.Sprintf("%s of it in the freeze %q%s", lengthOf(overlap), f.Name, reasoned(f.Why)),
			})
		}
	}
}

func (s *search) critical() {
	for _, c := range s.occasions.critical {
		if c.Customer != "" && !slices.Contains(s.question.Customers, c.Customer) || len(c.Services) > 0 && !sharesAny(c.Services, s.question.Scope.Services) {
			continue
		}
		whose := cmp.Or(c.Name, string(c.Customer))
		if whose != "" {
			whose = " of " + whose
		}
		for _, w := range c.windows {
			s.blocked = append(s.blocked, w.times.List...)
			for overlap := range w.times.Clip(s.span).All() {
				s.add(Obstacle{
					Rule: RuleCritical, With: w.Name, ID: string(c.Customer), During: overlap,
					Text: fmt.Sprintf("%s of it in the critical window %q%s%s", lengthOf(overlap), w.Name, whose, reasoned(w.Reason)),
				})
			}
		}
	}
}

// sharesAny reports whether two lists share an id.
func sharesAny(a, b []servicecoin.ServiceID) bool {
	return slices.ContainsFunc(b, func(s servicecoin.ServiceID) bool { return slices.Contains(a, s) })
}

func (s *search) depends() {
	q := s.question
	for _, x := range Check(s.span, q.Dependencies, q.Others) {
		s.add(x)
	}
	for _, d := range q.Dependencies {
		other, is := find(q.Others, d.On)
		known := is && other.Span != (calendar.Interval{})
		switch {
		case d.Kind == Apart:
			if known {
				s.blocked = append(s.blocked, other.Span)
			}
		case !known:
			s.hopeless = true
		case d.Kind == After:
			s.atLeast(other.Span.End)
		case d.Kind == Together:
			s.atLeast(other.Span.Start)
			if s.latest.IsZero() || other.Span.End.Before(s.latest) {
				s.latest = other.Span.End
			}
		}
	}
}

func (s *search) consents() {
	for _, c := range s.question.Consents {
		if c.Standing(s.question.At) == ConsentOpen {
			s.atLeast(c.By)
		}
		if why := c.blocks(s.span, s.question.At); why != "" {
			s.add(Obstacle{Rule: RuleConsent, With: string(c.Customer), ID: string(c.Customer), During: s.span, Text: string(c.Customer) + " " + why})
		}
	}
}

// BusyWith returns the times of what conflicts are with, so that no start is
// proposed that would collide with it again. It takes the conflicts of an entry that
// spans the whole time in which starts are looked for.
func BusyWith(conflicts []Conflict) calendar.Set {
	var list []calendar.Interval
	for _, c := range conflicts {
		if c.Blocks() {
			list = append(list, c.With.Span)
		}
	}
	return calendar.SetOf(list...)
}

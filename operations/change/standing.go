package change

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Standing is all that there is to say of the time of one change: whether it fits,
// with what it collides, and whom it concerns.
type Standing struct {
	Fit       Fit                      `json:"fit"`
	Conflicts []Conflict               `json:"conflicts,omitempty"` // that block it, and nobody stands for
	Warnings  []Conflict               `json:"warnings,omitempty"`  // with what is not certain yet
	Settled   []Conflict               `json:"settled,omitempty"`   // that somebody stands for
	Customers []servicecoin.CustomerID `json:"customers,omitempty"` // whom it concerns
}

// Fits reports whether nothing is in the way.
func (s Standing) Fits() bool { return s.Fit.Fits() && len(s.Conflicts) == 0 }

// Reasons returns everything that is in the way, in words, in the order of time.
func (s Standing) Reasons() []string {
	type reason struct {
		at   time.Time
		text string
	}
	var list []reason
	for _, o := range s.Fit.Obstacles {
		list = append(list, reason{o.During.Start, o.Text})
	}
	for _, c := range s.Conflicts {
		list = append(list, reason{c.Overlap.Start, c.Text})
	}
	slices.SortStableFunc(list, func(a, b reason) int { return a.at.Compare(b.at) })
	var out []string
	for _, r := range list {
		out = append(out, r.text)
	}
	return out
}

// Refusal says why the change gets no place, "" if it does: all reasons, of many the
// first, and how many more there are; and when it would fit.
func (s Standing) Refusal() string {
	const most = 10
	reasons := s.Reasons()
	if len(reasons) == 0 {
		return ""
	}
	more := ""
	if n := len(reasons); n > most {
		reasons, more = reasons[:most], fmt.Sprintf("; and %d more", n-most)
	}
	text := strings.Join(reasons, "; ") + more
	var starts []string
	for _, x := range s.Fit.Starts {
		starts = append(starts, lifecycle.Stamp(x.At))
	}
	if len(starts) > 0 {
		text += ". It would fit at " + strings.Join(starts, ", ")
	}
	return text
}

// Standing says how things stand for a change, as it is stored.
func (c *Control) Standing(ctx context.Context, id servicecoin.ChangeID) (Standing, error) {
	x, err := c.Get(ctx, id)
	if err != nil {
		return Standing{}, err
	}
	return c.Consider(ctx, x)
}

// Consider says how things stand for a change that may not be stored: one that is
// being written, or moved. Its plan has a start and a length.
func (c *Control) Consider(ctx context.Context, x Change) (Standing, error) {
	if err := c.view.Err(); err != nil {
		return Standing{}, err
	}
	return c.standing(ctx, &x, c.view.Now())
}

// standing asks the calendar and the forward schedule.
func (c *Control) standing(ctx context.Context, x *Change, at time.Time) (Standing, error) {
	q := Question{
		At: at, Change: x.ID, Kind: x.Kind, Scope: x.Scope, Plan: x.Plan, AskedAt: x.SubmittedAt,
		Exceptions: x.Exceptions, Dependencies: x.Dependencies, Consents: x.Consents, Horizon: c.o.Horizon,
	}
	if err := q.validate(); err != nil {
		return Standing{}, err
	}
	var s Standing
	span := x.Plan.Span()
	ahead := calendar.Between(at, later(at, span.Start).Add(q.horizon()+span.Duration()))
	if span.Start.Before(ahead.Start) {
		ahead.Start = span.Start
	}
	var relations *Relations
	var err error
	if c.o.World != nil {
		if s.Customers, err = c.o.World.Customers(ctx, x.Scope, span); err != nil {
			return Standing{}, fmt.Errorf("whom it concerns: %w", err)
		}
		if relations, err = c.o.World.Relations(ctx, x.Scope); err != nil {
			return Standing{}, fmt.Errorf("what it rests on: %w", err)
		}
	}
	q.Customers = s.Customers
	if q.Others, err = c.others(ctx, x.Dependencies); err != nil {
		return Standing{}, err
	}
	entries, err := c.entries(ctx, x.Scope, ahead)
	if err != nil {
		return Standing{}, err
	}
	schedule, err := ScheduleOf(entries...)
	if err != nil {
		return Standing{}, err
	}
	// Freezes and critical windows are the calendar's affair: they are not told twice.
	me := EntryOf(x.ID, x.Title, x.Kind, x.Plan, x.Scope, x.Implementers...)
	me.Customers = s.Customers
	open, settled := Settle(schedule.Conflicts(me, relations), x.Accepted)
	s.Settled = settled
	for _, conflict := range open {
		if conflict.Blocks() {
			s.Conflicts = append(s.Conflicts, conflict)
		} else {
			s.Warnings = append(s.Warnings, conflict)
		}
	}
	whole := me
	whole.Span = ahead
	q.Busy = BusyWith(schedule.Conflicts(whole, relations))
	calendar, err := c.calendar(ctx, ahead, s.Customers)
	if err != nil {
		return Standing{}, err
	}
	if s.Fit, err = calendar.Fit(q); err != nil {
		return Standing{}, err
	}
	return s, nil
}

// others reads the changes that a change depends on. One that is not there has no
// time.
func (c *Control) others(ctx context.Context, dependencies []Dependency) ([]Other, error) {
	var list []Other
	for _, d := range dependencies {
		x, err := c.Get(ctx, d.On)
		switch {
		case errors.Is(err, servicecoin.ErrNotFound):
			continue
		case err != nil:
			return nil, err
		}
		list = append(list, Other{ID: x.ID, Name: x.Title, Span: x.occupies(c.view.Now())})
	}
	return list, nil
}

// occupies is the time that a change takes, or took, as it is known at an instant; the
// zero one of a change that will not happen. What takes longer than planned may still be
// put back from then on.
func (c *Change) occupies(at time.Time) calendar.Interval {
	switch {
	case c.State == Cancelled || c.State == Rejected:
		return calendar.Interval{}
	case !c.EndedAt.IsZero():
		return calendar.Between(c.StartedAt, c.EndedAt)
	case c.Plan.Start.IsZero():
		return calendar.Interval{}
	case c.State == Started:
		from, planned := c.StartedAt, c.Plan.Span()
		if planned.Start.Before(from) {
			from = planned.Start
		}
		return calendar.Between(from, later(planned.End, servicecoin.Instant(at).Add(length(c.Plan.WayBack))))
	}
	return c.Plan.Span()
}

// Entry returns the change as an entry of the forward schedule, as it is known at an
// instant: tentative until it is scheduled, and longer than planned while it takes longer.
// Its span is empty where it takes no time.
func (c *Change) Entry(at time.Time) Entry {
	e := EntryOf(c.ID, c.Title, c.Kind, c.Plan, c.Scope, c.Implementers...)
	e.Span, e.Tentative = c.occupies(at), !c.State.Firm()
	return e
}

// entries returns what takes time, without freezes and critical windows.
func (c *Control) entries(ctx context.Context, s Scope, during calendar.Interval) ([]Entry, error) {
	var list []Entry
	for x, err := range c.Ahead(during.End).All(ctx) {
		if err != nil {
			return nil, err
		}
		if e := x.Entry(c.view.Now()); e.Span.Overlaps(during) && x.State != Draft {
			list = append(list, e)
		}
	}
	if c.o.World == nil {
		return list, nil
	}
	more, err := c.o.World.Entries(ctx, s, during)
	if err != nil {
		return nil, fmt.Errorf("what else takes time: %w", err)
	}
	return append(list, more...), nil
}

// calendar reads windows, freezes and critical windows.
func (c *Control) calendar(ctx context.Context, during calendar.Interval, customers []servicecoin.CustomerID) (Calendar, error) {
	out := Calendar{Notice: c.o.Notice, Hours: c.o.Hours}
	for w, err := range c.Windows().All(ctx) {
		if err != nil {
			return out, err
		}
		out.Windows = append(out.Windows, w)
	}
	for f, err := range c.Freezes(during.Start).All(ctx) {
		if err != nil {
			return out, err
		}
		if f.During.Overlaps(during) {
			out.Freezes = append(out.Freezes, f)
		}
	}
	if c.o.World != nil {
		var err error
		if out.Critical, err = c.o.World.Critical(ctx, customers, during); err != nil {
			return out, fmt.Errorf("critical windows: %w", err)
		}
	}
	return out, nil
}

// Forward is the forward schedule of a time: what is planned or was done, the freezes
// and the critical windows in it.
type Forward struct {
	During   calendar.Interval `json:"during"`
	Changes  []Change          `json:"changes,omitempty"` // by start
	Others   []Entry           `json:"others,omitempty"`  // maintenance and patch slots of others
	Freezes  []Freeze          `json:"freezes,omitempty"`
	Windows  []Window          `json:"windows,omitempty"`
	Critical []CriticalTimes   `json:"critical,omitempty"`
	// Conflicts are those of the changes with each other and with the others, by the id
	// of the change.
	Conflicts map[servicecoin.ChangeID][]Conflict `json:"conflicts,omitempty"`
}

// Forward returns the forward schedule of a time: what people call the change
// calendar.
func (c *Control) Forward(ctx context.Context, during calendar.Interval) (Forward, error) {
	f := Forward{During: during, Conflicts: map[servicecoin.ChangeID][]Conflict{}}
	all, err := c.changesIn(ctx, during)
	if err != nil {
		return f, err
	}
	f.Changes = all
	scope := Scope{}
	var entries []Entry
	for i := range all {
		scope.Services = append(scope.Services, all[i].Scope.Services...)
		if e := all[i].Entry(c.view.Now()); all[i].State != Draft && !e.Span.Empty() {
			entries = append(entries, e)
		}
	}
	scope.Services = sorted(scope.Services)
	var relations *Relations
	var customers []servicecoin.CustomerID
	if c.o.World != nil {
		if f.Others, err = c.o.World.Entries(ctx, scope, during); err != nil {
			return f, err
		}
		if relations, err = c.o.World.Relations(ctx, scope); err != nil {
			return f, err
		}
		if customers, err = c.o.World.Customers(ctx, scope, during); err != nil {
			return f, err
		}
	}
	calendar, err := c.calendar(ctx, during, customers)
	if err != nil {
		return f, err
	}
	f.Freezes, f.Windows, f.Critical = calendar.Freezes, calendar.Windows, calendar.Critical
	for _, freeze := range f.Freezes {
		entries = append(entries, freeze.Entry())
	}
	schedule, err := ScheduleOf(append(entries, f.Others...)...)
	if err != nil {
		return f, err
	}
	for i := range all {
		x := &all[i]
		if e := x.Entry(c.view.Now()); !e.Span.Empty() && (x.State.Planned() || x.State == Started) {
			if open, _ := Settle(schedule.Conflicts(e, relations), x.Accepted); len(open) > 0 {
				f.Conflicts[x.ID] = open
			}
		}
	}
	return f, nil
}

// changesIn reads the changes whose time lies in an interval, by start.
func (c *Control) changesIn(ctx context.Context, during calendar.Interval) ([]Change, error) {
	var list []Change
	now := c.view.Now()
	// What was begun is not planned any more, but for what is on its way: that is both.
	planned := c.Ahead(during.End).Where(func(x Change) bool { return x.StartedAt.IsZero() })
	for _, listing := range append(c.begun(during.Start, during.End), planned) {
		for x, err := range listing.All(ctx) {
			if err != nil {
				return nil, err
			}
			if x.occupies(now).Overlaps(during) {
				list = append(list, x)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Change) int { return a.occupies(now).Start.Compare(b.occupies(now).Start) })
	return list, nil
}

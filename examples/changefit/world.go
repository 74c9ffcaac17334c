package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/operations/change"
)

// world is what a calendar says.
type world struct {
	path     string
	within   calendar.Interval // of which it was read
	horizon  time.Duration     // how far starts are looked for
	windows  []change.Window
	unsure   []change.Window // the tentative ones of them
	freezes  []change.Freeze
	perhaps  []change.Freeze // tentative
	changes  []change.Entry
	lines    map[string]int // of changes, by id
	limited  bool           // there is a window of some services
	schedule *change.Schedule
}

// readCalendar reads what a calendar says of the time around a plan, and after an
// instant. Of one with very many events it looks less far ahead.
func readCalendar(path string, loc *time.Location, p planned, from time.Time) (*world, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	const day = 24 * time.Hour
	span, back := p.plan.Span(), longestRollback(data)
	first, last := span.Start, span.End
	if from.Before(first) {
		first = from
	}
	if end := from.Add(span.Duration()); end.After(last) {
		last = end
	}
	var events []ical.Event
	w := &world{path: path, lines: map[string]int{}}
	for _, reach := range []time.Duration{2 * 365 * day, 90 * day, 30 * day, 7 * day, day} { // for the nearest window, far
		w.horizon = min(reach, 90*day)
		w.within = calendar.Between(first.Add(-max(back, reach)), last.Add(reach))
		if events, err = ical.ReadWithin(bytes.NewReader(data), loc, w.within); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, e := range events {
		for iv := range e.Times(loc, w.within) {
			if err := w.add(e, iv, p); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	w.schedule, err = change.ScheduleOf(w.changes...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

// add files one time of an event.
func (w *world) add(e ical.Event, iv calendar.Interval, p planned) error {
	is := func(word string) bool {
		return slices.ContainsFunc(e.Categories, func(c string) bool { return strings.EqualFold(c, word) })
	}
	id, name, tentative := strconv.Itoa(len(w.windows)+len(w.freezes)+len(w.perhaps)+len(w.changes)), cmp.Or(e.Summary, e.UID, fmt.Sprintf("line %d", e.Line)), e.Status == "TENTATIVE"
	services := servicesOf(e.Categories, "FREEZE", "WINDOW")
	switch {
	case is("FREEZE"):
		if e.Transparent || iv.Empty() {
			return nil
		}
		f := change.Freeze{
			ID: change.FreezeID(id), Name: name, During: iv, Services: services,
			Why: "as the calendar says", DeclaredBy: "calendar", DeclaredAt: iv.Start,
		}
		if tentative {
			w.perhaps = append(w.perhaps, f)
		} else {
			w.freezes = append(w.freezes, f)
		}
	case is("WINDOW"): // transparent ones too: a window takes nobody's time
		if iv.Empty() {
			return nil
		}
		x := change.Window{ID: change.WindowID(id), Name: name, During: iv, Services: services}
		w.windows, w.limited = append(w.windows, x), w.limited || len(services) > 0
		if tentative {
			w.unsure = append(w.unsure, x)
		}
	default:
		if e.Transparent || e.UID != "" && e.UID == p.uid {
			return nil
		}
		back, err := rollback(e)
		if err != nil {
			return err
		}
		iv.End = iv.End.Add(back)
		w.lines[id] = e.Line
		w.changes = append(w.changes, change.Entry{
			Kind: change.ChangeEntry, ID: id, Name: name, Span: iv, Services: servicesOf(e.Categories), Tentative: tentative,
		})
	}
	return nil
}

// ask asks about the change, and looks for starts from an instant on.
func (w *world) ask(p planned, from time.Time) (answer, error) {
	var a answer
	span := p.plan.Span()
	entry := change.Entry{Kind: change.ChangeEntry, ID: "it", Name: p.name, Span: span, Services: p.services}
	for _, c := range w.schedule.Conflicts(entry, nil) {
		r := row{change.RuleConflict, c.With.Name, c.Overlap, c.Text}
		if !c.Blocks() {
			r.rule = tentative
		}
		a.rows = append(a.rows, r)
	}
	entry.Span = calendar.Between(from, from.Add(w.horizon+span.Duration()))
	q := change.Question{
		At: from, Kind: change.Normal, Scope: change.Scope{Services: p.services}, Plan: p.plan,
		Busy: change.BusyWith(w.schedule.Conflicts(entry, nil)), Horizon: calendar.Within(w.horizon),
	}
	fit, err := w.fit(change.Calendar{Windows: w.windows, Freezes: w.freezes}, q)
	if err != nil {
		return a, err
	}
	var outside []calendar.Interval
	for _, x := range fit.Obstacles {
		if x.Rule == change.RulePast {
			continue // that is no affair of the calendar
		}
		if x.Rule == change.RuleWindow {
			outside = append(outside, x.During)
		}
		a.rows = append(a.rows, row{x.Rule, x.With, x.During, x.Text})
	}
	for _, f := range w.perhaps {
		if overlap := f.During.Intersect(span); f.Concerns(q.Kind, q.Scope) && !overlap.Empty() {
			a.rows = append(a.rows, row{tentative, f.Name, overlap, fmt.Sprintf("perhaps there is the freeze %q", f.Name)})
		}
	}
	if err := w.unsureRows(&a, q, calendar.SetOf(outside...)); err != nil {
		return a, err
	}
	a.sort()
	a.starts, a.until = fit.Starts, fit.Until
	w.note(&a, p, span)
	return a, nil
}

// fit asks a calendar, for all of the time that was read.
func (w *world) fit(c change.Calendar, q change.Question) (change.Fit, error) {
	occasions, err := c.Compile(w.within)
	if err != nil {
		return change.Fit{}, err
	}
	return occasions.Fit(q)
}

// unsureRows warns of the parts of the plan that only tentative windows allow.
func (w *world) unsureRows(a *answer, q change.Question, outside calendar.Set) error {
	if len(w.unsure) == 0 {
		return nil
	}
	sure := slices.DeleteFunc(slices.Clone(w.windows), func(x change.Window) bool {
		return slices.ContainsFunc(w.unsure, func(u change.Window) bool { return u.ID == x.ID })
	})
	needed := calendar.SetOf(q.Plan.Span())
	if len(sure) > 0 {
		fit, err := w.fit(change.Calendar{Windows: sure}, q)
		if err != nil {
			return err
		}
		var parts []calendar.Interval
		for _, x := range fit.Obstacles {
			if x.Rule == change.RuleWindow {
				parts = append(parts, x.During)
			}
		}
		needed = calendar.SetOf(parts...)
	}
	needed = needed.Subtract(outside)
	for _, u := range w.unsure {
		if len(u.Services) > 0 && !slices.ContainsFunc(q.Scope.Services, func(s servicecoin.ServiceID) bool { return slices.Contains(u.Services, s) }) {
			continue
		}
		for part := range needed.Clip(u.During).All() {
			a.rows = append(a.rows, row{tentative, u.Name, part, fmt.Sprintf("the window %q is not certain", u.Name)})
		}
	}
	return nil
}

// note tells what could not be decided, since services are not named.
func (w *world) note(a *answer, p planned, span calendar.Interval) {
	for e := range w.schedule.During(span) {
		switch {
		case len(p.services) == 0:
			a.notes = append(a.notes, fmt.Sprintf("the change names no services: whether it collides with %q (%s, line %d) is not known", e.Name, w.path, w.lines[e.ID]))
		case len(e.Services) == 0:
			a.notes = append(a.notes, fmt.Sprintf("%q (%s, line %d) names no services: whether the change collides with it is not known", e.Name, w.path, w.lines[e.ID]))
		}
	}
	if len(p.services) > 0 {
		return
	}
	for _, f := range slices.Concat(w.freezes, w.perhaps) {
		if len(f.Services) > 0 && f.During.Overlaps(span) {
			a.notes = append(a.notes, fmt.Sprintf("the change names no services: whether the freeze %q is about it is not known", f.Name))
		}
	}
	if w.limited {
		a.notes = append(a.notes, "the change names no services: windows of some services are not looked at")
	}
}

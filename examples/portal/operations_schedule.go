package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/operations/change"
)

// The paths of the schedule.
const (
	changeCalendarPath = "/changes/calendar"
	schedulePath       = "/changes/schedule"
	agendaPath         = "/changes/agenda"
	freezesPath        = "/changes/freezes"
	windowsPath        = "/changes/windows"
	feedsPath          = "/feeds"
)

// scheduleArea is when changes are done, and when they may be.
func (p *portal) scheduleArea() area {
	return area{
		pages: map[string]route{
			"GET " + changeCalendarPath:              {providers, p.showChangeCalendar},
			"GET " + schedulePath:                    {providers, p.showSchedule},
			"GET " + agendaPath:                      {providers, p.showAgenda},
			"GET " + freezesPath:                     {providers, p.showFreezes},
			"POST " + freezesPath:                    {providers, p.declareFreeze},
			"POST " + freezesPath + "/{freeze}/lift": {providers, p.liftFreeze},
			"GET " + windowsPath:                     {providers, p.showWindows},
			"POST " + windowsPath:                    {providers, p.keepWindow},
			"POST " + windowsPath + "/{window}/drop": {providers, p.dropWindow},
		},
		done: map[string]string{
			"declared": "The freeze is declared. Changes that collide with it are marked in the calendar.",
			"lifted":   "The freeze is lifted.",
			"kept":     "The change window is kept.", "dropped": "The change window is gone. Changes that were scheduled in it stay where they are.",
		},
	}
}

// What takes time, or says when nothing is to be done.
const (
	itemChange      = "change"
	itemMaintenance = "maintenance"
	itemFreeze      = "freeze"
	itemCritical    = "critical"
	itemWindow      = "window"
)

// scheduleItem is whatever stands in the change calendar.
type scheduleItem struct {
	Kind  string // one of the above
	Word  string // what it is, for people
	Tone  string
	ID    string
	Name  string
	Path  string // where more is said; "": nowhere
	Span  calendar.Interval
	Worst time.Time // of a change: when it is over with the whole way back

	Services []string // none: all
	Whose    string   // the customer whose critical window it is
	People   []string // who does it
	State    string
	Sure     bool // it takes its time for certain
	Note     string
	Clashes  []string // with what it collides, and does not fit
	Times    int      // of what was gathered: how often it comes; 0: once
}

// rank is the order of what begins together: work before what is in its way, and when
// it may be done last.
func (i scheduleItem) rank() int {
	return slices.Index([]string{itemChange, itemFreeze, itemCritical, itemMaintenance, itemWindow}, i.Kind)
}

// forward reads what there is in a time, by start: changes with all that is in their
// way, other maintenance, freezes, critical windows, and change windows.
func (p *portal) forward(ctx context.Context, during calendar.Interval) ([]scheduleItem, error) {
	f, err := p.Control().Forward(ctx, during)
	if err != nil {
		return nil, err
	}
	names, err := p.names(ctx)
	if err != nil {
		return nil, err
	}
	clashes, err := p.clashes(ctx, f, names)
	if err != nil {
		return nil, err
	}
	var list []scheduleItem
	for i := range f.Changes {
		if x := &f.Changes[i]; x.State != change.Draft {
			item := p.changeItem(x, names)
			item.Clashes = clashes[x.ID]
			list = append(list, item)
		}
	}
	list = append(list, p.otherWork(f, names)...)
	list = append(list, freezeItems(f, names)...)
	critical, err := p.criticalItems(ctx, f, names)
	if err != nil {
		return nil, err
	}
	list = append(list, critical...)
	windows, err := windowItems(f, names)
	if err != nil {
		return nil, err
	}
	list = append(list, windows...)
	slices.SortStableFunc(list, func(a, b scheduleItem) int {
		return cmp.Or(a.Span.Start.Compare(b.Span.Start), a.Span.End.Compare(b.Span.End), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}

// freezeItems are the freezes. Several promises on a service may freeze it in the same
// words: that is one for whoever looks.
func freezeItems(f change.Forward, names namesByID) []scheduleItem {
	var list []scheduleItem
	for _, x := range f.Freezes {
		item := scheduleItem{
			Kind: itemFreeze, Word: "Freeze", Tone: "bad", ID: string(x.ID), Name: sentence(x.Name), Path: freezesPath, Span: x.During, Services: namesIn(names, x.Services), Sure: true, Note: sentence(x.Why),
		}
		same := slices.IndexFunc(list, func(o scheduleItem) bool {
			return o.Name == item.Name && o.Note == item.Note && slices.Equal(o.Services, item.Services) && o.Span.Overlaps(item.Span)
		})
		if same < 0 {
			list = append(list, item)
			continue
		}
		list[same].Span = calendar.Between(earlier(list[same].Span.Start, item.Span.Start), latest(list[same].Span.End, item.Span.End))
	}
	return list
}

// changeItem is a change as it stands in the calendar.
func (p *portal) changeItem(x *change.Change, names namesByID) scheduleItem {
	item := scheduleItem{
		Kind: itemChange, Word: changeKindWords(x.Kind), Tone: "info", ID: string(x.ID), Name: x.Title, Path: changePath(x.ID),
		Span: x.Time(), Worst: x.Plan.Span().End, Services: namesIn(names, x.Scope.Services), State: changeStateWords(x.State),
		Sure: x.State.Firm() || x.State.Ended(), Note: x.Outcome,
	}
	if x.State == change.Started && p.store.Now().After(item.Span.End) {
		item.Span.End = p.store.Now()
		item.Note = "It should have been over at " + p.deskStamp(x.Plan.Work().End) + "."
		item.State, item.Tone = "Overrun", "bad"
	}
	for _, who := range x.Implementers {
		item.People = append(item.People, p.pages.called(who))
	}
	if len(x.Scope.Services) == 0 {
		item.Services = []string{"no service in particular"}
	}
	return item
}

// namesIn are the names of services, in their order.
func namesIn(names namesByID, list []servicecoin.ServiceID) []string {
	var out []string
	for _, id := range list {
		out = append(out, names.Of(id))
	}
	slices.SortFunc(out, compareFold)
	return out
}

func changeKindWords(k change.Kind) string {
	switch k {
	case change.Standard:
		return "Standard change"
	case change.Emergency:
		return "Emergency"
	case change.Normal:
	}
	return "Change"
}

// otherWork is maintenance that is no change: what the host told the library of, and
// what recurs. What both know is one.
func (p *portal) otherWork(f change.Forward, names namesByID) []scheduleItem {
	type same struct {
		name       string
		start, end int64
	}
	seen := map[same]bool{}
	var list []scheduleItem
	add := func(item scheduleItem) {
		key := same{item.Name, item.Span.Start.Unix(), item.Span.End.Unix()}
		if !seen[key] {
			seen[key] = true
			list = append(list, item)
		}
	}
	for _, e := range f.Others {
		item := scheduleItem{Kind: itemMaintenance, Word: "Maintenance", Tone: "none", ID: e.ID, Name: cmp.Or(e.Name, e.ID), Path: calendarPath, Span: e.Span, Services: namesIn(names, e.Services), Sure: !e.Tentative}
		if e.Kind == change.PatchEntry {
			item.Word = "Patch slot"
		}
		add(item)
	}
	for _, x := range p.plannedIn(f.During) {
		add(scheduleItem{Kind: itemMaintenance, Word: "Maintenance", Tone: "none", ID: x.Name, Name: x.Name, Path: calendarPath, Span: x.Interval, Sure: true})
	}
	return list
}

// plannedIn is what recurs, as often as it does in a time.
func (p *portal) plannedIn(during calendar.Interval) []plannedTime {
	var list []plannedTime
	for _, w := range p.desk.windows {
		for iv := range w.Overlapping(during) {
			list = append(list, plannedTime{w.Window().Name, iv})
		}
	}
	return list
}

// criticalItems are the times that matter more, of customers and of everybody.
func (p *portal) criticalItems(ctx context.Context, f change.Forward, names namesByID) ([]scheduleItem, error) {
	customers := p.customerNames(ctx)
	var list []scheduleItem
	seen := map[string]bool{}
	add := func(whose string, services []string, times *hours.CriticalTimes) {
		for w, set := range times.All() {
			for _, iv := range set.List {
				if key := w.Name + iv.String(); iv.Overlaps(f.During) && (whose != "" || !seen[key]) {
					seen[key] = true
					list = append(list, scheduleItem{Kind: itemCritical, Word: "Critical", Tone: "warn", ID: w.Name, Name: w.Name, Path: calendarPath, Span: iv, Services: services, Whose: whose, Sure: true, Note: w.Reason})
				}
			}
		}
	}
	for _, x := range f.Critical {
		times, err := hours.CompileCritical(f.During, x.Windows...)
		if err != nil {
			return nil, err
		}
		add(customers(x.Customer), namesIn(names, x.Services), times)
	}
	if p.desk.critical != nil {
		add("", nil, p.desk.critical)
	}
	return list, nil
}

// windowItems are the change windows, as often as they come.
func windowItems(f change.Forward, names namesByID) ([]scheduleItem, error) {
	var list []scheduleItem
	for _, w := range f.Windows {
		item := scheduleItem{Kind: itemWindow, Word: "Change window", Tone: "good", ID: string(w.ID), Name: windowName(w), Path: windowsPath, Services: namesIn(names, w.Services), Sure: true}
		if w.During != (calendar.Interval{}) {
			if item.Span = w.During; w.During.Overlaps(f.During) {
				list = append(list, item)
			}
			continue
		}
		times, err := w.Times.Compile()
		if err != nil {
			return nil, err
		}
		for iv := range times.Overlapping(f.During) {
			item.Span = iv
			list = append(list, item)
		}
	}
	return list, nil
}

// windowName is what people call a change window.
func windowName(w change.Window) string { return cmp.Or(w.Name, w.Times.Name, string(w.ID)) }

// mostConsidered is how many changes of a page are asked whether they fit.
const mostConsidered = 300

// clashes says what is in the way of the changes of a time, in words: what they collide
// with, freezes, critical windows of those whom they concern, and that they lie outside
// of every change window.
func (p *portal) clashes(ctx context.Context, f change.Forward, names namesByID) (map[servicecoin.ChangeID][]string, error) {
	all := map[servicecoin.ChangeID][]string{}
	for id, list := range f.Conflicts {
		for _, c := range list {
			if c.Why == change.Frozen { // told below, with the exceptions
				continue
			}
			if text := p.conflictWords(c, names); !slices.Contains(all[id], text) {
				all[id] = append(all[id], text)
			}
		}
	}
	span := f.During
	var ahead []*change.Change
	for i := range f.Changes {
		x := &f.Changes[i]
		if (x.State.Planned() && x.State != change.Draft || x.State == change.Started) && len(ahead) < mostConsidered {
			ahead = append(ahead, x)
			span.Start, span.End = earlier(span.Start, x.Plan.Start), latest(span.End, x.Plan.Span().End)
		}
	}
	if len(ahead) == 0 {
		return all, nil
	}
	times, err := change.Calendar{Windows: f.Windows, Freezes: f.Freezes, Critical: f.Critical}.Compile(calendar.Between(span.Start.Add(-day), span.End.Add(day)))
	if err != nil {
		return nil, err
	}
	for _, x := range ahead {
		q := change.Question{
			At: x.Plan.Start, Change: x.ID, Kind: x.Kind, Scope: x.Scope, Plan: x.Plan, Exceptions: x.Exceptions, Horizon: calendar.Within(time.Minute),
		}
		if len(f.Critical) > 0 {
			if q.Customers, err = p.concernedCustomers(ctx, x.Scope.Services, x.Plan.Span()); err != nil {
				return nil, err
			}
		}
		fit, err := times.Fit(q)
		if err != nil {
			if errors.Is(err, servicecoin.ErrInvalid) { // a plan without a length collides with nothing
				continue
			}
			return nil, err
		}
		for _, o := range fit.Obstacles {
			all[x.ID] = append(all[x.ID], o.Text)
		}
	}
	return all, nil
}

// conflictWords says with what a change collides, by the names that people know.
func (p *portal) conflictWords(c change.Conflict, names namesByID) string {
	with := "“" + cmp.Or(c.With.Name, c.With.ID) + "” for " + minutes(c.Overlap.Duration())
	text, shared := c.Text, strings.Join(p.sharedBy(c, names), ", ")
	if !c.With.Kind.Work() {
		return "“" + sentence(cmp.Or(c.With.Name, c.With.ID)) + "” holds on " + shared + " for " + minutes(c.Overlap.Duration()) + " of it: one rests on the other"
	}
	switch c.Why {
	case change.SameService:
		text = "It overlaps with " + with + ": both work on " + shared
	case change.SamePerson:
		text = "It overlaps with " + with + ": " + shared + " cannot be at both"
	case change.RestsOn:
		text = "It overlaps with " + with + ", which works on " + shared + ": one rests on the other"
	case change.SameConfiguration, change.Frozen, change.Critical:
	}
	if !c.Blocks() {
		text += " (that one is not certain yet)"
	}
	return text
}

// concernedCustomers are those whom services concern, up to a thousand.
func (p *portal) concernedCustomers(ctx context.Context, services []servicecoin.ServiceID, during calendar.Interval) ([]servicecoin.CustomerID, error) {
	var hits []reach
	for _, s := range services[:min(len(services), mostConcerning)] {
		hits = append(hits, reach{Path: []servicecoin.ServiceID{s}, During: during})
	}
	ids, _, err := p.ask(ctx, hits, "", mostCounted)
	return ids, err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Where says on what it is, in words.
func (i scheduleItem) Where() string {
	switch {
	case i.Whose != "" && len(i.Services) > 0:
		return i.Whose + ": " + strings.Join(i.Services, ", ")
	case i.Whose != "":
		return i.Whose
	case len(i.Services) > 0:
		return strings.Join(i.Services, ", ")
	case i.Kind == itemFreeze, i.Kind == itemWindow:
		return "all services"
	}
	return ""
}

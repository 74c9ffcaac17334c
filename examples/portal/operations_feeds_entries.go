package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/calendar/rota"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/store"
)

// What a feed reaches over, and how much of what was called off it looks through.
const (
	feedBack      = 31 * day
	feedAhead     = 366 * day
	mostCalledOff = 500
	feedRefresh   = time.Hour
)

// uid names an event for good, by what it is and its id: what has the same one is the
// same event, however often it is moved. It tells nothing.
func uid(kind string, parts ...string) string {
	const bytes = 16
	sum := sha256.Sum256([]byte(kind + "\x00" + strings.Join(parts, "\x00")))
	return kind + "-" + hex.EncodeToString(sum[:bytes]) + "@nordlicht.example"
}

// calendarOf is what concerns a person.
func (p *portal) calendarOf(ctx context.Context, who person, origin string) (ical.Calendar, error) {
	now := p.store.Now()
	within := calendar.Between(now.Add(-feedBack), now.Add(feedAhead))
	c := ical.Calendar{At: now, Name: providerName + ": maintenance", Product: "-//" + providerName + "//portal//EN", Refresh: calendar.Within(feedRefresh)}
	var err error
	if who.Provider() {
		c.Name = providerName + ": changes"
		c.Entries, err = p.providerEntries(ctx, who, within, origin)
	} else {
		c.Entries, err = p.customerEntries(ctx, who, within, origin)
	}
	return c, err
}

// customerEntries is the maintenance that a customer was told of.
func (p *portal) customerEntries(ctx context.Context, who person, within calendar.Interval, origin string) ([]ical.Entry, error) {
	names, err := p.namesFor(ctx, who)
	if err != nil {
		return nil, err
	}
	list, err := p.recurring(within, origin)
	if err != nil {
		return nil, err
	}
	now := p.store.Now()
	for item, err := range p.Notices(who.Customer).Ahead(within.Start).Items(ctx) {
		if err != nil {
			return nil, err
		}
		n := &item.Value
		if n.During.Empty() || !n.During.Overlaps(within) {
			continue
		}
		words, _, _ := noticeWords(n, now)
		lines := []string{words + ".", "Services: " + strings.Join(slices.Compact(namesIn(names, n.Services)), ", ") + "."}
		for _, d := range n.Downtime {
			lines = append(lines, names.Of(d.Service)+" is expected not to be there for "+minutes(d.During.Duration())+".")
		}
		if n.Open(now) && n.Answer == "" {
			lines = append(lines, "You are asked to answer.")
		}
		e := ical.Entry{
			// Every version of the record is one more: the number never goes back.
			UID: uid("notice", string(who.Customer), string(n.Change)), Sequence: int(item.Version) - 1, Modified: n.UpdatedAt,
			During: n.During, Summary: n.Headline, Description: strings.Join(lines, "\n"), Status: ical.Confirmed, URL: origin + customerPath(who.Customer, "notices"),
			Transparent: true,
		}
		switch n.State {
		case change.NoticeCancelled:
			e.Status = ical.Cancelled
		case change.NoticePlanned:
			e.Status = ical.Tentative
		case change.NoticeAnnounced, change.NoticeUnderWay, change.NoticeOver, change.NoticePutBack:
		}
		list = append(list, e)
	}
	return list, nil
}

// recurring is the maintenance that comes again and again.
func (p *portal) recurring(within calendar.Interval, origin string) ([]ical.Entry, error) {
	var list []ical.Entry
	for _, times := range p.desk.windows {
		w := times.Window()
		entries, err := windowEntries(ical.Entry{UID: uid("maintenance", w.Name), Summary: w.Name, Status: ical.Confirmed, URL: origin + calendarPath, Transparent: true}, w, within)
		if err != nil {
			return nil, err
		}
		list = append(list, entries...)
	}
	return list, nil
}

// windowEntries writes a window as a rule, or, where iCalendar does not know such a
// rule, each of its times.
func windowEntries(like ical.Entry, w recur.Window, within calendar.Interval) ([]ical.Entry, error) {
	if list, err := ical.Window(like, w, within); err == nil {
		return list, nil
	}
	times, err := w.Compile()
	if err != nil {
		return nil, err
	}
	return ical.Stretches(like, times.Set(within)), nil
}

// providerEntries is what one of the provider's people has to know of.
func (p *portal) providerEntries(ctx context.Context, who person, within calendar.Interval, origin string) ([]ical.Entry, error) {
	f, err := p.Control().Forward(ctx, within)
	if err != nil {
		return nil, err
	}
	names, err := p.names(ctx)
	if err != nil {
		return nil, err
	}
	list, err := p.recurring(within, origin)
	if err != nil {
		return nil, err
	}
	for i := range f.Changes {
		list = p.appendChange(list, &f.Changes[i], names, origin)
	}
	for _, s := range []change.State{change.Cancelled, change.Rejected} {
		looked := 0
		for x, err := range p.Control().InState(s).All(ctx) {
			if err != nil {
				return nil, err
			}
			if looked++; looked > mostCalledOff {
				break
			}
			if x.Plan.Work().Overlaps(within) {
				list = p.appendChange(list, &x, names, origin)
			}
		}
	}
	list = append(list, p.otherEntries(f, origin)...)
	freezes, err := p.freezeEntries(ctx, within, names, origin)
	if err != nil {
		return nil, err
	}
	list = append(list, freezes...)
	critical, err := p.criticalEntries(ctx, f, origin)
	if err != nil {
		return nil, err
	}
	list = append(list, critical...)
	if p.desk.turns != nil {
		mine := func(yield func(rota.Shift) bool) {
			for s := range p.desk.turns.Shifts(within) {
				if s.Member == who.ID && !yield(s) {
					return
				}
			}
		}
		list = append(list, ical.Shifts(ical.Entry{UID: uid("oncall", string(who.ID)), Summary: "On call", Status: ical.Confirmed, URL: origin + calendarPath, Transparent: true}, mine, p.pages.called)...)
	}
	return list, nil
}

// appendChange adds a change that somebody asked for: a draft is nobody's business yet,
// one that was taken back is called off.
func (p *portal) appendChange(list []ical.Entry, x *change.Change, names namesByID, origin string) []ical.Entry {
	asked := slices.ContainsFunc(x.History, func(e change.Event) bool { return e.To != change.Draft && e.To != "" && e.To != change.Cancelled })
	during := x.Time()
	if !asked || during.Empty() {
		return list
	}
	item := p.changeItem(x, names)
	lines := []string{item.Word + ": " + strings.ToLower(item.State) + ".", "Services: " + item.Where() + "."}
	if len(item.People) > 0 {
		lines = append(lines, "Done by "+strings.Join(item.People, ", ")+".")
	}
	if x.State.Planned() && item.Worst.After(during.End) {
		lines = append(lines, "With the whole way back it takes until "+stamp(item.Worst)+" UTC.")
	}
	if words := downtimeWords(x.Downtimes(), names); words != "" {
		lines = append(lines, "Not there meanwhile: "+words+".")
	}
	e := ical.Entry{
		// Whatever is done to a change is written in its history, which only grows.
		UID: uid("change", string(x.ID)), Sequence: len(x.History) - 1, During: during, Summary: x.Title,
		Description: strings.Join(lines, "\n"), Categories: []string{item.Word}, Status: ical.Tentative, URL: origin + changePath(x.ID),
	}
	if n := len(x.History); n > 0 {
		e.Modified = x.History[n-1].At
	}
	switch {
	case x.State == change.Cancelled || x.State == change.Rejected || x.State == change.Draft:
		e.Status = ical.Cancelled
	case item.Sure:
		e.Status = ical.Confirmed
	}
	return append(list, e)
}

// otherEntries is work that is no change, without what recurs.
func (p *portal) otherEntries(f change.Forward, origin string) []ical.Entry {
	known := map[string]bool{}
	for _, x := range p.plannedIn(f.During) {
		known[x.Name+x.String()] = true
	}
	var list []ical.Entry
	for _, e := range f.Others {
		if known[e.Name+e.Span.String()] {
			continue
		}
		status := ical.Confirmed
		if e.Tentative {
			status = ical.Tentative
		}
		list = append(list, ical.Entry{UID: uid("other", string(e.Kind), e.ID), During: e.Span, Summary: e.Name, Status: status, URL: origin + calendarPath, Transparent: true})
	}
	return list
}

func (p *portal) freezeEntries(ctx context.Context, within calendar.Interval, names namesByID, origin string) ([]ical.Entry, error) {
	var list []ical.Entry
	for _, listing := range []store.Listing[change.Freeze]{p.Control().Freezes(within.Start), p.Control().FreezesLifted(within.Start)} {
		for item, err := range listing.Items(ctx) {
			if err != nil {
				return nil, err
			}
			x := item.Value
			if !x.During.Overlaps(within) || x.During.Empty() {
				continue
			}
			where := "all services"
			if len(x.Services) > 0 {
				where = strings.Join(namesIn(names, x.Services), ", ")
			}
			e := ical.Entry{
				UID: uid("freeze", string(x.ID)), Sequence: int(item.Version) - 1, Modified: x.DeclaredAt, During: x.During, Summary: "Freeze: " + x.Name,
				Description: "Nothing is changed on " + where + ".\n" + x.Why, Categories: []string{"Freeze"}, Status: ical.Confirmed, URL: origin + freezesPath, Transparent: true,
			}
			if x.Lifted != nil {
				e.Modified = x.Lifted.At
				e.Description += "\nLifted: " + x.Lifted.Why
			}
			if x.Never() {
				e.Status = ical.Cancelled
			}
			list = append(list, e)
		}
	}
	return list, nil
}

// criticalEntries are the times that matter more, each of their stretches.
func (p *portal) criticalEntries(ctx context.Context, f change.Forward, origin string) ([]ical.Entry, error) {
	customers := p.customerNames(ctx)
	var list []ical.Entry
	seen := map[string]bool{}
	add := func(whose, name string, times *hours.CriticalTimes) {
		for w, set := range times.All() {
			id := uid("critical", whose, w.Name)
			if seen[id] {
				continue
			}
			seen[id] = true
			summary := "Critical: " + w.Name
			if name != "" {
				summary += " (" + name + ")"
			}
			like := ical.Entry{UID: id, Summary: summary, Description: w.Reason, Categories: []string{"Critical"}, Status: ical.Confirmed, URL: origin + changeCalendarPath, Transparent: true}
			list = append(list, ical.Stretches(like, set.Clip(f.During))...)
		}
	}
	if p.desk.critical != nil {
		add("", "", p.desk.critical)
	}
	for _, x := range f.Critical {
		times, err := hours.CompileCritical(f.During, x.Windows...)
		if err != nil {
			return nil, err
		}
		add(string(x.Customer), customers(x.Customer), times)
	}
	return list, nil
}

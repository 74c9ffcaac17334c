package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
)

// statusArea is what everybody may see.
func (p *portal) statusArea() area {
	return area{
		pages: map[string]route{
			"GET /{$}":            {everybody, p.showHome},
			"GET /status":         {everybody, p.showStatus},
			"GET /status/history": {everybody, p.showHistory},
			"GET /status/{id}":    {everybody, p.showPublicIncident},
		},
		nav: func(person) []navItem { return []navItem{{Path: "/status", Name: "Status"}} },
	}
}

const historyDays = 90

// statusPage is what everybody may see: services, their last 90 days, and what
// customers are told of what goes on. It is made of public projections alone.
type statusPage struct {
	page

	Tone, Verdict string
	Note          string // if the history ends before now
	Live          []livePart
	LiveMore      int // that go on, and are not shown
	Groups        []serviceGroup
	Services      int
	Affected      int
	Only          bool // only what is affected
	Planned       []plannedTime
	Announced     []announcedPart
	Maintained    map[servicecoin.ServiceID][]announcedPart // of it what comes, or is under way
	From, Until   time.Time
}

// serviceGroup is services that belong together.
type serviceGroup struct {
	Name     string
	About    string
	Folded   bool
	Services []servicePart
}

// plannedTime is when something is planned.
type plannedTime struct {
	Name string
	calendar.Interval
}

// What the page shows at most: of what goes on, and of a service's incidents. The
// history has the rest.
const (
	mostLive    = 20
	mostRecent  = 5
	plannedDays = 14
)

type livePart struct {
	incident.PublicIncident

	Names   []string // the services, with how badly
	Late    bool     // the promised update is overdue
	Waiting string   // how long until it, or since
}

type servicePart struct {
	ID          servicecoin.ServiceID
	Name, About string
	Level       incident.Level // "" is unknown
	Days        []dayPart
	Summary     string
	Uptime      decimal.NullDecimal
	Covered     decimal.NullDecimal
	Recent      []incidentLine // the last ones
	Count       int            // all of them
	Kind        catalog.ServiceKind
}

// Affected reports whether something is wrong with the service now.
func (s servicePart) Affected() bool { return s.Level.Severity() > incident.Unaffected.Severity() }

type dayPart struct {
	X, Y, Height int // the worse, the taller: not by colour alone
	Tone, Title  string
}

type incidentLine struct {
	ID    servicecoin.IncidentID
	Level incident.Level
	Title string
	From  time.Time
	Lasts string
	Path  string
}

func (p *portal) showStatus(w http.ResponseWriter, r *http.Request) error {
	ctx, now := r.Context(), p.store.Now()
	all, err := p.services(ctx)
	if err != nil {
		return err
	}
	list := public(all)
	v := statusPage{page: p.page(r, "Status", "/status")}
	worst, err := p.live(ctx, &v, list, now)
	if err != nil {
		return err
	}
	until := lastKnown(list, now)
	window := calendar.Between(calendar.DateOf(until, time.UTC).AddDays(1-historyDays).In(time.UTC).Start, calendar.DateOf(until, time.UTC).AddDays(1).In(time.UTC).Start)
	v.From, v.Until = window.Start, window.End.Add(-time.Second)
	if until.Before(now.Add(-day)) {
		v.Note = "What is known ends on " + stamp(until) + " UTC: the history is that of the 90 days before. How the services are now is unknown."
	}
	kept, err := p.histories.of(p.changes.Load(), window, func() ([]servicePart, error) { return p.ninetyDays(ctx, list, window, now) })
	if err != nil {
		return err
	}
	parts := slices.Clone(kept)
	for n := range parts {
		if l, ok := worst[parts[n].ID]; ok && l.Severity() > parts[n].Level.Severity() {
			parts[n].Level = l
		}
	}
	v.Tone, v.Verdict = verdict(parts)
	v.Services, v.Only = len(parts), r.URL.Query().Get("only") == "affected"
	v.group(parts)
	v.Planned = p.maintenanceAhead(now)
	if v.Announced, err = p.announced(ctx, list, now); err != nil {
		return err
	}
	v.Maintained = byService(v.Announced)
	return p.render(w, r, "status.html", 0, v)
}

// group puts services under what they are for: those that people work with first,
// those that others rest on folded, unless something is wrong with one of them.
func (v *statusPage) group(parts []servicePart) {
	groups := []serviceGroup{
		{Name: "What you work with"},
		{Name: "What it rests on", About: "Services that the others need, and that can be had by themselves.", Folded: true},
	}
	for _, s := range parts {
		if s.Affected() {
			v.Affected++
		} else if v.Only {
			continue
		}
		g := &groups[0]
		if s.Kind == catalog.Supporting {
			g = &groups[1]
			g.Folded = g.Folded && !s.Affected()
		}
		g.Services = append(g.Services, s)
	}
	v.Groups = slices.DeleteFunc(groups, func(g serviceGroup) bool { return len(g.Services) == 0 })
	if len(v.Groups) == 1 {
		v.Groups[0].Folded = false
	}
}

// maintenanceAhead is the maintenance of the next days, the first first.
func (p *portal) maintenanceAhead(now time.Time) []plannedTime {
	var list []plannedTime
	for _, w := range p.desk.windows {
		for iv := range w.Overlapping(calendar.Between(now, now.Add(plannedDays*day))) {
			list = append(list, plannedTime{w.Window().Name, iv})
		}
	}
	slices.SortFunc(list, func(a, b plannedTime) int { return a.Start.Compare(b.Start) })
	return list
}

// ninetyDays reads ninety days of each service, side by side.
func (p *portal) ninetyDays(ctx context.Context, list []catalog.Service, window calendar.Interval, now time.Time) ([]servicePart, error) {
	parts, errs := make([]servicePart, len(list)), make([]error, len(list))
	var wg sync.WaitGroup
	for n, s := range list {
		wg.Go(func() { parts[n], errs[n] = p.service(ctx, s, window, now, map[servicecoin.IncidentID]string{}) })
	}
	wg.Wait()
	return parts, errors.Join(errs...)
}

// histories keeps the history of the services for those who look at the same time:
// until something was changed here, and no longer than some seconds, since another
// copy of the portal may have changed something.
type histories struct {
	mu     sync.Mutex
	parts  []servicePart
	window calendar.Interval
	change uint64 // how often something had been changed
	at     time.Time
}

const historyLasts = 5 * time.Second

// of returns the history that is kept, or reads it: one reader does, the others wait.
func (h *histories) of(change uint64, window calendar.Interval, read func() ([]servicePart, error)) ([]servicePart, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.parts != nil && h.change == change && h.window == window && time.Since(h.at) < historyLasts {
		return h.parts, nil
	}
	parts, err := read()
	if err == nil {
		h.parts, h.change, h.window, h.at = parts, change, window, time.Now()
	}
	return parts, err
}

// lastKnown returns up to when anything is known: now, unless all lists ended
// before.
func lastKnown(list []catalog.Service, now time.Time) time.Time {
	var last time.Time
	for _, s := range list {
		if c := coverage(s, now); c.End.After(last) {
			last = c.End
		}
	}
	if last.IsZero() || last.After(now) {
		return now
	}
	return last
}

// live gathers what customers are told of what goes on, and returns the worst
// level of each service now.
func (p *portal) live(ctx context.Context, v *statusPage, list []catalog.Service, now time.Time) (map[servicecoin.ServiceID]incident.Level, error) {
	worst := map[servicecoin.ServiceID]incident.Level{}
	for i, err := range p.Desk().Live().All(ctx) {
		if err != nil {
			return nil, err
		}
		for _, e := range i.Effects {
			if e.At(now) {
				worst[e.Service] = incident.Worst(worst[e.Service], e.Level)
			}
		}
		if part, visible := told(&i, list, now); visible && len(v.Live) < mostLive {
			v.Live = append(v.Live, part)
		} else if visible {
			v.LiveMore++
		}
	}
	return worst, nil
}

// told is what everybody may see of an incident, in words: what it does to the
// services of the list. One that names others alone is not theirs to see, nor is what
// a customer reported before the desk has published it.
func told(i *incident.Incident, list []catalog.Service, now time.Time) (part livePart, visible bool) {
	names := namesOf(list)
	part.PublicIncident = i.Public().For(slices.Collect(maps.Keys(names))...)
	visible = i.Published() && (len(part.Effects) > 0 || len(i.Effects) == 0)
	for _, e := range part.Effects {
		if !now.Before(e.From) && (e.Until.IsZero() || now.Before(e.Until)) {
			part.Names = append(part.Names, names.Of(e.Service)+": "+strings.ToLower(levelWords(e.Level)))
		}
	}
	if part.Headline == "" {
		part.Headline = "We are looking into a problem"
	}
	if part.NextUpdate.IsZero() || !part.State.Live() {
		return part, visible
	}
	if part.Late = now.After(part.NextUpdate); part.Late {
		part.Waiting = minutes(now.Sub(part.NextUpdate))
	} else {
		part.Waiting = minutes(part.NextUpdate.Sub(now))
	}
	return part, visible
}

// service reads one service's history.
func (p *portal) service(ctx context.Context, s catalog.Service, window calendar.Interval, now time.Time, headlines map[servicecoin.IncidentID]string) (servicePart, error) {
	part := servicePart{ID: s.ID, Name: s.Name, Kind: s.Kind}
	part.About, _ = s.Descriptions.In("en")
	facts, err := p.Source().Facts(ctx, s.ID, window)
	if err != nil {
		return part, err
	}
	if passed := window.Intersect(calendar.Between(window.Start, now)); !passed.Empty() {
		measured, err := terms().Measure(passed, facts)
		if err != nil {
			return part, err
		}
		part.Uptime = measured.Availability().Percent(4)
		if covered := measured.Coverage(); covered.ComparePercent(number("100")) < 0 {
			part.Covered = covered.Percent(1)
		}
	}
	if coverage(s, now).Contains(now.Add(-time.Microsecond)) {
		part.Level = incident.Unaffected
	}
	part.Days, part.Summary = days(window, facts, now)
	slices.SortFunc(facts.Outages, func(a, b sla.Outage) int { return b.Start.Compare(a.Start) })
	part.Count = len(facts.Outages)
	for _, o := range facts.Outages[:min(mostRecent, part.Count)] {
		line := incidentLine{ID: servicecoin.IncidentID(o.From.ID), Level: incident.Level(o.Level), From: o.Start, Lasts: between(o.Start, o.End)}
		if line.Title, err = p.headline(ctx, line.ID, headlines); err != nil {
			return part, err
		}
		part.Recent = append(part.Recent, line)
	}
	return part, nil
}

// headline returns what customers read of an incident.
func (p *portal) headline(ctx context.Context, id servicecoin.IncidentID, known map[servicecoin.IncidentID]string) (string, error) {
	if text, ok := known[id]; ok {
		return text, nil
	}
	i, err := p.Desk().Get(ctx, id)
	if err != nil {
		return "", err
	}
	known[id] = cmp.Or(i.Headline, "An incident")
	return known[id], nil
}

// days draws a window day by day: the worst that happened, or that nothing is
// known.
func days(window calendar.Interval, facts sla.Facts, now time.Time) (list []dayPart, summary string) {
	const width = 10
	counts := make(map[incident.Level]int)
	x, ofDay := 0, byDay(window, facts.Outages)
	for d, iv := range calendar.Days(window, time.UTC) {
		level, known := dayLevel(iv.Intersect(calendar.Between(iv.Start, now)), facts.Coverage, ofDay[int(iv.Start.Sub(window.Start)/day)])
		counts[level]++
		title := d.String() + ": " + strings.ToLower(levelWords(level))
		if level != "" && !known {
			title += ", partly unknown"
		}
		h := height(level)
		list = append(list, dayPart{X: x, Y: tallest - h, Height: h, Tone: levelTone(level), Title: title})
		x += width
	}
	var words []string
	for _, c := range []struct {
		level incident.Level
		what  string
	}{
		{incident.Unaffected, "without disturbance"},
		{incident.Information, "with information"},
		{incident.Degradation, "slow"},
		{incident.Disruption, "with failures for some"},
		{incident.Outage, "with an outage"},
		{"", "unknown"},
	} {
		if n := counts[c.level]; n == 1 {
			words = append(words, "1 day "+c.what)
		} else if n > 1 {
			words = append(words, fmt.Sprintf("%d days %s", n, c.what))
		}
	}
	return list, strings.Join(words, ", ")
}

// byDay sorts outages into the days of a window that they may touch, each day as long
// as it is in UTC: thousands of outages are not asked about on each of ninety days.
func byDay(window calendar.Interval, outages []sla.Outage) map[int][]sla.Outage {
	days := map[int][]sla.Outage{}
	for _, o := range outages {
		within := o.Intersect(window)
		for n := int(within.Start.Sub(window.Start) / day); n <= int(within.End.Sub(window.Start)/day); n++ {
			days[n] = append(days[n], o)
		}
	}
	return days
}

const tallest = 40

func height(l incident.Level) int {
	switch l {
	case incident.Unaffected:
		return 24
	case incident.Information:
		return 28
	case incident.Degradation:
		return 32
	case incident.Disruption:
		return 36
	case incident.Outage:
		return tallest
	}
	return 8
}

// dayLevel returns the worst level of a day as far as it has passed: "" if
// nothing is known of it; known is false if part of it is not.
func dayLevel(iv calendar.Interval, coverage calendar.Set, outages []sla.Outage) (level incident.Level, known bool) {
	covered := coverage.Clip(iv)
	if !covered.Empty() {
		level = incident.Unaffected
	}
	for _, o := range outages {
		if l := incident.Level(o.Level); o.Overlaps(iv) && l.Severity() > level.Severity() {
			level = l
		}
	}
	return level, coverage.Covers(iv)
}

// verdict is the one sentence above all.
func verdict(list []servicePart) (tone, sentence string) {
	counts := map[string]int{}
	for _, s := range list {
		counts[levelTone(s.Level)]++
	}
	services := func(n int, one, many string) string {
		if n == 1 {
			return "One service " + one
		}
		return fmt.Sprintf("%d services %s", n, many)
	}
	switch {
	case len(list) == 0:
		return "none", "There are no services yet"
	case counts["bad"] > 0:
		return "bad", services(counts["bad"], "is down", "are down")
	case counts["warn"] > 0:
		return "warn", services(counts["warn"], "does not work as it should", "do not work as they should")
	case counts["none"] == len(list):
		return "none", "How the services are now is not known"
	case counts["none"] > 0:
		return "none", services(counts["none"], "is in an unknown state", "are in an unknown state")
	}
	return "good", "All services work"
}

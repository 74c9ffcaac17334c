package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/problem"
)

// The pages of what is released: they are parts of one place, and lead to each other.
const (
	releasesPath      = "/releases"
	featuresPath      = "/features"
	certificationPath = "/certification"
	apisPath          = "/apis"
)

// releasesArea is when the platform is released, and whether that was kept.
func (p *portal) releasesArea() area {
	return area{
		nav: toProviders(navItem{Path: releasesPath, Name: "Releases"}),
		pages: map[string]route{
			"GET /releases":                              {providers, p.showReleases},
			"POST /releases":                             {providers, p.planRelease},
			"GET /releases/running":                      {providers, p.showRunning},
			"GET /releases/fixes/{fix}":                  {providers, p.showFix},
			"GET /releases/versions/{version}":           {providers, p.showRelease},
			"POST /releases/versions/{version}/{verb}":   {providers, p.changeRelease},
			"GET /customers/{customer}/platform":         {ofCustomer, p.showPlatformOf},
			"POST /customers/{customer}/platform/{verb}": {providers, p.changePlatformOf},
		},
		done: map[string]string{
			"release-planned": "It is promised for that day. The first promise stays on record, whatever comes.", "release-move": "It is promised for the other day, and its first promise stays on record.",
			"release-publish": "It is noted that it came.", "release-skip": "It does not come. It stays on record, as not kept.", "release-recall": "It is recalled: nobody new gets it, and who has it is told where to go.",
			"release-describe": "What it holds is described.", "running-run": "It is noted what runs.", "running-pin": "It is pinned, and stays so until that day.", "running-unpin": "It is not pinned any more.",
		},
	}
}

// tendReleases lets time do what it does to what is released: support of a line ends soon,
// evidence gets too old for a certificate, bindings fall behind.
func (p *portal) tendReleases(ctx context.Context) error {
	by := servicecoin.Program("portal")
	_, err := p.Releases().Tend(ctx)
	_, behind := p.Releases().TendBindings(ctx, by)
	err = errors.Join(err, behind)
	for platform, failed := range p.Releases().Schedule().Platforms().All(ctx) {
		if failed == nil {
			_, failed = p.Releases().Proofs().Tend(ctx, by, platform.ID)
		}
		err = errors.Join(err, failed)
	}
	return err
}

// releaseParts are the ways between the pages of what is released.
func releaseParts(r *http.Request) []navItem {
	items := []navItem{
		{Path: releasesPath, Name: "Schedule"},
		{Path: releasesPath + "/running", Name: "Who runs what"},
		{Path: featuresPath, Name: "Features"},
		{Path: certificationPath, Name: "Certification"},
		{Path: apisPath, Name: "APIs and bindings"},
		{Path: newsDeskPath, Name: "News"},
	}
	longest := ""
	for _, x := range items {
		if (r.URL.Path == x.Path || strings.HasPrefix(r.URL.Path, x.Path+"/")) && len(x.Path) > len(longest) {
			longest = x.Path
		}
	}
	for n := range items {
		items[n].Current = items[n].Path == longest
	}
	return items
}

// releasesPage is the release calendar of a platform.
type releasesPage struct {
	page

	Parts     []navItem
	Platforms []release.Platform
	Platform  release.Platform
	How       string // the philosophy, in words
	Rules     []string
	Honour    release.Honour
	By        release.Group
	Groups    []release.InGroup
	Ahead     []plannedRow // the next first
	Before    []plannedRow // the last first
	Findings  []release.Finding
	Supported []lineRow
	Fixes     []fixRow
	Channels  []string
}

// plannedRow is a release or a milestone as the calendar shows it.
type plannedRow struct {
	Name, Path, Line, Kind string
	release.Planned

	Day      calendar.Date // when it came, or is promised for
	Outcome  release.Outcome
	Tone     string
	Days     int // by which it is late
	Freeze   calendar.Date
	OutBand  bool
	Recalled *release.Recalled
	Channel  string
}

// lineRow is a line with how its support stands.
type lineRow struct {
	release.Line

	Phase   release.Phase
	Tone    string
	NearEnd bool
	Newest  string // that came
	Runs    int    // installations
}

type fixRow struct {
	release.Fix

	Path                  string
	Kept, Missed, Exposed int
	Fixed                 bool
	FixedInTime           bool
}

// platformOf returns the platform that a page is about: the one that is asked for, or the
// first one.
func (p *portal) platformOf(r *http.Request) (release.Platform, []release.Platform, error) {
	list, err := collect(p.Releases().Schedule().Platforms().All(r.Context()))
	if err != nil || len(list) == 0 {
		return release.Platform{}, nil, err
	}
	for _, x := range list {
		if x.ID == release.PlatformID(r.FormValue("platform")) {
			return x, list, nil
		}
	}
	return list[0], list, nil
}

func (p *portal) showReleases(w http.ResponseWriter, r *http.Request) error {
	return p.releasesNow(w, r, nil, nil)
}

func (p *portal) releasesNow(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	ctx := r.Context()
	v := releasesPage{page: p.page(r, "Releases", releasesPath), Parts: releaseParts(r), By: release.Group(r.URL.Query().Get("by"))}
	if !slices.Contains([]release.Group{release.ByLine, release.ByKind, release.ByQuarter, release.ByYear}, v.By) {
		v.By = release.ByLine
	}
	var err error
	if v.Platform, v.Platforms, err = p.platformOf(r); err != nil || len(v.Platforms) == 0 {
		if err != nil {
			return err
		}
		return p.render(w, r, "releases.html", 0, v)
	}
	s, today := p.Releases().Schedule(), v.Platform.Today(v.Now)
	promised, err := s.Promised(ctx, v.Platform.ID)
	if err != nil {
		return err
	}
	v.How, _ = v.Platform.Philosophy.In("en")
	v.Rules, v.Channels = philosophyWords(v.Platform.Rules), v.Platform.Channels
	v.Honour, v.Groups = release.Honoured(promised, v.Platform, today), release.HonouredBy(v.By, promised, v.Platform, today)
	if err := p.calendarRows(ctx, &v, today); err != nil {
		return err
	}
	if wantsCSV(r) {
		return p.releasesAsCSV(w, r, &v, today)
	}
	if v.Findings, err = s.Findings(ctx, v.Platform.ID, today); err != nil {
		return err
	}
	slices.SortStableFunc(v.Findings, func(a, b release.Finding) int { return b.On.Compare(a.On) })
	if err := p.lineRows(ctx, &v, today); err != nil {
		return err
	}
	for x, err := range p.Releases().Fixes().All(v.Platform.ID).All(ctx) {
		if err != nil {
			return err
		}
		out, err := p.Releases().RollOut(ctx, x.ID)
		if err != nil {
			return err
		}
		v.Fixes = append(v.Fixes, fixRow{
			Fix: x, Path: fixPath(x.ID), Kept: out.Kept, Missed: out.Missed, Exposed: out.Exposed,
			Fixed: !out.FixedAt.IsZero(), FixedInTime: !out.FixedAt.IsZero() && (out.FixedBy.IsZero() || !out.FixedAt.After(out.FixedBy)),
		})
	}
	if problems != nil {
		v.again(f, problems)
	}
	return p.render(w, r, "releases.html", problem.Status(problems), v)
}

// calendarRows puts releases and milestones in order: what is ahead, the next first, then
// what was, the last first.
func (p *portal) calendarRows(ctx context.Context, v *releasesPage, today calendar.Date) error {
	s := p.Releases().Schedule()
	rules := map[string]release.Rules{}
	lines, err := s.Lines(ctx, v.Platform.ID)
	if err != nil {
		return err
	}
	for _, l := range lines {
		rules[l.Name] = l.Stated(v.Platform)
	}
	put := func(row plannedRow) {
		row.Outcome, row.Days = row.Planned.Outcome(today), row.Late(today)
		row.Tone = outcomeTone(row.Outcome)
		if row.Done.IsZero() && row.Skipped == nil {
			row.Day = row.Target
			v.Ahead = append(v.Ahead, row)
			return
		}
		if row.Day = row.Done; row.Day.IsZero() {
			row.Day = row.Target
		}
		v.Before = append(v.Before, row)
	}
	for x, err := range s.Releases(v.Platform.ID).All(ctx) {
		if err != nil {
			return err
		}
		put(plannedRow{Name: x.Version, Path: releasePath(x), Line: x.Line, Kind: string(x.Kind), Planned: x.Planned, Freeze: x.Freeze, OutBand: x.OutOfBand(rules[x.Line]), Recalled: x.Recalled, Channel: x.Channel})
	}
	for m, err := range s.Milestones(v.Platform.ID).All(ctx) {
		if err != nil {
			return err
		}
		put(plannedRow{Name: m.Name, Line: m.Line, Kind: release.AMilestone, Planned: m.Planned})
	}
	slices.SortStableFunc(v.Ahead, func(a, b plannedRow) int { return a.Day.Compare(b.Day) })
	slices.SortStableFunc(v.Before, func(a, b plannedRow) int { return b.Day.Compare(a.Day) })
	return nil
}

func (p *portal) lineRows(ctx context.Context, v *releasesPage, today calendar.Date) error {
	lines, err := p.Releases().Schedule().Lines(ctx, v.Platform.ID)
	if err != nil {
		return err
	}
	runs := map[string]int{}
	all, err := p.Releases().Everywhere(ctx, v.Platform.ID)
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Installation.Version != "" {
			runs[x.Line.Name]++
		}
	}
	for _, l := range lines {
		row := lineRow{Line: l, Phase: l.Phase(today), NearEnd: l.NearEnd(today), Runs: runs[l.Name]}
		row.Tone = phaseTone(row.Phase)
		for _, x := range v.Before { // the last first
			if x.Line == l.Name && !x.Done.IsZero() && x.Kind != release.AMilestone && row.Newest == "" {
				row.Newest = x.Name
			}
		}
		v.Supported = append(v.Supported, row)
	}
	return nil
}

func (p *portal) releasesAsCSV(w http.ResponseWriter, r *http.Request, v *releasesPage, today calendar.Date) error {
	var rows [][]string
	for _, x := range slices.Concat(v.Ahead, v.Before) {
		rows = append(rows, []string{x.Name, x.Kind, x.Line, isoDay(x.First), strconv.Itoa(len(x.Moves)), isoDay(x.Target), isoDay(x.Done), string(x.Outcome), strconv.Itoa(x.Late(today))})
	}
	return p.cellsAsCSV(w, r, string(v.Platform.ID)+"-schedule.csv", []string{"name", "kind", "line", "firstPromised", "moves", "promised", "came", "outcome", "daysLate"}, rows)
}

// planRelease promises a release for a day.
func (p *portal) planRelease(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	platform, _, err := p.platformOf(r)
	if err != nil {
		return err
	}
	x := release.Plan{
		Platform: platform.ID, Version: f.text("version"), On: f.dateIn("on"), Freeze: f.dateIn("freeze"), Channel: f.text("channel"),
		Holds: release.Holds{Fixes: itemsOf(f, "fixes"), Breaking: itemsOf(f, "breaking"), Advisories: f.lines("advisories")},
	}
	if text := f.text("notes"); text != "" {
		x.Notes = map[string]string{"en": text}
	}
	f.at("holds.fixes", "fixes")
	f.at("holds.breaking", "breaking")
	f.at("holds.advisories", "advisories")
	f.at("first", "on")
	f.at("line", "version")
	again := func(err error) error { return p.releasesNow(w, r, f, f.err(err)) }
	if f.bad.Err() != nil {
		return again(nil)
	}
	out, err := p.Releases().Schedule().Plan(r.Context(), viewer(r).actor(), x)
	return p.finish(w, r, err, confirmed(releasePath(out), "release-planned"), again)
}

func itemsOf(f *form, name string) []release.Item {
	var list []release.Item
	for _, line := range f.lines(name) {
		list = append(list, release.Item{Text: line})
	}
	return list
}

package main

import (
	"net/http"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/problem"
)

// releasePage is one version: what it holds, what became of its promise, who runs it.
type releasePage struct {
	page

	Parts    []navItem
	Platform release.Platform
	Release  release.Release
	Path     string
	Outcome  release.Outcome
	Tone     string
	Days     int
	Lead     int
	HasLead  bool
	OutBand  bool
	Notes    []textIn
	Runs     []standRow
	Others   []option // what its users can be led to
	Open     bool     // it can come or be moved still
	Today    string
}

type textIn struct{ Lang, Text string }

func (p *portal) showRelease(w http.ResponseWriter, r *http.Request) error {
	return p.releaseNow(w, r, "", nil, nil)
}

func (p *portal) releaseNow(w http.ResponseWriter, r *http.Request, which string, f *form, problems error) error {
	ctx := r.Context()
	platform, _, err := p.platformOf(r)
	if err != nil {
		return err
	}
	x, err := p.Releases().Schedule().Get(ctx, platform.ID, r.PathValue("version"))
	if err != nil {
		return err
	}
	v := releasePage{page: p.page(r, platform.Name+" "+x.Version, releasesPath), Parts: releaseParts(r), Platform: platform, Release: x, Path: strings.Split(releasePath(x), "?")[0]}
	today := platform.Today(v.Now)
	v.Outcome, v.Days, v.Today = x.Outcome(today), x.Late(today), today.String()
	v.Tone, v.Open = outcomeTone(v.Outcome), x.Done.IsZero() && x.Skipped == nil
	v.Lead, v.HasLead = x.Lead()
	if l, err := p.Releases().Schedule().Line(ctx, platform.ID, x.Line); err == nil {
		v.OutBand = x.OutOfBand(l.Stated(platform))
	}
	for _, lang := range sortedKeys(x.Notes) {
		v.Notes = append(v.Notes, textIn{lang, x.Notes[lang]})
	}
	all, err := p.Releases().Everywhere(ctx, platform.ID)
	if err != nil {
		return err
	}
	whose := p.customerNames(ctx)
	for _, pos := range all {
		if release.Canonical(pos.Installation.Version) == release.Canonical(x.Version) {
			v.Runs = append(v.Runs, standRowOf(pos, whose(pos.Installation.Customer), platform.Today(v.Now)))
		}
	}
	for o, err := range p.Releases().Schedule().Releases(platform.ID).All(ctx) {
		if err != nil {
			return err
		}
		if !o.Done.IsZero() && o.Recalled == nil && o.Version != x.Version {
			v.Others = append([]option{{o.Version, o.Version}}, v.Others...)
		}
	}
	if problems != nil {
		v.againIn(which, f, problems)
	}
	return p.render(w, r, "release.html", problem.Status(problems), v)
}

// changeRelease moves, publishes, skips or recalls a release.
func (p *portal) changeRelease(w http.ResponseWriter, r *http.Request) error {
	ctx, verb := r.Context(), r.PathValue("verb")
	f, err := readForm(r)
	if err != nil {
		return err
	}
	platform, _, err := p.platformOf(r)
	if err != nil {
		return err
	}
	who, s, version := viewer(r), p.Releases().Schedule(), r.PathValue("version")
	if verb == "recall" && who.Role != manager {
		return &roleError{"A release is recalled by the service manager."}
	}
	again := func(err error) error { return p.releaseNow(w, r, verb, f, f.err(err)) }
	on := f.dateIn("on")
	f.at("to", "on")
	f.at("reason", "why")
	if f.bad.Err() != nil {
		return again(nil)
	}
	var x release.Release
	switch verb {
	case "move":
		x, err = s.Move(ctx, who.actor(), platform.ID, version, on, f.text("why"))
	case "publish":
		x, err = s.Publish(ctx, who.actor(), release.Plan{Platform: platform.ID, Version: version, On: on})
	case "skip":
		f.at("skipped.why", "why")
		x, err = s.Skip(ctx, who.actor(), platform.ID, version, f.text("why"))
	case "recall":
		f.at("recalled.why", "why")
		x, err = s.Recall(ctx, who.actor(), platform.ID, version, f.text("why"), f.text("instead"))
	default:
		return noPage(r)
	}
	return p.finish(w, r, err, confirmed(releasePath(x), "release-"+verb), again)
}

// fixPage is a critical flaw, from when it is known to the last customer.
type fixPage struct {
	page

	Parts   []navItem
	Rollout release.Rollout
	Rows    []rolledRow
	Rings   []release.InRing
	Took    string
}

type rolledRow struct {
	release.Rolled

	Name, Words, Tone, Took string
	Kept, Known             bool
	Patched                 string
}

func (p *portal) showFix(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	out, err := p.Releases().RollOut(ctx, release.FixID(r.PathValue("fix")))
	if err != nil {
		return err
	}
	v := fixPage{page: p.page(r, out.Fix.Title, releasesPath), Parts: releaseParts(r), Rollout: out.Rollout, Rings: out.Rings()}
	whose := p.customerNames(ctx)
	for _, x := range out.Rows {
		row := rolledRow{Rolled: x, Name: whose(x.Customer)}
		row.Words, row.Tone = progressWords(x)
		row.Kept, row.Known = x.InTime(v.Now)
		if d, ok := x.Took.Get(); ok {
			row.Took = tookWords(d)
		}
		if t, ok := out.Patched[x.Customer]; ok && t.Targets > 0 {
			row.Patched = itoa(t.Compliant) + " of " + plural(t.Targets, "target")
		}
		v.Rows = append(v.Rows, row)
	}
	if !out.Complete.IsZero() {
		v.Took = tookWords(out.Complete.Sub(out.Fix.KnownAt))
	}
	return p.render(w, r, "fix.html", 0, v)
}

// tookWords is a length of time to the hour.
func tookWords(d time.Duration) string {
	const hours = 24
	switch d = d.Round(time.Minute); {
	case d >= 2*hours*time.Hour:
		return plural(int(d/(hours*time.Hour)), "day") + ", " + itoa(int(d.Hours())%hours) + " h"
	case d >= time.Hour:
		return itoa(int(d.Hours())) + " h"
	}
	return itoa(int(d.Minutes())) + " min"
}

// standRow is one installation in a list.
type standRow struct {
	release.Position

	Name, Path, Stands, Tone string
	Behind                   int
	Until                    string
	Customer                 servicecoin.CustomerID
}

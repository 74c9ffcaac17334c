package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/version"
)

// runningPage is who runs which version.
type runningPage struct {
	page

	Parts    []navItem
	Platform release.Platform
	Rows     []standRow
}

func standRowOf(pos release.Position, name string, today calendar.Date) standRow {
	row := standRow{Position: pos, Name: name, Behind: pos.Behind(today), Customer: pos.Installation.Customer, Path: customerPath(pos.Installation.Customer, "platform")}
	switch {
	case pos.Installation.Version == "":
		row.Stands, row.Tone = "Runs nothing", "none"
	case pos.Recalled != nil:
		row.Stands, row.Tone = "Recalled", "bad"
	case len(pos.Fixes) > 0:
		row.Stands, row.Tone = "With a critical flaw", "bad"
	case pos.Phase == release.Ended:
		row.Stands, row.Tone = "Not supported any more", "bad"
	case pos.NearEnd:
		row.Stands, row.Tone = "Support ends soon", "warn"
	case pos.Offered != "":
		row.Stands, row.Tone = "Something newer is out", "info"
	case len(pos.Between) > 0:
		row.Stands, row.Tone = "Newest that it may get", "good"
	default:
		row.Stands, row.Tone = "Newest", "good"
	}
	if pos.Line.Name != "" {
		row.Until = endWords(pos.Until)
	}
	return row
}

func (p *portal) showRunning(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	v := runningPage{page: p.page(r, "Who runs what", releasesPath), Parts: releaseParts(r)}
	var err error
	if v.Platform, _, err = p.platformOf(r); err != nil {
		return err
	}
	all, err := p.Releases().Everywhere(ctx, v.Platform.ID)
	if err := exchange.UnlessGone(err); err != nil {
		return err
	}
	whose := p.customerNames(ctx)
	for _, pos := range all {
		v.Rows = append(v.Rows, standRowOf(pos, whose(pos.Installation.Customer), v.Platform.Today(v.Now)))
	}
	if wantsCSV(r) {
		var rows [][]string
		for _, x := range v.Rows {
			rows = append(rows, []string{string(x.Customer), x.Installation.Installation, x.Installation.Version, instantText(x.Installation.Since), x.Line.Name, string(x.Phase), string(x.Line.Support.Until), x.Offered, x.Newest, strconv.Itoa(x.Behind), x.Stands})
		}
		return p.cellsAsCSV(w, r, "versions.csv", []string{"customer", "installation", "version", "since", "line", "phase", "supportedUntil", "offered", "newest", "daysBehind", "stands"}, rows)
	}
	return p.render(w, r, "running.html", 0, v)
}

// platformOfPage is what a customer sees of the platform that it runs.
type platformOfPage struct {
	page

	Customer servicecoin.Customer
	Path     string
	Runs     []ownRun
	Warnings []warningRow
	Coming   []plannedRow
	Versions []option // that can be noted, for the provider's people
}

type ownRun struct {
	standRow

	Platform release.Platform
	Cost     *release.Cost
	History  []release.Span
	Form     string
}

type warningRow struct {
	release.Warning

	Text, Tone string
}

func (p *portal) showPlatformOf(w http.ResponseWriter, r *http.Request) error {
	return p.platformOfNow(w, r, "", nil, nil)
}

func (p *portal) platformOfNow(w http.ResponseWriter, r *http.Request, which string, f *form, problems error) error {
	ctx := r.Context()
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	v := platformOfPage{page: p.page(r, "Platform of "+c.Name, customerPath(c.ID, "notices")), Customer: c.Customer, Path: customerPath(c.ID, "platform")}
	list, err := p.Releases().Positions(ctx, c.ID)
	if err != nil {
		return err
	}
	for n, pos := range list {
		one, err := p.ownRun(r, pos, c.Name)
		if err != nil {
			return err
		}
		one.Form = "run-" + itoa(n)
		v.Runs = append(v.Runs, one)
		if n > 0 && list[n-1].Installation.Platform == pos.Installation.Platform {
			continue
		}
		if err := p.comingFor(r, &v, one, pos); err != nil {
			return err
		}
	}
	for x, err := range p.Releases().Warnings(c.ID).All().All(ctx) {
		if err != nil {
			return err
		}
		if x.SettledAt.IsZero() {
			v.Warnings = append(v.Warnings, warningRow{x, warningWords(x, v.Now), map[release.About]string{release.ARecall: "bad", release.AFix: "bad", release.AnEnd: "warn"}[x.About]})
		}
	}
	if problems != nil {
		v.againIn(which, f, problems)
	}
	return p.render(w, r, "release_customer.html", problem.Status(problems), v)
}

func (p *portal) ownRun(r *http.Request, pos release.Position, name string) (ownRun, error) {
	ctx := r.Context()
	one := ownRun{}
	platform, err := p.Releases().Schedule().Platform(ctx, pos.Installation.Platform)
	if err := exchange.UnlessGone(err); err != nil {
		return one, err
	}
	today := platform.Today(p.store.Now())
	one.standRow, one.Platform = standRowOf(pos, name, today), platform
	if one.History, err = p.Releases().Installations(pos.Installation.Customer).History(ctx, pos.Installation.Platform, pos.Installation.Installation); err != nil {
		return one, err
	}
	if pos.Pin == nil {
		return one, nil
	}
	lines, err := p.Releases().Schedule().Lines(ctx, platform.ID)
	if err != nil {
		return one, err
	}
	releases, err := collect(p.Releases().Schedule().Releases(platform.ID).All(ctx))
	if err != nil {
		return one, err
	}
	fixes, err := collect(p.Releases().Fixes().All(platform.ID).All(ctx))
	if err != nil {
		return one, err
	}
	cost := release.CostOf(*pos.Pin, lines, releases, fixes, today)
	one.Cost = &cost
	return one, nil
}

// comingFor adds what is promised of a platform, and what of it a customer may note.
func (p *portal) comingFor(r *http.Request, v *platformOfPage, one ownRun, pos release.Position) error {
	today := one.Platform.Today(v.Now)
	for x, err := range p.Releases().Schedule().Releases(one.Platform.ID).All(r.Context()) {
		if err != nil {
			return err
		}
		if !x.Done.IsZero() && x.Recalled == nil && v.Viewer.Provider() {
			v.Versions = append([]option{{x.Version, x.Version}}, v.Versions...)
		}
		if !x.Done.IsZero() || x.Skipped != nil || !one.Platform.Offers(x.Channel, pos.Installation.Channel) {
			continue
		}
		if n, err := version.SemVer.Compare(x.Version, pos.Installation.Version); err == nil && n <= 0 {
			continue // it has more already
		}
		row := plannedRow{Name: x.Version, Line: x.Line, Kind: string(x.Kind), Planned: x.Planned, Outcome: x.Outcome(today), Days: x.Late(today), Day: x.Target}
		row.Tone = outcomeTone(row.Outcome)
		if v.Viewer.Provider() {
			row.Path = releasePath(x)
		}
		v.Coming = append(v.Coming, row)
	}
	return nil
}

// warningWords say what is to be done about what runs.
func warningWords(w release.Warning, now time.Time) string {
	to := ""
	if w.Instead != "" {
		to = " Go to " + w.Instead + "."
	}
	switch w.About {
	case release.ARecall:
		return "Version " + w.Of + " was recalled: " + w.Why + "." + to
	case release.AFix:
		return w.Why + ": version " + w.Version + " has this critical flaw." + to
	case release.AnEnd:
	}
	if now.After(w.Until.AddDays(1).In(time.UTC).Start) {
		return "Support of " + w.Of + " ended with " + dateWords(w.Until) + "." + to
	}
	return "Support of " + w.Of + " ends with " + dateWords(w.Until) + "." + to
}

// changePlatformOf notes what runs, or pins it.
func (p *portal) changePlatformOf(w http.ResponseWriter, r *http.Request) error {
	ctx, verb := r.Context(), r.PathValue("verb")
	f, err := readForm(r)
	if err != nil {
		return err
	}
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	who, n := viewer(r), p.Releases().Installations(c.ID)
	platform, installation := release.PlatformID(f.text("platform")), f.text("installation")
	again := func(err error) error { return p.platformOfNow(w, r, f.text("form"), f, f.err(err)) }
	f.at("reason", "why")
	switch verb {
	case "run":
		_, err = n.Run(ctx, who.actor(), platform, installation, f.text("version"))
	case "pin":
		until := f.dateIn("until")
		if f.bad.Err() != nil {
			return again(nil)
		}
		_, err = n.Pin(ctx, who.actor(), release.Pin{Platform: platform, Installation: installation, Range: f.text("range"), Until: until, Why: f.text("why"), Contract: f.text("contract"), Terms: f.text("terms")})
	case "unpin":
		_, err = n.Unpin(ctx, who.actor(), platform, installation, f.text("why"))
	default:
		return noPage(r)
	}
	return p.finish(w, r, err, confirmed(customerPath(c.ID, "platform"), "running-"+verb), again)
}

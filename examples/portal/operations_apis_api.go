package main

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/problem"
)

// apiPage is an API, how its bindings stand, and its revisions.
type apiPage struct {
	page

	Parts     []navItem
	API       release.API
	Path      string
	Tone      string
	Until     string
	Leads     *release.API // its successor
	Versions  []release.Revision
	Bindings  []bindingRow
	Revisions []revisionRow
	People    []person
	Compares  bool // a new description can be pasted
}

// bindingRow is a binding in the table: a cell for each version of its head.
type bindingRow struct {
	release.Standing

	Path, ID, Form, Called, Said string
	Tone                         string // of the whole
	Cells                        []bindingCell
	Due                          []release.BindingCell // that are open
	Since                        string
}

// bindingCell is how a binding stands at one version.
type bindingCell struct {
	release.BindingCell

	Tone string
	Late bool
}

// revisionRow is a revision in the list.
type revisionRow struct {
	release.Revision

	Path, Day string
}

// columns is how many versions the table has, the newest ones.
const columns = 6

func bindingTone(s release.BindingState) string {
	switch s {
	case release.BindingTested:
		return "good"
	case release.BindingInferred:
		return "info"
	case release.BindingBroken:
		return "bad"
	case release.BindingUntested:
	}
	return "warn"
}

func (p *portal) showAPI(w http.ResponseWriter, r *http.Request) error {
	return p.apiForm(w, r, "", nil, nil)
}

func (p *portal) apiForm(w http.ResponseWriter, r *http.Request, which string, f *form, problems error) error {
	ctx := r.Context()
	apis := p.Releases().APIs()
	board, err := apis.Board(ctx, release.APIID(r.PathValue("api")))
	if err != nil {
		return err
	}
	a := board.API
	v := apiPage{page: p.page(r, a.Name, releasesPath), Parts: releaseParts(r), API: a, Path: apiPath(a.ID), Tone: stabilityTone(a.Stability), Compares: a.Kind == release.REST}
	if !a.Sunset.IsZero() {
		v.Until = onDay(a.Sunset)
	}
	if a.Successor != "" {
		next, err := apis.API(ctx, a.Successor)
		if err != nil {
			return err
		}
		v.Leads = &next
	}
	for _, x := range board.Revisions {
		v.Revisions = append(v.Revisions, revisionRowOf(x))
		if len(v.Versions) < columns && !x.Gone {
			v.Versions = append(v.Versions, x)
		}
	}
	for _, s := range board.Standings {
		v.Bindings = append(v.Bindings, v.bindingRow(s))
	}
	if v.People, err = p.colleagues(ctx); err != nil {
		return err
	}
	if problems != nil {
		v.againIn(which, f, problems)
	}
	return p.render(w, r, "api.html", problem.Status(problems), v)
}

func revisionRowOf(x release.Revision) revisionRow {
	return revisionRow{Revision: x, Path: apiPath(x.API) + "/versions/" + pageID(x.Version), Day: onDay(x.Released)}
}

func (v *apiPage) bindingRow(s release.Standing) bindingRow {
	b := s.Binding
	row := bindingRow{
		Standing: s, ID: pageID(string(b.ID)), Path: v.Path + "/bindings/" + pageID(string(b.ID)), Form: string(b.ID),
		Called: languageWords(b.Language), Tone: "good",
	}
	if s.Missing != "" {
		row.Tone, row.Since = "warn", onDay(s.Since)
	}
	if len(s.Overdue) > 0 {
		row.Tone = "bad"
	}
	for _, x := range v.Versions {
		cell := bindingCell{BindingCell: release.BindingCell{Version: x.Version}}
		for _, c := range s.Cells {
			if c.Version == x.Version {
				cell = bindingCell{BindingCell: c, Tone: bindingTone(c.State), Late: c.Work != nil && c.Work.Overdue(v.Now)}
			}
		}
		row.Cells = append(row.Cells, cell)
	}
	for _, c := range s.Cells {
		if c.Work != nil && c.Work.State == "open" {
			row.Due = append(row.Due, c)
		}
	}
	return row
}

// changeBinding says what came of trying a binding, whose it is, or when it is to be tried.
func (p *portal) changeBinding(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by, verb := r.Context(), viewer(r).actor(), r.PathValue("verb")
	apis := p.Releases().APIs()
	b, err := apis.Binding(ctx, release.BindingID(r.PathValue("id")))
	if err != nil {
		return err
	}
	if string(b.API) != r.PathValue("api") {
		return noPage(r)
	}
	again := func(err error) error { return p.apiForm(w, r, verb+"-"+string(b.ID), f, f.err(err)) }
	version := f.text("version")
	switch verb {
	case "report":
		_, err = apis.Report(ctx, by, release.Tried{Binding: b.ID, Version: version, Own: f.text("own"), Passed: f.text("passed") == "yes", Proof: f.text("proof"), Note: f.text("note")})
	case "own":
		owner := p.colleague(ctx, f, "owner")
		if err = f.bad.Err(); err == nil {
			b.Owner = owner
			_, err = apis.KeepBinding(ctx, by, b)
		}
	case "putOff":
		due, zoneErr := p.dayEnd(r, f, "due")
		if zoneErr != nil {
			return zoneErr
		}
		if err = f.bad.Err(); err == nil {
			_, err = apis.PutOff(ctx, by, b.ID, version, due, f.text("why"))
		}
	case "drop":
		_, err = apis.Drop(ctx, by, b.ID, version, f.text("why"))
	default:
		return noPage(r)
	}
	return p.finish(w, r, err, confirmed(apiPath(b.API), "binding-"+verb)+"#"+pageID(string(b.ID)), again)
}

// dayEnd reads a day: what is due on it is not late before it is over.
func (p *portal) dayEnd(r *http.Request, f *form, name string) (time.Time, error) {
	loc, err := p.zone(r)
	d := f.dateIn(name)
	if d.IsZero() || err != nil {
		return time.Time{}, err
	}
	return d.AddDays(1).In(loc).Start, nil
}

// revisionPage is one revision of an API, with all that changed.
type revisionPage struct {
	page

	Parts    []navItem
	API      release.API
	Path     string
	Revision revisionRow
	Before   string // the path of the revision that it was compared with
	Text     string
}

func (p *portal) showRevision(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	apis := p.Releases().APIs()
	a, err := apis.API(ctx, release.APIID(r.PathValue("api")))
	if err != nil {
		return err
	}
	x, err := apis.Revision(ctx, a.ID, r.PathValue("version"))
	if err != nil {
		return err
	}
	v := revisionPage{page: p.page(r, a.Name+" in "+x.Version, releasesPath), Parts: releaseParts(r), API: a, Path: apiPath(a.ID), Revision: revisionRowOf(x)}
	if d := x.Differences; d != nil {
		v.Before = v.Path + "/versions/" + pageID(d.Since)
	}
	if x.Document != "" {
		if v.Text, err = apis.Description(ctx, x.Document); err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
	}
	return p.render(w, r, "api_revision.html", 0, v)
}

// levelOfChange is the tone of a level, whichever package names it.
func levelOfChange(level any) string {
	switch fmt.Sprint(level) {
	case "breaking":
		return "bad"
	case "risky":
		return "warn"
	}
	return "none"
}

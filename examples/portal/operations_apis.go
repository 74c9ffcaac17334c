package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
)

// apisArea is which APIs there are, and which bindings keep up with them.
func (p *portal) apisArea() area {
	return area{
		pages: map[string]route{
			"GET /apis":                             {providers, p.showAPIs},
			"GET /apis/{api}":                       {providers, p.showAPI},
			"GET /apis/{api}/compare":               {providers, p.showDescription},
			"POST /apis/{api}/compare":              {providers, p.compareDescription},
			"POST /apis/{api}/revise":               {providers, p.keepDescription},
			"POST /apis/{api}/bindings/{id}/{verb}": {providers, p.changeBinding},
			"GET /apis/{api}/versions/{version}":    {providers, p.showRevision},
		},
		work: []chore{p.bindingsThatAreDue()},
		done: map[string]string{
			"api-revised":    "The revision is kept, and its bindings are to be tried with it.",
			"binding-report": "It is noted what came of it.", "binding-own": "It is noted whose it is: open work goes with it.",
			"binding-putOff": "It is due on the other day. What was promised first stays.", "binding-drop": "It need not be tried with that version.",
		},
	}
}

// apiRecords are what operators keep of APIs; which APIs there are, the manager says.
func apiRecords() []string {
	return []string{release.RevisionRecord, release.DocumentRecord, release.BindingRecord, release.TrialRecord}
}

func apiPath(id release.APIID) string { return apisPath + "/" + url.PathEscape(string(id)) }

// apiRow is an API in the list.
type apiRow struct {
	release.API

	Path, Tone, Until, Leads string
	Newest                   *release.Revision
	Bindings, Behind, Nobody int
	Findings                 int // of its newest revision, and of its bindings
}

// dueRow is a binding that is to be tried.
type dueRow struct {
	release.Trial

	Path, What string
	Late       bool
}

type apisPage struct {
	page

	Parts []navItem
	List  []apiRow
	Due   []dueRow
	Late  int
}

func (p *portal) showAPIs(w http.ResponseWriter, r *http.Request) error {
	const most, ahead = 50, 30
	ctx := r.Context()
	v := apisPage{page: p.page(r, "APIs and bindings", releasesPath), Parts: releaseParts(r)}
	apis, err := p.Releases().APIs().All().Page(ctx, "", most)
	if err != nil {
		return err
	}
	for _, item := range apis.Items {
		row, err := p.apiRow(ctx, item.Value)
		if err != nil {
			return err
		}
		v.List = append(v.List, row)
	}
	due, err := p.Releases().APIs().Due(v.Now.AddDate(0, 0, ahead)).Page(ctx, "", most)
	if err != nil {
		return err
	}
	for _, item := range due.Items {
		row, err := p.dueRow(ctx, item.Value)
		if err != nil {
			return err
		}
		row.Late = row.Work.Overdue(v.Now)
		if row.Late {
			v.Late++
		}
		v.Due = append(v.Due, row)
	}
	return p.render(w, r, "apis.html", 0, v)
}

func (p *portal) apiRow(ctx context.Context, a release.API) (apiRow, error) {
	board, err := p.Releases().APIs().Board(ctx, a.ID)
	if err != nil {
		return apiRow{}, err
	}
	row := apiRow{API: a, Path: apiPath(a.ID), Tone: stabilityTone(a.Stability), Bindings: len(board.Standings)}
	if !a.Sunset.IsZero() {
		row.Until = onDay(a.Sunset)
	}
	if a.Successor != "" {
		row.Leads = apiPath(a.Successor)
	}
	if len(board.Revisions) > 0 {
		row.Newest = described(board.Revisions)
		row.Findings = len(row.Newest.Findings)
	}
	for _, s := range board.Standings {
		if s.Missing != "" {
			row.Behind++
		}
		if s.Binding.Owner == "" {
			row.Nobody++
		}
		row.Findings += len(s.Findings)
	}
	return row, nil
}

// described is the newest revision of which the description is known, else the newest.
func described(list []release.Revision) *release.Revision {
	n := slices.IndexFunc(list, func(r release.Revision) bool { return r.Document != "" })
	return &list[max(0, n)]
}

func stabilityTone(s release.Stability) string {
	switch s {
	case release.Stable:
		return "good"
	case release.Deprecated:
		return "warn"
	case release.Experimental:
	}
	return "info"
}

func (p *portal) dueRow(ctx context.Context, t release.Trial) (dueRow, error) {
	b, err := p.Releases().APIs().Binding(ctx, t.Binding)
	return dueRow{Trial: t, Path: apiPath(t.API) + "#" + pageID(string(t.Binding)), What: b.Package + " (" + languageWords(b.Language) + ")"}, err
}

// languageWords is a language as people write it.
func languageWords(name string) string {
	switch name {
	case "javascript":
		return "JavaScript"
	case "php":
		return "PHP"
	case "dotnet":
		return ".NET"
	}
	return sentence(name)
}

// bindingsThatAreDue are bindings that somebody should have tried by now.
func (p *portal) bindingsThatAreDue() chore {
	return chore{
		name: "bindings", title: "Bindings that should have been tried by now", about: "Try them with the version, and say what came of it.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			return paged(ctx, p.Releases().APIs().Due(p.store.Now()), after, limit, func(item store.Item[release.Trial]) (task, error) {
				row, err := p.dueRow(ctx, item.Value)
				return task{
					ID: string(row.Binding) + " " + row.Version, What: row.What + " with " + row.Version, More: "Due by " + row.Work.Due.Add(-1).Format("2 Jan 2006"),
					Path: row.Path, Since: row.Work.FirstDue, Late: true, Look: true,
				}, err
			})
		},
	}
}

// apiKindWords is the form of an API's description as people call it.
func apiKindWords(k release.APIKind) string {
	switch k {
	case release.REST:
		return "HTTP, OpenAPI"
	case release.GRPC:
		return "gRPC"
	case release.GraphQL:
		return "GraphQL"
	case release.AsyncAPI:
		return "Messages, AsyncAPI"
	case release.SOAP:
		return "SOAP"
	case release.OtherAPI:
	}
	return "Another form"
}

package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/store"
)

const runbooksPath = "/runbooks"

// runbooksArea is where run books are written, read and taken out.
func (p *portal) runbooksArea() area {
	return area{
		pages: map[string]route{
			"GET /runbooks":                  {providers, p.showRunbooks},
			"GET /runbooks/new":              {providers, p.showNewRunbook},
			"POST /runbooks":                 {providers, p.draftRunbook},
			"GET /runbooks/manual/{service}": {providers, p.showManual},
			"GET /runbooks/{id}":             {providers, p.showRunbook},
			"GET /runbooks/{id}/{view}":      {providers, p.showRunbookView},
			"POST /runbooks/{id}/edit":       {providers, p.editRunbook},
			"POST /runbooks/{id}/start":      {providers, p.startRun},
			"POST /runbooks/{id}/{verb}":     {providers, p.changeRunbook},
		},
		nav:  toProviders(navItem{Path: runbooksPath, Name: "Run books"}),
		work: []chore{p.booksToRead()},
		done: map[string]string{
			"book-drafted": "The draft is kept. Somebody else publishes it.", "published": "It is published: this is the version that is followed.", "reviewed": "That you read it is noted.",
			"withdrawn": "It is withdrawn.", "discarded": "The draft is thrown away.",
		},
	}
}

func bookPath(id servicecoin.RunbookID, parts ...string) string {
	return runbooksPath + "/" + strings.Join(append([]string{url.PathEscape(string(id))}, parts...), "/")
}

// bookRow is a run book in a list.
type bookRow struct {
	runbook.Book

	Name, Path, Occasion string
	Names                []string // of its services
	Stale                []string // why it should be looked at first
	Exercised            time.Time
}

type coverCell struct {
	Scenario string
	Books    []coveredBy
}

type coveredBy struct {
	Path, Name, Why string
	Fresh           bool
}

type coverRow struct {
	Service, Name, Manual string
	Cells                 []coverCell
	Fresh                 int
}

type runbooksPage struct {
	page

	Here               string
	Scenarios          []choice
	Services           []catalog.Service
	Service, Scenario  string // asked for
	Cover              []coverRow
	None, Stale, Ready int // of the table
	List               []bookRow
	Drafts             []bookRow
	ToRead             []bookRow
	Gone               []bookRow
	Pages              pager
	Now                time.Time
}

func (p *portal) showRunbooks(w http.ResponseWriter, r *http.Request) error {
	const most, few = 50, 20
	ctx, q := r.Context(), r.URL.Query()
	v := runbooksPage{page: p.page(r, "Run books", runbooksPath), Here: runbooksPath, Service: q.Get("service"), Scenario: q.Get("scenario"), Now: p.store.Now()}
	var err error
	if v.Services, err = p.services(ctx); err != nil {
		return err
	}
	for _, s := range p.Library().Scenarios() {
		v.Scenarios = append(v.Scenarios, choice{string(s), scenarioWords(s)})
	}
	list := p.Library().InState(runbook.Published)
	if v.Service != "" || v.Scenario != "" {
		list = list.Where(func(b runbook.Book) bool {
			return (v.Service == "" || slices.Contains(b.Services, servicecoin.ServiceID(v.Service))) && (v.Scenario == "" || string(b.Scenario) == v.Scenario)
		})
	}
	books, err := p.Runbooks().Published(ctx)
	if err != nil {
		return err
	}
	around, err := p.Runbooks().Surroundings(ctx, books)
	if err != nil {
		return err
	}
	names := namesOf(v.Services)
	row := func(b runbook.Book) bookRow { return p.bookRow(b, names, around) }
	if wantsCSV(r) {
		return p.asCSV(w, r, "run-books.csv", []string{"id", "version", "title", "scenario", "services", "publishedAt", "reviewBy", "lastExercised", "stale"}, rowsOfPages(r, list, func(b runbook.Book) [][]string {
			x := row(b)
			return [][]string{{string(b.ID), itoa(b.Version), x.Name, string(b.Scenario), joined(b.Services, ", "), instantText(b.PublishedAt), instantText(b.ReviewBy), instantText(x.Exercised), strings.Join(x.Stale, "; ")}}
		}))
	}
	page, ways, err := listed(r, list, most)
	if err != nil {
		return err
	}
	v.Pages = ways
	for _, item := range page.Items {
		v.List = append(v.List, row(item.Value))
	}
	p.cover(&v, books, around)
	for _, part := range []struct {
		list store.Listing[runbook.Book]
		into *[]bookRow
	}{{p.Library().InState(runbook.Draft), &v.Drafts}, {p.Library().DueForReview().Where(func(b runbook.Book) bool { return b.ReviewBy.Before(v.Now.Add(14 * day)) }), &v.ToRead}, {p.Library().InState(runbook.Withdrawn), &v.Gone}} {
		page, err := part.list.Page(ctx, "", few)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			*part.into = append(*part.into, row(item.Value))
		}
	}
	return p.render(w, r, "runbooks.html", 0, v)
}

func (p *portal) bookRow(b runbook.Book, names namesByID, around runbook.Surroundings) bookRow {
	row := bookRow{Book: b, Name: inEnglish(b.Title), Path: bookPath(b.ID), Occasion: scenarioWords(b.Scenario), Exercised: around.Exercised[b.ID]}
	for _, s := range b.Services {
		row.Names = append(row.Names, names.Of(s))
	}
	if b.State == runbook.Published {
		row.Stale = p.staleWords(runbook.Stale(b, p.store.Now(), around), names)
	}
	if b.State == runbook.Draft {
		row.Path += "?version=" + itoa(b.Version)
	}
	return row
}

// staleWords says why a book should be looked at before it is followed.
func (p *portal) staleWords(list []runbook.Staleness, names namesByID) (all []string) {
	for _, s := range list {
		on := s.Since.In(p.deskZone()).Format("2 Jan 2006")
		switch s.Code {
		case runbook.NotExercised:
			all = append(all, "no run of it succeeded for "+leadWords(within{freshFor})+": one was due by "+on)
		case runbook.ReviewPassed:
			all = append(all, "nobody has read it again, which was due by "+on)
		case runbook.ServiceChanged:
			all = append(all, names.Of(servicecoin.ServiceID(s.Of))+" was changed on "+on)
		case runbook.RecordChanged:
			all = append(all, "what it reads of "+s.Of+" changed on "+on)
		}
	}
	return all
}

// within is a length of time that is known.
type within struct{ time.Duration }

func (w within) Get() (time.Duration, bool) { return w.Duration, true }

// cover fills the table of services and scenarios.
func (p *portal) cover(v *runbooksPage, books []runbook.Book, around runbook.Surroundings) {
	names := namesOf(v.Services)
	byID := map[servicecoin.RunbookID]bookRow{}
	for _, b := range books {
		byID[b.ID] = p.bookRow(b, names, around)
	}
	var ids []servicecoin.ServiceID
	for _, s := range v.Services {
		if v.Service == "" || v.Service == string(s.ID) {
			ids = append(ids, s.ID)
		}
	}
	occasions := p.Library().Scenarios()
	if v.Scenario != "" {
		occasions = slices.DeleteFunc(slices.Clone(occasions), func(s runbook.Scenario) bool { return string(s) != v.Scenario })
	}
	for _, c := range runbook.Coverage(ids, occasions, books, p.store.Now(), around) {
		if n := len(v.Cover); n == 0 || v.Cover[n-1].Service != string(c.Service) {
			v.Cover = append(v.Cover, coverRow{Service: string(c.Service), Name: names.Of(c.Service), Manual: runbooksPath + "/manual/" + url.PathEscape(string(c.Service))})
		}
		row := &v.Cover[len(v.Cover)-1]
		cell := coverCell{Scenario: scenarioWords(c.Scenario)}
		for _, id := range c.Fresh {
			cell.Books = append(cell.Books, coveredBy{Path: byID[id].Path, Name: byID[id].Name, Fresh: true})
		}
		for _, id := range c.Stale {
			cell.Books = append(cell.Books, coveredBy{Path: byID[id].Path, Name: byID[id].Name, Why: strings.Join(byID[id].Stale, "; ")})
		}
		switch {
		case c.Covered():
			v.Ready++
			row.Fresh++
		case len(c.Stale) > 0:
			v.Stale++
		default:
			v.None++
		}
		row.Cells = append(row.Cells, cell)
	}
}

// booksToRead are those whose review is due.
func (p *portal) booksToRead() chore {
	return chore{
		name: "run-books", title: "Run books to read again", about: "Is it still right? Say so, or write the next version.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			names, err := p.names(ctx)
			if err != nil {
				return nil, "", err
			}
			now := p.store.Now()
			due := p.Library().DueForReview().Where(func(b runbook.Book) bool { return b.ReviewBy.Before(now.Add(7 * day)) })
			return paged(ctx, due, after, limit, func(item store.Item[runbook.Book]) (task, error) {
				b := item.Value
				row := p.bookRow(b, names, runbook.Surroundings{})
				return task{ID: string(b.ID), What: row.Name, More: row.Occasion + " · " + strings.Join(row.Names, ", "), Path: row.Path, Since: b.ReviewBy, Late: b.ReviewBy.Before(now)}, nil
			})
		},
	}
}

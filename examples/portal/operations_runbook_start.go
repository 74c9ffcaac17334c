package main

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

// startPage is the form that begins a run: what is missing is said before it does.
type startPage struct {
	page

	Here      string
	ID        string // of the run that the form begins, however often it is sent
	Book      bookRow
	Path      string
	Before    []string
	Customers []client
	Customer  string
	Changes   []choice
	Change    string
	Needs     []needRow
	Missing   []string
	Steps     int
}

type needRow struct {
	Name, Field, Text, Kind string
	Choices                 []string
	Typed                   string // by whoever begins
	Known                   string // what it is where nobody types one
	From                    string // where that stands
	Wrong                   string
	Secret, Optional        bool
	Input                   string // the type of the input
}

func (p *portal) showStart(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	return p.start(w, r, f, p.store.NewID(), nil)
}

// beginning reads what a run would begin with.
func (p *portal) beginning(r *http.Request, f *form, b runbook.Book, id string) (runbook.Beginning, error) {
	get := func(name string) string {
		return strings.TrimSpace(strings.ReplaceAll(f.r.Form.Get(name), "\r\n", "\n"))
	}
	x := runbook.Beginning{ID: runbook.RunID(id), Book: b.ID, Values: runbook.Values{}, NewRun: runbook.NewRun{
		Drill: get("drill") != "", Customer: servicecoin.CustomerID(get("customer")), Change: servicecoin.ChangeID(get("change")), Note: get("note"),
	}}
	loc, err := p.zone(r)
	if err != nil {
		return x, err
	}
	for _, y := range b.Parameters {
		text := get("value." + y.Name)
		if text == "" || y.Type == runbook.Secret {
			continue
		}
		if t, err := time.ParseInLocation(wholeTime, text, loc); y.Type == runbook.Instant && err == nil {
			text = t.UTC().Format(time.RFC3339)
		}
		x.Values[y.Name] = text
	}
	if x.Customer == "" {
		return x, nil
	}
	if x.Configuration, err = p.configuration(r.Context(), x.Customer); err == nil {
		x, err = p.Runbooks().Fill(r.Context(), x)
	}
	if errors.Is(err, servicecoin.ErrNotFound) || errors.Is(err, servicecoin.ErrInvalid) {
		f.bad.Add("customer", "unknown", string(x.Customer), "is no customer of ours")
		return x, nil
	}
	return x, err
}

func (p *portal) start(w http.ResponseWriter, r *http.Request, f *form, id string, problems error) error {
	ctx := r.Context()
	b, err := p.Library().Published(ctx, servicecoin.RunbookID(r.PathValue("id")))
	if err != nil {
		return err
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	around, err := p.Runbooks().Surroundings(ctx, []runbook.Book{b})
	if err != nil {
		return err
	}
	x, err := p.beginning(r, f, b, id)
	if err != nil {
		return err
	}
	v := startPage{page: p.page(r, "Begin: "+inEnglish(b.Title), runbooksPath), Here: "/runs", ID: id, Book: p.bookRow(b, names, around), Path: bookPath(b.ID), Customer: string(x.Customer), Change: string(x.Change), Steps: len(b.Steps)}
	if v.Customers, err = collect(p.host.clients().Find(store.All()).All(ctx)); err != nil {
		return err
	}
	if v.Changes, err = p.changesToServe(r, b); err != nil {
		return err
	}
	plan, lacks, err := p.Runs().Prepare(ctx, x)
	if errors.Is(err, servicecoin.ErrInvalid) && problems == nil {
		problems = err
	} else if err != nil && !errors.Is(err, servicecoin.ErrInvalid) {
		return err
	}
	v.Steps = max(v.Steps, len(plan.Steps))
	known, _ := runbook.Resolve(b, nil, x.Configuration)
	for _, y := range b.Parameters {
		row := needRow{Name: y.Name, Field: "value." + y.Name, Text: inEnglish(y.Text), Kind: string(y.Type), Choices: y.Choices, Typed: x.Values[y.Name], Known: known[y.Name], Secret: y.Type == runbook.Secret, Optional: y.Optional, Input: "text"}
		switch {
		case y.From != nil && known[y.Name] != "" && known[y.Name] != y.Default:
			row.From = "the customer’s record “" + y.From.Record + "”"
		case known[y.Name] != "":
			row.From = "the run book"
		}
		if y.Type == runbook.Instant {
			row.Input = "datetime-local"
			if t, err := time.Parse(time.RFC3339, row.Typed); err == nil {
				loc, err := p.zone(r)
				if err != nil {
					return err
				}
				row.Typed = t.In(loc).Format(wholeTime)
			}
		}
		for _, l := range lacks {
			if l.Name == y.Name {
				row.Wrong = l.Text
			}
		}
		v.Needs = append(v.Needs, row)
	}
	for _, l := range lacks {
		text := l.Name + " " + l.Text
		if l.From != nil && x.Customer == "" {
			text += ": choose the customer, or type it"
		} else if l.From != nil {
			text += ", neither here nor in the customer’s record “" + l.From.Record + "”"
		}
		v.Missing = append(v.Missing, text)
	}
	for _, t := range b.Preconditions {
		v.Before = append(v.Before, inEnglish(t))
	}
	v.sent = f.r.Form // also of what was only asked for
	if problems != nil {
		for _, y := range b.Parameters {
			f.at("values."+y.Name, "value."+y.Name)
		}
		v.again(f, problems)
	}
	return p.render(w, r, "run_start.html", problem.Status(problems), v)
}

// changesToServe are the changes that a run may be for: those that are not ended, of
// one of the services first.
func (p *portal) changesToServe(r *http.Request, b runbook.Book) ([]choice, error) {
	const most = 100
	page, err := p.Control().Unfinished().Page(r.Context(), "", most)
	if err != nil {
		return nil, err
	}
	var mine, others []choice
	for _, item := range page.Items {
		x := item.Value
		c := choice{string(x.ID), x.Title + " (" + string(x.State) + ")"}
		if slices.ContainsFunc(x.Scope.Services, func(s servicecoin.ServiceID) bool { return slices.Contains(b.Services, s) }) {
			mine = append(mine, c)
		} else {
			others = append(others, c)
		}
	}
	return append(mine, others...), nil
}

func (p *portal) startRun(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	b, err := p.Library().Published(ctx, servicecoin.RunbookID(r.PathValue("id")))
	if err != nil {
		return err
	}
	id := p.formID(f)
	x, err := p.beginning(r, f, b, id)
	if err != nil {
		return err
	}
	if x.Change != "" {
		if _, err := p.Control().Get(ctx, x.Change); err != nil {
			f.bad.Add("change", "unknown", string(x.Change), "is no change that is known")
		}
	}
	if err = f.bad.Err(); err == nil {
		_, err = p.Runs().Start(ctx, viewer(r).actor(), x)
	}
	next := confirmed(runPath(x.ID), "began") + "#now"
	return p.finish(w, r, err, next, func(err error) error { return p.start(w, r, f, id, err) })
}

package main

import (
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/problem"
)

// runbookPage is a version of a run book, to be read and printed.
type runbookPage struct {
	page
	bookView

	Here     string
	Versions []versionRow
	Compare  string // the path of what changed since the version before; "": there is none
	Findings []findingRow
	Faults   int
	Runs     []runRow
	Later    int    // the version that is followed, if it is not this one
	Draft    int    // that there is; 0: none
	WhyNot   string // why whoever looks cannot publish it
}

// bookView is a run book as it is printed.
type bookView struct {
	bookRow

	StateWords, Tone string
	Purpose          template.HTML
	Before           []template.HTML
	People           []figure
	Needs            []parameterRow
	Steps            []stepView
	Lasts            string // from its start to its end, as it says
	Unknown          int    // steps that do not say how long they take
}

type parameterRow struct{ Name, Kind, From, Text string }

type versionRow struct {
	runbook.Book

	Path, Words, Tone string
	This              bool
}

type findingRow struct {
	Fault       bool
	Where, Text string
}

// version reads the version that a request asks for: the one that is followed, or the
// last one.
func (p *portal) version(r *http.Request) (runbook.Book, error) {
	ctx, id := r.Context(), servicecoin.RunbookID(r.PathValue("id"))
	if text := r.URL.Query().Get("version"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return runbook.Book{}, noPage(r)
		}
		return p.Library().Get(ctx, id, n)
	}
	b, err := p.Library().Published(ctx, id)
	if !errors.Is(err, servicecoin.ErrNotFound) {
		return b, err
	}
	page, err := p.Library().Versions(id).Page(ctx, "", 1)
	if err != nil {
		return b, err
	}
	if len(page.Items) == 0 {
		return b, noPage(r)
	}
	return page.Items[0].Value, nil
}

func (p *portal) showRunbook(w http.ResponseWriter, r *http.Request) error {
	return p.runbook(w, r, "", nil, nil)
}

func (p *portal) runbook(w http.ResponseWriter, r *http.Request, which string, f *form, problems error) error {
	ctx := r.Context()
	b, err := p.version(r)
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
	v := runbookPage{page: p.page(r, inEnglish(b.Title), runbooksPath), Here: runbooksPath}
	var runs []runbook.Run
	const recent, shown = 200, 8
	page, err := p.Runs().OfBook(b.ID).Page(ctx, "", recent)
	if err != nil {
		return err
	}
	customers := p.customerNames(ctx)
	for n, item := range page.Items {
		runs = append(runs, item.Value)
		if n < shown {
			v.Runs = append(v.Runs, p.runRow(item.Value, names, customers, p.store.Now()))
		}
	}
	v.bookView = p.bookView(r, b, names, around, runs)
	before := 0
	for x, err := range p.Library().Versions(b.ID).All(ctx) {
		if err != nil {
			return err
		}
		row := versionRow{Book: x, Path: bookPath(x.ID) + "?version=" + itoa(x.Version), This: x.Version == b.Version}
		row.Words, row.Tone = bookStateWords(x.State)
		v.Versions = append(v.Versions, row)
		switch {
		case x.State == runbook.Published && !row.This:
			v.Later = x.Version
		case x.State == runbook.Draft:
			v.Draft = x.Version
		}
		if x.Version < b.Version {
			before = max(before, x.Version)
		}
	}
	if before > 0 {
		v.Compare = bookPath(b.ID, "changes") + "?from=" + itoa(before) + "&to=" + itoa(b.Version)
	}
	if b.State == runbook.Draft {
		if v.Findings, v.Faults, err = p.findings(r, b); err != nil {
			return err
		}
		if b.DraftedBy.ID == v.Viewer.ID {
			v.WhyNot = "You wrote at it last: somebody else has to publish it."
		}
	}
	if problems != nil {
		v.againIn(which, f, problems)
	}
	return p.render(w, r, "runbook.html", problem.Status(problems), v)
}

// bookView is a book in words, with how long its steps took in runs.
func (p *portal) bookView(r *http.Request, b runbook.Book, names namesByID, around runbook.Surroundings, runs []runbook.Run) bookView {
	v := bookView{bookRow: p.bookRow(b, names, around), Purpose: manualText(b.Purpose), Steps: stepViews(b.Steps, p.bookNames(r.Context()))}
	v.StateWords, v.Tone = bookStateWords(b.State)
	for _, t := range b.Preconditions {
		v.Before = append(v.Before, manualText(t))
	}
	for _, x := range b.Roles {
		v.People = append(v.People, figure{x.Name, inEnglish(x.Text)})
	}
	for _, x := range b.Parameters {
		row := parameterRow{Name: x.Name, Kind: string(x.Type), Text: inEnglish(x.Text)}
		if x.Type == runbook.Choice {
			row.Kind = joined(x.Choices, ", ")
		}
		switch {
		case x.Type == runbook.Secret:
			row.From = "the machines find it: nobody types it"
		case x.From != nil:
			row.From = "the customer’s record “" + x.From.Record + "”, at " + x.From.Path
		case x.Default != "":
			row.From = x.Default + ", unless somebody says otherwise"
		case x.Optional:
			row.From = "whoever begins, if it is known"
		default:
			row.From = "whoever begins"
		}
		v.Needs = append(v.Needs, row)
	}
	length, unknown := b.Expected()
	v.Lasts, v.Unknown = lengthWords(length), unknown
	for n, l := range runbook.Lengths(b, runs) {
		if l.N > 0 {
			v.Steps[n].Took = &l
		}
	}
	return v
}

// findings are what is wrong with a draft, or may be.
func (p *portal) findings(r *http.Request, b runbook.Book) (list []findingRow, faults int, err error) {
	found, err := p.Library().Check(r.Context(), b)
	if err != nil {
		return nil, 0, err
	}
	for _, x := range found {
		text := x.Text
		if x.Value != "" {
			text = "“" + x.Value + "” " + text
		}
		list = append(list, findingRow{Fault: x.Severity == runbook.Fault, Where: whereInBook(b, x.Path), Text: text})
		if x.Severity == runbook.Fault {
			faults++
		}
	}
	people, err := p.colleagues(r.Context())
	return append(list, unheld(b, people)...), faults, err
}

// whereInBook says in words what a path of a book is: "step 3, Write it back".
func whereInBook(b runbook.Book, path string) string {
	var n int
	rest := ""
	if _, err := sscanStep(path, &n, &rest); err == nil && n < len(b.Steps) {
		text := "Step " + itoa(n+1) + ", " + inEnglish(b.Steps[n].Title)
		if rest != "" {
			text += ": " + strings.ToLower(label(rest))
		}
		return text
	}
	return label(path)
}

func (p *portal) showRunbookView(w http.ResponseWriter, r *http.Request) error {
	switch r.PathValue("view") {
	case "edit":
		return p.showEditRunbook(w, r)
	case "start":
		return p.showStart(w, r)
	case "changes":
		return p.showBookChanges(w, r)
	case "markdown", "html":
		b, err := p.version(r)
		if err != nil {
			return err
		}
		return writeManual(w, runbook.Manual{Languages: []string{"en"}, Books: []runbook.Book{b}}, fileName(string(b.ID))+"-"+itoa(b.Version), r.PathValue("view"))
	}
	return noPage(r)
}

func writeManual(w http.ResponseWriter, m runbook.Manual, name, kind string) error {
	if kind == "markdown" {
		attach(w, "text/markdown; charset=utf-8", name+".md")
		return m.WriteMarkdown(w)
	}
	attach(w, "text/html; charset=utf-8", name+".html")
	return m.WriteHTML(w)
}

type manualPage struct {
	page

	Here    string
	Name    string
	Path    string
	Books   []bookView
	Printed time.Time
}

// showManual is everything that is published for a service.
func (p *portal) showManual(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	s, err := p.Catalog().Service(ctx, servicecoin.ServiceID(r.PathValue("service")))
	if err != nil {
		return err
	}
	books, err := p.Runbooks().Published(ctx)
	if err != nil {
		return err
	}
	m := runbook.ManualOf(s.ID, "Operations manual: "+s.Name, books, p.Library().Scenarios())
	m.Languages = []string{"en"}
	if as := r.URL.Query().Get("as"); as == "markdown" || as == "html" {
		return writeManual(w, m, "manual-"+fileName(string(s.ID)), as)
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	around, err := p.Runbooks().Surroundings(ctx, m.Books)
	if err != nil {
		return err
	}
	v := manualPage{page: p.page(r, m.Title, runbooksPath), Here: runbooksPath, Name: s.Name, Path: r.URL.EscapedPath(), Printed: p.store.Now()}
	for _, b := range m.Books {
		v.Books = append(v.Books, p.bookView(r, b, names, around, nil))
	}
	return p.render(w, r, "manual.html", 0, v)
}

type bookChangesPage struct {
	page

	Here     string
	Name     string
	Path     string
	From, To versionRow
	List     []stepChange
	Other    []fieldChange // outside of the steps
}

type stepChange struct {
	Name, Words, Tone string
	Fields            []fieldChange
}

type fieldChange struct{ Name, Before, After string }

// showBookChanges is what differs between two versions, step by step.
func (p *portal) showBookChanges(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	id := servicecoin.RunbookID(r.PathValue("id"))
	v := bookChangesPage{Here: runbooksPath, Path: bookPath(id)}
	var sides [2]runbook.Book
	for n, name := range []string{"from", "to"} {
		number, err := strconv.Atoi(q.Get(name))
		if err != nil {
			return noPage(r)
		}
		if sides[n], err = p.Library().Get(ctx, id, number); err != nil {
			return err
		}
	}
	a, b := sides[0], sides[1]
	v.Name = inEnglish(b.Title)
	v.page = p.page(r, v.Name+": what changed", runbooksPath)
	v.From, v.To = versionRow{Book: a, Path: v.Path + "?version=" + itoa(a.Version)}, versionRow{Book: b, Path: v.Path + "?version=" + itoa(b.Version)}
	for _, x := range []fieldChange{
		{"Title", inEnglish(a.Title), inEnglish(b.Title)},
		{"Purpose", inEnglish(a.Purpose), inEnglish(b.Purpose)},
		{"Scenario", scenarioWords(a.Scenario), scenarioWords(b.Scenario)},
		{"Services", joined(a.Services, ", "), joined(b.Services, ", ")},
		{"Roles", rolesText(a.Roles), rolesText(b.Roles)},
		{"Parameters", parametersText(a.Parameters), parametersText(b.Parameters)},
		{"Preconditions", paragraphs(a.Preconditions), paragraphs(b.Preconditions)},
	} {
		if x.Before != x.After {
			v.Other = append(v.Other, x)
		}
	}
	for _, d := range runbook.Diff(a, b) {
		v.List = append(v.List, stepChangeOf(d))
	}
	return p.render(w, r, "runbook_changes.html", 0, v)
}

func stepChangeOf(d runbook.StepDifference) stepChange {
	c := stepChange{}
	switch d.Change {
	case runbook.Added:
		c.Words, c.Tone, c.Name = "New", "good", inEnglish(d.After.Title)
		c.Fields = []fieldChange{{"Step", "", stepsText([]runbook.Step{*d.After})}}
		return c
	case runbook.Removed:
		c.Words, c.Tone, c.Name = "Removed", "bad", inEnglish(d.Before.Title)
		c.Fields = []fieldChange{{"Step", stepsText([]runbook.Step{*d.Before}), ""}}
		return c
	case runbook.Moved:
		c.Words, c.Tone = "Moved", "info"
	case runbook.Edited:
		c.Words, c.Tone = "Changed", "warn"
	}
	c.Name = inEnglish(d.After.Title)
	for _, name := range d.Fields {
		if name == "place" {
			c.Fields = append(c.Fields, fieldChange{Name: "Place", Before: "elsewhere in the order", After: "here"})
			continue
		}
		c.Fields = append(c.Fields, fieldChange{sentence(name), fieldText(*d.Before, name), fieldText(*d.After, name)})
	}
	return c
}

// fieldText is one field of a step as text.
func fieldText(s runbook.Step, name string) string {
	one := runbook.Step{ID: s.ID}
	switch name {
	case "kind":
		return stepKindWords(s.Kind)
	case "title":
		return inEnglish(s.Title)
	case "text":
		return inEnglish(s.Text)
	case "hazard":
		return inEnglish(s.Hazard)
	case "role":
		return s.Role
	case "expected":
		return lengthText(s.Expected)
	case "after", "atStart":
		if s.AtStart {
			return "nothing"
		}
		return joined(s.After, ", ")
	case "undo":
		one.Undo = s.Undo
	case "action":
		one.Action = s.Action
	case "decision":
		one.Decision = s.Decision
	case "verification":
		one.Verification = s.Verification
	case "wait":
		one.Wait = s.Wait
	case "approval":
		one.Approval = s.Approval
	case "call":
		one.Call = s.Call
	}
	return partText(one)
}

// changeRunbook publishes, reviews, withdraws, throws away or revises a version.
func (p *portal) changeRunbook(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	verb := r.PathValue("verb")
	ctx, by, id := r.Context(), viewer(r).actor(), servicecoin.RunbookID(r.PathValue("id"))
	n, next := f.int("version"), bookPath(id)
	switch verb {
	case "publish":
		_, err = p.Library().Publish(ctx, by, id, n)
		next = confirmed(next, "published")
	case "review":
		_, err = p.Library().Review(ctx, by, id, n)
		next = confirmed(next, "reviewed")
	case "withdraw":
		_, err = p.Library().Withdraw(ctx, by, id, n, f.text("reason"))
		next = confirmed(next, "withdrawn")
	case "discard":
		err = p.Library().Discard(ctx, by, id, n)
		next = confirmed(runbooksPath, "discarded")
	case "revise":
		var b runbook.Book
		b, err = p.Library().Revise(ctx, by, id)
		next = bookPath(id, "edit") + "?version=" + itoa(b.Version)
	default:
		return noPage(r)
	}
	return p.finish(w, r, f.err(err), next, func(err error) error {
		q := r.URL.Query()
		q.Set("version", itoa(n))
		r.URL.RawQuery = q.Encode()
		return p.runbook(w, r, verb, f, err)
	})
}

func paragraphs(list []servicecoin.Texts) string {
	texts := make([]string, len(list))
	for n, t := range list {
		texts[n] = inEnglish(t)
	}
	return joinParagraphs(texts)
}

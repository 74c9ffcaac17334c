package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/problem"
)

// The ways in which the form of a change is filled in.
const (
	toDraft  = "draft"  // it is written down
	toRevise = "revise" // the draft is changed
	toAmend  = "amend"  // what was approved is changed, and asked for again
	toReplan = "replan" // what was voted down gets another plan
)

// changeFormPage is the form in which a change is written.
type changeFormPage struct {
	page

	Mode     string
	Change   change.Change // what the form begins with
	Action   string
	ID       string // of the change that the form makes, however often it is sent
	Model    change.Model
	Models   []change.Model // that changes can be made from
	Services []serviceRow
	People   []person
	Kinds    []change.Kind
	Others   []change.Change // that it may depend on
	Rows     []change.Dependency
	Ways     []change.DependencyKind
	Matrix   change.RiskMatrix
}

// serviceRow is a service in the form: whether it is touched, and when it is expected
// not to be there.
type serviceRow struct {
	catalog.Service

	Touched       bool
	After, Length string
}

// Whole reports whether everything of the request is in the form, not the plan alone.
func (v changeFormPage) Whole() bool { return v.Mode == toDraft || v.Mode == toRevise }

// Steps are the steps, one a line.
func (v changeFormPage) Steps() string { return strings.Join(v.Change.Steps, "\n") }

// Records are the configuration records, by their ids.
func (v changeFormPage) Records() string { return joined(v.Change.Scope.Records, " ") }

// Whose are the customers in whose environments alone it works, by their ids.
func (v changeFormPage) Whose() string { return joined(v.Change.Scope.Customers, " ") }

// Does reports whether somebody does it.
func (v changeFormPage) Does(id servicecoin.PersonID) bool {
	return slices.Contains(v.Change.Implementers, id)
}

func (p *portal) showNewChange(w http.ResponseWriter, r *http.Request) error {
	v := changeFormPage{Mode: toDraft, ID: p.store.NewID(), Change: change.Change{Kind: change.Normal, RequestedBy: viewer(r).ID}}
	if id := r.URL.Query().Get("model"); id != "" {
		m, err := p.Control().Model(r.Context(), change.ModelID(id))
		if err != nil {
			return err
		}
		v.Model = m
		v.Change.Kind, v.Change.Title, v.Change.Steps, v.Change.Runbook, v.Change.Version, v.Change.Scope.Services = change.Standard, m.Name, m.Steps, m.Runbook, m.Version, m.Services
	}
	return p.changeForm(w, r, v, nil, nil)
}

// changeForm shows the form: after it came to nothing with what was typed, and why.
func (p *portal) changeForm(w http.ResponseWriter, r *http.Request, v changeFormPage, f *form, problems error) error {
	ctx := r.Context()
	title := map[string]string{toDraft: "Ask for a change", toRevise: "Change the draft", toAmend: "Change what was approved", toReplan: "Plan it anew"}[v.Mode]
	v.page, v.Kinds, v.Ways, v.Matrix = p.page(r, title, changesPath), change.Kinds(), []change.DependencyKind{change.After, change.Together, change.Apart}, p.Control().Matrix()
	if v.Action = changesPath; v.Mode != toDraft {
		v.Action = changePath(v.Change.ID, "edit")
	}
	all, err := p.services(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		row := serviceRow{Service: s, Touched: slices.Contains(v.Change.Scope.Services, s.ID)}
		for _, d := range v.Change.Plan.Downtime {
			if d.Service == s.ID {
				row.After, row.Length = lengthText(d.After), lengthText(d.Length)
			}
		}
		v.Services = append(v.Services, row)
	}
	if v.People, err = p.colleagues(ctx); err != nil {
		return err
	}
	for x, err := range p.Control().Ahead(time.Time{}).All(ctx) {
		if err != nil {
			return err
		}
		if x.ID != v.Change.ID {
			v.Others = append(v.Others, x)
		}
	}
	if v.Mode == toDraft {
		models, err := collect(p.Control().Models().All(ctx))
		if err != nil {
			return err
		}
		v.Models = slices.DeleteFunc(models, func(m change.Model) bool { return m.Holds(p.store.Now()) != "" })
	}
	const rows = 2
	for n := range max(rows, len(v.Change.Dependencies)+1) {
		if n < len(v.Change.Dependencies) {
			v.Rows = append(v.Rows, v.Change.Dependencies[n])
		} else {
			v.Rows = append(v.Rows, change.Dependency{})
		}
	}
	if problems != nil {
		if f == nil { // what the record misses, at the fields
			f = &form{r: r}
			if err := r.ParseForm(); err != nil {
				return err
			}
			namesOfWork(f, v.Change.Work)
			v.again(f, problems)
			v.sent = nil // the fields begin with what the record has
		} else {
			v.again(f, problems)
		}
	}
	return p.render(w, r, "change_form.html", problem.Status(problems), v)
}

// readWork reads what is to be done, and leads what a rule says of it to its fields.
func (p *portal) readWork(f *form) change.Work {
	var work change.Work
	work.Scope.Services, work.Steps = f.services("service"), f.lines("steps")
	between := func(c rune) bool { return c == ',' || c == ' ' || c == '\n' || c == ';' }
	for _, id := range strings.FieldsFunc(f.text("records"), between) {
		work.Scope.Records = append(work.Scope.Records, servicecoin.ConfigurationID(id))
	}
	for _, id := range strings.FieldsFunc(f.text("customers"), between) {
		work.Scope.Customers = append(work.Scope.Customers, servicecoin.CustomerID(id))
	}
	work.Plan = change.Plan{
		Start: p.timeIn(f, "start"), Length: f.lengthIn("length"), WayBack: f.lengthIn("wayBack"), NoReturn: f.lengthIn("noReturn"),
		Rollback: f.text("rollback"), Trigger: f.text("trigger"),
	}
	work.Runbook, work.Version = servicecoin.RunbookID(f.text("runbook")), f.int("version")
	for _, id := range f.all("known") { // the services of the form, in its order
		after, length := f.lengthIn("after:"+id), f.lengthIn("downtime:"+id)
		if f.text("downtime:"+id) == "" && f.text("after:"+id) == "" {
			continue
		}
		if !length.Defined() && f.text("downtime:"+id) == "" {
			f.bad.Add("downtime:"+id, "required", "", "say for how long")
		}
		if !after.Defined() && f.text("after:"+id) == "" {
			after, _ = readLength("0")
		}
		work.Plan.Downtime = append(work.Plan.Downtime, change.Downtime{Service: servicecoin.ServiceID(id), After: after, Length: length})
	}
	namesOfWork(f, work)
	return work
}

func namesOfWork(f *form, work change.Work) {
	for _, x := range []string{"start", "length", "wayBack", "noReturn", "rollback", "trigger"} {
		f.at("plan."+x, x)
	}
	f.at("scope", "service")
	f.at("scope.services", "service")
	f.at("scope.records", "records")
	f.at("scope.customers", "customers")
	f.at("steps", "steps")
	f.at("implementers", "implementer")
	f.at("dependencies", "on-0")
	f.at("risk", "likelihood")
	for n, d := range work.Plan.Downtime {
		f.at("plan.downtime["+strconv.Itoa(n)+"]", "downtime:"+string(d.Service))
	}
}

// readRequest reads the whole form.
func (p *portal) readRequest(ctx context.Context, f *form) change.Request {
	r := change.Request{
		Title: f.text("title"), Reason: f.text("reason"), Description: f.text("description"), Headline: f.text("headline"),
		Kind: change.Kind(f.text("kind")), Work: p.readWork(f), RequestedBy: p.colleague(ctx, f, "requestedBy"), CommittedAt: p.timeIn(f, "committedAt"),
		Implementers: p.colleaguesIn(ctx, f, "implementer"),
	}
	for n := range 50 {
		field := "on-" + strconv.Itoa(n)
		on := f.text(field)
		if on == "" {
			continue
		}
		f.at("dependencies["+strconv.Itoa(len(r.Dependencies))+"]", field)
		r.Dependencies = append(r.Dependencies, change.Dependency{On: servicecoin.ChangeID(on), Kind: change.DependencyKind(f.text("way-" + strconv.Itoa(n)))})
	}
	return r
}

// colleaguesIn reads several of the provider's people out of a form.
func (p *portal) colleaguesIn(ctx context.Context, f *form, name string) []servicecoin.PersonID {
	var list []servicecoin.PersonID
	for _, id := range f.all(name) {
		who, err := p.host.persons().Get(ctx, id)
		if err != nil || !who.Provider() {
			f.bad.Add(name, "unknown", id, "is nobody of our own people")
			continue
		}
		list = append(list, who.ID)
	}
	return list
}

// ofRequest is a change as the form has it, to show it again.
func ofRequest(x change.Change, r change.Request) change.Change {
	x.Title, x.Reason, x.Kind, x.Work, x.Dependencies = r.Title, r.Reason, r.Kind, r.Work, r.Dependencies
	x.Description, x.Headline, x.CommittedAt, x.Implementers = r.Description, r.Headline, r.CommittedAt, r.Implementers
	return x
}

func (p *portal) draftChange(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by := r.Context(), viewer(r).actor()
	req := p.readRequest(ctx, f)
	req.ID = servicecoin.ChangeID(p.formID(f))
	v := changeFormPage{Mode: toDraft, ID: string(req.ID), Change: ofRequest(change.Change{}, req)}
	if id := f.text("model"); id != "" {
		if v.Model, err = p.Control().Model(ctx, change.ModelID(id)); err != nil {
			return err
		}
	}
	if f.bad.Err() != nil { // ask the rules all the same, to hear of everything at once
		_, err := change.Propose(by, p.store.Now(), req)
		return p.changeForm(w, r, v, f, f.err(err))
	}
	x, err := p.Control().Draft(ctx, by, req)
	if errors.Is(err, servicecoin.ErrExists) { // sent again, by a click more or after a step back
		seeOther(w, changePath(req.ID))
		return nil
	}
	if err == nil && v.Model.ID != "" {
		p.happened(ctx)
		if _, err := p.Control().Preapprove(ctx, by, x.ID, v.Model.ID); err != nil {
			return p.changeRefused(w, r, x.ID, f, err)
		}
	}
	return p.finish(w, r, err, confirmed(changePath(req.ID), "drafted"), func(err error) error { return p.changeForm(w, r, v, f, f.err(err)) })
}

// changeRefused shows a change that was drafted, and why it came no further.
func (p *portal) changeRefused(w http.ResponseWriter, r *http.Request, id servicecoin.ChangeID, f *form, err error) error {
	if !errors.Is(err, servicecoin.ErrInvalid) && !errors.Is(err, servicecoin.ErrRefused) {
		return err
	}
	if errors.Is(err, servicecoin.ErrInvalid) {
		x, getting := p.Control().Get(r.Context(), id)
		if getting != nil {
			return getting
		}
		return p.changeForm(w, r, changeFormPage{Mode: toRevise, Change: x}, nil, err)
	}
	return p.changeNow(w, r, id, "preapprove", f, err)
}

// modeOf is how a change is edited in its state, "" if it is not.
func modeOf(x *change.Change) string {
	switch {
	case x.State == change.Draft:
		return toRevise
	case (x.State == change.Approved || x.State == change.Scheduled) && x.Kind != change.Standard:
		return toAmend
	case x.State == change.Rejected && x.Risk != nil:
		return toReplan
	}
	return ""
}

func (p *portal) showEditChange(w http.ResponseWriter, r *http.Request) error {
	if r.PathValue("form") != "edit" {
		return noPage(r)
	}
	x, err := p.Control().Get(r.Context(), servicecoin.ChangeID(r.PathValue("id")))
	if err != nil {
		return err
	}
	mode := modeOf(&x)
	if mode == "" {
		seeOther(w, changePath(x.ID))
		return nil
	}
	return p.changeForm(w, r, changeFormPage{Mode: mode, Change: x}, nil, nil)
}

func (p *portal) editChange(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by := r.Context(), viewer(r).actor()
	x, err := p.Control().Get(ctx, servicecoin.ChangeID(r.PathValue("id")))
	if err != nil {
		return err
	}
	v := changeFormPage{Mode: modeOf(&x), Change: x}
	switch v.Mode {
	case toRevise:
		req := p.readRequest(ctx, f)
		req.ID, req.RequestedBy, req.Implementers = x.ID, x.RequestedBy, x.Implementers
		v.Change = ofRequest(x, req)
		if f.bad.Err() != nil {
			return p.changeForm(w, r, v, f, f.err(x.Revise(by, p.store.Now(), req)))
		}
		_, err = p.Control().Revise(ctx, by, x.ID, req)
		return p.finish(w, r, err, confirmed(changePath(x.ID), "revised"), func(err error) error { return p.changeForm(w, r, v, f, f.err(err)) })
	case toAmend, toReplan:
		work, judged, reason := p.readWork(f), p.readJudged(f), f.text("reason")
		v.Change.Work = work
		if f.bad.Err() == nil {
			if v.Mode == toAmend {
				_, err = p.Control().Amend(ctx, by, x.ID, work, judged, reason)
			} else {
				_, err = p.Control().Replan(ctx, by, x.ID, work, judged, reason)
			}
			return p.finish(w, r, err, confirmed(changePath(x.ID), "amended"), func(err error) error { return p.changeForm(w, r, v, f, f.err(err)) })
		}
		return p.changeForm(w, r, v, f, f.err(nil))
	}
	return p.changeNow(w, r, x.ID, "edit", f, &servicecoin.RefusedError{Subject: change.Key(x.ID), Verb: change.VerbRevise, From: string(x.State), Why: "it is " + strings.ToLower(changeStateWords(x.State)) + " now: withdraw it first"})
}

// readJudged reads what somebody makes of the risk. An impact that is left out is the
// one that is suggested.
func (p *portal) readJudged(f *form) change.Judged {
	j := change.Judged{Likelihood: f.int("likelihood"), Impact: f.int("impact"), Note: f.text("note")}
	if j.Likelihood == 0 && f.text("likelihood") == "" {
		f.bad.Add("likelihood", "required", "", "choose how likely it goes wrong")
	}
	return j
}

// requestOf is what a draft asks for, to ask for it with something changed.
func requestOf(x *change.Change) change.Request {
	return change.Request{
		ID: x.ID, Title: x.Title, Reason: x.Reason, Description: x.Description, Headline: x.Headline, Kind: x.Kind, Work: x.Work,
		RequestedBy: x.RequestedBy, Implementers: x.Implementers, Dependencies: x.Dependencies, CommittedAt: x.CommittedAt,
	}
}

// foundPage is the form for a change that nobody had asked for.
type foundPage struct {
	page

	ID       string
	Services []catalog.Service
	People   []person
}

func (p *portal) showFoundChange(w http.ResponseWriter, r *http.Request) error {
	return p.foundForm(w, r, p.store.NewID(), nil, nil)
}

func (p *portal) foundForm(w http.ResponseWriter, r *http.Request, id string, f *form, problems error) error {
	v := foundPage{page: p.page(r, "Record a change that nobody asked for", changesPath), ID: id}
	var err error
	if v.Services, err = p.services(r.Context()); err != nil {
		return err
	}
	if v.People, err = p.colleagues(r.Context()); err != nil {
		return err
	}
	if problems != nil {
		v.again(f, problems)
	}
	return p.render(w, r, "change_found.html", problem.Status(problems), v)
}

func (p *portal) discoverChange(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by := r.Context(), viewer(r).actor()
	work := p.readWork(f)
	found := change.Found{ID: servicecoin.ChangeID(p.formID(f)), Title: f.text("title"), Reason: f.text("reason"), Scope: work.Scope, Seen: p.timeIn(f, "seen"), DoneBy: p.colleague(ctx, f, "doneBy")}
	again := func(err error) error { return p.foundForm(w, r, string(found.ID), f, f.err(err)) }
	if f.bad.Err() != nil {
		_, err := change.Discover(by, p.store.Now(), found)
		return again(err)
	}
	_, err = p.Control().Discover(ctx, by, found)
	if errors.Is(err, servicecoin.ErrExists) {
		seeOther(w, changePath(found.ID))
		return nil
	}
	return p.finish(w, r, err, confirmed(changePath(found.ID), "recorded"), again)
}

package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/problem"
)

func modelPath(id change.ModelID, parts ...string) string {
	return strings.Join(append([]string{changesPath, "models", url.PathEscape(string(id))}, parts...), "/")
}

type modelRow struct {
	change.Model

	Path   string
	Names  []string
	Holds  bool
	Why    string // why changes made from it need an approval
	Failed change.Share
	Tone   string
}

func (p *portal) modelRow(m change.Model, names namesByID) modelRow {
	now := p.store.Now()
	row := modelRow{Model: m, Path: modelPath(m.ID), Holds: m.Holds(now) == "", Tone: "warn"}
	for _, s := range m.Services {
		row.Names = append(row.Names, names.Of(s))
	}
	switch {
	case row.Holds:
		row.Tone = "good"
	case m.State == change.ModelApproved:
		row.Why = "It expired: revise it, with another date."
	case m.State == change.ModelDraft:
		row.Why = "It waits to be approved by somebody who did not write it."
	case m.State == change.ModelSuspended:
		row.Tone, row.Why = "bad", "Too many of its changes went wrong: it is approved again, or revised."
	case m.State == change.ModelWithdrawn:
		row.Tone, row.Why = "none", "It is not used any more."
	}
	return row
}

type modelsPage struct {
	page
	pager

	List []modelRow
}

func (p *portal) showModels(w http.ResponseWriter, r *http.Request) error {
	const most = 25
	names, err := p.names(r.Context())
	if err != nil {
		return err
	}
	if wantsCSV(r) {
		return p.asCSV(w, r, "change-models.csv", []string{"model", "name", "edition", "state", "services", "expires", "failures", "most", "author", "approvedBy"}, rowsOfPages(r, p.Control().Models(), func(m change.Model) [][]string {
			return [][]string{{string(m.ID), m.Name, strconv.Itoa(m.Edition), string(m.State), joined(m.Services, " "), m.Expires.Format(time.RFC3339), strconv.Itoa(m.Failures), strconv.Itoa(m.Most), string(m.Author), string(m.ApprovedBy)}}
		}))
	}
	v := modelsPage{page: p.page(r, "Models of standard changes", changesPath)}
	found, ways, err := listed(r, p.Control().Models(), most)
	if err != nil {
		return err
	}
	v.pager = ways
	for _, item := range found.Items {
		v.List = append(v.List, p.modelRow(item.Value, names))
	}
	return p.render(w, r, "change_models.html", 0, v)
}

type modelPage struct {
	page
	modelRow

	Changes []changeRow
	Level   string
	Forms   []verbForm
	People  []person
}

func (p *portal) showModel(w http.ResponseWriter, r *http.Request) error {
	return p.modelNow(w, r, "", nil, nil)
}

func (p *portal) modelNow(w http.ResponseWriter, r *http.Request, word string, f *form, problems error) error {
	ctx := r.Context()
	m, err := p.Control().Model(ctx, change.ModelID(r.PathValue("model")))
	if err != nil {
		return err
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	v := modelPage{page: p.page(r, m.Name, changesPath), modelRow: p.modelRow(m, names), Level: p.Control().Matrix().Level(m.Risk.Level)}
	v.History = slices.Clone(m.History)
	slices.Reverse(v.History)
	made, err := collect(p.Control().OfModel(m.ID).All(ctx))
	if err != nil {
		return err
	}
	v.Failed = change.HistoryOf(made).Failed
	const most = 20
	for _, x := range made[:min(len(made), most)] {
		v.Changes = append(v.Changes, p.changeRow(x, names))
	}
	if m.State == change.ModelDraft || m.State == change.ModelSuspended {
		about := "Its failures are counted anew."
		if m.Author == v.Viewer.ID {
			about = "You wrote it: somebody else approves it."
		}
		v.Forms = append(v.Forms, verbForm{Word: "approve", Title: "Approve it", Button: "Approve", About: about, Fields: []verbField{reasonField("Why it may be done without a vote each time")}})
	}
	if m.State != change.ModelWithdrawn {
		v.Forms = append(v.Forms, verbForm{Word: "withdraw", Title: "Withdraw it: it is not used any more", Button: "Withdraw", Fields: []verbField{reasonField("Why")}})
	}
	if problems != nil {
		v.againIn(word, f, problems)
		for n := range v.Problems {
			v.Problems[n] = p.withNames(v.Problems[n])
		}
	}
	return p.render(w, r, "change_model.html", problem.Status(problems), v)
}

func (p *portal) changeModel(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by, id, reason := r.Context(), viewer(r).actor(), change.ModelID(r.PathValue("model")), f.text("reason")
	word := r.PathValue("verb")
	switch word {
	case "approve":
		_, err = p.Control().ApproveModel(ctx, by, id, reason)
	case "withdraw":
		_, err = p.Control().WithdrawModel(ctx, by, id, reason)
	case "edit":
		terms := p.readTerms(f)
		again := func(err error) error {
			return p.modelForm(w, r, modelFormPage{Action: modelPath(id, "edit"), Terms: terms, Existing: true}, f, f.err(err))
		}
		if f.bad.Err() != nil {
			return again(nil)
		}
		_, err = p.Control().ReviseModel(ctx, by, id, terms)
		return p.finish(w, r, err, confirmed(modelPath(id), "model"), again)
	default:
		return noPage(r)
	}
	return p.finish(w, r, err, modelPath(id), func(err error) error { return p.modelNow(w, r, word, f, err) })
}

type modelFormPage struct {
	page

	ID       string
	Action   string
	Terms    change.ModelTerms
	Existing bool
	Services []catalog.Service
	Matrix   change.RiskMatrix
}

// Steps are the steps, one a line.
func (v modelFormPage) Steps() string { return strings.Join(v.Terms.Steps, "\n") }

// Windows are the windows, one a line.
func (v modelFormPage) Windows() string {
	var list []string
	for _, w := range v.Terms.Windows {
		list = append(list, w.String())
	}
	return strings.Join(list, "\n")
}

// Has reports whether a service is among those of the model.
func (v modelFormPage) Has(id servicecoin.ServiceID) bool {
	return slices.Contains(v.Terms.Services, id)
}

func (p *portal) showNewModel(w http.ResponseWriter, r *http.Request) error {
	const most = 3
	return p.modelForm(w, r, modelFormPage{ID: p.store.NewID(), Action: changesPath + "/models", Terms: change.ModelTerms{Most: most, Expires: p.store.Now().AddDate(1, 0, 0)}}, nil, nil)
}

func (p *portal) showEditModel(w http.ResponseWriter, r *http.Request) error {
	m, err := p.Control().Model(r.Context(), change.ModelID(r.PathValue("model")))
	if err != nil {
		return err
	}
	return p.modelForm(w, r, modelFormPage{Action: modelPath(m.ID, "edit"), Terms: m.ModelTerms, Existing: true}, nil, nil)
}

func (p *portal) modelForm(w http.ResponseWriter, r *http.Request, v modelFormPage, f *form, problems error) (err error) {
	title := "Write a model"
	if v.Existing {
		title = "Revise the model"
	}
	v.page, v.Matrix = p.page(r, title, changesPath), p.Control().Matrix()
	if v.Services, err = p.services(r.Context()); err != nil {
		return err
	}
	if problems != nil {
		v.again(f, problems)
	}
	return p.render(w, r, "change_model_form.html", problem.Status(problems), v)
}

// readTerms reads what a change has to stay inside of.
func (p *portal) readTerms(f *form) change.ModelTerms {
	t := change.ModelTerms{Name: f.text("name"), Runbook: servicecoin.RunbookID(f.text("runbook")), Version: f.int("version"), Longest: f.lengthIn("longest"), Expires: p.timeIn(f, "expires"), Most: f.int("most")}
	t.Services, t.Steps = f.services("service"), f.lines("steps")
	for _, line := range f.lines("windows") {
		window, err := recur.ParseWindow(line)
		f.bad.Merge("windows", err)
		t.Windows = append(t.Windows, window)
	}
	j := p.readJudged(f)
	if j.Impact == 0 && f.text("impact") == "" {
		f.bad.Add("impact", "required", "", "choose what that would do")
	}
	risk, err := p.Control().Matrix().Assess(j.Likelihood, j.Impact)
	if f.bad.Err() == nil {
		f.bad.Merge("", err)
	}
	risk.Note, t.Risk = j.Note, risk
	f.at("services", "service")
	f.at("scope.services", "service")
	f.at("risk", "likelihood")
	return t
}

func (p *portal) draftModel(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	terms, id := p.readTerms(f), change.ModelID(p.formID(f))
	again := func(err error) error {
		return p.modelForm(w, r, modelFormPage{ID: string(id), Action: changesPath + "/models", Terms: terms}, f, f.err(err))
	}
	if f.bad.Err() != nil {
		_, err := change.NewModel(viewer(r).actor(), p.store.Now(), id, terms)
		return again(err)
	}
	_, err = p.Control().DraftModel(r.Context(), viewer(r).actor(), id, terms)
	if errors.Is(err, servicecoin.ErrExists) {
		seeOther(w, modelPath(id))
		return nil
	}
	return p.finish(w, r, err, confirmed(modelPath(id), "model"), again)
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/problem"
)

var stepPath = regexp.MustCompile(`^steps\[(\d+)\]\.?(.*)$`)

// sscanStep reads the path of something in a step.
func sscanStep(path string, n *int, rest *string) (int, error) {
	m := stepPath.FindStringSubmatch(path)
	if m == nil {
		return 0, errors.New("it is no path of a step")
	}
	var err error
	*n, err = strconv.Atoi(m[1])
	*rest = m[2]
	return 1, err
}

func joinParagraphs(texts []string) string { return strings.Join(texts, "\n\n") }

// partText is a part of a step as text, without its heading.
func partText(s runbook.Step) string {
	var b strings.Builder
	writeStep(&b, s)
	lines := strings.Split(b.String(), "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "## ") || strings.HasPrefix(l, "- Step:") })
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// writeRunbookPage is the form of a draft.
type writeRunbookPage struct {
	page

	Here       string
	ID         string
	Version    int // 0: it is a new one
	Action     string
	Scenarios  []choice
	Services   []catalog.Service
	Book       runbook.Book
	Steps      string
	Roles      string
	Parameters string
	Before     string
	Days       string
	Whole      string // the book as JSON, where the form cannot say it; "": it can
	Findings   []findingRow
	Faults     int
}

// Has reports whether the book is for a service.
func (v writeRunbookPage) Has(id servicecoin.ServiceID) bool {
	return slices.Contains(v.Book.Services, id)
}

// Name is what the form begins with.
func (v writeRunbookPage) Name() string { return inEnglish(v.Book.Title) }

// Purpose is what the form begins with.
func (v writeRunbookPage) Purpose() string { return inEnglish(v.Book.Purpose) }

func (p *portal) showNewRunbook(w http.ResponseWriter, r *http.Request) error {
	b := runbook.Book{Scenario: runbook.Restore, ReviewEvery: calendar.Within(180 * day), Roles: []runbook.Role{{Name: "operator"}}}
	if s := r.URL.Query().Get("service"); s != "" {
		b.Services = []servicecoin.ServiceID{servicecoin.ServiceID(s)}
	}
	if s := r.URL.Query().Get("scenario"); s != "" {
		b.Scenario = runbook.Scenario(s)
	}
	return p.writeRunbook(w, r, writeRunbookPage{ID: p.store.NewID(), Action: runbooksPath, Book: b}, nil, nil)
}

func (p *portal) showEditRunbook(w http.ResponseWriter, r *http.Request) error {
	b, err := p.version(r)
	if err != nil {
		return err
	}
	if b.State != runbook.Draft {
		seeOther(w, bookPath(b.ID)+"?version="+itoa(b.Version))
		return nil
	}
	return p.writeRunbook(w, r, writeRunbookPage{ID: string(b.ID), Version: b.Version, Action: bookPath(b.ID, "edit"), Book: b}, nil, nil)
}

func (p *portal) writeRunbook(w http.ResponseWriter, r *http.Request, v writeRunbookPage, f *form, problems error) error {
	title := "Write a run book"
	if v.Version > 0 {
		title = "Draft: " + inEnglish(v.Book.Title)
	}
	v.page, v.Here = p.page(r, title, runbooksPath), runbooksPath
	var err error
	if v.Services, err = p.services(r.Context()); err != nil {
		return err
	}
	for _, s := range p.Library().Scenarios() {
		v.Scenarios = append(v.Scenarios, choice{string(s), scenarioWords(s)})
	}
	v.Steps, v.Roles, v.Parameters, v.Before = stepsText(v.Book.Steps), rolesText(v.Book.Roles), parametersText(v.Book.Parameters), paragraphs(v.Book.Preconditions)
	if d, ok := v.Book.ReviewEvery.Get(); ok {
		v.Days = itoa(int(d / day))
	}
	if !plainEnough(v.Book) {
		body, err := json.MarshalIndent(v.Book, "", "  ")
		if err != nil {
			return err
		}
		v.Whole = string(body)
	}
	if v.Version > 0 || problems != nil { // of what was typed, where there is something
		checked := v.Book
		checked.ID, checked.Version, checked.State = servicecoin.RunbookID(v.ID), max(v.Version, 1), runbook.Draft
		if v.Findings, v.Faults, err = p.findings(r, checked); err != nil {
			return err
		}
	}
	if problems != nil {
		v.again(f, problems)
	}
	return p.render(w, r, "runbook_write.html", problem.Status(problems), v)
}

// bookOfForm reads a draft. What cannot be read stands at its field.
func (p *portal) bookOfForm(f *form, id servicecoin.RunbookID) runbook.Book {
	if whole := f.text("whole"); whole != "" {
		var b runbook.Book
		if err := json.Unmarshal([]byte(whole), &b); err != nil {
			f.bad.Add("whole", "bad-format", "", "cannot be read as JSON: "+err.Error())
		}
		b.ID = id
		return b
	}
	b := runbook.Book{
		ID: id, Title: english(f.text("title")), Purpose: english(f.text("purpose")), Scenario: runbook.Scenario(f.text("scenario")),
		Roles: readRoles(f.text("roles")), Parameters: readParameters(f.text("parameters"), &f.bad), Steps: readSteps(f.text("steps"), &f.bad),
	}
	b.Services = f.services("services")
	for part := range strings.SplitSeq(f.text("preconditions"), "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			b.Preconditions = append(b.Preconditions, english(part))
		}
	}
	if days := f.int("reviewEvery"); days < 0 || days > 3650 {
		f.bad.Add("reviewEvery", "out-of-range", f.text("reviewEvery"), "must be from 0 to 3650 days")
	} else if days > 0 {
		b.ReviewEvery = calendar.Within(time.Duration(days) * day)
	}
	return b
}

// inTheForm leads what a rule says of a step to the field of the steps, with the
// number and title of the step before it.
func inTheForm(f *form, b runbook.Book, err error) error {
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok {
		return err
	}
	for _, x := range invalid.Violations {
		text := x.Text
		if where := whereInBook(b, x.Path); strings.HasPrefix(x.Path, "steps[") {
			text = fmt.Sprintf("%s (%s)", text, where)
		}
		f.bad.Add(x.Path, x.Code, x.Value, text)
	}
	return f.bad.Err()
}

func (p *portal) draftRunbook(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	id := servicecoin.RunbookID(p.formID(f))
	b := p.bookOfForm(f, id)
	err = keptDraft(f, b, func() error {
		_, err := p.Library().Draft(r.Context(), viewer(r).actor(), b)
		return err
	})
	next := confirmed(bookPath(id)+"?version=1", "book-drafted")
	return p.finish(w, r, err, next, func(err error) error {
		return p.writeRunbook(w, r, writeRunbookPage{ID: string(id), Action: runbooksPath, Book: b}, f, err)
	})
}

func (p *portal) editRunbook(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	id, n := servicecoin.RunbookID(r.PathValue("id")), f.int("version")
	b := p.bookOfForm(f, id)
	b.Version = n
	err = keptDraft(f, b, func() error {
		_, err := p.Library().Edit(r.Context(), viewer(r).actor(), b)
		return err
	})
	next := confirmed(bookPath(id)+"?version="+itoa(n), "book-drafted")
	return p.finish(w, r, err, next, func(err error) error {
		return p.writeRunbook(w, r, writeRunbookPage{ID: string(id), Version: n, Action: bookPath(id, "edit"), Book: b}, f, err)
	})
}

// keptDraft keeps a draft that could be read; of one that could not, the rules are
// asked all the same, so that everything is said at once.
func keptDraft(f *form, b runbook.Book, keep func() error) error {
	unread := f.bad.Err()
	var err error
	if unread == nil {
		err = keep()
	} else {
		b.Version, b.State = 1, runbook.Draft
		err = b.Validate()
	}
	if errors.Is(err, servicecoin.ErrInvalid) {
		return inTheForm(f, b, err)
	}
	return errors.Join(unread, err)
}

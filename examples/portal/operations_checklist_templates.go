package main

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/workday"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/problem"
)

// templateRow is a template in a list.
type templateRow struct {
	runbook.Template

	Name, Path, When, Words, Tone string
}

func (p *portal) templateRow(t runbook.Template) templateRow {
	row := templateRow{Template: t, Name: inEnglish(t.Title), Path: templatePath(t.ID), When: scheduleWords(t.Schedule)}
	row.Words, row.Tone = bookStateWords(t.State)
	switch t.State {
	case runbook.Published:
		row.Words = "In use"
	case runbook.Superseded:
		row.Words = "Replaced by a later edition"
	case runbook.Withdrawn:
		row.Words, row.Tone = "None is made of it any more", "none"
	case runbook.Draft:
		row.Path += "?edition=" + itoa(t.Edition)
	}
	return row
}

type templatesPage struct {
	page

	Here   string
	InUse  []templateRow
	Drafts []templateRow
	Gone   []templateRow
}

func (p *portal) showTemplates(w http.ResponseWriter, r *http.Request) error {
	v := templatesPage{page: p.page(r, "Templates of checklists", runbooksPath), Here: checklistsPath}
	const most = 100
	for _, part := range []struct {
		state runbook.BookState
		into  *[]templateRow
	}{{runbook.Published, &v.InUse}, {runbook.Draft, &v.Drafts}, {runbook.Withdrawn, &v.Gone}} {
		page, err := p.Checklists().TemplatesIn(part.state).Page(r.Context(), "", most)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			*part.into = append(*part.into, p.templateRow(item.Value))
		}
	}
	return p.render(w, r, "checklist_templates.html", 0, v)
}

type templatePage struct {
	page
	templateRow

	Here     string
	Purpose  string
	Services []string
	Items    []itemRow
	Editions []templateRow
	Trend    []trendRow
	From     time.Time // of the period of the trend
	N        int       // checklists in it
	Next     []dutyRow
	Recent   []checklistRow
	WhyNot   string
}

type itemRow struct {
	No                int
	Text, Wants, Role string
	Within            string
	Must              bool
	Nobody            bool // has the role
}

type trendRow struct {
	Text                  string
	N, Failed, Skipped    int
	FailedWords, SkipWord string
	Before                string // the same of the period before
}

func (p *portal) edition(r *http.Request) (runbook.Template, error) {
	ctx, id := r.Context(), runbook.TemplateID(r.PathValue("template"))
	if text := r.URL.Query().Get("edition"); text != "" {
		n := 0
		if _, err := fmt.Sscanf(text, "%d", &n); err != nil || n < 1 {
			return runbook.Template{}, noPage(r)
		}
		return p.Checklists().Template(ctx, id, n)
	}
	t, err := p.Checklists().InUse(ctx, id)
	if !errors.Is(err, servicecoin.ErrNotFound) {
		return t, err
	}
	page, err := p.Checklists().Editions(id).Page(ctx, "", 1)
	if err != nil {
		return t, err
	}
	if len(page.Items) == 0 {
		return t, noPage(r)
	}
	return page.Items[0].Value, nil
}

func (p *portal) showTemplate(w http.ResponseWriter, r *http.Request) error {
	return p.template(w, r, "", nil, nil)
}

func (p *portal) template(w http.ResponseWriter, r *http.Request, which string, f *form, problems error) error {
	const period = 30 * day
	ctx, now := r.Context(), p.store.Now()
	t, err := p.edition(r)
	if err != nil {
		return err
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	v := templatePage{page: p.page(r, inEnglish(t.Title), runbooksPath), templateRow: p.templateRow(t), Here: checklistsPath, Purpose: inEnglish(t.Purpose), From: now.Add(-period)}
	for _, s := range t.Services {
		v.Services = append(v.Services, names.Of(s))
	}
	people, err := p.colleagues(ctx)
	if err != nil {
		return err
	}
	for n, x := range t.Items {
		v.Items = append(v.Items, itemRow{No: n + 1, Text: inEnglish(x.Text), Wants: wantedWords(x.Wanted), Role: x.Role, Nobody: x.Role != "" && len(holders(people, x.Role)) == 0, Within: lengthWords(x.Within), Must: x.Need == runbook.Must})
	}
	for x, err := range p.Checklists().Editions(t.ID).All(ctx) {
		if err != nil {
			return err
		}
		row := p.templateRow(x)
		row.Path = templatePath(x.ID) + "?edition=" + itoa(x.Edition)
		v.Editions = append(v.Editions, row)
	}
	trend, err := p.Checklists().Trend(ctx, t.ID, calendar.Between(now.Add(-2*period), now.Add(-period)), calendar.Between(now.Add(-period), now.Add(time.Second)))
	if err != nil {
		return err
	}
	for _, x := range trend {
		v.Trend = append(v.Trend, trendRowOf(x))
		v.N = max(v.N, x.Periods[1].N)
	}
	if t.State == runbook.Published && t.Schedule != nil {
		rows, err := p.duties(ctx, now, now.Add(40*day))
		if err != nil {
			return err
		}
		for _, d := range rows {
			if d.Template == t.ID && len(v.Next) < 3 {
				v.Next = append(v.Next, d)
			}
		}
	}
	const few = 10
	page, err := p.Checklists().OfTemplate(t.ID).Page(ctx, "", few)
	if err != nil {
		return err
	}
	for _, item := range page.Items {
		v.Recent = append(v.Recent, checklistRowOf(item.Value, now))
	}
	if t.State == runbook.Draft && t.DraftedBy.ID == v.Viewer.ID {
		v.WhyNot = "You wrote at it last: somebody else has to publish it."
	}
	if problems != nil {
		v.againIn(which, f, problems)
	}
	return p.render(w, r, "checklist_template.html", problem.Status(problems), v)
}

func trendRowOf(x runbook.ItemTrend) trendRow {
	last, before := x.Periods[1], x.Periods[0]
	row := trendRow{Text: inEnglish(x.Text), N: last.N, Failed: last.Failed, Skipped: last.Skipped, FailedWords: partWords(last.Failed, last.FailedShare), SkipWord: partWords(last.Skipped, last.SkippedShare), Before: "none was finished"}
	if before.N > 0 {
		row.Before = fmt.Sprintf("%d failed, %d left out, of %d", before.Failed, before.Skipped, before.N)
	}
	return row
}

// partWords is a share with what it is of, and how sure it is.
func partWords(count int, s runbook.ItemShare) string {
	if s.Interval == nil {
		return "none to count"
	}
	text := fmt.Sprintf("%d of %d", count, s.N)
	if count > 0 {
		text += howSure(s.Interval)
	}
	return text
}

// writeTemplatePage is the form of a draft of a template.
type writeTemplatePage struct {
	page

	Here     string
	ID       string
	Edition  int // 0: it is a new one
	Action   string
	Services []catalog.Service
	Has      map[servicecoin.ServiceID]bool
	Heading  string
	Purpose  string
	Items    string
	Rule     string
	From     string
	Until    string
}

func (p *portal) showNewTemplate(w http.ResponseWriter, r *http.Request) error {
	return p.writeTemplate(w, r, writeTemplatePage{ID: p.store.NewID(), Action: checklistsPath + "/templates", Rule: "FREQ=DAILY only on a working day", From: "08:00", Until: "12:00"}, runbook.Template{}, nil, nil)
}

func (p *portal) showEditTemplate(w http.ResponseWriter, r *http.Request) error {
	t, err := p.edition(r)
	if err != nil {
		return err
	}
	if t.State != runbook.Draft {
		seeOther(w, templatePath(t.ID))
		return nil
	}
	return p.writeTemplate(w, r, p.formOfTemplate(t), t, nil, nil)
}

func (p *portal) formOfTemplate(t runbook.Template) writeTemplatePage {
	v := writeTemplatePage{ID: string(t.ID), Edition: t.Edition, Action: templatePath(t.ID, "edit"), Heading: inEnglish(t.Title), Purpose: inEnglish(t.Purpose), Items: itemsText(t.Items)}
	if t.Schedule != nil {
		v.Rule, v.From, v.Until = t.Schedule.Rule.String(), t.Schedule.During.Open.String(), t.Schedule.During.Close.String()
	}
	return v
}

func (p *portal) writeTemplate(w http.ResponseWriter, r *http.Request, v writeTemplatePage, t runbook.Template, f *form, problems error) error {
	title := "Write a checklist"
	if v.Edition > 0 {
		title = "Draft: " + v.Heading
	}
	v.page, v.Here, v.Has = p.page(r, title, runbooksPath), checklistsPath, map[servicecoin.ServiceID]bool{}
	for _, s := range t.Services {
		v.Has[s] = true
	}
	var err error
	if v.Services, err = p.services(r.Context()); err != nil {
		return err
	}
	if problems != nil {
		v.again(f, problems)
	}
	return p.render(w, r, "checklist_write.html", problem.Status(problems), v)
}

// An item is a line: what is looked at, and in brackets what else there is to say of
// it: "may be left out", the evidence that is wanted, by when, and who.
//
//	The mail queue is below 500 messages [number]
//	No disk is above 80 % [may be left out; within 30 min; for the operator]
var itemLine = regexp.MustCompile(`^[-*]?\s*(?:\{([A-Za-z0-9_.-]+)\}\s*)?(.*?)\s*(?:\[([^\]]*)\])?\s*$`)

func itemsText(items []runbook.Item) string {
	var b strings.Builder
	for _, x := range items {
		var also []string
		if x.Need == runbook.Should {
			also = append(also, "may be left out")
		}
		if x.Wanted != "" {
			also = append(also, evidenceNames()[x.Wanted])
		}
		if x.Within.Defined() {
			also = append(also, "within "+lengthText(x.Within))
		}
		if x.Role != "" {
			also = append(also, "for "+x.Role)
		}
		fmt.Fprintf(&b, "{%s} %s", x.ID, inEnglish(x.Text))
		if len(also) > 0 {
			b.WriteString(" [" + strings.Join(also, "; ") + "]")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func evidenceNames() map[runbook.EvidenceKind]string {
	return map[runbook.EvidenceKind]string{runbook.AnyEvidence: "evidence", runbook.TextEvidence: "text", runbook.ValueEvidence: "number", runbook.LinkEvidence: "link", runbook.FileEvidence: "file"}
}

func readItems(text string, bad *servicecoin.Violations) []runbook.Item {
	r := stepReader{bad: bad, used: map[runbook.StepID]bool{}}
	var list []runbook.Item
	for n, line := range strings.Split(text, "\n") {
		m := itemLine.FindStringSubmatch(line)
		if len(m) == 0 || m[2] == "" {
			continue
		}
		x := runbook.Item{ID: runbook.ItemID(m[1]), Text: english(m[2]), Need: runbook.Must}
		if x.ID == "" {
			x.ID = runbook.ItemID(r.newID(m[2]))
		}
		r.used[runbook.StepID(x.ID)] = true
		for part := range strings.SplitSeq(m[3], ";") {
			part = strings.TrimSpace(part)
			length, isWithin := strings.CutPrefix(part, "within ")
			role, isFor := strings.CutPrefix(part, "for ")
			known := false
			for kind, name := range evidenceNames() {
				if part == name {
					x.Wanted, known = kind, true
				}
			}
			switch {
			case part == "" || known:
			case part == "may be left out":
				x.Need = runbook.Should
			case isWithin:
				d, ok := readLength(length)
				if !ok {
					bad.Add("items", "bad-format", length, fmt.Sprintf("must be a length of time, as 30 min (line %d)", n+1))
				}
				x.Within = d
			case isFor:
				x.Role = role
			default:
				bad.Add("items", "bad-format", cut(part, 80), fmt.Sprintf("must be “may be left out”, “text”, “number”, “link”, “file”, “evidence”, “within …” or “for …” (line %d)", n+1))
			}
		}
		list = append(list, x)
	}
	return list
}

// templateOfForm reads a draft. What cannot be read stands at its field.
func templateOfForm(f *form, id runbook.TemplateID) (runbook.Template, writeTemplatePage) {
	v := writeTemplatePage{ID: string(id), Heading: f.text("title"), Purpose: f.text("purpose"), Items: f.text("items"), Rule: f.text("rule"), From: f.text("from"), Until: f.text("until")}
	t := runbook.Template{ID: id, Title: english(v.Heading), Purpose: english(v.Purpose), Items: readItems(v.Items, &f.bad)}
	t.Services = f.services("services")
	if v.Rule == "" {
		return t, v
	}
	rule, err := workday.Parse(v.Rule)
	f.bad.Merge("rule", err)
	s := runbook.Schedule{Rule: rule, Zone: deskZone}
	if s.During, err = calendar.ParseClockSpan(v.From + "-" + v.Until); err != nil {
		f.bad.Add("from", "bad-format", v.From+" to "+v.Until, "must be two times of the day, as 08:00 and 12:00")
	}
	if f.bad.Err() == nil {
		t.Schedule = &s
	}
	return t, v
}

func (p *portal) draftTemplate(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	id := runbook.TemplateID(p.formID(f))
	t, v := templateOfForm(f, id)
	v.Action = checklistsPath + "/templates"
	err = keptTemplate(f, t, func() error {
		_, err := p.Checklists().Draft(r.Context(), viewer(r).actor(), t)
		return err
	})
	return p.finish(w, r, err, confirmed(templatePath(id), "template"), func(err error) error { return p.writeTemplate(w, r, v, t, f, err) })
}

// keptTemplate keeps a draft that could be read, and asks the rules in any case.
func keptTemplate(f *form, t runbook.Template, keep func() error) error {
	f.at("schedule.rule", "rule")
	f.at("schedule.during", "from")
	unread := f.bad.Err()
	var err error
	if unread == nil {
		err = keep()
	} else {
		t.Edition, t.State = 1, runbook.Draft
		err = t.Validate()
	}
	if errors.Is(err, servicecoin.ErrInvalid) {
		return f.err(err)
	}
	return errors.Join(unread, err)
}

func (p *portal) changeTemplate(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by, id := r.Context(), viewer(r).actor(), runbook.TemplateID(r.PathValue("template"))
	verb, n := r.PathValue("verb"), f.int("edition")
	if !slices.Contains([]string{"edit", "publish", "withdraw", "discard", "revise"}, verb) {
		return noPage(r)
	}
	next := templatePath(id)
	switch verb {
	case "edit":
		t, v := templateOfForm(f, id)
		t.Edition, v.Edition, v.Action = n, n, templatePath(id, "edit")
		err = keptTemplate(f, t, func() error {
			_, err := p.Checklists().Edit(ctx, by, t)
			return err
		})
		return p.finish(w, r, err, confirmed(next+"?edition="+itoa(n), "template"), func(err error) error { return p.writeTemplate(w, r, v, t, f, err) })
	case "publish":
		_, err = p.Checklists().Publish(ctx, by, id, n)
		next = confirmed(next, "inuse")
	case "withdraw":
		_, err = p.Checklists().Withdraw(ctx, by, id, n, f.text("reason"))
		next = confirmed(next, "unused")
	case "discard":
		err = p.Checklists().Discard(ctx, by, id, n)
		next = confirmed(checklistsPath+"/templates", "thrown")
	case "revise":
		var t runbook.Template
		if t, err = p.Checklists().InUse(ctx, id); err == nil {
			t, err = p.Checklists().Draft(ctx, by, t)
			next = templatePath(id, "edit") + "?edition=" + itoa(t.Edition)
		}
	}
	return p.finish(w, r, f.err(err), next, func(err error) error {
		q := r.URL.Query()
		q.Set("edition", itoa(n))
		r.URL.RawQuery = q.Encode()
		return p.template(w, r, verb, f, err)
	})
}

package main

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/calendar/workday"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

const checklistsPath = "/checklists"

// checklistsArea is what is looked at again and again.
func (p *portal) checklistsArea() area {
	return area{
		pages: map[string]route{
			"GET /checklists":                              {providers, p.showChecklists},
			"POST /checklists":                             {providers, p.beginChecklist},
			"GET /checklists/all":                          {providers, p.showAllChecklists},
			"GET /checklists/{id}":                         {providers, p.showChecklist},
			"POST /checklists/{id}/{verb}":                 {providers, p.changeChecklist},
			"GET /checklists/templates":                    {providers, p.showTemplates},
			"GET /checklists/templates/new":                {providers, p.showNewTemplate},
			"POST /checklists/templates":                   {providers, p.draftTemplate},
			"GET /checklists/templates/{template}":         {providers, p.showTemplate},
			"GET /checklists/templates/{template}/edit":    {providers, p.showEditTemplate},
			"POST /checklists/templates/{template}/{verb}": {providers, p.changeTemplate},
		},
		work: []chore{p.checklistsDue(), p.checklistsOverdue(), p.signOffs()},
		done: map[string]string{
			"checked": "That is noted.", "completed": "It is complete. Somebody else looks at it.", "signed": "It is signed off.", "sentback": "It is open again.", "abandoned": "It is given up.",
			"template": "The draft is kept. Somebody else publishes it.", "inuse": "It is in use from now on.", "unused": "None is made of it any more.", "thrown": "The draft is thrown away.",
		},
	}
}

func checklistPath(id runbook.ChecklistID) string {
	return checklistsPath + "/" + url.PathEscape(string(id))
}

func templatePath(id runbook.TemplateID, parts ...string) string {
	return checklistsPath + "/templates/" + strings.Join(append([]string{url.PathEscape(string(id))}, parts...), "/")
}

func checklistStateWords(s runbook.ChecklistState) (words, tone string) {
	switch s {
	case runbook.ChecklistOpen:
		return "Open", "info"
	case runbook.ChecklistCompleted:
		return "Waits for a second person", "warn"
	case runbook.ChecklistSignedOff:
		return "Signed off", "good"
	case runbook.ChecklistAbandoned:
		return "Given up", "none"
	}
	return string(s), "none"
}

// checklistRow is a checklist in a list.
type checklistRow struct {
	runbook.Checklist

	Name, Path, Words, Tone string
	Left, Failed, Skipped   int
	Overdue                 bool
}

func checklistRowOf(c runbook.Checklist, now time.Time) checklistRow {
	row := checklistRow{Checklist: c, Name: inEnglish(c.Title), Path: checklistPath(c.ID), Left: c.Count(runbook.CheckPending), Failed: c.Count(runbook.CheckFailed), Skipped: c.Count(runbook.CheckSkipped)}
	row.Words, row.Tone = checklistStateWords(c.State)
	if row.Overdue = c.State == runbook.ChecklistOpen && !c.Due.IsZero() && c.Due.Before(now); row.Overdue {
		row.Words, row.Tone = "Overdue", "bad"
	}
	return row
}

// dutyRow is something that falls due today or next, begun or not.
type dutyRow struct {
	Name     string
	Template runbook.TemplateID
	Day      calendar.Date
	Opens    time.Time
	Due      time.Time
	List     *checklistRow
	Open     bool // it can be begun now
}

type missRow struct {
	Name, Path, Words string
	Day               calendar.Date
	Due, Finished     time.Time
}

type checklistsPage struct {
	page

	Here    string
	Today   []dutyRow
	Overdue []checklistRow
	Waiting []checklistRow
	Missed  []missRow
	ByHand  []templateRow // what can be begun at any time
	Others  []checklistRow
	Days    int
}

func (p *portal) showChecklists(w http.ResponseWriter, r *http.Request) error {
	return p.checklists(w, r, nil, nil)
}

// duties are what falls due until so long from now, and from so long ago.
func (p *portal) duties(ctx context.Context, from, until time.Time) ([]dutyRow, error) {
	list, err := p.Checklists().Upcoming(ctx, calendar.Between(from, until))
	now := p.store.Now()
	var rows []dutyRow
	for _, d := range list {
		row := dutyRow{Name: inEnglish(d.Template.Title), Template: d.Template.ID, Day: d.Occasion.Day, Opens: d.Occasion.During.Start, Due: d.Occasion.During.End}
		row.Open = !row.Opens.After(now)
		if d.Checklist != nil {
			row.List = new(checklistRowOf(*d.Checklist, now))
		}
		rows = append(rows, row)
	}
	return rows, err
}

func (p *portal) checklists(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	const most, backDays = 50, 14
	ctx, now := r.Context(), p.store.Now()
	v := checklistsPage{page: p.page(r, "Checklists", runbooksPath), Here: checklistsPath, Days: backDays}
	loc := p.desk.open.Location()
	today := calendar.DateOf(now, loc).In(loc)
	var err error
	if v.Today, err = p.duties(ctx, today.Start, now.Add(2*day)); err != nil {
		return err
	}
	today.Start = now.AddDate(0, 0, -backDays)
	missed, err := p.Checklists().Missed(ctx, calendar.Between(today.Start, now))
	if err != nil {
		return err
	}
	titles := p.templateNames(ctx)
	for n := range missed { // the last one first
		m := missed[len(missed)-1-n]
		row := missRow{Name: titles(m.Template), Day: m.Occasion.Day, Due: m.Occasion.During.End, Finished: m.FinishedAt, Words: missWords(m.Kind)}
		if m.Checklist != "" {
			row.Path = checklistPath(m.Checklist)
		}
		v.Missed = append(v.Missed, row)
	}
	for _, part := range []struct {
		list store.Listing[runbook.Checklist]
		into *[]checklistRow
	}{{p.Checklists().Overdue(now), &v.Overdue}, {p.Checklists().InState(runbook.ChecklistCompleted), &v.Waiting}, {p.Checklists().InState(runbook.ChecklistOpen).Where(func(c runbook.Checklist) bool { return c.Day.IsZero() }), &v.Others}} {
		page, err := part.list.Page(ctx, "", most)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			*part.into = append(*part.into, checklistRowOf(item.Value, now))
		}
	}
	for t, err := range p.Checklists().TemplatesIn(runbook.Published).All(ctx) {
		if err != nil {
			return err
		}
		v.ByHand = append(v.ByHand, p.templateRow(t))
	}
	if problems != nil {
		v.again(f, problems)
	}
	return p.render(w, r, "checklists.html", problem.Status(problems), v)
}

func missWords(k runbook.MissKind) string {
	return map[runbook.MissKind]string{
		runbook.NeverBegun: "nobody began it", runbook.NotFinished: "it is not finished yet", runbook.GivenUp: "it was given up", runbook.FinishedLater: "it was finished later",
	}[k]
}

// templateNames returns what templates are called; each is looked up once.
func (p *portal) templateNames(ctx context.Context) func(runbook.TemplateID) string {
	known := map[runbook.TemplateID]string{}
	return func(id runbook.TemplateID) string {
		name, ok := known[id]
		if !ok {
			name = string(id)
			if page, err := p.Checklists().Editions(id).Page(ctx, "", 1); err == nil && len(page.Items) > 0 {
				name = inEnglish(page.Items[0].Value.Title)
			}
			known[id] = name
		}
		return name
	}
}

type allChecklistsPage struct {
	page

	Here   string
	List   []checklistRow
	State  runbook.ChecklistState
	States []choice
	Pages  pager
}

// showAllChecklists is everything that was ticked, the last one first.
func (p *portal) showAllChecklists(w http.ResponseWriter, r *http.Request) error {
	const most = 25
	v := allChecklistsPage{page: p.page(r, "All checklists", runbooksPath), Here: checklistsPath, State: runbook.ChecklistState(r.URL.Query().Get("state"))}
	list := p.Checklists().Recent()
	for _, s := range runbook.ChecklistStates() {
		words, _ := checklistStateWords(s)
		v.States = append(v.States, choice{string(s), words})
	}
	if v.State != "" {
		if !slices.Contains(runbook.ChecklistStates(), v.State) {
			return noPage(r)
		}
		list = p.Checklists().InState(v.State)
	}
	if wantsCSV(r) {
		return p.asCSV(w, r, "checklists.csv", []string{"checklist", "template", "edition", "day", "state", "item", "result", "note", "by", "at"}, rowsOfPages(r, list, func(c runbook.Checklist) (rows [][]string) {
			for _, k := range c.Checks {
				on := ""
				if !c.Day.IsZero() {
					on = c.Day.String()
				}
				rows = append(rows, []string{string(c.ID), string(c.Template), itoa(c.Edition), on, string(c.State), string(k.ID), string(k.Result), k.Note, string(k.By.ID), instantText(k.At)})
			}
			return rows
		}))
	}
	page, ways, err := listed(r, list, most)
	if err != nil {
		return err
	}
	v.Pages = ways
	for _, item := range page.Items {
		v.List = append(v.List, checklistRowOf(item.Value, p.store.Now()))
	}
	return p.render(w, r, "checklists_all.html", 0, v)
}

// beginChecklist begins one: of a day of its schedule, or by hand.
func (p *portal) beginChecklist(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	var on calendar.Date
	if text := f.text("day"); text != "" {
		if on, err = calendar.ParseDate(text); err != nil {
			f.bad.Add("day", "bad-date", text, "must be a day, as 2026-11-24")
		}
	}
	var c runbook.Checklist
	if err = f.bad.Err(); err == nil {
		c, err = p.Checklists().Begin(r.Context(), viewer(r).actor(), runbook.TemplateID(f.text("template")), on)
	}
	return p.finish(w, r, err, checklistPath(c.ID), func(err error) error { return p.checklists(w, r, f, err) })
}

// scheduleWords says when a checklist is due.
func scheduleWords(s *runbook.Schedule) string {
	if s == nil {
		return "whenever somebody begins one"
	}
	text := ruleWords(s.Rule) + ", " + s.During.Open.String() + " to " + s.During.Close.String()
	if s.During.Overnight() {
		text += " the next morning"
	}
	if s.Zone != "" {
		text += ", " + s.Zone
	}
	return text
}

// involved finds what the words for a rule do not say.
var involved = regexp.MustCompile(`COUNT|UNTIL|BYMONTH=|BYSETPOS|BYYEARDAY|BYWEEKNO|BYHOUR|BYMINUTE|BYSECOND|SKIP`)

// ruleWords says in words which days come; what is too involved for that stands as it
// is written.
func ruleWords(r workday.Rule) string {
	x := r.Repeat
	days := []string{}
	for _, d := range x.ByDay {
		days = append(days, d.Day.String())
	}
	plainly := x.Interval <= 1 && r.From.IsZero() && !involved.MatchString(x.String())
	var text string
	switch {
	case plainly && x.Frequency == recur.Daily && len(x.ByDay) == 0 && r.Roll == workday.OnlyOn && r.Shift == 0:
		return "Every working day"
	case plainly && x.Frequency == recur.Daily && len(x.ByDay) == 0:
		text = "Every day"
	case plainly && x.Frequency == recur.Weekly && len(days) > 0:
		text = "Every " + strings.Join(days, " and ")
	case plainly && x.Frequency == recur.Monthly && len(x.ByMonthDay) == 1 && x.ByMonthDay[0] == -1 && r.Roll == workday.OnOrBefore && r.Shift == 0:
		return "The last working day of the month"
	case plainly && x.Frequency == recur.Monthly && len(x.ByMonthDay) == 1 && x.ByMonthDay[0] == 1 && r.Roll == workday.OnOrAfter && r.Shift == 0:
		return "The first working day of the month"
	case plainly && x.Frequency == recur.Monthly && len(x.ByMonthDay) == 1 && x.ByMonthDay[0] == -1:
		text = "The last day of the month"
	case plainly && x.Frequency == recur.Monthly && len(x.ByMonthDay) == 1 && x.ByMonthDay[0] > 0:
		text = "Day " + strconv.Itoa(x.ByMonthDay[0]) + " of the month"
	default:
		return r.String()
	}
	switch r.Roll {
	case workday.OnOrAfter:
		text += ", or the working day after it"
	case workday.OnOrBefore:
		text += ", or the working day before it"
	case workday.OnlyOn:
		text += ", if it is a working day"
	}
	switch {
	case r.Shift > 0:
		text += ", and " + plural(r.Shift, "working day") + " later"
	case r.Shift < 0:
		text += ", and " + plural(-r.Shift, "working day") + " earlier"
	}
	return text
}

// checklistsDue are those of today that are not complete.
func (p *portal) checklistsDue() chore {
	return chore{
		name: "checklists", title: "Checklists due today", about: "Begin them, and tick what is as it should be.",
		list: func(ctx context.Context, _ string, _ int) ([]task, string, error) {
			if p.desk.open == nil {
				return nil, "", nil
			}
			now := p.store.Now()
			rows, err := p.duties(ctx, now, calendar.DateOf(now, p.desk.open.Location()).In(p.desk.open.Location()).End)
			var list []task
			for _, d := range rows {
				if !d.Open || d.List != nil && d.List.State != runbook.ChecklistOpen {
					continue
				}
				t := task{ID: string(d.Template) + "@" + d.Day.String(), What: d.Name, Path: checklistsPath, More: "not begun", Since: d.Opens}
				if d.List != nil {
					t.Path, t.More = d.List.Path, plural(d.List.Left, "item")+" left, begun by "+p.pages.actor(d.List.BegunBy)
				}
				t.More += ", due at " + p.deskStamp(d.Due)
				list = append(list, t)
			}
			return list, "", err
		},
	}
}

// checklistsOverdue are those that were begun and not finished in time.
func (p *portal) checklistsOverdue() chore {
	return chore{
		name: "checklists-overdue", title: "Checklists overdue", about: "Finish them, or give them up with a reason.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			now := p.store.Now()
			return paged(ctx, p.Checklists().Overdue(now), after, limit, func(item store.Item[runbook.Checklist]) (task, error) {
				row := checklistRowOf(item.Value, now)
				return task{ID: string(row.ID), What: row.Name + dayWords(row.Day), Path: row.Path, More: plural(row.Left, "item") + " left", Since: row.Due, Late: true}, nil
			})
		},
	}
}

func dayWords(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return " of " + d.In(time.UTC).Start.Format("2 Jan 2006")
}

// signOffs are those that wait for a second person.
func (p *portal) signOffs() chore {
	return chore{
		name: "sign-offs", title: "Checklists to sign off", about: "Whoever had no hand in them looks at them.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			return paged(ctx, p.Checklists().InState(runbook.ChecklistCompleted), after, limit, func(item store.Item[runbook.Checklist]) (task, error) {
				c := item.Value
				row := checklistRowOf(c, p.store.Now())
				t := task{ID: string(c.ID), What: row.Name + dayWords(c.Day), Path: row.Path, Since: c.CompletedAt, More: "by " + p.pages.actor(c.CompletedBy)}
				if row.Failed > 0 {
					t.More += " · " + itoa(row.Failed) + " failed"
				}
				return t, nil
			})
		},
	}
}

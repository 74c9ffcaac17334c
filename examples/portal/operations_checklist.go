package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/problem"
)

// checklistPage is one checklist, to be ticked with a thumb.
type checklistPage struct {
	page
	checklistRow

	Here   string
	Checks []checkRow
	Total  int
	Hand   bool // whoever looks had a hand in it
	May    map[string]bool
	Past   []checklistEntry
}

type checkRow struct {
	runbook.Check

	No          int
	Text        string
	Words, Tone string
	Wants       string // the evidence without which it cannot pass; "": none
	Kind        string // of that evidence
	Must        bool
	Who         string
	Shown       []shownEvidence
	WhyNot      string // why whoever looks cannot say how it is
	Due         time.Time
	Late        bool
}

type checklistEntry struct {
	At        time.Time
	Who, Text string
}

func (p *portal) showChecklist(w http.ResponseWriter, r *http.Request) error {
	return p.checklist(w, r, "", nil, nil)
}

func (p *portal) checklist(w http.ResponseWriter, r *http.Request, which string, f *form, problems error) error {
	now := p.store.Now()
	c, err := p.Checklists().Get(r.Context(), runbook.ChecklistID(r.PathValue("id")))
	if err != nil {
		return err
	}
	row := checklistRowOf(c, now)
	v := checklistPage{page: p.page(r, row.Name, runbooksPath), checklistRow: row, Here: checklistsPath, Total: len(c.Checks), May: map[string]bool{}}
	v.Hand = slices.Contains(c.Hands, v.Viewer.ID)
	for _, t := range runbook.ChecklistTransitions() {
		if t.From == c.State {
			v.May[strings.TrimPrefix(t.Verb, "checklist.")] = true
		}
	}
	people, err := p.colleagues(r.Context())
	if err != nil {
		return err
	}
	late := map[runbook.ItemID]bool{}
	for _, k := range c.ItemsDue(now) {
		late[k.ID] = true
	}
	title := map[runbook.ItemID]string{}
	for n, k := range c.Checks {
		x := checkRow{Check: k, No: n + 1, Text: inEnglish(k.Text), Wants: wantedWords(k.Wanted), Kind: string(k.Wanted), Must: k.Need == runbook.Must, Late: late[k.ID], Due: c.Due}
		title[k.ID] = x.Text
		if !v.Viewer.holds(k.Role) {
			x.WhyNot = whoseRole(people, k.Role)
		}
		x.Words, x.Tone = checkWords(k.Result)
		if within, ok := k.Within.Get(); ok {
			x.Due = c.Opens.Add(within)
		}
		if k.By.ID != "" {
			x.Who = p.pages.actor(k.By)
		}
		for _, e := range k.Evidence {
			x.Shown = append(x.Shown, evidenceWords(e))
		}
		v.Checks = append(v.Checks, x)
	}
	for _, e := range c.History {
		text := checklistVerbWords(e.Verb)
		if e.Verb == runbook.VerbCheck {
			item, result, _ := strings.Cut(e.Text, ": ")
			words, _ := checkWords(runbook.CheckResult(result))
			text = title[runbook.ItemID(item)] + ": " + strings.ToLower(words)
		} else if e.Text != "" {
			text += ": " + e.Text
		}
		v.Past = append(v.Past, checklistEntry{e.At, p.pages.actor(e.By), text})
	}
	if problems != nil {
		v.againIn(which, f, problems)
	}
	return p.render(w, r, "checklist.html", problem.Status(problems), v)
}

func checklistVerbWords(verb string) string {
	return map[string]string{
		runbook.VerbBeginChecklist: "began it", runbook.VerbCompleteChecklist: "completed it", runbook.VerbSignOff: "signed it off", runbook.VerbSendBack: "sent it back", runbook.VerbAbandonChecklist: "gave it up",
	}[verb]
}

func checkWords(r runbook.CheckResult) (words, tone string) {
	switch r {
	case runbook.CheckPending:
		return "To do", "none"
	case runbook.CheckPassed:
		return "As it should be", "good"
	case runbook.CheckFailed:
		return "Not as it should be", "bad"
	case runbook.CheckSkipped:
		return "Left out", "warn"
	}
	return string(r), "none"
}

func wantedWords(k runbook.EvidenceKind) string {
	return map[runbook.EvidenceKind]string{
		runbook.AnyEvidence: "something that shows it", runbook.TextEvidence: "what was seen", runbook.ValueEvidence: "a number", runbook.LinkEvidence: "a link", runbook.FileEvidence: "a photo or a file",
	}[k]
}

func evidenceWords(e runbook.Evidence) shownEvidence {
	switch {
	case e.Value.Valid:
		return shownEvidence{Kind: "value", Text: strings.TrimSpace(e.Value.Decimal.String() + " " + e.Unit)}
	case e.Link != "":
		return shownEvidence{Kind: "link", Text: e.Link, Link: webLink(e.Link)}
	case e.File != nil:
		return shownEvidence{Kind: "file", Text: e.File.Name, Digest: e.File.SHA256}
	}
	return shownEvidence{Kind: "text", Text: e.Text}
}

// webLink is a link that leads to a page, "" for all others.
func webLink(text string) string {
	if strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") {
		return text
	}
	return ""
}

func (p *portal) changeChecklist(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	id, verb := runbook.ChecklistID(r.PathValue("id")), r.PathValue("verb")
	do, word, err := p.checklistVerb(r.Context(), viewer(r).actor(), id, verb, f)
	if err != nil {
		return err
	}
	if item := f.text("item"); item != "" {
		if err := p.mayCheck(r.Context(), viewer(r), id, runbook.ItemID(item)); err != nil {
			return err
		}
	}
	if err = f.err(nil); err == nil {
		err = do()
	}
	which, anchor := verb, ""
	if item := f.text("item"); item != "" {
		which, anchor = verb+"-"+item, "#item-"+pageID(item)
	}
	if errors.Is(err, servicecoin.ErrInvalid) {
		f.at("evidence", "seen")
		if f.text("wanted") == string(runbook.ValueEvidence) {
			f.at("evidence", "number")
		}
		if f.text("wanted") == string(runbook.LinkEvidence) {
			f.at("evidence", "link")
		}
		if f.text("wanted") == string(runbook.FileEvidence) {
			f.at("evidence", "digest")
		}
		err = f.err(err)
	}
	return p.finish(w, r, err, confirmed(checklistPath(id), word)+anchor, func(err error) error { return p.checklist(w, r, which, f, err) })
}

// mayCheck holds an item to the role that it names.
func (p *portal) mayCheck(ctx context.Context, who person, id runbook.ChecklistID, item runbook.ItemID) error {
	c, err := p.Checklists().Get(ctx, id)
	if err != nil {
		return err
	}
	for _, k := range c.Checks {
		if k.ID == item {
			return p.needsRole(ctx, who, k.Role)
		}
	}
	return nil // the rules say that there is none
}

func (p *portal) checklistVerb(ctx context.Context, by servicecoin.Actor, id runbook.ChecklistID, verb string, f *form) (do func() error, word string, err error) {
	lists := p.Checklists()
	after := func(_ runbook.Checklist, err error) error { return err }
	results := map[string]runbook.CheckResult{"pass": runbook.CheckPassed, "fail": runbook.CheckFailed, "skip": runbook.CheckSkipped, "again": runbook.CheckPending}
	if result, is := results[verb]; is {
		x := runbook.Checked{Item: runbook.ItemID(f.text("item")), Result: result, Note: f.text("note"), Evidence: f.evidence()}
		return func() error { return after(lists.Check(ctx, by, id, x)) }, "checked", nil
	}
	reason := f.text("reason")
	switch verb {
	case "complete":
		return func() error { return after(lists.Complete(ctx, by, id)) }, "completed", nil
	case "signoff":
		return func() error { return after(lists.SignOff(ctx, by, id, f.text("note"))) }, "signed", nil
	case "sendback":
		return func() error { return after(lists.SendBack(ctx, by, id, reason)) }, "sentback", nil
	case "abandon":
		return func() error { return after(lists.Abandon(ctx, by, id, reason)) }, "abandoned", nil
	}
	return nil, "", servicecoin.NotFound(servicecoin.Key{Customer: servicecoin.Provider, Kind: "verb", ID: verb})
}

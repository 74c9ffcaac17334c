package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/problem"
)

// cycleFormPage is the form in which a patch cycle is planned.
type cycleFormPage struct {
	page

	Here     string
	ID       string // of the cycle that the form makes, however often it is sent
	Terms    patch.Terms
	Pick     patch.Selector
	Flaws    []flawRow // that concern us
	Rows     []ringFields
	Models   []option
	Runbooks []option
	People   []person
	Labels   string // those that there are, as a hint
	Plan     *previewPart
}

// ringFields are the fields of one ring.
type ringFields struct {
	patch.Ring

	N      int
	Called string
	Open   bool // something stands in it
}

// Selects is what picks its targets.
func (r ringFields) Selects() string { return selectorText(r.Select) }

// Soaks is how long is waited after it.
func (r ringFields) Soaks() string {
	if r.Soak == 0 {
		return ""
	}
	return lengthText(calendar.Within(r.Soak))
}

// ringRows is how many rings the form has room for.
const ringRows = 4

// Mends reports whether the cycle mends an advisory.
func (v cycleFormPage) Mends(id patch.AdvisoryID) bool {
	return slices.Contains(v.Terms.Advisories, id)
}

// Does reports whether somebody patches.
func (v cycleFormPage) Does(id servicecoin.PersonID) bool {
	return slices.Contains(v.Terms.Implementers, id)
}

// Picks is what picks the targets of a cycle without advisories.
func (v cycleFormPage) Picks() string { return selectorText(v.Pick) }

// Long writes a length of time of the terms.
func (v cycleFormPage) Long(name string) string {
	d := v.Terms.Length
	if name == "wayBack" {
		d = v.Terms.WayBack
	}
	if d == 0 {
		return ""
	}
	return lengthText(calendar.Within(d))
}

// previewPart is what a plan would be.
type previewPart struct {
	Targets int
	Rings   []ringPlanPart
	Missed  []missedRow
	None    bool // nothing is concerned
}

type ringPlanPart struct {
	patch.RingPlan

	Lacks string
}

// missedRow is a target without a slot before its deadline, and why.
type missedRow struct {
	Called, Whose, Ring, Why string
	Deadline, Slot           time.Time
}

func (p *portal) previewPart(ctx context.Context, plan *patch.Plan) *previewPart {
	part := &previewPart{}
	for _, r := range plan.Rings {
		part.Targets += r.Targets
		part.Rings = append(part.Rings, ringPlanPart{r, strings.Join(r.Lacks, ", ")})
	}
	part.Missed = p.missedRows(ctx, plan.Missed, plan.Rings)
	for _, m := range plan.Missed {
		if m.Ring < 0 {
			part.Targets++
		}
	}
	part.None = part.Targets == 0
	return part
}

func (p *portal) missedRows(ctx context.Context, list []patch.Missed, rings []patch.RingPlan) []missedRow {
	whose, called := p.customerNames(ctx), p.targetNames(ctx)
	var rows []missedRow
	for _, m := range list {
		row := missedRow{Called: called(m.Customer, m.Target), Whose: whose(m.Customer), Ring: "none", Deadline: m.Deadline, Why: strings.Replace(m.Why, string(m.Customer)+" has", whose(m.Customer)+" has", 1)}
		if m.Ring >= 0 && m.Ring < len(rings) {
			row.Ring = rings[m.Ring].Name
		}
		if m.Slot != nil {
			row.Slot = m.Slot.During.Start
		}
		rows = append(rows, row)
	}
	return rows
}

func (p *portal) showNewCycle(w http.ResponseWriter, r *http.Request) error {
	start := p.store.Now().Add(4 * time.Hour).Truncate(time.Hour)
	v := cycleFormPage{ID: p.store.NewID(), Terms: patch.Terms{
		During: calendar.Between(start, start.Add(14*day)), Length: time.Hour, WayBack: 20 * time.Minute, AtOnce: 1,
		Rings: []patch.Ring{{Name: "Pilot", Select: patch.Selector{"environment": "test"}, Soak: day, Gate: patch.Gate{NoIncident: true, GoAhead: true}}, {Name: "All others", Gate: patch.Gate{MaxFailures: 1, Verified: true}}},
	}}
	if name := r.URL.Query().Get("advisory"); name != "" {
		a, err := p.named(r.Context(), name)
		if err != nil {
			return err
		}
		v.Terms.Advisories, v.Terms.Name, v.Terms.Why = []patch.AdvisoryID{a.ID}, cut(flawName(&a), 80), flawTitle(&a)
	}
	return p.cycleForm(w, r, v, nil, nil)
}

func (p *portal) cycleForm(w http.ResponseWriter, r *http.Request, v cycleFormPage, f *form, problems error) error {
	ctx := r.Context()
	v.page, v.Here = p.page(r, "Plan a patch cycle", changesPath), "cycles"
	all, err := p.Patches().Overview(ctx, v.Now, "")
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, worstFlaws)
	for _, s := range all {
		v.Flaws = append(v.Flaws, p.flawRow(&s))
	}
	for n := range max(ringRows, len(v.Terms.Rings)) {
		row := ringFields{N: n, Called: "Ring " + itoa(n+1)}
		if n < len(v.Terms.Rings) {
			row.Ring, row.Open = v.Terms.Rings[n], true
		}
		if f != nil {
			row.Open = ringTyped(f, n)
		}
		v.Rows = append(v.Rows, row)
	}
	if v.Models, err = p.modelOptions(ctx); err != nil {
		return err
	}
	if v.People, err = p.colleagues(ctx); err != nil {
		return err
	}
	for b, err := range p.Library().InState(runbook.Published).All(ctx) {
		if err != nil {
			return err
		}
		if b.Scenario == runbook.Patch {
			v.Runbooks = append(v.Runbooks, option{string(b.ID), b.Title["en"]})
		}
	}
	if v.Labels, err = p.labelWords(ctx); err != nil {
		return err
	}
	if f != nil { // what was typed stays, whether it was wrong or is looked at first
		v.attempt = attempt{sent: f.r.Form}
	}
	if problems != nil {
		v.again(f, problems)
	}
	return p.render(w, r, "patch_cycle_form.html", problem.Status(problems), v)
}

// labelWords are the labels that targets have, with their values.
func (p *portal) labelWords(ctx context.Context) (string, error) {
	found, err := p.Patches().Targets(ctx, nil)
	if err != nil {
		return "", err
	}
	values := map[string]map[string]bool{}
	for _, t := range found {
		for name, value := range t.Labels {
			if values[name] == nil {
				values[name] = map[string]bool{}
			}
			values[name][value] = true
		}
	}
	const most = 8
	var parts []string
	for _, name := range sortedKeys(values) {
		list := sortedKeys(values[name])
		if len(list) > most {
			list = append(list[:most], "…")
		}
		parts = append(parts, name+" is "+strings.Join(list, " or "))
	}
	return strings.Join(parts, "; "), nil
}

// readCycleTerms reads the form.
func (p *portal) readCycleTerms(ctx context.Context, f *form) (patch.Terms, patch.Selector) {
	t := patch.Terms{
		Name: f.text("name"), Why: f.text("why"), Model: f.text("model"), Runbook: servicecoin.RunbookID(f.text("runbook")), Implementers: p.colleaguesIn(ctx, f, "patcher"),
		During: calendar.Interval{Start: p.timeIn(f, "from"), End: p.timeIn(f, "until")}, Length: f.spanIn("length"), WayBack: f.spanIn("wayBack"), AtOnce: f.int("atOnce"),
	}
	for _, id := range f.all("advisory") {
		t.Advisories = append(t.Advisories, patch.AdvisoryID(id))
	}
	for path, name := range map[string]string{"during": "from", "during.start": "from", "during.end": "until", "advisories": "advisory", "implementers": "patcher", "rings": "ring-0", "length": "length", "wayBack": "wayBack", "atOnce": "atOnce"} {
		f.at(path, name)
	}
	for n := range ringRows {
		field := func(name string) string { return name + "-" + itoa(n) }
		r := patch.Ring{
			Name: f.text(field("ring")), Select: f.selectorIn(field("select")), Number: f.int(field("number")), Share: f.int(field("share")), Soak: f.spanIn(field("soak")),
			Gate: patch.Gate{MaxFailures: f.int(field("failures")), NoIncident: f.text(field("noIncident")) != "", Verified: f.text(field("verified")) != "", GoAhead: f.text(field("goAhead")) != ""},
		}
		if !ringTyped(f, n) {
			continue
		}
		path := "rings[" + itoa(len(t.Rings)) + "]"
		for of, name := range map[string]string{"": "ring", ".name": "ring", ".select": "select", ".number": "number", ".share": "share", ".soak": "soak", ".gate.maxFailures": "failures", ".gate.verified": "verified", ".gate": "ring"} {
			f.at(path+of, field(name))
		}
		t.Rings = append(t.Rings, r)
	}
	return t, f.selectorIn("pick")
}

// ringTyped reports whether anything stands in the fields of a ring.
func ringTyped(f *form, n int) bool {
	for _, name := range []string{"ring", "select", "number", "share", "soak", "failures", "noIncident", "verified", "goAhead"} {
		if f.text(name+"-"+itoa(n)) != "" {
			return true
		}
	}
	return false
}

// spanIn reads a length of time, nothing for an empty field.
func (f *form) spanIn(name string) time.Duration {
	length, _ := f.lengthIn(name).Get()
	return length
}

// planCycle shows what a plan would be, or makes it.
func (p *portal) planCycle(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	t, pick := p.readCycleTerms(ctx, f)
	id := patch.CycleID(p.formID(f))
	v := cycleFormPage{ID: string(id), Terms: t, Pick: pick}
	again := func(err error) error { return p.cycleForm(w, r, v, f, f.err(err)) }
	if f.bad.Err() != nil { // ask the rules all the same, to hear of everything at once
		return again(t.Validate())
	}
	if f.text("do") != "plan" {
		plan, err := p.Patches().Preview(ctx, t, pick)
		if err != nil {
			if !errors.Is(err, servicecoin.ErrInvalid) && !errors.Is(err, servicecoin.ErrRefused) {
				return err
			}
			return again(err)
		}
		v.Plan = p.previewPart(ctx, &plan)
		return p.cycleForm(w, r, v, f, nil)
	}
	_, _, err = p.Patches().Plan(ctx, viewer(r).actor(), id, t, pick)
	if errors.Is(err, servicecoin.ErrExists) { // sent again, by a click more or after a step back
		seeOther(w, cyclePath(id))
		return nil
	}
	return p.finish(w, r, err, confirmed(cyclePath(id), "cycle-planned"), again)
}

package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/sla"
)

// availabilityArea is what was promised and kept.
func (p *portal) availabilityArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/availability":                   {ofCustomer, p.showAvailability},
			"GET /customers/{customer}/availability/{promise}/{month}": {ofCustomer, p.showEvidence},
			"POST /customers/{customer}/availability/close":            {providers, p.closeMonth},
		},
		of: toCustomer("Availability", "availability"),
	}
}

// availabilityPage is a month of one customer: what was promised of each
// service, and what became of it.
type availabilityPage struct {
	page
	monthly

	Rows    []promiseRow
	Open    int // promises without an issued report, or whose facts changed since
	Credits []sla.CreditLine
	Names   namesByID
}

type promiseRow struct {
	sla.Report

	Name     string
	Standing sla.MonthRecord
	Tone     string
	Verdict  string
	Why      string // in a sentence
	Known    bool   // something is
	Spent    int    // percent of the budget, for the bar, 0 to 100
	NoBudget bool
}

func (p *portal) showAvailability(w http.ResponseWriter, r *http.Request) error {
	return p.availability(w, r, nil)
}

func (p *portal) availability(w http.ResponseWriter, r *http.Request, problems error) error {
	ctx := r.Context()
	m, _, err := p.monthly(r, "availability")
	if err != nil {
		return err
	}
	v := availabilityPage{page: p.page(r, "Availability", m.Here), monthly: m}
	if problems != nil {
		v.Problem, v.Problems = inWords(problems)
	}
	if v.Names, err = p.names(ctx); err != nil {
		return err
	}
	keeper := p.Keeper(v.Customer.ID)
	for promise, err := range keeper.Promises("").All(ctx) {
		if err != nil {
			return err
		}
		row, err := p.promiseRow(ctx, keeper, promise, v.Names.Of(promise.Service), v.Month)
		if errors.Is(err, servicecoin.ErrRefused) {
			continue // not promised in that month
		}
		if err != nil {
			return err
		}
		if row.Standing.Edition == 0 || row.Standing.Due {
			v.Open++
		}
		v.Rows = append(v.Rows, row)
	}
	slices.SortStableFunc(v.Rows, func(a, b promiseRow) int { return compareFold(a.Name, b.Name) })
	if v.Credits, err = collect(keeper.Credits(v.Month).All(ctx)); err != nil {
		return err
	}
	return p.render(w, r, "availability.html", problem.Status(problems), v)
}

func (p *portal) promiseRow(ctx context.Context, keeper *sla.Keeper, promise sla.Promise, name string, m calendar.Month) (promiseRow, error) {
	report, err := keeper.Month(ctx, promise.ID, m)
	if err != nil {
		return promiseRow{}, err
	}
	row := promiseRow{Report: report, Name: name}
	if row.Standing, err = keeper.Standing(ctx, promise.ID, m); err != nil {
		return row, err
	}
	f := report.Figures
	row.Tone, row.Verdict = verdictOf(f.Verdict, f.Words())
	row.Known, row.Why = f.Verdict != sla.Unknown, f.Why(promise.Objective)
	if f.Budget.Share.Valid {
		row.Spent = int(min(max(f.Budget.Share.Decimal.Round(0).IntPart(), 0), 100))
	} else {
		row.NoBudget = true
	}
	return row, nil
}

func (p *portal) closeMonth(w http.ResponseWriter, r *http.Request) error {
	m, c, err := p.monthly(r, "availability")
	if err != nil {
		return err
	}
	_, err = p.CloseMonth(r.Context(), viewer(r).actor(), c.ID, m.Month)
	if errors.Is(err, servicecoin.ErrRefused) {
		return p.availability(w, r, err)
	}
	if err != nil {
		return err
	}
	p.happened(r.Context())
	seeOther(w, m.Here+"?month="+m.Month.String())
	return nil
}

// evidencePage is one figure and all that it is made of.
type evidencePage struct {
	page
	promiseRow

	Customer servicecoin.Customer
	Base     string
	Trace    tracePart
	Outages  []outageLine
	Editions []sla.Report
}

type tracePart struct {
	servicecoin.Trace

	Shown   string
	Sources []source
	Parts   []tracePart
}

type source struct{ Path, Name string }

type outageLine struct {
	incidentLine

	Until time.Time
	Down  string
}

func (p *portal) showEvidence(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	m, err := calendar.ParseMonth(r.PathValue("month"))
	if err != nil {
		return servicecoin.NotFound(servicecoin.Key{Customer: servicecoin.Provider, Kind: "month", ID: r.PathValue("month")})
	}
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	keeper := p.Keeper(c.ID)
	promise, err := keeper.Get(ctx, servicecoin.PromiseID(r.PathValue("promise")))
	if err != nil {
		return err
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	v := evidencePage{page: p.page(r, names.Of(promise.Service)+" in "+m.String(), customerPath(c.ID, "availability")), Customer: c.Customer, Base: customerPath(c.ID)}
	if v.promiseRow, err = p.promiseRow(ctx, keeper, promise, names.Of(promise.Service), m); err != nil {
		return err
	}
	titles := map[servicecoin.IncidentID]string{}
	if v.Trace, err = p.trace(ctx, v.Report.Trace(), titles, viewer(r)); err != nil {
		return err
	}
	for _, o := range v.Facts.Outages {
		line := outageLine{Until: o.End}
		line.incidentLine = incidentLine{ID: servicecoin.IncidentID(o.From.ID), Level: incident.Level(o.Level), From: o.Start, Lasts: between(o.Start, o.End)}
		if line.Title, err = p.headline(ctx, line.ID, titles); err != nil {
			return err
		}
		for _, counted := range v.Figures.Outages {
			if counted.From == o.From && counted.Level == o.Level {
				line.Down = seconds(counted.Down)
			}
		}
		v.Outages = append(v.Outages, line)
	}
	for report, err := range keeper.Reports(m).All(ctx) {
		if err != nil {
			return err
		}
		if report.Promise.ID == promise.ID {
			v.Editions = append(v.Editions, report)
		}
	}
	return p.render(w, r, "evidence.html", 0, v)
}

// incidentPath leads the provider's people to the whole record, everybody else to
// what is public.
func incidentPath(who person, id string) string {
	if who.Provider() {
		return "/incidents/" + url.PathEscape(id)
	}
	return "/status/" + url.PathEscape(id)
}

// trace prepares an explanation for people, with links to the records.
func (p *portal) trace(ctx context.Context, t servicecoin.Trace, titles map[servicecoin.IncidentID]string, who person) (tracePart, error) {
	part := tracePart{Trace: t, Shown: "unknown"}
	switch {
	case t.Value.Valid && t.Unit == "s":
		part.Shown = seconds(t.Value.Decimal)
	case t.Value.Valid:
		part.Shown = grouped(t.Value.Decimal) + " " + t.Unit
		if a, err := money.New(t.Value.Decimal, money.Currency(t.Unit)); err == nil {
			part.Shown = amount(a)
		}
	}
	for _, k := range t.From {
		title := ""
		if k.Kind == incident.IncidentRecord {
			var err error
			if title, err = p.headline(ctx, servicecoin.IncidentID(k.ID), titles); err != nil {
				return part, err
			}
		}
		if x := sourceOf(k, title, who); x.Name != "" {
			part.Sources = append(part.Sources, x)
		}
	}
	for _, inner := range t.Parts {
		x, err := p.trace(ctx, inner, titles, who)
		if err != nil {
			return part, err
		}
		part.Parts = append(part.Parts, x)
	}
	return part, nil
}

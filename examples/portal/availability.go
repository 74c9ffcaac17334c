package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
)

// availabilityPage is a month of one customer: what was promised of each
// service, and what became of it.
type availabilityPage struct {
	page

	Customer  servicecoin.Customer
	Base      string // the path of the customer's pages
	Month     calendar.Month
	Previous  calendar.Month
	Following calendar.Month // zero: the month is not over
	Rows      []promiseRow
	Over      bool // the month is over, and can be closed
	Open      int  // promises without an issued report, or whose facts changed since
	Credits   []sla.CreditLine
	Names     map[servicecoin.ServiceID]string
}

type promiseRow struct {
	sla.Report

	Name     string
	Standing sla.MonthRecord
	Tone     string
	Verdict  string
	Spent    int // percent of the budget, for the bar, 0 to 100
	NoBudget bool
}

// customer reads whose page it is.
func (p *portal) customer(r *http.Request) (servicecoin.Customer, error) {
	return p.table.customers().Get(r.Context(), r.PathValue("customer"))
}

// month reads which month is asked for: the last one of which anything is
// known, where nothing is said.
func (p *portal) month(ctx context.Context, text string) (calendar.Month, error) {
	if text != "" {
		m, err := calendar.ParseMonth(text)
		if err != nil {
			var v servicecoin.Violations
			v.Merge("month", err)
			return m, v.Err()
		}
		return m, nil
	}
	list, err := p.table.all(ctx)
	if err != nil {
		return calendar.Month{}, err
	}
	return calendar.MonthOf(lastKnown(list, p.store.Now()).Add(-time.Microsecond), time.UTC), nil
}

func (p *portal) showAvailability(w http.ResponseWriter, r *http.Request) error {
	return p.availability(w, r, r.URL.Query().Get("month"), nil)
}

func (p *portal) availability(w http.ResponseWriter, r *http.Request, month string, problems error) error {
	ctx, now := r.Context(), p.store.Now()
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	v := availabilityPage{page: p.page(r, "Availability", customerPath(c.ID, "availability")), Customer: c, Base: customerPath(c.ID)}
	if problems != nil {
		v.Problem, v.Problems = problem(problems)
	}
	if v.Month, err = p.month(ctx, month); err != nil {
		return err
	}
	v.Previous, v.Over = v.Month.Previous(), !now.Before(v.Month.In(time.UTC).End)
	if v.Over {
		v.Following = v.Month.Next()
	}
	if v.Names, err = p.table.names(ctx); err != nil {
		return err
	}
	keeper := p.Keeper(v.Customer.ID)
	for promise, err := range keeper.Promises(ctx, "") {
		if err != nil {
			return err
		}
		row, err := p.promiseRow(ctx, keeper, promise, v.Month)
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
	if v.Credits, err = collect(keeper.Credits(ctx, v.Month)); err != nil {
		return err
	}
	return p.render(w, "availability.html", statusOf(problems), v)
}

func (p *portal) promiseRow(ctx context.Context, keeper *sla.Keeper, promise sla.Promise, m calendar.Month) (promiseRow, error) {
	report, err := keeper.Month(ctx, promise.ID, m)
	if err != nil {
		return promiseRow{}, err
	}
	row := promiseRow{Report: report, Name: promise.Name}
	if row.Standing, err = keeper.Standing(ctx, promise.ID, m); err != nil {
		return row, err
	}
	f := report.Figures
	switch {
	case f.Kept == nil:
		row.Tone, row.Verdict = "none", "Unknown"
	case *f.Kept:
		row.Tone, row.Verdict = "good", "Kept"
	default:
		row.Tone, row.Verdict = "bad", "Broken"
	}
	if f.Budget.Share.Valid {
		row.Spent = int(min(max(f.Budget.Share.Decimal.Round(0).IntPart(), 0), 100))
	} else {
		row.NoBudget = true
	}
	return row, nil
}

func (p *portal) closeMonth(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	m, err := p.month(r.Context(), f.text("month"))
	if err != nil {
		return err
	}
	_, err = p.CloseMonth(r.Context(), c.ID, m, viewer(r).actor())
	if errors.Is(err, servicecoin.ErrRefused) {
		return p.availability(w, r, m.String(), err)
	}
	if err != nil {
		return err
	}
	p.happened(r.Context())
	seeOther(w, r, customerPath(c.ID, "availability")+"?month="+m.String())
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
	v := evidencePage{page: p.page(r, promise.Name+" in "+m.String(), customerPath(c.ID, "availability")), Customer: c, Base: customerPath(c.ID)}
	if v.promiseRow, err = p.promiseRow(ctx, keeper, promise, m); err != nil {
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
	for report, err := range keeper.Reports(ctx, m) {
		if err != nil {
			return err
		}
		if report.Promise.ID == promise.ID {
			v.Editions = append(v.Editions, report)
		}
	}
	return p.render(w, "evidence.html", 0, v)
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
		part.Shown = fmt.Sprintf("%s %s", t.Value.Decimal, t.Unit)
	}
	for _, k := range t.From {
		s := source{Name: k.String()}
		if k.Kind == incident.Incidents.Name {
			title, err := p.headline(ctx, servicecoin.IncidentID(k.ID), titles)
			if err != nil {
				return part, err
			}
			s = source{incidentPath(who, k.ID), title}
		}
		part.Sources = append(part.Sources, s)
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

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
	"github.com/servicecoin/servicecoin/store"
)

// availabilityPage is a month of one customer: what was promised of each
// service, and what became of it.
type availabilityPage struct {
	page

	Customers []servicecoin.Customer
	Customer  servicecoin.Customer
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

// customerAndMonth reads whose month is asked for: the first customer and the
// last month of which anything is known, where nothing is said.
func (p *portal) customerAndMonth(ctx context.Context, q url.Values) (all []servicecoin.Customer, c servicecoin.Customer, m calendar.Month, err error) {
	if all, err = collect(p.table.customers().Find(ctx, store.All())); err != nil {
		return nil, c, m, err
	}
	if text := q.Get("month"); text != "" {
		if m, err = calendar.ParseMonth(text); err != nil {
			var v servicecoin.Violations
			v.Merge("month", err)
			return all, c, m, v.Err()
		}
	} else {
		list, err := p.table.all(ctx)
		if err != nil {
			return nil, c, m, err
		}
		m = calendar.MonthOf(lastKnown(list, p.store.Now()).Add(-time.Microsecond), time.UTC)
	}
	id := q.Get("customer")
	if id == "" && len(all) > 0 {
		return all, all[0], m, nil
	}
	c, err = p.table.customers().Get(ctx, id)
	return all, c, m, err
}

func (p *portal) showAvailability(w http.ResponseWriter, r *http.Request) error {
	return p.availability(w, r, r.URL.Query(), nil)
}

func (p *portal) availability(w http.ResponseWriter, r *http.Request, q url.Values, problems error) error {
	ctx, now := r.Context(), p.store.Now()
	v := availabilityPage{page: p.page("Availability", "/availability")}
	if problems != nil {
		v.Problem, v.Problems = problem(problems)
	}
	var err error
	if v.Customers, v.Customer, v.Month, err = p.customerAndMonth(ctx, q); err != nil {
		return err
	}
	v.Previous, v.Over = v.Month.Previous(), !now.Before(v.Month.In(time.UTC).End)
	if v.Over {
		v.Following = v.Month.Next()
	}
	if v.Customer.ID == "" {
		return p.render(w, "availability.html", statusOf(problems), v)
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
	q := url.Values{"customer": {f.text("customer")}, "month": {f.text("month")}}
	_, c, m, err := p.customerAndMonth(r.Context(), q)
	if err != nil {
		return err
	}
	_, err = p.CloseMonth(r.Context(), c.ID, m, operator())
	if errors.Is(err, servicecoin.ErrRefused) {
		return p.availability(w, r, q, err)
	}
	if err != nil {
		return err
	}
	p.happened(r.Context())
	http.Redirect(w, r, "/availability?"+q.Encode(), http.StatusSeeOther)
	return nil
}

// evidencePage is one figure and all that it is made of.
type evidencePage struct {
	page
	promiseRow

	Customer servicecoin.Customer
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
	c, err := p.table.customers().Get(ctx, r.PathValue("customer"))
	if err != nil {
		return err
	}
	keeper := p.Keeper(c.ID)
	promise, err := keeper.Get(ctx, servicecoin.PromiseID(r.PathValue("promise")))
	if err != nil {
		return err
	}
	v := evidencePage{page: p.page(promise.Name+" in "+m.String(), "/availability"), Customer: c}
	if v.promiseRow, err = p.promiseRow(ctx, keeper, promise, m); err != nil {
		return err
	}
	titles := map[servicecoin.IncidentID]string{}
	if v.Trace, err = p.trace(ctx, v.Report.Trace(), titles); err != nil {
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

// trace prepares an explanation for people, with links to the records.
func (p *portal) trace(ctx context.Context, t servicecoin.Trace, titles map[servicecoin.IncidentID]string) (tracePart, error) {
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
			s = source{"/incidents/" + url.PathEscape(k.ID), title}
		}
		part.Sources = append(part.Sources, s)
	}
	for _, inner := range t.Parts {
		x, err := p.trace(ctx, inner, titles)
		if err != nil {
			return part, err
		}
		part.Parts = append(part.Parts, x)
	}
	return part, nil
}

package sla

import (
	"context"
	"errors"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Closed is what closing a month did.
type Closed struct {
	Report Report
	Credit *CreditLine // nil: nothing is owed, or it was closed so before
	Again  bool        // the month was closed before and nothing has changed
}

// CloseMonth issues the report of a month and proposes the credit that it owes,
// in one commit. Closing again changes nothing, unless the month has become due
// since: then a further edition supersedes the report, and a correction has the
// difference of the credits. A month is closed when it is over.
func (k *Keeper) CloseMonth(ctx context.Context, by servicecoin.Actor, id servicecoin.PromiseID, m calendar.Month) (Closed, error) {
	if err := k.view.Ask(ctx, by, VerbIssueReport, monthKind, monthID(id, m)); err != nil {
		return Closed{}, err
	}
	var done Closed
	err := k.view.Do(ctx, func(tx store.View) error {
		standing, err := store.Of(tx, months).Get(ctx, monthID(id, m))
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		if standing.Edition > 0 && !standing.Due {
			r, err := store.Of(tx, reports).Get(ctx, reportID(id, m, standing.Edition))
			done = Closed{Report: r, Again: true}
			return err
		}
		// The facts are read after the month's record: a change that comes
		// later marks it due again, and this unit then fails and is rerun.
		draft, err := k.On(tx).Month(ctx, id, m)
		if errors.Is(err, servicecoin.ErrRefused) && standing.Edition > 0 {
			draft, err = k.On(tx).nothing(ctx, id, m)
		}
		if err != nil {
			return err
		}
		done, err = closing{tx, by, draft, standing}.run(ctx)
		return err
	})
	if err != nil {
		return Closed{}, err
	}
	return done, nil
}

// nothing is the report of a month that the promise turned out not to hold in: it was
// ended before, after the month had its report.
func (k *Keeper) nothing(ctx context.Context, id servicecoin.PromiseID, m calendar.Month) (Report, error) {
	p, err := k.Get(ctx, id)
	if err != nil {
		return Report{}, err
	}
	r := Report{Promise: p, Month: m, Edition: 1, State: Draft, Rules: RuleVersion, Facts: Facts{Outages: []Outage{}}, DraftedAt: k.view.Now()}
	r.Figures, err = r.Recompute()
	return r, err
}

// closing is one month being closed.
type closing struct {
	tx       store.View
	by       servicecoin.Actor
	draft    Report
	standing MonthRecord
}

func (c closing) run(ctx context.Context) (Closed, error) {
	if last := c.standing.Edition; last > 0 {
		before, err := store.Of(c.tx, reports).Get(ctx, reportID(c.draft.Promise.ID, c.draft.Month, last))
		if err != nil {
			return Closed{}, err
		}
		same, err := sameFigures(before.Figures, c.draft.Figures)
		if err != nil {
			return Closed{}, err
		}
		if same { // what happened since does not touch the figures
			return Closed{Report: before, Again: true}, c.settle(ctx, c.standing)
		}
		if _, err := store.Of(c.tx, reports).Update(ctx, before.ID, func(r *Report) ([]store.Event, error) {
			return nil, r.Supersede(c.draft.DraftedAt)
		}); err != nil {
			return Closed{}, err
		}
	}
	r := c.draft
	r.Edition = c.standing.Edition + 1
	r.ID = reportID(r.Promise.ID, r.Month, r.Edition)
	if err := r.Issue(c.by, r.DraftedAt); err != nil {
		return Closed{}, err
	}
	issued, err := store.Happened(c.by, EventReportIssued, MonthChanged{
		Promise: r.Promise.ID, Service: r.Promise.Service, Month: r.Month, Edition: r.Edition, Because: c.standing.Because,
	})
	if err != nil {
		return Closed{}, err
	}
	if err := store.Of(c.tx, reports).Insert(ctx, r, issued); err != nil {
		return Closed{}, err
	}
	next := c.standing
	next.Edition = r.Edition
	line, owed := r.credit(next.Credited, next.First)
	if !owed {
		return Closed{Report: r}, c.settle(ctx, next)
	}
	if err := c.propose(ctx, line); err != nil {
		return Closed{}, err
	}
	next.Credited = next.Credited.Add(line.Percent)
	if next.First == "" {
		next.First = line.ID
	}
	return Closed{Report: r, Credit: &line}, c.settle(ctx, next)
}

func (c closing) propose(ctx context.Context, line CreditLine) error {
	name := EventCreditProposed
	if line.CorrectionOf != "" {
		name = EventCreditCorrected
	}
	told, err := store.Happened(c.by, name, CreditChanged{line.Promise, line.Service, line.Month, line.Percent, line.Outages})
	if err != nil {
		return err
	}
	return store.Of(c.tx, credits).Insert(ctx, line, told)
}

// settle stores where the month stands now: not due.
func (c closing) settle(ctx context.Context, next MonthRecord) error {
	return changeMonth(ctx, c.tx, c.draft.Promise, c.draft.Month, func(r *MonthRecord) ([]store.Event, error) {
		r.Due, r.Because = false, nil
		r.Edition, r.Credited, r.First = next.Edition, next.Credited, next.First
		return nil, nil
	})
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/change"
)

type conflictRow struct {
	change.Conflict

	Words, Why, Path string
	Form             string
	By, Reason       string // who stands for it
}

// changeTime says whether it fits, and what is in the way.
func (p *portal) changeTime(ctx context.Context, v *changePage, names namesByID) (err error) {
	x := &v.Change
	for _, d := range x.Dependencies {
		row := dependencyRow{Dependency: d, Title: string(d.On), Path: changePath(d.On)}
		if other, err := p.Control().Get(ctx, d.On); err == nil {
			row.Title = other.Title
		} else if !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		v.Depends = append(v.Depends, row)
	}
	v.Timed = (x.State.Planned() || x.State == change.Rejected) && !x.Plan.Start.IsZero() && x.Plan.Length.Defined()
	if !v.Timed {
		return nil
	}
	if v.Standing, err = p.Control().Consider(ctx, *x); err != nil {
		return err
	}
	customers := p.customerNames(ctx)
	for _, o := range v.Standing.Fit.Obstacles {
		row := obstacleRow{Obstacle: o, Words: p.withNames(o.Text)}
		switch o.Rule {
		case change.RuleConsent:
			row.Words = customers(servicecoin.CustomerID(o.ID)) + strings.TrimPrefix(o.Text, o.ID)
		case change.RuleFreeze:
			row.Freeze = "except-" + o.ID
			for id, name := range names {
				row.Words = strings.ReplaceAll(row.Words, "error budget of "+string(id)+" is", "error budget of "+name+" is")
			}
		case change.RuleWindow, change.RuleCritical, change.RuleNotice, change.RulePast, change.RuleDependency, change.RuleConflict:
		}
		v.Obstacles = append(v.Obstacles, row)
	}
	for n, c := range slices.Concat(v.Standing.Conflicts, v.Standing.Warnings) {
		row := p.conflictRow(c, names)
		row.Form = fmt.Sprintf("acceptConflict-%d", n)
		v.Conflicts = append(v.Conflicts, row)
	}
	for _, c := range v.Standing.Settled {
		row := p.conflictRow(c, names)
		for _, a := range x.Accepted {
			if a.Holds(c) {
				row.By, row.Reason = p.pages.called(a.By), a.Reason
			}
		}
		v.Settled = append(v.Settled, row)
	}
	for _, s := range v.Standing.Fit.Starts {
		v.Starts = append(v.Starts, startRow{s, s.At.Format(time.RFC3339)})
	}
	switch modeOf(x) {
	case toRevise:
	case toAmend, toReplan:
		v.MovesTo = "It is asked for again then: the votes are of the plan as it stands."
	default:
		v.MovesTo = "Withdraw it to move it."
		v.Starts = slices.Clone(v.Starts)
		for n := range v.Starts {
			v.Starts[n].Value = ""
		}
	}
	if slices.ContainsFunc(v.Obstacles, func(o obstacleRow) bool { return o.Rule == change.RuleConsent }) {
		v.MovesTo = strings.TrimSpace("Whenever it begins, what a customer says to it stands. " + v.MovesTo)
	}
	return nil
}

func (p *portal) conflictRow(c change.Conflict, names namesByID) conflictRow {
	row := conflictRow{Conflict: c, Why: string(c.Why)}
	if c.With.Kind == change.ChangeEntry {
		row.Path = changePath(servicecoin.ChangeID(c.With.ID))
	}
	what := listWords(p.sharedBy(c, names))
	switch c.Why {
	case change.SameService:
		row.Words = "both work on " + what + ", and neither knows in which state the other leaves it"
	case change.SameConfiguration:
		row.Words = "both change " + what
	case change.SamePerson:
		row.Words = what + " cannot be at both"
	case change.RestsOn:
		row.Words = "it works on " + what + ", and of the two one rests on the other: what happens to one shows in the other"
	case change.Frozen, change.Critical:
		row.Words = c.Text
	}
	return row
}

// sharedBy are the names of what two that collide share.
func (p *portal) sharedBy(c change.Conflict, names namesByID) []string {
	var on []string
	for _, id := range c.On {
		switch c.Why {
		case change.SameService, change.RestsOn, change.Frozen, change.Critical:
			on = append(on, names.Of(servicecoin.ServiceID(id)))
		case change.SamePerson:
			on = append(on, p.pages.called(servicecoin.PersonID(id)))
		case change.SameConfiguration:
			on = append(on, id)
		}
	}
	return on
}

// listWords tells a list in a sentence.
func listWords(list []string) string {
	if n := len(list); n > 1 {
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
	return strings.Join(list, "")
}

// changeReach says whom it concerns, and what they were promised.
func (p *portal) changeReach(ctx context.Context, v *changePage, names namesByID) (err error) {
	x := &v.Change
	for _, d := range x.Downtimes() {
		v.Downtimes = append(v.Downtimes, downtimeRow{names.Of(d.Service), d.During.Start, d.During.End})
	}
	if v.Reach, err = p.Control().Reach(ctx, x.Scope); err != nil {
		return err
	}
	if v.Earlier, err = p.Control().HistoryOf(ctx, *x); err != nil {
		return err
	}
	if x.Model != nil {
		m, err := p.Control().Model(ctx, x.Model.ID)
		if err != nil {
			return err
		}
		v.ModelName = m.Name
	}
	customers, now := p.customerNames(ctx), p.store.Now()
	ids := slices.Clone(v.Standing.Customers)
	for _, c := range x.Consents {
		if !slices.Contains(ids, c.Customer) {
			ids = append(ids, c.Customer)
		}
	}
	for _, id := range ids {
		row := customerRow{Name: customers(id), Path: customerPath(id)}
		for _, c := range x.Consents {
			if c.Customer == id {
				row.Asked, row.Consent, row.By, row.Reason = true, c.Standing(now), c.By, c.Reason
			}
		}
		v.Customers = append(v.Customers, row)
	}
	if !x.State.Planned() {
		return nil
	}
	uncovered, err := p.Uncovered(ctx, *x)
	for _, u := range uncovered {
		v.Uncovered = append(v.Uncovered, uncoveredRow{u, customers(u.Customer), names.Of(u.Service), customerPath(u.Customer, "availability")})
	}
	return err
}

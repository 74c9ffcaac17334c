package sla

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Keeper keeps the promises, reports and credits of one customer.
type Keeper struct {
	view   store.View
	source Source
}

// New returns the keeper of a customer's view, fed by source. What is wrong with
// the arguments is told by the first call.
func New(view store.View, source Source) *Keeper {
	return &Keeper{view: view.OfCustomer("a keeper of promises").Need("source", source != nil), source: source}
}

// On returns the same keeper over another view, of the host's transaction or of
// another customer.
func (k *Keeper) On(view store.View) *Keeper { return New(view, k.source) }

// Make records a promise. An empty id is filled in.
func (k *Keeper) Make(ctx context.Context, by servicecoin.Actor, p Promise) (Promise, error) {
	if p.ID == "" {
		p.ID = servicecoin.PromiseID(k.view.NewID())
	}
	p.ValidFrom = servicecoin.Instant(p.ValidFrom)
	if err := k.view.Ask(ctx, by, VerbMakePromise, promiseKind, string(p.ID)); err != nil {
		return Promise{}, err
	}
	if err := p.Validate(); err != nil {
		return Promise{}, err
	}
	made, err := store.Happened(by, EventPromiseMade, PromiseChanged{Promise: p.ID, Service: p.Service, Objective: p.Objective})
	if err != nil {
		return Promise{}, err
	}
	return p, store.Of(k.view, promises).Insert(ctx, p, made)
}

// End sets the end of a promise's validity, exclusive. Months that have their report
// and are no longer, or only in part, those of the promise become due: closing them
// again corrects the report, and takes back what was credited for the rest.
func (k *Keeper) End(ctx context.Context, by servicecoin.Actor, id servicecoin.PromiseID, until time.Time) (Promise, error) {
	if err := k.view.Ask(ctx, by, VerbEndPromise, promiseKind, string(id)); err != nil {
		return Promise{}, err
	}
	until = servicecoin.Instant(until)
	var out Promise
	err := k.view.Do(ctx, func(tx store.View) error {
		from := until
		p, err := store.Of(tx, promises).Update(ctx, string(id), func(p *Promise) ([]store.Event, error) {
			if !p.ValidUntil.IsZero() && p.ValidUntil.Before(from) {
				from = p.ValidUntil
			}
			p.ValidUntil = until
			if err := p.Validate(); err != nil {
				return nil, err
			}
			ended, err := store.Happened(by, EventPromiseEnded, PromiseChanged{Promise: p.ID, Service: p.Service, Objective: p.Objective})
			return []store.Event{ended}, err
		})
		if err != nil {
			return err
		}
		out = p
		return k.On(tx).reportedFrom(ctx, p, from, func(m calendar.Month) error {
			return k.On(tx).markDue(ctx, by, p, m, tx.Key(promiseKind, string(p.ID)))
		})
	})
	if err != nil {
		return Promise{}, err
	}
	return out, nil
}

// reportedFrom calls do for each month of the promise, from an instant on, that has
// its report. The last months are guards of the unit of work, in case that somebody
// closes one at the same time.
func (k *Keeper) reportedFrom(ctx context.Context, p Promise, from time.Time, do func(m calendar.Month) error) error {
	const guarded = 12
	loc, err := p.Location()
	if err != nil {
		return err
	}
	first, last := calendar.MonthOf(from, loc), calendar.MonthOf(k.view.Now(), loc)
	seen := map[calendar.Month]bool{}
	for r, err := range store.Of(k.view, reports).Find(store.By("month").From(store.Text(first.String()))).All(ctx) {
		if err != nil {
			return err
		}
		if r.Promise.ID == p.ID && !seen[r.Month] {
			seen[r.Month] = true
			if err := do(r.Month); err != nil {
				return err
			}
		}
	}
	if low := last.Add(-guarded); first.Compare(low) < 0 {
		first = low
	}
	for m := first; m.Compare(last) <= 0; m = m.Next() {
		if seen[m] {
			continue
		}
		switch standing, err := store.Of(k.view, months).Get(ctx, monthID(p.ID, m)); {
		case err != nil && !errors.Is(err, servicecoin.ErrNotFound):
			return err
		case standing.Edition > 0:
			if err := do(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// Amend replaces the terms of a promise from the first of a month on. A month
// that has its report keeps it, so that none of those may be reached: amend from
// a later month on.
func (k *Keeper) Amend(ctx context.Context, by servicecoin.Actor, id servicecoin.PromiseID, from calendar.Month, terms Terms, reason string) (Promise, error) {
	if err := k.view.Ask(ctx, by, VerbAmendPromise, promiseKind, string(id)); err != nil {
		return Promise{}, err
	}
	if err := from.Validate(); err != nil {
		var v servicecoin.Violations
		v.Merge("from", err)
		return Promise{}, v.Err()
	}
	var out Promise
	err := k.view.Do(ctx, func(tx store.View) error {
		p, err := store.Of(tx, promises).Update(ctx, string(id), func(p *Promise) ([]store.Event, error) {
			if err := p.Amend(by, tx.Now(), from, terms, reason); err != nil {
				return nil, err
			}
			told, err := store.Happened(by, EventPromiseAmended, PromiseChanged{
				Promise: p.ID, Service: p.Service, Objective: p.Objective,
				Amendment: &Amendment{From: from, Terms: terms, Reason: reason, By: by, At: servicecoin.Instant(tx.Now())},
			})
			return []store.Event{told}, err
		})
		if err != nil {
			return err
		}
		out = p
		loc, err := p.Location()
		if err != nil {
			return err
		}
		return k.On(tx).reportedFrom(ctx, p, from.In(loc).Start, func(m calendar.Month) error {
			return &servicecoin.RefusedError{
				Subject: tx.Key(promiseKind, string(p.ID)), Verb: VerbAmendPromise,
				Why: "the report of " + m.String() + " is issued: amend the terms from a later month on",
			}
		})
	})
	if err != nil {
		return Promise{}, err
	}
	return out, nil
}

// Get returns a promise.
func (k *Keeper) Get(ctx context.Context, id servicecoin.PromiseID) (Promise, error) {
	return store.Of(k.view, promises).Get(ctx, string(id))
}

// Promises lists the customer's promises by service, all for "".
func (k *Keeper) Promises(service servicecoin.ServiceID) store.Listing[Promise] {
	r := store.By("service")
	if service != "" {
		r = store.By("service", store.Text(service))
	}
	return store.Of(k.view, promises).Find(r)
}

// Month computes what the report of a month says as the facts are now, and
// stores nothing: a draft.
func (k *Keeper) Month(ctx context.Context, id servicecoin.PromiseID, m calendar.Month) (Report, error) {
	p, err := k.Get(ctx, id)
	if err != nil {
		return Report{}, err
	}
	period, err := p.Period(m)
	if err != nil {
		return Report{}, err
	}
	var f Facts
	if !period.Empty() {
		if f, err = k.facts(ctx, p, m, period); err != nil {
			return Report{}, fmt.Errorf("facts of %s in %s: %w", p.Service, m, err)
		}
	}
	// Whatever the source says, nobody knows what is still to come.
	now := k.view.Now()
	f.Coverage = f.Coverage.Subtract(ahead(period, now))
	return p.Report(m, f, now)
}

// facts asks the source for a period, and again for a longer time where the
// terms need outages whole that reach beyond it.
func (k *Keeper) facts(ctx context.Context, p Promise, m calendar.Month, period calendar.Interval) (Facts, error) {
	const rounds = 100 // each finds an outage that hangs together with those before
	during := period
	for range rounds {
		f, err := k.source.Facts(ctx, p.Service, during)
		if err != nil || p.TermsIn(m).Counting != WholeMinutes {
			return f, err
		}
		wider := f.reach(period)
		// What touches at a border counts as one with what is inside of it.
		wider.Start, wider.End = wider.Start.Add(-time.Microsecond), wider.End.Add(time.Microsecond)
		if !wider.Start.Before(during.Start) && !wider.End.After(during.End) {
			f.Coverage = f.Coverage.Clip(period)
			return f, nil
		}
		during = wider
	}
	var v servicecoin.Violations
	v.Add("facts", "too-many", "", fmt.Sprintf("has more than %d outages that follow each other without a pause, beyond the period", rounds))
	return Facts{}, v.Err()
}

// MarkDue says that the facts of a month have changed, because of a record: a
// resolved incident, most often. It is told once however often it is called.
func (k *Keeper) MarkDue(ctx context.Context, by servicecoin.Actor, id servicecoin.PromiseID, m calendar.Month, because servicecoin.Key) error {
	if err := k.view.Ask(ctx, by, VerbMarkDue, monthKind, monthID(id, m)); err != nil {
		return err
	}
	return k.view.Do(ctx, func(tx store.View) error {
		p, err := store.Of(tx, promises).Get(ctx, string(id))
		if err != nil {
			return err
		}
		return k.On(tx).markDue(ctx, by, p, m, because)
	})
}

// markDue is [Keeper.MarkDue] of a promise, inside of a unit of work.
func (k *Keeper) markDue(ctx context.Context, by servicecoin.Actor, p Promise, m calendar.Month, because servicecoin.Key) error {
	const most = 50 // reasons that are kept; the report itself names all
	return changeMonth(ctx, k.view, p, m, func(r *MonthRecord) ([]store.Event, error) {
		if r.Due && slices.Contains(r.Because, because) {
			return nil, nil
		}
		r.Because = append(r.Because, because)
		r.Because = r.Because[max(0, len(r.Because)-most):]
		if r.Due {
			return nil, nil
		}
		r.Due = true
		due, err := store.Happened(by, EventReportDue, MonthChanged{Promise: p.ID, Service: p.Service, Month: m, Edition: r.Edition, Because: []servicecoin.Key{because}})
		return []store.Event{due}, err
	})
}

// changeMonth changes the record of a month, which may not be there yet.
func changeMonth(ctx context.Context, tx store.View, p Promise, m calendar.Month, change func(*MonthRecord) ([]store.Event, error)) error {
	c := store.Of(tx, months)
	_, err := c.Update(ctx, monthID(p.ID, m), change)
	if !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	r := MonthRecord{Promise: p.ID, Service: p.Service, Month: m}
	events, err := change(&r)
	if err != nil {
		return err
	}
	return c.Insert(ctx, r, events...)
}

// Due lists the months whose facts changed since their last report, oldest
// first.
func (k *Keeper) Due() store.Listing[MonthRecord] {
	return store.Of(k.view, months).Find(store.By("due"))
}

// PromisesAcross lists the promises of all customers, each customer's by service: for
// the host's work at the end of a month. The customer stands in the item's key.
func PromisesAcross(s *store.Store) store.Listing[Promise] {
	return store.Across(s, promises).Find(store.By("service"))
}

// DueAcross lists the months that are due, of all customers, each its own oldest
// first: for the host's nightly work. The customer stands in the item's key.
func DueAcross(s *store.Store) store.Listing[MonthRecord] {
	return store.Across(s, months).Find(store.By("due"))
}

// Standing returns where a promise stands in a month; a month that nothing
// happened to is open and not due.
func (k *Keeper) Standing(ctx context.Context, id servicecoin.PromiseID, m calendar.Month) (MonthRecord, error) {
	r, err := store.Of(k.view, months).Get(ctx, monthID(id, m))
	if errors.Is(err, servicecoin.ErrNotFound) {
		p, err := k.Get(ctx, id)
		return MonthRecord{Promise: id, Service: p.Service, Month: m}, err
	}
	return r, err
}

// Reports lists the issued and superseded reports of a month, by promise and
// edition.
func (k *Keeper) Reports(m calendar.Month) store.Listing[Report] {
	return store.Of(k.view, reports).Find(store.By("month", store.Text(m.String())))
}

// Credits lists the credit lines and corrections of a month.
func (k *Keeper) Credits(m calendar.Month) store.Listing[CreditLine] {
	return store.Of(k.view, credits).Find(store.By("month", store.Text(m.String())))
}

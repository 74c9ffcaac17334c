package metering

import (
	"context"
	"errors"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// SetQuota sets a quota, or another limit, mode or period of one that is there.
// An empty id is filled in; without From it holds from now on, or as before. One
// that is there keeps its zone and its subscription, and its end where none is
// given: another subscription cannot take it over.
func (l *Ledger) SetQuota(ctx context.Context, by servicecoin.Actor, q Quota) (Quota, error) {
	if q.ID == "" {
		q.ID = QuotaID(l.view.NewID())
	}
	if err := l.view.Ask(ctx, by, VerbSetQuota, QuotaRecord, string(q.ID)); err != nil {
		return Quota{}, err
	}
	if _, err := l.meter(ctx, q.Meter); err != nil {
		return Quota{}, err
	}
	var set Quota
	err := l.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, quotas)
		set = q
		old, err := c.Get(ctx, string(q.ID))
		is := err == nil
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		if set.From.IsZero() {
			if set.From = tx.Now(); is {
				set.From = old.From
			}
		}
		set.From = servicecoin.Instant(set.From)
		if set.Zone = l.zone.String(); is {
			set = set.like(old)
		}
		if !set.Until.IsZero() {
			set.Until = servicecoin.Instant(set.Until)
		}
		var v servicecoin.Violations
		v.Merge("", set.Validate())
		if is {
			set.keeps(&v, old)
		}
		if err := v.Err(); err != nil {
			return err
		}
		e, err := store.Happened(by, EventQuotaSet, set.changed())
		if err != nil {
			return err
		}
		if !is {
			return c.Insert(ctx, set, e)
		}
		_, err = c.Update(ctx, string(set.ID), func(stored *Quota) ([]store.Event, error) {
			*stored = set
			return []store.Event{e}, nil
		})
		return err
	})
	if err != nil {
		return Quota{}, err
	}
	return set, nil
}

// like returns a quota that is set again, with what it keeps.
func (q Quota) like(old Quota) Quota {
	q.Zone = old.Zone
	if q.Until.IsZero() {
		q.Until = old.Until
	}
	if q.Subscription == "" {
		q.Subscription = old.Subscription
	}
	return q
}

// keeps refuses to change what a quota is.
func (q Quota) keeps(v *servicecoin.Violations, old Quota) {
	if old.Meter != q.Meter {
		v.Add("meter", "changed", string(q.Meter), "a quota keeps its meter "+string(old.Meter)+"; end it and set another")
	}
	if old.Subscription != q.Subscription {
		text := "is a quota of no subscription"
		if old.Subscription != "" {
			text = "is a quota of subscription " + string(old.Subscription)
		}
		v.Add("subscription", "foreign", string(q.Subscription), string(q.ID)+" "+text)
	}
}

func (q Quota) changed() QuotaChanged {
	return QuotaChanged{q.ID, q.Meter, q.Limit, q.Mode, q.Period, q.Until}
}

// EndQuota sets until when a quota holds, exclusive: at its From or before,
// never. What was used before is judged by it still, and past months keep it.
func (l *Ledger) EndQuota(ctx context.Context, by servicecoin.Actor, id QuotaID, until time.Time) (Quota, error) {
	if err := l.view.Err(); err != nil {
		return Quota{}, err
	}
	if err := l.view.Ask(ctx, by, VerbEndQuota, QuotaRecord, string(id)); err != nil {
		return Quota{}, err
	}
	var v servicecoin.Violations
	v.Time("until", until)
	if err := v.Err(); err != nil {
		return Quota{}, err
	}
	return store.Of(l.view, quotas).Update(ctx, string(id), func(q *Quota) ([]store.Event, error) {
		q.Until = servicecoin.Instant(until)
		if err := q.Validate(); err != nil {
			return nil, err
		}
		e, err := store.Happened(by, EventQuotaEnded, q.changed())
		return []store.Event{e}, err
	})
}

// Quota returns a quota.
func (l *Ledger) Quota(ctx context.Context, id QuotaID) (Quota, error) {
	if err := l.view.Err(); err != nil {
		return Quota{}, err
	}
	return store.Of(l.view, quotas).Get(ctx, string(id))
}

// DropQuota deletes a quota, from past months too: one that was set in error.
// What it told of stays. [Ledger.EndQuota] ends one that held.
func (l *Ledger) DropQuota(ctx context.Context, by servicecoin.Actor, id QuotaID) error {
	if err := l.view.Err(); err != nil {
		return err
	}
	if err := l.view.Ask(ctx, by, VerbDropQuota, QuotaRecord, string(id)); err != nil {
		return err
	}
	return l.view.Do(ctx, func(tx store.View) error {
		q, err := store.Of(tx, quotas).Get(ctx, string(id))
		if err != nil {
			return err
		}
		e, err := store.Happened(by, EventQuotaDropped, q.changed())
		if err != nil {
			return err
		}
		return store.Of(tx, quotas).Delete(ctx, string(id), e)
	})
}

// Quotas lists the customer's quotas, of one meter or of all for "".
func (l *Ledger) Quotas(id MeterID) store.Listing[Quota] {
	r := store.By("meter")
	if id != "" {
		r = store.By("meter", store.Text(id))
	}
	return store.Of(l.view, quotas).Find(r)
}

// Excesses lists what was used beyond quotas, the latest first.
func (l *Ledger) Excesses() store.Listing[Excess] {
	return store.Of(l.view, excesses).Find(store.By("at").Descending())
}

// Check answers whether the customer may use an amount more at an instant: a
// hard quota refuses what would pass its limit, a soft one says so. The amount is
// in the meter's unit: events for a count, new values for a unique count, the
// level for a maximum. Check reserves nothing, and what is used all the same is
// recorded: two that check at once may both be allowed the last of it.
func (l *Ledger) Check(ctx context.Context, id MeterID, amount decimal.Decimal, at time.Time) (Decision, error) {
	m, err := l.meter(ctx, id)
	if err != nil {
		return Decision{}, err
	}
	var v servicecoin.Violations
	v.Number("amount", amount, MaxDigits, MaxPlaces)
	if amount.IsNegative() {
		v.Add("amount", "negative", "", "must not be negative")
	}
	v.Time("at", at)
	if err := v.Err(); err != nil {
		return Decision{}, err
	}
	standings := []Standing{}
	used := make(map[string]decimal.NullDecimal)
	for q, err := range l.Quotas(id).All(ctx) {
		if err != nil {
			return Decision{}, err
		}
		period := q.In(at, l.zone)
		if !q.Holds(at, l.zone) {
			continue
		}
		counted := q.counted(period)
		key := counted.String()
		if _, known := used[key]; !known {
			held, err := l.meterAt(ctx, id, counted.Start)
			if err != nil {
				return Decision{}, err
			}
			u, err := l.between(ctx, held, counted, false)
			if err != nil {
				return Decision{}, err
			}
			used[key] = u.Value
		}
		standings = append(standings, q.Weigh(m, used[key], amount, period))
	}
	return Decide(id, amount, standings), nil
}

// Review looks after every quota in the period that an instant lies in, and
// tells of the excesses that were not told yet. It returns those.
func (l *Ledger) Review(ctx context.Context, by servicecoin.Actor, at time.Time) ([]Excess, error) {
	if err := l.view.Err(); err != nil {
		return nil, err
	}
	if err := l.view.Ask(ctx, by, VerbReviewQuotas, UsageRecord, string(l.customer.ID)); err != nil {
		return nil, err
	}
	var v servicecoin.Violations
	v.Time("at", at)
	if err := v.Err(); err != nil {
		return nil, err
	}
	var told []Excess
	for q, err := range l.Quotas("").All(ctx) {
		if err != nil {
			return told, err
		}
		x, err := l.judge(ctx, by, q, q.In(at, l.zone))
		if err != nil {
			return told, err
		}
		if x != nil {
			told = append(told, *x)
		}
	}
	return told, nil
}

// lookAfter judges the quotas that a batch of events concerns.
func (l *Ledger) lookAfter(ctx context.Context, by servicecoin.Actor, batch []Event) error {
	concerns, err := l.Concerns(ctx, batch...)
	if err != nil {
		return err
	}
	times := map[string][]time.Time{}
	for _, c := range concerns {
		times[c.Type] = append(times[c.Type], c.At)
	}
	for q, err := range l.Quotas("").All(ctx) {
		if err != nil {
			return err
		}
		m, err := l.meter(ctx, q.Meter)
		if err != nil {
			return err
		}
		zone := q.location(l.zone)
		var last calendar.Interval
		seen := map[string]bool{}
		for _, t := range times[m.Type] {
			if last.Contains(t) {
				continue
			}
			if last = q.in(t, zone); seen[last.String()] {
				continue
			}
			seen[last.String()] = true
			if _, err := l.judge(ctx, by, q, last); err != nil {
				return err
			}
		}
	}
	return nil
}

// judge tells of an excess in a period, if there is one and it was not told.
func (l *Ledger) judge(ctx context.Context, by servicecoin.Actor, q Quota, period calendar.Interval) (*Excess, error) {
	if !q.Judges(period) {
		return nil, nil //nolint:nilnil // nothing to tell
	}
	_, err := store.Of(l.view, excesses).Get(ctx, excessID(q.ID, period))
	if !errors.Is(err, servicecoin.ErrNotFound) {
		return nil, err
	}
	m, err := l.meterAt(ctx, q.Meter, period.Start)
	if err != nil {
		return nil, err
	}
	u, err := l.between(ctx, m, q.counted(period), false)
	if err != nil || !u.Value.Valid || !u.Value.Decimal.GreaterThan(q.Limit) {
		return nil, err
	}
	x := Excess{Quota: q.ID, Meter: q.Meter, Mode: q.Mode, Period: period, Limit: q.Limit, Used: u.Value.Decimal, At: l.view.Now()}
	e, err := store.Happened(by, EventQuotaExceeded, x)
	if err != nil {
		return nil, err
	}
	if err := store.Of(l.view, excesses).Insert(ctx, x, e); err != nil {
		if errors.Is(err, servicecoin.ErrExists) {
			return nil, nil //nolint:nilnil // somebody else was faster, and told
		}
		return nil, err
	}
	return &x, nil
}

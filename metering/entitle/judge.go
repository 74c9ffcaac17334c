package entitle

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/grant"
)

// VerbUse stands in refusals: a hard limit would be passed.
const VerbUse = "entitlement.use"

// Facts are what an entitlement is judged by, as of an instant.
type Facts struct {
	At     time.Time       `json:"at"`
	Amount decimal.Decimal `json:"amount"` // asked for, in the meter's unit; 0 asks how it stands
	// Period is the one that At lies in: of a quota, a bill, or the grants.
	Period calendar.Interval   `json:"period"`
	Used   decimal.NullDecimal `json:"used"` // in the period; null: nothing was recorded
	// Grants are what stands of the grants, where they are the limit: it is what they
	// covered in the period, and what is left of them. Used is not read then.
	Grants *grant.Snapshot `json:"grants,omitempty"`
	// Inside has one for each critical limit: see [Within].
	Inside []Inside `json:"inside,omitempty"`
	// Forecast is read by thresholds of that measure alone. Nil: there is none.
	Forecast *Forecast `json:"forecast,omitempty"`
}

// Counter is how one of the limits stands.
type Counter struct {
	Name    string              `json:"name,omitempty"` // of a [Critical] limit; "": of all
	Limit   decimal.Decimal     `json:"limit"`          // below zero where more is owed to grants than there are
	Used    decimal.NullDecimal `json:"used"`           // null: nothing was recorded
	After   decimal.Decimal     `json:"after"`          // with the amount asked for, where it counts
	Left    decimal.Decimal     `json:"left"`           // of the limit, before that amount; below zero: passed already
	Counts  bool                `json:"counts"`         // whether the amount counts: of a critical limit, in a window alone
	Hard    bool                `json:"hard"`
	Exceeds bool                `json:"exceeds"` // whether After is above Limit
	// Follows is what was declared for that, if it is so.
	Follows []Consequence `json:"follows,omitempty"`
}

// Judgement answers whether a customer may have, or use, something.
type Judgement struct {
	Feature  FeatureID       `json:"feature"`
	Amount   decimal.Decimal `json:"amount"`
	Has      bool            `json:"has"`             // the entitlement holds
	Value    string          `json:"value,omitempty"` // of a [Static] one
	Allowed  bool            `json:"allowed"`         // it holds, and no hard limit is passed by the amount
	Counters []Counter       `json:"counters,omitempty"`
	// Until is when another rule begins to hold: the entitlement begins or ends, a
	// period ends, a critical window opens or closes. Zero: never.
	Until time.Time `json:"until,omitzero"`
}

// Check reports every violation of facts that the entitlement would be judged by.
func (e Entitlement) check(f Facts) error {
	var v servicecoin.Violations
	v.Merge("", e.Validate())
	v.Time("at", f.At)
	if e.Kind != Metered {
		return v.Err()
	}
	amount(&v, "amount", f.Amount)
	if err := f.Period.Validate(); err != nil {
		v.Merge("period", err)
	} else if !f.Period.Contains(f.At) {
		v.Add("period", "out-of-range", f.Period.String(), "must be the one that at lies in")
	}
	switch {
	case e.Limit.Valid && f.Used.Valid:
		amount(&v, "used", f.Used.Decimal)
	case !e.Limit.Valid && f.Grants == nil:
		v.Add("grants", "required", "", "the grants are the limit")
	}
	if !v.Limit("inside", len(f.Inside), MaxCritical) {
		return v.Err()
	}
	known := map[string]bool{}
	for i, x := range f.Inside {
		if x.Used.Valid {
			amount(&v, fmt.Sprintf("inside[%d].used", i), x.Used.Decimal)
		}
		if known[x.Name] {
			v.Add(fmt.Sprintf("inside[%d].name", i), "duplicate", x.Name, "is there already")
		}
		known[x.Name] = true
	}
	for _, c := range e.Critical {
		if !known[c.Name] {
			v.Add("inside", "required", c.Name, "what was used inside of these windows is not there")
		}
	}
	return v.Err()
}

// Judge answers an amount by what is known. Every limit is looked at: that of all, and
// those of critical windows; the amount counts against the latter while one is open.
func (e Entitlement) Judge(f Facts) (Judgement, error) {
	if err := e.check(f); err != nil {
		return Judgement{}, err
	}
	j := Judgement{Feature: e.Feature, Amount: f.Amount, Has: e.Holds(f.At)}
	j.Until = first(f.At, e.From, e.Until)
	if !j.Has {
		return j, nil
	}
	j.Value, j.Allowed = e.Value, true
	if e.Kind != Metered {
		return j, nil
	}
	j.Until = first(f.At, j.Until, f.Period.End)
	total := Counter{Limit: e.Limit.Decimal, Used: f.Used, Counts: true}
	if !e.Limit.Valid {
		total.Used = servicecoin.Some(f.Grants.Used)
		total.Limit = f.Grants.Used.Add(f.Grants.Balance()).Sub(f.Grants.Overage)
	}
	j.Counters = append(j.Counters, e.weigh(total, f.Amount, e.Exceeding))
	for _, c := range e.Critical {
		for _, x := range f.Inside {
			if x.Name == c.Name {
				j.Until = first(f.At, j.Until, x.Until)
				j.Counters = append(j.Counters, e.weigh(Counter{Name: c.Name, Limit: c.Limit, Used: x.Used, Counts: x.Open}, f.Amount, c.Exceeding))
			}
		}
	}
	for _, c := range j.Counters {
		j.Allowed = j.Allowed && !c.refuses()
	}
	return j, nil
}

// weigh returns how a limit stands with an amount.
func (e Entitlement) weigh(c Counter, amount decimal.Decimal, follows []Consequence) Counter {
	c.Hard, c.Left, c.After = hard(follows), c.Limit.Sub(c.Used.Decimal), c.Used.Decimal
	switch {
	case !c.Counts:
	case e.Counts == grant.Drawn:
		c.After = c.After.Add(amount)
	case amount.IsPositive():
		c.After = amount
	}
	if c.Exceeds = c.After.GreaterThan(c.Limit); c.Exceeds {
		c.Follows = follows
	}
	return c
}

// refuses reports whether the limit is in the way: what is over already refuses more of
// it, and not what is less.
func (c Counter) refuses() bool {
	return c.Hard && c.Exceeds && c.After.GreaterThan(c.Used.Decimal)
}

// first returns the first of some instants that lie ahead: the zero time if none does.
func first(at time.Time, ends ...time.Time) time.Time {
	var next time.Time
	for _, end := range ends {
		if end.After(at) && (next.IsZero() || end.Before(next)) {
			next = end
		}
	}
	return next
}

// Throttle returns the rate, in units a second, at which more may be used now: the least
// that was declared for the limits that are passed and count now. Null: nothing slows it
// down. It holds up to Until.
func (j Judgement) Throttle() decimal.NullDecimal {
	rate := servicecoin.Undefined()
	for _, c := range j.Counters {
		if !c.Counts || !c.Exceeds {
			continue
		}
		for _, x := range c.Follows {
			if x.Act == Throttle && (!rate.Valid || x.Rate.Decimal.LessThan(rate.Decimal)) {
				rate = x.Rate
			}
		}
	}
	return rate
}

// Left returns what may still be used of the hard limits that count now, of all limits
// where none is hard: null where nothing bounds it, below zero where a limit is passed.
func (j Judgement) Left() decimal.NullDecimal {
	left := servicecoin.Undefined()
	isHard := false
	for _, c := range j.Counters {
		if !c.Counts || isHard && !c.Hard {
			continue
		}
		if !left.Valid || c.Hard && !isHard || c.Left.LessThan(left.Decimal) {
			left = servicecoin.Some(c.Left)
		}
		isHard = c.Hard
	}
	return left
}

// Follows returns what was declared for the limits that are passed, each once, in the
// order of the limits.
func (j Judgement) Follows() []Consequence {
	var list []Consequence
	seen := map[string]bool{}
	for _, c := range j.Counters {
		for _, x := range c.Follows {
			key := fmt.Sprintf("%s %s %s %s %s", x.Act, x.Price, x.Whom, plain(x.Rate), x.Note)
			if !seen[key] {
				seen[key] = true
				list = append(list, x)
			}
		}
	}
	return list
}

func plain(d decimal.NullDecimal) string {
	if !d.Valid {
		return ""
	}
	return metering.Plain(d.Decimal)
}

// Err returns an ErrRefused that names every limit in the way, nil if it is allowed.
func (j Judgement) Err() error {
	if j.Allowed {
		return nil
	}
	refused := &servicecoin.RefusedError{Subject: servicecoin.Key{Kind: EntitlementRecord, ID: string(j.Feature)}, Verb: VerbUse}
	if !j.Has {
		refused.Why = "the customer is not entitled to it at the time"
		return refused
	}
	var why []string
	for _, c := range j.Counters {
		if !c.refuses() {
			continue
		}
		where := "in the period"
		if c.Name != "" {
			where = "in " + c.Name
		}
		why = append(why, fmt.Sprintf("%s more would make %s %s, over the limit of %s", metering.Plain(j.Amount), metering.Plain(c.After), where, metering.Plain(c.Limit)))
	}
	refused.Why = strings.Join(why, "; ")
	return refused
}

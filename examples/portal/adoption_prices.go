package main

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// plannedByDefault is what a customer of the demonstration plans, until it says
// otherwise.
func plannedByDefault(id metering.MeterID) string {
	return map[metering.MeterID]string{"documents": "2000", "mailboxes": "50", "storage": "400", "db.hours": "730", "signin.people": "25"}[id]
}

// metersOf are the meters that an offering is charged by.
func metersOf(id servicecoin.OfferingID) []metering.MeterID {
	var list []metering.MeterID
	x := planOf(id)
	for _, ch := range x.charges {
		if ch.meter != "" {
			list = append(list, ch.meter)
		}
	}
	return list
}

// planned reads the usage that somebody plans, for the meters that the offerings
// are priced by.
func (p *portal) planned(r *http.Request, q url.Values, offerings []catalog.Offering, v *comparePage) (catalog.Planned, error) {
	planned := catalog.Planned{}
	var bad servicecoin.Violations
	var seen []metering.MeterID
	for _, o := range offerings {
		for _, id := range metersOf(o.ID) {
			if slices.Contains(seen, id) {
				continue
			}
			seen = append(seen, id)
			m, err := p.Meters().Get(r.Context(), id)
			if err != nil {
				return planned, err
			}
			text := cmp.Or(q.Get(string(id)), plannedByDefault(id))
			d, err := decimal.NewFromString(text)
			if err != nil || d.IsNegative() || d.GreaterThan(decimal.New(1, 12)) {
				bad.Add(m.Name, "bad-number", text, "must be a number from 0 to 1,000,000,000,000")
				d = number(plannedByDefault(id))
			}
			planned[string(id)] = d
			v.Planned = append(v.Planned, plannedMeter{Meter: m, Label: plannedLabel(m), Value: text})
		}
	}
	return planned, bad.Err()
}

// plannedLabel asks for a quantity, without saying its unit twice.
func plannedLabel(m metering.Meter) string {
	if strings.Contains(strings.ToLower(m.Name), strings.ToLower(m.Unit)) {
		return m.Name + " a month"
	}
	return m.Name + " a month, in " + m.Unit
}

// priceOf prices an offering by what is charged for it, at the price list of an
// instant.
func (p *portal) priceOf(ctx context.Context, at time.Time) catalog.PriceFunc {
	return func(o catalog.Offering, planned catalog.Planned) (catalog.Price, error) {
		charges, err := p.charges(ctx, o.ID, planned, at)
		if err != nil {
			return catalog.Price{}, err
		}
		return together(o.Name, charges)
	}
}

// together is what charges come to. A quantity that nobody planned leaves them
// without a price.
func together(name string, charges []plannedCharge) (catalog.Price, error) {
	out := catalog.Price{Trace: servicecoin.Trace{Label: name + ", a month"}}
	if len(charges) == 0 {
		out.Note = "ask us"
		return out, nil
	}
	for _, ch := range charges {
		if !ch.Charge.Amount.Defined() {
			return catalog.Price{Note: "nobody said how much of “" + ch.Name + "” is planned"}, nil
		}
		out.Trace.Parts = append(out.Trace.Parts, ch.Charge.Trace())
		if !out.Amount.Defined() {
			out.Amount = ch.Charge.Amount
			continue
		}
		var err error
		if out.Amount, err = money.Sum(out.Amount.Currency(), out.Amount, ch.Charge.Amount); err != nil {
			return out, err
		}
	}
	out.Trace.Value, out.Trace.Unit = servicecoin.Some(out.Amount.Decimal()), string(out.Amount.Currency())
	return out, nil
}

// plannedCharge is one charge of an offering at a planned usage.
type plannedCharge struct {
	Name   string
	Charge rating.Charge // no amount: nobody said how much is planned
	Unit   string
	How    string // the arithmetic, in words
	Says   string // the price, in words
}

// charges rates what is charged for an offering.
func (p *portal) charges(ctx context.Context, id servicecoin.OfferingID, planned catalog.Planned, at time.Time) ([]plannedCharge, error) {
	var list []plannedCharge
	x := planOf(id)
	for _, ch := range x.charges {
		v, err := p.Prices().At(ctx, ch.price, at)
		if err != nil {
			return nil, err
		}
		out := plannedCharge{Name: ch.name, Unit: v.Price.Unit, Says: v.Price.Says()}
		quantity, said := decimal.NewFromInt(1), true
		if ch.meter != "" {
			quantity, said = planned[string(ch.meter)]
		}
		if said {
			if out.Charge, err = rating.Rate(v.Price, quantity); err != nil {
				return nil, err
			}
			out.How = howPriced(out.Charge.Lines, v.Price.Currency)
		}
		list = append(list, out)
	}
	return list, nil
}

// pricesIn says what an offering costs, in words.
func (p *portal) pricesIn(ctx context.Context, id servicecoin.OfferingID) ([]string, error) {
	charges, err := p.charges(ctx, id, nil, p.store.Now())
	var list []string
	for _, ch := range charges {
		list = append(list, ch.Name+": "+ch.Says)
	}
	return list, err
}

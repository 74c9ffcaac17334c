package main

import (
	"net/http"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/problem"
)

// grantsPage is what a customer was given, and what is left of it.
type grantsPage struct {
	page

	Customer servicecoin.Customer
	Base     string
	Meters   []grantsOfMeter
	Choices  []tariffChoice // what can be given
	May      bool
}

// grantsOfMeter is what was given of one meter.
type grantsOfMeter struct {
	ID, Called, Unit string
	Left, Over       string
	Grants           []grantLine
	Trace            tracePart
}

func (p *portal) showGrants(w http.ResponseWriter, r *http.Request) error {
	return p.grantsAgain(w, r, "", nil, nil)
}

func (p *portal) grantsAgain(w http.ResponseWriter, r *http.Request, which string, f *form, problems error) error {
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	g, err := p.gauging(r, c)
	if err != nil {
		return err
	}
	base := customerPath(c.ID)
	v := grantsPage{page: p.page(r, "Amounts given", base+"/usage"), Customer: c.Customer, Base: base, May: viewer(r).is(manager)}
	if problems != nil {
		v.againIn(which, f, problems)
	}
	tell, err := p.teller(r)
	if err != nil {
		return err
	}
	grants, err := collect(p.Grants(c.Customer).List("").All(r.Context()))
	if err != nil {
		return err
	}
	var meters []metering.MeterID
	for _, k := range grants {
		if !slices.Contains(meters, k.Meter) {
			meters = append(meters, k.Meter)
		}
	}
	for _, id := range meters {
		x, err := g.grantsOf(&tell, id)
		if err != nil {
			return err
		}
		v.Meters = append(v.Meters, x)
	}
	if v.May {
		if v.Choices, err = p.grantable(r); err != nil {
			return err
		}
	}
	return p.render(w, r, "grants.html", problem.Status(problems), v)
}

// grantsOf is what was given of a meter, as it stands now.
func (g *gauging) grantsOf(tell *teller, id metering.MeterID) (grantsOfMeter, error) {
	m, err := g.Meters().Get(g.ctx, id)
	if err != nil {
		return grantsOfMeter{}, err
	}
	s, err := g.Grants(g.c.Customer).AsOf(g.ctx, id, g.now)
	if err != nil {
		return grantsOfMeter{}, err
	}
	x := grantsOfMeter{ID: string(id), Called: m.Name, Unit: m.Unit, Left: grouped(s.Closing.Balance())}
	if s.Closing.Overage.IsPositive() {
		x.Over = grouped(s.Closing.Overage)
	}
	if x.Grants, err = g.granted(id, &s.Closing); err != nil {
		return x, err
	}
	x.Trace, err = tell.of(g.ctx, s.Trace())
	return x, err
}

// grantable are the meters of which an amount can be given: those that add up.
func (p *portal) grantable(r *http.Request) ([]tariffChoice, error) {
	all, err := collect(p.Meters().List().All(r.Context()))
	var list []tariffChoice
	for _, m := range all {
		if b := (bench{meter: m}); b.adds() {
			list = append(list, tariffChoice{string(m.ID), m.Name + ", in " + m.Unit})
		}
	}
	return list, err
}

func (p *portal) giveGrant(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	again := func(err error) error { return p.grantsAgain(w, r, "give", f, err) }
	for _, name := range []string{"meter", "amount", "priority", "from", "until", "reason"} {
		f.at(name, name)
	}
	k := grant.Kept{Meter: metering.MeterID(f.text("meter")), Reason: f.text("reason")}
	amount := f.decimal("amount")
	if !amount.Valid && f.text("amount") == "" {
		f.bad.Add("amount", "required", "", "must be set")
	}
	k.Grant = grant.Grant{Amount: amount.Decimal, Priority: f.int("priority"), From: f.time("from", c.zone()), Until: f.time("until", c.zone())}
	if _, err := p.Meters().Get(r.Context(), k.Meter); err != nil {
		f.bad.Add("meter", "unknown", string(k.Meter), "is nothing that is counted")
	}
	if err := f.bad.Err(); err != nil {
		return again(err)
	}
	_, err = p.Grants(c.Customer).Give(r.Context(), viewer(r).actor(), k)
	return p.finish(w, r, f.err(err), confirmed(customerPath(c.ID, "grants"), "grant-given"), again)
}

// voidGrant takes an amount back, from now on.
func (p *portal) voidGrant(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	id := grant.ID(r.PathValue("grant"))
	if f.text("reason") == "" {
		f.bad.Add("reason", "required", "", "must say why")
		return p.grantsAgain(w, r, string(id), f, f.bad.Err())
	}
	_, err = p.Grants(c.Customer).Void(r.Context(), viewer(r).actor(), id, p.store.Now(), f.text("reason"))
	return p.finish(w, r, err, confirmed(customerPath(c.ID, "grants"), "grant-voided"), func(err error) error {
		return p.grantsAgain(w, r, string(id), f, err)
	})
}

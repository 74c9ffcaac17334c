package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/problem"
)

// shopArea is what can be had.
func (p *portal) shopArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/catalogue":           {ofCustomer, p.showCatalogue},
			"GET /customers/{customer}/catalogue/{service}": {ofCustomer, p.showCompare},
			"POST /customers/{customer}/orders":             {ofCustomer, p.placeOrder},
		},
		of: toCustomer("Catalogue", "catalogue"),
	}
}

type cataloguePage struct {
	page

	Customer servicecoin.Customer
	Base     string
	List     []catalogueLine
}

type catalogueLine struct {
	catalog.PublicService

	Offerings int
	Have      bool
}

// showCatalogue lists what can be had, in the customer's language.
func (p *portal) showCatalogue(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	list, err := p.services(ctx)
	if err != nil {
		return err
	}
	v := cataloguePage{page: p.page(r, "Catalogue", customerPath(c.ID, "catalogue")), Customer: c.Customer, Base: customerPath(c.ID)}
	have, err := p.has(r, c)
	if err != nil {
		return err
	}
	for _, s := range public(list) {
		offerings, err := collect(p.Catalog().Offerings(s.ID).All(ctx))
		if err != nil {
			return err
		}
		v.List = append(v.List, catalogueLine{PublicService: s.Public(c.Locale), Offerings: len(offerings), Have: have[s.ID] != ""})
	}
	return p.render(w, r, "catalogue.html", 0, v)
}

// has returns the subscription of each service that the customer has now.
func (p *portal) has(r *http.Request, c client) (map[servicecoin.ServiceID]servicecoin.SubscriptionID, error) {
	have := map[servicecoin.ServiceID]servicecoin.SubscriptionID{}
	for s, err := range p.Subscriptions(c.ID).List().All(r.Context()) {
		if err != nil {
			return nil, err
		}
		if s.State != catalog.SubscriptionDeparted && s.State != catalog.SubscriptionWithdrawn {
			have[s.Service] = s.ID
		}
	}
	return have, nil
}

// comparePage puts the offerings of a service side by side at a planned usage.
type comparePage struct {
	page

	Customer servicecoin.Customer
	Base     string
	Service  catalog.PublicService
	Planned  []plannedMeter
	Rows     []compareRow
	Rests    []servicecoin.ServiceID // what it rests on
	Names    namesByID
	Have     servicecoin.SubscriptionID
}

type plannedMeter struct {
	Meter       metering.Meter
	Value       string
	Placeholder string
}

type compareRow struct {
	catalog.Row

	Orderable string // "" if it takes orders, or why not
	Fields    []field
	Prices    []string // in words
}

func (p *portal) showCompare(w http.ResponseWriter, r *http.Request) error {
	return p.compare(w, r, r.URL.Query(), nil)
}

func (p *portal) compare(w http.ResponseWriter, r *http.Request, q url.Values, problems error) error {
	ctx := r.Context()
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	s, err := p.serviceFor(ctx, viewer(r), servicecoin.ServiceID(r.PathValue("service")))
	if err != nil {
		return err
	}
	v := comparePage{page: p.page(r, s.Name, customerPath(c.ID, "catalogue")), Customer: c.Customer, Base: customerPath(c.ID), Service: s.Public(c.Locale)}
	if v.Names, err = p.names(ctx); err != nil {
		return err
	}
	have, err := p.has(r, c)
	if err != nil {
		return err
	}
	v.Have = have[s.ID]
	offerings, err := collect(p.Catalog().Offerings(s.ID).All(ctx))
	if err != nil {
		return err
	}
	planned, bad := p.planned(r, q, offerings, &v)
	if problems = errors.Join(problems, bad); problems != nil {
		v.Problem, v.Problems = inWords(problems)
	}
	comparison, err := catalog.Compare(offerings, planned, p.priceOf(ctx))
	if err != nil {
		return err
	}
	for i, row := range comparison.Rows {
		o := offerings[i]
		x := compareRow{Row: row, Fields: fields(o.Parameters, q.Get)}
		if _, err := p.Catalog().Orderable(ctx, o.ID); err != nil {
			x.Orderable = problemText(err)
		}
		if x.Prices, err = p.pricesIn(r, o.ID); err != nil {
			return err
		}
		v.Rows = append(v.Rows, x)
	}
	graph, err := p.Catalog().Graph(ctx)
	if err != nil {
		return err
	}
	for _, hit := range graph.Reach(s.ID).Hard {
		switch _, err := p.serviceFor(ctx, viewer(r), hit.Service); {
		case err == nil:
			v.Rests = append(v.Rests, hit.Service)
		case !errors.Is(err, servicecoin.ErrNotFound):
			return err
		}
	}
	return p.render(w, r, "compare.html", problem.Status(problems), v)
}

// planned reads the usage that somebody plans, for the meters that the offerings
// are priced by.
func (p *portal) planned(r *http.Request, q url.Values, offerings []catalog.Offering, v *comparePage) (catalog.Planned, error) {
	defaults := map[metering.MeterID]string{"documents": "2000", "mailboxes": "50", "storage": "400", "db.hours": "730", "signin.people": "25"}
	planned := catalog.Planned{}
	var bad servicecoin.Violations
	var seen []metering.MeterID
	for _, o := range offerings {
		x, _ := planOf(o.ID)
		for _, ch := range x.charges {
			if ch.meter == "" || slices.Contains(seen, ch.meter) {
				continue
			}
			seen = append(seen, ch.meter)
			m, err := p.Meters().Get(r.Context(), ch.meter)
			if err != nil {
				return planned, err
			}
			text := q.Get(string(ch.meter))
			if text == "" {
				text = defaults[ch.meter]
			}
			d, err := decimal.NewFromString(text)
			if err != nil || d.IsNegative() || d.GreaterThan(decimal.New(1, 12)) {
				bad.Add(m.Name, "bad-number", text, "must be a number from 0 to 1,000,000,000,000")
				d = number(defaults[ch.meter])
			}
			planned[string(ch.meter)] = d
			v.Planned = append(v.Planned, plannedMeter{Meter: m, Value: text})
		}
	}
	return planned, bad.Err()
}

// priceOf prices an offering by what is charged for it.
func (p *portal) priceOf(ctx context.Context) catalog.PriceFunc {
	return func(o catalog.Offering, planned catalog.Planned) (catalog.Price, error) {
		x, ok := planOf(o.ID)
		if !ok || len(x.charges) == 0 {
			return catalog.Price{Note: "ask us"}, nil
		}
		out := catalog.Price{Trace: servicecoin.Trace{Label: o.Name + ", a month"}}
		for _, ch := range x.charges {
			v, err := p.Prices().At(ctx, ch.price, p.store.Now())
			if err != nil {
				return out, err
			}
			quantity := decimal.NewFromInt(1)
			if ch.meter != "" {
				quantity = planned[string(ch.meter)]
			}
			charge, err := rating.Rate(v.Price, quantity)
			if err != nil {
				return out, err
			}
			out.Trace.Parts = append(out.Trace.Parts, charge.TraceOf(string(ch.meter)))
			if !out.Amount.Defined() {
				out.Amount = charge.Amount
			} else if out.Amount, err = money.Sum(out.Amount.Currency(), out.Amount, charge.Amount); err != nil {
				return out, err
			}
		}
		out.Trace.Value, out.Trace.Unit = servicecoin.Some(out.Amount.Decimal()), string(out.Amount.Currency())
		return out, nil
	}
}

// pricesIn says what an offering costs, in words.
func (p *portal) pricesIn(r *http.Request, id servicecoin.OfferingID) ([]string, error) {
	var list []string
	x, _ := planOf(id)
	for _, ch := range x.charges {
		v, err := p.Prices().At(r.Context(), ch.price, p.store.Now())
		if err != nil {
			return nil, err
		}
		list = append(list, ch.name+": "+v.Price.Says())
	}
	return list, nil
}

// placeOrder orders an offering for the customer.
func (p *portal) placeOrder(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	offering, err := p.Catalog().Orderable(r.Context(), servicecoin.OfferingID(f.text("offering")))
	if errors.Is(err, servicecoin.ErrRefused) {
		r.SetPathValue("service", f.text("service"))
		return p.compare(w, r, f.r.PostForm, err)
	}
	if err != nil {
		return err
	}
	if _, err := p.serviceFor(r.Context(), viewer(r), offering.Service); err != nil {
		return err
	}
	request := catalog.Request{Note: f.text("note")}
	if request.Parameters, err = parameters(offering.Parameters, f.text); err != nil {
		return err
	}
	order, err := p.Orders(c.ID).Place(r.Context(), viewer(r).actor(), offering, request)
	if errors.Is(err, servicecoin.ErrInvalid) || errors.Is(err, servicecoin.ErrRefused) {
		r.SetPathValue("service", string(offering.Service))
		return p.compare(w, r, f.r.PostForm, err)
	}
	if err != nil {
		return err
	}
	p.happened(r.Context())
	seeOther(w, customerPath(c.ID, "orders", string(order.ID)))
	return nil
}

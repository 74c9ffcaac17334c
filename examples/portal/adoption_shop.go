package main

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/metering"
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
	Standing  standing
}

// standing is how a customer stands with a service, in words for whoever looks.
type standing struct {
	Words, Tone  string // "": it has none, and asked for none
	Path         string // of the subscription, or of the order while there is only that
	PathWords    string
	Subscription servicecoin.SubscriptionID
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
		v.List = append(v.List, catalogueLine{PublicService: s.Public(c.Locale), Offerings: len(offerings), Standing: have[s.ID]})
	}
	return p.render(w, r, "catalogue.html", 0, v)
}

// has returns how the customer stands with each service that it has or asked for. Of
// several subscriptions of a service one that is there counts more than one that is
// only asked for.
func (p *portal) has(r *http.Request, c client) (map[servicecoin.ServiceID]standing, error) {
	have, there := map[servicecoin.ServiceID]standing{}, map[servicecoin.ServiceID]bool{}
	for s, err := range p.Subscriptions(c.ID).List().All(r.Context()) {
		if err != nil {
			return nil, err
		}
		if s.State == catalog.SubscriptionDeparted || s.State == catalog.SubscriptionWithdrawn || there[s.Service] {
			continue
		}
		if have[s.Service], err = p.standingOf(r, c, s); err != nil {
			return nil, err
		}
		there[s.Service] = s.State != catalog.SubscriptionRequested
	}
	return have, nil
}

func (p *portal) standingOf(r *http.Request, c client, s catalog.Subscription) (standing, error) {
	x := standing{Subscription: s.ID, Path: customerPath(c.ID, "subscriptions", string(s.ID)), PathWords: "What there is, and how it goes", Tone: "warn"}
	switch s.State {
	case catalog.SubscriptionRequested:
		o, err := p.Orders(c.ID).Get(r.Context(), s.Order)
		if err != nil {
			return x, err
		}
		x.Words, x.Path, x.PathWords = orderWords(o.State), customerPath(c.ID, "orders", string(o.ID)), "The order"
	case catalog.SubscriptionActive:
		x.Tone, x.Words = "good", "You have it"
		if viewer(r).Provider() {
			x.Words = c.Name + " has it"
		}
	case catalog.SubscriptionSuspended:
		x.Words = "Suspended"
	case catalog.SubscriptionDeparting:
		x.Words = "Is being taken down"
		if !s.LeavesAt.IsZero() && p.store.Now().Before(s.LeavesAt) {
			x.Words = "Ends " + s.LeavesAt.In(c.zone()).Format("2 Jan 2006")
		}
	case catalog.SubscriptionDeparted, catalog.SubscriptionWithdrawn:
	}
	return x, nil
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
	Standing standing
	Posted   servicecoin.OfferingID // what was ordered and could not be
	Note     string                 // what was typed then
	BadPlan  bool                   // the planned usage cannot be read
}

type plannedMeter struct {
	Meter metering.Meter
	Label string
	Value string
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
	v.Standing = have[s.ID]
	offerings, err := collect(p.Catalog().Offerings(s.ID).All(ctx))
	if err != nil {
		return err
	}
	planned, bad := p.planned(r, q, offerings, &v)
	v.Posted, v.Note = servicecoin.OfferingID(q.Get("offering")), q.Get("note")
	v.BadPlan = bad != nil
	problems = allWrong(problems, bad)
	wrong := v.problems(problems, offerings)
	comparison, err := catalog.Compare(offerings, planned, p.priceOf(ctx, p.store.Now()))
	if err != nil {
		return err
	}
	for i, row := range comparison.Rows {
		o := offerings[i]
		filled := func(name string) string {
			if o.ID != v.Posted {
				return ""
			}
			return q.Get(name)
		}
		x := compareRow{Row: row, Fields: fields(o.Parameters, filled)}
		for i, f := range x.Fields {
			if o.ID == v.Posted {
				x.Fields[i].Wrong = wrong[f.Name]
			}
		}
		if _, err := p.Catalog().Orderable(ctx, o.ID); err != nil {
			x.Orderable = problemText(err)
		}
		if x.Prices, err = p.pricesIn(ctx, o.ID); err != nil {
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

// problems says what is wrong: at the top under the titles of the fields, and what
// belongs to a field of the offering that was ordered, by its name.
func (v *comparePage) problems(err error, offerings []catalog.Offering) map[string]string {
	wrong := map[string]string{}
	if err == nil {
		return wrong
	}
	var schema plainSchema
	for _, o := range offerings {
		if o.ID == v.Posted {
			schema = readSchema(o.Parameters)
		}
	}
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok {
		v.Problem, v.Problems = inWords(err)
		return wrong
	}
	var others servicecoin.Violations
	for _, x := range invalid.Violations {
		name, ours := strings.CutPrefix(x.Path, "parameters.")
		if !ours {
			others.Add(x.Path, x.Code, x.Value, x.Text)
			continue
		}
		if wrong[name] != "" {
			wrong[name] += ", and "
		}
		wrong[name] += x.Text
	}
	if others.Len() > 0 {
		_, v.Problems = inWords(others.Err())
	}
	v.Problem = "Please look at this again"
	for _, name := range sortedKeys(wrong) {
		v.Problems = append(v.Problems, schema.title(name)+": "+wrong[name])
	}
	return wrong
}

// allWrong says all that is wrong in one error, where both say what is.
func allWrong(a, b error) error {
	if !errors.Is(a, servicecoin.ErrInvalid) || !errors.Is(b, servicecoin.ErrInvalid) {
		return errors.Join(a, b)
	}
	var v servicecoin.Violations
	v.Merge("", a)
	v.Merge("", b)
	return v.Err()
}

// placeOrder orders an offering for the customer.
func (p *portal) placeOrder(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
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
	var bad error
	if request.Planned, bad = p.planned(r, f.r.PostForm, []catalog.Offering{offering}, &comparePage{}); bad != nil && !errors.Is(bad, servicecoin.ErrInvalid) {
		return bad
	}
	if bad != nil { // comparing says so, too
		r.SetPathValue("service", string(offering.Service))
		return p.compare(w, r, f.r.PostForm, nil)
	}
	if request.Parameters, err = parameters(offering.Parameters, f.text); err != nil {
		return err
	}
	order, err := p.Orders(c.ID).Place(r.Context(), viewer(r).actor(), offering, request)
	return p.finish(w, r, err, customerPath(c.ID, "orders", string(order.ID)), func(err error) error {
		r.SetPathValue("service", string(offering.Service))
		return p.compare(w, r, f.r.PostForm, err)
	})
}

package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/problem"
)

// ordersArea is what was asked for.
func (p *portal) ordersArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/orders":                 {ofCustomer, p.showOrders},
			"GET /customers/{customer}/orders/{order}":         {ofCustomer, p.showOrder},
			"POST /customers/{customer}/orders/{order}/{verb}": {ofCustomer, p.changeOrder},
		},
		of: toCustomer("Orders", "orders"),
		work: []chore{
			p.ordersIn(catalog.OrderRequested, "orders", "Orders to decide on", "Look at the price and the terms, then approve or reject."),
			p.ordersIn(catalog.OrderFailed, "failed-orders", "Orders that failed", "See what went wrong, then try again or call it off."),
		},
	}
}

// orderWords say where an order stands.
func orderWords(s catalog.OrderState) string {
	switch s {
	case catalog.OrderRequested:
		return "Ordered, waits for approval"
	case catalog.OrderApproved, catalog.OrderProvisioning:
		return "Ordered, is being set up"
	case catalog.OrderFulfilled, catalog.OrderFailed, catalog.OrderRejected, catalog.OrderCancelled:
	}
	return sentence(string(s))
}

type ordersPage struct {
	page

	Pages pager

	Customer servicecoin.Customer
	Base     string
	List     []orderRow
	Lead     catalog.LeadTimes
	Judged   int // orders whose lead time was kept or missed
	Names    namesByID
}

type orderRow struct {
	catalog.Order

	Lead  catalog.Lead
	Path  string
	Tone  string
	Words string // where it stands
}

func orderRowOf(o catalog.Order, c client, now time.Time) orderRow {
	return orderRow{o, o.Lead(now), customerPath(c.ID, "orders", string(o.ID)), orderTone(o.State), orderWords(o.State)}
}

func orderTone(s catalog.OrderState) string {
	switch s {
	case catalog.OrderFulfilled:
		return "good"
	case catalog.OrderFailed:
		return "bad"
	case catalog.OrderRequested, catalog.OrderApproved, catalog.OrderProvisioning:
		return "warn"
	case catalog.OrderRejected, catalog.OrderCancelled:
	}
	return "none"
}

func (p *portal) showOrders(w http.ResponseWriter, r *http.Request) error {
	ctx, now := r.Context(), p.store.Now()
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	v := ordersPage{page: p.page(r, "Orders", customerPath(c.ID, "orders")), Customer: c.Customer, Base: customerPath(c.ID)}
	if v.Names, err = p.names(ctx); err != nil {
		return err
	}
	all := p.Orders(c.ID).List()
	if wantsCSV(r) {
		return p.asCSV(w, r, string(c.ID)+"-orders.csv", []string{"id", "service", "offering", "state", "requestedAt", "requestedBy", "due", "fulfilledAt"}, rowsOfPages(r, all, func(o catalog.Order) [][]string {
			return [][]string{{string(o.ID), string(o.Service), o.Terms.Name, string(o.State), instant(o.RequestedAt), string(o.RequestedBy.ID), instant(o.Due), instant(o.FulfilledAt)}}
		}))
	}
	const most, judged = 25, 200
	page, ways, err := listed(r, all, most)
	if err != nil {
		return err
	}
	v.Pages = ways
	for _, item := range page.Items {
		v.List = append(v.List, orderRowOf(item.Value, c, now))
	}
	last, err := all.Page(ctx, "", judged) // lead times are those of the last ones
	if err != nil {
		return err
	}
	var list []catalog.Order
	for _, item := range last.Items {
		list = append(list, item.Value)
	}
	v.Lead = catalog.LeadTimesOf(list, now)
	v.Judged = v.Lead.Kept + v.Lead.Missed
	return p.render(w, r, "orders.html", 0, v)
}

type orderPage struct {
	page
	orderRow

	Customer   servicecoin.Customer
	Base       string
	Names      namesByID
	Parameters []groupLine
	Price      catalog.Price // a month, at the plan
	Charges    []plannedCharge
	Today      bool // at today's price list; else at that of the day when it was ordered
	MayApprove bool
	MayCancel  bool
	Waiting    string // for whom it waits, in words
	Again      int    // after so many seconds the page looks again; 0: it does not
	Moves      bool   // it would, had nobody asked it to stay
}

func (p *portal) showOrder(w http.ResponseWriter, r *http.Request) error { return p.order(w, r, nil) }

func (p *portal) order(w http.ResponseWriter, r *http.Request, problems error) error {
	ctx, who := r.Context(), viewer(r)
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	o, err := p.Orders(c.ID).Get(ctx, servicecoin.OrderID(r.PathValue("order")))
	if err != nil {
		return err
	}
	v := orderPage{
		page: p.page(r, o.Terms.Name, customerPath(c.ID, "orders")), Customer: c.Customer, Base: customerPath(c.ID), Parameters: parameterWords(o.Terms.Schema, o.Parameters),
		orderRow: orderRowOf(o, c, p.store.Now()), Today: o.State.Open(),
	}
	if problems != nil {
		v.Problem, v.Problems = inWords(problems)
	}
	if v.Names, err = p.names(ctx); err != nil {
		return err
	}
	mine := o.RequestedBy.ID == who.ID
	v.MayApprove = o.State == catalog.OrderRequested && !mine && (who.Role == manager || who.Role == owner)
	v.MayCancel = (o.State == catalog.OrderRequested || o.State == catalog.OrderApproved || o.State == catalog.OrderFailed) && who.Role != operator
	switch {
	case o.State == catalog.OrderRequested && mine:
		v.Waiting = "It waits for somebody else to approve it: the owner, or our service manager."
	case o.State == catalog.OrderRequested:
		v.Waiting = "It waits to be approved."
	case o.State == catalog.OrderApproved, o.State == catalog.OrderProvisioning:
		v.Waiting = "It is being set up."
	}
	if err := p.cost(ctx, &v); err != nil {
		return err
	}
	if v.again(r); v.Again > 0 {
		w.Header().Set("Refresh", strconv.Itoa(v.Again))
	}
	return p.render(w, r, "order.html", problem.Status(problems), v)
}

// cost says what the order comes to in a month, at the usage that was planned.
func (p *portal) cost(ctx context.Context, v *orderPage) (err error) {
	at := p.store.Now()
	if !v.Today {
		at = v.RequestedAt
	}
	if v.Charges, err = p.charges(ctx, v.Offering, v.Planned, at); err != nil {
		return err
	}
	v.Price, err = together(v.Terms.Name, v.Charges)
	return err
}

// again lets the page look again by itself while the machines are at work.
func (v *orderPage) again(r *http.Request) {
	v.Moves = (v.State == catalog.OrderApproved || v.State == catalog.OrderProvisioning) && v.Problem == ""
	v.Again = lookAgain(r, v.Moves, v.Now.Sub(v.ApprovedAt))
}

// lookAgain says after how many seconds a page looks again, 0 for never: often at
// first, and seldom once it takes long. A page stays as it is for whoever asks it
// to, for reading and for writing: what is being typed is not to be thrown away.
func lookAgain(r *http.Request, moves bool, since time.Duration) int {
	const soon, seldom, patient = 3, 30, 2 * time.Minute
	switch {
	case !moves || r.Method != http.MethodGet || r.URL.Query().Get("stay") != "":
		return 0
	case since > patient:
		return seldom
	}
	return soon
}

func (p *portal) changeOrder(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	ctx, by := r.Context(), viewer(r).actor()
	orders, id, reason := p.Orders(c.ID), servicecoin.OrderID(r.PathValue("order")), f.text("reason")
	switch r.PathValue("verb") {
	case "approve":
		_, err = orders.Approve(ctx, by, id, reason)
	case "reject":
		_, err = orders.Reject(ctx, by, id, reason)
	case "cancel":
		_, err = orders.Cancel(ctx, by, id, reason)
	case "retry":
		_, err = orders.Retry(ctx, by, id, reason)
	default:
		return noPage(r)
	}
	return p.finish(w, r, err, customerPath(c.ID, "orders", string(id)), func(err error) error { return p.order(w, r, err) })
}

// instant writes a time for programs, "" for none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

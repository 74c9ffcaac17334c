package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

type customersPage struct {
	page
	pager

	Search string
	List   []customerLine
}

type customerLine struct {
	client

	Path    string
	Orders  string // that wait
	Letters string // that wait
	Due     string // reports to correct
	Waits   bool   // anything does
}

const customersAtOnce = 25

// customersLike lists the customers whose name or id has a text in it.
func (p *portal) customersLike(text string) store.Listing[client] {
	all := p.host.clients().Find(store.All())
	if text = strings.ToLower(text); text == "" {
		return all
	}
	return all.Where(func(c client) bool {
		return strings.Contains(strings.ToLower(c.Name), text) || strings.Contains(strings.ToLower(string(c.ID)), text)
	})
}

// showCustomers lists whom the provider works for, with what waits for each. What a
// month came to stands on the customer's own page.
func (p *portal) showCustomers(w http.ResponseWriter, r *http.Request) error {
	v := customersPage{page: p.page(r, "Customers", "/customers"), Search: cut(r.URL.Query().Get("q"), 100)}
	if wantsCSV(r) {
		return p.asCSV(w, r, "customers.csv", []string{"id", "name", "zone", "currency"}, rowsOfPages(r, p.customersLike(v.Search), func(c client) [][]string {
			return [][]string{{string(c.ID), c.Name, c.Zone, c.Currency}}
		}))
	}
	page, ways, err := listed(r, p.customersLike(v.Search), customersAtOnce)
	if err != nil {
		return err
	}
	v.pager = ways
	for _, item := range page.Items {
		line, err := p.customerLine(r.Context(), item.Value)
		if err != nil {
			return err
		}
		v.List = append(v.List, line)
	}
	return p.render(w, r, "customers.html", 0, v)
}

func (p *portal) customerLine(ctx context.Context, c client) (customerLine, error) {
	line := customerLine{client: c, Path: customerPath(c.ID)}
	var err error
	if line.Orders, err = counted(ctx, p.Orders(c.ID).InState(catalog.OrderRequested), "order"); err != nil {
		return line, err
	}
	if line.Letters, err = counted(ctx, p.Letters(c.ID).Drafts(), "letter"); err != nil {
		return line, err
	}
	line.Due, err = counted(ctx, p.Keeper(c.ID).Due().Where(func(m sla.MonthRecord) bool { return m.Edition > 0 }), "report")
	line.Waits = line.Orders+line.Letters+line.Due != ""
	return line, err
}

// counted counts a listing, up to what anybody wants to know: "" for none.
func counted[T any](ctx context.Context, l store.Listing[T], what string) (string, error) {
	const most = 50
	page, err := l.Page(ctx, "", most)
	switch {
	case err != nil || len(page.Items) == 0:
		return "", err
	case page.Next != "":
		return "more than " + plural(len(page.Items), what), nil
	}
	return plural(len(page.Items), what), nil
}

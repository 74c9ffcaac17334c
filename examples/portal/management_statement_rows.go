package main

import (
	"net/http"
	"net/url"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/cost"
)

// rowsPage is the evidence of costs that are passed on: the rows of another
// provider's bill, in pages.
type rowsPage struct {
	page
	monthly

	Service string
	Rows    []cost.Row
	First   string // the path of the first page; "": this is it
	Next    string // that of the next one; "": there is none
}

// rowsInATrace are how many rows an explanation has in it; more have a page of their
// own.
const rowsInATrace = 25

func (p *portal) showRows(w http.ResponseWriter, r *http.Request) error {
	const most = 50
	m, c, err := p.monthly(r, "statement", "rows")
	if err != nil {
		return err
	}
	q := r.URL.Query()
	id := servicecoin.ServiceID(q.Get("service"))
	names, err := p.names(r.Context())
	if err != nil {
		return err
	}
	listed, err := p.Statements(c.Customer).Rows(m.Month, id).Page(r.Context(), q.Get("after"), most)
	if err != nil {
		return err
	}
	v := rowsPage{page: p.page(r, "Costs passed on in "+monthWords(m.Month), customerPath(c.ID, "statement")), monthly: m, Service: "all services"}
	if id != "" {
		v.Service = names.Of(id)
	}
	for _, x := range listed.Items {
		v.Rows = append(v.Rows, x.Value)
	}
	here := rowsPath(m, id)
	if q.Get("after") != "" {
		v.First = here
	}
	if listed.Next != "" {
		v.Next = here + "&after=" + url.QueryEscape(listed.Next)
	}
	return p.render(w, r, "rows.html", 0, v)
}

// rowsPath leads to the rows of a service in a month.
func rowsPath(m monthly, id servicecoin.ServiceID) string {
	return m.Base + "/statement/rows?month=" + m.Month.String() + "&service=" + url.QueryEscape(string(id))
}

package main

import (
	"context"
	"net/http"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/operations/capacity"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

const capacityPath = "/capacity"

// capacityArea is where more was used than was planned for.
func (p *portal) capacityArea() area {
	return area{
		pages: map[string]route{
			"GET /capacity":                       {providers, p.showCapacity},
			"POST /capacity/{demand}/acknowledge": {providers, p.answerDemand},
			"POST /capacity/{demand}/close":       {providers, p.answerDemand},
		},
		work: []chore{p.demandsThatWait()},
		done: map[string]string{"capacity-acknowledge": "You look at it.", "capacity-close": "It is closed."},
	}
}

// capacityPage lists what passed what was planned.
type capacityPage struct {
	page

	List   []demandRow
	States []useChoice
	Pages  pager
}

// demandRow is one of them.
type demandRow struct {
	ID, What, Whose, Service string
	Path                     string // of the limit
	Words                    string
	Note                     string
	State, Tone              string
	Since                    time.Time
	Open                     bool // somebody has to look at it
	Live                     bool // it can be closed
	Said                     []saidLine
	Trace                    tracePart
}

// saidLine is what somebody has said of it.
type saidLine struct {
	At       time.Time
	By       servicecoin.Actor
	To, Note string
}

func demandTone(s capacity.State) string {
	switch s {
	case capacity.Open:
		return "bad"
	case capacity.Acknowledged:
		return "warn"
	case capacity.Closed:
		return "good"
	}
	return "none"
}

func (p *portal) showCapacity(w http.ResponseWriter, r *http.Request) error {
	return p.capacityAgain(w, r, "", nil, nil)
}

func (p *portal) capacityAgain(w http.ResponseWriter, r *http.Request, which string, f *form, problems error) error {
	const most = 25
	v := capacityPage{page: p.page(r, "Capacity", capacityPath)}
	if problems != nil {
		v.againIn(which, f, problems)
	}
	state := capacity.State(r.URL.Query().Get("state"))
	list := p.Capacity().Demands().All()
	switch state {
	case "":
		list = list.Where(func(d capacity.Demand) bool { return d.State != capacity.Closed })
	case capacity.Open, capacity.Acknowledged, capacity.Closed:
		list = p.Capacity().Demands().In(state)
	default:
		var bad servicecoin.Violations
		bad.Add("state", "unknown", string(state), "must be open, acknowledged or closed")
		return bad.Err()
	}
	v.States = []useChoice{
		{"to be looked at", capacityPath, state == ""},
		{"open", capacityPath + "?state=open", state == capacity.Open},
		{"acknowledged", capacityPath + "?state=acknowledged", state == capacity.Acknowledged},
		{"closed", capacityPath + "?state=closed", state == capacity.Closed},
	}
	if wantsCSV(r) {
		return p.asCSV(w, r, "capacity.csv", []string{"feature", "meter", "customer", "windows", "unit", "limit", "used", "state", "raised"}, rowsOfPages(r, list, func(d capacity.Demand) [][]string {
			since, _ := d.Raised()
			return [][]string{{d.Feature, d.Meter, string(d.Customer), d.Windows, d.Unit, plainOf(d.Limit), plainOf(d.Used), string(d.State), instantText(since)}}
		}))
	}
	page, ways, err := listed(r, list, most)
	if err != nil {
		return err
	}
	v.Pages = ways
	names, err := p.names(r.Context())
	if err != nil {
		return err
	}
	tell, err := p.teller(r)
	if err != nil {
		return err
	}
	customers := p.customerNames(r.Context())
	for _, item := range page.Items {
		row, err := p.demandRow(r.Context(), &tell, names, customers, item.Value)
		if err != nil {
			return err
		}
		v.List = append(v.List, row)
	}
	return p.render(w, r, "capacity.html", problem.Status(problems), v)
}

// demandRow says what passed what was planned.
func (p *portal) demandRow(ctx context.Context, tell *teller, names namesByID, customers func(servicecoin.CustomerID) string, d capacity.Demand) (demandRow, error) {
	row := demandRow{ID: string(d.ID), What: d.Meter, State: string(d.State), Tone: demandTone(d.State), Note: d.Note, Open: d.State == capacity.Open, Live: d.State != capacity.Closed, Whose: "several customers, or one that is gone"}
	if m, err := p.Meters().Get(ctx, metering.MeterID(d.Meter)); err == nil {
		row.What = m.Name
	}
	if d.Customer != "" {
		row.Whose = customers(d.Customer)
		if d.Feature != "" {
			row.Path = customerPath(d.Customer, "limits", d.Feature)
			row.What = limitName(entitle.FeatureID(d.Feature))
		}
	}
	if d.Service != "" {
		row.Service = names.Of(d.Service)
	}
	row.Words = demandWords(d)
	for _, e := range d.History {
		row.Said = append(row.Said, saidLine{e.At, e.By, string(e.To), e.Text})
	}
	row.Since, _ = d.Raised()
	var err error
	row.Trace, err = tell.of(ctx, d.Trace())
	return row, err
}

// demandWords say how much more there was than was planned.
func demandWords(d capacity.Demand) string {
	text := "How much was used is not known"
	if d.Used.Valid {
		text = grouped(d.Used.Decimal) + " " + d.Unit + " used"
		if d.Limit.Valid {
			text += " of " + grouped(d.Limit.Decimal)
		}
	}
	if d.Windows != "" {
		text += ", in " + d.Windows
	}
	if d.Forecast.Valid {
		text += "; expected by the end of the period: " + grouped(d.Forecast.Decimal.Round(0))
	}
	return text
}

// answerDemand says that somebody looks at it, or what came of it: the last part of the
// path is which.
func (p *portal) answerDemand(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	id, verb, by := capacity.DemandID(r.PathValue("demand")), "acknowledge", viewer(r).actor()
	demands := p.Capacity().Demands()
	f.at("note", "note")
	if r.URL.Path == capacityPath+"/"+string(id)+"/close" {
		verb = "close"
		if f.text("note") == "" {
			f.bad.Add("note", "required", "", "must say what came of it")
			return p.capacityAgain(w, r, string(id), f, f.bad.Err())
		}
		_, err = demands.Close(r.Context(), by, id, f.text("note"))
	} else {
		_, err = demands.Acknowledge(r.Context(), by, id, f.text("note"))
	}
	return p.finish(w, r, err, confirmed(capacityPath, "capacity-"+verb), func(err error) error { return p.capacityAgain(w, r, string(id), f, err) })
}

// demandsThatWait are those that nobody looks at yet.
func (p *portal) demandsThatWait() chore {
	return chore{
		name: "capacity", title: "More used than was planned", about: "See whether more is needed, and say what comes of it.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			customers := p.customerNames(ctx)
			return paged(ctx, p.Capacity().Demands().In(capacity.Open), after, limit, func(item store.Item[capacity.Demand]) (task, error) {
				d := item.Value
				since, _ := d.Raised()
				t := task{Customer: d.Customer, ID: string(d.ID), What: limitName(entitle.FeatureID(d.Feature)), More: demandWords(d), Path: capacityPath + "#d-" + pageID(string(d.ID)), Since: since}
				if d.Customer != "" {
					t.Whose = customers(d.Customer)
				}
				return t, nil
			})
		},
		verb: "I look at those ticked",
		do: func(ctx context.Context, by person, t task) error {
			_, err := p.Capacity().Demands().Acknowledge(ctx, by.actor(), capacity.DemandID(t.ID), "")
			return err
		},
	}
}

// plainOf is a number for a file, "" for none.
func plainOf(d decimal.NullDecimal) string {
	if !d.Valid {
		return ""
	}
	return metering.Plain(d.Decimal)
}

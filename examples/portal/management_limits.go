package main

import (
	"net/http"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/problem"
)

// limitsArea is what a customer may use, and what happens beyond it. Its pages are led to
// from what was used.
func (p *portal) limitsArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/limits":                {ofCustomer, p.showLimits},
			"GET /customers/{customer}/limits/{feature}":      {ofCustomer, p.showLimit},
			"GET /customers/{customer}/limits-set":            {providers, p.showSetLimit},
			"POST /customers/{customer}/limits-set":           {providers, p.setLimit},
			"POST /customers/{customer}/limits/{feature}/end": {providers, p.endLimit},
			"GET /customers/{customer}/grants":                {ofCustomer, p.showGrants},
			"POST /customers/{customer}/grants":               {providers, p.giveGrant},
			"POST /customers/{customer}/grants/{grant}/void":  {providers, p.voidGrant},
		},
		done: map[string]string{
			"limit-set": "It is set.", "limit-ended": "It ends then.", "grant-given": "It is given.", "grant-voided": "It is taken back: what is left of it counts no more.",
		},
	}
}

// limitsPage is how all limits of a customer stand.
type limitsPage struct {
	page

	Customer servicecoin.Customer
	Base     string
	Gauges   []gauge
	Told     []toldLine
	May      bool // set and end them
}

func (p *portal) showLimits(w http.ResponseWriter, r *http.Request) error {
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	base := customerPath(c.ID)
	v := limitsPage{page: p.page(r, "Limits", base+"/usage"), Customer: c.Customer, Base: base, May: viewer(r).is(manager)}
	if v.Gauges, err = p.gauges(r, c); err != nil {
		return err
	}
	g, err := p.gauging(r, c)
	if err != nil {
		return err
	}
	if v.Told, err = g.toldLines(""); err != nil {
		return err
	}
	return p.render(w, r, "limits.html", 0, v)
}

// limitPage is one entitlement: how it stands, why, and what was before.
type limitPage struct {
	page

	Customer servicecoin.Customer
	Base     string
	Here     string
	Gauge    gauge
	Meter    metering.MeterID
	Trace    tracePart
	Versions []versionLine
	Told     []toldLine
	May      bool
	Ends     time.Time // when it ends; zero: it goes on
}

// versionLine is what held for a time.
type versionLine struct {
	From, Until time.Time
	Says        []string
	By          servicecoin.Actor
	At          time.Time
	Holds       bool
}

// toldLine is something that was told.
type toldLine struct {
	At       time.Time
	Called   string // of what; "": of what the page is about
	Words    string
	Exceeded bool
	Follows  []string
	To       []servicecoin.PersonID // who was told; none: it stands here
	Note     string
}

func (p *portal) showLimit(w http.ResponseWriter, r *http.Request) error {
	return p.limit(w, r, nil, nil)
}

func (p *portal) limit(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	id := entitle.FeatureID(r.PathValue("feature"))
	g, err := p.gauging(r, c)
	if err != nil {
		return err
	}
	s, x, err := g.entitlement(id)
	if err != nil {
		return err
	}
	if s.Kept.Feature == "" {
		return noPage(r)
	}
	base := customerPath(c.ID)
	v := limitPage{page: p.page(r, x.Called, base+"/usage"), Customer: c.Customer, Base: base, Here: x.Path, Gauge: x, Meter: s.Kept.Meter, Ends: s.Kept.Until, May: viewer(r).is(manager)}
	if problems != nil {
		v.again(f, problems)
	}
	tell, err := p.teller(r)
	if err != nil {
		return err
	}
	v.Gauge.Path = "" // it is this page
	if v.Trace, err = tell.of(r.Context(), s.Trace()); err != nil {
		return err
	}
	versions, err := collect(g.noun.List(id).All(r.Context()))
	if err != nil {
		return err
	}
	for _, k := range slices.Backward(versions) {
		line, err := g.versionLine(k)
		if err != nil {
			return err
		}
		v.Versions = append(v.Versions, line)
	}
	if v.Told, err = g.toldLines(id); err != nil {
		return err
	}
	return p.render(w, r, "limit.html", problem.Status(problems), v)
}

// versionLine says what held.
func (g *gauging) versionLine(k entitle.Kept) (versionLine, error) {
	line := versionLine{From: k.From, Until: k.Until, By: k.SetBy, At: k.SetAt, Holds: k.Holds(g.now)}
	switch k.Kind {
	case entitle.Boolean:
		line.Says = []string{"included"}
		return line, nil
	case entitle.Static:
		line.Says = []string{k.Value}
		return line, nil
	case entitle.Metered:
	}
	m, err := g.Meters().Get(g.ctx, k.Meter)
	if err != nil {
		return line, err
	}
	each := " a bill's period"
	if k.Every != "" {
		each = " a " + string(k.Every)
	}
	limit := "as much as was given"
	if k.Limit.Valid {
		limit = grouped(k.Limit.Decimal) + " " + m.Unit + each
	}
	line.Says = []string{limit}
	follows, err := g.consequences(k.Exceeding, m.Unit, g.noun.Customer())
	if err != nil {
		return line, err
	}
	line.Says = append(line.Says, "beyond it "+listWords(follows))
	for _, c := range k.Critical {
		follows, err := g.consequences(c.Exceeding, m.Unit, g.noun.Customer())
		if err != nil {
			return line, err
		}
		line.Says = append(line.Says, "in "+c.Name+" "+grouped(c.Limit)+" "+m.Unit+"; beyond it "+listWords(follows))
	}
	return line, nil
}

// toldLines are what was told last of a feature, of all for "", and to whom.
func (g *gauging) toldLines(id entitle.FeatureID) ([]toldLine, error) {
	const most = 50
	page, err := g.noun.Tellings(id).Page(g.ctx, "", most)
	if err != nil {
		return nil, err
	}
	given := map[string]entitle.Notice{}
	notices, err := g.noun.Notices().Page(g.ctx, "", 2*most)
	if err != nil {
		return nil, err
	}
	for _, item := range notices.Items {
		given[item.Value.ID] = item.Value
	}
	var list []toldLine
	for _, item := range page.Items {
		t := item.Value
		line := toldLine{At: t.ToldAt, Words: toldWords(t), Exceeded: t.Exceeded(), To: given[t.ID].To, Note: given[t.ID].Note}
		if id == "" {
			line.Called = limitName(t.Feature)
		}
		if line.Exceeded {
			if line.Follows, err = g.consequences(t.Follows, t.Unit, g.noun.Customer()); err != nil {
				return nil, err
			}
		}
		list = append(list, line)
	}
	return list, nil
}

// toldWords say what was told.
func toldWords(t entitle.Told) string {
	where := ""
	if t.Critical != "" {
		where = " in " + t.Critical
	}
	if t.Exceeded() {
		return "The limit" + where + " is passed: " + grouped(t.Figure) + " of " + grouped(t.Line) + " " + t.Unit
	}
	figure := grouped(t.Figure.Round(1)) + " %"
	if t.Forecast != nil {
		return "It is expected to come to " + figure + " of the limit" + where
	}
	if t.Counter.Limit.IsPositive() && t.Figure.Equal(t.Counter.Used.Decimal) {
		figure = grouped(t.Figure) + " " + t.Unit
		return figure + " are used" + where
	}
	return figure + " of the limit" + where + " is used"
}

package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/adoptionroom"
	"github.com/servicecoin/servicecoin/coin/catalogroom"
	"github.com/servicecoin/servicecoin/coin/costroom"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/incidentroom"
	"github.com/servicecoin/servicecoin/coin/meteringroom"
	"github.com/servicecoin/servicecoin/coin/slaroom"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// coinArea is the first page of a customer.
func (p *portal) coinArea() area {
	return area{
		pages: map[string]route{"GET /customers/{customer}": {ofCustomer, p.showCoin}},
		of:    toCustomer("Services"),
	}
}

// coinPage is the first screen: one customer, one month, one row for each
// service, the three sides beside each other.
type coinPage struct {
	page
	monthly

	Spin      exchange.Spin
	Statement costroom.Statement
	Rows      []coinRow
	Tone      string
	Placed    int  // orders that wait for somebody of the customer
	Money     bool // what it costs is shown
	Picture   coinPicture
	Told      noticeHint // of maintenance
	Gauges    []gauge    // how limits stand, while the month goes on: quotas stand at their services
}

type coinRow struct {
	exchange.Row

	Held    catalogroom.Held
	Charged costroom.Charged
	Run     incidentroom.Run
	Used    meteringroom.Used
	Came    adoptionroom.Came

	Promises  []promiseWords
	Incidents []incidentLine // the last ones
	Happened  int            // how many there were
	Usage     []usageWords
	Blocked   bool
	Score     string
	Path      string // of the subscription
	Active    string // the meter that counts who uses it
}

type promiseWords struct {
	slaroom.Promised

	Tone, Words string
}

type usageWords struct {
	meteringroom.Quantity

	Value, Limit string
	Share        int // of the quota, 0 to 100; -1: there is none
	Over         bool
}

// monthly is what pages of one customer's month have in common.
type monthly struct {
	Customer  servicecoin.Customer
	Base      string // the path of the customer's pages
	Here      string // the path of this page, without the month
	Month     calendar.Month
	Previous  calendar.Month // zero: nothing is known of it
	Following calendar.Month // zero: the month is not over
	Over      bool
	Account   money.Currency // of the statement, "" for the one in which the customer is charged now
}

// asked says the month and the account.
func (m monthly) asked() url.Values {
	q := url.Values{"month": {m.Month.String()}}
	if m.Account != "" {
		q.Set("account", string(m.Account))
	}
	return q
}

// Asked says them in a path.
func (m monthly) Asked() string { return "?" + m.asked().Encode() }

// Before is the month before, whether anything is known of it or not.
func (m monthly) Before() calendar.Month { return m.Month.Previous() }

func (p *portal) monthly(r *http.Request, parts ...string) (monthly, client, error) {
	c, err := p.customer(r)
	if err != nil {
		return monthly{}, c, err
	}
	m := monthly{Customer: c.Customer, Base: customerPath(c.ID), Here: customerPath(c.ID, parts...), Account: money.Currency(r.URL.Query().Get("account"))}
	if m.Month, err = p.month(c, r.URL.Query().Get("month")); err != nil {
		return m, c, err
	}
	first, err := p.known(r.Context(), c)
	if err != nil {
		return m, c, err
	}
	if !first.IsZero() && first.Compare(m.Month) < 0 {
		m.Previous = m.Month.Previous()
	}
	m.Over = !p.store.Now().Before(m.Month.In(c.zone()).End)
	if m.Over {
		m.Following = m.Month.Next()
	}
	return m, c, nil
}

func (p *portal) showCoin(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	m, c, err := p.monthly(r)
	if err != nil {
		return err
	}
	v := coinPage{page: p.page(r, c.Name, m.Here), monthly: m}
	v.Money = viewer(r).MayPay()
	if v.Spin, err = p.Spin(ctx, c.ID, m.Month); err != nil {
		return err
	}
	if !viewer(r).Provider() { // what waits on the provider's desk is the provider's own affair
		v.Spin.Balance = slices.DeleteFunc(v.Spin.Balance, func(x exchange.Imbalance) bool { return x.Code == incidentroom.Stale })
	}
	v.Tone, v.Statement = toneOf(v.Spin), exchange.Of[costroom.Statement](v.Spin.Whole)
	for _, row := range v.Spin.Rows {
		v.Rows = append(v.Rows, p.coinRow(row, m, viewer(r)))
	}
	v.Picture = v.picture(toldIn(&v))
	waiting, err := p.Orders(c.ID).InState(catalog.OrderRequested).Page(ctx, "", store.MaxPage)
	if err != nil {
		return err
	}
	v.Placed = len(waiting.Items)
	if v.Told, err = p.noticeHint(ctx, c.ID); err != nil {
		return err
	}
	if !m.Over {
		if v.Gauges, err = p.gauges(r, c); err != nil {
			return err
		}
		v.Gauges = slices.DeleteFunc(v.Gauges, func(x gauge) bool { return x.Share < 0 || x.Quota && x.Tone == "good" })
	}
	return p.render(w, r, "coin.html", 0, v)
}

func toneOf(s exchange.Spin) string {
	switch {
	case len(s.Balance) > 0:
		return "warn"
	case len(s.Rows) == 0:
		return "none"
	}
	return "good"
}

func (p *portal) coinRow(row exchange.Row, m monthly, who person) coinRow {
	out := coinRow{
		Row: row, Active: string(active(row.Service)),
		Held: exchange.Of[catalogroom.Held](row.Parts), Charged: exchange.Of[costroom.Charged](row.Parts), Run: exchange.Of[incidentroom.Run](row.Parts),
		Used: exchange.Of[meteringroom.Used](row.Parts), Came: exchange.Of[adoptionroom.Came](row.Parts),
	}
	for _, x := range exchange.Of[slaroom.Kept](row.Parts).Promises {
		w := promiseWords{Promised: x}
		w.Tone, w.Words = verdictOf(x.Verdict, x.Said)
		out.Promises = append(out.Promises, w)
	}
	const most = 5
	out.Happened = len(out.Run.Incidents)
	for _, h := range out.Run.Incidents[max(0, out.Happened-most):] {
		line := incidentLine{ID: h.Incident, Level: h.Level, Title: h.Headline, From: h.From, Path: incidentPath(who, string(h.Incident))}
		if line.Title == "" {
			line.Title = "An incident"
		}
		until := h.Until
		if until.IsZero() {
			until = p.store.Now()
		}
		line.Lasts = between(h.From, until)
		out.Incidents = append(out.Incidents, line)
	}
	for _, u := range out.Used.Usage {
		out.Usage = append(out.Usage, usageIn(u))
	}
	if o := out.Came.Onboarding; o != nil && o.State == adoption.Running {
		for _, point := range o.Points {
			for _, item := range point.Items {
				out.Blocked = out.Blocked || point.Next && item.Force == adoption.Blocking && item.Status.Unmet()
			}
		}
	}
	if x := out.Came.Satisfaction; x != nil {
		out.Score = scoreWords(*x)
	}
	if len(out.Held.Imprint) > 0 {
		out.Path = m.Base + "/subscriptions/" + url.PathEscape(string(out.Held.Imprint[0].Subscription))
	}
	return out
}

// verdictOf gives a verdict its tone and its words.
func verdictOf(v sla.Verdict, said string) (tone, words string) {
	tone = map[sla.Verdict]string{sla.Kept: "good", sla.OnCourse: "good", sla.AtRisk: "warn", sla.Broken: "bad", sla.Unknown: "none"}[v]
	return tone, strings.ToUpper(said[:1]) + said[1:]
}

func usageIn(u meteringroom.Quantity) usageWords {
	w := usageWords{Quantity: u, Value: "unknown", Share: -1}
	if u.Usage.Value.Valid {
		w.Value = grouped(u.Usage.Value.Decimal)
	}
	for _, q := range u.Quotas {
		w.Limit, w.Share = grouped(q.Quota.Limit), 0
		if q.Used.Valid && q.Quota.Limit.IsPositive() {
			w.Over = q.Used.Decimal.GreaterThan(q.Quota.Limit)
			w.Share = int(min(q.Used.Decimal.Shift(2).DivRound(q.Quota.Limit, 0).IntPart(), 100))
		}
	}
	return w
}

// scoreWords says what a survey says, with how many said it.
func scoreWords(x adoption.Score) string {
	switch {
	case x.N == 0:
		return "nobody has answered yet"
	case x.TooFew:
		return plural(x.N, "answer") + ", too few to say"
	case x.Interval == nil:
		return percent(x.Value) + " of " + plural(x.N, "answer")
	}
	return percent(x.Rounded(0)) + " satisfied, " + plural(x.N, "answer") + " (" + intervalWords(*x.Interval) + ")"
}

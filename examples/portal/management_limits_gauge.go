package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
)

// gauge is how a limit stands: what is used of it, what is expected, and what follows.
type gauge struct {
	ID, Called, Service string
	Path                string // of its page; "": it has none
	Events              string // the way to the events behind what is used
	Unit                string
	Quota               bool   // it came with a subscription, and has no page
	Says                string // of what is not counted: "included", "gold"

	Used, Limit string
	Share       int // of the limit, 0 to 100; -1: nothing is counted
	Expected    int // of the limit by the end of the period, 0 to 100; -1: not known
	Tone, Word  string
	Until       time.Time // the end of the period
	Forecast    string    // what is expected by then, in words
	Follows     []string  // what happens at the limit
	Now         string    // what happens now that it is passed

	Critical   []criticalGauge
	Thresholds []thresholdLine
	Grants     []grantLine
}

// criticalGauge is how a limit inside of critical windows stands.
type criticalGauge struct {
	Name, Used, Limit string
	Share             int
	Tone, Word        string
	Open              bool
	Until             time.Time         // of one that is open
	Next              calendar.Interval // of one that is not; empty: none is in sight
	Follows           []string
}

// thresholdLine is a figure at which somebody is told, and when that was.
type thresholdLine struct {
	Words string
	Told  time.Time // zero: not in this period
}

// grantLine is an amount that was given.
type grantLine struct {
	ID, Amount, Left string
	Share            int
	From, Until      time.Time // zero Until: it does not lapse
	Priority         int
	Reason           string
	Again            string // how often it comes again
	State, Tone      string
	Soon             bool   // it lapses soon, with something left
	Void             string // the path of the form that takes it back; "": it cannot be
}

// How near a limit is near, in percent; and how soon a lapse is soon.
const (
	nearLimit = 80
	soonLapse = 14 * day
)

// gauges are those of a customer, as of now: what it is entitled to, and its quotas.
func (p *portal) gauges(r *http.Request, c client) ([]gauge, error) {
	g, err := p.gauging(r, c)
	if err != nil {
		return nil, err
	}
	var list []gauge
	holding, err := collect(g.noun.Holding(g.now).All(g.ctx))
	if err != nil {
		return nil, err
	}
	for _, k := range holding {
		_, x, err := g.entitlement(k.Feature)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	slices.SortStableFunc(list, func(a, b gauge) int { return compareFold(a.Called, b.Called) })
	quotas, err := g.quotas()
	return append(list, quotas...), err
}

// gauging makes gauges of one customer for one reader.
type gauging struct {
	*portal

	ctx   context.Context //nolint:containedctx // of the one request that it is for
	c     client
	who   person
	now   time.Time
	names namesByID
	noun  *entitle.Entitlements
}

func (p *portal) gauging(r *http.Request, c client) (*gauging, error) {
	names, err := p.names(r.Context())
	return &gauging{portal: p, ctx: r.Context(), c: c, who: viewer(r), now: p.store.Now(), names: names, noun: p.Entitlements(c.Customer)}, err
}

// entitlement is how one stands now, and its gauge.
func (g *gauging) entitlement(id entitle.FeatureID) (entitle.Standing, gauge, error) {
	s, err := g.noun.Standing(g.ctx, id, decimal.Zero, g.now)
	if err != nil {
		return s, gauge{}, err
	}
	k := s.Kept
	x := gauge{ID: string(id), Called: limitName(id), Path: customerPath(g.c.ID, "limits", string(id)), Unit: s.Unit, Share: -1, Expected: -1, Tone: "none"}
	if k.Service != "" {
		x.Service = g.names.Of(k.Service)
	}
	if k.Kind != entitle.Metered || !s.Judgement.Has {
		x.Says, x.Word, x.Tone = "included", "included", "good"
		switch {
		case !s.Judgement.Has:
			x.Says, x.Word, x.Tone = "not included now", "not included", "none"
		case k.Kind == entitle.Static:
			x.Says = k.Value
		}
		return s, x, nil
	}
	x.Until = s.Facts.Period.End
	x.Events = eventsPath(monthly{Customer: g.c.Customer, Month: calendar.MonthOf(g.now, g.c.zone())}, k.Meter, s.Facts.Period, "", "")
	total := s.Judgement.Counters[0]
	x.weigh(total.Used, total.Limit)
	if x.Follows, err = g.consequences(k.Exceeding, s.Unit, g.noun.Customer()); err != nil {
		return s, x, err
	}
	if total.Exceeds {
		x.Now = strings.Join(x.Follows, "; ")
	}
	if k.Limit.Valid {
		f, err := g.noun.Forecast(g.ctx, id, g.now)
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return s, x, err
		}
		x.foresee(f, total.Limit)
	}
	if err := g.critical(&x, s); err != nil {
		return s, x, err
	}
	if err := g.thresholds(&x, s); err != nil {
		return s, x, err
	}
	if !k.Limit.Valid {
		x.Grants, err = g.granted(k.Meter, s.Facts.Grants)
	}
	return s, x, err
}

// weigh fills in what is used of a limit.
func (x *gauge) weigh(used decimal.NullDecimal, limit decimal.Decimal) {
	x.Used, x.Limit = figureOf(used), grouped(limit)
	x.Share, x.Tone, x.Word = weighed(used, limit)
}

// weighed is the share of a limit, with its tone and what it is called.
func weighed(used decimal.NullDecimal, limit decimal.Decimal) (percent int, tone, word string) {
	u := used.Decimal
	switch {
	case u.GreaterThan(limit):
		return 100, "bad", "over the limit" //nolint:mnd // percent
	case !limit.IsPositive():
		return 0, "none", "nothing is left"
	}
	percent = int(u.Shift(2).DivRound(limit, 0).IntPart()) //nolint:mnd // percent
	switch {
	case u.Equal(limit):
		return percent, "warn", "used up"
	case percent >= nearLimit:
		return percent, "warn", "near the limit"
	}
	return percent, "good", "within the limit"
}

// foresee fills in what is expected by the end of the period.
func (x *gauge) foresee(f entitle.Forecast, limit decimal.Decimal) {
	if !f.Expected.Valid {
		return
	}
	x.Forecast = grouped(f.Expected.Decimal.Round(0)) + " " + x.Unit
	if f.Interval != nil {
		low, high := decimal.NewFromFloat(f.Interval.Low), decimal.NewFromFloat(f.Interval.High)
		x.Forecast += fmt.Sprintf(" (95 %% interval %s to %s)", grouped(low.Round(0)), grouped(high.Round(0)))
	}
	if !limit.IsPositive() {
		return
	}
	x.Expected = int(decimal.Min(f.Expected.Decimal.Shift(2).DivRound(limit, 0), decimal.NewFromInt(100)).IntPart()) //nolint:mnd // percent
	if f.Expected.Decimal.GreaterThan(limit) && x.Tone == "good" {
		x.Tone, x.Word = "warn", "expected to pass the limit"
	}
}

// critical fills in the limits inside of critical windows.
func (g *gauging) critical(x *gauge, s entitle.Standing) error {
	const ahead = 400 * day
	for i, c := range s.Kept.Critical {
		counter, inside := s.Judgement.Counters[i+1], s.Facts.Inside[i]
		y := criticalGauge{Name: c.Name, Used: figureOf(counter.Used), Limit: grouped(c.Limit), Open: inside.Open, Until: inside.Until}
		y.Share, y.Tone, y.Word = weighed(counter.Used, c.Limit)
		var err error
		if y.Follows, err = g.consequences(c.Exceeding, s.Unit, g.noun.Customer()); err != nil {
			return err
		}
		set, err := calendars{&g.desk}.Windows(g.ctx, g.c.ID, c.Name, calendar.Between(g.now, g.now.Add(ahead)))
		if err != nil {
			return err
		}
		for w := range set.All() {
			if y.Open && y.Until.IsZero() {
				y.Until = w.End
			}
			if w.Start.After(g.now) {
				y.Next = w
				break
			}
		}
		if counter.Exceeds && y.Open {
			x.Now = strings.Join(y.Follows, "; ")
		}
		x.Critical = append(x.Critical, y)
	}
	return nil
}

// thresholds fills in at which figures somebody is told, and when that was in this period.
func (g *gauging) thresholds(x *gauge, s entitle.Standing) error {
	told := map[string]time.Time{}
	const most = 100
	page, err := g.noun.Tellings(s.Kept.Feature).Page(g.ctx, "", most)
	if err != nil {
		return err
	}
	for _, item := range page.Items {
		if t := item.Value; t.Period.Equal(s.Facts.Period) && t.Threshold != "" {
			told[t.Threshold] = t.ToldAt
		}
	}
	for _, t := range s.Kept.Thresholds {
		x.Thresholds = append(x.Thresholds, thresholdLine{Words: thresholdWords(t, s.Unit), Told: told[t.Name]})
	}
	return nil
}

func thresholdWords(t entitle.Threshold, unit string) string {
	text := ""
	switch t.Measure {
	case entitle.Amount:
		text = grouped(t.At) + " " + unit
	case entitle.Percent:
		text = grouped(t.At) + " % of the limit"
	case entitle.Expected:
		text = grouped(t.At) + " % of the limit expected by the end of the period"
	}
	if t.Critical != "" {
		text += ", in " + t.Critical
	}
	return text
}

// quotas are those that came with subscriptions.
func (g *gauging) quotas() ([]gauge, error) {
	ledger := g.Ledger(g.c.Customer)
	quotas, err := collect(ledger.Quotas("").All(g.ctx))
	if err != nil {
		return nil, err
	}
	var list []gauge
	for _, q := range quotas {
		if !q.Holds(g.now, g.c.zone()) {
			continue
		}
		m, err := ledger.Meter(g.ctx, q.Meter)
		if err != nil {
			return nil, err
		}
		decision, err := ledger.Check(g.ctx, q.Meter, decimal.Zero, g.now)
		if err != nil {
			return nil, err
		}
		for _, s := range decision.Standings {
			if s.Quota.ID != q.ID {
				continue
			}
			x := gauge{ID: "quota-" + string(q.ID), Called: m.Name, Unit: m.Unit, Quota: true, Expected: -1, Until: s.Period.End, Follows: []string{"you are told", "nothing is refused"}}
			x.Events = eventsPath(monthly{Customer: g.c.Customer, Month: calendar.MonthOf(g.now, g.c.zone())}, q.Meter, s.Period, "", "")
			x.weigh(s.Used, q.Limit)
			if q.Mode == metering.Hard {
				x.Follows = []string{"more is refused"}
			}
			if err := g.foreseeQuota(&x, m, s); err != nil {
				return nil, err
			}
			list = append(list, x)
		}
	}
	slices.SortStableFunc(list, func(a, b gauge) int { return cmp.Or(compareFold(a.Called, b.Called), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// foreseeQuota expects what is still to come of the period of a quota.
func (g *gauging) foreseeQuota(x *gauge, m metering.Meter, s metering.Standing) error {
	b := bench{meter: m}
	if !b.adds() {
		return nil
	}
	each := metering.Daily
	if s.Quota.Period == metering.Daily {
		each = metering.Hourly
	}
	windows, err := each.Split(s.Period, g.c.zone())
	if err != nil {
		return err
	}
	windows = slices.DeleteFunc(windows, func(w calendar.Interval) bool { return w.Start.After(g.now) })
	points, err := g.Ledger(g.c.Customer).In(g.ctx, m.ID, windows)
	if err != nil {
		return err
	}
	f, err := entitle.Foresee(points, s.Period, g.now, 0)
	if err == nil {
		x.foresee(f, s.Quota.Limit)
	}
	return err
}

package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/meteringroom"
	"github.com/servicecoin/servicecoin/metering"
)

// usageArea is what a customer used.
func (p *portal) usageArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/usage":                        {ofCustomer, p.showUsage},
			"GET /customers/{customer}/usage/{meter}":                {ofCustomer, p.showEvents},
			"GET /customers/{customer}/usage/{meter}/events.csv":     {ofCustomer, p.eventsCSV},
			"GET /customers/{customer}/usage/{meter}/event":          {ofCustomer, p.showEvent},
			"POST /customers/{customer}/usage/{meter}/event/void":    {providers, p.voidEvent},
			"POST /customers/{customer}/usage/{meter}/event/correct": {providers, p.correctEvent},
			"GET /customers/{customer}/usage-upload":                 {providers, p.showUsageUpload},
			"POST /customers/{customer}/usage-upload":                {providers, p.uploadUsage},
			"GET /customers/{customer}/usage-upload/sample.csv":      {providers, p.sampleOfUsage},
		},
		of: toCustomer("Usage", "usage"),
		done: map[string]string{
			"usage-voided":    "The event is voided: it counts no more.",
			"usage-corrected": "The event is corrected: it counts as it says now.",
		},
	}
}

type usagePage struct {
	page
	monthly
	useFrame

	Meters  []meterPart
	Windows []useChoice // what a bar may be
	Groups  []useChoice // by what the bars may be divided
	Group   string      // the dimension that they are divided by
	Upload  string      // the way to the upload, for who may
	Tariffs string      // the way to the comparison of prices, for who may
	Gauges  []gauge     // how limits stand, while the month goes on
}

// useChoice is a link among others, of which one is chosen.
type useChoice struct {
	Name, Path string
	Chosen     bool
}

// meterPart is one meter over a period.
type meterPart struct {
	metering.Meter

	Chart    useChart
	Service  string
	How      string // how a figure is made of events, in words
	Words    usageWords
	HasQuota bool
	Groups   []useChart // one for each group, the largest first
	Rest     []useRow   // further groups, without a chart
	Left     int        // groups that are not even listed
	TooMany  bool       // there are more groups than can be told apart
}

// useRow is one figure of a list, and the way to the events behind it.
type useRow struct{ Name, Value, Path string }

// showUsage draws what was used of each meter that is charged or counted.
func (p *portal) showUsage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	m, c, err := p.monthly(r, "usage")
	if err != nil {
		return err
	}
	v := usagePage{page: p.page(r, "Usage", m.Here), monthly: m}
	if v.useFrame, err = p.useFrame(r, m, c); err != nil {
		return err
	}
	m.Month = v.month
	v.monthly = m
	list, err := p.metersOf(ctx, c, v.During)
	if err != nil {
		return err
	}
	group, groups := r.URL.Query().Get("group"), []string(nil)
	for _, x := range list {
		for _, name := range x.meter.GroupBy {
			if !slices.Contains(groups, name) {
				groups = append(groups, name)
			}
		}
	}
	if group != "" && !slices.Contains(groups, group) {
		var bad servicecoin.Violations
		bad.Add("group", "unknown", group, "is nothing that usage is told apart by")
		return bad.Err()
	}
	v.Group = group
	v.choices(m, groups)
	if v.By == metering.Daily && v.During.Contains(p.store.Now()) {
		if v.Gauges, err = p.gauges(r, c); err != nil {
			return err
		}
		v.Gauges = slices.DeleteFunc(v.Gauges, func(x gauge) bool { return x.Share < 0 })
	}
	if v.Meters, err = p.draw(ctx, m, v.useFrame, list, group); err != nil {
		return err
	}
	if v.Viewer.Provider() {
		v.Upload = m.Base + "/usage-upload"
	}
	if v.Viewer.MayPay() {
		v.Tariffs = m.Base + "/tariffs"
	}
	return p.render(w, r, "usage.html", 0, v)
}

// choices are the ways to other windows, and to the groups.
func (v *usagePage) choices(m monthly, groups []string) {
	for _, x := range framings() {
		v.Windows = append(v.Windows, useChoice{x.called, m.Here + "?" + v.query(x.by, v.Group), x.by == v.By})
	}
	if len(groups) == 0 {
		return
	}
	v.Groups = append(v.Groups, useChoice{"all together", m.Here + "?" + v.query(v.By, ""), v.Group == ""})
	for _, name := range groups {
		v.Groups = append(v.Groups, useChoice{"by " + name, m.Here + "?" + v.query(v.By, name), v.Group == name})
	}
}

// meterOf is a meter that counts for a service of a customer.
type meterOf struct {
	meter   metering.Meter
	service string // its name
	charged bool   // so there may be a quota
}

// metersOf are the meters by which a customer is charged in a period, and those that
// count who uses what it has.
func (p *portal) metersOf(ctx context.Context, c client, during calendar.Interval) ([]meterOf, error) {
	names, err := p.names(ctx)
	if err != nil {
		return nil, err
	}
	type one struct {
		id      metering.MeterID
		service servicecoin.ServiceID
		charged bool
	}
	var found []one
	add := func(id metering.MeterID, service servicecoin.ServiceID, charged bool) {
		if id != "" && !slices.ContainsFunc(found, func(x one) bool { return x.id == id }) {
			found = append(found, one{id, service, charged})
		}
	}
	var services []servicecoin.ServiceID
	for item, err := range p.Statements(c.Customer).Items("").All(ctx) {
		if err != nil {
			return nil, err
		}
		if !item.In(during).Empty() {
			add(item.Meter, item.Service, true)
			services = append(services, item.Service)
		}
	}
	for sub, err := range p.Subscriptions(c.ID).List().All(ctx) {
		if err != nil {
			return nil, err
		}
		if !sub.From.IsZero() && sub.From.Before(during.End) {
			services = append(services, sub.Service)
		}
	}
	for k, err := range p.Entitlements(c.Customer).List("").All(ctx) { // what is limited
		if err != nil {
			return nil, err
		}
		if k.From.Before(during.End) && (k.Until.IsZero() || k.Until.After(during.Start)) {
			add(k.Meter, k.Service, false)
		}
	}
	for _, s := range services {
		add(active(s), s, false)
	}
	slices.SortStableFunc(found, func(a, b one) int {
		return cmp.Or(compareFold(names.Of(a.service), names.Of(b.service)), cmp.Compare(a.service, b.service))
	})
	var list []meterOf
	for _, x := range found {
		m, err := p.Meters().Get(ctx, x.id)
		if err != nil {
			return nil, err
		}
		list = append(list, meterOf{m, names.Of(x.service), x.charged})
	}
	return list, nil
}

// draw draws all meters, several at a time: each reads for itself.
func (p *portal) draw(ctx context.Context, m monthly, f useFrame, list []meterOf, group string) ([]meterPart, error) {
	parts, errs := make([]meterPart, len(list)), make([]error, len(list))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(len(list), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(list) {
					return
				}
				parts[i], errs[i] = p.meter(ctx, m, f, list[i], group)
			}
		})
	}
	wg.Wait()
	return parts, errors.Join(errs...)
}

// meter draws one meter, beside the period before.
func (p *portal) meter(ctx context.Context, m monthly, f useFrame, x meterOf, group string) (meterPart, error) {
	part := meterPart{Meter: x.meter, Service: x.service, How: aggregationWords(x.meter)}
	d := drawing{portal: p, ctx: ctx, frame: f, m: m, meter: x.meter, ledger: p.Ledger(m.Customer)}
	var err error
	if part.Chart, err = d.whole(); err != nil {
		return part, err
	}
	if x.charged && f.By == metering.Daily { // quotas are those of a month
		if part.Words, err = d.quota(); err != nil {
			return part, err
		}
		part.HasQuota = part.Words.Share >= 0
	}
	if group != "" && slices.Contains(x.meter.GroupBy, group) {
		err = d.groups(&part, group)
		if errors.Is(err, servicecoin.ErrInvalid) {
			part.TooMany, err = true, nil
		}
	}
	return part, err
}

// quota sets the month against its quotas.
func (d *drawing) quota() (usageWords, error) {
	at := d.frame.During.End
	if now := d.portal.store.Now(); now.Before(at) {
		at = now
	}
	decision, err := d.ledger.Check(d.ctx, d.meter.ID, decimal.Zero, at.Add(-time.Microsecond))
	if err != nil {
		return usageWords{}, err
	}
	return usageIn(meteringroom.Quantity{Quotas: decision.Standings}), nil
}

// aggregationWords says how a figure is made of events.
func aggregationWords(m metering.Meter) string {
	switch m.Aggregation {
	case metering.Count:
		return "each counts one"
	case metering.Sum:
		return "all added up"
	case metering.Max:
		return "the highest figure counts"
	case metering.Min:
		return "the lowest figure counts"
	case metering.Average:
		return "the average counts"
	case metering.Unique:
		if m.Distinct == metering.Subject {
			return "everybody counts once"
		}
		return "each " + m.Distinct + " counts once"
	case metering.Latest:
		return "the last figure counts"
	case metering.TimeWeighted:
		return "the level, on average over the time"
	case metering.Percentile:
		return m.Percent.Decimal.String() + " % of the samples do not exceed it"
	case metering.Product:
		return "each times its " + m.Times + ", added up"
	}
	return string(m.Aggregation)
}

// tendUsage packs the events of the days that are over, once a day, so that figures of
// them are read from their totals.
func (p *portal) tendUsage(ctx context.Context) error {
	today := p.store.Now().UTC().Truncate(day)
	if p.packed.Equal(today) {
		return nil
	}
	err := p.usage.Seal(ctx, today)
	if err == nil {
		p.packed = today
	}
	return err
}

// eventsPath leads to the events behind a figure.
func eventsPath(m monthly, id metering.MeterID, during calendar.Interval, dimension, value string) string {
	q := url.Values{"month": {m.Month.String()}, "from": {during.Start.UTC().Format(time.RFC3339)}, "to": {during.End.UTC().Format(time.RFC3339)}}
	if dimension != "" {
		q.Set("by", dimension)
		q.Set("is", value)
	}
	return customerPath(m.Customer.ID, "usage", string(id)) + "?" + q.Encode()
}

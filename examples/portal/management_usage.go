package main

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/meteringroom"
	"github.com/servicecoin/servicecoin/metering"
)

// usageArea is what a customer used.
func (p *portal) usageArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/usage":         {ofCustomer, p.showUsage},
			"GET /customers/{customer}/usage/{meter}": {ofCustomer, p.showEvents},
		},
		of: toCustomer("Usage", "usage"),
	}
}

type usagePage struct {
	page
	monthly

	Meters []meterPart
}

// meterPart is one meter in a month, day by day.
type meterPart struct {
	metering.Meter

	Service  string
	Total    string
	Words    usageWords
	HasQuota bool
	Bars     []bar
	Top      string // what the highest bar stands for
	Summary  string
	Path     string // of the events
}

type bar struct {
	X, Y, Height, Width int
	Known               bool
	Title               string
}

// showUsage draws what was used of each meter that is charged or counted.
func (p *portal) showUsage(w http.ResponseWriter, r *http.Request) error {
	m, c, err := p.monthly(r, "usage")
	if err != nil {
		return err
	}
	v := usagePage{page: p.page(r, "Usage", m.Here), monthly: m}
	spin, err := p.Spin(r.Context(), c.ID, m.Month)
	if err != nil {
		return err
	}
	var seen []metering.MeterID
	for _, row := range spin.Rows {
		for _, u := range exchange.Of[meteringroom.Used](row.Parts).Usage {
			if slices.Contains(seen, u.Usage.Meter) {
				continue
			}
			seen = append(seen, u.Usage.Meter)
			part, err := p.meter(r, m, u.Usage.Meter, row.Name)
			if err != nil {
				return err
			}
			part.Words = usageIn(u)
			part.HasQuota, part.Total = part.Words.Share >= 0, part.Words.Value
			v.Meters = append(v.Meters, part)
		}
		if id := active(row.Service); id != "" && exchange.Of[meteringroom.Used](row.Parts).Active.Valid && !slices.Contains(seen, id) {
			seen = append(seen, id)
			part, err := p.meter(r, m, id, row.Name)
			if err != nil {
				return err
			}
			part.Total = grouped(exchange.Of[meteringroom.Used](row.Parts).Active.Decimal)
			v.Meters = append(v.Meters, part)
		}
	}
	return p.render(w, r, "usage.html", 0, v)
}

// meter draws one meter by days of the customer's zone.
func (p *portal) meter(r *http.Request, m monthly, id metering.MeterID, service string) (meterPart, error) {
	ctx := r.Context()
	meter, err := p.Meters().Get(ctx, id)
	if err != nil {
		return meterPart{}, err
	}
	loc, err := m.Customer.Location()
	if err != nil {
		return meterPart{}, err
	}
	part := meterPart{Meter: meter, Service: service, Path: customerPath(m.Customer.ID, "usage", string(id)) + "?month=" + m.Month.String()}
	period := m.Month.In(loc)
	series, err := p.Ledger(m.Customer).Usage(ctx, id, metering.Question{During: period, Each: metering.Daily})
	if err != nil {
		return part, err
	}
	top := decimal.Zero
	var points []metering.Point
	for _, s := range series {
		points = s.Points
		for _, x := range s.Points {
			if x.Value.Valid && x.Value.Decimal.GreaterThan(top) {
				top = x.Value.Decimal
			}
		}
	}
	const tall, wide = 60, 10
	days := 0
	for i, x := range points {
		b := bar{X: i * wide, Width: wide - 2, Y: tall - 2, Height: 2}
		day := calendar.DateOf(x.Start, loc)
		if x.Value.Valid && x.Start.Before(m.now(p)) {
			days++
			b.Known, b.Title = true, fmt.Sprintf("%s: %s %s", day, grouped(x.Value.Decimal), meter.Unit)
			if top.IsPositive() {
				b.Height = max(1, int(x.Value.Decimal.Mul(decimal.NewFromInt(tall)).DivRound(top, 0).IntPart()))
				b.Y = tall - b.Height
			}
		} else {
			b.Title = day.String() + ": nothing known"
		}
		part.Bars = append(part.Bars, b)
	}
	part.Top = grouped(top)
	part.Summary = fmt.Sprintf("%s by day in %s: at most %s %s, %s with a figure", meter.Name, m.Month, part.Top, meter.Unit, plural(days, "day"))
	return part, nil
}

func (m monthly) now(p *portal) time.Time { return p.store.Now() }

// eventsPage is the evidence of a figure: the usage events themselves.
type eventsPage struct {
	page
	monthly

	Meter  metering.Meter
	Total  metering.Usage
	Events []metering.Event
	More   bool
	Groups []groupLine
	Day    string // "": those of the month
}

type groupLine struct{ Name, Value string }

func (p *portal) showEvents(w http.ResponseWriter, r *http.Request) error {
	const most = 100
	ctx := r.Context()
	m, c, err := p.monthly(r, "usage", r.PathValue("meter"))
	if err != nil {
		return err
	}
	v := eventsPage{monthly: m}
	if v.Meter, err = p.Meters().Get(ctx, metering.MeterID(r.PathValue("meter"))); err != nil {
		return err
	}
	v.page = p.page(r, v.Meter.Name+" in "+m.Month.String(), customerPath(c.ID, "usage"))
	ledger := p.Ledger(c.Customer)
	if v.Total, err = ledger.Total(ctx, v.Meter.ID, m.Month); err != nil {
		return err
	}
	during := v.Total.Period
	if v.Day = r.URL.Query().Get("day"); v.Day != "" {
		day, err := calendar.ParseDate(v.Day)
		if err != nil {
			var bad servicecoin.Violations
			bad.Merge("day", err)
			return bad.Err()
		}
		during = during.Intersect(day.In(c.zone()))
	}
	for e, err := range ledger.Events(ctx, v.Meter.ID, during, nil) {
		if err != nil {
			return err
		}
		if len(v.Events) == most {
			v.More = true
			break
		}
		v.Events = append(v.Events, e)
	}
	if len(v.Meter.GroupBy) > 0 && v.Total.Events > 0 {
		series, err := ledger.Usage(ctx, v.Meter.ID, metering.Question{During: v.Total.Period, Each: metering.Monthly, GroupBy: v.Meter.GroupBy[:1]})
		if err != nil {
			return err
		}
		for _, s := range series {
			line := groupLine{Name: s.Group[0], Value: "unknown"}
			for _, x := range s.Points {
				if x.Value.Valid {
					line.Value = grouped(x.Value.Decimal)
				}
			}
			v.Groups = append(v.Groups, line)
		}
	}
	return p.render(w, r, "events.html", 0, v)
}

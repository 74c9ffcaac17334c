package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/meteringroom"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/metering"
)

// usageArea is what a customer used.
func (p *portal) usageArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/usage":                    {ofCustomer, p.showUsage},
			"GET /customers/{customer}/usage/{meter}":            {ofCustomer, p.showEvents},
			"GET /customers/{customer}/usage/{meter}/events.csv": {ofCustomer, p.eventsCSV},
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
	How      string // how a figure is made of events, in words
	Total    string
	Words    usageWords
	HasQuota bool
	Days     []dayOfUse
	Axis     []string // what the lines of the chart stand for, from the top down
	Ticks    []string // days of the month, below the chart
	Highest  string
	Compared string // with the month before, in a sentence
	Summary  string
	Path     string // of the events
}

// dayOfUse is a bar of the chart, the mark of the same day of the month before, and
// both as numbers.
type dayOfUse struct {
	Day       string
	X         int
	Y, Height int // of the bar
	Mark      int // where the mark lies
	Value     string
	Last      string
	Known     bool
	LastKnown bool
}

// The chart's measures, in its own units.
const (
	chartTall = 100
	chartDay  = 10
)

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
			part, err := p.meter(r, m, u.Usage.Meter, row.Name, u.Usage.Value)
			if err != nil {
				return err
			}
			part.Words = usageIn(u)
			part.HasQuota, part.Total = part.Words.Share >= 0, part.Words.Value
			v.Meters = append(v.Meters, part)
		}
		if id := active(row.Service); id != "" && exchange.Of[meteringroom.Used](row.Parts).Active.Valid && !slices.Contains(seen, id) {
			seen = append(seen, id)
			part, err := p.meter(r, m, id, row.Name, exchange.Of[meteringroom.Used](row.Parts).Active)
			if err != nil {
				return err
			}
			part.Total = grouped(exchange.Of[meteringroom.Used](row.Parts).Active.Decimal)
			v.Meters = append(v.Meters, part)
		}
	}
	return p.render(w, r, "usage.html", 0, v)
}

// meter draws one meter by days of the customer's zone, beside the month before; total
// is what was used in the month.
func (p *portal) meter(r *http.Request, m monthly, id metering.MeterID, service string, total decimal.NullDecimal) (meterPart, error) {
	ctx := r.Context()
	meter, err := p.Meters().Get(ctx, id)
	if err != nil {
		return meterPart{}, err
	}
	loc, err := m.Customer.Location()
	if err != nil {
		return meterPart{}, err
	}
	part := meterPart{Meter: meter, Service: service, How: aggregationWords(meter.Aggregation), Path: customerPath(m.Customer.ID, "usage", string(id)) + "?month=" + m.Month.String()}
	ledger := p.Ledger(m.Customer)
	is, err := daily(ctx, ledger, id, m.Month.In(loc))
	if err != nil {
		return part, err
	}
	was, err := daily(ctx, ledger, id, m.Month.Previous().In(loc))
	if err != nil {
		return part, err
	}
	part.draw(is, was, loc, p.store.Now())
	part.Compared, err = p.comparedUsage(ctx, m, meter, total)
	part.Summary = fmt.Sprintf("%s by day in %s: at most %s %s. %s", meter.Name, monthWords(m.Month), part.Highest, meter.Unit, part.Compared)
	return part, err
}

// daily returns the usage of a period, day by day.
func daily(ctx context.Context, ledger *metering.Ledger, id metering.MeterID, period calendar.Interval) ([]metering.Point, error) {
	series, err := ledger.Usage(ctx, id, metering.Question{During: period, Each: metering.Daily})
	if err != nil || len(series) == 0 {
		return nil, err
	}
	return series[0].Points, nil
}

// draw lays out bars and marks, and the numbers of the axis.
func (part *meterPart) draw(is, was []metering.Point, loc *time.Location, now time.Time) {
	highest := decimal.Zero
	for _, x := range is {
		if x.Value.Valid {
			highest = decimal.Max(highest, x.Value.Decimal)
		}
	}
	top := highest
	for _, x := range was {
		if x.Value.Valid {
			top = decimal.Max(top, x.Value.Decimal)
		}
	}
	top = roundTop(top)
	tall := func(v decimal.Decimal) int {
		return int(decimal.Max(v, decimal.Zero).Mul(decimal.NewFromInt(chartTall)).DivRound(top, 0).IntPart())
	}
	for i, x := range is {
		d := dayOfUse{Day: x.Start.In(loc).Format("Mon 2 Jan"), X: i * chartDay, Y: chartTall - 1, Height: 1, Value: "nothing known", Last: "nothing known"}
		if x.Value.Valid && x.Start.Before(now) {
			d.Known, d.Value, d.Height = true, grouped(x.Value.Decimal), max(1, tall(x.Value.Decimal))
			d.Y = chartTall - d.Height
		}
		if i < len(was) && was[i].Value.Valid {
			d.LastKnown, d.Last, d.Mark = true, grouped(was[i].Value.Decimal), min(chartTall-tall(was[i].Value.Decimal), chartTall-2)
		}
		part.Days = append(part.Days, d)
		if i%7 == 0 {
			part.Ticks = append(part.Ticks, strconv.Itoa(i+1))
		}
	}
	half := top.DivRound(decimal.NewFromInt(2), 1)
	part.Axis = []string{grouped(top) + " " + part.Unit, grouped(half), "0"}
	part.Highest = grouped(highest)
}

// roundTop is the next of 1, 2, 4, 6, 8 and 10 times a power of ten, so that a chart
// ends with a round number.
func roundTop(d decimal.Decimal) decimal.Decimal {
	if !d.IsPositive() {
		return decimal.NewFromInt(1)
	}
	power := decimal.New(1, int32(d.NumDigits())+d.Exponent()-1) //nolint:gosec // a decimal has far fewer digits than that
	for _, n := range []int64{1, 2, 4, 6, 8} {
		if x := power.Mul(decimal.NewFromInt(n)); x.GreaterThanOrEqual(d) {
			return x
		}
	}
	return power.Shift(1)
}

// comparedUsage sets a month against the one before it: a month that goes on
// against as much of that one.
func (p *portal) comparedUsage(ctx context.Context, m monthly, meter metering.Meter, is decimal.NullDecimal) (string, error) {
	ledger, now := p.Ledger(m.Customer), p.store.Now()
	loc, err := m.Customer.Location()
	if err != nil {
		return "", err
	}
	was, err := ledger.Total(ctx, meter.ID, m.Month.Previous())
	if err != nil {
		return "", err
	}
	if !was.Value.Valid {
		return fmt.Sprintf("Of %s nothing is known.", monthWords(m.Month.Previous())), nil
	}
	words := fmt.Sprintf("%s %s in %s", grouped(was.Value.Decimal), meter.Unit, monthWords(m.Month.Previous()))
	against, where := was, "that"
	if period := m.Month.In(loc); now.Before(period.End) {
		last := m.Month.Previous().In(loc)
		part := calendar.Between(last.Start, last.Start.Add(now.Sub(period.Start))).Intersect(last)
		if against, err = ledger.Between(ctx, meter.ID, part); err != nil {
			return "", err
		}
		if !against.Value.Valid {
			return words + ".", nil
		}
		words += fmt.Sprintf(", %s in the same part of it", grouped(against.Value.Decimal))
		where = "in the same part of it"
	}
	if !is.Valid || !against.Value.Decimal.IsPositive() {
		return words + ".", nil
	}
	switch d := is.Decimal.Sub(against.Value.Decimal); {
	case d.IsZero():
		return words + ": no change.", nil
	case d.IsNegative():
		return fmt.Sprintf("%s: %s less than %s, %s %%.", words, grouped(d.Neg()), where, more(share(d, against.Value.Decimal))), nil
	default:
		return fmt.Sprintf("%s: %s more than %s, %s %%.", words, grouped(d), where, more(share(d, against.Value.Decimal))), nil
	}
}

// share is a part of a whole in percent, to one place.
func share(part, whole decimal.Decimal) string { return part.Shift(2).DivRound(whole, 1).String() }

// aggregationWords says how a figure is made of events.
func aggregationWords(a metering.Aggregation) string {
	switch a {
	case metering.Count:
		return "each counts one"
	case metering.Sum:
		return "all added up"
	case metering.Max:
		return "the highest figure counts"
	case metering.Unique:
		return "everybody counts once"
	}
	return string(a)
}

// eventsPage is the evidence of a figure: the usage events themselves, in pages.
type eventsPage struct {
	page
	monthly

	Meter  metering.Meter
	Total  metering.Usage
	Events []metering.Event
	Groups []groupLine
	Day    string // "": those of the month

	First, Last    int // which of them are shown, from 1
	Previous, Next string
	Query          string // of the file
}

type groupLine struct{ Name, Value string }

// eventsAsked is which events a request asks for.
type eventsAsked struct {
	monthly

	meter  metering.Meter
	ledger *metering.Ledger
	total  metering.Usage
	during calendar.Interval
	day    string
}

func (p *portal) eventsAsked(r *http.Request) (a eventsAsked, err error) {
	m, c, err := p.monthly(r, "usage", r.PathValue("meter"))
	if err != nil {
		return a, err
	}
	a.monthly, a.ledger, a.day = m, p.Ledger(c.Customer), r.URL.Query().Get("day")
	if a.meter, err = p.Meters().Get(r.Context(), metering.MeterID(r.PathValue("meter"))); err != nil {
		return a, err
	}
	if a.total, err = a.ledger.Total(r.Context(), a.meter.ID, m.Month); err != nil {
		return a, err
	}
	a.during = a.total.Period
	if a.day == "" {
		return a, nil
	}
	day, err := calendar.ParseDate(a.day)
	if err != nil {
		var bad servicecoin.Violations
		bad.Merge("day", err)
		return a, bad.Err()
	}
	a.during = a.during.Intersect(day.In(c.zone()))
	return a, nil
}

// eventsOnAPage are how many events one page shows.
const eventsOnAPage = 50

func (p *portal) showEvents(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, err := p.eventsAsked(r)
	if err != nil {
		return err
	}
	number, err := pageNumber(r)
	if err != nil {
		return err
	}
	v := eventsPage{
		page: p.page(r, a.meter.Name+" in "+monthWords(a.Month), customerPath(a.Customer.ID, "usage")), monthly: a.monthly, Meter: a.meter, Total: a.total, Day: a.day,
		First: (number-1)*eventsOnAPage + 1, Query: "?month=" + a.Month.String(),
	}
	if a.day != "" {
		v.Query += "&day=" + url.QueryEscape(a.day)
	}
	n, further := 0, false
	for e, err := range a.ledger.Events(ctx, a.meter.ID, a.during, nil) {
		if err != nil {
			return err
		}
		if n++; n < v.First {
			continue
		}
		if further = len(v.Events) == eventsOnAPage; further {
			break
		}
		v.Events = append(v.Events, e)
	}
	v.Last = v.First + len(v.Events) - 1
	at := func(n int) string { return a.Here + v.Query + "&page=" + strconv.Itoa(n) }
	if number > 1 {
		v.Previous = at(number - 1)
	}
	if further {
		v.Next = at(number + 1)
	}
	if v.Groups, err = groupsOf(ctx, a); err != nil {
		return err
	}
	return p.render(w, r, "events.html", 0, v)
}

// pageNumber reads which page is asked for, from 1.
func pageNumber(r *http.Request) (int, error) {
	const most = 1_000_000
	text := r.URL.Query().Get("page")
	if text == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		var bad servicecoin.Violations
		bad.Add("page", "bad-number", text, fmt.Sprintf("must be a whole number from 1 to %d", most))
		return 0, bad.Err()
	}
	return n, nil
}

// groupsOf divides a figure by the first dimension that its meter groups by.
func groupsOf(ctx context.Context, a eventsAsked) ([]groupLine, error) {
	if len(a.meter.GroupBy) == 0 || a.total.Events == 0 {
		return nil, nil
	}
	series, err := a.ledger.Usage(ctx, a.meter.ID, metering.Question{During: a.total.Period, Each: metering.Monthly, GroupBy: a.meter.GroupBy[:1]})
	if err != nil {
		return nil, err
	}
	var list []groupLine
	for _, s := range series {
		line := groupLine{Name: s.Group[0], Value: "unknown"}
		for _, x := range s.Points {
			if x.Value.Valid {
				line.Value = grouped(x.Value.Decimal)
			}
		}
		list = append(list, line)
	}
	return list, nil
}

// eventsCSV is the evidence of a figure as a file: all events of the month, or of a
// day of it.
func (p *portal) eventsCSV(w http.ResponseWriter, r *http.Request) error {
	const most = 100_000
	a, err := p.eventsAsked(r)
	if err != nil {
		return err
	}
	rows := [][]string{append([]string{"Time", "Subject", "Value", "Unit", "Source", "Id", "RecordedAt"}, csvfile.Cells(slices.Clone(a.meter.GroupBy)...)...)}
	for e, err := range a.ledger.Events(r.Context(), a.meter.ID, a.during, nil) {
		if err != nil {
			return err
		}
		if len(rows) > most {
			var bad servicecoin.Violations
			bad.Add("day", "too-many", a.day, fmt.Sprintf("must be a day with at most %d events: a file has no more", most))
			return bad.Err()
		}
		row := []string{e.Time.Format(time.RFC3339Nano), csvfile.Cell(e.Subject), plainNumber(e.Value), csvfile.Cell(a.meter.Unit), csvfile.Cell(e.Source), csvfile.Cell(e.ID), e.RecordedAt.Format(time.RFC3339Nano)}
		for _, name := range a.meter.GroupBy {
			row = append(row, csvfile.Cell(e.Dimension(name)))
		}
		rows = append(rows, row)
	}
	name := fmt.Sprintf("usage-%s-%s-%s.csv", a.Customer.ID, a.meter.ID, cmp.Or(a.day, a.Month.String()))
	return sendCSV(w, plainName(name), rows)
}

package main

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/metering"
)

// eventsPage is the evidence of a figure: the usage events themselves, in pages.
type eventsPage struct {
	page
	monthly

	Meter  metering.Meter
	Value  string // of all of them
	Count  int64
	During calendar.Interval
	Events []eventRow
	Groups []useRow
	By, Is string          // of which group, "" for all
	Day    string          // "": those of another period
	Proof  *metering.Usage // with the fingerprint, if it was asked for

	First, Previous, Next, Last string
	Query                       string // of the file
	ProofPath                   string
}

type eventRow struct {
	metering.Event

	Path string // of its page
}

// eventsAsked is which events a request asks for.
type eventsAsked struct {
	monthly

	meter  metering.Meter
	ledger *metering.Ledger
	during calendar.Interval
	day    string
	by, is string     // the group
	query  url.Values // which says the same
}

func (p *portal) eventsAsked(r *http.Request) (a eventsAsked, err error) {
	m, c, err := p.monthly(r, "usage", r.PathValue("meter"))
	if err != nil {
		return a, err
	}
	q := r.URL.Query()
	a = eventsAsked{monthly: m, ledger: p.Ledger(c.Customer), day: q.Get("day"), by: q.Get(byParameter), is: q.Get("is"), during: m.Month.In(c.zone()), query: url.Values{"month": {m.Month.String()}}}
	if a.meter, err = p.Meters().Get(r.Context(), metering.MeterID(r.PathValue("meter"))); err != nil {
		return a, err
	}
	var bad servicecoin.Violations
	switch {
	case a.day != "":
		day, err := calendar.ParseDate(a.day)
		bad.Merge("day", err)
		if err == nil {
			a.during = a.during.Intersect(day.In(c.zone()))
		}
		a.query.Set("day", a.day)
	case q.Get("from") != "" || q.Get("to") != "":
		from, to := instantOf(&bad, "from", q.Get("from")), instantOf(&bad, "to", q.Get("to"))
		if a.during = calendar.Between(from, to); bad.Err() == nil {
			bad.Merge("to", a.during.Validate())
		}
		a.query.Set("from", q.Get("from"))
		a.query.Set("to", q.Get("to"))
	}
	if a.by != "" {
		if !slices.Contains(a.meter.GroupBy, a.by) {
			bad.Add(byParameter, "unknown", a.by, "is nothing that this meter is told apart by")
		}
		a.query.Set(byParameter, a.by)
		a.query.Set("is", a.is)
	}
	return a, bad.Err()
}

// instantOf reads an instant of an address.
func instantOf(bad *servicecoin.Violations, name, text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() < 1900 || t.Year() > 2200 {
		bad.Add(name, "bad-time", text, "must be an instant, as 2026-11-24T08:00:00Z")
		return time.Time{}
	}
	return t
}

// group is the group in the words of the ledger.
func (a *eventsAsked) group() map[string]string {
	if a.by == "" {
		return nil
	}
	return map[string]string{a.by: a.is}
}

// figure is what the events come to, of their group.
func (a *eventsAsked) figure(r *http.Request) (metering.Point, error) {
	q := metering.Question{During: a.during}
	if a.by == "" {
		return pointOf(a.ledger.Usage(r.Context(), a.meter.ID, q))
	}
	q.GroupBy = []string{a.by}
	series, err := a.ledger.Usage(r.Context(), a.meter.ID, q)
	for _, s := range series {
		if s.Group[0] == a.is {
			return s.Points[0], err
		}
	}
	return metering.Point{}, err
}

// eventsOnAPage are how many events one page shows.
const eventsOnAPage = 100

func (p *portal) showEvents(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, err := p.eventsAsked(r)
	if err != nil {
		return err
	}
	ask := metering.EventsQuestion{During: a.during, Group: a.group(), Limit: eventsOnAPage}
	if ask.After, ask.Before, err = cursors(r); err != nil {
		return err
	}
	list, err := a.ledger.EventsPage(ctx, a.meter.ID, ask)
	if err != nil {
		return err
	}
	total, err := a.figure(r)
	if err != nil {
		return err
	}
	v := eventsPage{
		page: p.page(r, a.meter.Name+" in "+monthWords(a.Month), customerPath(a.Customer.ID, "usage")), monthly: a.monthly,
		Meter: a.meter, Value: figureOf(total.Value), Count: total.Events, During: a.during, By: a.by, Is: groupName(a.is), Day: a.day, Query: "?" + a.query.Encode(),
	}
	v.ProofPath = a.Here + v.Query + "&proof=yes"
	for _, e := range list.Events {
		v.Events = append(v.Events, eventRow{e, eventPath(a.Customer.ID, a.meter.ID, metering.Ref{Source: e.Source, ID: e.ID})})
	}
	to := func(name string, c *metering.Cursor) string {
		if c == nil {
			return ""
		}
		return a.Here + v.Query + "&" + name + "=" + cursorText(*c)
	}
	if v.Previous, v.Next = to("before", list.Previous), to("after", list.Next); v.Previous != "" {
		v.First = a.Here + v.Query
	}
	if v.Next != "" {
		v.Last = to("before", &metering.Cursor{Time: a.during.End})
	}
	if v.Groups, err = groupsOf(r, a); err != nil {
		return err
	}
	if r.URL.Query().Get("proof") != "" && a.by == "" {
		proof, err := a.ledger.Between(ctx, a.meter.ID, a.during)
		if err != nil {
			return err
		}
		v.Proof = &proof
	}
	return p.render(w, r, "events.html", 0, v)
}

// cursorText is a cursor as an address has it.
func cursorText(c metering.Cursor) string {
	return base64.RawURLEncoding.EncodeToString([]byte(c.Time.UTC().Format(time.RFC3339Nano) + "\n" + c.Source + "\n" + c.ID))
}

// cursors reads which page is asked for.
func cursors(r *http.Request) (after, before *metering.Cursor, err error) {
	var bad servicecoin.Violations
	read := func(name string) *metering.Cursor {
		text := r.URL.Query().Get(name)
		if text == "" {
			return nil
		}
		b, err := base64.RawURLEncoding.DecodeString(text)
		parts := strings.SplitN(string(b), "\n", 3)
		if err == nil && len(parts) == 3 {
			if t, err := time.Parse(time.RFC3339Nano, parts[0]); err == nil {
				return &metering.Cursor{Time: t, Source: parts[1], ID: parts[2]}
			}
		}
		bad.Add(name, "bad-cursor", "", "is no place in this list: begin at its first page")
		return nil
	}
	after, before = read("after"), read("before")
	return after, before, bad.Err()
}

// groupsOf divides a figure by the first dimension that its meter groups by.
func groupsOf(r *http.Request, a eventsAsked) ([]useRow, error) {
	if len(a.meter.GroupBy) == 0 || a.by != "" {
		return nil, nil
	}
	series, err := a.ledger.Usage(r.Context(), a.meter.ID, metering.Question{During: a.during, GroupBy: a.meter.GroupBy[:1]})
	if err != nil {
		return nil, err
	}
	var list []useRow
	for _, s := range series[:min(len(series), listedGroups)] {
		list = append(list, useRow{groupName(s.Group[0]), figureOf(s.Points[0].Value), eventsPath(a.monthly, a.meter.ID, a.during, a.meter.GroupBy[0], s.Group[0])})
	}
	return list, nil
}

// eventsCSV is the evidence of a figure as a file: all events behind it.
func (p *portal) eventsCSV(w http.ResponseWriter, r *http.Request) error {
	const most = 100_000
	a, err := p.eventsAsked(r)
	if err != nil {
		return err
	}
	rows := [][]string{append([]string{"Time", "End", "Subject", "Value", "Unit", "Source", "Id", "RecordedAt"}, csvfile.Cells(slices.Clone(a.meter.GroupBy)...)...)}
	ask := metering.EventsQuestion{During: a.during, Group: a.group(), Limit: metering.PageSize}
	for more := true; more; more = ask.After != nil {
		list, err := a.ledger.EventsPage(r.Context(), a.meter.ID, ask)
		if err != nil {
			return err
		}
		for _, e := range list.Events {
			if len(rows) > most {
				var bad servicecoin.Violations
				bad.Add("day", "too-many", a.day, fmt.Sprintf("must be a period with at most %d events: a file has no more", most))
				return bad.Err()
			}
			rows = append(rows, eventCells(a.meter, e))
		}
		ask.After = list.Next
	}
	name := fmt.Sprintf("usage-%s-%s-%s.csv", a.Customer.ID, a.meter.ID, cmp.Or(a.day, a.Month.String()))
	return sendCSV(w, plainName(name), rows)
}

// eventCells is an event as a row of a file.
func eventCells(m metering.Meter, e metering.Event) []string {
	end := ""
	switch {
	case e.Open:
		end = "open"
	case !e.End.IsZero():
		end = e.End.Format(time.RFC3339Nano)
	}
	row := []string{e.Time.Format(time.RFC3339Nano), end, csvfile.Cell(e.Subject), plainNumber(e.Value), csvfile.Cell(m.Unit), csvfile.Cell(e.Source), csvfile.Cell(e.ID), e.RecordedAt.Format(time.RFC3339Nano)}
	for _, name := range m.GroupBy {
		row = append(row, csvfile.Cell(e.Dimension(name)))
	}
	return row
}

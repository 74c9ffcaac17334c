package main

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
)

// incidentQuery is what somebody asks the list of incidents for. It stands in the
// address, so that a list can be kept and sent on.
type incidentQuery struct {
	Text    string
	State   incident.State
	Service servicecoin.ServiceID
	Level   incident.Level
	From    string // a day, the first
	Until   string // a day, the last
	Sort    string

	began calendar.Interval
}

// sorting is an order as people ask for it.
type sorting struct {
	Key, Words string
	order      incident.Order
	upward     bool
}

// sortings are all orders; the first is what nobody has to ask for.
func sortings() []sorting {
	return []sorting{
		{"", "Newest first", incident.ByBegan, false},
		{"oldest", "Oldest first", incident.ByBegan, true},
		{"urgent", "Most urgent first", incident.ByPriority, false},
		{"longest", "Longest first", incident.ByLength, false},
		{"shortest", "Shortest first", incident.ByLength, true},
	}
}

// maxQuery is how long a text is that is searched for.
const maxQuery = 200

// readIncidentQuery reads the query of an address. Days are those of the reader.
func readIncidentQuery(values url.Values, loc *time.Location) (incidentQuery, error) {
	get := func(name string) string { return strings.TrimSpace(values.Get(name)) }
	q := incidentQuery{
		Text: get("q"), State: incident.State(get("state")), Service: servicecoin.ServiceID(get("service")), Level: incident.Level(get("level")),
		From: get("from"), Until: get("until"), Sort: get("sort"),
	}
	var bad servicecoin.Violations
	bad.Text("q", q.Text, 0, maxQuery)
	if q.State != "" && !slices.Contains(incident.States(), q.State) {
		bad.Add("state", "unknown", string(q.State), "is no state of incidents")
	}
	if q.Level != "" {
		bad.Merge("level", q.Level.Validate())
	}
	if q.Service != "" {
		bad.ID("service", string(q.Service))
	}
	if !slices.ContainsFunc(sortings(), func(s sorting) bool { return s.Key == q.Sort }) {
		bad.Add("sort", "unknown", q.Sort, "is no order of this list")
	}
	if q.From != "" {
		d, err := calendar.ParseDate(q.From)
		if bad.Merge("from", err); err == nil {
			q.began.Start = d.In(loc).Start
		}
	}
	if q.Until != "" {
		d, err := calendar.ParseDate(q.Until)
		if bad.Merge("until", err); err == nil {
			q.began.End = d.In(loc).End
		}
	}
	if !q.began.Start.IsZero() && !q.began.End.IsZero() && !q.began.Start.Before(q.began.End) {
		bad.Add("until", "reversed", q.Until, "must not be before the first day")
	}
	return q, bad.Err()
}

// Any reports whether anything is asked for but an order.
func (q incidentQuery) Any() bool {
	q.Sort, q.began = "", calendar.Interval{}
	return q != incidentQuery{}
}

// address is the query in the address of a page.
func (q incidentQuery) address(path string) string {
	values := url.Values{}
	pairs := []string{
		"q", q.Text, "state", string(q.State), "service", string(q.Service), "level", string(q.Level), "from", q.From, "until", q.Until, "sort", q.Sort,
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// list is the listing that is asked for: by an index what can be, past the rest.
func (p *portal) listIncidents(q incidentQuery, names namesByID) store.Listing[incident.Incident] {
	s := incident.Search{State: q.State, Began: q.began}
	for _, x := range sortings() {
		if x.Key == q.Sort {
			s.Order, s.Upward = x.order, x.upward
		}
	}
	list := p.Desk().Search(s)
	if q.Text == "" && q.Service == "" && q.Level == "" {
		return list
	}
	words := strings.Fields(strings.ToLower(q.Text))
	return list.Where(func(i incident.Incident) bool {
		return (q.Service == "" || slices.Contains(i.Services(), q.Service) || i.Reporter != nil && i.Reporter.Service == q.Service) &&
			(q.Level == "" || worst(i) == q.Level) && hasWords(i, names, words)
	})
}

// hasWords reports whether all words are in the title, the headline, the names of the
// services or what a customer wrote.
func hasWords(i incident.Incident, names namesByID, words []string) bool {
	if len(words) == 0 {
		return true
	}
	text := []string{i.Title, i.Headline}
	for _, s := range i.Services() {
		text = append(text, names.Of(s))
	}
	if i.Reporter != nil {
		text = append(text, names.Of(i.Reporter.Service), i.Reporter.Text)
	}
	all := strings.ToLower(strings.Join(text, "\n"))
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(all, w) })
}

// pageOf returns the page that an address asks for, forwards or backwards. Back at
// the beginning it is the first page, with what has come meanwhile.
func pageOf[T any](r *http.Request, list store.Listing[T], most int) (store.Page[T], error) {
	before := r.URL.Query().Get("before")
	if before == "" {
		return list.Page(r.Context(), r.URL.Query().Get("after"), most)
	}
	page, err := list.PageBefore(r.Context(), before, most)
	if err == nil && page.Previous == "" {
		return list.Page(r.Context(), "", most)
	}
	return page, err
}

// maxRows is how many incidents one file has at most.
const maxRows = 20_000

// incidentsFile is the list as a file for a spreadsheet, page by page as it is read.
func (p *portal) incidentsFile(w http.ResponseWriter, r *http.Request) error {
	ctx, now := r.Context(), p.store.Now()
	loc, err := p.zone(r)
	if err != nil {
		return err
	}
	q, err := readIncidentQuery(r.URL.Query(), loc)
	if err != nil {
		return err
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	rows, n := rowsOfPages(r, p.listIncidents(q, names), func(i incident.Incident) [][]string {
		return [][]string{p.incidentCells(p.row(i, names, now), loc)}
	}), 0
	head := []string{"incident", "title", "headline", "services", "state", "worst", "priority", "major", "began (" + loc.String() + ")", "restored (" + loc.String() + ")", "minutes", "with", "follow-ups overdue"}
	return p.asCSV(w, r, "incidents.csv", head, func(after string) ([][]string, string, error) {
		list, next, err := rows(after)
		if n += len(list); n >= maxRows && next != "" {
			list, next = append(list, []string{"", "The list goes on: ask for a shorter period"}), ""
		}
		return list, next, err
	})
}

// incidentCells is one line of the file.
func (p *portal) incidentCells(i incidentRow, loc *time.Location) []string {
	local := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(loc).Format("2006-01-02 15:04")
	}
	major, minutes, priority := "", "", ""
	if i.Major {
		major = "yes"
	}
	if d, over := i.TimeToRestore(); over {
		minutes = strconv.FormatFloat(d.Minutes(), 'f', 1, 64)
	}
	if i.Incident.Priority != 0 {
		priority = strconv.Itoa(i.Incident.Priority)
	}
	return []string{
		string(i.ID), i.Title, i.Headline, strings.Join(i.Names, ", "), string(i.State), levelWords(i.Level), priority, major,
		local(i.Began), local(i.RestoredAt), minutes, p.pages.called(i.Assignee), strconv.Itoa(i.Overdue),
	}
}

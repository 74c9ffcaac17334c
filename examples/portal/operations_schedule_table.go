package main

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/examples/csvfile"
)

// schedulePage is the forward schedule: what is done in the next weeks, by start.
type schedulePage struct {
	page

	From, Until time.Time
	Items       []scheduleItem
	Clashing    int
	CSV         string
}

// scheduleWeeks is how far the forward schedule reaches.
const scheduleWeeks = 4

func (p *portal) showSchedule(w http.ResponseWriter, r *http.Request) error {
	loc, err := p.zone(r)
	if err != nil {
		return err
	}
	v := schedulePage{page: p.page(r, "Forward schedule of changes", schedulePath), CSV: schedulePath + "?as=csv"}
	v.From = calendar.DateOf(v.Now, loc).In(loc).Start
	v.Until = calendar.DateOf(v.Now, loc).AddDays(7 * scheduleWeeks).In(loc).Start
	items, err := p.forward(r.Context(), calendar.Between(v.From, v.Until))
	if err != nil {
		return err
	}
	// When changes may be done stands on a page of its own.
	v.Items = slices.DeleteFunc(items, func(i scheduleItem) bool { return i.Kind == itemWindow })
	for _, i := range v.Items {
		if len(i.Clashes) > 0 {
			v.Clashing++
		}
	}
	if wantsCSV(r) {
		return p.scheduleFile(w, r, v.Items)
	}
	v.Items = gathered(v.Items)
	v.Until = v.Until.Add(-time.Second)
	return p.render(w, r, "schedule.html", 0, v)
}

// scheduleFile answers with the schedule as a file, a row for each entry.
func (p *portal) scheduleFile(w http.ResponseWriter, r *http.Request, items []scheduleItem) error {
	head := []string{"kind", "id", "name", "from", "until", "untilAtWorst", "services", "customer", "people", "state", "inTheWay"}
	return p.asCSV(w, r, "forward-schedule.csv", head, func(string) ([][]string, string, error) {
		var rows [][]string
		for _, i := range items {
			rows = append(rows, csvfile.Cells(i.Kind, i.ID, i.Name, instant(i.Span.Start), instant(i.Span.End), instant(i.Worst),
				strings.Join(i.Services, "; "), i.Whose, strings.Join(i.People, "; "), i.State, strings.Join(i.Clashes, "; ")))
		}
		return rows, "", nil
	})
}

// gathered makes one line of what comes again and again in the same words.
func gathered(items []scheduleItem) []scheduleItem {
	const few = 2
	type same struct{ kind, name, where string }
	key := func(i scheduleItem) same { return same{i.Kind, i.Name, i.Where()} }
	times := map[same]int{}
	again := func(i scheduleItem) bool { return i.Kind == itemCritical || i.Kind == itemMaintenance }
	for _, i := range items {
		if again(i) {
			times[key(i)]++
		}
	}
	var list []scheduleItem
	at := map[same]int{}
	for _, i := range items {
		if n := times[key(i)]; n > few {
			if first, there := at[key(i)]; there {
				list[first].Span.End = latest(list[first].Span.End, i.Span.End)
				continue
			}
			at[key(i)] = len(list)
			i.Times = n
		}
		list = append(list, i)
	}
	return list
}

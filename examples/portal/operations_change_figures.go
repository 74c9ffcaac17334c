package main

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/operations/change"
)

// changeFiguresPage is how the changes of a month went.
type changeFiguresPage struct {
	page

	Month     calendar.Month
	Previous  calendar.Month
	Following calendar.Month // zero: it is to come
	Figures   change.Figures
	Rows      []shareRow
	Delivery  []deliveryRow
	Groups    []figureGroup
	CSV       string
}

type shareRow struct {
	Name, About string
	Share       change.Share
}

type deliveryRow struct{ Name, Value, Of, About string }

// figureGroup is the figures by something that changes have in common.
type figureGroup struct {
	Title string
	Rows  []change.By
}

func shareRows(f *change.Figures) []shareRow {
	return []shareRow{
		{"Success", "asked for, done, and not wrong", f.Succeeded},
		{"Failure", "failed, put back, or the cause of a confirmed incident", f.Failed},
		{"Put back", "as it was before", f.RolledBack},
		{"Unauthorised", "nobody had asked for them", f.Unauthorised},
		{"Emergencies", "of all changes", f.Emergencies},
		{"Late approvals", "of the emergencies that began first: approved too late, or not yet", f.LateApproval},
		{"Lead time kept", "began no earlier than the notice of their kind allowed, of those of which one was demanded", f.LeadKept},
		{"Start kept", "began as first asked for, of those that had a plan", f.StartKept},
	}
}

func deliveryRows(d *change.Delivery) []deliveryRow {
	rows := []deliveryRow{
		{"Deployment frequency", "undefined: there was no change", plural(d.Deployments, "deployment"), "Changes that were done as planned and whose work ended in the month, by its days."},
		{"Lead time for changes", "undefined: of none it is known when it was committed", plural(d.LeadTimes, "change"), "The median from the commit to the end of the work, of those that were done and of which both are known."},
		{"Change failure rate", shareWords(d.ChangeFailure), shareOf(d.ChangeFailure), "Those that failed, were put back, or caused a confirmed incident, of all whose work ended in the month."},
		{"Failed deployment recovery time", "undefined: none was put back", plural(d.Recoveries, "change"), "The median from when it began to be put back to when service was as before."},
	}
	if d.PerDay != nil {
		rows[0].Value = fmt.Sprintf("%.2f a day", *d.PerDay)
	}
	if d.LeadTime.Defined() {
		rows[1].Value = leadWords(d.LeadTime)
	}
	if d.Recovery.Defined() {
		rows[3].Value = leadWords(d.Recovery)
	}
	return rows
}

func (p *portal) showChangeFigures(w http.ResponseWriter, r *http.Request) error {
	ctx, now := r.Context(), p.store.Now()
	loc, err := p.zone(r)
	if err != nil {
		return err
	}
	this := calendar.MonthOf(now, loc)
	v := changeFiguresPage{page: p.page(r, "Figures of changes", changesPath), Month: this}
	if text := r.URL.Query().Get("month"); text != "" {
		var bad servicecoin.Violations
		m, err := calendar.ParseMonth(text)
		bad.Merge("month", err)
		if err == nil && (m.Compare(this) > 0 || m.Year < 2000) {
			bad.Add("month", "out-of-range", text, "is still to come, or too long ago")
		}
		if err := bad.Err(); err != nil {
			return err
		}
		v.Month = m
	}
	during := v.Month.In(loc)
	figures, delivery, list, err := p.Control().Figures(ctx, during)
	if err != nil {
		return err
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	models := map[string]string{}
	for m, err := range p.Control().Models().All(ctx) {
		if err != nil {
			return err
		}
		models[string(m.ID)] = m.Name
	}
	v.Figures, v.Rows, v.Delivery = figures, shareRows(&figures), deliveryRows(&delivery)
	for _, g := range []struct {
		title string
		names func(c *change.Change) []string
		words func(string) string
	}{
		{"By kind", change.ByKind, sentence},
		{"By service", change.ByService, func(id string) string { return names.Of(servicecoin.ServiceID(id)) }},
		{"By model", change.ByModel, func(id string) string { return models[id] }},
	} {
		rows := change.FiguresBy(list, during, now, g.names)
		for n := range rows {
			rows[n].Name = g.words(rows[n].Name)
		}
		slices.SortStableFunc(rows, func(a, b change.By) int { return compareFold(a.Name, b.Name) })
		v.Groups = append(v.Groups, figureGroup{g.title, rows})
	}
	if wantsCSV(r) {
		return p.asCSV(w, r, "changes-"+v.Month.String()+".csv", []string{"by", "name", "figure", "count", "n", "low", "high"}, func(string) ([][]string, string, error) {
			return figureCells(&v), "", nil
		})
	}
	v.Previous = v.Month.Previous()
	if v.Month.Compare(this) < 0 {
		v.Following = v.Month.Next()
	}
	v.CSV = changesPath + "/figures?month=" + v.Month.String() + "&as=csv"
	return p.render(w, r, "change_figures.html", 0, v)
}

// figureCells are the rows of the file: a share a row; what is undefined has no interval.
func figureCells(v *changeFiguresPage) [][]string {
	var list [][]string
	add := func(by, name string, f *change.Figures) {
		for _, row := range shareRows(f) {
			low, high := "", ""
			if i := row.Share.Interval; i != nil {
				low, high = fmt.Sprintf("%.4f", i.Low), fmt.Sprintf("%.4f", i.High)
			}
			list = append(list, csvfile.Cells(by, name, row.Name, strconv.Itoa(row.Share.Count), strconv.Itoa(row.Share.N), low, high))
		}
	}
	add("all", "", &v.Figures)
	for _, g := range v.Groups {
		for n := range g.Rows {
			add(strings.ToLower(strings.TrimPrefix(g.Title, "By ")), g.Rows[n].Name, &g.Rows[n].Figures)
		}
	}
	return list
}

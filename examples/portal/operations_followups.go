package main

import (
	"net/http"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
)

// followUpsPage lists what is open after incidents: of those whose next is due first
// at the front, in pages.
type followUpsPage struct {
	page

	List    []followUpRow
	Overdue int
	Now     time.Time
	People  []person // who may have one
	Owner   servicecoin.PersonID
	Pages   pager
}

func (p *portal) showFollowUps(w http.ResponseWriter, r *http.Request) error {
	const most = 25
	now := p.store.Now()
	v := followUpsPage{page: p.page(r, "Follow-ups", "/followups"), Now: now, Owner: servicecoin.PersonID(r.URL.Query().Get("owner"))}
	var err error
	if v.People, err = p.colleagues(r.Context()); err != nil {
		return err
	}
	mine := func(f incident.FollowUp) bool {
		return f.State == incident.FollowUpOpen && (v.Owner == "" || f.Owner == v.Owner)
	}
	list := p.Desk().OpenFollowUps()
	if v.Owner != "" {
		list = list.Where(func(i incident.Incident) bool { return slices.ContainsFunc(i.FollowUps, mine) })
	}
	if wantsCSV(r) {
		return p.asCSV(w, r, "follow-ups.csv", []string{"what", "owner", "due", "firstDue", "incident", "title"}, rowsOfPages(r, list, func(i incident.Incident) (rows [][]string) {
			for _, f := range i.FollowUps {
				if mine(f) {
					rows = append(rows, []string{f.Text, string(f.Owner), f.Due.Format(time.RFC3339), f.FirstDue.Format(time.RFC3339), string(i.ID), i.Title})
				}
			}
			return rows
		}))
	}
	page, ways, err := listed(r, list, most)
	if err != nil {
		return err
	}
	v.Pages = ways
	for _, item := range page.Items {
		i := item.Value
		for _, f := range i.FollowUps {
			if !mine(f) {
				continue
			}
			row := followUpRow{FollowUp: f, Overdue: f.Overdue(now), Incident: i.ID, Title: i.Title, Seen: len(i.Timeline)}
			if row.Overdue {
				v.Overdue++
			}
			v.List = append(v.List, row)
		}
	}
	slices.SortStableFunc(v.List, func(a, b followUpRow) int { return a.Due.Compare(b.Due) })
	return p.render(w, r, "followups.html", 0, v)
}

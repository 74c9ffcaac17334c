package main

import (
	"net/http"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin/incident"
)

type followUpsPage struct {
	page

	List    []followUpRow
	Overdue int
	Now     time.Time
}

func (p *portal) showFollowUps(w http.ResponseWriter, r *http.Request) error {
	now := p.store.Now()
	v := followUpsPage{page: p.page(r, "Follow-ups", "/followups"), Now: now}
	for i, err := range p.Desk().OpenFollowUps().All(r.Context()) {
		if err != nil {
			return err
		}
		for _, f := range i.FollowUps {
			if f.State != incident.FollowUpOpen {
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

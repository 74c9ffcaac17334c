package incident

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Get returns an incident.
func (d *Desk) Get(ctx context.Context, id servicecoin.IncidentID) (Incident, error) {
	return store.Of(d.view, incidents).Get(ctx, string(id))
}

// Recent lists incidents, the one that began last first.
func (d *Desk) Recent() store.Listing[Incident] {
	return store.Of(d.view, incidents).Find(store.By("began").Descending())
}

// InState lists the incidents of a state, the one that began last first.
func (d *Desk) InState(s State) store.Listing[Incident] {
	return store.Of(d.view, incidents).Find(store.By("state", store.Text(s)).Descending())
}

// Live lists the incidents that are worked on (reported, acknowledged, pending),
// the one that began last first.
func (d *Desk) Live() store.Listing[Incident] {
	return store.Of(d.view, incidents).Find(store.By("live").Descending())
}

// OpenFollowUps lists the incidents that have open follow-ups, the one whose
// next is due first at the front.
func (d *Desk) OpenFollowUps() store.Listing[Incident] {
	return store.Of(d.view, incidents).Find(store.By("followUp"))
}

// WithOverdueFollowUps lists the incidents that have follow-ups overdue at t,
// the longest overdue first. Ask each for [Incident.OverdueFollowUps].
func (d *Desk) WithOverdueFollowUps(t time.Time) store.Listing[Incident] {
	return store.Of(d.view, incidents).Find(store.By("followUp").To(store.Time(t)))
}

// Effects returns what incidents did to a service in an interval: the effects
// that overlap it, whole, with the incident they belong to, ordered by when
// they end. Effects of cancelled incidents are left out.
func (d *Desk) Effects(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval) ([]ServiceEffects, error) {
	var list []ServiceEffects
	if during.Empty() {
		return nil, d.view.Err()
	}
	for length := lastsADay; length <= goesOn; length++ {
		r := store.By("span", store.Text(service), store.Int(length)).To(store.Time(during.End))
		if most := longest(length); most > 0 {
			r = r.From(store.Time(during.Start.Add(-most)))
		}
		for s, err := range store.Of(d.view, serviceEffects).Find(r).All(ctx) {
			if err != nil {
				return nil, err
			}
			s.Effects = slices.DeleteFunc(s.Effects, func(e Effect) bool { return !e.Overlaps(during) })
			if len(s.Effects) > 0 {
				list = append(list, s)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b ServiceEffects) int {
		return cmp.Or(a.until().Compare(b.until()), cmp.Compare(a.Incident, b.Incident))
	})
	return list, nil
}

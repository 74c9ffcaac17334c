package patch

import (
	"cmp"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Batch is the slots of one ring, customer and window: what becomes one change.
type Batch struct {
	Ring     int                           `json:"ring"`
	Customer servicecoin.CustomerID        `json:"customer"`
	Window   calendar.Interval             `json:"window"`
	During   calendar.Interval             `json:"during"` // from the first slot to the end of the last
	Services []servicecoin.ServiceID       `json:"services,omitempty"`
	Targets  []servicecoin.ConfigurationID `json:"targets"`
}

// Batches returns the slots of a plan as changes: one for each ring, customer and window,
// in the order in which they begin.
func (p Plan) Batches() []Batch {
	type key struct {
		ring     int
		customer servicecoin.CustomerID
		start    int64
	}
	at := map[key]int{}
	var list []Batch
	for _, s := range p.Slots {
		k := key{s.Ring, s.Customer, s.Window.Start.UnixMicro()}
		n, ok := at[k]
		if !ok {
			n = len(list)
			at[k] = n
			list = append(list, Batch{Ring: s.Ring, Customer: s.Customer, Window: s.Window, During: s.During})
		}
		b := &list[n]
		if s.During.Start.Before(b.During.Start) {
			b.During.Start = s.During.Start
		}
		b.During.End = later(b.During.End, s.During.End)
		b.Targets = append(b.Targets, s.Target)
		if s.Service != "" && !slices.Contains(b.Services, s.Service) {
			b.Services = append(b.Services, s.Service)
		}
	}
	for n := range list {
		slices.Sort(list[n].Services)
	}
	slices.SortStableFunc(list, func(a, b Batch) int {
		return cmp.Or(a.During.Start.Compare(b.During.Start), cmp.Compare(a.Ring, b.Ring), cmp.Compare(a.Customer, b.Customer))
	})
	return list
}

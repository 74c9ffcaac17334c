package coin

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/coin/capacityroom"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/gate"
)

// Capacity is the room of capacity: what passed what was planned, or is expected to.
func (c *Coin) Capacity() capacityroom.Nouns { return capacityroom.Nouns{Base: c.base()} }

// Limits tells gates what is left of the entitlements of all customers, by the names of
// features: for [gate.NewAuthority]. An event is on its way to the ledger for so long at
// most.
func (c *Coin) Limits(onTheWay time.Duration) gate.Limits { return c.usage().Limits(onTheWay) }

// windows tells when critical windows are open, by what the host has set; nil: nobody
// knows of any.
func (c *Coin) windows() func(ctx context.Context, customer servicecoin.CustomerID, name string, within calendar.Interval) (calendar.Set, error) {
	switch {
	case c.o.CriticalWindows != nil:
		return c.o.CriticalWindows
	case c.o.Changes.Critical != nil:
		return c.criticalOfChanges
	}
	return nil
}

// criticalOfChanges are the windows in which no change happens that concerns the customer.
func (c *Coin) criticalOfChanges(ctx context.Context, customer servicecoin.CustomerID, name string, within calendar.Interval) (calendar.Set, error) {
	list, err := c.o.Changes.Critical(ctx, []servicecoin.CustomerID{customer}, within)
	if err != nil {
		return calendar.Set{}, err
	}
	var open calendar.Set
	known := false
	for _, times := range list {
		if times.Customer != "" && times.Customer != customer {
			continue
		}
		for _, w := range times.Windows {
			if w.Name != name {
				continue
			}
			known = true
			compiled, err := hours.CompileCritical(within, w)
			if err != nil {
				return calendar.Set{}, err
			}
			for _, set := range compiled.All() {
				open = open.Union(set)
			}
		}
	}
	if !known {
		return calendar.Set{}, servicecoin.NotFound(servicecoin.Key{Customer: customer, Kind: entitle.WindowsRecord, ID: name})
	}
	return open, nil
}

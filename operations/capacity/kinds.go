package capacity

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// DemandRecord is the kind of record of a demand, in the provider's partition.
const DemandRecord = "capacity.demand" // [Demand]

// The verbs, as [servicecoin.Attempt] says them. They are API.
const (
	VerbRaise       = "capacity.raise"
	VerbAcknowledge = "capacity.acknowledge"
	VerbClose       = "capacity.close"
	VerbForget      = "capacity.forget"
)

// The names of events. They are API. Their data is a [Changed].
const (
	EventRaised       = "capacity.raised"
	EventAcknowledged = "capacity.acknowledged"
	EventClosed       = "capacity.closed"
)

// Changed is the data of a demand's events. It does not say whose it is: the feed of the
// provider outlives a customer that is forgotten.
type Changed struct {
	Demand  DemandID              `json:"demand"`
	Service servicecoin.ServiceID `json:"service,omitempty"`
	Meter   string                `json:"meter"`
	State   State                 `json:"state"`
}

func (d Demand) changed() Changed { return Changed{d.ID, d.Service, d.Meter, d.State} }

// Key returns the key of a demand.
func Key(id DemandID) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: DemandRecord, ID: string(id)}
}

var demands = store.Kind[Demand]{
	Name:  DemandRecord,
	House: house.Own(),
	ID:    func(d Demand) string { return string(d.ID) },
	Indexes: []store.Index[Demand]{
		{Name: "raised", Columns: "m", Of: func(d Demand) store.Tuple { return store.Tuple{raised(d)} }},
		{Name: "state", Columns: "tm", Of: func(d Demand) store.Tuple { return store.Tuple{store.Text(d.State), raised(d)} }},
		{Name: "meter", Columns: "tm", Of: func(d Demand) store.Tuple { return store.Tuple{store.Text(d.Meter), raised(d)} }},
		{Name: "customer", Columns: "tm", Of: func(d Demand) store.Tuple {
			if d.Customer == "" {
				return nil
			}
			return store.Tuple{store.Text(d.Customer), raised(d)}
		}},
	},
}

func raised(d Demand) store.Value {
	at, _ := d.Raised()
	return store.Time(at)
}

// Reindex brings the records of this package into the indexes and the form of this
// release: see [store.Reindex].
func Reindex(ctx context.Context, s *store.Store) (int, error) { return store.Reindex(ctx, s, demands) }

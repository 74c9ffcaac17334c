package metering

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Meters are the provider's definitions of what is metered, for all customers.
// A meter never changes once it is defined, since figures rest on it: what is
// metered otherwise is another meter.
type Meters struct{ view store.View }

// NewMeters returns the meters in the provider's view; of a customer's, the first
// call says so.
func NewMeters(view store.View) *Meters { return &Meters{view: view.OfProvider("the list of meters")} }

// On returns the same meters over another view: of the host's transaction, or
// of a unit of work.
func (m *Meters) On(view store.View) *Meters { return NewMeters(view) }

// Define adds a meter, or answers ErrExists if there is one with its id.
func (m *Meters) Define(ctx context.Context, by servicecoin.Actor, meter Meter) error {
	if err := m.view.Ask(ctx, by, VerbDefineMeter, MeterRecord, string(meter.ID)); err != nil {
		return err
	}
	if err := meter.Validate(); err != nil {
		return err
	}
	defined, err := store.Happened(by, EventMeterDefined, MeterChanged{meter.ID, meter.Type, meter.Aggregation, meter.Unit})
	if err != nil {
		return err
	}
	return store.Of(m.view, meterRecords).Insert(ctx, meter, defined)
}

// Get returns a meter.
func (m *Meters) Get(ctx context.Context, id MeterID) (Meter, error) {
	return store.Of(m.view, meterRecords).Get(ctx, string(id))
}

// List lists the meters by id.
func (m *Meters) List() store.Listing[Meter] {
	return store.Of(m.view, meterRecords).Find(store.All())
}

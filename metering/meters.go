package metering

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// MaxVersions is how many versions a meter may have.
const MaxVersions = 1000

// Meters are the provider's definitions of what is metered, for all customers, in
// versions. A version never changes, since figures rest on it: a meter that is revised
// holds in its new version from an instant on, and what was before stays as it was
// measured. What is metered in another unit, of other events or added up otherwise is
// another meter.
type Meters struct{ view store.View }

// NewMeters returns the meters in the provider's view; of a customer's, the first
// call says so.
func NewMeters(view store.View) *Meters { return &Meters{view: view.OfProvider("the list of meters")} }

// On returns the same meters over another view: of the host's transaction, or
// of a unit of work.
func (m *Meters) On(view store.View) *Meters { return NewMeters(view) }

// Define adds a meter, or answers ErrExists if there is one with its id. It is its first
// version, which holds from the beginning.
func (m *Meters) Define(ctx context.Context, by servicecoin.Actor, meter Meter) error {
	if err := m.view.Ask(ctx, by, VerbDefineMeter, MeterRecord, string(meter.ID)); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.Merge("", meter.Validate())
	if meter.Version > 1 {
		v.Add("version", "contradiction", "", "the first is 1: see Revise for others")
	}
	if !meter.From.IsZero() {
		v.Add("from", "contradiction", "", "the first version holds from the beginning")
	}
	if err := v.Err(); err != nil {
		return err
	}
	meter.Version = 1
	defined, err := store.Happened(by, EventMeterDefined, meter.changed())
	if err != nil {
		return err
	}
	return store.Of(m.view, meterRecords).Insert(ctx, meter, defined)
}

// Revise adds a version of a meter, and returns it. It holds from an instant on, in the
// time of events, which lies after that from which the newest version holds. It may lie in
// the past: figures that were told keep the version that they name. Unit, type and
// aggregation stay, so that figures can be compared. Revising the same again answers the
// version that is there. What the meter says of its own Version and From is not read.
func (m *Meters) Revise(ctx context.Context, by servicecoin.Actor, meter Meter, from time.Time) (Meter, error) {
	if err := m.view.Ask(ctx, by, VerbReviseMeter, MeterRecord, string(meter.ID)); err != nil {
		return Meter{}, err
	}
	var v servicecoin.Violations
	v.Time("from", from)
	meter.Version, meter.From = 0, time.Time{}
	v.Merge("", meter.Validate())
	if err := v.Err(); err != nil {
		return Meter{}, err
	}
	meter.From = servicecoin.Instant(from)
	var done Meter
	err := m.view.Do(ctx, func(tx store.View) error {
		newest := store.Of(tx, meterRecords)
		old, err := newest.Get(ctx, string(meter.ID))
		if err != nil {
			return err
		}
		done = meter
		done.Version = old.Version
		if again, err := done.equal(old); err != nil || again {
			return err
		}
		done.Version++
		if err := done.follows(old); err != nil {
			return err
		}
		revised, err := store.Happened(by, EventMeterRevised, done.changed())
		if err != nil {
			return err
		}
		if err := store.Of(tx, meterVersions).Insert(ctx, old); err != nil {
			return err
		}
		_, err = newest.Update(ctx, string(done.ID), func(stored *Meter) ([]store.Event, error) {
			*stored = done
			return []store.Event{revised}, nil
		})
		return err
	})
	if err != nil {
		return Meter{}, err
	}
	return done, nil
}

// equal reports whether two definitions say the same.
func (m Meter) equal(other Meter) (bool, error) {
	one, err := json.Marshal(m)
	if err != nil {
		return false, fmt.Errorf("meter %s: %w", m.ID, err)
	}
	two, err := json.Marshal(other)
	if err != nil {
		return false, fmt.Errorf("meter %s: %w", m.ID, err)
	}
	return bytes.Equal(one, two), nil
}

// follows refuses a version that cannot come after another.
func (m Meter) follows(old Meter) error {
	var v servicecoin.Violations
	for _, x := range []struct{ path, was, is string }{
		{"type", old.Type, m.Type}, {"aggregation", string(old.Aggregation), string(m.Aggregation)}, {"unit", old.Unit, m.Unit},
	} {
		if x.was != x.is {
			v.Add(x.path, "changed", x.is, "a meter keeps its "+x.path+" "+x.was+", so that its figures can be compared: define another")
		}
	}
	if !m.From.After(old.From) {
		v.Add("from", "order", m.From.Format(time.RFC3339), fmt.Sprintf("must lie after %s, from which version %d holds", old.From.Format(time.RFC3339), old.Version))
	}
	if m.Version > MaxVersions {
		v.Add("version", "too-many", "", fmt.Sprintf("a meter has at most %d", MaxVersions))
	}
	return v.Err()
}

func (m Meter) changed() MeterChanged {
	c := MeterChanged{Meter: m.ID, Type: m.Type, Aggregation: m.Aggregation, Unit: m.Unit, From: m.From}
	if m.Version > 1 {
		c.Version = m.Version
	}
	return c
}

// Get returns a meter in its newest version, which may not hold yet.
func (m *Meters) Get(ctx context.Context, id MeterID) (Meter, error) {
	return store.Of(m.view, meterRecords).Get(ctx, string(id))
}

// At returns the version of a meter that holds at an instant, in the time of events.
func (m *Meters) At(ctx context.Context, id MeterID, t time.Time) (Meter, error) {
	newest, err := m.Get(ctx, id)
	if err != nil || !newest.From.After(t) {
		return newest, err
	}
	for version, err := range m.earlier(id).All(ctx) {
		if err != nil {
			return Meter{}, err
		}
		if !version.From.After(t) {
			return version, nil
		}
	}
	return Meter{}, servicecoin.NotFound(m.view.Key(MeterVersionRecord, string(id))) // the first one holds from the beginning
}

// earlier lists the versions before the newest, the last first.
func (m *Meters) earlier(id MeterID) store.Listing[Meter] {
	return store.Of(m.view, meterVersions).Find(store.By("meter", store.Text(id)).Descending())
}

// Versions returns the versions of a meter, from the first to the newest.
func (m *Meters) Versions(ctx context.Context, id MeterID) ([]Meter, error) {
	newest, err := m.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	list := []Meter{newest}
	for version, err := range m.earlier(id).All(ctx) {
		if err != nil {
			return nil, err
		}
		if version.Version < newest.Version { // not one that was the newest until just now
			list = append(list, version)
		}
	}
	slices.Reverse(list)
	return list, nil
}

// List lists the meters by id, each in its newest version.
func (m *Meters) List() store.Listing[Meter] {
	return store.Of(m.view, meterRecords).Find(store.All())
}

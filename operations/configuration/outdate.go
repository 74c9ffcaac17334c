package configuration

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Outdated says since when what was seen of an item holds no more, and of which change
// that is.
type Outdated struct {
	At     time.Time            `json:"at"`
	Change servicecoin.ChangeID `json:"change"`
}

// Outdate says that a change was done on an item up to an instant: of what was seen
// before, nobody knows whether it still holds, until all of the item is looked at again.
// What was looked at since stays known, and so does what is retired.
func (r *Register) Outdate(ctx context.Context, by servicecoin.Actor, id servicecoin.ConfigurationID, o Outdated) (Item, error) {
	if err := r.view.Ask(ctx, by, VerbOutdate, ItemRecord, string(id)); err != nil {
		return Item{}, err
	}
	o.At = servicecoin.Instant(o.At)
	_, err := lifecycle.Check(by, r.view.Now(), func(v *servicecoin.Violations) {
		v.ID("change", string(o.Change))
		v.Time("at", o.At)
		if o.At.After(r.view.Now().Add(ahead)) {
			v.Add("at", "out-of-range", lifecycle.Stamp(o.At), "must not lie ahead")
		}
	})
	if err != nil {
		return Item{}, err
	}
	var after Item
	err = r.view.Do(ctx, func(tx store.View) error {
		stored, err := store.Of(tx, items).Item(ctx, string(id))
		if err != nil {
			return err
		}
		after = stored.Value
		known := after.Outdated != nil && !o.At.After(after.Outdated.At)
		if known || !after.RetiredAt.IsZero() || !after.WholeAt.Before(o.At) || o.At.Before(after.RecordedAt) {
			return nil
		}
		after.Outdated = &o
		after = after.outdated()
		e, err := itemHappened(by, EventOutdated, after, o.Change, nil)
		if err != nil {
			return err
		}
		return store.Of(tx, items).Put(ctx, after, stored.Version, e)
	})
	if err != nil {
		return Item{}, err
	}
	return after, nil
}

// outdated returns the item with the time from which nobody knows how it is, by what is
// said of changes.
func (i Item) outdated() Item {
	switch {
	case i.Outdated == nil:
	case !i.WholeAt.Before(i.Outdated.At):
		i.Outdated = nil
	case i.Outdated.At.Before(i.StaleAt):
		i.StaleAt = i.Outdated.At
	}
	return i
}

package rating

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// OverrideID is the id under which a customer's own price stands in the list, in
// place of one that holds for everybody.
func OverrideID(customer servicecoin.CustomerID, id servicecoin.PriceID) servicecoin.PriceID {
	return servicecoin.PriceID(store.JoinID("for", string(customer), string(id)))
}

// Override adds a version of a customer's own price, for an interval: it holds in place
// of the price of the list from its start up to, but without, its end, after which
// the list holds again. An end that is zero is none. Otherwise it is [PriceList.Publish]
// of [OverrideID].
func (l *PriceList) Override(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID, id servicecoin.PriceID, p Price, during calendar.Interval) (Version, error) {
	if err := l.view.Err(); err != nil {
		return Version{}, err
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	v.ID("id", string(id))
	if !during.End.IsZero() {
		v.Time("validUntil", during.End)
		if !during.End.After(during.Start) {
			v.Add("validUntil", "order", during.End.UTC().Format(time.RFC3339), "must be after its beginning")
		}
	}
	if err := v.Err(); err != nil {
		return Version{}, err
	}
	return l.publish(ctx, by, Version{ID: OverrideID(customer, id), ValidFrom: during.Start, ValidUntil: during.End, Price: p})
}

// AtFor returns the version that holds for a customer at an instant: their own, or else
// that of the list. It is ErrNotFound where neither holds.
func (l *PriceList) AtFor(ctx context.Context, customer servicecoin.CustomerID, id servicecoin.PriceID, t time.Time) (Version, error) {
	own, err := l.At(ctx, OverrideID(customer, id), t)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return l.At(ctx, id, t)
	}
	return own, err
}

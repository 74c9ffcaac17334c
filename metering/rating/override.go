package rating

import (
	"context"
	"errors"
	"slices"
	"strings"
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
	if !strings.HasPrefix(string(OverrideID(customer, id)), string(OverrideID(customer, ""))) {
		v.Add("id", "too-long", string(id), "must be shorter: with the customer's it makes an id that is too long")
	}
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

// Held is a stretch of time in which one version of a price holds.
type Held struct {
	calendar.Interval

	Version Version `json:"version"`
}

// During returns the versions that hold for a customer in a stretch of time, each in
// its part of it, in order: their own where there is one, or else those of the list.
// It is ErrNotFound if at any instant neither holds. A version that says what the one
// before says is no other one.
func (l *PriceList) During(ctx context.Context, customer servicecoin.CustomerID, id servicecoin.PriceID, during calendar.Interval) ([]Held, error) {
	if err := l.view.Err(); err != nil {
		return nil, err
	}
	changes := []time.Time{during.Start}
	for _, of := range []servicecoin.PriceID{OverrideID(customer, id), id} {
		line, err := store.Of(l.view, timelines).Get(ctx, string(of))
		if errors.Is(err, servicecoin.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		// That which holds at the start may end within, as may those that begin within.
		for i, b := range line.Valid {
			if i+1 < len(line.Valid) && !line.Valid[i+1].From.After(during.Start) {
				continue
			}
			if !b.From.Before(during.End) {
				break
			}
			v, err := l.Get(ctx, of, b.Number)
			if err != nil {
				return nil, err
			}
			changes = append(changes, v.ValidFrom)
			if !v.ValidUntil.IsZero() {
				changes = append(changes, v.ValidUntil)
			}
		}
	}
	changes = slices.DeleteFunc(changes, func(t time.Time) bool { return t.Before(during.Start) || !t.Before(during.End) && t != during.Start })
	slices.SortFunc(changes, time.Time.Compare)
	var list []Held
	for i, t := range changes {
		if i > 0 && t.Equal(changes[i-1]) {
			continue
		}
		v, err := l.AtFor(ctx, customer, id, t)
		if err != nil {
			return nil, err
		}
		if n := len(list); n > 0 {
			if list[n-1].Version.Price.Equal(v.Price) {
				continue
			}
			list[n-1].End = t
		}
		list = append(list, Held{calendar.Between(t, during.End), v})
	}
	return list, nil
}

// Forget deletes a customer's own prices, all versions of them. It is a part of erasing a
// customer, and can be called again. No event is recorded.
func (l *PriceList) Forget(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID) error {
	if err := l.view.AskFor(ctx, by, VerbForgetPrices, PriceRecord, store.Forgotten(customer), customer); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return err
	}
	const atOnce = 20
	own := string(OverrideID(customer, "")) // the prefix of all of them
	for {
		page, err := store.Of(l.view, versions).Find(store.By("price").From(store.Text(own)).To(store.Text(own+"\U0010ffff"))).Page(ctx, "", atOnce)
		if err != nil || len(page.Items) == 0 {
			return err
		}
		err = l.view.Do(ctx, func(tx store.View) error {
			gone := map[servicecoin.PriceID]bool{}
			for _, item := range page.Items {
				gone[item.Value.ID] = true
				if err := store.Of(tx, versions).Delete(ctx, item.Key.ID); err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
					return err
				}
			}
			for id := range gone {
				if err := store.Of(tx, timelines).Delete(ctx, string(id)); err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

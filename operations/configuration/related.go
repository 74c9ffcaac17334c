package configuration

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// mostWalked is how many items are looked at for a circle of relations.
const mostWalked = 2000

// related checks the relations of an item, and stores what differs from those that it
// had.
func (r *Register) related(ctx context.Context, d Draft, before *Item) error {
	var v servicecoin.Violations
	for n, rel := range d.Relations {
		if before != nil && slices.Contains(before.Relations, rel) {
			continue
		}
		path := fmt.Sprintf("relations[%d].to", n)
		switch to, err := store.Of(r.view, items).Get(ctx, string(rel.To)); {
		case errors.Is(err, servicecoin.ErrNotFound):
			v.Add(path, "unknown", string(rel.To), "is not recorded here")
		case err != nil:
			return err
		case !to.RetiredAt.IsZero():
			v.Add(path, "retired", string(rel.To), "is no more")
		case rel.Kind == RunsOn || rel.Kind == PartOf:
			circle, err := r.leads(ctx, to, d.ID, rel.Kind)
			if err != nil {
				return err
			}
			if circle {
				v.Add(path, "circle", string(rel.To), "comes back to the item itself")
			}
		}
	}
	if err := v.Err(); err != nil {
		return err
	}
	var old []Relation
	if before != nil {
		old = before.Relations
	}
	return r.relate(ctx, d.ID, old, d.Relations)
}

// relate stores the relations of an item in the place of those that it had.
func (r *Register) relate(ctx context.Context, id servicecoin.ConfigurationID, old, now []Relation) error {
	of := store.Of(r.view, relations)
	for _, rel := range old {
		if !slices.Contains(now, rel) {
			if err := of.Delete(ctx, relations.ID(Related{id, rel})); err != nil {
				return err
			}
		}
	}
	for _, rel := range now {
		if !slices.Contains(old, rel) {
			if err := of.Insert(ctx, Related{id, rel}); err != nil {
				return err
			}
		}
	}
	return nil
}

// leads reports whether relations of a kind lead from one item to another.
func (r *Register) leads(ctx context.Context, from Item, to servicecoin.ConfigurationID, kind RelationKind) (bool, error) {
	seen := map[servicecoin.ConfigurationID]bool{from.ID: true}
	for next := []Item{from}; len(next) > 0; next = next[1:] {
		for _, rel := range next[0].Relations {
			switch {
			case rel.Kind != kind || seen[rel.To]:
				continue
			case rel.To == to:
				return true, nil
			case len(seen) == mostWalked:
				return false, refuse(VerbRecord, to, fmt.Sprintf("more than %d items are behind it", mostWalked))
			}
			seen[rel.To] = true
			for item, err := range store.Of(r.view, items).Find(store.All().From(store.Text(rel.To))).All(ctx) {
				if err != nil {
					return false, err
				}
				if item.ID == rel.To {
					next = append(next, item)
				}
				break
			}
		}
	}
	return false, nil
}

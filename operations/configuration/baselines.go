package configuration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Taking is a baseline that is to be taken.
type Taking struct {
	ID   BaselineID
	Name string
	Note string
	At   time.Time // as of when; zero: now
	// Items are what is in it; none: all that was recorded then.
	Items []servicecoin.ConfigurationID
}

// TakeBaseline names the items as they were recorded at an instant. An empty id is
// filled in.
func (r *Register) TakeBaseline(ctx context.Context, by servicecoin.Actor, t Taking) (Baseline, error) {
	if t.ID == "" {
		t.ID = BaselineID(r.view.NewID())
	}
	if err := r.view.Ask(ctx, by, VerbTakeBaseline, BaselineRecord, string(t.ID)); err != nil {
		return Baseline{}, err
	}
	now := servicecoin.Instant(r.view.Now())
	if t.At.IsZero() {
		t.At = now
	}
	t.At = servicecoin.Instant(t.At)
	if _, err := lifecycle.Check(by, now, func(v *servicecoin.Violations) {
		v.ID("id", string(t.ID))
		v.Text("name", t.Name, 1, mostText)
		v.Text("note", t.Note, 0, mostReason)
		v.Time("at", t.At)
		v.Limit("items", len(t.Items), mostPinned)
		if t.At.After(now) {
			v.Add("at", "out-of-range", lifecycle.Stamp(t.At), "must not lie ahead")
		}
	}); err != nil {
		return Baseline{}, err
	}
	b := Baseline{ID: t.ID, Name: t.Name, Note: t.Note, At: t.At, By: by, Taken: now, State: BaselineTaken, Items: []Pinned{}, History: []lifecycle.Entry[BaselineState]{}}
	var err error
	if b.Items, err = r.pinned(ctx, t); err != nil {
		return Baseline{}, err
	}
	err = r.view.Do(ctx, func(tx store.View) error {
		e, err := store.Happened(by, EventBaselineTaken, BaselineChanged{Baseline: b.ID, State: b.State, Count: len(b.Items)})
		if err != nil {
			return err
		}
		b, err = insertBaseline(ctx, tx, b, e)
		return err
	})
	if err != nil {
		return Baseline{}, err
	}
	return b, nil
}

// pinned returns the items of a baseline, by id.
func (r *Register) pinned(ctx context.Context, t Taking) ([]Pinned, error) {
	list := []Pinned{}
	pin := func(x Item) error {
		v, err := r.versionAt(ctx, x, t.At)
		if err != nil || v.Retired {
			return err
		}
		if len(list) == mostPinned {
			var v servicecoin.Violations
			v.Limit("items", mostPinned+1, mostPinned)
			return v.Err()
		}
		list = append(list, Pinned{x.ID, v.Number})
		return nil
	}
	if len(t.Items) > 0 {
		ids := slices.Clone(t.Items)
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			x, err := r.Item(ctx, id)
			if err != nil {
				return nil, err
			}
			if err := pin(x); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	for x, err := range store.Of(r.view, items).Find(store.All()).All(ctx) {
		if err != nil {
			return nil, err
		}
		if err := pin(x); err != nil && !errors.Is(err, servicecoin.ErrNotFound) { // recorded later
			return nil, err
		}
	}
	slices.SortFunc(list, byItem)
	return list, nil
}

// ApproveBaseline makes a baseline the one that holds, in the place of the one that did.
func (r *Register) ApproveBaseline(ctx context.Context, by servicecoin.Actor, id BaselineID, reason string) (Baseline, error) {
	if err := r.view.Ask(ctx, by, VerbApproveBaseline, BaselineRecord, string(id)); err != nil {
		return Baseline{}, err
	}
	var after Baseline
	err := r.view.Do(ctx, func(tx store.View) error {
		of := store.Of(tx, baselines)
		item, err := of.Item(ctx, string(id))
		if err != nil {
			return err
		}
		b := item.Value
		if err := b.Approve(by, tx.Now(), reason); err != nil {
			return err
		}
		changed := BaselineChanged{Baseline: b.ID, State: b.State, Count: b.Count}
		for old, err := range of.Find(store.By("approved")).All(ctx) {
			if err != nil {
				return err
			}
			stored, err := of.Item(ctx, string(old.ID)) // so that two approvals do not both hold
			if err != nil {
				return err
			}
			old = stored.Value
			if err := old.move(by, tx.Now(), verbSupersede, "by "+string(b.ID)); err != nil {
				return err
			}
			if err := of.Put(ctx, old, stored.Version); err != nil {
				return err
			}
			changed.Supersedes = old.ID
		}
		e, err := store.Happened(by, EventBaselineApproved, changed)
		if err != nil {
			return err
		}
		after = b
		return of.Put(ctx, b, item.Version, e)
	})
	return after, err
}

// Baseline returns a baseline with its items.
func (r *Register) Baseline(ctx context.Context, id BaselineID) (Baseline, error) {
	return getBaseline(ctx, r.view, id)
}

// Approved returns the baseline that holds, ErrNotFound where none was approved.
func (r *Register) Approved(ctx context.Context) (Baseline, error) {
	for b, err := range store.Of(r.view, baselines).Find(store.By("approved").Descending()).All(ctx) {
		if err != nil {
			return Baseline{}, err
		}
		return r.Baseline(ctx, b.ID)
	}
	return Baseline{}, servicecoin.NotFound(r.view.Key(BaselineRecord, "approved"))
}

// Between returns how two baselines differ, by id: what is in one of them alone, and
// what was recorded otherwise. No rules of types hold.
func (r *Register) Between(ctx context.Context, from, to BaselineID) ([]ItemDifference, error) {
	a, err := r.Baseline(ctx, from)
	if err != nil {
		return nil, err
	}
	b, err := r.Baseline(ctx, to)
	if err != nil {
		return nil, err
	}
	return r.between(ctx, a.Items, b.Items)
}

// Since returns how the items differ now from a baseline.
func (r *Register) Since(ctx context.Context, id BaselineID) ([]ItemDifference, error) {
	b, err := r.Baseline(ctx, id)
	if err != nil {
		return nil, err
	}
	now, err := r.pinned(ctx, Taking{At: servicecoin.Instant(r.view.Now())})
	if err != nil {
		return nil, err
	}
	return r.between(ctx, b.Items, now)
}

func (r *Register) between(ctx context.Context, a, b []Pinned) ([]ItemDifference, error) {
	comparer, err := documents()
	if err != nil {
		return nil, err
	}
	list := []ItemDifference{}
	err = pair(a, b, func(x, y *Pinned) error {
		switch {
		case y == nil:
			list = append(list, ItemDifference{Item: x.Item, Kind: Missing, From: x.Version, Differences: []Difference{}})
			return nil
		case x == nil:
			list = append(list, ItemDifference{Item: y.Item, Kind: Unexpected, To: y.Version, Differences: []Difference{}})
			return nil
		case x.Version == y.Version:
			return nil
		}
		one, err := r.Version(ctx, x.Item, x.Version)
		if err != nil {
			return err
		}
		two, err := r.Version(ctx, y.Item, y.Version)
		if err != nil {
			return err
		}
		found, err := comparer.Compare(one.Document(), two.Document())
		if err != nil {
			return fmt.Errorf("%s: %w", x.Item, err)
		}
		if len(found) > 0 {
			list = append(list, ItemDifference{Item: x.Item, Kind: Changed, From: x.Version, To: y.Version, Differences: found})
		}
		return nil
	})
	return list, err
}

package change

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records, as they stand in a [servicecoin.Key].
const (
	ChangeRecord = "change.change" // provider's partition: [Change]
	ModelRecord  = "change.model"  // provider's partition: [Model]
	FreezeRecord = "change.freeze" // provider's partition: [Freeze]
	WindowRecord = "change.window" // provider's partition: [Window]
	AskedRecord  = "change.asked"  // provider's partition: [Asked]
	NoticeRecord = "change.notice" // customer's partition: [Notice]
)

var changes = store.Kind[Change]{
	Name:  ChangeRecord,
	House: house.Own(),
	ID:    func(c Change) string { return string(c.ID) },
	Indexes: []store.Index[Change]{
		{Name: "drafted", Columns: "m", Of: func(c Change) store.Tuple { return store.Tuple{store.Time(c.DraftedAt())} }},
		{Name: "state", Columns: "tm", Of: func(c Change) store.Tuple {
			return store.Tuple{store.Text(c.State), store.Time(c.DraftedAt())}
		}},
		// What takes its time in the forward schedule, or may: by its start.
		{Name: "ahead", Columns: "m", Of: func(c Change) store.Tuple {
			if c.Plan.Start.IsZero() || (!c.State.Planned() && c.State != Started) {
				return nil
			}
			return store.Tuple{store.Time(c.Plan.Start)}
		}},
		// What is over, by when the work ended.
		{Name: "ended", Columns: "m", Of: func(c Change) store.Tuple {
			if c.EndedAt.IsZero() {
				return nil
			}
			return store.Tuple{store.Time(c.EndedAt)}
		}},
		{Name: "followUp", Columns: "m", Of: func(c Change) store.Tuple {
			next, ok := c.FollowUps.NextDue()
			if !ok {
				return nil
			}
			return store.Tuple{store.Time(next)}
		}},
		// What is over and not closed, and what began before it was approved: by when it
		// began.
		{Name: "unfinished", Columns: "m", Of: func(c Change) store.Tuple {
			if c.StartedAt.IsZero() || c.State.Terminal() {
				return nil
			}
			return store.Tuple{store.Time(c.StartedAt)}
		}},
		// What was begun, by how long it took, with the time in which it was watched, and
		// when it was begun: what lay in a time is found without a look at all that came
		// before or after.
		{Name: "spell", Columns: "im", Of: func(c Change) store.Tuple {
			if c.StartedAt.IsZero() {
				return nil
			}
			return store.Tuple{store.Int(c.spell()), store.Time(c.StartedAt)}
		}},
		{Name: "model", Columns: "tm", Of: func(c Change) store.Tuple {
			if c.Model == nil {
				return nil
			}
			return store.Tuple{store.Text(c.Model.ID), store.Time(c.DraftedAt())}
		}},
	},
}

// aWeek is how long most changes take at most.
const aWeek = 7 * 24 * time.Hour

// The spells of changes, for the index.
const (
	tookAWeek = iota
	tookLonger
	goesOn
)

func (c *Change) spell() int {
	switch end := later(c.EndedAt, c.WatchedUntil); {
	case c.EndedAt.IsZero():
		return goesOn
	case end.Sub(c.StartedAt) > aWeek:
		return tookLonger
	}
	return tookAWeek
}

// begun lists the changes that were begun before an instant, and were not over before
// another one, or were watched then: those, and few others.
func (c *Control) begun(from, before time.Time) []store.Listing[Change] {
	of := store.Of(c.view, changes)
	return []store.Listing[Change]{
		of.Find(store.By("spell", store.Int(tookAWeek)).From(store.Time(from.Add(-aWeek))).To(store.Time(before))),
		of.Find(store.By("spell", store.Int(tookLonger)).To(store.Time(before))),
		of.Find(store.By("spell", store.Int(goesOn)).To(store.Time(before))),
	}
}

var models = store.Kind[Model]{
	Name:    ModelRecord,
	House:   house.Own(),
	ID:      func(m Model) string { return string(m.ID) },
	Indexes: []store.Index[Model]{{Name: "name", Columns: "t", Of: func(m Model) store.Tuple { return store.Tuple{store.Text(m.Name)} }}},
}

var freezes = store.Kind[Freeze]{
	Name:  FreezeRecord,
	House: house.Own(),
	ID:    func(f Freeze) string { return string(f.ID) },
	Indexes: []store.Index[Freeze]{
		{Name: "end", Columns: "m", Of: func(f Freeze) store.Tuple {
			if f.Never() {
				return nil
			}
			return store.Tuple{store.Time(f.During.End)}
		}},
		{Name: "never", Columns: "m", Of: func(f Freeze) store.Tuple {
			if !f.Never() {
				return nil
			}
			return store.Tuple{store.Time(f.During.End)}
		}},
	},
}

var windows = store.Kind[Window]{
	Name:    WindowRecord,
	House:   house.Own(),
	ID:      func(w Window) string { return string(w.ID) },
	Indexes: []store.Index[Window]{{Name: "name", Columns: "t", Of: func(w Window) store.Tuple { return store.Tuple{store.Text(w.called())} }}},
}

// Asked says that a customer was asked about a change: by it, what is kept of a
// customer outside of its partition is found.
type Asked struct {
	Customer servicecoin.CustomerID `json:"customer"`
	Change   servicecoin.ChangeID   `json:"change"`
}

func askedID(customer servicecoin.CustomerID, id servicecoin.ChangeID) string {
	return store.JoinID(string(customer), string(id))
}

var asked = store.Kind[Asked]{
	Name:    AskedRecord,
	House:   house.Own(),
	ID:      func(a Asked) string { return askedID(a.Customer, a.Change) },
	Indexes: []store.Index[Asked]{{Name: "customer", Columns: "t", Of: func(a Asked) store.Tuple { return store.Tuple{store.Text(a.Customer)} }}},
}

var notices = store.Kind[Notice]{
	Name:  NoticeRecord,
	House: house.Own(),
	ID:    func(n Notice) string { return string(n.Change) },
	Indexes: []store.Index[Notice]{
		{Name: "end", Columns: "m", Of: func(n Notice) store.Tuple { return store.Tuple{store.Time(n.During.End)} }},
		{Name: "asked", Columns: "m", Of: func(n Notice) store.Tuple {
			if n.Asked == "" || n.Answer != "" {
				return nil
			}
			return store.Tuple{store.Time(n.By)}
		}},
	},
}

// Reindex brings the records of this package into the indexes and the form of this
// release: see [store.Reindex].
func Reindex(ctx context.Context, s *store.Store) (int, error) {
	return store.Reindex(ctx, s, changes, models, freezes, windows, asked, notices)
}

package patch

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records of advisories, in the provider's partition.
const (
	AdvisoryRecord = "patch.advisory" // [Advisory]
	NameRecord     = "patch.name"     // [Name]
)

// The verbs of advisories.
const (
	VerbImport    = "advisory.import"
	VerbConfirm   = "advisory.confirm"
	VerbSupersede = "advisory.supersede"
)

// The events of advisories. Their data is an [AdvisoryChanged].
const (
	EventImported   = "advisory.imported"   // it is new
	EventChanged    = "advisory.changed"    // a source says something else, or one more speaks of it
	EventWithdrawn  = "advisory.withdrawn"  // no source stands by it any more
	EventJoined     = "advisory.joined"     // two turned out to be of one flaw
	EventConfirmed  = "advisory.confirmed"  // it concerns us
	EventSuperseded = "advisory.superseded" // the patch of another one mends it, too
)

// AdvisoryChanged is the data of an advisory's event.
type AdvisoryChanged struct {
	Advisory AdvisoryID   `json:"advisory"`
	Severity Severity     `json:"severity"`
	Source   string       `json:"source,omitempty"` // whose bulletin it was
	ID       string       `json:"id,omitempty"`
	Fields   []string     `json:"fields,omitempty"` // of the bulletin that changed
	Joined   []AdvisoryID `json:"joined,omitempty"` // that are this one now
}

// Name says of which advisory a name is: an id or an alias of a bulletin.
type Name struct {
	Name     string     `json:"name"`
	Advisory AdvisoryID `json:"advisory"`
}

var advisories = store.Kind[Advisory]{
	Name:  AdvisoryRecord,
	House: house.Own(),
	ID:    func(a Advisory) string { return string(a.ID) },
	Indexes: []store.Index[Advisory]{
		{Name: "imported", Columns: "m", Of: func(a Advisory) store.Tuple { return store.Tuple{store.Time(a.ImportedAt)} }},
		{Name: "changed", Columns: "m", Of: func(a Advisory) store.Tuple { return store.Tuple{store.Time(a.ChangedAt)} }},
		// Those that stand, the worst first.
		{Name: "severity", Columns: "im", Of: func(a Advisory) store.Tuple {
			if a.Withdrawn() || a.SupersededBy != "" {
				return nil
			}
			return store.Tuple{store.Int(-slices.Index(Severities(), a.Severity())), store.Time(a.ImportedAt)}
		}},
	},
}

var names = store.Kind[Name]{
	Name:    NameRecord,
	House:   house.Own(),
	ID:      func(n Name) string { return nameID(n.Name) },
	Indexes: []store.Index[Name]{{Name: "advisory", Columns: "t", Of: func(n Name) store.Tuple { return store.Tuple{store.Text(n.Advisory)} }}},
}

// nameID is the id of the record of a name, which may have any letters.
func nameID(name string) string { return store.JoinID(name) }

// Advisories is where bulletins are imported and what they say is known, over a view of
// the provider's partition.
type Advisories struct{ view store.View }

// NewAdvisories returns the advisories of a view of the provider's partition; of another
// one, the first call says so.
func NewAdvisories(view store.View) *Advisories {
	return &Advisories{view: view.OfProvider("advisories")}
}

// On returns the same advisories over another view.
func (a *Advisories) On(view store.View) *Advisories { return NewAdvisories(view) }

// Imported is what an import made of one bulletin.
type Imported struct {
	Source   string     `json:"source"`
	ID       string     `json:"id"`
	Advisory AdvisoryID `json:"advisory"`
	Outcome  Outcome    `json:"outcome"`
	Fields   []string   `json:"fields,omitempty"` // that changed
	// Joined are advisories that turned out to be of the same flaw, and are this one now.
	Joined []AdvisoryID `json:"joined,omitempty"`
}

// Import takes a bulletin. It meets what is known of the same flaw by its id and aliases;
// where those are of several advisories, they become one. The same bulletin again changes
// nothing and records no event.
func (a *Advisories) Import(ctx context.Context, by servicecoin.Actor, b Bulletin) (Imported, error) {
	if err := a.view.Ask(ctx, by, VerbImport, AdvisoryRecord, b.ID); err != nil {
		return Imported{}, err
	}
	if err := b.Validate(); err != nil {
		return Imported{}, err
	}
	b = b.normal()
	var out Imported
	err := a.view.Do(ctx, func(tx store.View) error {
		out = Imported{Source: b.Source, ID: b.ID}
		known, err := a.On(tx).known(ctx, b)
		if err != nil {
			return err
		}
		if len(known) == 0 {
			return a.On(tx).first(ctx, by, b, &out)
		}
		return a.On(tx).again(ctx, by, b, known, &out)
	})
	return out, err
}

// known returns the advisories that have a name of a bulletin, the one that was imported
// first at the front.
func (a *Advisories) known(ctx context.Context, b Bulletin) ([]store.Item[Advisory], error) {
	var list []store.Item[Advisory]
	for _, name := range append([]string{b.ID}, b.Aliases...) {
		n, err := store.Of(a.view, names).Get(ctx, nameID(name))
		switch {
		case errors.Is(err, servicecoin.ErrNotFound):
			continue
		case err != nil:
			return nil, err
		case slices.ContainsFunc(list, func(x store.Item[Advisory]) bool { return x.Value.ID == n.Advisory }):
			continue
		}
		item, err := store.Of(a.view, advisories).Item(ctx, string(n.Advisory))
		switch {
		case errors.Is(err, servicecoin.ErrNotFound):
			continue // it was joined with another one, which does not have the name any more
		case err != nil:
			return nil, err
		}
		list = append(list, item)
	}
	slices.SortStableFunc(list, func(x, y store.Item[Advisory]) int { return x.Value.ImportedAt.Compare(y.Value.ImportedAt) })
	return list, nil
}

// first keeps a bulletin of a flaw that nobody has spoken of.
func (a *Advisories) first(ctx context.Context, by servicecoin.Actor, b Bulletin, out *Imported) error {
	x, err := NewAdvisory(AdvisoryID(a.view.NewID()), a.view.Now(), b)
	if err != nil {
		return err
	}
	out.Advisory, out.Outcome = x.ID, New
	if err := a.named(ctx, x); err != nil {
		return err
	}
	e, err := happened(by, EventImported, &x, *out)
	if err != nil {
		return err
	}
	return store.Of(a.view, advisories).Insert(ctx, x, e)
}

// again takes a bulletin into what is known, and joins what it shows to be one.
func (a *Advisories) again(ctx context.Context, by servicecoin.Actor, b Bulletin, known []store.Item[Advisory], out *Imported) error {
	x, at := known[0].Value, a.view.Now()
	withdrawn := x.Withdrawn()
	for _, other := range known[1:] {
		if err := x.Absorb(other.Value, at); err != nil {
			return err
		}
		out.Joined = append(out.Joined, other.Value.ID)
		if err := store.Of(a.view, advisories).Delete(ctx, string(other.Value.ID)); err != nil {
			return err
		}
	}
	var err error
	out.Advisory = x.ID
	if out.Outcome, out.Fields, err = x.Take(at, b); err != nil {
		return err
	}
	if out.Outcome == Same && len(out.Joined) == 0 {
		return nil
	}
	if err := a.named(ctx, x); err != nil {
		return err
	}
	list := []string{EventChanged}
	if len(out.Joined) > 0 {
		list = append(list, EventJoined)
	}
	if x.Withdrawn() && !withdrawn {
		list = append(list, EventWithdrawn)
	}
	var events []store.Event
	for _, name := range list {
		e, err := happened(by, name, &x, *out)
		if err != nil {
			return err
		}
		events = append(events, e)
	}
	return store.Of(a.view, advisories).Put(ctx, x, known[0].Version, events...)
}

// named keeps that all names of an advisory are its. A name that a source takes back
// stays: it was the same flaw once.
func (a *Advisories) named(ctx context.Context, x Advisory) error {
	all := x.Names()
	for _, id := range x.Was {
		all = append(all, string(id))
	}
	for _, name := range all {
		of := store.Of(a.view, names)
		item, err := of.Item(ctx, nameID(name))
		switch {
		case err != nil && !errors.Is(err, servicecoin.ErrNotFound):
			return err
		case err == nil && item.Value.Advisory == x.ID:
			continue
		}
		if err := of.Put(ctx, Name{name, x.ID}, item.Version); err != nil {
			return err
		}
	}
	return nil
}

func happened(by servicecoin.Actor, name string, x *Advisory, i Imported) (store.Event, error) {
	return store.Happened(by, name, AdvisoryChanged{Advisory: x.ID, Severity: x.Severity(), Source: i.Source, ID: i.ID, Fields: i.Fields, Joined: i.Joined})
}

// Confirm says that an advisory concerns us. It is said once.
func (a *Advisories) Confirm(ctx context.Context, by servicecoin.Actor, id AdvisoryID) (Advisory, error) {
	return a.change(ctx, by, id, VerbConfirm, EventConfirmed, func(x *Advisory, at time.Time) error {
		if !x.ConfirmedAt.IsZero() {
			return x.refuse(VerbConfirm, "it was confirmed at "+lifecycle.Stamp(x.ConfirmedAt))
		}
		x.ConfirmedAt, x.ConfirmedBy = at, by.ID
		return nil
	})
}

// Supersede says that the patch of another advisory mends this one, too: it has no
// deadline of its own any more. An empty id takes that back.
func (a *Advisories) Supersede(ctx context.Context, by servicecoin.Actor, id, other AdvisoryID) (Advisory, error) {
	if err := a.supersedes(ctx, other, id); err != nil {
		return Advisory{}, err
	}
	return a.change(ctx, by, id, VerbSupersede, EventSuperseded, func(x *Advisory, _ time.Time) error {
		x.SupersededBy = other
		return nil
	})
}

// supersedes refuses that an advisory supersedes another one by which it is superseded
// itself, over however many: none of them would have a deadline any more.
func (a *Advisories) supersedes(ctx context.Context, other, id AdvisoryID) error {
	seen := map[AdvisoryID]bool{}
	for next := other; next != "" && !seen[next]; {
		x, err := a.Get(ctx, next)
		switch {
		case isNotFound(err) && next != other:
			return nil
		case err != nil:
			return err
		case x.ID == id:
			return x.refuse(VerbSupersede, "it cannot supersede itself")
		}
		seen[next], next = true, x.SupersededBy
	}
	return nil
}

func (a *Advisory) refuse(verb, why string) error {
	return &servicecoin.RefusedError{Subject: servicecoin.Key{Customer: servicecoin.Provider, Kind: AdvisoryRecord, ID: string(a.ID)}, Verb: verb, Why: why}
}

func (a *Advisories) change(ctx context.Context, by servicecoin.Actor, id AdvisoryID, verb, event string, rule func(x *Advisory, at time.Time) error) (Advisory, error) {
	if err := a.view.Ask(ctx, by, verb, AdvisoryRecord, string(id)); err != nil {
		return Advisory{}, err
	}
	at, err := lifecycle.Check(by, a.view.Now(), nil)
	if err != nil {
		return Advisory{}, err
	}
	return store.Of(a.view, advisories).Update(ctx, string(id), func(x *Advisory) ([]store.Event, error) {
		if err := rule(x, at); err != nil {
			return nil, err
		}
		e, err := happened(by, event, x, Imported{})
		return []store.Event{e}, err
	})
}

// Get returns an advisory; by the id of one that turned out to be of the same flaw as
// another one, that one.
func (a *Advisories) Get(ctx context.Context, id AdvisoryID) (Advisory, error) {
	x, err := store.Of(a.view, advisories).Get(ctx, string(id))
	if !isNotFound(err) {
		return x, err
	}
	n, other := store.Of(a.view, names).Get(ctx, nameID(string(id)))
	if other != nil {
		return x, err
	}
	if x, other = store.Of(a.view, advisories).Get(ctx, string(n.Advisory)); other != nil || !slices.Contains(x.Was, id) {
		return Advisory{}, err
	}
	return x, nil
}

// Named returns the advisory that a name is of: an id or alias of a bulletin, CVE-2024-23897,
// say.
func (a *Advisories) Named(ctx context.Context, name string) (Advisory, error) {
	n, err := store.Of(a.view, names).Get(ctx, nameID(name))
	if err != nil {
		return Advisory{}, err
	}
	return a.Get(ctx, n.Advisory)
}

// Recent lists advisories, what changed last first.
func (a *Advisories) Recent() store.Listing[Advisory] {
	return store.Of(a.view, advisories).Find(store.By("changed").Descending())
}

// Standing lists the advisories that are neither withdrawn nor superseded, the worst
// first, of the same severity the one that was imported first.
func (a *Advisories) Standing() store.Listing[Advisory] {
	return store.Of(a.view, advisories).Find(store.By("severity"))
}

// Reindex brings the records of this package into the indexes and the form of this
// release: see [store.Reindex].
func Reindex(ctx context.Context, s *store.Store) (int, error) {
	return store.Reindex(ctx, s, advisories, names, cycles, jobs, misses, plannings, present, past, exemptions, routines)
}

package release

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// FixRecord is the kind of record of a critical fix, in the provider's partition.
const FixRecord = "release.fix" // [Fix]

// The verbs of critical fixes.
const (
	VerbKnow        = "fix.know"
	VerbFix         = "fix.fix"
	VerbWithdrawFix = "fix.withdraw"
)

// The events of critical fixes. Their data is a [FixChanged].
const (
	EventKnown        = "fix.known"
	EventFixed        = "fix.fixed"
	EventFixWithdrawn = "fix.withdrawn"
)

// FixChanged is the data of a fix's event.
type FixChanged struct {
	Fix      FixID      `json:"fix"`
	Platform PlatformID `json:"platform"`
	Version  string     `json:"version,omitempty"` // that mends it
}

var fixes = store.Kind[Fix]{
	Name: FixRecord, House: house.Own(),
	ID: func(f Fix) string { return string(f.ID) },
	Indexes: []store.Index[Fix]{{Name: "platform", Columns: "tm", Of: func(f Fix) store.Tuple {
		return store.Tuple{store.Text(f.Platform), store.Time(f.KnownAt)}
	}}},
}

// Fixes is where critical flaws of a platform are followed until the last customer has a
// version that mends them, over a view of the provider's partition.
type Fixes struct {
	view     store.View
	schedule *Schedule
}

// NewFixes returns the critical fixes of a view of the provider's partition; of another one,
// the first call says so.
func NewFixes(view store.View) *Fixes {
	return &Fixes{view.OfProvider("fixes"), NewSchedule(view)}
}

// On returns the same fixes over another view.
func (n *Fixes) On(view store.View) *Fixes { return NewFixes(view) }

// Known is what is known of a critical flaw.
type Known struct {
	ID       FixID
	Platform PlatformID
	Advisory string
	Title    string
	Affected string    // a range of versions
	At       time.Time // since when it is known
}

// Know says that a critical flaw is known. What the platform promises of such ones now
// holds for it, whatever is promised later.
func (n *Fixes) Know(ctx context.Context, by servicecoin.Actor, k Known) (Fix, error) {
	if err := n.view.Ask(ctx, by, VerbKnow, FixRecord, string(k.ID)); err != nil {
		return Fix{}, err
	}
	f := Fix{ID: k.ID, Platform: k.Platform, Advisory: k.Advisory, Title: k.Title, Affected: k.Affected, KnownAt: lifecycle.Instant(k.At)}
	at, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) {
		v.Merge("", f.Validate())
		if k.At.After(n.view.Now()) {
			v.Add("knownAt", "out-of-order", lifecycle.Stamp(k.At), "must not be after now")
		}
	})
	if err != nil {
		return Fix{}, err
	}
	e, err := store.Happened(by, EventKnown, FixChanged{Fix: f.ID, Platform: f.Platform})
	if err != nil {
		return Fix{}, err
	}
	err = n.view.Do(ctx, func(tx store.View) error {
		p, err := n.schedule.On(tx).Platform(ctx, k.Platform)
		if err != nil {
			return unknown(err, "platform", string(k.Platform))
		}
		f.Promise, f.ChangedAt = p.Fixes, at
		return store.Of(tx, fixes).Insert(ctx, f, e)
	})
	return f, err
}

// Fix says that a version mends it, since an instant. The version is one that came.
func (n *Fixes) Fix(ctx context.Context, by servicecoin.Actor, id FixID, text string, since time.Time) (Fix, error) {
	return n.change(ctx, by, VerbFix, EventFixed, id, func(v *servicecoin.Violations) {
		readVersion(v, "version", text)
		v.Time("at", since)
		if since.After(n.view.Now()) {
			v.Add("at", "out-of-order", lifecycle.Stamp(since), "must not be after now")
		}
	}, func(tx store.View, f *Fix) (FixChanged, error) {
		for _, x := range f.In {
			if same(x.Version, text) {
				return FixChanged{}, n.refuse(f, VerbFix, text+" mends it since "+lifecycle.Stamp(x.At))
			}
		}
		r, err := n.schedule.On(tx).Get(ctx, f.Platform, text)
		if err != nil {
			return FixChanged{}, unknown(err, "version", text)
		}
		if r.Done.IsZero() {
			return FixChanged{}, n.refuse(f, VerbFix, text+" did not come yet")
		}
		f.In = append(f.In, FixedIn{r.Version, servicecoin.Instant(since)})
		return FixChanged{Version: r.Version}, f.Validate()
	})
}

// Withdraw says that it was no flaw. It stays on record, and counts in nothing.
func (n *Fixes) Withdraw(ctx context.Context, by servicecoin.Actor, id FixID, why string) (Fix, error) {
	return n.change(ctx, by, VerbWithdrawFix, EventFixWithdrawn, id, lifecycle.Because(why, maxReason), func(tx store.View, f *Fix) (FixChanged, error) {
		f.Withdrawn = &Skip{At: servicecoin.Instant(tx.Now()), By: by, Why: why}
		return FixChanged{}, nil
	})
}

func (n *Fixes) refuse(f *Fix, verb, why string) error {
	return &servicecoin.RefusedError{Subject: n.view.Key(FixRecord, string(f.ID)), Verb: verb, Why: why}
}

func (n *Fixes) change(ctx context.Context, by servicecoin.Actor, verb, name string, id FixID, check func(v *servicecoin.Violations), do func(tx store.View, f *Fix) (FixChanged, error)) (Fix, error) {
	if err := n.view.Ask(ctx, by, verb, FixRecord, string(id)); err != nil {
		return Fix{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), check)
	if err != nil {
		return Fix{}, err
	}
	var out Fix
	err = n.view.Do(ctx, func(tx store.View) error {
		var err error
		out, err = store.Of(tx, fixes).Update(ctx, string(id), func(f *Fix) ([]store.Event, error) {
			switch {
			case at.Before(f.ChangedAt):
				return nil, n.refuse(f, verb, "it was changed at "+lifecycle.Stamp(f.ChangedAt))
			case f.Withdrawn != nil:
				return nil, n.refuse(f, verb, "it was withdrawn at "+lifecycle.Stamp(f.Withdrawn.At))
			}
			news, err := do(tx, f)
			if err != nil {
				return nil, err
			}
			f.ChangedAt = at
			news.Fix, news.Platform = f.ID, f.Platform
			e, err := store.Happened(by, name, news)
			return []store.Event{e}, err
		})
		return err
	})
	return out, err
}

// Get returns a fix.
func (n *Fixes) Get(ctx context.Context, id FixID) (Fix, error) {
	return store.Of(n.view, fixes).Get(ctx, string(id))
}

// All lists the critical fixes of a platform, the one that was known last at the front.
func (n *Fixes) All(p PlatformID) store.Listing[Fix] {
	return store.Of(n.view, fixes).Find(store.By("platform", store.Text(p)).Descending())
}

// Forget takes a customer out of what is promised for critical fixes.
func (n *Fixes) Forget(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID) error {
	for f, err := range store.Of(n.view, fixes).Find(store.All()).All(ctx) {
		if err != nil {
			return err
		}
		if _, ok := f.Promise.Customers[id]; !ok {
			continue
		}
		if _, err := store.Of(n.view, fixes).Update(ctx, string(f.ID), func(f *Fix) ([]store.Event, error) {
			f.Promise.Customers = without(f.Promise.Customers, id)
			return nil, nil
		}); err != nil {
			return err
		}
	}
	return n.schedule.forget(ctx, id)
}

package release

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/version"
)

// WarningRecord is the kind of record of a warning, in a customer's partition.
const WarningRecord = "release.warning" // [Warning]

// The verbs of warnings.
const (
	VerbGive   = "warning.give"
	VerbSettle = "warning.settle"
)

// The events of warnings. Their data is a [WarningChanged].
const (
	EventGiven   = "warning.given"
	EventSettled = "warning.settled"
)

// About is what a warning is about.
type About string

// What customers are told of what they run.
const (
	ARecall About = "recall" // the version is bad, and what to run instead
	AnEnd   About = "end"    // support of its line is about to end
	AFix    About = "fix"    // a critical flaw is mended in a version that they do not run
)

// Warning tells a customer that something is to be done about what it runs. It stands until
// that is done, and stays on record.
type Warning struct {
	Platform     PlatformID    `json:"platform"`
	Installation string        `json:"installation,omitempty"`
	About        About         `json:"about"`
	Of           string        `json:"of"`                // the version, line or fix
	Version      string        `json:"version,omitempty"` // that runs
	Instead      string        `json:"instead,omitempty"` // the version or line to go to
	Why          string        `json:"why,omitempty"`
	Until        calendar.Date `json:"until,omitzero"` // of an end: the last day
	GivenAt      time.Time     `json:"givenAt"`
	SettledAt    time.Time     `json:"settledAt,omitzero"`
}

// WarningChanged is the data of a warning's event.
type WarningChanged struct {
	Platform     PlatformID `json:"platform"`
	Installation string     `json:"installation,omitempty"`
	About        About      `json:"about"`
	Of           string     `json:"of"`
}

var warnings = store.Kind[Warning]{
	Name: WarningRecord, House: house.Own(),
	ID: func(w Warning) string { return store.JoinID(string(w.Platform), w.Installation, string(w.About), w.Of) },
	Indexes: []store.Index[Warning]{
		{Name: "given", Columns: "m", Of: func(w Warning) store.Tuple { return store.Tuple{store.Time(w.GivenAt)} }},
		{Name: "open", Columns: "tt", Of: func(w Warning) store.Tuple {
			if !w.SettledAt.IsZero() {
				return nil
			}
			return store.Tuple{store.Text(w.Platform), store.Text(w.Installation)}
		}},
	},
}

// Validate reports every violation.
func (w Warning) Validate() error {
	var v servicecoin.Violations
	v.ID("platform", string(w.Platform))
	v.Text("installation", w.Installation, 0, maxName)
	if w.About != ARecall && w.About != AnEnd && w.About != AFix {
		v.Add("about", "unknown", string(w.About), "must be recall, end or fix")
	}
	v.Text("of", w.Of, 1, version.MaxLength)
	v.Text("why", w.Why, 0, maxReason)
	for path, text := range map[string]string{"version": w.Version, "instead": w.Instead} {
		v.Text(path, text, 0, version.MaxLength)
	}
	return v.Err()
}

// Warnings is what one customer is told about what it runs, over a view of its partition.
type Warnings struct{ view store.View }

// NewWarnings returns the warnings of a customer's view; of the provider's, the first call
// says so.
func NewWarnings(view store.View) *Warnings { return &Warnings{view.OfCustomer("warnings")} }

// Give gives a warning. The same one again, while it stands, changes nothing; one that was
// settled stands again.
func (n *Warnings) Give(ctx context.Context, by servicecoin.Actor, x Warning) (Warning, error) {
	id := warnings.ID(x)
	if err := n.view.Ask(ctx, by, VerbGive, WarningRecord, id); err != nil {
		return Warning{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) { v.Merge("", x.Validate()) })
	if err != nil {
		return Warning{}, err
	}
	x.GivenAt, x.SettledAt = at, time.Time{}
	e, err := store.Happened(by, EventGiven, x.changed())
	if err != nil {
		return Warning{}, err
	}
	err = n.view.Do(ctx, func(tx store.View) error {
		was, err := store.Of(tx, warnings).Item(ctx, id)
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		stands := err == nil && was.Value.SettledAt.IsZero()
		if stands {
			if x.GivenAt = was.Value.GivenAt; x == was.Value {
				return nil
			}
			return store.Of(tx, warnings).Put(ctx, x, was.Version) // it says something else by now
		}
		return store.Of(tx, warnings).Put(ctx, x, was.Version, e)
	})
	return x, err
}

func (w Warning) changed() WarningChanged {
	return WarningChanged{w.Platform, w.Installation, w.About, w.Of}
}

// Settle says that what a warning is about was done.
func (n *Warnings) Settle(ctx context.Context, by servicecoin.Actor, x Warning) error {
	id := warnings.ID(x)
	if err := n.view.Ask(ctx, by, VerbSettle, WarningRecord, id); err != nil {
		return err
	}
	at, err := lifecycle.Check(by, n.view.Now(), nil)
	if err != nil {
		return err
	}
	_, err = store.Of(n.view, warnings).Update(ctx, id, func(x *Warning) ([]store.Event, error) {
		if !x.SettledAt.IsZero() {
			return nil, &servicecoin.RefusedError{Subject: n.view.Key(WarningRecord, id), Verb: VerbSettle, Why: "it was settled at " + lifecycle.Stamp(x.SettledAt)}
		}
		x.SettledAt = at
		e, err := store.Happened(by, EventSettled, x.changed())
		return []store.Event{e}, err
	})
	return err
}

// All lists the warnings of a customer, the last one given at the front.
func (n *Warnings) All() store.Listing[Warning] {
	return store.Of(n.view, warnings).Find(store.By("given").Descending())
}

// Open lists those that stand, of an installation of a platform.
func (n *Warnings) Open(p PlatformID, installation string) store.Listing[Warning] {
	return store.Of(n.view, warnings).Find(store.By("open", store.Text(p), store.Text(installation)))
}

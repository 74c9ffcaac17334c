package patch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records of what was seen, in a customer's partition.
const (
	InstalledRecord = "patch.installed" // what runs on a target, as it was seen last
	ReplacedRecord  = "patch.replaced"  // what ran on it before
	ExemptionRecord = "patch.exemption" // [Exemption]
)

// The verbs of what is seen and allowed.
const (
	VerbSee    = "sighting.see"
	VerbExempt = "exemption.grant"
	VerbEnd    = "exemption.end"
)

// EventSeen says that another version of something was seen on a target than before; its
// data is a [SeenChanged].
const EventSeen = "sighting.seen"

// SeenChanged is the data of an event of what was seen.
type SeenChanged struct {
	Target servicecoin.ConfigurationID `json:"target"`
	Count  int                         `json:"count"` // components that changed
}

// Seen is a component that was seen in one version from one look to another one.
type Seen struct {
	Component

	From time.Time `json:"from"`
	// Until is the last look that saw it; zero: it was seen at every look since.
	Until  time.Time `json:"until,omitzero"`
	Absent bool      `json:"absent,omitempty"` // it was there before, and is not
}

// Spotted is what a look at a target found.
type Spotted struct {
	Target servicecoin.ConfigurationID
	At     time.Time
	// Before is when the target was looked at before this, and all was as it had been; zero:
	// it was not looked at.
	Before time.Time
	// Lost says that nobody knew any more what runs between Before and At: what was seen then
	// and is seen now was not seen without a break.
	Lost       bool
	Components []Component // all that is installed, each in the version that runs
}

const (
	maxInstalled = 1000 // components of a target
	maxReplaced  = 300  // in a record
)

type installed struct {
	Target servicecoin.ConfigurationID `json:"target"`
	At     time.Time                   `json:"at"` // of the last look that found a change
	// Through is the last look that was told of, whether or not it found one.
	Through time.Time `json:"through"`
	List    []Seen    `json:"list"`
	Parts   int       `json:"parts"` // in which what was before is kept
}

var present = store.Kind[installed]{
	Name: InstalledRecord, House: house.Own(),
	ID: func(i installed) string { return string(i.Target) },
}

type replaced struct {
	Target servicecoin.ConfigurationID `json:"target"`
	Part   int                         `json:"part"`
	List   []Seen                      `json:"list"`
}

var past = store.Kind[replaced]{
	Name: ReplacedRecord, House: house.Own(),
	ID: func(r replaced) string { return store.JoinID(string(r.Target), fmt.Sprintf("%08d", r.Part)) },
	Indexes: []store.Index[replaced]{{Name: "target", Columns: "ti", Of: func(r replaced) store.Tuple {
		return store.Tuple{store.Text(r.Target), store.Int(r.Part)}
	}}},
}

// Sightings is what was seen to run on the targets of one customer: over a view of its
// partition. By it, and not by what somebody says is done, compliance is told.
type Sightings struct{ view store.View }

// NewSightings returns the sightings of a customer's view; of the provider's, the first
// call says so.
func NewSightings(view store.View) *Sightings {
	return &Sightings{view: view.OfCustomer("sightings")}
}

func (s Spotted) validate(v *servicecoin.Violations) {
	v.ID("target", string(s.Target))
	v.Time("at", s.At)
	if !s.Before.IsZero() && s.Before.After(s.At) {
		v.Add("before", "out-of-order", lifecycle.Stamp(s.Before), "must not be after "+lifecycle.Stamp(s.At))
	}
	if !v.Limit("components", len(s.Components), maxInstalled) {
		return
	}
	for n, c := range s.Components {
		c.validate(v, fmt.Sprintf("components[%d]", n))
	}
}

// See takes what a look found. A component in the version that it had is the same one
// still; one that is not found any more is told as absent. A look that is older than the
// last one that found a change is refused; the same look again changes nothing.
func (n *Sightings) See(ctx context.Context, by servicecoin.Actor, s Spotted) error {
	if err := n.view.Ask(ctx, by, VerbSee, InstalledRecord, string(s.Target)); err != nil {
		return err
	}
	s.At, s.Before = servicecoin.Instant(s.At), lifecycle.Instant(s.Before)
	if _, err := lifecycle.Check(by, n.view.Now(), s.validate); err != nil {
		return err
	}
	return n.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, present).Item(ctx, string(s.Target))
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		x := item.Value
		x.Target = s.Target
		if s.At.Before(x.At) {
			return &servicecoin.RefusedError{Subject: tx.Key(InstalledRecord, string(s.Target)), Verb: VerbSee, Why: "it was looked at " + lifecycle.Stamp(x.At) + ", which is later than " + lifecycle.Stamp(s.At)}
		}
		list, ended := meet(x.List, s, false)
		changed := len(ended) + len(list) - len(x.List)
		other := len(ended) > 0 || changed != 0
		if s.Lost && s.At.After(x.Through) {
			list, ended = meet(x.List, s, true)
		}
		if !other && len(ended) == 0 {
			if !s.At.After(x.Through) {
				return nil
			}
			x.Through = s.At
			return store.Of(tx, present).Put(ctx, x, item.Version)
		}
		x.List, x.At, x.Through = list, s.At, s.At
		for part := range slices.Chunk(ended, maxReplaced) {
			if err := store.Of(tx, past).Insert(ctx, replaced{Target: s.Target, Part: x.Parts, List: part}); err != nil {
				return err
			}
			x.Parts++
		}
		if !other {
			return store.Of(tx, present).Put(ctx, x, item.Version)
		}
		e, err := store.Happened(by, EventSeen, SeenChanged{Target: s.Target, Count: max(changed, 1)})
		if err != nil {
			return err
		}
		return store.Of(tx, present).Put(ctx, x, item.Version, e)
	})
}

// meet returns what is installed after a look, and what ended with it: all, if it was lost.
func meet(list []Seen, s Spotted, lost bool) (now, ended []Seen) {
	type versioned struct{ name, version string }
	found, there := map[versioned]bool{}, map[string]bool{}
	for _, c := range s.Components {
		found[versioned{c.key(), c.versionOf()}] = true
		there[c.key()] = true
	}
	// Where one of several versions went, the others begin anew: nobody knows when between
	// the two looks it did.
	fewer := map[string]bool{}
	for _, was := range list {
		if !found[versioned{was.key(), was.versionOf()}] {
			fewer[was.key()] = true
		}
	}
	kept, gone := map[versioned]bool{}, map[string]bool{}
	for _, was := range list {
		k := versioned{was.key(), was.versionOf()}
		switch {
		case lost:
			was.Until = later(was.From, s.Before)
			ended = append(ended, was)
		case was.Absent && !there[k.name]:
			now, gone[k.name] = append(now, was), true
		case !was.Absent && found[k] && !fewer[k.name]:
			now, kept[k] = append(now, was), true
		default:
			was.Until = later(was.From, s.Before)
			ended = append(ended, was)
		}
	}
	for _, was := range ended {
		if name := was.key(); !there[name] && !gone[name] {
			now, gone[name] = append(now, Seen{Component: was.unversioned(), From: s.At, Absent: true}), true
		}
	}
	for _, c := range s.Components {
		if k := (versioned{c.key(), c.versionOf()}); !kept[k] {
			now, kept[k] = append(now, Seen{Component: c, From: s.At}), true
		}
	}
	return now, ended
}

// key names a component, in whatever version.
func (c Component) key() string {
	if p, err := ParsePURL(c.PURL); err == nil && c.PURL != "" {
		return p.Package()
	}
	return strings.ToLower(c.Vendor + "\n" + c.Name)
}

// Installed returns what runs on a target, as it was seen last, and when that changed.
func (n *Sightings) Installed(ctx context.Context, target servicecoin.ConfigurationID) ([]Seen, time.Time, error) {
	x, err := store.Of(n.view, present).Get(ctx, string(target))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return nil, time.Time{}, nil
	}
	return x.List, x.At, err
}

// Of returns what [Comply] asks of a target: every sighting, where it was looked at last
// at an instant, and found something else than before at another one. If that was not told
// here yet, what is known goes no further than what was.
func (n *Sightings) Of(ctx context.Context, target servicecoin.ConfigurationID, looked, other time.Time) ([]Sighting, error) {
	x, err := store.Of(n.view, present).Get(ctx, string(target))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if other.After(x.Through) || looked.Before(x.Through) {
		looked = x.Through
	}
	list := x.List
	for r, err := range store.Of(n.view, past).Find(store.By("target", store.Text(target))).All(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, r.List...)
	}
	sightings := make([]Sighting, 0, len(list))
	for _, s := range list {
		until := s.Until
		if until.IsZero() {
			until = looked
		}
		sightings = append(sightings, Sighting{Target: target, Component: s.Component, At: s.From, Until: until, Absent: s.Absent})
	}
	return sightings, nil
}

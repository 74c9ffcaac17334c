package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/version"
)

// The kinds of records of what runs, in a customer's partition.
const (
	RunningRecord = "release.running" // [Running]
	RanRecord     = "release.ran"     // what ran before, in parts
	PinRecord     = "release.pin"     // [Pin]
)

// The verbs of what runs.
const (
	VerbRun     = "running.run"
	VerbObserve = "running.observe"
	VerbPlace   = "running.place"
	VerbStop    = "running.stop"
	VerbPin     = "pin.pin"
	VerbUnpin   = "pin.unpin"
)

// The events of what runs. Their data is a [RunningChanged], that of pins a [PinChanged].
const (
	EventRunning  = "running.changed"
	EventStopped  = "running.stopped"
	EventPinned   = "pin.pinned"
	EventUnpinned = "pin.unpinned"
)

// RunningChanged is the data of an event of what runs.
type RunningChanged struct {
	Platform     PlatformID `json:"platform"`
	Installation string     `json:"installation,omitempty"`
	From         string     `json:"from,omitempty"` // the version before
	To           string     `json:"to,omitempty"`
}

// Running is which version of a platform a customer runs, and which it ran before.
type Running struct {
	Platform PlatformID `json:"platform"`
	// Installation tells several of one customer apart: "production", "test"; "" is the one.
	Installation string `json:"installation,omitempty"`
	Channel      string `json:"channel,omitempty"` // of the platform's, from which it is offered versions
	// Ring is when it is its turn where a version is rolled out in rings; 0 is the first.
	Ring    int       `json:"ring,omitempty"`
	Version string    `json:"version,omitempty"` // that runs now; "": none
	Since   time.Time `json:"since,omitzero"`
	Spans   []Span    `json:"spans,omitempty"` // what ran before, the oldest first
	// Parts are how many records have what ran before these spans.
	Parts int `json:"parts,omitempty"`
	// Pin keeps it at some versions; it may be over.
	Pin *Pin `json:"pin,omitempty"`

	ChangedAt time.Time `json:"changedAt"`
}

// Span is a version that ran from one instant to another one.
type Span struct {
	Version string    `json:"version"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
}

const (
	maxSpans = 400 // in a record
	maxRing  = 1000
)

// At returns which version ran at an instant, by the spans of the record; "" is none, or
// before what the record knows.
func (r Running) At(at time.Time) string {
	if r.Version != "" && !at.Before(r.Since) {
		return r.Version
	}
	for _, s := range r.Spans {
		if !at.Before(s.From) && at.Before(s.Until) {
			return s.Version
		}
	}
	return ""
}

// ran is a part of what ran before.
type ran struct {
	Platform     PlatformID `json:"platform"`
	Installation string     `json:"installation,omitempty"`
	Part         int        `json:"part"`
	Spans        []Span     `json:"spans"`
}

func runningID(p PlatformID, installation string) string {
	return store.JoinID(string(p), installation)
}

var runnings = store.Kind[Running]{
	Name: RunningRecord, House: house.Own(),
	ID: func(r Running) string { return runningID(r.Platform, r.Installation) },
	Indexes: []store.Index[Running]{
		{Name: "platform", Columns: "tt", Of: func(r Running) store.Tuple {
			return store.Tuple{store.Text(r.Platform), store.Text(r.Installation)}
		}},
		// Those that run something, by its version.
		{Name: "version", Columns: "tt", Of: func(r Running) store.Tuple {
			if r.Version == "" {
				return nil
			}
			return store.Tuple{store.Text(r.Platform), store.Text(Canonical(r.Version))}
		}},
	},
}

var rans = store.Kind[ran]{
	Name: RanRecord, House: house.Own(),
	ID: func(r ran) string { return store.JoinID(string(r.Platform), r.Installation, number(r.Part)) },
	Indexes: []store.Index[ran]{{Name: "of", Columns: "tti", Of: func(r ran) store.Tuple {
		return store.Tuple{store.Text(r.Platform), store.Text(r.Installation), store.Int(r.Part)}
	}}},
}

// Installations is which versions one customer runs, and to which it is pinned, over a view
// of its partition.
type Installations struct {
	view     store.View
	schedule *Schedule
}

// NewInstallations returns what a customer runs; of the provider's view, the first call
// says so. With a schedule, over a view of the provider's partition, versions that are
// recalled, not out or not offered are refused; nil: the host knows.
func NewInstallations(view store.View, schedule *Schedule) *Installations {
	return &Installations{view.OfCustomer("installations"), schedule}
}

// Place says in which ring and from which channel an installation gets its versions. One
// that is not there yet begins, without a version.
func (n *Installations) Place(ctx context.Context, by servicecoin.Actor, p PlatformID, installation, channel string, ring int) (Running, error) {
	check := func(v *servicecoin.Violations) {
		v.Text("channel", channel, 0, maxName)
		if ring < 0 || ring > maxRing {
			v.Add("ring", "out-of-range", strconv.Itoa(ring), fmt.Sprintf("must be from 0 to %d", maxRing))
		}
	}
	return n.change(ctx, by, VerbPlace, p, installation, check, func(_ store.View, _ time.Time, r *Running) ([]store.Event, error) {
		r.Channel, r.Ring = channel, ring
		return nil, nil
	})
}

// Run says that an installation gets a version, from now on. It is refused for one that was
// recalled, is not out, is in no channel of the installation, or that its pin does not hold.
func (n *Installations) Run(ctx context.Context, by servicecoin.Actor, p PlatformID, installation, text string) (Running, error) {
	return n.run(ctx, by, VerbRun, p, installation, text, n.view.Now())
}

// Observe says that a version was seen to run since an instant, whatever it is: a fact is
// not refused.
func (n *Installations) Observe(ctx context.Context, by servicecoin.Actor, p PlatformID, installation, text string, since time.Time) (Running, error) {
	return n.run(ctx, by, VerbObserve, p, installation, text, since)
}

func (n *Installations) run(ctx context.Context, by servicecoin.Actor, verb string, p PlatformID, installation, text string, since time.Time) (Running, error) {
	check := func(v *servicecoin.Violations) {
		readVersion(v, "version", text)
		v.Time("since", since)
		if since.After(n.view.Now()) {
			v.Add("since", "out-of-order", lifecycle.Stamp(since), "must not be after now")
		}
	}
	return n.change(ctx, by, verb, p, installation, check, func(tx store.View, _ time.Time, r *Running) ([]store.Event, error) {
		since := servicecoin.Instant(since)
		if verb == VerbRun {
			if err := n.mayRun(ctx, *r, text); err != nil {
				return nil, err
			}
		}
		if r.Version == text {
			return nil, nil // it is known
		}
		if since.Before(r.lastly()) {
			return nil, n.refuse(p, installation, verb, "it runs "+r.Version+" since "+lifecycle.Stamp(r.lastly()))
		}
		if err := n.end(ctx, tx, r, since); err != nil {
			return nil, err
		}
		r.Version, r.Since = text, since
		return nil, nil
	})
}

// lastly is since when what is known of it holds.
func (r Running) lastly() time.Time {
	if r.Version != "" {
		return r.Since
	}
	if n := len(r.Spans); n > 0 {
		return r.Spans[n-1].Until
	}
	return time.Time{}
}

// end ends what runs at an instant. Spans that the record has no room for go into one of
// their own.
func (n *Installations) end(ctx context.Context, tx store.View, r *Running, at time.Time) error {
	if r.Version == "" {
		return nil
	}
	if at.After(r.Since) {
		r.Spans = append(slices.Clone(r.Spans), Span{r.Version, r.Since, at})
	}
	r.Version, r.Since = "", time.Time{}
	if len(r.Spans) <= maxSpans {
		return nil
	}
	const kept = maxSpans / 2
	part := ran{Platform: r.Platform, Installation: r.Installation, Part: r.Parts, Spans: r.Spans[:len(r.Spans)-kept]}
	r.Parts, r.Spans = r.Parts+1, slices.Clone(r.Spans[len(r.Spans)-kept:])
	return store.Of(tx, rans).Insert(ctx, part)
}

// Stop says that an installation runs nothing any more.
func (n *Installations) Stop(ctx context.Context, by servicecoin.Actor, p PlatformID, installation string) (Running, error) {
	return n.change(ctx, by, VerbStop, p, installation, nil, func(tx store.View, at time.Time, r *Running) ([]store.Event, error) {
		if r.Version == "" {
			return nil, n.refuse(p, installation, VerbStop, "it runs nothing")
		}
		return nil, n.end(ctx, tx, r, at)
	})
}

func (n *Installations) refuse(p PlatformID, installation, verb, why string) error {
	return &servicecoin.RefusedError{Subject: n.view.Key(RunningRecord, runningID(p, installation)), Verb: verb, Why: why}
}

func (n *Installations) change(ctx context.Context, by servicecoin.Actor, verb string, p PlatformID, installation string, check func(v *servicecoin.Violations), do func(tx store.View, at time.Time, r *Running) ([]store.Event, error)) (Running, error) {
	id := runningID(p, installation)
	if err := n.view.Ask(ctx, by, verb, RunningRecord, id); err != nil {
		return Running{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) {
		v.ID("platform", string(p))
		v.Text("installation", installation, 0, maxName)
		if check != nil {
			check(v)
		}
	})
	if err != nil {
		return Running{}, err
	}
	var out Running
	err = n.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, runnings).Item(ctx, id)
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		r := item.Value
		if err != nil {
			if verb == VerbStop || verb == VerbUnpin {
				return err
			}
			r = Running{Platform: p, Installation: installation}
		}
		was := r.Version
		events, err := do(tx, at, &r)
		if err != nil {
			return err
		}
		r.ChangedAt, out = at, r
		name := EventRunning
		if r.Version == "" && was != "" {
			name = EventStopped
		}
		if r.Version != was {
			e, err := store.Happened(by, name, RunningChanged{p, installation, was, r.Version})
			if err != nil {
				return err
			}
			events = append(events, e)
		}
		return store.Of(tx, runnings).Put(ctx, r, item.Version, events...)
	})
	return out, err
}

// mayRun refuses a version that an installation is not to get.
func (n *Installations) mayRun(ctx context.Context, have Running, text string) error {
	if n.schedule == nil {
		return nil
	}
	r, err := n.schedule.Get(ctx, have.Platform, text)
	if err != nil {
		return unknown(err, "version", text)
	}
	platform, err := n.schedule.Platform(ctx, have.Platform)
	if err != nil {
		return err
	}
	now := n.view.Now()
	if why := r.withheld(platform, have.Channel, have.PinAt(now, platform.Today(now)), now); why != "" {
		return n.refuse(have.Platform, have.Installation, VerbRun, why)
	}
	return nil
}

// withheld says why nobody of a channel, with such a pin, gets a release now; "" if it is
// offered.
func (r Release) withheld(p Platform, channel string, pin *Pin, now time.Time) string {
	switch {
	case r.Recalled != nil && r.Recalled.Instead != "":
		return fmt.Sprintf("%s was recalled: %s; %s stands in its place", r.Version, r.Recalled.Why, r.Recalled.Instead)
	case r.Recalled != nil:
		return fmt.Sprintf("%s was recalled: %s", r.Version, r.Recalled.Why)
	case r.Skipped != nil:
		return r.Version + " does not come"
	case !r.Out(p.Today(now)):
		return r.Version + " is not out"
	case !p.Offers(r.Channel, channel):
		return fmt.Sprintf("%s is offered in the channel %q, and this is on %q", r.Version, r.Channel, channel)
	case pin != nil && !pin.Allows(r.Version):
		return fmt.Sprintf("it is pinned to %s: %s", pin.Range, pin.Why)
	}
	return ""
}

// Offers reports whether who is on a channel is offered what is in another one: what is in
// none is for everybody, what is in one that the platform does not have (any more) for
// nobody, and who is on none is on the most cautious.
func (p Platform) Offers(of, on string) bool {
	n := slices.Index(p.Channels, of)
	return of == "" || n >= 0 && n <= max(0, slices.Index(p.Channels, on))
}

// Get returns what an installation runs.
func (n *Installations) Get(ctx context.Context, p PlatformID, installation string) (Running, error) {
	return store.Of(n.view, runnings).Get(ctx, runningID(p, installation))
}

// All lists what a customer runs, by platform and installation.
func (n *Installations) All() store.Listing[Running] {
	return store.Of(n.view, runnings).Find(store.By("platform"))
}

// History returns all that ever ran of an installation, the oldest first, without what runs
// now.
func (n *Installations) History(ctx context.Context, p PlatformID, installation string) ([]Span, error) {
	r, err := n.Get(ctx, p, installation)
	if err != nil {
		return nil, err
	}
	var list []Span
	for part, err := range store.Of(n.view, rans).Find(store.By("of", store.Text(p), store.Text(installation))).All(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, part.Spans...)
	}
	return append(list, r.Spans...), nil
}

// RunningAcross lists what all customers run of a platform, customer by customer.
func RunningAcross(s *store.Store, p PlatformID) store.Listing[Running] {
	return store.Across(s, runnings).Find(store.By("platform", store.Text(p)))
}

// RunsAcross lists what runs one version of a platform, customer by customer.
func RunsAcross(s *store.Store, p PlatformID, text string) store.Listing[Running] {
	return store.Across(s, runnings).Find(store.By("version", store.Text(p), store.Text(Canonical(text))))
}

// same reports whether two texts name one version.
func same(a, b string) bool {
	v, err := version.ParseLoose(a)
	w, err2 := version.ParseLoose(b)
	return err == nil && err2 == nil && v.Compare(w) == 0
}

// RunningKey is where the record of an installation is.
func RunningKey(customer servicecoin.CustomerID, p PlatformID, installation string) servicecoin.Key {
	return servicecoin.Key{Customer: customer, Kind: RunningRecord, ID: runningID(p, installation)}
}

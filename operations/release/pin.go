package release

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/version"
)

// Pin keeps an installation at versions that a contract names, until a day.
type Pin struct {
	Platform     PlatformID    `json:"platform"`
	Installation string        `json:"installation,omitempty"`
	Range        string        `json:"range"` // of the versions that it may run: "8.3", ">=8.3.2 <8.4"
	From         time.Time     `json:"from"`
	Until        calendar.Date `json:"until"` // the last day, in the platform's zone
	Contract     string        `json:"contract,omitempty"`
	Why          string        `json:"why"`
	// Terms are what it costs in support, in words; Price what is paid for it a month beside.
	Terms string            `json:"terms,omitempty"`
	Price money.Amount      `json:"price,omitzero"`
	By    servicecoin.Actor `json:"by"`
	Ended *Skip             `json:"ended,omitempty"` // it was ended before its day
}

// Allows reports whether an installation may run a version.
func (p Pin) Allows(text string) bool {
	v, err := version.ParseLoose(text)
	if err != nil {
		return false
	}
	r, err := version.ParseRange(p.Range)
	return err == nil && r.Holds(v, version.Always)
}

// Holds reports whether the pin is in force at an instant, which is a day in the platform's
// zone.
func (p Pin) Holds(at time.Time, on calendar.Date) bool {
	return !at.Before(p.From) && on.Compare(p.Until) <= 0 && (p.Ended == nil || at.Before(p.Ended.At))
}

// Validate reports every violation.
func (p Pin) Validate() error {
	var v servicecoin.Violations
	v.ID("platform", string(p.Platform))
	v.Text("installation", p.Installation, 0, maxName)
	readRange(&v, "range", p.Range)
	v.Time("from", p.From)
	v.Merge("until", p.Until.Validate())
	v.Text("contract", p.Contract, 0, maxName)
	v.Text("why", p.Why, 1, maxReason)
	v.Text("terms", p.Terms, 0, maxReason)
	if p.Price.Defined() && p.Price.Sign() < 0 {
		v.Add("price", "out-of-range", p.Price.String(), "must not be below zero")
	}
	return v.Err()
}

// PinChanged is the data of a pin's event.
type PinChanged struct {
	Platform     PlatformID    `json:"platform"`
	Installation string        `json:"installation,omitempty"`
	Range        string        `json:"range"`
	Until        calendar.Date `json:"until"`
}

var pins = store.Kind[Pin]{
	Name: PinRecord, House: house.Own(),
	ID: func(p Pin) string { return store.JoinID(string(p.Platform), p.Installation, stamp(p.From)) },
	Indexes: []store.Index[Pin]{{Name: "of", Columns: "ttm", Of: func(p Pin) store.Tuple {
		return store.Tuple{store.Text(p.Platform), store.Text(p.Installation), store.Time(p.From)}
	}}},
}

func stamp(t time.Time) string { return t.UTC().Format("20060102T150405.000000Z") }

// Pin keeps an installation at some versions from now on. One that is pinned is unpinned
// first: pins do not overlap. What runs is not changed by it.
func (n *Installations) Pin(ctx context.Context, by servicecoin.Actor, p Pin) (Pin, error) {
	check := func(v *servicecoin.Violations) {
		p.From, p.By, p.Ended = servicecoin.Instant(n.view.Now()), by, nil
		v.Merge("", p.Validate())
	}
	_, err := n.change(ctx, by, VerbPin, p.Platform, p.Installation, check, func(tx store.View, at time.Time, r *Running) ([]store.Event, error) {
		today, err := n.today(ctx, p.Platform, at)
		if err != nil {
			return nil, err
		}
		if p.Until.Compare(today) < 0 {
			var v servicecoin.Violations
			v.Add("until", "out-of-order", p.Until.String(), "has passed: it is "+today.String())
			return nil, v.Err()
		}
		if r.Pin != nil && r.Pin.Holds(at, today) {
			return nil, n.refuse(p.Platform, p.Installation, VerbPin, "it is pinned to "+r.Pin.Range+" until "+r.Pin.Until.String())
		}
		if err := n.file(ctx, tx, r.Pin); err != nil {
			return nil, err
		}
		r.Pin = &p
		e, err := store.Happened(by, EventPinned, p.changed())
		return []store.Event{e}, err
	})
	return p, err
}

func (p Pin) changed() PinChanged { return PinChanged{p.Platform, p.Installation, p.Range, p.Until} }

// file puts a pin that is over among those of before.
func (n *Installations) file(ctx context.Context, tx store.View, p *Pin) error {
	if p == nil {
		return nil
	}
	return store.Of(tx, pins).Insert(ctx, *p)
}

// today is the platform's day, or that of UTC where there is no schedule to ask.
func (n *Installations) today(ctx context.Context, id PlatformID, at time.Time) (calendar.Date, error) {
	if n.schedule == nil {
		return Platform{}.Today(at), nil
	}
	p, err := n.schedule.Platform(ctx, id)
	if err != nil {
		return calendar.Date{}, unknown(err, "platform", string(id))
	}
	return p.Today(at), nil
}

// Unpin ends a pin now. It stays on record.
func (n *Installations) Unpin(ctx context.Context, by servicecoin.Actor, id PlatformID, installation, why string) (Pin, error) {
	var out Pin
	_, err := n.change(ctx, by, VerbUnpin, id, installation, lifecycle.Because(why, maxReason), func(tx store.View, at time.Time, r *Running) ([]store.Event, error) {
		today, err := n.today(ctx, id, at)
		if err != nil {
			return nil, err
		}
		if r.Pin == nil || !r.Pin.Holds(at, today) {
			return nil, n.refuse(id, installation, VerbUnpin, "it is not pinned")
		}
		out = *r.Pin
		out.Ended = &Skip{At: at, By: by, Why: why}
		r.Pin = nil
		if err := n.file(ctx, tx, &out); err != nil {
			return nil, err
		}
		e, err := store.Happened(by, EventUnpinned, out.changed())
		return []store.Event{e}, err
	})
	return out, err
}

// PinAt returns the pin of an installation that is in force at an instant, which is a day
// in the platform's zone; nil if none is.
func (r Running) PinAt(at time.Time, on calendar.Date) *Pin {
	if r.Pin == nil || !r.Pin.Holds(at, on) {
		return nil
	}
	return r.Pin
}

// Pins lists the pins that an installation had before, the oldest first. The one that it
// has stands with what it runs.
func (n *Installations) Pins(id PlatformID, installation string) store.Listing[Pin] {
	return store.Of(n.view, pins).Find(store.By("of", store.Text(id), store.Text(installation)))
}

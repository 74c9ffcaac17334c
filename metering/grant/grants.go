package grant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
)

// MaxReason is the longest reason, in characters.
const MaxReason = 1000

// Ledger tells what a customer used: [metering.Ledger] is one.
type Ledger interface {
	Meter(ctx context.Context, id metering.MeterID) (metering.Meter, error)
	// In returns the quantity of each window: they are in order, at most
	// [metering.MaxWindows].
	In(ctx context.Context, id metering.MeterID, windows []calendar.Interval) ([]metering.Point, error)
}

// Kept is a grant as it is kept: of which meter, who gave it, and why.
type Kept struct {
	Grant

	Meter        metering.MeterID           `json:"meter"`
	Subscription servicecoin.SubscriptionID `json:"subscription,omitempty"` // with which it ends; "": none
	Reason       string                     `json:"reason,omitempty"`       // the customer sees it
	GivenAt      time.Time                  `json:"givenAt"`
	GivenBy      servicecoin.Actor          `json:"givenBy"`

	// Of one that was taken back: when somebody did so. Since when it counts is Voided.
	VoidedAt   time.Time          `json:"voidedAt,omitzero"`
	VoidedBy   *servicecoin.Actor `json:"voidedBy,omitempty"`
	VoidReason string             `json:"voidReason,omitempty"`
}

// Validate reports every violation of the grant.
func (k Kept) Validate() error {
	var v servicecoin.Violations
	v.Merge("", k.Grant.Validate())
	v.ID("meter", string(k.Meter))
	if k.Subscription != "" {
		v.ID("subscription", string(k.Subscription))
	}
	v.Text("reason", k.Reason, 0, MaxReason)
	return v.Err()
}

// Terms are how the grants of a meter are reckoned.
type Terms struct {
	Meter   metering.MeterID `json:"meter"`
	Counts  Counting         `json:"counts,omitempty"`
	Overage OveragePolicy    `json:"overage,omitempty"`
	// Resets are the periods with each of which what is left rolls over, and an overage is
	// forgiven or carried. The zero Periods: there are none.
	Resets metering.Periods `json:"resets,omitzero"`
	// Since is from when usage counts against the grants. Zero: since the first one holds.
	Since time.Time `json:"since,omitzero"`
}

// Validate reports every violation of the terms.
func (t Terms) Validate() error {
	var v servicecoin.Violations
	v.ID("meter", string(t.Meter))
	switch t.Counts {
	case Drawn:
	case Level:
		if len(t.Resets.Rhythms()) > 0 {
			v.Add("resets", "unsupported", "", "a level burns nothing that a period could begin with")
		}
	default:
		v.Add("counts", "unknown", string(t.Counts), `must be "" or level`)
	}
	switch t.Overage {
	case Forgive, Carry:
	default:
		v.Add("overage", "unknown", string(t.Overage), `must be "" or carry`)
	}
	if !t.Since.IsZero() {
		v.Time("since", t.Since)
	}
	return v.Err()
}

// Grants are the grants of one customer, kept in its partition. It is safe for
// concurrent use.
type Grants struct {
	view   store.View
	ledger Ledger
}

// New returns the grants in a customer's view, over its ledger. What is wrong with the
// arguments is reported by the first call.
func New(view store.View, ledger Ledger) *Grants {
	return &Grants{view.OfCustomer("the grants of a customer").Need("ledger", ledger != nil), ledger}
}

// On returns the same grants over another view of the customer.
func (n *Grants) On(view store.View) *Grants {
	if n.view.Customer() != view.Customer() && view.Err() == nil && n.view.Err() == nil {
		var v servicecoin.Violations
		v.Add("view", "foreign", string(view.Customer()), "is not a view of "+string(n.view.Customer()))
		view = view.With(v.Err())
	}
	return New(view, n.ledger)
}

// Give gives a grant. An empty id is filled in; without From it begins now. One that begins
// earlier counts from then on: what was used since is covered by it. Giving the same
// again answers what is there; another one under its id is ErrExists.
func (n *Grants) Give(ctx context.Context, by servicecoin.Actor, k Kept) (Kept, error) {
	if k.ID == "" {
		k.ID = ID(n.view.NewID())
	}
	if err := n.view.Ask(ctx, by, VerbGive, GrantRecord, string(k.ID)); err != nil {
		return Kept{}, err
	}
	m, err := n.ledger.Meter(ctx, k.Meter)
	if err != nil {
		return Kept{}, err
	}
	var given Kept
	err = n.view.Do(ctx, func(tx store.View) error {
		c, now := store.Of(tx, grants), tx.Now()
		given = k.at(now, by)
		old, err := c.Get(ctx, string(k.ID))
		switch {
		case err == nil:
			if k.same(old) {
				given = old
				return nil
			}
			return &servicecoin.KeyError{Key: tx.Key(GrantRecord, string(k.ID)), Err: servicecoin.ErrExists}
		case !errors.Is(err, servicecoin.ErrNotFound):
			return err
		}
		if err := n.On(tx).reckonedBy(ctx, given, m); err != nil {
			return err
		}
		e, err := store.Happened(by, EventGiven, given.changed())
		if err != nil {
			return err
		}
		return c.Insert(ctx, given, e)
	})
	if err != nil {
		return Kept{}, err
	}
	return given, nil
}

// at fills in what the store knows of a grant that is given.
func (k Kept) at(now time.Time, by servicecoin.Actor) Kept {
	for _, t := range []*time.Time{&k.From, &k.Created} {
		if t.IsZero() {
			*t = now
		}
		*t = servicecoin.Instant(*t)
	}
	if !k.Until.IsZero() {
		k.Until = servicecoin.Instant(k.Until)
	}
	k.Voided, k.VoidedAt, k.VoidedBy, k.VoidReason = time.Time{}, time.Time{}, nil, ""
	k.GivenAt, k.GivenBy = now, by
	return k
}

// same reports whether giving a grant again would change nothing: what it leaves out is
// as it is, and whether the other one was voided is no part of it.
func (k Kept) same(old Kept) bool {
	if k.From.IsZero() {
		k.From = old.From
	}
	if k.Created.IsZero() {
		k.Created = old.Created
	}
	one, err := json.Marshal(k.at(old.GivenAt, old.GivenBy))
	if err != nil {
		return false
	}
	two, err := json.Marshal(old.at(old.GivenAt, old.GivenBy))
	return err == nil && bytes.Equal(one, two)
}

func (k Kept) changed() Changed {
	return Changed{Grant: k.ID, Meter: k.Meter, Amount: k.Amount, Priority: k.Priority, From: k.From, Until: k.Until, Voided: k.Voided, Reason: k.Reason}
}

// Void takes a grant back, from an instant on, exclusive: what is left of it then lapses. Zero is now; at
// its From or before it never was. An instant that has passed restates what was used since. Voiding
// it again to the same effect changes nothing, to another one is ErrRefused.
func (n *Grants) Void(ctx context.Context, by servicecoin.Actor, id ID, at time.Time, reason string) (Kept, error) {
	if err := n.view.Ask(ctx, by, VerbVoid, GrantRecord, string(id)); err != nil {
		return Kept{}, err
	}
	var v servicecoin.Violations
	if !at.IsZero() {
		v.Time("at", at)
	}
	v.Text("reason", reason, 0, MaxReason)
	if err := v.Err(); err != nil {
		return Kept{}, err
	}
	var voided Kept
	err := n.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, grants).Item(ctx, string(id))
		if err != nil {
			return err
		}
		now := tx.Now()
		since := servicecoin.Instant(at)
		if at.IsZero() {
			since = now
		}
		if voided = item.Value; !voided.Voided.IsZero() {
			if at.IsZero() || voided.Voided.Equal(since) {
				return nil
			}
			return &servicecoin.RefusedError{Subject: item.Key, Verb: VerbVoid, Why: "it was voided as of " + stamp(voided.Voided) + " already"}
		}
		voided.Voided, voided.VoidedAt, voided.VoidedBy, voided.VoidReason = since, now, &by, reason
		data := voided.changed()
		data.Reason = reason
		e, err := store.Happened(by, EventVoided, data)
		if err != nil {
			return err
		}
		return store.Of(tx, grants).Put(ctx, voided, item.Version, e)
	})
	if err != nil {
		return Kept{}, err
	}
	return voided, nil
}

// Get returns a grant, or ErrNotFound.
func (n *Grants) Get(ctx context.Context, id ID) (Kept, error) {
	return store.Of(n.view, grants).Get(ctx, string(id))
}

// List lists the grants of a meter, the first to begin first; of all meters for "".
func (n *Grants) List(meter metering.MeterID) store.Listing[Kept] {
	if meter == "" {
		return store.Of(n.view, grants).Find(store.By("meter"))
	}
	return store.Of(n.view, grants).Find(store.By("meter", store.Text(meter)))
}

// Of lists the grants that end with a subscription.
func (n *Grants) Of(id servicecoin.SubscriptionID) store.Listing[Kept] {
	return store.Of(n.view, grants).Find(store.By("subscription", store.Text(id)))
}

// SetTerms sets how the grants of a meter are reckoned. Once there is a grant of the
// meter they stay as they are, since every balance that was told rests on them:
// others are ErrRefused.
func (n *Grants) SetTerms(ctx context.Context, by servicecoin.Actor, t Terms) error {
	if err := n.view.Ask(ctx, by, VerbSetTerms, TermsRecord, string(t.Meter)); err != nil {
		return err
	}
	if err := t.Validate(); err != nil {
		return err
	}
	m, err := n.ledger.Meter(ctx, t.Meter)
	if err != nil {
		return err
	}
	if err := t.fits(m); err != nil {
		return err
	}
	if !t.Since.IsZero() {
		t.Since = servicecoin.Instant(t.Since)
	}
	e, err := store.Happened(by, EventTermsSet, t)
	if err != nil {
		return err
	}
	return n.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, terms)
		old, err := c.Item(ctx, string(t.Meter))
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		if err == nil && t.equal(old.Value.Terms) {
			return nil
		}
		if old.Value.Given {
			return &servicecoin.RefusedError{Subject: tx.Key(TermsRecord, string(t.Meter)), Verb: VerbSetTerms, Why: "there are grants of the meter, which are reckoned by the terms that hold"}
		}
		return c.Put(ctx, keptTerms{Terms: t}, old.Version, e)
	})
}

func (t Terms) equal(other Terms) bool {
	one, err := json.Marshal(t)
	if err != nil {
		return false
	}
	two, err := json.Marshal(other)
	return err == nil && bytes.Equal(one, two)
}

// fits refuses a meter whose quantities do not add up to what grants are burnt by.
func (t Terms) fits(m metering.Meter) error {
	var v servicecoin.Violations
	switch m.Aggregation {
	case metering.Sum, metering.Count, metering.Product:
		if t.Counts == Level {
			v.Add("counts", "contradiction", string(t.Counts), "meter "+string(m.ID)+" adds up: it is no level")
		}
	case metering.Latest:
		if t.Counts != Level {
			v.Add("counts", "contradiction", string(t.Counts), "meter "+string(m.ID)+" is a level")
		}
	case metering.Min, metering.Max, metering.Average, metering.Unique, metering.TimeWeighted, metering.Percentile:
		v.Add("meter", "unsupported", string(m.ID), fmt.Sprintf("has the aggregation %s, which does not add up from day to day", m.Aggregation))
	}
	return v.Err()
}

// Terms returns how the grants of a meter are reckoned: as the zero Terms say where
// nobody has said otherwise, and by the level where the meter is one.
func (n *Grants) Terms(ctx context.Context, meter metering.MeterID) (Terms, error) {
	t, err := store.Of(n.view, terms).Get(ctx, string(meter))
	if !errors.Is(err, servicecoin.ErrNotFound) {
		return t.Terms, err
	}
	m, err := n.ledger.Meter(ctx, meter)
	return usual(m), err
}

// reckonedBy checks a grant that is given, and notes that the terms of its meter hold.
func (n *Grants) reckonedBy(ctx context.Context, k Kept, m metering.Meter) error {
	c := store.Of(n.view, terms)
	item, err := c.Item(ctx, string(k.Meter))
	t := item.Value
	if errors.Is(err, servicecoin.ErrNotFound) {
		t, err = keptTerms{Terms: usual(m)}, nil
	}
	if err != nil {
		return err
	}
	var v servicecoin.Violations
	v.Merge("", k.Validate())
	v.Merge("", t.fits(m))
	if t.Counts == Level && k.Renewal != nil {
		v.Add("renewal", "unsupported", "", "a level burns nothing that could come again")
	}
	if err := v.Err(); err != nil || t.Given {
		return err
	}
	t.Given = true
	return c.Put(ctx, t, item.Version)
}

// usual are the terms of a meter of which nobody has said otherwise.
func usual(m metering.Meter) Terms {
	t := Terms{Meter: m.ID}
	if m.Aggregation == metering.Latest {
		t.Counts = Level
	}
	return t
}

package adoption

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// DepartureState is where a departure stands.
type DepartureState string

// The states of a departure.
const (
	Announced  DepartureState = "announced"  // the customer has said that it leaves
	HandedBack DepartureState = "handedBack" // its data is back in its hands
	Erased     DepartureState = "erased"     // and no longer in the provider's, with proof
	Stayed     DepartureState = "stayed"     // it has thought better of it
)

// DepartureStates returns all states in the order of a plain departure.
func DepartureStates() []DepartureState {
	return []DepartureState{Announced, HandedBack, Erased, Stayed}
}

// The verbs of departures, with "departure." before them in an attempt.
const (
	VerbAnnounceDeparture = "departure.announce"
	VerbHandBackDeparture = "departure.handBack"
	VerbEraseDeparture    = "departure.erase"
	VerbStayDeparture     = "departure.stay"
)

// DepartureTransitions returns the whole table: what is not in it is refused.
func DepartureTransitions() []lifecycle.Transition[DepartureState] {
	const (
		order    = "not before the change of state before it"
		reason   = "a reason"
		manifest = "a manifest that names every part with its size and checksum"
		provider = "by the provider's side"
		gone     = "the customer has left: nothing that it still uses is erased"
		proof    = "a proof"
	)
	allow := lifecycle.Allow[DepartureState]
	return []lifecycle.Transition[DepartureState]{
		allow(Stayed, VerbAnnounceDeparture, Announced, order, reason),
		allow(Announced, VerbHandBackDeparture, HandedBack, order, manifest, provider),
		allow(HandedBack, VerbHandBackDeparture, HandedBack, order, manifest, provider),
		allow(HandedBack, VerbEraseDeparture, Erased, order, gone, proof, provider),
		allow(Announced, VerbStayDeparture, Stayed, order, reason),
		allow(HandedBack, VerbStayDeparture, Stayed, order, reason),
	}
}

// Departure is a customer's way out of one subscription. Make it with
// [Announce] and change it by its methods.
type Departure struct {
	Subscription servicecoin.SubscriptionID `json:"subscription"` // its id: there is one for each
	Service      servicecoin.ServiceID      `json:"service"`
	State        DepartureState             `json:"state"`
	Reason       string                     `json:"reason"`   // why the customer leaves, in its own words
	LeavesAt     time.Time                  `json:"leavesAt"` // from then on it no longer uses the service

	AnnouncedAt  time.Time `json:"announcedAt"`
	HandedBackAt time.Time `json:"handedBackAt,omitzero"`
	ErasedAt     time.Time `json:"erasedAt,omitzero"`
	StayedAt     time.Time `json:"stayedAt,omitzero"`

	Manifest []Part `json:"manifest,omitempty"` // what was handed back, by name
	Proof    string `json:"proof,omitempty"`    // where it is proved that the data was erased
	Stays    string `json:"stays,omitempty"`    // why it stayed
}

// Part is one file of the data that is handed back.
type Part struct {
	Name   string `json:"name"`   // unique in the manifest
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // 64 hexadecimal digits, lower case
}

// maxDeparture leaves room in a record of 256 kB for what comes after a
// manifest.
const (
	maxDeparture = 200 << 10
	maxParts     = 2000 // parts of a manifest: more do not fit
)

// Announce returns the departure from a subscription: an easy way out needs a
// day and a reason, and nobody's leave.
func Announce(by servicecoin.Actor, at time.Time, id servicecoin.SubscriptionID, service servicecoin.ServiceID, leavesAt time.Time, reason string) (Departure, error) {
	d := Departure{Subscription: id, Service: service, State: Stayed}
	if err := d.Announce(by, at, leavesAt, reason); err != nil {
		return Departure{}, err
	}
	return d, nil
}

// Announce says again that the customer leaves, after it had stayed. What was
// handed back before is handed back anew.
func (d *Departure) Announce(by servicecoin.Actor, at, leavesAt time.Time, reason string) error {
	leavesAt = lifecycle.Instant(leavesAt)
	e, err := d.move(by, at, VerbAnnounceDeparture, func(v *servicecoin.Violations) {
		v.ID("subscription", string(d.Subscription))
		v.ID("service", string(d.Service))
		v.Time("leavesAt", leavesAt)
		because(reason)(v)
	})
	if err != nil {
		return err
	}
	*d = Departure{
		Subscription: d.Subscription, Service: d.Service, State: e.To, Reason: reason, LeavesAt: leavesAt, AnnouncedAt: e.At,
	}
	return nil
}

// HandBack says that the data is back in the customer's hands, and which it is:
// the manifest, in any order, with which the customer can check that it got all
// of it. Handing back again replaces the manifest: data grows until the last
// day. An empty one says that there was none.
func (d *Departure) HandBack(by servicecoin.Actor, at time.Time, manifest []Part) error {
	parts := slices.Clone(manifest[:min(len(manifest), maxParts)])
	slices.SortFunc(parts, func(a, b Part) int { return cmp.Compare(a.Name, b.Name) })
	e, err := d.move(by, at, VerbHandBackDeparture, func(v *servicecoin.Violations) {
		if !v.Limit("manifest", len(manifest), maxParts) {
			return
		}
		for i, p := range manifest {
			v.Merge(fmt.Sprintf("manifest[%d]", i), p.Validate())
		}
		for i := 1; i < len(parts); i++ {
			if parts[i].Name == parts[i-1].Name {
				v.Add("manifest", "duplicate", parts[i].Name, "names two parts")
			}
		}
		next := *d
		next.Manifest = parts
		lifecycle.Room(v, "manifest", next, maxDeparture)
	})
	if err != nil {
		return err
	}
	d.State, d.HandedBackAt, d.Manifest = e.To, e.At, parts
	return nil
}

// Validate reports every violation of the part.
func (p Part) Validate() error {
	var v servicecoin.Violations
	v.ID("name", p.Name)
	if p.Size < 0 {
		v.Add("size", "negative", strconv.FormatInt(p.Size, 10), "must not be negative")
	}
	sum, err := hex.DecodeString(p.SHA256)
	const bytes = 32
	if err != nil || len(sum) != bytes || hex.EncodeToString(sum) != p.SHA256 {
		v.Add("sha256", "bad-checksum", p.SHA256, "must be 64 hexadecimal digits, lower case")
	}
	return v.Err()
}

// Erase says that the provider no longer has the data, and where that is
// proved. It comes after handing back, and not before the customer has left.
func (d *Departure) Erase(by servicecoin.Actor, at time.Time, proof string) error {
	e, err := d.move(by, at, VerbEraseDeparture, func(v *servicecoin.Violations) { v.Text("proof", proof, 1, maxNote) })
	if err != nil {
		return err
	}
	if e.At.Before(d.LeavesAt) {
		return d.life().Refuse(e.Verb, e.To, "the customer leaves at "+lifecycle.Stamp(d.LeavesAt))
	}
	d.State, d.ErasedAt, d.Proof = e.To, e.At, proof
	return nil
}

// Stay says that the customer does not leave after all, and why.
func (d *Departure) Stay(by servicecoin.Actor, at time.Time, reason string) error {
	e, err := d.move(by, at, VerbStayDeparture, because(reason))
	if err != nil {
		return err
	}
	d.State, d.StayedAt, d.Stays = e.To, e.At, reason
	return nil
}

// life returns what the common guards know of the departure. Its state changed
// last at the latest of its instants.
func (d *Departure) life() lifecycle.Record[DepartureState] {
	last := d.AnnouncedAt
	for _, t := range []time.Time{d.HandedBackAt, d.StayedAt} {
		if last.Before(t) {
			last = t
		}
	}
	return lifecycle.Record[DepartureState]{
		Key: servicecoin.Key{Kind: DepartureRecord, ID: string(d.Subscription)}, State: d.State, Since: last, Table: DepartureTransitions(),
	}
}

// move checks what every change of state has in common: the customer's side
// leaves handing back and erasing to the provider's.
func (d *Departure) move(by servicecoin.Actor, at time.Time, verb string, check func(v *servicecoin.Violations)) (lifecycle.Entry[DepartureState], error) {
	e, err := d.life().Move(by, at, verb, "", check)
	if err == nil && by.Kind == servicecoin.CustomerSide && (verb == VerbHandBackDeparture || verb == VerbEraseDeparture) {
		err = d.life().Refuse(verb, e.To, "the provider's side does that")
	}
	return e, err
}

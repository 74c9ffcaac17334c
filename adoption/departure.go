package adoption

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
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
	VerbAnnounce Verb = "announce"
	VerbHandBack Verb = "handBack"
	VerbErase    Verb = "erase"
	VerbStay     Verb = "stay"
)

// DepartureTransitions returns the whole table: what is not in it is refused.
func DepartureTransitions() []Transition[DepartureState] {
	const (
		order    = "not before the change of state before it"
		reason   = "a reason"
		manifest = "a manifest that names every part with its size and checksum"
		provider = "by the provider's side"
		gone     = "the customer has left: nothing that it still uses is erased"
		proof    = "a proof"
	)
	return []Transition[DepartureState]{
		{Stayed, VerbAnnounce, Announced, []string{order, reason}},
		{Announced, VerbHandBack, HandedBack, []string{order, manifest, provider}},
		{HandedBack, VerbHandBack, HandedBack, []string{order, manifest, provider}},
		{HandedBack, VerbErase, Erased, []string{order, gone, proof, provider}},
		{Announced, VerbStay, Stayed, []string{order, reason}},
		{HandedBack, VerbStay, Stayed, []string{order, reason}},
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
	var v servicecoin.Violations
	v.ID("subscription", string(id))
	v.ID("service", string(service))
	d := Departure{Subscription: id, Service: service, State: Stayed}
	if err := d.announce(by, at, &v, leavesAt, reason); err != nil {
		return Departure{}, err
	}
	return d, nil
}

// Announce says again that the customer leaves, after it had stayed. What was
// handed back before is handed back anew.
func (d *Departure) Announce(by servicecoin.Actor, at time.Time, leavesAt time.Time, reason string) error {
	return d.announce(by, at, &servicecoin.Violations{}, leavesAt, reason)
}

func (d *Departure) announce(by servicecoin.Actor, at time.Time, v *servicecoin.Violations, leavesAt time.Time, reason string) error {
	at, leavesAt = servicecoin.Instant(at), instant(leavesAt)
	v.Time("leavesAt", leavesAt)
	because(v, reason)
	if err := d.move(by, at, v, VerbAnnounce); err != nil {
		return err
	}
	*d = Departure{
		Subscription: d.Subscription, Service: d.Service, State: Announced, Reason: reason, LeavesAt: leavesAt, AnnouncedAt: at,
	}
	return nil
}

// HandBack says that the data is back in the customer's hands, and which it is:
// the manifest, in any order, with which the customer can check that it got all
// of it. Handing back again replaces the manifest: data grows until the last
// day. An empty one says that there was none.
func (d *Departure) HandBack(by servicecoin.Actor, at time.Time, manifest []Part) error {
	at = servicecoin.Instant(at)
	var v servicecoin.Violations
	if !v.Limit("manifest", len(manifest), maxParts) {
		return v.Err()
	}
	parts := slices.Clone(manifest)
	slices.SortFunc(parts, func(a, b Part) int { return cmp.Compare(a.Name, b.Name) })
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
	if err := room(&v, "manifest", next, maxDeparture); err != nil {
		return err
	}
	if err := d.move(by, at, &v, VerbHandBack); err != nil {
		return err
	}
	d.State, d.HandedBackAt, d.Manifest = HandedBack, at, parts
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
	at = servicecoin.Instant(at)
	var v servicecoin.Violations
	v.Text("proof", proof, 1, maxNote)
	if err := d.move(by, at, &v, VerbErase); err != nil {
		return err
	}
	if at.Before(d.LeavesAt) {
		return d.refuse(VerbErase, Erased, "the customer leaves at "+stamp(d.LeavesAt))
	}
	d.State, d.ErasedAt, d.Proof = Erased, at, proof
	return nil
}

// Stay says that the customer does not leave after all, and why.
func (d *Departure) Stay(by servicecoin.Actor, at time.Time, reason string) error {
	at = servicecoin.Instant(at)
	var v servicecoin.Violations
	because(&v, reason)
	if err := d.move(by, at, &v, VerbStay); err != nil {
		return err
	}
	d.State, d.StayedAt, d.Stays = Stayed, at, reason
	return nil
}

// move checks what every change of state has in common.
func (d *Departure) move(by servicecoin.Actor, at time.Time, v *servicecoin.Violations, verb Verb) error {
	to, allowed, ok := target(DepartureTransitions(), d.State, verb)
	if !ok {
		return d.refuse(verb, to, "is allowed when it is "+allowed)
	}
	acting(by, at, v)
	if err := v.Err(); err != nil {
		return err
	}
	last := d.AnnouncedAt
	for _, t := range []time.Time{d.HandedBackAt, d.StayedAt} {
		if last.Before(t) {
			last = t
		}
	}
	switch {
	case at.Before(last):
		return d.refuse(verb, to, "at "+stamp(at)+" it was not yet "+string(d.State)+", it is since "+stamp(last))
	case by.Kind == servicecoin.CustomerSide && (verb == VerbHandBack || verb == VerbErase):
		return d.refuse(verb, to, "the provider's side does that")
	}
	return nil
}

func (d *Departure) refuse(verb Verb, to DepartureState, why string) error {
	return &servicecoin.RefusedError{
		Subject: servicecoin.Key{Kind: departureKind, ID: string(d.Subscription)},
		Verb:    string(verb), From: string(d.State), To: string(to), Why: why,
	}
}

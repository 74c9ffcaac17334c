package servicecoin

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// CustomerID names a customer: the party whose coin a service is, and the
// partition in which everything that belongs to it is kept. A host's own ids
// are welcome; the library never parses them. The empty id is invalid.
type CustomerID string

// Provider is the customer id of the provider's own partition, where
// services, incidents and everything else that many customers share is kept.
// A host does not give it to one of its customers.
const Provider CustomerID = "@provider"

// ServiceID names a service of the catalogue, or of the host's own table of
// services.
type ServiceID string

// IncidentID names an incident.
type IncidentID string

// ChangeID names a change: what somebody does to services on purpose.
type ChangeID string

// RunbookID names a run book, whatever its version.
type RunbookID string

// ConfigurationID names a configuration record: a server, a database, a
// certificate; of the host's own inventory, or of the library's.
type ConfigurationID string

// PromiseID names a promise: an objective given to one customer for one
// service.
type PromiseID string

// OfferingID names an offering: one way in which a service can be had.
type OfferingID string

// OrderID names a customer's order of an offering.
type OrderID string

// SubscriptionID names a subscription: what comes of an order, one customer's
// use of one service.
type SubscriptionID string

// PriceID names a price of the provider's list, which an offering and a
// statement refer to.
type PriceID string

// PersonID names a person. The library keeps ids only; names and addresses
// come from the host, so that erasing a person is the host's single act.
type PersonID string

// MaxIDBytes is the longest id, kind or event name that a [Key] or an event
// may carry, in bytes.
const MaxIDBytes = 200

// Key addresses one record: whose it is, what kind it is, and which one.
type Key struct {
	Customer CustomerID `json:"customer"`
	Kind     string     `json:"kind"`
	ID       string     `json:"id"`
}

// String returns the key as "customer/kind/id" for messages. It is not a
// format to parse: ids may contain slashes.
func (k Key) String() string { return string(k.Customer) + "/" + k.Kind + "/" + k.ID }

// Validate reports every part of the key that is empty, longer than
// [MaxIDBytes], not UTF-8, or has a control character in it.
func (k Key) Validate() error {
	var v Violations
	v.ID("customer", string(k.Customer))
	v.ID("kind", k.Kind)
	v.ID("id", k.ID)
	return v.Err()
}

// Customer is whose coin it is. Its zone, currency and locale hold for
// everything that it sees.
type Customer struct {
	ID         CustomerID `json:"id"`
	Name       string     `json:"name"`
	Parent     CustomerID `json:"parent,omitempty"`
	Zone       string     `json:"zone"`                 // IANA name, "" means UTC
	Currency   string     `json:"currency,omitempty"`   // ISO 4217 code
	Locale     string     `json:"locale,omitempty"`     // BCP 47 tag
	CostCentre string     `json:"costCentre,omitempty"` // the customer's own, for showback
	Contacts   []PersonID `json:"contacts,omitempty"`
}

// Location returns the customer's zone, UTC if it has none, and an
// [*InvalidError] if the tz database does not know it. The zone of the machine
// ("Local") is nobody's.
func (c Customer) Location() (*time.Location, error) {
	loc, err := time.LoadLocation(c.Zone)
	if err != nil || c.Zone == "Local" {
		var v Violations
		v.Add("zone", "unknown-zone", c.Zone, "is not a zone of the tz database")
		return nil, v.Err()
	}
	return loc, nil
}

// Validate reports every violation of the customer's fields.
func (c Customer) Validate() error {
	var v Violations
	v.ID("id", string(c.ID))
	v.Text("name", c.Name, 1, 500)
	if c.Parent != "" && c.Parent == c.ID {
		v.Add("parent", "cycle", string(c.Parent), "a customer is not its own parent")
	}
	if _, err := c.Location(); err != nil {
		v.Merge("", err)
	}
	return v.Err()
}

// ActorKind tells on which side of the counter an actor stands.
type ActorKind string

// The kinds of actors.
const (
	Human        ActorKind = "human"    // a person of the provider
	System       ActorKind = "system"   // a program: the exchange, an importer, a monitor
	CustomerSide ActorKind = "customer" // a person of the customer
)

// Actor is who makes a change. Every changing call takes one, and every event
// records it.
type Actor struct {
	Kind       ActorKind `json:"kind"`
	ID         PersonID  `json:"id"`
	OnBehalfOf PersonID  `json:"onBehalfOf,omitempty"` // for whom, if not for themself
}

// Person returns a human actor of the provider.
func Person(id PersonID) Actor { return Actor{Kind: Human, ID: id} }

// Program returns a system actor.
func Program(name string) Actor { return Actor{Kind: System, ID: PersonID(name)} }

// Client returns an actor of the customer's side.
func Client(id PersonID) Actor { return Actor{Kind: CustomerSide, ID: id} }

// String returns "kind:id", with " for other" where the actor acts on behalf
// of somebody.
func (a Actor) String() string {
	s := string(a.Kind) + ":" + string(a.ID)
	if a.OnBehalfOf != "" {
		s += " for " + string(a.OnBehalfOf)
	}
	return s
}

// Validate reports an unknown kind, an empty or overlong id.
func (a Actor) Validate() error {
	var v Violations
	switch a.Kind {
	case Human, System, CustomerSide:
	default:
		v.Add("kind", "unknown", string(a.Kind), "must be human, system or customer")
	}
	v.ID("id", string(a.ID))
	if a.OnBehalfOf != "" {
		v.ID("onBehalfOf", string(a.OnBehalfOf))
	}
	return v.Err()
}

// Attempt is what an actor is about to do, handed to the host's Authorize
// function before every changing verb.
type Attempt struct {
	Actor   Actor
	Verb    string // "incident.acknowledge": a constant of its room, Verb…
	Subject Key    // the record that would change
	// For is the customer in whose name a record of the provider's would change, where
	// a verb is one of a customer's people: incident.VerbReport. "" most often.
	For CustomerID
}

// Authorizer is asked before every change: nil where it is allowed, an error that
// matches [ErrForbidden] where it is not. A nil Authorizer allows everything.
type Authorizer func(ctx context.Context, a Attempt) error

// Ask checks who acts, and asks.
func (f Authorizer) Ask(ctx context.Context, a Attempt) error {
	if err := a.Actor.Validate(); err != nil {
		var v Violations
		v.Merge("by", err)
		return v.Err()
	}
	if f == nil {
		return nil
	}
	return f(ctx, a)
}

// String returns "actor verb subject".
func (a Attempt) String() string { return fmt.Sprintf("%v %s %v", a.Actor, a.Verb, a.Subject) }

// Trace explains a figure: its label, value and unit, the records that it
// comes from, and the figures that it is made of. It is built on demand, so
// that every figure which a customer sees can be followed to its evidence. It has two
// forms: the exact one (JSON and [Trace.String]), and one for people ([Trace.Tell]).
type Trace struct {
	Label string              `json:"label"`
	Plain Saying              `json:"-"`     // the label for people; it is not kept
	Value decimal.NullDecimal `json:"value"` // null is "undefined", never zero
	Unit  string              `json:"unit,omitempty"`
	From  []Key               `json:"from,omitempty"`
	Parts []Trace             `json:"parts,omitempty"`
}

// Keys returns every record that the figure rests on, its parts included, in
// the order of first mention.
func (t Trace) Keys() []Key {
	var keys []Key
	seen := map[Key]bool{}
	var walk func(Trace)
	walk = func(t Trace) {
		for _, k := range t.From {
			if !seen[k] {
				seen[k] = true
				keys = append(keys, k)
			}
		}
		for _, p := range t.Parts {
			walk(p)
		}
	}
	walk(t)
	return keys
}

// String renders the trace as an indented outline, a line a figure.
func (t Trace) String() string {
	var b strings.Builder
	t.write(&b, 0)
	return b.String()
}

func (t Trace) write(b *strings.Builder, depth int) {
	value := "undefined"
	if t.Value.Valid {
		value = t.Value.Decimal.String()
	}
	fmt.Fprintf(b, "%s%s: %s", strings.Repeat("  ", depth), t.Label, value)
	if t.Unit != "" {
		b.WriteString(" " + t.Unit)
	}
	for _, k := range t.From {
		b.WriteString(" [" + k.String() + "]")
	}
	b.WriteByte('\n')
	for _, p := range t.Parts {
		p.write(b, depth+1)
	}
}

// Instant returns t in UTC, cut to the microsecond: the precision in which
// every store keeps time. What the library stores has passed through it, so
// that a value reads back as it was written.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Some returns a defined decimal.
func Some(d decimal.Decimal) decimal.NullDecimal { return decimal.NewNullDecimal(d) }

// Undefined is the value of a figure that has none: no data, an empty
// denominator. It prints as null in JSON, never as zero.
func Undefined() decimal.NullDecimal { return decimal.NullDecimal{} }

func validText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return false
		}
	}
	return true
}

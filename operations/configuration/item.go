package configuration

import (
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Owner says whose an item is.
type Owner string

// The owners.
const (
	OfCustomer Owner = "customer"
	OfProvider Owner = "provider"
)

// RelationKind says what an item has to do with another one.
type RelationKind string

// The kinds of relations, from the item to the other one.
const (
	RunsOn     RelationKind = "runsOn"
	PartOf     RelationKind = "partOf"
	Uses       RelationKind = "uses"
	ConnectsTo RelationKind = "connectsTo"
)

// RelationKinds returns all kinds of relations.
func RelationKinds() []RelationKind { return []RelationKind{RunsOn, PartOf, Uses, ConnectsTo} }

// Relation leads to another item of the same partition.
type Relation struct {
	Kind RelationKind                `json:"kind"`
	To   servicecoin.ConfigurationID `json:"to"`
}

// Described is what somebody says of an item, beside what is desired of it.
type Described struct {
	Name        string                `json:"name"`
	Type        TypeName              `json:"type"`
	Environment string                `json:"environment,omitempty"` // "production"
	Owner       Owner                 `json:"owner"`
	Service     servicecoin.ServiceID `json:"service,omitempty"`
	Relations   []Relation            `json:"relations"`
	// Secrets are JSON pointers of what is secret in this item, beside what its type says.
	Secrets []string `json:"secrets"`
}

// Draft is an item that is recorded, or recorded anew.
type Draft struct {
	ID servicecoin.ConfigurationID `json:"id"`
	Described

	Desired Value `json:"desired"`
}

// Item is a configuration item ("CI"): a server, a database, a network, as it is
// recorded now, and how it was found. What is desired of it is in its [Version].
type Item struct {
	ID servicecoin.ConfigurationID `json:"id"`
	Described

	Version    int       `json:"version"` // of what is recorded, from 1
	RecordedAt time.Time `json:"recordedAt"`
	ChangedAt  time.Time `json:"changedAt"`          // since when this version holds
	RetiredAt  time.Time `json:"retiredAt,omitzero"` // since when it is no more

	Looked  Look      `json:"looked,omitzero"`  // the last observation
	SeenAt  time.Time `json:"seenAt,omitzero"`  // when it was there the last time
	WholeAt time.Time `json:"wholeAt,omitzero"` // when all of it was looked at last
	// OtherAt is when all of it was looked at and something else was found than before, or
	// for the first time.
	OtherAt  time.Time `json:"otherAt,omitzero"`
	StaleAt  time.Time `json:"staleAt,omitzero"`   // from when on nobody knows how it is
	Outdated *Outdated `json:"outdated,omitempty"` // nil: what was seen holds as long as its type says
	Open     int       `json:"open"`               // findings
	Worst    Severity  `json:"worst,omitempty"`    // of them
	DriftsAt time.Time `json:"driftsAt,omitzero"`  // when the first of them was seen first

	Unauthorised int `json:"unauthorised"` // findings that no approved change explains
}

// Standing says what is known of an item's drift.
type Standing string

// The standings.
const (
	InLine    Standing = "inLine"    // as desired, when it was looked at
	Drifted   Standing = "drifted"   // something differs, or did when it was looked at
	Unknown   Standing = "unknown"   // not observed for longer than its type allows
	NeverSeen Standing = "neverSeen" // recorded, and never observed
	Retired   Standing = "retired"   // is no more
)

// Standing returns where the item stands at an instant. What is unknown is never told
// as being in line, nor as drifted.
func (i Item) Standing(at time.Time) Standing {
	switch {
	case !i.RetiredAt.IsZero():
		return Retired
	case i.Looked.At.IsZero():
		return NeverSeen
	case i.WholeAt.IsZero() || !at.Before(i.StaleAt):
		return Unknown
	case i.Open > 0:
		return Drifted
	}
	return InLine
}

// Limits of an item.
const (
	mostRelations = 20
	mostSecrets   = 100
	mostReason    = 2000 // characters
	// MaxState is how many bytes a state has at most, as JSON without spaces.
	MaxState = 512 << 10
)

// Validate reports every violation but those that its type finds.
func (d Draft) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(d.ID))
	v.Text("name", d.Name, 1, mostText)
	v.ID("type", string(d.Type))
	v.Text("environment", d.Environment, 0, mostText)
	if d.Owner != OfCustomer && d.Owner != OfProvider {
		v.Add("owner", "unknown", string(d.Owner), "must be customer or provider")
	}
	if d.Service != "" {
		v.ID("service", string(d.Service))
	}
	if v.Limit("relations", len(d.Relations), mostRelations) {
		seen := map[Relation]bool{}
		for n, r := range d.Relations {
			path := fmt.Sprintf("relations[%d]", n)
			if !slices.Contains(RelationKinds(), r.Kind) {
				v.Add(path+".kind", "unknown", string(r.Kind), "must be runsOn, partOf, uses or connectsTo")
			}
			v.ID(path+".to", string(r.To))
			switch {
			case r.To == d.ID:
				v.Add(path+".to", "contradiction", string(r.To), "is the item itself")
			case seen[r]:
				v.Add(path, "duplicate", string(r.To), "stands twice")
			}
			seen[r] = true
		}
	}
	secrets(&v, "secrets", d.Secrets)
	size(&v, "desired", d.Desired)
	return v.Err()
}

func secrets(v *servicecoin.Violations, path string, list []string) {
	if !v.Limit(path, len(list), mostSecrets) {
		return
	}
	for n, pointer := range list {
		pattern(v, fmt.Sprintf("%s[%d]", path, n), pointer)
	}
}

// size checks how large a state is, and how deep.
func size(v *servicecoin.Violations, path string, state Value) {
	if n := len(state.String()); n > MaxState {
		v.Add(path, "too-large", "", fmt.Sprintf("has %d bytes as JSON, %d are allowed", n, MaxState))
	}
}

// Version is an item as it was recorded at a time.
type Version struct {
	Item   servicecoin.ConfigurationID `json:"item"`
	Number int                         `json:"number"` // from 1
	From   time.Time                   `json:"from"`   // until the next one
	By     servicecoin.Actor           `json:"by"`
	Reason string                      `json:"reason,omitempty"`
	Change servicecoin.ChangeID        `json:"change,omitempty"` // that it came of
	Described

	Retired bool  `json:"retired,omitempty"` // the item is no more
	Desired Value `json:"desired,omitzero"`  // secrets as digests
	Parts   int   `json:"parts,omitempty"`   // in which what is desired is kept, if it is large
}

// Document returns all that is recorded in a version as one value, for comparing two
// of them: what is desired is below "/desired".
func (v Version) Document() Value {
	text := func(s string) Value {
		if s == "" {
			return NullOf()
		}
		return TextOf(s)
	}
	relations := make([]Value, 0, len(v.Relations))
	for _, r := range v.Relations {
		relations = append(relations, Value{kind: Object, members: []Member{{"kind", text(string(r.Kind))}, {"to", text(string(r.To))}}})
	}
	desired := v.Desired
	if desired.kind == Absent {
		desired = NullOf()
	}
	return Value{kind: Object, members: []Member{ // in the order of their names
		{"desired", desired},
		{"environment", text(v.Environment)},
		{"name", text(v.Name)},
		{"owner", text(string(v.Owner))},
		{"relations", ListOf(relations...)},
		{"retired", BoolOf(v.Retired)},
		{"service", text(string(v.Service))},
		{"type", text(string(v.Type))},
	}}
}

// documents compares versions: relations in any order.
func documents() (*Comparer, error) {
	return Rules{List: []Rule{{Path: "/relations", Key: []KeyField{{Name: "kind"}, {Name: "to"}}}}}.Compile()
}

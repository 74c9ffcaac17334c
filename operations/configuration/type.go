package configuration

import (
	"encoding"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// TypeName names a type of configuration items: "server", "kubernetes.deployment".
type TypeName string

// Type is what items of a sort have in common ("CI type"): what is recorded of them,
// how drift is told, and for how long an observation holds.
type Type struct {
	Name  TypeName `json:"name"`
	Title string   `json:"title,omitempty"`
	// Attributes are declared: what is desired has them as they say.
	Attributes []Attribute `json:"attributes"`
	// Closed refuses names that are not declared, at the top of what is desired.
	Closed bool  `json:"closed,omitempty"`
	Rules  Rules `json:"rules"`
	// Fresh is how long an observation holds: then it is unknown whether there is drift.
	// Undefined: a day.
	Fresh calendar.Duration `json:"fresh"`
}

// Attribute is what is recorded of an item.
type Attribute struct {
	Path     string `json:"path"` // a JSON pointer; a member of the whole: "/cpus"
	Kind     Kind   `json:"kind"` // [Absent]: any
	Required bool   `json:"required,omitempty"`
	Text     string `json:"text,omitempty"` // for people: what it is, in which unit
}

var (
	_ encoding.TextMarshaler   = Kind(0)
	_ encoding.TextUnmarshaler = (*Kind)(nil)
)

// MarshalText writes the kind as String does, "any" for [Absent].
func (k Kind) MarshalText() ([]byte, error) {
	if k == Absent {
		return []byte("any"), nil
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads what MarshalText writes.
func (k *Kind) UnmarshalText(text []byte) error {
	for n := Null; n <= Object; n++ {
		if n.String() == string(text) {
			*k = n
			return nil
		}
	}
	if string(text) == "any" {
		*k = Absent
		return nil
	}
	var v servicecoin.Violations
	v.Add("", "unknown", string(text), "must be any, null, boolean, number, string, array or object")
	return v.Err()
}

const (
	mostAttributes = 500
	mostTypes      = 1000
	day            = 24 * time.Hour
)

// Validate reports every violation.
func (t Type) Validate() error {
	var v servicecoin.Violations
	v.ID("name", string(t.Name))
	v.Text("title", t.Title, 0, mostText)
	if v.Limit("attributes", len(t.Attributes), mostAttributes) {
		seen := map[string]bool{}
		for n, a := range t.Attributes {
			path := fmt.Sprintf("attributes[%d]", n)
			pattern(&v, path+".path", a.Path)
			v.Text(path+".text", a.Text, 0, mostReason)
			if a.Kind > Object {
				v.Add(path+".kind", "unknown", "", "is no kind of values")
			}
			if seen[a.Path] {
				v.Add(path+".path", "duplicate", a.Path, "is declared twice")
			}
			seen[a.Path] = true
		}
	}
	v.Merge("rules", t.Rules.Validate())
	v.Merge("fresh", t.Fresh.Validate())
	if d, ok := t.Fresh.Get(); ok && d <= 0 {
		v.Add("fresh", "out-of-range", "", "must be longer than nothing")
	}
	return v.Err()
}

// Check reports what is desired and not as the type declares it. A secret that is kept
// as a digest counts as being of its kind.
func (t Type) Check(desired Value) error {
	var v servicecoin.Violations
	declared := map[string]bool{}
	for _, a := range t.Attributes {
		names, err := SplitPointer(a.Path)
		if err != nil || len(names) == 0 {
			continue
		}
		declared[names[0]] = true
		switch found := desired.At(a.Path); {
		case found.kind == Absent && a.Required:
			v.Add("desired"+a.Path, "required", "", "must be there")
		case found.kind != Absent && a.Kind != Absent && found.kind != a.Kind && !found.sealed():
			v.Add("desired"+a.Path, "bad-type", "", "must be of the kind "+a.Kind.String()+", not "+found.kind.String())
		}
	}
	if desired.kind != Object {
		v.Add("desired", "bad-type", "", "must be an object, not "+desired.kind.String())
	} else if t.Closed {
		for _, m := range desired.members {
			if !declared[m.Name] {
				v.Add("desired/"+EscapeSegment(m.Name), "unknown", "", "is not declared by the type")
			}
		}
	}
	return v.Err()
}

// fresh is how long an observation holds.
func (t Type) fresh() time.Duration {
	if d, ok := t.Fresh.Get(); ok {
		return d
	}
	return day
}

// declared is a type and what compares by it.
type declared struct {
	Type
	comparer *Comparer
}

// compile checks types, and makes ready to compare by them.
func compile(list []Type) (map[TypeName]declared, error) {
	var v servicecoin.Violations
	types := map[TypeName]declared{}
	if !v.Limit("types", len(list), mostTypes) {
		return nil, v.Err()
	}
	for n, t := range list {
		path := fmt.Sprintf("types[%d]", n)
		if _, twice := types[t.Name]; twice {
			v.Add(path+".name", "duplicate", string(t.Name), "names two types")
		}
		err := t.Validate()
		v.Merge(path, err)
		if err != nil {
			continue
		}
		c, err := t.Rules.Compile()
		v.Merge(path+".rules", err)
		types[t.Name] = declared{t, c}
	}
	return types, v.Err()
}

// with returns what compares by the rules of the type and takes these places for
// secrets, too.
func (d declared) with(secrets []string) (*Comparer, error) {
	if len(secrets) == 0 {
		return d.comparer, nil
	}
	r := Rules{OnlyDesired: d.Rules.OnlyDesired, List: slices.Clone(d.Rules.List)}
	for _, path := range secrets {
		r.List = append(r.List, Rule{Path: path, Secret: true})
	}
	return r.Compile()
}

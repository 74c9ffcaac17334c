package release

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Entrance is whether customers let themselves in.
type Entrance string

// The entrances.
const (
	EnterClosed Entrance = ""      // nobody enters by itself
	EnterOpen   Entrance = "open"  // who enters has it at once
	EnterAsked  Entrance = "asked" // who asks has it once the provider admits it
)

// Audience is who may use a feature in one stage. Except and the feature's offerings come
// first: whom they leave out, nothing lets in. Any one of the other ways is enough.
type Audience struct {
	// Everybody who is entitled may use it.
	Everybody bool `json:"everybody,omitempty"`
	// Customers and Segments may use it without entering.
	Customers []servicecoin.CustomerID `json:"customers,omitempty"`
	Segments  []Segment                `json:"segments,omitempty"`
	// Enter is how others get it, by opting in; EnterWhere who may: one of these segments,
	// none is everybody who is entitled.
	Enter      Entrance                 `json:"enter,omitempty"`
	EnterWhere []Segment                `json:"enterWhere,omitempty"`
	Except     []servicecoin.CustomerID `json:"except,omitempty"` // whatever else is said
}

// Segment is customers by what is known of them.
type Segment struct {
	Name  string      `json:"name"`
	Where []Condition `json:"where,omitempty"` // all of them hold; none: every customer
	// Share is the percentage of these customers, to a thousandth of one: always the same
	// ones, and who is in a smaller share is in a larger one, too. Null: all.
	Share decimal.NullDecimal `json:"share"`
	// Salt picks the customers of a share: features of one salt pick the same ones. "": the
	// id of the feature.
	Salt string `json:"salt,omitempty"`
}

// Condition is what an attribute of a customer must be. A customer of whom the attribute is
// not known does not meet it, also not one that says what it must not be.
type Condition struct {
	Attribute string   `json:"attribute"`
	Is        []string `json:"is,omitempty"`    // one of these
	IsNot     []string `json:"isNot,omitempty"` // none of these
	// Range is versions, as package version reads them.
	Range string `json:"range,omitempty"`
}

// The limits of an audience.
const (
	MaxAudience = 1000 // customers by name

	maxSegments   = 50
	maxConditions = 20
	maxValues     = 200
	maxAttribute  = 200
	sharePlaces   = 3
	wholeShare    = 100_000 // thousandths of a percent
)

// DefaultAudience is who may use a feature of whose stage it says nothing: in alpha, those
// who asked to and were admitted; in beta, those who entered; later, everybody who is
// entitled.
func DefaultAudience(s Stage) Audience {
	switch s {
	case StageAlpha:
		return Audience{Enter: EnterAsked}
	case StageBeta:
		return Audience{Enter: EnterOpen}
	case StageGeneral, StageDeprecated:
		return Audience{Everybody: true}
	case StagePreAlpha, StageRemoved:
	}
	return Audience{}
}

// Audience returns who may use the feature in a stage: what it says of it, or the default.
func (f Feature) Audience(s Stage) Audience {
	if a, ok := f.Audiences[s]; ok {
		return a
	}
	return DefaultAudience(s)
}

// Validate reports every violation.
func (a Audience) Validate() error {
	var v servicecoin.Violations
	a.validate(&v, "audience")
	return v.Err()
}

func (a Audience) validate(v *servicecoin.Violations, path string) {
	eachCustomer(v, path+".customers", a.Customers)
	eachCustomer(v, path+".except", a.Except)
	switch a.Enter {
	case EnterClosed, EnterOpen, EnterAsked:
	default:
		v.Add(path+".enter", "unknown", string(a.Enter), `must be "", open or asked`)
	}
	if len(a.EnterWhere) > 0 && a.Enter == EnterClosed {
		v.Add(path+".enterWhere", "contradiction", "", "nobody enters: say how")
	}
	eachSegment(v, path+".segments", a.Segments)
	eachSegment(v, path+".enterWhere", a.EnterWhere)
}

func eachCustomer(v *servicecoin.Violations, path string, list []servicecoin.CustomerID) {
	if !v.Limit(path, len(list), MaxAudience) {
		return
	}
	seen := make(map[servicecoin.CustomerID]bool, len(list))
	for n, id := range list {
		at := fmt.Sprintf("%s[%d]", path, n)
		v.ID(at, string(id))
		if seen[id] {
			v.Add(at, "duplicate", string(id), "stands twice")
		}
		if id == servicecoin.Provider {
			v.Add(at, "contradiction", string(id), "is the provider, and no customer")
		}
		seen[id] = true
	}
}

func eachSegment(v *servicecoin.Violations, path string, list []Segment) {
	if v.Limit(path, len(list), maxSegments) {
		for n, s := range list {
			s.validate(v, fmt.Sprintf("%s[%d]", path, n))
		}
	}
}

func (s Segment) validate(v *servicecoin.Violations, path string) {
	v.Text(path+".name", s.Name, 1, maxAttribute)
	v.Text(path+".salt", s.Salt, 0, maxAttribute)
	if before := v.Len(); s.Share.Valid {
		const digits = 3
		v.Number(path+".share", s.Share.Decimal, digits, sharePlaces)
		if d := s.Share.Decimal; v.Len() == before && (d.IsNegative() || d.GreaterThan(decimal.NewFromInt(100))) {
			v.Add(path+".share", "out-of-range", d.String(), "must be from 0 to 100 percent")
		}
	}
	if !v.Limit(path+".where", len(s.Where), maxConditions) {
		return
	}
	for n, c := range s.Where {
		c.validate(v, fmt.Sprintf("%s.where[%d]", path, n))
	}
}

func (c Condition) validate(v *servicecoin.Violations, path string) {
	v.Text(path+".attribute", c.Attribute, 1, maxAttribute)
	said := boolean(c.Range != "")
	for n, list := range [][]string{c.Is, c.IsNot} {
		at := path + [...]string{".is", ".isNot"}[n]
		said += min(len(list), 1)
		if v.Limit(at, len(list), maxValues) {
			for k, value := range list {
				v.Text(fmt.Sprintf("%s[%d]", at, k), value, 0, maxAttribute)
			}
		}
	}
	if c.Range != "" {
		readRange(v, path+".range", c.Range)
	}
	if said != 1 {
		v.Add(path, "contradiction", c.Attribute, "say one thing: what it is, what it is not, or in which range it is")
	}
}

// without returns an audience that does not name a customer, and reports whether it did.
func (a Audience) without(customer servicecoin.CustomerID) (Audience, bool) {
	before := len(a.Customers) + len(a.Except)
	is := func(id servicecoin.CustomerID) bool { return id == customer }
	a.Customers = slices.DeleteFunc(slices.Clone(a.Customers), is)
	a.Except = slices.DeleteFunc(slices.Clone(a.Except), is)
	return a, len(a.Customers)+len(a.Except) < before
}

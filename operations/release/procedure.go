package release

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// CriterionKind is what a criterion asks for.
type CriterionKind string

// The kinds.
const (
	AskProven        CriterionKind = "proven"        // its tests passed on the version that is promoted
	AskSoak          CriterionKind = "soak"          // it was in the stage before for so long
	AskUse           CriterionKind = "use"           // so many customers use it
	AskSatisfaction  CriterionKind = "satisfaction"  // so many of those who were asked are satisfied
	AskDocumentation CriterionKind = "documentation" // customers can read how it works
	AskRunbook       CriterionKind = "runbook"       // those who run it can read how
	AskSignOff       CriterionKind = "signOff"       // a person in a role stands for the version
	AskUnused        CriterionKind = "unused"        // no customer uses it
)

// Counted is what of a share counts.
type Counted string

// What counts: the lower bound of the interval, so that three of three are no proof yet; or
// the share as it is.
const (
	LowerBound Counted = "lowerBound"
	AsItIs     Counted = "asItIs"
)

// Criterion is one thing that must be so before a feature gets into a stage.
type Criterion struct {
	ID   string        `json:"id"` // stable: waivers name it
	Kind CriterionKind `json:"kind"`
	Text string        `json:"text"` // what is asked for, to people

	Soak      calendar.Duration   `json:"soak"`                // of soak
	Customers int                 `json:"customers,omitempty"` // of use: at least so many
	Share     decimal.NullDecimal `json:"share"`               // of satisfaction: at least so many percent
	Counts    Counted             `json:"counts,omitempty"`    // of satisfaction; "": the lower bound
	Level     decimal.NullDecimal `json:"level"`               // of its interval, Wilson's, above 0 and below 1; null: 0.95
	Role      string              `json:"role,omitempty"`      // of signOff
}

// Procedure is how features are promoted: what must be so before one gets into each stage.
// It is committed, and has editions: a promotion keeps by which one it was judged.
type Procedure struct {
	Edition     int                   `json:"edition"` // from 1
	Why         string                `json:"why"`     // what is new about it
	Criteria    map[Stage][]Criterion `json:"criteria"`
	CommittedAt time.Time             `json:"committedAt,omitzero"`
	CommittedBy servicecoin.Actor     `json:"committedBy,omitzero"`
}

// The limits of a procedure.
const (
	maxCriteria  = 50 // of a stage
	maxCriterion = 100
	maxSoakYears = 5
	mostUsers    = 1_000_000
)

// DefaultProcedure is a procedure to begin with: alpha wants tests; beta tests, two weeks,
// documentation and the word of its owner; general availability tests, a month, five
// customers of whom, by the lower bound, six of ten are satisfied, documentation, a run
// book, that support was briefed, and the word of product and operations. Removal wants
// that nobody uses it.
func DefaultProcedure() Procedure {
	const day = 24 * time.Hour
	const twoWeeks, month, customers, share = 14 * day, 30 * day, 5, 60
	proven := Criterion{ID: "tests", Kind: AskProven, Text: "its tests passed on this version"}
	documented := Criterion{ID: "documentation", Kind: AskDocumentation, Text: "customers can read how it works"}
	return Procedure{Why: "the procedure to begin with", Criteria: map[Stage][]Criterion{ //nolint:exhaustive // others ask for nothing
		StageAlpha: {proven},
		StageBeta: {
			proven,
			{ID: "soak", Kind: AskSoak, Text: "two weeks in alpha", Soak: calendar.Within(twoWeeks)},
			documented,
			{ID: "product", Kind: AskSignOff, Role: "product", Text: "product stands for it"},
		},
		StageGeneral: {
			proven,
			{ID: "soak", Kind: AskSoak, Text: "a month in beta", Soak: calendar.Within(month)},
			{ID: "use", Kind: AskUse, Customers: customers, Text: "five customers use it"},
			{ID: "satisfaction", Kind: AskSatisfaction, Share: servicecoin.Some(decimal.NewFromInt(share)), Counts: LowerBound, Text: "they are satisfied with it"},
			documented,
			{ID: "runbook", Kind: AskRunbook, Text: "a run book says how it is run"},
			{ID: "support", Kind: AskSignOff, Role: "support", Text: "support was briefed"},
			{ID: "product", Kind: AskSignOff, Role: "product", Text: "product stands for it"},
			{ID: "operations", Kind: AskSignOff, Role: "operations", Text: "operations can run it"},
		},
		StageRemoved: {{ID: "unused", Kind: AskUnused, Text: "no customer uses it"}},
	}}
}

// For returns what must be so before a feature gets into a stage. A removal always asks that
// nobody uses it.
func (p Procedure) For(s Stage) []Criterion {
	list := p.Criteria[s]
	if s == StageRemoved && !slices.ContainsFunc(list, func(c Criterion) bool { return c.Kind == AskUnused }) {
		return append(slices.Clip(list), Criterion{ID: "unused", Kind: AskUnused, Text: "no customer uses it"})
	}
	return list
}

// Validate reports every violation.
func (p Procedure) Validate() error {
	var v servicecoin.Violations
	if p.Edition < 1 {
		v.Add("edition", "out-of-range", strconv.Itoa(p.Edition), "must be 1 at least")
	}
	v.Text("why", p.Why, 1, maxReason)
	if len(p.Criteria) == 0 {
		v.Add("criteria", "required", "", "it asks for nothing")
	}
	for s := range p.Criteria {
		if !s.Known() || s == StagePreAlpha {
			v.Add("criteria", "unknown", string(s), "must be of a stage that a feature can get into")
		}
	}
	for _, s := range Stages() {
		path := fmt.Sprintf("criteria[%s]", s)
		if !v.Limit(path, len(p.Criteria[s]), maxCriteria) {
			continue
		}
		seen := map[string]bool{}
		for n, c := range p.Criteria[s] {
			at := fmt.Sprintf("%s[%d]", path, n)
			c.validate(&v, at)
			if seen[c.ID] {
				v.Add(at+".id", "duplicate", c.ID, "stands twice")
			}
			seen[c.ID] = true
		}
	}
	if v.Len() == 0 {
		lifecycle.Room(&v, "", p, maxFeature)
	}
	return v.Err()
}

func (c Criterion) validate(v *servicecoin.Violations, path string) {
	v.ID(path+".id", c.ID)
	if len(c.ID) > maxCriterion {
		v.Add(path+".id", "too-long", c.ID, fmt.Sprintf("must have %d bytes at most", maxCriterion))
	}
	v.Text(path+".text", c.Text, 1, maxReason)
	switch c.Kind {
	case AskProven, AskDocumentation, AskRunbook, AskUnused:
	case AskSoak:
		const year = 366 * 24 * time.Hour
		if d, ok := c.Soak.Get(); !ok || d <= 0 || d > maxSoakYears*year {
			v.Add(path+".soak", "out-of-range", c.Soak.String(), "must be longer than nothing, and at most five years")
		}
	case AskUse:
		if c.Customers < 1 || c.Customers > mostUsers {
			v.Add(path+".customers", "out-of-range", strconv.Itoa(c.Customers), "must be 1 at least, and at most a million")
		}
	case AskSatisfaction:
		c.satisfaction(v, path)
	case AskSignOff:
		v.Text(path+".role", c.Role, 1, maxCriterion)
	default:
		v.Add(path+".kind", "unknown", string(c.Kind), "must be proven, soak, use, satisfaction, documentation, runbook, signOff or unused")
	}
}

func (c Criterion) satisfaction(v *servicecoin.Violations, path string) {
	const digits, places = 3, 6
	hundred, one := decimal.NewFromInt(100), decimal.NewFromInt(1)
	before := v.Len()
	if !c.Share.Valid {
		v.Add(path+".share", "required", "", "say how many percent")
	}
	v.Number(path+".share", c.Share.Decimal, digits, places)
	if d := c.Share.Decimal; v.Len() == before && (!d.IsPositive() || d.GreaterThan(hundred)) {
		v.Add(path+".share", "out-of-range", d.String(), "must be above 0 and at most 100 percent")
	}
	if c.Counts != "" && c.Counts != LowerBound && c.Counts != AsItIs {
		v.Add(path+".counts", "unknown", string(c.Counts), "must be lowerBound or asItIs")
	}
	if before := v.Len(); c.Level.Valid {
		v.Number(path+".level", c.Level.Decimal, 1, places)
		if d := c.Level.Decimal; v.Len() == before && (!d.IsPositive() || !d.LessThan(one)) {
			v.Add(path+".level", "out-of-range", d.String(), "must be above 0 and below 1")
		}
	}
}

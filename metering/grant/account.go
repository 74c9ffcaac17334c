package grant

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// Limits of an [Account], beyond which [Account.Compile] refuses it.
const (
	MaxGrants    = 100_000
	MaxResets    = 10_000
	MaxRenewals  = 20_000  // of all grants together
	MaxRollovers = 200_000 // resets times grants
)

// OveragePolicy says what becomes of an overage when a new period begins.
type OveragePolicy string

// The policies for an overage.
const (
	Forgive OveragePolicy = ""      // it is no more: it was told, or charged
	Carry   OveragePolicy = "carry" // what is there in the new period pays it first
)

// Counting says what a quantity that was used does to grants.
type Counting string

// The ways to count.
const (
	// Drawn is for what adds up: each quantity burns grants down.
	Drawn Counting = ""
	// Level is for what is so much at a time, as the disk that is taken up: the grants
	// that hold are together its limit, and nothing is burnt. The last level counts
	// until there is another one. Resets and renewals mean nothing, and are refused.
	Level Counting = "level"
)

// SpanPolicy says where a quantity counts during which grants begin, come again or
// end, or a period begins. See [Plan.Boundaries].
type SpanPolicy string

// The policies for quantities of more than one segment.
const (
	AtStart SpanPolicy = ""       // where its window begins, as an event at that instant
	ByTime  SpanPolicy = "time"   // in each by its share of the window's length, to nine places; the parts sum to it
	Uncut   SpanPolicy = "refuse" // nowhere: who asked for it should have divided it
)

// Account is the grants of a customer for one meter, over a stretch of time.
type Account struct {
	During calendar.Interval `json:"during"`
	Grants []Grant           `json:"grants"` // in any order
	// Resets are when a new period begins: after During.Start, up to and with its end.
	// [Resets] makes them of periods.
	Resets   []time.Time   `json:"resets,omitempty"`
	Overage  OveragePolicy `json:"overage,omitempty"`
	Counts   Counting      `json:"counts,omitempty"`
	Spanning SpanPolicy    `json:"spanning,omitempty"`
	// Opening is where an earlier reckoning ended, at During.Start. It has a balance for each
	// grant that holds then; those of others are not looked at. Nil: grants that hold then
	// have their amounts, and nothing was used.
	Opening *Snapshot `json:"opening,omitempty"`
}

// Snapshot is what stands at an instant. Whoever keeps [Result.Standing] can go on
// from it: what comes out is what a reckoning from the beginning says.
type Snapshot struct {
	At      time.Time       `json:"at"`
	Used    decimal.Decimal `json:"used"`    // since the last period began; of a [Level], the level
	Overage decimal.Decimal `json:"overage"` // used, and covered by no grant
	// Balances are what is left of each grant: 0 of one that does not hold at the time.
	Balances map[ID]decimal.Decimal `json:"balances"`
}

// Balance returns what is left of all grants together.
func (s Snapshot) Balance() decimal.Decimal {
	var sum decimal.Decimal
	for _, left := range s.Balances {
		sum = sum.Add(left)
	}
	return sum
}

// Resets returns when periods begin during a stretch of time, without its start and
// with its end, as [Account] wants them. More than [MaxResets] end the list, which is
// refused then.
func Resets(periods metering.Periods, during calendar.Interval) []time.Time {
	var list []time.Time
	for t := periods.Next(during.Start); t.After(during.Start) && !t.After(during.End) && len(list) <= MaxResets; {
		list = append(list, t)
		next := periods.Next(t)
		if !next.After(t) {
			break
		}
		t = next
	}
	return list
}

// Validate reports every violation of the account.
func (a Account) Validate() error {
	var v servicecoin.Violations
	v.Merge("during", a.During.Validate())
	few := v.Limit("grants", len(a.Grants), MaxGrants)
	if v.Limit("resets", len(a.Resets), MaxResets) && len(a.Resets)*len(a.Grants) > MaxRollovers {
		v.Add("resets", "too-many", "", fmt.Sprintf("times grants are %d, %d are allowed", len(a.Resets)*len(a.Grants), MaxRollovers))
	}
	if few {
		a.checkGrants(&v)
	}
	a.checkResets(&v)
	switch a.Overage {
	case Forgive, Carry:
	default:
		v.Add("overage", "unknown", string(a.Overage), `must be "" or carry`)
	}
	switch a.Counts {
	case Drawn, Level:
	default:
		v.Add("counts", "unknown", string(a.Counts), `must be "" or level`)
	}
	switch a.Spanning {
	case AtStart, ByTime, Uncut:
	default:
		v.Add("spanning", "unknown", string(a.Spanning), `must be "", time or refuse`)
	}
	if few && a.Opening != nil {
		a.checkOpening(&v)
	}
	return v.Err()
}

func (a Account) checkGrants(v *servicecoin.Violations) {
	seen := make(map[ID]bool, len(a.Grants))
	for i := range a.Grants {
		g := &a.Grants[i]
		if v.Len() >= servicecoin.MaxViolations {
			return
		}
		if err := g.Validate(); err != nil {
			v.Merge(fmt.Sprintf("grants[%d]", i), err)
		}
		if seen[g.ID] {
			v.Add(fmt.Sprintf("grants[%d].id", i), "duplicate", string(g.ID), "is there already")
		}
		seen[g.ID] = true
		if g.Renewal != nil && a.Counts == Level {
			v.Add(fmt.Sprintf("grants[%d].renewal", i), "unsupported", "", "a level burns nothing that could come again")
		}
	}
}

func (a Account) checkResets(v *servicecoin.Violations) {
	if len(a.Resets) > MaxResets {
		return
	}
	if len(a.Resets) > 0 && a.Counts == Level {
		v.Add("resets", "unsupported", "", "a level burns nothing that a period could begin with")
	}
	for i, t := range a.Resets {
		if !servicecoin.Instant(t).After(servicecoin.Instant(a.During.Start)) || t.After(a.During.End) {
			v.Add(fmt.Sprintf("resets[%d]", i), "out-of-range", t.UTC().Format(time.RFC3339Nano), "must lie after the start of during, and not after its end")
		}
	}
}

// checkOpening checks that every grant that holds at the start has a balance, and no
// other one that is not there.
func (a Account) checkOpening(v *servicecoin.Violations) {
	o := a.Opening
	if !servicecoin.Instant(o.At).Equal(servicecoin.Instant(a.During.Start)) {
		v.Add("opening.at", "order", o.At.UTC().Format(time.RFC3339Nano), "must be the start of during")
	}
	sum(v, "opening.used", o.Used)
	sum(v, "opening.overage", o.Overage)
	if !v.Limit("opening.balances", len(o.Balances), MaxGrants) {
		return
	}
	known := make(map[ID]bool, len(a.Grants))
	for i := range a.Grants {
		g := &a.Grants[i]
		known[g.ID] = true
		if _, is := o.Balances[g.ID]; !is && g.Active(servicecoin.Instant(a.During.Start)) {
			v.Add("opening.balances", "missing", string(g.ID), "has no balance, and holds at the start: reckon from before it began")
		}
	}
	var wrong []ID
	for id, left := range o.Balances {
		var one servicecoin.Violations
		if !known[id] || !quantity(&one, "", left) {
			wrong = append(wrong, id)
		}
	}
	slices.Sort(wrong) // so that the same account has the same violations
	for _, id := range wrong {
		if !known[id] {
			v.Add("opening.balances", "unknown", string(id), "is none of the grants")
			continue
		}
		quantity(v, fmt.Sprintf("opening.balances[%q]", string(id)), o.Balances[id])
	}
}

// sum checks what quantities may have added up to.
func sum(v *servicecoin.Violations, path string, d decimal.Decimal) {
	const million = 6
	v.Number(path, d, metering.MaxDigits+million, metering.MaxPlaces)
	if d.IsNegative() {
		v.Add(path, "negative", "", "must not be negative")
	}
}

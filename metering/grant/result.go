package grant

import (
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/calendar"
)

// Result is what became of the grants of an account.
type Result struct {
	// Closing is what stands at the end, before anything happens at that very instant:
	// what a statement of the time says.
	Closing Snapshot `json:"closing"`
	// Standing is what stands as of the end: what ends then has lapsed, what begins then
	// is there, and a new period has begun. Who goes on, goes on from here.
	Standing Snapshot `json:"standing"`
	// Lines has one for each grant, in the order in which they burn.
	Lines []Line `json:"lines"`
	// Segments follow each other without a gap: another one begins where something
	// happens to a grant. Where that is at the very end, the last one has no length.
	Segments []Segment `json:"segments"`
	// Outside is how many quantities lie outside of the account's time: they were left out.
	Outside int `json:"outside,omitempty"`
}

// Line is what became of a grant: Opening and Given are together Burnt, Lapsed and
// Balance. Of a [Level] it says what the grant covers of it at the end.
type Line struct {
	Grant   ID              `json:"grant"`
	Opening decimal.Decimal `json:"opening"` // what was left of it at the start
	Given   decimal.Decimal `json:"given"`   // when it began, came again, or was brought to its minimum
	Burnt   decimal.Decimal `json:"burnt"`
	Lapsed  decimal.Decimal `json:"lapsed"`  // when it ended, came again, or was brought to its maximum
	Balance decimal.Decimal `json:"balance"` // as of the end
}

// Segment is a stretch of time in which nothing happens to the grants but that they
// are used: Opening and Used less Closing and what was overdrawn before are what the
// grants paid, in the order of Burnt.
type Segment struct {
	During    calendar.Interval `json:"during"`
	Begins    []Change          `json:"begins,omitempty"` // what happened where it begins
	Opening   decimal.Decimal   `json:"opening"`          // what is left of all grants then, before they pay Overdrawn
	Overdrawn decimal.Decimal   `json:"overdrawn"`        // the overage that was there, and that they pay first
	Used      decimal.Decimal   `json:"used"`             // in it; of a [Level], the last level in it
	Burnt     []Draw            `json:"burnt,omitempty"`  // in the order in which the grants burnt
	Closing   decimal.Decimal   `json:"closing"`          // what is left of all grants at its end
	Overage   decimal.Decimal   `json:"overage"`          // what no grant covered at its end
}

// Change is something that happened to a grant, or to the overage.
type Change struct {
	What     What            `json:"what"`
	Grant    ID              `json:"grant,omitempty"` // "": the overage
	Quantity decimal.Decimal `json:"quantity"`
}

// Draw is what a grant covered.
type Draw struct {
	Grant    ID              `json:"grant"`
	Quantity decimal.Decimal `json:"quantity"`
	Left     decimal.Decimal `json:"left"` // of the grant, afterwards
}

// Point is what stood where a window begins, and what was used in it.
type Point struct {
	During  calendar.Interval `json:"during"`
	Balance decimal.Decimal   `json:"balance"` // of all grants, as of the start of the window
	Overage decimal.Decimal   `json:"overage"` // as of the start of the window
	Used    decimal.Decimal   `json:"used"`    // in the window; of a [Level], the last level up to its end
}

package cost

import (
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// Reads says what of the usage a price asks for beside a quantity, as far as the price
// does not tell itself. What it tells: the dimensions of a matrix are those of its
// rows, a percentage with fees or bounds, and prorated tiers, ask for each event, and
// windows of time for what was used in them.
type Reads struct {
	// GroupBy are the dimensions of the meter by which usage is told apart, for a price
	// of each group.
	GroupBy []string `json:"groupBy,omitempty"`
	// Bucket is the length of time of a price for each bucket.
	Bucket metering.Stretch `json:"bucket,omitempty"`
	// Amounts is the meter of the amounts that a dynamic price passes on. "": those of the
	// item's meter.
	Amounts metering.MeterID `json:"amounts,omitempty"`
	// Peaks are the meters of what the plans of a capacity price bound. None: they bound
	// one thing, which is the item's meter.
	Peaks map[string]metering.MeterID `json:"peaks,omitempty"`
}

// Validate reports every violation.
func (r Reads) Validate() error {
	const most = 50
	var v servicecoin.Violations
	if v.Limit("groupBy", len(r.GroupBy), metering.MaxDimensions) {
		for i, name := range r.GroupBy {
			v.Text("groupBy", name, 1, 100)
			if slices.Contains(r.GroupBy[:i], name) {
				v.Add("groupBy", "duplicate", name, "stands there twice")
			}
		}
	}
	v.Merge("bucket", r.Bucket.Validate())
	if r.Amounts != "" {
		v.ID("amounts", string(r.Amounts))
	}
	if v.Limit("peaks", len(r.Peaks), most) {
		for _, unit := range slices.Sorted(maps.Keys(r.Peaks)) {
			v.Text("peaks", unit, 1, 100)
			v.ID("peaks."+unit, string(r.Peaks[unit]))
		}
	}
	return v.Err()
}

// sameReads compares what may be null.
func sameReads(r, other *Reads) bool {
	if r == nil || other == nil {
		return r == other
	}
	return slices.Equal(r.GroupBy, other.GroupBy) && r.Bucket == other.Bucket && r.Amounts == other.Amounts && maps.Equal(r.Peaks, other.Peaks)
}

package usage

import (
	"github.com/servicecoin/servicecoin/metering"
)

// The days of the years that events have.
const (
	firstDay = -719162 // 0001-01-01
	lastDay  = 2932896 // 9999-12-31
)

func inRange(day int32) int32 { return min(max(day, firstDay), lastDay) }

// tailDay is what the log has of a customer, type and day.
type tailDay struct {
	entries []metering.Entry
	total   metering.Total
	gone    bool // some entry is gone
}

func (d *tailDay) add(e *metering.Entry) {
	d.entries = append(d.entries, *e)
	d.total.Add(e)
	d.gone = d.gone || e.Gone
}

func (d *tailDay) addTo(b *metering.Block) {
	for i := range d.entries {
		b.Add(d.entries[i])
	}
}

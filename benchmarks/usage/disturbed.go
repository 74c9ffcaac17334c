package usage

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// Disturbed is the workload with something after one event in a hundred: an event that
// comes late by days, one that comes again, one that comes with other content, a fact
// that voids an earlier one or corrects it. It counts by itself, with nothing of the
// library, what it comes to.
type Disturbed struct {
	w      *Workload
	first  []Fact // as each was told first
	stands []Fact // as it stands
	gone   []bool
	told   int // events and facts
	others int
}

// NewDisturbed returns the workload of n events with what disturbs it.
func NewDisturbed(n int) *Disturbed { return &Disturbed{w: New(n)} }

// Others returns how many of what it told was late, voided, corrected, repeated or in
// conflict.
func (d *Disturbed) Others() int { return d.others }

// Batch fills a batch with what comes next, and returns it: none at the end.
func (d *Disturbed) Batch(into []metering.Event) []metering.Event {
	n := 0
	for n+1 < len(into) {
		f, ok := d.w.Next()
		if !ok {
			break
		}
		d.tell(f)
		into[n] = d.stamp(d.w.Event(f))
		n++
		if d.w.random()%100 == 0 {
			into[n] = d.stamp(d.disturb())
			n++
		}
	}
	return into[:n]
}

func (d *Disturbed) tell(f Fact) {
	d.first, d.stands, d.gone = append(d.first, f), append(d.stands, f), append(d.gone, false)
}

// stamp says when something was recorded: everything later than what came before.
func (d *Disturbed) stamp(e metering.Event) metering.Event {
	d.told++
	e.RecordedAt = Start().Add(time.Duration(d.told) * time.Microsecond)
	return e
}

func (d *Disturbed) disturb() metering.Event {
	d.others++
	j := int(d.w.random() % uint64(len(d.first))) //nolint:gosec // G115: numbers of a workload
	f := d.first[j]
	e := d.w.Event(f)
	about := metering.Event{Customer: e.Customer, Source: "people", ID: fmt.Sprintf("fact-%d", d.told), Of: metering.Ref{Source: e.Source, ID: e.ID}}
	switch d.w.random() % 5 {
	case 0: // late by days
		f.id, f.At = d.w.random(), Start().UnixMicro()+int64(d.w.random()%uint64(max(1, f.At-Start().UnixMicro()))) //nolint:gosec // G115: numbers of a workload
		d.tell(f)
		return d.w.Event(f)
	case 1: // as it was told first
		return e
	case 2: // in conflict
		e.Subject += "-other"
		return e
	case 3:
		d.gone[j] = true
		about.Does = metering.Void
		return about
	default:
		f.Value, f.At = int64(d.w.random()%1_000_000), min(f.At+5*microsPerHour, End().UnixMicro()-1)
		d.stands[j], d.gone[j] = f, false
		about.Does, about.Type, about.Subject, about.Dimensions = metering.Correct, e.Type, e.Subject, e.Dimensions
		about.Time, about.Value = time.UnixMicro(f.At).UTC(), servicecoin.Some(decimal.New(f.Value, -4))
		return about
	}
}

// Counted is what the events come to that stand: sum, count and maximum.
type Counted struct{ Sum, Count, Max int64 }

// Count returns what there is by meter, customer and day.
func (d *Disturbed) Count() map[[3]int32]Counted {
	all := map[[3]int32]Counted{}
	for i, f := range d.stands {
		if d.gone[i] {
			continue
		}
		key := [3]int32{int32(f.Meter), int32(f.Customer), int32((f.At - Start().UnixMicro()) / microsPerDay)} //nolint:gosec // G115: numbers of a workload
		c := all[key]
		if c.Count == 0 || f.Value > c.Max {
			c.Max = f.Value
		}
		c.Sum, c.Count = c.Sum+f.Value, c.Count+1
		all[key] = c
	}
	return all
}

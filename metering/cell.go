package metering

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"
)

// reading is what a meter reads of an event, for one window.
type reading struct {
	at    mark
	value number // what its field says
	has   bool   // it says something
	text  string // what Unique counts; "": nothing
	gone  bool   // the event takes the text away
	end   int64  // until when a level that is set holds; forever for a point
}

// mark is where an event stands in the order of [Event.Compare].
type mark struct {
	micros     int64
	source, id string
}

func (m mark) compare(other mark) int {
	return cmp.Or(cmp.Compare(m.micros, other.micros), cmp.Compare(m.source, other.source), cmp.Compare(m.id, other.id))
}

// cell makes one quantity of the readings of a window, which come in any order. Cells
// know nothing of windows, groups and events: whoever keeps columns feeds them, too.
type cell interface {
	add(r reading)
	// value returns what the readings come to: none where none had a value.
	value() quantity
}

// newCell returns an empty cell of an aggregation that looks at nothing but its own
// window: see chain for the others.
func (m *rule) newCell(a Aggregation) cell {
	switch a {
	case Sum, Product:
		return new(sumCell)
	case Min:
		return &extremeCell{sign: -1}
	case Max:
		return &extremeCell{sign: 1}
	case Average:
		return new(averageCell)
	case Unique:
		return new(uniqueCell)
	case Latest:
		return new(latestCell)
	case Percentile:
		return &rankCell{percent: m.Percent.Decimal}
	case Count, TimeWeighted:
	}
	return new(countCell)
}

// countCell counts events.
type countCell struct{ n int64 }

func (c *countCell) add(reading) { c.n++ }

func (c *countCell) value() quantity { return counted(c.n) }

// counted is a number of what there is: of nothing, none.
func counted(n int64) quantity {
	if n == 0 {
		return quantity{}
	}
	return quantityOf(decimal.NewFromInt(n))
}

// sumCell adds values up.
type sumCell struct{ sum total }

func (c *sumCell) add(r reading) {
	if r.has {
		c.sum.add(r.value)
	}
}

func (c *sumCell) value() quantity {
	if !c.sum.some {
		return quantity{}
	}
	return quantityOf(c.sum.decimal())
}

// extremeCell keeps the largest value, with the sign -1 the smallest.
type extremeCell struct {
	best number
	sign int
	some bool
}

func (c *extremeCell) add(r reading) {
	if r.has && (!c.some || r.value.cmp(c.best)*c.sign > 0) {
		c.best, c.some = r.value, true
	}
}

func (c *extremeCell) value() quantity {
	if !c.some {
		return quantity{}
	}
	return quantityOf(c.best.decimal())
}

// averageCell divides the sum of the values by how many there are.
type averageCell struct {
	sum total
	n   int64
}

func (c *averageCell) add(r reading) {
	if r.has {
		c.sum.add(r.value)
		c.n++
	}
}

func (c *averageCell) value() quantity {
	if c.n == 0 {
		return quantity{}
	}
	return fraction(c.sum.decimal(), c.n)
}

// uniqueCell counts different texts.
type uniqueCell struct{ seen map[string]struct{} }

func (c *uniqueCell) add(r reading) {
	if r.text == "" {
		return
	}
	if c.seen == nil {
		c.seen = map[string]struct{}{}
	}
	c.seen[r.text] = struct{}{}
}

func (c *uniqueCell) value() quantity { return counted(int64(len(c.seen))) }

// latestCell keeps the value of the last event that has one.
type latestCell struct {
	at   mark
	last number
	some bool
}

func (c *latestCell) add(r reading) {
	if r.has && (!c.some || r.at.compare(c.at) > 0) {
		c.at, c.last, c.some = r.at, r.value, true
	}
}

func (c *latestCell) value() quantity {
	if !c.some {
		return quantity{}
	}
	return quantityOf(c.last.decimal())
}

// rankCell keeps all samples, of which the percentile is one: the smallest that so many
// per cent of them do not exceed.
type rankCell struct {
	samples []number
	percent decimal.Decimal // above 0, up to 100
}

func (c *rankCell) add(r reading) {
	if r.has {
		c.samples = append(c.samples, r.value)
	}
}

func (c *rankCell) value() quantity { return c.ranked(0) }

// ranked is the percentile with so many samples of 0 more.
func (c *rankCell) ranked(zeros int64) quantity {
	n := int64(len(c.samples))
	if n == 0 {
		return quantity{}
	}
	slices.SortFunc(c.samples, number.cmp)
	below, _ := slices.BinarySearchFunc(c.samples, number{}, number.cmp)
	rank := c.percent.Mul(decimal.NewFromInt(n+zeros)).Shift(-2).Ceil().IntPart() - 1
	switch under := int64(below); {
	case rank < under:
	case rank < under+zeros:
		return quantityOf(decimal.Zero)
	default:
		rank -= zeros
	}
	return quantityOf(c.samples[rank].decimal())
}

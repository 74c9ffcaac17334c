package metering

import (
	"math"
	"slices"

	"github.com/shopspring/decimal"
)

// chain is a cell to which it matters what was before its window: the level, or what
// stands. The cells of a group are joined in order of time, those of the stretches
// before and between its windows, too, and each is asked before the next one is joined.
type chain interface {
	cell
	// join takes over what the cell before leaves. That one is of the same kind, or
	// nil for the first.
	join(before chain)
}

// forever is the end of what has none.
const forever int64 = math.MaxInt64

// span is an interval in microseconds.
type span struct{ from, to int64 }

// newChain returns an empty cell of a meter that looks back: for a window, of which
// only the time before now counts, or for a stretch beside the windows, which has none.
func (m *rule) newChain(window span, now int64) chain {
	cut := span{window.from, min(window.to, now)}
	switch {
	case m.Aggregation == Unique:
		return new(standingCell)
	case m.Level == Sets:
		return &setCell{window: window, cut: cut}
	default:
		return &changeCell{window: window, cut: cut}
	}
}

// changeCell is the level, on average over its window, that values change. A reading
// is a change: a point is one for good, an interval is two.
type changeCell struct {
	window, cut span
	entering    decimal.Decimal // the level with which it begins
	net         total           // of the changes
	over        area            // what they add to the area under the level, up to the cut
	known       bool            // some value has been told by the end of the cut
}

func (c *changeCell) add(r reading) {
	if !r.has {
		return
	}
	c.net.add(r.value)
	if r.at.micros < c.cut.to {
		c.known = true
		c.over.add(r.value, c.cut.to-r.at.micros)
	}
}

func (c *changeCell) join(before chain) {
	b, ok := before.(*changeCell)
	if !ok {
		return
	}
	c.entering = b.entering.Add(b.net.decimal())
	c.known = c.known || b.known || b.net.some
}

func (c *changeCell) value() quantity {
	if !c.known || c.cut.to <= c.cut.from {
		return quantity{}
	}
	all := c.entering.Mul(decimal.NewFromInt(c.cut.to - c.cut.from)).Add(c.over.decimal())
	return fraction(all, c.window.to-c.window.from)
}

// setCell is the level, on average over its window, that values set: it is that of the
// event that began last of those that have not ended. A point has no end.
type setCell struct {
	window, cut span
	running     []reading // those that may count still, by when they began
	list        []reading
	sorted      bool
	known       bool // a level has been set before
}

func (c *setCell) add(r reading) {
	if r.has {
		c.list, c.sorted = append(c.list, r), false
	}
}

func (c *setCell) join(before chain) {
	b, ok := before.(*setCell)
	if !ok {
		return
	}
	b.sort()
	c.known = b.known || len(b.list) > 0
	c.running = slices.Clone(b.running)
	for _, r := range b.list {
		c.running = begun(c.running, r)
	}
}

func (c *setCell) sort() {
	if !c.sorted {
		slices.SortFunc(c.list, func(a, b reading) int { return a.at.compare(b.at) })
		c.sorted = true
	}
}

// begun adds one that has begun, in place: what a point, which has no end, lies over
// does not come back, and neither does what has ended.
func begun(running []reading, r reading) []reading {
	if r.end == forever {
		running = running[:0]
	}
	return append(ended(running, r.at.micros), r)
}

// ended leaves out the last ones that have ended by then. Those below do not count.
func ended(running []reading, at int64) []reading {
	n := len(running)
	for n > 0 && running[n-1].end <= at {
		n--
	}
	return running[:n]
}

func (c *setCell) value() quantity {
	c.sort()
	if c.cut.to <= c.cut.from {
		return quantity{}
	}
	var under area
	at, known, running := c.cut.from, c.known, slices.Clone(c.running)
	upTo := func(to int64) {
		for at < to {
			running = ended(running, at)
			n := len(running)
			if n == 0 {
				at = to
				return
			}
			next := min(to, running[n-1].end)
			under.add(running[n-1].value, next-at)
			at = next
		}
	}
	for _, r := range c.list {
		if r.at.micros >= c.cut.to {
			break
		}
		known = true
		upTo(r.at.micros)
		running = begun(running, r)
	}
	upTo(c.cut.to)
	if !known {
		return quantity{}
	}
	return fraction(under.decimal(), c.window.to-c.window.from)
}

// standingCell counts the texts that stand at the end of its window: those whose last
// event did not take them away.
type standingCell struct {
	last     map[string]reading
	standing map[string]struct{} // at the end of the cell before, then of this one
	known    bool
}

func (c *standingCell) add(r reading) {
	if r.text == "" {
		return
	}
	if c.last == nil {
		c.last = map[string]reading{}
	}
	if old, there := c.last[r.text]; !there || r.at.compare(old.at) > 0 {
		c.last[r.text] = r
	}
}

func (c *standingCell) join(before chain) {
	b, ok := before.(*standingCell)
	if ok {
		c.standing, c.known = b.standing, b.known
	}
	if c.standing == nil {
		c.standing = map[string]struct{}{}
	}
	for text, r := range c.last {
		c.known = true
		if r.gone {
			delete(c.standing, text)
		} else {
			c.standing[text] = struct{}{}
		}
	}
}

func (c *standingCell) value() quantity {
	if !c.known {
		return quantity{}
	}
	return quantityOf(decimal.NewFromInt(int64(len(c.standing))))
}

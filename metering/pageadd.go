package metering

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// acc adds up one window of one group. There may be very many.
type acc struct {
	events, valued int64
	sum            fixed.Sum
}

// some reports that something was added.
func (a *acc) some() bool { return a.events != 0 || a.valued != 0 }

// extreme is the least and the largest of one window of one group.
type extreme struct {
	least, largest int64
	is             bool
}

// oddAcc is what does not fit of one window of one group.
type oddAcc struct {
	sum            decimal.Decimal
	least, largest decimal.NullDecimal
}

// windows finds the window of rows, most often that of the row before.
type windows struct {
	starts, ends []int64
	step         int64 // see [Plan]
	last         int
}

func (p *Plan) windows() windows { return windows{starts: p.starts, ends: p.ends, step: p.step} }

// at returns the place of the window that holds an instant, -1 for none.
func (w *windows) at(t int64) int {
	if t >= w.starts[w.last] {
		if t < w.ends[w.last] {
			return w.last
		}
		if n := w.last + 1; n < len(w.starts) && t >= w.starts[n] && t < w.ends[n] {
			w.last = n
			return n
		}
	}
	if w.step > 0 {
		if t < w.starts[0] || t >= w.ends[len(w.ends)-1] {
			return -1
		}
		w.last = int((t - w.starts[0]) / w.step)
		return w.last
	}
	i, found := slices.BinarySearch(w.starts, t)
	if !found {
		i--
	}
	if i < 0 || t >= w.ends[i] {
		return -1
	}
	w.last = i
	return i
}

// columns adds the rows of a block.
func (g *Page) columns(b *Block) {
	p := g.plan
	if len(p.starts) == 0 {
		return
	}
	g.look(b)
	plain := len(p.m.GroupBy) == 0 && len(p.m.Meter.Filters) == 0
	field := b.field(p.m.Meter.Field)
	find := p.windows()
	width := len(p.starts)
	spread := b.hasEnds() && p.spans()
	if !spread && !b.hasGone() && !b.laterThan(p.known) && field.simple() {
		for i := range b.rows { // most blocks
			r := &b.rows[i]
			if !plain && !p.subject && g.slotOf[r.combo] == filtered {
				continue
			}
			at := find.at(r.at)
			if at < 0 {
				continue
			}
			slot := int32(0)
			if !plain {
				if slot = g.slotAt(b, r); slot < 0 {
					continue
				}
			}
			g.plain(int(slot)*width+at, r.value)
		}
		return
	}
	for _, i := range b.standing(p.known) {
		r := &b.rows[i]
		at := find.at(r.at)
		if at < 0 && !spread {
			continue
		}
		slot := g.slotAt(b, r)
		if slot < 0 {
			continue
		}
		if spread && b.end(i) != ofPoint {
			v, odd := field.at(b, i)
			if !g.spread(b, i, int(slot)*width, v, odd) && at >= 0 {
				g.plain(int(slot)*width+at, null)
			}
			continue
		}
		if at >= 0 {
			v, odd := field.at(b, i)
			g.add(int(slot)*width+at, v, odd)
		}
	}
}

// fieldOf is a value of the rows of a block: their own, a field, or none.
type fieldOf struct {
	own    bool
	odd    bool
	column *fieldColumn
}

func (b *Block) field(name string) fieldOf {
	if name == "" {
		return fieldOf{own: true, odd: b.odd() != nil}
	}
	for i := range b.fields() {
		if b.more.fields[i].name == name {
			return fieldOf{column: &b.more.fields[i]}
		}
	}
	return fieldOf{}
}

// simple reports that every value is in its row, or null.
func (f fieldOf) simple() bool { return f.own && !f.odd }

// at returns the value of a row.
func (f fieldOf) at(b *Block, i int32) (int64, decimal.Decimal) {
	switch {
	case f.own:
		return b.rows[i].value, b.odd()[i]
	case f.column != nil:
		return f.column.value[i], f.column.odd[i]
	}
	return null, decimal.Decimal{}
}

// plain adds a value that fits, or none.
func (g *Page) plain(at int, v int64) {
	a := &g.accs[at]
	a.events++
	if v == null {
		return
	}
	a.valued++
	a.sum.Add(v)
	if len(g.spans) > 0 {
		g.spans[at].widen(v)
	}
}

// add adds a value, which may be odd, or none.
func (g *Page) add(at int, v int64, odd decimal.Decimal) {
	if v != isOdd {
		g.plain(at, v)
		return
	}
	g.accs[at].events++
	g.accs[at].valued++
	g.addOdd(at, odd)
}

func (x *extreme) widen(v int64) {
	if !x.is {
		*x = extreme{v, v, true}
		return
	}
	x.least, x.largest = min(x.least, v), max(x.largest, v)
}

func (g *Page) addOdd(at int, d decimal.Decimal) {
	o := g.odds[at]
	if o == nil {
		o = &oddAcc{}
		if g.odds == nil {
			g.odds = map[int]*oddAcc{}
		}
		g.odds[at] = o
	}
	o.sum = o.sum.Add(d)
	if !o.least.Valid || d.LessThan(o.least.Decimal) {
		o.least = servicecoin.Some(d)
	}
	if !o.largest.Valid || d.GreaterThan(o.largest.Decimal) {
		o.largest = servicecoin.Some(d)
	}
}

// spread adds the parts of an interval to the windows that it touches. It reports false
// for one that is still to begin.
func (g *Page) spread(b *Block, i int32, base int, v int64, odd decimal.Decimal) bool {
	p := g.plan
	from, to := b.rows[i].at, b.end(i)
	open := to == ofOpen
	if open {
		to = p.now
	}
	if to <= from {
		return false
	}
	first, found := slices.BinarySearch(p.starts, from)
	if !found {
		first = max(first-1, 0)
	}
	value := number{fast: v}
	if v == isOdd {
		value = numberOf(odd)
	}
	for w := first; w < len(p.starts) && p.starts[w] < to; w++ {
		start, end := max(p.starts[w], from), min(p.ends[w], to)
		if start >= end {
			continue
		}
		a := &g.accs[base+w]
		a.events++
		if v == null || open {
			continue
		}
		a.valued++
		part := value.share(end-from, to-from).minus(value.share(start-from, to-from))
		if part.exact == nil {
			a.sum.Add(part.fast)
			continue
		}
		g.addOdd(base+w, *part.exact)
	}
	return true
}

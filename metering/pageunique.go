package metering

import "strings"

// unique counts the different texts of a block. Windows come in their order, so that a
// text which was seen in the window at hand is known by one number.
func (g *Page) unique(b *Block) {
	p := g.plan
	if len(p.starts) == 0 {
		return
	}
	g.look(b)
	g.distinct(b)
	find := p.windows()
	width := len(p.starts)
	day := b.day()
	several := b.of.dict.apart && p.beyond(day)
	if several {
		g.wordOf = grown(g.wordOf, len(b.of.dict.texts), 0)
	}
	if whole := p.holds(day, day+1); whole >= 0 && !b.hasGone() && !b.laterThan(p.known) {
		for i := range b.rows {
			g.see(b, &b.rows[i], int(whole), width, several)
		}
		return
	}
	for _, i := range b.standing(p.known) { // in order of time
		if at := find.at(b.rows[i].at); at >= 0 {
			g.see(b, &b.rows[i], at, width, several)
		}
	}
}

// addRun adds the rows of several days: see [Plan.takesRun].
func (g *Page) addRun(b *Block) {
	p := g.plan
	if p.m.Meter.Aggregation != Unique {
		g.columns(b)
		return
	}
	g.look(b)
	g.distinct(b)
	find := p.windows()
	for i := range b.rows {
		if at := find.at(b.rows[i].at); at >= 0 {
			g.see(b, &b.rows[i], at, len(p.starts), false)
		}
	}
}

// see counts the text of a row that lies in a window.
func (g *Page) see(b *Block, r *row, at, width int, several bool) {
	slot := g.slotAt(b, r)
	if slot < 0 {
		return
	}
	a := &g.accs[int(slot)*width+at]
	a.events++
	id := r.subject
	if g.plan.m.Meter.Distinct != Subject {
		id = g.texts[r.combo]
	}
	if id == 0 {
		return
	}
	texts := len(b.of.dict.texts)
	if several {
		id = g.word(b.of.dict, id)
		texts = len(g.words) + 1
	}
	g.stamp(a, slot, id, texts, at)
}

// stamp counts a text in a window, if it was not seen there yet. There are fewer texts
// than so many.
func (g *Page) stamp(a *acc, slot int32, id uint32, texts, window int) {
	for int(slot) >= len(g.stamps) {
		g.stamps = append(g.stamps, nil)
	}
	stamps := g.stamps[slot]
	if int(id) >= len(stamps) {
		stamps = append(stamps, make([]uint32, texts-len(stamps))...)
		g.stamps[slot] = stamps
	}
	if stamp := g.base + uint32(window) + 1; stamps[id] != stamp { //nolint:gosec // G115: of a list
		stamps[id] = stamp
		a.valued++
	}
}

// beyond reports that a window which touches a day goes beyond it.
func (p *Plan) beyond(day int32) bool {
	start, end := int64(day)*microsPerDay, int64(day+1)*microsPerDay
	from, to := p.touching(day)
	for w := from; w < to; w++ {
		if p.starts[w] < start || p.ends[w] > end {
			return true
		}
	}
	return false
}

// word returns the number of a text among those of all dictionaries.
func (g *Page) word(d *dict, id uint32) uint32 {
	if n := g.wordOf[id]; n != 0 {
		return n
	}
	n, there := g.words[d.texts[id]]
	if !there {
		n = g.addWord(strings.Clone(d.texts[id]))
	}
	g.wordOf[id] = n
	return n
}

// distinct finds the texts that dimensions have in the one that is counted.
func (g *Page) distinct(b *Block) {
	name := g.plan.m.Meter.Distinct
	for i := len(g.texts); name != Subject && i < len(b.of.dict.combos); i++ {
		g.texts = append(g.texts, b.of.dict.number(b.of.dict.combos[i].Get(name)))
	}
}

package grant

import (
	"math/bits"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/calendar"
)

// Burn burns the grants down by what was used, in whatever order it comes: see
// [Plan.Burn].
func (a Account) Burn(usage []Usage) (Result, error) {
	p, err := a.Compile()
	if err != nil {
		return Result{}, err
	}
	return p.Burn(usage)
}

// Burn burns the grants down by what was used, in whatever order it comes. A quantity
// counts where its window begins (another [SpanPolicy] divides it), and not at all if
// that is outside of the account's time. What is used and what is left of an overage
// when an amount is given is taken from the grants in the order of [Grant.Compare].
func (p *Plan) Burn(usage []Usage) (Result, error) {
	sums, outside, err := p.tallies(usage, p.starts)
	if err != nil {
		return Result{}, err
	}
	b := p.newBurner()
	r := Result{Segments: make([]Segment, 0, len(p.starts)+1), Outside: outside}
	for i := range p.starts {
		end := p.until(p.starts, i)
		s := b.begin(p.events[i], calendar.Interval{Start: instant(p.starts[i]), End: instant(end)})
		b.use(&s, &sums[i])
		r.Segments = append(r.Segments, s)
	}
	r.Closing = b.snapshot(p.end)
	r.Standing = r.Closing
	if len(p.last) > 0 {
		end := instant(p.end)
		s := b.begin(p.last, calendar.Interval{Start: end, End: end})
		if p.account.Counts == Level {
			b.cover(&s)
		}
		b.close(&s)
		r.Segments = append(r.Segments, s)
		r.Standing = b.snapshot(p.end)
	}
	r.Lines = b.lines
	for i := range r.Lines {
		if r.Lines[i].Balance = b.balances[i]; p.account.Counts == Level {
			r.Lines[i] = b.covered(i)
		}
	}
	return r, nil
}

// burner is grants on their way through time.
type burner struct {
	plan     *Plan
	balances []decimal.Decimal
	active   []bool
	some     []uint64 // a bit for each grant that has a balance
	left     decimal.Decimal
	used     decimal.Decimal
	overage  decimal.Decimal
	lines    []Line
}

func (p *Plan) newBurner() *burner {
	balances, opening := p.opening()
	const word = 64
	b := &burner{
		plan: p, balances: make([]decimal.Decimal, len(balances)), active: make([]bool, len(balances)), some: make([]uint64, (len(balances)+word-1)/word),
		used: opening.Used, overage: opening.Overage, lines: make([]Line, len(balances)),
	}
	for i := range balances {
		g := &p.grants[i]
		b.lines[i].Grant, b.lines[i].Opening = g.ID, balances[i]
		b.active[i] = g.Active(opening.At)
		b.set(i, balances[i])
	}
	return b
}

// set gives a grant another balance.
func (b *burner) set(i int, to decimal.Decimal) {
	b.left = b.left.Add(to.Sub(b.balances[i]))
	b.balances[i] = to
	const word = 64
	if bit := uint64(1) << (i % word); to.IsZero() {
		b.some[i/word] &^= bit
	} else {
		b.some[i/word] |= bit
	}
}

// begin lets happen what does at an instant, and begins the segment there: what was
// overdrawn is paid from what was given.
func (b *burner) begin(events []event, during calendar.Interval) Segment {
	s := Segment{During: during}
	for _, e := range events {
		if e.what == Forgiven {
			b.reset(&s)
			continue
		}
		i, was := e.grant, b.balances[e.grant]
		g := &b.plan.grants[i]
		line := &b.lines[i]
		switch e.what {
		case Lapsed:
			b.active[i] = false
			line.Lapsed = line.Lapsed.Add(was)
			b.set(i, decimal.Decimal{})
			s.Begins = append(s.Begins, Change{Lapsed, g.ID, was})
			continue
		case Given:
			b.active[i] = true
		case Renewed:
			line.Lapsed = line.Lapsed.Add(was)
		case Forgiven, RolledOver: // both are the reset
		}
		line.Given = line.Given.Add(g.Amount)
		b.set(i, g.Amount)
		s.Begins = append(s.Begins, Change{e.what, g.ID, g.Amount})
	}
	s.Opening, s.Overdrawn = b.left, b.overage
	if b.plan.account.Counts == Drawn && !b.overage.IsZero() {
		b.overage = b.draw(&s, b.overage)
	}
	return s
}

// reset begins a new period.
func (b *burner) reset(s *Segment) {
	b.used = decimal.Decimal{}
	if b.plan.account.Overage == Forgive && !b.overage.IsZero() {
		s.Begins = append(s.Begins, Change{What: Forgiven, Quantity: b.overage})
		b.overage = decimal.Decimal{}
	}
	for i := range b.plan.grants {
		if !b.active[i] {
			continue
		}
		g, was, line := &b.plan.grants[i], b.balances[i], &b.lines[i]
		left := decimal.Min(g.RolloverMax, decimal.Max(g.RolloverMin, was))
		if left.LessThan(was) {
			line.Lapsed = line.Lapsed.Add(was.Sub(left))
		} else {
			line.Given = line.Given.Add(left.Sub(was))
		}
		b.set(i, left)
		s.Begins = append(s.Begins, Change{RolledOver, g.ID, left})
	}
}

// use takes what was used in a segment, up to its end.
func (b *burner) use(s *Segment, t *tally) {
	if b.plan.account.Counts == Level {
		if t.some {
			b.used = t.rest
		}
		b.cover(s)
		b.close(s)
		return
	}
	if s.Used = t.sum(); !s.Used.IsZero() {
		b.used = b.used.Add(s.Used)
		b.overage = b.overage.Add(b.draw(s, s.Used))
	}
	b.close(s)
}

func (b *burner) close(s *Segment) { s.Closing, s.Overage = b.left, b.overage }

// draw takes a quantity from the grants in their order, and returns what none of them
// covers.
func (b *burner) draw(s *Segment, quantity decimal.Decimal) decimal.Decimal {
	const word = 64
	for w := 0; w < len(b.some) && !quantity.IsZero(); {
		if b.some[w] == 0 {
			w++
			continue
		}
		i := w*word + bits.TrailingZeros64(b.some[w])
		taken := b.balances[i]
		if quantity.LessThan(taken) {
			taken = quantity
		}
		b.set(i, b.balances[i].Sub(taken))
		quantity = quantity.Sub(taken)
		line := &b.lines[i]
		line.Burnt = line.Burnt.Add(taken)
		if n := len(s.Burnt) - 1; n >= 0 && s.Burnt[n].Grant == line.Grant {
			s.Burnt[n].Quantity, s.Burnt[n].Left = s.Burnt[n].Quantity.Add(taken), b.balances[i]
			continue
		}
		s.Burnt = append(s.Burnt, Draw{line.Grant, taken, b.balances[i]})
	}
	return quantity
}

// cover lets the grants that hold cover the level, from their amounts.
func (b *burner) cover(s *Segment) {
	for i := range b.plan.grants {
		if b.active[i] {
			b.set(i, b.plan.grants[i].Amount)
		}
	}
	s.Opening, s.Overdrawn, s.Used = b.left, decimal.Decimal{}, b.used
	b.overage = b.draw(s, b.used)
}

// covered is the line of a grant that is a part of a limit.
func (b *burner) covered(i int) Line {
	l := Line{Grant: b.lines[i].Grant}
	if b.active[i] {
		l.Given, l.Balance = b.plan.grants[i].Amount, b.balances[i]
		l.Burnt = l.Given.Sub(l.Balance)
	}
	return l
}

// snapshot is what stands now.
func (b *burner) snapshot(at int64) Snapshot {
	s := Snapshot{At: instant(at), Used: b.used, Overage: b.overage, Balances: make(map[ID]decimal.Decimal, len(b.balances))}
	for i := range b.balances {
		s.Balances[b.plan.grants[i].ID] = b.balances[i]
	}
	return s
}

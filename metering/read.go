package metering

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// extent is the time that an event takes: none for a point.
type extent struct {
	span
	interval, open bool // one that is open ends now, and if nobody says when that is, with each window
}

func (a *question) extentOf(e *Event) extent {
	begin := e.Time.UnixMicro()
	x := extent{span: span{begin, begin}}
	switch {
	case e.Open:
		x.interval, x.open, x.to = true, true, a.now
	case !e.End.IsZero() && e.End.UnixMicro() > begin:
		x.interval, x.to = true, e.End.UnixMicro()
	}
	return x
}

// add reads an event.
func (a *question) add(e *Event) error {
	m := &a.meter
	if !m.reads(e) {
		return nil
	}
	x := a.extentOf(e)
	first, end := a.counted(e, x)
	if first == end && !m.chained() {
		return nil
	}
	if m.chained() && a.windows.after(x.from) {
		return nil
	}
	if err := m.bounded(e); err != nil {
		return err
	}
	row, err := a.groups.of(e)
	if err != nil {
		return err
	}
	if row.cells == nil {
		row.cells = make([]slot, len(a.given))
	}
	for i := first; i < end; i++ {
		if !a.windows.spans[i].empty() {
			row.cells[i].events++
		}
	}
	switch {
	case m.chained():
		a.addChained(row, e, x)
	case m.Sampled != Whole:
		a.addSamples(row, e, x)
	default:
		for i := first; i < end; i++ {
			if a.windows.spans[i].empty() {
				continue
			}
			c := &row.cells[i].cell
			if *c == nil {
				*c = m.newCell(m.Aggregation)
			}
			(*c).add(m.read(e, x, a.windows.spans[i], splits(m.Aggregation)))
		}
	}
	return nil
}

// counted returns the windows to which an event counts.
func (a *question) counted(e *Event, x extent) (first, end int) {
	by := a.meter.Aggregation
	if a.meter.Sampled != Whole {
		by = a.meter.SampledBy
	}
	return a.windows.counts(e, x, splits(by) || by == TimeWeighted)
}

// counts returns the windows to which an event counts: that in which it begins, or all
// over which it spreads.
func (g *grid) counts(e *Event, x extent, spreads bool) (first, end int) {
	if spreads && x.interval && x.to > x.from {
		return g.over(x.span)
	}
	if at := g.at(servicecoin.Instant(e.Time)); at >= 0 {
		return at, at + 1
	}
	return 0, 0
}

// addSamples hands an event to the inner windows.
func (a *question) addSamples(row *group, e *Event, x extent) {
	m := &a.meter
	if row.samples == nil {
		row.samples = map[int]cell{}
	}
	splits := splits(m.SampledBy)
	first, end := a.inner.counts(e, x, splits)
	for k := first; k < end; k++ {
		c := row.samples[k]
		if c == nil {
			c = m.newCell(m.SampledBy)
			row.samples[k] = c
		}
		c.add(m.read(e, x, a.inner.spans[k], splits))
	}
}

// addChained hands an event to the stretch in which it lies, and what it takes back to
// that in which it ends.
func (a *question) addChained(row *group, e *Event, x extent) {
	m := &a.meter
	if row.chains == nil {
		row.chains = map[int]chain{}
	}
	add := func(r reading) {
		if a.windows.after(r.at.micros) {
			return
		}
		at := a.windows.stretch(r.at.micros)
		c := row.chains[at]
		if c == nil {
			c = a.chain(at)
			row.chains[at] = c
		}
		c.add(r)
	}
	r := reading{at: mark{x.from, e.Source, e.ID}, end: forever}
	if m.Aggregation == Unique {
		r.text, r.gone = e.Dimension(m.Distinct), m.Removes.Matches(*e)
		add(r)
		return
	}
	value := e.Amount(m.Field)
	if r.has = value.Valid; !r.has {
		return
	}
	r.value = numberOf(value.Decimal)
	if x.interval && !x.open {
		r.end = x.to
	}
	add(r)
	if m.Level == Changes && r.end != forever {
		r.at.micros, r.value = r.end, r.value.negated()
		add(r)
	}
}

// chain returns an empty cell of a stretch.
func (a *question) chain(at int) chain {
	if at%2 == 1 {
		return a.meter.newChain(a.windows.spans[at/2], a.now)
	}
	return a.meter.newChain(span{-forever, -forever}, a.now)
}

// read returns what the meter reads of an event in a window.
func (m *rule) read(e *Event, x extent, w span, splits bool) reading {
	r := reading{at: mark{x.from, e.Source, e.ID}}
	if m.Distinct != "" {
		r.text = e.Dimension(m.Distinct)
		return r
	}
	if m.Aggregation == Product {
		r.value, r.has = m.product(e, x, w)
		return r
	}
	if m.Field == Seconds {
		r.value, r.has = x.seconds(w, splits)
		return r
	}
	if value := e.Amount(m.Field); value.Valid {
		if r.value, r.has = numberOf(value.Decimal), true; splits {
			r.value, r.has = x.part(r.value, w)
		}
	}
	return r
}

// product returns the product of two fields in a window. What is multiplied by
// the seconds of the window holds all the time; what is not is split by time.
func (m *rule) product(e *Event, x extent, w span) (number, bool) {
	field, times := m.Field, m.Times
	if field == Seconds {
		field, times = times, field
	}
	one := e.Amount(field)
	if !one.Valid {
		return number{}, false
	}
	if times == Seconds {
		s, has := x.seconds(w, true)
		return numberOf(one.Decimal.Mul(s.decimal())), has
	}
	other := e.Amount(times)
	if !other.Valid {
		return number{}, false
	}
	return x.part(numberOf(one.Decimal.Mul(other.Decimal)), w)
}

// part returns what falls to a window of a value that is spread evenly over an
// interval: so much of it as lies before the end of the window, rounded, without what
// lies before its beginning. So the parts of any windows sum to the whole, and each is
// within a unit of the last place of its share. Of an interval that is open nobody
// knows it yet.
func (x extent) part(value number, w span) (number, bool) {
	if !x.interval {
		return value, true
	}
	if x.open {
		return number{}, false
	}
	all := x.to - x.from
	return value.share(w.to-x.from, all).minus(value.share(w.from-x.from, all)), true
}

// seconds returns how long an interval is, or its part in a window: nothing for a
// point, which has no length.
func (x extent) seconds(w span, part bool) (number, bool) {
	to := x.to
	if x.open && to == forever {
		to = w.to
	}
	from := x.from
	if part {
		from, to = max(from, w.from), min(to, w.to)
	}
	if !x.interval || to <= from {
		return number{}, false
	}
	return numberOf(decimal.New(to-from, -6)), true
}

// bounded refuses an event whose numbers are too large to reckon with.
func (m *rule) bounded(e *Event) error {
	for _, name := range [2]string{m.Field, m.Times} {
		value := e.Amount(name)
		if exp := value.Decimal.Exponent(); value.Valid && (exp < -MaxPlaces || exp > MaxDigits) {
			var v servicecoin.Violations
			path := "value"
			if name != "" {
				path = "fields." + name
			}
			v.Number(path, value.Decimal, MaxDigits, MaxPlaces)
			return fmt.Errorf("event %v: %w", e.Key(), v.Err())
		}
	}
	return nil
}

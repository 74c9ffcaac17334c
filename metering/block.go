package metering

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// Block is entries of one customer and one type of event, in the order in
// which they came. Stores keep one for each day of UTC. It is not safe for concurrent
// use while entries are added.
type Block struct {
	of    *owner
	rows  []row
	ids   []byte
	more  *more                   // what most blocks do not have
	order atomic.Pointer[[]int32] // of all rows, by [Entry.Compare]
	// inOrder says that the rows are in that order already, as they were read.
	inOrder bool
}

// owner is whose entries a block has, and their texts.
type owner struct {
	customer servicecoin.CustomerID
	kind     string
	dict     *dict
	head     uint64 // of all marks: customer and type
}

// row is an entry. Rows are what most figures are made of, and are read one after the
// other: each is small, and all of it lies together.
type row struct {
	at, known int64 // microseconds since 1970
	value     int64 // of 10^-9, or null, or isOdd
	subject   uint32
	combo     uint32
	source    uint32
	idEnd     uint32
}

// more is nil until an entry has something of it; then it has as many rows as the block.
type more struct {
	end    []int64 // ofPoint, ofOpen, or microseconds
	gone   []bool
	fields []fieldColumn
	odd    map[int32]decimal.Decimal // values that do not fit, by row
}

// fieldColumn are the values of one field.
type fieldColumn struct {
	name  string
	value []int64
	odd   map[int32]decimal.Decimal
}

// What stands in columns for what is no number.
const (
	null    = math.MinInt64     // no value
	isOdd   = math.MinInt64 + 1 // a value that does not fit
	ofPoint = math.MinInt64     // no end
	ofOpen  = math.MaxInt64     // an end that nobody knows
)

const microsPerDay = 24 * 60 * 60 * 1_000_000

// dayNumber returns the days since 1970 of a time in microseconds.
func dayNumber(micros int64) int32 {
	d := micros / microsPerDay
	if micros%microsPerDay < 0 {
		d--
	}
	return int32(d) //nolint:gosec // G115: of the years 1 to 9999
}

// NewBlock returns an empty block.
func NewBlock(customer servicecoin.CustomerID, eventType string) *Block {
	b := &Block{of: newOwner(customer, eventType, newDict())}
	b.of.dict.apart = true
	return b
}

func newOwner(customer servicecoin.CustomerID, kind string, d *dict) *owner {
	return &owner{customer: customer, kind: kind, dict: d, head: headOf(customer, kind)}
}

// Len returns how many entries there are.
func (b *Block) Len() int { return len(b.rows) }

// Add adds an entry of the block's customer and type, as stores keep it.
func (b *Block) Add(e Entry) {
	d := b.of.dict
	b.ids = append(b.ids, e.ID...)
	r := row{
		at: e.Time.UnixMicro(), known: e.RecordedAt.UnixMicro(), value: null,
		subject: d.text(e.Subject), combo: d.combo(e.Dimensions), source: d.text(e.Source), idEnd: uint32(len(b.ids)), //nolint:gosec // G115: of a day
	}
	if e.Value.Valid {
		if n, ok := fixed.Of(e.Value.Decimal); ok {
			r.value = n
		} else {
			r.value = isOdd
		}
	}
	b.rows, b.inOrder = append(b.rows, r), false
	if b.more != nil || r.value == isOdd || e.Gone || e.Open || !e.End.IsZero() || len(e.Fields) > 0 {
		b.addMore(&e)
	}
	if b.order.Load() != nil {
		b.order.Store(nil)
	}
}

// addMore adds what most entries do not have.
func (b *Block) addMore(e *Entry) {
	n := len(b.rows) - 1
	if b.more == nil {
		b.more = &more{}
	}
	m := b.more
	if b.rows[n].value == isOdd {
		if m.odd == nil {
			m.odd = map[int32]decimal.Decimal{}
		}
		m.odd[int32(n)] = e.Value.Decimal //nolint:gosec // G115: of a day
	}
	if m.end != nil || e.Open || !e.End.IsZero() {
		m.end = append(grown(m.end, n, ofPoint), e.endColumn())
	}
	if m.gone != nil || e.Gone {
		m.gone = append(grown(m.gone, n, false), e.Gone)
	}
	for _, f := range e.Fields {
		if !slices.ContainsFunc(m.fields, func(c fieldColumn) bool { return c.name == f.Name }) {
			m.fields = append(m.fields, fieldColumn{name: b.of.dict.texts[b.of.dict.text(f.Name)]})
		}
	}
	for i := range m.fields {
		c := &m.fields[i]
		v := int64(null)
		if d := e.Fields.Get(c.name); d.Valid {
			v = inColumn(d.Decimal, int32(n), &c.odd) //nolint:gosec // G115: of a day
		}
		c.value = append(grown(c.value, n, null), v)
	}
}

// end returns the end of a row's interval, or ofPoint or ofOpen.
func (b *Block) end(i int32) int64 {
	if b.more == nil || b.more.end == nil {
		return ofPoint
	}
	return b.more.end[i]
}

// gone reports whether a row takes an event away.
func (b *Block) gone(i int32) bool { return b.more != nil && b.more.gone != nil && b.more.gone[i] }

// hasGone reports whether any row does.
func (b *Block) hasGone() bool { return b.more != nil && b.more.gone != nil }

// hasEnds reports whether any row is an interval.
func (b *Block) hasEnds() bool { return b.more != nil && b.more.end != nil }

// fields are the further values of the rows.
func (b *Block) fields() []fieldColumn {
	if b.more == nil {
		return nil
	}
	return b.more.fields
}

// odd are the values that do not fit.
func (b *Block) odd() map[int32]decimal.Decimal {
	if b.more == nil {
		return nil
	}
	return b.more.odd
}

// inColumn returns a decimal as it stands in a column.
func inColumn(d decimal.Decimal, row int32, odd *map[int32]decimal.Decimal) int64 {
	if n, ok := fixed.Of(d); ok {
		return n
	}
	if *odd == nil {
		*odd = map[int32]decimal.Decimal{}
	}
	(*odd)[row] = d
	return isOdd
}

// grown returns a column with at least n rows.
func grown[T any](column []T, n int, fill T) []T {
	if column == nil {
		column = make([]T, 0, n+1)
	}
	for len(column) < n {
		column = append(column, fill)
	}
	return column
}

// id returns the id of a row.
func (b *Block) id(i int32) []byte {
	from := uint32(0)
	if i > 0 {
		from = b.rows[i-1].idEnd
	}
	return b.ids[from:b.rows[i].idEnd]
}

// Entry returns a row.
func (b *Block) Entry(i int) Entry { return b.entry(int32(i)) } //nolint:gosec // G115: of a day

func (b *Block) entry(i int32) Entry {
	r, d := &b.rows[i], b.of.dict
	e := Entry{Event: Event{
		Customer: b.of.customer, Source: d.texts[r.source], ID: string(b.id(i)), Type: b.of.kind, Subject: d.texts[r.subject],
		Time: time.UnixMicro(r.at).UTC(), RecordedAt: time.UnixMicro(r.known).UTC(),
		Value: decimalIn(r.value, i, b.odd()), Dimensions: slices.Clone(d.combos[r.combo]),
	}, Gone: b.gone(i)}
	switch end := b.end(i); end {
	case ofPoint:
	case ofOpen:
		e.Open = true
	default:
		e.End = time.UnixMicro(end).UTC()
	}
	for _, f := range b.fields() {
		if v := decimalIn(f.value[i], i, f.odd); v.Valid {
			e.Fields = append(e.Fields, Field{f.name, v.Decimal})
		}
	}
	e.Fields = e.Fields.tidy()
	return e
}

func decimalIn(n int64, row int32, odd map[int32]decimal.Decimal) decimal.NullDecimal {
	switch n {
	case null:
		return servicecoin.Undefined()
	case isOdd:
		return servicecoin.Some(odd[row])
	}
	var s fixed.Sum
	s.Add(n)
	return servicecoin.Some(s.Decimal(fixed.Places))
}

// sorted returns the rows in the order of [Entry.Compare].
func (b *Block) sorted() []int32 {
	if p := b.order.Load(); p != nil && len(*p) == len(b.rows) {
		return *p
	}
	rows := identity(len(b.rows))
	if !b.inOrder {
		slices.SortFunc(rows, b.compare)
	}
	b.order.Store(&rows)
	return rows
}

func identity(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

func (b *Block) compare(i, j int32) int {
	c := cmp.Or(b.compareEvents(i, j), cmp.Compare(b.rows[i].known, b.rows[j].known))
	if c != 0 || b.gone(i) == b.gone(j) {
		return c
	}
	if b.gone(j) {
		return -1
	}
	return 1
}

// compareEvents compares rows as their events are.
func (b *Block) compareEvents(i, j int32) int {
	x, y := &b.rows[i], &b.rows[j]
	if x.at != y.at {
		return cmp.Compare(x.at, y.at)
	}
	if x.source != y.source {
		return cmp.Compare(b.of.dict.texts[x.source], b.of.dict.texts[y.source])
	}
	return slices.Compare(b.id(i), b.id(j))
}

// standing returns the rows of the events that stand, in the order of [Event.Compare],
// of what was recorded before an instant.
func (b *Block) standing(knownBefore int64) []int32 {
	rows := b.sorted()
	if !b.hasGone() && !b.laterThan(knownBefore) {
		return rows
	}
	list := make([]int32, 0, len(rows))
	for i := 0; i < len(rows); {
		k := i + 1
		for k < len(rows) && b.compareEvents(rows[k], rows[i]) == 0 {
			k++
		}
		list = b.net(list, rows[i:k], knownBefore)
		i = k
	}
	return list
}

// within yields the rows that standing returns of the time of a query, whose instants
// are cut.
func (b *Block) within(q Query) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		start, end := q.During.Start.UnixMicro(), q.During.End.UnixMicro()
		for _, i := range b.standing(q.known()) {
			at := b.rows[i].at
			if at >= end || at >= start && !yield(i) {
				return
			}
		}
	}
}

// laterThan reports whether a row was recorded at or after an instant.
func (b *Block) laterThan(instant int64) bool {
	if instant == math.MaxInt64 {
		return false
	}
	for i := range b.rows {
		if b.rows[i].known >= instant {
			return true
		}
	}
	return false
}

// net adds those rows of one event, at one time, that stand.
func (b *Block) net(list, rows []int32, knownBefore int64) []int32 {
	if len(rows) == 1 {
		if i := rows[0]; b.rows[i].known < knownBefore && !b.gone(i) {
			return append(list, i)
		}
		return list
	}
	var there, owed []int32
	for _, i := range rows {
		if b.rows[i].known >= knownBefore {
			continue
		}
		from, into := &there, &owed
		if !b.gone(i) {
			from, into = &owed, &there
		}
		k := slices.IndexFunc(*from, func(other int32) bool { return b.rows[i].known == b.rows[other].known && b.sameContent(i, other) })
		if k < 0 {
			k = slices.IndexFunc(*from, func(other int32) bool { return b.sameContent(i, other) })
		}
		if k >= 0 {
			*from = slices.Delete(*from, k, k+1)
		} else {
			*into = append(*into, i)
		}
	}
	return append(list, there...)
}

// sameContent compares what two rows of one event say.
func (b *Block) sameContent(i, j int32) bool {
	x, y := &b.rows[i], &b.rows[j]
	if x.subject != y.subject || x.combo != y.combo || b.end(i) != b.end(j) || !sameNumber(x.value, y.value, b.odd(), i, j) {
		return false
	}
	for _, f := range b.fields() {
		if !sameNumber(f.value[i], f.value[j], f.odd, i, j) {
			return false
		}
	}
	return true
}

// sameNumber compares what stands in a column in two rows. What was packed by an earlier
// release can be odd there, and fit where it was read again.
func sameNumber(x, y int64, odd map[int32]decimal.Decimal, i, j int32) bool {
	if x != isOdd && y != isOdd || x == null || y == null {
		return x == y
	}
	return fixed.Equal(decimalIn(x, i, odd).Decimal, decimalIn(y, j, odd).Decimal)
}

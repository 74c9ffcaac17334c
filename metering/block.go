package metering

import (
	"cmp"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// Block is entries of one customer and one type of event in columns, in the order in
// which they came. Stores keep one for each day of UTC. It is not safe for concurrent
// use while entries are added.
type Block struct {
	customer servicecoin.CustomerID
	kind     string
	dict     *dict
	head     uint64 // of all marks: customer and type

	at, known []int64 // microseconds since 1970
	value     []int64 // of 10^-9; null and odd are none of them
	subject   []uint32
	source    []uint32
	combo     []uint32
	idEnd     []uint32
	ids       []byte

	// What most blocks do not have is nil until an entry has it.
	end    []int64 // ofPoint, ofOpen, or microseconds
	gone   []bool
	fields []fieldColumn
	odd    map[int32]decimal.Decimal // values that do not fit, by row

	order atomic.Pointer[[]int32] // of all rows, by [Entry.Compare]
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
	b := newBlock(customer, eventType, newDict())
	b.dict.apart = true
	return b
}

func newBlock(customer servicecoin.CustomerID, kind string, d *dict) *Block {
	return &Block{customer: customer, kind: kind, dict: d, head: mix(hashText(string(customer)), hashText(kind))}
}

// Len returns how many entries there are.
func (b *Block) Len() int { return len(b.at) }

// Add adds an entry of the block's customer and type, as stores keep it.
func (b *Block) Add(e Entry) {
	if b.dict.textIDs == nil {
		b.index()
	}
	row := int32(len(b.at)) //nolint:gosec // G115: of a day
	b.at = append(b.at, e.Time.UnixMicro())
	b.known = append(b.known, e.RecordedAt.UnixMicro())
	b.subject = append(b.subject, b.dict.text(e.Subject))
	b.source = append(b.source, b.dict.source(e.Source))
	b.combo = append(b.combo, b.dict.combo(e.Dimensions))
	b.ids = append(b.ids, e.ID...)
	b.idEnd = append(b.idEnd, uint32(len(b.ids))) //nolint:gosec // G115: of a day
	v := int64(null)
	if e.Value.Valid {
		v = number(e.Value.Decimal, row, &b.odd)
	}
	b.value = append(b.value, v)
	if b.end != nil || e.Open || !e.End.IsZero() {
		b.addEnd(e.Event)
	}
	if b.gone != nil || e.Gone {
		b.gone = append(grown(b.gone, len(b.at)-1, false), e.Gone)
	}
	if len(b.fields) > 0 || len(e.Fields) > 0 {
		b.addFields(e.Fields)
	}
	if b.order.Load() != nil {
		b.order.Store(nil)
	}
}

func (b *Block) addEnd(e Event) {
	end := int64(ofPoint)
	switch {
	case e.Open:
		end = ofOpen
	case !e.End.IsZero():
		end = e.End.UnixMicro()
	}
	b.end = append(grown(b.end, len(b.at)-1, ofPoint), end)
}

func (b *Block) addFields(fields Fields) {
	row := len(b.at) - 1
	for _, f := range fields {
		if !slices.ContainsFunc(b.fields, func(c fieldColumn) bool { return c.name == f.Name }) {
			b.fields = append(b.fields, fieldColumn{name: b.dict.texts[b.dict.text(f.Name)]})
		}
	}
	for i := range b.fields {
		c := &b.fields[i]
		v := int64(null)
		if d := fields.Get(c.name); d.Valid {
			v = number(d.Decimal, int32(row), &c.odd) //nolint:gosec // G115: of a day
		}
		c.value = append(grown(c.value, row, null), v)
	}
}

// number returns a decimal as it stands in a column.
func number(d decimal.Decimal, row int32, odd *map[int32]decimal.Decimal) int64 {
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
func (b *Block) id(row int32) []byte {
	from := uint32(0)
	if row > 0 {
		from = b.idEnd[row-1]
	}
	return b.ids[from:b.idEnd[row]]
}

// Entry returns a row.
func (b *Block) Entry(row int) Entry { return b.entry(int32(row)) } //nolint:gosec // G115: of a day

func (b *Block) entry(row int32) Entry {
	e := Entry{Event: Event{
		Customer: b.customer, Source: b.dict.texts[b.source[row]], ID: string(b.id(row)), Type: b.kind, Subject: b.dict.texts[b.subject[row]],
		Time: time.UnixMicro(b.at[row]).UTC(), RecordedAt: time.UnixMicro(b.known[row]).UTC(),
		Value: decimalIn(b.value[row], row, b.odd), Dimensions: slices.Clone(b.dict.combos[b.combo[row]]),
	}}
	if b.end != nil {
		switch b.end[row] {
		case ofPoint:
		case ofOpen:
			e.Open = true
		default:
			e.End = time.UnixMicro(b.end[row]).UTC()
		}
	}
	e.Gone = b.gone != nil && b.gone[row]
	for i := range b.fields {
		if d := decimalIn(b.fields[i].value[row], row, b.fields[i].odd); d.Valid {
			e.Fields = append(e.Fields, Field{b.fields[i].name, d.Decimal})
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
	if p := b.order.Load(); p != nil && len(*p) == len(b.at) {
		return *p
	}
	rows := make([]int32, len(b.at))
	for i := range rows {
		rows[i] = int32(i) //nolint:gosec // G115: of a day
	}
	slices.SortFunc(rows, b.compare)
	b.order.Store(&rows)
	return rows
}

func (b *Block) compare(i, j int32) int {
	if c := b.compareEvents(i, j); c != 0 {
		return c
	}
	if c := cmp.Compare(b.known[i], b.known[j]); c != 0 || b.gone == nil || b.gone[i] == b.gone[j] {
		return c
	}
	if b.gone[j] {
		return -1
	}
	return 1
}

// compareEvents compares rows as their events are.
func (b *Block) compareEvents(i, j int32) int {
	if c := cmp.Compare(b.at[i], b.at[j]); c != 0 {
		return c
	}
	if b.source[i] != b.source[j] {
		return cmp.Compare(b.dict.texts[b.source[i]], b.dict.texts[b.source[j]])
	}
	return slices.Compare(b.id(i), b.id(j))
}

// standing returns the rows of the events that stand, in the order of [Event.Compare],
// of what was recorded before an instant.
func (b *Block) standing(knownBefore int64) []int32 {
	rows := b.sorted()
	if b.gone == nil && !b.laterThan(knownBefore) {
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

// laterThan reports whether a row was recorded at or after an instant.
func (b *Block) laterThan(instant int64) bool {
	if instant == math.MaxInt64 {
		return false
	}
	for _, k := range b.known {
		if k >= instant {
			return true
		}
	}
	return false
}

// net adds those rows of one event, at one time, that stand.
func (b *Block) net(list, rows []int32, knownBefore int64) []int32 {
	if len(rows) == 1 {
		if row := rows[0]; b.known[row] < knownBefore && (b.gone == nil || !b.gone[row]) {
			return append(list, row)
		}
		return list
	}
	var there, owed []int32
	for _, row := range rows {
		if b.known[row] >= knownBefore {
			continue
		}
		from, into := &there, &owed
		if b.gone == nil || !b.gone[row] {
			from, into = &owed, &there
		}
		if i := slices.IndexFunc(*from, func(other int32) bool { return b.sameContent(row, other) }); i >= 0 {
			*from = slices.Delete(*from, i, i+1)
		} else {
			*into = append(*into, row)
		}
	}
	return append(list, there...)
}

// sameContent compares what two rows of one event say.
func (b *Block) sameContent(i, j int32) bool {
	if b.subject[i] != b.subject[j] || b.combo[i] != b.combo[j] || b.end != nil && b.end[i] != b.end[j] || !sameIn(b.value, b.odd, i, j) {
		return false
	}
	for k := range b.fields {
		if !sameIn(b.fields[k].value, b.fields[k].odd, i, j) {
			return false
		}
	}
	return true
}

func sameIn(column []int64, odd map[int32]decimal.Decimal, i, j int32) bool {
	if column[i] != column[j] {
		return false // a decimal that fits is never odd
	}
	return column[i] != isOdd || fixed.Equal(odd[i], odd[j])
}

// pack gives back the room that columns have for more rows.
func (b *Block) pack() {
	for _, c := range []*[]int64{&b.at, &b.known, &b.value, &b.end} {
		*c = slices.Clip(slices.Clone(*c))
	}
	for _, c := range []*[]uint32{&b.subject, &b.source, &b.combo, &b.idEnd} {
		*c = slices.Clip(slices.Clone(*c))
	}
	b.ids, b.gone = slices.Clip(slices.Clone(b.ids)), slices.Clip(slices.Clone(b.gone))
	for i := range b.fields {
		b.fields[i].value = slices.Clip(slices.Clone(b.fields[i].value))
	}
}

package store

import (
	"encoding/binary"
	"slices"
	"time"
)

// Value is one column of a [Tuple]. Make it with [Text], [Int] or [Time].
type Value struct {
	column Column
	text   string
	number int64
}

// Column is the type of a value, part of an index's fingerprint.
type Column byte

// The column types. Values of one index have the same columns in the same
// order; a tuple may be shorter, for a prefix.
const (
	TextColumn Column = 't'
	IntColumn  Column = 'i'
	TimeColumn Column = 'm'
)

// Text is a text column, ordered by its bytes.
func Text[S ~string](s S) Value { return Value{column: TextColumn, text: string(s)} }

// Int is a whole-number column.
func Int[N ~int | ~int32 | ~int64](n N) Value { return Value{column: IntColumn, number: int64(n)} }

// Time is an instant column, to the microsecond.
func Time(t time.Time) Value { return Value{column: TimeColumn, number: t.UnixMicro()} }

// Tuple is an index value: columns compared one after the other. A nil tuple
// is no value.
type Tuple []Value

const (
	tupleText   = 0x02
	tupleNumber = 0x03
	tupleTime   = 0x04
	tupleAfter  = 0xff // above every tag: the end of a prefix
)

// Encode returns bytes that sort as the tuple does, nil for a nil tuple. Text
// ends in 0x00 with 0x00 inside written as 0x00 0xff; numbers are big-endian
// with the sign flipped.
func (t Tuple) Encode() []byte {
	if t == nil {
		return nil
	}
	size := 0
	for _, v := range t {
		size += 9 + len(v.text)
	}
	b := make([]byte, 0, size)
	for _, v := range t {
		switch v.column {
		case TextColumn:
			b = append(b, tupleText)
			for i := range len(v.text) {
				b = append(b, v.text[i])
				if v.text[i] == 0 {
					b = append(b, 0xff)
				}
			}
			b = append(b, 0)
		case IntColumn:
			b = binary.BigEndian.AppendUint64(append(b, tupleNumber), uint64(v.number)^1<<63) //nolint:gosec // G115: two's complement on purpose
		case TimeColumn:
			b = binary.BigEndian.AppendUint64(append(b, tupleTime), uint64(v.number)^1<<63) //nolint:gosec // G115: two's complement on purpose
		}
	}
	return b
}

// and returns a new tuple with one more column.
func (t Tuple) and(v Value) Tuple { return append(slices.Clone(t), v) }

// fits reports whether the tuple's columns are a prefix of columns.
func (t Tuple) fits(columns []Column) bool {
	if len(t) > len(columns) {
		return false
	}
	for i, v := range t {
		if v.column != columns[i] {
			return false
		}
	}
	return true
}

// prefixEnd returns the first value after everything that starts with t.
func (t Tuple) prefixEnd() []byte { return append(t.Encode(), tupleAfter) }

package metering

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// Total is what is kept beside the entries of a stretch of time, so that nobody has to
// read them for a sum: how many events there are, with how many values, their sum, the
// least and the largest, a mark of their contents, and when they were recorded.
//
// A total of several stretches is the sum of theirs: see [Total.Merge].
type Total struct {
	Events, Valued int64
	Mark           Mark

	sum              fixed.Sum // of the values that fit
	least, largest   int64     // of them
	knownFrom, until int64     // when the first and the last entry was recorded
	reach            int64     // when the last interval ends
	flags            byte
	rows             int64 // entries, those that are gone with theirs
}

// What a total cannot say by itself: its entries are to be read.
const (
	hasOdd   = 1 << iota // a value that does not fit is not in the sum
	hasGone              // least and largest may have gone
	hasSpans             // intervals: a sum is split by their time
)

const totalVersion = 1

// newTotal returns the total of nothing.
func newTotal() Total {
	return Total{least: math.MaxInt64, largest: math.MinInt64, knownFrom: math.MaxInt64, until: math.MinInt64, reach: math.MinInt64}
}

// addRow adds a row of a block, and its mark.
func (t *Total) addRow(b *Block, i int32, mark Mark) {
	t.add(b.rows[i].value, b.gone(i), b.rows[i].known, b.end(i), mark)
}

// add adds an entry: its value and its end as columns have them.
func (t *Total) add(value int64, gone bool, known, end int64, mark Mark) {
	one := int64(1)
	if gone {
		one = -1
		t.flags |= hasGone
	}
	t.rows++
	t.Events += one
	switch value {
	case null:
	case isOdd:
		t.Valued += one
		t.flags |= hasOdd
	default:
		t.Valued += one
		if gone {
			t.sum.Add(-value)
			break
		}
		t.sum.Add(value)
		t.least, t.largest = min(t.least, value), max(t.largest, value)
	}
	t.knownFrom, t.until = min(t.knownFrom, known), max(t.until, known)
	if end != ofPoint {
		t.flags |= hasSpans
		t.reach = max(t.reach, end)
	}
	t.Mark.add(mark, gone)
}

// Total returns the total of the block.
func (b *Block) Total() Total {
	t := newTotal()
	for i := range int32(len(b.rows)) { //nolint:gosec // G115: of a day
		t.addRow(b, i, b.mark(i))
	}
	return t
}

// Merge adds a total.
func (t *Total) Merge(other *Total) {
	if other.rows == 0 {
		return
	}
	if t.rows == 0 {
		*t = newTotal()
	}
	t.rows += other.rows
	t.Events += other.Events
	t.Valued += other.Valued
	t.sum.AddSum(other.sum)
	t.least, t.largest = min(t.least, other.least), max(t.largest, other.largest)
	t.knownFrom, t.until = min(t.knownFrom, other.knownFrom), max(t.until, other.until)
	t.reach = max(t.reach, other.reach)
	t.flags |= other.flags
	t.Mark.add(other.Mark, false)
}

// AppendBinary writes the total.
func (t *Total) AppendBinary(b []byte) ([]byte, error) {
	b = append(b, totalVersion, t.flags)
	for _, n := range []int64{t.rows, t.Events, t.Valued, t.least, t.largest, t.knownFrom, t.until, t.reach} {
		b = binary.AppendVarint(b, n)
	}
	high, low := t.sum.Words()
	for _, n := range []uint64{uint64(high), low, t.Mark[0], t.Mark[1]} { //nolint:gosec // G115: the bits are what counts
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return b, nil
}

var errTotal = errors.New("metering: the text of a total is broken")

// UnmarshalBinary reads a total.
func (t *Total) UnmarshalBinary(b []byte) error {
	const head, words = 2, 32
	if len(b) < head || b[0] != totalVersion {
		return errTotal
	}
	*t = Total{flags: b[1]}
	b = b[head:]
	for _, n := range []*int64{&t.rows, &t.Events, &t.Valued, &t.least, &t.largest, &t.knownFrom, &t.until, &t.reach} {
		v, size := binary.Varint(b)
		if size <= 0 {
			return errTotal
		}
		*n, b = v, b[size:]
	}
	if len(b) != words {
		return errTotal
	}
	t.sum = fixed.SumOf(int64(binary.BigEndian.Uint64(b)), binary.BigEndian.Uint64(b[8:])) //nolint:gosec // G115: the bits are what counts
	t.Mark = Mark{binary.BigEndian.Uint64(b[16:]), binary.BigEndian.Uint64(b[24:])}
	return nil
}

// Differences returns in what a total that is kept differs from what its entries come
// to: of a day of UTC, or of the stretch that begins with it.
func (t *Total) Differences(customer servicecoin.CustomerID, kind string, day int32, found *Total) []Difference {
	var list []Difference
	say := func(what string, kept, is any) {
		if kept != is {
			list = append(list, Difference{
				Customer: customer, Type: kind, Day: time.UnixMicro(int64(day) * microsPerDay).UTC(), What: what, Kept: fmt.Sprint(kept), Found: fmt.Sprint(is),
			})
		}
	}
	say("entries", t.rows, found.rows)
	say("events", t.Events, found.Events)
	say("values", t.Valued, found.Valued)
	say("sum", t.sum, found.sum)
	say("least", t.least, found.least)
	say("largest", t.largest, found.largest)
	say("first known", t.knownFrom, found.knownFrom)
	say("last known", t.until, found.until)
	say("reach", t.reach, found.reach)
	say("flags", t.flags, found.flags)
	say("mark", t.Mark, found.Mark)
	return list
}

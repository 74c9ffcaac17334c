package usage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin/metering"
)

const (
	secondsPerDay   = 24 * 60 * 60
	mostDaysOfMonth = 31
)

// The days of the years that events have.
const (
	firstDay = -719162 // 0001-01-01
	lastDay  = 2932896 // 9999-12-31
)

func inRange(day int32) int32 { return min(max(day, firstDay), lastDay) }

// monthOf returns the days of the month of UTC that a day lies in: from the first to
// before the last.
func monthOf(day int32) (from, to int32) {
	y, m, _ := time.Unix(int64(day)*secondsPerDay, 0).UTC().Date()
	first := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	return int32(first.Unix() / secondsPerDay), int32(first.AddDate(0, 1, 0).Unix() / secondsPerDay) //nolint:gosec // G115: of the years 1 to 9999
}

// monthRow is a month of a customer and type: what its packed days come to.
type monthRow struct {
	from, to int32
	total    metering.Total
	days     map[int32]*metering.Total
}

func newMonth(from int32) *monthRow {
	m := &monthRow{days: map[int32]*metering.Total{}}
	m.from, m.to = monthOf(from)
	return m
}

// add adds to a day.
func (m *monthRow) add(day int32, t *metering.Total) {
	m.total.Merge(t)
	if m.days[day] == nil {
		m.days[day] = &metering.Total{}
	}
	m.days[day].Merge(t)
}

// encode writes the totals of the days, each behind the day of the month and its length.
func (m *monthRow) encode() (total, days []byte, err error) {
	if total, err = m.total.AppendBinary(nil); err != nil {
		return nil, nil, err
	}
	var b bytes.Buffer
	var head [binary.MaxVarintLen64 + 1]byte
	for _, day := range slices.Sorted(maps.Keys(m.days)) {
		text, err := m.days[day].AppendBinary(nil)
		if err != nil {
			return nil, nil, err
		}
		head[0] = byte(day - m.from) //nolint:gosec // G115: of a month
		b.Write(binary.AppendUvarint(head[:1], uint64(len(text))))
		b.Write(text)
	}
	return total, b.Bytes(), nil
}

var errDays = errors.New("usage: the totals of days are broken")

// readMonth reads what encode has written.
func readMonth(from int32, total, days []byte) (*monthRow, error) {
	m := newMonth(from)
	if err := m.total.UnmarshalBinary(total); err != nil {
		return nil, err
	}
	err := eachDay(from, days, func(day int32, text []byte) error {
		m.days[day] = &metering.Total{}
		return m.days[day].UnmarshalBinary(text)
	})
	return m, err
}

// eachDay reads the totals of the days of a month, in order.
func eachDay(from int32, days []byte, each func(day int32, text []byte) error) error {
	for len(days) > 0 {
		day := from + int32(days[0])
		n, size := binary.Uvarint(days[1:])
		if size <= 0 || int(days[0]) >= mostDaysOfMonth || n > uint64(len(days)-1-size) { //nolint:gosec // G115: not negative
			return errDays
		}
		end := 1 + size + int(n) //nolint:gosec // G115: bounded by what is there
		if err := each(day, days[1+size:end]); err != nil {
			return err
		}
		days = days[end:]
	}
	return nil
}

// tailDay is what the log has of a customer, type and day.
type tailDay struct {
	entries []metering.Entry
	total   metering.Total
	gone    bool // some entry is gone
}

func (d *tailDay) add(e *metering.Entry) {
	d.entries = append(d.entries, *e)
	d.total.Add(e)
	d.gone = d.gone || e.Gone
}

func (d *tailDay) addTo(b *metering.Block) {
	for i := range d.entries {
		b.Add(d.entries[i])
	}
}

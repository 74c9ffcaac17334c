package metering

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// Days of UTC are numbered from 1970, as [DayOf] does.

const secondsPerDay = 24 * 60 * 60

// WholeDay returns the interval of a day of UTC.
func WholeDay(day int32) calendar.Interval {
	start := time.Unix(int64(day)*secondsPerDay, 0).UTC()
	return calendar.Interval{Start: start, End: start.AddDate(0, 0, 1)}
}

// MonthOf returns the days of the month of UTC that a day lies in: from the first to
// before the last.
func MonthOf(day int32) (from, to int32) {
	y, m, _ := time.Unix(int64(day)*secondsPerDay, 0).UTC().Date()
	first := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	return int32(first.Unix() / secondsPerDay), int32(first.AddDate(0, 1, 0).Unix() / secondsPerDay) //nolint:gosec // G115: of the years 1 to 9999
}

// MonthTotals are the total of a month of UTC and those of its days, as stores keep them
// side by side: what a figure of the whole month needs is read without the others.
type MonthTotals struct {
	From, To int32 // the first of its days, and the one behind the last
	Total    Total
	Days     map[int32]*Total // those that there are
}

// NewMonthTotals returns the totals of nothing in the month that a day lies in.
func NewMonthTotals(day int32) *MonthTotals {
	m := &MonthTotals{Days: map[int32]*Total{}}
	m.From, m.To = MonthOf(day)
	return m
}

// Add adds to a day, and to the month.
func (m *MonthTotals) Add(day int32, t *Total) {
	m.Total.Merge(t)
	if m.Days[day] == nil {
		m.Days[day] = &Total{}
	}
	m.Days[day].Merge(t)
}

// Encode writes the total, and the totals of the days, each behind its place in the month
// and its length.
func (m *MonthTotals) Encode() (total, days []byte, err error) {
	if total, err = m.Total.AppendBinary(nil); err != nil {
		return nil, nil, err
	}
	for _, day := range slices.Sorted(maps.Keys(m.Days)) {
		text, err := m.Days[day].AppendBinary(nil)
		if err != nil {
			return nil, nil, err
		}
		days = append(days, byte(day-m.From)) //nolint:gosec // G115: of a month
		days = append(binary.AppendUvarint(days, uint64(len(text))), text...)
	}
	return total, days, nil
}

var errDays = errors.New("metering: the totals of days are broken")

// ReadMonthTotals reads what Encode has written of the month that a day lies in.
func ReadMonthTotals(day int32, total, days []byte) (*MonthTotals, error) {
	m := NewMonthTotals(day)
	if err := m.Total.UnmarshalBinary(total); err != nil {
		return nil, err
	}
	err := EachDayTotal(m.From, days, func(day int32, text []byte) error {
		m.Days[day] = &Total{}
		return m.Days[day].UnmarshalBinary(text)
	})
	return m, err
}

// EachDayTotal reads the totals of the days of a month that begins with a day, in order,
// each as [Total.UnmarshalBinary] reads it.
func EachDayTotal(from int32, days []byte, each func(day int32, text []byte) error) error {
	const most = 31
	for len(days) > 0 {
		day := from + int32(days[0])
		n, size := binary.Uvarint(days[1:])
		if size <= 0 || days[0] >= most || n > uint64(len(days)-1-size) { //nolint:gosec // G115: not negative
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

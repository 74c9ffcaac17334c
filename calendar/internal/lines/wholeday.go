package lines

import (
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/civil"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// A day that is written as a time where a whole day is asked for. Makers write
// the midnight of that day, in UTC or in a zone of their own turned into UTC, or
// its last second; none of them says which zone that was. No zone is farther
// ahead of UTC than 13 hours, but for a few islands, and none farther behind than
// 11: a midnight of the maker that lies between 11:00 and 24:00 in UTC is that of
// the next date, an earlier one that of the same.
const latestMidnight = 11 * time.Hour

// WholeDay returns the day that is meant by a moment, for a reader in loc. A midnight of
// the reader is that of the date in its zone; else the rule above holds, which
// needs no zone. The last minute of an hour ends a day: it is the next hour's
// midnight, less a day.
func (m Moment) WholeDay(loc *time.Location) calendar.Date {
	if !m.UTC {
		return m.Local.Date
	}
	const minute, hour = 60, 3600
	t := wall.Unix(civil.Second(m.Local))
	days := 0
	if past := int(m.Local.Clock) % hour; past >= hour-minute {
		t, days = t.Add(time.Duration(hour-past)*time.Second), -1
	}
	if d := civil.DayIn(t, loc); d.In(loc).Start.Equal(t) {
		return d.AddDays(days)
	}
	d := civil.DateShown(t)
	if t.Sub(civil.Midnight(d)) >= latestMidnight {
		days++
	}
	return d.AddDays(days)
}

// IsMidnight reports whether m can be the midnight of a day: 00:00 by the clock,
// and of an instant in UTC a full quarter of an hour, as all zones are apart.
func (m Moment) IsMidnight() bool {
	const quarter = 15 * 60
	if m.UTC {
		return int(m.Local.Clock)%quarter == 0
	}
	return m.Local.Clock == calendar.StartOfDay
}

package metering_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// A text is refused, or makes windows that together are the day.
func FuzzStretch(f *testing.F) {
	for _, text := range []string{"", "hour", "week", "15min", "90min", "7min", "00min", "1440min", "min", "9223372036854775808min"} {
		f.Add(text)
	}
	day := calendar.Date{Year: 2026, Month: time.October, Day: 25}.In(zone(f, "Europe/Berlin"))
	f.Fuzz(func(t *testing.T, text string) {
		w := metering.Stretch(text)
		list, err := w.Split(day, zone(t, "Europe/Berlin"))
		if (err == nil) != (w.Validate() == nil) {
			t.Fatalf("%q: split says %v, validate %v", text, err, w.Validate())
		}
		if err == nil && (len(list) == 0 || !list[0].Start.Equal(day.Start) || !list[len(list)-1].End.Equal(day.End)) {
			t.Fatalf("%q: %v", text, list)
		}
	})
}

// A text is refused, or makes periods that hold any instant since they began, and are
// written as they were read.
func FuzzPeriods(f *testing.F) {
	for _, text := range []string{
		`[{"every":"P1M","anchor":"2026-01-31T00:00:00Z"}]`,
		`[{"every":"P2W","anchor":"2026-01-31T00:00:00+05:30","zone":"Asia/Kolkata"},{"from":"2026-03-01T00:00:00Z","every":"P1Y","anchor":"2024-02-29T00:00:00Z","firstEnd":"2026-03-02T00:00:00Z"}]`,
		`[{"every":"P10000Y","anchor":"9999-12-31T23:59:59.999999999Z","zone":"Pacific/Apia"}]`, `[{"every":"P0D"}]`, `[]`, `null`, `[null]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var p metering.Periods
		if json.Unmarshal(text, &p) != nil || len(p.Rhythms()) == 0 {
			return
		}
		written, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var again metering.Periods
		if err := json.Unmarshal(written, &again); err != nil {
			t.Fatalf("%s is refused: %v", written, err)
		}
		for _, at := range []time.Time{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)} {
			period := p.At(at)
			if !period.Contains(at) && !at.Before(p.Rhythms()[0].From) {
				t.Fatalf("%s: %s does not lie in %s", written, at, period)
			}
			if period != again.At(at) {
				t.Fatalf("%s: %s, and read again %s", written, period, again.At(at))
			}
		}
	})
}

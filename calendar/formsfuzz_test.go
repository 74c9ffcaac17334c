package calendar_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// FuzzSmallForms reads what rules are made of.
func FuzzSmallForms(f *testing.F) {
	for _, seed := range []string{"P1Y2M3W4DT5H6M7S", "R3/2022-01-31T00:00:00Z/P1M", "Mo-Fr,0", "2026-01-05T09:00Z", "2026-01-05 09:00", "R1/P1M/2022-01-31T00:00:00Z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := calendar.ParsePeriod(text); err == nil {
			again, err := calendar.ParsePeriod(p.String())
			require.NoError(t, err)
			require.Equal(t, p, again)
		}
		if w, err := calendar.ParseWeekdays(text); err == nil {
			again, err := calendar.ParseWeekdays(w.String())
			require.NoError(t, err)
			require.Equal(t, w, again)
		}
		if w, err := recur.ParseWhen(text); err == nil {
			again, err := recur.ParseWhen(w.String())
			require.NoError(t, err)
			require.Equal(t, w, again)
		}
		if l, err := calendar.ParseLocalTime(text); err == nil {
			again, err := calendar.ParseLocalTime(l.String())
			require.NoError(t, err)
			require.Equal(t, l, again)
		}
	})
}

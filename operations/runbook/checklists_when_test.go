package runbook_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// What was missed is known without anybody looking, and nothing has to run for it.
func TestWhatWasMissed(t *testing.T) {
	t.Parallel()
	r, ctx := newRound(t), t.Context()
	r.inUse(t, morning(t))
	at := func(text string) { r.clock.at = must(time.Parse(time.RFC3339, text)) }
	day := func(text string) runbook.ChecklistID {
		c, err := r.Begin(ctx, ada, "morning", date(t, text))
		require.NoError(t, err)
		return c.ID
	}
	at("2026-05-04T07:00:00Z")
	r.finish(t, ada, day("2026-05-04")) // in time
	at("2026-05-05T07:00:00Z")
	late := day("2026-05-05")
	at("2026-05-05T11:00:00Z")
	r.finish(t, ada, late)
	at("2026-05-06T07:00:00Z")
	day("2026-05-06") // left open
	at("2026-05-07T07:00:00Z")
	off := day("2026-05-07")
	_, err := r.Abandon(ctx, ada, off, "fire drill")
	require.NoError(t, err)
	at("2026-05-15T09:59:59Z") // the 14th is a holiday; today's is due at 10:00
	may := calendar.Between(must(time.Parse(time.RFC3339, "2026-04-01T00:00:00Z")), must(time.Parse(time.RFC3339, "2026-06-01T00:00:00Z")))
	tell := func() []string {
		missed, err := r.Missed(ctx, may)
		require.NoError(t, err)
		var list []string
		for _, m := range missed {
			list = append(list, fmt.Sprintf("%s %d %s %s", m.Occasion.Day, m.Edition, m.Kind, m.Checklist))
		}
		return list
	}
	want := []string{
		"2026-05-05 1 finishedLater morning/2026-05-05", "2026-05-06 1 notFinished morning/2026-05-06", "2026-05-07 1 givenUp morning/2026-05-07",
		"2026-05-08 1 neverBegun ", "2026-05-11 1 neverBegun ", "2026-05-12 1 neverBegun ", "2026-05-13 1 neverBegun ",
	}
	require.Equal(t, want, tell())
	at("2026-05-15T10:00:01Z")
	require.Equal(t, append(want, "2026-05-15 1 neverBegun "), tell(), "today's is now")

	// Another edition, at another time, answers from its publication on.
	next := morning(t)
	next.Schedule.During = calendar.ClockSpan{Open: calendar.ClockAt(22, 0), Close: calendar.ClockAt(6, 0)}
	r.inUse(t, next)
	at("2026-05-18T20:00:00Z") // the night from the 15th to the 16th ended, the one from the 18th has not
	require.Equal(t, append(want, "2026-05-15 1 neverBegun ", "2026-05-15 2 neverBegun "), tell())
	r.clock.pass(time.Minute)
	_, err = r.Withdraw(ctx, ada, "morning", 2, "nobody reads it")
	require.NoError(t, err)
	at("2026-05-22T20:00:00Z")
	require.Equal(t, append(want, "2026-05-15 1 neverBegun ", "2026-05-15 2 neverBegun ", "2026-05-18 2 neverBegun "), tell(), "that of the 18th had opened")
	_, err = r.Begin(ctx, ada, "morning", date(t, "2026-05-22"))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)

	var overdue []runbook.ChecklistID
	for c, err := range r.Overdue(r.clock.at).All(ctx) {
		require.NoError(t, err)
		overdue = append(overdue, c.ID)
	}
	require.Equal(t, []runbook.ChecklistID{"morning/2026-05-06"}, overdue)
	_, err = r.Missed(ctx, calendar.Interval{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

func TestWhatIsUpcoming(t *testing.T) {
	t.Parallel()
	r, ctx := newRound(t), t.Context()
	r.inUse(t, morning(t))
	monthly := morning(t)
	monthly.ID, monthly.Schedule.Rule = "month", rule(t, "FREQ=MONTHLY;BYMONTHDAY=-1 on or before a working day")
	r.inUse(t, monthly)
	r.clock.at = time.Date(2026, 5, 29, 7, 0, 0, 0, time.UTC)
	_, err := r.Begin(ctx, ada, "month", date(t, "2026-05-29"))
	require.NoError(t, err)
	today := date(t, "2026-05-29").In(must(time.LoadLocation("Europe/Berlin")))
	tell := func(within calendar.Interval) (list []string) {
		duties, err := r.Upcoming(ctx, within)
		require.NoError(t, err)
		for _, d := range duties {
			list = append(list, fmt.Sprintf("%s %s %t", d.Template.ID, d.Occasion.Day, d.Checklist != nil))
		}
		return list
	}
	require.Equal(t, []string{"month 2026-05-29 true", "morning 2026-05-29 false"}, tell(today))
	require.Equal(t, []string{"morning 2026-06-01 false"}, tell(calendar.Between(today.End, today.End.AddDate(0, 0, 3))))
	_, err = r.Begin(ctx, ada, "month", date(t, "2026-05-28"))
	require.Equal(t, []string{"day:unknown"}, codesOf(t, err))

	// By hand there are as many as somebody wants.
	a, err := r.Begin(ctx, ada, "month", calendar.Date{})
	require.NoError(t, err)
	b, err := r.Begin(ctx, ada, "month", calendar.Date{})
	require.NoError(t, err)
	require.NotEqual(t, a.ID, b.ID)
	require.True(t, a.Due.IsZero())
	r.clock.pass(2 * time.Hour)
	require.Len(t, a.ItemsDue(r.clock.at), 1, "one of its items has a time of its own")
}

func TestTrendOfItems(t *testing.T) {
	t.Parallel()
	april := calendar.Month{Year: 2026, Month: time.April}.In(nil)
	may := calendar.Month{Year: 2026, Month: time.May}.In(nil)
	var list []runbook.Checklist
	add := func(at time.Time, state runbook.ChecklistState, results ...runbook.CheckResult) {
		c := runbook.Checklist{Template: "morning", State: state, Opens: at}
		for i, result := range results {
			c.Checks = append(c.Checks, runbook.Check{Item: runbook.Item{ID: runbook.ItemID([]string{"rare", "often", "never"}[i]), Text: en(at.String())}, Result: result})
		}
		list = append(list, c)
	}
	for i := range 100 {
		result := runbook.CheckPassed
		if i < 60 {
			result = runbook.CheckFailed
		}
		add(may.Start.Add(time.Duration(i)*time.Hour), runbook.ChecklistSignedOff, runbook.CheckPassed, result, runbook.CheckPassed)
	}
	add(may.Start, runbook.ChecklistCompleted, runbook.CheckSkipped, runbook.CheckSkipped, runbook.CheckPassed)
	add(may.Start, runbook.ChecklistOpen, runbook.CheckFailed, runbook.CheckFailed, runbook.CheckFailed)
	add(may.Start, runbook.ChecklistAbandoned, runbook.CheckFailed, runbook.CheckFailed, runbook.CheckFailed)
	add(april.Start, runbook.ChecklistSignedOff, runbook.CheckFailed)
	add(may.End, runbook.ChecklistSignedOff, runbook.CheckFailed)
	trend, err := runbook.Trend(list, april, may)
	require.NoError(t, err)
	require.Len(t, trend, 3)
	require.Equal(t, runbook.ItemID("often"), trend[0].Item)
	require.Equal(t, runbook.ItemID("rare"), trend[1].Item)
	f := trend[0].Periods[1]
	require.Equal(t, 101, f.N)
	require.Equal(t, 60, f.Failed)
	require.Equal(t, 1, f.Skipped)
	require.Equal(t, "0.6", f.FailedShare.Value.Decimal.String())
	require.Equal(t, 100, f.FailedShare.N)
	require.InDelta(t, 0.502, f.FailedShare.Interval.Low, 0.001)
	require.InDelta(t, 0.691, f.FailedShare.Interval.High, 0.001)
	require.Equal(t, "0.0099", f.SkippedShare.Value.Decimal.String())
	require.Equal(t, 0, trend[0].Periods[0].N)
	require.False(t, trend[0].Periods[0].FailedShare.Value.Valid, "no data is undefined")
	require.Nil(t, trend[0].Periods[0].FailedShare.Interval)
	require.Equal(t, 1, trend[1].Periods[0].Failed)
	_, err = runbook.Trend(nil)
	require.Equal(t, []string{"periods:required"}, codesOf(t, err))
	_, err = runbook.Trend(nil, make([]calendar.Interval, 200)...)
	require.Equal(t, []string{"periods:too-many"}, codesOf(t, err))

	r, ctx := newRound(t), t.Context()
	r.inUse(t, morning(t))
	r.clock.pass(2 * time.Hour)
	c, err := r.Begin(ctx, ada, "morning", date(t, "2026-05-04"))
	require.NoError(t, err)
	r.finish(t, ada, c.ID)
	trend, err = r.Trend(ctx, "morning", april, may)
	require.NoError(t, err)
	require.Len(t, trend, 3)
	require.Equal(t, 1, trend[0].Periods[1].N)
}

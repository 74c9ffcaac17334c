package runbook_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

func TestOccasions(t *testing.T) {
	t.Parallel()
	s := runbook.Schedule{Rule: rule(t, "FREQ=DAILY from 2026-03-27"), Zone: "Europe/Berlin", During: calendar.ClockSpan{Open: calendar.ClockAt(22, 0), Close: calendar.ClockAt(2, 30)}}
	within := calendar.Between(time.Date(2026, 3, 28, 1, 30, 0, 0, time.UTC), time.Date(2026, 3, 30, 0, 30, 0, 0, time.UTC))
	list, err := s.Occasions(nil, within)
	require.NoError(t, err)
	require.Len(t, list, 2, "half-open")
	require.Equal(t, "2026-03-27", list[0].Day.String())
	require.Equal(t, "2026-03-28T21:00:00Z/2026-03-29T01:30:00Z", list[1].During.String(), "02:30 is jumped over, and is 03:30")
	day := runbook.Schedule{Rule: rule(t, "FREQ=DAILY from 2026-03-27")}
	list, err = day.Occasions(nil, within)
	require.NoError(t, err)
	require.Equal(t, "2026-03-28T00:00:00Z/2026-03-29T00:00:00Z", list[0].During.String(), "without a span it is the whole day")
	_, err = day.Occasions(nil, calendar.Between(within.Start, within.Start.AddDate(40, 0, 0)))
	require.Equal(t, []string{"within:too-many"}, codesOf(t, err))
	_, err = runbook.Schedule{Rule: rule(t, "FREQ=DAILY only on a working day")}.Occasions(nil, within)
	require.Equal(t, []string{"timetable:required"}, codesOf(t, err))
	_, err = runbook.Schedule{Rule: rule(t, "FREQ=DAILY only on a working day")}.Occasions(office(t), calendar.Between(within.Start.AddDate(10, 0, 0), within.Start.AddDate(10, 0, 5)))
	var outside *calendar.OutsideError
	require.ErrorAs(t, err, &outside)
}

// An edition does not answer for what had opened before it was published, nor for
// what opened after its end.
func TestAnEditionAnswersForItsTime(t *testing.T) {
	t.Parallel()
	template := morning(t)
	template.PublishedAt = time.Date(2026, 5, 5, 6, 0, 0, 1000, time.UTC) // the 5th opened just before
	template.EndedAt = time.Date(2026, 5, 7, 6, 0, 0, 0, time.UTC)
	at := template.PublishedAt.AddDate(0, 1, 0)
	missed, err := runbook.Missed(template, office(t), nil, calendar.Between(at.AddDate(-1, 0, 0), at), at)
	require.NoError(t, err)
	require.Len(t, missed, 1)
	require.Equal(t, "2026-05-06", missed[0].Occasion.Day.String())
	missed, err = runbook.Missed(morning(t), nil, nil, calendar.Between(at.AddDate(-1, 0, 0), at), at)
	require.NoError(t, err)
	require.Empty(t, missed, "what never was published is not missed")
}

// Every occasion that is over is finished in time or missed, and none is both.
func TestNoOccasionIsForgotten(t *testing.T) {
	t.Parallel()
	template := morning(t)
	template.State, template.Edition = runbook.Published, 1
	template.PublishedAt = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	tt := office(t)
	all := calendar.Between(template.PublishedAt, template.PublishedAt.AddDate(0, 2, 0))
	occasions, err := template.Schedule.Occasions(tt, all)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		at := template.PublishedAt.Add(time.Duration(rapid.IntRange(0, 60*24).Draw(t, "at")) * time.Hour)
		var made []runbook.Checklist
		intime := 0
		over := 0
		for _, o := range occasions {
			ended := o.During.End.Before(at)
			if ended {
				over++
			}
			if !rapid.Bool().Draw(t, "made") {
				continue
			}
			c := runbook.Checklist{ID: runbook.ChecklistOf(template.ID, o.Day), Template: template.ID, Day: o.Day, State: rapid.SampledFrom(runbook.ChecklistStates()).Draw(t, "state")}
			if c.State.Finished() {
				c.CompletedAt = o.During.End.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "hours")) * time.Hour)
			}
			if ended && c.State.Finished() && !c.CompletedAt.After(o.During.End) {
				intime++
			}
			made = append(made, c, runbook.Checklist{Template: "other", Day: o.Day, State: runbook.ChecklistOpen})
		}
		missed, err := runbook.Missed(template, tt, made, all, at)
		require.NoError(t, err)
		require.Equal(t, over, intime+len(missed))
		for _, m := range missed {
			require.True(t, m.Occasion.During.End.Before(at))
			require.Equal(t, m.Kind == runbook.NeverBegun, m.Checklist == "")
			require.Equal(t, m.Kind == runbook.FinishedLater, !m.FinishedAt.IsZero())
		}
	})
}

func BenchmarkMissed(b *testing.B) {
	template := morning(b)
	template.PublishedAt = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	tt := office(b)
	at := template.PublishedAt.AddDate(1, 0, 0)
	within := calendar.Between(template.PublishedAt, at)
	b.ReportAllocs()
	for b.Loop() {
		if list, err := runbook.Missed(template, tt, nil, within, at); err != nil || len(list) == 0 {
			b.Fatal(err)
		}
	}
}

package runbook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/workday"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func rule(t testing.TB, text string) workday.Rule {
	t.Helper()
	r, err := workday.Parse(text)
	require.NoError(t, err)
	return r
}

func office(t testing.TB) *hours.Timetable {
	t.Helper()
	h, err := hours.Parse("Mo-Fr 09:00-17:00; 2026 May 14 off")
	require.NoError(t, err)
	h.Zone = "Europe/Berlin"
	tt, err := h.CompileYears(2025, 2028, nil)
	require.NoError(t, err)
	return tt
}

func morning(t testing.TB) runbook.Template {
	t.Helper()
	return runbook.Template{
		ID: "morning", Title: en("Morning round"), Services: []servicecoin.ServiceID{"checkout"},
		Items: []runbook.Item{
			{ID: "backup", Text: en("The backup of the night is there"), Need: runbook.Must, Wanted: runbook.ValueEvidence},
			{ID: "disk", Text: en("No disk is full"), Need: runbook.Must, Within: calendar.Within(time.Hour)},
			{ID: "noise", Text: en("No alarm was silenced"), Need: runbook.Should},
		},
		Schedule: &runbook.Schedule{
			Rule: rule(t, "FREQ=DAILY only on a working day from 2026-05-01"), Zone: "Europe/Berlin",
			During: calendar.ClockSpan{Open: calendar.ClockAt(8, 0), Close: calendar.ClockAt(12, 0)},
		},
	}
}

// round is a house with checklists.
type round struct {
	house
	*runbook.Checklists
}

func newRound(t testing.TB) round {
	t.Helper()
	tt := office(t)
	var ids atomic.Int64
	c := &clock{at: time.Date(2026, 5, 4, 5, 0, 0, 0, time.UTC)} // a Monday
	h := house{clock: c, store: store.New(memory.New(), &store.Options{Now: c.now, NewID: func() string { return fmt.Sprintf("id-%06d", ids.Add(1)) }})}
	return round{h, runbook.NewChecklists(h.store.For(servicecoin.Provider), &runbook.ChecklistOptions{
		FourEyes:  true,
		Timetable: func(context.Context, runbook.Template, calendar.Interval) (*hours.Timetable, error) { return tt, nil },
	})}
}

func (r round) inUse(t testing.TB, x runbook.Template) runbook.Template {
	t.Helper()
	x, err := r.Draft(t.Context(), ada, x)
	require.NoError(t, err)
	x, err = r.Publish(t.Context(), bob, x.ID, x.Edition)
	require.NoError(t, err)
	return x
}

func date(t testing.TB, text string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(text)
	require.NoError(t, err)
	return d
}

var gigabytes = []runbook.Evidence{{Value: servicecoin.Some(decimal.NewFromInt(412)), Unit: "GB"}}

// finish gives all items a result.
func (r round) finish(t testing.TB, by servicecoin.Actor, id runbook.ChecklistID) {
	t.Helper()
	for _, x := range []runbook.Checked{{Item: "backup", Result: runbook.CheckPassed, Evidence: gigabytes}, {Item: "disk", Result: runbook.CheckPassed}, {Item: "noise", Result: runbook.CheckPassed}} {
		_, err := r.Check(t.Context(), by, id, x)
		require.NoError(t, err)
	}
	_, err := r.Complete(t.Context(), by, id)
	require.NoError(t, err)
}

func TestAChecklistIsSignedOffBySomebodyElse(t *testing.T) {
	t.Parallel()
	r, ctx := newRound(t), t.Context()
	r.inUse(t, morning(t))
	_, err := r.Begin(ctx, ada, "morning", date(t, "2026-05-04"))
	require.ErrorIs(t, err, servicecoin.ErrRefused, "it opens at eight")
	r.clock.pass(time.Hour)
	c, err := r.Begin(ctx, ada, "morning", date(t, "2026-05-04"))
	require.NoError(t, err)
	require.Equal(t, runbook.ChecklistID("morning/2026-05-04"), c.ID)
	again, err := r.Begin(ctx, bob, "morning", date(t, "2026-05-04"))
	require.NoError(t, err)
	require.Equal(t, c, again, "of a day there is one")

	refuse := func(err error) {
		t.Helper()
		require.ErrorIs(t, err, servicecoin.ErrRefused)
	}
	_, err = r.Check(ctx, ada, c.ID, runbook.Checked{Item: "backup", Result: runbook.CheckPassed})
	require.Equal(t, []string{"evidence:required"}, codesOf(t, err))
	_, err = r.Check(ctx, ada, c.ID, runbook.Checked{Item: "backup", Result: runbook.CheckPassed, Evidence: []runbook.Evidence{{Text: "fine"}}})
	require.Equal(t, []string{"evidence:required"}, codesOf(t, err), "a value is asked for")
	_, err = r.Check(ctx, ada, c.ID, runbook.Checked{Item: "other", Result: "good", Note: "\xff", Evidence: []runbook.Evidence{{}}})
	require.ElementsMatch(t, []string{"item:unknown", "result:unknown", "note:bad-text", "evidence[0]:required"}, codesOf(t, err))
	_, err = r.Check(ctx, ada, c.ID, runbook.Checked{Item: "disk", Result: runbook.CheckFailed})
	require.Equal(t, []string{"note:required"}, codesOf(t, err), "what failed says why")
	_, err = r.Check(ctx, ada, c.ID, runbook.Checked{Item: "disk", Result: runbook.CheckSkipped, Note: "no time"})
	refuse(err)
	_, err = r.Complete(ctx, ada, c.ID)
	refuse(err)
	_, err = r.SignOff(ctx, bob, c.ID, "")
	refuse(err)

	_, err = r.Check(ctx, carol, c.ID, runbook.Checked{Item: "noise", Result: runbook.CheckSkipped, Note: "the log is gone"})
	require.NoError(t, err)
	_, err = r.Check(ctx, ada, c.ID, runbook.Checked{Item: "noise", Result: runbook.CheckFailed, Note: "two were"})
	require.NoError(t, err, "it may be said anew")
	r.finishRest(t, c.ID)
	for _, by := range []servicecoin.Actor{
		ada, carol, robot,
		{Kind: servicecoin.Human, ID: "eve", OnBehalfOf: "ada"},
		{Kind: servicecoin.Human, ID: "carol", OnBehalfOf: "eve"},
	} {
		_, err = r.SignOff(ctx, by, c.ID, "")
		refuse(err)
	}
	c, err = r.SendBack(ctx, bob, c.ID, "which two?")
	require.NoError(t, err)
	require.True(t, c.CompletedAt.IsZero())
	_, err = r.SendBack(ctx, bob, c.ID, "which two?")
	refuse(err)
	_, err = r.Check(ctx, ada, c.ID, runbook.Checked{Item: "noise", Result: runbook.CheckFailed, Note: "a and b"})
	require.NoError(t, err)
	_, err = r.Complete(ctx, ada, c.ID)
	require.NoError(t, err)
	c, err = r.SignOff(ctx, bob, c.ID, "seen")
	require.NoError(t, err)
	require.Equal(t, runbook.ChecklistSignedOff, c.State)
	require.Equal(t, []servicecoin.PersonID{"ada", "carol"}, c.Hands)
	require.Equal(t, 1, c.Count(runbook.CheckFailed))
	_, err = r.Abandon(ctx, bob, c.ID, "why not")
	refuse(err)

	var names []string
	events, err := r.store.For(servicecoin.Provider).Events(ctx, 0, 100)
	require.NoError(t, err)
	for _, e := range events {
		names = append(names, strings.TrimPrefix(e.Name, "checklist."))
	}
	require.Equal(t, "templateDrafted templatePublished begun checked checked checked checked completed sentBack checked completed signedOff", strings.Join(names, " "))
	last, err := store.Payload[runbook.ChecklistChanged](events[len(events)-1])
	require.NoError(t, err)
	require.Equal(t, runbook.ChecklistChanged{Checklist: c.ID, Template: "morning", Edition: 1, Day: c.Day, State: runbook.ChecklistSignedOff, Services: c.Services, Failed: 1}, last)
}

func (r round) finishRest(t testing.TB, id runbook.ChecklistID) {
	t.Helper()
	for _, x := range []runbook.Checked{{Item: "backup", Result: runbook.CheckPassed, Evidence: gigabytes}, {Item: "disk", Result: runbook.CheckPassed}} {
		_, err := r.Check(t.Context(), ada, id, x)
		require.NoError(t, err)
	}
	_, err := r.Complete(t.Context(), ada, id)
	require.NoError(t, err)
}

func codesOf(t testing.TB, err error) []string {
	t.Helper()
	var list []string
	for _, x := range violationsOf(t, err) {
		list = append(list, x.Path+":"+x.Code)
	}
	return list
}

func violationsOf(t testing.TB, err error) []servicecoin.Violation {
	t.Helper()
	var invalid *servicecoin.InvalidError
	require.ErrorAs(t, err, &invalid)
	return invalid.Violations
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

func TestTemplatesHaveEditions(t *testing.T) {
	t.Parallel()
	r, ctx := newRound(t), t.Context()
	x, err := r.Draft(ctx, ada, morning(t))
	require.NoError(t, err)
	_, err = r.Draft(ctx, ada, morning(t))
	require.ErrorIs(t, err, servicecoin.ErrRefused, "there is a draft")
	_, err = r.Publish(ctx, ada, x.ID, 1)
	require.ErrorIs(t, err, servicecoin.ErrRefused, "four eyes")
	x.Items[0].Text = en("The backup is there")
	x.State = runbook.Published
	x, err = r.Edit(ctx, carol, x)
	require.NoError(t, err)
	require.Equal(t, runbook.Draft, x.State)
	_, err = r.Publish(ctx, ada, x.ID, 1)
	require.NoError(t, err)
	_, err = r.Edit(ctx, carol, x)
	require.ErrorIs(t, err, servicecoin.ErrRefused, "what is published never changes")
	r.clock.pass(time.Hour)
	x.Items = x.Items[:1]
	two := r.inUse(t, x)
	require.Equal(t, 2, two.Edition)
	one, err := r.Template(ctx, x.ID, 1)
	require.NoError(t, err)
	require.Equal(t, runbook.Superseded, one.State)
	require.Len(t, one.Items, 3)
	r.clock.pass(time.Hour)
	c, err := r.Begin(ctx, ada, x.ID, date(t, "2026-05-04"))
	require.NoError(t, err)
	require.Len(t, c.Checks, 1)
	_, err = r.Draft(ctx, ada, x)
	require.NoError(t, err)
	require.ErrorIs(t, r.Discard(ctx, ada, x.ID, 2), servicecoin.ErrRefused)
	require.NoError(t, r.Discard(ctx, ada, x.ID, 3))
	n := 0
	for _, err := range r.Editions(x.ID).All(ctx) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, 2, n)

	bad := runbook.Template{
		ID: "x", Title: en("two\nlines"), Services: []servicecoin.ServiceID{"a", "a"},
		Items:    []runbook.Item{{ID: "a b", Need: "may", Wanted: "proof"}, {ID: "a b", Need: runbook.Must, Text: en("x")}},
		Schedule: &runbook.Schedule{Zone: "Mars", Rule: workday.Rule{Shift: 5000}, During: calendar.ClockSpan{Open: -1}},
	}
	_, err = r.Draft(ctx, ada, bad)
	require.ElementsMatch(t, []string{
		"title.en:bad-text", "services[1]:duplicate", "items[0].id:bad-name", "items[0].text:required", "items[0].need:unknown", "items[0].wanted:unknown",
		"items[1].id:bad-name", "items[1].id:duplicate", "schedule.rule.repeat.frequency:unknown", "schedule.rule.shift:out-of-range", "schedule.during.open:out-of-range", "schedule.zone:unknown-zone",
	}, codesOf(t, err))
	empty, err := r.Draft(ctx, ada, runbook.Template{Title: en("Empty")})
	require.NoError(t, err)
	_, err = r.Publish(ctx, bob, empty.ID, 1)
	require.Equal(t, []string{"items:required"}, codesOf(t, err))
	blind := runbook.NewChecklists(r.store.For(servicecoin.Provider), nil)
	blinded := morning(t)
	blinded.ID = "blind"
	_, err = blind.Draft(ctx, ada, blinded)
	require.Equal(t, []string{"schedule.rule:unsupported"}, codesOf(t, err))
}

// Ten people begin the checklist of a day, and tick at once.
func TestManyHands(t *testing.T) {
	t.Parallel()
	r, ctx := newRound(t), t.Context()
	r.inUse(t, morning(t))
	r.clock.pass(2 * time.Hour)
	day := date(t, "2026-05-04")
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			by := servicecoin.Person(servicecoin.PersonID(fmt.Sprint("p", i)))
			c, err := r.Begin(ctx, by, "morning", day)
			if err == nil {
				_, err = r.Check(ctx, by, c.ID, runbook.Checked{Item: "disk", Result: runbook.CheckPassed})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c, err := r.Get(ctx, "morning/2026-05-04")
	require.NoError(t, err)
	require.Len(t, c.Hands, 10)
	require.Len(t, c.History, 11)
}

func TestAChecklistHasRoomToEnd(t *testing.T) {
	t.Parallel()
	r, ctx := newRound(t), t.Context()
	r.inUse(t, morning(t))
	r.clock.pass(2 * time.Hour)
	c, err := r.Begin(ctx, ada, "morning", date(t, "2026-05-04"))
	require.NoError(t, err)
	for _, x := range []runbook.ItemID{"backup", "disk", "noise"} {
		evidence := slices.Clone(gigabytes)
		for range 9 {
			evidence = append(evidence, runbook.Evidence{Text: strings.Repeat("é", 4000)})
		}
		if _, err = r.Check(ctx, ada, c.ID, runbook.Checked{Item: x, Result: runbook.CheckPassed, Evidence: evidence}); err != nil {
			break
		}
	}
	require.Equal(t, []string{":too-large"}, codesOf(t, err))
	_, err = r.Abandon(ctx, ada, c.ID, strings.Repeat("é", 2000))
	require.NoError(t, err)
}

func TestAPersonIsErased(t *testing.T) {
	t.Parallel()
	r, ctx := newRound(t), t.Context()
	r.inUse(t, morning(t))
	r.clock.pass(2 * time.Hour)
	c, err := r.Begin(ctx, ada, "morning", date(t, "2026-05-04"))
	require.NoError(t, err)
	evidence := append(slices.Clone(gigabytes), runbook.Evidence{Text: "ada was here"}, runbook.Evidence{File: &runbook.File{SHA256: strings.Repeat("a", 64), Name: "ada.png", Size: 7}})
	_, err = r.Check(ctx, carol, c.ID, runbook.Checked{Item: "noise", Result: runbook.CheckFailed, Note: "carol says so"})
	require.NoError(t, err)
	_, err = r.Check(ctx, ada, c.ID, runbook.Checked{Item: "backup", Result: runbook.CheckPassed, Note: "ada says so", Evidence: evidence})
	require.NoError(t, err)
	_, err = r.Check(ctx, ada, c.ID, runbook.Checked{Item: "disk", Result: runbook.CheckPassed})
	require.NoError(t, err)
	_, err = r.Complete(ctx, ada, c.ID)
	require.NoError(t, err)
	_, err = r.SignOff(ctx, bob, c.ID, "bob saw it")
	require.NoError(t, err)
	require.NoError(t, r.ErasePerson(ctx, robot, "ada"))
	require.NoError(t, r.ErasePerson(ctx, robot, "ada"), "again changes nothing")
	c, err = r.Get(ctx, c.ID)
	require.NoError(t, err)
	edition, err := r.Template(ctx, "morning", 1)
	require.NoError(t, err)
	for _, record := range []any{c, edition} {
		body, err := json.Marshal(record)
		require.NoError(t, err)
		require.NotContains(t, string(body), "ada")
		require.Contains(t, string(body), "bob")
	}
	require.Equal(t, []servicecoin.PersonID{"carol", "erased"}, c.Hands)
	require.Equal(t, "carol says so", c.Checks[2].Note)
	require.Len(t, c.Checks[0].Evidence, 2, "the value and the digest stay")
	require.Equal(t, runbook.CheckPassed, c.Checks[0].Result)
	require.ErrorIs(t, r.ErasePerson(ctx, robot, ""), servicecoin.ErrInvalid)
	events, err := r.store.For(servicecoin.Provider).Events(ctx, 0, 100)
	require.NoError(t, err)
	require.Equal(t, []string{"checklist.erased", "checklist.templateErased"}, []string{events[len(events)-2].Name, events[len(events)-1].Name})
}

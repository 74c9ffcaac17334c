package runbook_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

var (
	ada   = servicecoin.Person("ada")
	bob   = servicecoin.Person("bob")
	carol = servicecoin.Person("carol")
	robot = servicecoin.Program("exchange")
)

func en(text string) servicecoin.Texts { return servicecoin.Texts{"en": text} }

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }

// house is what a test works with.
type house struct {
	clock   *clock
	store   *store.Store
	library *runbook.Library
	runs    *runbook.Runs
}

func newHouse(t testing.TB) house {
	t.Helper()
	c := &clock{at: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)}
	n := 0
	s := store.New(memory.New(), &store.Options{Now: c.now, NewID: func() string { n++; return fmt.Sprintf("id-%06d", n) }})
	salt := byte(0)
	view := s.For(servicecoin.Provider)
	return house{
		clock: c, store: s, library: runbook.NewLibrary(view, nil),
		runs: runbook.NewRuns(view, &runbook.RunOptions{Salt: func() runbook.Salt { salt++; return runbook.Salt{salt, 7} }}),
	}
}

func (h house) publish(t testing.TB, b runbook.Book) runbook.Book {
	t.Helper()
	b, err := h.library.Draft(t.Context(), ada, b)
	require.NoError(t, err)
	b, err = h.library.Publish(t.Context(), bob, b.ID, b.Version)
	require.NoError(t, err)
	return b
}

// failover has a step of each kind but a call.
func failover() runbook.Book {
	return runbook.Book{
		ID: "failover", Title: en("Fail over the database"), Purpose: en("When {{primary}} is gone."),
		Scenario: runbook.Failover, Services: []servicecoin.ServiceID{"mail", "db"},
		Roles: []runbook.Role{{Name: "operator"}, {Name: "lead"}},
		Parameters: []runbook.Parameter{
			{Name: "primary", Type: runbook.Text, From: &runbook.Source{Record: "database", Path: "/hosts/0/name"}},
			{Name: "maxLag", Type: runbook.Number, Default: "5"},
			{Name: "password", Type: runbook.Secret, From: &runbook.Source{Record: "database", Path: "/secret"}},
		},
		Steps: []runbook.Step{
			{ID: "look", Kind: runbook.ManualStep, Title: en("Look"), Text: servicecoin.Texts{"en": "Look at `{{primary}}`.", "de": "`{{primary}}` ansehen."}, Role: "operator", Expected: calendar.Within(5 * time.Minute)},
			{ID: "lag", Kind: runbook.VerificationStep, Title: en("Lag"), Verification: &runbook.Verification{LookAt: en("replication lag"), Unit: "s", Expect: runbook.Expectation{Is: runbook.AtMost, Value: "{{maxLag}}"}}},
			{ID: "way", Kind: runbook.DecisionStep, Title: en("Which way?"), Decision: &runbook.Decision{Branches: []runbook.Branch{
				{Answer: "promote", Steps: []runbook.StepID{"go", "promote"}}, {Answer: "wait", Steps: []runbook.StepID{"pause"}},
			}}},
			{ID: "go", Kind: runbook.ApprovalStep, Title: en("Go?"), Approval: &runbook.Approval{Role: "lead"}},
			{
				ID: "promote", Kind: runbook.AutomatedStep, Title: en("Promote"), Hazard: en("two primaries"),
				Action: &runbook.Action{Name: "db.promote", Limit: calendar.Within(time.Minute), Retries: 1, Outputs: []string{"host"}, Inputs: []runbook.Input{
					{Name: "old", Type: runbook.Text, Value: "{{primary}}"}, {Name: "password", Type: runbook.Secret, Value: "{{password}}"},
				}},
				Undo: &runbook.Undo{Action: &runbook.Action{Name: "db.demote"}},
			},
			{ID: "pause", Kind: runbook.WaitStep, Title: en("Wait"), Wait: &runbook.Wait{For: calendar.Within(10 * time.Minute)}},
			{ID: "tell", Kind: runbook.ManualStep, Title: en("Tell"), Text: en("Tell people."), Undo: &runbook.Undo{Text: en("Tell them that it was nothing.")}},
		},
	}
}

var environment = runbook.Configuration{"database": []byte(`{"hosts":[{"name":"db-7"}],"secret":"hunter2"}`)}

func (h house) start(t testing.TB, book servicecoin.RunbookID) runbook.Run {
	t.Helper()
	r, err := h.runs.Start(t.Context(), ada, runbook.Beginning{ID: "r1", Book: book, Configuration: environment, NewRun: runbook.NewRun{Change: "c1", Customer: "acme"}})
	require.NoError(t, err)
	return r
}

func second(_ runbook.Run, err error) error { return err }

func states(r runbook.Run) map[runbook.StepID]runbook.StepState {
	m := map[runbook.StepID]runbook.StepState{}
	for _, s := range append(append([]runbook.Status(nil), r.Steps...), r.Undo...) {
		m[s.ID] = s.State
	}
	return m
}

func at(id runbook.StepID) runbook.At { return runbook.At{Step: id} }

func sound(t testing.TB, h house, id runbook.RunID) {
	t.Helper()
	v, err := h.runs.Verify(t.Context(), id)
	require.NoError(t, err)
	require.Empty(t, v.Flaws)
	r, err := h.runs.Get(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, r.Count, v.Entries)
}

func (h house) lines(t testing.TB, id runbook.RunID) []runbook.Line {
	t.Helper()
	var list []runbook.Line
	for e, err := range h.runs.Entries(id).All(t.Context()) {
		require.NoError(t, err)
		l, err := e.Read()
		require.NoError(t, err)
		list = append(list, l)
	}
	return list
}

func TestRunFromStartToEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, failover())
	ctx := t.Context()
	r := h.start(t, "failover")
	require.Equal(t, runbook.StepReady, states(r)["look"])
	require.Equal(t, runbook.StepWaiting, states(r)["lag"])

	_, err := h.runs.Begin(ctx, ada, "r1", at("look"))
	require.NoError(t, err)
	h.clock.pass(3 * time.Minute)
	r, err = h.runs.Finish(ctx, ada, "r1", runbook.Finished{At: at("look"), Evidence: []runbook.Evidence{
		{Text: "it does not answer"},
		{Value: decimal.NewNullDecimal(decimal.New(98, 0)), Unit: "%"},
		{Link: "https://graph/1"},
		{File: &runbook.File{SHA256: fmt.Sprintf("%064x", 7), Name: "screen.png", Size: 10}},
	}})
	require.NoError(t, err)
	s, _ := r.Status("look")
	took, ok := s.Took()
	require.True(t, ok)
	require.Equal(t, 3*time.Minute, took)

	r, err = h.runs.Measure(ctx, ada, "r1", runbook.Measured{At: at("lag"), Value: "5"})
	require.NoError(t, err)
	require.Equal(t, runbook.StepDone, states(r)["lag"])
	r, err = h.runs.Answer(ctx, ada, "r1", runbook.Answered{At: at("way"), Answer: "promote"})
	require.NoError(t, err)
	require.Equal(t, runbook.StepReady, states(r)["go"])

	_, err = h.runs.Approve(ctx, ada, "r1", runbook.Approved{At: at("go"), Go: true})
	require.ErrorIs(t, err, servicecoin.ErrRefused, "who leads the run does not approve")
	_, err = h.runs.Approve(ctx, bob, "r1", runbook.Approved{At: at("go"), Go: true})
	require.NoError(t, err)
	_, err = h.runs.Approve(ctx, carol, "r1", runbook.Approved{At: at("go"), Go: true})
	require.NoError(t, err, "so was the first go")
	for _, wrong := range []error{
		second(h.runs.Finish(ctx, ada, "r1", runbook.Finished{At: at("go")})), second(h.runs.Answer(ctx, ada, "r1", runbook.Answered{At: at("look")})),
		second(h.runs.Approve(ctx, bob, "r1", runbook.Approved{At: at("look"), Go: true})), second(h.runs.Measure(ctx, bob, "r1", runbook.Measured{At: at("look"), Value: "5"})),
	} {
		require.ErrorIs(t, wrong, servicecoin.ErrRefused, "a step of another kind")
	}
	_, err = h.runs.Begin(ctx, bob, "r1", at("promote"))
	require.ErrorIs(t, err, servicecoin.ErrRefused, "who approved it does not do it")
	r, err = h.runs.Begin(ctx, ada, "r1", at("promote"))
	require.NoError(t, err)
	require.Equal(t, runbook.StepRequested, states(r)["promote"])

	var runner runbook.MemoryRunner
	runner.Script("db.promote", runbook.Result{Failed: true, Text: "no route"}, runbook.Result{Outputs: map[string]string{"host": "db-8", "other": "x"}})
	require.NoError(t, h.runs.Carry(ctx, robot, &runner, "r1", runbook.At{Step: "promote", Attempt: 1}))
	r, err = h.runs.Get(ctx, "r1")
	require.NoError(t, err)
	s, _ = r.Status("promote")
	require.Equal(t, runbook.StepRequested, s.State, "a retry was left")
	require.Equal(t, 2, s.Attempt)
	require.NoError(t, h.runs.Carry(ctx, robot, &runner, "r1", runbook.At{Step: "promote", Attempt: 1}), "an old attempt is not waited for")
	require.NoError(t, h.runs.Carry(ctx, robot, &runner, "r1", runbook.At{Step: "promote", Attempt: 2}))
	r, err = h.runs.Get(ctx, "r1")
	require.NoError(t, err)
	s, _ = r.Status("promote")
	require.Equal(t, runbook.StepDone, s.State)
	require.Equal(t, map[string]string{"host": "db-8"}, s.Outputs)
	require.Equal(t, runbook.StepOmitted, states(r)["pause"])
	require.Len(t, runner.Asked(), 2)
	require.Equal(t, []runbook.TaskInput{
		{Name: "old", Type: runbook.Text, Value: "db-7"},
		{Name: "password", Type: runbook.Secret, Secret: "password", From: runbook.Source{Record: "database", Path: "/secret"}},
	}, runner.Asked()[0].Inputs)

	_, err = h.runs.Succeed(ctx, ada, "r1", "")
	require.ErrorIs(t, err, servicecoin.ErrRefused, "a step is left")
	_, err = h.runs.HandOver(ctx, ada, "r1", "carol", "the rest is yours")
	require.NoError(t, err)
	_, err = h.runs.Finish(ctx, carol, "r1", runbook.Finished{At: at("tell")})
	require.NoError(t, err)
	r, err = h.runs.Succeed(ctx, carol, "r1", "all well")
	require.NoError(t, err)
	require.Equal(t, runbook.Succeeded, r.State)
	sound(t, h, "r1")
	exercised, err := h.runs.Exercised(ctx, "failover", "other")
	require.NoError(t, err)
	require.Equal(t, map[servicecoin.RunbookID]time.Time{"failover": r.EndedAt}, exercised)
	for name, list := range map[string]store.Listing[runbook.Run]{
		"recent": h.runs.Recent(), "state": h.runs.InState(runbook.Succeeded), "book": h.runs.OfBook("failover"),
		"change": h.runs.OfChange("c1"), "customer": h.runs.OfCustomer("acme"),
	} {
		page, err := list.Page(ctx, "", 10)
		require.NoError(t, err, name)
		require.Len(t, page.Items, 1, name)
	}

	events, err := h.store.For(servicecoin.Provider).Events(ctx, 0, 100)
	require.NoError(t, err)
	last := events[len(events)-1]
	require.Equal(t, runbook.EventEnded, last.Name)
	closing, err := store.Payload[runbook.RunChanged](last)
	require.NoError(t, err)
	require.Equal(t, r.Count, closing.Count)
	require.Equal(t, r.Head, closing.Head)
	for _, e := range events {
		require.NotContains(t, string(e.Data), "hunter2")
	}
	for e, err := range h.runs.Entries("r1").All(ctx) {
		require.NoError(t, err)
		require.NotContains(t, string(e.Bytes()), "hunter2")
	}
}

func TestTwoWhoPressTheSameButtonGetOneResult(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, failover())
	ctx := t.Context()
	first := h.start(t, "failover")
	require.Equal(t, first, h.start(t, "failover"))
	press := []struct {
		name string
		do   func(by servicecoin.Actor) (runbook.Run, error)
	}{
		{"begin", func(by servicecoin.Actor) (runbook.Run, error) { return h.runs.Begin(ctx, by, "r1", at("look")) }},
		{"finish", func(by servicecoin.Actor) (runbook.Run, error) {
			return h.runs.Finish(ctx, by, "r1", runbook.Finished{At: at("look"), Note: "by " + string(by.ID)})
		}},
		{"measure", func(by servicecoin.Actor) (runbook.Run, error) {
			return h.runs.Measure(ctx, by, "r1", runbook.Measured{At: at("lag"), Value: "9"})
		}},
		{"retry", func(by servicecoin.Actor) (runbook.Run, error) {
			return h.runs.Retry(ctx, by, "r1", runbook.At{Step: "lag", Attempt: 1})
		}},
		{"measure again", func(by servicecoin.Actor) (runbook.Run, error) {
			return h.runs.Measure(ctx, by, "r1", runbook.Measured{At: at("lag"), Value: "1"})
		}},
		{"answer", func(by servicecoin.Actor) (runbook.Run, error) {
			return h.runs.Answer(ctx, by, "r1", runbook.Answered{At: at("way"), Answer: "wait"})
		}},
		{"skip", func(by servicecoin.Actor) (runbook.Run, error) {
			return h.runs.Skip(ctx, by, "r1", runbook.Skipping{At: at("pause"), Reason: "no time", AllowedBy: "carol"})
		}},
		{"pause", func(by servicecoin.Actor) (runbook.Run, error) { return h.runs.Pause(ctx, by, "r1", "lunch") }},
		{"resume", func(by servicecoin.Actor) (runbook.Run, error) { return h.runs.Resume(ctx, by, "r1") }},
		{"hand over", func(by servicecoin.Actor) (runbook.Run, error) { return h.runs.HandOver(ctx, by, "r1", "carol", "") }},
		{"abort", func(by servicecoin.Actor) (runbook.Run, error) { return h.runs.Abort(ctx, by, "r1", "enough") }},
	}
	for _, p := range press {
		one, err := p.do(ada)
		require.NoError(t, err, p.name)
		two, err := p.do(bob)
		require.NoError(t, err, p.name)
		require.Equal(t, one, two, p.name)
	}
	lines := h.lines(t, "r1")
	require.Len(t, lines, 1+len(press))
	require.Equal(t, "by ada", lines[2].Texts["text"], "the first one's")
	_, err := h.runs.Answer(ctx, bob, "r1", runbook.Answered{At: at("way"), Answer: "promote"})
	require.ErrorIs(t, err, servicecoin.ErrRefused, "another answer is no second press")
	sound(t, h, "r1")
}

func TestAFailedVerificationDoesNotSucceed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, runbook.Book{
		ID: "b", Title: en("b"), Scenario: runbook.Start,
		Steps: []runbook.Step{{ID: "v", Kind: runbook.VerificationStep, Title: en("v"), Verification: &runbook.Verification{LookAt: en("x"), Expect: runbook.Expectation{Is: runbook.Equals, Value: "ok"}}}},
	})
	ctx := t.Context()
	h.start(t, "b")
	r, err := h.runs.Measure(ctx, ada, "r1", runbook.Measured{At: at("v"), Value: "bad"})
	require.NoError(t, err)
	require.Equal(t, runbook.StepFailed, states(r)["v"])
	_, err = h.runs.Skip(ctx, ada, "r1", runbook.Skipping{At: at("v"), Reason: "never mind", AllowedBy: "ada"})
	require.ErrorIs(t, err, servicecoin.ErrRefused, "somebody else has to allow it")
	_, err = h.runs.Skip(ctx, ada, "r1", runbook.Skipping{At: at("v"), Reason: "never mind", AllowedBy: "bob"})
	require.NoError(t, err)
	_, err = h.runs.Succeed(ctx, ada, "r1", "")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "verification v failed")
	r, err = h.runs.Fail(ctx, ada, "r1", "it was not ok")
	require.NoError(t, err)
	require.Equal(t, runbook.Failed, r.State)
	sound(t, h, "r1")
}

func TestAbortUndoesInReverseOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, runbook.Book{
		ID: "b", Title: en("b"), Scenario: runbook.Start,
		Steps: []runbook.Step{
			{ID: "one", Kind: runbook.ManualStep, Title: en("one"), Text: en("one"), AtStart: true, Undo: &runbook.Undo{Text: en("not one")}},
			{ID: "two", Kind: runbook.ManualStep, Title: en("two"), Text: en("two"), AtStart: true, Undo: &runbook.Undo{Action: &runbook.Action{Name: "un.two"}}},
			{ID: "three", Kind: runbook.AutomatedStep, Title: en("three"), Action: &runbook.Action{Name: "three"}, AtStart: true, Undo: &runbook.Undo{Text: en("not three")}},
			{ID: "four", Kind: runbook.ManualStep, Title: en("four"), Text: en("four"), Undo: &runbook.Undo{Text: en("not four")}},
		},
	})
	ctx := t.Context()
	h.start(t, "b")
	for _, id := range []runbook.StepID{"two", "one"} { // not the order of the list
		_, err := h.runs.Finish(ctx, ada, "r1", runbook.Finished{At: at(id)})
		require.NoError(t, err)
	}
	_, err := h.runs.Begin(ctx, ada, "r1", at("three"))
	require.NoError(t, err)
	r, err := h.runs.Abort(ctx, ada, "r1", "no")
	require.NoError(t, err)
	require.Equal(t, runbook.Aborting, r.State)
	var order []runbook.StepID
	for _, s := range r.Undo {
		order = append(order, s.ID)
	}
	require.Equal(t, []runbook.StepID{"undo:three", "undo:one", "undo:two"}, order)
	require.Equal(t, runbook.StepCancelled, states(r)["three"])
	_, err = h.runs.Finish(ctx, ada, "r1", runbook.Finished{At: at("undo:one")})
	require.ErrorIs(t, err, servicecoin.ErrRefused, "not its turn")

	var runner runbook.MemoryRunner
	require.NoError(t, h.runs.CarryCancel(ctx, &runner, "r1", []runbook.Wanted{{Step: "three", Attempt: 1}}))
	require.Len(t, runner.Cancelled(), 1)
	r, err = h.runs.Report(ctx, robot, "r1", runbook.Reported{At: runbook.At{Step: "three", Attempt: 1}})
	require.NoError(t, err)
	require.Equal(t, runbook.StepCancelled, states(r)["three"], "a result that nobody waits for changes nothing")
	lines := h.lines(t, "r1")
	require.True(t, lines[len(lines)-1].Fact.Late)

	_, err = h.runs.Finish(ctx, ada, "r1", runbook.Finished{At: at("undo:three")})
	require.NoError(t, err)
	_, err = h.runs.Skip(ctx, ada, "r1", runbook.Skipping{At: at("undo:one"), Reason: "harmless", AllowedBy: "ada"})
	require.NoError(t, err)
	_, err = h.runs.Begin(ctx, ada, "r1", at("undo:two"))
	require.NoError(t, err)
	require.NoError(t, h.runs.Carry(ctx, robot, &runner, "r1", runbook.At{Step: "undo:two", Attempt: 1}))
	require.Equal(t, "un.two", runner.Asked()[0].Action)
	r, err = h.runs.Get(ctx, "r1")
	require.NoError(t, err)
	require.Equal(t, runbook.Aborted, r.State)
	sound(t, h, "r1")
}

func TestWhatTimeDoes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, runbook.Book{
		ID: "b", Title: en("b"), Scenario: runbook.Start,
		Steps: []runbook.Step{
			{ID: "act", Kind: runbook.AutomatedStep, Title: en("act"), Action: &runbook.Action{Name: "act", Limit: calendar.Within(time.Minute)}},
			{ID: "wait", Kind: runbook.WaitStep, Title: en("wait"), Wait: &runbook.Wait{For: calendar.Within(time.Hour)}},
		},
	})
	ctx := t.Context()
	h.start(t, "b")
	due := func() int {
		page, err := h.runs.Due(h.clock.at).Page(ctx, "", 10)
		require.NoError(t, err)
		return len(page.Items)
	}
	_, err := h.runs.Begin(ctx, ada, "r1", at("act"))
	require.NoError(t, err)
	h.clock.pass(59 * time.Second)
	require.Zero(t, due())
	r, err := h.runs.Lapse(ctx, robot, "r1")
	require.NoError(t, err)
	require.Equal(t, runbook.StepRequested, states(r)["act"])
	h.clock.pass(time.Second)
	require.Equal(t, 1, due())
	r, err = h.runs.Lapse(ctx, robot, "r1")
	require.NoError(t, err)
	require.Equal(t, runbook.StepLate, states(r)["act"])
	require.Zero(t, due())
	r, err = h.runs.Report(ctx, robot, "r1", runbook.Reported{At: runbook.At{Step: "act", Attempt: 1}})
	require.NoError(t, err)
	require.Equal(t, runbook.StepDone, states(r)["act"])
	require.Equal(t, runbook.StepActive, states(r)["wait"])
	lines := h.lines(t, "r1")
	require.True(t, lines[len(lines)-1].Fact.Late)
	_, err = h.runs.Finish(ctx, ada, "r1", runbook.Finished{At: at("wait")})
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	h.clock.pass(time.Hour)
	r, err = h.runs.Lapse(ctx, robot, "r1")
	require.NoError(t, err)
	require.Equal(t, runbook.StepDone, states(r)["wait"])
	sound(t, h, "r1")
}

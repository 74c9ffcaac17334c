package runbook_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

func manual(id runbook.StepID) runbook.Step {
	return runbook.Step{ID: id, Kind: runbook.ManualStep, Title: en(string(id)), Text: en("do " + string(id))}
}

func called(books ...runbook.Book) func(servicecoin.RunbookID) (runbook.Book, bool) {
	return func(id servicecoin.RunbookID) (runbook.Book, bool) {
		for _, b := range books {
			if b.ID == id {
				return b, true
			}
		}
		return runbook.Book{}, false
	}
}

func call(id runbook.StepID, book servicecoin.RunbookID, values ...runbook.Argument) runbook.Step {
	return runbook.Step{ID: id, Kind: runbook.CallStep, Title: en(string(id)), Call: &runbook.Call{Book: book, Values: values}}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	sub := runbook.Book{ID: "sub", Version: 3, State: runbook.Published, Title: en("sub"), Scenario: runbook.Stop, Steps: []runbook.Step{call("back", "book")}}
	needs := runbook.Book{ID: "needs", Version: 1, State: runbook.Published, Title: en("n"), Scenario: runbook.Stop, Steps: []runbook.Step{manual("a")}, Parameters: []runbook.Parameter{{Name: "host", Type: runbook.Text}, {Name: "key", Type: runbook.Secret}}}
	for _, c := range []struct {
		name string
		edit func(b *runbook.Book)
		want []string // severity path code
	}{
		{"nothing", func(*runbook.Book) {}, nil},
		{"unknown scenario", func(b *runbook.Book) { b.Scenario = "party" }, []string{"fault scenario unknown"}},
		{"no steps", func(b *runbook.Book) { b.Steps = nil }, []string{"fault steps required"}},
		{"form", func(b *runbook.Book) { b.Steps[0].ID = "a/b" }, []string{"fault steps[0].id bad-name"}},
		{"twice the same id", func(b *runbook.Book) { b.Steps[1].ID = "a" }, []string{"fault steps[1].id duplicate"}},
		{"a circle", func(b *runbook.Book) { b.Steps[0].After = []runbook.StepID{"b"} }, []string{"fault steps[0] cannot-end", "fault steps[1] cannot-end", "fault steps[2] unreachable"}},
		{"after itself", func(b *runbook.Book) { b.Steps[2].After = []runbook.StepID{"c"} }, []string{"fault steps[2] cannot-end"}},
		{"after nobody", func(b *runbook.Book) { b.Steps[2].After = []runbook.StepID{"z"} }, []string{"fault steps[2].after[0] unknown"}},
		{"unknown role", func(b *runbook.Book) { b.Steps[0].Role = "king" }, []string{"fault steps[0].role unknown"}},
		{"unknown approver", func(b *runbook.Book) {
			b.Steps[1] = runbook.Step{ID: "b", Kind: runbook.ApprovalStep, Title: en("b"), Approval: &runbook.Approval{Role: "king"}}
		}, []string{"fault steps[1].approval.role unknown"}},
		{"undeclared", func(b *runbook.Book) { b.Steps[0].Text = en("{{host}}") }, []string{"fault steps[0].text.en undeclared"}},
		{"unused", func(b *runbook.Book) { b.Parameters = []runbook.Parameter{{Name: "host", Type: runbook.Text}} }, []string{"warning parameters[0] unused"}},
		{"secret in a text", func(b *runbook.Book) {
			b.Parameters = []runbook.Parameter{{Name: "key", Type: runbook.Secret}}
			b.Steps[0].Text = en("type {{key}}")
		}, []string{"fault steps[0].text.en secret"}},
		{"hazard without undo", func(b *runbook.Book) { b.Steps[0].Hazard = en("fire") }, []string{"warning steps[0].undo required"}},
		{"no action", func(b *runbook.Book) { b.Steps[0].Kind = runbook.AutomatedStep }, []string{"fault steps[0].action required"}},
		{"another part", func(b *runbook.Book) { b.Steps[0].Wait = &runbook.Wait{For: calendar.Within(time.Hour)} }, []string{"fault steps[0].wait not-allowed"}},
		{"for and until", func(b *runbook.Book) {
			b.Steps[0] = runbook.Step{ID: "a", Kind: runbook.WaitStep, Title: en("a"), Wait: &runbook.Wait{For: calendar.Within(time.Hour), Until: "2026-05-04T09:00:00Z"}}
		}, []string{"fault steps[0].wait required"}},
		{"until no instant", func(b *runbook.Book) {
			b.Parameters = []runbook.Parameter{{Name: "host", Type: runbook.Text}}
			b.Steps[0] = runbook.Step{ID: "a", Kind: runbook.WaitStep, Title: en("a"), Wait: &runbook.Wait{Until: "{{host}}"}}
		}, []string{"fault steps[0].wait.until bad-type"}},
		{"branch to nowhere", func(b *runbook.Book) {
			b.Steps[0] = runbook.Step{ID: "a", Kind: runbook.DecisionStep, Title: en("a"), Decision: &runbook.Decision{Branches: []runbook.Branch{{Answer: "yes", Steps: []runbook.StepID{"z"}}}}}
		}, []string{"fault steps[0].decision.branches[0].steps[0] unknown"}},
		{"branch that is never taken", func(b *runbook.Book) {
			b.Steps[1] = runbook.Step{ID: "b", Kind: runbook.DecisionStep, Title: en("b"), Decision: &runbook.Decision{Of: &runbook.Reading{Step: "a"}, Branches: []runbook.Branch{
				{Answer: "any"}, {Answer: "never", When: &runbook.Expectation{Is: runbook.Equals, Value: "x"}, Steps: []runbook.StepID{"c"}},
			}}}
		}, []string{"fault steps[1].decision.branches[1] unreachable", "fault steps[2] unreachable"}},
		{"a result that comes later", func(b *runbook.Book) {
			b.Steps[0] = runbook.Step{ID: "a", Kind: runbook.DecisionStep, Title: en("a"), Decision: &runbook.Decision{Of: &runbook.Reading{Step: "c", Output: "x"}, Branches: []runbook.Branch{{Answer: "any"}}}}
		}, []string{"fault steps[0].decision.of.step not-before", "fault steps[0].decision.of.output unknown"}},
		{"bad expression", func(b *runbook.Book) {
			b.Steps[0] = runbook.Step{ID: "a", Kind: runbook.VerificationStep, Title: en("a"), Verification: &runbook.Verification{LookAt: en("x"), Expect: runbook.Expectation{Is: runbook.Matches, Value: "("}}}
		}, []string{"fault steps[0].verification.expect.value bad-format"}},
		{"calls itself", func(b *runbook.Book) { b.Steps[0] = call("a", "book") }, []string{"fault steps[0].call.book calls-itself"}},
		{"calls itself by another", func(b *runbook.Book) { b.Steps[0] = call("a", "sub") }, []string{"fault steps[0].call.book calls-itself"}},
		{"calls nobody", func(b *runbook.Book) { b.Steps[0] = call("a", "none") }, []string{"fault steps[0].call.book unknown"}},
		{"calls with too little", func(b *runbook.Book) {
			b.Steps[0] = call("a", "needs", runbook.Argument{Name: "hots", Value: "x"}, runbook.Argument{Name: "key", Value: "x"})
		}, []string{"fault steps[0].call.values[0].name unknown", "fault steps[0].call.values[1].name secret", "fault steps[0].call.values required"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := runbook.Book{ID: "book", Version: 1, State: runbook.Draft, Title: en("book"), Scenario: runbook.Start, Steps: []runbook.Step{manual("a"), manual("b"), manual("c")}}
			c.edit(&b)
			var got []string
			for _, f := range b.Check(runbook.Checks{Called: called(sub, needs)}) {
				got = append(got, string(f.Severity)+" "+f.Path+" "+f.Code)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	old := runbook.Book{Steps: []runbook.Step{manual("a"), manual("b"), manual("c"), manual("d"), manual("e")}}
	now := runbook.Book{Steps: []runbook.Step{manual("a"), manual("d"), manual("new"), manual("c"), manual("e")}}
	now.Steps[4].Text = en("do it otherwise")
	now.Steps[4].Role = "operator"
	var got []string
	for _, d := range runbook.Diff(old, now) {
		got = append(got, string(d.Change)+" "+string(d.Step)+" "+strings.Join(d.Fields, ","))
	}
	require.Equal(t, []string{"removed b ", "added new ", "moved c place", "edited e text,role"}, sorted(got, "removed b "))
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.StringMatching("[a-z]{1,3}"), 0, 8, rapid.ID[string]).Draw(t, "ids")
		var b, empty runbook.Book
		for _, id := range ids {
			b.Steps = append(b.Steps, manual(runbook.StepID(id)))
		}
		body, err := json.Marshal(b)
		require.NoError(t, err)
		var read runbook.Book
		require.NoError(t, json.Unmarshal(body, &read))
		require.Empty(t, runbook.Diff(b, read))
		require.Len(t, runbook.Diff(empty, b), len(ids))
		require.Len(t, runbook.Diff(b, empty), len(ids))
		turned := runbook.Book{Steps: slices.Clone(b.Steps)}
		slices.Reverse(turned.Steps)
		require.Len(t, runbook.Diff(b, turned), max(0, len(ids)-1))
	})
}

// sorted puts one text first, wherever it stands.
func sorted(list []string, first string) []string {
	if n := slices.Index(list, first); n > 0 {
		list = slices.Insert(slices.Delete(list, n, n+1), 0, first)
	}
	return list
}

func TestLibrary(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	four := runbook.NewLibrary(h.store.For(servicecoin.Provider), &runbook.LibraryOptions{FourEyes: true, Scenarios: []runbook.Scenario{"sail"}})
	b := runbook.Book{ID: "b", Title: en("b"), Scenario: "sail", Steps: []runbook.Step{manual("a")}, ReviewEvery: calendar.Within(24 * time.Hour)}
	b, err := four.Draft(ctx, ada, b)
	require.NoError(t, err)
	require.Equal(t, 1, b.Version)
	_, err = four.Draft(ctx, ada, b)
	require.ErrorIs(t, err, servicecoin.ErrRefused, "one draft at a time")
	_, err = four.Publish(ctx, ada, "b", 1)
	require.ErrorIs(t, err, servicecoin.ErrRefused, "four eyes")
	_, err = four.Publish(ctx, servicecoin.Actor{Kind: servicecoin.Human, ID: "bob", OnBehalfOf: "ada"}, "b", 1)
	require.ErrorIs(t, err, servicecoin.ErrRefused, "four eyes, and not for them")
	bad := b
	bad.Steps = []runbook.Step{call("a", "b")}
	_, err = four.Edit(ctx, ada, bad)
	require.NoError(t, err, "a draft may be wrong")
	_, err = four.Publish(ctx, bob, "b", 1)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = four.Edit(ctx, ada, b)
	require.NoError(t, err)
	one, err := four.Publish(ctx, bob, "b", 1)
	require.NoError(t, err)
	require.Equal(t, h.clock.at.Add(24*time.Hour), one.ReviewBy)
	_, err = four.Edit(ctx, ada, b)
	require.ErrorIs(t, err, servicecoin.ErrRefused, "what is published never changes")

	two, err := four.Revise(ctx, bob, "b")
	require.NoError(t, err)
	require.Equal(t, 2, two.Version)
	two.Steps = append(two.Steps, manual("z"))
	_, err = four.Edit(ctx, bob, two)
	require.NoError(t, err)
	h.clock.pass(time.Hour)
	_, err = four.Publish(ctx, ada, "b", 2)
	require.NoError(t, err)
	one, err = four.Get(ctx, "b", 1)
	require.NoError(t, err)
	require.Equal(t, runbook.Superseded, one.State)
	now, err := four.Published(ctx, "b")
	require.NoError(t, err)
	require.Equal(t, 2, now.Version)
	_, err = four.Review(ctx, ada, "b", 2)
	require.NoError(t, err)
	three, err := four.Revise(ctx, ada, "b")
	require.NoError(t, err)
	require.NoError(t, four.Discard(ctx, ada, "b", three.Version))
	_, err = four.Withdraw(ctx, ada, "b", 2, "")
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = four.Withdraw(ctx, ada, "b", 2, "it sinks")
	require.NoError(t, err)
	_, err = four.Published(ctx, "b")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = h.runs.Start(ctx, ada, runbook.Beginning{Book: "b"})
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	page, err := four.Versions("b").Page(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	n, err := runbook.Reindex(ctx, h.store)
	require.NoError(t, err)
	require.Zero(t, n)
	require.NotEmpty(t, runbook.BookTransitions())
}

func TestMissingIsListedBeforeTheRunBegins(t *testing.T) {
	t.Parallel()
	b := runbook.Book{ID: "b", Parameters: []runbook.Parameter{
		{Name: "host", Type: runbook.Text, From: &runbook.Source{Record: "server", Path: "/names/1/a~1b"}},
		{Name: "port", Type: runbook.Number, From: &runbook.Source{Record: "server", Path: "/port"}},
		{Name: "when", Type: runbook.Instant},
		{Name: "long", Type: runbook.Duration, Default: "PT1H"},
		{Name: "size", Type: runbook.Choice, Choices: []string{"S", "L"}},
		{Name: "note", Type: runbook.Text, Optional: true},
		{Name: "key", Type: runbook.Secret},
	}}
	c := runbook.Configuration{"server": []byte(`{"names":[{}, {"a/b":"web-1"}],"port":"x"}`)}
	values, lacks := runbook.Resolve(b, runbook.Values{"size": "M"}, c)
	require.Equal(t, runbook.Values{"host": "web-1", "long": "PT1H"}, values)
	var got []string
	for _, l := range lacks {
		got = append(got, l.Name+" "+l.Code)
	}
	require.Equal(t, []string{"port bad-format", "when required", "size unknown"}, got)
	require.Empty(t, runbook.Missing(b, runbook.Values{"size": "L", "when": "2026-05-04T09:00:00Z", "port": "80"}, c))
	require.Equal(t, []string{"server"}, b.Records())
	require.Len(t, runbook.Missing(b, nil, runbook.Configuration{"server": []byte("{")}), 4)

	h := newHouse(t)
	h.publish(t, failover())
	_, err := h.runs.Start(t.Context(), ada, runbook.Beginning{Book: "failover"})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	require.ErrorContains(t, err, "values.primary")
	_, err = h.runs.Start(t.Context(), ada, runbook.Beginning{Book: "failover", Values: runbook.Values{"password": "hunter2", "nobody": "x"}})
	require.ErrorContains(t, err, "values.nobody")
	require.ErrorContains(t, err, "values.password")
	require.NotContains(t, err.Error(), "hunter2")
}

func TestCallsArePinnedAndDoneInTheirPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	stop := runbook.Book{ID: "stop", Title: en("stop"), Scenario: runbook.Stop, Parameters: []runbook.Parameter{{Name: "host", Type: runbook.Text}}, Steps: []runbook.Step{manual("a"), manual("b")}}
	stop.Steps[0].Text = en("stop {{host}}")
	stop.Steps[1].AtStart = true
	h.publish(t, stop)
	book := runbook.Book{
		ID: "book", Title: en("book"), Scenario: runbook.Patch, Parameters: []runbook.Parameter{{Name: "node", Type: runbook.Text}},
		Steps: []runbook.Step{
			{ID: "ask", Kind: runbook.DecisionStep, Title: en("ask"), Decision: &runbook.Decision{Branches: []runbook.Branch{{Answer: "yes", Steps: []runbook.StepID{"first"}}, {Answer: "no"}}}},
			call("first", "stop", runbook.Argument{Name: "host", Value: "{{node}}-1"}), call("second", "stop", runbook.Argument{Name: "host", Value: "{{node}}-2"}), manual("end"),
		},
	}
	h.publish(t, book)
	for _, id := range []runbook.RunID{"yes", "no"} {
		_, err := h.runs.Start(ctx, ada, runbook.Beginning{ID: id, Book: "book", Values: runbook.Values{"node": "web"}})
		require.NoError(t, err)
	}
	stop.Steps = stop.Steps[:1]
	h.publish(t, stop) // runs do not hear of it
	p, err := h.runs.Plan(ctx, "yes")
	require.NoError(t, err)
	require.Equal(t, []runbook.Pin{{Book: "book", Version: 1}, {Book: "stop", Version: 1}}, p.Books)
	s, ok := p.Step("second/a")
	require.True(t, ok)
	require.Equal(t, "stop web-2", s.Text["en"])

	r, err := h.runs.Answer(ctx, ada, "yes", runbook.Answered{At: at("ask"), Answer: "yes"})
	require.NoError(t, err)
	want := map[runbook.StepID]runbook.StepState{
		"ask": runbook.StepDone, "first": runbook.StepDone, "first/a": runbook.StepReady, "first/b": runbook.StepReady,
		"second": runbook.StepWaiting, "second/a": runbook.StepWaiting, "second/b": runbook.StepWaiting, "end": runbook.StepWaiting,
	}
	require.Equal(t, want, states(r))
	for _, id := range []runbook.StepID{"first/b", "first/a", "second/a", "second/b", "end"} {
		_, err = h.runs.Finish(ctx, ada, "yes", runbook.Finished{At: at(id)})
		require.NoError(t, err)
	}
	_, err = h.runs.Succeed(ctx, ada, "yes", "")
	require.NoError(t, err)
	r, err = h.runs.Answer(ctx, ada, "no", runbook.Answered{At: at("ask"), Answer: "no"})
	require.NoError(t, err)
	for _, id := range []runbook.StepID{"first", "first/a", "first/b"} {
		require.Equal(t, runbook.StepOmitted, states(r)[id])
	}
	require.Equal(t, runbook.StepReady, states(r)["second/a"])
}

func TestExpectations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e     runbook.Expectation
		value string
		met   bool
	}{
		{runbook.Expectation{Is: runbook.Equals, Value: "ok"}, " ok\n", true},
		{runbook.Expectation{Is: runbook.Equals, Value: "5.0"}, "5", true},
		{runbook.Expectation{Is: runbook.Equals, Value: "ok"}, "OK", false},
		{runbook.Expectation{Is: runbook.Contains, Value: "up"}, "it is up", true},
		{runbook.Expectation{Is: runbook.Contains, Value: "up"}, "down", false},
		{runbook.Expectation{Is: runbook.Matches, Value: "^v1[0-9]$"}, "v14", true},
		{runbook.Expectation{Is: runbook.Matches, Value: "^v1[0-9]$"}, "v24", false},
		{runbook.Expectation{Is: runbook.Matches, Value: "("}, "(", false},
		{runbook.Expectation{Is: runbook.Between, Low: "1", High: "2"}, "1", true},
		{runbook.Expectation{Is: runbook.Between, Low: "1", High: "2"}, "2", true},
		{runbook.Expectation{Is: runbook.Between, Low: "1", High: "2"}, "2.01", false},
		{runbook.Expectation{Is: runbook.Between, Low: "1", High: "2"}, "many", false},
		{runbook.Expectation{Is: runbook.AtMost, Value: "3"}, "3", true},
		{runbook.Expectation{Is: runbook.AtMost, Value: "3"}, "3.1", false},
		{runbook.Expectation{Is: runbook.AtMost, Value: "3"}, "1e999999999", false},
		{runbook.Expectation{Is: "likes"}, "x", false},
	} {
		require.Equal(t, c.met, c.e.Met(c.value), "%v %q", c.e, c.value)
	}
}

func TestDecisionByAnEarlierResult(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, runbook.Book{ID: "b", Title: en("b"), Scenario: runbook.Start, Steps: []runbook.Step{
		{ID: "ask", Kind: runbook.AutomatedStep, Title: en("ask"), Action: &runbook.Action{Name: "ask", Outputs: []string{"load"}}},
		{ID: "way", Kind: runbook.DecisionStep, Title: en("way"), Decision: &runbook.Decision{Of: &runbook.Reading{Step: "ask", Output: "load"}, Branches: []runbook.Branch{
			{Answer: "low", When: &runbook.Expectation{Is: runbook.AtMost, Value: "50"}, Steps: []runbook.StepID{"l"}},
			{Answer: "high", When: &runbook.Expectation{Is: runbook.Between, Low: "50", High: "100"}, Steps: []runbook.StepID{"h"}},
		}}},
		manual("l"), manual("h"),
	}})
	for load, want := range map[string][]runbook.StepState{
		"50": {runbook.StepDone, runbook.StepReady, runbook.StepWaiting}, "51": {runbook.StepDone, runbook.StepOmitted, runbook.StepReady},
		"much": {runbook.StepReady, runbook.StepWaiting, runbook.StepWaiting},
	} {
		r, err := h.runs.Start(t.Context(), ada, runbook.Beginning{ID: runbook.RunID("r-" + load), Book: "b"})
		require.NoError(t, err)
		_, err = h.runs.Begin(t.Context(), ada, r.ID, at("ask"))
		require.NoError(t, err)
		var runner runbook.MemoryRunner
		runner.Script("ask", runbook.Result{Outputs: map[string]string{"load": load}})
		require.NoError(t, h.runs.Carry(t.Context(), robot, &runner, r.ID, runbook.At{Step: "ask", Attempt: 1}))
		r, err = h.runs.Get(t.Context(), r.ID)
		require.NoError(t, err)
		s := states(r)
		require.Equal(t, want, []runbook.StepState{s["way"], s["l"], s["h"]}, load)
	}
}

func TestStaleAndCovered(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 5, n, 0, 0, 0, 0, time.UTC) }
	b := failover()
	b.State, b.PublishedAt = runbook.Published, day(1)
	fresh := runbook.Surroundings{Within: calendar.Within(10 * 24 * time.Hour)}
	require.Empty(t, runbook.Stale(b, day(11), fresh), "on the day itself it is fresh")
	require.Equal(t, []runbook.Staleness{{Code: runbook.NotExercised, Since: day(11)}}, runbook.Stale(b, day(12), fresh))
	fresh.Exercised = runbook.Exercised([]runbook.Run{
		{Book: b.ID, State: runbook.Succeeded, EndedAt: day(5)}, {Book: b.ID, State: runbook.Failed, EndedAt: day(9)}, {Book: b.ID, State: runbook.Succeeded, EndedAt: day(3)},
	})
	require.Empty(t, runbook.Stale(b, day(12), fresh))
	b.ReviewBy = day(6)
	fresh.Services = map[servicecoin.ServiceID]time.Time{"mail": day(4), "db": day(7)}
	fresh.Records = map[string]time.Time{"database": day(8), "other": day(8)}
	require.Equal(t, []runbook.Staleness{
		{Code: runbook.ReviewPassed, Since: day(6)}, {Code: runbook.ServiceChanged, Of: "db", Since: day(7)}, {Code: runbook.RecordChanged, Of: "database", Since: day(8)},
	}, runbook.Stale(b, day(9), fresh))

	start := runbook.Book{ID: "start", State: runbook.Published, Scenario: runbook.Start, Services: []servicecoin.ServiceID{"mail"}, Publication: runbook.Publication{PublishedAt: day(8)}}
	draft := start
	draft.ID, draft.State = "draft", runbook.Draft
	covers := runbook.Coverage([]servicecoin.ServiceID{"mail", "web"}, []runbook.Scenario{runbook.Start, runbook.Failover}, []runbook.Book{b, start, draft}, day(9), fresh)
	require.Equal(t, []runbook.Cover{
		{Service: "mail", Scenario: runbook.Start, Fresh: []servicecoin.RunbookID{"start"}},
		{Service: "mail", Scenario: runbook.Failover, Stale: []servicecoin.RunbookID{"failover"}},
		{Service: "web", Scenario: runbook.Start},
		{Service: "web", Scenario: runbook.Failover},
	}, covers)
	require.True(t, covers[0].Covered())
	require.False(t, covers[1].Covered())
}

func TestLengths(t *testing.T) {
	t.Parallel()
	b := failover()
	var list []runbook.Run
	for _, m := range []int{2, 9, 4, 7} {
		list = append(list, runbook.Run{Book: b.ID, Steps: []runbook.Status{{ID: "look", State: runbook.StepDone, BegunAt: time.Unix(0, 0), EndedAt: time.Unix(0, 0).Add(time.Duration(m) * time.Minute)}}})
	}
	l := runbook.Lengths(b, list)
	require.Equal(t, runbook.Length{
		Step: "look", Expected: calendar.Within(5 * time.Minute), N: 4, Median: calendar.Took(330 * time.Second),
		Shortest: calendar.Took(2 * time.Minute), Longest: calendar.Took(9 * time.Minute), Over: 2,
	}, l[0])
	require.False(t, l[1].Median.Defined(), "no runs: undefined")
	length, unknown := b.Expected()
	require.Equal(t, calendar.Within(15*time.Minute), length)
	require.Equal(t, 4, unknown)
}

func TestPlaceholders(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"a", "b.c"}, runbook.Placeholders("{{a}} {{ b.c }} {{a}} {{.x}} {{a | b}} {{ {{"))
	require.Equal(t, "{1} 2 {{.x}}", runbook.Fill("{{{a}}} {{ b }} {{.x}}", func(name string) (string, bool) {
		return map[string]string{"a": "1", "b": "2"}[name], true
	}))
}

func FuzzPlaceholders(f *testing.F) {
	for _, s := range []string{"", "{{a}}", "{{{a}}}", "{{ a }}{{", "{{a}}}}", "{{{{a}}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		require.Equal(t, text, runbook.Fill(text, func(string) (string, bool) { return "", false }), "nothing known, nothing changed")
		filled := runbook.Fill(text, func(string) (string, bool) { return "<>", true })
		require.Equal(t, len(runbook.Placeholders(text)) > 0, filled != text)
	})
}

func FuzzPointers(f *testing.F) {
	f.Add("/a/0/b", `{"a":[{"b":1}]}`)
	f.Add("/~0~1", `{"~/":"x"}`)
	f.Add("/~", `{`)
	f.Fuzz(func(t *testing.T, path, document string) {
		p := runbook.Parameter{Name: "x", Type: runbook.Text, From: &runbook.Source{Record: "r", Path: path}}
		values, lacks := runbook.Resolve(runbook.Book{Parameters: []runbook.Parameter{p}}, nil, runbook.Configuration{"r": []byte(document)})
		require.Equal(t, 1, len(values)+len(lacks))
		if p.Validate() != nil {
			require.Empty(t, values, "a path that is none finds nothing")
		}
	})
}

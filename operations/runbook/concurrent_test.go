package runbook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// branches is a book with so many steps that can be done at once.
func branches(many int) runbook.Book {
	b := runbook.Book{ID: "b", Title: en("b"), Scenario: runbook.Start}
	for n := range many {
		s := manual(runbook.StepID(fmt.Sprintf("s%d", n)))
		s.AtStart = true
		b.Steps = append(b.Steps, s)
	}
	return b
}

func TestConcurrentOperators(t *testing.T) {
	t.Parallel()
	const people, steps = 4, 6
	s := store.New(memory.New(), nil)
	h := house{store: s, library: runbook.NewLibrary(s.For(servicecoin.Provider), nil), runs: runbook.NewRuns(s.For(servicecoin.Provider), nil)}
	h.publish(t, branches(steps))
	h.start(t, "b")
	var wg sync.WaitGroup
	for p := range people {
		wg.Go(func() {
			by := servicecoin.Person(servicecoin.PersonID(fmt.Sprintf("p%d", p)))
			for n := range steps { // everybody presses every button
				_, err := h.runs.Finish(t.Context(), by, "r1", runbook.Finished{At: at(runbook.StepID(fmt.Sprintf("s%d", (n+p)%steps)))})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	r, err := h.runs.Get(t.Context(), "r1")
	require.NoError(t, err)
	require.Equal(t, 1+steps, r.Count, "each step was finished once")
	sound(t, h, "r1")
}

func TestWhatIsAskedOfTheHost(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	b := runbook.Book{ID: "b", Title: en("b"), Scenario: runbook.Start}
	for _, id := range []runbook.StepID{"one", "two", "three"} {
		b.Steps = append(b.Steps, runbook.Step{ID: id, Kind: runbook.AutomatedStep, Title: en("x"), AtStart: true, Action: &runbook.Action{Name: "x", Limit: calendar.Within(time.Minute)}})
	}
	h.publish(t, b)
	h.start(t, "b")
	for _, s := range b.Steps {
		_, err := h.runs.Begin(ctx, ada, "r1", at(s.ID))
		require.NoError(t, err)
	}
	h.clock.pass(time.Minute)
	_, err := h.runs.Lapse(ctx, robot, "r1")
	require.NoError(t, err)
	_, err = h.runs.Retry(ctx, ada, "r1", at("one"))
	require.NoError(t, err)
	_, err = h.runs.Skip(ctx, ada, "r1", runbook.Skipping{At: at("two"), Reason: "no", AllowedBy: "bob"})
	require.NoError(t, err)
	_, err = h.runs.Report(ctx, robot, "r1", runbook.Reported{At: runbook.At{Step: "one", Attempt: 1}, Result: runbook.Result{Text: "at last"}})
	require.NoError(t, err)
	r, err := h.runs.Report(ctx, robot, "r1", runbook.Reported{At: runbook.At{Step: "one", Attempt: 1}, Result: runbook.Result{Text: "at last"}})
	require.NoError(t, err)
	require.Equal(t, runbook.StepRequested, states(r)["one"], "a result of the old attempt is recorded, and that is all")
	count := r.Count
	_, err = h.runs.Report(ctx, robot, "r1", runbook.Reported{At: runbook.At{Step: "one", Attempt: 3}})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	r, err = h.runs.Fail(ctx, ada, "r1", "enough")
	require.NoError(t, err)
	require.Equal(t, count+1, r.Count)
	_, err = h.runs.Report(ctx, robot, "r1", runbook.Reported{At: runbook.At{Step: "one", Attempt: 2}})
	require.ErrorIs(t, err, servicecoin.ErrRefused, "the chain is closed")
	var runner runbook.MemoryRunner
	require.NoError(t, h.runs.Carry(ctx, robot, &runner, "r1", runbook.At{Step: "one", Attempt: 2}))
	require.Empty(t, runner.Asked(), "nobody waits for it")

	events, err := h.store.For(servicecoin.Provider).Events(ctx, 0, 100)
	require.NoError(t, err)
	var got []string
	for _, e := range events {
		if e.Name != runbook.EventActionRequested && e.Name != runbook.EventActionCancelled {
			continue
		}
		a, err := store.Payload[runbook.ActionAsked](e)
		require.NoError(t, err)
		for _, x := range a.Tasks {
			got = append(got, fmt.Sprintf("%s %s %d", e.Name, x.Step, x.Attempt))
		}
	}
	require.Equal(t, []string{
		"run.actionRequested one 1", "run.actionRequested two 1", "run.actionRequested three 1",
		"run.actionRequested one 2", "run.actionCancelled one 1", "run.actionCancelled two 1",
		"run.actionCancelled one 2", "run.actionCancelled three 1",
	}, got)
	sound(t, h, "r1")
}

func TestCarryReportsWhatBreaksARuleAsAFailure(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	h.publish(t, runbook.Book{ID: "b", Title: en("b"), Scenario: runbook.Start, Steps: []runbook.Step{{ID: "a", Kind: runbook.AutomatedStep, Title: en("a"), Action: &runbook.Action{Name: "a"}}}})
	h.start(t, "b")
	_, err := h.runs.Begin(ctx, ada, "r1", at("a"))
	require.NoError(t, err)
	where := runbook.At{Step: "a", Attempt: 1}
	require.ErrorContains(t, h.runs.Carry(ctx, robot, broken{}, "r1", where), "no route")
	r, err := h.runs.Get(ctx, "r1")
	require.NoError(t, err)
	require.Equal(t, runbook.StepRequested, states(r)["a"], "nobody knows: it is asked again")
	var runner runbook.MemoryRunner
	runner.Script("a", runbook.Result{Evidence: []runbook.Evidence{{}}})
	require.NoError(t, h.runs.Carry(ctx, robot, &runner, "r1", where))
	r, err = h.runs.Get(ctx, "r1")
	require.NoError(t, err)
	require.Equal(t, runbook.StepFailed, states(r)["a"])
}

type broken struct{ runbook.Runner }

func (broken) Do(context.Context, runbook.Task) (runbook.Result, error) {
	return runbook.Result{}, errors.New("no route")
}

func TestEveryVerbAsks(t *testing.T) {
	t.Parallel()
	var asked []string
	allow := true
	s := store.New(memory.New(), &store.Options{Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.Verb)
		if allow {
			return nil
		}
		return servicecoin.ErrForbidden
	}})
	view := s.For(servicecoin.Provider)
	l, n := runbook.NewLibrary(view, nil), runbook.NewRuns(view, nil)
	ctx := t.Context()
	h := house{store: s, library: l, runs: n}
	h.publish(t, branches(1))
	h.start(t, "b")
	allow, asked = false, nil
	one := func(_ any, err error) error { return err }
	for _, c := range []struct {
		verb string
		err  error
	}{
		{runbook.VerbDraft, one(l.Draft(ctx, ada, branches(1)))},
		{runbook.VerbEdit, one(l.Edit(ctx, ada, branches(1)))},
		{runbook.VerbPublish, one(l.Publish(ctx, ada, "b", 1))},
		{runbook.VerbReview, one(l.Review(ctx, ada, "b", 1))},
		{runbook.VerbWithdraw, one(l.Withdraw(ctx, ada, "b", 1, "x"))},
		{runbook.VerbDiscard, l.Discard(ctx, ada, "b", 1)},
		{runbook.VerbStart, one(n.Start(ctx, ada, runbook.Beginning{Book: "b"}))},
		{runbook.VerbBegin, one(n.Begin(ctx, ada, "r1", at("s0")))},
		{runbook.VerbFinish, one(n.Finish(ctx, ada, "r1", runbook.Finished{}))},
		{runbook.VerbAnswer, one(n.Answer(ctx, ada, "r1", runbook.Answered{}))},
		{runbook.VerbMeasure, one(n.Measure(ctx, ada, "r1", runbook.Measured{}))},
		{runbook.VerbApprove, one(n.Approve(ctx, ada, "r1", runbook.Approved{}))},
		{runbook.VerbSkip, one(n.Skip(ctx, ada, "r1", runbook.Skipping{}))},
		{runbook.VerbRetry, one(n.Retry(ctx, ada, "r1", at("s0")))},
		{runbook.VerbReport, one(n.Report(ctx, ada, "r1", runbook.Reported{}))},
		{runbook.VerbLapse, one(n.Lapse(ctx, ada, "r1"))},
		{runbook.VerbNote, one(n.Note(ctx, ada, "r1", runbook.Note{}))},
		{runbook.VerbHandOver, one(n.HandOver(ctx, ada, "r1", "bob", ""))},
		{runbook.VerbPause, one(n.Pause(ctx, ada, "r1", "x"))},
		{runbook.VerbResume, one(n.Resume(ctx, ada, "r1"))},
		{runbook.VerbAbort, one(n.Abort(ctx, ada, "r1", "x"))},
		{runbook.VerbSucceed, one(n.Succeed(ctx, ada, "r1", ""))},
		{runbook.VerbFail, one(n.Fail(ctx, ada, "r1", "x"))},
		{runbook.VerbErase, n.EraseText(ctx, ada, "r1", 1)},
		{runbook.VerbErase, n.ErasePerson(ctx, ada, "ada")},
		{runbook.VerbErase, n.Forget(ctx, ada, "acme")},
	} {
		require.ErrorIs(t, c.err, servicecoin.ErrForbidden, c.verb)
		require.Equal(t, c.verb, asked[0])
		asked = asked[1:]
	}
	require.Empty(t, asked)
	_, err := runbook.NewRuns(s.For("acme"), nil).Get(ctx, "r1")
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "of a customer's partition the first call says so")
}

func TestProtocol(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.publish(t, failover())
	ctx := t.Context()
	h.start(t, "failover")
	_, err := h.runs.Finish(ctx, bob, "r1", runbook.Finished{At: at("look"), Note: "<b>dead</b> | gone", Evidence: []runbook.Evidence{{Link: "https://graph/1"}, {File: &runbook.File{SHA256: fmt.Sprintf("%064x", 7), Name: "screen.png"}}}})
	require.NoError(t, err)
	r, err := h.runs.Fail(ctx, ada, "r1", "enough")
	require.NoError(t, err)
	p, err := h.runs.Plan(ctx, "r1")
	require.NoError(t, err)
	var md, html bytes.Buffer
	x := runbook.Protocol{Run: r, Plan: p, Lines: h.lines(t, "r1")}
	require.NoError(t, x.WriteMarkdown(&md))
	require.NoError(t, x.WriteHTML(&html))
	for _, page := range []string{md.String(), html.String()} {
		require.Contains(t, page, r.Head)
		require.Contains(t, page, "https://graph/1")
		require.Contains(t, page, fmt.Sprintf("%064x", 7))
		require.NotContains(t, page, " <b>dead")
	}
	require.Contains(t, html.String(), "text: &lt;b&gt;dead&lt;/b&gt; | gone")
	require.Contains(t, html.String(), "<td>human:bob</td>", "nobody said what he is called")
	var named bytes.Buffer
	x.People = map[servicecoin.PersonID]string{"ada": "Ada <i>Brandt</i>", "bob": "", "exchange": "a person of that id"}
	require.NoError(t, x.WriteHTML(&named))
	require.Contains(t, named.String(), "<td>Ada &lt;i&gt;Brandt&lt;/i&gt; (human:ada)</td>")
	require.Contains(t, named.String(), "<td>human:bob</td>")
	v, err := h.runs.VerifyAgainst(ctx, "r1", r.Count, r.Head)
	require.NoError(t, err)
	require.True(t, v.Sound())
	v, err = h.runs.VerifyAgainst(ctx, "r1", r.Count, fmt.Sprintf("%064x", 1))
	require.NoError(t, err)
	require.Equal(t, []flaw{{r.Count, 0, runbook.EntryChanged}}, flaws(v))
}

func BenchmarkAppend(b *testing.B) {
	s := store.New(memory.New(), nil)
	view := s.For(servicecoin.Provider)
	h := house{store: s, library: runbook.NewLibrary(view, nil), runs: runbook.NewRuns(view, nil)}
	h.publish(b, branches(20))
	h.start(b, "b")
	b.ReportAllocs()
	for b.Loop() {
		_, err := h.runs.Note(b.Context(), ada, "r1", runbook.Note{Step: "s1", Text: "looked at it", Evidence: []runbook.Evidence{{Link: "https://graph/1"}}})
		require.NoError(b, err)
	}
}

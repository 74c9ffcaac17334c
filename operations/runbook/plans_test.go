package runbook_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// watched counts how often plans are read, and lets a test change what is stored.
type watched struct {
	store.Backend
	reads  atomic.Int64
	change func(body []byte) []byte
}

func (b *watched) Get(ctx context.Context, key store.Key) (store.Document, error) {
	d, err := b.Backend.Get(ctx, key)
	if key.Kind == runbook.PlanRecord && err == nil {
		b.reads.Add(1)
		if b.change != nil {
			d.Body = b.change(bytes.Clone(d.Body))
		}
	}
	return d, err
}

// keeping is a house whose runs keep plans in c.
func keeping(c *runbook.Plans) (house, *watched) {
	b := &watched{Backend: memory.New()}
	s := store.New(b, nil)
	view := s.For(servicecoin.Provider)
	return house{store: s, library: runbook.NewLibrary(view, nil), runs: runbook.NewRuns(view, &runbook.RunOptions{Plans: c})}, b
}

func TestAPlanIsReadOnce(t *testing.T) {
	t.Parallel()
	var c runbook.Plans
	h, b := keeping(&c)
	h.publish(t, branches(8))
	h.start(t, "b")
	for n := range 8 {
		runs := h.runs.On(h.store.For(servicecoin.Provider))
		if n >= 4 {
			runs = runbook.NewRuns(h.store.For(servicecoin.Provider), &runbook.RunOptions{Plans: &c})
		}
		_, err := runs.Finish(t.Context(), bob, "r1", runbook.Finished{At: at(runbook.StepID(fmt.Sprintf("s%d", n)))})
		require.NoError(t, err)
	}
	require.Equal(t, int64(1), b.reads.Load())
	sound(t, h, "r1")
}

func TestPlansAreBounded(t *testing.T) {
	t.Parallel()
	const most, mostBytes = 64, 2 << 20
	for _, c := range []struct {
		name string
		size int // of the text of one of twenty steps
	}{{"small", 10}, {"large", 3900}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var kept runbook.Plans
			h, _ := keeping(&kept)
			b := branches(20)
			for n := range b.Steps {
				b.Steps[n].Text = en(strings.Repeat("x", c.size))
			}
			h.publish(t, b)
			full := 0
			for n := range 2 * most {
				id := runbook.RunID(fmt.Sprintf("r%d", n))
				_, err := h.runs.Start(t.Context(), ada, runbook.Beginning{ID: id, Book: "b"})
				require.NoError(t, err)
				_, err = h.runs.Finish(t.Context(), ada, id, runbook.Finished{At: at("s3")})
				require.NoError(t, err)
				many, size := kept.Kept()
				require.LessOrEqual(t, many, most)
				require.LessOrEqual(t, size, mostBytes)
				require.Positive(t, many)
				full = max(full, many)
			}
			if c.size < 100 {
				require.Equal(t, most, full)
				return
			}
			require.Less(t, full, most, "the bytes are the bound")
		})
	}
}

// What is erased is gone at once, wherever a plan is kept.
func TestValuesAreNotKept(t *testing.T) {
	t.Parallel()
	var c runbook.Plans
	h, b := keeping(&c)
	h.publish(t, failover())
	r := h.start(t, "failover")
	_, err := h.runs.Finish(t.Context(), bob, r.ID, runbook.Finished{At: at("look")})
	require.NoError(t, err)
	_, err = h.runs.Measure(t.Context(), bob, r.ID, runbook.Measured{At: at("lag"), Value: "4"})
	require.NoError(t, err, "a parameter says how much is met")
	require.NoError(t, runbook.NewRuns(h.store.For(servicecoin.Provider), nil).Forget(t.Context(), ada, "acme"))
	p, err := h.runs.Plan(t.Context(), r.ID)
	require.NoError(t, err)
	require.True(t, p.Erased)
	require.Empty(t, p.Values)
	_, err = h.runs.Answer(t.Context(), bob, r.ID, runbook.Answered{At: at("way"), Answer: "promote"})
	require.NoError(t, err)
	_, err = h.runs.Approve(t.Context(), carol, r.ID, runbook.Approved{At: at("go"), Go: true})
	require.NoError(t, err)
	_, err = h.runs.Begin(t.Context(), bob, r.ID, at("promote"))
	require.NoError(t, err)
	var runner runbook.MemoryRunner
	require.NoError(t, h.runs.Carry(t.Context(), robot, &runner, r.ID, runbook.At{Step: "promote", Attempt: 1}))
	require.Len(t, runner.Asked(), 1)
	require.NotContains(t, fmt.Sprintf("%+v", runner.Asked()), "db-7")
	require.Equal(t, int64(2), b.reads.Load(), "by the first verb, and by Plan")
}

// A plan that is not what the run began with is not kept: the run says which one it is.
func TestAChangedPlanIsNotKept(t *testing.T) {
	t.Parallel()
	var c runbook.Plans
	h, b := keeping(&c)
	h.publish(t, branches(3))
	h.start(t, "b")
	b.change = func(body []byte) []byte { return bytes.Replace(body, []byte(`"s1"`), []byte(`"t1"`), 1) }
	_, err := h.runs.Finish(t.Context(), ada, "r1", runbook.Finished{At: at("s0")})
	require.NoError(t, err)
	many, _ := c.Kept()
	require.Zero(t, many)
	b.change = nil
	_, err = h.runs.Finish(t.Context(), ada, "r1", runbook.Finished{At: at("s1")})
	require.NoError(t, err)
	many, _ = c.Kept()
	require.Equal(t, 1, many)
}

func TestPlansOfManyAtOnce(t *testing.T) {
	t.Parallel()
	const people, runs, steps = 4, 70, 3
	var c runbook.Plans
	h, _ := keeping(&c)
	h.publish(t, branches(steps))
	var wg sync.WaitGroup
	for p := range people {
		wg.Go(func() {
			by := servicecoin.Person(servicecoin.PersonID(fmt.Sprintf("p%d", p)))
			mine := h.runs.On(h.store.For(servicecoin.Provider))
			for n := range runs {
				id := runbook.RunID(fmt.Sprintf("r%d", n))
				if _, err := mine.Start(t.Context(), by, runbook.Beginning{ID: id, Book: "b"}); err != nil {
					t.Error(err)
				}
				for s := range steps {
					if _, err := mine.Finish(t.Context(), by, id, runbook.Finished{At: at(runbook.StepID(fmt.Sprintf("s%d", s)))}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	for n := range runs {
		id := runbook.RunID(fmt.Sprintf("r%d", n))
		r, err := h.runs.Get(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, 1+steps, r.Count, "each step was finished once")
		sound(t, h, id)
	}
	many, _ := c.Kept()
	require.Equal(t, 64, many)
}

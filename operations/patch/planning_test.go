package patch_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// TestTwoPlanAtOnce: whoever begins later goes on, the other one is refused, and each target
// has one place, wherever the two meet.
func TestTwoPlanAtOnce(t *testing.T) {
	t.Parallel()
	for _, anew := range []bool{false, true} {
		for at := range 60 {
			b := newBench(t)
			var many, few []patch.Target
			for k := range 90 {
				x := node(k, servicecoin.CustomerID(fmt.Sprintf("c-%02d", k)), "rest") // a job each: three commits
				if many = append(many, x); k >= 45 {
					few = append(few, x)
				}
			}
			if anew {
				b.plan(many...)
			}
			plan := func(meet *meeting, list []patch.Target) error {
				want := patch.Want{Targets: list, Free: func(servicecoin.CustomerID, servicecoin.ServiceID) (calendar.Set, error) {
					return calendar.SetOf(terms().During), nil
				}}
				ctx := t.Context()
				if meet != nil {
					meet.Context = ctx
					ctx = meet
				}
				if anew {
					_, _, err := b.cycles.Replan(ctx, ada(), "openssl", "again", want)
					return err
				}
				_, _, err := b.cycles.Plan(ctx, ada(), "openssl", terms(), want)
				return err
			}
			var inner error
			met := false
			outer := plan(&meeting{after: at * 4, do: func() { met, inner = true, plan(nil, few) }}, many)
			require.True(t, outer == nil || inner == nil && met, "%d: neither has planned it: %v, %v", at, outer, inner)
			c, err := b.cycles.Get(t.Context(), "openssl")
			require.NoError(t, err)
			seen := map[servicecoin.ConfigurationID]int{}
			for j, err := range b.cycles.Jobs(c).All(t.Context()) {
				require.NoError(t, err)
				for _, task := range j.Tasks {
					seen[task.Target]++
				}
			}
			require.Len(t, seen, c.Targets, "anew %v, at %d: %v, %v", anew, at, outer, inner)
			for id, n := range seen {
				require.Equal(t, 1, n, id)
			}
		}
	}
}

// meeting is a context that lets somebody else do something once it was asked so many times.
type meeting struct {
	context.Context //nolint:containedctx // it is one

	after, n int
	do       func()
}

func (m *meeting) Err() error {
	if m.n++; m.n == m.after+1 {
		m.do()
	}
	return m.Context.Err()
}

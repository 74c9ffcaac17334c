package patch_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/store"
)

// TestNobodyWaitsForWhoIsForgotten: what was begun of a customer that is forgotten is over,
// and nobody waits until it is seen.
func TestNobodyWaitsForWhoIsForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plan(nodes()...)
	b.begin("")
	b.done("node-1", "node-2")
	require.NoError(t, b.says("node-3", patch.Running, ""))
	require.NoError(t, b.cycles.Forget(t.Context(), ada(), "birch"))
	require.Equal(t, patch.RingSoaking, b.advance().Progress[0].State, "nothing of the ring is open")
	b.now = b.now.Add(5 * time.Hour)
	_, err := b.cycles.GoAhead(t.Context(), ada(), "openssl", "fine")
	require.NoError(t, err)
	require.Equal(t, 1, b.advance().Ring)
	b.done("node-4", "node-5")
	b.stands["node-4"], b.stands["node-5"] = patch.Compliant, patch.Compliant
	require.Equal(t, patch.CycleFinished, b.advance().State)

	// What is done is not looked at any more, either.
	b = newBench(t)
	all := nodes()[3:]
	b.plan(all...)
	b.begin("")
	b.advance()
	_, err = b.cycles.GoAhead(t.Context(), ada(), "openssl", "there is no pilot")
	require.NoError(t, err)
	require.Equal(t, 1, b.advance().Ring)
	b.done("node-4", "node-5", "node-6", "node-7")
	b.stands = map[servicecoin.ConfigurationID]patch.Condition{"node-4": patch.Compliant, "node-5": patch.Compliant}
	require.Equal(t, []string{"2 of those that are done were not seen since"}, b.advance().Progress[1].Waiting)
	require.NoError(t, b.cycles.Forget(t.Context(), ada(), "birch"))
	require.Equal(t, patch.CycleFinished, b.advance().State)
}

// TestNothingNamesWhoIsForgotten looks at all that the provider keeps.
func TestNothingNamesWhoIsForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	list := nodes()
	list[5].Labels["site"] = "birch-hall"
	b.plan(list...)
	b.begin("")
	require.NoError(t, b.says("node-3", patch.Running, ""))
	b.now = b.now.Add(time.Minute)
	_, err := b.cycles.Report(t.Context(), servicecoin.Client("bob-of-birch"), b.job("node-3").ID, patch.Report{Target: "node-3", Result: patch.Failed, Why: "birch has no power"})
	require.NoError(t, err)
	c, err := b.cycles.Get(t.Context(), "openssl")
	require.NoError(t, err)
	require.Equal(t, patch.CycleHalted, c.State)
	require.Contains(t, c.Halted, "the last: node-3: birch has no power")
	require.Contains(t, c.Plan[0].Lacks, "site=birch-hall")
	require.NoError(t, b.cycles.Forget(t.Context(), ada(), "birch"))
	c, err = b.cycles.Get(t.Context(), "openssl")
	require.NoError(t, err)
	c.History[len(c.History)-1].By = servicecoin.Actor{} // people are erased one by one
	board, err := b.cycles.Board(t.Context(), "openssl")
	require.NoError(t, err)
	events, err := b.s.For(servicecoin.Provider).Events(t.Context(), 0, store.MaxPage)
	require.NoError(t, err)
	kept := []any{c, board.Rings}
	for _, e := range events {
		kept = append(kept, e.Data)
	}
	text, err := json.Marshal(kept)
	require.NoError(t, err)
	for _, name := range []string{"birch", "node-3", "node-6", "bob"} {
		require.NotContains(t, string(text), name)
	}
	require.Contains(t, string(text), "node-4")
}

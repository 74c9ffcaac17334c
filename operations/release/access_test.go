package release_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func TestEarlyAccess(t *testing.T) {
	t.Parallel()
	h, ctx := newShop(t), t.Context()
	mine := release.NewAccess(h.s.For("acme"))
	mia := servicecoin.Client("mia")
	open := release.Decision{Feature: "f", Enter: release.EnterOpen, Reason: release.WhyMayEnter}
	_, err := mine.Enter(ctx, mia, release.Decision{Feature: "f", Reason: release.WhyNotInvited})
	require.ErrorContains(t, err, "cannot be entered: not open to it")
	_, err = mine.Enter(ctx, mia, release.Decision{Feature: "f", May: true, Reason: release.WhyEverybody})
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = mine.Enter(ctx, ada(), open)
	require.Equal(t, []string{"by not-the-customer"}, codes(err))
	a, err := mine.Enter(ctx, servicecoin.Actor{Kind: servicecoin.Human, ID: "ada", OnBehalfOf: "mia"}, open)
	require.NoError(t, err)
	require.Equal(t, release.AccessIn, a.State)
	_, err = mine.Enter(ctx, mia, open)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = mine.Leave(ctx, mia, "f", "it is slow")
	require.NoError(t, err)
	_, err = mine.Leave(ctx, mia, "f", "")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	asked := release.Decision{Feature: "g", Enter: release.EnterAsked, Reason: release.WhyMayAsk}
	a, err = mine.Enter(ctx, mia, asked)
	require.NoError(t, err)
	require.Equal(t, release.AccessAsked, a.State)
	waiting, err := collect(release.AskedAcross(h.s).All(ctx))
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	_, err = mine.Admit(ctx, mia, "g")
	require.Equal(t, []string{"by not-a-person"}, codes(err), "a customer does not admit itself")
	_, err = mine.Decline(ctx, ada(), "g", "")
	require.Equal(t, []string{"why required"}, codes(err))
	_, err = mine.Decline(ctx, ada(), "g", "it is full")
	require.NoError(t, err)
	_, err = mine.Enter(ctx, mia, asked)
	require.ErrorIs(t, err, servicecoin.ErrRefused, "the provider has answered")
	_, err = mine.Admit(ctx, ada(), "g")
	require.NoError(t, err)
	states, err := mine.States(ctx)
	require.NoError(t, err)
	require.Equal(t, map[release.FeatureID]release.AccessState{"f": release.AccessLeft, "g": release.AccessIn}, states)
	in, err := collect(release.AccessAcross(h.s, "g", release.AccessIn).All(ctx))
	require.NoError(t, err)
	require.Len(t, in, 1)
	require.Len(t, in[0].History, 3)
	_, err = release.NewAccess(h.s.For(servicecoin.Provider)).Enter(ctx, mia, open)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// TestWhoLeftMayNot: whatever a customer did before, once it has left, nothing that opting in gives is
// left to it.
func TestWhoLeftMayNot(t *testing.T) {
	t.Parallel()
	r, err := release.CompileAudiences([]release.Feature{feature("alpha", release.StageAlpha), feature("beta", release.StageBeta)})
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		s := store.New(memory.New(), nil)
		mine := release.NewAccess(s.For("acme"))
		ctx := t.Context()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			id := rapid.SampledFrom([]release.FeatureID{"alpha", "beta"}).Draw(t, "feature")
			states, err := mine.States(ctx)
			require.NoError(t, err)
			w, err := r.For(release.Subject{Customer: "acme", Runs: runs("3.3"), Entered: states})
			require.NoError(t, err)
			d := w.MayUse(id)
			require.Equal(t, states[id] == release.AccessIn, d.May)
			switch rapid.IntRange(0, 3).Draw(t, "act") {
			case 0:
				_, err = mine.Enter(ctx, servicecoin.Client("mia"), d)
			case 1:
				_, err = mine.Leave(ctx, servicecoin.Client("mia"), id, "")
			case 2:
				_, err = mine.Admit(ctx, ada(), id)
			default:
				_, err = mine.Decline(ctx, ada(), id, "full")
			}
			if err != nil {
				require.ErrorIs(t, err, servicecoin.ErrRefused)
			}
		}
	})
}

package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/store/storetest"
)

func TestSync(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	w.mail()
	for _, s := range []catalog.Service{{ID: "fax", Name: "Fax"}, {ID: "gone", Name: "Gone"}} {
		_, err := w.AddService(ctx, ada, s)
		require.NoError(t, err)
	}
	_, err := w.RetireService(ctx, ada, "gone")
	require.NoError(t, err)
	list := []catalog.Service{
		{ID: "wiki", Name: "Wiki"},
		{ID: "mail", Name: "Mail", Level: 1, Labels: map[string]string{"a": "b"}, State: catalog.ServiceRetired},
		{ID: "chat", Name: "Chat"},
	}
	want := catalog.Difference{
		Added:   []id{"chat", "wiki"},
		Changed: []catalog.ServiceDifference{{Service: "mail", Fields: []string{"labels", "level"}}},
		Missing: []id{"fax"},
	}
	before := len(w.events())
	d, err := w.Sync(ctx, ada, list, catalog.SyncOptions{DryRun: true})
	require.NoError(t, err)
	require.Equal(t, want, d)
	require.Len(t, w.events(), before, "a dry run does nothing")
	w.faults.Script(storetest.Pass, storetest.After)
	_, err = w.Sync(ctx, ada, list, catalog.SyncOptions{Launch: true})
	require.ErrorIs(t, err, storetest.ErrFault)
	d, err = w.Sync(ctx, ada, list, catalog.SyncOptions{Launch: true})
	require.NoError(t, err)
	require.False(t, d.None())
	d, err = w.Sync(ctx, ada, list, catalog.SyncOptions{Launch: true})
	require.NoError(t, err)
	require.True(t, d.None(), "again there is nothing to do")
	s, err := w.Service(ctx, "mail")
	require.NoError(t, err)
	require.Equal(t, []any{1, catalog.ServiceLive}, []any{s.Level, s.State})
	for _, added := range []id{"chat", "wiki"} {
		s, err = w.Service(ctx, added)
		require.NoError(t, err)
		require.Equal(t, catalog.ServiceLive, s.State, "added and launched in one commit")
	}
	_, err = w.Sync(ctx, ada, []catalog.Service{{ID: "plan", Name: "Plan"}}, catalog.SyncOptions{})
	require.NoError(t, err)
	s, err = w.Service(ctx, "plan")
	require.NoError(t, err)
	require.Equal(t, catalog.ServicePlanned, s.State)
	_, err = w.Sync(ctx, ada, []catalog.Service{{ID: "gone", Name: "Back"}}, catalog.SyncOptions{})
	require.Equal(t, []string{"services[0].id retired"}, violated(t, err))
	_, err = w.Sync(ctx, ada, []catalog.Service{{ID: "a", Name: "a"}, {ID: "a"}, {}}, catalog.SyncOptions{})
	require.Equal(t, []string{"services[1].name required", "services[1].id duplicate", "services[2].id required", "services[2].name required"}, violated(t, err))
}

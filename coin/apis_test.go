package coin_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/operations/release"
)

// A version comes out: the bindings of its platform's APIs have to follow, their owners are
// told once that they are behind, and that they are not any more; what was recalled need not
// be followed.
func TestBindingsFollowReleases(t *testing.T) {
	t.Parallel()
	type telling struct {
		to    servicecoin.PersonID
		event string
		of    release.BindingID
		misse string
	}
	var told []telling
	s := newShop(t, func(o *coin.Options) {
		o.Releases.TellOwner = func(_ context.Context, to servicecoin.PersonID, event string, news release.BindingChanged, key string) error {
			require.NotEmpty(t, key)
			told = append(told, telling{to, event, news.Binding, news.Version})
			return nil
		}
	})
	ctx := t.Context()
	n := s.Releases()
	today := calendar.DateOf(s.now, time.UTC)
	_, err := n.Schedule().KeepPlatform(ctx, ada, release.Platform{ID: "mail", Name: "Mail"})
	require.NoError(t, err)
	_, err = n.Schedule().KeepLine(ctx, ada, release.Line{Platform: "mail", Name: "2", Released: today})
	require.NoError(t, err)
	for _, id := range []release.APIID{"box", "list", "send"} {
		_, err = n.APIs().KeepAPI(ctx, ada, release.API{ID: id, Platform: "mail", Name: string(id), Kind: release.REST, Stability: release.Stable, Owner: "olga"})
		require.NoError(t, err)
		for language, owner := range map[string]servicecoin.PersonID{"go": "gopher", "rust": ""} {
			_, err = n.APIs().KeepBinding(ctx, ada, release.Binding{
				ID: release.BindingID(string(id) + "-" + language), API: id, Language: language, Package: language, Owner: owner, Stability: release.Stable,
			})
			require.NoError(t, err)
		}
	}
	publish := func(version string) {
		t.Helper()
		_, err := n.Schedule().Publish(ctx, ada, release.Plan{Platform: "mail", Version: version, On: calendar.DateOf(s.now, time.UTC)})
		require.NoError(t, err)
		s.drain()
	}
	publish("2.0.0")
	due := 0
	for x, err := range n.APIs().Due(s.now.AddDate(0, 0, 40)).All(ctx) {
		require.NoError(t, err)
		require.Equal(t, "2.0.0", x.Version)
		due++
	}
	require.Equal(t, 6, due)
	for _, b := range []release.BindingID{"box-go", "list-go", "list-rust", "send-go", "send-rust"} {
		_, err = n.APIs().Report(ctx, ada, release.Tried{Binding: b, Version: "2.0.0", Passed: true})
		require.NoError(t, err)
	}
	tend := func() {
		t.Helper()
		_, err := n.TendBindings(ctx, ada)
		require.NoError(t, err)
		s.drain()
	}
	s.now = s.now.AddDate(0, 0, 3)
	tend()
	tend()
	require.Equal(t, []telling{{"olga", release.EventBindingBehind, "box-rust", "2.0.0"}}, told, "nobody owns it: the API's owner is told")
	told = nil
	_, err = n.APIs().Report(ctx, ada, release.Tried{Binding: "box-rust", Version: "2.0.0", Passed: true})
	require.NoError(t, err)
	tend()
	require.Equal(t, []telling{{"olga", release.EventBindingCurrent, "box-rust", ""}}, told)

	publish("2.1.0")
	board, err := n.APIs().Board(ctx, "box")
	require.NoError(t, err)
	require.Equal(t, "2.1.0", board.Standings[0].Missing)
	_, err = n.Schedule().Recall(ctx, ada, "mail", "2.1.0", "it loses mail", "2.0.0")
	require.NoError(t, err)
	board, err = n.APIs().Board(ctx, "box")
	require.NoError(t, err)
	require.Empty(t, board.Standings[0].Missing)
	require.Len(t, board.Standings[0].Cells, 1)
	require.Len(t, board.Revisions, 2)
	open := func() (n int) {
		for _, err := range s.Releases().APIs().Due(s.now.AddDate(1, 0, 0)).All(ctx) {
			require.NoError(t, err)
			n++
		}
		return n
	}
	require.Equal(t, 6, open())
	tend()
	require.Zero(t, open(), "nobody has to try what was recalled")
}

package configuration_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/store"
)

// A change that was done on an item makes of what was seen before it nothing that is
// known, until all of the item is looked at again.
func TestOutdated(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	h.record(t, "web", `{"cpus":2}`)
	h.now = h.now.Add(time.Hour)
	h.observe(t, "web", `{"cpus":2}`)
	looked := h.now
	h.now = h.now.Add(time.Hour)
	outdate := func(at time.Time, change servicecoin.ChangeID) configuration.Item {
		i, err := h.Outdate(ctx, robot(), "web", configuration.Outdated{At: at, Change: change})
		require.NoError(t, err)
		return i
	}
	require.Nil(t, outdate(looked, "c-0").Outdated, "it was looked at just then")
	require.Nil(t, outdate(monday().Add(-time.Hour), "c-0").Outdated, "it was not recorded then")
	require.Equal(t, configuration.InLine, h.standing(t, "web"))

	ended := looked.Add(30 * time.Minute)
	require.Equal(t, &configuration.Outdated{At: ended, Change: "c-1"}, outdate(ended, "c-1").Outdated)
	require.Equal(t, configuration.Unknown, h.standing(t, "web"))
	require.Equal(t, ended, outdate(ended.Add(-time.Minute), "c-2").StaleAt, "an earlier one says nothing more")
	require.Equal(t, "c-1", string(outdate(ended, "c-1").Outdated.Change))
	page, err := h.Unknown(h.now).Page(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 1)

	part := h.seen(t, "web", `{"cpus":2}`)
	part.Paths = []string{"/cpus"}
	_, err = h.Observe(ctx, robot(), part)
	require.NoError(t, err)
	require.Equal(t, configuration.Unknown, h.standing(t, "web"), "a part was looked at")
	before := h.seen(t, "web", `{"cpus":2}`)
	before.At = ended.Add(-time.Minute)
	_, err = h.Observe(ctx, robot(), before)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	h.observe(t, "web", `{"cpus":2}`)
	require.Equal(t, configuration.InLine, h.standing(t, "web"))
	i, err := h.Item(ctx, "web")
	require.NoError(t, err)
	require.Nil(t, i.Outdated)
	require.Contains(t, events(t, h), "configuration.outdated")

	for name, o := range map[string]configuration.Outdated{
		"at": {Change: "c"}, "change": {At: h.now}, "ahead": {At: h.now.Add(time.Hour), Change: "c"}, "year": {At: time.Date(30000, 1, 1, 0, 0, 0, 0, time.UTC), Change: "c"},
	} {
		_, err := h.Outdate(ctx, robot(), "web", o)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
	}
	_, err = h.Outdate(ctx, robot(), "nothing", configuration.Outdated{At: h.now, Change: "c"})
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	h.now = h.now.Add(time.Hour)
	_, err = h.Retire(ctx, ada(), "web", configuration.Why{})
	require.NoError(t, err)
	require.Nil(t, outdate(h.now, "c-3").Outdated, "it is no more")
}

// An observation that was taken before a change ended, and arrives after it, is none of
// how the item is since.
func TestALookBeforeTheEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.record(t, "web", `{"cpus":2}`)
	h.now = h.now.Add(2 * time.Hour)
	_, err := h.Outdate(t.Context(), robot(), "web", configuration.Outdated{At: h.now, Change: "c-1"})
	require.NoError(t, err)
	early := h.seen(t, "web", `{"cpus":2}`)
	early.At = h.now.Add(-time.Hour)
	_, err = h.Observe(t.Context(), robot(), early)
	require.NoError(t, err)
	require.Equal(t, configuration.Unknown, h.standing(t, "web"))
}

// What is read of all partitions at once.
func TestItemsAcross(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	h.record(t, "web", `{"cpus":2}`)
	h.record(t, "web2", `{"cpus":2}`)
	other := h.On(h.store.For("birch"))
	_, err := other.Record(ctx, ada(), h.draft(t, "web", `{"cpus":1}`), configuration.Why{})
	require.NoError(t, err)
	h.now = h.now.Add(time.Hour)
	_, err = h.Revise(ctx, ada(), h.draft(t, "web2", `{"cpus":3}`), configuration.Why{})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		list store.Listing[configuration.Item]
		want []string
	}{
		"called":     {configuration.CalledAcross(h.store, "web"), []string{"alder web", "birch web"}},
		"of service": {configuration.OfServiceAcross(h.store, "shop"), []string{"alder web", "alder web2", "birch web"}},
		"changed":    {configuration.ChangedAcross(h.store, "server", h.now), []string{"alder web2"}},
	} {
		found, err := c.list.Page(ctx, "", 10)
		require.NoError(t, err)
		var got []string
		for _, i := range found.Items {
			got = append(got, string(i.Key.Customer)+" "+i.Key.ID)
		}
		require.Equal(t, c.want, got, name)
	}
}

// What is handed to others has neither secrets nor digests of them.
func TestPlain(t *testing.T) {
	t.Parallel()
	s, err := configuration.NewSealer([]byte(secretKey), "web")
	require.NoError(t, err)
	digest := s.Digest(configuration.TextOf("hunter2")).String()
	for in, want := range map[string]string{
		`{"a":1,"b":` + digest + `}`:                    `{"a":1}`,
		`{"a":[1,` + digest + `,{"c":` + digest + `}]}`: `{"a":[1,null,{}]}`,
		digest:               ``,
		`"hmac-sha256:none"`: `"hmac-sha256:none"`,
		`null`:               `null`,
	} {
		require.Equal(t, want, parse(t, in).Plain().String(), in)
	}
	require.True(t, configuration.Value{}.Plain().IsZero())
}

// Types and key are checked without a store.
func TestOptions(t *testing.T) {
	t.Parallel()
	require.NoError(t, (&configuration.Options{}).Validate())
	require.NoError(t, (&configuration.Options{Types: []configuration.Type{server()}, SecretKey: []byte(secretKey)}).Validate())
	require.ErrorContains(t, (&configuration.Options{Types: []configuration.Type{server()}}).Validate(), "secretKey")
	require.ErrorContains(t, (&configuration.Options{Types: []configuration.Type{{Name: "a"}, {Name: "a"}}}).Validate(), "types[1].name")
}

package configuration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

func TestSecretsStayDigests(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	h.record(t, "web", `{"cpus":1,"password":"hunter2","env":[{"name":"TOKEN","value":"hunter2"}]}`)
	v, err := h.Version(ctx, "web", 1)
	require.NoError(t, err)
	digest := v.Desired.At("/password").String()
	require.Contains(t, digest, "hmac-sha256:")

	o := h.seen(t, "web", `{"cpus":1,"password":"hunter2","env":[{"name":"TOKEN","value":"hunter2"}]}`)
	o.Secrets = []string{"/env/0/value"}
	d, err := h.Observe(ctx, robot(), o)
	require.NoError(t, err)
	require.Empty(t, d.Open, "a digest is compared with a digest, and what was recorded before it was known to be secret, too")
	h.now = h.now.Add(time.Hour)
	d = h.observe(t, "web", `{"cpus":1,"password":"hunter3","env":[{"name":"TOKEN","value":"hunter3"}]}`)
	require.Equal(t, "open changed /env/0/value untold | open changed /password untold", open(d), "it is known from now on")
	require.NotContains(t, d.Open[0].Observed.String()+d.Open[1].Observed.String()+d.Open[0].Desired.String(), "hunter")

	// What is read and recorded again keeps its digests.
	again := h.draft(t, "web", v.Desired.String())
	i, err := h.Revise(ctx, ada(), again, configuration.Why{})
	require.NoError(t, err)
	require.Equal(t, []string{"/env/0/value"}, i.Secrets)
	two, err := h.Version(ctx, "web", 2)
	require.NoError(t, err)
	require.Equal(t, digest, two.Desired.At("/password").String())
	require.Contains(t, two.Desired.At("/env/0/value").String(), "hmac-sha256:")

	// The same secret of another item, or customer, has another digest; a digest that
	// somebody hands in is a secret like any other.
	h.record(t, "other", `{"cpus":1,"password":"hunter2"}`)
	other, err := h.Version(ctx, "other", 1)
	require.NoError(t, err)
	require.NotEqual(t, digest, other.Desired.At("/password").String())
	h.record(t, "third", `{"cpus":1,"password":`+digest+`}`)
	third, err := h.Version(ctx, "third", 1)
	require.NoError(t, err)
	require.NotEqual(t, digest, third.Desired.At("/password").String())

	var b strings.Builder
	hand, err := h.HandOver(ctx, "Alder")
	require.NoError(t, err)
	require.NoError(t, hand.WriteMarkdown(&b))
	require.NoError(t, hand.WriteHTML(&b))
	require.NotContains(t, b.String(), "hunter")
	require.NotContains(t, b.String(), "hmac")
	_ = events(t, h)
}

func TestSecretsNeedAKey(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, key := range []string{"", "short"} {
		h := newHouse(t, func(o *configuration.Options) { o.SecretKey = []byte(key) })
		_, err := h.Record(ctx, ada(), h.draft(t, "web", `{"cpus":1,"password":"hunter2"}`), configuration.Why{})
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
		require.ErrorContains(t, err, "secretKey")
		require.NotContains(t, err.Error(), "hunter2")
	}
	h := newHouse(t, func(o *configuration.Options) { o.Types, o.SecretKey = []configuration.Type{{Name: "server"}}, nil })
	h.record(t, "web", `{"password":"x"}`)
	o := h.seen(t, "web", `{"password":"hunter2"}`)
	o.Secrets = []string{"/password"}
	_, err := h.Observe(ctx, robot(), o)
	require.ErrorContains(t, err, "secretKey")
}

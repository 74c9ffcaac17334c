package configuration_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/store"
)

func TestObservations(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	h.record(t, "web", `{"cpus":2,"os":"12"}`)
	h.now = h.now.Add(time.Hour)
	h.observe(t, "web", `{"cpus":4,"os":"13"}`)

	h.now = h.now.Add(time.Hour)
	part := h.seen(t, "web", `{"os":"12"}`)
	part.Paths = []string{"/os"}
	d, err := h.Observe(ctx, robot(), part)
	require.NoError(t, err)
	require.Equal(t, "open changed /cpus untold critical", open(d), "the rest was not looked at")
	h.now = h.now.Add(47*time.Hour + time.Minute)
	require.Equal(t, configuration.Unknown, h.standing(t, "web"), "a look at a part is none at the whole")
	_, err = h.Accept(ctx, ada(), "web", configuration.Acceptance{Findings: []int{1}, Change: "c"})
	require.ErrorContains(t, err, "look again")

	old := h.seen(t, "web", `{"cpus":2,"os":"12"}`)
	old.At = monday().Add(time.Hour)
	_, err = h.Observe(ctx, robot(), old)
	require.ErrorIs(t, err, servicecoin.ErrRefused)

	gone := configuration.Observation{Item: "web", Look: configuration.Look{At: h.now, By: "agent", Gone: true}}
	d, err = h.Observe(ctx, robot(), gone)
	require.NoError(t, err)
	require.Equal(t, "open missing  untold", open(d))
	i, err := h.Item(ctx, "web")
	require.NoError(t, err)
	require.Equal(t, h.now, i.Looked.At)
	require.Equal(t, monday().Add(2*time.Hour), i.SeenAt)

	for name, o := range map[string]configuration.Observation{
		"item":  {State: parse(t, "{}"), Look: configuration.Look{At: h.now, By: "x"}},
		"at":    {Item: "web", State: parse(t, "{}"), Look: configuration.Look{By: "x"}},
		"ahead": {Item: "web", State: parse(t, "{}"), Look: configuration.Look{At: h.now.Add(time.Hour), By: "x"}},
		"by":    {Item: "web", State: parse(t, "{}"), Look: configuration.Look{At: h.now}},
		"state": {Item: "web", Look: configuration.Look{At: h.now, By: "x"}},
		"none":  {Item: "web", State: parse(t, "{}"), Look: configuration.Look{At: h.now, By: "x", Gone: true}},
		"whole": {Item: "web", Look: configuration.Look{At: h.now, By: "x", Gone: true, Paths: []string{"/a"}}},
		"paths": {Item: "web", State: parse(t, "{}"), Look: configuration.Look{At: h.now, By: "x", Paths: []string{"a"}}},
	} {
		_, err := h.Observe(ctx, robot(), o)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
	}
	_, err = h.Observe(ctx, robot(), h.seen(t, "web", `{"cpus":2,"ports":[{"port":1},{"port":1}]}`))
	require.NoError(t, err, "nothing is desired of the ports")
}

func TestSweep(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	for _, id := range []servicecoin.ConfigurationID{"a", "b", "c"} {
		h.record(t, id, `{"cpus":1}`)
	}
	elsewhere := h.draft(t, "d", `{"cpus":1}`)
	elsewhere.Environment = "test"
	_, err := h.Record(ctx, ada(), elsewhere, configuration.Why{})
	require.NoError(t, err)
	h.now = h.now.Add(time.Hour)
	sweep := configuration.Sweep{
		At: h.now, By: "scan", Types: []configuration.TypeName{"server"}, Environment: "production", Complete: true,
		Found: []configuration.Observation{{Item: "a", State: parse(t, `{"cpus":1}`)}, {Item: "b", State: parse(t, `{"cpus":2}`)}, {Item: "x", Type: "server", Name: "X", State: parse(t, `{}`)}, {Item: "y"}},
	}
	got, err := h.Sweep(ctx, robot(), sweep)
	require.NoError(t, err)
	require.Len(t, got.Failed, 1)
	require.Equal(t, servicecoin.ConfigurationID("y"), got.Failed[0].Item)
	got.Failed = nil
	require.Empty(t, cmp.Diff(configuration.Swept{
		Observed: 3, Strays: []servicecoin.ConfigurationID{"x"}, Gone: []servicecoin.ConfigurationID{"c"}, Drifted: []servicecoin.ConfigurationID{"b", "c"},
	}, got))
	require.Equal(t, configuration.NeverSeen, h.standing(t, "d"), "it is not of the environment")
	stray, err := h.AcknowledgeStray(ctx, ada(), "x", "who did that?")
	require.NoError(t, err)
	require.Equal(t, "X", stray.Name)
	h.record(t, "x", `{"cpus":1}`)
	strays, err := h.Strays().Page(ctx, "", 10)
	require.NoError(t, err)
	require.Empty(t, strays.Items, "it is recorded now")
	_, err = h.Retire(ctx, ada(), "a", configuration.Why{})
	require.NoError(t, err)
	got, err = h.Sweep(ctx, robot(), configuration.Sweep{At: h.now, By: "scan", Found: []configuration.Observation{
		{Item: "a", State: parse(t, `{"cpus":1}`)}, {Item: "nobody", Look: configuration.Look{Gone: true}}, {Item: "c", Look: configuration.Look{Gone: true}},
	}})
	require.NoError(t, err)
	require.Equal(t, []servicecoin.ConfigurationID{"a"}, got.Strays, "it is retired, and there; what nobody recorded, and is not there, is nothing")
	require.Equal(t, []servicecoin.ConfigurationID{"c"}, got.Gone)
	require.Equal(t, 1, got.Observed)
	_, err = h.Sweep(ctx, robot(), configuration.Sweep{At: h.now, By: "x", Complete: true})
	require.ErrorContains(t, err, "types")
	_, err = h.Sweep(ctx, robot(), configuration.Sweep{At: h.now, By: "x", Found: []configuration.Observation{{Item: "a"}, {Item: "a"}}})
	require.ErrorContains(t, err, "duplicate")
}

func TestObserver(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	h.record(t, "web", `{"cpus":1}`)
	h.now = h.now.Add(time.Hour)
	observer := configuration.NewMemoryObserver(func() time.Time { return h.now })
	d, err := h.LookAt(ctx, robot(), "web", observer)
	require.NoError(t, err)
	require.Equal(t, "open missing  untold", open(d))
	observer.Set("web", parse(t, `{"cpus":1}`))
	h.now = h.now.Add(time.Hour)
	d, err = h.LookAt(ctx, robot(), "web", observer)
	require.NoError(t, err)
	require.Empty(t, d.Open)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = h.LookAt(cancelled, robot(), "web", observer)
	require.ErrorIs(t, err, context.Canceled)
}

func TestWhatIsNotRecorded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, func(o *configuration.Options) {
		o.Service = func(_ context.Context, id servicecoin.ServiceID) error {
			if id != "shop" {
				return servicecoin.NotFound(servicecoin.Key{Kind: "catalog.service", ID: string(id)})
			}
			return nil
		}
	})
	for text, change := range map[string]func(d *configuration.Draft){
		"name":                        func(d *configuration.Draft) { d.Name = " " },
		"is no type":                  func(d *configuration.Draft) { d.Type = "router" },
		"owner":                       func(d *configuration.Draft) { d.Owner = "nobody" },
		"desired/cpus: must be there": func(d *configuration.Draft) { d.Desired = parse(t, `{}`) },
		"desired/cpus: must be of":    func(d *configuration.Draft) { d.Desired = parse(t, `{"cpus":"2"}`) },
		"must be an object":           func(d *configuration.Draft) { d.Desired = parse(t, `[]`) },
		"not found":                   func(d *configuration.Draft) { d.Service = "mail" },
		"secrets[0]":                  func(d *configuration.Draft) { d.Secrets = []string{"password"} },
		"id":                          func(d *configuration.Draft) { d.ID = servicecoin.ConfigurationID(strings.Repeat("x", 1000)) },
	} {
		d := h.draft(t, "web", `{"cpus":1}`)
		change(&d)
		_, err := h.Record(ctx, ada(), d, configuration.Why{})
		require.Error(t, err, text)
		require.ErrorContains(t, err, text)
	}
	require.Empty(t, events(t, h))
	h.record(t, "web", `{"cpus":1}`)
	_, err := h.Record(ctx, ada(), h.draft(t, "web", `{"cpus":1}`), configuration.Why{})
	require.ErrorIs(t, err, servicecoin.ErrExists)
	other := h.draft(t, "web", `{"cpus":1}`)
	other.Type = "cluster"
	_, err = h.Revise(ctx, ada(), other, configuration.Why{})
	require.ErrorContains(t, err, "stays so")
	_, err = h.Revise(ctx, ada(), h.draft(t, "none", `{"cpus":1}`), configuration.Why{})
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = configuration.New(h.store.For("birch"), &configuration.Options{Types: h.Types(), SecretKey: []byte(secretKey)}).Item(ctx, "web")
	require.ErrorIs(t, err, servicecoin.ErrNotFound, "another customer has none of it")
	bad := configuration.New(h.store.For("alder"), &configuration.Options{Types: []configuration.Type{{}, {Name: "x", Rules: configuration.Rules{List: []configuration.Rule{{Path: "x"}}}}}})
	_, err = bad.Item(ctx, "web")
	require.ErrorContains(t, err, "types[0].name")
	require.ErrorContains(t, err, "types[1].rules.list[0].path")
}

// TestWhatIsTold: a look that finds what the one before did tells nothing, unless nobody
// knew any more in between.
func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.record(t, "web", `{"cpus":2}`)
	look := func(hours int, state string) {
		t.Helper()
		h.now = h.now.Add(time.Duration(hours) * time.Hour)
		h.observe(t, "web", state)
	}
	look(1, `{"cpus":2,"password":"hunter2"}`)
	look(1, `{"password":"hunter2","cpus":2}`)
	look(50, `{"cpus":2,"password":"hunter2"}`)
	look(1, `{"cpus":2,"password":"hunter3"}`)
	list, err := h.store.For("alder").Events(t.Context(), 0, 1000)
	require.NoError(t, err)
	var told []configuration.ItemObserved
	for _, e := range list {
		if e.Name == configuration.EventObserved {
			x, err := store.Payload[configuration.ItemObserved](e)
			require.NoError(t, err)
			told = append(told, x)
		}
	}
	at := func(hours int) time.Time { return monday().Add(time.Duration(hours) * time.Hour) }
	want := []configuration.ItemObserved{
		{Item: "web", Type: "server", Service: "shop", At: at(1)},
		{Item: "web", Type: "server", Service: "shop", At: at(52), Before: at(2)},
		{Item: "web", Type: "server", Service: "shop", At: at(53), Before: at(52)},
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

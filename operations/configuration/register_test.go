package configuration_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

const secretKey = "a key of the host, 32 bytes long"

func monday() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

func ada() servicecoin.Actor { return servicecoin.Person("ada") }

func robot() servicecoin.Actor { return servicecoin.Program("robot") }

// house is a register of a customer over memory, with a clock that the test moves.
type house struct {
	*configuration.Register

	now   time.Time
	store *store.Store
}

func server() configuration.Type {
	return configuration.Type{
		Name: "server", Title: "Server", Fresh: calendar.Within(48 * time.Hour),
		Attributes: []configuration.Attribute{
			{Path: "/cpus", Kind: configuration.Number, Required: true, Text: "virtual ones"}, {Path: "/os", Kind: configuration.Text}, {Path: "/password", Kind: configuration.Text},
		},
		Rules: configuration.Rules{List: []configuration.Rule{
			{Path: "/ports", Key: []configuration.KeyField{{Name: "port"}}},
			{Path: "/password", Secret: true},
			{Path: "/uptime", Ignore: true},
			{Path: "/cpus", Severity: configuration.Critical},
		}},
	}
}

func newHouse(t *testing.T, more func(o *configuration.Options)) *house {
	t.Helper()
	h := &house{now: monday()}
	h.store = store.New(memory.New(), &store.Options{Now: func() time.Time { return h.now }})
	o := &configuration.Options{Types: []configuration.Type{server(), {Name: "cluster"}}, SecretKey: []byte(secretKey)}
	if more != nil {
		more(o)
	}
	h.Register = configuration.New(h.store.For("alder"), o)
	return h
}

func (h *house) draft(t testing.TB, id servicecoin.ConfigurationID, desired string) configuration.Draft {
	t.Helper()
	return configuration.Draft{
		ID: id, Desired: parse(t, desired),
		Described: configuration.Described{Name: "Server " + string(id), Type: "server", Environment: "production", Service: "shop"},
	}
}

func (h *house) record(t testing.TB, id servicecoin.ConfigurationID, desired string) configuration.Item {
	t.Helper()
	i, err := h.Record(context.Background(), ada(), h.draft(t, id, desired), configuration.Why{})
	require.NoError(t, err)
	return i
}

func (h *house) observe(t testing.TB, id servicecoin.ConfigurationID, state string) configuration.Drift {
	t.Helper()
	d, err := h.Observe(context.Background(), robot(), h.seen(t, id, state))
	require.NoError(t, err)
	return d
}

func (h *house) seen(t testing.TB, id servicecoin.ConfigurationID, state string) configuration.Observation {
	t.Helper()
	return configuration.Observation{Item: id, State: parse(t, state), Look: configuration.Look{At: h.now, By: "agent"}}
}

func (h *house) standing(t testing.TB, id servicecoin.ConfigurationID) configuration.Standing {
	t.Helper()
	i, err := h.Item(context.Background(), id)
	require.NoError(t, err)
	return i.Standing(h.now)
}

// open are the open findings, as lines.
func open(d configuration.Drift) string {
	var lines []string
	for _, f := range d.Open {
		lines = append(lines, strings.TrimSpace(strings.Join([]string{string(f.State), string(f.Kind), f.Path, string(f.Origin), string(f.Severity)}, " ")))
	}
	return strings.Join(lines, " | ")
}

func events(t testing.TB, h *house) string {
	t.Helper()
	list, err := h.store.For("alder").Events(context.Background(), 0, 1000)
	require.NoError(t, err)
	var names []string
	for _, e := range list {
		names = append(names, e.Name)
		require.NotContains(t, string(e.Data), "hunter2")
	}
	return strings.Join(names, " ")
}

// The life of an item: recorded, observed, drifted, acknowledged, accepted, remedied.
func TestLifeOfAnItem(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, func(o *configuration.Options) {
		o.Changes = configuration.MemoryChanges{
			{ID: "c-1", During: calendar.Between(monday().Add(50*time.Hour), monday().Add(51*time.Hour)), Items: []servicecoin.ConfigurationID{"web"}},
			{ID: "c-2", During: calendar.Between(monday().Add(50*time.Hour), monday().Add(51*time.Hour)), Services: []servicecoin.ServiceID{"mail"}},
		}
	})
	h.record(t, "web", `{"cpus":2,"os":"12","ports":[{"port":80},{"port":443}]}`)
	require.Equal(t, configuration.NeverSeen, h.standing(t, "web"))

	h.now = h.now.Add(time.Hour)
	require.Empty(t, h.observe(t, "web", `{"cpus":2.0,"os":"12","ports":[{"port":443},{"port":80}],"uptime":1}`).Open)
	require.Equal(t, configuration.InLine, h.standing(t, "web"))
	h.now = h.now.Add(48 * time.Hour)
	require.Equal(t, configuration.Unknown, h.standing(t, "web"), "an observation holds for 48 hours")

	h.now = monday().Add(49 * time.Hour)
	d := h.observe(t, "web", `{"cpus":4,"os":"12","ports":[{"port":443}]}`)
	require.Equal(t, "open changed /cpus unauthorised critical | open missing /ports/80 unauthorised", open(d))
	i, err := h.Item(ctx, "web")
	require.NoError(t, err)
	require.Equal(t, []any{2, configuration.Critical, 2, configuration.Drifted}, []any{i.Open, i.Worst, i.Unauthorised, i.Standing(h.now)})

	d, err = h.Acknowledge(ctx, ada(), "web", 1, "known")
	require.NoError(t, err)
	require.Equal(t, servicecoin.PersonID("ada"), d.Open[0].Acknowledged.By.ID)
	_, err = h.Acknowledge(ctx, ada(), "web", 1, "known")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = h.Acknowledge(ctx, ada(), "web", 9, "known")
	require.ErrorIs(t, err, servicecoin.ErrRefused)

	h.now = monday().Add(52 * time.Hour) // in between, c-1 was worked on
	d = h.observe(t, "web", `{"cpus":8,"os":"13","ports":[{"port":443}]}`)
	require.Equal(t, "open changed /cpus change critical | open changed /os change | open missing /ports/80 unauthorised", open(d), "another value is open again; what was known stays")
	require.Equal(t, servicecoin.ChangeID("c-1"), d.Open[0].Change)
	require.Equal(t, monday().Add(49*time.Hour), d.Open[0].FirstSeen)
	require.Equal(t, h.now, d.Open[0].LastSeen)

	for change, why := range map[servicecoin.ChangeID]string{"c-9": "no approved change", "c-2": "does not concern"} {
		_, err = h.Accept(ctx, ada(), "web", configuration.Acceptance{Findings: []int{1}, Change: change})
		require.ErrorIs(t, err, servicecoin.ErrRefused)
		require.ErrorContains(t, err, why)
	}
	i, err = h.Accept(ctx, ada(), "web", configuration.Acceptance{Findings: []int{1, 3}, Change: "c-1", Reason: "it is larger now"})
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, []int{i.Version, i.Open})
	v, err := h.Version(ctx, "web", 2)
	require.NoError(t, err)
	require.JSONEq(t, `{"cpus":8,"os":"13","ports":[{"port":80},{"port":443}]}`, v.Desired.String())
	require.Equal(t, servicecoin.ChangeID("c-1"), v.Change)
	d, err = h.Drift(ctx, "web")
	require.NoError(t, err)
	require.Equal(t, "open missing /ports/80 unauthorised", open(d))
	require.Len(t, d.Past, 2)
	for _, f := range d.Past {
		require.Equal(t, configuration.FindingAccepted, f.State)
		require.Equal(t, servicecoin.ChangeID("c-1"), f.Ended.Change)
	}
	_, err = h.Accept(ctx, ada(), "web", configuration.Acceptance{Findings: []int{1}, Change: "c-1"})
	require.ErrorContains(t, err, "finding 1 is not open")

	h.now = h.now.Add(time.Hour)
	d = h.observe(t, "web", `{"cpus":8,"os":"13","ports":[{"port":443},{"port":80}]}`)
	require.Empty(t, d.Open)
	require.Equal(t, configuration.FindingRemedied, d.Past[0].State)
	require.Equal(t, configuration.InLine, h.standing(t, "web"))
	require.Equal(t, "configuration.recorded configuration.drifted configuration.acknowledged configuration.drifted configuration.accepted configuration.remedied", events(t, h))
}

func TestVersions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	h.record(t, "web", `{"cpus":2}`)
	h.observe(t, "web", `{"cpus":4}`)
	h.now = h.now.Add(time.Hour)
	i, err := h.Revise(ctx, ada(), h.draft(t, "web", `{"cpus":4,"os":"13"}`), configuration.Why{Reason: "larger", Change: "c-7"})
	require.NoError(t, err)
	require.Equal(t, 2, i.Version)
	d, err := h.Drift(ctx, "web")
	require.NoError(t, err)
	require.Equal(t, "open missing /os pending", open(d), "it is not there yet")
	require.Equal(t, configuration.FindingOverruled, d.Past[0].State)
	h.now = h.now.Add(time.Hour)
	_, err = h.Retire(ctx, ada(), "web", configuration.Why{Reason: "old"})
	require.NoError(t, err)
	require.Equal(t, configuration.Retired, h.standing(t, "web"))

	for hours, want := range map[float64]string{0: "1 false", 0.5: "1 false", 1: "2 false", 1.5: "2 false", 2: "3 true", 100: "3 true"} {
		v, err := h.AsOf(ctx, "web", monday().Add(time.Duration(hours*float64(time.Hour))))
		require.NoError(t, err)
		require.Equal(t, want, strings.TrimSpace(strings.Join([]string{string(rune('0' + v.Number)), map[bool]string{true: "true", false: "false"}[v.Retired]}, " ")), hours)
	}
	_, err = h.AsOf(ctx, "web", monday().Add(-time.Microsecond))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	page, err := h.Versions("web").Page(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 3)
	require.Equal(t, "larger", page.Items[1].Value.Reason)

	_, err = h.Revise(ctx, ada(), h.draft(t, "web", `{"cpus":1}`), configuration.Why{})
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.Empty(t, open(h.observe(t, "web", `{"cpus":4}`)), "it is there, though it is retired")
	stray, err := h.Strays().Page(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, stray.Items, 1)
}

// A state of any size is kept, with what it was.
func TestLargeStates(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	large := func(c string, n int) string { return `{"cpus":1,"os":"` + strings.Repeat(c, n) + `"}` }
	h.record(t, "web", large("ä", 200_000))
	v, err := h.AsOf(ctx, "web", h.now)
	require.NoError(t, err)
	require.Equal(t, large("ä", 200_000), v.Desired.String())
	require.Empty(t, h.observe(t, "web", large("ä", 200_000)).Open)
	h.now = h.now.Add(time.Hour)
	d := h.observe(t, "web", large("b", 300_000))
	require.Equal(t, "open changed /os untold", open(d))
	require.True(t, d.Open[0].Cut)
	require.Equal(t, `"string of 300002 bytes"`, d.Open[0].Observed.String())
	_, err = h.Accept(ctx, ada(), "web", configuration.Acceptance{Findings: []int{1}, Change: "c"})
	require.NoError(t, err)
	v, err = h.Version(ctx, "web", 2)
	require.NoError(t, err)
	require.Equal(t, large("b", 300_000), v.Desired.String(), "the whole of it")
	h.now = h.now.Add(time.Hour)
	require.Equal(t, "open changed /os untold", open(h.observe(t, "web", `{"cpus":1,"os":"x"}`)), "the parts before are gone")
	o, err := h.Observed(ctx, "web")
	require.NoError(t, err)
	require.JSONEq(t, `{"cpus":1,"os":"x"}`, o.State.String())

	_, err = h.Record(ctx, ada(), h.draft(t, "big", large("x", configuration.MaxState)), configuration.Why{})
	require.ErrorContains(t, err, "too-large")
	many := `{"cpus":1,"l":[` + strings.TrimSuffix(strings.Repeat("1,", 20_000), ",") + `]}`
	d = h.observe(t, "web", strings.ReplaceAll(many, `"cpus":1`, `"cpus":2`))
	require.Len(t, d.Open, 3)
	h.record(t, "list", `{"cpus":1,"l":[]}`)
	d = h.observe(t, "list", many)
	require.Len(t, d.Open, 300)
	require.Equal(t, 19_700, d.More)
	i, err := h.Item(ctx, "list")
	require.NoError(t, err)
	require.Equal(t, 20_000, i.Open)
}

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

func TestRelations(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	h.record(t, "host", `{"cpus":64}`)
	with := func(id servicecoin.ConfigurationID, list ...configuration.Relation) configuration.Draft {
		d := h.draft(t, id, `{"cpus":1}`)
		d.Relations = list
		return d
	}
	on := func(to servicecoin.ConfigurationID) configuration.Relation {
		return configuration.Relation{Kind: configuration.RunsOn, To: to}
	}
	_, err := h.Record(ctx, ada(), with("vm", on("host"), configuration.Relation{Kind: configuration.Uses, To: "host"}), configuration.Why{})
	require.NoError(t, err)
	page, err := h.RelatedTo("host").Page(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	for text, d := range map[string]configuration.Draft{
		"is not recorded here": with("x", on("nowhere")), "is the item itself": with("x", on("x")), "stands twice": with("x", on("host"), on("host")),
		"must be runsOn": with("x", configuration.Relation{Kind: "likes", To: "host"}), "too-many": with("x", make([]configuration.Relation, 21)...),
	} {
		_, err := h.Record(ctx, ada(), d, configuration.Why{})
		require.ErrorIs(t, err, servicecoin.ErrInvalid, text)
		require.ErrorContains(t, err, text)
	}
	_, err = h.Revise(ctx, ada(), with("host", on("vm")), configuration.Why{})
	require.ErrorContains(t, err, "circle")
	_, err = h.Retire(ctx, ada(), "host", configuration.Why{})
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = h.Revise(ctx, ada(), with("vm"), configuration.Why{})
	require.NoError(t, err)
	_, err = h.Retire(ctx, ada(), "host", configuration.Why{})
	require.NoError(t, err)
	_, err = h.Revise(ctx, ada(), with("vm", on("host")), configuration.Why{})
	require.ErrorContains(t, err, "is no more")
}

func TestBaselines(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	h.record(t, "a", `{"cpus":1}`)
	h.record(t, "b", `{"cpus":1}`)
	h.record(t, "c", `{"cpus":1}`)
	one, err := h.TakeBaseline(ctx, ada(), configuration.Taking{ID: "one", Name: "Go live"})
	require.NoError(t, err)
	require.Equal(t, 3, one.Count)
	h.now = h.now.Add(time.Hour)
	changed := h.draft(t, "b", `{"cpus":2}`)
	changed.Environment = ""
	_, err = h.Revise(ctx, ada(), changed, configuration.Why{})
	require.NoError(t, err)
	_, err = h.Revise(ctx, ada(), h.draft(t, "a", `{"cpus":1.0}`), configuration.Why{})
	require.NoError(t, err)
	_, err = h.Retire(ctx, ada(), "c", configuration.Why{})
	require.NoError(t, err)
	h.record(t, "d", `{"cpus":1}`)
	_, err = h.TakeBaseline(ctx, ada(), configuration.Taking{ID: "two", Name: "A month later"})
	require.NoError(t, err)

	list, err := h.Between(ctx, "one", "two")
	require.NoError(t, err)
	var lines []string
	for _, d := range list {
		lines = append(lines, string(d.Item)+" "+string(d.Kind)+" "+strings.Join(rowsOf(d.Differences), ", "))
	}
	require.Equal(t, []string{`b changed /desired/cpus changed 1 2, /environment changed "production" null`, "c missing ", "d unexpected "}, lines, "the numbers of a are the same")
	same, err := h.Between(ctx, "two", "two")
	require.NoError(t, err)
	require.Empty(t, same)
	since, err := h.Since(ctx, "one")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(list, since, cmp.Comparer(func(a, b configuration.Value) bool { return a.Equal(b) })))
	// What was recorded then is what is found now.
	again, err := h.TakeBaseline(ctx, ada(), configuration.Taking{ID: "again", Name: "Again", At: monday()})
	require.NoError(t, err)
	require.Equal(t, one.Items, again.Items)

	_, err = h.Approved(ctx)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = h.ApproveBaseline(ctx, ada(), "one", "")
	require.ErrorIs(t, err, servicecoin.ErrRefused, "who took it does not approve it")
	_, err = h.ApproveBaseline(ctx, robot(), "one", "")
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	for _, id := range []configuration.BaselineID{"one", "two"} {
		_, err = h.ApproveBaseline(ctx, servicecoin.Person("bea"), id, "fine")
		require.NoError(t, err)
	}
	holds, err := h.Approved(ctx)
	require.NoError(t, err)
	require.Equal(t, configuration.BaselineID("two"), holds.ID)
	require.Len(t, holds.Items, 3)
	first, err := h.Baseline(ctx, "one")
	require.NoError(t, err)
	require.Equal(t, configuration.BaselineSuperseded, first.State)
	_, err = h.ApproveBaseline(ctx, servicecoin.Person("bea"), "one", "again")
	require.ErrorIs(t, err, servicecoin.ErrRefused)

	for _, bad := range []configuration.Taking{{}, {Name: "x", At: h.now.Add(time.Second)}, {Name: "x", Items: []servicecoin.ConfigurationID{"none"}}, {ID: "one", Name: "x"}} {
		_, err := h.TakeBaseline(ctx, ada(), bad)
		require.Error(t, err)
	}
}

func rowsOf(list []configuration.Difference) []string {
	var lines []string
	for _, d := range list {
		lines = append(lines, strings.TrimSpace(d.Path+" "+string(d.Kind)+" "+d.Desired.String()+" "+d.Observed.String()))
	}
	return lines
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

func TestEachVerbAsks(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	no := errors.New("no")
	var asked []string
	s := store.New(memory.New(), &store.Options{Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.Verb)
		return no
	}})
	r := configuration.New(s.For("alder"), nil)
	for _, err := range []error{
		second(r.Record(ctx, ada(), configuration.Draft{}, configuration.Why{})), second(r.Revise(ctx, ada(), configuration.Draft{ID: "x"}, configuration.Why{})),
		second(r.Retire(ctx, ada(), "x", configuration.Why{})), second(r.Observe(ctx, ada(), configuration.Observation{Item: "x"})), second(r.Sweep(ctx, ada(), configuration.Sweep{})),
		second(r.LookAt(ctx, ada(), "x", configuration.NewMemoryObserver(nil))), second(r.Acknowledge(ctx, ada(), "x", 1, "")), second(r.AcknowledgeStray(ctx, ada(), "x", "")),
		second(r.Accept(ctx, ada(), "x", configuration.Acceptance{})), second(r.TakeBaseline(ctx, ada(), configuration.Taking{})), second(r.ApproveBaseline(ctx, ada(), "x", "")),
	} {
		require.ErrorIs(t, err, no)
	}
	require.Equal(t, []string{
		configuration.VerbRecord, configuration.VerbRevise, configuration.VerbRetire, configuration.VerbObserve, configuration.VerbSweep, configuration.VerbObserve,
		configuration.VerbAcknowledge, configuration.VerbAcknowledge, configuration.VerbAccept, configuration.VerbTakeBaseline, configuration.VerbApproveBaseline,
	}, asked)
}

func TestListings(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	for _, id := range []servicecoin.ConfigurationID{"a", "b", "c", "d"} {
		h.record(t, id, `{"cpus":1,"os":"12"}`)
	}
	h.now = h.now.Add(time.Hour)
	h.observe(t, "a", `{"cpus":1,"os":"13"}`)
	h.now = h.now.Add(time.Hour)
	h.observe(t, "b", `{"cpus":2,"os":"12"}`)
	h.observe(t, "c", `{"cpus":1,"os":"12"}`)
	ids := func(l store.Listing[configuration.Item]) string {
		var list []string
		for i, err := range l.All(ctx) {
			require.NoError(t, err)
			list = append(list, string(i.ID))
		}
		return strings.Join(list, " ")
	}
	require.Equal(t, "b a", ids(h.Drifting()), "the worst first")
	require.Equal(t, "b a", ids(configuration.DriftingAcross(h.store)))
	require.Equal(t, "a b c d", ids(h.Items()))
	require.Equal(t, "a b c d", ids(h.OfType("server")))
	require.Equal(t, "a b c d", ids(h.InEnvironment("production")))
	require.Equal(t, "a b c d", ids(h.OfService("shop")))
	require.Empty(t, ids(h.Unknown(h.now)))
	h.now = monday().Add(48 * time.Hour)
	require.Equal(t, "d", ids(h.NeverSeen(h.now)))
	h.now = h.now.Add(90 * time.Minute)
	require.Equal(t, "d a", ids(h.Unknown(h.now)))
	require.Equal(t, "d a", ids(configuration.UnknownAcross(h.store, h.now)))
	n, err := configuration.Reindex(ctx, h.store)
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestHandOver(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	h.record(t, "host", `{"cpus":64,"os":"<b>|12","ports":[{"port":443}],"password":"hunter2"}`)
	d := h.draft(t, "vm", `{"cpus":2}`)
	d.Relations, d.Environment = []configuration.Relation{{Kind: configuration.RunsOn, To: "host"}}, "test"
	_, err := h.Record(ctx, ada(), d, configuration.Why{})
	require.NoError(t, err)
	h.observe(t, "vm", `{"cpus":4}`)
	h.observe(t, "stray", `{}`)
	_, err = h.TakeBaseline(ctx, ada(), configuration.Taking{ID: "one", Name: "Go live"})
	require.NoError(t, err)
	_, err = h.ApproveBaseline(ctx, servicecoin.Person("bea"), "one", "")
	require.NoError(t, err)
	hand, err := h.HandOver(ctx, "Alder")
	require.NoError(t, err)
	hand.Words = map[string]string{"Desired": "Soll"}
	var md, page strings.Builder
	require.NoError(t, hand.WriteMarkdown(&md))
	require.Equal(t, `# Alder

- **As of**: 2026-03-02 09:00 UTC
- **Items**: 2
- **Approved baseline**: Go live, 2026-03-02 09:00 UTC
- **As desired**: 0
- **With drift**: 1
- **Unknown**: 0
- **Never observed**: 1

- [Server host (Server)](#item-1)
- [Server vm (Server)](#item-2)

## production

<a id="item-1"></a>

### Server host

- **Id**: host
- **Type**: Server
- **Owner**: customer
- **Service**: shop
- **Version**: 1, 2026-03-02 09:00 UTC
- **State**: Never observed
- **Needed by**: vm (runs on)

| Attribute | Soll | Meaning |
|---|---|---|
| /cpus | 64 | virtual ones |
| /os | "\<b\>\|12" |  |
| /password | a secret |  |
| /ports/0/port | 443 |  |

## test

<a id="item-2"></a>

### Server vm

- **Id**: vm
- **Type**: Server
- **Owner**: customer
- **Service**: shop
- **Version**: 1, 2026-03-02 09:00 UTC
- **State**: With drift
- **Observed**: 2026-03-02 09:00 UTC
- **Observed by**: agent
- **runs on**: host

| Attribute | Soll | Meaning |
|---|---|---|
| /cpus | 2 | virtual ones |

| Difference | At | Soll | Observed | First seen | Origin |
|---|---|---|---|---|---|
| changed | /cpus | 2 | 4 | 2026-03-02 09:00 UTC | untold |

## Not recorded

| Observed | Type | First seen | Last seen | By |
|---|---|---|---|---|
| stray |  | 2026-03-02 09:00 UTC | 2026-03-02 09:00 UTC | agent |
`, md.String())
	require.NoError(t, hand.WriteHTML(&page))
	require.Contains(t, page.String(), "&lt;b&gt;|12")
	require.NotContains(t, page.String(), "<b>")
	require.NotContains(t, page.String(), "hunter2")
}

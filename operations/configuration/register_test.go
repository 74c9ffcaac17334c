package configuration_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

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
	require.Equal(t, "configuration.recorded configuration.observed configuration.observed configuration.drifted configuration.acknowledged "+
		"configuration.observed configuration.drifted configuration.accepted configuration.observed configuration.remedied", events(t, h))
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

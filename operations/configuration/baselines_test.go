package configuration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

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

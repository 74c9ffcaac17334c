package change_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/change"
)

var day = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

// hour is an instant so many hours after the beginning of the day.
func hour(h float64) time.Time { return day.Add(time.Duration(h * float64(time.Hour))) }

func span(from, to float64) calendar.Interval { return calendar.Between(hour(from), hour(to)) }

func services(list ...servicecoin.ServiceID) []servicecoin.ServiceID { return list }

// said tells conflicts in short.
func said(conflicts []change.Conflict) []string {
	out := []string{}
	for _, c := range conflicts {
		out = append(out, fmt.Sprintf("%s %s %s %v %s", c.With.Kind, c.With.ID, c.Why, c.On, c.Overlap))
	}
	return out
}

func TestWhatCollides(t *testing.T) {
	t.Parallel()
	relations := change.RelationsOf(map[servicecoin.ServiceID][]servicecoin.ServiceID{"shop": {"web", "db"}, "web": {"db"}})
	upgrade := change.Entry{
		Kind: change.ChangeEntry, ID: "c", Name: "upgrade", Span: span(10, 12), Of: change.Normal,
		Services: services("web", "mail", "web"), Records: []servicecoin.ConfigurationID{"h2", "h1"},
		People: []servicecoin.PersonID{"anna"}, Customers: []servicecoin.CustomerID{"acme"},
	}
	with := func(kind change.EntryKind, at calendar.Interval, set func(e *change.Entry)) change.Entry {
		e := change.Entry{Kind: kind, ID: "x", Name: "other", Span: at}
		set(&e)
		return e
	}
	at := "2026-03-02T11:00:00Z/2026-03-02T12:00:00Z"
	for name, c := range map[string]struct {
		with change.Entry
		want []string
	}{
		"nothing in common": {with(change.ChangeEntry, span(11, 13), func(e *change.Entry) { e.Services = services("other") }), nil},
		"another time":      {with(change.ChangeEntry, span(12, 13), func(e *change.Entry) { e.Services = services("web") }), nil},
		"before it":         {with(change.ChangeEntry, span(9, 10), func(e *change.Entry) { e.Services = services("web") }), nil},
		"no time at all":    {with(change.ChangeEntry, span(11, 11), func(e *change.Entry) { e.Services = services("web") }), nil},
		"everything in common": {
			with(change.MaintenanceEntry, span(11, 13), func(e *change.Entry) {
				e.Services, e.Records, e.People = services("web", "mail"), []servicecoin.ConfigurationID{"h1"}, []servicecoin.PersonID{"bert", "anna"}
			}),
			[]string{"maintenance x same-service [mail web] " + at, "maintenance x same-record [h1] " + at, "maintenance x same-person [anna] " + at},
		},
		"customers alone are no matter": {with(change.PatchEntry, span(11, 13), func(e *change.Entry) { e.Customers = upgrade.Customers }), nil},
		"what it rests on": {
			with(change.PatchEntry, span(11, 13), func(e *change.Entry) { e.Services = services("db", "shop") }),
			[]string{"patch-slot x rests-on [db shop] " + at},
		},
		"the same and what it rests on": {
			with(change.PatchEntry, span(11, 13), func(e *change.Entry) { e.Services = services("db", "web") }),
			[]string{"patch-slot x same-service [web] " + at, "patch-slot x rests-on [db] " + at},
		},
		"a freeze of everything": {with(change.FreezeEntry, span(11, 13), func(*change.Entry) {}), []string{"freeze x freeze [] " + at}},
		"a freeze of a service": {
			with(change.FreezeEntry, span(11, 13), func(e *change.Entry) { e.Services = services("web") }), []string{"freeze x freeze [web] " + at},
		},
		"a freeze of another service": {with(change.FreezeEntry, span(11, 13), func(e *change.Entry) { e.Services = services("erp") }), nil},
		"a freeze of what rests on it": {
			with(change.FreezeEntry, span(11, 13), func(e *change.Entry) { e.Services = services("shop") }), []string{"freeze x rests-on [shop] " + at},
		},
		"a freeze that lets it through": {
			with(change.FreezeEntry, span(11, 13), func(e *change.Entry) {
				e.Services, e.Through = services("web", "shop"), []change.Kind{change.Normal}
			}), nil,
		},
		"a critical window of its customer": {
			with(change.CriticalEntry, span(11, 13), func(e *change.Entry) { e.Customers = []servicecoin.CustomerID{"acme", "b"} }),
			[]string{"critical-window x critical-window [acme] " + at},
		},
		"a critical window of another customer": {
			with(change.CriticalEntry, span(11, 13), func(e *change.Entry) {
				e.Customers, e.Services = []servicecoin.CustomerID{"b"}, services("web", "shop")
			}), nil,
		},
		"a critical window of its customer for a service": {
			with(change.CriticalEntry, span(11, 13), func(e *change.Entry) {
				e.Customers, e.Services = []servicecoin.CustomerID{"acme"}, services("web", "erp")
			}),
			[]string{"critical-window x critical-window [web] " + at},
		},
		"a critical window of its customer for another service": {
			with(change.CriticalEntry, span(11, 13), func(e *change.Entry) {
				e.Customers, e.Services = []servicecoin.CustomerID{"acme"}, services("erp")
			}), nil,
		},
		"a critical window of everybody": {with(change.CriticalEntry, span(11, 13), func(*change.Entry) {}), []string{"critical-window x critical-window [] " + at}},
		"a critical window of a service": {
			with(change.CriticalEntry, span(11, 13), func(e *change.Entry) { e.Services = services("web") }), []string{"critical-window x critical-window [web] " + at},
		},
		"itself": {with(change.ChangeEntry, span(11, 13), func(e *change.Entry) { e.ID, e.Services = "c", services("web") }), nil},
		"another kind with its id": {
			with(change.PatchEntry, span(11, 13), func(e *change.Entry) { e.ID, e.Services = "c", services("web") }), []string{"patch-slot c same-service [web] " + at},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := append([]string{}, c.want...)
			require.Equal(t, want, said(upgrade.Collides(c.with, relations)))
			schedule, err := change.ScheduleOf(c.with)
			require.NoError(t, err)
			require.ElementsMatch(t, want, said(schedule.Conflicts(upgrade, relations)))
			schedule, err = change.ScheduleOf(upgrade)
			require.NoError(t, err)
			require.Len(t, schedule.Conflicts(c.with, relations), len(want), "the other way round")
		})
	}
	require.Empty(t, upgrade.Collides(with(change.PatchEntry, span(11, 13), func(e *change.Entry) { e.Services = services("db") }), nil), "nobody knows what rests on what")
	freeze := with(change.FreezeEntry, span(11, 13), func(*change.Entry) {})
	require.Empty(t, freeze.Collides(with(change.CriticalEntry, span(11, 13), func(*change.Entry) {}), nil), "neither is work")
}

func TestTextsOfConflicts(t *testing.T) {
	t.Parallel()
	relations := change.RelationsOf(map[servicecoin.ServiceID][]servicecoin.ServiceID{"web": {"db"}})
	a := change.Entry{Kind: change.ChangeEntry, ID: "a", Span: span(10, 12), Services: services("web", "a", "b", "c", "d", "e"), People: []servicecoin.PersonID{"anna"}}
	b := change.Entry{Kind: change.ChangeEntry, ID: "b", Name: "disks", Span: span(11.5, 13), Services: services("db", "a", "b", "c", "d", "e"), People: a.People}
	var texts []string
	for _, c := range a.Collides(b, relations) {
		texts = append(texts, c.Text)
	}
	require.Equal(t, []string{
		`30 min with change "disks": both work on a, b, c and 2 more, and neither knows in which state the other leaves it`,
		`30 min with change "disks": anna cannot be at both`,
		`30 min with change "disks": web rests on db: what happens to one shows in the other`,
	}, texts)
	freeze := change.Freeze{ID: "f", Name: "year end", During: span(11, 20)}.Entry()
	require.Equal(t, `1 h with freeze "year end": nothing is changed then`, a.Collides(freeze, nil)[0].Text)
}

// drawEntry draws an entry of a small world, so that many collide.
func drawEntry(t *rapid.T, id string) change.Entry {
	some := func(name string, of ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, 2, rapid.ID[string]).Draw(t, name)
	}
	from := rapid.IntRange(0, 60).Draw(t, "from")
	long := rapid.IntRange(0, 8).Draw(t, "long")
	if rapid.IntRange(0, 9).Draw(t, "very long") == 0 {
		long = 60
	}
	e := change.Entry{
		ID: id, Span: span(float64(from), float64(from+long)),
		Kind: rapid.SampledFrom([]change.EntryKind{
			change.ChangeEntry, change.ChangeEntry, change.MaintenanceEntry, change.PatchEntry, change.FreezeEntry, change.CriticalEntry,
		}).Draw(t, "kind"),
	}
	for _, s := range some("services", "a", "b", "c", "d", "e") {
		e.Services = append(e.Services, servicecoin.ServiceID(s))
	}
	for _, s := range some("records", "a", "b", "c") {
		e.Records = append(e.Records, servicecoin.ConfigurationID(s))
	}
	for _, s := range some("people", "a", "b", "c") {
		e.People = append(e.People, servicecoin.PersonID(s))
	}
	for _, s := range some("customers", "a", "b") {
		e.Customers = append(e.Customers, servicecoin.CustomerID(s))
	}
	e.Of = rapid.SampledFrom(change.Kinds()).Draw(t, "of")
	if e.Kind == change.FreezeEntry && rapid.Bool().Draw(t, "through") {
		e.Through = []change.Kind{change.Emergency}
	}
	return e
}

func TestTheIndexFindsWhatEachEntryCollidesWith(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var relations *change.Relations
		if rapid.Bool().Draw(t, "related") {
			relations = change.RelationsOf(map[servicecoin.ServiceID][]servicecoin.ServiceID{"a": {"b", "c"}, "b": {"c"}, "d": {"c"}})
		}
		var entries []change.Entry
		for i := range rapid.IntRange(0, 40).Draw(t, "n") {
			entries = append(entries, drawEntry(t, strconv.Itoa(i)))
		}
		schedule, err := change.ScheduleOf(entries...)
		require.NoError(t, err)
		require.Equal(t, len(entries), schedule.Len())
		of := drawEntry(t, "of")
		var want []change.Conflict
		for _, e := range entries {
			want = append(want, of.Collides(e, relations)...)
		}
		got := schedule.Conflicts(of, relations)
		require.ElementsMatch(t, said(want), said(got))
		require.True(t, slices.IsSortedFunc(got, func(a, b change.Conflict) int { return a.Overlap.Start.Compare(b.Overlap.Start) }))
		var during, overlapping []string
		for e := range schedule.During(of.Span) {
			during = append(during, e.ID)
		}
		for _, e := range entries {
			if e.Span.Overlaps(of.Span) {
				overlapping = append(overlapping, e.ID)
			}
		}
		require.ElementsMatch(t, overlapping, during)
		for _, e := range entries { // both ways
			require.Len(t, e.Collides(of, relations), len(of.Collides(e, relations)))
		}
	})
}

func TestScheduleRefusals(t *testing.T) {
	t.Parallel()
	_, err := change.ScheduleOf(
		change.Entry{Kind: change.ChangeEntry, ID: "a", Span: span(1, 2)},
		change.Entry{Kind: change.ChangeEntry, ID: "a", Span: span(1, 2)},
		change.Entry{Kind: "party", Span: span(2, 1), Services: services(""), Through: []change.Kind{"odd"}, Of: "odd"},
	)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	for _, want := range []string{
		"entries[1].id", "entries[2].kind", "entries[2].id", "entries[2].span", "entries[2].services[0]", "entries[2].through[0]", "entries[2].of",
	} {
		require.ErrorContains(t, err, want)
	}
	empty, err := change.ScheduleOf()
	require.NoError(t, err)
	require.Empty(t, empty.Conflicts(change.Entry{Kind: change.ChangeEntry, ID: "a", Span: span(1, 2)}, nil))
}

func TestAcceptedConflicts(t *testing.T) {
	t.Parallel()
	entry := func(id string, at calendar.Interval, list ...servicecoin.ServiceID) change.Entry {
		return change.Entry{Kind: change.ChangeEntry, ID: id, Span: at, Services: list, People: []servicecoin.PersonID{"anna"}}
	}
	before := entry("a", span(10, 12), "web", "db").Collides(entry("b", span(11, 13), "web", "db"), nil)
	require.Len(t, before, 2)
	accepted := []change.Accepted{before[0].Accept("bert", hour(1), "one team does both")}
	require.NoError(t, accepted[0].Validate())
	for name, c := range map[string]struct {
		a, b change.Entry
		open int
	}{
		"as it was":        {entry("a", span(10, 12), "web", "db"), entry("b", span(11, 13), "web", "db"), 1},
		"less time":        {entry("a", span(10, 11.5), "web", "db"), entry("b", span(11, 13), "web", "db"), 1},
		"less in common":   {entry("a", span(10, 12), "web"), entry("b", span(11, 13), "web", "db"), 1},
		"both moved":       {entry("a", span(20, 22), "web", "db"), entry("b", span(21, 23), "web", "db"), 1},
		"more time":        {entry("a", span(10, 12.5), "web", "db"), entry("b", span(11, 13), "web", "db"), 2},
		"more in common":   {entry("a", span(10, 12), "web", "db", "x"), entry("b", span(11, 13), "web", "db", "x"), 2},
		"with another one": {entry("a", span(10, 12), "web", "db"), entry("c", span(11, 13), "web", "db"), 2},
	} {
		conflicts := c.a.Collides(c.b, nil)
		open, settled := change.Settle(conflicts, accepted)
		require.Len(t, open, c.open, name)
		require.Len(t, settled, 2-c.open, name)
	}
	require.Error(t, change.Accepted{}.Validate())
	freeze := change.Entry{Kind: change.FreezeEntry, ID: "f", Span: span(9, 20), Services: services("web")}
	of := entry("a", span(10, 12), "web", "db")
	allowed := []change.Accepted{of.Collides(freeze, nil)[0].Accept("bert", hour(1), "because")}
	freeze.Services = nil
	wider := of.Collides(freeze, nil)
	require.Empty(t, cmp.Diff([]string(nil), wider[0].On))
	open, _ := change.Settle(wider, allowed)
	require.Len(t, open, 1, "it freezes everything now")
}

package metering_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// names are the ids of events.
func names(events []metering.Event) []string {
	list := make([]string, 0, len(events))
	for _, e := range events {
		list = append(list, e.ID)
	}
	return list
}

// Forwards and backwards, from wherever, the pages have every event of the figure once.
func TestEventsInPages(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, nil)
		n := rapid.IntRange(0, 60).Draw(rt, "events")
		span := rapid.SampledFrom([]time.Duration{0, time.Second, time.Hour, 40 * 24 * time.Hour}).Draw(rt, "span")
		var batch []metering.Event
		for i := range n {
			at := begin.Add(time.Duration(rapid.Int64Range(0, int64(span)).Draw(rt, "at"))).Truncate(time.Microsecond)
			batch = append(batch, ran(strconv.Itoa(i), at, "1", rapid.SampledFrom([]string{"eu", "us", ""}).Draw(rt, "region")))
		}
		for _, e := range batch {
			if rapid.IntRange(0, 9).Draw(rt, "void") == 0 {
				batch = append(batch, metering.Event{Source: "hv", ID: "void" + e.ID, Does: metering.Void, Of: metering.Ref{Source: e.Source, ID: e.ID}})
			}
		}
		_, err := w.Record(t.Context(), collector, batch...)
		require.NoError(rt, err)

		q := metering.EventsQuestion{During: calendar.Between(begin, begin.Add(30*24*time.Hour)), Limit: rapid.IntRange(1, 20).Draw(rt, "limit")}
		if region := rapid.SampledFrom([]string{"all", "eu", ""}).Draw(rt, "group"); region != "all" {
			q.Group = map[string]string{"region": region}
		}
		var want []string
		for e, err := range w.Events(t.Context(), "hours", q.During, q.Group) {
			require.NoError(rt, err)
			want = append(want, e.ID)
		}
		ask := func(after, before *metering.Cursor) metering.EventsPage {
			q.After, q.Before = after, before
			page, err := w.EventsPage(t.Context(), "hours", q)
			require.NoError(rt, err)
			require.LessOrEqual(rt, len(page.Events), q.Limit)
			return page
		}
		var got []string
		page := ask(nil, nil)
		require.Nil(rt, page.Previous, "nothing is before the first page")
		for {
			got = append(got, names(page.Events)...)
			if page.Next == nil {
				break
			}
			page = ask(page.Next, nil)
			require.NotNil(rt, page.Previous)
		}
		require.Empty(rt, cmp.Diff(want, got, cmpopts.EquateEmpty()), "forwards")

		got = nil
		page = ask(nil, &metering.Cursor{Time: q.During.End})
		require.Nil(rt, page.Next, "nothing is behind the last page")
		seen := map[string]bool{}
		for {
			some := slices.DeleteFunc(names(page.Events), func(id string) bool { return seen[id] }) // the first page is full
			for _, id := range some {
				seen[id] = true
			}
			got = append(some, got...)
			if page.Previous == nil {
				break
			}
			page = ask(nil, page.Previous)
			require.NotNil(rt, page.Next)
		}
		require.Empty(rt, cmp.Diff(want, got, cmpopts.EquateEmpty()), "backwards")

		if len(want) == 0 {
			return
		}
		var all []metering.Event // and one step there and back again, from any event
		for e := range w.Events(t.Context(), "hours", q.During, q.Group) {
			all = append(all, e)
		}
		at := rapid.IntRange(0, len(all)-1).Draw(rt, "from")
		page = ask(new(metering.CursorOf(all[at])), nil)
		require.Empty(rt, cmp.Diff(names(all[at+1:min(at+1+q.Limit, len(all))]), names(page.Events), cmpopts.EquateEmpty()))
		page = ask(nil, page.Previous)
		require.Equal(rt, all[max(0, at+1-q.Limit)].ID, page.Events[0].ID)
	})
}

// Where few of many events match, a page gives up and says where it goes on.
func TestAPageReadsLittle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const n = 50_000
	for from := 0; from < n; from += 10_000 {
		batch := make([]metering.Event, 10_000)
		for i := range batch {
			region := "us"
			if k := from + i; k == 0 || k == n-1 {
				region = "eu"
			}
			batch[i] = ran(fmt.Sprintf("%05d", from+i), begin.Add(time.Duration(from+i)*20*time.Millisecond), "1", region)
		}
		_, err := w.Record(t.Context(), collector, batch...)
		require.NoError(t, err)
	}
	walk := func(step func(metering.EventsPage) (after, before *metering.Cursor)) (found []string, pages, most int) {
		q := metering.EventsQuestion{During: january.In(time.UTC), Group: map[string]string{"region": "eu"}, Limit: 10}
		q.After, q.Before = step(metering.EventsPage{})
		for {
			page, err := w.EventsPage(t.Context(), "hours", q)
			require.NoError(t, err)
			found = append(found, names(page.Events)...)
			pages++
			require.Less(t, pages, 50)
			if q.After, q.Before = step(page); q.After == nil && q.Before == nil {
				return found, pages, most
			}
		}
	}
	found, pages, _ := walk(func(p metering.EventsPage) (after, before *metering.Cursor) { return p.Next, nil })
	require.Equal(t, []string{"00000", "49999"}, found)
	require.Equal(t, 3, pages, "20,000 events each, at most")
	last := &metering.Cursor{Time: january.In(time.UTC).End}
	found, pages, _ = walk(func(p metering.EventsPage) (after, before *metering.Cursor) {
		before, last = last, nil
		if before == nil {
			before = p.Previous
		}
		return nil, before
	})
	require.Greater(t, pages, 1)
	require.Contains(t, found, "00000")
	require.Contains(t, found, "49999")
}

func TestEventsPageRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	month := january.In(time.UTC)
	at := &metering.Cursor{Time: month.Start}
	for name, x := range map[string]struct {
		q    metering.EventsQuestion
		want string
	}{
		"no limit":       {metering.EventsQuestion{During: month}, "limit"},
		"a limit below":  {metering.EventsQuestion{During: month, Limit: -1}, "limit"},
		"a limit above":  {metering.EventsQuestion{During: month, Limit: metering.PageSize + 1}, "limit"},
		"both ways":      {metering.EventsQuestion{During: month, Limit: 1, After: at, Before: at}, "before"},
		"unknown group":  {metering.EventsQuestion{During: month, Limit: 1, Group: map[string]string{"colour": "red"}}, "group"},
		"time backwards": {metering.EventsQuestion{During: calendar.Between(month.End, month.Start), Limit: 1}, "during"},
	} {
		_, err := w.EventsPage(t.Context(), "hours", x.q)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		require.ErrorContains(t, err, x.want, name)
	}
	_, err := w.EventsPage(t.Context(), "none", metering.EventsQuestion{During: month, Limit: 1})
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

// What is known of an event is told in the order in which it was recorded.
func TestHistoryOfAnEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	at := time.Date(2026, 1, 8, 12, 0, 0, 0, time.UTC)
	w.record(ran("1", at, "5", "eu"), ran("2", at, "7"))
	*w.now = w.now.Add(time.Hour)
	better := ran("portal-1", at, "6", "eu")
	better.Does, better.Of = metering.Correct, metering.Ref{Source: "hv", ID: "1"}
	w.record(better)
	*w.now = w.now.Add(time.Hour)
	w.record(metering.Event{Source: "portal", ID: "void-1", Does: metering.Void, Of: metering.Ref{Source: "hv", ID: "1"}})
	known, err := w.History(t.Context(), metering.Ref{Source: "hv", ID: "1"})
	require.NoError(t, err)
	require.Equal(t, []string{"1", "portal-1", "void-1"}, names(known))
	require.Equal(t, "5", known[0].Value.Decimal.String(), "as it was first told")

	_, err = w.History(t.Context(), metering.Ref{Source: "hv", ID: "none"})
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = w.History(t.Context(), metering.Ref{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = w.ledger("birch", "", nil).History(t.Context(), metering.Ref{Source: "hv", ID: "1"})
	require.ErrorIs(t, err, servicecoin.ErrNotFound, "another customer knows nothing of it")
}

// What a meter's filters leave out is not behind its figures.
func TestEventsPageReadsWhatTheMeterReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	require.NoError(t, w.meters.Define(t.Context(), ada, metering.Meter{
		ID: "eu", Name: "EU", Type: "vm.ran", Aggregation: metering.Sum, Unit: "hours", Filters: []metering.Filter{{Dimension: "region", Values: []string{"eu"}}},
	}))
	at := time.Date(2026, 1, 8, 12, 0, 0, 0, time.UTC)
	w.record(ran("1", at, "1", "eu"), ran("2", at, "1", "us"), ran("3", at, "1"))
	month := january.In(time.UTC)
	for _, before := range []*metering.Cursor{nil, {Time: month.End}} {
		page, err := w.EventsPage(t.Context(), "eu", metering.EventsQuestion{During: month, Limit: 10, Before: before})
		require.NoError(t, err)
		require.Equal(t, []string{"1"}, names(page.Events))
	}
}

package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

func feedCases() []Case {
	return []Case{
		{Name: "events", Sentence: "Events come back with all they were recorded with, oldest first, in UTC and microseconds.", Run: caseEvents},
		{Name: "events/pages", Sentence: "Page after page, every event of one customer or of all comes exactly once.", Run: caseEventPages},
		{Name: "events/refused", Sentence: "A refused commit leaves no event.", Run: caseEventsRefused},
		{Name: "events/gap-safe", Sentence: "While commits go on, the feed never shows a position before a smaller one has appeared.", Run: caseGapSafe},
	}
}

func caseEvents(t testing.TB, h Harness) {
	b := h.Open(t)
	want := []store.Event{
		happened(acme, "e1"),
		{
			ID: "e2", Name: "thing.odd", Subject: store.Key{Customer: globex, Kind: "ö", ID: "x/y"},
			Actor: servicecoin.Actor{Kind: servicecoin.Human, ID: "zoë", OnBehalfOf: "someone"},
			At:    time.Date(2012, 2, 29, 23, 59, 59, 999999000, time.FixedZone("elsewhere", 3600)),
		},
		{ID: "e3", Name: "thing.old", Subject: key(acme, "s"), Actor: actor(), At: time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), Data: []byte(`{"b":1, "a":2}`)},
		{ID: "e4", Name: "thing.late", Subject: key(acme, "s"), Actor: actor(), At: time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), Data: []byte(`null`)},
	}
	emit(t, b, want[0], want[1])
	emit(t, b, want[2], want[3])
	want[1].At = want[1].At.UTC()
	want[3].At = want[3].At.Truncate(time.Microsecond)
	got := feed(t, b, store.Feed{Everyone: true})
	last := store.Position(0)
	for i := range got {
		if got[i].Position <= last {
			t.Errorf("position %d after %d", got[i].Position, last)
		}
		last, got[i].Position = got[i].Position, 0
		if got[i].At.Location() != time.UTC {
			t.Errorf("event %s is in zone %v", got[i].ID, got[i].At.Location())
		}
		if len(got[i].Data) == 0 {
			got[i].Data = nil
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func caseEventPages(t testing.TB, h Harness) {
	b := h.Open(t)
	var all, acmes []string
	for i := range 10 {
		c := acme
		if i%3 == 0 {
			c = globex
		} else {
			acmes = append(acmes, number(i))
		}
		emit(t, b, happened(c, number(i)))
		all = append(all, number(i))
	}
	for _, limit := range []int{1, 3, 10, 11} {
		for _, c := range []struct {
			feed store.Feed
			want []string
		}{{store.Feed{Everyone: true}, all}, {store.Feed{Customer: acme}, acmes}, {store.Feed{Customer: "nobody"}, []string{}}} {
			got := []string{}
			f := c.feed
			f.Limit = limit
			for {
				page := feed(t, b, f)
				got = append(got, eventIDs(page)...)
				if len(page) < limit {
					break
				}
				f.After = page[len(page)-1].Position
			}
			same(t, fmt.Sprintf("%+v", c.feed), got, c.want)
		}
	}
}

func caseEventsRefused(t testing.TB, h Harness) {
	b := h.Open(t)
	emit(t, b, happened(acme, "e1"))
	for range 3 {
		err := b.Commit(t.Context(), store.Commit{
			Writes: []store.Write{insert(doc(acme, "new", "x")), update(doc(acme, "absent", "x"), 1)},
			Events: []store.Event{happened(acme, "lost")},
		})
		if !errors.Is(err, servicecoin.ErrConflict) {
			t.Errorf("got %v, want ErrConflict", err)
		}
	}
	emit(t, b, happened(acme, "e2"))
	same(t, "events", eventIDs(feed(t, b, store.Feed{Everyone: true})), []string{"e1", "e2"})
}

// caseGapSafe has writers commit while a reader follows the feed: a reader that
// was shown a position too early has left an event behind for good.
func caseGapSafe(t testing.TB, h Harness) {
	b := h.Open(t)
	const writers, each = 8, 25
	var wg sync.WaitGroup
	var busy atomic.Int32
	busy.Store(writers)
	for w := range writers {
		wg.Go(func() {
			defer busy.Add(-1)
			for i := range each {
				e := happened(acme, fmt.Sprintf("%d-%d", w, i))
				if err := b.Commit(t.Context(), store.Commit{Events: []store.Event{e, happened(globex, e.ID+"b")}}); err != nil {
					t.Errorf("commit: %v", err)
					return
				}
			}
		})
	}
	seen := map[string]int{}
	after := store.Position(0)
	for ended := false; ; {
		page := feed(t, b, store.Feed{Everyone: true, After: after, Limit: 7})
		for _, e := range page {
			seen[e.ID]++
			if e.Position <= after {
				t.Errorf("position %d after %d", e.Position, after)
			}
			after = e.Position
		}
		if len(page) == 0 {
			if ended {
				break
			}
			ended = busy.Load() == 0 // look once more after the last commit
		}
	}
	wg.Wait()
	equal(t, "events seen by a reader that follows", len(seen), 2*writers*each)
	for id, n := range seen {
		if n != 1 {
			t.Errorf("event %s came %d times", id, n)
		}
	}
}

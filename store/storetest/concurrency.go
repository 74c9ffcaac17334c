package storetest

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

func concurrencyCases() []Case {
	return []Case{
		{Name: "race/one record", Sentence: "Of commits that expect the same version of a key, one succeeds and the others answer ErrConflict.", Run: caseRaceUpdate},
		{Name: "race/insert", Sentence: "Of commits that insert the same key, one succeeds and the others answer ErrExists.", Run: caseRaceInsert},
		{Name: "race/write skew", Sentence: "Of two commits that each check what the other writes, at most one succeeds.", Run: caseRaceSkew},
		{Name: "race/absence", Sentence: "The same holds where what is checked is that a key is absent.", Run: caseRaceAbsence},
		{Name: "race/many keys", Sentence: "Commits over several keys in any order neither deadlock nor mix.", Run: caseRaceMany},
	}
}

const goroutines = 16

// together runs fn in so many goroutines that start at once.
func together(n int, fn func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	wg.Wait()
}

func caseRaceUpdate(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "counter", "0")))
	const each = 10
	together(goroutines, func(int) {
		for done := 0; done < each; {
			d, err := b.Get(t.Context(), key(acme, "counter"))
			if err != nil {
				t.Errorf("get: %v", err)
				return
			}
			n, _ := strconv.Atoi(string(d.Body))
			err = b.Commit(t.Context(), store.Commit{Writes: []store.Write{update(doc(acme, "counter", strconv.Itoa(n+1)), d.Version)}})
			switch {
			case err == nil:
				done++
			case !errors.Is(err, servicecoin.ErrConflict):
				t.Errorf("commit: %v", err)
				return
			}
		}
	})
	d := get(t, b, key(acme, "counter"))
	equal(t, "counter", string(d.Body), strconv.Itoa(goroutines*each))
	equal(t, "version", d.Version, goroutines*each+1)
}

func caseRaceInsert(t testing.TB, h Harness) {
	b := h.Open(t)
	for round := range 20 {
		var won atomic.Int32
		together(goroutines, func(i int) {
			err := b.Commit(t.Context(), store.Commit{
				Writes: []store.Write{insert(doc(acme, number(round), strconv.Itoa(i)))},
				Events: []store.Event{happened(acme, number(round)+"-"+strconv.Itoa(i))},
			})
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, servicecoin.ErrExists):
				t.Errorf("commit: %v, want ErrExists", err)
			}
		})
		equal(t, "inserts that won", won.Load(), 1)
	}
	equal(t, "events", len(feed(t, b, store.Feed{Everyone: true})), 20)
}

// crossed makes two commits at once, each checking what the other one writes.
func crossed(t testing.TB, b store.Backend, left, right store.Commit) {
	t.Helper()
	var won atomic.Int32
	together(2, func(i int) {
		err := b.Commit(t.Context(), []store.Commit{left, right}[i])
		switch {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, servicecoin.ErrConflict):
			t.Errorf("commit: %v, want ErrConflict", err)
		}
	})
	if won.Load() > 1 {
		t.Error("both commits succeeded, each on what the other one changed")
	}
}

func caseRaceSkew(t testing.TB, h Harness) {
	b := h.Open(t)
	for round := range 50 {
		x, y := doc(acme, "x"+number(round), "on call"), doc(acme, "y"+number(round), "on call")
		commit(t, b, insert(x), insert(y))
		crossed(t, b,
			store.Commit{Writes: []store.Write{update(x, 1)}, Checks: []store.Check{{Key: y.Key, Version: 1}}},
			store.Commit{Writes: []store.Write{update(y, 1)}, Checks: []store.Check{{Key: x.Key, Version: 1}}})
	}
}

func caseRaceAbsence(t testing.TB, h Harness) {
	b := h.Open(t)
	for round := range 50 {
		x, y := doc(acme, "x"+number(round), "only me"), doc(acme, "y"+number(round), "only me")
		crossed(t, b,
			store.Commit{Writes: []store.Write{insert(x)}, Checks: []store.Check{{Key: y.Key}}},
			store.Commit{Writes: []store.Write{insert(y)}, Checks: []store.Check{{Key: x.Key}}})
	}
}

func caseRaceMany(t testing.TB, h Harness) {
	b := h.Open(t)
	const keys, each = 4, 10
	for i := range keys {
		commit(t, b, insert(doc(acme, number(i), "0")))
	}
	together(8, func(g int) {
		for done := 0; done < each; {
			var c store.Commit
			for i := range keys {
				n := (i + g) % keys
				if g%2 == 1 {
					n = keys - 1 - n
				}
				d, err := b.Get(t.Context(), key(acme, number(n)))
				if err != nil {
					t.Errorf("get: %v", err)
					return
				}
				value, _ := strconv.Atoi(string(d.Body))
				c.Writes = append(c.Writes, update(doc(acme, number(n), strconv.Itoa(value+1)), d.Version))
			}
			err := b.Commit(t.Context(), c)
			switch {
			case err == nil:
				done++
			case !errors.Is(err, servicecoin.ErrConflict):
				t.Errorf("commit: %v", err)
				return
			}
		}
	})
	for i := range keys {
		equal(t, "value of every key", string(get(t, b, key(acme, number(i))).Body), strconv.Itoa(8*each))
	}
}

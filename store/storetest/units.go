package storetest

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

func unitCases() []Case {
	return []Case{
		{Name: "unit/two kinds and customers", Sentence: "A unit of work is one commit over several records, kinds and customers, or nothing.", Run: caseUnit},
		{Name: "unit/own writes", Sentence: "A unit sees its own writes, in Get and in listings.", Run: caseUnitReads},
		{Name: "unit/write skew", Sentence: "Two units that each act on what the other one changes do not both succeed.", Run: caseUnitSkew},
		{Name: "unit/mixture", Sentence: "A unit that fails on records of which it read one before and one after a commit runs again.", Run: caseUnitMixture},
		{Name: "unit/find none and insert", Sentence: "Of two units that both find none and insert the natural key, one inserts and the other finds it.", Run: caseUnitNone},
	}
}

func caseUnitMixture(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	c := store.Of(s.For(acme), notes())
	for _, id := range []string{"a", "b"} {
		if err := c.Insert(t.Context(), note{ID: id, N: 1}); err != nil {
			t.Fatal(err)
		}
	}
	bad := errors.New("a and b differ")
	runs := 0
	err := s.Do(t.Context(), func(tx *store.Store) error {
		runs++
		mine := store.Of(tx.For(acme), notes())
		a, err := mine.Get(t.Context(), "a")
		if err != nil {
			return err
		}
		if runs == 1 { // somebody else changes both
			if err := s.Do(t.Context(), func(tx *store.Store) error {
				for _, id := range []string{"a", "b"} {
					if _, err := store.Of(tx.For(acme), notes()).Update(t.Context(), id, func(n *note) ([]store.Event, error) { n.N++; return nil, nil }); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				return err
			}
		}
		b, err := mine.Get(t.Context(), "b")
		if err != nil {
			return err
		}
		if a.N != b.N {
			return bad
		}
		return nil
	})
	if err != nil || runs != 2 {
		t.Errorf("after %d runs: %v; want a second run, which sees both as they are", runs, err)
	}
	runs = 0
	err = s.Do(t.Context(), func(tx *store.Store) error {
		runs++
		for _, id := range []string{"a", "b"} {
			if _, err := store.Of(tx.For(acme), notes()).Get(t.Context(), id); err != nil {
				return err
			}
		}
		return bad
	})
	if !errors.Is(err, bad) || runs != 1 {
		t.Errorf("a unit that fails on what is so: %d runs, %v", runs, err)
	}
}

func caseUnit(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	other := notes()
	other.Name = "remark"
	work := func(fail error) error {
		return s.Do(t.Context(), func(tx *store.Store) error {
			if err := store.Of(tx.For(acme), notes()).Insert(t.Context(), note{ID: "1"}, store.Event{Name: "a", Actor: actor()}); err != nil {
				return err
			}
			return tx.Do(t.Context(), func(tx *store.Store) error { // joins
				if err := store.Of(tx.For(globex), other).Insert(t.Context(), note{ID: "2"}, store.Event{Name: "b", Actor: actor()}); err != nil {
					return err
				}
				return fail
			})
		})
	}
	count := func() (n int) {
		events, err := s.Events(t.Context(), 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []store.Kind[note]{notes(), other} {
			for _, err := range store.Across(s, k).Find(store.All()).Items(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
		}
		return n*10 + len(events)
	}
	oops := errors.New("oops")
	if err := work(oops); !errors.Is(err, oops) {
		t.Errorf("got %v", err)
	}
	equal(t, "after a failure", count(), 0)
	if err := work(nil); err != nil {
		t.Fatal(err)
	}
	equal(t, "after success", count(), 22)
	if err := work(nil); !errors.Is(err, servicecoin.ErrExists) {
		t.Errorf("again: got %v, want ErrExists", err)
	}
}

func caseUnitReads(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	fill(t, store.Of(s.For(acme), notes()), 40)
	err := s.Do(t.Context(), func(tx *store.Store) error {
		c := store.Of(tx.For(acme), notes())
		set := func(id, author string) error {
			_, err := c.Update(t.Context(), id, func(n *note) ([]store.Event, error) { n.Author = author; return nil, nil })
			return err
		}
		err := errors.Join(
			set("0001", "c"), set("0001", "new"), set("0002", "b"),
			c.Delete(t.Context(), "0004"), c.Insert(t.Context(), note{ID: "00035", Author: "b", N: 3}),
			c.Insert(t.Context(), note{ID: "gone", Author: "b"}), c.Delete(t.Context(), "gone"),
			c.Delete(t.Context(), "0007"), c.Insert(t.Context(), note{ID: "0007", Author: "b", N: 1000}),
		)
		if err != nil {
			return err
		}
		if err := c.Insert(t.Context(), note{ID: "0001"}); !errors.Is(err, servicecoin.ErrExists) {
			t.Errorf("inserting what is there: %v", err)
		}
		if _, err := c.Get(t.Context(), "0004"); !errors.Is(err, servicecoin.ErrNotFound) {
			t.Errorf("deleted: %v", err)
		}
		var got []string
		for n, err := range c.Find(store.By("author", store.Text("b"))).All(t.Context()) {
			if err != nil {
				return err
			}
			got = append(got, n.ID)
		}
		same(t, "listing inside", got, []string{"0002", "00035", "0010", "0013", "0016", "0019", "0022", "0025", "0028", "0031", "0034", "0037", "0007"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	c := store.Of(s.For(acme), notes())
	for n, err := range c.Find(store.By("author", store.Text("b"))).All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, n.ID)
	}
	same(t, "listing after", got, []string{"0002", "00035", "0010", "0013", "0016", "0019", "0022", "0025", "0028", "0031", "0034", "0037", "0007"})
	if n, err := c.Get(t.Context(), "0001"); err != nil || n.Author != "new" {
		t.Errorf("got %v (%v)", n, err)
	}
}

func caseUnitSkew(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	c := store.Of(s.For(acme), notes())
	for round := range 20 {
		left, right := "l"+number(round), "r"+number(round)
		for _, id := range []string{left, right} {
			if err := c.Insert(t.Context(), note{ID: id, N: 1}); err != nil {
				t.Fatal(err)
			}
		}
		together(2, func(i int) { // each may go off duty if the other one stays
			mine, other := []string{left, right}[i], []string{right, left}[i]
			err := s.Do(t.Context(), func(tx *store.Store) error {
				c := store.Of(tx.For(acme), notes())
				if n, err := c.Get(t.Context(), other); err != nil || n.N == 0 {
					return err
				}
				_, err := c.Update(t.Context(), mine, func(n *note) ([]store.Event, error) { n.N = 0; return nil, nil })
				return err
			})
			if err != nil {
				t.Errorf("unit: %v", err)
			}
		})
		l, err1 := c.Get(t.Context(), left)
		r, err2 := c.Get(t.Context(), right)
		if err := errors.Join(err1, err2); err != nil || l.N+r.N != 1 {
			t.Errorf("round %d: %d on duty, 1 wanted (%v)", round, l.N+r.N, err)
		}
	}
}

func caseUnitNone(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	for round := range 10 {
		var inserted, found atomic.Int32
		together(4, func(int) {
			mine := false
			err := s.Do(t.Context(), func(tx *store.Store) error {
				c := store.Of(tx.For(acme), notes())
				_, err := c.Get(t.Context(), number(round))
				if mine = errors.Is(err, servicecoin.ErrNotFound); mine {
					return c.Insert(t.Context(), note{ID: number(round)}, store.Event{Name: "note.first", Actor: actor()})
				}
				return err
			})
			switch {
			case err != nil:
				t.Errorf("unit: %v", err)
			case mine:
				inserted.Add(1)
			default:
				found.Add(1)
			}
		})
		equal(t, "inserted", inserted.Load(), 1)
		equal(t, "found", found.Load(), 3)
	}
}

package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Note is the record of the suite's typed cases.
type note struct {
	ID     string `json:"id"`
	Author string `json:"author"`
	N      int    `json:"n"`
}

func notes() store.Kind[note] {
	return store.Kind[note]{
		Name: "note",
		ID:   func(n note) string { return n.ID },
		Indexes: []store.Index[note]{
			{Name: "author", Columns: "ti", Of: func(n note) store.Tuple { return store.Tuple{store.Text(n.Author), store.Int(n.N)} }},
		},
	}
}

func storeCases() []Case {
	return []Case{
		{Name: "typed/commit in a find loop", Sentence: "Writing to the store inside of the loop of a Find works, and each record comes at most once.", Run: caseCommitInFind},
		{Name: "typed/nested find", Sentence: "A Find or Get inside of the loop of a Find works, from sixteen goroutines too.", Run: caseNestedFind},
		{Name: "typed/update", Sentence: "Sixteen goroutines that update one record lose nothing.", Run: caseTypedUpdate},
		{Name: "typed/pages", Sentence: "A listing by cursor gives every record once; a cursor of another listing or customer is ErrInvalid.", Run: caseTypedPages},
		{Name: "typed/view", Sentence: "A view can do nothing outside of its customer.", Run: caseView},
		{Name: "typed/across", Sentence: "Across lists the records of all customers with their keys.", Run: caseAcross},
		{Name: "typed/answer lost", Sentence: "When the answer to a commit is lost, making the same call again tells whether it happened.", Run: caseAnswerLost},
		{Name: "typed/forget", Sentence: "Store.Forget erases a customer's records and leaves the word of it in the provider's feed.", Run: caseStoreForget},
	}
}

func fill(t testing.TB, c store.Collection[note], n int) {
	t.Helper()
	for i := range n {
		if err := c.Insert(t.Context(), note{ID: number(i), Author: string(rune('a' + i%3)), N: i}); err != nil {
			t.Fatal(err)
		}
	}
}

func caseCommitInFind(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	c := store.Of(s.For(acme), notes())
	fill(t, c, 120)
	seen := map[string]int{}
	for n, err := range c.Find(store.By("author", store.Text("b"))).All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		seen[n.ID]++
		if _, err := c.Update(t.Context(), n.ID, func(n *note) ([]store.Event, error) {
			n.N += 1000 // moves it ahead of the loop
			return nil, nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := c.Insert(t.Context(), note{ID: "new" + n.ID, Author: "z"}); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "records seen", len(seen), 40)
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
}

func caseNestedFind(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	c := store.Of(s.For(acme), notes())
	fill(t, c, 30)
	var pairs atomic.Int32
	together(goroutines, func(int) {
		for outer, err := range c.Find(store.All()).All(t.Context()) {
			if err != nil {
				t.Errorf("outer: %v", err)
				return
			}
			if _, err := c.Get(t.Context(), outer.ID); err != nil {
				t.Errorf("get: %v", err)
				return
			}
			for _, err := range c.Find(store.By("author", store.Text(outer.Author))).All(t.Context()) {
				if err != nil {
					t.Errorf("inner: %v", err)
					return
				}
				pairs.Add(1)
			}
		}
	})
	equal(t, "pairs", pairs.Load(), goroutines*30*10)
}

func caseTypedUpdate(t testing.TB, h Harness) {
	b := NewFaults(h.Open(t))
	s := store.New(b, nil)
	c := store.Of(s.For(acme), notes())
	fill(t, c, 1)
	b.Commits()
	const each = 20
	together(goroutines, func(g int) {
		for i := range each {
			by := fmt.Sprintf("%d-%d", g, i)
			if _, err := c.Update(t.Context(), "0000", func(n *note) ([]store.Event, error) {
				n.N++
				return []store.Event{{Name: "note.counted", Actor: servicecoin.Program(by)}}, nil
			}); err != nil {
				t.Errorf("update: %v", err)
			}
		}
	})
	n, err := c.Get(t.Context(), "0000")
	if err != nil || n.N != goroutines*each {
		t.Errorf("got %d, want %d (%v)", n.N, goroutines*each, err)
	}
	if tries := b.Commits(); tries > goroutines*each*2 {
		t.Errorf("%d tries for %d updates: the turns are not fair", tries, goroutines*each)
	}
	events, err := s.Events(t.Context(), 0, store.MaxPage)
	if err != nil || len(events) != goroutines*each {
		t.Errorf("%d events (%v), one for each update wanted", len(events), err)
	}
	// A rerun is forced, and repeats nothing.
	b.Script(Conflict, Conflict)
	runs := 0
	if _, err := c.Update(t.Context(), "0000", func(n *note) ([]store.Event, error) { runs++; n.N = -1; return nil, nil }); err != nil || runs != 3 {
		t.Errorf("ran %d times, 3 wanted (%v)", runs, err)
	}
}

func caseTypedPages(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	c, other := store.Of(s.For(acme), notes()), store.Of(s.For(globex), notes())
	fill(t, c, 25)
	fill(t, other, 25)
	var got []string
	first, next := "", ""
	for range 10 {
		page, err := c.Find(store.By("author", store.Text("b")).From(store.Int(4)).Descending()).Page(t.Context(), next, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			got = append(got, item.Value.ID)
		}
		if next = page.Next; next == "" {
			break
		}
		first = next
	}
	same(t, "pages", got, []string{"0022", "0019", "0016", "0013", "0010", "0007", "0004"})
	for what, err := range map[string]error{
		"no cursor":          second(c.Find(store.All()).Page(t.Context(), "nonsense!", 3)),
		"another order":      second(c.Find(store.By("author")).Page(t.Context(), first, 3)),
		"another index":      second(c.Find(store.All()).Page(t.Context(), first, 3)),
		"another customer":   second(other.Find(store.By("author").Descending()).Page(t.Context(), first, 3)),
		"limit 0":            second(c.Find(store.All()).Page(t.Context(), "", 0)),
		"an unknown index":   second(c.Find(store.By("nope")).Page(t.Context(), "", 3)),
		"the wrong column":   second(c.Find(store.By("author", store.Int(1))).Page(t.Context(), "", 3)),
		"a column too many":  second(c.Find(store.By("author", store.Text("a"), store.Int(1), store.Int(1))).Page(t.Context(), "", 3)),
		"a range over an id": second(c.Find(store.All().From(store.Text("a"))).Page(t.Context(), "", 3)),
	} {
		if !errors.Is(err, servicecoin.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// caseView tries every method of a view for a way out of its partition.
func caseView(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	fill(t, store.Of(s.For(globex), notes()), 3)
	if err := s.For(globex).Record(t.Context(), store.Event{Name: "secret", Actor: actor(), Subject: s.For(globex).Key("note", "0000")}); err != nil {
		t.Fatal(err)
	}
	view := s.For(acme)
	c := store.Of(view, notes())
	check := func(when string) {
		t.Helper()
		if _, err := c.Get(t.Context(), "0000"); !errors.Is(err, servicecoin.ErrNotFound) {
			t.Errorf("%s: Get: %v", when, err)
		}
		if _, err := c.Update(t.Context(), "0000", func(n *note) ([]store.Event, error) { n.N = 99; return nil, nil }); !errors.Is(err, servicecoin.ErrNotFound) {
			t.Errorf("%s: Update: %v", when, err)
		}
		if err := c.Delete(t.Context(), "0000"); !errors.Is(err, servicecoin.ErrNotFound) {
			t.Errorf("%s: Delete: %v", when, err)
		}
		if err := c.Put(t.Context(), note{ID: "0000"}, 1); !errors.Is(err, servicecoin.ErrConflict) {
			t.Errorf("%s: Put: %v", when, err)
		}
		for n, err := range c.Find(store.By("author")).All(t.Context()) {
			t.Errorf("%s: Find shows %v (%v)", when, n, err)
		}
		if p, err := c.Find(store.All()).Page(t.Context(), "", 10); err != nil || len(p.Items) > 0 {
			t.Errorf("%s: Page shows %v (%v)", when, p.Items, err)
		}
		if events, err := view.Events(t.Context(), 0, 10); err != nil || len(events) > 0 {
			t.Errorf("%s: Events shows %v (%v)", when, events, err)
		}
	}
	check("plain")
	foreign := store.Event{Name: "forged", Actor: actor(), Subject: s.For(globex).Key("note", "0000")}
	for what, err := range map[string]error{
		"Record":     view.Record(t.Context(), foreign),
		"Insert":     c.Insert(t.Context(), note{ID: "x"}, foreign),
		"Do":         view.Do(t.Context(), func(tx store.View) error { return tx.Record(t.Context(), foreign) }),
		"no view":    store.Of(store.View{}, notes()).Insert(t.Context(), note{ID: "x"}),
		"nobody":     store.Of(s.For(""), notes()).Insert(t.Context(), note{ID: "x"}),
		"nobody, Do": s.For("").Do(t.Context(), func(store.View) error { return nil }),
	} {
		if !errors.Is(err, servicecoin.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", what, err)
		}
	}
	if err := view.Do(t.Context(), func(tx store.View) error {
		c = store.Of(tx, notes())
		if tx.Customer() != acme {
			t.Errorf("the unit's view is %s's", tx.Customer())
		}
		_, err := c.Get(t.Context(), "0000")
		if !errors.Is(err, servicecoin.ErrNotFound) {
			t.Errorf("inside: Get: %v", err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	c = store.Of(view, notes())
	check("after")
	if n, err := store.Of(s.For(globex), notes()).Get(t.Context(), "0000"); err != nil || n.N != 0 {
		t.Errorf("the neighbour's record: %v (%v)", n, err)
	}
}

func caseAcross(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	for _, c := range []servicecoin.CustomerID{globex, acme, servicecoin.Provider} {
		fill(t, store.Of(s.For(c), notes()), 4)
	}
	var got []string
	for item, err := range store.Across(s, notes()).Find(store.By("author", store.Text("a")).Descending()).Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(item.Key.Customer)+"/"+item.Value.ID)
	}
	same(t, "listing", got, []string{"globex/0003", "globex/0000", "acme/0003", "acme/0000", "@provider/0003", "@provider/0000"})
	var paged int
	for next := ""; ; {
		page, err := store.Across(s, notes()).Find(store.All()).Page(t.Context(), next, 5)
		if err != nil {
			t.Fatal(err)
		}
		paged += len(page.Items)
		if next = page.Next; next == "" {
			break
		}
	}
	equal(t, "paged", paged, 12)
}

func caseAnswerLost(t testing.TB, h Harness) {
	b := NewFaults(h.Open(t))
	s := store.New(b, nil)
	c := store.Of(s.For(acme), notes())
	fill(t, c, 1)
	for _, fault := range []Fault{Before, After} {
		id := "n" + strconv.Itoa(int(fault))
		b.Script(fault)
		err := c.Insert(t.Context(), note{ID: id})
		if !errors.Is(err, ErrFault) || !servicecoin.MayHaveHappened(err) || !servicecoin.Retryable(err) {
			t.Fatalf("got %v, want an error that leaves the outcome open", err)
		}
		err = c.Insert(t.Context(), note{ID: id})
		if happened := errors.Is(err, servicecoin.ErrExists); happened != (fault == After) || !happened && err != nil {
			t.Errorf("the same call again: %v", err)
		}
	}
	runs := 0
	b.Script(After)
	err := s.Do(t.Context(), func(tx *store.Store) error {
		runs++
		_, err := store.Of(tx.For(acme), notes()).Update(t.Context(), "0000", func(n *note) ([]store.Event, error) { n.N++; return nil, nil })
		return err
	})
	if !errors.Is(err, ErrFault) || runs != 1 {
		t.Errorf("a unit whose answer is lost ran %d times and ended with %v", runs, err)
	}
	if n, err := c.Get(t.Context(), "0000"); err != nil || n.N != 1 {
		t.Errorf("got %d, want 1: the unit must not run twice (%v)", n.N, err)
	}
}

func caseStoreForget(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	fill(t, store.Of(s.For(acme), notes()), 3)
	fill(t, store.Of(s.For(globex), notes()), 3)
	if err := s.For(acme).Record(t.Context(), store.Event{Name: "x", Actor: actor(), Subject: s.For(acme).Key("note", "0000")}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Forget(t.Context(), actor(), acme); err != nil {
			t.Fatal(err)
		}
	}
	for n, err := range store.Of(s.For(acme), notes()).Find(store.All()).All(t.Context()) {
		t.Errorf("still there: %v (%v)", n, err)
	}
	events, err := s.Events(t.Context(), 0, 10)
	if err != nil || len(events) != 2 || events[0].Name != store.CustomerForgotten || events[0].Subject.ID != store.Forgotten(acme) {
		t.Errorf("events %v (%v)", events, err)
	}
	text, err := json.Marshal(events)
	if err != nil || strings.Contains(string(text), string(acme)) {
		t.Errorf("the customer's name is still in the feed: %s (%v)", text, err)
	}
	for _, c := range []servicecoin.CustomerID{"", servicecoin.Provider} {
		if err := s.Forget(t.Context(), actor(), c); err == nil {
			t.Errorf("forgetting %q is allowed", c)
		}
	}
	fill(t, store.Of(s.For(acme), notes()), 1)
}

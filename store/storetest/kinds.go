package storetest

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

func kindCases() []Case {
	return []Case{
		{Name: "kind/shapes", Sentence: "A record of an older shape is read through Upgrade; a newer one is refused, on reading and on writing.", Run: caseShapes},
		{Name: "kind/new index", Sentence: "A listing by an index that is newer than the records is refused until Reindex, and complete after it.", Run: caseNewIndex},
		{Name: "kind/changed index", Sentence: "Indexes that were renamed, reordered or retyped are refused; a program that lacks one that is in use cannot write.", Run: caseChangedIndex},
		{Name: "kind/reindex resumes", Sentence: "A Reindex that was interrupted goes on where it was.", Run: caseReindexResumes},
		{Name: "kind/declaration", Sentence: "A faulty declaration or a value that does not fit its index is ErrInvalid.", Run: caseDeclaration},
	}
}

// wider is the note's second shape, with an index that the first one lacks.
func wider() store.Kind[note] {
	k := notes()
	k.Shape = 1
	k.Upgrade = func(_ int, body []byte) (note, error) {
		var n note
		err := json.Unmarshal(body, &n)
		n.Author = "upgraded " + n.Author
		return n, err
	}
	k.Indexes = append(k.Indexes, store.Index[note]{Name: "n", Columns: "i", Of: func(n note) store.Tuple { return store.Tuple{store.Int(n.N)} }})
	return k
}

func caseShapes(t testing.TB, h Harness) {
	s := store.New(h.Open(t), nil)
	old := store.Of(s.For(acme), notes())
	fill(t, old, 2)
	k := wider()
	k.Indexes = k.Indexes[:1]
	newer := store.Of(s.For(acme), k)
	n, err := newer.Get(t.Context(), "0000")
	if err != nil || n.Author != "upgraded a" {
		t.Errorf("reading the old shape: %v (%v)", n, err)
	}
	if _, err := newer.Update(t.Context(), "0000", func(n *note) ([]store.Event, error) { n.N = 7; return nil, nil }); err != nil {
		t.Fatal(err)
	}
	_, getErr := old.Get(t.Context(), "0000")
	_, updateErr := old.Update(t.Context(), "0000", func(*note) ([]store.Event, error) { return nil, nil })
	for what, err := range map[string]error{
		"Get": getErr, "Update": updateErr, "Put": old.Put(t.Context(), note{ID: "0000"}, 2), "Delete": old.Delete(t.Context(), "0000"),
	} {
		if !errors.Is(err, servicecoin.ErrNewer) {
			t.Errorf("the old program's %s: got %v, want ErrNewer", what, err)
		}
	}
	lenient := notes()
	lenient.ReadsNewer = true
	if n, err := store.Of(s.For(acme), lenient).Get(t.Context(), "0000"); err != nil || n.N != 7 {
		t.Errorf("a program that reads newer shapes: %v (%v)", n, err)
	}
	if err := store.Of(s.For(acme), lenient).Put(t.Context(), note{ID: "0000"}, 2); !errors.Is(err, servicecoin.ErrNewer) {
		t.Errorf("and writes over them: got %v, want ErrNewer", err)
	}
	if n, err := old.Get(t.Context(), "0001"); err != nil || n.N != 1 {
		t.Errorf("the old program and an old record: %v (%v)", n, err)
	}
}

func caseNewIndex(t testing.TB, h Harness) {
	b := h.Open(t)
	fill(t, store.Of(store.New(b, nil).For(acme), notes()), 50)
	fill(t, store.Of(store.New(b, nil).For(globex), notes()), 50)
	s := store.New(b, nil) // a new release starts
	c := store.Of(s.For(acme), wider())
	list := func() (n int, err error) {
		for _, err = range c.Find(store.By("n").From(store.Int(40))).All(t.Context()) {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	if n, err := list(); n != 0 || !errors.Is(err, servicecoin.ErrRefused) {
		t.Errorf("before Reindex: %d records, %v; want ErrRefused", n, err)
	}
	if err := c.Insert(t.Context(), note{ID: "0050", N: 50}); err != nil {
		t.Fatal(err)
	}
	if n, err := list(); n != 0 || !errors.Is(err, servicecoin.ErrRefused) {
		t.Errorf("after a write, before Reindex: %d records, %v; want ErrRefused", n, err)
	}
	n, err := store.Reindex(t.Context(), s, wider())
	if err != nil || n != 100 {
		t.Errorf("Reindex rewrote %d records, 100 wanted (%v)", n, err)
	}
	if n, err := list(); n != 11 || err != nil {
		t.Errorf("after Reindex: %d records, 11 wanted (%v)", n, err)
	}
	if n, err := store.Reindex(t.Context(), s, wider()); n != 0 || err != nil {
		t.Errorf("Reindex again rewrote %d records (%v)", n, err)
	}
	other := store.Of(store.New(b, nil).For(globex), wider())
	if p, err := other.Find(store.By("n")).Page(t.Context(), "", 100); err != nil || len(p.Items) != 50 {
		t.Errorf("the other customer: %d records, 50 wanted (%v)", len(p.Items), err)
	}
}

func caseChangedIndex(t testing.TB, h Harness) {
	b := h.Open(t)
	fill(t, store.Of(store.New(b, nil).For(acme), wider()), 3)
	renamed, retyped, reordered, fewer := wider(), wider(), wider(), wider()
	renamed.Indexes[0].Name = "writer"
	retyped.Indexes[1].Columns, retyped.Indexes[1].Of = "t", func(note) store.Tuple { return nil }
	reordered.Indexes[0], reordered.Indexes[1] = reordered.Indexes[1], reordered.Indexes[0]
	fewer.Indexes = fewer.Indexes[:1]
	for what, c := range map[string]struct {
		kind store.Kind[note]
		want error
	}{
		"renamed": {renamed, servicecoin.ErrRefused}, "retyped": {retyped, servicecoin.ErrRefused},
		"reordered": {reordered, servicecoin.ErrRefused}, "fewer": {fewer, servicecoin.ErrNewer},
	} {
		coll := store.Of(store.New(b, nil).For(acme), c.kind)
		if err := coll.Insert(t.Context(), note{ID: "new"}); !errors.Is(err, c.want) {
			t.Errorf("%s: insert: got %v, want %v", what, err, c.want)
		}
		_, err := coll.Find(store.By(c.kind.Indexes[0].Name)).Page(t.Context(), "", 10)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: listing: got %v, want %v", what, err, c.want)
		}
	}
	s := store.New(b, nil)
	if err := store.Of(s.For(acme), wider()).Insert(t.Context(), note{ID: "fine"}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Of(s.For(acme), renamed).Get(t.Context(), "fine"); !errors.Is(err, servicecoin.ErrRefused) {
		t.Errorf("two declarations in one program: got %v, want ErrRefused", err)
	}
	retired := wider()
	retired.Indexes[0] = store.Retired[note]("author", "ti")
	if err := store.Of(store.New(b, nil).For(acme), retired).Insert(t.Context(), note{ID: "retired"}); err != nil {
		t.Errorf("a retired index: %v", err)
	}
}

func caseReindexResumes(t testing.TB, h Harness) {
	b := NewFaults(h.Open(t))
	fill(t, store.Of(store.New(b, nil).For(acme), notes()), 100)
	s := store.New(b, nil)
	b.Script(Pass, Pass, Before) // the registration, one page, then the machine stops
	first, err := store.Reindex(t.Context(), s, wider())
	if !errors.Is(err, ErrFault) || first == 0 || first == 100 {
		t.Fatalf("the interrupted run rewrote %d records (%v)", first, err)
	}
	rest, err := store.Reindex(t.Context(), store.New(b, nil), wider())
	if err != nil || first+rest != 100 {
		t.Errorf("%d records in the first run, %d in the second, 100 wanted (%v)", first, rest, err)
	}
	b.Script(Conflict)
	if _, err := store.Reindex(t.Context(), s, wider()); err != nil {
		t.Errorf("a conflict is worth another look: %v", err)
	}
	p, err := store.Of(s.For(acme), wider()).Find(store.By("n")).Page(t.Context(), "", 200)
	if err != nil || len(p.Items) != 100 {
		t.Errorf("%d records in the new index (%v)", len(p.Items), err)
	}
}

func caseDeclaration(t testing.TB, h Harness) {
	b := h.Open(t)
	bad := map[string]func(*store.Kind[note]){
		"no name":           func(k *store.Kind[note]) { k.Name = "" },
		"no id":             func(k *store.Kind[note]) { k.ID = nil },
		"an index twice":    func(k *store.Kind[note]) { k.Indexes = append(k.Indexes, k.Indexes[0]) },
		"nine indexes":      func(k *store.Kind[note]) { k.Indexes = make([]store.Index[note], 9) },
		"unknown column":    func(k *store.Kind[note]) { k.Indexes[0].Columns = "tx" },
		"no upgrade":        func(k *store.Kind[note]) { k.Shape = 1 },
		"half a codec":      func(k *store.Kind[note]) { k.Encode = func(note) ([]byte, error) { return nil, nil } },
		"the wrong columns": func(k *store.Kind[note]) { k.Indexes[0].Columns = "t" },
		"a value too long": func(k *store.Kind[note]) {
			k.Indexes[0].Of = func(note) store.Tuple { return store.Tuple{store.Text(string(make([]byte, 600))), store.Int(1)} }
		},
	}
	for what, change := range bad {
		k := notes()
		change(&k)
		if k.Name != "" {
			k.Name = "note " + what
		}
		if err := store.Of(store.New(b, nil).For(acme), k).Insert(t.Context(), note{ID: "x"}); !errors.Is(err, servicecoin.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", what, err)
		}
	}
	if err := store.Of(store.New(b, nil).For(acme), notes()).Insert(t.Context(), note{}); !errors.Is(err, servicecoin.ErrInvalid) {
		t.Errorf("a record without id: got %v, want ErrInvalid", err)
	}
	c := store.Of(store.New(b, nil).For(acme), notes())
	fill(t, c, 1)
	if _, err := c.Update(t.Context(), "0000", func(n *note) ([]store.Event, error) { n.ID = "other"; return nil, nil }); !errors.Is(err, servicecoin.ErrInvalid) {
		t.Errorf("changing the id: got %v, want ErrInvalid", err)
	}
}

package storetest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

func findCases() []Case {
	return []Case{
		{Name: "find/by id", Sentence: "Slot 0 lists the documents of one kind and customer by id, byte by byte, in both directions.", Run: caseFindByID},
		{Name: "find/by index", Sentence: "Slot n lists by index value, then id, byte by byte, in both directions.", Run: caseFindByIndex},
		{Name: "find/not in the index", Sentence: "A document without a value is not in that index's listing.", Run: caseFindAbsent},
		{Name: "find/ranges", Sentence: "From is inclusive, To exclusive, nil open, in both directions.", Run: caseFindRanges},
		{Name: "find/pages", Sentence: "Page after page, every document comes exactly once, whatever the page size.", Run: caseFindPages},
		{Name: "find/moved", Sentence: "An update moves a document to its new place in every listing.", Run: caseFindMoved},
		{Name: "find/customers apart", Sentence: "A listing of one customer shows nothing of another, whose name may begin alike.", Run: caseFindCustomers},
		{Name: "find/everyone", Sentence: "A listing of everyone goes customer by customer, each in the order of the listing, with the same ranges and pages.", Run: caseFindEveryone},
		{Name: "find/whole documents", Sentence: "A listing returns documents as Get does.", Run: caseFindWhole},
	}
}

func caseFindByID(t testing.TB, h Harness) {
	b := h.Open(t)
	names := []string{"b", "a", "B", "é", "z", "a0", "日", "~"}
	for _, id := range names {
		commit(t, b, insert(doc(acme, id, "x")), insert(store.Document{Key: store.Key{Customer: acme, Kind: "other", ID: id}}))
	}
	slices.Sort(names)
	same(t, "ascending", ids(find(t, b, store.Query{Customer: acme})), names)
	slices.Reverse(names)
	same(t, "descending", ids(find(t, b, store.Query{Customer: acme, Descending: true})), names)
	same(t, "a kind that is not there", ids(find(t, b, store.Query{Customer: acme, Kind: "none"})), []string{})
}

// values are index values that sort differently by any rule but bytes.
func values() []string {
	return []string{"\x00", "\x00\x00", "\x00\xff", "A", "Z", "a", "a\x00", "a\x00b", "ab", "\xc3", "\xc3\xa9", "\xff", "\xff\xff"}
}

func caseFindByIndex(t testing.TB, h Harness) {
	b := h.Open(t)
	var want []string
	for i, v := range values() {
		for _, suffix := range []string{"-a", "-B"} {
			commit(t, b, insert(doc(acme, number(99-i)+suffix, "x", "", v)))
		}
		want = append(want, number(99-i)+"-B", number(99-i)+"-a")
	}
	same(t, "ascending", ids(find(t, b, store.Query{Customer: acme, Slot: 2})), want)
	slices.Reverse(want)
	same(t, "descending", ids(find(t, b, store.Query{Customer: acme, Slot: 2, Descending: true})), want)
}

func caseFindAbsent(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "both", "x", "1", "1")), insert(doc(acme, "first", "x", "2")), insert(doc(acme, "none", "x")))
	commit(t, b, insert(doc(acme, "empty", "x")))
	e := doc(acme, "empty", "x")
	e.Index[0] = []byte{}
	commit(t, b, update(e, 1))
	same(t, "slot 1", ids(find(t, b, store.Query{Customer: acme, Slot: 1})), []string{"both", "first"})
	same(t, "slot 2", ids(find(t, b, store.Query{Customer: acme, Slot: 2})), []string{"both"})
	same(t, "slot 3", ids(find(t, b, store.Query{Customer: acme, Slot: 3})), []string{})
	for slot := range 8 {
		d := doc(acme, "slot"+number(slot), "x")
		d.Index[slot] = []byte("v")
		commit(t, b, insert(d))
		got := ids(find(t, b, store.Query{Customer: acme, Slot: slot + 1, From: []byte("v"), To: []byte("w")}))
		same(t, "slot of its own", got, []string{d.Key.ID})
	}
}

func caseFindRanges(t testing.TB, h Harness) {
	b := h.Open(t)
	for i, v := range []string{"a", "b", "b", "c", "d"} {
		commit(t, b, insert(doc(acme, number(i), "x", v)))
	}
	for _, c := range []struct {
		name     string
		slot     int
		from, to string
		want     []string
	}{
		{"open", 1, "", "", []string{"0000", "0001", "0002", "0003", "0004"}},
		{"from", 1, "b", "", []string{"0001", "0002", "0003", "0004"}},
		{"to", 1, "", "c", []string{"0000", "0001", "0002"}},
		{"from to", 1, "b", "c", []string{"0001", "0002"}},
		{"between values", 1, "aa", "bb", []string{"0001", "0002"}},
		{"nothing there", 1, "bb", "bc", []string{}},
		{"reversed", 1, "c", "b", []string{}},
		{"ids", 0, "0001", "0003", []string{"0001", "0002"}},
		{"above all", 1, "x", "", []string{}},
		{"below all", 1, "", "a", []string{}},
	} {
		q := store.Query{Customer: acme, Slot: c.slot}
		if c.from != "" {
			q.From = []byte(c.from)
		}
		if c.to != "" {
			q.To = []byte(c.to)
		}
		same(t, c.name, ids(find(t, b, q)), c.want)
		q.Descending = true
		slices.Reverse(c.want)
		same(t, c.name+", descending", ids(find(t, b, q)), c.want)
	}
}

// walk lists page by page.
func walk(t testing.TB, b store.Backend, q store.Query) []store.Document {
	t.Helper()
	var all []store.Document
	for range 1000 {
		page := find(t, b, q)
		all = append(all, page...)
		if len(page) > q.Limit {
			t.Fatalf("a page of %d, %d asked for", len(page), q.Limit)
		}
		if len(page) < q.Limit {
			return all
		}
		last := page[len(page)-1]
		q.After = &store.Cursor{Key: last.Key}
		if q.Slot > 0 {
			q.After.Index = last.Index[q.Slot-1]
		}
	}
	t.Fatal("the listing does not end")
	return nil
}

func caseFindPages(t testing.TB, h Harness) {
	b := h.Open(t)
	for i := range 23 {
		commit(t, b, insert(doc(acme, number(i), "x", string(rune('a'+i%3)))), insert(doc(globex, number(i), "x", "b")))
	}
	for slot := range 2 {
		for _, descending := range []bool{false, true} {
			q := store.Query{Customer: acme, Kind: "thing", Slot: slot, Descending: descending}
			want := ids(find(t, b, q))
			equal(t, "size of the listing", len(want), 23)
			for _, q.Limit = range []int{1, 2, 7, 22, 23, 24} {
				same(t, "pages", ids(walk(t, b, q)), want)
			}
		}
	}
	q := store.Query{Customer: acme, Kind: "thing", Slot: 1, From: []byte("b"), To: []byte("c"), Limit: 3}
	equal(t, "pages of a range", len(walk(t, b, q)), 8)
	q.Descending = true
	equal(t, "pages of a range, descending", len(walk(t, b, q)), 8)
}

func caseFindMoved(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "1", "x", "open", "a")), insert(doc(acme, "2", "x", "open", "b")))
	commit(t, b, update(doc(acme, "1", "y", "closed"), 1))
	at := func(slot int, v string) []string {
		return ids(find(t, b, store.Query{Customer: acme, Slot: slot, From: []byte(v), To: []byte(v + "\xff")}))
	}
	same(t, "the old place", at(1, "open"), []string{"2"})
	same(t, "the new place", at(1, "closed"), []string{"1"})
	same(t, "left the other index", ids(find(t, b, store.Query{Customer: acme, Slot: 2})), []string{"2"})
	equal(t, "the body in the listing", string(find(t, b, store.Query{Customer: acme, Slot: 1})[0].Body), "y")
}

func caseFindCustomers(t testing.TB, h Harness) {
	b := h.Open(t)
	customers := []servicecoin.CustomerID{"a", "aa", "a ", "b", "A", "a-", "é", servicecoin.Provider}
	for _, c := range customers {
		for _, id := range []string{"1", "2"} {
			commit(t, b, insert(doc(c, id, string(c), "v"+id)))
		}
	}
	for _, c := range customers {
		for slot := range 2 {
			for _, descending := range []bool{false, true} {
				list := walk(t, b, store.Query{Customer: c, Kind: "thing", Slot: slot, Descending: descending, Limit: 1})
				equal(t, "documents of "+string(c), len(list), 2)
				for _, d := range list {
					equal(t, "customer", string(d.Body), string(c))
				}
			}
		}
	}
	bounded := find(t, b, store.Query{Customer: "a", Slot: 1, To: []byte("v3"), Descending: true})
	same(t, "a bounded listing among neighbours", ids(bounded), []string{"2", "1"})
}

func caseFindEveryone(t testing.TB, h Harness) {
	b := h.Open(t)
	var byID, byIndex []string
	customers := []servicecoin.CustomerID{"A", "a", "aa", "b", "é"}
	for _, c := range customers {
		for i, v := range []string{"c", "b", "a"} {
			commit(t, b, insert(doc(c, number(i), string(c)+number(i), v)))
			byID = append(byID, string(c)+number(i))
		}
		byIndex = append(byIndex, string(c)+"0002", string(c)+"0001", string(c)+"0000")
	}
	commit(t, b, insert(doc("aaa", "unindexed", "aaaunindexed")))
	byID = slices.Insert(byID, slices.Index(byID, "b0000"), "aaaunindexed")
	bodies := func(docs []store.Document) (list []string) {
		for _, d := range docs {
			list = append(list, string(d.Body))
		}
		return list
	}
	for slot, want := range [][]string{byID, byIndex} {
		for _, limit := range []int{1, 2, 5, 100} {
			q := store.Query{Everyone: true, Kind: "thing", Slot: slot, Limit: limit}
			same(t, "ascending", bodies(walk(t, b, q)), want)
			q.Descending = true
			down := slices.Clone(want)
			slices.Reverse(down)
			same(t, "descending", bodies(walk(t, b, q)), down)
		}
	}
	for _, limit := range []int{1, 2, 100} {
		q := store.Query{Everyone: true, Kind: "thing", Slot: 1, From: []byte("b"), To: []byte("c"), Limit: limit}
		want := []string{"A0001", "a0001", "aa0001", "b0001", "é0001"}
		same(t, "a range", bodies(walk(t, b, q)), want)
		q.Descending = true
		slices.Reverse(want)
		same(t, "a range, descending", bodies(walk(t, b, q)), want)
	}
}

func caseFindWhole(t testing.TB, h Harness) {
	b := h.Open(t)
	d := doc(acme, "a", strings.Repeat("body ", 1000), "one", "", "three")
	d.Shape = 4
	commit(t, b, insert(d))
	want := get(t, b, d.Key)
	for slot := range 2 {
		for _, q := range []store.Query{{Customer: acme, Slot: slot}, {Everyone: true, Slot: slot}} {
			list := find(t, b, q)
			if len(list) != 1 || list[0].Version != want.Version || list[0].Shape != 4 || list[0].Key != d.Key ||
				!bytes.Equal(list[0].Body, want.Body) || string(list[0].Index[2]) != "three" || list[0].Index[1] != nil {
				t.Errorf("slot %d: got %+v", slot, list)
			}
		}
	}
}

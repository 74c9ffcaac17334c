package storetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

func documentCases() []Case {
	return []Case{
		{Name: "get", Sentence: "Get returns the document at key with all it was written with, or ErrNotFound.", Run: caseGet},
		{Name: "get/odd ids", Sentence: "Ids, kinds and customers are any UTF-8 without control characters, compared byte by byte.", Run: caseOddIDs},
		{Name: "copies", Sentence: "Results are copies that the caller may change; nothing that the caller handed in is kept.", Run: caseCopies},
		{Name: "commit/all or nothing", Sentence: "A commit stores all of its writes and events, or nothing.", Run: caseAllOrNothing},
		{Name: "commit/exists", Sentence: "A write that expects version 0 answers ErrExists where the key is taken.", Run: caseExists},
		{Name: "commit/conflict", Sentence: "A write or deletion that expects another version than the stored one, or a version of an absent key, answers ErrConflict.", Run: caseConflict},
		{Name: "commit/checks", Sentence: "A check holds if the key has that version, 0 for absent; otherwise the commit answers ErrConflict.", Run: caseChecks},
		{Name: "commit/newer", Sentence: "Writing over or deleting a document of a newer shape answers ErrNewer.", Run: caseNewer},
		{Name: "commit/delete", Sentence: "A deleted document is gone from Get and from every listing.", Run: caseDelete},
		{Name: "commit/versions", Sentence: "The versions of a key never repeat: deleting and inserting again goes on counting.", Run: caseVersions},
		{Name: "commit/key error", Sentence: "An error about a key is wrapped in a KeyError that names it.", Run: caseKeyError},
		{Name: "commit/limits", Sentence: "What is over a limit or malformed answers ErrInvalid and stores nothing; what is at the limit is stored.", Run: caseLimits},
		{Name: "cancelled", Sentence: "A method whose context has ended answers its error and changes nothing.", Run: caseCancelled},
		{Name: "certain", Sentence: "A method whose context had ended before it began says for certain that nothing was changed.", Run: caseCertain},
		{Name: "forget", Sentence: "Forget erases all documents of a customer and its events, nobody else's, and can be repeated.", Run: caseForget},
		{Name: "forget/before", Sentence: "Forget with a position keeps the customer's events from there on.", Run: caseForgetBefore},
		{Name: "forget/versions", Sentence: "After Forget the versions of a returning customer go on counting.", Run: caseForgetVersions},
	}
}

func caseCertain(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "a", "1")))
	late := errors.New("too late")
	for want, ended := range map[error]func() (context.Context, context.CancelFunc){
		context.Canceled: func() (context.Context, context.CancelFunc) { return context.WithCancel(t.Context()) },
		late: func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(t.Context())
			return ctx, func() { cancel(late) }
		},
		context.DeadlineExceeded: func() (context.Context, context.CancelFunc) {
			return context.WithDeadline(t.Context(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		},
	} {
		ctx, cancel := ended()
		cancel()
		s := store.New(b, nil)
		_, getErr := b.Get(ctx, key(acme, "a"))
		_, findErr := b.Find(ctx, store.Query{Customer: acme, Kind: "thing", Limit: 1})
		_, eventsErr := b.Events(ctx, store.Feed{Customer: acme, Limit: 1})
		_, typedErr := store.Of(s.For(acme), notes()).Get(ctx, "n")
		for what, err := range map[string]error{
			"Get": getErr, "Find": findErr, "Events": eventsErr,
			"Commit":       b.Commit(ctx, store.Commit{Writes: []store.Write{insert(doc(acme, "new", "1"))}, Events: []store.Event{happened(acme, "new")}}),
			"Forget":       b.Forget(ctx, acme, 0),
			"typed Get":    typedErr,
			"typed Insert": store.Of(s.For(acme), notes()).Insert(ctx, note{ID: "n"}),
			"a unit": s.Do(ctx, func(tx *store.Store) error {
				return store.Of(tx.For(acme), notes()).Insert(ctx, note{ID: "n"})
			}),
			"a unit's commit": s.Do(ctx, func(tx *store.Store) error {
				return store.Of(tx.For(acme), notes()).Insert(t.Context(), note{ID: "n"})
			}),
			"Record": s.For(acme).Record(ctx, happened(acme, "recorded")),
		} {
			if err == nil || servicecoin.MayHaveHappened(err) {
				t.Errorf("%s: %v, which leaves open what happened", what, err)
			}
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", what, err, want)
			}
		}
	}
	if d := get(t, b, key(acme, "a")); d.Version != 1 {
		t.Errorf("version %d after calls that had ended", d.Version)
	}
	if events, err := b.Events(t.Context(), store.Feed{Everyone: true, Limit: 10}); err != nil || len(events) != 0 {
		t.Errorf("events of calls that had ended: %v (%v)", events, err)
	}
}

func caseGet(t testing.TB, h Harness) {
	b := h.Open(t)
	if _, err := b.Get(t.Context(), key(acme, "a")); !errors.Is(err, servicecoin.ErrNotFound) {
		t.Errorf("absent: got %v, want ErrNotFound", err)
	}
	want := doc(acme, "a", `{"text":"ö\u0000"}`, "x", "", "y")
	want.Shape = 3
	want.Index[7] = []byte{0, 0xff, 0}
	commit(t, b, insert(want))
	want.Version = 1
	if diff := cmp.Diff(want, get(t, b, want.Key)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	empty := doc(acme, "empty", "")
	commit(t, b, insert(empty))
	if d := get(t, b, empty.Key); len(d.Body) != 0 {
		t.Errorf("empty body: got %q", d.Body)
	}
	if _, err := b.Get(t.Context(), key(globex, "a")); !errors.Is(err, servicecoin.ErrNotFound) {
		t.Errorf("another customer's: got %v, want ErrNotFound", err)
	}
	if _, err := b.Get(t.Context(), store.Key{Customer: acme, Kind: "other", ID: "a"}); !errors.Is(err, servicecoin.ErrNotFound) {
		t.Errorf("another kind: got %v, want ErrNotFound", err)
	}
	if _, err := b.Get(t.Context(), store.Key{Kind: "thing", ID: "a"}); !errors.Is(err, servicecoin.ErrInvalid) {
		t.Errorf("empty customer: got %v, want ErrInvalid", err)
	}
}

func caseOddIDs(t testing.TB, h Harness) {
	b := h.Open(t)
	odd := []string{"A", "a", "a ", "a%", "a/b", "a_b", "\u00e9", "e\u0301", "'; DROP TABLE x; --", "日本", strings.Repeat("x", servicecoin.MaxIDBytes)}
	for _, id := range odd {
		commit(t, b, insert(doc(acme, id, id)))
	}
	for _, id := range odd {
		if got := string(get(t, b, key(acme, id)).Body); got != id {
			t.Errorf("id %q: got %q", id, got)
		}
	}
	for _, c := range []servicecoin.CustomerID{"ACME", "acme ", "acm%"} {
		if _, err := b.Get(t.Context(), key(c, "a")); !errors.Is(err, servicecoin.ErrNotFound) {
			t.Errorf("customer %q sees acme's: %v", c, err)
		}
	}
}

func caseCopies(t testing.TB, h Harness) {
	b := h.Open(t)
	d, e := doc(acme, "a", "body", "index"), happened(acme, "e1")
	if err := b.Commit(t.Context(), store.Commit{Writes: []store.Write{insert(d)}, Events: []store.Event{e}}); err != nil {
		t.Fatal(err)
	}
	spoil := func(x []byte) {
		for i := range x {
			x[i] = '!'
		}
	}
	spoil(d.Body)
	spoil(d.Index[0])
	spoil(e.Data)
	check := func(when string) {
		t.Helper()
		got := get(t, b, d.Key)
		if string(got.Body) != "body" || string(got.Index[0]) != "index" {
			t.Errorf("%s: the stored document changed: %q %q", when, got.Body, got.Index[0])
		}
		list := find(t, b, store.Query{Customer: acme, Slot: 1})
		if len(list) != 1 || string(list[0].Body) != "body" {
			t.Errorf("%s: the listing changed: %v", when, list)
		}
		if page := feed(t, b, store.Feed{Customer: acme}); len(page) != 1 || string(page[0].Data) != `{"n":1}` {
			t.Errorf("%s: the event changed: %v", when, page)
		}
	}
	check("after changing what was handed in")
	got := get(t, b, d.Key)
	spoil(got.Body)
	spoil(got.Index[0])
	for _, x := range find(t, b, store.Query{Customer: acme, Slot: 1}) {
		spoil(x.Body)
	}
	for _, x := range feed(t, b, store.Feed{Customer: acme}) {
		spoil(x.Data)
	}
	check("after changing what came back")
}

func caseAllOrNothing(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "taken", "old")))
	for name, bad := range map[string]store.Commit{
		"a write fails": {Writes: []store.Write{
			insert(doc(acme, "first", "new")), update(doc(acme, "taken", "new"), 1), insert(doc(acme, "taken2", "x")), update(doc(acme, "absent", "x"), 7),
		}, Events: []store.Event{happened(acme, "e1")}},
		"a check fails": {
			Writes: []store.Write{insert(doc(acme, "first", "new")), update(doc(acme, "taken", "new"), 1)},
			Checks: []store.Check{{Key: key(acme, "absent"), Version: 3}}, Events: []store.Event{happened(acme, "e1")},
		},
	} {
		if err := b.Commit(t.Context(), bad); !errors.Is(err, servicecoin.ErrConflict) {
			t.Errorf("%s: got %v, want ErrConflict", name, err)
		}
		same(t, name+": ids", ids(find(t, b, store.Query{Customer: acme})), []string{"taken"})
		if d := get(t, b, key(acme, "taken")); string(d.Body) != "old" || d.Version != 1 {
			t.Errorf("%s: half of the commit is stored: %q version %d", name, d.Body, d.Version)
		}
		same(t, name+": events", eventIDs(feed(t, b, store.Feed{Everyone: true})), []string{})
	}
	good := store.Commit{
		Writes: []store.Write{insert(doc(acme, "first", "new")), update(doc(acme, "taken", "new"), 1), insert(doc(globex, "other", "new"))},
		Checks: []store.Check{{Key: key(acme, "absent")}}, Events: []store.Event{happened(acme, "e1"), happened(globex, "e2")},
	}
	if err := b.Commit(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	same(t, "ids", ids(find(t, b, store.Query{Everyone: true})), []string{"first", "taken", "other"})
	same(t, "events", eventIDs(feed(t, b, store.Feed{Everyone: true})), []string{"e1", "e2"})
}

func refused(t testing.TB, b store.Backend, what string, want error, c store.Commit) {
	t.Helper()
	if err := b.Commit(t.Context(), c); !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func caseExists(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "a", "first")))
	refused(t, b, "insert over a record", servicecoin.ErrExists, store.Commit{Writes: []store.Write{insert(doc(acme, "a", "second"))}})
	commit(t, b, insert(doc(globex, "a", "another customer's is another key")))
	equal(t, "body", string(get(t, b, key(acme, "a")).Body), "first")
}

func caseConflict(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "a", "1")))
	commit(t, b, update(doc(acme, "a", "2"), 1))
	for what, w := range map[string]store.Write{
		"an old version":      update(doc(acme, "a", "x"), 1),
		"a future version":    update(doc(acme, "a", "x"), 3),
		"an absent key":       update(doc(acme, "b", "x"), 1),
		"deleting the old":    remove(key(acme, "a"), 1),
		"deleting the absent": remove(key(acme, "b"), 1),
	} {
		refused(t, b, what, servicecoin.ErrConflict, store.Commit{Writes: []store.Write{w}})
	}
	d := get(t, b, key(acme, "a"))
	equal(t, "body", string(d.Body), "2")
	equal(t, "version", d.Version, 2)
	same(t, "ids", ids(find(t, b, store.Query{Customer: acme})), []string{"a"})
}

func caseChecks(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "read", "1")))
	with := func(id string, v store.Version) store.Commit {
		return store.Commit{Writes: []store.Write{insert(doc(acme, "new", "x"))}, Checks: []store.Check{{Key: key(acme, id), Version: v}}}
	}
	refused(t, b, "present, absent expected", servicecoin.ErrConflict, with("read", 0))
	refused(t, b, "another version", servicecoin.ErrConflict, with("read", 2))
	refused(t, b, "absent, a version expected", servicecoin.ErrConflict, with("absent", 1))
	refused(t, b, "checks alone", servicecoin.ErrConflict, store.Commit{Checks: []store.Check{{Key: key(acme, "read"), Version: 2}}})
	commit(t, b, insert(doc(acme, "deleted", "1")))
	commit(t, b, remove(key(acme, "deleted"), 1))
	refused(t, b, "deleted meanwhile", servicecoin.ErrConflict, with("deleted", 1))
	for _, c := range []store.Commit{
		{Checks: []store.Check{{Key: key(acme, "read"), Version: 1}, {Key: key(acme, "absent")}, {Key: key(acme, "deleted")}}},
		with("read", 1),
	} {
		if err := b.Commit(t.Context(), c); err != nil {
			t.Errorf("checks that hold: %v", err)
		}
	}
	equal(t, "version of what was only read", get(t, b, key(acme, "read")).Version, 1)
}

func caseNewer(t testing.TB, h Harness) {
	b := h.Open(t)
	d := doc(acme, "a", "by the new release")
	d.Shape = 2
	commit(t, b, insert(d))
	old := doc(acme, "a", "by the old one")
	old.Shape = 1
	refused(t, b, "update", servicecoin.ErrNewer, store.Commit{Writes: []store.Write{update(old, 1)}})
	refused(t, b, "delete", servicecoin.ErrNewer, store.Commit{Writes: []store.Write{remove(d.Key, 1)}})
	equal(t, "body", string(get(t, b, d.Key).Body), "by the new release")
	commit(t, b, update(d, 1))
	older := doc(acme, "b", "old shape")
	commit(t, b, insert(older))
	older.Shape = 2
	commit(t, b, update(older, 1))
	equal(t, "shape", get(t, b, older.Key).Shape, 2)
}

func caseDelete(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "a", "1", "x")), insert(doc(acme, "b", "1", "x")))
	commit(t, b, remove(key(acme, "a"), 1))
	if _, err := b.Get(t.Context(), key(acme, "a")); !errors.Is(err, servicecoin.ErrNotFound) {
		t.Errorf("get: %v, want ErrNotFound", err)
	}
	for slot := range 2 {
		same(t, "listing", ids(find(t, b, store.Query{Customer: acme, Slot: slot})), []string{"b"})
		same(t, "everyone", ids(find(t, b, store.Query{Everyone: true, Slot: slot})), []string{"b"})
	}
	refused(t, b, "deleting again", servicecoin.ErrConflict, store.Commit{Writes: []store.Write{remove(key(acme, "a"), 1)}})
	refused(t, b, "deleting again, with the tombstone's version", servicecoin.ErrConflict, store.Commit{Writes: []store.Write{remove(key(acme, "a"), 2)}})
}

func caseVersions(t testing.TB, h Harness) {
	b := h.Open(t)
	k, seen := key(acme, "a"), map[store.Version]bool{}
	note := func() store.Version {
		v := get(t, b, k).Version
		if seen[v] || v <= 0 {
			t.Errorf("version %d came twice, or is not positive", v)
		}
		seen[v] = true
		return v
	}
	for range 3 {
		commit(t, b, insert(doc(acme, "a", "x")))
		v := note()
		commit(t, b, update(doc(acme, "a", "y"), v))
		commit(t, b, remove(k, note()))
	}
	commit(t, b, insert(doc(acme, "a", "x")))
	refused(t, b, "a check from before the deletion", servicecoin.ErrConflict,
		store.Commit{Checks: []store.Check{{Key: k, Version: 1}}})
	refused(t, b, "a write from before the deletion", servicecoin.ErrConflict,
		store.Commit{Writes: []store.Write{update(doc(acme, "a", "z"), 1)}})
}

func caseKeyError(t testing.TB, h Harness) {
	b := h.Open(t)
	d := doc(acme, "a", "x")
	d.Shape = 1
	commit(t, b, insert(d), insert(doc(acme, "b", "x")))
	for what, c := range map[string]store.Commit{
		"exists":   {Writes: []store.Write{insert(doc(acme, "new", "x")), insert(d)}},
		"conflict": {Writes: []store.Write{insert(doc(acme, "new", "x")), update(d, 9)}},
		"newer":    {Writes: []store.Write{update(doc(acme, "a", "x"), 1)}},
		"check":    {Writes: []store.Write{insert(doc(acme, "new", "x"))}, Checks: []store.Check{{Key: d.Key, Version: 9}}},
	} {
		if e, ok := errors.AsType[*servicecoin.KeyError](b.Commit(t.Context(), c)); !ok || e.Key != d.Key {
			t.Errorf("%s: got %v, want a KeyError about %v", what, e, d.Key)
		}
	}
	_, err := b.Get(t.Context(), key(acme, "absent"))
	if e, ok := errors.AsType[*servicecoin.KeyError](err); !ok || e.Key != key(acme, "absent") {
		t.Errorf("not found: got %v, want a KeyError", err)
	}
}

func caseLimits(t testing.TB, h Harness) {
	b := h.Open(t)
	big := func(n int) string { return strings.Repeat("x", n) }
	many := func(n int) (c store.Commit) {
		for i := range n {
			c.Writes = append(c.Writes, insert(doc(acme, number(i), "x")))
		}
		return c
	}
	heavy := func(n int) (c store.Commit) {
		for i := range 4 {
			c.Writes = append(c.Writes, insert(doc(acme, "heavy"+number(i), big(n))))
		}
		return c
	}
	one := func(d store.Document) store.Commit { return store.Commit{Writes: []store.Write{insert(d)}} }
	event := func(change func(*store.Event)) store.Commit {
		e := happened(acme, "e")
		change(&e)
		return store.Commit{Events: []store.Event{e}}
	}
	for what, c := range map[string]store.Commit{
		"101 writes":                many(store.MaxParts + 1),
		"a body too large":          one(doc(acme, "a", big(store.MaxDocument+1))),
		"a commit too large":        {Writes: append(heavy(store.MaxDocument).Writes, insert(doc(acme, "a", "x")))},
		"an index value too long":   one(doc(acme, "a", "x", big(store.MaxIndex+1))),
		"no customer":               one(doc("", "a", "x")),
		"no kind":                   one(store.Document{Key: store.Key{Customer: acme, ID: "a"}}),
		"no id":                     one(doc(acme, "", "x")),
		"an id too long":            one(doc(acme, big(servicecoin.MaxIDBytes+1), "x")),
		"a control character":       one(doc(acme, "a\x00b", "x")),
		"not UTF-8":                 one(doc(acme, "a\xff", "x")),
		"a key twice":               {Writes: []store.Write{insert(doc(acme, "a", "x")), insert(doc(acme, "a", "y"))}},
		"a key written and checked": {Writes: []store.Write{insert(doc(acme, "a", "x"))}, Checks: []store.Check{{Key: key(acme, "a")}}},
		"a negative version":        {Writes: []store.Write{update(doc(acme, "a", "x"), -1)}},
		"a deletion of version 0":   {Writes: []store.Write{remove(key(acme, "a"), 0)}},
		"an event without id":       event(func(e *store.Event) { e.ID = "" }),
		"an event without actor":    event(func(e *store.Event) { e.Actor = servicecoin.Actor{} }),
		"an event without subject":  event(func(e *store.Event) { e.Subject = store.Key{} }),
		"an event's data too large": event(func(e *store.Event) { e.Data = []byte(big(store.MaxDocument + 1)) }),
	} {
		refused(t, b, what, servicecoin.ErrInvalid, c)
	}
	same(t, "stored", ids(find(t, b, store.Query{Everyone: true})), []string{})
	same(t, "events", eventIDs(feed(t, b, store.Feed{Everyone: true})), []string{})
	for what, c := range map[string]store.Commit{
		"100 writes": many(store.MaxParts), "1 MiB": heavy(store.MaxDocument), "a long index value": one(doc(acme, "long", "x", big(store.MaxIndex))),
	} {
		if err := b.Commit(t.Context(), c); err != nil {
			t.Errorf("%s, which is allowed: %v", what, err)
		}
	}
	for what, q := range map[string]store.Query{
		"no limit": {Customer: acme, Kind: "thing"}, "limit too large": {Customer: acme, Kind: "thing", Limit: store.MaxPage + 1},
		"no customer": {Kind: "thing", Limit: 1}, "everyone and one": {Customer: acme, Everyone: true, Kind: "thing", Limit: 1},
		"slot": {Customer: acme, Kind: "thing", Slot: 9, Limit: 1}, "no kind": {Customer: acme, Limit: 1},
	} {
		if _, err := b.Find(t.Context(), q); !errors.Is(err, servicecoin.ErrInvalid) {
			t.Errorf("find, %s: got %v, want ErrInvalid", what, err)
		}
	}
	for what, f := range map[string]store.Feed{"no limit": {Customer: acme}, "no customer": {Limit: 1}, "negative": {Customer: acme, After: -1, Limit: 1}} {
		if _, err := b.Events(t.Context(), f); !errors.Is(err, servicecoin.ErrInvalid) {
			t.Errorf("events, %s: got %v, want ErrInvalid", what, err)
		}
	}
}

func caseCancelled(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "a", "x")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	expect := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", what, err)
		}
	}
	_, err := b.Get(ctx, key(acme, "a"))
	expect("get", err)
	_, err = b.Find(ctx, store.Query{Customer: acme, Kind: "thing", Limit: 1})
	expect("find", err)
	_, err = b.Events(ctx, store.Feed{Customer: acme, Limit: 1})
	expect("events", err)
	expect("commit", b.Commit(ctx, store.Commit{Writes: []store.Write{insert(doc(acme, "b", "x"))}}))
	expect("forget", b.Forget(ctx, acme, 0))
	same(t, "stored", ids(find(t, b, store.Query{Customer: acme})), []string{"a"})
}

func caseForget(t testing.TB, h Harness) {
	b := h.Open(t)
	for _, c := range []servicecoin.CustomerID{acme, globex} {
		commit(t, b, insert(doc(c, "a", "x", "i")), insert(doc(c, "b", "x")))
		commit(t, b, remove(key(c, "b"), 1))
		emit(t, b, happened(c, "e-"+string(c)))
	}
	for range 2 {
		if err := b.Forget(t.Context(), acme, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Get(t.Context(), key(acme, "a")); !errors.Is(err, servicecoin.ErrNotFound) {
			t.Errorf("get: %v, want ErrNotFound", err)
		}
		for slot := range 2 {
			same(t, "its documents", ids(find(t, b, store.Query{Customer: acme, Slot: slot})), []string{})
			same(t, "everyone's", ids(find(t, b, store.Query{Everyone: true, Slot: slot})), []string{"a"})
		}
		same(t, "events", eventIDs(feed(t, b, store.Feed{Everyone: true})), []string{"e-globex"})
		same(t, "its events", eventIDs(feed(t, b, store.Feed{Customer: acme})), []string{})
	}
	equal(t, "the other's", string(get(t, b, key(globex, "a")).Body), "x")
	if err := b.Forget(t.Context(), "", 0); !errors.Is(err, servicecoin.ErrInvalid) {
		t.Errorf("nobody: got %v, want ErrInvalid", err)
	}
	emit(t, b, happened(acme, "e-later"))
	same(t, "events of a returning customer", eventIDs(feed(t, b, store.Feed{Customer: acme})), []string{"e-later"})
}

func caseForgetBefore(t testing.TB, h Harness) {
	b := h.Open(t)
	emit(t, b, happened(acme, "e1"), happened(globex, "e2"), happened(acme, "e3"))
	events := feed(t, b, store.Feed{Customer: acme})
	commit(t, b, insert(doc(acme, "a", "x")))
	if err := b.Forget(t.Context(), acme, events[1].Position); err != nil {
		t.Fatal(err)
	}
	same(t, "events", eventIDs(feed(t, b, store.Feed{Everyone: true})), []string{"e2", "e3"})
	same(t, "documents", ids(find(t, b, store.Query{Customer: acme})), []string{})
}

func caseForgetVersions(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "a", "x")))
	for v := range store.Version(3) {
		commit(t, b, update(doc(acme, "a", "x"), v+1))
	}
	for range 2 {
		if err := b.Forget(t.Context(), acme, 0); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, b, insert(doc(acme, "a", "x")))
	before := get(t, b, key(acme, "a")).Version
	if before <= 4 {
		t.Errorf("version %d after Forget, 4 had been given", before)
	}
	commit(t, b, remove(key(acme, "a"), before))
	if err := b.Forget(t.Context(), acme, 0); err != nil {
		t.Fatal(err)
	}
	commit(t, b, insert(doc(acme, "a", "x")))
	if v := get(t, b, key(acme, "a")).Version; v <= before+1 {
		t.Errorf("version %d after a deletion and Forget, %d had been given", v, before+1)
	}
	if bytes.Equal(get(t, b, key(acme, "a")).Body, nil) {
		t.Error("the body is lost")
	}
}

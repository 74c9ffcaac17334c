package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

func joinedCases() []Case {
	return []Case{
		{Name: "joined/commit", Needs: HostTransactions, Sentence: "What is committed inside of the host's transaction is seen inside at once, outside when the transaction commits.", Run: caseJoinedCommit},
		{Name: "joined/rollback", Needs: HostTransactions, Sentence: "When the host's transaction is rolled back, nothing of it was ever there.", Run: caseJoinedRollback},
		{Name: "joined/refused", Needs: HostTransactions, Sentence: "A refused commit inside leaves the host's transaction and its other commits usable.", Run: caseJoinedRefused},
		{Name: "joined/says so", Needs: HostTransactions, Sentence: "A backend inside of a transaction says so through Joined, and a unit of work runs once.", Run: caseJoinedSays},
		{Name: "joined/waiting write", Needs: HostTransactions, Sentence: "While the host's transaction is open, reads go on, and a write that must wait for it answers ErrBusy when its context ends.", Run: caseJoinedBusy},
		{Name: "joined/feed", Needs: HostTransactions, Sentence: "The feed shows nothing that an older open transaction may still precede.", Run: caseJoinedFeed},
	}
}

func end(t testing.TB, fn func() error) {
	t.Helper()
	if err := fn(); err != nil {
		t.Fatalf("ending the transaction: %v", err)
	}
}

func caseJoinedCommit(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "before", "x", "i")))
	tx := h.Begin(t, b)
	c := store.Commit{Writes: []store.Write{insert(doc(acme, "inside", "x", "i")), update(doc(acme, "before", "y", "i"), 1)}, Events: []store.Event{happened(acme, "e1")}}
	if err := tx.Backend.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	same(t, "inside", ids(find(t, tx.Backend, store.Query{Customer: acme, Slot: 1})), []string{"before", "inside"})
	equal(t, "inside", string(get(t, tx.Backend, key(acme, "before")).Body), "y")
	same(t, "outside, before the end", ids(find(t, b, store.Query{Customer: acme, Slot: 1})), []string{"before"})
	equal(t, "outside, before the end", string(get(t, b, key(acme, "before")).Body), "x")
	same(t, "the feed, before the end", eventIDs(feed(t, b, store.Feed{Everyone: true})), []string{})
	end(t, tx.Commit)
	same(t, "outside, after the end", ids(find(t, b, store.Query{Customer: acme, Slot: 1})), []string{"before", "inside"})
	equal(t, "outside, after the end", string(get(t, b, key(acme, "before")).Body), "y")
	same(t, "the feed, after the end", eventIDs(feed(t, b, store.Feed{Everyone: true})), []string{"e1"})
}

func caseJoinedRollback(t testing.TB, h Harness) {
	b := h.Open(t)
	tx := h.Begin(t, b)
	c := store.Commit{Writes: []store.Write{insert(doc(acme, "a", "x", "i"))}, Events: []store.Event{happened(acme, "lost")}}
	if err := tx.Backend.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	end(t, tx.Rollback)
	same(t, "documents", ids(find(t, b, store.Query{Everyone: true})), []string{})
	same(t, "events", eventIDs(feed(t, b, store.Feed{Everyone: true})), []string{})
	commit(t, b, insert(doc(acme, "a", "y")))
	emit(t, b, happened(acme, "e1"))
	same(t, "later events", eventIDs(feed(t, b, store.Feed{Everyone: true})), []string{"e1"})
}

func caseJoinedRefused(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "taken", "x")))
	tx := h.Begin(t, b)
	commit(t, tx.Backend, insert(doc(acme, "first", "x")))
	refused(t, tx.Backend, "a taken key", servicecoin.ErrExists, store.Commit{
		Writes: []store.Write{insert(doc(acme, "half", "x")), insert(doc(acme, "taken", "y"))}, Events: []store.Event{happened(acme, "lost")},
	})
	refused(t, tx.Backend, "a stale version", servicecoin.ErrConflict, store.Commit{
		Writes: []store.Write{insert(doc(acme, "half", "x")), update(doc(acme, "taken", "y"), 9)}, Events: []store.Event{happened(acme, "lost")},
	})
	commit(t, tx.Backend, insert(doc(acme, "second", "x")))
	end(t, tx.Commit)
	same(t, "documents", ids(find(t, b, store.Query{Customer: acme})), []string{"first", "second", "taken"})
	same(t, "events", eventIDs(feed(t, b, store.Feed{Everyone: true})), []string{})
}

func caseJoinedSays(t testing.TB, h Harness) {
	b := h.Open(t)
	tx := h.Begin(t, b)
	if j, ok := tx.Backend.(store.Joined); !ok || !j.Joined() {
		t.Error("the backend does not say that it is inside of a transaction")
	}
	runs := 0
	err := store.New(b, nil).Join(tx.Backend).Do(t.Context(), func(*store.Store) error {
		runs++
		return servicecoin.ErrConflict
	})
	if runs != 1 || !errors.Is(err, servicecoin.ErrConflict) {
		t.Errorf("the unit ran %d times and ended with %v", runs, err)
	}
	if j, ok := b.(store.Joined); ok && j.Joined() {
		t.Error("the plain backend says that it is inside of a transaction")
	}
	end(t, tx.Rollback)
}

func caseJoinedBusy(t testing.TB, h Harness) {
	b := h.Open(t)
	commit(t, b, insert(doc(acme, "a", "x")))
	tx := h.Begin(t, b)
	commit(t, tx.Backend, update(doc(acme, "a", "host's"), 1))
	equal(t, "a read meanwhile", string(get(t, b, key(acme, "a")).Body), "x")
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	err := b.Commit(ctx, store.Commit{Writes: []store.Write{update(doc(acme, "a", "plain"), 1)}})
	if !errors.Is(err, servicecoin.ErrBusy) {
		t.Errorf("a write that must wait: got %v, want ErrBusy", err)
	}
	equal(t, "a read after that", string(get(t, b, key(acme, "a")).Body), "x")
	end(t, tx.Commit)
	equal(t, "after the host's commit", string(get(t, b, key(acme, "a")).Body), "host's")
	refused(t, b, "the stale write", servicecoin.ErrConflict, store.Commit{Writes: []store.Write{update(doc(acme, "a", "plain"), 1)}})
	commit(t, b, update(doc(acme, "a", "plain"), 2))
}

// caseJoinedFeed has a plain commit, or where the engine allows it a second
// transaction, overtake an open one.
func caseJoinedFeed(t testing.TB, h Harness) {
	b := h.Open(t)
	old := h.Begin(t, b)
	if err := old.Backend.Commit(t.Context(), store.Commit{Events: []store.Event{happened(acme, "old")}}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := b.Commit(ctx, store.Commit{Events: []store.Event{happened(acme, "overtaking")}})
	if err != nil && !errors.Is(err, servicecoin.ErrBusy) {
		t.Fatalf("overtaking: %v", err)
	}
	overtook := err == nil
	shown := feed(t, b, store.Feed{Everyone: true})
	end(t, old.Commit)
	after := store.Position(0)
	if n := len(shown); n > 0 {
		after = shown[n-1].Position
	}
	rest := feed(t, b, store.Feed{Everyone: true, After: after})
	got := append(eventIDs(shown), eventIDs(rest)...)
	slices.Sort(got)
	want := []string{"old"}
	if overtook {
		want = append(want, "overtaking")
	}
	same(t, "events that a reader who follows gets", got, want)
}

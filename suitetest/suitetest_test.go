package suitetest_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/suitetest"
)

// harness is a shelf that holds so many books.
type harness struct {
	books  int
	ladder bool
}

func (h harness) Lacks(need string) bool { return need == "a ladder" && !h.ladder }

func cases(ran *atomic.Int64) []suitetest.Case[harness] {
	count := func(t testing.TB, h harness) {
		t.Helper()
		ran.Add(1)
		if h.books < 3 {
			t.Errorf("%d books", h.books)
		}
		if h.books < 2 {
			t.Fatal("and so few")
		}
		if h.books < 3 && !t.Failed() {
			t.Error("has not failed")
		}
	}
	return []suitetest.Case[harness]{
		{Name: "books", Sentence: "It holds three books.", Run: count},
		{Name: "top", Sentence: "The topmost can be reached.", Needs: "a ladder", Run: count},
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	var ran atomic.Int64
	suitetest.Run(t, "shelftest", cases(&ran), harness{books: 3})
	require.EqualValues(t, 1, ran.Load(), "what it lacks a ladder for is left out, and the rest has ended")
	suitetest.Run(t, "shelftest", cases(&ran), harness{books: 3, ladder: true})
	require.EqualValues(t, 3, ran.Load())
	require.Len(t, suitetest.Needing(cases(&ran), "a ladder"), 1)
}

func TestComplaint(t *testing.T) {
	t.Parallel()
	var ran atomic.Int64
	c := cases(&ran)[0]
	require.Empty(t, suitetest.Complaint(t, c, harness{books: 3}))
	require.Equal(t, "2 books", suitetest.Complaint(t, c, harness{books: 2}))
	require.Equal(t, "1 books", suitetest.Complaint(t, c, harness{books: 1}), "the first of several")
	for want, do := range map[string]func(t testing.TB){
		"panic: fell":  func(testing.TB) { panic("fell") },
		"failed":       func(t testing.TB) { t.FailNow() },
		"too heavy":    func(t testing.TB) { t.Fatalf("too %s", "heavy") },
		"also too old": func(t testing.TB) { t.Helper(); t.Log("…"); t.Error("also too old"); t.Fail() },
	} {
		c.Run = func(t testing.TB, _ harness) { do(t) }
		require.Equal(t, want, suitetest.Complaint(t, c, harness{}))
	}
}

func TestRunBroken(t *testing.T) {
	t.Parallel()
	var ran atomic.Int64
	suitetest.RunBroken(t, cases(&ran), harness{books: 3}, map[string]suitetest.Broken[harness]{
		"books": {What: "has a short board", Harness: harness{books: 2}},
		"top":   {What: "is empty", Harness: harness{}},
	})
}

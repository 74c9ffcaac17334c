// Package suitetest is what the suites of the library are made of: a suite holds
// whatever a host writes against an interface (a backend, a store of events, a
// directory) to the sentences of that interface, with a [Case] for each.
//
//	func TestShelf(t *testing.T) {
//		suitetest.Run(t, "shelftest", []suitetest.Case[Shelf]{{
//			Name: "empty", Sentence: "A new shelf is empty.",
//			Run: func(t testing.TB, s Shelf) {
//				if n := s.Books(); n != 0 {
//					t.Errorf("%d books", n)
//				}
//			},
//		}}, Shelf{})
//	}
//
// A case is worth something if it is known to fail: [RunBroken] runs each on an
// implementation that is broken on purpose. store/storetest, metering/meteringtest
// and catalog/catalogtest are such suites.
package suitetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Harness is how a suite gets at what it tests.
type Harness interface {
	// Lacks reports that what is tested cannot have what some cases need, by the
	// name that stands in [Case].Needs.
	Lacks(need string) bool
}

// Case holds an implementation to one sentence of its contract.
type Case[H Harness] struct {
	Name     string
	Sentence string
	Needs    string // what not every harness has; "": nothing
	// Run opens what it needs through the harness, for itself alone: cases run at
	// the same time.
	Run func(t testing.TB, h H)
}

// Run runs the cases as parallel subtests of one subtest that is named after the
// suite, and returns when all have ended. It prints how many have passed, and
// which were left out because the harness lacks what they need.
func Run[H Harness](t *testing.T, suite string, cases []Case[H], h H) {
	t.Helper()
	if len(cases) == 0 {
		t.Errorf("%s: no cases", suite)
	}
	var mu sync.Mutex
	passed, left := 0, map[string][]string{}
	t.Run(suite, func(t *testing.T) { //nolint:paralleltest // Run returns when it has ended
		for _, c := range cases {
			if c.Needs != "" && h.Lacks(c.Needs) {
				left[c.Needs] = append(left[c.Needs], c.Name)
				continue
			}
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				t.Log(c.Sentence)
				c.Run(t, h)
				if !t.Failed() {
					mu.Lock()
					defer mu.Unlock()
					passed++
				}
			})
		}
	})
	t.Logf("%s: %d of %d cases passed", suite, passed, len(cases))
	for need, names := range left {
		t.Logf("left out for want of %s: %v", need, names)
	}
}

// Needing returns the cases that need something.
func Needing[H Harness](cases []Case[H], need string) []Case[H] {
	return slices.DeleteFunc(slices.Clone(cases), func(c Case[H]) bool { return c.Needs != need })
}

// Broken is an implementation that breaks one sentence on purpose.
type Broken[H Harness] struct {
	What    string // completes "passes on one that …": "loses the shape"
	Harness H
}

// RunBroken holds a suite itself to account: every case passes on what is sound,
// and fails on what is broken in just its way, by the case's name. A case without
// one, or one that passes on it, proves nothing, and fails the test. A case may be
// about a race that goes well by chance: it has five tries.
func RunBroken[H Harness](t *testing.T, cases []Case[H], sound H, broken map[string]Broken[H]) {
	t.Helper()
	names := map[string]bool{}
	for _, c := range cases {
		if names[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		names[c.Name] = true
		b, ok := broken[c.Name]
		if !ok {
			t.Errorf("%q: nothing broken shows that this case can fail", c.Name)
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			t.Logf("sentence: %s", c.Sentence)
			if said := Complaint(t, c, sound); said != "" {
				t.Errorf("the case fails on what is sound: %s", said)
			}
			said := ""
			for range 5 {
				if said = Complaint(t, c, b.Harness); said != "" {
					break
				}
			}
			if said == "" {
				t.Errorf("passes on one that %s", b.What)
			}
			t.Logf("fails on one that %s: %s", b.What, strings.TrimSpace(said))
		})
	}
	for name := range broken {
		if !names[name] {
			t.Errorf("something broken waits for a case %q that is not there", name)
		}
	}
	t.Logf("%d cases, %d broken on purpose", len(cases), len(broken))
}

// patience is how long a case may take on what is broken: it may wait for ever.
const patience = 20 * time.Second

// Complaint runs a case and returns the first thing that it complains of, "" if
// it passes. A panic is a complaint. Nothing of it fails t.
func Complaint[H Harness](t *testing.T, c Case[H], h H) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r := &recorder{TB: t, ctx: ctx}
	func() {
		defer func() {
			if x := recover(); x != nil {
				if _, ok := x.(stop); !ok {
					r.note(fmt.Sprint("panic: ", x))
				}
			}
		}()
		c.Run(r, h)
	}()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said
}

// recorder is a testing.TB that keeps failures to itself.
type recorder struct {
	testing.TB

	ctx  context.Context //nolint:containedctx // stands in for the test's own
	mu   sync.Mutex
	said string
}

// stop is the panic with which FailNow ends a case.
type stop struct{}

// Context ends with the patience.
func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said == "" {
		r.said = text
	}
}

func (r *recorder) Errorf(format string, args ...any) { r.note(fmt.Sprintf(format, args...)) }
func (r *recorder) Error(args ...any)                 { r.note(fmt.Sprint(args...)) }
func (r *recorder) Fail()                             { r.note("failed") }
func (r *recorder) Log(...any)                        {}
func (r *recorder) Logf(string, ...any)               {}
func (r *recorder) Helper()                           {}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said != ""
}

func (r *recorder) FailNow() {
	r.Fail()
	panic(stop{})
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(stop{})
}

func (r *recorder) Fatal(args ...any) {
	r.Error(args...)
	panic(stop{})
}

// Package operations_test measures what is done to a run beside a plain update of a
// record, over the same file.
package operations_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

// plain is a record of a host.
type plain struct {
	ID   string `json:"id"`
	N    int    `json:"n"`
	Text string `json:"text"`
}

var plains = store.Kind[plain]{Name: "host.plain", ID: func(p plain) string { return p.ID }}

const steps = 200

// book is one with many manual steps, one after the other.
func book() runbook.Book {
	b := runbook.Book{ID: "long", Title: servicecoin.Texts{"en": "A long one"}, Services: []servicecoin.ServiceID{"db"}, Scenario: runbook.Restore}
	for n := range steps {
		b.Steps = append(b.Steps, runbook.Step{
			ID: runbook.StepID(fmt.Sprintf("s%03d", n)), Kind: runbook.ManualStep, Title: servicecoin.Texts{"en": "Do it"}, Text: servicecoin.Texts{"en": "Do it well."},
		})
	}
	return b
}

// opened returns a store in a file of its own. FULL synchronises each commit to the
// disk.
func opened(b *testing.B) *store.Store {
	b.Helper()
	backend, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "x.db"), &sqlite.Options{Synchronous: sqlite.Full})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, backend.Close()) })
	return store.New(backend, nil)
}

// updates returns a plain update of a record of 2 kB, with an event.
func updates(b *testing.B, by servicecoin.Actor) func() {
	b.Helper()
	c := store.Of(opened(b).For(servicecoin.Provider), plains)
	require.NoError(b, c.Insert(b.Context(), plain{ID: "x", Text: strings.Repeat("x", 2000)}))
	return func() {
		_, err := c.Update(b.Context(), "x", func(p *plain) ([]store.Event, error) {
			p.N++
			e, err := store.Happened(by, "plain.changed", p.N)
			return []store.Event{e}, err
		})
		require.NoError(b, err)
	}
}

// runner does one step after the other of runs of a book, with evidence.
type runner struct {
	b    *testing.B
	by   servicecoin.Actor
	runs *runbook.Runs
	book runbook.Book
	run  runbook.RunID
	made int
	next int // step
}

// running publishes a book of so many steps.
func running(b *testing.B, by servicecoin.Actor, many int) *runner {
	b.Helper()
	view := opened(b).For(servicecoin.Provider)
	library := runbook.NewLibrary(view, nil)
	x := book()
	x.Steps = x.Steps[:many]
	_, err := library.Draft(b.Context(), by, x)
	require.NoError(b, err)
	_, err = library.Publish(b.Context(), by, x.ID, 1)
	require.NoError(b, err)
	return &runner{b: b, by: by, runs: runbook.NewRuns(view, nil), book: x, next: many}
}

// ready sees that there is a run with a step to do.
func (r *runner) ready() {
	if r.next < len(r.book.Steps) {
		return
	}
	r.made++
	r.run, r.next = runbook.RunID(fmt.Sprintf("r%d", r.made)), 0
	_, err := r.runs.Start(r.b.Context(), r.by, runbook.Beginning{ID: r.run, Book: r.book.ID})
	require.NoError(r.b, err)
}

func (r *runner) step() {
	_, err := r.runs.Finish(r.b.Context(), r.by, r.run, runbook.Finished{
		At: runbook.At{Step: r.book.Steps[r.next].ID}, Evidence: []runbook.Evidence{{Text: "the log says done"}},
	})
	require.NoError(r.b, err)
	r.next++
}

func (r *runner) note() {
	_, err := r.runs.Note(r.b.Context(), r.by, r.run, runbook.Note{Text: "looked at the graph", Evidence: []runbook.Evidence{{Link: "https://graphs.example.com/1"}}})
	require.NoError(r.b, err)
}

// took times a call.
func took(f func()) time.Duration {
	begun := time.Now()
	f()
	return time.Since(begun)
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

// BenchmarkAppend appends steps with evidence to runs of a short and a long book, beside
// an update of a plain record with an event. Update and append take turns, each in a file
// of its own, so that both meet the same disk and the same machine; what counts is the
// ratio of the medians, "of-plain": the speed of an append as a part of that of an update.
//
// An append is one commit: the run, of which no index changes, the new entry, which has
// none, and the event. The plan is read and put in order once; after that a verb reads the
// run alone. What is left between the two is the entry's own pages of the log (its row and
// its key) and what sealing it takes.
func BenchmarkAppend(b *testing.B) {
	by := servicecoin.Person("ada")
	for _, many := range []int{10, steps} {
		b.Run(fmt.Sprintf("step with evidence, of %d", many), func(b *testing.B) {
			beside(b, by, running(b, by, many), (*runner).step)
		})
	}
}

// BenchmarkAppendToLong appends a note to a run that has 10, 1,000 and 10,000 entries:
// neither the run nor the work grows with them.
func BenchmarkAppendToLong(b *testing.B) {
	by := servicecoin.Person("ada")
	for _, many := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprintf("note, after %d entries", many), func(b *testing.B) {
			r := running(b, by, steps)
			r.ready()
			for range many {
				r.note()
			}
			beside(b, by, r, (*runner).note)
		})
	}
}

// beside has a plain update and an append take turns.
func beside(b *testing.B, by servicecoin.Actor, r *runner, appends func(*runner)) {
	b.Helper()
	update := updates(b, by)
	var plain, appended []time.Duration
	for b.Loop() {
		r.ready()
		plain = append(plain, took(update))
		appended = append(appended, took(func() { appends(r) }))
	}
	p, a := median(plain), median(appended)
	b.ReportMetric(float64(p.Microseconds()), "plain-us")
	b.ReportMetric(float64(a.Microseconds()), "append-us")
	b.ReportMetric(float64(p)/float64(a), "of-plain")
	b.ReportMetric(0, "ns/op") // both, and what prepares them
}

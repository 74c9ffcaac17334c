// Package operations_test measures what is done to a run beside a plain update of a
// record, over the same file.
package operations_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

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

// BenchmarkAppend appends steps with evidence to runs of a short and a long book, beside
// an update of a plain record with an event. FULL synchronises each commit to the disk.
func BenchmarkAppend(b *testing.B) {
	by := servicecoin.Person("ada")
	s := func(b *testing.B) *store.Store {
		b.Helper()
		backend, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "x.db"), &sqlite.Options{Synchronous: sqlite.Full})
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, backend.Close()) })
		return store.New(backend, nil)
	}
	b.Run("plain update", func(b *testing.B) {
		view := s(b).For(servicecoin.Provider)
		c := store.Of(view, plains)
		require.NoError(b, c.Insert(b.Context(), plain{ID: "x", Text: strings.Repeat("x", 2000)}))
		b.ReportAllocs()
		for b.Loop() {
			_, err := c.Update(b.Context(), "x", func(p *plain) ([]store.Event, error) {
				p.N++
				e, err := store.Happened(by, "plain.changed", p.N)
				return []store.Event{e}, err
			})
			require.NoError(b, err)
		}
	})
	for _, few := range []int{10, steps} {
		b.Run(fmt.Sprintf("step with evidence, of %d", few), func(b *testing.B) {
			view := s(b).For(servicecoin.Provider)
			library, runs := runbook.NewLibrary(view, nil), runbook.NewRuns(view, nil)
			x := book()
			x.Steps = x.Steps[:few]
			_, err := library.Draft(b.Context(), by, x)
			require.NoError(b, err)
			_, err = library.Publish(b.Context(), by, x.ID, 1)
			require.NoError(b, err)
			n, run := few, 0
			b.ReportAllocs()
			for b.Loop() {
				if n == few {
					b.StopTimer()
					run++
					_, err := runs.Start(b.Context(), by, runbook.Beginning{ID: runbook.RunID(fmt.Sprintf("r%d", run)), Book: x.ID})
					require.NoError(b, err)
					n = 0
					b.StartTimer()
				}
				_, err := runs.Finish(b.Context(), by, runbook.RunID(fmt.Sprintf("r%d", run)), runbook.Finished{
					At: runbook.At{Step: x.Steps[n].ID}, Evidence: []runbook.Evidence{{Text: "the log says done"}},
				})
				require.NoError(b, err)
				n++
			}
		})
	}
}

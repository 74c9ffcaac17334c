package storetest_test

import (
	"context"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
	"github.com/servicecoin/servicecoin/suitetest"
)

// What is broken on purpose need not be made short, nor be kept.
func TestMain(m *testing.M) {
	flag.Parse()
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "1ms"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// The comparison passes on what is sound, with positions of its own, and fails on
// faults of each method.
func TestRunSame(t *testing.T) {
	t.Parallel()
	same := storetest.Case{Name: "same", Run: func(t testing.TB, h storetest.Harness) { storetest.RunSame(t, h) }}
	sound := with("counts from a thousand", func() double {
		return double{
			events: func(ctx context.Context, b store.Backend, f store.Feed) ([]store.Event, error) {
				f.After = max(0, f.After-1000)
				list, err := b.Events(ctx, f)
				for i := range list {
					list[i].Position += 1000
				}
				return list, err
			},
			forget: func(ctx context.Context, b store.Backend, c servicecoin.CustomerID, before store.Position) error {
				return b.Forget(ctx, c, max(0, before-1000))
			},
		}
	})
	require.Empty(t, suitetest.Complaint(t, same, sound.Harness))
	for _, b := range []brokenBackend{splits(), overwrites(), ignoresChecks(), raisesShape(), keepsDeleted(), restarts(), forgetsNothing()} {
		t.Run(b.What, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, suitetest.Complaint(t, same, b.Harness))
		})
	}
}

func BenchmarkMemory(b *testing.B) {
	storetest.RunBenchmarks(b, storetest.Harness{Open: func(testing.TB) store.Backend { return memory.New() }})
}

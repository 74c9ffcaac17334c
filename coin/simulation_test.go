package coin_test

import (
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/servicecoin/servicecoin/coin/cointest"
)

// lifeLength is how many acts a simulated life has.
const lifeLength = 60

// A thousand lives of a small provider add up; SERVICECOIN_SEEDS=100000 lives more.
// The one that does not is shrunk, and printed as a test has it.
func TestSimulation(t *testing.T) {
	t.Parallel()
	seeds := 1000
	if testing.Short() || racing {
		seeds = 100
	}
	first := 0
	if n, err := strconv.Atoi(os.Getenv("SERVICECOIN_SEEDS")); err == nil {
		seeds = n
	}
	if n, err := strconv.Atoi(os.Getenv("SERVICECOIN_SEED")); err == nil {
		first, seeds = n, 1
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for n := next.Add(1) - 1; n < int64(seeds) && !t.Failed(); n = next.Add(1) - 1 {
				seed := uint64(int(n) + first)
				acts := cointest.Life(seed, lifeLength)
				if cointest.Simulate(t.Context(), acts) == nil {
					continue
				}
				acts = cointest.Shrink(t.Context(), acts)
				t.Errorf("seed %d, shrunk to %d acts: %v\n%v", seed, len(acts), cointest.Simulate(t.Context(), acts), acts)
			}
		})
	}
	wg.Wait()
}

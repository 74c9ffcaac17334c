package cointest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Act is one thing that happens in a simulation: what, and two numbers that say to
// whom, how and when. What the numbers mean is up to what; any are allowed.
type Act struct {
	What string
	N, M int
}

// String writes an act as Go does.
func (a Act) String() string { return fmt.Sprintf("{%q, %d, %d}", a.What, a.N, a.M) }

// weights is how often acts happen, of their sum.
func weights() []struct {
	what string
	of   int
} {
	return []struct {
		what string
		of   int
	}{
		{"wait", 18},
		{"subscribe", 8},
		{"depart", 5},
		{"open", 8},
		{"affect", 6},
		{"resolve", 7},
		{"cancel", 2},
		{"use", 12},
		{"step", 20},
		{"close", 8},
		{"issue", 8},
		{"correct", 4},
		{"plan", 2},
		{"rules", 3},
		{"retry", 3},
		{"fault", 10},
		{"ahead", 2},
		{"move", 2},
		{"fail", 3},
		{"forget", 1},
		{"change", 6},
		{"work", 12},
		{"answer", 3},
		{"record", 6},
		{"look", 10},
		{"accept", 4},
		{"advise", 3},
		{"cycle", 20},
		{"release", 6},
		{"run", 5},
		{"api", 6},
		{"prove", 3},
		{"certify", 2},
		{"feature", 6},
		{"enter", 4},
		{"news", 3},
	}
}

// Life draws the acts of some months of a small provider out of a seed.
func Life(seed uint64, length int) []Act {
	r := rand.New(rand.NewPCG(seed, 7))
	total := 0
	for _, w := range weights() {
		total += w.of
	}
	acts := make([]Act, length)
	for i := range acts {
		n := r.IntN(total)
		for _, w := range weights() {
			if n -= w.of; n < 0 {
				acts[i] = Act{w.what, r.IntN(1000), r.IntN(1000)}
				break
			}
		}
	}
	return acts
}

// Simulate lives through acts, in memory, and returns what does not add up: money,
// quotas, promises, reports, letters, and whose they are.
func Simulate(ctx context.Context, acts []Act) (err error) {
	l, err := newLife(ctx)
	if err != nil {
		return err
	}
	for i, a := range acts {
		if err := l.act(a); err != nil { //nolint:contextcheck // the life has the context
			return fmt.Errorf("act %d %v: %w", i, a, err)
		}
	}
	return l.settle()
}

// Shrink returns the shortest part of failing acts that it finds to fail still, with
// any error.
func Shrink(ctx context.Context, acts []Act) []Act {
	for size := len(acts) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(acts); {
			fewer := slices.Concat(acts[:at], acts[at+size:])
			if Simulate(ctx, fewer) != nil {
				acts = fewer
			} else {
				at += size
			}
		}
	}
	return acts
}

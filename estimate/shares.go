package estimate

import (
	"cmp"
	"slices"
)

// PercentShares returns counts as whole percents that sum to 100: each is
// rounded down, and the points that are left go to the largest remainders,
// among equals to the first. Shares of nothing are undefined: nil. Counts below
// zero count as zero.
//
// They are for bars beside each other; a single figure is better rounded by
// itself.
func PercentShares(counts ...int) []int {
	const whole = 100
	total := 0
	for _, n := range counts {
		total += max(0, n)
	}
	if total == 0 {
		return nil
	}
	shares, order, left := make([]int, len(counts)), make([]int, len(counts)), whole
	for i, n := range counts {
		shares[i], order[i] = whole*max(0, n)/total, i
		left -= shares[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(whole*max(0, counts[b])%total, whole*max(0, counts[a])%total)
	})
	for _, i := range order[:left] {
		shares[i]++
	}
	return shares
}

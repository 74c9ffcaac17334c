package adoption

import (
	"fmt"
	"strconv"

	"github.com/servicecoin/servicecoin"
)

const (
	susItems = 10
	// susTenths is what a point of an answer's 0 to 40 is worth, so that the
	// score goes to 100: 2.5, in tenths.
	susTenths = 25
)

// scores checks how many scores an answer has and that each is on the scale.
func scores(v *servicecoin.Violations, path string, items []int, want, low, high int) {
	if len(items) != want {
		v.Add(path, "count", strconv.Itoa(len(items)), fmt.Sprintf("must be %d of them", want))
		items = items[:min(len(items), want)]
	}
	for i, x := range items {
		if x < low || x > high {
			v.Add(fmt.Sprintf("%s[%d]", path, i), "out-of-range", strconv.Itoa(x), fmt.Sprintf("must be %d to %d", low, high))
		}
	}
}

// susPoints scores one answer to the System Usability Scale, ten numbers from 1
// to 5 in the order of the statements: odd statements are in favour and give
// x-1, even ones are against and give 5-x (Brooke 1996). It returns 0 to 40
// points, and whether all items are the same: they contradict each other then.
func susPoints(items []int) (points int, same bool) {
	same = true
	for i, x := range items {
		same = same && x == items[0]
		if i%2 == 0 {
			points += x - 1
		} else {
			points += 5 - x
		}
	}
	return points, same
}

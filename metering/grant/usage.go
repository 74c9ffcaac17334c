package grant

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// MaxUsage is how many quantities [Plan.Burn] takes at once.
const MaxUsage = 10_000_000

// Usage is what was used in a window of time, or at an instant: a window that ends
// where it starts. A correction is a new reckoning with other quantities, never a
// quantity below zero.
type Usage struct {
	During   calendar.Interval `json:"during"`
	Quantity decimal.Decimal   `json:"quantity"` // not negative; of a [Level], the level from During.Start on
}

// tally adds up quantities, in machine words where they fit. Its zero value is ready.
type tally struct {
	fast fixed.Sum
	rest decimal.Decimal
	at   int64 // of a level: since when it is so much
	some bool
}

func (t *tally) add(d decimal.Decimal) {
	t.some = true
	if n, ok := fixed.Of(d); ok {
		t.fast.Add(n)
		return
	}
	t.rest = t.rest.Add(d)
}

func (t *tally) sum() decimal.Decimal {
	sum := t.fast.Decimal(fixed.Places)
	if !t.rest.IsZero() {
		sum = sum.Add(t.rest)
	}
	return sum
}

// tallies adds up what was used between each of the starts, which are in order, and
// the next one. It returns as well how many quantities lie outside of them all.
func (p *Plan) tallies(usage []Usage, starts []int64) (sums []tally, outside int, err error) {
	var v servicecoin.Violations
	if !v.Limit("usage", len(usage), MaxUsage) {
		return nil, 0, v.Err()
	}
	sums = make([]tally, len(starts))
	near := 0
	for i := range usage {
		if v.Len() >= servicecoin.MaxViolations {
			break
		}
		u := &usage[i]
		n, fits := fixed.Of(u.Quantity)
		start, end := micros(u.During.Start), micros(u.During.End)
		if !fits || n < 0 || end < start || start < earliest || end > latest {
			if !p.sound(&v, i, u) {
				continue
			}
		}
		if p.account.Counts == Level {
			outside += p.level(sums, starts, u, start)
			continue
		}
		if near = stretch(starts, start, near); near < 0 || start >= p.end || p.account.Spanning != AtStart && end > p.until(starts, near) {
			// It begins outside of the account's time, or is in more than one stretch.
			outside += p.spanning(&v, sums, starts, i, u)
			continue
		}
		if t := &sums[near]; fits {
			t.fast.Add(n)
		} else {
			t.add(u.Quantity)
		}
	}
	return sums, outside, v.Err()
}

// The years 1 to 9999, in seconds and microseconds of Unix time.
const (
	firstSecond, lastSecond = -62_135_596_800, 253_402_300_799
	million                 = 1_000_000
	earliest, latest        = firstSecond*million + 1, lastSecond*million + million - 1 // without the zero time
)

// micros returns an instant in microseconds of Unix time: one before the earliest for
// years of which that is not known.
func micros(t time.Time) int64 {
	if s := t.Unix(); s < firstSecond || s > lastSecond {
		return earliest - 1
	}
	return t.UnixMicro()
}

// sound checks what does not look so at the first glance.
func (p *Plan) sound(v *servicecoin.Violations, i int, u *Usage) bool {
	var one servicecoin.Violations
	one.Merge("during", u.During.Validate())
	quantity(&one, "quantity", u.Quantity)
	err := one.Err()
	if err != nil {
		v.Merge(fmt.Sprintf("usage[%d]", i), err)
	}
	return err == nil
}

// until returns where a stretch ends.
func (p *Plan) until(starts []int64, i int) int64 {
	if i+1 < len(starts) {
		return starts[i+1]
	}
	return p.end
}

// level notes a level in the stretch that it begins in, if there is none that begins
// later. Of two that begin together the greater one counts.
func (p *Plan) level(sums []tally, starts []int64, u *Usage, at int64) (outside int) {
	i := stretch(starts, at, 0)
	if i < 0 || at >= p.end {
		return 1
	}
	if t := &sums[i]; !t.some || at > t.at || at == t.at && u.Quantity.GreaterThan(t.rest) {
		*t = tally{rest: u.Quantity, at: at, some: true}
	}
	return 0
}

// spanning counts a quantity of a window that begins outside of the account's time,
// or is in more than one stretch, by the policy. It returns 1 if none of it counts.
func (p *Plan) spanning(v *servicecoin.Violations, sums []tally, starts []int64, i int, u *Usage) (outside int) {
	start, end := u.During.Start.UnixMicro(), u.During.End.UnixMicro()
	if first := starts[0]; start >= p.end || end <= first && start < first || p.account.Spanning == AtStart {
		return 1
	}
	if p.account.Spanning == Uncut {
		v.Add(fmt.Sprintf("usage[%d].during", i), "spanning", u.During.String(), "something happens to the grants during it: see Boundaries")
		return 0
	}
	// The parts are differences of what was used up to each boundary, so they sum to it.
	length := decimal.NewFromInt(end - start)
	upTo := func(at int64) decimal.Decimal {
		if at >= end {
			return u.Quantity
		}
		share := u.Quantity.Mul(decimal.NewFromInt(max(at, start) - start))
		return share.DivRound(length, max(fixed.Places, -u.Quantity.Exponent()))
	}
	k := max(0, stretch(starts, start, 0))
	before := upTo(starts[k])
	for ; k < len(starts) && starts[k] < end; k++ {
		after := upTo(p.until(starts, k))
		sums[k].add(after.Sub(before))
		before = after
	}
	return 0
}

// Windows returns usage of windows that follow each other, as [metering.Series] has
// it: a window without a value used nothing.
func Windows(points []metering.Point) []Usage {
	list := make([]Usage, 0, len(points))
	for _, p := range points {
		if p.Value.Valid {
			list = append(list, Usage{During: p.Interval, Quantity: p.Value.Decimal})
		}
	}
	return slices.Clip(list)
}

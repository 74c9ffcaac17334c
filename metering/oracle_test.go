package metering_test

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// The figures of a meter against a count that shares nothing with it: each is worked out
// as its definition says, for one window and one group at a time, in fractions of whole
// numbers.

// scene is a question that is drawn.
type scene struct {
	meter   metering.Meter
	events  []metering.Event
	windows []calendar.Interval
	now     time.Time
	by      []string
}

var step = time.Minute

// drawn draws events within a few hours, so that borders are met often.
func drawn(t *rapid.T, m metering.Meter) scene {
	s := scene{meter: m}
	at := func(name string) time.Duration { return time.Duration(rapid.IntRange(0, 240).Draw(t, name)) * step }
	for i := range rapid.IntRange(0, 12).Draw(t, "events") {
		e := used(at("time"), servicecoin.Undefined(), "region", rapid.SampledFrom([]string{"", "eu", "us"}).Draw(t, "region"),
			"user", rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "user"), "op", rapid.SampledFrom([]string{"", "remove"}).Draw(t, "op"))
		e.Source, e.ID = rapid.SampledFrom([]string{"s", "t"}).Draw(t, "source"), strconv.Itoa(i)
		if rapid.IntRange(0, 4).Draw(t, "has") > 0 {
			e.Value = servicecoin.Some(rapid.OneOf(number(), rapid.Custom(func(t *rapid.T) decimal.Decimal {
				return decimal.New(rapid.Int64Range(-20, 20).Draw(t, "few"), -1)
			})).Draw(t, "value"))
		}
		if rapid.IntRange(0, 3).Draw(t, "sized") > 0 {
			e.Fields = metering.Fields{{Name: "size", Value: decimal.New(rapid.Int64Range(-30, 30).Draw(t, "size"), -2)}}
		}
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			e.End = e.Time.Add(at("length") + time.Duration(rapid.IntRange(1, 7).Draw(t, "micros"))*time.Microsecond)
		case 1:
			e.Open = true
		}
		s.events = append(s.events, e)
	}
	from := at("first")
	for range rapid.IntRange(1, 4).Draw(t, "windows") {
		to := from + step + at("window")/4
		s.windows = append(s.windows, calendar.Between(origin.Add(from), origin.Add(to)))
		from = to + time.Duration(rapid.SampledFrom([]int{0, 0, 10}).Draw(t, "gap"))*step
	}
	if rapid.Bool().Draw(t, "told") {
		s.now = origin.Add(at("now"))
	}
	if rapid.Bool().Draw(t, "grouped") {
		s.by = []string{"region"}
	}
	return s
}

func (s scene) measure(t require.TestingT) []metering.Series {
	series, err := s.meter.Measure(each(s.events...), metering.Measurement{Windows: s.windows, GroupBy: s.by, Now: s.now})
	require.NoError(t, err)
	return series
}

// holds compares each point with what count says of its window and the events of its
// group.
func (s scene) holds(t *rapid.T, count func(events []metering.Event, w calendar.Interval) (*big.Rat, int64)) {
	got := map[string]metering.Series{}
	for _, series := range s.measure(t) {
		got[fmt.Sprint(series.Group)] = series
	}
	groups := map[string][]metering.Event{}
	if s.by == nil {
		groups["[]"] = nil
	}
	for _, e := range s.events {
		if name := "[" + e.Dimension("region") + "]"; s.by != nil {
			groups[name] = append(groups[name], e)
		} else {
			groups["[]"] = append(groups["[]"], e)
		}
	}
	for name, events := range groups {
		series, there := got[name]
		for i, w := range s.windows {
			value, n := count(events, w)
			if !there { // nothing to tell
				require.Zero(t, n)
				require.True(t, value == nil || value.Sign() == 0)
				continue
			}
			p := series.Points[i]
			require.Equal(t, n, p.Events, "events of %s in %v", name, w)
			require.Equal(t, value != nil, p.Value.Valid, "%s in %v: want %v, got %v", name, w, value, p.Value)
			if value == nil {
				continue
			}
			exact := rat(p.Value.Decimal)
			if value.Cmp(exact) != 0 { // it has no end: within half a unit of the 30th place
				away := new(big.Rat).Sub(value, exact)
				require.LessOrEqual(t, away.Abs(away).Cmp(rat(decimal.New(5, -31))), 0, "%s in %v: want %s, got %s", name, w, value.FloatString(40), p.Value.Decimal)
			}
		}
		delete(got, name)
	}
	require.Empty(t, got)
}

func rat(d decimal.Decimal) *big.Rat { return d.Rat() }

// until is when an event ends, as far as a window is concerned.
func (s scene) until(e metering.Event, w calendar.Interval) time.Time {
	switch {
	case e.Open && s.now.IsZero():
		return w.End
	case e.Open:
		return s.now
	default:
		return e.End
	}
}

// seconds is how long an event is within a window.
func (s scene) seconds(e metering.Event, w calendar.Interval) *big.Rat {
	from, to := e.Time, s.until(e, w)
	if w.Start.After(from) {
		from = w.Start
	}
	if w.End.Before(to) {
		to = w.End
	}
	if !to.After(from) || e.End.IsZero() && !e.Open {
		return nil
	}
	return big.NewRat(to.Sub(from).Microseconds(), 1e6)
}

// touches reports whether an event counts to a window over which it spreads.
func (s scene) touches(e metering.Event, w calendar.Interval) bool {
	if end := s.until(e, w); (e.Open || !e.End.IsZero()) && end.After(e.Time) {
		return e.Time.Before(w.End) && end.After(w.Start)
	}
	return w.Contains(e.Time)
}

// share is the part of a value in a window: rounded, up to its end, without what lies
// before.
func (s scene) share(value decimal.Decimal, e metering.Event, w calendar.Interval) *big.Rat {
	if e.Open {
		return nil
	}
	if e.End.IsZero() {
		return rat(value)
	}
	places := int32(9)
	for !value.Truncate(places).Equal(value) {
		places++
	}
	upTo := func(at time.Time) *big.Rat {
		switch {
		case !at.After(e.Time):
			return new(big.Rat)
		case !at.Before(e.End):
			return rat(value)
		}
		part := new(big.Rat).Mul(rat(value), big.NewRat(at.Sub(e.Time).Microseconds(), e.End.Sub(e.Time).Microseconds()))
		return rat(dec(part.FloatString(int(places)))) // half away from zero
	}
	return new(big.Rat).Sub(upTo(w.End), upTo(w.Start))
}

func TestSumsAgainstACount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meter metering.Meter
		part  func(s scene, e metering.Event, w calendar.Interval) *big.Rat
	}{
		"sum": {metering.Meter{Aggregation: metering.Sum}, func(s scene, e metering.Event, w calendar.Interval) *big.Rat {
			if !e.Value.Valid {
				return nil
			}
			return s.share(e.Value.Decimal, e, w)
		}},
		"sum of a field": {metering.Meter{Aggregation: metering.Sum, Field: "size"}, func(s scene, e metering.Event, w calendar.Interval) *big.Rat {
			if len(e.Fields) == 0 {
				return nil
			}
			return s.share(e.Fields[0].Value, e, w)
		}},
		"sum of seconds": {metering.Meter{Aggregation: metering.Sum, Field: metering.Seconds}, scene.seconds},
		"product": {metering.Meter{Aggregation: metering.Product, Times: "size"}, func(s scene, e metering.Event, w calendar.Interval) *big.Rat {
			if !e.Value.Valid || len(e.Fields) == 0 {
				return nil
			}
			return s.share(e.Value.Decimal.Mul(e.Fields[0].Value), e, w)
		}},
		"product with seconds": {metering.Meter{Aggregation: metering.Product, Field: metering.Seconds, Times: "size"}, func(s scene, e metering.Event, w calendar.Interval) *big.Rat {
			seconds := s.seconds(e, w)
			if seconds == nil || len(e.Fields) == 0 {
				return nil
			}
			return new(big.Rat).Mul(seconds, rat(e.Fields[0].Value))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				m := meter(c.meter.Aggregation)
				m.Field, m.Times = c.meter.Field, c.meter.Times
				s := drawn(t, m)
				s.holds(t, func(events []metering.Event, w calendar.Interval) (sum *big.Rat, n int64) {
					for _, e := range events {
						if !s.touches(e, w) || !e.Open && e.End.IsZero() && !w.Contains(e.Time) {
							continue
						}
						n++
						if part := c.part(s, e, w); part != nil {
							if sum == nil {
								sum = new(big.Rat)
							}
							sum.Add(sum, part)
						}
					}
					return sum, n
				})
			})
		})
	}
}

// Every aggregation that has an event in the window in which it begins.
func TestOfOneWindowAgainstACount(t *testing.T) {
	t.Parallel()
	values := func(s scene, events []metering.Event, w calendar.Interval) (list []*big.Rat, n int64) {
		for _, e := range events {
			if !w.Contains(e.Time) {
				continue
			}
			n++
			if s.meter.Field == metering.Seconds {
				whole := calendar.Between(e.Time, s.until(e, w))
				if seconds := s.seconds(e, whole); seconds != nil {
					list = append(list, seconds)
				}
			} else if e.Value.Valid {
				list = append(list, rat(e.Value.Decimal))
			}
		}
		return list, n
	}
	for _, a := range []metering.Aggregation{metering.Min, metering.Max, metering.Average, metering.Percentile, metering.Latest, metering.Count, metering.Unique} {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				m := sound(a)
				if a != metering.Count && a != metering.Unique && a != metering.Latest && rapid.Bool().Draw(t, "seconds") {
					m.Field = metering.Seconds
				}
				percent := rapid.Int64Range(1, 1000).Draw(t, "percent")
				if a == metering.Percentile {
					m.Percent = servicecoin.Some(decimal.New(percent, -1))
				}
				s := drawn(t, m)
				s.holds(t, func(events []metering.Event, w calendar.Interval) (*big.Rat, int64) {
					list, n := values(s, events, w)
					switch {
					case a == metering.Count && n > 0:
						return big.NewRat(n, 1), n
					case a == metering.Unique:
						seen := map[string]bool{}
						for _, e := range events {
							if w.Contains(e.Time) && e.Dimension("user") != "" {
								seen[e.Dimension("user")] = true
							}
						}
						if len(seen) == 0 {
							return nil, n
						}
						return big.NewRat(int64(len(seen)), 1), n
					case len(list) == 0:
						return nil, n
					case a == metering.Latest:
						return latest(events, w), n
					case a == metering.Average:
						sum := new(big.Rat)
						for _, x := range list {
							sum.Add(sum, x)
						}
						return sum.Quo(sum, big.NewRat(int64(len(list)), 1)), n
					}
					slices.SortFunc(list, (*big.Rat).Cmp)
					switch a {
					case metering.Min:
						return list[0], n
					case metering.Max:
						return list[len(list)-1], n
					default:
						return nearest(list, percent), n
					}
				})
			})
		})
	}
}

// nearest is the first of sorted samples that so many tenths of a per cent of them do not
// exceed: found by counting.
func nearest(list []*big.Rat, tenths int64) *big.Rat {
	for _, x := range list {
		upTo := int64(0)
		for _, y := range list {
			if y.Cmp(x) <= 0 {
				upTo++
			}
		}
		if upTo*1000 >= tenths*int64(len(list)) {
			return x
		}
	}
	return nil
}

func latest(events []metering.Event, w calendar.Interval) *big.Rat {
	events = slices.Clone(events)
	slices.SortFunc(events, metering.Event.Compare)
	for _, e := range slices.Backward(events) {
		if w.Contains(e.Time) && e.Value.Valid {
			return rat(e.Value.Decimal)
		}
	}
	return nil
}

// The level is looked at between every two instants at which anything happens.
func TestLevelsAgainstACount(t *testing.T) {
	t.Parallel()
	for _, level := range []metering.Level{metering.Changes, metering.Sets} {
		t.Run("level "+string(level), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				m := meter(metering.TimeWeighted)
				m.Level = level
				s := drawn(t, m)
				s.holds(t, func(events []metering.Event, w calendar.Interval) (*big.Rat, int64) {
					n, known, cut := int64(0), false, w.End
					if !s.now.IsZero() && s.now.Before(cut) {
						cut = s.now
					}
					moments := []time.Time{w.Start, cut}
					for _, e := range events {
						if s.touches(e, w) {
							n++
						}
						known = known || e.Value.Valid && e.Time.Before(cut)
						moments = append(moments, e.Time, e.End)
					}
					if !known || !cut.After(w.Start) {
						return nil, n
					}
					slices.SortFunc(moments, time.Time.Compare)
					sum := new(big.Rat)
					for i := 1; i < len(moments); i++ {
						from, to := moments[i-1], moments[i]
						if from.Before(w.Start) || to.After(cut) {
							continue
						}
						sum.Add(sum, new(big.Rat).Mul(levelAt(level, events, from), big.NewRat(to.Sub(from).Microseconds(), 1)))
					}
					return sum.Quo(sum, big.NewRat(w.Duration().Microseconds(), 1)), n
				})
			})
		})
	}
}

// levelAt is the level just after an instant.
func levelAt(level metering.Level, events []metering.Event, at time.Time) *big.Rat {
	sum := new(big.Rat)
	var last *metering.Event
	for _, e := range events {
		if !e.Value.Valid || e.Time.After(at) || !e.End.IsZero() && !e.End.After(at) {
			continue
		}
		sum.Add(sum, rat(e.Value.Decimal))
		if last == nil || e.Compare(*last) > 0 {
			last = &e
		}
	}
	if level == metering.Changes {
		return sum
	}
	if last == nil {
		return new(big.Rat)
	}
	return rat(last.Value.Decimal)
}

func TestWhatStandsAgainstACount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := meter(metering.Unique)
		m.Removes = &metering.Filter{Dimension: "op", Values: []string{"remove"}}
		s := drawn(t, m)
		s.holds(t, func(events []metering.Event, w calendar.Interval) (*big.Rat, int64) {
			events = slices.Clone(events)
			slices.SortFunc(events, metering.Event.Compare)
			n, stands := int64(0), map[string]bool{}
			for _, e := range events {
				if w.Contains(e.Time) {
					n++
				}
				if user := e.Dimension("user"); user != "" && e.Time.Before(w.End) {
					stands[user] = e.Dimension("op") != "remove"
				}
			}
			if len(stands) == 0 {
				return nil, n
			}
			count := int64(0)
			for _, is := range stands {
				if is {
					count++
				}
			}
			return big.NewRat(count, 1), n
		})
	})
}

// The samples of a percentile are what the same meter says of each inner window.
func TestSampledPercentileAgainstACount(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		m := sound(metering.Percentile)
		m.Sampled, m.SampledBy = metering.Hourly, rapid.SampledFrom([]metering.Aggregation{
			metering.Count, metering.Sum, metering.Min, metering.Max, metering.Average, metering.Latest,
		}).Draw(t, "by")
		m.EmptySamples = rapid.SampledFrom([]metering.Empty{metering.EmptySkips, metering.EmptyAsZero}).Draw(t, "empty")
		percent := rapid.Int64Range(1, 1000).Draw(t, "percent")
		m.Percent = servicecoin.Some(decimal.New(percent, -1))
		s := drawn(t, m)
		by := meter(m.SampledBy)
		series, err := m.Measure(each(s.events...), metering.Measurement{Windows: s.windows, Now: s.now, Zone: berlin})
		require.NoError(t, err)
		for i, w := range s.windows {
			inner, err := metering.Hourly.Split(w, berlin)
			require.NoError(t, err)
			samples, err := by.Measure(each(s.events...), metering.Measurement{Windows: inner, Now: s.now})
			require.NoError(t, err)
			var list []*big.Rat
			some := false
			for _, p := range samples[0].Points {
				if p.Value.Valid {
					list, some = append(list, rat(p.Value.Decimal)), true
				} else if m.EmptySamples == metering.EmptyAsZero && (s.now.IsZero() || p.Start.Before(s.now)) {
					list = append(list, new(big.Rat))
				}
			}
			got := series[0].Points[i].Value
			require.Equal(t, some, got.Valid)
			if some {
				slices.SortFunc(list, (*big.Rat).Cmp)
				require.Zero(t, nearest(list, percent).Cmp(rat(got.Decimal)), "want %v, got %v", nearest(list, percent), got.Decimal)
			}
		}
	})
}

// However an interval is cut into windows, the parts of its value sum to the whole, and
// each is within one unit of the ninth place of its share.
func TestPartsSumToTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.Int64Range(1, 1e9).Draw(t, "length")
		e := used(0, servicecoin.Some(number().Draw(t, "value")))
		e.End = e.Time.Add(time.Duration(all) * time.Microsecond)
		borders := []int64{0, all}
		for range rapid.IntRange(0, 20).Draw(t, "borders") {
			borders = append(borders, rapid.Int64Range(0, all).Draw(t, "border"))
		}
		slices.Sort(borders)
		borders = slices.Compact(borders)
		var windows []calendar.Interval
		at := func(n int64) time.Time { return origin.Add(time.Duration(n) * time.Microsecond) }
		for i := 1; i < len(borders); i++ {
			windows = append(windows, calendar.Between(at(borders[i-1]), at(borders[i])))
		}
		series, err := meter(metering.Sum).Series(each(e), windows)
		require.NoError(t, err)
		sum := decimal.Zero
		for _, p := range series[0].Points {
			require.EqualValues(t, 1, p.Events)
			sum = sum.Add(p.Value.Decimal)
			share := new(big.Rat).Mul(rat(e.Value.Decimal), big.NewRat(p.Duration().Microseconds(), all))
			away := share.Sub(share, rat(p.Value.Decimal))
			require.LessOrEqual(t, away.Abs(away).Cmp(big.NewRat(1, 1e9)), 0)
		}
		same(t, e.Value.Decimal, sum)
	})
}

// The order of events does not matter, and neither does in how many windows a sum is
// asked for.
func TestTheOrderOfEventsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := sound(rapid.SampledFrom(aggregations()).Draw(t, "aggregation"))
		switch m.Aggregation {
		case metering.TimeWeighted:
			m.Level = rapid.SampledFrom([]metering.Level{metering.Changes, metering.Sets}).Draw(t, "level")
		case metering.Unique:
			if rapid.Bool().Draw(t, "removes") {
				m.Removes = &metering.Filter{Dimension: "op", Values: []string{"remove"}}
			}
		}
		m.Filters = []metering.Filter{{Dimension: "region", Values: []string{"us"}, Not: true}}
		s := drawn(t, m)
		want := s.measure(t)
		s.events = rapid.Permutation(s.events).Draw(t, "order")
		require.Empty(t, gocmp.Diff(text(want), text(s.measure(t))))
		s.events = slices.DeleteFunc(s.events, func(e metering.Event) bool { return e.Dimension("region") == "us" })
		require.Empty(t, gocmp.Diff(text(want), text(s.measure(t))), "a filter leaves out")
		require.True(t, slices.IsSortedFunc(want, func(a, b metering.Series) int { return cmp.Compare(fmt.Sprint(a.Group), fmt.Sprint(b.Group)) }))
	})
}

package grant_test

import (
	"slices"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/grant"
)

var epoch = time.Date(2024, 1, 31, 0, 0, 0, 0, time.UTC)

func d(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// renewals walks from the anchor, a step at a time, by the rule in words.
func renewals(r grant.Renewal, from, until time.Time) []time.Time {
	anchor := r.Anchor
	if anchor.IsZero() {
		anchor = from
	}
	var list []time.Time
	for n := -3000; n < 3000; n++ {
		day := anchor.AddDate(0, 0, n*r.Every.Days)
		if months := 12*r.Every.Years + r.Every.Months; months > 0 {
			first := time.Date(anchor.Year(), anchor.Month()+time.Month(n*months), 1, anchor.Hour(), anchor.Minute(), anchor.Second(), anchor.Nanosecond(), time.UTC)
			last := first.AddDate(0, 1, -1).Day()
			day = first.AddDate(0, 0, min(anchor.Day(), last)-1)
		}
		if day.After(from) && day.Before(until) {
			list = append(list, day)
		}
	}
	return list
}

type total struct{ burnt, given, lapsed, balance decimal.Decimal }

// slow walks through all instants at which anything happens, and uses each quantity by
// itself. It knows neither segments nor sums.
func slow(a grant.Account, usage []grant.Usage) (closing, standing grant.Snapshot, totals map[grant.ID]total, forgiven decimal.Decimal) {
	list := slices.Clone(a.Grants)
	sort.SliceStable(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	created := func(g grant.Grant) time.Time {
		if g.Created.IsZero() {
			return g.From
		}
		return g.Created
	}
	far := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	expiry := func(g grant.Grant) time.Time {
		if g.Until.IsZero() {
			return far
		}
		return g.Until
	}
	end := func(g grant.Grant) time.Time {
		if !g.Voided.IsZero() && g.Voided.Before(expiry(g)) {
			return g.Voided
		}
		return expiry(g)
	}
	sort.SliceStable(list, func(i, j int) bool { return created(list[i]).Before(created(list[j])) })
	sort.SliceStable(list, func(i, j int) bool { return expiry(list[i]).Before(expiry(list[j])) })
	sort.SliceStable(list, func(i, j int) bool { return list[i].Priority < list[j].Priority })

	start, stop := a.During.Start, a.During.End
	at := map[time.Time]bool{start: true, stop: true}
	again := map[grant.ID]map[time.Time]bool{}
	for _, g := range list {
		at[g.From], at[end(g)] = true, true
		again[g.ID] = map[time.Time]bool{}
		if g.Renewal != nil {
			for _, t := range renewals(*g.Renewal, g.From, end(g)) {
				at[t], again[g.ID][t] = true, true
			}
		}
	}
	resets := map[time.Time]bool{}
	for _, t := range a.Resets {
		at[t], resets[t] = true, true
	}
	for _, u := range usage {
		at[u.During.Start] = true
	}
	times := make([]time.Time, 0, len(at))
	for t := range at {
		if !t.Before(start) && !t.After(stop) {
			times = append(times, t)
		}
	}
	slices.SortFunc(times, time.Time.Compare)

	left := map[grant.ID]decimal.Decimal{}
	totals = map[grant.ID]total{}
	var overage, usedSo decimal.Decimal
	note := func(id grant.ID, change func(*total)) {
		x := totals[id]
		change(&x)
		totals[id] = x
	}
	burn := func(q decimal.Decimal) decimal.Decimal {
		for _, g := range list {
			part := decimal.Min(q, left[g.ID])
			left[g.ID], q = left[g.ID].Sub(part), q.Sub(part)
			note(g.ID, func(x *total) { x.burnt = x.burnt.Add(part) })
		}
		return q
	}
	active := func(g grant.Grant, t time.Time) bool { return !g.From.After(t) && end(g).After(t) }
	snap := func() grant.Snapshot {
		s := grant.Snapshot{At: stop, Used: usedSo, Overage: overage, Balances: map[grant.ID]decimal.Decimal{}}
		for _, g := range list {
			s.Balances[g.ID] = left[g.ID]
		}
		return s
	}
	for _, t := range times {
		if t.Equal(stop) {
			closing = snap()
		}
		if t.Equal(start) {
			for _, g := range list {
				if active(g, t) {
					left[g.ID] = g.Amount
					if a.Opening != nil {
						left[g.ID] = a.Opening.Balances[g.ID]
					}
				}
			}
			if a.Opening != nil {
				overage, usedSo = a.Opening.Overage, a.Opening.Used
			}
		} else {
			for _, g := range list {
				if !active(g, t) && !left[g.ID].IsZero() {
					note(g.ID, func(x *total) { x.lapsed = x.lapsed.Add(left[g.ID]) })
					left[g.ID] = decimal.Decimal{}
				}
			}
			if resets[t] {
				usedSo = decimal.Decimal{}
				if a.Overage == grant.Forgive {
					forgiven = forgiven.Add(overage)
					overage = decimal.Decimal{}
				}
				for _, g := range list {
					if active(g, t) && g.From.Before(t) {
						was, now := left[g.ID], left[g.ID]
						if now.GreaterThan(g.RolloverMax) {
							now = g.RolloverMax
						}
						if now.LessThan(g.RolloverMin) {
							now = g.RolloverMin
						}
						left[g.ID] = now
						note(g.ID, func(x *total) {
							x.lapsed = x.lapsed.Add(decimal.Max(decimal.Decimal{}, was.Sub(now)))
							x.given = x.given.Add(decimal.Max(decimal.Decimal{}, now.Sub(was)))
						})
					}
				}
			}
			for _, g := range list {
				if active(g, t) && (again[g.ID][t] || g.From.Equal(t)) {
					note(g.ID, func(x *total) { x.lapsed, x.given = x.lapsed.Add(left[g.ID]), x.given.Add(g.Amount) })
					left[g.ID] = g.Amount
				}
			}
			overage = burn(overage)
		}
		if t.Equal(stop) {
			break
		}
		for _, u := range usage {
			if u.During.Start.Equal(t) {
				usedSo = usedSo.Add(u.Quantity)
				overage = overage.Add(burn(u.Quantity))
			}
		}
	}
	if closing.Balances == nil {
		closing = snap()
	}
	for _, g := range list {
		note(g.ID, func(x *total) { x.balance = left[g.ID] })
	}
	return closing, snap(), totals, forgiven
}

func hours(n int) time.Time { return epoch.Add(time.Duration(n) * time.Hour) }

func someAmount(t *rapid.T, label string) decimal.Decimal {
	places := rapid.SampledFrom([]int32{0, 0, 1, 3, 9, 14}).Draw(t, label+" places")
	return decimal.New(rapid.Int64Range(0, 2000).Draw(t, label), -places)
}

func someGrant(t *rapid.T, i int) grant.Grant {
	from := rapid.IntRange(-200, 400).Draw(t, "from")
	g := grant.Grant{
		ID: grant.ID("g" + strconv.Itoa(i)), Amount: someAmount(t, "amount"), Priority: rapid.IntRange(0, 2).Draw(t, "priority"), From: hours(from),
	}
	if rapid.Bool().Draw(t, "ends") {
		g.Until = hours(from + rapid.SampledFrom([]int{0, 1, 24, 48, 300, 1500}).Draw(t, "until"))
	}
	if rapid.IntRange(0, 4).Draw(t, "void") == 0 {
		g.Voided = hours(from + rapid.IntRange(-2, 300).Draw(t, "voided"))
	}
	if rapid.IntRange(0, 3).Draw(t, "create") == 0 {
		g.Created = hours(rapid.IntRange(-3, 3).Draw(t, "created"))
	}
	if rapid.IntRange(0, 2).Draw(t, "renew") == 0 {
		g.Renewal = &grant.Renewal{Every: rapid.SampledFrom([]calendar.Period{{Days: 1}, {Days: 7}, {Days: 3}, {Months: 1}, {Years: 1}}).Draw(t, "every")}
		if rapid.Bool().Draw(t, "anchored") {
			g.Renewal.Anchor = hours(24 * rapid.IntRange(-40, 40).Draw(t, "anchor"))
		}
	}
	if rapid.Bool().Draw(t, "rolls") {
		g.RolloverMin = someAmount(t, "min")
		g.RolloverMax = g.RolloverMin.Add(someAmount(t, "over min"))
	}
	return g
}

func someAccount(t *rapid.T) (grant.Account, []grant.Usage) {
	a := grant.Account{During: calendar.Between(epoch, hours(rapid.SampledFrom([]int{1, 24, 100, 744, 2000}).Draw(t, "length")))}
	for i := range rapid.IntRange(0, 6).Draw(t, "grants") {
		a.Grants = append(a.Grants, someGrant(t, i))
	}
	length := int(a.During.Duration() / time.Hour)
	for range rapid.IntRange(0, 3).Draw(t, "resets") {
		a.Resets = append(a.Resets, hours(rapid.IntRange(1, length).Draw(t, "reset")))
	}
	if rapid.Bool().Draw(t, "carry") {
		a.Overage = grant.Carry
	}
	var usage []grant.Usage
	for range rapid.IntRange(0, 30).Draw(t, "usage") {
		at := hours(rapid.IntRange(-2, length+2).Draw(t, "at"))
		usage = append(usage, grant.Usage{During: calendar.Between(at, at.Add(time.Hour)), Quantity: someAmount(t, "quantity")})
	}
	return a, usage
}

func same(t require.TestingT, want, got grant.Snapshot, what string) {
	require.True(t, want.Used.Equal(got.Used), "%s: used %s, want %s", what, got.Used, want.Used)
	require.True(t, want.Overage.Equal(got.Overage), "%s: overage %s, want %s", what, got.Overage, want.Overage)
	require.Len(t, got.Balances, len(want.Balances))
	for id, left := range want.Balances {
		require.True(t, left.Equal(got.Balances[id]), "%s: %s has %s, want %s", what, id, got.Balances[id], left)
	}
}

// The reckoning by segments and sums is what the walk through every quantity says, and
// its books balance.
func TestBurnIsTheSlowWalk(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, usage := someAccount(t)
		got, err := a.Burn(usage)
		require.NoError(t, err)
		closing, standing, totals, forgiven := slow(a, usage)
		same(t, closing, got.Closing, "closing")
		same(t, standing, got.Standing, "standing")

		inside, outside := decimal.Decimal{}, 0
		for _, u := range usage {
			if a.During.Contains(u.During.Start) {
				inside = inside.Add(u.Quantity)
			} else {
				outside++
			}
		}
		require.Equal(t, outside, got.Outside)

		// Nothing is burnt twice, and nothing is lost.
		burnt := decimal.Decimal{}
		for _, l := range got.Lines {
			want := totals[l.Grant]
			require.True(t, want.burnt.Equal(l.Burnt), "%s burnt %s, want %s", l.Grant, l.Burnt, want.burnt)
			require.True(t, l.Opening.Add(l.Given).Equal(l.Burnt.Add(l.Lapsed).Add(l.Balance)), "%+v", l)
			require.True(t, l.Balance.Equal(got.Standing.Balances[l.Grant]))
			for _, x := range []decimal.Decimal{l.Opening, l.Given, l.Burnt, l.Lapsed, l.Balance} {
				require.False(t, x.IsNegative(), "%+v", l)
			}
			burnt = burnt.Add(l.Burnt)
		}
		require.True(t, inside.Equal(burnt.Add(got.Standing.Overage).Add(forgiven)), "used %s, burnt %s, overage %s, forgiven %s", inside, burnt, got.Standing.Overage, forgiven)

		// Segments follow each other, and each says what it paid.
		drawn := map[grant.ID]decimal.Decimal{}
		next := a.During.Start
		for _, s := range got.Segments {
			require.Equal(t, next, s.During.Start)
			next = s.During.End
			paid := decimal.Decimal{}
			for _, x := range s.Burnt {
				require.True(t, x.Quantity.IsPositive())
				drawn[x.Grant] = drawn[x.Grant].Add(x.Quantity)
				paid = paid.Add(x.Quantity)
			}
			require.True(t, s.Opening.Sub(s.Closing).Equal(paid), "%+v", s)
			require.True(t, s.Overdrawn.Add(s.Used).Equal(paid.Add(s.Overage)), "%+v", s)
		}
		require.Equal(t, a.During.End, next)
		for _, l := range got.Lines {
			require.True(t, drawn[l.Grant].Equal(l.Burnt), "%s: segments say %s", l.Grant, drawn[l.Grant])
		}
	})
}

// Who keeps what stands, and goes on from there, comes to what a reckoning from the
// beginning says, wherever it was divided.
func TestGoingOnFromASnapshot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, usage := someAccount(t)
		whole, err := a.Burn(usage)
		require.NoError(t, err)
		at := hours(rapid.IntRange(0, int(a.During.Duration()/time.Hour)).Draw(t, "divided"))
		first, second := a, a
		first.During.End, second.During.Start = at, at
		first.Resets, second.Resets = nil, nil
		for _, r := range a.Resets {
			if r.After(at) {
				second.Resets = append(second.Resets, r)
			} else {
				first.Resets = append(first.Resets, r)
			}
		}
		one, err := first.Burn(usage)
		require.NoError(t, err)
		second.Opening = &one.Standing
		two, err := second.Burn(usage)
		require.NoError(t, err)
		same(t, whole.Standing, two.Standing, "standing")
		if at.Before(a.During.End) {
			same(t, whole.Closing, two.Closing, "closing")
		}
	})
}

// Neither the order of grants, resets and quantities, nor windows that are divided,
// change anything.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, usage := someAccount(t)
		want, err := a.Burn(usage)
		require.NoError(t, err)
		b := a
		b.Grants = rapid.Permutation(a.Grants).Draw(t, "grants")
		b.Resets = rapid.Permutation(a.Resets).Draw(t, "resets")
		mixed := rapid.Permutation(usage).Draw(t, "usage")
		got, err := b.Burn(mixed)
		require.NoError(t, err)
		require.Equal(t, want, got)

		// Hours have no boundary in them here, so all policies agree on any part of them.
		var parts []grant.Usage
		for _, u := range usage {
			at := u.During.Start.Add(time.Duration(rapid.IntRange(0, 59).Draw(t, "minute")) * time.Minute)
			half := u.Quantity.DivRound(decimal.NewFromInt(3), 20)
			parts = append(parts, grant.Usage{During: calendar.Between(u.During.Start, at), Quantity: half}, grant.Usage{During: calendar.Between(at, u.During.End), Quantity: u.Quantity.Sub(half)})
		}
		for _, policy := range []grant.SpanPolicy{grant.AtStart, grant.ByTime, grant.Uncut} {
			b.Spanning = policy
			got, err := b.Burn(parts)
			require.NoError(t, err)
			same(t, want.Standing, got.Standing, "divided, "+string(policy))
		}
	})
}

// What a series says at the start of a window is what stands there, and its windows
// have all that was used in them.
func TestSeriesIsManyReckonings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, usage := someAccount(t)
		plan, err := a.Compile()
		require.NoError(t, err)
		var windows []calendar.Interval
		for at := a.During.Start; at.Before(a.During.End); {
			end := at.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "window")) * time.Hour)
			if end.After(a.During.End) {
				end = a.During.End
			}
			if rapid.IntRange(0, 3).Draw(t, "leave out") > 0 {
				windows = append(windows, calendar.Between(at, end))
			}
			at = end
		}
		points, err := plan.Series(usage, windows)
		require.NoError(t, err)
		require.Len(t, points, len(windows))
		for i, p := range points {
			require.Equal(t, windows[i], p.During)
			inside := decimal.Decimal{}
			for _, u := range usage {
				if p.During.Contains(u.During.Start) {
					inside = inside.Add(u.Quantity)
				}
			}
			require.True(t, inside.Equal(p.Used), "%s: %s", p.During, p.Used)
			b := a
			b.During.End = p.During.Start
			b.Resets = slices.DeleteFunc(slices.Clone(a.Resets), func(r time.Time) bool { return r.After(b.During.End) })
			r, err := b.Burn(usage)
			require.NoError(t, err)
			require.True(t, r.Standing.Balance().Equal(p.Balance), "%s: %s, want %s", p.During, p.Balance, r.Standing.Balance())
			require.True(t, r.Standing.Overage.Equal(p.Overage))
		}
	})
}

// Late usage changes what it would have changed in time: an account that is reckoned
// again from an early snapshot keeps the sum, amount = used + balance - overage.
func TestLateUsage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount := someAmount(t, "amount")
		a := grant.Account{During: calendar.Between(epoch, hours(100)), Grants: []grant.Grant{{ID: "g", Amount: amount, From: epoch}}}
		var usage []grant.Usage
		holds := func(r grant.Result) {
			s := r.Standing
			require.True(t, amount.Equal(s.Used.Add(s.Balance()).Sub(s.Overage)), "%+v", s)
		}
		for range rapid.IntRange(1, 6).Draw(t, "arrivals") {
			at := hours(rapid.IntRange(0, 99).Draw(t, "at")) // in no order: most are late
			usage = append(usage, grant.Usage{During: calendar.Between(at, at), Quantity: someAmount(t, "quantity")})
			whole, err := a.Burn(usage)
			require.NoError(t, err)
			holds(whole)
			first, second := a, a
			first.During.End = hours(rapid.IntRange(0, 100).Draw(t, "snapshot"))
			one, err := first.Burn(usage)
			require.NoError(t, err)
			holds(one)
			second.During.Start, second.Opening = first.During.End, &one.Standing
			two, err := second.Burn(usage)
			require.NoError(t, err)
			holds(two)
			same(t, whole.Standing, two.Standing, "from a snapshot")
		}
	})
}

// A level is held against the grants that are there at the time, and a series of it says
// what a reckoning up to each window says.
func TestLevelIsTheLastOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, usage := someAccount(t)
		a.Counts, a.Resets = grant.Level, nil
		for i := range a.Grants {
			a.Grants[i].Renewal = nil
		}
		stands := func(at time.Time) (left, over, level decimal.Decimal) {
			var last time.Time
			for _, u := range usage {
				start := u.During.Start
				if start.Before(a.During.Start) || !start.Before(at) {
					continue
				}
				if start.After(last) || start.Equal(last) && u.Quantity.GreaterThan(level) {
					last, level = start, u.Quantity
				}
			}
			for _, g := range a.Grants {
				if g.Active(at) {
					left = left.Add(g.Amount)
				}
			}
			left = left.Sub(level)
			if left.IsNegative() {
				left, over = decimal.Decimal{}, left.Neg()
			}
			return left, over, level
		}
		r, err := a.Burn(usage)
		require.NoError(t, err)
		left, over, level := stands(a.During.End)
		require.True(t, left.Equal(r.Standing.Balance()), "%s, want %s", r.Standing.Balance(), left)
		require.True(t, over.Equal(r.Standing.Overage))
		require.True(t, level.Equal(r.Standing.Used))
		for _, l := range r.Lines {
			require.True(t, l.Opening.Add(l.Given).Equal(l.Burnt.Add(l.Lapsed).Add(l.Balance)), "%+v", l)
		}

		plan, err := a.Compile()
		require.NoError(t, err)
		middle := hours(rapid.IntRange(0, int(a.During.Duration()/time.Hour)-1).Draw(t, "window"))
		points, err := plan.Series(usage, []calendar.Interval{calendar.Between(middle, a.During.End)})
		require.NoError(t, err)
		left, over, _ = stands(middle)
		require.True(t, left.Equal(points[0].Balance), "%s, want %s", points[0].Balance, left)
		require.True(t, over.Equal(points[0].Overage))
		require.True(t, level.Equal(points[0].Used), "%s, want %s", points[0].Used, level)
	})
}

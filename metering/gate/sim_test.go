package gate_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/gate"
)

var (
	epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	calls = gate.Key{Customer: "acme", Name: "api.calls"}
)

func d(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func ids() func() string {
	var n atomic.Int64
	return func() string { return strconv.FormatInt(n.Add(1), 10) }
}

// world is a limit, what was used of it, and the time; the ledger has what was used
// after a while.
type world struct {
	mu     sync.Mutex
	now    time.Time
	limit  decimal.Decimal
	lag    time.Duration
	events []event
	leased decimal.Decimal // let pass from leases, in this period
	other  decimal.Decimal // let pass without one
	period time.Time
	until  time.Time
	keep   *gate.Memory
	terms  gate.Terms
	asked  int  // how often what is left was asked for
	down   bool // nobody can be asked
	lose   bool // the answer is lost
}

func outOf(keep *gate.Memory) decimal.Decimal {
	p := keep.Pool(calls)
	return p.Out()
}

type event struct {
	at       time.Time
	quantity decimal.Decimal
}

func (w *world) Standing(_ context.Context, _ gate.Key, now time.Time) (gate.Standing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	s := gate.Standing{Through: w.now.Add(-w.lag), Period: w.period, Until: w.until}
	left := w.limit
	for _, e := range w.events {
		if !e.at.After(s.Through) && !e.at.Before(w.period) {
			left = left.Sub(e.quantity)
		}
	}
	s.Left = servicecoin.Some(left)
	return s, nil
}

func (w *world) record(why gate.Why, q decimal.Decimal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, event{w.now, q})
	if why == gate.Leased {
		w.leased = w.leased.Add(q)
	} else {
		w.other = w.other.Add(q)
	}
}

// line is a source over a network that breaks: before the authority hears, or after.
type line struct {
	*world
	*gate.Authority
}

var errBroken = errors.New("the line is broken")

func (l line) Lease(ctx context.Context, ask gate.Ask) (gate.Grant, error) {
	if l.down {
		return gate.Grant{}, errBroken
	}
	g, err := l.Authority.Lease(ctx, ask)
	if l.lose {
		return gate.Grant{}, errBroken
	}
	return g, err
}

func (l line) Return(ctx context.Context, key gate.Key, name string, returns []gate.Return) error {
	if l.down {
		return errBroken
	}
	return l.Authority.Return(ctx, key, name, returns)
}

// Four gates, whose clocks show what they like, are killed and come again, ask in vain and
// lose answers; the period ends. What passes from leases never passes the limit; a gate
// refuses only what could pass it together with the shares that are out.
func TestFourGates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := decimal.New(rapid.Int64Range(1, 400).Draw(t, "size"), -1)
		w := &world{
			now: epoch, period: epoch, until: epoch.Add(40 * time.Second), limit: decimal.New(rapid.Int64Range(0, 5000).Draw(t, "limit"), -1), keep: gate.NewMemory(),
			terms: gate.Terms{Length: 10 * time.Second, Size: servicecoin.Some(size)}, lag: rapid.SampledFrom([]time.Duration{0, 0, 3 * time.Second}).Draw(t, "lag"),
		}
		authority, err := gate.NewAuthority(w.keep, w, w.terms, ids(), func() time.Time { return w.now })
		require.NoError(t, err)
		choice := rapid.SampledFrom([]gate.Choice{gate.Open, gate.Closed}).Draw(t, "stale")
		names := 0
		start := func() *gate.Gate {
			names++
			g, err := gate.New("gate-"+strconv.Itoa(names), line{w, authority}, &gate.Options{Stale: choice})
			require.NoError(t, err)
			return g
		}
		var gates [4]*gate.Gate
		var skew [4]time.Duration
		for i := range gates {
			gates[i] = start()
			skew[i] = rapid.SampledFrom([]time.Duration{0, time.Hour, -time.Hour, 5 * time.Second, -5 * time.Second}).Draw(t, "clock")
		}
		clock := func(i int) time.Time { return w.now.Add(skew[i]) }
		largest := decimal.Decimal{} // the largest lease that was out
		note := func() {
			for _, l := range w.keep.Pool(calls).Leases {
				largest = decimal.Max(largest, l.Share)
			}
		}
		kills := 0
		request := func(i int, q decimal.Decimal) gate.Answer {
			c := gates[i].Counter(calls)
			var a gate.Answer
			var err error
			if rapid.IntRange(0, 4).Draw(t, "take alone") == 0 {
				a = c.Take(q, clock(i))
			} else if a, err = c.Ask(t.Context(), q, clock(i)); err != nil {
				require.ErrorIs(t, err, errBroken)
			}
			note()
			if a.Allowed {
				w.record(a.Why, q)
			}
			return a
		}
		holds := func() {
			require.True(t, w.leased.LessThanOrEqual(w.limit), "%s let pass from leases, of %s", w.leased, w.limit)
			if choice == gate.Closed {
				require.True(t, w.other.IsZero())
			}
		}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			i := rapid.IntRange(0, 3).Draw(t, "gate")
			switch rapid.IntRange(0, 11).Draw(t, "act") {
			case 0:
				gates[i] = start()
				kills++
			case 1:
				w.now = w.now.Add(time.Duration(rapid.IntRange(1, 6000).Draw(t, "ms")) * time.Millisecond)
				if !w.now.Before(w.until) {
					w.period, w.until = w.until, w.until.Add(40*time.Second)
					w.leased, w.other = decimal.Decimal{}, decimal.Decimal{}
				}
			case 2:
				w.down = !w.down
			case 3:
				w.lose = !w.lose
			case 4:
				if err := gates[i].Refill(t.Context(), clock(i)); !w.down && !w.lose {
					require.NoError(t, err)
				}
				note()
			case 5:
				if err := gates[i].Close(t.Context(), clock(i)); !w.down {
					require.NoError(t, err)
				}
			default:
				request(i, decimal.New(rapid.Int64Range(0, 300).Draw(t, "quantity"), -1))
			}
			holds()
		}

		// What is left, in the end, four gates use but for what is out: four leases, when those
		// of the gates that are gone have ended and all is measured.
		w.down, w.lose, w.lag = false, false, 0
		w.until = w.now.Add(time.Hour)
		w.now = w.now.Add(w.terms.Length + w.terms.Length/10 + time.Second)
		one := d("1")
		for refused := 0; refused < 4; {
			refused = 0
			for i := range gates {
				c := gates[i].Counter(calls)
				a, err := c.Ask(t.Context(), one, clock(i))
				require.NoError(t, err)
				note()
				if a.Allowed {
					require.Equal(t, gate.Leased, a.Why)
					w.record(a.Why, one)
				} else {
					require.Equal(t, gate.Over, a.Why)
					refused++
				}
			}
			holds()
		}
		left := w.limit.Sub(w.leased).Sub(w.other)
		require.True(t, left.LessThanOrEqual(largest.Mul(decimal.NewFromInt(4)).Add(one)), "%s left, leases of %s", left, largest)
		require.True(t, w.leased.Add(w.other).LessThanOrEqual(w.limit.Add(w.other)), "excess that was not from events without a lease")
	})
}

// Authorities whose clocks differ by hours end each other's leases too early: what passes
// then is at most what is out at the time, of each gate the lease that it spends and the
// next one.
func TestClocksOfAuthorities(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := decimal.NewFromInt(rapid.Int64Range(1, 40).Draw(t, "size"))
		w := &world{now: epoch, period: epoch, limit: decimal.NewFromInt(rapid.Int64Range(0, 500).Draw(t, "limit")), keep: gate.NewMemory(), terms: gate.Terms{Length: 10 * time.Second, Size: servicecoin.Some(size)}}
		newID := ids()
		var gates [4]*gate.Gate
		for i := range gates {
			skew := rapid.SampledFrom([]time.Duration{0, time.Hour, -time.Hour}).Draw(t, "clock")
			authority, err := gate.NewAuthority(w.keep, w, w.terms, newID, func() time.Time { return w.now.Add(skew) })
			require.NoError(t, err)
			gates[i], err = gate.New(strconv.Itoa(i), authority, &gate.Options{Stale: gate.Closed})
			require.NoError(t, err)
		}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			i := rapid.IntRange(0, 3).Draw(t, "gate")
			if rapid.IntRange(0, 9).Draw(t, "act") == 0 {
				w.now = w.now.Add(time.Duration(rapid.IntRange(1, 4000).Draw(t, "ms")) * time.Millisecond)
				continue
			}
			q := decimal.NewFromInt(rapid.Int64Range(1, 5).Draw(t, "quantity"))
			a, err := gates[i].Counter(calls).Ask(t.Context(), q, w.now)
			require.NoError(t, err)
			if a.Allowed {
				w.record(a.Why, q)
			}
		}
		most := decimal.Max(size, d("5")).Mul(decimal.NewFromInt(8))
		require.True(t, w.leased.LessThanOrEqual(w.limit.Add(most)), "%s of %s, with leases of %s", w.leased, w.limit, size)
	})
}

// While gates are killed, too, no more is left than what is out: each refusal is weighed.
func TestRefusalsAreWeighed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{now: epoch, period: epoch, limit: d("100"), keep: gate.NewMemory(), terms: gate.Terms{Length: 10 * time.Second, Size: servicecoin.Some(d("10"))}}
		authority, err := gate.NewAuthority(w.keep, w, w.terms, ids(), func() time.Time { return w.now })
		require.NoError(t, err)
		var gates [4]*gate.Gate
		start := func(i, n int) {
			gates[i], err = gate.New(fmt.Sprintf("%d-%d", i, n), authority, &gate.Options{Stale: gate.Closed})
			require.NoError(t, err)
		}
		for i := range gates {
			start(i, -1)
		}
		for n := range rapid.IntRange(1, 150).Draw(t, "steps") {
			i := rapid.IntRange(0, 3).Draw(t, "gate")
			switch rapid.IntRange(0, 9).Draw(t, "act") {
			case 0:
				start(i, n)
			case 1:
				w.now = w.now.Add(time.Duration(rapid.IntRange(1, 4000).Draw(t, "ms")) * time.Millisecond)
			default:
				q := decimal.NewFromInt(rapid.Int64Range(1, 15).Draw(t, "quantity"))
				w.asked = 0
				a, err := gates[i].Counter(calls).Ask(t.Context(), q, w.now)
				require.NoError(t, err)
				if a.Allowed {
					w.record(a.Why, q)
					continue
				}
				require.Equal(t, gate.Over, a.Why)
				if w.asked == 0 {
					continue // it rests on what was out when the gate asked
				}
				left, out := w.limit.Sub(w.leased), outOf(w.keep)
				require.True(t, left.Sub(out).LessThan(q), "%s refused: %s left, %s out", q, left, out)
			}
			require.True(t, w.leased.LessThanOrEqual(w.limit))
		}
	})
}

// Goroutines at four gates take all that there is, and no more: a share that came back is
// leased again.
func TestGoroutines(t *testing.T) {
	t.Parallel()
	// Between passing and being recorded an event is on its way, so nothing counts as measured.
	w := &world{now: epoch, period: epoch, limit: d("2000"), lag: time.Second, keep: gate.NewMemory(), terms: gate.Terms{Length: time.Hour, Size: servicecoin.Some(d("50"))}}
	authority, err := gate.NewAuthority(w.keep, w, w.terms, ids(), func() time.Time { return epoch })
	require.NoError(t, err)
	var gates [4]*gate.Gate
	for i := range gates {
		gates[i], err = gate.New("gate-"+strconv.Itoa(i), authority, &gate.Options{Stale: gate.Closed})
		require.NoError(t, err)
	}
	run := func(g *gate.Gate) {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for {
					c := g.Counter(calls)
					a := c.Take(d("1"), epoch)
					if !a.Allowed {
						a, err := c.Ask(t.Context(), d("1"), epoch)
						if err != nil || !a.Allowed {
							return
						}
					}
					w.record(gate.Leased, d("1"))
				}
			})
		}
		all.Wait()
	}
	var all sync.WaitGroup
	for _, g := range gates {
		all.Go(func() { run(g) })
		all.Go(func() {
			for range 20 {
				_ = g.Refill(t.Context(), epoch)
			}
		})
	}
	all.Wait()
	require.True(t, w.leased.LessThanOrEqual(w.limit), "%s", w.leased)
	require.True(t, w.leased.GreaterThan(d("1700")), "%s", w.leased)
	for _, g := range gates {
		require.NoError(t, g.Close(t.Context(), epoch))
	}
	last, err := gate.New("last", authority, &gate.Options{Stale: gate.Closed})
	require.NoError(t, err)
	run(last)
	require.Equal(t, "2000", w.leased.String())
}

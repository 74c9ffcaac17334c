package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/gate"
)

// office is an authority over a limit that a test sets, at a time that it sets.
type office struct {
	*gate.Authority

	keep   *gate.Memory
	limits gate.Static
	now    time.Time
	down   bool
	asks   []gate.Ask
}

func newOffice(t *testing.T, left string, terms gate.Terms) *office {
	t.Helper()
	o := &office{keep: gate.NewMemory(), now: epoch}
	o.limits = gate.Static{calls: {Left: servicecoin.Some(d(left)), Through: epoch.Add(-time.Hour), Period: epoch}}
	var err error
	o.Authority, err = gate.NewAuthority(o.keep, o.limits, terms, ids(), func() time.Time { return o.now })
	require.NoError(t, err)
	return o
}

func (o *office) Lease(ctx context.Context, ask gate.Ask) (gate.Grant, error) {
	o.asks = append(o.asks, ask)
	if o.down {
		return gate.Grant{}, errBroken
	}
	return o.Authority.Lease(ctx, ask)
}

func (o *office) gate(t *testing.T, name string, stale gate.Choice) *gate.Gate {
	t.Helper()
	g, err := gate.New(name, o, &gate.Options{Stale: stale})
	require.NoError(t, err)
	return g
}

func sized(size string) gate.Terms {
	return gate.Terms{Length: 10 * time.Second, Size: servicecoin.Some(d(size))}
}

func ask(t *testing.T, c *gate.Counter, n string, at time.Time) gate.Answer {
	t.Helper()
	a, err := c.Ask(t.Context(), d(n), at)
	require.NoError(t, err)
	return a
}

// A share is deducted when it is leased, and spent without asking.
func TestALease(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "100", sized("10"))
	c := o.gate(t, "a", gate.Closed).Counter(calls)
	require.Equal(t, gate.Answer{Why: gate.Stale}, c.Take(d("1"), epoch), "nobody was asked yet")
	require.Equal(t, gate.Answer{Allowed: true, Why: gate.Leased, Until: epoch.Add(10 * time.Second)}, ask(t, c, "4", epoch))
	require.Equal(t, "10", outOf(o.keep).String())
	require.True(t, c.Take(d("6"), epoch).Allowed)
	require.Equal(t, gate.Spent, c.Take(d("0.000000001"), epoch).Why)
	require.Len(t, o.asks, 1)
	require.True(t, ask(t, c, "1", epoch).Allowed)
	require.Len(t, o.asks, 2)
	require.Equal(t, gate.Leased, ask(t, c, "25", epoch).Why, "more than a share, if there is so much")
	require.Equal(t, "45", outOf(o.keep).String())
}

// Near the limit shares become small, so that one gate does not hold all that is left.
func TestTheLastOfIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "100", sized("64"))
	a, b := o.gate(t, "a", gate.Closed).Counter(calls), o.gate(t, "b", gate.Closed).Counter(calls)
	require.True(t, ask(t, a, "1", epoch).Allowed)
	require.Equal(t, "50", outOf(o.keep).String(), "half of what is free")
	require.True(t, ask(t, b, "1", epoch).Allowed)
	require.Equal(t, "75", outOf(o.keep).String())
	require.True(t, ask(t, a, "49", epoch).Allowed)
	// What a gate holds itself counts with what is free.
	require.Equal(t, gate.Over, ask(t, b, "50", epoch).Why)
	require.Equal(t, "75", outOf(o.keep).String(), "it would not do to give that back")
	require.True(t, ask(t, b, "49", epoch).Allowed, "all that is left")
	require.Equal(t, gate.Over, ask(t, a, "0.000000001", epoch).Why)
	require.Equal(t, gate.Over, ask(t, b, "1", epoch).Why)
}

// What was refused is not asked again for a while; less is.
func TestARefusalIsRemembered(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "5", sized("10"))
	c := o.gate(t, "a", gate.Open).Counter(calls)
	refused := ask(t, c, "6", epoch)
	require.Equal(t, gate.Answer{Why: gate.Over, Until: epoch.Add(time.Second)}, refused)
	require.Len(t, o.asks, 1)
	require.Equal(t, refused, c.Take(d("6"), epoch.Add(999*time.Millisecond)), "an open gate keeps what it was told")
	require.Equal(t, refused, ask(t, c, "6", epoch.Add(999*time.Millisecond)))
	require.Len(t, o.asks, 1)
	require.True(t, ask(t, c, "5", epoch).Allowed)
	require.Len(t, o.asks, 2)
	require.Equal(t, gate.Over, ask(t, c, "1", epoch.Add(time.Second)).Why)
}

// Without a lease, and without anybody to ask, it is as the host chose.
func TestStale(t *testing.T) {
	t.Parallel()
	for choice, want := range map[gate.Choice]gate.Answer{gate.Open: {Allowed: true, Why: gate.Unleased}, gate.Closed: {Why: gate.Stale}} {
		o := newOffice(t, "100", sized("10"))
		c := o.gate(t, "a", choice).Counter(calls)
		require.True(t, ask(t, c, "1", epoch).Allowed)
		o.down = true
		require.Equal(t, gate.Leased, ask(t, c, "1", epoch.Add(9*time.Second)).Why, "a lease holds without the source")
		a, err := c.Ask(t.Context(), d("1"), epoch.Add(10*time.Second))
		require.ErrorIs(t, err, errBroken)
		require.Equal(t, want, a)
		require.Equal(t, want, c.Take(d("1"), epoch.Add(10*time.Second)))
		a, err = c.Ask(t.Context(), d("9"), epoch.Add(9*time.Second))
		require.ErrorIs(t, err, errBroken, "the share does not suffice")
		require.Equal(t, want, a)
		if choice == gate.Open {
			require.Equal(t, int64(3), c.Unleased(), "each of them")
		}
		o.down = false
		n := len(o.asks)
		_, err = c.Ask(t.Context(), d("1"), epoch.Add(10*time.Second))
		require.ErrorIs(t, err, errBroken, "for a second nobody waits in vain")
		require.Len(t, o.asks, n)
		require.Equal(t, gate.Leased, ask(t, c, "1", epoch.Add(11*time.Second)).Why)
		require.Equal(t, []gate.Return{{Lease: "1", Spent: d("2")}}, o.asks[len(o.asks)-1].Returns, "what could not be given back is given back now")
	}
}

// Somebody whose context ends while another one asks is answered by the choice.
func TestContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	entered, leave := make(chan struct{}), make(chan struct{})
	g, err := gate.New("a", slow{entered, leave}, &gate.Options{Stale: gate.Closed})
	require.NoError(t, err)
	c := g.Counter(calls)
	done := make(chan gate.Answer)
	go func() {
		a, _ := c.Ask(context.WithoutCancel(ctx), d("1"), epoch)
		done <- a
	}()
	<-entered
	cancel()
	a, err := c.Ask(ctx, d("1"), epoch)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, gate.Stale, a.Why)
	require.ErrorIs(t, g.Close(ctx, epoch), context.Canceled)
	close(leave)
	require.Equal(t, gate.Unlimited, (<-done).Why)
}

type slow struct{ entered, leave chan struct{} }

func (s slow) Lease(context.Context, gate.Ask) (gate.Grant, error) {
	close(s.entered)
	<-s.leave
	return gate.Grant{Unlimited: true, For: time.Second}, nil
}

func (s slow) Return(context.Context, gate.Key, string, []gate.Return) error { return nil }

// Refill leases the next share while the last one holds, in time and in quantity; what
// nobody uses is let go.
func TestRefill(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "1000", sized("100"))
	g := o.gate(t, "a", gate.Closed)
	c := g.Counter(calls)
	refill := func(after time.Duration) int {
		t.Helper()
		n := len(o.asks)
		require.NoError(t, g.Refill(t.Context(), epoch.Add(after)))
		return len(o.asks) - n
	}
	require.True(t, ask(t, c, "75", epoch).Allowed)
	require.Zero(t, refill(0), "a quarter is left")
	require.True(t, c.Take(d("1"), epoch).Allowed)
	require.Equal(t, 1, refill(time.Second))
	require.True(t, c.Take(d("90"), epoch.Add(time.Second)).Allowed, "from the next one")
	require.True(t, c.Take(d("24"), epoch.Add(time.Second)).Allowed, "and the rest of the last one")
	require.Zero(t, refill(2*time.Second), "there is a next one")
	require.True(t, c.Take(d("1"), epoch.Add(9*time.Second)).Allowed)
	require.Zero(t, refill(9*time.Second), "there is")
	require.True(t, c.Take(d("1"), epoch.Add(10*time.Second)).Allowed)
	require.Equal(t, 1, refill(10*time.Second), "one is over, and the other nearly spent")
	require.Equal(t, []gate.Return{{Lease: "1", Spent: d("100")}}, o.asks[len(o.asks)-1].Returns)
	require.Zero(t, refill(11*time.Second), "nobody used it since")
	require.Same(t, c, g.Counter(calls))
	require.Zero(t, refill(time.Minute))
	require.NotSame(t, c, g.Counter(calls), "it was given back, and let go")
	require.Equal(t, "192", outOf(o.keep).String(), "what was spent is not measured")

	require.True(t, ask(t, c, "1", epoch.Add(time.Minute)).Allowed, "who has kept it goes on")
	c.Take(d("500"), epoch.Add(time.Minute))
	require.NoError(t, g.Close(t.Context(), epoch.Add(time.Minute)))
	o.down = true
	g.Counter(gate.Key{Customer: "b", Name: "x"}).Take(d("1"), epoch)
	require.ErrorIs(t, g.Refill(t.Context(), epoch), errBroken)
}

// A clock that is set back keeps no refusal for as long as that.
func TestARefusalOfAFastClock(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "5", sized("10"))
	c := o.gate(t, "a", gate.Closed).Counter(calls)
	require.Equal(t, gate.Over, ask(t, c, "6", epoch.Add(time.Hour)).Why)
	s := o.limits[calls]
	s.Left = servicecoin.Some(d("50"))
	o.limits[calls] = s
	require.True(t, ask(t, c, "6", epoch).Allowed)
}

// A caller who did not wait says nothing of the source.
func TestAnImpatientCaller(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "5", sized("10"))
	ctx, cancel := context.WithCancel(t.Context())
	g, err := gate.New("a", leaves{o, cancel}, &gate.Options{Stale: gate.Closed})
	require.NoError(t, err)
	c := g.Counter(calls)
	for range 2 { // in the middle of it, and before
		a, err := c.Ask(ctx, d("1"), epoch)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, gate.Stale, a.Why)
	}
	require.True(t, ask(t, c, "1", epoch).Allowed)
}

// leaves is a source whose caller leaves while it is asked.
type leaves struct {
	*office

	leave func()
}

func (l leaves) Lease(ctx context.Context, ask gate.Ask) (gate.Grant, error) {
	l.leave()
	return l.office.Lease(ctx, ask)
}

// Who has kept a counter that the gate had let go of goes on with it, and so does the gate.
func TestACounterThatWasLetGo(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "1000", sized("100"))
	g := o.gate(t, "a", gate.Closed)
	c := g.Counter(calls)
	require.NoError(t, g.Refill(t.Context(), epoch))
	require.True(t, ask(t, c, "80", epoch).Allowed)
	require.Same(t, c, g.Counter(calls))
	require.NoError(t, g.Refill(t.Context(), epoch))
	require.Len(t, o.asks, 2, "it is refilled as before")
}

// A change that fails changes nothing.
func TestMemoryTakesAllOrNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "100", sized("10"))
	for range 3 {
		_, err := o.Lease(t.Context(), gate.Ask{Key: calls, Gate: "a"})
		require.NoError(t, err)
	}
	before := o.keep.Pool(calls)
	err := o.keep.Update(t.Context(), calls, func(p *gate.Pool) error {
		require.NoError(t, p.Return("a", []gate.Return{{Lease: "1"}}, epoch))
		return errBroken
	})
	require.ErrorIs(t, err, errBroken)
	require.Equal(t, before, o.keep.Pool(calls))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, o.keep.Update(ctx, calls, nil), context.Canceled)
	require.Empty(t, o.keep.Pool(gate.Key{Customer: "b", Name: "x"}))
}

// What is leased ahead suffices for something that was asked for: less than that would
// serve nobody here, and be missing elsewhere.
func TestRefillOfTheLast(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "2.5", gate.Terms{Length: 10 * time.Second})
	a, b := o.gate(t, "a", gate.Closed), o.gate(t, "b", gate.Closed)
	require.Equal(t, gate.Stale, a.Counter(calls).Take(d("3"), epoch).Why)
	require.True(t, ask(t, a.Counter(calls), "1", epoch).Allowed)
	require.NoError(t, a.Refill(t.Context(), epoch))
	require.True(t, a.Counter(calls).Take(d("1"), epoch).Allowed, "the least that was asked for")

	b.Counter(calls).Take(d("1"), epoch)
	b.Counter(calls).Take(d("0"), epoch)
	require.NoError(t, b.Refill(t.Context(), epoch))
	require.Equal(t, "2", outOf(o.keep).String(), "a half serves nobody")
	require.True(t, ask(t, a.Counter(calls), "0.5", epoch).Allowed)
}

// Refilling is no use: a counter that nobody asks is let go, however often it is refilled.
func TestRefillIsNoUse(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "1000", sized("10"))
	g := o.gate(t, "a", gate.Closed)
	c := g.Counter(calls)
	require.True(t, ask(t, c, "9", epoch).Allowed)
	for i := range 60 {
		require.NoError(t, g.Refill(t.Context(), epoch.Add(11*time.Duration(i)*time.Second)))
	}
	require.Len(t, o.asks, 2)
	require.NotSame(t, c, g.Counter(calls))
}

// At Close all is given back, and others have it.
func TestClose(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "10", sized("10"))
	g := o.gate(t, "a", gate.Closed)
	require.True(t, ask(t, g.Counter(calls), "6", epoch).Allowed)
	b := o.gate(t, "b", gate.Closed).Counter(calls)
	require.Equal(t, gate.Over, ask(t, b, "4.5", epoch).Why)
	require.NoError(t, g.Close(t.Context(), epoch))
	require.Equal(t, "6", outOf(o.keep).String())
	require.True(t, ask(t, b, "4", epoch.Add(time.Second)).Allowed)
	require.Equal(t, gate.Over, ask(t, g.Counter(calls), "1", epoch.Add(time.Second)).Why)
}

// A lease ends at the next change, which the authority knows; one of another period
// does not count.
func TestTheNextChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "10", sized("10"))
	s := o.limits[calls]
	s.Until = epoch.Add(4 * time.Second)
	o.limits[calls] = s
	c := o.gate(t, "a", gate.Closed).Counter(calls)
	require.Equal(t, epoch.Add(4*time.Second), ask(t, c, "9", epoch).Until)
	require.Equal(t, gate.Stale, c.Take(d("1"), epoch.Add(4*time.Second)).Why)

	o.now = s.Until
	s.Period, s.Until = s.Until, time.Time{}
	o.limits[calls] = s
	require.True(t, ask(t, c, "10", o.now).Allowed, "the new period has all of it")
	require.Equal(t, s.Period, o.keep.Pool(calls).Period)

	s.Until = o.now
	o.limits[calls] = s
	_, err := c.Ask(t.Context(), d("1"), o.now)
	require.ErrorContains(t, err, "standing.until")
}

func TestUnlimited(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "0", sized("10"))
	o.limits[calls] = gate.Standing{Through: epoch, Period: epoch}
	g := o.gate(t, "a", gate.Closed)
	c := g.Counter(calls)
	require.Equal(t, gate.Answer{Allowed: true, Why: gate.Unlimited, Until: epoch.Add(10 * time.Second)}, ask(t, c, "1000000", epoch))
	require.Equal(t, gate.Stale, c.Take(d("1"), epoch.Add(10*time.Second)).Why)
	require.NoError(t, g.Close(t.Context(), epoch))
	require.Equal(t, "0", outOf(o.keep).String())
}

// A gate whose clock is wrong holds its lease no longer than one whose clock is right: it
// counts from when it asked.
func TestClockOfAGate(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{0, time.Hour, -time.Hour} {
		o := newOffice(t, "100", sized("10"))
		c := o.gate(t, "a", gate.Closed).Counter(calls)
		clock := epoch.Add(skew)
		require.True(t, ask(t, c, "1", clock).Allowed)
		require.True(t, c.Take(d("1"), clock.Add(10*time.Second-1)).Allowed)
		require.Equal(t, gate.Stale, c.Take(d("1"), clock.Add(10*time.Second)).Why)
		// Set back by more than it lasts, it is not believed.
		require.True(t, c.Take(d("1"), clock.Add(-10*time.Second)).Allowed)
		require.Equal(t, gate.Stale, c.Take(d("1"), clock.Add(-10*time.Second-1)).Why)
		require.Equal(t, epoch.Add(11*time.Second), o.keep.Pool(calls).Leases[0].End, "the authority counts a margin longer")
	}
}

// An authority whose clock is an hour ahead leases a share, and both are gone. Another one
// counts it for a length and a margin from when it has seen it, and not for an hour.
func TestLeaseOfAFastClock(t *testing.T) {
	t.Parallel()
	keep, now := gate.NewMemory(), epoch
	limits := gate.Static{calls: {Left: servicecoin.Some(d("10")), Through: epoch.Add(24 * time.Hour), Period: epoch}}
	newID := ids()
	at := func(ahead time.Duration) *gate.Authority {
		a, err := gate.NewAuthority(keep, limits, sized("10"), newID, func() time.Time { return now.Add(ahead) })
		require.NoError(t, err)
		return a
	}
	lease := func(a *gate.Authority, name, want string) gate.Grant {
		g, err := a.Lease(t.Context(), gate.Ask{Key: calls, Gate: name, Want: d(want)})
		require.NoError(t, err)
		return g
	}
	fast, right := at(time.Hour), at(0)
	require.NotEmpty(t, lease(fast, "z", "10").Lease)
	for _, later := range []time.Duration{time.Minute, time.Minute + 10*time.Second} {
		now = epoch.Add(later)
		require.Empty(t, lease(right, "a", "1").Lease, "it counts: a gate may hold it, for all that is known here")
	}
	now = epoch.Add(time.Minute + 11*time.Second)
	g := lease(right, "a", "10")
	require.NotEmpty(t, g.Lease)

	// Nor does what came back to it count until that hour has come.
	require.NoError(t, fast.Return(t.Context(), calls, "a", []gate.Return{{Lease: g.Lease, Spent: d("10")}}))
	require.NotEmpty(t, lease(right, "b", "1").Lease, "it is measured")
}

// A lease that comes back late was spent before it ended.
func TestLateReturn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "100", sized("10"))
	g, err := o.Lease(t.Context(), gate.Ask{Key: calls, Gate: "a"})
	require.NoError(t, err)
	o.now = epoch.Add(time.Minute)
	require.NoError(t, o.Return(t.Context(), calls, "a", []gate.Return{{Lease: g.Lease, Spent: d("4")}}))
	s := o.limits[calls]
	s.Through = epoch.Add(20 * time.Second)
	o.limits[calls] = s
	_, err = o.Lease(t.Context(), gate.Ask{Key: calls, Gate: "a"})
	require.NoError(t, err)
	require.Equal(t, "10", outOf(o.keep).String(), "the new lease alone")
}

// A gate that is gone keeps its whole share for as long as the lease lasts, and until what
// was used in it is measured.
func TestADeadGate(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "10", sized("10"))
	require.True(t, ask(t, o.gate(t, "dead", gate.Closed).Counter(calls), "10", epoch).Allowed)
	b := o.gate(t, "b", gate.Closed).Counter(calls)
	o.now = epoch.Add(time.Minute)
	require.Equal(t, gate.Over, ask(t, b, "1", o.now).Why, "nobody has measured what it spent")
	s := o.limits[calls]
	s.Through, s.Left = epoch.Add(11*time.Second-1), servicecoin.Some(d("7"))
	o.limits[calls] = s
	o.now = o.now.Add(time.Minute)
	require.Equal(t, gate.Over, ask(t, b, "1", o.now).Why)
	s.Through = epoch.Add(11 * time.Second)
	o.limits[calls] = s
	o.now = o.now.Add(time.Minute)
	require.True(t, ask(t, b, "7", o.now).Allowed, "it had spent three")
}

// Only the gate that holds a lease gives it back, and once.
func TestReturns(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "100", sized("10"))
	g, err := o.Lease(t.Context(), gate.Ask{Key: calls, Gate: "a"})
	require.NoError(t, err)
	back := []gate.Return{{Lease: g.Lease, Spent: d("4")}}
	require.NoError(t, o.Return(t.Context(), calls, "b", back))
	require.Equal(t, "10", outOf(o.keep).String())
	for range 2 {
		require.NoError(t, o.Return(t.Context(), calls, "a", back))
		require.Equal(t, "4", outOf(o.keep).String())
	}
	g, err = o.Lease(t.Context(), gate.Ask{Key: calls, Gate: "a"})
	require.NoError(t, err)
	require.NoError(t, o.Return(t.Context(), calls, "a", []gate.Return{{Lease: g.Lease, Spent: d("400")}}))
	require.Equal(t, "14", outOf(o.keep).String(), "no more than its share")
}

// The record stays small, however long measuring takes, and loses nothing.
func TestSettledStaysSmall(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "100000", sized("10"))
	for i := range 500 {
		o.now = o.now.Add(time.Second)
		g, err := o.Lease(t.Context(), gate.Ask{Key: calls, Gate: "a"})
		require.NoError(t, err)
		require.NoError(t, o.Return(t.Context(), calls, "a", []gate.Return{{Lease: g.Lease, Spent: d("1")}}))
		require.Equal(t, strconv.Itoa(i+1), outOf(o.keep).String())
	}
	require.LessOrEqual(t, len(o.keep.Pool(calls).Settled), 65)
	s := o.limits[calls]
	s.Through = o.now.Add(-10 * time.Second)
	o.limits[calls] = s
	_, err := o.Lease(t.Context(), gate.Ask{Key: calls, Gate: "a"})
	require.NoError(t, err)
	require.Equal(t, "20", outOf(o.keep).String(), "a lease, and what ten seconds have not measured")
}

// Quantities of any size are counted, to nine places, rounded up.
func TestQuantities(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "3000000000000000000", gate.Terms{Part: 3})
	c := o.gate(t, "a", gate.Closed).Counter(calls)
	require.True(t, ask(t, c, "999999999999999999.1234567890001", epoch).Allowed)
	require.Equal(t, "1000000000000000000", outOf(o.keep).String(), "the largest share")
	require.False(t, c.Take(d("0.876543211"), epoch).Allowed)
	require.True(t, c.Take(d("0.876543210"), epoch).Allowed, "of which so much is left")
	for _, bad := range []string{"-1", "-1000000000000000000000", "1000000000000000001", "1e29"} {
		require.Equal(t, gate.Invalid, c.Take(d(bad), epoch).Why, bad)
		_, err := c.Ask(t.Context(), d(bad), epoch)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, bad)
	}
	for _, huge := range limittest.HugeNumbers() {
		limittest.AtOnce(t, func() {
			require.Equal(t, gate.Invalid, c.Take(huge, epoch).Why)
			_, err := o.Lease(t.Context(), gate.Ask{Key: calls, Gate: "a", Want: huge})
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			var p gate.Pool
			_, err = p.Grant(gate.Ask{Key: calls, Gate: "a"}, gate.Standing{Left: servicecoin.Some(huge), Through: epoch, Period: epoch}, "1", epoch, gate.Terms{})
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
		})
	}
}

func TestViolations(t *testing.T) {
	t.Parallel()
	codes := func(err error) []string {
		t.Helper()
		invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
		require.True(t, ok, "%v", err)
		var list []string
		for _, v := range invalid.Violations {
			list = append(list, v.Path+" "+v.Code)
		}
		return list
	}
	_, err := gate.New("", nil, nil)
	require.Equal(t, []string{"name required", "source required", "options.stale required"}, codes(err))
	_, err = gate.New("a", newOffice(t, "1", gate.Terms{}), &gate.Options{Stale: gate.Open, Retry: -1})
	require.Equal(t, []string{"options.retry out-of-range"}, codes(err))
	_, err = gate.NewAuthority(nil, nil, gate.Terms{Length: -1, Margin: 25 * time.Hour, Size: servicecoin.Some(d("0")), Part: -1}, nil, nil)
	require.Equal(t, []string{"keep required", "limits required", "newID required", "now required", "terms.length out-of-range", "terms.margin out-of-range", "terms.size out-of-range", "terms.part out-of-range"}, codes(err))
	bad := gate.Ask{Want: d("-1"), Returns: []gate.Return{{Spent: d("-1")}}}
	require.Equal(t, []string{"key.customer required", "key.name required", "gate required", "want negative", "returns[0].lease required", "returns[0].spent negative"}, codes(bad.Validate()))
	bad.Returns = make([]gate.Return, gate.MaxReturns+1)
	require.Contains(t, codes(bad.Validate()), "returns too-many")
	var p gate.Pool
	_, err = p.Grant(gate.Ask{Key: calls, Gate: "a"}, gate.Standing{}, "", time.Time{}, gate.Terms{})
	require.Equal(t, []string{"id required", "now required", "standing.through required", "standing.period required"}, codes(err))
	_, err = newOffice(t, "1", gate.Terms{}).Lease(t.Context(), gate.Ask{Key: gate.Key{Customer: "b", Name: "x"}, Gate: "a"})
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

func TestTooManyLeases(t *testing.T) {
	t.Parallel()
	p := gate.Pool{Period: epoch, Leases: make([]gate.Lease, gate.MaxLeases)}
	for i := range p.Leases {
		p.Leases[i] = gate.Lease{ID: gate.LeaseID(strconv.Itoa(i)), Gate: "a", End: epoch.Add(time.Second)}
	}
	_, err := p.Grant(gate.Ask{Key: calls, Gate: "a"}, gate.Standing{Left: servicecoin.Some(d("5")), Through: epoch, Period: epoch}, "new", epoch, gate.Terms{})
	require.ErrorIs(t, err, servicecoin.ErrBusy)
}

func TestStandings(t *testing.T) {
	t.Parallel()
	month := calendar.Month{Year: 2026, Month: time.March}.In(time.UTC)
	day := calendar.Date{Year: 2026, Month: time.March, Day: 5}.In(time.UTC)
	now := day.Start.Add(time.Hour)
	e := entitle.Entitlement{
		Feature: "f", Kind: entitle.Metered, From: month.Start, Meter: "m", Limit: servicecoin.Some(d("100")), Exceeding: []entitle.Consequence{{Act: entitle.Refuse}},
		Critical: []entitle.Critical{{Name: "peak", Limit: d("20"), Exceeding: []entitle.Consequence{{Act: entitle.Refuse}}}},
	}
	f := entitle.Facts{At: now, Period: month, Used: servicecoin.Some(d("70")), Inside: []entitle.Inside{{Name: "peak", Used: servicecoin.Some(d("15")), Until: now.Add(time.Hour)}}}
	left := func(e entitle.Entitlement) gate.Standing {
		j, err := e.Judge(f)
		require.NoError(t, err)
		return gate.StandingOf(j, f, now)
	}
	require.Equal(t, gate.Standing{Left: servicecoin.Some(d("30")), Through: now, Period: month.Start, Until: now.Add(time.Hour)}, left(e))
	f.Inside[0].Open = true
	require.Equal(t, "5", left(e).Left.Decimal.String())
	e.Exceeding, e.Critical = nil, nil
	require.False(t, left(e).Left.Valid, "a soft limit bounds nothing")
	e.Until = now
	require.True(t, left(e).Left.Valid)
	require.True(t, left(e).Left.Decimal.IsZero(), "it is over")
	e = entitle.Entitlement{Feature: "f", Kind: entitle.Boolean, From: month.Start}
	f = entitle.Facts{At: now}
	require.False(t, left(e).Period.IsZero())

	quota := func(limit string, mode metering.Mode, used string, period calendar.Interval) metering.Standing {
		q := metering.Quota{ID: "q", Meter: "m", Limit: d(limit), Mode: mode}
		return q.Weigh(metering.Meter{Aggregation: metering.Sum}, servicecoin.Some(d(used)), decimal.Decimal{}, period)
	}
	decide := func(list ...metering.Standing) gate.Standing {
		return gate.StandingOfQuotas(metering.Decide("m", decimal.Decimal{}, list), now)
	}
	require.Equal(t, gate.Standing{Left: servicecoin.Some(d("3")), Through: now, Period: month.Start, Until: day.End}, decide(
		quota("100", metering.Hard, "90", month), quota("10", metering.Hard, "7", day), quota("1", metering.Soft, "9", day)))
	require.False(t, decide(quota("1", metering.Soft, "9", day)).Left.Valid)
	ends := quota("1", metering.Hard, "9", day)
	ends.Quota.Until = now.Add(time.Minute)
	require.Equal(t, now.Add(time.Minute), decide(ends).Until)
	require.False(t, decide().Period.IsZero())
}

func TestAnswersAsErrors(t *testing.T) {
	t.Parallel()
	for why, want := range map[gate.Why]error{
		gate.Leased: nil, gate.Unlimited: nil, gate.Unleased: nil, gate.Over: servicecoin.ErrRefused, gate.Spent: servicecoin.ErrRefused,
		gate.Stale: servicecoin.ErrBusy, gate.Invalid: servicecoin.ErrInvalid,
	} {
		require.ErrorIs(t, gate.Answer{Why: why}.Err(), want, why)
	}
}

// A pool, an ask and a grant read back as they were written: the host keeps the one,
// and carries the others.
func TestJSON(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "100", sized("10"))
	g, err := o.Lease(t.Context(), gate.Ask{Key: calls, Gate: "a"})
	require.NoError(t, err)
	require.NoError(t, o.Return(t.Context(), calls, "a", []gate.Return{{Lease: g.Lease, Spent: d("1")}}))
	_, err = o.Lease(t.Context(), gate.Ask{Key: calls, Gate: "a"})
	require.NoError(t, err)
	roundTrip(t, o.keep.Pool(calls))
	roundTrip(t, gate.Ask{Key: calls, Gate: "a", Want: d("1"), Returns: []gate.Return{{Lease: "1", Spent: d("2")}}})
	roundTrip(t, gate.Grant{Lease: "1", Share: d("1"), Left: d("0"), For: time.Second})
	roundTrip(t, gate.Terms{Length: time.Second, Margin: time.Second, Size: servicecoin.Some(d("1")), Part: 3})
	roundTrip(t, o.limits[calls])
}

func roundTrip[T any](t *testing.T, x T) {
	t.Helper()
	text, err := json.Marshal(x)
	require.NoError(t, err)
	var back T
	require.NoError(t, json.Unmarshal(text, &back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.Equal(t, string(text), string(again))
}

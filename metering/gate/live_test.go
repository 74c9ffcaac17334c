package gate_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/gate"
)

// city is a world on the clock of the system: events are on their way to the ledger for
// a while, and nobody can be asked for some seconds.
type city struct {
	*world

	authority *gate.Authority
	down      atomic.Bool
}

func (c *city) Standing(ctx context.Context, key gate.Key, now time.Time) (gate.Standing, error) {
	c.mu.Lock()
	c.now = now
	c.mu.Unlock()
	return c.world.Standing(ctx, key, now)
}

func (c *city) Lease(ctx context.Context, ask gate.Ask) (gate.Grant, error) {
	time.Sleep(3 * time.Millisecond)
	if c.down.Load() {
		return gate.Grant{}, errBroken
	}
	return c.authority.Lease(ctx, ask)
}

func (c *city) Return(ctx context.Context, key gate.Key, name string, returns []gate.Return) error {
	time.Sleep(3 * time.Millisecond)
	return c.authority.Return(ctx, key, name, returns)
}

// arrives puts an event into the ledger, with the time at which it passed.
func (c *city) arrives(e event, leased bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
	if leased {
		c.leased = c.leased.Add(e.quantity)
	} else {
		c.other = c.other.Add(e.quantity)
	}
}

// Four processes of three goroutines each live for three minutes, and are killed every
// few seconds; the source is gone for a while in the middle, and the open gates let pass
// without it. In the end all is used, and no more.
func TestLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const way, length = 2 * time.Second, 5 * time.Second
		start := time.Now()
		c := &city{world: &world{period: start, limit: d("9000"), lag: way + time.Second, keep: gate.NewMemory()}}
		var err error
		c.authority, err = gate.NewAuthority(c.keep, c, gate.Terms{Length: length, Size: servicecoin.Some(d("40"))}, ids(), time.Now)
		require.NoError(t, err)
		var all sync.WaitGroup
		var names atomic.Int64
		until := start.Add(3 * time.Minute)
		process := func(ctx context.Context, seed uint64) {
			random := rand.New(rand.NewPCG(seed, 1))
			g, err := gate.New("gate-"+strconv.FormatInt(names.Add(1), 10), c, &gate.Options{Stale: gate.Open})
			if err != nil {
				t.Error(err)
				return
			}
			var mu sync.Mutex
			pause := func() time.Duration {
				mu.Lock()
				defer mu.Unlock()
				return time.Duration(random.IntN(100)) * time.Millisecond
			}
			all.Go(func() {
				for ctx.Err() == nil {
					_ = g.Refill(ctx, time.Now())
					time.Sleep(length / 5)
				}
			})
			for range 3 {
				all.Go(func() {
					one := d("1")
					for ctx.Err() == nil {
						at := time.Now()
						a, _ := g.Counter(calls).Ask(ctx, one, at)
						if a.Allowed && ctx.Err() == nil { // else the request is gone with its process
							all.Go(func() {
								time.Sleep(way)
								c.arrives(event{at, one}, a.Why == gate.Leased)
							})
						}
						time.Sleep(pause())
					}
				})
			}
		}
		for i := range 4 {
			all.Go(func() {
				random := rand.New(rand.NewPCG(uint64(i), 2))
				for time.Now().Before(until) {
					ctx, kill := context.WithCancel(t.Context())
					process(ctx, random.Uint64())
					time.Sleep(time.Duration(3+random.IntN(20)) * time.Second)
					kill()
				}
			})
		}
		all.Go(func() {
			time.Sleep(20 * time.Second)
			c.down.Store(true)
			time.Sleep(2 * time.Second)
			c.down.Store(false)
		})
		all.Wait()
		require.True(t, c.leased.LessThanOrEqual(c.limit), "%s", c.leased)
		require.True(t, c.other.IsPositive(), "some passed without a lease")
		total := c.leased.Add(c.other)
		require.True(t, total.LessThanOrEqual(c.limit), "%s: what passed without a lease was measured in time, and taken off", total)
		require.True(t, total.GreaterThanOrEqual(c.limit.Sub(d("160"))), "%s: within four leases", total)
	})
}

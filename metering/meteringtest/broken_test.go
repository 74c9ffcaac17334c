package meteringtest_test

import (
	"context"
	"errors"
	"flag"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/meteringtest"
	"github.com/servicecoin/servicecoin/suitetest"
)

// Each case must fail on a store that is broken in just the way that its
// sentence forbids.
func TestBrokenStoresFail(t *testing.T) {
	t.Parallel()
	broken := map[string]suitetest.Broken[meteringtest.Harness]{}
	all := brokenStores()
	maps.Copy(all, brokenFacts())
	maps.Copy(all, brokenFigures())
	for name, b := range all {
		broken[name] = suitetest.Broken[meteringtest.Harness]{What: b.name, Harness: b.harness()}
	}
	suitetest.RunBroken(t, meteringtest.Cases(), sound(), broken)
}

// The comparison passes on what is sound, and fails on what appends or lists
// something else.
func TestRunSame(t *testing.T) {
	t.Parallel()
	same := meteringtest.Case{Name: "same", Run: func(t testing.TB, h meteringtest.Harness) { meteringtest.RunSame(t, h) }}
	require.Empty(t, suitetest.Complaint(t, same, sound()))
	broken := brokenFacts()
	maps.Copy(broken, brokenFigures())
	maps.Copy(broken, map[string]brokenStore{"append": lastCounts(), "scan": arrivalOrder(), "types": otherTypes(), "window": windowEnds()})
	for _, name := range []string{"facts/forget", "measure/forget", "measure/invalid", "verify"} { // of which it asks nothing
		delete(broken, name)
	}
	for name, b := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := ""
			for try := 0; said == "" && try < 20; try++ { // by chance, so more than once
				said = suitetest.Complaint(t, same, b.harness())
			}
			require.NotEmpty(t, said, b.name)
		})
	}
}

// Every meter of the table is measured with.
func TestEveryMeterIsMeasured(t *testing.T) {
	t.Parallel()
	require.Empty(t, meteringtest.LeftOut(t.Context()))
}

// What is broken on purpose need not be made short, nor be kept.
func TestMain(m *testing.M) {
	flag.Parse()
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "1ms"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func BenchmarkModel(b *testing.B) { meteringtest.RunBenchmarks(b, sound()) }

// double overrides methods of a store, and can be closed.
type double struct {
	metering.EventStore

	appends func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error)
	scan    func(ctx context.Context, s metering.EventStore, q metering.Query) iter.Seq2[metering.Event, error]
	forget  func(ctx context.Context, s metering.EventStore, c servicecoin.CustomerID) error
	history func(ctx context.Context, s metering.EventStore, key metering.EventKey) ([]metering.Event, error)
	measure func(ctx context.Context, s metering.EventStore, m metering.Measurement) (*metering.Measured, error)
	digest  func(ctx context.Context, s metering.EventStore, q metering.Query) (metering.Digest, error)
	verify  func(ctx context.Context, s metering.EventStore, c servicecoin.CustomerID) ([]metering.Difference, error)
	closed  atomic.Bool
}

var errClosed = errors.New("closed")

func (d *double) Append(ctx context.Context, events []metering.Event) (metering.Receipt, error) {
	if d.closed.Load() {
		return metering.Receipt{}, errClosed
	}
	if d.appends == nil {
		return d.EventStore.Append(ctx, events)
	}
	return d.appends(ctx, d.EventStore, events)
}

func (d *double) Scan(ctx context.Context, q metering.Query) iter.Seq2[metering.Event, error] {
	if d.closed.Load() {
		return func(yield func(metering.Event, error) bool) { yield(metering.Event{}, errClosed) }
	}
	if d.scan == nil {
		return d.EventStore.Scan(ctx, q)
	}
	return d.scan(ctx, d.EventStore, q)
}

func (d *double) Forget(ctx context.Context, c servicecoin.CustomerID) error {
	if d.closed.Load() {
		return errClosed
	}
	if d.forget == nil {
		return d.EventStore.Forget(ctx, c)
	}
	return d.forget(ctx, d.EventStore, c)
}

func (d *double) History(ctx context.Context, key metering.EventKey) ([]metering.Event, error) {
	if d.closed.Load() {
		return nil, errClosed
	}
	if d.history == nil {
		return d.EventStore.History(ctx, key)
	}
	return d.history(ctx, d.EventStore, key)
}

func (d *double) Measure(ctx context.Context, m metering.Measurement) (*metering.Measured, error) {
	if d.closed.Load() {
		return nil, errClosed
	}
	if d.measure == nil {
		return d.EventStore.Measure(ctx, m)
	}
	return d.measure(ctx, d.EventStore, m)
}

func (d *double) Digest(ctx context.Context, q metering.Query) (metering.Digest, error) {
	if d.closed.Load() {
		return metering.Digest{}, errClosed
	}
	if d.digest == nil {
		return d.EventStore.Digest(ctx, q)
	}
	return d.digest(ctx, d.EventStore, q)
}

func (d *double) Verify(ctx context.Context, c servicecoin.CustomerID) ([]metering.Difference, error) {
	if d.closed.Load() {
		return nil, errClosed
	}
	if d.verify == nil {
		return d.EventStore.Verify(ctx, c)
	}
	return d.verify(ctx, d.EventStore, c)
}

func sound() meteringtest.Harness { return brokenStore{fault: func(*double) {}}.harness() }

// brokenStore is a fault, and the fault in words.
type brokenStore struct {
	name  string
	fault func(d *double)
	stays bool // open when it is closed
}

func (b brokenStore) harness() meteringtest.Harness {
	return meteringtest.Harness{
		Open: func(testing.TB) metering.EventStore {
			d := &double{EventStore: meteringtest.NewModel()}
			b.fault(d)
			return d
		},
		Close: func(_ testing.TB, s metering.EventStore) {
			if d, ok := s.(*double); ok {
				d.closed.Store(!b.stays)
			}
		},
	}
}

// changes alters every event on its way in.
func changes(name string, change func(e *metering.Event)) brokenStore {
	return brokenStore{name: name, fault: func(d *double) {
		d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
			events = slices.Clone(events)
			for i := range events {
				change(&events[i])
			}
			return s.Append(ctx, events)
		}
	}}
}

// says alters every receipt.
func says(name string, change func(r *metering.Receipt)) brokenStore {
	return brokenStore{name: name, fault: func(d *double) {
		d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
			receipt, err := s.Append(ctx, events)
			change(&receipt)
			return receipt, err
		}
	}}
}

// asks alters every query.
func asks(name string, change func(ctx context.Context, q *metering.Query) context.Context) brokenStore {
	return brokenStore{name: name, fault: func(d *double) {
		d.scan = func(ctx context.Context, s metering.EventStore, q metering.Query) iter.Seq2[metering.Event, error] {
			ctx = change(ctx, &q)
			return s.Scan(ctx, q)
		}
	}}
}

func brokenStores() map[string]brokenStore {
	return map[string]brokenStore{
		"append": changes("loses the subject", func(e *metering.Event) { e.Subject = "" }),
		"append/values": changes("keeps no more than 15 decimals", func(e *metering.Event) {
			e.Value.Decimal = e.Value.Decimal.Round(15)
		}),
		"append/instants":  changes("rounds instants", func(e *metering.Event) { e.Time = e.Time.Round(time.Microsecond) }),
		"append/odd texts": changes("trims ids", func(e *metering.Event) { e.ID = strings.TrimSpace(e.ID) }),
		"append/repeat":    says("calls a repeat added", func(r *metering.Receipt) { r.Added, r.Repeats = r.Added+r.Repeats, 0 }),
		"append/conflict": says("calls a conflict a repeat", func(r *metering.Receipt) {
			r.Repeats, r.Conflicts = r.Repeats+r.Conflicts, 0
			r.Exceptions = slices.DeleteFunc(r.Exceptions, func(x metering.Exception) bool { return x.Outcome == metering.Conflict })
		}),
		"append/key":              changes("leaves the source out of the key", func(e *metering.Event) { e.Source = "any" }),
		"append/twice in a batch": lastCounts(),
		"append/invalid":          allOrNothing(),
		"append/limit":            chunks(),
		"append/copies":           keepsLists(),
		"append/many customers": says("tells exceptions by source", func(r *metering.Receipt) {
			slices.SortStableFunc(r.Exceptions, func(a, b metering.Exception) int { return strings.Compare(a.Source, b.Source) })
		}),
		"append/at once": looksFirst(),
		"scan/order":     arrivalOrder(),
		"scan/interval": asks("takes the end with it", func(ctx context.Context, q *metering.Query) context.Context {
			q.During.End = q.During.End.Add(time.Microsecond)
			return ctx
		}),
		"scan/type and customer": otherTypes(),
		"scan/known before": asks("knows everything always", func(ctx context.Context, q *metering.Query) context.Context {
			q.KnownBefore = time.Time{}
			return ctx
		}),
		"scan/pages":       pagesByTime(),
		"scan/in the loop": busyWhileListing(),
		"scan/invalid":     silent(),
		"scan/ends": asks("does not heed the context", func(ctx context.Context, _ *metering.Query) context.Context {
			return context.WithoutCancel(ctx)
		}),
		"forget": {name: "forgets nothing", fault: func(d *double) {
			d.forget = func(_ context.Context, _ metering.EventStore, c servicecoin.CustomerID) error {
				var v servicecoin.Violations
				v.ID("customer", string(c))
				return v.Err()
			}
		}},
		"cancelled": {name: "appends after the context has ended", fault: func(d *double) {
			d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
				return s.Append(context.WithoutCancel(ctx), events)
			}
		}},
		"closed": {name: "goes on when it is closed", fault: func(*double) {}, stays: true},
	}
}

// lastCounts lets the last of two events of one key win.
func lastCounts() brokenStore {
	return brokenStore{name: "lets the last of a batch win", fault: func(d *double) {
		d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
			turned := slices.Clone(events)
			slices.Reverse(turned)
			receipt, err := s.Append(ctx, turned)
			for i := range receipt.Exceptions {
				receipt.Exceptions[i].Index = len(events) - 1 - receipt.Exceptions[i].Index
			}
			slices.Reverse(receipt.Exceptions)
			return receipt, err
		}
	}}
}

// allOrNothing stores nothing of a batch that has an event which is not valid.
func allOrNothing() brokenStore {
	return brokenStore{name: "refuses the whole batch for one event", fault: func(d *double) {
		d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
			bad := slices.DeleteFunc(slices.Clone(events), func(e metering.Event) bool { return e.Validate() == nil })
			if len(bad) == 0 || len(events) > metering.MaxBatch {
				return s.Append(ctx, events)
			}
			return meteringtest.NewModel().Append(ctx, events) // which is gone with it
		}
	}}
}

func chunks() brokenStore {
	return brokenStore{name: "takes a batch of any size, in parts", fault: func(d *double) {
		d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
			var all metering.Receipt
			for some := range slices.Chunk(events, metering.MaxBatch) {
				receipt, err := s.Append(ctx, some)
				if err != nil {
					return metering.Receipt{}, err
				}
				all.Add(receipt, 0)
			}
			return all, nil
		}
	}}
}

// keepsLists lists the dimensions that came in.
func keepsLists() brokenStore {
	return brokenStore{name: "keeps the caller's lists", fault: func(d *double) {
		kept := map[string]metering.Dimensions{}
		d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
			for _, e := range events {
				kept[e.ID] = e.Dimensions
			}
			return s.Append(ctx, events)
		}
		d.scan = func(ctx context.Context, s metering.EventStore, q metering.Query) iter.Seq2[metering.Event, error] {
			return func(yield func(metering.Event, error) bool) {
				for e, err := range s.Scan(ctx, q) {
					e.Dimensions = kept[e.ID]
					if !yield(e, err) {
						return
					}
				}
			}
		}
	}}
}

// looksFirst tells by what it saw before it stored.
func looksFirst() brokenStore {
	return brokenStore{name: "looks first and stores later, without a lock", fault: func(d *double) {
		d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
			there := map[string]bool{}
			q := metering.Query{Customer: events[0].Customer, Type: events[0].Type, During: always()}
			for e, err := range s.Scan(ctx, q) {
				if err != nil {
					return metering.Receipt{}, err
				}
				there[e.ID] = true
			}
			time.Sleep(time.Millisecond) // so that others look meanwhile
			if _, err := s.Append(ctx, events); err != nil {
				return metering.Receipt{}, err
			}
			var receipt metering.Receipt
			for _, e := range events {
				if there[e.ID] {
					receipt.Count(metering.Repeat)
				} else {
					receipt.Count(metering.Added)
				}
			}
			return receipt, nil
		}
	}}
}

func always() calendar.Interval {
	return calendar.Between(time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
}

// resort lists in another order.
func resort(name string, order func(a, b metering.Event) int) brokenStore {
	return brokenStore{name: name, fault: func(d *double) {
		d.scan = func(ctx context.Context, s metering.EventStore, q metering.Query) iter.Seq2[metering.Event, error] {
			return func(yield func(metering.Event, error) bool) {
				var list []metering.Event
				for e, err := range s.Scan(ctx, q) {
					if err != nil {
						yield(e, err)
						return
					}
					list = append(list, e)
				}
				slices.SortStableFunc(list, order)
				for _, e := range list {
					if !yield(e, nil) {
						return
					}
				}
			}
		}
	}}
}

func arrivalOrder() brokenStore {
	return resort("orders the ids of one instant as people do", func(a, b metering.Event) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return strings.Compare(strings.ToLower(a.Source+" "+a.ID), strings.ToLower(b.Source+" "+b.ID))
	})
}

func otherTypes() brokenStore {
	return brokenStore{name: "lists events of every type", fault: func(d *double) {
		d.scan = func(ctx context.Context, s metering.EventStore, q metering.Query) iter.Seq2[metering.Event, error] {
			return func(yield func(metering.Event, error) bool) {
				for _, name := range []string{"vm.hours", "vm.starts"} {
					q.Type = name
					for e, err := range s.Scan(ctx, q) {
						if !yield(e, err) {
							return
						}
					}
				}
			}
		}
	}}
}

// pagesByTime goes on behind the time of the last event, not behind the event.
func pagesByTime() brokenStore {
	return brokenStore{name: "pages by time alone", fault: func(d *double) {
		d.scan = func(ctx context.Context, s metering.EventStore, q metering.Query) iter.Seq2[metering.Event, error] {
			return metering.Pages(ctx, q, func(ctx context.Context, q metering.Query, after *metering.Cursor) ([]metering.Event, error) {
				if after != nil {
					q.During.Start = after.Time.Add(time.Microsecond)
				}
				var page []metering.Event
				for e, err := range s.Scan(ctx, q) {
					if err != nil {
						return nil, err
					}
					if page = append(page, e); len(page) == metering.PageSize {
						break
					}
				}
				return page, nil
			})
		}
	}}
}

// busyWhileListing is what a store with one connection does.
func busyWhileListing() brokenStore {
	return brokenStore{name: "holds its only connection while it lists", fault: func(d *double) {
		var listing atomic.Int32
		d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
			if listing.Load() > 0 {
				return metering.Receipt{}, servicecoin.ErrBusy
			}
			return s.Append(ctx, events)
		}
		d.scan = func(ctx context.Context, s metering.EventStore, q metering.Query) iter.Seq2[metering.Event, error] {
			return func(yield func(metering.Event, error) bool) {
				listing.Add(1)
				defer listing.Add(-1)
				s.Scan(ctx, q)(yield)
			}
		}
	}}
}

func silent() brokenStore {
	return brokenStore{name: "lists nothing for a bad query", fault: func(d *double) {
		d.scan = func(ctx context.Context, s metering.EventStore, q metering.Query) iter.Seq2[metering.Event, error] {
			if q.Validate() != nil {
				return func(func(metering.Event, error) bool) {}
			}
			return s.Scan(ctx, q)
		}
	}}
}

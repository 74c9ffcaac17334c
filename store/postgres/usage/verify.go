package usage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// Verify implements metering.EventStore: it compares the totals of months with those of
// their days, those of days, and their digests, with their entries, and the entries with
// the keys, all of one state of the database.
func (s *Store) Verify(ctx context.Context, customer servicecoin.CustomerID) ([]metering.Difference, error) {
	if ctx.Err() != nil {
		return nil, servicecoin.Unchanged(context.Cause(ctx))
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return nil, err
	}
	x := verifying{customer: customer, totals: map[dayOf]*metering.Total{}, tails: map[dayOf]*tailDay{}, seen: map[metering.Ref]dayOf{}}
	err := s.reading(ctx, scope{customers: []servicecoin.CustomerID{customer}}, func(w *work) error { return x.run(ctx, w) })
	if err != nil {
		return nil, err
	}
	return x.list, nil
}

type verifying struct {
	customer servicecoin.CustomerID
	hash     hasher
	list     []metering.Difference
	totals   map[dayOf]*metering.Total // of packed days
	tails    map[dayOf]*tailDay
	seen     map[metering.Ref]dayOf // where an event stands
	keys     []seenKey
}

type seenKey struct {
	at  dayOf
	ref metering.Ref
	sum sum
}

func (x *verifying) say(at dayOf, what string, kept, found any) {
	x.list = append(x.list, metering.Difference{
		Customer: x.customer, Type: at.kind, Day: metering.WholeDay(at.day).Start, What: what, Kept: fmt.Sprint(kept), Found: fmt.Sprint(found),
	})
}

func (x *verifying) run(ctx context.Context, w *work) error {
	x.months(w)
	w.queueLog([]string{string(x.customer)}, "", firstDay, lastDay, func(e *metering.Entry) {
		at := dayOf{e.Customer, e.Type, metering.DayOf(e.Time)}
		if x.tails[at] == nil {
			x.tails[at] = &tailDay{}
		}
		x.tails[at].add(e)
	})
	if err := w.send(ctx); err != nil {
		return err
	}
	const daysAtOnce = 64
	for at := (dayOf{x.customer, "", firstDay}); ; {
		n, last, err := x.days(ctx, w, at, daysAtOnce)
		if err != nil {
			return err
		}
		if n < daysAtOnce {
			break
		}
		at = last
	}
	for _, at := range slices.SortedFunc(maps.Keys(x.totals), dayOf.compare) {
		x.say(at, "entries", x.totals[at].Rows(), 0)
	}
	for _, at := range slices.SortedFunc(maps.Keys(x.tails), dayOf.compare) {
		b := metering.NewBlock(at.customer, at.kind)
		x.late(at, b)
		x.stand(at, b)
	}
	if err := x.lookUp(ctx, w); err != nil {
		return err
	}
	slices.SortStableFunc(x.list, func(a, b metering.Difference) int { return cmp.Or(cmp.Compare(a.Type, b.Type), a.Day.Compare(b.Day)) })
	return nil
}

// months has the totals of months compared with those of their days.
func (x *verifying) months(w *work) {
	var kind string
	var from int32
	var reach *int64
	var total, days []byte
	each(w.Queue(w.store.sql.verifyMonths, string(x.customer)), []any{&kind, &from, &reach, &total, &days}, func() error {
		m, err := metering.ReadMonthTotals(from, total, days)
		if err != nil {
			return err
		}
		var found metering.Total
		for _, day := range slices.Sorted(maps.Keys(m.Days)) {
			found.Merge(m.Days[day])
			x.totals[dayOf{x.customer, kind, day}] = m.Days[day]
		}
		x.list = append(x.list, m.Total.Differences(x.customer, kind, from, &found)...)
		if is := reachOf(&found); (reach == nil) != (is == nil) || reach != nil && *reach != *is {
			x.say(dayOf{x.customer, kind, from}, "reach of the month", text(reach), text(is))
		}
		return nil
	})
}

func text(n *int64) string {
	if n == nil {
		return "none"
	}
	return strconv.FormatInt(*n, 10)
}

// days compares the next days that are packed with their totals, and looks their keys up.
func (x *verifying) days(ctx context.Context, w *work, after dayOf, most int) (n int, last dayOf, err error) {
	var kind string
	var day int32
	var whole bool
	var summary, cells, rest []byte
	each(w.Queue(w.store.sql.verifyDays, string(x.customer), after.kind, after.day, most), []any{&kind, &day, &whole, &summary, &cells, &rest}, func() error {
		n++
		last = dayOf{x.customer, kind, day}
		b, err := metering.ReadBlock(x.customer, kind, cells, rest)
		if err != nil {
			return err
		}
		total, found := x.totals[last], b.Total()
		if total == nil {
			x.say(last, "day", "without a total", "entries")
			total = &found
		}
		delete(x.totals, last)
		x.list = append(x.list, total.Differences(x.customer, kind, day, &found)...)
		if is, err := b.Summary().AppendBinary(nil); err != nil || !bytes.Equal(summary, is) {
			x.say(last, "summary", hex.EncodeToString(summary), hex.EncodeToString(is))
		}
		if is := metering.NeedsRest(cells); whole != is {
			x.say(last, "whole", whole, is)
		}
		x.late(last, b)
		x.stand(last, b)
		return nil
	})
	if err := w.send(ctx); err != nil {
		return 0, last, err
	}
	if len(x.keys) >= keysAtOnce {
		err = x.lookUp(ctx, w)
	}
	return n, last, err
}

// late adds what the log has of a day.
func (x *verifying) late(at dayOf, b *metering.Block) {
	if d := x.tails[at]; d != nil {
		d.addTo(b)
		delete(x.tails, at)
	}
}

// stand notes the events of a day that stand, of which there are no others.
func (x *verifying) stand(at dayOf, b *metering.Block) {
	for e := range b.Events(metering.Query{Customer: at.customer, Type: at.kind, During: metering.WholeDay(at.day)}) {
		ref := metering.Ref{Source: e.Source, ID: e.ID}
		if other, twice := x.seen[ref]; twice {
			x.say(at, "event", fmt.Sprintf("%s %s, once", ref.Source, ref.ID), fmt.Sprintf("on day %d of %s, too", other.day, other.kind))
		}
		x.seen[ref] = at
		x.keys = append(x.keys, seenKey{at, ref, x.hash.of(metering.EventKey{Customer: x.customer, Ref: ref})})
	}
}

const keysAtOnce = 50_000

// lookUp tells which of the events have no key.
func (x *verifying) lookUp(ctx context.Context, w *work) error {
	for some := range slices.Chunk(x.keys, keysAtOnce) {
		keys := make([][]byte, len(some))
		for i := range some {
			keys[i] = some[i].sum[:]
		}
		var n int
		each(w.Queue(w.store.sql.missingKeys, string(x.customer), keys), []any{&n}, func() error {
			k := &some[n-1]
			x.say(k.at, "key", "none", k.ref.Source+" "+k.ref.ID)
			return nil
		})
		if err := w.send(ctx); err != nil {
			return err
		}
	}
	x.keys = x.keys[:0]
	return nil
}

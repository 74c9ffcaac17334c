package usage

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

const listMonths = `SELECT month FROM servicecoin_usage_months WHERE kind = ? AND page = ? ORDER BY month`

// Verify implements metering.EventStore: it compares the totals of months with those of
// their days, those of days with their entries, and the entries with the keys.
func (s *Store) Verify(ctx context.Context, customer servicecoin.CustomerID) (list []metering.Difference, err error) {
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return nil, err
	}
	var pages []pageRef
	tails := map[int64][]tailDay{}
	capture := func(t *tail) {
		for _, k := range t.dir.kinds {
			if id := k.place[customer]; id != 0 {
				pages = append(pages, pageRef{id, customer, k})
				tails[id] = t.view(id, math.MinInt32, math.MaxInt32)
			}
		}
	}
	err = s.snapshot(ctx, capture, func(ses *session) error {
		slices.SortFunc(pages, func(a, b pageRef) int { return int(a.kind.id - b.kind.id) })
		x := verifying{store: s, ses: ses, hash: s.hash, seen: map[metering.Ref]int64{}, tails: tails, pages: map[int64]pageRef{}}
		for _, p := range pages {
			x.pages[p.id] = p
		}
		for _, p := range pages {
			if err := x.page(ctx, p); err != nil {
				return err
			}
		}
		list = x.list
		return nil
	})
	return list, err
}

type verifying struct {
	store *Store
	ses   *session
	hash  hasher
	list  []metering.Difference
	seen  map[metering.Ref]int64 // where an event stands
	tails map[int64][]tailDay
	pages map[int64]pageRef
}

func (x *verifying) say(p pageRef, day int32, what string, kept, found any) {
	x.list = append(x.list, metering.Difference{
		Customer: p.customer, Type: p.kind.name, Day: metering.WholeDay(day).Start, What: what, Kept: fmt.Sprint(kept), Found: fmt.Sprint(found),
	})
}

func (x *verifying) page(ctx context.Context, p pageRef) error {
	var month, place int64
	var months []int64
	places := map[int32]bool{}
	err := x.ses.query(ctx, listMonths, []any{&month}, func() error {
		months = append(months, month)
		return nil
	}, p.kind.id, p.id)
	if err != nil {
		return err
	}
	err = x.ses.query(ctx, listPlaces, []any{&place}, func() error {
		places[dayOf(place)] = true
		return nil
	}, placeOf(p.id, -dayShift), placeOf(p.id, dayShift))
	if err != nil {
		return err
	}
	tails := map[int32]*tailDay{}
	for i := range x.tails[p.id] {
		tails[x.tails[p.id][i].day] = &x.tails[p.id][i]
	}
	for _, month := range months {
		m, err := x.ses.month(ctx, p, month)
		if err != nil {
			return err
		}
		var sum metering.Total
		for _, day := range slices.Sorted(maps.Keys(m.Days)) {
			delete(places, day)
			sum.Merge(m.Days[day])
			if err := x.day(ctx, p, day, m.Days[day], tails[day]); err != nil {
				return err
			}
			delete(tails, day)
		}
		first, _ := daysOf(month)
		x.list = append(x.list, m.Total.Differences(p.customer, p.kind.name, first, &sum)...)
	}
	for _, day := range slices.Sorted(maps.Keys(tails)) {
		if err := x.day(ctx, p, day, nil, tails[day]); err != nil {
			return err
		}
	}
	for _, day := range slices.Sorted(maps.Keys(places)) {
		x.say(p, day, "day", "without a total", "entries")
	}
	return nil
}

// day compares a day of the file, or of the tail, or both.
func (x *verifying) day(ctx context.Context, p pageRef, day int32, total *metering.Total, late *tailDay) error {
	b, err := x.ses.sealedBlock(ctx, p, placeOf(p.id, day))
	if err != nil {
		return err
	}
	if total != nil && b == nil {
		x.say(p, day, "entries", total.Rows(), 0)
	}
	if total != nil && b != nil {
		found := b.Total()
		x.list = append(x.list, total.Differences(p.customer, p.kind.name, day, &found)...)
		if err := x.summary(ctx, p, day, b); err != nil {
			return err
		}
	}
	if late != nil {
		tail := metering.NewBlock(p.customer, p.kind.name)
		if err := late.addTo(tail); err != nil {
			return err
		}
		found := tail.Total()
		x.list = append(x.list, late.total.Differences(p.customer, p.kind.name, day, &found)...)
		if b == nil {
			b = tail
		} else if err := late.addTo(b); err != nil {
			return err
		}
	}
	if b == nil {
		return nil
	}
	return x.keys(ctx, p, day, b)
}

// summary compares what is kept beside a day with what its entries come to.
func (x *verifying) summary(ctx context.Context, p pageRef, day int32, b *metering.Block) error {
	var kept []byte
	place := placeOf(p.id, day)
	if err := x.ses.query(ctx, listSummaries, []any{&place, &kept}, func() error { return nil }, place, place); err != nil {
		return err
	}
	found, err := b.Summary().AppendBinary(nil)
	if err == nil && !bytes.Equal(kept, found) {
		x.say(p, day, "summary", hex.EncodeToString(kept), hex.EncodeToString(found))
	}
	return err
}

// keys looks for the key of each event that stands, and for another event of the same key.
func (x *verifying) keys(ctx context.Context, p pageRef, day int32, b *metering.Block) error {
	q := metering.Query{Customer: p.customer, Type: p.kind.name, During: metering.WholeDay(day)}
	here := placeOf(p.id, day)
	for e := range b.Events(q) {
		ref := metering.Ref{Source: e.Source, ID: e.ID}
		if other, twice := x.seen[ref]; twice {
			x.say(p, day, "event", fmt.Sprintf("%s %s, once", ref.Source, ref.ID), fmt.Sprintf("on day %d, too", dayOf(other)))
		}
		x.seen[ref] = here
		key := metering.EventKey{Customer: p.customer, Ref: ref}
		for slot := x.hash.of(key); ; slot++ {
			place, taken, err := x.ses.placeAt(ctx, slot)
			if err != nil {
				return err
			}
			if !taken {
				x.say(p, day, "key", "none", fmt.Sprintf("%s %s", ref.Source, ref.ID))
				break
			}
			if place == here {
				break // as it was told
			}
			known, err := x.ses.factsAbout(ctx, x.hash.of(key), key)
			if err != nil {
				return err
			}
			if holds(known, key) {
				break
			}
		}
	}
	return nil
}

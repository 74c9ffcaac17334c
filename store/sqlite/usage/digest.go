package usage

import (
	"context"
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin/metering"
)

// Digest implements metering.EventStore: from the digests of days that are sealed, and for
// the others from their entries, a day at a time.
func (s *Store) Digest(ctx context.Context, q metering.Query) (metering.Digest, error) {
	if err := q.Validate(); err != nil {
		return metering.Digest{}, err
	}
	if q.During.Empty() {
		if err := s.begin(ctx); err != nil {
			return metering.Digest{}, err
		}
		return metering.NewDigest(nil), nil
	}
	d := digesting{q: q, first: metering.DayOf(q.During.Start), last: metering.DayOf(q.During.End.Add(-1))}
	err := s.snapshot(ctx, d.capture, func(ses *session) error { return d.run(ctx, ses) })
	if err != nil {
		return metering.Digest{}, err
	}
	return metering.DigestOfDays(d.leaves), nil
}

type digesting struct {
	q           metering.Query
	first, last int32
	page        pageRef
	tails       []tailDay
	leaves      map[int32]metering.Leaf
}

func (d *digesting) capture(t *tail) {
	d.leaves, d.tails = map[int32]metering.Leaf{}, nil
	d.page = pageRef{id: t.dir.page(d.q.Customer, d.q.Type), customer: d.q.Customer, kind: t.dir.kinds[d.q.Type]}
	if d.page.id != 0 {
		d.tails = t.view(d.page.id, d.first, d.last)
	}
}

func (d *digesting) run(ctx context.Context, ses *session) error {
	if d.page.id == 0 {
		return nil
	}
	late := map[int32]*tailDay{}
	for i := range d.tails {
		late[d.tails[i].day] = &d.tails[i]
	}
	open, err := d.sealed(ctx, ses, late)
	if err != nil {
		return err
	}
	for day, x := range late {
		b := metering.NewBlock(d.q.Customer, d.q.Type)
		if open[day] {
			continue
		}
		if err := x.addTo(b); err != nil {
			return err
		}
		d.leaves[day], _ = b.Leaf(d.q)
	}
	for _, day := range slices.Sorted(maps.Keys(open)) {
		b, err := ses.sealedBlock(ctx, d.page, placeOf(d.page.id, day))
		if err != nil {
			return err
		}
		if x := late[day]; x != nil {
			if err := x.addTo(b); err != nil {
				return err
			}
		}
		d.leaves[day], _ = b.Leaf(d.q)
	}
	return nil
}

// sealed takes the digests of those days that are sealed as a whole, and returns the other
// days of which something is sealed.
func (d *digesting) sealed(ctx context.Context, ses *session, late map[int32]*tailDay) (map[int32]bool, error) {
	open := map[int32]bool{}
	var data []byte
	err := ses.eachMonth(ctx, d.page.kind.id, monthOf(d.first), monthOf(d.last), func(month int64) error {
		data = data[:0]
		if err := ses.query(ctx, getDays, []any{&data}, func() error { return nil }, d.page.kind.id, month, d.page.id); err != nil {
			return err
		}
		return metering.EachDayTotal(firstOf(month), data, func(day int32, text []byte) error {
			var total metering.Total
			if day < d.first || day > d.last {
				return nil
			}
			if err := total.UnmarshalBinary(text); err != nil {
				return err
			}
			open[day] = late[day] != nil || !d.q.Sealed(day, &total)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	var place int64
	err = ses.query(ctx, listSummaries, []any{&place, &data}, func() error {
		day := dayOf(place)
		if is, there := open[day]; is || !there {
			return nil
		}
		s, err := metering.ReadSummary(day, data)
		if err == nil {
			d.leaves[day] = s.Leaf
		}
		return err
	}, placeOf(d.page.id, d.first), placeOf(d.page.id, d.last))
	maps.DeleteFunc(open, func(_ int32, is bool) bool { return !is })
	return open, err
}

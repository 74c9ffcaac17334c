package usage

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// wanted is an event that is stored, and where to put it.
type wanted struct {
	key  metering.EventKey
	sum  sum
	day  int32
	kind string // "": it lies aside
	into *metering.Event
}

func wantedOf(k metering.EventKey, s sum, r *keyRow, into *metering.Event) wanted {
	return wanted{key: k, sum: s, day: r.day, kind: r.kind, into: into}
}

func collision(k metering.EventKey) error {
	return fmt.Errorf("the store is broken: another event stands under the key of %s %s", k.Source, k.ID)
}

// queueFacts has rows of facts read: of the n-th key.
func (w *work) queueFacts(text string, c columns, fact func(n int, e metering.Event) error) {
	var n int
	var data []byte
	each(w.Queue(text, c.customer, c.key), []any{&n, &data}, func() error {
		entries, err := metering.ReadEntries(data)
		if err != nil {
			return err
		}
		for i := range entries {
			if err := fact(n-1, entries[i].Event); err != nil {
				return err
			}
		}
		return nil
	})
}

// dayOf is where entries lie.
type dayOf struct {
	customer servicecoin.CustomerID
	kind     string
	day      int32
}

func (d dayOf) compare(other dayOf) int {
	return cmp.Or(cmp.Compare(d.customer, other.customer), cmp.Compare(d.kind, other.kind), cmp.Compare(d.day, other.day))
}

// dayColumns are places as the arrays of a statement.
type dayColumns struct {
	customer, kind []string
	day            []int32
}

func (c *dayColumns) add(d dayOf) {
	c.customer, c.kind, c.day = append(c.customer, string(d.customer)), append(c.kind, d.kind), append(c.day, d.day)
}

// find reads events, as they were told first. Of an event that does not lie aside there
// is but one entry.
func (w *work) find(ctx context.Context, list []wanted) error {
	if len(list) == 0 {
		return nil
	}
	missing := map[metering.EventKey]*metering.Event{}
	byDay := map[dayOf][]wanted{}
	var aside columns
	var apart []wanted
	for i := range list {
		x := &list[i]
		missing[x.key] = x.into
		if x.kind == "" {
			aside.add(x.key.Customer, &x.sum)
			apart = append(apart, *x)
			continue
		}
		at := dayOf{x.key.Customer, x.kind, x.day}
		byDay[at] = append(byDay[at], *x)
	}
	if len(apart) > 0 {
		w.queueFacts(w.store.sql.factsOf, aside, func(n int, e metering.Event) error {
			if metering.KeyOf(e) != apart[n].key {
				return collision(apart[n].key)
			}
			*apart[n].into = e
			delete(missing, apart[n].key)
			return nil
		})
	}
	if len(byDay) > 0 {
		w.queueStored(byDay, missing)
	}
	if err := w.send(ctx); err != nil {
		return err
	}
	for k := range missing {
		return collision(k) // or nothing at all
	}
	return nil
}

// queueStored has events read that lie in days.
func (w *work) queueStored(byDay map[dayOf][]wanted, missing map[metering.EventKey]*metering.Event) {
	places := slices.SortedFunc(maps.Keys(byDay), dayOf.compare)
	var days dayColumns
	var customers []string
	first, last := places[0].day, places[0].day
	for i, p := range places {
		days.add(p)
		first, last = min(first, p.day), max(last, p.day)
		if i == 0 || p.customer != places[i-1].customer {
			customers = append(customers, string(p.customer))
		}
	}
	var n int
	var cells, rest []byte
	each(w.Queue(w.store.sql.getDays, days.customer, days.kind, days.day), []any{&n, &cells, &rest}, func() error {
		p := places[n-1]
		b, err := metering.ReadBlock(p.customer, p.kind, cells, rest)
		if err != nil {
			return err
		}
		refs := make([]metering.Ref, len(byDay[p]))
		for i, x := range byDay[p] {
			refs[i] = x.key.Ref
		}
		for i, row := range b.Find(refs) {
			if row >= 0 {
				*byDay[p][i].into = b.Entry(row).Event
				delete(missing, byDay[p][i].key)
			}
		}
		return nil
	})
	w.queueLog(customers, "", first, last, func(e *metering.Entry) {
		if e.Gone {
			return
		}
		key := metering.KeyOf(e.Event)
		if into, is := missing[key]; is {
			*into = e.Event
			delete(missing, key)
		}
	})
}

// queueLog has the entries of customers read that rows of the log have, which touch
// some days: of one type of event, or ("") of all.
func (w *work) queueLog(customers []string, kind string, first, last int32, entry func(e *metering.Entry)) {
	var customer string
	var data []byte
	each(w.Queue(w.store.sql.getLog, customers, last, first), []any{&customer, &data}, func() error {
		return readLog(servicecoin.CustomerID(customer), data, kind, entry)
	})
}

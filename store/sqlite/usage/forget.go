package usage

import (
	"context"
	"errors"
	"math"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

const (
	listPlaces     = `SELECT place FROM servicecoin_usage_days WHERE place BETWEEN ? AND ? ORDER BY place`
	listFactsOf    = `SELECT fact FROM servicecoin_usage_facts WHERE customer = ?`
	dropDays       = `DELETE FROM servicecoin_usage_days WHERE place BETWEEN ? AND ?`
	dropRests      = `DELETE FROM servicecoin_usage_rests WHERE place BETWEEN ? AND ?`
	dropSummaries  = `DELETE FROM servicecoin_usage_summaries WHERE place BETWEEN ? AND ?`
	dropMonth      = `DELETE FROM servicecoin_usage_months WHERE kind = ? AND month = ? AND page = ?`
	dropTotals     = `DELETE FROM servicecoin_usage_totals WHERE kind = ? AND month = ? AND page = ?`
	dropPages      = `DELETE FROM servicecoin_usage_pages WHERE customer = ?`
	dropFacts      = `DELETE FROM servicecoin_usage_facts WHERE customer = ?`
	dropKey        = `DELETE FROM servicecoin_usage_keys WHERE hash = ?`
	listAll        = `SELECT seq, entries FROM servicecoin_usage_log ORDER BY seq`
	replaceEntries = `UPDATE servicecoin_usage_log SET entries = ?2 WHERE seq = ?1`
)

// Forget implements metering.EventStore. The erased bytes stay in free space of
// the file and its WAL until something else is written there; where that is not
// enough, run VACUUM and a checkpoint.
func (s *Store) Forget(ctx context.Context, customer servicecoin.CustomerID) (err error) {
	if err := s.begin(ctx); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return err
	}
	c, err := s.changing(ctx)
	if err != nil {
		return err
	}
	committed := false
	defer func() { err = errors.Join(err, c.done(ctx, committed)) }()
	f := forgetting{change: c, customer: customer, keys: map[metering.Ref]struct{}{}}
	if err := f.run(ctx); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := c.commit(ctx); err != nil {
		return err
	}
	committed = true
	return nil // the tail finds that the epoch has changed, and is read again
}

type forgetting struct {
	*change

	customer servicecoin.CustomerID
	pages    map[int64]pageRef
	keys     map[metering.Ref]struct{}
}

func (f *forgetting) run(ctx context.Context) error {
	f.pages = f.pagesOf(f.customer)
	for _, p := range f.pages {
		if err := f.page(ctx, p); err != nil {
			return err
		}
	}
	facts, err := f.ses.facts(ctx, listFactsOf, string(f.customer))
	if err != nil {
		return err
	}
	for i := range facts {
		f.keys[metering.Ref{Source: facts[i].Source, ID: facts[i].ID}] = struct{}{}
		f.keys[facts[i].About().Ref] = struct{}{}
	}
	if err := f.log(ctx); err != nil {
		return err
	}
	if len(f.pages) == 0 && len(f.keys) == 0 {
		return nil
	}
	if err := f.freeKeys(ctx); err != nil {
		return err
	}
	for _, p := range f.pages {
		for _, text := range []string{dropDays, dropRests, dropSummaries} {
			if _, err := f.ses.exec(ctx, text, placeOf(p.id, -dayShift), placeOf(p.id, dayShift)); err != nil {
				return failed(err)
			}
		}
	}
	for _, text := range []string{dropPages, dropFacts} {
		if _, err := f.ses.exec(ctx, text, string(f.customer)); err != nil {
			return failed(err)
		}
	}
	if _, err := f.ses.exec(ctx, nextEpoch); err != nil {
		return failed(err)
	}
	return nil
}

// pagesOf returns the pages of a customer.
func (c *change) pagesOf(customer servicecoin.CustomerID) map[int64]pageRef {
	t := c.store.tail
	t.mu.RLock()
	defer t.mu.RUnlock()
	pages := map[int64]pageRef{}
	for _, k := range t.dir.kinds {
		if id := k.place[customer]; id != 0 {
			pages[id] = pageRef{id, customer, k}
		}
	}
	return pages
}

// page gathers the keys of a page, and drops its totals.
func (f *forgetting) page(ctx context.Context, p pageRef) error {
	var place int64
	var places []int64
	err := f.ses.query(ctx, listPlaces, []any{&place}, func() error {
		places = append(places, place)
		return nil
	}, placeOf(p.id, -dayShift), placeOf(p.id, dayShift))
	if err != nil {
		return err
	}
	month := int64(math.MinInt64)
	for _, place := range places {
		b, err := f.ses.sealedBlock(ctx, p, place)
		if err != nil {
			return err
		}
		for row := range b.Len() {
			e := b.Entry(row)
			f.keys[metering.Ref{Source: e.Source, ID: e.ID}] = struct{}{}
		}
		if m := monthOf(dayOf(place)); m != month {
			month = m
			for _, text := range []string{dropMonth, dropTotals} {
				if _, err := f.ses.exec(ctx, text, p.kind.id, m, p.id); err != nil {
					return failed(err)
				}
			}
		}
		if err := f.store.begin(ctx); err != nil {
			return err
		}
	}
	return nil
}

// log takes the customer's entries out of the log.
func (f *forgetting) log(ctx context.Context) error {
	var seq int64
	var data []byte
	kept := map[int64][]byte{}
	err := f.ses.query(ctx, listAll, []any{&seq, &data}, func() error {
		entries, err := metering.ReadEntries(data)
		if err != nil {
			return err
		}
		n := len(entries)
		others := entries[:0]
		for i := range entries {
			if e := &entries[i]; e.Customer == f.customer {
				f.keys[metering.Ref{Source: e.Source, ID: e.ID}] = struct{}{}
				continue
			}
			others = append(others, entries[i])
		}
		if len(others) < n {
			kept[seq] = metering.AppendEntries(nil, others)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for seq, data := range kept {
		text, args := replaceEntries, []any{seq, data}
		if len(data) == 0 {
			text, args = dropLog, args[:1]
		}
		if _, err := f.ses.exec(ctx, text, args...); err != nil {
			return failed(err)
		}
	}
	return nil
}

// freeKeys takes the customer's keys away. One that others were counted past stays, as
// the key of nothing.
func (f *forgetting) freeKeys(ctx context.Context) error {
	hash := f.store.hash
	for ref := range f.keys {
		if err := f.store.begin(ctx); err != nil {
			return err
		}
		first := hash.of(metering.EventKey{Customer: f.customer, Ref: ref})
		_, before, err := f.ses.placeAt(ctx, first-1)
		if err != nil {
			return err
		}
		place, taken, err := f.ses.placeAt(ctx, first)
		for slot := first; err == nil && taken; slot++ {
			var next bool
			var nextPlace int64
			if nextPlace, next, err = f.ses.placeAt(ctx, slot+1); err != nil {
				return err
			}
			var ours bool
			if ours, err = f.owns(ctx, slot, place, slot == first && !before && !next); err != nil {
				return err
			}
			switch {
			case !ours:
			case next:
				_, err = f.ses.exec(ctx, replaceKey, slot, int64(0))
			default:
				_, err = f.ses.exec(ctx, dropKey, slot)
			}
			if err != nil {
				return failed(err)
			}
			place, taken = nextPlace, next
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// owns reports whether a slot is the customer's alone.
func (f *forgetting) owns(ctx context.Context, slot, place int64, alone bool) (bool, error) {
	switch {
	case place > 0:
		_, ours := f.pages[pageOf(place)]
		return ours, nil
	case place < 0:
		facts, err := f.ses.facts(ctx, getFact, -place)
		return len(facts) > 0 && facts[0].Customer == f.customer, err
	case !alone:
		return false, nil // perhaps somebody else's: it stays
	}
	facts, err := f.ses.facts(ctx, listFacts, slot)
	for i := range facts {
		if facts[i].Customer != f.customer {
			return false, err
		}
	}
	return true, err
}

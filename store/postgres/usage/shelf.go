package usage

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// sum is the first half of the SHA-256 of a key: its parts, each behind its length.
type sum [sha256.Size / 2]byte

// hasher makes sums.
type hasher struct{ room []byte }

func (h *hasher) of(k metering.EventKey) sum {
	b := h.room[:0]
	for _, part := range [...]string{string(k.Customer), k.Source, k.ID} {
		b = append(binary.AppendUvarint(b, uint64(len(part))), part...)
	}
	h.room = b
	all := sha256.Sum256(b)
	return sum(all[:len(sum{})])
}

// shelf is the one Append in a transaction.
type shelf struct {
	ctx   context.Context //nolint:containedctx // of the one call that it is for
	store *Store
	work  *work
	alone map[servicecoin.CustomerID]bool

	hash  hasher
	first []metering.Event
	sums  []sum
	fresh map[metering.EventKey]int // events that were put, and lie in a day: places in first
	taken columns                   // keys that facts have waited for
	laid  []metering.Entry
}

var _ metering.Shelf = (*shelf)(nil)

// columns are keys as the arrays of a statement, which is the same for one event and for
// ten thousand.
type columns struct {
	customer []string
	key      [][]byte
}

func (c *columns) add(customer servicecoin.CustomerID, key *sum) {
	c.customer, c.key = append(c.customer, string(customer)), append(c.key, key[:])
}

// Put implements metering.Shelf.
func (h *shelf) Put(events []metering.Event) ([]metering.Placed, error) {
	h.first, h.sums = events, make([]sum, len(events))
	placed := make([]metering.Placed, len(events))
	var customers []servicecoin.CustomerID
	facts := 0
	c := columns{make([]string, 0, len(events)), make([][]byte, 0, len(events))}
	days, types := make([]int32, len(events)), make([]string, len(events)) // "": a fact, which lies aside
	for i := range events {
		e := &events[i]
		if n := len(customers); n == 0 || customers[n-1] != e.Customer {
			customers = append(customers, e.Customer)
		}
		h.sums[i] = h.hash.of(metering.KeyOf(*e))
		c.add(e.Customer, &h.sums[i])
		placed[i].Added = true
		if e.Does != metering.Happen {
			h.alone[e.Customer] = true
			facts++
			continue
		}
		days[i], types[i] = metering.DayOf(e.Time), e.Type
	}
	if h.work == nil {
		if err := h.open(customers); err != nil {
			return nil, err
		}
	}
	var added int
	var which []byte
	each(h.work.Queue(h.store.sql.putKeys, c.customer, c.key, days, types), []any{&added, &which}, func() error { return nil })
	if err := h.work.send(h.ctx); err != nil {
		return nil, before(h.ctx, err)
	}
	if added == len(events) && facts == 0 {
		return placed, nil
	}
	if added < len(events) {
		h.mark(placed, which)
		if err := h.meet(placed); err != nil {
			return nil, err
		}
	}
	h.putFacts(placed)
	return placed, nil
}

// open begins the transaction.
func (h *shelf) open(customers []servicecoin.CustomerID) (err error) {
	if h.work, err = h.store.begin(h.ctx, changes, scope{customers: customers}); err != nil {
		return before(h.ctx, err)
	}
	h.work.lock(customers, func(c servicecoin.CustomerID) bool { return h.alone[c] })
	return nil
}

// end gives the connection back.
func (h *shelf) end() {
	if h.work != nil {
		h.work.end(h.ctx)
	}
}

// mark marks the events whose keys were there.
func (h *shelf) mark(placed []metering.Placed, added []byte) {
	are := make(map[sum]struct{}, len(added)/len(sum{}))
	for key := range slices.Chunk(added, len(sum{})) {
		are[sum(key)] = struct{}{}
	}
	for i := range placed {
		_, placed[i].Added = are[h.sums[i]]
	}
}

// keyRow is what stands under a key.
type keyRow struct {
	there, aside bool
	day          int32
	kind         string
}

// awaited reports that there is no event, but facts about it.
func (k *keyRow) awaited() bool { return k.there && !k.aside && k.kind == "" }

// queueKeys has what stands under keys read into rows.
func (w *work) queueKeys(c columns, rows []keyRow) {
	var n int
	var day *int32
	var kind *string
	var aside bool
	each(w.Queue(w.store.sql.getKeys, c.customer, c.key), []any{&n, &day, &kind, &aside}, func() error {
		r := &rows[n-1]
		r.there, r.aside = true, aside
		if day != nil && kind != nil {
			r.day, r.kind = *day, *kind
		}
		return nil
	})
}

// meet reads what stands under the keys of the events that were not added.
func (h *shelf) meet(placed []metering.Placed) error {
	var c columns
	var which []int
	for i := range placed {
		if !placed[i].Added {
			which = append(which, i)
			c.add(h.first[i].Customer, &h.sums[i])
		}
	}
	rows := make([]keyRow, len(which))
	h.work.queueKeys(c, rows)
	if err := h.work.send(h.ctx); err != nil {
		return before(h.ctx, err)
	}
	var again awaitedError
	var wanted []wanted
	for n, i := range which {
		e := &h.first[i]
		switch r := &rows[n]; {
		case !r.there:
			return before(h.ctx, fmt.Errorf("the key of %v is taken, and not to be seen", e.Key()))
		case r.awaited() && !h.alone[e.Customer]:
			again.customers = append(again.customers, e.Customer)
		case r.awaited():
			placed[i].Added, placed[i].Awaited = true, e.Does == metering.Happen
			h.taken.add(e.Customer, &h.sums[i])
		default:
			wanted = append(wanted, wantedOf(metering.KeyOf(*e), h.sums[i], r, &placed[i].Stored))
		}
	}
	if len(again.customers) > 0 {
		return &again
	}
	if err := h.work.find(h.ctx, wanted); err != nil {
		return before(h.ctx, err)
	}
	return nil
}

// putFacts queues the facts of the batch that are new, and the events that some have
// waited for: they stay beside them.
func (h *shelf) putFacts(placed []metering.Placed) {
	h.fresh = map[metering.EventKey]int{}
	var f facts
	var awaited columns
	for i := range h.first {
		e := &h.first[i]
		switch {
		case !placed[i].Added:
		case placed[i].Awaited:
			f.add(h.sums[i], h.sums[i], e)
		case e.Does == metering.Happen:
			h.fresh[metering.KeyOf(*e)] = i
		default:
			about := h.hash.of(e.About())
			f.add(about, h.sums[i], e)
			awaited.add(e.Customer, &about)
		}
	}
	if len(f.fact) == 0 {
		return
	}
	q := &h.store.sql
	if len(h.taken.key) > 0 {
		h.work.Queue(q.putAside, h.taken.customer, h.taken.key)
	}
	if len(awaited.key) > 0 {
		h.work.Queue(q.awaitKeys, awaited.customer, awaited.key)
	}
	f.queue(h.work)
}

// facts are rows of what lies aside.
type facts struct {
	customer         []string
	about, key, fact [][]byte
}

func (f *facts) add(about, key sum, e *metering.Event) {
	f.customer = append(f.customer, string(e.Customer))
	f.about, f.key = append(f.about, about[:]), append(f.key, key[:])
	f.fact = append(f.fact, metering.AppendEntries(nil, []metering.Entry{{Event: *e}}))
}

func (f *facts) queue(w *work) {
	w.Queue(w.store.sql.putFacts, f.customer, f.about, f.key, f.fact)
}

// Known implements metering.Shelf. An event about which facts are there is kept beside
// them from then on, so that nobody takes what it was corrected to for what it was.
func (h *shelf) Known(keys []metering.EventKey) ([][]metering.Event, error) {
	c, sums := columns{}, make([]sum, len(keys))
	for i, k := range keys {
		sums[i] = h.hash.of(k)
		c.add(k.Customer, &sums[i])
	}
	known, rows := make([][]metering.Event, len(keys)), make([]keyRow, len(keys))
	h.work.queueKeys(c, rows)
	h.work.queueFacts(h.store.sql.factsAbout, c, func(n int, e metering.Event) error {
		if e.About() != keys[n] {
			return collision(keys[n])
		}
		known[n] = append(known[n], e)
		return nil
	})
	if err := h.work.send(h.ctx); err != nil {
		return nil, before(h.ctx, err)
	}
	var look []wanted
	var found []int
	events := make([]metering.Event, len(keys))
	for n, k := range keys {
		if !rows[n].there || rows[n].kind == "" {
			continue // it is among the facts, or it is not there
		}
		found = append(found, n)
		if i, is := h.fresh[k]; is {
			events[n] = h.first[i]
			continue
		}
		look = append(look, wantedOf(k, sums[n], &rows[n], &events[n]))
	}
	if err := h.work.find(h.ctx, look); err != nil {
		return nil, before(h.ctx, err)
	}
	if len(found) > 0 {
		var f facts
		var aside columns
		for _, n := range found {
			known[n] = append(known[n], events[n])
			f.add(sums[n], sums[n], &events[n])
			aside.add(keys[n].Customer, &sums[n])
		}
		h.work.Queue(h.store.sql.putAside, aside.customer, aside.key)
		f.queue(h.work)
	}
	return known, nil
}

// Lay implements metering.Shelf: a row of the log for each customer.
func (h *shelf) Lay(entries []metering.Entry) error {
	byCustomer := func(a, b metering.Entry) int { return strings.Compare(string(a.Customer), string(b.Customer)) }
	if !slices.IsSortedFunc(entries, byCustomer) {
		slices.SortStableFunc(entries, byCustomer)
	}
	var l logRows
	for from := 0; from < len(entries); {
		to := from + 1
		for to < len(entries) && entries[to].Customer == entries[from].Customer {
			to++
		}
		l.add(entries[from:to])
		from = to
	}
	h.work.Queue(h.store.sql.putLog, l.customer, l.first, l.last, l.entries)
	h.laid = entries
	return nil
}

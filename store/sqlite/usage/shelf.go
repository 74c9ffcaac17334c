package usage

import (
	"context"
	"math"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

const (
	putFact   = `INSERT INTO servicecoin_usage_facts (id, about, customer, fact) VALUES (?, ?, ?, ?)`
	getFact   = `SELECT fact FROM servicecoin_usage_facts WHERE id = ?`
	listFacts = `SELECT fact FROM servicecoin_usage_facts WHERE about = ? ORDER BY id`
	putLog    = `INSERT INTO servicecoin_usage_log (seq, first, last, entries) VALUES (?, ?, ?, ?)`
)

// additions are pages that a change has added.
type additions struct {
	kinds  []kind
	byName map[string]*kind
	pages  []pageRef
	of     map[pageKey]int64
	last   pageKey // of the event before
	lastID int64
}

type pageKey struct {
	customer servicecoin.CustomerID
	kind     string
}

// shelf is the one Append in a change.
type shelf struct {
	ctx    context.Context //nolint:containedctx // of the one call that it is for
	change *change
	begin  func() (*change, error)

	first  []metering.Event
	slots  []int64                     // of the events that were put: where their keys stand
	places []int64                     // of them: see keyRow
	bySlot map[int64]int32             // of the events that were put
	known  map[metering.EventKey]int64 // hashes of keys that have a slot
	laid   []metering.Entry
	hash   hasher
}

var _ metering.Shelf = (*shelf)(nil)

// page returns the page of a customer and a type, a new one if there is none.
func (c *change) page(ctx context.Context, customer servicecoin.CustomerID, eventType string) (int64, error) {
	key := pageKey{customer, eventType}
	if c.dir.lastID != 0 && c.dir.last == key {
		return c.dir.lastID, nil
	}
	t := c.store.tail
	t.mu.RLock()
	id := t.dir.page(customer, eventType)
	t.mu.RUnlock()
	if id == 0 {
		id = c.dir.of[key]
	}
	if id == 0 {
		var err error
		if id, err = c.addPage(ctx, key); err != nil {
			return 0, err
		}
	}
	c.dir.last, c.dir.lastID = key, id
	return id, nil
}

func (c *change) addPage(ctx context.Context, key pageKey) (int64, error) {
	d := &c.dir
	if d.of == nil {
		d.of, d.byName = map[pageKey]int64{}, map[string]*kind{}
	}
	t := c.store.tail
	t.mu.RLock()
	k, lastKind, lastPage := t.dir.kinds[key.kind], t.dir.lastKind, t.dir.lastPage
	t.mu.RUnlock()
	if k == nil {
		k = d.byName[key.kind]
	}
	if k == nil {
		k = &kind{id: lastKind + int64(len(d.kinds)) + 1, name: key.kind}
		if _, err := c.ses.exec(ctx, putKind, k.id, k.name); err != nil {
			return 0, failed(err)
		}
		d.kinds = append(d.kinds, kind{id: k.id, name: k.name})
		d.byName[key.kind] = k
	}
	id := lastPage + int64(len(d.pages)) + 1
	if _, err := c.ses.exec(ctx, putPage, id, k.id, string(key.customer)); err != nil {
		return 0, failed(err)
	}
	d.of[key] = id
	d.pages = append(d.pages, pageRef{id: id, customer: key.customer, kind: &kind{id: k.id}})
	return id, nil
}

// Put implements metering.Shelf.
func (s *shelf) Put(events []metering.Event) (placed []metering.Placed, err error) {
	if s.change == nil {
		if s.change, err = s.begin(); err != nil {
			return nil, err
		}
	}
	c := s.change
	s.first, s.slots = events, make([]int64, len(events))
	placed = make([]metering.Placed, len(events))
	rows := make([]keyRow, len(events))
	facts := false
	for i := range events {
		e := &events[i]
		rows[i] = keyRow{hash: s.hash.of(metering.KeyOf(*e)), at: int32(i)}
		s.slots[i] = rows[i].hash
		placed[i].Added = true
		if e.Does != metering.Happen {
			facts = true
			c.head.fact++
			rows[i].place = -c.head.fact
			continue
		}
		page, err := c.page(s.ctx, e.Customer, e.Type)
		if err != nil {
			return nil, err
		}
		rows[i].place = placeOf(page, metering.DayOf(e.Time))
	}
	s.places = make([]int64, len(events))
	for i := range rows {
		s.places[i] = rows[i].place
	}
	sortKeys(rows)
	found, err := c.putKeys(s.ctx, rows)
	if err != nil {
		return nil, err
	}
	if !facts && len(found) == 0 {
		return placed, nil
	}
	for _, f := range found {
		placed[f.at].Added = false
	}
	s.bySlot = make(map[int64]int32, len(events))
	for i, slot := range s.slots {
		if placed[i].Added {
			s.bySlot[slot] = int32(i)
		}
	}
	if err := s.meet(found, placed); err != nil {
		return nil, err
	}
	return placed, s.putFacts(placed)
}

// meet compares events with what stands under their hashes.
func (s *shelf) meet(found []keyRow, placed []metering.Placed) error {
	// What facts are about may lie elsewhere by now.
	told, err := s.change.aboutAny(s.ctx, found)
	if err != nil {
		return err
	}
	byPlace := map[int64][]int32{}
	var order []int64
	var rest []keyRow
	for _, f := range found {
		if told[s.slots[f.at]] || !s.mayBe(f, &s.first[f.at]) {
			rest = append(rest, f)
			continue
		}
		if byPlace[f.place] == nil {
			order = append(order, f.place)
		}
		byPlace[f.place] = append(byPlace[f.place], f.at)
	}
	for _, place := range order {
		at := byPlace[place]
		refs := make([]metering.Ref, len(at))
		for i, k := range at {
			refs[i] = metering.Ref{Source: s.first[k].Source, ID: s.first[k].ID}
		}
		events, err := s.change.find(s.ctx, place, refs)
		if err != nil {
			return err
		}
		for i, k := range at {
			if events[i] == nil {
				rest = append(rest, keyRow{s.slots[k], place, k})
				continue
			}
			placed[k].Stored = *events[i]
		}
	}
	for _, f := range rest {
		if err := s.probe(f.at, placed); err != nil {
			return err
		}
	}
	return nil
}

// mayBe reports that the entries of a place may have an event.
func (s *shelf) mayBe(f keyRow, e *metering.Event) bool {
	if _, mine := s.bySlot[f.hash]; mine || f.place <= 0 {
		return false
	}
	return s.change.customerOf(pageOf(f.place)) == e.Customer
}

// customerOf returns whose a page is, of those that were there before the change.
func (c *change) customerOf(page int64) servicecoin.CustomerID {
	t := c.store.tail
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.dir.pages[page].customer
}

// probe looks at one slot after the other until it finds the event, or room for it.
func (s *shelf) probe(at int32, placed []metering.Placed) error {
	e := &s.first[at]
	slot, what, stored, err := s.look(metering.KeyOf(*e))
	if err != nil {
		return err
	}
	if what == there {
		placed[at].Stored = stored
		return nil
	}
	p := keyRow{hash: slot, place: s.places[at]}
	if what == awaited && e.Does == metering.Happen {
		// Facts about it have come before: it stays beside them.
		if p.place, err = s.putAside(*e); err != nil {
			return err
		}
		placed[at].Awaited = true
	}
	if what == awaited {
		_, err = s.change.ses.exec(s.ctx, replaceKey, p.hash, p.place)
	} else {
		_, err = s.change.ses.exec(s.ctx, putKey, p.hash, p.place)
	}
	if err != nil {
		return failed(err)
	}
	placed[at].Added = true
	s.slots[at] = slot
	s.bySlot[slot] = at
	return nil
}

// putAside stores an event beside the facts about it, and returns its place.
func (s *shelf) putAside(e metering.Event) (int64, error) {
	s.change.head.fact++
	id := s.change.head.fact
	_, err := s.change.ses.exec(s.ctx, putFact, id, s.hash.of(metering.KeyOf(e)), string(e.Customer), metering.AppendEntries(nil, []metering.Entry{{Event: e}}))
	if err != nil {
		return 0, failed(err)
	}
	return -id, nil
}

// What look finds.
type finding int

const (
	nowhere finding = iota // the slot is free
	awaited                // facts about it are there
	there
)

// look finds the slot of a key. Where two keys of one hash lie at one place it may be the
// other's: as either has an equal one, nothing hangs on it.
func (s *shelf) look(k metering.EventKey) (slot int64, what finding, e metering.Event, err error) {
	hash := s.hash.of(k)
	facts, err := s.change.ses.factsAbout(s.ctx, hash, k)
	if err != nil {
		return 0, nowhere, e, err
	}
	aside := holds(facts, k)
	kept := int64(0)            // a slot of nothing, if there is one
	for slot = hash; ; slot++ { // from the last number to the first
		if at, mine := s.bySlot[slot]; mine {
			if metering.KeyOf(s.first[at]) == k {
				return slot, there, s.first[at], nil
			}
			continue
		}
		place, taken, err := s.change.ses.placeAt(s.ctx, slot)
		if err != nil {
			return 0, nowhere, e, err
		}
		if !taken {
			break
		}
		if place == 0 {
			if what == nowhere {
				what, kept = awaited, slot
			}
			continue
		}
		if place > 0 && aside {
			continue
		}
		stored, err := s.change.stored(s.ctx, place, k)
		if err != nil {
			return 0, nowhere, e, err
		}
		if stored != nil {
			return slot, there, *stored, nil
		}
	}
	if what == awaited && len(facts) > 0 {
		return kept, awaited, e, nil
	}
	return slot, nowhere, e, nil
}

// stored returns the event of a key if it is the one at a place.
func (c *change) stored(ctx context.Context, place int64, k metering.EventKey) (*metering.Event, error) {
	if place < 0 {
		facts, err := c.ses.facts(ctx, getFact, -place)
		if err != nil || len(facts) == 0 || metering.KeyOf(facts[0]) != k {
			return nil, err
		}
		return &facts[0], nil
	}
	if c.customerOf(pageOf(place)) != k.Customer {
		return nil, nil
	}
	events, err := c.find(ctx, place, []metering.Ref{k.Ref})
	if err != nil {
		return nil, err
	}
	return events[0], nil
}

// facts reads rows of facts.
func (ses *session) facts(ctx context.Context, text string, arg any) (list []metering.Event, err error) {
	var data []byte
	err = ses.query(ctx, text, []any{&data}, func() error {
		entries, err := metering.ReadEntries(data)
		for _, e := range entries {
			list = append(list, e.Event)
		}
		return err
	}, arg)
	return list, err
}

// factsAbout returns the facts about a key of a hash, and the event itself if it is kept
// beside them.
func (ses *session) factsAbout(ctx context.Context, hash int64, k metering.EventKey) ([]metering.Event, error) {
	list, err := ses.facts(ctx, listFacts, hash)
	own := list[:0]
	for _, e := range list {
		if e.About() == k {
			own = append(own, e)
		}
	}
	return own, err
}

// putFacts stores the facts of the batch that are new.
func (s *shelf) putFacts(placed []metering.Placed) error {
	s.known = map[metering.EventKey]int64{}
	for i := range s.first {
		e := &s.first[i]
		if e.Does == metering.Happen || !placed[i].Added {
			continue
		}
		about := e.About()
		hash, is := s.known[about]
		if !is {
			slot, what, _, err := s.look(about)
			if err != nil {
				return err
			}
			if what == nowhere { // the slot is kept for it
				if _, err := s.change.ses.exec(s.ctx, putKey, slot, int64(0)); err != nil {
					return failed(err)
				}
			}
			hash = s.hash.of(about)
			s.known[about] = hash
		}
		_, err := s.change.ses.exec(s.ctx, putFact, -s.places[i], hash, string(e.Customer), metering.AppendEntries(nil, []metering.Entry{{Event: *e}}))
		if err != nil {
			return failed(err)
		}
	}
	return nil
}

// Known implements metering.Shelf. An event about which facts are there is kept beside
// them from then on, so that nobody takes what it was corrected to for what it was.
func (s *shelf) Known(keys []metering.EventKey) ([][]metering.Event, error) {
	list := make([][]metering.Event, len(keys))
	for i, k := range keys {
		slot, what, stored, err := s.look(k)
		if err != nil {
			return nil, err
		}
		if list[i], err = s.change.ses.factsAbout(s.ctx, s.hash.of(k), k); err != nil {
			return nil, err
		}
		if what != there || stored.Does != metering.Happen || holds(list[i], k) {
			continue
		}
		list[i] = append(list[i], stored)
		place, err := s.putAside(stored)
		if err != nil {
			return nil, err
		}
		if _, err := s.change.ses.exec(s.ctx, replaceKey, slot, place); err != nil {
			return nil, failed(err)
		}
	}
	return list, nil
}

// holds reports that the event itself is among what is known of it.
func holds(list []metering.Event, k metering.EventKey) bool {
	for i := range list {
		if list[i].Does == metering.Happen && metering.KeyOf(list[i]) == k {
			return true
		}
	}
	return false
}

// Lay implements metering.Shelf.
func (s *shelf) Lay(entries []metering.Entry) error {
	c := s.change
	first, last := int32(math.MaxInt32), int32(math.MinInt32)
	for i := range entries {
		day := metering.DayOf(entries[i].Time)
		first, last = min(first, day), max(last, day)
		if _, err := c.page(s.ctx, entries[i].Customer, entries[i].Type); err != nil { // a correction may have another type
			return err
		}
	}
	c.head.seq++
	if _, err := c.ses.exec(s.ctx, putLog, c.head.seq, first, last, metering.AppendEntries(nil, entries)); err != nil {
		return failed(err)
	}
	s.laid = entries
	return nil
}

// find returns the events of refs as they were told, nil for those that do not lie at a
// place.
func (c *change) find(ctx context.Context, place int64, refs []metering.Ref) ([]*metering.Event, error) {
	t := c.store.tail
	var late tailDay
	t.mu.RLock()
	for _, d := range t.view(pageOf(place), dayOf(place), dayOf(place)) {
		late = d
	}
	t.mu.RUnlock()
	return c.ses.find(ctx, c.pageRef(pageOf(place)), place, late, refs)
}

// find is the same of a place that has entries in the tail, too.
func (ses *session) find(ctx context.Context, p pageRef, place int64, late tailDay, refs []metering.Ref) ([]*metering.Event, error) {
	found := make([]*metering.Event, len(refs))
	missing := len(refs)
	take := func(b *metering.Block) {
		for i, row := range b.Find(refs) {
			if row >= 0 && found[i] == nil {
				found[i] = new(b.Entry(row).Event)
				missing--
			}
		}
	}
	block, err := ses.sealedBlock(ctx, p, place)
	if err != nil {
		return nil, err
	}
	if block != nil {
		take(block)
	}
	if missing > 0 && len(late.data) > 0 {
		b := metering.NewBlock(p.customer, p.kind.name)
		if err := late.addTo(b); err != nil {
			return nil, err
		}
		take(b)
	}
	return found, nil
}

func (c *change) pageRef(id int64) pageRef {
	t := c.store.tail
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.dir.pages[id]
}

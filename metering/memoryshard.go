package metering

import (
	"hash/maphash"
	"math"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// shard has some of the customers of a [MemoryStore], with all that is theirs, so that one
// goroutine can add to it while others add to others.
type shard struct {
	seed   maphash.Seed
	keys   keyIndex
	chunks []*chunk // by number; the first ones are none
	open   []*chunk // those with rows that are not packed
	aside  []Event  // facts, and events that came after facts about them
	books  map[servicecoin.CustomerID]*book
	pages  pageIndex
	fresh  []*page // that are not listed by their types yet

	touched uint32 // see lookAt
}

// book is what one customer has.
type book struct {
	customer servicecoin.CustomerID
	hash     uint64
	dict     *dict
	sources  []uint64 // hashes of the sources, by the numbers of their texts; 0: not worked out
	pages    map[string]*page
	facts    map[Ref][]uint32 // by what they are about: places in aside
}

// append adds those events of a batch whose places are given, and hands the exceptions to
// a receipt.
func (s *shard) append(events []Event, places []int32, receipt *Receipt) {
	var looked [lookAhead]looked
	for n, place := range places {
		if n%lookAhead == 0 {
			s.lookAt(events, places[n:min(n+lookAhead, len(places))], &looked)
		}
		i := int(place)
		if s.addKnown(&events[i], &looked[n%lookAhead]) {
			receipt.Added++
			continue
		}
		if err := events[i].Validate(); err != nil {
			receipt.Refuse(i, events[i], err)
			continue
		}
		e := events[i].prepared()
		b := s.book(e.Customer)
		hash := s.hash(b, b.dict.text(e.Source), e.Source, e.ID)
		if r, there := s.find(hash, &e); there {
			receipt.settle(i, e, &Placed{Stored: s.at(r)})
			continue
		}
		s.add(hash, b, &e)
		receipt.Added++
	}
}

// addKnown adds an event of a kind that is there already: its texts were checked when they
// came first, but for its id and perhaps its subject, and nothing about it is odd. Of any other, and of
// one whose key is there, it does nothing.
func (s *shard) addKnown(e *Event, l *looked) bool {
	p := l.page
	if p == nil || e.Does != Happen || e.Of != (Ref{}) || e.Open || !e.End.IsZero() || len(e.Fields) > 0 || p.book.facts != nil {
		return false
	}
	r := row{at: e.Time.UnixMicro(), known: e.RecordedAt.UnixMicro(), value: null}
	if r.at < earliest || r.at >= tooLate || r.known < earliest || r.known >= tooLate || !plainID(e.ID) {
		return false
	}
	if e.Value.Valid {
		n, ok := fixed.Of(e.Value.Decimal)
		if !ok {
			return false
		}
		r.value = n
	}
	d := p.of.dict
	var ok bool
	if e.Subject != "" {
		if r.subject, ok = d.lookText(e.Subject, l.subject); !ok && !plainSubject(e.Subject) || len(e.Subject) > MaxSubjectBytes {
			return false
		}
	}
	if r.source, ok = d.knownSource(e.Source); !ok || int(r.source) >= len(p.book.sources) || p.book.sources[r.source] == 0 {
		return false
	}
	if r.combo, ok = d.knownCombo(e.Dimensions); !ok {
		return false
	}
	hash := p.book.keyHash(r.source, l.id)
	if _, there := s.find(hash, e); there {
		return false
	}
	if r.subject == 0 && e.Subject != "" {
		r.subject = d.addText(e.Subject, l.subject)
	}
	c := s.chunk(p, dayNumber(r.at))
	c.block.ids = append(c.block.ids, e.ID...)
	r.idEnd = uint32(len(c.block.ids)) //nolint:gosec // G115: of a day
	c.block.rows = append(c.block.rows, r)
	if c.block.more != nil {
		c.block.addMore(&Entry{Event: *e})
	}
	s.keys.add(hash, s.laid(c))
	return true
}

// lookAhead is of how many events of a batch it is looked up first what they need. What is
// far away in memory is then on its way for all of them at once.
const lookAhead = 16

// looked is what was looked up for an event.
type looked struct {
	page        *page
	subject, id uint64 // their hashes
}

func (s *shard) lookAt(events []Event, places []int32, list *[lookAhead]looked) {
	for i, place := range places {
		e, l := &events[place], &list[i]
		l.page = s.pages.find(maphash.String(s.seed, string(e.Customer)), maphash.String(s.seed, e.Type), e)
		l.subject, l.id = hashText(e.Subject), maphash.String(s.seed, e.ID)
	}
	touched := uint32(0)
	for i := range places {
		p := list[i].page
		if p == nil {
			continue
		}
		touched += p.of.dict.textAt.peek(list[i].subject)
		if source := p.of.dict.lastSource; int(source) < len(p.book.sources) { // most events are of the same
			touched += s.keys.peek(p.book.keyHash(source, list[i].id))
		}
		if c := p.latest; c != nil {
			if n := len(c.block.rows); n > 0 {
				touched += c.block.rows[n-1].idEnd
			}
			touched += uint32(c.total.rows + c.month.total.rows) //nolint:gosec // G115: only read
		}
	}
	s.touched = touched
}

// The instants of the years 1 to 9999, in microseconds since 1970.
const (
	earliest = -62135596800_000_000
	tooLate  = 253402300800_000_000
)

// plainID reports whether a text is an id without anything odd.
func plainID(id string) bool { return id != "" && len(id) <= servicecoin.MaxIDBytes && plain(id, '!') }

// plainSubject is the same of a subject, in which there may be spaces.
func plainSubject(subject string) bool { return len(subject) <= MaxSubjectBytes && plain(subject, ' ') }

// plain reports that all of a text is ASCII from a character on, but for the last one.
func plain(text string, from byte) bool {
	for i := range len(text) {
		if c := text[i]; c < from || c >= utf8.RuneSelf-1 {
			return false
		}
	}
	return true
}

func (s *shard) hash(b *book, source uint32, text, id string) uint64 {
	for int(source) >= len(b.sources) {
		b.sources = append(b.sources, 0)
	}
	if b.sources[source] == 0 || source == 0 {
		b.sources[source] = maphash.String(s.seed, text) | 1
	}
	return b.keyHash(source, maphash.String(s.seed, id))
}

// keyHash is the hash of a key: of a source that has one, and of an id by its own.
func (b *book) keyHash(source uint32, id uint64) uint64 { return mix(b.hash^b.sources[source], id) }

// find returns where an event of the same key is stored.
func (s *shard) find(hash uint64, e *Event) (ref, bool) {
	return s.keys.find(hash, func(r ref) bool { return s.same(r, e) })
}

// same reports whether what is stored somewhere has the key of an event.
func (s *shard) same(r ref, e *Event) bool {
	if r.chunk == aside {
		return KeyOf(s.aside[r.row]) == KeyOf(*e)
	}
	b := &s.chunks[r.chunk].block
	return string(b.id(int32(r.row))) == e.ID && b.of.customer == e.Customer && b.of.dict.texts[b.rows[r.row].source] == e.Source //nolint:gosec // G115: of a day
}

// at returns what is stored somewhere.
func (s *shard) at(r ref) Event {
	if r.chunk == aside {
		return s.aside[r.row]
	}
	return s.chunks[r.chunk].block.Entry(int(r.row)).Event
}

// add stores an event whose key is not there.
func (s *shard) add(hash uint64, b *book, e *Event) {
	about := e.About().Ref
	if e.Does == Happen && b.facts[about] == nil {
		s.keys.add(hash, s.lay(b, Entry{Event: *e}))
		return
	}
	before := Timeline(s.known(b, about))
	at := uint32(len(s.aside)) //nolint:gosec // G115: facts are few
	s.aside = append(s.aside, e.clone())
	s.keys.add(hash, ref{aside, at})
	if b.facts == nil {
		b.facts = map[Ref][]uint32{}
	}
	b.facts[about] = append(b.facts[about], at)
	for _, entry := range between(before, Timeline(s.known(b, about))) {
		s.lay(b, entry)
	}
}

// known returns an event and all facts about it.
func (s *shard) known(b *book, about Ref) []Event {
	var list []Event
	e := Event{Customer: b.customer, Source: about.Source, ID: about.ID}
	if source, ok := b.dict.knownText(about.Source); ok && int(source) < len(b.sources) { // one that has no event has no hash
		hash := b.keyHash(source, maphash.String(s.seed, about.ID))
		if r, there := s.find(hash, &e); there && r.chunk != aside {
			list = append(list, s.at(r))
		}
	}
	for _, at := range b.facts[about] {
		list = append(list, s.aside[at])
	}
	return list
}

func (s *shard) book(c servicecoin.CustomerID) *book {
	b := s.books[c]
	if b == nil {
		b = &book{customer: c, hash: maphash.String(s.seed, string(c)), dict: newDict(), pages: map[string]*page{}}
		s.books[c] = b
	}
	return b
}

// page returns what a customer has of a type.
func (s *shard) page(b *book, eventType string) *page {
	p := b.pages[eventType]
	if p == nil {
		p = &page{of: *newOwner(b.customer, eventType, b.dict), book: b, reach: math.MinInt64}
		b.pages[eventType] = p
		s.fresh = append(s.fresh, p)
		s.pages.add(b.hash, maphash.String(s.seed, eventType), p)
	}
	return p
}

// lay adds an entry to its day.
func (s *shard) lay(b *book, e Entry) ref {
	c := s.chunk(s.page(b, e.Type), dayNumber(e.Time.UnixMicro()))
	c.block.Add(e)
	return s.laid(c)
}

// laid adds the last row of a day to what is kept of it.
func (s *shard) laid(c *chunk) ref {
	at := int32(len(c.block.rows) - 1) //nolint:gosec // G115: of a day
	if int(at) == c.packed {
		s.open = append(s.open, c)
		if c.day <= c.month.run.to {
			c.month.run = run{}
		}
	}
	if c.block.order.Load() != nil {
		c.block.order.Store(nil)
	}
	mark := c.block.mark(at)
	c.total.addRow(&c.block, at, mark)
	c.month.total.addRow(&c.block, at, mark)
	if c.total.reach > c.page.reach {
		c.page.reach = c.total.reach
	}
	return ref{c.number, uint32(at)} //nolint:gosec // G115: not negative
}

// forget erases a customer, and returns the pages that it had.
func (s *shard) forget(customer servicecoin.CustomerID) map[string]*page {
	b := s.books[customer]
	if b == nil {
		return nil
	}
	s.keys.drop(func(r ref) bool {
		if r.chunk == aside {
			return s.aside[r.row].Customer == customer
		}
		return s.chunks[r.chunk].block.of.customer == customer
	})
	for _, p := range b.pages {
		for _, c := range p.days {
			s.chunks[c.number] = nil
		}
	}
	for i := range s.aside {
		if s.aside[i].Customer == customer {
			s.aside[i] = Event{}
		}
	}
	delete(s.books, customer)
	s.pages.drop(customer)
	return b.pages
}

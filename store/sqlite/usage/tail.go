package usage

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/servicecoin/servicecoin/metering"
)

const (
	readHead = `SELECT (SELECT value FROM servicecoin_usage_meta WHERE name = 'epoch'), coalesce((SELECT max(seq) FROM servicecoin_usage_log), 0),
coalesce((SELECT max(id) FROM servicecoin_usage_pages), 0), coalesce((SELECT max(id) FROM servicecoin_usage_facts), 0)`

	listLog = `SELECT seq, entries FROM servicecoin_usage_log WHERE seq > ? ORDER BY seq`
)

// head says in which state a transaction sees the file.
type head struct {
	epoch int64 // one more whenever entries leave the log
	seq   int64 // of the last batch
	page  int64 // the last one
	fact  int64 // the last one
}

func (ses *session) head(ctx context.Context) (h head, err error) {
	err = ses.query(ctx, readHead, []any{&h.epoch, &h.seq, &h.page, &h.fact}, func() error { return nil })
	return h, err
}

// tail are the entries that are not sealed, by page and day: what the log holds, in
// memory. It is in the state of the last batch that somebody here has seen.
type tail struct {
	mu    sync.RWMutex
	epoch int64
	seq   int64
	dir   *directory
	pages map[int64]*tailPage
	byDay map[int32]int // entries
	n     int
}

type tailPage struct {
	days []*tailDay // in order
}

// tailDay is what the tail has of one page and day. The bytes are only ever added to, so
// that who holds them can go on reading.
type tailDay struct {
	day   int32
	data  []byte // of metering.AppendEntries
	total metering.Total
	gone  bool // some entry is gone
}

func newTail(epoch int64) *tail {
	return &tail{epoch: epoch, dir: newDirectory(), pages: map[int64]*tailPage{}, byDay: map[int32]int{}}
}

// extend adds a batch. Its pages are in the directory.
func (t *tail) extend(seq int64, entries []metering.Entry) {
	for i := range entries {
		e := &entries[i]
		d := t.at(t.dir.page(e.Customer, e.Type), metering.DayOf(e.Time))
		d.data = metering.AppendEntries(d.data, entries[i:i+1])
		d.total.Add(e)
		d.gone = d.gone || e.Gone
		t.byDay[d.day]++
	}
	t.n += len(entries)
	t.seq = seq
}

// at returns a day, a new one if there is none.
func (t *tail) at(page int64, day int32) *tailDay {
	p := t.pages[page]
	if p == nil {
		p = &tailPage{}
		t.pages[page] = p
	}
	if n := len(p.days); n > 0 && p.days[n-1].day == day {
		return p.days[n-1]
	}
	i, there := slices.BinarySearchFunc(p.days, day, func(d *tailDay, day int32) int { return cmp.Compare(d.day, day) })
	if !there {
		p.days = slices.Insert(p.days, i, &tailDay{day: day})
	}
	return p.days[i]
}

// view returns the days of a page from one to another, as they are now.
func (t *tail) view(page int64, from, to int32) []tailDay {
	p := t.pages[page]
	if p == nil {
		return nil
	}
	var list []tailDay
	i, _ := slices.BinarySearchFunc(p.days, from, func(d *tailDay, day int32) int { return cmp.Compare(d.day, day) })
	for ; i < len(p.days) && p.days[i].day <= to; i++ {
		list = append(list, *p.days[i])
	}
	return list
}

// drop removes the days before another.
func (t *tail) drop(before int32) {
	for page, p := range t.pages {
		i, _ := slices.BinarySearchFunc(p.days, before, func(d *tailDay, day int32) int { return cmp.Compare(d.day, day) })
		if i == len(p.days) {
			delete(t.pages, page)
			continue
		}
		p.days = slices.Clone(p.days[i:])
	}
	for day, n := range t.byDay {
		if day < before {
			t.n -= n
			delete(t.byDay, day)
		}
	}
}

// load brings the tail to the state that a transaction sees: which is no earlier one.
func (t *tail) load(ctx context.Context, ses *session, h head) error {
	t.mu.RLock()
	epoch, seq, there := t.epoch, t.seq, directory{lastKind: t.dir.lastKind, lastPage: t.dir.lastPage}
	t.mu.RUnlock()
	fresh := epoch != h.epoch
	if fresh {
		seq, there = 0, directory{}
	}
	kinds, pages, err := readDirectory(ctx, ses, &there)
	if err != nil {
		return err
	}
	var batches []batch
	b := batch{}
	var data []byte
	err = ses.query(ctx, listLog, []any{&b.seq, &data}, func() error {
		b.entries, err = metering.ReadEntries(data)
		batches = append(batches, b)
		return err
	}, seq)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.epoch > h.epoch || t.epoch == h.epoch && t.seq >= h.seq && t.dir.lastPage >= h.page {
		return nil // another was faster
	}
	if fresh && t.epoch != h.epoch {
		t.epoch, t.seq, t.n = h.epoch, 0, 0
		t.dir, t.pages, t.byDay = newDirectory(), map[int64]*tailPage{}, map[int32]int{}
	}
	t.dir.add(kinds, pages)
	for _, b := range batches {
		if b.seq > t.seq {
			t.extend(b.seq, b.entries)
		}
	}
	t.seq = max(t.seq, h.seq)
	return nil
}

type batch struct {
	seq     int64
	entries []metering.Entry
}

// is reports whether the tail is in the state that a transaction sees.
func (t *tail) is(h head) bool {
	return t.epoch == h.epoch && t.seq == h.seq && t.dir.lastPage >= h.page
}

// ahead reports that the tail has what a transaction does not see.
func (t *tail) ahead(h head) bool { return t.epoch > h.epoch || t.epoch == h.epoch && t.seq > h.seq }

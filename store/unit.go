package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// Do runs fn as a unit of work: what fn writes through tx becomes one commit
// when fn returns nil, or nothing. What fn read with Get, found or not, must
// not have changed by then, so that two units cannot each act on what the other
// one changes; records that came out of Find guard nothing. If something has
// changed, fn runs again from the start: it has no effect but through tx. So it
// does if it fails, and what it read has changed meanwhile: it may have seen one
// record before and another one after somebody else's commit, and its error may
// come from that mixture.
//
// tx belongs to fn and to one goroutine, and ends with it. Reads see the unit's
// own writes. A Do inside of fn joins the unit. Where the store works in a
// transaction of the host ([Store.Join]), fn runs once.
func (s *Store) Do(ctx context.Context, fn func(tx *Store) error) error {
	if err := s.err(); err != nil {
		return err
	}
	if s.unit != nil {
		return fn(s)
	}
	for try := 1; ; try++ {
		tx := s.begin()
		err := tx.run(ctx, fn)
		if err == nil || s.joined || try == maxTries || ctx.Err() != nil {
			return err
		}
		if !tx.unit.worthRerunning(err) && (tx.unit.finished || !tx.unit.mixed(ctx, s.backend)) {
			return err
		}
		s.log.DebugContext(ctx, "unit of work reruns", "try", try, "because", err.Error())
	}
}

// begin returns the store with a new unit of work.
func (s *Store) begin() *Store {
	tx := *s
	tx.unit = &unit{keys: map[Key]*touched{}}
	return &tx
}

// run runs fn once and commits what the unit gathered.
func (s *Store) run(ctx context.Context, fn func(tx *Store) error) error {
	defer func() { s.unit.over = true }()
	if err := fn(s); err != nil {
		return err
	}
	s.unit.finished = true
	c := s.unit.commit()
	if len(c.Writes) == 0 && len(c.Events) == 0 {
		return nil
	}
	return s.backend.Commit(ctx, c)
}

// Left returns how many more records and events have room in the commit of the
// unit of work that the store belongs to: what it has read with Get counts, too.
// Outside of a unit it is what one commit has room for.
func (s *Store) Left() int {
	if s == nil || s.unit == nil {
		return MaxParts
	}
	return max(0, MaxParts-len(s.unit.order)-len(s.unit.events))
}

// unit gathers what one run of fn reads and writes.
type unit struct {
	keys   map[Key]*touched
	order  []*touched // first touch first, so that a commit is the same each time
	events []Event
	writes int
	over   bool

	finished bool // fn returned nil: an error is the backend's
}

// touched is a key as the unit sees it. Its own writes get versions below
// zero, which no backend ever gives.
type touched struct {
	base   Version        // what the backend must still have at the commit
	now    Document       // Version 0: absent
	was    *[Slots][]byte // index values of base, nil: not known
	read   bool           // through the unit
	dirty  bool           // written by the unit
	delete bool
}

// worthRerunning reports whether the function of the unit may come to another end
// if it runs again: something that it read has changed.
func (u *unit) worthRerunning(err error) bool {
	if errors.Is(err, servicecoin.ErrConflict) {
		return true
	}
	// An insert that met a record which this run had read as absent.
	k, ok := errors.AsType[*servicecoin.KeyError](err)
	if !ok || !errors.Is(err, servicecoin.ErrExists) {
		return false
	}
	t := u.keys[k.Key]
	return t != nil && t.base == 0 && !t.blind()
}

// mixed reports whether something that was read has changed since. A single
// record is no mixture.
func (u *unit) mixed(ctx context.Context, b Backend) bool {
	reads := slices.DeleteFunc(slices.Clone(u.order), func(t *touched) bool { return !t.read })
	if len(reads) < 2 {
		return false
	}
	return slices.ContainsFunc(reads, func(t *touched) bool {
		d, err := b.Get(ctx, t.now.Key)
		if errors.Is(err, servicecoin.ErrNotFound) {
			d.Version, err = 0, nil
		}
		return err == nil && d.Version != t.base // where Get fails, the first error says more
	})
}

// blind reports whether the key was inserted without having been read.
func (t *touched) blind() bool { return t.dirty && t.now.Version == blindVersion }

// blindVersion marks an insert whose key the unit never read: running the
// function again would meet the same record again.
const blindVersion Version = -1 << 62

func (u *unit) alive() error {
	if u.over {
		return fmt.Errorf("%w: the unit of work is over; its store is not to be kept", servicecoin.ErrRefused)
	}
	return nil
}

// load returns the document as the unit sees it, and remembers that it was
// read.
func (u *unit) load(ctx context.Context, s *Store, key Key) (Document, error) {
	if err := u.alive(); err != nil {
		return Document{}, err
	}
	t := u.keys[key]
	if t == nil {
		d, err := s.get(ctx, key)
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return d, err
		}
		if err != nil {
			d = Document{Key: key}
		}
		t = u.touch(d)
		t.was, t.read = &d.Index, true
	}
	if t.now.Version == 0 {
		return Document{}, servicecoin.NotFound(key)
	}
	return t.now, nil
}

// touch adds a key, as the backend has it.
func (u *unit) touch(d Document) *touched {
	t := &touched{base: d.Version, now: d}
	u.keys[d.Key] = t
	u.order = append(u.order, t)
	return t
}

// write adds w, or answers at once what the backend would answer at the
// commit, as far as the unit knows.
func (u *unit) write(w Write, events []Event) error {
	if err := u.alive(); err != nil {
		return err
	}
	u.writes++
	version := Version(-u.writes)
	t := u.keys[w.Key]
	switch {
	case t == nil:
		t = u.touch(Document{Key: w.Key})
		t.base = w.Expect
		if w.Expect == 0 {
			version = blindVersion
		}
	case t.now.Version == w.Expect:
	case w.Expect == 0:
		return &servicecoin.KeyError{Key: w.Key, Err: servicecoin.ErrExists}
	default:
		return &servicecoin.KeyError{Key: w.Key, Err: servicecoin.ErrConflict}
	}
	t.now, t.dirty, t.delete = w.Document, true, w.Delete
	t.now.Version = version
	if w.Delete {
		t.now.Version = 0
	}
	return u.record(events)
}

func (u *unit) record(events []Event) error {
	if err := u.alive(); err != nil {
		return err
	}
	u.events = append(u.events, events...)
	return nil
}

// commit turns what was touched into writes and checks.
func (u *unit) commit() Commit {
	c := Commit{Events: u.events}
	for _, t := range u.order {
		switch {
		case !t.dirty, t.delete && t.base == 0:
			c.Checks = append(c.Checks, Check{Key: t.now.Key, Version: t.base})
		default:
			c.Writes = append(c.Writes, Write{Document: t.now, Expect: t.base, Delete: t.delete, Was: t.was})
		}
	}
	return c
}

// overlay lays the unit's own writes over one page of what is stored: last
// tells whether the page is the listing's end.
func (u *unit) overlay(q Query, page []Document, last bool) []Document {
	var end *Cursor
	if !last {
		c := cursorOf(page[len(page)-1], q.Slot)
		end = &c
	}
	kept := slices.DeleteFunc(page, func(d Document) bool {
		t := u.keys[d.Key]
		return t != nil && t.dirty
	})
	for _, t := range u.order {
		if !t.dirty || t.delete || !q.Matches(t.now) {
			continue
		}
		if c := cursorOf(t.now, q.Slot); end == nil || q.before(c, *end) {
			kept = append(kept, t.now)
		}
	}
	slices.SortFunc(kept, func(a, b Document) int { return q.order(cursorOf(a, q.Slot), cursorOf(b, q.Slot)) })
	return kept
}

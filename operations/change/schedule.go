package change

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// MaxEntries is how many entries a [Schedule] may have.
const MaxEntries = 2_000_000

// Schedule is the forward schedule: an index over everything that takes time, that
// finds what an entry collides with by looking only at what shares an id and time
// with it. It never changes, so it can be shared between goroutines.
//
//	schedule, err := change.ScheduleOf(entries...)
//	for _, c := range schedule.Conflicts(planned, relations) { … }
type Schedule struct {
	entries []Entry // by start
	all     byTime
	every   byTime // those that concern every work
	by      map[listKey]byTime
}

// listKey is an id, and of what.
type listKey struct {
	of byte
	id string
}

// What there are lists of.
const (
	ofService  = 's'
	ofRecord   = 'r'
	ofPerson   = 'p'
	ofCustomer = 'c'
)

// ScheduleOf makes a schedule of entries. It takes about a microsecond for each of
// their ids. The error has every violation, with the index of its entry; two entries
// of the same kind and id are one.
func ScheduleOf(entries ...Entry) (*Schedule, error) {
	var v servicecoin.Violations
	if !v.Limit("entries", len(entries), MaxEntries) {
		return nil, v.Err()
	}
	seen := make(map[EntryRef]bool, len(entries))
	for n, e := range entries {
		if v.Len() >= servicecoin.MaxViolations {
			break
		}
		if err := e.Validate(); err != nil {
			v.Merge(fmt.Sprintf("entries[%d]", n), err)
		}
		if seen[e.Ref()] {
			v.Add(fmt.Sprintf("entries[%d].id", n), "duplicate", e.ID, "is the id of another "+e.Kind.words())
		}
		seen[e.Ref()] = true
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	s := &Schedule{entries: make([]Entry, len(entries)), by: map[listKey]byTime{}}
	for n, e := range entries {
		s.entries[n] = e.sorted()
	}
	slices.SortStableFunc(s.entries, func(a, b Entry) int {
		return cmp.Or(a.Span.Start.Compare(b.Span.Start), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	for n, e := range s.entries {
		s.file(int32(n), e)
	}
	s.all.finish()
	s.every.finish()
	for key, list := range s.by {
		list.finish()
		s.by[key] = list
	}
	return s, nil
}

// file puts an entry on the lists of its ids.
func (s *Schedule) file(n int32, e Entry) {
	if e.Span.Empty() {
		return
	}
	at := slot{start: e.Span.Start.UnixMicro(), end: e.Span.End.UnixMicro(), entry: n}
	s.all = append(s.all, at)
	if e.concernsAll() {
		s.every = append(s.every, at)
	}
	for key := range e.keys() {
		s.by[key] = append(s.by[key], at)
	}
}

// concernsAll reports whether an entry is in the way of every work.
func (e Entry) concernsAll() bool {
	return !e.Kind.Work() && len(e.Services) == 0 && (e.Kind == FreezeEntry || len(e.Customers) == 0)
}

// keys yields the ids of the entry.
func (e Entry) keys() iter.Seq[listKey] {
	return func(yield func(listKey) bool) {
		_ = each(e.Services, ofService, yield) && each(e.Records, ofRecord, yield) &&
			each(e.People, ofPerson, yield) && each(e.Customers, ofCustomer, yield)
	}
}

func each[T ~string](list []T, of byte, yield func(listKey) bool) bool {
	for _, id := range list {
		if !yield(listKey{of, string(id)}) {
			return false
		}
	}
	return true
}

// Len returns how many entries there are.
func (s *Schedule) Len() int { return len(s.entries) }

// During yields the entries that share an instant with an interval, in the order in
// which they begin.
func (s *Schedule) During(iv calendar.Interval) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		if iv.Empty() {
			return
		}
		for _, n := range s.all.overlapping(nil, iv.Start.UnixMicro(), iv.End.UnixMicro()) {
			if !yield(s.entries[n]) {
				return
			}
		}
	}
}

// Conflicts returns what an entry collides with, in the order in which that begins;
// nil if there is nothing, for which nothing is allocated. The entry itself, the one
// of its kind and id, is passed over, wherever it stands in the schedule. Relations
// may be nil: then services rest on nothing.
func (s *Schedule) Conflicts(of Entry, o *Relations) []Conflict {
	if of.Span.Empty() {
		return nil
	}
	found := s.candidates(of, o)
	if len(found) == 0 {
		return nil
	}
	slices.Sort(found)
	of = of.sorted()
	var out []Conflict
	for _, n := range slices.Compact(found) {
		out = collide(out, of, s.entries[n], o)
	}
	slices.SortStableFunc(out, inOrder)
	return out
}

// candidates returns the entries that share time and an id with one, or concern
// everything.
func (s *Schedule) candidates(of Entry, o *Relations) []int32 {
	start, end := of.Span.Start.UnixMicro(), of.Span.End.UnixMicro()
	if of.concernsAll() {
		return s.all.overlapping(nil, start, end)
	}
	var found []int32
	for _, id := range of.Services {
		found = s.by[listKey{ofService, string(id)}].overlapping(found, start, end)
		for _, other := range o.below(id) {
			found = s.by[listKey{ofService, string(other)}].overlapping(found, start, end)
		}
		for _, other := range o.above(id) {
			found = s.by[listKey{ofService, string(other)}].overlapping(found, start, end)
		}
	}
	for _, id := range of.Records {
		found = s.by[listKey{ofRecord, string(id)}].overlapping(found, start, end)
	}
	for _, id := range of.People {
		found = s.by[listKey{ofPerson, string(id)}].overlapping(found, start, end)
	}
	for _, id := range of.Customers {
		found = s.by[listKey{ofCustomer, string(id)}].overlapping(found, start, end)
	}
	if of.Kind.Work() {
		found = s.every.overlapping(found, start, end)
	}
	return found
}

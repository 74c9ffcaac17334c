package usage

import "github.com/servicecoin/servicecoin/metering"

// ShareHashes makes many keys have one hash.
func (s *Store) ShareHashes(mask uint64) { s.hash.mask = mask }

// Limit makes the tail smaller.
func (s *Store) Limit(few, most int) { s.limits = limits{few, most} }

// InTail returns how many entries are not sealed, as memory has it.
func (s *Store) InTail() int {
	s.tail.mu.RLock()
	defer s.tail.mu.RUnlock()
	return s.tail.n
}

// Places returns places and what they are of.
func Places(page int64, day int32) (place, pageAgain int64, dayAgain int32) {
	place = placeOf(page, day)
	return place, pageOf(place), dayOf(place)
}

// Months returns the month of a day, and the days of it.
func Months(day int32) (month int64, from, to int32) {
	month = monthOf(day)
	from, to = daysOf(month)
	return month, from, to
}

var _ metering.Shelf = (*shelf)(nil)

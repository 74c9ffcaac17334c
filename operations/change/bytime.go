package change

// slot is when an entry takes time, in microseconds since 1970.
type slot struct {
	start, end int64
	latest     int64 // the latest end of those below it in the tree
	entry      int32
}

// byTime is a list of slots by start, which is a balanced tree at once: the middle of
// a stretch is the root of what is before and after it. So a long slot costs nothing
// to those who ask about another time.
type byTime []slot

// finish works out the tree.
func (l byTime) finish() int64 {
	if len(l) == 0 {
		return -1 << 63
	}
	mid := len(l) / 2
	l[mid].latest = max(l[mid].end, l[:mid].finish(), l[mid+1:].finish())
	return l[mid].latest
}

// overlapping appends the entries that share an instant with [start, end), in order.
func (l byTime) overlapping(to []int32, start, end int64) []int32 {
	if len(l) == 0 {
		return to
	}
	mid := len(l) / 2
	if l[mid].latest <= start {
		return to
	}
	to = l[:mid].overlapping(to, start, end)
	if l[mid].start >= end {
		return to
	}
	if l[mid].end > start {
		to = append(to, l[mid].entry)
	}
	return l[mid+1:].overlapping(to, start, end)
}

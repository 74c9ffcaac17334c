package store

import (
	"fmt"
	"strconv"

	"github.com/servicecoin/servicecoin"
)

// The limits, the same on every backend: what runs on one runs on all.
const (
	MaxParts    = 100       // writes, checks and events of a commit, together
	MaxCommit   = 1 << 20   // bytes of a commit: bodies, index values, event data
	MaxDocument = 256 << 10 // bytes of a body, and of an event's data
	MaxIndex    = 512       // bytes of an index value
	MaxColumns  = 64        // columns of an index; an index value has no room for more
	MaxPage     = 1000      // documents or events in a page
)

// Validate reports every violation of the limits and of the form of a commit:
// keys, sizes, a key named twice, a deletion that expects nothing.
func (c Commit) Validate() error {
	if c.fine() {
		return nil
	}
	var v servicecoin.Violations
	size := 0
	seen := map[Key]string{}
	once := func(path string, k Key) {
		if other, ok := seen[k]; ok {
			v.Add(path, "duplicate", k.String(), "is named already by "+other)
			return
		}
		seen[k] = path
	}
	if n := len(c.Writes) + len(c.Checks) + len(c.Events); n > MaxParts {
		v.Add("", "too-many", strconv.Itoa(n), fmt.Sprintf("a commit has at most %d writes, checks and events together", MaxParts))
		return v.Err()
	}
	for i, w := range c.Writes {
		path := fmt.Sprintf("writes[%d]", i)
		v.Merge(path+".key", w.Key.Validate())
		once(path, w.Key)
		if w.Expect < 0 {
			v.Add(path+".expect", "negative", strconv.FormatInt(int64(w.Expect), 10), "versions are not negative")
		}
		if w.Shape < 0 {
			v.Add(path+".shape", "negative", strconv.Itoa(w.Shape), "shapes are not negative")
		}
		if w.Delete {
			if w.Expect == 0 {
				v.Add(path+".expect", "required", "0", "a deletion names the version that it deletes")
			}
			continue
		}
		if len(w.Body) > MaxDocument {
			v.Add(path+".body", "too-large", "", fmt.Sprintf("has %d bytes, %d are allowed", len(w.Body), MaxDocument))
		}
		size += len(w.Body)
		for n, x := range w.Index {
			if len(x) > MaxIndex {
				v.Add(fmt.Sprintf("%s.index[%d]", path, n), "too-large", "", fmt.Sprintf("has %d bytes, %d are allowed", len(x), MaxIndex))
			}
			size += len(x)
		}
	}
	for i, x := range c.Checks {
		path := fmt.Sprintf("checks[%d]", i)
		v.Merge(path+".key", x.Key.Validate())
		once(path, x.Key)
		if x.Version < 0 {
			v.Add(path+".version", "negative", strconv.FormatInt(int64(x.Version), 10), "versions are not negative")
		}
	}
	for i, e := range c.Events {
		path := fmt.Sprintf("events[%d]", i)
		v.Merge(path, e.Validate())
		size += len(e.Data)
	}
	if size > MaxCommit {
		v.Add("", "too-large", "", fmt.Sprintf("has %d bytes, a commit may have %d", size, MaxCommit))
	}
	return v.Err()
}

// fine is the quick answer for the common commit: a few writes, no faults.
func (c Commit) fine() bool {
	const few = 4
	if len(c.Writes) > few || len(c.Checks) > few || len(c.Events) > few {
		return false
	}
	size := 0
	for i, w := range c.Writes {
		if !fineKey(w.Key) || w.Expect < 0 || w.Shape < 0 || w.Delete && w.Expect == 0 || len(w.Body) > MaxDocument {
			return false
		}
		size += len(w.Body)
		for _, x := range w.Index {
			if len(x) > MaxIndex {
				return false
			}
			size += len(x)
		}
		for _, other := range c.Writes[:i] {
			if other.Key == w.Key {
				return false
			}
		}
	}
	for i, x := range c.Checks {
		if !fineKey(x.Key) || x.Version < 0 {
			return false
		}
		for _, other := range c.Checks[:i] {
			if other.Key == x.Key {
				return false
			}
		}
		for _, w := range c.Writes {
			if w.Key == x.Key {
				return false
			}
		}
	}
	for _, e := range c.Events {
		if !fineID(e.ID) || !fineID(e.Name) || !fineKey(e.Subject) || e.Validate() != nil {
			return false
		}
		size += len(e.Data)
	}
	return size <= MaxCommit
}

func fineKey(k Key) bool { return fineID(string(k.Customer)) && fineID(k.Kind) && fineID(k.ID) }

// fineID accepts printable ASCII of a legal length; the long way decides about
// the rest.
func fineID(s string) bool {
	if s == "" || len(s) > servicecoin.MaxIDBytes {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// Validate reports every violation of the event: id, name, subject, actor,
// time, size.
func (e Event) Validate() error {
	var v servicecoin.Violations
	v.ID("id", e.ID)
	v.ID("name", e.Name)
	v.Merge("subject", e.Subject.Validate())
	v.Merge("actor", e.Actor.Validate())
	v.Time("at", e.At)
	if len(e.Data) > MaxDocument {
		v.Add("data", "too-large", "", fmt.Sprintf("has %d bytes, %d are allowed", len(e.Data), MaxDocument))
	}
	return v.Err()
}

// Validate reports every violation of the query.
func (q Query) Validate() error {
	var v servicecoin.Violations
	whose(&v, q.Customer, q.Everyone)
	v.ID("kind", q.Kind)
	if q.Slot < 0 || q.Slot > Slots {
		v.Add("slot", "out-of-range", strconv.Itoa(q.Slot), fmt.Sprintf("must be 0 to %d", Slots))
	}
	if q.After != nil {
		v.Merge("after.key", q.After.Key.Validate())
		if q.After.Key.Kind != q.Kind {
			v.Add("after.key.kind", "mismatch", q.After.Key.Kind, "is the cursor of another kind")
		}
		if !q.Everyone && q.After.Key.Customer != q.Customer {
			v.Add("after.key.customer", "mismatch", string(q.After.Key.Customer), "is the cursor of another customer")
		}
		if q.Slot == 0 && q.After.Index != nil {
			v.Add("after.index", "mismatch", "", "a listing by id has no index value")
		}
		if q.Slot != 0 && q.After.Index == nil {
			v.Add("after.index", "required", "", "a listing by index has a value")
		}
	}
	limit(&v, q.Limit)
	return v.Err()
}

// Validate reports every violation of the feed's fields.
func (f Feed) Validate() error {
	var v servicecoin.Violations
	whose(&v, f.Customer, f.Everyone)
	if f.After < 0 {
		v.Add("after", "negative", strconv.FormatInt(int64(f.After), 10), "positions are not negative")
	}
	limit(&v, f.Limit)
	return v.Err()
}

// whose checks that a query names a customer or asks for all.
func whose(v *servicecoin.Violations, c servicecoin.CustomerID, everyone bool) {
	switch {
	case !everyone:
		v.ID("customer", string(c))
	case c != "":
		v.Add("customer", "contradiction", string(c), "everyone and one customer exclude each other")
	}
}

func limit(v *servicecoin.Violations, n int) {
	if n < 1 || n > MaxPage {
		v.Add("limit", "out-of-range", strconv.Itoa(n), fmt.Sprintf("must be 1 to %d", MaxPage))
	}
}

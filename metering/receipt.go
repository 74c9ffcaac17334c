package metering

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// Outcome is what became of an appended event.
type Outcome string

// The outcomes.
const (
	Added    Outcome = "added"    // it is stored now
	Repeat   Outcome = "repeat"   // it was stored before, with the same content
	Conflict Outcome = "conflict" // another content is stored under its key, and stays
	Refused  Outcome = "refused"  // it is not valid, and not stored
)

// Receipt is what became of the events of a batch: how many of each, and those that
// somebody has to look at.
type Receipt struct { //nolint:recvcheck // a value, which some methods fill in
	Added     int `json:"added"`
	Repeats   int `json:"repeats"`
	Conflicts int `json:"conflicts"`
	Refused   int `json:"refused"`
	// Exceptions are the conflicts and what was refused, in the order of the batch.
	Exceptions []Exception `json:"exceptions,omitempty"`
}

// Exception is an event of a batch that was not stored.
type Exception struct {
	Index   int     `json:"index"` // in the batch, from 0
	Outcome Outcome `json:"outcome"`
	Source  string  `json:"source"`
	ID      string  `json:"id"`
	// Stored is what the store has under the key of a conflict.
	Stored *Event `json:"stored,omitempty"`
	// Reason says by field and rule what is wrong with an event that was refused.
	Reason *servicecoin.InvalidError `json:"reason,omitempty"`
}

// Total returns how many events the batch had.
func (r Receipt) Total() int { return r.Added + r.Repeats + r.Conflicts + r.Refused }

// Outcome returns what became of the only event of a batch: "" for a batch of none or of
// several.
func (r Receipt) Outcome() Outcome {
	switch [4]int{r.Added, r.Repeats, r.Conflicts, r.Refused} {
	case [4]int{1, 0, 0, 0}:
		return Added
	case [4]int{0, 1, 0, 0}:
		return Repeat
	case [4]int{0, 0, 1, 0}:
		return Conflict
	case [4]int{0, 0, 0, 1}:
		return Refused
	}
	return ""
}

// Err returns an ErrInvalid that lists what was refused, each violation at the place of
// its event ("events[3].value"), nil if nothing was.
func (r Receipt) Err() error {
	var v servicecoin.Violations
	for _, x := range r.Exceptions {
		if x.Outcome == Refused && x.Reason != nil {
			v.Merge(fmt.Sprintf("events[%d]", x.Index), x.Reason)
		}
	}
	return v.Err()
}

// Count adds an outcome.
func (r *Receipt) Count(o Outcome) {
	switch o {
	case Added:
		r.Added++
	case Repeat:
		r.Repeats++
	case Conflict:
		r.Conflicts++
	case Refused:
		r.Refused++
	}
}

// Add adds the receipt of a later part of the same batch, whose first event has the
// index from.
func (r *Receipt) Add(part Receipt, from int) {
	r.Added, r.Repeats, r.Conflicts, r.Refused = r.Added+part.Added, r.Repeats+part.Repeats, r.Conflicts+part.Conflicts, r.Refused+part.Refused
	for _, x := range part.Exceptions {
		x.Index += from
		r.Exceptions = append(r.Exceptions, x)
	}
}

// Refuse notes an event that is not valid.
func (r *Receipt) Refuse(index int, e Event, why error) {
	reason, ok := why.(*servicecoin.InvalidError) //nolint:errorlint // what Validate answers is not wrapped
	if !ok {
		reason = &servicecoin.InvalidError{Violations: []servicecoin.Violation{{Code: "invalid", Text: why.Error()}}}
	}
	r.Count(Refused)
	r.Exceptions = append(r.Exceptions, Exception{Index: index, Outcome: Refused, Source: e.Source, ID: e.ID, Reason: reason})
}

// Shelf is what a store does within one Append: [Settle] decides what.
type Shelf interface {
	// Put stores those events whose keys are not there, and tells of each what it
	// found. No two of them have the same key, and they come in the order of their
	// keys, so that two batches never wait for each other.
	Put(events []Event) ([]Placed, error)
	// Known returns, for each key, the event and all facts about it, in any order,
	// with what Put has just stored.
	Known(keys []EventKey) ([][]Event, error)
	// Lay adds entries to what is counted.
	Lay(entries []Entry) error
}

// Placed is what Put found under a key.
type Placed struct {
	Added bool
	// Stored is what is there, if the event was not added.
	Stored Event
	// Awaited: it was added, it is no fact about another one, and facts about it
	// are there already.
	Awaited bool
}

// Settle is what the Append of all stores has in common: it checks the batch, has the
// first event of every key put, works out which entries follow, and tells what became of
// each event.
func Settle(events []Event, shelf Shelf) (Receipt, error) {
	var receipt Receipt
	var v servicecoin.Violations
	if !v.Limit("events", len(events), MaxBatch) {
		return Receipt{}, v.Err()
	}
	batch := make([]Event, len(events))
	order := make([]int, 0, len(events))
	for i, e := range events {
		if err := e.Validate(); err != nil {
			receipt.Refuse(i, e, err)
			continue
		}
		batch[i] = e.prepared()
		order = append(order, i)
	}
	if len(order) == 0 {
		return receipt, nil
	}
	slices.SortStableFunc(order, func(i, j int) int { return KeyOf(batch[i]).Compare(KeyOf(batch[j])) })
	first := make([]Event, 0, len(order))
	place := make([]int, len(batch)) // of the event's key among the first
	for n, i := range order {
		if n == 0 || KeyOf(batch[i]) != KeyOf(batch[order[n-1]]) {
			first = append(first, batch[i])
		}
		place[i] = len(first) - 1
	}
	placed, err := shelf.Put(first)
	if err != nil {
		return Receipt{}, err
	}
	entries, err := entriesOf(first, placed, shelf)
	if err != nil {
		return Receipt{}, err
	}
	if len(entries) > 0 {
		if err := shelf.Lay(entries); err != nil {
			return Receipt{}, err
		}
	}
	slices.Sort(order)
	for _, i := range order {
		p := &placed[place[i]]
		receipt.settle(i, batch[i], p)
		if p.Added { // whoever comes second finds it there
			p.Added, p.Stored = false, first[place[i]]
		}
	}
	slices.SortFunc(receipt.Exceptions, func(a, b Exception) int { return cmp.Compare(a.Index, b.Index) })
	return receipt, nil
}

// settle compares an event with what was found under its key.
func (r *Receipt) settle(index int, e Event, p *Placed) {
	switch {
	case p.Added:
		r.Count(Added)
	case e.Same(p.Stored):
		r.Count(Repeat)
	default:
		r.Count(Conflict)
		r.Exceptions = append(r.Exceptions, Exception{Index: index, Outcome: Conflict, Source: e.Source, ID: e.ID, Stored: new(p.Stored.clone())})
	}
}

// entriesOf works out what is counted from now on, and what no longer.
func entriesOf(first []Event, placed []Placed, shelf Shelf) ([]Entry, error) {
	var about []EventKey
	isAbout := map[EventKey]bool{}
	added := 0
	for i, e := range first {
		if !placed[i].Added {
			continue
		}
		added++
		if key := e.About(); (e.Does != Happen || placed[i].Awaited) && !isAbout[key] {
			isAbout[key] = true
			about = append(about, key)
		}
	}
	entries := make([]Entry, 0, added)
	for i, e := range first {
		if placed[i].Added && e.Does == Happen && (len(about) == 0 || !isAbout[KeyOf(e)]) {
			entries = append(entries, Entry{Event: e})
		}
	}
	if len(about) == 0 {
		return entries, nil
	}
	isNew := map[EventKey]bool{}
	for i, e := range first {
		if placed[i].Added && isAbout[e.About()] {
			isNew[KeyOf(e)] = true
		}
	}
	slices.SortFunc(about, EventKey.Compare)
	known, err := shelf.Known(about)
	if err != nil {
		return nil, err
	}
	for _, all := range known {
		before := slices.DeleteFunc(slices.Clone(all), func(e Event) bool { return isNew[KeyOf(e)] })
		entries = append(entries, between(Timeline(before), Timeline(all))...)
	}
	return entries, nil
}

package runbook

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Flaw is an entry that does not stand as it was written.
type Flaw struct {
	Number int      `json:"number"`          // its place in the run, from 1
	Until  int      `json:"until,omitempty"` // of several that were dropped: the last of them
	Kind   FlawKind `json:"kind"`
	Text   string   `json:"text"` // for people
}

// FlawKind says what was done to an entry.
type FlawKind string

// The kinds of flaws.
const (
	EntryChanged   FlawKind = "changed"   // its bytes, or what was open beside them, are others
	EntryDropped   FlawKind = "dropped"   // it is not there
	EntryReordered FlawKind = "reordered" // another entry stands in its place
	EntryAdded     FlawKind = "added"     // it was never counted
)

// Verdict is what verifying a run found.
type Verdict struct {
	Entries int    `json:"entries"`          // that were looked at
	Erased  []int  `json:"erased,omitempty"` // entries of which something was erased; that is no flaw
	Flaws   []Flaw `json:"flaws,omitempty"`  // the first 1000, in the order of the run
	More    int    `json:"more,omitempty"`   // flaws beyond those
}

// Sound reports whether every entry stands as it was written.
func (v Verdict) Sound() bool { return len(v.Flaws) == 0 }

const mostFlaws = 1000

// Verifier verifies the entries of a run, one after the other: a SHA-256 over the
// sealed bytes of each, and one over what is open beside it. Make it with
// [NewVerifier], hand it every stored entry in order of place, and ask for the
// verdict.
//
// An entry is changed if its digest is not that of its bytes, or if the next one was
// chained to something else; the last one is held by the head. Of two entries that
// do not fit each other, the later one is named if it does not fit the one after it
// either, and otherwise the earlier one.
type Verifier struct {
	run     RunID
	count   int
	head    string
	verdict Verdict

	last  link // the entry before; at first what stands before all of them
	place int  // that of the entry before
	// loose says that the entry before does not fit the one before that, and that it
	// is not said yet which of the two was changed.
	loose bool
}

// link is what the verifier knows of an entry when it looks at the next one.
type link struct {
	whole  bool   // it stands in its place, and its digest is that of its bytes
	digest Digest // as stored
}

// NewVerifier verifies against a count and a head: of the run's record, of its
// closing event, of printed evidence.
func NewVerifier(run RunID, count int, head string) *Verifier {
	return &Verifier{run: run, count: count, head: head, last: link{whole: true}}
}

// Add looks at the entry that is stored at a place, from 1. Places grow.
func (v *Verifier) Add(place int, e Entry) {
	h, ok := headOf(&e)
	v.add(place, &e, &h, ok)
}

// AddBytes is [Verifier.Add] of an entry as it is stored, see [Entry.Bytes]. It is
// faster, finds the same, and keeps nothing of the bytes.
func (v *Verifier) AddBytes(place int, stored []byte) {
	var e Entry
	var h sealedHead
	v.add(place, &e, &h, readEntry(stored, &e, &h))
}

func (v *Verifier) add(place int, e *Entry, h *sealedHead, ok bool) {
	v.verdict.Entries++
	if place > v.count {
		v.flaw(place, 0, EntryAdded, "was never counted")
		return
	}
	if place > v.place+1 {
		v.fit(true)
		v.drop(v.place+1, place-1)
		v.last = link{}
	}
	now := v.look(place, e, h, ok)
	v.fit(!now.whole || !v.last.whole || bytes.Equal(h.before, v.last.digest[:]))
	v.last, v.place = now, place
}

// fit is told whether the entry before fits what comes after it, and names the one
// that was changed once that is clear.
func (v *Verifier) fit(fits bool) {
	if !v.loose {
		v.loose = !fits
		return
	}
	changed := v.place
	if fits {
		changed = max(v.place-1, 1)
	}
	v.loose = false
	v.flaw(changed, 0, EntryChanged, "does not fit what was chained to it")
}

// look says how an entry stands by itself.
func (v *Verifier) look(place int, e *Entry, h *sealedHead, ok bool) link {
	switch {
	case !ok:
		v.flaw(place, 0, EntryChanged, "is no entry any more")
		return link{}
	case string(h.run) != string(v.run) || h.number != uint64(place): //nolint:gosec // from 1
		v.reordered(place, e, h.number, string(h.run))
		return link{}
	}
	l := link{digest: e.Digest, whole: sha256.Sum256(e.Sealed) == e.Digest}
	erased, broken := h.opened(e.open)
	switch {
	case !l.whole:
		v.flaw(place, 0, EntryChanged, "its digest is not that of its bytes")
	case broken:
		v.flaw(place, 0, EntryChanged, "what is open beside it is not what was sealed")
	case erased:
		v.verdict.Erased = append(v.verdict.Erased, place)
	}
	return l
}

// reordered names an entry that stands where another one was. One that is not whole
// by itself was changed.
func (v *Verifier) reordered(place int, e *Entry, number uint64, run string) {
	switch {
	case sha256.Sum256(e.Sealed) != e.Digest:
		v.flaw(place, 0, EntryChanged, "its digest is not that of its bytes")
	case run != string(v.run):
		v.flaw(place, 0, EntryReordered, "in its place stands an entry of another run")
	default:
		v.flaw(place, 0, EntryReordered, fmt.Sprintf("in its place stands entry %d", number))
	}
}

func (v *Verifier) drop(from, to int) {
	until := 0
	if to > from {
		until = to
	}
	v.flaw(from, until, EntryDropped, "is not there")
}

// flaw names an entry, once for each kind: what is known of one comes within two
// steps.
func (v *Verifier) flaw(number, until int, kind FlawKind, text string) {
	const recent = 4
	named := v.verdict.Flaws[max(0, len(v.verdict.Flaws)-recent):]
	if slices.ContainsFunc(named, func(f Flaw) bool { return f.Number == number && f.Kind == kind }) {
		return
	}
	if len(v.verdict.Flaws) >= mostFlaws {
		v.verdict.More++
		return
	}
	v.verdict.Flaws = append(v.verdict.Flaws, Flaw{Number: number, Until: until, Kind: kind, Text: text})
}

// Verdict ends the verification: what is missing at the end is named, and the last
// entry has to be the head.
func (v *Verifier) Verdict() Verdict {
	if v.place < v.count {
		v.fit(true)
		v.drop(v.place+1, v.count)
	} else {
		want, err := hex.DecodeString(v.head)
		fits := !v.last.whole || v.count == 0 || err == nil && bytes.Equal(want, v.last.digest[:])
		v.fit(fits)
		if v.loose { // the head is right by itself
			v.loose = false
			v.flaw(v.place, 0, EntryChanged, "is not what the head of the chain says")
		}
	}
	slices.SortStableFunc(v.verdict.Flaws, func(a, b Flaw) int { return cmp.Compare(a.Number, b.Number) })
	return v.verdict
}

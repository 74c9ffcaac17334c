package incident

import (
	"slices"
	"time"
)

// TimeToDetect returns how long it was going on before the provider could
// know. It is always defined.
func (i *Incident) TimeToDetect() time.Duration { return i.DetectedAt.Sub(i.Began) }

// TimeToAcknowledge returns how long after it was reported somebody took it
// on for the first time. It is undefined, false, if nobody ever did, also when
// it is over: a missing acknowledgement does not hide.
func (i *Incident) TimeToAcknowledge() (time.Duration, bool) {
	if i.AcknowledgedAt.IsZero() {
		return 0, false
	}
	return i.AcknowledgedAt.Sub(i.ReportedAt), true
}

// TimeToRestore returns how long after it began the last service was back. It
// is undefined, false, until it is resolved, and again once it is reopened.
func (i *Incident) TimeToRestore() (time.Duration, bool) {
	if i.RestoredAt.IsZero() {
		return 0, false
	}
	return i.RestoredAt.Sub(i.Began), true
}

// Outcome is what became of a promised update.
type Outcome string

// The outcomes.
const (
	Kept         Outcome = "kept"    // told, or over, at the promised instant or before
	Missed       Outcome = "missed"  // the instant passed in silence
	StillPending Outcome = "pending" // neither yet
)

// PromisedUpdate is one promise of a public entry to say more.
type PromisedUpdate struct {
	MadeAt  time.Time `json:"madeAt"`
	Due     time.Time `json:"due"`
	ToldAt  time.Time `json:"toldAt,omitzero"` // the next public entry, or the end; zero: none by the time asked
	Outcome Outcome   `json:"outcome"`
}

// PromisedUpdates returns what had become at t of each promise made by then,
// in the order in which they were made. A promise is kept by the next public
// entry, or by resolving or cancelling, at the promised instant or before. It
// goes by when things happened; RecordedAt stands beside it in the timeline.
func (i *Incident) PromisedUpdates(t time.Time) []PromisedUpdate {
	told := i.told(t)
	var out []PromisedUpdate
	for n, e := range told {
		if e.NextUpdateBy.IsZero() {
			continue
		}
		p := PromisedUpdate{MadeAt: e.At, Due: e.NextUpdateBy, Outcome: StillPending}
		if n+1 < len(told) {
			p.ToldAt = told[n+1].At
		}
		switch {
		case !p.ToldAt.IsZero() && !p.ToldAt.After(p.Due):
			p.Outcome = Kept
		case !p.ToldAt.IsZero() || t.After(p.Due):
			p.Outcome = Missed
		}
		out = append(out, p)
	}
	return out
}

// told returns the entries until t that end a silence, in order of time.
func (i *Incident) told(t time.Time) []Entry {
	var out []Entry
	for _, e := range i.Timeline {
		over := e.To == Resolved || e.To == Cancelled
		if (over || e.Audience == Public) && !e.At.After(t) {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b Entry) int { return a.At.Compare(b.At) })
	return out
}

// NextUpdate returns the promise that stands at t, be it overdue; false if
// none does.
func (i *Incident) NextUpdate(t time.Time) (time.Time, bool) {
	told := i.told(t)
	if len(told) == 0 {
		return time.Time{}, false
	}
	due := told[len(told)-1].NextUpdateBy
	return due, !due.IsZero()
}

// Adherence counts promised updates by outcome. It is no rate: without any
// promise there is nothing to divide by, and few are no measure.
type Adherence struct {
	Kept    int `json:"kept"`
	Missed  int `json:"missed"`
	Pending int `json:"pending"`
}

// Add adds what became of further ones.
func (a *Adherence) Add(other Adherence) {
	a.Kept, a.Missed, a.Pending = a.Kept+other.Kept, a.Missed+other.Missed, a.Pending+other.Pending
}

// Adhered counts the outcomes of promised updates, of one incident or of many.
func Adhered(updates ...PromisedUpdate) Adherence {
	var a Adherence
	for _, p := range updates {
		switch p.Outcome {
		case Kept:
			a.Kept++
		case Missed:
			a.Missed++
		case StillPending:
			a.Pending++
		}
	}
	return a
}

package release

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/version"
)

// FixID names a critical fix.
type FixID string

// Fix is a critical flaw of the platform itself, from when it is known to when the last
// customer has a version that mends it.
type Fix struct {
	ID       FixID      `json:"id"`
	Platform PlatformID `json:"platform"`
	// Advisory is what it is called where flaws are kept: CVE-2026-40118.
	Advisory string `json:"advisory,omitempty"`
	Title    string `json:"title"`
	// Affected are the versions that have the flaw: ">=8.2 <8.4.3".
	Affected string    `json:"affected"`
	KnownAt  time.Time `json:"knownAt"`
	// Promise is what held when it was known: what is promised later changes nothing.
	Promise FixPromise `json:"promise"`
	// In are the versions that mend it, one of each line that gets it.
	In        []FixedIn `json:"in,omitempty"`
	Withdrawn *Skip     `json:"withdrawn,omitempty"` // it was none
	ChangedAt time.Time `json:"changedAt"`
}

// FixedIn is a version that mends a flaw, and when it was there.
type FixedIn struct {
	Version string    `json:"version"`
	At      time.Time `json:"at"`
}

const maxFixedIn = 200

// Validate reports every violation.
func (f Fix) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(f.ID))
	v.ID("platform", string(f.Platform))
	v.Text("advisory", f.Advisory, 0, maxName)
	v.Text("title", f.Title, 1, maxItem)
	readRange(&v, "affected", f.Affected)
	v.Time("knownAt", f.KnownAt)
	f.Promise.validate(&v, "promise")
	if v.Limit("in", len(f.In), maxFixedIn) {
		for n, x := range f.In {
			readVersion(&v, fmt.Sprintf("in[%d].version", n), x.Version)
			v.Time(fmt.Sprintf("in[%d].at", n), x.At)
			if x.At.Before(f.KnownAt) {
				v.Add(fmt.Sprintf("in[%d].at", n), "out-of-order", lifecycle.Stamp(x.At), "must not be before it was known, "+lifecycle.Stamp(f.KnownAt))
			}
		}
	}
	return v.Err()
}

// Mends reports whether a version does not have the flaw: it is not among those that are
// affected, or it is one that mends it, or a later one of its line, or newer than all of
// these. Lines are those of the platform.
func (f Fix) Mends(lines []Line, text string) bool {
	v, err := version.ParseLoose(text)
	if err != nil {
		return false
	}
	if r, err := version.ParseRange(f.Affected); err != nil || !r.Holds(v, version.Always) {
		return err == nil
	}
	own, inLine := LineOf(lines, text)
	newest := ""
	for _, x := range f.In {
		l, ok := LineOf(lines, x.Version)
		if ok && inLine && l.Name == own.Name && compare(text, x.Version) >= 0 {
			return true
		}
		if newest == "" || compare(x.Version, newest) > 0 {
			newest = x.Version
		}
	}
	return newest != "" && compare(text, newest) >= 0
}

// FixedAt returns when the first version that mends it was there, zero if none is.
func (f Fix) FixedAt() time.Time {
	var at time.Time
	for _, x := range f.In {
		if at.IsZero() || x.At.Before(at) {
			at = x.At
		}
	}
	return at
}

// Progress is how far the rollout of a fix is at one installation.
type Progress string

// How far it is.
const (
	NeverAffected Progress = "notAffected" // it did not run an affected version since the flaw is known
	Mended        Progress = "mended"
	Exposed       Progress = "exposed" // it runs an affected version
	Stopped       Progress = "stopped" // it ran one, and runs nothing any more
)

// Installation is what one customer runs, with all that it ran since some instant.
type Installation struct {
	Customer servicecoin.CustomerID `json:"customer"`
	Running
}

// Rolled is how far a fix is at one installation, by an instant.
type Rolled struct {
	Customer     servicecoin.CustomerID `json:"customer"`
	Installation string                 `json:"installation,omitempty"`
	Ring         int                    `json:"ring"`
	Version      string                 `json:"version,omitempty"` // that runs
	Progress     Progress               `json:"progress"`
	At           time.Time              `json:"at,omitzero"` // since when it is mended, or nothing runs
	// Took is from when the flaw was known to then; undefined while it is exposed.
	Took calendar.Duration `json:"took"`
	By   time.Time         `json:"by,omitzero"` // the end of what is promised to the customer; zero: nothing is
	// Pinned says why it does not get the version that mends it: its pin does not hold one.
	Pinned string `json:"pinned,omitempty"`
}

// InTime reports whether what was promised was kept: false while it is not mended and the
// time is over, or when it was mended later. Known is false where nothing is promised, or
// there is time left.
func (r Rolled) InTime(at time.Time) (kept, known bool) {
	switch {
	case r.By.IsZero() || r.Progress == NeverAffected:
		return false, false
	case r.Progress == Exposed:
		return false, at.After(r.By)
	}
	return !r.At.After(r.By), true
}

// Rollout is how far a fix is everywhere.
type Rollout struct {
	Fix Fix `json:"fix"`
	// FixedAt is when the first version that mends it was there, FixedBy the end of what is
	// promised for that.
	FixedAt time.Time `json:"fixedAt,omitzero"`
	FixedBy time.Time `json:"fixedBy,omitzero"`
	Rows    []Rolled  `json:"rows"`
	// Complete is when the last installation was mended; zero while one is exposed.
	Complete time.Time `json:"complete,omitzero"`

	Kept    int `json:"kept"`    // installations that were mended in time
	Missed  int `json:"missed"`  // that were not, or are not and the time is over
	Exposed int `json:"exposed"` // that run an affected version
}

// RollOut says how far a fix is at an instant, ring by ring, by what runs. An installation
// is mended since it ran, without a break until then, versions that do not have the flaw.
func RollOut(f Fix, p Platform, lines []Line, list []Installation, at time.Time) Rollout {
	out := Rollout{Fix: f}
	if fixed := f.FixedAt(); !fixed.IsZero() && !fixed.After(at) {
		out.FixedAt = fixed
	}
	if d, ok := f.Promise.Fixed.Get(); ok {
		out.FixedBy = f.KnownAt.Add(d)
	}
	for n := range list {
		row := f.rolled(p, lines, &list[n], at)
		out.Rows = append(out.Rows, row)
		if row.Progress == Exposed {
			out.Exposed++
		}
		if kept, known := row.InTime(at); known && kept {
			out.Kept++
		} else if known {
			out.Missed++
		}
		if row.Progress != NeverAffected && row.At.After(out.Complete) {
			out.Complete = row.At
		}
	}
	if out.Exposed > 0 {
		out.Complete = time.Time{}
	}
	slices.SortStableFunc(out.Rows, func(a, b Rolled) int {
		return cmp.Or(cmp.Compare(a.Ring, b.Ring), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Installation, b.Installation))
	})
	return out
}

func (f Fix) rolled(p Platform, lines []Line, i *Installation, at time.Time) Rolled {
	row := Rolled{Customer: i.Customer, Installation: i.Installation, Ring: i.Ring, Version: i.At(at), Progress: NeverAffected}
	if f.Withdrawn != nil {
		return row // it was no flaw
	}
	if d, ok := f.Promise.of(i.Customer).Get(); ok {
		row.By = f.KnownAt.Add(d)
	}
	spans := slices.Clone(i.Spans)
	if i.Version != "" {
		spans = append(spans, Span{i.Version, i.Since, at})
	}
	exposed := time.Time{} // until when it ran an affected version, after the flaw was known
	for _, s := range spans {
		if s.From.After(at) {
			break
		}
		if s.Until.After(at) {
			s.Until = at
		}
		if !f.Mends(lines, s.Version) && (s.Until.After(f.KnownAt) || s.Version == row.Version && !at.Before(f.KnownAt) && s.Until.Equal(at)) {
			exposed = s.Until
		}
	}
	switch {
	case exposed.IsZero():
		return row
	case row.Version != "" && !f.Mends(lines, row.Version):
		row.Progress = Exposed
		if pin := i.PinAt(at, p.Today(at)); pin != nil && !slices.ContainsFunc(f.In, func(x FixedIn) bool { return pin.Allows(x.Version) }) {
			row.Pinned = pin.Range + ": " + pin.Why
		}
		return row
	case row.Version == "":
		row.Progress = Stopped
	default:
		row.Progress = Mended
	}
	row.At = exposed
	for _, s := range spans { // what mends it may have begun after a break
		if row.Progress == Mended && !s.From.Before(exposed) {
			row.At = s.From
			break
		}
	}
	row.Took = calendar.Within(row.At.Sub(f.KnownAt))
	return row
}

// InRing is one ring of a rollout.
type InRing struct {
	Ring     int       `json:"ring"`
	Affected int       `json:"affected"` // installations that ran an affected version
	Mended   int       `json:"mended"`   // of them, or stopped
	Complete time.Time `json:"complete,omitzero"`
}

// Rings returns how far a rollout is, ring by ring.
func (r Rollout) Rings() []InRing {
	var out []InRing
	for _, row := range r.Rows {
		if n := len(out); n == 0 || out[n-1].Ring != row.Ring {
			out = append(out, InRing{Ring: row.Ring})
		}
		ring := &out[len(out)-1]
		if row.Progress == NeverAffected {
			continue
		}
		ring.Affected++
		if row.Progress != Exposed {
			ring.Mended++
			if row.At.After(ring.Complete) {
				ring.Complete = row.At
			}
		}
	}
	for n := range out {
		if out[n].Mended < out[n].Affected {
			out[n].Complete = time.Time{}
		}
	}
	return out
}

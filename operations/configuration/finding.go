package configuration

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// FindingState is what became of a difference.
type FindingState string

// The states of findings.
const (
	FindingOpen         FindingState = "open"
	FindingAcknowledged FindingState = "acknowledged" // somebody has seen it; it is there all the same
	FindingAccepted     FindingState = "accepted"     // it is desired now
	FindingRemedied     FindingState = "remedied"     // it was not there any more
	FindingOverruled    FindingState = "overruled"    // something else is desired now, and it is no difference any more
)

// Finding is a difference between what is desired and what is observed, over the time
// in which it was there.
type Finding struct {
	Number int `json:"number"` // of the item's findings, from 1
	Difference
	// Cut says that a value is too long to be kept beside the finding: a text stands for
	// it.
	Cut bool `json:"cut,omitempty"`

	State     FindingState         `json:"state"`
	FirstSeen time.Time            `json:"firstSeen"`
	LastSeen  time.Time            `json:"lastSeen"`
	SeenBy    string               `json:"seenBy"` // what observed it last
	Origin    Origin               `json:"origin"`
	Change    servicecoin.ChangeID `json:"change,omitempty"` // that explains it

	Acknowledged *Note `json:"acknowledged,omitempty"`
	Ended        *Note `json:"ended,omitempty"`
}

// Note says who did something with a finding, and why.
type Note struct {
	By     servicecoin.Actor    `json:"by"`
	At     time.Time            `json:"at"`
	Text   string               `json:"text,omitempty"`
	Change servicecoin.ChangeID `json:"change,omitempty"` // that let it become desired
}

// Drift is what is known of the differences of an item.
type Drift struct {
	Item servicecoin.ConfigurationID `json:"item"`
	Look Look                        `json:"look"` // the observation that they are of
	Last int                         `json:"last"` // number of the last finding
	// Open are those that are there, by path.
	Open []Finding `json:"open"`
	// More counts the differences that there is no room for.
	More int `json:"more,omitempty"`
	// Past are those that ended last, the last one first.
	Past []Finding `json:"past"`
}

// Limits of what is kept of an item's drift.
const (
	mostOpen  = 300
	mostPast  = 30
	mostValue = 1000 // bytes of a value beside a finding
	mostDrift = 220 << 10
)

// shortened returns a finding's difference without what is too long.
func shortened(d Difference) (Difference, bool) {
	cut := false
	for _, v := range []*Value{&d.Desired, &d.Observed} {
		if v.kind == Absent {
			continue
		}
		if text := v.String(); len(text) > mostValue {
			*v, cut = TextOf(fmt.Sprintf("%s of %d bytes", v.kind, len(text))), true
		} else if v.kind < List {
			v.text = strings.Clone(v.text) // not the whole document that it was read from
		}
	}
	return d, cut
}

// sighting is an observation as findings see it.
type sighting struct {
	look   Look
	by     servicecoin.Actor
	at     time.Time // when it is known
	origin Origin    // of what is new
	change servicecoin.ChangeID
	ends   FindingState // what becomes of those that are not there any more
}

// meet returns the drift after a comparison. What was looked at and differs no more
// has ended; what is found as something else than before is open again.
func (d Drift) meet(list []Difference, s sighting) Drift {
	now := map[string]Difference{}
	for _, x := range list {
		if s.look.Covers(x.Path) {
			now[x.Path+"\x00"+string(x.Kind)] = x
		}
	}
	d.Look, d.More = s.look, 0
	old := d.Open
	d.Open = []Finding{}
	for _, f := range old {
		key := f.Path + "\x00" + string(f.Kind)
		x, still := now[key]
		switch {
		case still:
			delete(now, key)
			d.Open = append(d.Open, f.again(x, s))
		case s.look.Covers(f.Path):
			d.Past = ended(d.Past, f, s.ends, Note{By: s.by, At: s.at})
		default:
			d.Open = append(d.Open, f)
		}
	}
	for _, x := range list { // in the order of their paths
		if _, ok := now[x.Path+"\x00"+string(x.Kind)]; !ok {
			continue
		}
		delete(now, x.Path+"\x00"+string(x.Kind))
		if len(d.Open) >= mostOpen {
			d.More++
			continue
		}
		d.Last++
		f := Finding{Number: d.Last, State: FindingOpen, FirstSeen: s.look.At, LastSeen: s.look.At, SeenBy: s.look.By, Origin: s.origin, Change: s.change}
		f.Difference, f.Cut = shortened(x)
		d.Open = append(d.Open, f)
	}
	slices.SortStableFunc(d.Open, func(a, b Finding) int { return cmp.Compare(a.Path, b.Path) })
	return d.fit()
}

// again returns a finding that is seen once more.
func (f Finding) again(x Difference, s sighting) Finding {
	before := f.Difference
	f.Difference, f.Cut = shortened(x)
	f.LastSeen, f.SeenBy = s.look.At, s.look.By
	if !same(&before.Observed, &f.Observed) {
		f.State, f.Origin, f.Change, f.Acknowledged = FindingOpen, s.origin, s.change, nil
	}
	return f
}

// ended puts a finding before those that are over.
func ended(past []Finding, f Finding, state FindingState, n Note) []Finding {
	f.State, f.Ended = state, &n
	past = append([]Finding{f}, past...)
	return past[:min(len(past), mostPast)]
}

// fit makes room: what is over goes first, then what was found last.
func (d Drift) fit() Drift {
	for {
		body, err := json.Marshal(d)
		if err != nil || len(body) <= mostDrift {
			return d
		}
		switch {
		case len(d.Past) > 0:
			d.Past = d.Past[:len(d.Past)/2]
		default:
			half := len(d.Open) / 2
			d.More += len(d.Open) - half
			d.Open = d.Open[:half]
		}
	}
}

// find returns an open finding, nil if there is none of that number.
func (d Drift) find(number int) *Finding {
	for n := range d.Open {
		if d.Open[n].Number == number {
			return &d.Open[n]
		}
	}
	return nil
}

// Acknowledge says that somebody has seen a finding, and what of it.
func (d Drift) Acknowledge(by servicecoin.Actor, at time.Time, number int, text string) (Drift, error) {
	at, err := lifecycle.Check(by, at, lifecycle.Maybe(text, mostReason))
	if err != nil {
		return d, err
	}
	d.Open = slices.Clone(d.Open)
	f := d.find(number)
	if f == nil {
		return d, d.refuse(VerbAcknowledge, fmt.Sprintf("finding %d is not open", number))
	}
	if f.State == FindingAcknowledged {
		return d, d.refuse(VerbAcknowledge, fmt.Sprintf("finding %d is acknowledged by %s", number, f.Acknowledged.By.ID))
	}
	f.State, f.Acknowledged = FindingAcknowledged, &Note{By: by, At: at, Text: text}
	return d, nil
}

func (d Drift) refuse(verb, why string) error {
	return &servicecoin.RefusedError{Subject: servicecoin.Key{Kind: ItemRecord, ID: string(d.Item)}, Verb: verb, Why: why}
}

// Stray is what was observed and is not recorded.
type Stray struct {
	ID           servicecoin.ConfigurationID `json:"id"`
	Type         TypeName                    `json:"type,omitempty"`
	Name         string                      `json:"name,omitempty"`
	FirstSeen    time.Time                   `json:"firstSeen"`
	LastSeen     time.Time                   `json:"lastSeen"`
	SeenBy       string                      `json:"seenBy"`
	Acknowledged *Note                       `json:"acknowledged,omitempty"`
}

// summed returns the item with the figures of its drift.
func (i Item) summed(d Drift) Item {
	i.Open, i.Worst, i.DriftsAt, i.Unauthorised = len(d.Open)+d.More, "", time.Time{}, 0
	for _, f := range d.Open {
		if slices.Index(Severities(), f.Severity) > slices.Index(Severities(), i.Worst) {
			i.Worst = f.Severity
		}
		if i.DriftsAt.IsZero() || f.FirstSeen.Before(i.DriftsAt) {
			i.DriftsAt = f.FirstSeen
		}
		if f.Origin == Unauthorised {
			i.Unauthorised++
		}
	}
	return i
}

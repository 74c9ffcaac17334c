package sla

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// ExclusionTerms say which exclusions count.
type ExclusionTerms struct {
	// NoticeSeconds is how long before its start an exclusion is announced. One
	// that was announced later, or never, does not count.
	NoticeSeconds int64 `json:"noticeSeconds"`
	// CapSeconds is how much of a period can be excluded; what comes after
	// that in time counts again. Null: no cap.
	CapSeconds decimal.NullDecimal `json:"capSeconds"`
	// NeedsApproval demands a named approver.
	NeedsApproval bool `json:"needsApproval"`
}

// Counting says how the length of an outage is counted.
type Counting string

// The ways to count.
const (
	// Exact counts to the microsecond. It is what "" means, too.
	Exact Counting = "exact"
	// WholeMinutes counts the whole consecutive minutes of each outage, from
	// its start, and drops the rest, as the cloud providers' agreements with
	// "downtime periods" do. Outages that touch or overlap are one.
	WholeMinutes Counting = "whole-minutes"
)

// Terms say how facts become downtime.
type Terms struct {
	Weights    Weights        `json:"weights"`
	Exclusions ExclusionTerms `json:"exclusions"`
	Counting   Counting       `json:"counting,omitempty"`
}

// Validate reports every violation of the terms.
func (t Terms) Validate() error {
	var v servicecoin.Violations
	v.Merge("weights", t.Weights.Validate())
	if t.Exclusions.NoticeSeconds < 0 {
		v.Add("exclusions.noticeSeconds", "negative", "", "must not be negative")
	}
	if c := t.Exclusions.CapSeconds; c.Valid && c.Decimal.IsNegative() {
		v.Add("exclusions.capSeconds", "negative", c.Decimal.String(), "must not be negative")
	}
	switch t.Counting {
	case "", Exact, WholeMinutes:
	default:
		v.Add("counting", "unknown", string(t.Counting), "must be exact or whole-minutes")
	}
	return v.Err()
}

// Measurement is what became of a service's time in a period. Period = Known +
// Excluded + Unknown, all in seconds.
type Measurement struct {
	Period   decimal.Decimal `json:"periodSeconds"`
	Known    decimal.Decimal `json:"knownSeconds"`    // covered and not excluded: the denominator
	Excluded decimal.Decimal `json:"excludedSeconds"` // left out of numerator and denominator
	Unknown  decimal.Decimal `json:"unknownSeconds"`  // not covered and not excluded
	Down     decimal.Decimal `json:"downSeconds"`     // weighted, the worst level at each instant

	Steps    calendar.Steps     `json:"-"` // what counted, by the index of the outage as tag
	Outages  []Counted          `json:"outages"`
	Refused  []RefusedExclusion `json:"refusedExclusions,omitempty"`
	Accepted calendar.Set       `json:"accepted"` // what was excluded
}

// Counted is the share of one record in the downtime. Where outages overlap,
// the worst one counts, and of equals the one that began first.
type Counted struct {
	From    servicecoin.Key `json:"from"`
	Level   Level           `json:"level"`
	Seconds decimal.Decimal `json:"seconds"` // the time in which it was the worst
	Down    decimal.Decimal `json:"downSeconds"`
}

// RefusedExclusion is an exclusion that the terms do not allow.
type RefusedExclusion struct {
	Exclusion
	Why string `json:"why"`
}

// Availability returns known time less downtime as a share of known time:
// undefined if nothing is known.
func (m Measurement) Availability() Ratio {
	return Ratio{Part: m.Known.Sub(m.Down), Whole: m.Known}
}

// Bounds returns the availability if all unknown time was down, and if it was
// up.
func (m Measurement) Bounds() (lowest, highest Ratio) {
	whole := m.Known.Add(m.Unknown)
	up := m.Known.Sub(m.Down)
	return Ratio{Part: up, Whole: whole}, Ratio{Part: up.Add(m.Unknown), Whole: whole}
}

// Coverage returns the share of the time that counts for which the facts are
// known.
func (m Measurement) Coverage() Ratio {
	return Ratio{Part: m.Known, Whole: m.Known.Add(m.Unknown)}
}

// Measure applies the terms to the facts of a period. Outages are clipped to
// it; downtime is the worst weight at each instant, never a sum.
func (t Terms) Measure(period calendar.Interval, f Facts) (Measurement, error) {
	var v servicecoin.Violations
	v.Merge("terms", t.Validate())
	v.Merge("period", period.Validate())
	if period.Empty() {
		v.Add("period", "empty", period.String(), "must not be empty")
	}
	v.Merge("facts", f.Validate())
	spans := make([]calendar.Span, len(f.Outages))
	for i, o := range f.Outages {
		weight, ok := t.Weights[o.Level]
		if !ok && o.Level != "" {
			v.Add(fmt.Sprintf("facts.outages[%d].level", i), "unknown", string(o.Level), "has no weight in the terms")
		}
		spans[i] = calendar.Span{Interval: o.Interval, Weight: weight, Tag: fmt.Sprintf("%09d", i)}
	}
	if err := v.Err(); err != nil {
		return Measurement{}, err
	}
	var m Measurement
	m.Accepted, m.Refused = t.Exclusions.accept(period, f.Exclusions)
	known := f.Coverage.Clip(period).Subtract(m.Accepted)
	m.Period, m.Known, m.Excluded = period.Seconds(), known.Seconds(), m.Accepted.Seconds()
	m.Unknown = m.Period.Sub(m.Known).Sub(m.Excluded)
	steps := calendar.Worst(spans...)
	if t.Counting == WholeMinutes {
		steps = steps.Intersect(wholeMinutes(steps.Set()))
	}
	m.Steps = steps.Intersect(known)
	m.Down = m.Steps.WeightedSeconds()
	m.Outages = counted(m.Steps, f.Outages)
	return m, nil
}

// counted adds up the steps by the record that they come from, in the order of
// the facts.
func counted(steps calendar.Steps, outages []Outage) []Counted {
	shares := map[string]calendar.Share{}
	for _, s := range steps.ByTag() {
		shares[s.Tag] = s
	}
	list := []Counted{}
	for i, o := range outages {
		if s, ok := shares[fmt.Sprintf("%09d", i)]; ok {
			list = append(list, Counted{From: o.From, Level: o.Level, Seconds: s.Seconds, Down: s.WeightedSeconds})
		}
	}
	return list
}

// wholeMinutes cuts each downtime period to its whole minutes.
func wholeMinutes(down calendar.Set) calendar.Set {
	var whole []calendar.Interval
	for iv := range down.All() {
		whole = append(whole, calendar.Between(iv.Start, iv.Start.Add(iv.Duration().Truncate(time.Minute))))
	}
	return calendar.SetOf(whole...)
}

// accept returns what the terms exclude from a period, and why not the rest.
func (t ExclusionTerms) accept(period calendar.Interval, list []Exclusion) (calendar.Set, []RefusedExclusion) {
	var accepted calendar.Set
	var refused []RefusedExclusion
	for _, e := range list {
		why := ""
		switch notice := e.Start.Sub(e.AnnouncedAt); {
		case t.NoticeSeconds > 0 && e.AnnouncedAt.IsZero():
			why = "it was not announced"
		case t.NoticeSeconds > 0 && notice < time.Duration(t.NoticeSeconds)*time.Second:
			why = fmt.Sprintf("it was announced %s before its start, %s are needed", notice, time.Duration(t.NoticeSeconds)*time.Second)
		case t.NeedsApproval && strings.TrimSpace(string(e.ApprovedBy)) == "":
			why = "nobody approved it"
		}
		if why != "" {
			refused = append(refused, RefusedExclusion{e, why})
			continue
		}
		accepted = accepted.Union(calendar.SetOf(e.Intersect(period)))
	}
	if !t.CapSeconds.Valid {
		return accepted, refused
	}
	return capped(accepted, t.CapSeconds.Decimal), refused
}

// capped keeps the first so many seconds of a set.
func capped(s calendar.Set, most decimal.Decimal) calendar.Set {
	var kept []calendar.Interval
	for iv := range s.All() {
		length := iv.Seconds()
		if length.GreaterThan(most) {
			micros := most.Shift(6).IntPart()
			kept = append(kept, calendar.Between(iv.Start, iv.Start.Add(time.Duration(micros)*time.Microsecond)))
			break
		}
		kept = append(kept, iv)
		most = most.Sub(length)
	}
	return calendar.SetOf(kept...)
}

func order(a, b calendar.Interval, from, from2 servicecoin.Key, rest ...string) int {
	return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End),
		strings.Compare(string(from.Customer), string(from2.Customer)), strings.Compare(from.Kind, from2.Kind), strings.Compare(from.ID, from2.ID),
		strings.Compare(rest[0], rest[1]))
}

package sla

import (
	"cmp"
	"fmt"
	"strconv"
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

// maxNotice is in seconds: ten years.
const maxNotice = 10 * 366 * 24 * 3600

// Validate reports every violation of the terms.
func (t Terms) Validate() error {
	var v servicecoin.Violations
	v.Merge("weights", t.Weights.Validate())
	switch n := t.Exclusions.NoticeSeconds; {
	case n < 0:
		v.Add("exclusions.noticeSeconds", "negative", "", "must not be negative")
	case n > maxNotice:
		v.Add("exclusions.noticeSeconds", "out-of-range", strconv.FormatInt(n, 10), "must be at most ten years")
	}
	if c := t.Exclusions.CapSeconds; c.Valid && number(&v, "exclusions.capSeconds", c.Decimal) && c.Decimal.IsNegative() {
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
// Excluded + Unknown + Ahead, all in seconds.
type Measurement struct {
	Period   decimal.Decimal `json:"periodSeconds"`
	Known    decimal.Decimal `json:"knownSeconds"`    // covered and not excluded: the denominator
	Excluded decimal.Decimal `json:"excludedSeconds"` // left out of numerator and denominator, in the time to come too
	Unknown  decimal.Decimal `json:"unknownSeconds"`  // gone by, not covered and not excluded
	Ahead    decimal.Decimal `json:"aheadSeconds"`    // to come and not excluded: zero once the period is over
	Down     decimal.Decimal `json:"downSeconds"`     // weighted, the worst level at each instant

	Steps   calendar.Steps `json:"-"` // what counted, by the index of the outage as tag
	Outages []Counted      `json:"outages"`
	// Unweighted are outages of a level that the terms give no weight: they
	// count nothing. Seconds is the known time that each of them lasted.
	Unweighted []Counted `json:"unweighted,omitempty"`

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

// Bounds returns the availability of the whole period if all unknown time was
// down and all that lies ahead will be, and if all of it is up.
func (m Measurement) Bounds() (lowest, highest Ratio) {
	open := m.Unknown.Add(m.Ahead)
	whole := m.Known.Add(open)
	up := m.Known.Sub(m.Down)
	return Ratio{Part: up, Whole: whole}, Ratio{Part: up.Add(open), Whole: whole}
}

// Expected returns the availability of the period if nothing happens in the time
// ahead: [Measurement.Availability] once the period is over, undefined if
// nothing is known.
func (m Measurement) Expected() Ratio {
	if !m.Known.IsPositive() {
		return Ratio{}
	}
	whole := m.Known.Add(m.Ahead)
	return Ratio{Part: whole.Sub(m.Down), Whole: whole}
}

// Coverage returns the share of the time gone by that counts for which the facts
// are known.
func (m Measurement) Coverage() Ratio {
	return Ratio{Part: m.Known, Whole: m.Known.Add(m.Unknown)}
}

// Measure applies the terms to the facts of a period that is over. Outages are
// clipped to it; downtime is the worst weight at each instant, never a sum.
func (t Terms) Measure(period calendar.Interval, f Facts) (Measurement, error) {
	return t.MeasureAt(period, f, period.End)
}

// MeasureAt is [Terms.Measure] of a period as it stands at an instant: what comes
// after that lies ahead, unless the facts say that it is known, or excluded.
func (t Terms) MeasureAt(period calendar.Interval, f Facts, at time.Time) (Measurement, error) {
	var v servicecoin.Violations
	v.Merge("terms", t.Validate())
	v.Merge("period", period.Validate())
	if period.Empty() {
		v.Add("period", "empty", period.String(), "must not be empty")
	}
	v.Merge("facts", f.Validate())
	if err := v.Err(); err != nil {
		return Measurement{}, err
	}
	spans := make([]calendar.Span, 0, len(f.Outages))
	for i, o := range f.Outages {
		if weight, ok := t.Weights[o.Level]; ok {
			spans = append(spans, calendar.Span{Interval: o.Interval, Weight: weight, Tag: outageTag(i)})
		}
	}
	var m Measurement
	m.Accepted, m.Refused = t.Exclusions.accept(period, f.Exclusions)
	known := f.Coverage.Clip(period).Subtract(m.Accepted)
	m.Period, m.Known, m.Excluded = period.Seconds(), known.Seconds(), m.Accepted.Seconds()
	m.Ahead = ahead(period, at).Subtract(known).Subtract(m.Accepted).Seconds()
	m.Unknown = m.Period.Sub(m.Known).Sub(m.Excluded).Sub(m.Ahead)
	steps := calendar.Worst(spans...)
	if t.Counting == WholeMinutes {
		steps = steps.Intersect(wholeMinutes(steps.Set()))
	}
	m.Steps = steps.Intersect(known)
	m.Down = m.Steps.WeightedSeconds()
	m.Outages = counted(m.Steps, f.Outages)
	for _, o := range f.Outages {
		if _, ok := t.Weights[o.Level]; ok {
			continue
		}
		if lasted := calendar.SetOf(o.Intersect(period)).Intersect(known).Seconds(); lasted.IsPositive() {
			m.Unweighted = append(m.Unweighted, Counted{From: o.From, Level: o.Level, Seconds: lasted})
		}
	}
	return m, nil
}

// ahead is the part of a period that comes after an instant.
func ahead(period calendar.Interval, at time.Time) calendar.Set {
	switch {
	case !at.After(period.Start):
		return calendar.SetOf(period)
	case at.Before(period.End):
		return calendar.SetOf(calendar.Between(at, period.End))
	}
	return calendar.Set{}
}

// outageTag marks the steps of the outage at an index of the facts; tags sort as
// the indexes do.
func outageTag(i int) string { return fmt.Sprintf("%09d", i) }

// counted adds up the steps by the record that they come from, in the order of
// the facts.
func counted(steps calendar.Steps, outages []Outage) []Counted {
	shares := map[string]calendar.Share{}
	for _, s := range steps.ByTag() {
		shares[s.Tag] = s
	}
	list := []Counted{}
	for i, o := range outages {
		if s, ok := shares[outageTag(i)]; ok {
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
	var spans []calendar.Interval
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
		spans = append(spans, e.Intersect(period))
	}
	accepted := calendar.SetOf(spans...)
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

package sla

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// ReportState is where a report stands.
type ReportState string

// The states of a report.
const (
	Draft      ReportState = "draft"      // computed, may change with the facts
	Issued     ReportState = "issued"     // given to the customer; never changes
	Superseded ReportState = "superseded" // a later edition corrects it
)

// Figures are what a report says.
type Figures struct {
	Measurement

	Uptime  decimal.NullDecimal `json:"uptimePercent"`        // of the known time, to 8 places; null: nothing is known
	Lowest  decimal.NullDecimal `json:"lowestUptimePercent"`  // if all time that is unknown or ahead is down
	Highest decimal.NullDecimal `json:"highestUptimePercent"` // if all time that is unknown or ahead is up
	Covered decimal.NullDecimal `json:"coveragePercent"`      // how much of the time gone by is known
	Verdict Verdict             `json:"verdict"`
	Budget  Budget              `json:"budget"`
	// Credit is the percentage of the month's charge that the uptime earns, if
	// nothing happens in the time ahead. It is owed once the report is issued;
	// until then it is expected. null: nothing is known.
	Credit decimal.NullDecimal `json:"creditPercent"`
}

// Report is the service level report of one promise and month. It holds its
// facts and the promise as it was, so that it recomputes to the same figures.
type Report struct {
	ID      string         `json:"id"` // promise/month/edition
	Promise Promise        `json:"promise"`
	Month   calendar.Month `json:"month"`
	Edition int            `json:"edition"` // from 1
	State   ReportState    `json:"state"`
	Rules   string         `json:"rules"` // RuleVersion of the release that computed it

	Period  calendar.Interval `json:"period"` // the part of the month in which the promise is valid
	Facts   Facts             `json:"facts"`
	Figures Figures           `json:"figures"`

	DraftedAt    time.Time         `json:"draftedAt"`
	IssuedAt     time.Time         `json:"issuedAt,omitzero"`
	IssuedBy     servicecoin.Actor `json:"issuedBy,omitzero"`
	SupersededAt time.Time         `json:"supersededAt,omitzero"`
}

// places of percentages in reports.
const places = 8

// Report drafts the report of a month out of facts.
func (p Promise) Report(m calendar.Month, f Facts, at time.Time) (Report, error) {
	if err := p.Validate(); err != nil {
		return Report{}, err
	}
	period, err := p.Period(m)
	if err != nil {
		return Report{}, err
	}
	if period.Empty() {
		return Report{}, &servicecoin.RefusedError{Verb: VerbIssueReport, Why: fmt.Sprintf("promise %s is not valid in %s", p.ID, m)}
	}
	r := Report{
		Promise: p, Month: m, Edition: 1, State: Draft, Rules: RuleVersion, Period: period,
		Facts: f.kept(period, p.TermsIn(m).Counting), DraftedAt: servicecoin.Instant(at),
	}
	r.ID = reportID(p.ID, m, r.Edition)
	r.Figures, err = r.Recompute()
	return r, err
}

// Recompute returns the figures that the report's own facts give.
func (r *Report) Recompute() (Figures, error) {
	p := r.Promise
	if r.Period.Empty() { // it was ended before the month
		return Figures{Measurement: Measurement{Outages: []Counted{}}, Verdict: Unknown}, nil
	}
	m, err := p.TermsIn(r.Month).MeasureAt(r.Period, r.Facts, r.DraftedAt)
	if err != nil {
		return Figures{}, err
	}
	lowest, highest := m.Bounds()
	out := Figures{
		Measurement: m, Uptime: m.Availability().Percent(places), Lowest: lowest.Percent(places), Highest: highest.Percent(places),
		Covered: m.Coverage().Percent(places), Budget: p.Budget(m),
	}
	if out.Verdict, err = p.verdict(m); err != nil {
		return Figures{}, err
	}
	banded, err := m.Expected().rounded(p.Rounding)
	if err != nil {
		return Figures{}, err
	}
	out.Credit = p.Bands.Credit(banded)
	return out, nil
}

// Proves reports whether the figures are what the report's own facts give, byte
// for byte.
func (r *Report) Proves() (bool, error) {
	again, err := r.Recompute()
	if err != nil {
		return false, err
	}
	return sameFigures(r.Figures, again)
}

func sameFigures(a, b Figures) (bool, error) {
	left, err := json.Marshal(a)
	if err != nil {
		return false, err
	}
	right, err := json.Marshal(b)
	return bytes.Equal(left, right), err
}

// Issue gives the report to the customer.
func (r *Report) Issue(by servicecoin.Actor, at time.Time) error {
	switch {
	case r.State != Draft:
		return r.refuse(VerbIssueReport, Issued, "only a draft is issued")
	case at.Before(r.Period.End):
		return r.refuse(VerbIssueReport, Issued, "its period ends on "+r.Period.End.UTC().Format(time.RFC3339))
	}
	r.State, r.IssuedAt, r.IssuedBy = Issued, servicecoin.Instant(at), by
	return nil
}

func (r *Report) refuse(verb string, to ReportState, why string) error {
	return lifecycle.Record[ReportState]{Key: servicecoin.Key{Kind: reportKind, ID: r.ID}, State: r.State}.Refuse(verb, to, why)
}

// Supersede marks an issued report as corrected by a later edition.
func (r *Report) Supersede(at time.Time) error {
	if r.State != Issued {
		return r.refuse(VerbSupersedeReport, Superseded, "only an issued report is superseded")
	}
	r.State, r.SupersededAt = Superseded, servicecoin.Instant(at)
	return nil
}

// Trace explains the uptime down to the records behind it.
func (r *Report) Trace() servicecoin.Trace {
	f := r.Figures
	down := servicecoin.Trace{Label: "downtime, weighted", Plain: servicecoin.Say("down, as the promise weighs it"), Value: servicecoin.Some(f.Down), Unit: "s"}
	weights := r.Promise.TermsIn(r.Month).Weights
	for _, o := range f.Outages {
		down.Parts = append(down.Parts, servicecoin.Trace{
			Label: fmt.Sprintf("%s for %s s, weight %s", o.Level, o.Seconds, weights[o.Level]),
			Plain: servicecoin.Say("%v for %v, counted at %v", o.Level, lasted(o.Seconds), servicecoin.Quantity{Value: servicecoin.Some(weights[o.Level].Shift(2)), Unit: "%"}),
			Value: servicecoin.Some(o.Down), Unit: "s", From: []servicecoin.Key{o.From},
		})
	}
	for _, o := range f.Unweighted {
		down.Parts = append(down.Parts, servicecoin.Trace{
			Label: fmt.Sprintf("%s for %s s, which the terms give no weight", o.Level, o.Seconds),
			Plain: servicecoin.Say("%v for %v, which does not count: the promise gives it no weight", o.Level, lasted(o.Seconds)),
			Value: servicecoin.Some(o.Down), Unit: "s", From: []servicecoin.Key{o.From},
		})
	}
	excluded := servicecoin.Trace{Label: "excluded", Plain: servicecoin.Say("left out, as agreed"), Value: servicecoin.Some(f.Excluded), Unit: "s"}
	for _, e := range r.Facts.Exclusions {
		if e.From != (servicecoin.Key{}) {
			excluded.From = append(excluded.From, e.From)
		}
	}
	t := servicecoin.Trace{
		Label: fmt.Sprintf("uptime of %s in %s = (known - downtime) / known", r.Promise.Service, r.Month), Value: f.Uptime, Unit: "%",
		Plain: servicecoin.Say("availability of %v in %v, in the time of which it is known", r.Promise.Service, r.Month),
		Parts: []servicecoin.Trace{
			{Label: "known time", Plain: servicecoin.Say("time of which it is known"), Value: servicecoin.Some(f.Known), Unit: "s", Parts: []servicecoin.Trace{
				{Label: "period " + r.Period.String(), Plain: servicecoin.Say("from %v to %v", r.Period.Start, r.Period.End), Value: servicecoin.Some(f.Period), Unit: "s"},
				excluded,
				{Label: "unknown", Plain: servicecoin.Say("of which nothing is known"), Value: servicecoin.Some(f.Unknown), Unit: "s"},
			}},
			down,
		},
	}
	if f.Ahead.IsPositive() {
		known := &t.Parts[0]
		known.Parts = append(known.Parts, servicecoin.Trace{Label: "ahead", Plain: servicecoin.Say("still to come"), Value: servicecoin.Some(f.Ahead), Unit: "s"})
	}
	return t
}

func lasted(seconds decimal.Decimal) servicecoin.Quantity {
	return servicecoin.Quantity{Value: servicecoin.Some(seconds), Unit: "s"}
}

func monthID(p servicecoin.PromiseID, m calendar.Month) string {
	return store.JoinID(string(p), m.String())
}

func reportID(p servicecoin.PromiseID, m calendar.Month, edition int) string {
	return store.JoinID(string(p), m.String(), strconv.Itoa(edition))
}

// CreditLine is a credit that a closed month owes, unasked, or the correction
// of one. There is at most one for each edition of a month's report.
type CreditLine struct {
	ID           string                `json:"id"` // that of the report
	Promise      servicecoin.PromiseID `json:"promise"`
	Service      servicecoin.ServiceID `json:"service"`
	Month        calendar.Month        `json:"month"`   // whose charge it is a part of
	Percent      decimal.Decimal       `json:"percent"` // of that charge; a correction has the difference, below zero if too much was given
	CorrectionOf string                `json:"correctionOf,omitempty"`
	Outages      []servicecoin.Key     `json:"outages"` // the records behind it
	ProposedAt   time.Time             `json:"proposedAt"`
}

// credit returns the line that an issued report owes after credits of so many
// percent were given for the month; ok is false if nothing is owed.
func (r *Report) credit(given decimal.Decimal, first string) (line CreditLine, ok bool) {
	due := decimal.Zero
	if r.Figures.Credit.Valid {
		due = r.Figures.Credit.Decimal
	}
	if due.Equal(given) {
		return CreditLine{}, false
	}
	line = CreditLine{
		ID: r.ID, Promise: r.Promise.ID, Service: r.Promise.Service, Month: r.Month,
		Percent: due.Sub(given), CorrectionOf: first, Outages: []servicecoin.Key{}, ProposedAt: r.IssuedAt,
	}
	for _, o := range r.Figures.Outages {
		if o.Down.IsPositive() {
			line.Outages = append(line.Outages, o.From)
		}
	}
	return line, true
}

package slaroom

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/sla"
)

// Kept is what was promised of a service in a month, and what became of it.
type Kept struct {
	Promises []Promised          `json:"promises"` // none: nothing was promised
	Trace    []servicecoin.Trace `json:"trace"`
}

// The codes of what is out of balance, and how urgent it is.
const (
	PromiseBroken = "promise-broken"  // and which credit is due, or expected
	PromiseAtRisk = "promise-at-risk" // it will be broken if it goes on like that
	Uncounted     = "uncounted"       // something happened that the promise gives no weight: a word that is misspelt, maybe
	Unknown       = "unknown"         // promised, and nobody knows whether it was kept

	brokenUrgency, riskUrgency, uncountedUrgency, unknownUrgency = 100, 65, 45, 10
)

// rows names the services that something is promised of in the month.
func (n Nouns) rows(ctx context.Context, s *exchange.Spinning) error {
	for p, err := range n.Keeper(s.Whose().ID).Promises("").All(ctx) {
		if err != nil {
			return err
		}
		if period, err := p.Period(s.Month()); err == nil && !period.Empty() {
			s.Row(p.Service)
		}
	}
	return nil
}

// gather reads the promises as the facts are now.
func (n Nouns) gather(ctx context.Context, s *exchange.Spinning) error {
	keeper := n.Keeper(s.Whose().ID)
	all := map[servicecoin.ServiceID]Kept{}
	for p, err := range keeper.Promises("").All(ctx) {
		if err != nil {
			return err
		}
		kept := all[p.Service]
		report, err := keeper.Month(ctx, p.ID, s.Month())
		switch {
		case errors.Is(err, servicecoin.ErrRefused):
			continue // not valid in the month
		case errors.Is(err, servicecoin.ErrInvalid): // it, or what is known of it, cannot be reckoned with
			kept.Promises = append(kept.Promises, Promised{Promise: p.ID, Objective: p.Objective, Verdict: sla.Unknown, Said: "cannot be computed", Why: err.Error()})
			all[p.Service] = kept
			continue
		case err != nil:
			return err
		}
		standing, err := keeper.Standing(ctx, p.ID, s.Month())
		if err != nil {
			return err
		}
		kept.Promises = append(kept.Promises, promisedOf(report, standing))
		kept.Trace = append(kept.Trace, report.Trace())
		all[p.Service] = kept
	}
	for _, id := range s.Rows() {
		kept := all[id]
		if kept.Promises == nil {
			kept = Kept{Promises: []Promised{}, Trace: []servicecoin.Trace{}}
		}
		s.Put(id, exchange.Management, kept)
	}
	return nil
}

// Lines implements exchange.Figures.
func (k Kept) Lines() []exchange.Line {
	if len(k.Promises) == 0 {
		return []exchange.Line{{Text: "nothing was promised", Tone: exchange.Unknown}}
	}
	lines := make([]exchange.Line, 0, len(k.Promises))
	for i, p := range k.Promises {
		l := exchange.Line{Text: p.words(), Tone: p.tone()}
		if i < len(k.Trace) {
			l.Evidence = []servicecoin.Trace{k.Trace[i]}
		}
		lines = append(lines, l)
	}
	return lines
}

// Promised is one promise in a month, as the facts are now.
type Promised struct {
	Promise   servicecoin.PromiseID `json:"promise"`
	Objective decimal.Decimal       `json:"objective"`     // percent
	Uptime    decimal.NullDecimal   `json:"uptimePercent"` // of the known time, so far; null: nothing is known
	Known     decimal.NullDecimal   `json:"knownPercent"`  // of the time gone by; null: none has
	Verdict   sla.Verdict           `json:"verdict"`
	Said      string                `json:"said"` // the verdict, for people
	Why       string                `json:"why"`  // its reason, in a sentence
	Ahead     decimal.Decimal       `json:"aheadSeconds"`
	Left      decimal.Decimal       `json:"budgetLeftSeconds"`
	Credit    decimal.NullDecimal   `json:"creditPercent"`       // that the facts give: see Owed
	Owed      bool                  `json:"creditOwed"`          // the report is issued and the credit due; else it is expected
	Given     decimal.Decimal       `json:"creditGivenPercent"`  // by the reports that were issued
	Uncounted []sla.Level           `json:"uncounted,omitempty"` // levels that happened and that the terms give no weight
	Edition   int                   `json:"edition"`             // of the report; 0: not issued
	Due       bool                  `json:"due"`                 // the facts changed since
}

func promisedOf(r sla.Report, standing sla.MonthRecord) Promised {
	f := r.Figures
	out := Promised{
		Promise: r.Promise.ID, Objective: r.Promise.Objective, Uptime: f.Uptime, Known: f.Covered,
		Verdict: f.Verdict, Said: f.Words(), Why: f.Why(r.Promise.Objective), Ahead: f.Ahead,
		Left: f.Budget.Left, Credit: f.Credit, Owed: standing.Edition > 0 && !standing.Due, Given: standing.Credited,
		Edition: standing.Edition, Due: standing.Due,
	}
	for _, o := range f.Unweighted {
		if !slices.Contains(out.Uncounted, o.Level) {
			out.Uncounted = append(out.Uncounted, o.Level)
		}
	}
	return out
}

func (p Promised) words() string {
	if p.Verdict == sla.Unknown {
		return p.Said + ", " + p.Objective.String() + " % promised"
	}
	text := fmt.Sprintf("%s of %s %% promised, %s", exchange.Percent(p.Uptime), p.Objective, p.Said)
	if credit := p.creditWords(); credit != "" {
		text += ", " + credit
	}
	if p.Known.Valid && p.Known.Decimal.LessThan(decimal.NewFromInt(100)) {
		known := "%s of the time is known"
		if p.Ahead.IsPositive() {
			known = "%s of the time so far is known"
		}
		text += fmt.Sprintf(" ("+known+")", exchange.Percent(p.Known))
	}
	if len(p.Uncounted) > 0 {
		text += fmt.Sprintf(" (not counted, as the terms give it no weight: %s)", joined(p.Uncounted))
	}
	return text
}

// creditWords says which credit there is, "" for none.
func (p Promised) creditWords() string {
	credit := decimal.Zero
	if p.Credit.Valid {
		credit = p.Credit.Decimal
	}
	switch {
	case p.Edition > 0 && !p.Owed && !credit.Equal(p.Given):
		return fmt.Sprintf("credit of %s %% is due, %s %% are expected since the facts changed", p.Given, credit)
	case !credit.IsPositive():
		return ""
	case p.Owed || p.Edition > 0:
		return "credit of " + credit.String() + " % is due"
	}
	return "credit of " + credit.String() + " % is expected"
}

func joined(levels []sla.Level) string {
	words := make([]string, len(levels))
	for i, l := range levels {
		words[i] = string(l)
	}
	return strings.Join(words, ", ")
}

func (p Promised) tone() exchange.Tone {
	switch p.Verdict {
	case sla.Kept, sla.OnCourse:
		return exchange.Good
	case sla.AtRisk:
		return exchange.Warn
	case sla.Broken:
		return exchange.Bad
	case sla.Unknown:
	}
	return exchange.Unknown
}

func judge(_ exchange.Spin, r exchange.Row) []exchange.Imbalance {
	var list []exchange.Imbalance
	urgency := map[string]int{PromiseBroken: brokenUrgency, PromiseAtRisk: riskUrgency, Uncounted: uncountedUrgency, Unknown: unknownUrgency}
	add := func(code string, sides []exchange.Side, format string, args ...any) {
		list = append(list, exchange.Imbalance{Code: code, Service: r.Service, Sides: sides, Urgency: urgency[code], Text: fmt.Sprintf(format, args...)})
	}
	sides := []exchange.Side{exchange.Management, exchange.Operations}
	for _, p := range exchange.Of[Kept](r.Parts).Promises {
		available := fmt.Sprintf("%s was available for %s %%", r.Name, p.Uptime.Decimal.Round(3))
		if p.Ahead.IsPositive() {
			available = fmt.Sprintf("%s has been available for %s %% so far", r.Name, p.Uptime.Decimal.Round(3))
		}
		credit := p.creditWords()
		if credit != "" {
			credit = ": a " + credit
		}
		switch {
		case p.Verdict == sla.Unknown && !p.Known.Valid && p.Ahead.IsPositive(): // it has not begun
		case p.Verdict == sla.Unknown && p.Ahead.IsPositive():
			add(Unknown, sides, "%s: nobody knows whether the promised %s %% are being kept.", r.Name, p.Objective)
		case p.Verdict == sla.Unknown:
			add(Unknown, sides, "%s: nobody knows whether the promised %s %% were kept.", r.Name, p.Objective)
		case p.Verdict == sla.Broken:
			add(PromiseBroken, sides, "%s, %s %% were promised%s.", available, p.Objective, credit)
		case p.Verdict == sla.AtRisk && p.Ahead.IsPositive():
			add(PromiseAtRisk, sides, "%s: if it goes on like that, the promised %s %% will be missed%s.", available, p.Objective, credit)
		case p.Verdict == sla.AtRisk:
			add(PromiseBroken, sides, "%s of the time that is known, %s %% were promised%s.", available, p.Objective, credit)
		}
		if len(p.Uncounted) > 0 {
			add(Uncounted, sides, "%s: what happened does not count, since the promise gives it no weight: %s.", r.Name, joined(p.Uncounted))
		}
	}
	return list
}

package coin

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
)

// WriteText writes the review for a terminal or a letter: a block for each
// service, a line for each side.
func (s Spin) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w) // keeps the first error until Flush
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
	p("%s, %s", orID(s.Customer.Name, string(s.Customer.ID)), s.Month)
	if s.Statement != "" {
		p(" · %s of statement: %s", s.Statement, amountOr(s.Total.Defined(), s.Total.String()))
	}
	p("\n%s\n", s.Sentence())
	for _, r := range s.Rows {
		p("\n%s\n", r.Name)
		for _, x := range []struct {
			side  string
			lines []string
		}{{"kept", r.Kept.words()}, {"run", r.Run.words()}, {"used", r.Used.words()}} {
			p("  %-5s %s\n", x.side, strings.Join(x.lines, "; "))
		}
	}
	if len(s.Balance) > 0 {
		p("\nOut of balance\n")
		for _, b := range s.Balance {
			p("  - %s\n", b.Text)
		}
	}
	return out.Flush()
}

func orID(name, id string) string {
	if name == "" {
		return id
	}
	return name
}

func amountOr(defined bool, text string) string {
	if !defined {
		return "unknown"
	}
	return text
}

func percentOr(d decimal.NullDecimal) string {
	if !d.Valid {
		return "unknown"
	}
	return d.Decimal.Round(3).String() + " %"
}

// The sides in words: what WriteText and WriteHTML show.

func (k Kept) words() []string {
	var list []string
	for _, p := range k.Promises {
		list = append(list, p.words())
	}
	if len(k.Promises) == 0 {
		list = append(list, "nothing was promised")
	}
	if k.CreditAmount.Defined() {
		list = append(list, "credit "+k.CreditAmount.String())
	}
	if k.Lead != nil {
		text := "lead time " + string(k.Lead.Outcome)
		if took, ok := k.Lead.Measured.Get(); ok {
			text += ", " + took.String()
		}
		list = append(list, text)
	}
	return list
}

func (p Promised) words() string {
	if p.Verdict == sla.Unknown {
		return p.Said + ", " + p.Objective.String() + " % promised"
	}
	text := fmt.Sprintf("%s of %s %% promised, %s", percentOr(p.Uptime), p.Objective, p.Said)
	if credit := p.creditWords(); credit != "" {
		text += ", " + credit
	}
	if p.Known.Valid && p.Known.Decimal.LessThan(decimal.NewFromInt(100)) {
		known := "%s of the time is known"
		if p.Ahead.IsPositive() {
			known = "%s of the time so far is known"
		}
		text += fmt.Sprintf(" ("+known+")", percentOr(p.Known))
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

func (r Run) words() []string {
	var list []string
	switch n := len(r.Incidents); n {
	case 0:
		list = append(list, "no incidents")
	case 1:
		list = append(list, "1 incident")
	default:
		list = append(list, fmt.Sprintf("%d incidents", n))
	}
	if a := r.Updates; a != (incident.Adherence{}) {
		list = append(list, fmt.Sprintf("promised updates: %d kept, %d missed, %d to come", a.Kept, a.Missed, a.Pending))
	}
	if r.Sent+r.Waiting > 0 {
		list = append(list, fmt.Sprintf("letters: %d sent, %d drafts", r.Sent, r.Waiting))
	}
	if len(r.Stale) > 0 {
		list = append(list, "waiting: "+strings.Join(r.Stale, ", "))
	}
	return list
}

func (u Used) words() []string {
	list := []string{"charge " + amountOr(u.Charge.Defined(), u.Charge.String())}
	for _, m := range u.Usage {
		list = append(list, m.words())
	}
	if u.Active.Valid {
		list = append(list, u.Active.Decimal.String()+" active")
	}
	if u.Onboarding != nil {
		list = append(list, "onboarding "+string(u.Onboarding.State))
	}
	if x := u.Satisfaction; x != nil {
		list = append(list, satisfactionWords(*x))
	}
	return list
}

func (m Metered) words() string {
	words := []string{"unknown", m.Usage.Unit}
	if m.Usage.Value.Valid {
		words[0] = m.Usage.Value.Decimal.String()
	}
	for _, q := range m.Quotas {
		words = append(words, "of", q.Quota.Limit.String())
	}
	return strings.Join(words, " ")
}

func satisfactionWords(x adoption.Score) string {
	switch {
	case x.N == 0:
		return "nobody has answered yet"
	case x.TooFew:
		return fmt.Sprintf("%d answered, too few to say", x.N)
	case x.Interval == nil:
		return fmt.Sprintf("satisfied %s of %d", percentOr(x.Value), x.N)
	}
	return fmt.Sprintf("satisfied %s of %d (95 %% interval %.0f to %.0f)", percentOr(x.Value), x.N, x.Interval.Low, x.Interval.High)
}

func clockOr(t time.Time, missing string) string {
	if t.IsZero() {
		return missing
	}
	return t.UTC().Format("2 Jan 15:04")
}

package coin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/sla"
)

// Imbalance is one thing that is out of balance between the sides.
type Imbalance struct {
	Code    string                `json:"code"` // stable, for programs
	Service servicecoin.ServiceID `json:"service"`
	Sides   []Side                `json:"sides"`
	Text    string                `json:"text"` // a sentence for people
}

// The codes, the most pressing first: in this order a [Spin] tells them.
const (
	PromiseBroken     = "promise-broken"     // and which credit is due, or expected
	UpdatesMissed     = "updates-missed"     // customers were promised a word, and got none
	QuotaExceeded     = "quota-exceeded"     // more was used than is allowed for
	PaidUnused        = "paid-unused"        // it is charged, and nobody uses it
	PromiseAtRisk     = "promise-at-risk"    // it will be broken if it goes on like that
	LeadTimeMissed    = "lead-time-missed"   // it came later than promised, or is overdue
	OnboardingBlocked = "onboarding-blocked" // people cannot begin
	Stale             = "stale"              // something waits too long
	Unsatisfied       = "unsatisfied"        // most of those who were asked are not content
	Unpriced          = "unpriced"           // used, and nobody knows what it costs
	Unknown           = "unknown"            // promised, and nobody knows whether it was kept
)

func codes() []string {
	return []string{
		PromiseBroken, UpdatesMissed, QuotaExceeded, PaidUnused, PromiseAtRisk, LeadTimeMissed, OnboardingBlocked, Stale, Unsatisfied, Unpriced, Unknown,
	}
}

// Sentence says in one sentence what is out of balance.
func (s Spin) Sentence() string {
	switch n := len(s.Balance); {
	case len(s.Rows) == 0:
		return "There was no service in this month."
	case n == 0:
		return "The three sides are in balance."
	case n == 1:
		return s.Balance[0].Text
	default:
		return fmt.Sprintf("%s (And %d more.)", s.Balance[0].Text, n-1)
	}
}

func balance(s Spin) []Imbalance {
	var list []Imbalance
	for _, r := range s.Rows {
		add := func(code string, sides []Side, format string, args ...any) {
			list = append(list, Imbalance{Code: code, Service: r.Service, Sides: sides, Text: fmt.Sprintf(format, args...)})
		}
		keptBalance(r, add)
		runBalance(r, add)
		usedBalance(s, r, add)
	}
	slices.SortStableFunc(list, func(a, b Imbalance) int {
		return cmp.Compare(slices.Index(codes(), a.Code), slices.Index(codes(), b.Code))
	})
	return list
}

type adding func(code string, sides []Side, format string, args ...any)

func keptBalance(r Row, add adding) {
	sides := []Side{Management, Operations}
	for _, p := range r.Kept.Promises {
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
	}
	switch l := r.Kept.Lead; {
	case l == nil:
	case l.Outcome == catalog.LeadMissed:
		add(LeadTimeMissed, []Side{Management, Adoption}, "%s came %s later than promised.", r.Name, l.Late)
	case l.Outcome == catalog.LeadOpen && l.Late.Defined():
		add(LeadTimeMissed, []Side{Management, Adoption}, "%s was ordered and is overdue by %s.", r.Name, l.Late)
	}
}

func runBalance(r Row, add adding) {
	switch n := r.Run.Updates.Missed; {
	case n == 1:
		add(UpdatesMissed, []Side{Operations, Adoption}, "%s: an update that was promised did not come in time.", r.Name)
	case n > 1:
		add(UpdatesMissed, []Side{Operations, Adoption}, "%s: %d updates that were promised did not come in time.", r.Name, n)
	}
	if len(r.Run.Stale) > 0 {
		add(Stale, []Side{Operations}, "%s: %s.", r.Name, strings.Join(r.Run.Stale, " and "))
	}
}

func usedBalance(s Spin, r Row, add adding) {
	for _, m := range r.Used.Usage {
		for _, q := range m.Quotas {
			if q.Used.Valid && q.Used.Decimal.GreaterThan(q.Quota.Limit) {
				add(QuotaExceeded, []Side{Operations, Adoption}, "%s: %s %s were used, the quota is %s.", r.Name, q.Used.Decimal, m.Usage.Unit, q.Quota.Limit)
			}
		}
	}
	charged := r.Used.Charge.Defined() && r.Used.Charge.Sign() > 0
	switch {
	case charged && r.Used.Active.Valid && r.Used.Active.Decimal.IsZero() && heldFor(s, r) >= aWhile:
		add(PaidUnused, []Side{Management, Adoption}, "%s costs %s and nobody used it.", r.Name, r.Used.Charge)
	case !r.Used.Charge.Defined() && s.Currency != "" && len(r.Kept.Imprint) > 0:
		add(Unpriced, []Side{Management, Operations}, "%s: nobody knows what it costs.", r.Name)
	}
	if o := r.Used.Onboarding; o != nil && o.State == adoption.Running {
		if blocked := blockers(o); blocked != "" {
			add(OnboardingBlocked, []Side{Adoption}, "%s cannot be begun with: %s.", r.Name, blocked)
		}
	}
	if x := r.Used.Satisfaction; x != nil && !x.TooFew && x.Kind == adoption.CSAT && 2*x.Satisfied < x.N {
		add(Unsatisfied, []Side{Adoption}, "%s: %d of %d who answered are satisfied.", r.Name, x.Satisfied, x.N)
	}
}

// aWhile is how long somebody has a service before it is worth a word that nobody
// uses it.
const aWhile = 7 * 24 * time.Hour

// heldFor returns how long the customer had the service in the month, up to now.
func heldFor(s Spin, r Row) time.Duration {
	var longest time.Duration
	for _, h := range r.Kept.Imprint {
		had := s.Period.Intersect(calendar.Between(h.Imprint.From, s.At))
		longest = max(longest, had.Duration())
	}
	return longest
}

// blockers names what keeps people from the next point, "" for nothing.
func blockers(o *adoption.Checklist) string {
	var names []string
	for _, p := range o.Points {
		if !p.ReachedAt.IsZero() || !p.Next {
			continue
		}
		for _, x := range p.Items {
			if x.Force == adoption.Blocking && (x.Status == adoption.Open || x.Status == adoption.Expired) {
				names = append(names, x.Text)
			}
		}
		if len(names) > 0 {
			return strings.Join(names, "; ") + ", due " + p.Name
		}
	}
	return ""
}

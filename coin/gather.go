package coin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/sla"
)

// held reads what the customer had in the month, and how its orders went.
func (s *spinning) held(ctx context.Context) error {
	for sub, err := range s.Subscriptions(s.out.Customer.ID).List().All(ctx) {
		if err != nil {
			return err
		}
		s.had[sub.Service] = s.had[sub.Service].Union(calendar.SetOf(s.span(sub.From, sub.Until)))
		if !overlaps(sub.Held(s.out.At), s.out.Period) {
			continue
		}
		kept := &s.row(sub.Service).Kept
		kept.Imprint = append(kept.Imprint, Held{Subscription: sub.ID, Offering: sub.Terms.Name, State: sub.State, Imprint: sub.Imprint})
	}
	for order, err := range s.Orders(s.out.Customer.ID).List().All(ctx) {
		if err != nil {
			return err
		}
		lead := order.Lead(s.out.At)
		if !s.out.Period.Contains(order.FulfilledAt) && !s.out.Period.Contains(lead.Due) {
			continue
		}
		if r := s.row(order.Service); r.Kept.Lead == nil {
			r.Kept.Lead = &lead
		}
	}
	return nil
}

// span is the part of the month from one instant to another, to its end where
// that is not known yet. What never began has none.
func (s *spinning) span(from, until time.Time) calendar.Interval {
	if from.IsZero() {
		return calendar.Interval{}
	}
	if until.IsZero() {
		until = s.out.Period.End
	}
	if !until.After(from) {
		return calendar.Interval{}
	}
	return calendar.Between(from, until).Intersect(s.out.Period)
}

// concerned reports whether an effect fell into the time in which the customer
// had the service. Of services that nobody ordered here, it had them all the
// month.
func (s *spinning) concerned(x incident.ServiceEffects) bool {
	had, ordered := s.had[x.Service]
	return !ordered || slices.ContainsFunc(x.Effects, func(e incident.Effect) bool {
		return !had.Intersect(calendar.SetOf(s.span(e.From, e.Until))).Empty()
	})
}

func overlaps(a, b calendar.Interval) bool {
	return !a.Start.IsZero() && a.Start.Before(b.End) && (a.End.IsZero() || a.End.After(b.Start))
}

// promised reads the promises as the facts are now.
func (s *spinning) promised(ctx context.Context) error {
	keeper := s.Keeper(s.out.Customer.ID)
	for p, err := range keeper.Promises("").All(ctx) {
		if err != nil {
			return err
		}
		report, err := keeper.Month(ctx, p.ID, s.out.Month)
		if errors.Is(err, servicecoin.ErrRefused) {
			continue // not valid in the month
		}
		if errors.Is(err, servicecoin.ErrInvalid) { // it, or what is known of it, cannot be reckoned with
			kept := &s.row(p.Service).Kept
			kept.Promises = append(kept.Promises, Promised{Promise: p.ID, Objective: p.Objective, Verdict: sla.Unknown, Said: "cannot be computed", Why: err.Error()})
			continue
		}
		if err != nil {
			return err
		}
		standing, err := keeper.Standing(ctx, p.ID, s.out.Month)
		if err != nil {
			return err
		}
		kept := &s.row(p.Service).Kept
		kept.Promises = append(kept.Promises, promisedOf(report, standing))
		kept.Trace = append(kept.Trace, report.Trace())
	}
	return nil
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

// charged reads the statement: the one that was issued, or a draft.
func (s *spinning) charged(ctx context.Context) error {
	if s.out.Currency == "" {
		return nil
	}
	statements := s.Statements(s.out.Customer)
	st, err := statements.Get(ctx, s.out.Month)
	if errors.Is(err, servicecoin.ErrNotFound) {
		st, err = statements.Draft(ctx, s.out.Month)
	}
	if err != nil {
		return fmt.Errorf("statement of %s: %w", s.out.Month, err)
	}
	s.statement = &st
	s.out.Statement, s.out.Total = string(st.State), st.Total
	totals, err := st.Services()
	if err != nil {
		return err
	}
	for _, t := range totals {
		r := s.row(t.Service)
		r.Used.Charge, r.Used.Total, r.Kept.CreditAmount = t.Charged, t.Total, t.Credited
	}
	trace := st.Trace()
	for i, l := range st.Lines {
		r := s.row(l.Service)
		r.Used.Trace = append(r.Used.Trace, trace.Parts[i])
	}
	return nil
}

// named gives each row the name of its service.
func (s *spinning) named(ctx context.Context) error {
	directory := s.Directory()
	for id, r := range s.rows {
		name, err := directory.Service(ctx, id)
		if errors.Is(err, servicecoin.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		r.Name = name
	}
	return nil
}

// happened reads what incidents did to the services, and how it was told.
func (s *spinning) happened(ctx context.Context) error {
	box := s.Letters(s.out.Customer.ID)
	for id, r := range s.rows {
		effects, err := s.Desk().Effects(ctx, id, s.out.Period)
		if err != nil {
			return err
		}
		effects = slices.DeleteFunc(effects, func(x incident.ServiceEffects) bool { return !s.concerned(x) })
		r.Run.Trace = servicecoin.Trace{Label: "incidents of " + string(id) + " in " + s.out.Month.String(), Value: servicecoin.Some(decimal.NewFromInt(int64(len(effects)))), Unit: "incidents"}
		for _, x := range effects {
			i, err := s.Desk().Get(ctx, x.Incident)
			if err != nil {
				return err
			}
			s.tell(r, &i, x)
			for letter, err := range box.About(i.ID).All(ctx) {
				if err != nil {
					return err
				}
				switch letter.State {
				case incident.Sent:
					r.Run.Sent++
				case incident.Draft:
					r.Run.Waiting++
				case incident.Discarded:
				}
			}
		}
		slices.SortStableFunc(r.Run.Incidents, func(a, b Happened) int { return a.From.Compare(b.From) })
	}
	return nil
}

func (s *spinning) tell(r *Row, i *incident.Incident, x incident.ServiceEffects) {
	h := Happened{Incident: i.ID, Headline: i.Headline, State: i.State, Level: incident.Unaffected}
	for n, e := range x.Effects {
		h.Level = incident.Worst(h.Level, e.Level)
		if n == 0 || e.From.Before(h.From) {
			h.From = e.From
		}
		if n == 0 || e.Until.IsZero() || !h.Until.IsZero() && e.Until.After(h.Until) {
			h.Until = e.Until
		}
	}
	r.Run.Incidents = append(r.Run.Incidents, h)
	r.Run.Trace.From = append(r.Run.Trace.From, incident.Key(i.ID))
	a := incident.Adhered(i.PromisedUpdates(s.out.At)...)
	r.Run.Updates.Kept += a.Kept
	r.Run.Updates.Missed += a.Missed
	r.Run.Updates.Pending += a.Pending
	if due, ok := i.NextUpdate(s.out.At); ok && i.State.Live() && due.Before(s.out.At) {
		r.Run.Stale = append(r.Run.Stale, "the update promised for "+due.Format("2 Jan 15:04")+" UTC is overdue")
	}
	if n := len(i.OverdueFollowUps(s.out.At)); n == 1 {
		r.Run.Stale = append(r.Run.Stale, "a follow-up is overdue")
	} else if n > 1 {
		r.Run.Stale = append(r.Run.Stale, fmt.Sprintf("%d follow-ups are overdue", n))
	}
}

// metered reads what was used of the meters that the services are charged by.
func (s *spinning) metered(ctx context.Context) error {
	if s.o.Usage == nil || s.out.Currency == "" {
		return nil
	}
	ledger := s.Ledger(s.out.Customer)
	seen := map[servicecoin.ServiceID]map[metering.MeterID]bool{}
	for item, err := range s.Statements(s.out.Customer).Items("").All(ctx) {
		if err != nil {
			return err
		}
		if item.Meter == "" || item.In(s.out.Period).Empty() || seen[item.Service][item.Meter] {
			continue
		}
		if seen[item.Service] == nil {
			seen[item.Service] = map[metering.MeterID]bool{}
		}
		seen[item.Service][item.Meter] = true
		m := Metered{}
		if m.Usage, err = ledger.Total(ctx, item.Meter, s.out.Month); err != nil {
			return err
		}
		decision, err := ledger.Check(ctx, item.Meter, decimal.Zero, s.until().Add(-time.Microsecond))
		if err != nil {
			return err
		}
		m.Quotas = decision.Standings
		used := &s.row(item.Service).Used
		used.Usage = append(used.Usage, m)
	}
	if s.o.Active == nil {
		return nil
	}
	for id, r := range s.rows {
		meter := s.o.Active(id)
		if meter == "" {
			continue
		}
		u, err := ledger.Total(ctx, meter, s.out.Month)
		if err != nil {
			return err
		}
		r.Used.Active = u.Value
		r.Used.Trace = append(r.Used.Trace, u.Trace())
	}
	return nil
}

// adopted reads how people come to use the services, and what they think of it.
func (s *spinning) adopted(ctx context.Context) error {
	surveys := map[servicecoin.ServiceID]adoption.Survey{}
	for x, err := range s.Playbook().Surveys().All(ctx) { // the one that opened last first
		if err != nil {
			return err
		}
		if _, newer := surveys[x.Service]; !newer && x.OpensAt.Before(s.out.Period.End) {
			surveys[x.Service] = x
		}
	}
	program := s.Program(s.out.Customer.ID)
	for id, r := range s.rows {
		for o, err := range program.To(id).All(ctx) {
			if err != nil {
				return err
			}
			if r.Used.Onboarding == nil || o.State == adoption.Running {
				list := o.Checklist(s.out.At)
				r.Used.Onboarding = &list
			}
		}
		x, asked := surveys[id]
		if !asked {
			continue
		}
		score, err := program.Score(ctx, x, nil)
		if err != nil {
			return err
		}
		r.Used.Satisfaction = &score
	}
	return nil
}

package cost

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
)

// Draft computes what the statement of a month says as the facts are now, and
// stores nothing.
func (s *Statements) Draft(ctx context.Context, m calendar.Month) (Statement, error) {
	d, err := s.draft(ctx, m)
	return d.statement, err
}

// drafted is a draft, and the issued months that it corrects.
type drafted struct {
	statement Statement
	settles   []Month // due before, done with this statement
	stays     []Month // not due before, and not corrected: due from now on
}

// reckoned is a month as it is reckoned: one that is issued stays what it was.
type reckoned struct {
	month    calendar.Month
	period   calendar.Interval
	currency money.Currency
	pinned   map[ItemID]PriceFact // the prices that items were charged at
}

func (s *Statements) draft(ctx context.Context, m calendar.Month) (drafted, error) {
	if err := s.view.Err(); err != nil {
		return drafted{}, err
	}
	if err := m.Validate(); err != nil {
		return drafted{}, err
	}
	now, err := s.reckoned(ctx, m)
	if err != nil {
		return drafted{}, err
	}
	d := drafted{statement: Statement{
		ID: statementID(m, 1), Customer: s.customer.ID, Month: m, Period: now.period, Currency: now.currency, Rounding: s.o.Rounding,
		Rules: RuleVersion, Edition: 1, State: Draft, DraftedAt: s.view.Now(),
	}}
	facts, err := s.facts(ctx, now)
	if err != nil {
		return drafted{}, err
	}
	corrections, err := s.corrections(ctx, &d)
	if err != nil {
		return drafted{}, err
	}
	d.statement.Facts = append(append([]Fact{}, facts...), corrections...)
	d.statement.Lines, d.statement.Total, err = d.statement.Recompute()
	return d, err
}

// Period returns what the statement of a month is for. A month that is issued
// keeps its period, whatever has become of the customer's zone. Any other is the
// month in the zone that the customer has now, from where the statement of the
// month before it ends and up to where that of the month after it begins, if those
// are issued: every instant is charged in one month.
func (s *Statements) Period(ctx context.Context, m calendar.Month) (calendar.Interval, error) {
	if err := s.view.Err(); err != nil {
		return calendar.Interval{}, err
	}
	if err := m.Validate(); err != nil {
		return calendar.Interval{}, err
	}
	now, err := s.reckoned(ctx, m)
	return now.period, err
}

// reckoned returns how a month is reckoned that is drafted now.
func (s *Statements) reckoned(ctx context.Context, m calendar.Month) (reckoned, error) {
	issued, err := s.Month(ctx, m)
	if err != nil || issued.Edition > 0 {
		return reckoned{month: m, period: issued.Period, currency: issued.Currency}, err
	}
	r := reckoned{month: m, period: m.In(s.zone), currency: s.currency()}
	for _, step := range []int{-1, 1} {
		beside := m.Add(step)
		if beside.Validate() != nil {
			continue // the first month there is, or the last
		}
		switch next, err := s.Month(ctx, beside); {
		case err != nil:
			return reckoned{}, err
		case next.Edition == 0:
		case step < 0:
			r.period.Start = next.Period.End
		default:
			r.period.End = next.Period.Start
		}
	}
	return r, nil
}

// facts gathers what a month itself comes to, without corrections of earlier
// ones. Items that were charged before keep the price that they had then.
func (s *Statements) facts(ctx context.Context, now reckoned) ([]Fact, error) {
	facts := []Fact{}
	for i, err := range s.Items("").All(ctx) {
		if err != nil {
			return nil, err
		}
		period := i.In(now.period)
		if period.Empty() {
			continue
		}
		f, err := s.charge(ctx, i, period, now)
		if err != nil {
			return nil, fmt.Errorf("item %s: %w", i.ID, err)
		}
		facts = append(facts, Fact{Charge: &f})
	}
	for c, err := range s.Credits(now.month).All(ctx) {
		if err != nil {
			return nil, err
		}
		c.GivenBy = servicecoin.Actor{} // is the provider's own matter
		facts = append(facts, Fact{Credit: &c})
	}
	costs, err := s.costs(ctx, now.month)
	return append(facts, costs...), err
}

func (s *Statements) charge(ctx context.Context, i Item, period calendar.Interval, now reckoned) (ChargeFact, error) {
	f := ChargeFact{Item: i, Period: period}
	var v servicecoin.Violations
	price, ok := now.pinned[i.ID]
	if !ok {
		held, err := s.prices.At(ctx, i.Price, period.Start)
		if err != nil {
			return f, err
		}
		price = PriceFact{ID: held.ID, Version: held.Number, ValidFrom: held.ValidFrom, Price: held.Price}
	}
	f.Price = price
	if c := price.Price.Currency; c != now.currency {
		v.Add("price.currency", "mixed", string(c), "must be "+string(now.currency)+", that of the statement")
	}
	if i.Meter != "" && s.usage == nil {
		v.Add("usage", "required", "", "tells what was used; there is a metered item")
	}
	if err := v.Err(); err != nil || i.Meter == "" {
		return f, err
	}
	u, err := s.usage.Between(ctx, i.Meter, period)
	f.Usage = &u
	return f, err
}

// costs sums the imported rows of a month, by service.
func (s *Statements) costs(ctx context.Context, m calendar.Month) ([]Fact, error) {
	var facts []Fact
	var at *RowsFact
	digest := sha256.New()
	seal := func() {
		if at != nil {
			at.Digest = hex.EncodeToString(digest.Sum(nil))
			digest.Reset()
		}
	}
	for r, err := range s.Rows(m, "").All(ctx) { // by service, then id
		if err != nil {
			return nil, err
		}
		if at == nil || at.Service != r.Service {
			seal()
			at = &RowsFact{Service: r.Service}
			facts = append(facts, Fact{Cost: at})
		}
		at.Rows++
		text := "null"
		if r.Amount.Defined() {
			text = metering.Plain(r.Amount.Decimal())
			if err := add(&at.Sum, r.Amount); err != nil {
				return nil, err
			}
		}
		fmt.Fprintf(digest, "%s\t%s\n", r.ID, text)
	}
	seal()
	return facts, nil
}

// mostMonths is how many earlier months one statement looks at: each is two
// records in its commit.
const (
	mostMonths = 40
	mostStays  = 10 // of them that become due by it: an event each
)

// corrections compares what earlier, issued months come to now with what was
// charged for them so far. The draft learns which of them are done with it.
func (s *Statements) corrections(ctx context.Context, d *drafted) (facts []Fact, err error) {
	m := d.statement.Month
	var earlier []calendar.Month
	for standing, err := range store.Of(s.view, months).Find(store.By("month").To(store.Text(m.String()))).All(ctx) {
		if err != nil {
			return nil, err
		}
		within := s.o.LookBack > 0 && standing.Month.Compare(m.Add(-s.o.LookBack)) >= 0
		if standing.Edition > 0 && (within || standing.Due) && len(earlier) < mostMonths {
			earlier = append(earlier, standing.Month)
		}
	}
	if len(earlier) == 0 {
		return nil, nil
	}
	charged, err := s.charged(ctx, earlier[0], m)
	if err != nil {
		return nil, err
	}
	for _, m := range earlier {
		// In a unit of work, what is read here must not change until the commit.
		standing, err := s.Month(ctx, m)
		if err != nil {
			return nil, err
		}
		was, err := s.Edition(ctx, m, standing.Edition)
		if err != nil {
			return nil, err
		}
		some, err := s.correct(ctx, standing, was, charged)
		if err != nil {
			return nil, fmt.Errorf("corrections of %s: %w", m, err)
		}
		switch same := was.Currency == d.statement.Currency; {
		case same:
			facts = append(facts, some...)
		case len(some) > 0:
			d.statement.Elsewhere = append(d.statement.Elsewhere, m)
		}
		switch stays := len(some) > 0 && was.Currency != d.statement.Currency; {
		case stays && !standing.Due && len(d.stays) < mostStays:
			d.stays = append(d.stays, standing)
		case !stays && standing.Due:
			d.settles = append(d.settles, standing)
		}
	}
	return facts, nil
}

// charged sums the corrections in all statements that hold since a month, but
// for one month's own: by what they correct.
func (s *Statements) charged(ctx context.Context, since, own calendar.Month) (map[Corrected]money.Amount, error) {
	sums := map[Corrected]money.Amount{}
	for st, err := range store.Of(s.view, statements).Find(store.By("month").From(store.Text(since.String()))).All(ctx) {
		if err != nil {
			return nil, err
		}
		if st.State != Issued || st.Month == own {
			continue
		}
		for _, l := range st.Lines {
			if l.Of == nil {
				continue
			}
			sum := sums[*l.Of]
			if err := add(&sum, l.Amount); err != nil {
				return nil, err
			}
			sums[*l.Of] = sum
		}
	}
	return sums, nil
}

// correct returns what has to be corrected in an issued month: in the period and
// the currency that it was issued for.
func (s *Statements) correct(ctx context.Context, standing Month, was Statement, corrected map[Corrected]money.Amount) ([]Fact, error) {
	pinned := map[ItemID]PriceFact{}
	for _, f := range was.Facts {
		if f.Charge != nil {
			pinned[f.Charge.Item.ID] = f.Charge.Price
		}
	}
	facts, err := s.facts(ctx, reckoned{month: was.Month, period: was.Period, currency: was.Currency, pinned: pinned})
	if err != nil {
		return nil, err
	}
	lines, _, err := was.reckoning().lines(facts)
	if err != nil {
		return nil, err
	}
	return differences(standing, was, lines, corrected)
}

// differences compares two reckonings of a month, line by line.
func differences(standing Month, was Statement, lines []Line, corrected map[Corrected]money.Amount) ([]Fact, error) {
	type pair struct{ now, was *Line }
	pairs := map[string]*pair{}
	at := func(id string) *pair {
		if pairs[id] == nil {
			pairs[id] = &pair{}
		}
		return pairs[id]
	}
	for i, l := range was.Lines {
		if l.Kind != CorrectionLine {
			at(l.ID).was = &was.Lines[i]
		}
	}
	for i, l := range lines {
		at(l.ID).now = &lines[i]
	}
	zero, err := money.Zero(was.Currency)
	if err != nil {
		return nil, err
	}
	var facts []Fact
	for _, id := range slices.Sorted(maps.Keys(pairs)) {
		p := pairs[id]
		if p.now != nil && !p.now.Amount.Defined() {
			continue // nothing is known of it any more, or still: that corrects nothing
		}
		c := CorrectionFact{Of: Corrected{Month: standing.Month, Line: id}, Now: zero, Charged: zero, Edition: standing.Edition}
		line := cmp.Or(p.now, p.was)
		c.Service, c.Label = line.Service, line.Label+", "+standing.Month.String()
		if p.now != nil {
			c.Now = p.now.Amount
		}
		var errs []error
		if p.was != nil && p.was.Amount.Defined() {
			errs = append(errs, add(&c.Charged, p.was.Amount))
		}
		if sum := corrected[c.Of]; sum.Defined() {
			errs = append(errs, add(&c.Charged, sum))
		}
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		if !c.Now.Equal(c.Charged) {
			facts = append(facts, Fact{Correction: &c})
		}
	}
	return facts, nil
}

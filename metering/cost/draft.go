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
	"github.com/servicecoin/servicecoin/metering/rating"
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
	pinned   map[ItemID]pinned       // the prices that items were charged at
	again    bool                    // an issued month is looked at again
	others   map[money.Currency]bool // in which some is charged, too: filled in
	prices   map[asked][]rating.Held // that were asked for before
	excesses map[string]ExcessFact   // at the prices that they were charged at, by the ids of their lines
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
	own, err := s.own(ctx, m)
	if err != nil {
		return drafted{}, err
	}
	d := drafted{statement: Statement{
		ID: own.statement(1), Customer: s.customer.ID, Month: m, Period: now.period, Currency: now.currency, Rounding: s.o.Rounding,
		Rules: RuleVersion, Edition: 1, State: Draft, DraftedAt: s.view.Now(),
	}}
	facts, err := s.facts(ctx, now)
	if err != nil {
		return drafted{}, err
	}
	if others := slices.Sorted(maps.Keys(now.others)); len(others) > 0 {
		d.statement.Others = others
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
	r := reckoned{month: m, period: m.In(s.zone), currency: s.account, others: make(map[money.Currency]bool), prices: map[asked][]rating.Held{}}
	switch issued, err := s.Month(ctx, m); {
	case err != nil:
		return reckoned{}, err
	case issued.Edition > 0:
		r.period = issued.Period // in another account, perhaps
		return r, nil
	}
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
	services := map[metering.MeterID]servicecoin.ServiceID{}
	for i, err := range s.Items("").All(ctx) {
		if err != nil {
			return nil, err
		}
		period := i.In(now.period)
		if period.Empty() {
			continue
		}
		parts, err := s.charges(ctx, i, period, now)
		if err != nil {
			return nil, fmt.Errorf("item %s: %w", i.ID, err)
		}
		for _, f := range parts {
			facts = append(facts, Fact{Charge: &f})
		}
		if _, is := services[i.Meter]; !is {
			services[i.Meter] = i.Service
		}
	}
	beyond, err := s.excesses(ctx, now, services)
	if err != nil {
		return nil, err
	}
	facts = append(facts, beyond...)
	for c, err := range s.Credits(now.month).All(ctx) {
		if err != nil {
			return nil, err
		}
		if c.Amount.Defined() && c.Amount.Currency() != now.currency {
			now.others[c.Amount.Currency()] = true
			continue
		}
		c.GivenBy = servicecoin.Actor{} // is the provider's own matter
		facts = append(facts, Fact{Credit: &c})
	}
	costs, err := s.costs(ctx, now)
	return s.ofAccount(append(facts, costs...)), err
}

// ofAccount leaves out percentages of what is charged in another account alone.
func (s *Statements) ofAccount(facts []Fact) []Fact {
	if s.main() {
		return facts
	}
	charged := map[servicecoin.ServiceID]bool{}
	for _, f := range facts {
		switch {
		case f.Charge != nil:
			charged[f.Charge.Item.Service] = true
		case f.Excess != nil:
			charged[f.Excess.Excess.Service] = true
		case f.Cost != nil:
			charged[f.Cost.Service] = true
		}
	}
	return slices.DeleteFunc(facts, func(f Fact) bool { return f.Credit != nil && f.Credit.Percent.Valid && !charged[f.Credit.Service] })
}

// costs sums the imported rows of a month, by service.
func (s *Statements) costs(ctx context.Context, now reckoned) ([]Fact, error) {
	var facts []Fact
	var at *RowsFact
	digest := sha256.New()
	seal := func() {
		if at != nil {
			at.Digest = hex.EncodeToString(digest.Sum(nil))
			digest.Reset()
		}
	}
	for r, err := range s.Rows(now.month, "").All(ctx) { // by service, then id
		if err != nil {
			return nil, err
		}
		if r.Amount.Defined() && r.Amount.Currency() != now.currency {
			now.others[r.Amount.Currency()] = true
			continue
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
	var earlier []Month
	for standing, err := range store.Of(s.view, months).Find(store.By("month").To(store.Text(m.String()))).All(ctx) {
		if err != nil {
			return nil, err
		}
		within := s.sees(standing.Month, m)
		told := s.main() || standing.Currency == d.statement.Currency
		if standing.Edition > 0 && told && (within || standing.Due) {
			earlier = append(earlier, standing)
		}
	}
	for i := 0; len(earlier) > mostMonths && i < len(earlier); { // what is due is looked at before what may be
		if earlier[i].Due {
			i++
			continue
		}
		earlier = slices.Delete(earlier, i, i+1)
	}
	earlier = earlier[:min(len(earlier), mostMonths)]
	if len(earlier) == 0 {
		return nil, nil
	}
	charged, err := s.charged(ctx, earlier[0].Month, d.statement)
	if err != nil {
		return nil, err
	}
	for _, of := range earlier {
		// In a unit of work, what is read here must not change until the commit.
		standing, err := store.Of(s.view, months).Get(ctx, of.id())
		if err != nil {
			return nil, err
		}
		m := standing.Month
		was, err := s.edition(ctx, standing, standing.Edition)
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

// sees reports whether a month is one of those that a later one's statement looks at again.
func (s *Statements) sees(earlier, m calendar.Month) bool {
	return s.o.LookBack > 0 && earlier.Compare(m.Add(-s.o.LookBack)) >= 0
}

// corrected is a line of an account.
type corrected struct {
	Corrected

	currency money.Currency
}

// correctedSum is what corrections of a line come to, and what they say of it.
type correctedSum struct {
	amount  money.Amount
	service servicecoin.ServiceID
	label   string
	pin     *Pin
}

// charged sums the corrections in all statements that hold since a month, but for
// one's own: by what they correct.
func (s *Statements) charged(ctx context.Context, since calendar.Month, own Statement) (map[corrected]correctedSum, error) {
	sums := map[corrected]correctedSum{}
	for st, err := range store.Of(s.view, statements).Find(store.By("month").From(store.Text(since.String()))).All(ctx) {
		if err != nil {
			return nil, err
		}
		if st.State != Issued || st.Month == own.Month && st.Currency == own.Currency {
			continue
		}
		if err := s.fill(ctx, &st); err != nil {
			return nil, err
		}
		pins := map[Corrected]*Pin{}
		for _, f := range st.Facts {
			if f.Correction != nil && f.Correction.Pin != nil {
				pins[f.Correction.Of] = f.Correction.Pin
			}
		}
		for _, l := range st.Lines {
			if l.Of == nil {
				continue
			}
			at := corrected{*l.Of, st.Currency}
			sum := sums[at]
			if err := add(&sum.amount, l.Amount); err != nil {
				return nil, err
			}
			sum.service, sum.label, sum.pin = l.Service, l.Label, cmp.Or(sum.pin, pins[*l.Of])
			sums[at] = sum
		}
	}
	return sums, nil
}

// correct returns what has to be corrected in an issued month: in the period and
// the currency that it was issued for.
func (s *Statements) correct(ctx context.Context, standing Month, was Statement, charged map[corrected]correctedSum) ([]Fact, error) {
	pins, excesses := map[ItemID]pinned{}, map[string]ExcessFact{}
	pin := func(p Pin, whole calendar.Interval) {
		of := pins[p.Item]
		of.whole = whole
		of.pieces = append(of.pieces, piece{Interval: p.Period, price: p.Price, conversion: p.Conversion, zone: p.Zone, later: p.Later})
		pins[p.Item] = of
	}
	for _, f := range was.Facts {
		if f.Excess != nil {
			excesses[f.ID()] = *f.Excess
		}
		if c := f.Charge; c != nil {
			pin(c.pin(), c.Item.In(was.Period))
		}
	}
	var late []Pin // of what came by a correction
	for of, sum := range charged {
		if of.Month == was.Month && of.currency == was.Currency && sum.pin != nil && len(pins[sum.pin.Item].pieces) == 0 {
			late = append(late, *sum.pin)
		}
	}
	slices.SortFunc(late, func(a, b Pin) int { return a.Period.Start.Compare(b.Period.Start) })
	for _, p := range late {
		whole := p.Period
		if of := pins[p.Item]; len(of.pieces) > 0 {
			whole.Start = of.whole.Start
		}
		pin(p, whole)
	}
	facts, err := s.facts(ctx, reckoned{month: was.Month, period: was.Period, currency: was.Currency, again: true, pinned: pins, excesses: excesses, prices: map[asked][]rating.Held{}, others: make(map[money.Currency]bool)})
	if err != nil {
		return nil, err
	}
	lines, _, err := was.reckoning().lines(facts)
	if err != nil {
		return nil, err
	}
	return differences(standing, was, facts, lines, charged)
}

// pin is the version of the price that the charge was made at.
func (f ChargeFact) pin() Pin {
	return Pin{Item: f.Item.ID, Period: f.Period, Price: f.Price, Conversion: f.Conversion, Zone: f.Zone, Later: f.Later}
}

// differences compares two reckonings of a month, line by line.
func differences(standing Month, was Statement, now []Fact, lines []Line, charged map[corrected]correctedSum) ([]Fact, error) {
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
	for of := range charged { // by a correction alone
		if of.Month == standing.Month && of.currency == was.Currency {
			at(of.Line)
		}
	}
	pins := map[string]*Pin{}
	for _, f := range now {
		if f.Charge != nil {
			pins[f.ID()] = new(f.Charge.pin())
		}
	}
	zero, err := money.Zero(was.Currency)
	if err != nil {
		return nil, err
	}
	var facts []Fact
	for _, id := range slices.Sorted(maps.Keys(pairs)) {
		p := pairs[id]
		if p.now != nil && !p.now.Amount.Defined() && p.now.Kind != CreditLine && p.now.Kind != UsageLine {
			continue // nothing is known of it any more, or still: that corrects nothing
		}
		c := CorrectionFact{Of: Corrected{Month: standing.Month, Line: id}, Now: zero, Charged: zero, Edition: standing.Edition}
		if standing.Beside {
			c.Account = standing.Currency
		}
		sum := charged[corrected{c.Of, was.Currency}]
		if line := cmp.Or(p.now, p.was); line != nil {
			c.Service, c.Label = line.Service, line.Label+", "+standing.Month.String()
		} else {
			c.Service, c.Label = sum.service, sum.label
		}
		if p.was == nil {
			c.Pin = cmp.Or(sum.pin, pins[id]) // of the statement it is none of the facts
		}
		if p.now != nil && p.now.Amount.Defined() {
			c.Now = p.now.Amount // of a percentage of nothing it is nothing, as of usage that is void
		}
		var errs []error
		if p.was != nil && p.was.Amount.Defined() {
			errs = append(errs, add(&c.Charged, p.was.Amount))
		}
		if sum.amount.Defined() {
			errs = append(errs, add(&c.Charged, sum.amount))
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

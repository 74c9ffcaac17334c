package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// paper is a statement as accounting takes it: the same on the screen, printed, and
// as a file.
type paper struct {
	Number     string            `json:"number"`
	State      cost.State        `json:"state"`
	Edition    int               `json:"edition"`
	Month      calendar.Month    `json:"month"`
	Period     calendar.Interval `json:"period"`
	Zone       string            `json:"zone"`
	Date       time.Time         `json:"date"` // issued, or drafted
	IssuedBy   servicecoin.Actor `json:"issuedBy,omitzero"`
	Currency   money.Currency    `json:"currency"`
	Provider   partyNamed        `json:"provider"`
	Customer   partyNamed        `json:"customer"`
	CustomerID string            `json:"customerId"`
	CostCentre string            `json:"costCentre,omitempty"`

	Services []paperService `json:"services"`
	// The sums by what they are for; null where there is nothing of the kind.
	Charged   money.Amount `json:"charged"`
	Credited  money.Amount `json:"credited"`
	Corrected money.Amount `json:"corrected"`
	Net       money.Amount `json:"net"` // without tax
	Tax       paperTax     `json:"tax"`
	Total     money.Amount `json:"total"`

	Before   *before       `json:"before,omitempty"`
	Expected []expected    `json:"expectedCredits,omitempty"`
	Centres  []paperCentre `json:"costCentres,omitempty"`
	Unknown  []string      `json:"unknown,omitempty"` // in sentences
	Editions []edition     `json:"editions,omitempty"`
	// CorrectedIn are the later statements that correct this one.
	CorrectedIn []calendar.Month `json:"correctedIn,omitempty"`
	GoesOn      bool             `json:"goesOn,omitempty"` // the month is not over
	Due         bool             `json:"due,omitempty"`    // something became known since
}

// Draft reports whether it may still change.
func (v *paper) Draft() bool { return v.State == cost.Draft }

type paperService struct {
	ID         servicecoin.ServiceID `json:"id"`
	Name       string                `json:"name"`
	CostCentre string                `json:"costCentre,omitempty"`
	Lines      []paperLine           `json:"lines"`
	Sum        money.Amount          `json:"sum"`
}

type paperLine struct {
	ID       string              `json:"id"`
	Kind     cost.Kind           `json:"kind"`
	Label    string              `json:"label"`
	Quantity decimal.NullDecimal `json:"quantity"`
	Unit     string              `json:"unit,omitempty"`
	How      string              `json:"how,omitempty"` // the arithmetic, in words
	Of       *cost.Corrected     `json:"of,omitempty"`  // what a correction corrects
	Exact    money.Amount        `json:"exact"`
	Amount   money.Amount        `json:"amount"`
}

type paperTax struct {
	tax

	Amount money.Amount `json:"amount"`
}

// before sets a month against the one before it, without tax.
type before struct {
	Month    calendar.Month `json:"month"`
	Draft    bool           `json:"draft,omitempty"` // of the month before, or of this one
	Services []difference   `json:"services"`
	Sum      difference     `json:"sum"`
}

// difference is what became of an amount.
type difference struct {
	Name  string              `json:"name"`
	Was   money.Amount        `json:"was"`
	Is    money.Amount        `json:"is"`
	More  money.Amount        `json:"more"`        // below zero: less; null where either is not there
	Share decimal.NullDecimal `json:"morePercent"` // null where there was nothing before
}

// expected is a credit that only an issued report would give.
type expected struct {
	Name    string          `json:"service"`
	Percent decimal.Decimal `json:"percent"`
	About   money.Amount    `json:"about"` // at what is charged so far; null: not known
}

type paperCentre struct {
	Name string       `json:"costCentre"`
	Sum  money.Amount `json:"sum"`
}

type edition struct {
	N      int          `json:"edition"`
	Number string       `json:"number"`
	At     time.Time    `json:"issuedAt"`
	Total  money.Amount `json:"net"`
	Reason string       `json:"replacedBecause,omitempty"`
	Here   bool         `json:"here,omitempty"` // this one
}

// statementNumber is made of customer, month, account and edition alone, so that the same
// statement always has the same number, and no two have one. The account is said of a month
// that was issued in another one first. Ids in small letters are written in capitals;
// others stay as they are, after a point that none of those has.
func statementNumber(c servicecoin.CustomerID, m calendar.Month, account money.Currency, n int) string {
	small := func(x rune) bool { return x >= 'a' && x <= 'z' || x >= '0' && x <= '9' || x == '-' }
	name := "ID." + string(c)
	if !strings.ContainsFunc(string(c), func(x rune) bool { return !small(x) }) {
		name = strings.ToUpper(string(c))
	}
	if account != "" {
		return fmt.Sprintf("%s-%s-%s-%d", name, m, account, n)
	}
	return fmt.Sprintf("%s-%s-%d", name, m, n)
}

// numbered returns the number of an edition of a month's statement, by where the month
// stands in its account.
func numbered(st *cost.Statement, standing cost.Month, edition int) string {
	if standing.Beside || standing.Edition > 0 && standing.Currency != st.Currency {
		return statementNumber(st.Customer, st.Month, st.Currency, edition)
	}
	return statementNumber(st.Customer, st.Month, "", edition)
}

// paper makes the document of a statement.
func (p *portal) paper(ctx context.Context, c client, st *cost.Statement) (*paper, error) {
	head, err := p.headOf(ctx, c, st)
	if err != nil {
		return nil, err
	}
	standing, err := p.account(c, st.Currency).Month(ctx, st.Month)
	if err != nil {
		return nil, err
	}
	c.CostCentre, c.CostCentres = head.CostCentre, head.CostCentres
	v := &paper{
		Number: numbered(st, standing, st.Edition), State: st.State, Edition: st.Edition, Month: st.Month, Period: st.Period, Zone: c.Zone,
		Date: st.IssuedAt, IssuedBy: st.IssuedBy, Currency: st.Currency, Provider: head.Provider, Customer: head.Customer, CustomerID: string(c.ID), CostCentre: c.CostCentre,
		Net: st.Total, Tax: paperTax{tax: head.Tax}, GoesOn: p.store.Now().Before(st.Period.End),
	}
	if st.State == cost.Draft {
		v.Date = st.DraftedAt
	}
	names, err := p.names(ctx)
	if err != nil {
		return nil, err
	}
	if err := v.fill(st, c, names); err != nil {
		return nil, err
	}
	for _, add := range []func(context.Context, client, *cost.Statement, namesByID) error{p.compared(v), p.hoped(v), p.history(v)} {
		if err := add(ctx, c, st, names); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// headOf returns how a statement was addressed when it was issued. Of one that was
// issued before the portal kept that, and of a draft, it is as things are now.
func (p *portal) headOf(ctx context.Context, c client, st *cost.Statement) (letterhead, error) {
	if st.State != cost.Draft {
		head, err := store.Of(p.store.For(c.ID), letterheads).Get(ctx, st.ID)
		if !errors.Is(err, servicecoin.ErrNotFound) {
			return head, err
		}
	}
	return p.letterhead(c, st), nil
}

// fill writes lines and sums.
func (v *paper) fill(st *cost.Statement, c client, names namesByID) error {
	totals, err := st.Services()
	if err != nil {
		return err
	}
	sums := map[string][]money.Amount{}
	note := func(key string, a money.Amount) { sums[key] = append(sums[key], a) }
	for _, t := range totals {
		s := paperService{ID: t.Service, Name: names.Of(t.Service), CostCentre: c.centre(t.Service), Sum: t.Total}
		for _, l := range st.Lines {
			if l.Service == t.Service {
				s.Lines = append(s.Lines, paperLine{ID: l.ID, Kind: l.Kind, Label: l.Label, Quantity: l.Quantity, Unit: l.Unit, How: howPriced(l.Parts, st.Currency), Of: l.Of, Exact: l.Exact, Amount: l.Amount})
				v.Unknown = append(v.Unknown, unknownIn(l, s.Name)...)
			}
		}
		note("charged", t.Charged)
		note("credited", t.Credited)
		note("corrected", t.Corrections)
		note("centre "+s.CostCentre, t.Total)
		v.Services = append(v.Services, s)
	}
	slices.SortStableFunc(v.Services, func(a, b paperService) int { return compareFold(a.Name, b.Name) })
	for key, to := range map[string]*money.Amount{"charged": &v.Charged, "credited": &v.Credited, "corrected": &v.Corrected} {
		if *to, err = sumOf(st.Currency, sums[key]...); err != nil {
			return err
		}
	}
	if v.CostCentre != "" || len(c.CostCentres) > 0 {
		for _, key := range sortedKeys(sums) {
			if name, ok := strings.CutPrefix(key, "centre "); ok {
				sum, err := sumOf(st.Currency, sums[key]...)
				if err != nil {
					return err
				}
				v.Centres = append(v.Centres, paperCentre{name, sum})
			}
		}
	}
	for _, m := range st.Elsewhere {
		v.Unknown = append(v.Unknown, "What became known of "+monthWords(m)+" is in another currency: a further edition of its statement says so.")
	}
	if v.Tax.Amount, err = v.Tax.on(v.Net); err != nil {
		return err
	}
	v.Total, err = sumOf(st.Currency, v.Net, v.Tax.Amount)
	return err
}

// sumOf adds what is known; no amount where nothing is.
func sumOf(currency money.Currency, all ...money.Amount) (money.Amount, error) {
	all = slices.DeleteFunc(slices.Clone(all), func(a money.Amount) bool { return !a.Defined() })
	if len(all) == 0 {
		return money.Amount{}, nil
	}
	return money.Sum(currency, all...)
}

// unknownIn says in sentences what of a line is not known.
func unknownIn(l cost.Line, service string) []string {
	var list []string
	if !l.Amount.Defined() {
		what := "what it comes to is not known"
		if l.Kind == cost.UsageLine && !l.Quantity.Valid {
			what = "how much was used is not known"
		}
		list = append(list, fmt.Sprintf("%s, %s: %s, so the total is without it.", l.Label, service, what))
	}
	if l.Remainder != nil {
		list = append(list, fmt.Sprintf("%s, %s: usage below nothing (%s %s) is not paid back by it.", l.Label, service, grouped(*l.Remainder), l.Unit))
	}
	return list
}

// howPriced is the arithmetic of a charge, "1 000 at 0.09, 1 905 at 0.06".
func howPriced(parts []rating.Line, currency money.Currency) string {
	written := func(d decimal.Decimal) string {
		a, err := money.New(d, currency)
		if err != nil {
			return d.String()
		}
		return inColumn(a)
	}
	var list []string
	for _, x := range parts {
		switch {
		case x.Quantity.Valid && x.Unit.Valid:
			list = append(list, grouped(x.Quantity.Decimal)+" at "+written(x.Unit.Decimal))
		case len(parts) > 1:
			list = append(list, string(x.Kind)+" "+written(x.Amount))
		}
	}
	return strings.Join(list, ", ")
}

func monthWords(m calendar.Month) string { return m.Words() }

// The three adders below complete a document with what stands beside the statement
// itself.
type adder = func(ctx context.Context, c client, st *cost.Statement, names namesByID) error

// compared sets the month against the one before it.
func (p *portal) compared(v *paper) adder {
	return func(ctx context.Context, c client, st *cost.Statement, names namesByID) error {
		was, err := holds(ctx, p.account(c, st.Currency), st.Month.Previous())
		if errors.Is(err, servicecoin.ErrInvalid) || errors.Is(err, servicecoin.ErrRefused) {
			return nil // it cannot be computed
		}
		if err != nil || was.Currency != st.Currency || !was.Total.Defined() {
			return err
		}
		totals, err := was.Services()
		if err != nil {
			return err
		}
		b := &before{Month: was.Month, Draft: was.State == cost.Draft || st.State == cost.Draft}
		is, old := map[servicecoin.ServiceID]money.Amount{}, map[servicecoin.ServiceID]money.Amount{}
		all := map[servicecoin.ServiceID]bool{}
		for _, s := range v.Services {
			is[s.ID], all[s.ID] = s.Sum, true
		}
		for _, t := range totals {
			old[t.Service], all[t.Service] = t.Total, true
		}
		for _, id := range sortedKeys(all) {
			x, err := changed(names.Of(id), old[id], is[id])
			if err != nil {
				return err
			}
			b.Services = append(b.Services, x)
		}
		slices.SortStableFunc(b.Services, func(a, b difference) int { return compareFold(a.Name, b.Name) })
		if b.Sum, err = changed("All", was.Total, v.Net); err != nil {
			return err
		}
		v.Before = b
		return nil
	}
}

// changed compares two amounts. What is not there on one side has no difference.
func changed(name string, was, is money.Amount) (difference, error) {
	x := difference{Name: name, Was: was, Is: is}
	if !was.Defined() || !is.Defined() {
		return x, nil
	}
	var err error
	if x.More, err = is.Sub(was); err == nil && was.Sign() > 0 {
		x.Share = servicecoin.Some(x.More.Decimal().Shift(2).DivRound(was.Decimal(), 1))
	}
	return x, err
}

// hoped finds the credits that are expected: those of months of which no report is
// issued, or one that the facts have overtaken. Only an issued report gives one.
func (p *portal) hoped(v *paper) adder {
	return func(ctx context.Context, c client, st *cost.Statement, names namesByID) error {
		keeper := p.Keeper(c.ID)
		for promise, err := range keeper.Promises("").All(ctx) {
			if err != nil {
				return err
			}
			standing, err := keeper.Standing(ctx, promise.ID, st.Month)
			if err != nil {
				return err
			}
			if standing.Edition > 0 && !standing.Due {
				continue
			}
			report, err := keeper.Month(ctx, promise.ID, st.Month)
			if errors.Is(err, servicecoin.ErrRefused) {
				continue // not promised in that month
			}
			if err != nil {
				return err
			}
			if err := v.hope(report, names.Of(promise.Service)); err != nil {
				return err
			}
		}
		slices.SortStableFunc(v.Expected, func(a, b expected) int { return compareFold(a.Name, b.Name) })
		return nil
	}
}

func (v *paper) hope(report sla.Report, name string) error {
	credit := report.Figures.Credit
	if !credit.Valid || !credit.Decimal.IsPositive() {
		return nil
	}
	x := expected{Name: name, Percent: credit.Decimal}
	for _, s := range v.Services {
		if s.ID != report.Promise.Service {
			continue
		}
		charged := slices.DeleteFunc(slices.Clone(s.Lines), func(l paperLine) bool { return l.Kind == cost.CreditLine || l.Kind == cost.CorrectionLine })
		amounts := make([]money.Amount, 0, len(charged))
		for _, l := range charged {
			amounts = append(amounts, l.Exact)
		}
		sum, err := sumOf(v.Currency, amounts...)
		if err != nil || !sum.Defined() {
			return err
		}
		if x.About, err = sum.Mul(credit.Decimal.Shift(-2)); err == nil {
			x.About, err = x.About.Round(money.HalfAwayFromZero)
		}
		if err != nil {
			return err
		}
	}
	v.Expected = append(v.Expected, x)
	return nil
}

// history finds the editions of the month, and the later statements that correct it.
func (p *portal) history(v *paper) adder {
	return func(ctx context.Context, c client, st *cost.Statement, _ namesByID) error {
		statements := p.account(c, st.Currency)
		month, err := statements.Month(ctx, st.Month)
		if err != nil || month.Edition == 0 || month.Currency != st.Currency {
			return err
		}
		v.Due = month.Due && st.State == cost.Issued
		const most = 12 // editions, and later statements
		for n := month.Edition; n > 0 && n > month.Edition-most; n-- {
			x, err := statements.Edition(ctx, st.Month, n)
			if err != nil {
				return err
			}
			v.Editions = append(v.Editions, edition{N: n, Number: numbered(st, month, n), At: x.IssuedAt, Total: x.Total, Reason: x.Reason, Here: n == st.Edition})
		}
		m := st.Month
		for range most {
			m = m.Next()
			later, err := statements.Get(ctx, m)
			if errors.Is(err, servicecoin.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if slices.ContainsFunc(later.Lines, func(l cost.Line) bool { return l.Of != nil && l.Of.Month == st.Month }) {
				v.CorrectedIn = append(v.CorrectedIn, m)
			}
		}
		return nil
	}
}

package cost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
)

// Usage tells what the customer used: a metering.Ledger does.
type Usage interface {
	// Between returns the usage of a meter in an interval.
	Between(ctx context.Context, id metering.MeterID, during calendar.Interval) (metering.Usage, error)
	// Meter returns the definition of a meter, or ErrNotFound.
	Meter(ctx context.Context, id metering.MeterID) (metering.Meter, error)
}

// Prices tells which price held: a rating.PriceList does.
type Prices interface {
	// At returns the version of a price that holds at an instant, or ErrNotFound.
	At(ctx context.Context, id servicecoin.PriceID, t time.Time) (rating.Version, error)
}

var (
	_ Usage  = (*metering.Ledger)(nil)
	_ Prices = (*rating.PriceList)(nil)
)

// Options are what a host may set for statements.
type Options struct {
	// Rounding of credits, costs and corrections to the currency's digits;
	// default: half away from zero. Charges are rounded as their price says.
	Rounding money.Rounding
	// LookBack is how many issued months a statement looks at again, for usage
	// that was recorded late; default: 3. Months that are due are looked at
	// however old they are. Below zero: only those. At most 40.
	LookBack int
	// Excesses tells what was used beyond limits and is charged for; nil: nothing is.
	Excesses Excesses
	// Rates tells what a unit of the host's own ([rating.Price].In) is worth in money. nil:
	// a price in one fails the draft, with an error that says so.
	Rates Rates
}

// Rates tells what a unit of the host's own is worth: a rating.Conversions does.
type Rates interface {
	At(from string, to money.Currency, t time.Time) (rating.Conversion, error)
}

var _ Rates = (*rating.Conversions)(nil)

// Statements keeps what one customer is charged for, and the statements that
// came of it.
type Statements struct {
	view     store.View
	customer servicecoin.Customer
	zone     *time.Location
	usage    Usage
	prices   Prices
	account  money.Currency
	written  string // the digest of a statement whose parts are stored
	fault    error  // of the arguments; the first call tells
	o        Options
}

// New returns the statements of a customer, in its view, its zone and its
// currency. usage may be nil for a customer without metered items. What is wrong
// with the arguments is reported by the first call. A nil o means defaults.
func New(view store.View, customer servicecoin.Customer, usage Usage, prices Prices, o *Options) *Statements {
	s := &Statements{view: view, customer: customer, usage: usage, prices: prices, account: money.Currency(customer.Currency)}
	if o != nil {
		s.o = *o
	}
	if s.o.Rounding == "" {
		s.o.Rounding = money.HalfAwayFromZero
	}
	if s.o.LookBack == 0 {
		s.o.LookBack = 3
	}
	var v servicecoin.Violations
	if view.Customer() != customer.ID {
		v.Add("customer.id", "foreign", string(customer.ID), "is not the customer of the view")
	}
	v.Merge("customer.currency", s.currency().Validate())
	zone, err := customer.Location()
	v.Merge("customer", err)
	if prices == nil {
		v.Add("prices", "required", "", "is nil: tells which price held")
	}
	v.Merge("rounding", s.o.Rounding.Validate())
	if s.o.LookBack > mostMonths {
		v.Add("lookBack", "out-of-range", strconv.Itoa(s.o.LookBack), fmt.Sprintf("must be at most %d", mostMonths))
	}
	s.zone, s.fault = zone, v.Err()
	s.view = view.OfCustomer("the statements of a customer").With(s.fault)
	return s
}

// On returns the same statements over another view of the customer: of the
// host's transaction, or of a unit of work.
func (s *Statements) On(view store.View) *Statements {
	other := *s
	other.view = view.OfCustomer("the statements of a customer").With(s.fault)
	if view.Customer() != s.customer.ID {
		var v servicecoin.Violations
		v.Add("view", "foreign", string(view.Customer()), "is not a view of "+string(s.customer.ID))
		other.view = other.view.With(v.Err())
	}
	return &other
}

func (s *Statements) currency() money.Currency { return s.account }

func (s *Statements) authorize(ctx context.Context, by servicecoin.Actor, verb, kind, id string) error {
	return s.view.Ask(ctx, by, verb, kind, id)
}

// Include adds an item to what the customer is charged for. Including the same
// again changes nothing; another item of its id answers ErrExists. An empty id is
// filled in. A price of which no version holds at From, or in another currency than
// the customer's, and a meter that is not defined are refused. Months that are
// issued already are corrected in the next statement.
func (s *Statements) Include(ctx context.Context, by servicecoin.Actor, i Item) (Item, error) {
	if i.ID == "" {
		i.ID = ItemID(s.view.NewID())
	}
	if err := s.authorize(ctx, by, VerbIncludeItem, ItemRecord, string(i.ID)); err != nil {
		return Item{}, err
	}
	i.From = servicecoin.Instant(i.From)
	if !i.Until.IsZero() {
		i.Until = servicecoin.Instant(i.Until)
	}
	var v servicecoin.Violations
	v.Merge("", i.Validate())
	if err := v.Err(); err != nil {
		return Item{}, err
	}
	err := s.view.Do(ctx, func(tx store.View) error {
		all := store.Of(tx, items)
		stored, err := all.Get(ctx, string(i.ID))
		switch {
		case err == nil && i.same(stored):
			return nil
		case err == nil:
			return &servicecoin.KeyError{Key: tx.Key(ItemRecord, string(i.ID)), Err: servicecoin.ErrExists}
		case !errors.Is(err, servicecoin.ErrNotFound):
			return err
		}
		if err := s.Known(ctx, i); err != nil {
			return err
		}
		e, err := store.Happened(by, EventItemIncluded, ItemChanged{i.ID, i.Service, i.Price})
		if err != nil {
			return err
		}
		if err := all.Insert(ctx, i, e); err != nil {
			return err
		}
		return s.On(tx).dueSince(ctx, by, i.From, tx.Key(ItemRecord, string(i.ID)))
	})
	if err != nil {
		return Item{}, err
	}
	return i, nil
}

// Known reports what an item names and nobody knows: a price of which no version
// holds when the item begins, or in another currency than the customer's, a meter
// that is not defined.
func (s *Statements) Known(ctx context.Context, i Item) error {
	if err := s.view.Err(); err != nil {
		return err
	}
	var v servicecoin.Violations
	windowed := false
	switch price, err := s.holds(ctx, i.Price, i.From); {
	case errors.Is(err, servicecoin.ErrNotFound):
		v.Add("price", "unknown", string(i.Price), "no version of it holds at "+i.From.UTC().Format(time.RFC3339))
	case err != nil:
		return err
	case price.Price.Currency != s.currency():
		v.Add("price", "mixed", string(i.Price), "is in "+string(price.Price.Currency)+", the customer's currency is "+string(s.currency()))
	default:
		windowed = len(price.Price.Windows) > 0
		if i.Meter == "" {
			v.Merge("", mayBeFixed(price.Price))
		}
		if err := s.payable(ctx, &v, i); err != nil {
			return err
		}
	}
	switch {
	case i.Meter == "":
	case s.usage == nil:
		v.Add("meter", "unknown", string(i.Meter), "nothing is metered for the customer")
	default:
		m, err := s.usage.Meter(ctx, i.Meter)
		switch {
		case errors.Is(err, servicecoin.ErrNotFound):
			v.Add("meter", "unknown", string(i.Meter), "is not defined")
		case err != nil:
			return err
		case windowed:
			v.Merge("", mayHaveWindows(m))
		}
	}
	return v.Err()
}

// payable refuses an item that begins in a month which was issued in another
// currency: no correction could say what it comes to.
func (s *Statements) payable(ctx context.Context, v *servicecoin.Violations, i Item) error {
	first := calendar.MonthOf(i.From, s.zone)
	if before := first.Add(-1); before.Validate() == nil {
		first = before // it was issued in another zone, perhaps
	}
	for issued, err := range store.Of(s.view, months).Find(store.By("month").From(store.Text(first.String()))).All(ctx) {
		if err != nil {
			return err
		}
		if issued.Edition > 0 && issued.Currency != s.currency() && !i.In(issued.Period).Empty() {
			v.Add("from", "mixed", i.From.UTC().Format(time.RFC3339), issued.Month.String()+" was issued in "+string(issued.Currency))
			return nil
		}
	}
	return nil
}

func (i Item) same(other Item) bool {
	return sameReads(i.Reads, other.Reads) && i.Subscription == other.Subscription && i.ID == other.ID && i.Name == other.Name && i.Service == other.Service && i.Price == other.Price && i.Meter == other.Meter &&
		sameNumber(i.Quantity, other.Quantity) && i.From.Equal(other.From) && i.Until.Equal(other.Until)
}

// End sets until when an item is charged, exclusive: at its From, never. Months
// that are issued already are corrected in the next statement.
func (s *Statements) End(ctx context.Context, by servicecoin.Actor, id ItemID, until time.Time) (Item, error) {
	if err := s.authorize(ctx, by, VerbEndItem, ItemRecord, string(id)); err != nil {
		return Item{}, err
	}
	until = servicecoin.Instant(until)
	var ended Item
	err := s.view.Do(ctx, func(tx store.View) error {
		var since time.Time
		var err error
		ended, err = store.Of(tx, items).Update(ctx, string(id), func(i *Item) ([]store.Event, error) {
			since = until
			if !i.Until.IsZero() && i.Until.Before(until) {
				since = i.Until
			}
			i.Until = until
			if err := i.Validate(); err != nil {
				return nil, err
			}
			e, err := store.Happened(by, EventItemEnded, ItemChanged{i.ID, i.Service, i.Price})
			return []store.Event{e}, err
		})
		if err != nil {
			return err
		}
		return s.On(tx).dueSince(ctx, by, since, s.view.Key(ItemRecord, string(id)))
	})
	if err != nil {
		return Item{}, err
	}
	return ended, nil
}

// Item returns an item, or ErrNotFound.
func (s *Statements) Item(ctx context.Context, id ItemID) (Item, error) {
	if err := s.view.Err(); err != nil {
		return Item{}, err
	}
	return store.Of(s.view, items).Get(ctx, string(id))
}

// Items lists what the customer is charged for, by service, all for "".
func (s *Statements) Items(service servicecoin.ServiceID) store.Listing[Item] {
	r := store.By("service")
	if service != "" {
		r = store.By("service", store.Text(service))
	}
	return store.Of(s.view, items).Find(r)
}

// Credit gives a credit: it is a line of its month's statement, or a correction
// in the next one if that is issued. The same record gives it once, however
// often it is called; another credit of the same record answers ErrExists.
func (s *Statements) Credit(ctx context.Context, by servicecoin.Actor, c Credit) (Credit, error) {
	id := creditID(c.Reference)
	if err := s.authorize(ctx, by, VerbGiveCredit, CreditRecord, id); err != nil {
		return Credit{}, err
	}
	var given Credit
	err := s.view.Do(ctx, func(tx store.View) error {
		if err := s.On(tx).creditable(ctx, c); err != nil {
			return err
		}
		given = c
		given.GivenAt, given.GivenBy = tx.Now(), by
		all := store.Of(tx, credits)
		stored, err := all.Get(ctx, id)
		switch {
		case err == nil && stored.same(c):
			given = stored
			return nil
		case err == nil:
			return &servicecoin.KeyError{Key: tx.Key(CreditRecord, id), Err: servicecoin.ErrExists}
		case !errors.Is(err, servicecoin.ErrNotFound):
			return err
		}
		e, err := store.Happened(by, EventCreditGiven, CreditChanged{c.Reference, c.Service, c.Month, c.Percent, c.Amount})
		if err != nil {
			return err
		}
		if err := all.Insert(ctx, given, e); err != nil {
			return err
		}
		return s.On(tx).due(ctx, by, c.Month, c.Reference)
	})
	if err != nil {
		return Credit{}, err
	}
	return given, nil
}

func (c Credit) same(other Credit) bool {
	return c.Reference == other.Reference && c.Service == other.Service && c.Month == other.Month && c.Amount.Equal(other.Amount) &&
		sameNumber(c.Percent, other.Percent)
}

// creditable reports what is wrong with a credit. An amount is in the currency in
// which its month was issued, the customer's if it is not issued.
func (s *Statements) creditable(ctx context.Context, c Credit) error {
	var v servicecoin.Violations
	v.Merge("", c.Validate())
	if c.Amount.Defined() && c.Month.Validate() == nil {
		whose, err := s.accounts(ctx, c.Month)
		if err != nil {
			return err
		}
		whose = slices.DeleteFunc(whose, func(m Month) bool { return m.Edition == 0 })
		is := c.Amount.Currency()
		switch {
		case len(whose) == 0 && is != s.currency():
			v.Add("amount.currency", "mixed", string(is), "must be "+string(s.currency())+", the customer's")
		case len(whose) > 0 && !slices.ContainsFunc(whose, func(m Month) bool { return m.Currency == is }):
			v.Add("amount.currency", "mixed", string(is), "must be "+string(whose[0].Currency)+", in which "+c.Month.String()+" was issued")
		}
	} else if c.Amount.Defined() && c.Amount.Currency() != s.currency() {
		v.Add("amount.currency", "mixed", string(c.Amount.Currency()), "must be "+string(s.currency())+", the customer's")
	}
	return v.Err()
}

// foreign refuses an amount of another currency.
func (s *Statements) foreign(v *servicecoin.Violations, path string, a money.Amount) {
	if a.Defined() && a.Currency() != s.currency() {
		v.Add(path+".currency", "mixed", string(a.Currency()), "must be "+string(s.currency())+", the customer's")
	}
}

// Credits lists the credits of a month.
func (s *Statements) Credits(m calendar.Month) store.Listing[Credit] {
	return store.Of(s.view, credits).Find(store.By("month", store.Text(m.String())))
}

// Rows lists the imported costs of a month that count, of a service or of all for
// "".
func (s *Statements) Rows(m calendar.Month, service servicecoin.ServiceID) store.Listing[Row] {
	return s.everyRow(m, service).Where(func(r Row) bool { return r.WithdrawnAt.IsZero() })
}

// countedIn reports whether a row counted when a statement was drafted.
func (r Row) countedIn(st *Statement) bool {
	if st.State == Draft {
		return r.WithdrawnAt.IsZero()
	}
	return !r.ImportedAt.After(st.DraftedAt) && (r.WithdrawnAt.IsZero() || r.WithdrawnAt.After(st.DraftedAt))
}

// everyRow lists the imported costs of a month, those that were withdrawn as well.
func (s *Statements) everyRow(m calendar.Month, service servicecoin.ServiceID) store.Listing[Row] {
	r := store.By("month", store.Text(m.String()))
	if service != "" {
		r = store.By("month", store.Text(m.String()), store.Text(service))
	}
	return store.Of(s.view, rows).Find(r)
}

// Trace is [Statement.Trace] with the rows behind each cost line, one by one: each
// says where it stands in its file. Of an issued statement they are those that
// counted when it was drafted.
func (s *Statements) Trace(ctx context.Context, st *Statement) (servicecoin.Trace, error) {
	t := st.Trace()
	for i, l := range st.Lines {
		if l.Kind != CostLine {
			continue
		}
		exact := &t.Parts[i].Parts[0]
		for r, err := range s.everyRow(st.Month, l.Service).Where(func(r Row) bool { return r.countedIn(st) }).All(ctx) {
			if err != nil {
				return t, err
			}
			label, plain := r.Reference, servicecoin.Say("%v", r.Reference)
			if r.Description != "" {
				label += ": " + r.Description
				plain = servicecoin.Say("%v (%v)", r.Description, r.Reference)
			}
			exact.Parts = append(exact.Parts, servicecoin.Trace{
				Label: label, Plain: plain, Value: decimalOf(r.Amount), Unit: string(st.Currency), From: []servicecoin.Key{s.view.Key(RowRecord, r.ID)},
			})
		}
	}
	return t, nil
}

// Get returns the statement of a month that holds, or ErrNotFound if none was
// issued.
func (s *Statements) Get(ctx context.Context, m calendar.Month) (Statement, error) {
	standing, err := s.Month(ctx, m)
	if err != nil {
		return Statement{}, err
	}
	return s.edition(ctx, standing, max(1, standing.Edition))
}

// Edition returns an edition of a month's statement, superseded or not.
func (s *Statements) Edition(ctx context.Context, m calendar.Month, edition int) (Statement, error) {
	standing, err := s.Month(ctx, m)
	if err != nil {
		return Statement{}, err
	}
	return s.edition(ctx, standing, edition)
}

func (s *Statements) edition(ctx context.Context, of Month, edition int) (Statement, error) {
	st, err := store.Of(s.view, statements).Get(ctx, of.statement(edition))
	if err != nil {
		return st, err
	}
	err = s.fill(ctx, &st)
	return st, err
}

// List lists the issued and superseded statements, the latest month first. Of one in
// parts ([Statement.Parts]) it has neither facts nor lines: [Statements.Edition] has.
func (s *Statements) List() store.Listing[Statement] {
	return store.Of(s.view, statements).Find(store.By("month").Descending())
}

// Month returns where a month stands; one that nothing happened to is open. A month
// that was issued in another account alone stands as it does there.
func (s *Statements) Month(ctx context.Context, m calendar.Month) (Month, error) {
	standing, err := s.own(ctx, m)
	if err != nil || standing.Edition > 0 || !standing.Beside {
		return standing, err
	}
	return store.Of(s.view, months).Get(ctx, m.String())
}

func decimalOf(a money.Amount) decimal.NullDecimal {
	if !a.Defined() {
		return servicecoin.Undefined()
	}
	return servicecoin.Some(a.Decimal())
}

// ItemsAcross lists what all customers are charged for, each customer's by service:
// for the host's work at the end of a month. The customer stands in the item's key.
func ItemsAcross(s *store.Store) store.Listing[Item] {
	return store.Across(s, items).Find(store.By("service"))
}

// DeliveriesAcross lists the bills that were delivered for all customers. The
// customer stands in the item's key.
func DeliveriesAcross(s *store.Store) store.Listing[Delivery] {
	return store.Across(s, deliveries).Find(store.All())
}

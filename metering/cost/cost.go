// Package cost models what a customer is charged in a month, line by line, and
// why: the statement.
//
// It answers: what does this month cost, by service; which usage, at which
// version of which price, is a line made of; which credit was given, unasked;
// what did a fact change that came late; and does an issued statement still
// follow from its facts?
//
// A [Statement] is computed from facts that it keeps, so that it recomputes to
// the same bytes. It goes draft → issued (→ superseded). What becomes known after
// it was issued (usage, a credit, an imported row) is a correction line in the
// next statement: the difference between what the month comes to now and all
// that was charged for it. [Statements] keeps what one customer is charged for:
//
//	_, err := statements.Include(ctx, ada, cost.Item{ID: "mail", Name: "Mailboxes", Service: "mail", Meter: "mailboxes", Price: "mail-std", From: start})
//	_, err = statements.Credit(ctx, exchange, credit)
//	statement, err := statements.Issue(ctx, ada, january)
//	fmt.Println(statement.Total, statement.Trace())
//
// Amounts are rounded once a line, to the digits of the currency; the total is
// the sum of the lines. There is one currency in a statement: a customer whose
// currency changes has an account in each ([Statements.Account]). What is not known
// has no amount, which is not zero.
//
// Charges begin, end and change their price on any day; the price says whether a
// part of a month is charged by days or by what was used ([rating.Proration]), and
// each part is a line. Prices with windows are charged by what was used in each.
//
// # Errors
//
// Whatever a statement cannot be computed from is an [*servicecoin.InvalidError]
// that names the item. A [*servicecoin.RefusedError] is a month that is not over,
// one with nothing to charge, a bill on its way, and an edition that would change
// nothing. An item or a credit that is there with other content is ErrExists; the
// same again is no error.
package cost

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
	"github.com/servicecoin/servicecoin/money"
)

// RuleVersion names the arithmetic of this release. A statement is stamped with
// it; a release that computes otherwise has another one.
const RuleVersion = "cost/1"

// ItemID names an item.
type ItemID string

// Item is something that a customer is charged for every month: the usage of a
// meter at a price, or a quantity that is fixed, one flat fee most often. An
// active subscription has one or several.
//
// What becomes of a month in which the item begins or ends, or another version of
// the price becomes valid, the price says ([rating.Proration]). Where it says
// nothing, the month is charged in full, at the version that holds when it begins,
// or the item within it.
type Item struct {
	ID      ItemID                `json:"id"`
	Name    string                `json:"name"` // for people, on the statement
	Service servicecoin.ServiceID `json:"service"`
	Price   servicecoin.PriceID   `json:"price"`

	// Meter says whose usage is charged; empty for a fixed quantity.
	Meter metering.MeterID `json:"meter,omitempty"`
	// Quantity is charged each month where there is no meter; null is 1.
	Quantity decimal.NullDecimal `json:"quantity"`

	From  time.Time `json:"from"`
	Until time.Time `json:"until,omitzero"` // exclusive; zero: open

	// Subscription is what brought it, and ends it; "": nothing but itself.
	Subscription servicecoin.SubscriptionID `json:"subscription,omitempty"`

	// Reads is what the price asks for beside the quantity of the meter, as far as the
	// price does not tell itself. Null: nothing.
	Reads *Reads `json:"reads,omitempty"`
}

// Validate reports every violation of the item.
func (i Item) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(i.ID))
	v.Text("name", i.Name, 1, 200)
	v.ID("service", string(i.Service))
	v.ID("price", string(i.Price))
	if i.Meter != "" {
		v.ID("meter", string(i.Meter))
	}
	if i.Quantity.Valid {
		v.Number("quantity", i.Quantity.Decimal, metering.MaxDigits, metering.MaxPlaces)
		switch {
		case i.Meter != "":
			v.Add("quantity", "contradiction", "", "is metered by "+string(i.Meter))
		case i.Quantity.Decimal.IsNegative():
			v.Add("quantity", "negative", "", "must not be negative")
		}
	}
	v.Time("from", i.From)
	if !i.Until.IsZero() {
		v.Time("until", i.Until)
		if i.Until.Before(i.From) {
			v.Add("until", "reversed", i.Until.Format(time.RFC3339), "must not lie before from")
		}
	}
	if i.Subscription != "" {
		v.ID("subscription", string(i.Subscription))
	}
	if i.Reads != nil {
		if v.Merge("reads", i.Reads.Validate()); i.Meter == "" {
			v.Add("reads", "contradiction", "", "is for what is metered")
		}
	}
	return v.Err()
}

// In returns the part of an interval in which the item is charged.
func (i Item) In(during calendar.Interval) calendar.Interval {
	until := i.Until
	if until.IsZero() {
		until = during.End
	}
	return during.Intersect(calendar.Between(i.From, until))
}

// fixed returns what an item without a meter is charged.
func (i Item) fixed() decimal.Decimal {
	if i.Quantity.Valid {
		return i.Quantity.Decimal
	}
	return decimal.NewFromInt(1)
}

// Credit takes something off a month's charge for a service: a percentage of it,
// or an amount. The record that gives it gives one credit at most.
type Credit struct {
	Reference servicecoin.Key       `json:"reference"` // the record that gives it: a credit line of a service level report, most often
	Service   servicecoin.ServiceID `json:"service"`
	Month     calendar.Month        `json:"month"` // whose charge it is taken off
	// Percent of what the service costs in the month, or Amount: one of them is
	// set. Below zero it takes back a credit that was too much.
	Percent decimal.NullDecimal `json:"percent"`
	Amount  money.Amount        `json:"amount"`
	Reason  string              `json:"reason"`            // for people
	Because []servicecoin.Key   `json:"because,omitempty"` // the records behind it, outages most often

	GivenAt time.Time         `json:"givenAt"`          // set by [Statements.Credit]
	GivenBy servicecoin.Actor `json:"givenBy,omitzero"` // set by [Statements.Credit]; not in statements
}

// mostReasons is how many records a credit names.
const mostReasons = 200

// Validate reports every violation of the credit.
func (c Credit) Validate() error {
	var v servicecoin.Violations
	v.Merge("reference", c.Reference.Validate())
	v.ID("service", string(c.Service))
	v.Merge("month", c.Month.Validate())
	switch {
	case c.Percent.Valid == c.Amount.Defined():
		v.Add("percent", "contradiction", "", "either a percentage or an amount is set")
	case c.Percent.Valid:
		const places = 10
		v.Number("percent", c.Percent.Decimal, 3, places)
		if hundred := decimal.NewFromInt(100); small(c.Percent.Decimal) && c.Percent.Decimal.Abs().GreaterThan(hundred) {
			v.Add("percent", "out-of-range", c.Percent.Decimal.String(), "must lie between -100 and 100")
		}
	}
	v.Text("reason", c.Reason, 1, 1000)
	if v.Limit("because", len(c.Because), mostReasons) {
		for i, k := range c.Because {
			v.Merge(fmt.Sprintf("because[%d]", i), k.Validate())
		}
	}
	return v.Err()
}

// small reports whether arithmetic with d is safe: its exponent is no mistake.
func small(d decimal.Decimal) bool { return d.Exponent() >= -100 && d.Exponent() <= 100 }

// Row is a cost that was computed elsewhere and is passed on: a line of a cloud
// provider's bill. Rows of a service are one line of the statement, and its
// evidence.
type Row struct {
	// ID is unique for the customer, and names what the row is, not where it stood:
	// the same cost has the same id in whatever file it comes. Where an export is
	// cumulative, or has no such ids, see [Statements.Deliver], which makes them.
	ID          string                `json:"id"`
	Service     servicecoin.ServiceID `json:"service"`
	Month       calendar.Month        `json:"month"`  // that it is charged in
	Period      calendar.Interval     `json:"period"` // that it is for
	Description string                `json:"description,omitempty"`
	Quantity    decimal.NullDecimal   `json:"quantity"`
	Unit        string                `json:"unit,omitempty"`
	Amount      money.Amount          `json:"amount"`    // exact; null adds nothing; below zero is a refund
	Reference   string                `json:"reference"` // where it stands: "focus.csv, line 12"
	ImportedAt  time.Time             `json:"importedAt"`

	Bill        string    `json:"bill,omitempty"`       // the [Delivery] that it came with; set by [Statements.Deliver]
	WithdrawnAt time.Time `json:"withdrawnAt,omitzero"` // a later delivery does not have it: it no longer counts
}

// Validate reports every violation of the row.
func (r Row) Validate() error {
	var v servicecoin.Violations
	v.ID("id", r.ID)
	v.ID("service", string(r.Service))
	v.Merge("month", chargedIn(r.Month))
	v.Merge("period", r.Period.Validate())
	v.Text("description", r.Description, 0, 1000)
	if r.Quantity.Valid {
		v.Number("quantity", r.Quantity.Decimal, metering.MaxDigits, metering.MaxPlaces)
	}
	v.Text("unit", r.Unit, 0, 100)
	v.Text("reference", r.Reference, 1, 500)
	return v.Err()
}

// chargedIn checks a month that a cost is charged in. One of the first centuries is
// a time that was missing, and was taken for one.
func chargedIn(m calendar.Month) error {
	const first = 1900
	var v servicecoin.Violations
	if v.Merge("", m.Validate()); v.Err() == nil && m.Year < first {
		v.Add("", "out-of-range", m.String(), fmt.Sprintf("must not lie before %d", first))
	}
	return v.Err()
}

// same reports whether two rows say the same, whenever they were imported.
func (r Row) same(other Row) bool {
	return r.ID == other.ID && r.Service == other.Service && r.Month == other.Month && r.Period.Equal(other.Period) &&
		r.Description == other.Description && r.Unit == other.Unit && r.Reference == other.Reference && r.Amount.Equal(other.Amount) &&
		sameNumber(r.Quantity, other.Quantity)
}

// sameNumber compares numbers that nobody has checked yet.
func sameNumber(a, b decimal.NullDecimal) bool {
	return a.Valid == b.Valid && (!a.Valid || fixed.Equal(a.Decimal, b.Decimal))
}

package coin

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
)

// Side is a side of the coin.
type Side string

// The sides.
const (
	Management Side = "management" // how it is promised and kept
	Operations Side = "operations" // how it is run
	Adoption   Side = "adoption"   // how people come to use it
)

// Spin is a customer review: one customer's month, service by service, the three
// sides side by side, and where they are out of balance. Every figure has its
// trace, and what is not known is undefined. It holds what the customer may see.
type Spin struct {
	Customer servicecoin.Customer `json:"customer"`
	Month    calendar.Month       `json:"month"`
	Period   calendar.Interval    `json:"period"` // the month in the customer's zone
	At       time.Time            `json:"at"`     // when it was spun
	Rows     []Row                `json:"rows"`   // by the names of the services

	Currency  money.Currency `json:"currency,omitempty"`
	Statement string         `json:"statement,omitempty"` // draft or issued; "" if there are no statements
	Total     money.Amount   `json:"total"`               // of the statement; null: not known

	Balance []Imbalance `json:"balance"` // the most pressing first; none: they are in balance
}

// Row is one service in a month.
type Row struct {
	Service servicecoin.ServiceID `json:"service"`
	Name    string                `json:"name"`
	Kept    Kept                  `json:"kept"`
	Run     Run                   `json:"run"`
	Used    Used                  `json:"used"`
}

// Kept is the management side of a row: what was promised, and what became of it.
type Kept struct {
	Promises     []Promised          `json:"promises"`     // none: nothing was promised
	Imprint      []Held              `json:"imprint"`      // whose the service is, and who holds it
	CreditAmount money.Amount        `json:"creditAmount"` // taken off the statement, below zero; null: nothing is yet
	Lead         *catalog.Lead       `json:"lead"`         // of an order that was fulfilled or due in the month; null: there was none
	Trace        []servicecoin.Trace `json:"trace"`
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

// Held is the imprint of one subscription.
type Held struct {
	Subscription servicecoin.SubscriptionID `json:"subscription"`
	Offering     string                     `json:"offering"` // its name
	State        catalog.SubscriptionState  `json:"state"`
	Imprint      catalog.Imprint            `json:"imprint"`
}

// Run is the operations side: what happened, and how it was told.
type Run struct {
	Incidents []Happened         `json:"incidents"`
	Updates   incident.Adherence `json:"updates"` // promised to the public
	Sent      int                `json:"sent"`    // letters to this customer about these incidents
	Waiting   int                `json:"waiting"` // drafts of such that nobody has sent
	Stale     []string           `json:"stale"`   // what waits too long, in words
	Trace     servicecoin.Trace  `json:"trace"`
}

// Happened is one incident of a service.
type Happened struct {
	Incident servicecoin.IncidentID `json:"incident"`
	Headline string                 `json:"headline"`
	State    incident.State         `json:"state"`
	Level    incident.Level         `json:"level"`
	From     time.Time              `json:"from"`
	Until    time.Time              `json:"until,omitzero"` // zero: going on
}

// Used is the adoption side, and what was used for it.
type Used struct {
	Charge       money.Amount        `json:"charge"` // before credits; null: not known
	Total        money.Amount        `json:"total"`  // with credits and corrections
	Usage        []Metered           `json:"usage"`  // by meter
	Active       decimal.NullDecimal `json:"active"` // who used it; null: not known
	Onboarding   *adoption.Checklist `json:"onboarding"`
	Satisfaction *adoption.Score     `json:"satisfaction"` // of this customer; null: nobody was asked
	Trace        []servicecoin.Trace `json:"trace"`        // the lines of the statement
}

// Metered is the usage of one meter, against its quotas.
type Metered struct {
	Usage  metering.Usage      `json:"usage"`
	Quotas []metering.Standing `json:"quotas"`
}

// spinning is one Spin at work.
type spinning struct {
	*Coin

	out       Spin
	rows      map[servicecoin.ServiceID]*Row
	had       map[servicecoin.ServiceID]calendar.Set // when it was the customer's, for what was ordered
	statement *cost.Statement
}

// Spin puts a customer's month side by side, as the facts are now. It reads, and
// changes nothing.
func (c *Coin) Spin(ctx context.Context, id servicecoin.CustomerID, m calendar.Month) (Spin, error) {
	if err := m.Validate(); err != nil {
		return Spin{}, err
	}
	customer, err := c.customer(ctx, id)
	if err != nil {
		return Spin{}, err
	}
	loc, err := customer.Location()
	if err != nil {
		return Spin{}, err
	}
	s := &spinning{Coin: c, rows: map[servicecoin.ServiceID]*Row{}, had: map[servicecoin.ServiceID]calendar.Set{}, out: Spin{
		Customer: customer, Month: m, Period: m.In(loc), At: c.store.Now(), Currency: money.Currency(customer.Currency),
	}}
	for _, side := range []func(context.Context) error{s.held, s.promised, s.charged, s.happened, s.metered, s.adopted, s.named} {
		if err := side(ctx); err != nil {
			return Spin{}, err
		}
	}
	for _, r := range s.rows {
		s.out.Rows = append(s.out.Rows, *r)
	}
	slices.SortFunc(s.out.Rows, func(a, b Row) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Service, b.Service))
	})
	s.out.Balance = balance(s.out)
	return s.out, nil
}

func (s *spinning) row(id servicecoin.ServiceID) *Row {
	r := s.rows[id]
	if r == nil {
		r = &Row{Service: id, Name: string(id)}
		s.rows[id] = r
	}
	return r
}

// until is up to when the month has passed.
func (s *spinning) until() time.Time {
	if s.out.At.Before(s.out.Period.End) {
		return s.out.At
	}
	return s.out.Period.End
}

package cost

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
)

// State is where a statement stands.
type State string

// The states of a statement.
const (
	Draft      State = "draft"      // computed, may change with the facts
	Issued     State = "issued"     // given to the customer; never changes
	Superseded State = "superseded" // a later edition replaces it
)

// Statement is what one customer is charged for a month. It holds its facts, so
// that it recomputes to the same lines.
type Statement struct {
	ID       string                 `json:"id"` // month/edition
	Customer servicecoin.CustomerID `json:"customer"`
	Month    calendar.Month         `json:"month"`
	Period   calendar.Interval      `json:"period"` // what it is for: see [Statements.Period]
	Currency money.Currency         `json:"currency"`
	Rounding money.Rounding         `json:"rounding"` // of credits, costs and corrections; prices name their own
	Rules    string                 `json:"rules"`    // RuleVersion of the release that computed it
	Edition  int                    `json:"edition"`  // from 1
	State    State                  `json:"state"`

	Facts []Fact       `json:"facts"`
	Lines []Line       `json:"lines"`
	Total money.Amount `json:"total"` // the sum of the lines; null: no line has an amount
	// Elsewhere are earlier months in another currency that no longer come to what
	// was charged for them: no line of this statement can say so. The next statement of
	// their account does ([Statements.Account]), or a further edition of theirs
	// ([Statements.Replace]).
	Elsewhere []calendar.Month `json:"elsewhere,omitempty"`
	// Others are other accounts of the customer in which something is charged in the
	// month: each has a statement of its own ([Statements.Account]).
	Others []money.Currency `json:"others,omitempty"`

	// Parts is how many records hold the facts and lines of a long statement, 0 for one
	// that is a record itself, and Digest the SHA-256 over all of them: a line of JSON for each
	// fact, each line and the total.
	Parts  int    `json:"parts,omitempty"`
	Digest string `json:"digest,omitempty"`

	DraftedAt    time.Time         `json:"draftedAt"`
	IssuedAt     time.Time         `json:"issuedAt,omitzero"`
	IssuedBy     servicecoin.Actor `json:"issuedBy,omitzero"`
	SupersededAt time.Time         `json:"supersededAt,omitzero"`
	Reason       string            `json:"reason,omitempty"` // why it was superseded
}

// statement returns the id of an edition of a month's statement: of one that was issued in
// another account first, with the currency in it.
func (m Month) statement(edition int) string {
	if m.Beside {
		return store.JoinID(m.Month.String(), string(m.Currency), strconv.Itoa(edition))
	}
	return store.JoinID(m.Month.String(), strconv.Itoa(edition))
}

// statement returns the id of the statement that is corrected.
func (c CorrectionFact) statement() string {
	return Month{Month: c.Of.Month, Currency: c.Account, Beside: c.Account != ""}.statement(c.Edition)
}

// Key addresses the statement's record, for traces.
func (s *Statement) Key() servicecoin.Key {
	return servicecoin.Key{Customer: s.Customer, Kind: StatementRecord, ID: s.ID}
}

func (s *Statement) reckoning() reckoning {
	return reckoning{currency: s.Currency, rounding: s.Rounding}
}

// Recompute returns the lines and the total that the statement's own facts give.
func (s *Statement) Recompute() ([]Line, money.Amount, error) { return s.reckoning().lines(s.Facts) }

func sameLines(a []Line, aTotal money.Amount, b []Line, bTotal money.Amount) (bool, error) {
	type whole struct {
		Lines []Line
		Total money.Amount
	}
	left, err := json.Marshal(whole{a, aTotal})
	if err != nil {
		return false, err
	}
	right, err := json.Marshal(whole{b, bTotal})
	return bytes.Equal(left, right), err
}

// Issue gives the statement to the customer, once the month is over.
func (s *Statement) Issue(by servicecoin.Actor, at time.Time) error {
	switch {
	case s.State != Draft:
		return s.refuse(VerbIssueStatement, Issued, "only a draft is issued")
	case at.Before(s.Period.End):
		return s.refuse(VerbIssueStatement, Issued, "its month ends on "+s.Period.End.UTC().Format(time.RFC3339))
	case len(s.Lines) == 0:
		return s.refuse(VerbIssueStatement, Issued, "it has no lines: nothing is charged in "+s.Month.String())
	}
	s.State, s.IssuedAt, s.IssuedBy = Issued, servicecoin.Instant(at), by
	return nil
}

func (s *Statement) refuse(verb string, to State, why string) error {
	return lifecycle.Record[State]{Key: s.Key(), State: s.State}.Refuse(verb, to, why)
}

// Supersede marks an issued statement as replaced by a later edition.
func (s *Statement) Supersede(at time.Time, reason string) error {
	if s.State != Issued {
		return s.refuse(VerbSupersedeStatement, Superseded, "only an issued statement is superseded")
	}
	s.State, s.SupersededAt, s.Reason = Superseded, servicecoin.Instant(at), reason
	return nil
}

// ServiceTotal is what one service costs in a statement. Each amount is null
// where no line has one.
type ServiceTotal struct {
	Service     servicecoin.ServiceID `json:"service"`
	Charged     money.Amount          `json:"charged"`     // usage, fees, what is beyond limits, and costs
	Credited    money.Amount          `json:"credited"`    // below zero
	Corrections money.Amount          `json:"corrections"` // of earlier months
	Total       money.Amount          `json:"total"`
	Unknown     int                   `json:"unknown"` // lines without an amount
}

// Services returns the statement by service, in byte order. The totals sum to
// the statement's.
func (s *Statement) Services() ([]ServiceTotal, error) {
	rows := map[servicecoin.ServiceID]*ServiceTotal{}
	for _, l := range s.Lines {
		row := rows[l.Service]
		if row == nil {
			row = &ServiceTotal{Service: l.Service}
			rows[l.Service] = row
		}
		if !l.Amount.Defined() {
			row.Unknown++
			continue
		}
		into := &row.Charged
		switch l.Kind {
		case CreditLine:
			into = &row.Credited
		case CorrectionLine:
			into = &row.Corrections
		case UsageLine, FeeLine, ExcessLine, CostLine:
		}
		for _, sum := range []*money.Amount{into, &row.Total} {
			if err := add(sum, l.Amount); err != nil {
				return nil, err
			}
		}
	}
	list := make([]ServiceTotal, 0, len(rows))
	for _, row := range rows {
		list = append(list, *row)
	}
	slices.SortFunc(list, func(a, b ServiceTotal) int { return cmp.Compare(a.Service, b.Service) })
	return list, nil
}

// add adds to a sum that may not have begun.
func add(sum *money.Amount, a money.Amount) error {
	if !sum.Defined() {
		*sum = a
		return nil
	}
	next, err := sum.Add(a)
	*sum = next
	return err
}

// Trace explains the total: line by line, each with the records behind it, down
// to the tiers of a price. [Statements.Rows] has the rows behind a cost line one
// by one, and a ledger the events behind a usage line.
func (s *Statement) Trace() servicecoin.Trace {
	facts := map[string]Fact{}
	for _, f := range s.Facts {
		facts[f.ID()] = f
	}
	t := servicecoin.Trace{Label: "statement of " + s.Month.String(), Plain: servicecoin.Say("statement of %v", s.Month), Value: decimalOf(s.Total), Unit: string(s.Currency)}
	for _, l := range s.Lines {
		t.Parts = append(t.Parts, s.trace(l, facts[l.ID]))
	}
	return t
}

func (s *Statement) trace(l Line, f Fact) servicecoin.Trace {
	t := servicecoin.Trace{
		Label: fmt.Sprintf("%s, %s: %s", l.Kind, l.Service, l.Label), Plain: servicecoin.Say("%v (%v)", l.Label, l.Service), Value: decimalOf(l.Amount), Unit: string(s.Currency),
	}
	switch {
	case f.Charge != nil:
		f.Charge.trace(&t, l)
	case f.Excess != nil:
		f.Excess.trace(&t, l)
	case f.Credit != nil:
		t.From = append([]servicecoin.Key{f.Credit.Reference}, f.Credit.Because...)
		if f.Credit.Percent.Valid {
			t.Label += fmt.Sprintf(", %s %% of the month's charge", f.Credit.Percent.Decimal)
			t.Plain = servicecoin.Say("%v (%v): %v of the month's charge", l.Label, l.Service, servicecoin.Quantity{Value: f.Credit.Percent, Unit: "%"}).Equals()
		}
	case f.Cost != nil:
		t.Label += fmt.Sprintf(", %d rows, digest %.12s", f.Cost.Rows, f.Cost.Digest)
		t.Plain = servicecoin.Say("%v (%v), from %v of the bill", l.Label, l.Service, servicecoin.Quantity{Value: servicecoin.Some(decimal.NewFromInt(int64(f.Cost.Rows))), Unit: "rows"})
		exact := servicecoin.Trace{Label: "exactly", Plain: servicecoin.Say("before it is rounded"), Value: decimalOf(f.Cost.Sum), Unit: string(s.Currency)}
		if l.Amount.Equal(f.Cost.Sum) {
			exact.Plain = servicecoin.Skip()
		}
		t.Parts = []servicecoin.Trace{exact}
	case f.Correction != nil:
		t.From = []servicecoin.Key{{Customer: s.Customer, Kind: StatementRecord, ID: f.Correction.statement()}}
		t.Parts = []servicecoin.Trace{
			{Label: f.Correction.Of.Month.String() + ", as it is now", Plain: servicecoin.Say("%v, as it is known now", f.Correction.Of.Month), Value: decimalOf(f.Correction.Now), Unit: string(s.Currency)},
			{Label: "charged so far", Value: decimalOf(f.Correction.Charged), Unit: string(s.Currency)},
		}
	}
	return t
}

package cost

import (
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
)

// The names of events. They are API.
const (
	EventItemIncluded        = "statement.itemIncluded" // data: ItemChanged
	EventItemEnded           = "statement.itemEnded"    // data: ItemChanged
	EventCreditGiven         = "statement.credited"     // data: CreditChanged
	EventRowsImported        = "statement.imported"     // data: RowsChanged; one for each commit of rows
	EventStatementDue        = "statement.due"          // data: StatementChanged; a fact came after it was issued
	EventStatementIssued     = "statement.issued"       // data: StatementChanged
	EventStatementSuperseded = "statement.superseded"   // data: StatementChanged
)

// The verbs, as [servicecoin.Attempt] says them, and refusals. They are API.
const (
	VerbIncludeItem        = "statement.include"
	VerbEndItem            = "statement.end"
	VerbGiveCredit         = "statement.credit"
	VerbImportRows         = "statement.import"
	VerbDeliverBill        = "statement.deliver"
	VerbMarkDue            = "statement.markDue"
	VerbIssueStatement     = "statement.issue"
	VerbReplaceStatement   = "statement.replace"
	VerbSupersedeStatement = "statement.supersede" // stands in refusals only
)

// ItemChanged is the data of item events.
type ItemChanged struct {
	Item    ItemID                `json:"item"`
	Service servicecoin.ServiceID `json:"service"`
	Price   servicecoin.PriceID   `json:"price"`
}

// CreditChanged is the data of credit events.
type CreditChanged struct {
	Reference servicecoin.Key       `json:"reference"`
	Service   servicecoin.ServiceID `json:"service"`
	Month     calendar.Month        `json:"month"`
	Percent   decimal.NullDecimal   `json:"percent"`
	Amount    money.Amount          `json:"amount"`
}

// RowsChanged is the data of import events.
type RowsChanged struct {
	Rows      int              `json:"rows"` // that count from now on
	Months    []calendar.Month `json:"months"`
	Bill      string           `json:"bill,omitempty"`      // the [Delivery] that they came with
	Withdrawn int              `json:"withdrawn,omitempty"` // rows that count no longer
}

// StatementChanged is the data of statement events.
type StatementChanged struct {
	Month   calendar.Month    `json:"month"`
	Edition int               `json:"edition"`
	Total   money.Amount      `json:"total"`
	Reason  string            `json:"reason,omitempty"`
	Because []servicecoin.Key `json:"because,omitempty"`
}

// Month is where a month stands: the record behind the rule that it is issued
// once.
type Month struct {
	Month   calendar.Month `json:"month"`
	Edition int            `json:"edition"` // of the statement that holds; 0: the month is open
	Due     bool           `json:"due"`     // a fact came since: the next statement corrects it

	// Of the statement that holds, which later ones go by:
	Period   calendar.Interval `json:"period,omitzero"`
	Currency money.Currency    `json:"currency,omitempty"`
	// Beside says that the month was issued in another account first.
	Beside bool `json:"beside,omitempty"`
}

// The kinds of records, as they stand in a [servicecoin.Key]. All are in the
// customer's partition.
const (
	ItemRecord      = "cost.item"      // [Item]
	CreditRecord    = "cost.credit"    // [Credit]
	RowRecord       = "cost.row"       // [Row]
	MonthRecord     = "cost.month"     // [Month]
	StatementRecord = "cost.statement" // [Statement]
	DeliveryRecord  = "cost.delivery"  // [Delivery]
	PartRecord      = "cost.part"      // facts and lines of a long [Statement]
)

var items = store.Kind[Item]{
	Name:  ItemRecord,
	House: house.Own(),
	ID:    func(i Item) string { return string(i.ID) },
	Indexes: []store.Index[Item]{
		{Name: "service", Columns: "tm", Of: func(i Item) store.Tuple { return store.Tuple{store.Text(i.Service), store.Time(i.From)} }},
	},
}

var credits = store.Kind[Credit]{
	Name:  CreditRecord,
	House: house.Own(),
	ID:    func(c Credit) string { return creditID(c.Reference) },
	Indexes: []store.Index[Credit]{
		{Name: "month", Columns: "tt", Of: func(c Credit) store.Tuple {
			return store.Tuple{store.Text(c.Month.String()), store.Text(creditID(c.Reference))}
		}},
	},
}

func creditID(k servicecoin.Key) string { return store.JoinID(string(k.Customer), k.Kind, k.ID) }

var rows = store.Kind[Row]{
	Name:  RowRecord,
	House: house.Own(),
	ID:    func(r Row) string { return r.ID },
	Indexes: []store.Index[Row]{
		{Name: "month", Columns: "ttt", Of: func(r Row) store.Tuple {
			return store.Tuple{store.Text(r.Month.String()), store.Text(r.Service), store.Text(r.ID)}
		}},
	},
}

var months = store.Kind[Month]{
	Name:  MonthRecord,
	House: house.Own(),
	ID:    Month.id,
	Indexes: []store.Index[Month]{
		{Name: "month", Columns: "t", Of: func(s Month) store.Tuple { return store.Tuple{store.Text(s.Month.String())} }},
	},
}

var statements = store.Kind[Statement]{
	Name:  StatementRecord,
	House: house.Own(),
	ID:    func(s Statement) string { return s.ID },
	Indexes: []store.Index[Statement]{
		{Name: "month", Columns: "ti", Of: func(s Statement) store.Tuple {
			return store.Tuple{store.Text(s.Month.String()), store.Int(s.Edition)}
		}},
	},
}

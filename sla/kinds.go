package sla

import (
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The names of events. They are API.
const (
	EventPromiseMade     = "promise.made"     // data: PromiseChanged
	EventPromiseEnded    = "promise.ended"    // data: PromiseChanged
	EventPromiseAmended  = "promise.amended"  // data: PromiseChanged
	EventReportDue       = "report.due"       // data: MonthChanged
	EventReportIssued    = "report.issued"    // data: MonthChanged
	EventCreditProposed  = "credit.proposed"  // data: CreditChanged
	EventCreditCorrected = "credit.corrected" // data: CreditChanged
)

// The verbs, as [servicecoin.Attempt] says them, and refusals. They are API.
const (
	VerbMakePromise     = "promise.make"
	VerbEndPromise      = "promise.end"
	VerbAmendPromise    = "promise.amend"
	VerbMarkDue         = "report.markDue"
	VerbIssueReport     = "report.issue"
	VerbSupersedeReport = "report.supersede" // stands in refusals only
)

// PromiseChanged is the data of promise events.
type PromiseChanged struct {
	Promise   servicecoin.PromiseID `json:"promise"`
	Service   servicecoin.ServiceID `json:"service"`
	Objective decimal.Decimal       `json:"objective"`
	Amendment *Amendment            `json:"amendment,omitempty"` // amended: what holds now
}

// MonthChanged is the data of report events.
type MonthChanged struct {
	Promise servicecoin.PromiseID `json:"promise"`
	Service servicecoin.ServiceID `json:"service"`
	Month   calendar.Month        `json:"month"`
	Edition int                   `json:"edition,omitempty"`
	Because []servicecoin.Key     `json:"because,omitempty"`
}

// CreditChanged is the data of credit events.
type CreditChanged struct {
	Promise servicecoin.PromiseID `json:"promise"`
	Service servicecoin.ServiceID `json:"service"`
	Month   calendar.Month        `json:"month"`
	Percent decimal.Decimal       `json:"percent"`
	Outages []servicecoin.Key     `json:"outages"`
}

// MonthRecord is where one promise stands in one month: the record behind the
// rule that a month is closed once and credited once.
type MonthRecord struct {
	Promise  servicecoin.PromiseID `json:"promise"`
	Service  servicecoin.ServiceID `json:"service"`
	Month    calendar.Month        `json:"month"`
	Due      bool                  `json:"due"`               // the facts changed since the last report
	Because  []servicecoin.Key     `json:"because,omitempty"` // what changed them, the last few
	Edition  int                   `json:"edition"`           // of the last issued report; 0: the month is open
	Credited decimal.Decimal       `json:"creditedPercent"`   // credit given so far, corrections included
	First    string                `json:"first,omitempty"`   // the first credit line
}

const (
	promiseKind = "sla.promise"
	monthKind   = "sla.month"
	reportKind  = "sla.report"
	creditKind  = "sla.credit"
)

var promises = store.Kind[Promise]{
	Name:  promiseKind,
	House: house.Own(),
	ID:    func(p Promise) string { return string(p.ID) },
	Indexes: []store.Index[Promise]{
		{Name: "service", Columns: "tm", Of: func(p Promise) store.Tuple { return store.Tuple{store.Text(p.Service), store.Time(p.ValidFrom)} }},
	},
}

var months = store.Kind[MonthRecord]{
	Name:  monthKind,
	House: house.Own(),
	ID:    func(m MonthRecord) string { return monthID(m.Promise, m.Month) },
	Indexes: []store.Index[MonthRecord]{
		{Name: "due", Columns: "tt", Of: func(m MonthRecord) store.Tuple {
			if !m.Due {
				return nil
			}
			return store.Tuple{store.Text(m.Month.String()), store.Text(m.Promise)}
		}},
	},
}

var reports = store.Kind[Report]{
	Name:  reportKind,
	House: house.Own(),
	ID:    func(r Report) string { return r.ID },
	Indexes: []store.Index[Report]{
		{Name: "month", Columns: "tti", Of: func(r Report) store.Tuple {
			return store.Tuple{store.Text(r.Month.String()), store.Text(r.Promise.ID), store.Int(r.Edition)}
		}},
	},
}

var credits = store.Kind[CreditLine]{
	Name:  creditKind,
	House: house.Own(),
	ID:    func(c CreditLine) string { return c.ID },
	Indexes: []store.Index[CreditLine]{
		{Name: "month", Columns: "tt", Of: func(c CreditLine) store.Tuple {
			return store.Tuple{store.Text(c.Month.String()), store.Text(c.ID)}
		}},
	},
}

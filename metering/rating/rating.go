// Package rating models prices, and what a quantity costs at one of them.
//
// It answers: what does this usage cost, tier by tier; why; which price held at
// an instant; and what does the price say, in words?
//
// A [Price] is a pure rule, [Rate] applies it:
//
//	charge, err := rating.Rate(price, decimal.RequireFromString("15000"))
//	fmt.Println(charge.Amount, charge.Exact, charge.Lines)
//
// Most prices ask for a quantity alone. Those that ask for more, for events,
// groups or peaks, take a [Usage] ([Tariff.Charge]). [Tariff.Delta] bills a period
// in steps, prices with windows differ by the time of the day ([CompileDuring]), and
// [Tariff.Minor] is the amount alone, quickly and without an allocation.
//
// Amounts are exact until the end, where a charge is rounded once, to the digits
// of its currency, by the rounding that the price names; the exact amount stays
// beside it, and the lines sum to it. [Compile] prepares a price for many
// quantities. A [PriceList] keeps prices in versions, each valid from an
// instant, which never change once they are published.
//
// # Errors
//
// A price that cannot be applied, a quantity that it cannot take, and a version
// that does not begin after the one before are an [*servicecoin.InvalidError] with
// every violation; no charge is made of a part. Withdrawing a version that has
// begun is a [*servicecoin.RefusedError]. Where no version holds it is ErrNotFound.
package rating

import (
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/money"
)

// Model is how a price makes an amount of what was used.
type Model string

// The models. What each one asks for beside a quantity stands at [Usage].
const (
	Flat      Model = "flat"      // one amount, whatever the quantity
	PerUnit   Model = "per-unit"  // each unit costs the same
	Graduated Model = "graduated" // each unit costs what its tier says
	Volume    Model = "volume"    // all units cost what the tier says that the quantity reaches
	Package   Model = "package"   // packages of so many units, a started one is whole

	Percentage          Model = "percentage"           // a share of amounts of money, and a fee for each event
	GraduatedPercentage Model = "graduated-percentage" // a share of an amount, by tiers of it
	GraduatedProrated   Model = "graduated-prorated"   // tiers are reached by whole units, and cost for the time that each was there
	Dynamic             Model = "dynamic"              // the amount comes with the events, and is passed on times a factor
	Matrix              Model = "matrix"               // each unit costs what the row says that fits its dimensions
	Capacity            Model = "capacity"             // one amount: of the first plan that the peaks stay within
)

// ZeroUsage is what tiers cost where nothing was used.
type ZeroUsage string

// The policies for zero usage.
const (
	BillFirstTier ZeroUsage = ""     // the flat fee of the first tier is due
	BillNothing   ZeroUsage = "free" // nothing is due
)

// Partial is what a started package counts.
type Partial string

// The policies for started packages.
const (
	PartialWhole Partial = ""     // as a whole one
	PartialFree  Partial = "free" // not at all
)

// Each is what a price is applied to, part by part.
type Each string

// What a price may be applied to.
const (
	EachWhole  Each = ""       // all that was used, as one
	EachBucket Each = "bucket" // each bucket of time by itself: an hour and its peak
	EachGroup  Each = "group"  // each group by itself: a region, a project
)

// Due is when a flat amount is due in a period that is billed in parts.
type Due string

// When a flat amount is due.
const (
	InAdvance Due = ""    // with the first part
	InArrears Due = "end" // with the last part
)

// Proration is what a price says of a part of the period that it is for, a month
// most often: where a charge begins or ends in it, or another version follows.
// Whoever charges for periods goes by it, as package cost does.
type Proration string

// The policies for a part of a period.
const (
	// WholePeriod is charged in full, however short the part is. The version that
	// holds at its beginning is charged for all of it.
	WholePeriod Proration = ""
	// ByDays charges by civil days: a version for its share of the days. The day on
	// which a part begins counts, that on which it ends does not, unless it ends with it.
	ByDays Proration = "days"
	// ByEvents charges what was used at the version that held when it was used: what
	// it adds, at that version, to what was used in the period before. So a version that
	// says the same changes nothing, and tiers and what is free are there once in a
	// period. What is not metered has no events, and is charged by days.
	ByEvents Proration = "events"
)

// Price says what usage costs. Of the fields of the models only those of its own
// are set.
type Price struct {
	Name     string         `json:"name"`
	Model    Model          `json:"model"`
	Currency money.Currency `json:"currency"`
	Rounding money.Rounding `json:"rounding"`       // of a charge, to the currency's digits
	Unit     string         `json:"unit,omitempty"` // what is counted, "GB-month": for people

	Amount    decimal.NullDecimal `json:"amount"`            // Flat
	UnitPrice decimal.NullDecimal `json:"unitPrice"`         // PerUnit
	Tiers     []Tier              `json:"tiers,omitempty"`   // Graduated, Volume, GraduatedPercentage, GraduatedProrated
	Package   *Bundle             `json:"package,omitempty"` // Package
	Share     *Share              `json:"share,omitempty"`   // Percentage
	Factor    decimal.NullDecimal `json:"factor,omitzero"`   // Dynamic: what amounts are multiplied by
	Rows      []Row               `json:"rows,omitempty"`    // Matrix
	Plans     []Plan              `json:"plans,omitempty"`   // Capacity, the smallest first

	// BillingUnit rounds a quantity up to whole multiples of it; the prices of
	// PerUnit, Graduated and Volume are then for one of it, bounds stay in units.
	// Null: the quantity as it is.
	BillingUnit decimal.NullDecimal `json:"billingUnit"`
	// Each applies model and commitment to each part of the usage by itself. What
	// bounds the amount and what is taken off it are of all parts together.
	Each Each `json:"each,omitempty"`

	Commitment *Commitment `json:"commitment,omitempty"`
	Discount   *Discount   `json:"discount,omitempty"`
	// Minimum and Maximum bound what is left after commitment and discount. In a
	// period that is billed in parts the minimum is due with the last one. Null: no
	// bound.
	Minimum decimal.NullDecimal `json:"minimum"`
	Maximum decimal.NullDecimal `json:"maximum"`

	// Windows are the times at which another price holds: see [PriceWindow] and
	// [CompileDuring].
	Windows []PriceWindow `json:"windows,omitempty"`

	ZeroUsage ZeroUsage `json:"zeroUsage,omitempty"` // of the models with tiers
	Due       Due       `json:"due,omitempty"`       // Flat
	// Proration is what becomes of a part of the period.
	Proration Proration `json:"proration,omitempty"`

	// Signed allows quantities below zero, for corrections: one costs what the
	// quantity above zero costs, with the sign turned. It allows prices below
	// zero, too. Without it both are refused.
	Signed bool `json:"signed,omitempty"`

	// In is a unit of the host's own, "credit", that the numbers of the price are
	// in. Such a price is not applied as it is: see [Conversion.Price].
	In string `json:"in,omitempty"`
}

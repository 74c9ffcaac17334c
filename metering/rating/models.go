package rating

import "github.com/shopspring/decimal"

// Tier is a stretch of a quantity: above the bound of the tier before, up to and
// with its own. Fractions of a unit at a bound are divided between both.
type Tier struct {
	UpTo    decimal.NullDecimal `json:"upTo"`             // inclusive; null: no end, which the last tier has
	Unit    decimal.Decimal     `json:"unit"`             // price of a unit, or billing unit
	Flat    decimal.Decimal     `json:"flat"`             // due once the tier is entered
	Percent decimal.NullDecimal `json:"percent,omitzero"` // of the amount in the tier: GraduatedPercentage, in place of Unit
	Cap     decimal.NullDecimal `json:"cap,omitzero"`     // the most that the tier costs, its fee included; null: no such bound
}

// Bundle is the package of the model [Package].
type Bundle struct {
	Size    decimal.Decimal `json:"size"`  // units in it
	Price   decimal.Decimal `json:"price"` // of one
	Free    decimal.Decimal `json:"free"`  // units that are free before the first one starts
	Partial Partial         `json:"partial,omitempty"`
}

// Share is what the model [Percentage] takes of each event's amount.
//
// Events are free from the first one on until FreeEvents of them were, or until
// they came to FreeAmount, whichever is first. The event in which the free amount
// runs out is charged for the rest of it, and pays the fee; one that is free
// altogether costs nothing, whatever the least is.
type Share struct {
	Percent    decimal.Decimal     `json:"percent"`              // 2.9 is 2.9 %
	PerEvent   decimal.Decimal     `json:"perEvent"`             // the fee of an event that is not free
	FreeEvents int                 `json:"freeEvents,omitempty"` // 0: not bounded by their number
	FreeAmount decimal.NullDecimal `json:"freeAmount,omitzero"`  // above 0; null: not bounded by their amount
	Least      decimal.NullDecimal `json:"least,omitzero"`       // of an event, its fee included
	Most       decimal.NullDecimal `json:"most,omitzero"`        // of an event, its fee included
}

// Row is a price of the model [Matrix]: for what has all of its dimensions. Of the
// rows that fit, the one with the most dimensions is it.
type Row struct {
	Where map[string]string `json:"where,omitempty"` // dimension and value; none: for what no other row fits
	Unit  decimal.Decimal   `json:"unit"`            // price of a unit
}

// Plan is a price of the model [Capacity].
type Plan struct {
	Price decimal.Decimal            `json:"price"`
	Most  map[string]decimal.Decimal `json:"most,omitempty"` // by what is counted, inclusive; what is not named has no bound
}

// Discount is what is taken off, in this order: units before they are priced, then
// a percentage of what the model and the commitment make, then an amount. Nothing
// becomes less than zero by it.
type Discount struct {
	Free    decimal.NullDecimal `json:"free,omitzero"`    // units that are not priced
	Percent decimal.NullDecimal `json:"percent,omitzero"` // at most 100
	Amount  decimal.NullDecimal `json:"amount,omitzero"`
}

// Commitment is what a customer has promised to use. Exactly one of Amount and
// Quantity is set; of a quantity the commitment is what the model asks for it.
type Commitment struct {
	Amount   decimal.NullDecimal `json:"amount,omitzero"`
	Quantity decimal.NullDecimal `json:"quantity,omitzero"`
	Overage  decimal.NullDecimal `json:"overage,omitzero"` // what is above costs so many times as much; null: once
	TrueUp   bool                `json:"trueUp,omitempty"` // what is missing is charged at the end, as a line of its own
}

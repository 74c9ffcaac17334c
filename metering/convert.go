package metering

import (
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// Conversion makes another unit of a quantity: it is multiplied, divided, and something
// is added.
type Conversion struct {
	Multiply decimal.NullDecimal `json:"multiply"` // null: by 1
	Divide   decimal.NullDecimal `json:"divide"`   // null: by 1; above 0
	Add      decimal.NullDecimal `json:"add"`      // null: 0
}

// Rounding says how a quantity is rounded.
type Rounding struct {
	Mode   money.Rounding `json:"mode"`
	Places int32          `json:"places"` // behind the point; below nothing: tens, hundreds
}

// Apply converts a quantity.
func (c Conversion) Apply(d decimal.Decimal) decimal.Decimal { return d }

// Apply rounds a quantity.
func (r Rounding) Apply(d decimal.Decimal) decimal.Decimal { return d }

// Validate reports every violation of the conversion.
func (c Conversion) Validate() error { return servicecoin.ErrInvalid }

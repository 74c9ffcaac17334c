package metering

import "github.com/shopspring/decimal"

// Scaled makes scaled testable.
func Scaled(d decimal.Decimal) (int64, bool) { return scaled(d) }

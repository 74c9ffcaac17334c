package money

import (
	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/iso4217"
)

// Currency is an alphabetic code of ISO 4217, "EUR". A conversion makes one of
// any text: [ParseCurrency] and [Currency.Validate] tell whether it is known.
type Currency string

// The currencies that examples and tests need. All others are written as a
// conversion, money.Currency("CLF"), or parsed.
const (
	CHF Currency = "CHF"
	EUR Currency = "EUR"
	GBP Currency = "GBP"
	JPY Currency = "JPY"
	USD Currency = "USD"
)

// ParseCurrency returns the currency with this code, three capital letters. It
// refuses a code that ISO 4217 does not know, and one without a minor unit
// (gold, XXX), with an [*servicecoin.InvalidError].
func ParseCurrency(code string) (Currency, error) {
	c := Currency(code)
	if err := c.Validate(); err != nil {
		return "", err
	}
	return c, nil
}

// Validate reports an empty or unknown code, and one that has no minor unit, so
// that nobody can owe an amount of it.
func (c Currency) Validate() error {
	var v servicecoin.Violations
	switch {
	case c == "":
		v.Add("", "required", "", "must be a currency of ISO 4217")
	case iso4217.NotMoney(string(c)):
		v.Add("", "no-minor-unit", string(c), "has no minor unit, so no amount can be rounded to it")
	case !c.known():
		v.Add("", "unknown", string(c), "unknown currency: must be a code of ISO 4217, three capital letters")
	}
	return v.Err()
}

// Digits returns the number of decimals of the minor unit: 2 for EUR, 0 for
// JPY, 3 for KWD, 4 for CLF. It is 0 for a currency that is not valid.
func (c Currency) Digits() int {
	digits, _ := iso4217.Digits(string(c))
	return digits
}

// UnmarshalText reads what [ParseCurrency] reads.
func (c *Currency) UnmarshalText(text []byte) error {
	parsed, err := ParseCurrency(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

func (c Currency) known() bool {
	_, ok := iso4217.Digits(string(c))
	return ok
}

package money

import (
	"strings"

	"github.com/servicecoin/servicecoin"
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

// The codes of ISO 4217, List One, as published for January 2026, by the digits
// of their minor unit. A code that is withdrawn moves to the last line of its
// digits and stays: amounts of old records must be readable for good.
const (
	noDigits  = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "
	twoDigits = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD " +
		"BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP " +
		"DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF " +
		"IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL " +
		"MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR " +
		"NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP " +
		"SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD " +
		"USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG " +
		"ANG BGN CUC HRK SLL ZWL "
	threeDigits = "BHD IQD JOD KWD LYD OMR TND "
	fourDigits  = "CLF UYW "

	// Metals, units of account and codes for tests have no minor unit.
	notMoney = "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX "
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
	case c.listed(notMoney):
		v.Add("", "no-minor-unit", string(c), "has no minor unit, so no amount can be rounded to it")
	case !c.known():
		v.Add("", "unknown", string(c), "unknown currency: must be a code of ISO 4217, three capital letters")
	}
	return v.Err()
}

// Digits returns the number of decimals of the minor unit: 2 for EUR, 0 for
// JPY, 3 for KWD, 4 for CLF. It is 0 for a currency that is not valid.
func (c Currency) Digits() int {
	switch {
	case c.listed(twoDigits):
		return 2
	case c.listed(threeDigits):
		return 3
	case c.listed(fourDigits):
		return 4
	default:
		return 0
	}
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
	return c.listed(twoDigits) || c.listed(noDigits) || c.listed(threeDigits) || c.listed(fourDigits)
}

// listed reports whether the code is one of the list. Codes are three letters
// and the list has a space after each, so no code is found across two.
func (c Currency) listed(list string) bool {
	const letters = 3
	if len(c) != letters || c[0] == ' ' || c[1] == ' ' || c[2] == ' ' {
		return false
	}
	return strings.Contains(list, string(c))
}

// Package money models amounts of money: an exact decimal with its currency,
// rounded only where a rounding is named, and divided so that the parts sum to
// the whole. It answers "how much together", "what does each owe" and "how is
// that written and stored".
//
// Amounts of two currencies are never added or compared: that is an
// [*servicecoin.InvalidError], as is every other refusal here. No rate of
// exchange is known to this package.
package money

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// An amount has fewer than 30 digits before the point and at most 100 after
// it: room for every sum of money, none for text that fills the memory once it
// is written out.
const (
	mostDigits = 30
	mostPlaces = 100
	mostText   = mostDigits + mostPlaces + 10
)

// Amount is an exact amount of one currency, with as many decimals as its
// arithmetic left it. It never changes. The zero Amount is no amount: not even
// zero of something. Arithmetic refuses it, and in JSON it is null.
//
// There is no IsZero on purpose: with omitzero it would make an amount of 0
// vanish. Ask [Amount.Sign] or [Amount.Defined].
type Amount struct {
	value    decimal.Decimal
	currency Currency
}

// New returns an amount. It refuses an invalid currency, 10^30 and more, and
// more than 100 decimals.
func New(value decimal.Decimal, currency Currency) (Amount, error) {
	var v servicecoin.Violations
	v.Merge("currency", currency.Validate())
	bounded(&v, "amount", value)
	if err := v.Err(); err != nil {
		return Amount{}, err
	}
	return Amount{value: value, currency: currency}, nil
}

// With returns another value of the same currency, which is not looked up again: for
// those who make many of one. It refuses no amount, and what [New] refuses of a value.
func (a Amount) With(value decimal.Decimal) (Amount, error) {
	var v servicecoin.Violations
	defined(&v, "", a)
	bounded(&v, "amount", value)
	if err := v.Err(); err != nil {
		return Amount{}, err
	}
	return Amount{value: value, currency: a.currency}, nil
}

// Zero returns 0 of the currency, and refuses an invalid one.
func Zero(currency Currency) (Amount, error) { return New(decimal.Decimal{}, currency) }

// bounded checks that d can be written out. It looks at the exponent first:
// 1e999999999 is a small value until somebody prints it.
func bounded(v *servicecoin.Violations, path string, d decimal.Decimal) {
	exp := int(d.Exponent())
	switch {
	case exp < -mostPlaces:
		v.Add(path, "too-precise", "", fmt.Sprintf("has %d decimals, %d are allowed: round it", -exp, mostPlaces))
	case exp+d.NumDigits() > mostDigits:
		v.Add(path, "out-of-range", "", fmt.Sprintf("must be below 10^%d", mostDigits))
	}
}

// Parse reads what [Amount.String] writes: "12.30 EUR", "-0.5 JPY". The number
// is digits with a point between them if need be; neither an exponent nor a
// sign of plus nor a separator of thousands is understood.
func Parse(text string) (Amount, error) {
	number, code, found := strings.Cut(text, " ")
	if !found {
		var v servicecoin.Violations
		v.Add("", "bad-format", text, `must be a number and a currency as "12.30 EUR"`)
		return Amount{}, v.Err()
	}
	return parse(number, code)
}

// parse reads the two halves, and reports the violations of both.
func parse(number, code string) (Amount, error) {
	var v servicecoin.Violations
	currency := Currency(code)
	v.Merge("currency", currency.Validate())
	var value decimal.Decimal
	switch {
	case len(number) > mostText:
		v.Add("amount", "too-long", number, fmt.Sprintf("has %d characters, %d are allowed", len(number), mostText))
	case !plain(number):
		v.Add("amount", "bad-format", number, `must be digits with a point between them, as "-12.30"`)
	default:
		var err error
		if value, err = decimal.NewFromString(number); err != nil {
			v.Add("amount", "bad-format", number, err.Error())
			break
		}
		bounded(&v, "amount", value)
	}
	if err := v.Err(); err != nil {
		return Amount{}, err
	}
	return Amount{value: value, currency: currency}, nil
}

// plain reports whether number is -?[0-9]+(\.[0-9]+)?
func plain(number string) bool {
	whole, fraction, pointed := strings.Cut(strings.TrimPrefix(number, "-"), ".")
	return allDigits(whole) && (!pointed || allDigits(fraction))
}

func allDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// Defined reports whether it is an amount at all, be it 0: the zero Amount
// is none.
func (a Amount) Defined() bool { return a.currency != "" }

// Currency returns the currency, "" if there is no amount.
func (a Amount) Currency() Currency { return a.currency }

// Decimal returns the exact value without its currency.
func (a Amount) Decimal() decimal.Decimal { return a.value }

// Sign returns -1, 0 or 1, and 0 if there is no amount.
func (a Amount) Sign() int { return a.value.Sign() }

// String returns "12.30 EUR": at least the digits of the currency, more only
// if the value has them, no zeros behind those. It is "no amount" if there is
// none.
func (a Amount) String() string {
	if !a.Defined() {
		return "no amount"
	}
	return a.number() + " " + string(a.currency)
}

// number returns the value as text. It goes by StringFixed: String heeds
// global switches of the host.
func (a Amount) number() string {
	least := a.currency.Digits()
	places := max(least, int(-a.value.Exponent()))
	text := a.value.StringFixed(int32(places)) //nolint:gosec // New allows 100 places at most
	for ; places > least && strings.HasSuffix(text, "0"); places-- {
		text = text[:len(text)-1]
	}
	return strings.TrimSuffix(text, ".")
}

// Equal reports whether both are the same value of the same currency, however
// many zeros they end in, or both no amount. It never errs: amounts of two
// currencies are not equal.
func (a Amount) Equal(b Amount) bool {
	return a.currency == b.currency && a.value.Equal(b.value)
}

// Cmp returns -1 if a is less than b, 0 if they are equal, and 1 if a is more.
// It refuses two currencies, and no amount.
func (a Amount) Cmp(b Amount) (int, error) {
	if err := alike(a, b); err != nil {
		return 0, err
	}
	return a.value.Cmp(b.value), nil
}

// alike refuses two amounts that cannot be taken together.
func alike(a, b Amount) error {
	var v servicecoin.Violations
	switch {
	case !a.Defined():
		defined(&v, "", a)
	case !b.Defined():
		defined(&v, "", b)
	case a.currency != b.currency:
		v.Add("currency", "mixed", string(b.currency), "must be "+string(a.currency)+" as the other amount is")
	}
	return v.Err()
}

func defined(v *servicecoin.Violations, path string, a Amount) {
	if !a.Defined() {
		v.Add(path, "required", "", "there is no amount")
	}
}

// Add returns a + b. It refuses two currencies, and no amount.
func (a Amount) Add(b Amount) (Amount, error) {
	if err := alike(a, b); err != nil {
		return Amount{}, err
	}
	return New(a.value.Add(b.value), a.currency)
}

// Sub returns a - b. It refuses two currencies, and no amount.
func (a Amount) Sub(b Amount) (Amount, error) { return a.Add(b.Neg()) }

// Neg returns the amount with the other sign; of no amount, none.
func (a Amount) Neg() Amount {
	if !a.Defined() {
		return a
	}
	return Amount{value: a.value.Neg(), currency: a.currency}
}

// Mul returns the exact product, not rounded: a price times a quantity, a sum
// times a share. It refuses no amount, and a product that New would refuse.
func (a Amount) Mul(factor decimal.Decimal) (Amount, error) {
	var v servicecoin.Violations
	defined(&v, "", a)
	bounded(&v, "factor", factor)
	if err := v.Err(); err != nil {
		return Amount{}, err
	}
	return New(a.value.Mul(factor), a.currency)
}

// Sum returns the exact sum of the amounts, 0 of the currency if there are
// none. It reports every one that is of another currency, or no amount.
func Sum(currency Currency, amounts ...Amount) (Amount, error) {
	var v servicecoin.Violations
	v.Merge("currency", currency.Validate())
	var sum decimal.Decimal
	for i, a := range amounts {
		switch {
		case !a.Defined():
			defined(&v, fmt.Sprintf("amounts[%d]", i), a)
		case a.currency != currency:
			v.Add(fmt.Sprintf("amounts[%d].currency", i), "mixed", string(a.currency), "must be "+string(currency)+" as the sum is")
		default:
			sum = sum.Add(a.value)
		}
	}
	if err := v.Err(); err != nil {
		return Amount{}, err
	}
	return New(sum, currency)
}

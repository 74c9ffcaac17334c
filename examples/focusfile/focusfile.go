// Package focusfile reads cost and usage in CSV as FOCUS 1.0 writes it (the FinOps
// Open Cost and Usage Specification), in the dialect of
// corpus/focus-1.0-sample.csv too: NULL stands for null, as an empty number or
// time does; times without a zone are UTC, and those without seconds are of the
// full minute. Columns come in any order, those
// that are not known here are passed over.
package focusfile

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/money"
)

// Row is one line of the file. What is null is the empty text, the zero
// interval or no number.
type Row struct {
	Line int // where it begins, from 1

	BillingAccountID                    string
	SubAccountID, SubAccountName        string
	ServiceName, ServiceCategory        string // the name is never null
	ProviderName                        string
	ChargeCategory, ChargeClass         string
	ChargeDescription                   string
	ResourceID, RegionID, SkuID         string
	Currency                            money.Currency // BillingCurrency
	BillingPeriod, ChargePeriod         calendar.Interval
	BilledCost, EffectiveCost, ListCost decimal.NullDecimal
	ListUnitPrice, PricingQuantity      decimal.NullDecimal
	PricingUnit                         string
	ConsumedQuantity                    decimal.NullDecimal
	ConsumedUnit                        string
}

// needed are the columns without which the file says nothing.
func needed() []string {
	return []string{"BilledCost", "BillingCurrency", "ListCost", "ListUnitPrice", "PricingQuantity", "ServiceName", "SubAccountId"}
}

// Open reads a file; see [Read].
func Open(path string) ([]Row, error) {
	f, err := os.Open(path) //nolint:gosec // G304: the file is the user's own choice
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// Read reads all rows, or reports everything that is wrong with them at once.
func Read(r io.Reader) ([]Row, error) {
	var list []Row
	err := csvfile.Read(r, needed(), func(v *servicecoin.Violations, r csvfile.Row) {
		list = append(list, parser{v: v, file: r}.row())
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// parser reads the fields of one line.
type parser struct {
	v    *servicecoin.Violations
	file csvfile.Row
}

func (p parser) row() Row {
	r := Row{
		Line:             p.file.Line,
		BillingAccountID: p.text("BillingAccountId"),
		SubAccountID:     p.text("SubAccountId"), SubAccountName: p.text("SubAccountName"),
		ServiceName: p.text("ServiceName"), ServiceCategory: p.text("ServiceCategory"), ProviderName: p.text("ProviderName"),
		ChargeCategory: p.text("ChargeCategory"), ChargeClass: p.text("ChargeClass"), ChargeDescription: p.text("ChargeDescription"),
		ResourceID: p.text("ResourceId"), RegionID: p.text("RegionId"), SkuID: p.text("SkuId"),
		Currency:      money.Currency(p.text("BillingCurrency")),
		BillingPeriod: p.period("BillingPeriodStart", "BillingPeriodEnd"), ChargePeriod: p.period("ChargePeriodStart", "ChargePeriodEnd"),
		BilledCost: p.number("BilledCost"), EffectiveCost: p.number("EffectiveCost"), ListCost: p.number("ListCost"),
		ListUnitPrice: p.number("ListUnitPrice"), PricingQuantity: p.number("PricingQuantity"), PricingUnit: p.text("PricingUnit"),
		ConsumedQuantity: p.number("ConsumedQuantity"), ConsumedUnit: p.text("ConsumedUnit"),
	}
	if r.ServiceName == "" {
		p.v.Add(p.at("ServiceName"), "required", "", "must not be null")
	}
	if err := r.Currency.Validate(); err != nil {
		p.v.Merge(p.at("BillingCurrency"), err)
	}
	return r
}

func (p parser) at(column string) string { return p.file.At(column) }

// text returns a field, "" for null and for a column that is not there.
func (p parser) text(column string) string {
	text := p.file.Field(column)
	if text == "NULL" {
		return ""
	}
	return strings.Clone(text)
}

func (p parser) number(column string) decimal.NullDecimal {
	text := p.text(column)
	if text == "" {
		return decimal.NullDecimal{}
	}
	d, err := Number(text)
	p.v.Merge(p.at(column), err)
	return decimal.NullDecimal{Decimal: d, Valid: err == nil}
}

// Places is how many digits behind the point are kept of a number: as many as an
// amount of money may have.
const Places = 100

// Number reads a number as FOCUS writes it: digits with a point between them if
// need be, a minus before them, and an exponent behind an E, which has no plus;
// neither separators nor units. FOCUS allows any number: one of more than [Places]
// decimals is what is left over in a float, and is rounded to them, half away from
// zero.
func Number(text string) (decimal.Decimal, error) {
	const digits, longest, tiny = 30, 100, 400 // a float has no exponent below -324
	var v servicecoin.Violations
	mantissa, exponent, scientific := strings.Cut(strings.ReplaceAll(text, "e", "E"), "E")
	whole, fraction, pointed := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	if len(text) > longest || !figures(whole) || pointed && !figures(fraction) || scientific && !figures(strings.TrimPrefix(exponent, "-")) {
		v.Add("", "bad-number", text, "must be a number as -1.25 or 3.5E-7")
		return decimal.Decimal{}, v.Err()
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		v.Add("", "bad-number", text, err.Error())
		return decimal.Decimal{}, v.Err()
	}
	if exp := d.Exponent(); exp < -Places && exp >= -tiny-longest {
		d = d.Round(Places)
	}
	v.Number("", d, digits, Places)
	return d, v.Err()
}

func figures(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// period reads two columns; a period is null if one of them is.
func (p parser) period(start, end string) calendar.Interval {
	from, ok1 := p.instant(start)
	until, ok2 := p.instant(end)
	if !ok1 || !ok2 {
		return calendar.Interval{}
	}
	period := calendar.Between(from, until)
	if until.Before(from) {
		p.v.Add(p.at(end), "reversed", p.text(end), "lies before "+start+", "+p.text(start))
	}
	return period
}

func (p parser) instant(column string) (time.Time, bool) {
	text := p.text(column)
	if text == "" {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil && t.UTC().Year() >= 1 && !t.IsZero() {
			return t.UTC(), true
		}
	}
	p.v.Add(p.at(column), "bad-time", text, "must be a time as 2024-09-01T00:00:00Z, after the first of the year 1")
	return time.Time{}, false
}

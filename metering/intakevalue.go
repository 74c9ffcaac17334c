package metering

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// ParseValue reads a value as files and messages have it: a sign, digits, a point with
// digits, an exponent, as JSON writes numbers, where a plus sign, zeros in front and a
// point at the beginning are taken, too. Whatever else there is refused, with a code:
// "required" for nothing, "decimal-comma" for 1,5, "not-finite" for NaN and infinity,
// "out-of-range" and "too-precise" for what no event can have, "not-a-number". It looks
// at the length and the exponent before it looks at the digits.
func ParseValue(text string) (decimal.Decimal, error) {
	var v servicecoin.Violations
	d, code, why := parseValue(text)
	if code != "" {
		v.Add("", code, text, why)
		return decimal.Decimal{}, v.Err()
	}
	v.Number("", d, MaxDigits, MaxPlaces)
	if err := v.Err(); err != nil {
		return decimal.Decimal{}, err
	}
	return d, nil
}

// longest is how many bytes a value has at most, as it is written.
const longest = 100

func parseValue(text string) (d decimal.Decimal, code, why string) {
	switch {
	case text == "":
		return d, "required", "must not be empty"
	case len(text) > longest:
		return d, "too-long", fmt.Sprintf("has %d characters, %d are allowed for a number", len(text), longest)
	}
	digits, point, exponent, ok := shape(text)
	switch {
	case !ok:
		code, why = misread(text)
		return d, code, why
	case digits == 0:
		return d, "not-a-number", "must be a number: it has no digit"
	case len(exponent) > 4: // a sign and three digits
		if strings.Trim(exponent, "+-0") == "" {
			break
		}
		return d, "out-of-range", fmt.Sprintf("must be below 10^%d, with at most %d decimals", MaxDigits, MaxPlaces)
	}
	if point && strings.HasSuffix(strings.TrimSuffix(text[:len(text)-len(exponent)], "e"), ".") {
		return d, "not-a-number", "must be a number: digits must follow the point"
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return d, "not-a-number", "must be a number"
	}
	return d, "", ""
}

// shape goes through a number once: how many digits there are before the exponent,
// whether there is a point, and what the exponent is. False: it is none.
func shape(text string) (digits int, point bool, exponent string, ok bool) {
	rest := strings.TrimPrefix(text, "-")
	if len(rest) == len(text) {
		rest = strings.TrimPrefix(text, "+")
	}
	for i := range len(rest) {
		switch c := rest[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' && !point:
			point = true
		case (c == 'e' || c == 'E') && digits > 0:
			exponent = rest[i+1:]
			number := strings.TrimLeft(exponent, "+-")
			if number == "" || len(exponent)-len(number) > 1 || strings.Trim(number, "0123456789") != "" {
				return 0, false, "", false
			}
			return digits, point, exponent, true
		default:
			return 0, false, "", false
		}
	}
	return digits, point, "", true
}

// misread says what somebody may have meant who wrote what is no number.
func misread(text string) (code, why string) {
	switch strings.ToLower(strings.TrimLeft(text, "+-")) {
	case "nan", "inf", "infinity":
		return "not-finite", "must be a number: this one has no value"
	}
	if strings.Trim(text, "+-0123456789.,'_ \u00a0\u202f") == "" {
		if comma := strings.LastIndexByte(text, ','); comma > strings.LastIndexByte(text, '.') && strings.Count(text, ",") == 1 {
			return "decimal-comma", "must have a point before its decimals, not a comma: a comma may also group thousands"
		}
		return "grouped", "must have no signs between its digits but one point before the decimals"
	}
	return "not-a-number", "must be a number"
}

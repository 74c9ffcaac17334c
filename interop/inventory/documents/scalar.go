package documents

import (
	"math/big"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

// mostDigits is how long a number may be that is not written in decimal.
const mostDigits = 10_000

const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// scalar reads a scalar: one without quotes and tag is what the schema makes of it.
func (c *converter) scalar(n *yaml.Node) (configuration.Value, error) {
	text := c.restore.Replace(n.Value)
	tagged := n.Style&yaml.TaggedStyle != 0
	if n.Tag == "!" || n.Tag == "!!str" && (tagged || n.Style&quoted != 0) {
		return configuration.TextOf(text), nil
	}
	v, tag, wrong := c.plain(text)
	switch {
	case wrong != "":
		return v, at(n, "bad-format", wrong)
	case tagged && n.Tag != tag && (n.Tag != "!!float" || tag != "!!int" || !whole(text)):
		return v, at(n, "unexpected", "has a tag that does not fit, or that the schema does not know")
	}
	return v, nil
}

// plain returns what the schema takes a text for, and its tag. Numbers are as they were
// written, where JSON can write them so.
func (c *converter) plain(text string) (v configuration.Value, tag, wrong string) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return configuration.NullOf(), "!!null", ""
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return configuration.BoolOf(strings.EqualFold(text, "true")), "!!bool", ""
	}
	if c.kubernetes {
		switch text {
		case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
			return configuration.BoolOf(true), "!!bool", ""
		case "n", "N", "no", "No", "NO", "off", "Off", "OFF":
			return configuration.BoolOf(false), "!!bool", ""
		}
	}
	if beyond(text) {
		return configuration.Value{}, "", "JSON has neither infinity nor what is no number"
	}
	figures := text
	if c.kubernetes && text[0] != '_' {
		figures = strings.ReplaceAll(text, "_", "")
	}
	tag = "!!float"
	number, is := decimalOf(figures)
	if whole(figures) {
		tag = "!!int"
	}
	if based, digits := c.based(figures); based {
		n, ok := new(big.Int), len(figures) <= mostDigits
		if ok {
			n, ok = n.SetString(digits, 0)
		}
		if !ok {
			return configuration.Value{}, "", "is a number that is too long"
		}
		number, is, tag = n.String(), true, "!!int"
	}
	if !is {
		return configuration.TextOf(text), "!!str", ""
	}
	v, err := configuration.NumberOf(number)
	if err != nil {
		return v, tag, "is a number with an exponent that is too long"
	}
	return v, tag, ""
}

// based reports whether a number is written with another base than ten, and how Go writes
// it.
func (c *converter) based(text string) (ok bool, digits string) {
	bare := text
	if c.kubernetes {
		bare = strings.TrimLeft(text, "+-")
		if len(text)-len(bare) > 1 {
			return false, ""
		}
	}
	if len(bare) < len("00") || bare[0] != '0' {
		return false, ""
	}
	of := func(set, digits string) bool { return digits != "" && strings.Trim(digits, set) == "" }
	const octal, hex = "01234567", "0123456789abcdefABCDEF"
	switch rest := bare[2:]; bare[1] {
	case 'o':
		ok = of(octal, rest)
	case 'x':
		ok = of(hex, rest)
	case 'b':
		ok = c.kubernetes && of("01", rest)
	default:
		ok = c.kubernetes && of(octal, bare[1:])
	}
	return ok, text
}

// beyond reports whether a text is infinite, or no number.
func beyond(text string) bool {
	switch text {
	case ".nan", ".NaN", ".NAN":
		return true
	}
	switch strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-") {
	case ".inf", ".Inf", ".INF":
		return !strings.HasPrefix(text, "+-")
	}
	return false
}

// whole reports whether a text is digits behind at most one sign.
func whole(text string) bool {
	text = unsigned(text)
	return text != "" && strings.Trim(text, "0123456789") == ""
}

func unsigned(text string) string {
	if text != "" && (text[0] == '+' || text[0] == '-') {
		return text[1:]
	}
	return text
}

// decimalOf writes a number of the schema as JSON does: ".5" is 0.5, "01." is 1.
func decimalOf(text string) (string, bool) {
	bare := unsigned(text)
	mantissa, exponent := bare, ""
	if n := strings.IndexAny(bare, "eE"); n >= 0 {
		if mantissa, exponent = bare[:n], bare[n:]; !whole(exponent[1:]) {
			return "", false
		}
	}
	digits, fraction, _ := strings.Cut(mantissa, ".")
	if strings.Trim(digits+fraction, "0123456789") != "" || digits+fraction == "" {
		return "", false
	}
	if digits = strings.TrimLeft(digits, "0"); digits == "" {
		digits = strconv.Itoa(0)
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	sign := ""
	if text[0] == '-' {
		sign = "-"
	}
	return sign + digits + fraction + exponent, true
}

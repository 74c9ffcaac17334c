package main

import (
	"errors"
	"math/big"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

// The numbers of the core schema.
var (
	decimals = regexp.MustCompile(`^([-+]?)(\.[0-9]+|[0-9]+(?:\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	integer  = regexp.MustCompile(`^[-+]?[0-9]+$`)
	based    = regexp.MustCompile(`^(0o[0-7]+|0x[0-9a-fA-F]+)$`)
	beyond   = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

// mostDigits is how long a number may be that is not written in decimal.
const mostDigits = 10_000

// scalar reads a scalar: one without quotes and tag is what the core schema makes of it.
func scalar(n *yaml.Node, text string) (configuration.Value, error) {
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	tagged := n.Style&yaml.TaggedStyle != 0
	if n.Tag == "!" || n.Tag == "!!str" && (tagged || n.Style&quoted != 0) {
		return configuration.TextOf(text), nil
	}
	v, tag, err := plain(text)
	switch {
	case err != nil:
		return v, at(n, err.Error())
	case tagged && n.Tag != tag && (n.Tag != "!!float" || tag != "!!int" || !integer.MatchString(text)):
		return v, at(n, "the tag "+n.Tag+" does not fit, or the core schema does not know it")
	}
	return v, nil
}

// plain returns what the core schema takes a text for, and its tag. Numbers are as they
// were written, where JSON can write them so.
func plain(text string) (configuration.Value, string, error) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return configuration.NullOf(), "!!null", nil
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return configuration.BoolOf(strings.EqualFold(text, "true")), "!!bool", nil
	}
	if beyond.MatchString(text) {
		return configuration.Value{}, "", errors.New("JSON has neither infinity nor what is no number")
	}
	tag, parts := "!!float", decimals.FindStringSubmatch(text)
	if integer.MatchString(text) || based.MatchString(text) {
		tag = "!!int"
	}
	switch {
	case based.MatchString(text) && len(text) > mostDigits:
		return configuration.Value{}, "", errors.New("is a number that is too long")
	case based.MatchString(text):
		whole, ok := new(big.Int).SetString(text, 0)
		if !ok {
			return configuration.Value{}, "", errors.New("is a number that is too long")
		}
		text = whole.String()
	case parts != nil:
		whole, rest, _ := strings.Cut(parts[2], ".")
		if whole = strings.TrimLeft(whole, "0"); whole == "" {
			whole = "0"
		}
		if rest != "" {
			rest = "." + rest
		}
		text = strings.TrimPrefix(parts[1], "+") + whole + rest + parts[3]
	default:
		return configuration.TextOf(text), "!!str", nil
	}
	v, err := configuration.NumberOf(text)
	return v, tag, err
}

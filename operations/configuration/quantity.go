package configuration

import (
	"strings"
	"unicode"

	"github.com/shopspring/decimal"
)

// KubernetesUnits are the suffixes of quantities of Kubernetes: "500m" is 0.5, "1Ki"
// 1024.
func KubernetesUnits() map[string]decimal.Decimal {
	units := map[string]decimal.Decimal{"": decimal.New(1, 0), "n": decimal.New(1, -9), "u": decimal.New(1, -6), "m": decimal.New(1, -3)}
	for n, word := range []string{"k", "M", "G", "T", "P", "E"} {
		units[word] = decimal.New(1, int32(3*(n+1)))
	}
	for n, word := range []string{"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"} {
		units[word] = decimal.NewFromInt(1 << (10 * (n + 1)))
	}
	return units
}

// TimeUnits are words for seconds, minutes, hours and days, with a bare number in
// seconds: "1h30m" is 5400, "3274sec" 3274.
func TimeUnits() map[string]decimal.Decimal {
	units := map[string]decimal.Decimal{"ns": decimal.New(1, -9), "us": decimal.New(1, -6), "µs": decimal.New(1, -6), "ms": decimal.New(1, -3)}
	for seconds, words := range map[int64]string{
		1: " s sec secs second seconds", 60: "m min mins minute minutes", 3600: "h hr hrs hour hours", 86400: "d day days", 604800: "w week weeks",
	} {
		for word := range strings.SplitSeq(words, " ") {
			units[word] = decimal.NewFromInt(seconds)
		}
	}
	return units
}

// ByteUnits are words for bytes: "10 GB" is 10000000000, "1 GiB" 1073741824. A bare
// number is in bytes; "K", "M", "G" and "T" alone are left out, as people mean both by
// them.
func ByteUnits() map[string]decimal.Decimal {
	one := decimal.New(1, 0)
	units := map[string]decimal.Decimal{"": one, "B": one, "byte": one, "bytes": one, "Byte": one, "Bytes": one}
	for word, factor := range KubernetesUnits() {
		switch {
		case len(word) == len("Ki"):
			units[word], units[word+"B"] = factor, factor
		case len(word) == 1 && word >= "A" && word <= "Z", word == "k":
			units[word+"B"] = factor
		}
	}
	units["KB"] = units["kB"]
	return units
}

// mostQuantity is how long a text may be that is read as numbers with words.
const mostQuantity = 100

// quantity reads a number, or a text of numbers with words of units behind them, and
// adds them up.
func quantity(v *Value, units map[string]decimal.Decimal) (decimal.Decimal, bool) {
	text := v.text
	if v.kind == Number {
		factor, ok := units[""]
		if d, is := reckoned(text); is && ok {
			return d.Mul(factor), true
		}
		return decimal.Decimal{}, false
	}
	if v.kind != Text || len(text) > mostQuantity {
		return decimal.Decimal{}, false
	}
	text = strings.TrimSpace(text)
	negative := strings.HasPrefix(text, "-")
	text = strings.TrimPrefix(strings.TrimPrefix(text, "-"), "+")
	sum := decimal.Decimal{}
	for first := true; first || text != ""; first = false {
		end, wrong := scanNumber(text)
		if wrong != "" || strings.HasPrefix(text, "-") { // "1E" is an exa, and "3em" no number
			if end = mantissa(text); end == 0 {
				return decimal.Decimal{}, false
			}
		}
		d, ok := reckoned(text[:end])
		if !ok {
			return decimal.Decimal{}, false
		}
		text = strings.TrimLeft(text[end:], " ")
		end = strings.IndexFunc(text, func(r rune) bool { return !letter(r) })
		if end < 0 {
			end = len(text)
		}
		factor, ok := units[text[:end]]
		if !ok {
			return decimal.Decimal{}, false
		}
		sum = sum.Add(d.Mul(factor))
		text = strings.TrimLeft(text[end:], " ")
	}
	if negative {
		sum = sum.Neg()
	}
	return sum, true
}

// mantissa returns where a number ends whose exponent is none.
func mantissa(text string) int {
	end := digits(text, 0)
	if end == 0 || text[0] == '0' && end > 1 {
		return 0
	}
	if end < len(text) && text[end] == '.' {
		if more := digits(text, end+1); more > end+1 {
			return more
		}
		return 0
	}
	return end
}

func letter(r rune) bool { return unicode.IsLetter(r) || r == '%' || r == '°' || r == '/' }

func unitWord(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return !letter(r) }) < 0
}

// near reports whether two numbers are as close as a rule asks for.
func near(desired, observed decimal.Decimal, r *Rule) bool {
	if desired.Equal(observed) {
		return true
	}
	apart := desired.Sub(observed).Abs()
	const percent = -2
	return apart.LessThanOrEqual(r.Tolerance) || apart.LessThanOrEqual(desired.Abs().Mul(r.Percent).Shift(percent))
}

package version

import (
	"cmp"
	"slices"
	"strings"
)

// token is a part of a Maven version: a number or a word, after a dot or a hyphen.
type token struct {
	hyphen bool
	number bool
	text   string // digits without leading zeros, "" is 0; or a word in small letters
}

// null reports whether the token says nothing at the end of a version.
func (t token) null() bool { return t.text == "" }

// maven parts a version as Maven's "Version Order Specification" does: at dots, hyphens
// (and underscores), and where digits meet letters. What says nothing is trimmed from the
// end, before each hyphen, and before each word.
func maven(text string) []token {
	text = strings.ToLower(text)
	var list []token
	hyphen := false
	for first := true; first || text != ""; first = false {
		n := strings.IndexAny(text, ".-_")
		part, separator := text, byte(0)
		if n >= 0 {
			part, separator, text = text[:n], text[n], text[n+1:]
		} else {
			text = ""
		}
		list = appendPart(list, part, hyphen)
		hyphen = separator != '.'
		if n >= 0 && text == "" {
			list = append(list, token{hyphen: hyphen, number: true}) // an empty part is 0
		}
	}
	return trim(list)
}

// appendPart parts what stands between two separators where digits meet letters.
func appendPart(list []token, part string, hyphen bool) []token {
	if part == "" {
		return append(list, token{hyphen: hyphen, number: true})
	}
	for part != "" {
		n := digits(part)
		if n > 0 {
			list = append(list, token{hyphen, true, strings.TrimLeft(part[:n], "0")})
		} else {
			n = strings.IndexAny(part, "0123456789")
			if n < 0 {
				n = len(part)
			}
			list = append(list, token{hyphen, false, word(part[:n], n < len(part))})
		}
		part, hyphen = part[n:], true
	}
	return list
}

// word writes a qualifier in one way; short ones stand directly before a number.
func word(text string, beforeNumber bool) string {
	if beforeNumber {
		switch text {
		case "a":
			return "alpha"
		case "b":
			return "beta"
		case "m":
			return "milestone"
		}
	}
	switch text {
	case "cr":
		return "rc"
	case "ga", "final", "release":
		return ""
	}
	return text
}

// trim takes out what says nothing, from the end, before each hyphen, and before each word:
// 1.0.rc is 1.rc, as in Maven since 3.9, without which 1-foo < 1.0.rc < 1 < 1-foo.
func trim(list []token) []token {
	for end := len(list); end > 0; end-- {
		if end < len(list) && !list[end].hyphen && list[end].number {
			continue
		}
		start := end
		for start > 0 && list[start-1].null() {
			start--
		}
		list = slices.Delete(list, start, end)
		end = start
	}
	return list
}

// qualifiers in their order; "" is the release. Others come after it, by their letters.
func qualifiers() []string {
	return []string{"alpha", "beta", "milestone", "rc", "snapshot", "", "sp"}
}

func compareMaven(a, b string) (int, error) {
	x, y := maven(a), maven(b)
	for n := range max(len(x), len(y)) {
		if c := compareTokens(pad(x, y, n), pad(y, x, n)); c != 0 {
			return c, nil
		}
	}
	return 0, nil
}

// pad returns a token, or where there is none what says nothing beside the other one: .0
// beside a number after a dot, the release beside all else.
func pad(list, other []token, n int) token {
	switch {
	case n < len(list):
		return list[n]
	case other[n].number && !other[n].hyphen:
		return token{number: true}
	}
	return token{hyphen: true}
}

// compareTokens is the order of the specification: with the same separator numbers by
// value and words by [qualifiers]; else a word, then -number, then .number.
func compareTokens(a, b token) int {
	switch {
	case a.number && b.number && a.hyphen == b.hyphen:
		return compareDigits(a.text, b.text)
	case !a.number && !b.number:
		return compareWords(a.text, b.text)
	}
	return cmp.Compare(a.rank(), b.rank())
}

func (t token) rank() int {
	switch {
	case !t.number:
		return 0
	case t.hyphen:
		return 1
	}
	return 2 //nolint:mnd // after both
}

func compareWords(a, b string) int {
	known := qualifiers()
	x, y := slices.Index(known, a), slices.Index(known, b)
	switch {
	case x >= 0 && y >= 0:
		return cmp.Compare(x, y)
	case x >= 0:
		return -1
	case y >= 0:
		return 1
	}
	return strings.Compare(a, b)
}

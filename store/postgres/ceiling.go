package postgres

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// ceiling returns the least text that an id can be which is not below bound,
// byte by byte, and false if every id is below it. Ids are UTF-8 without
// control characters; a bound may be any bytes, which PostgreSQL would not take
// for text. An id is at or above bound exactly if it is at or above the ceiling.
func ceiling(bound []byte) (string, bool) {
	end := 0
	for end < len(bound) {
		r, size := utf8.DecodeRune(bound[end:])
		if r < firstRune || r == utf8.RuneError && size == 1 {
			break
		}
		end += size
	}
	if end == len(bound) {
		return string(bound), true
	}
	// No character continues the prefix as bound does: take the next one, or,
	// if there is none, the one that follows the last of the prefix.
	for {
		n := sort.Search(runes, func(i int) bool {
			return bytes.Compare(utf8.AppendRune(nil, runeAt(i)), bound[end:]) > 0
		})
		if n < runes {
			return string(utf8.AppendRune(bytes.Clone(bound[:end]), runeAt(n))), true
		}
		if end == 0 {
			return "", false
		}
		_, size := utf8.DecodeLastRune(bound[:end])
		bound, end = bound[:end], end-size
	}
}

const (
	firstRune      = 0x20
	firstSurrogate = 0xd800
	lastSurrogate  = 0xdfff
	runes          = utf8.MaxRune + 1 - firstRune - (lastSurrogate + 1 - firstSurrogate)
)

// runeAt numbers the characters of ids in the order of their encoding.
func runeAt(i int) rune {
	r := rune(i) + firstRune //nolint:gosec // G115: below runes
	if r >= firstSurrogate {
		r += lastSurrogate + 1 - firstSurrogate
	}
	return r
}

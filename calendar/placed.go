package calendar

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

// placed is a text, and where it stood in what was read.
type placed struct {
	text string
	at   func(i int) string // the place of byte i, for people
}

// column returns the text with places such as "column 4", counted in
// characters from 1.
func column(text string) placed {
	count := counter(text)
	return placed{text, func(i int) string { return fmt.Sprintf("column %d", count(i)+1) }}
}

// counter returns a function that counts the characters before a byte. It
// goes on from the last one, since violations come mostly in order.
func counter(text string) func(i int) int {
	at, n := 0, 0
	return func(i int) int {
		if i < at {
			at, n = 0, 0
		}
		n += utf8.RuneCountInString(text[at:i])
		at = i
		return n
	}
}

// enough reports whether so much is wrong that the rest is not read.
func enough(v *servicecoin.Violations) bool { return v.Len() >= maxComplaints }

// slice returns the bytes from i up to j.
func (p placed) slice(i, j int) placed {
	return placed{p.text[i:j], func(k int) string { return p.at(i + k) }}
}

// place is where it begins.
func (p placed) place() string { return p.at(0) }

// split yields the parts between the separators.
func (p placed) split(sep byte) func(yield func(placed) bool) {
	return func(yield func(placed) bool) {
		for from := 0; ; {
			n := strings.IndexByte(p.text[from:], sep)
			if n < 0 {
				yield(p.slice(from, len(p.text)))
				return
			}
			if !yield(p.slice(from, from+n)) {
				return
			}
			from += n + 1
		}
	}
}

// cut returns what is before the first separator and what is after it.
func (p placed) cut(sep byte) (before, after placed, found bool) {
	n := strings.IndexByte(p.text, sep)
	if n < 0 {
		return p, placed{}, false
	}
	return p.slice(0, n), p.slice(n+1, len(p.text)), true
}

// trim returns what is between spaces.
func (p placed) trim() placed {
	from := len(p.text) - len(strings.TrimLeft(p.text, spaces))
	return p.slice(from, from+len(strings.Trim(p.text, spaces)))
}

const spaces = " \t\r\n"

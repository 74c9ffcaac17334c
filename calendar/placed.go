package calendar

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

// placed is a text, and where it stood in what was read. The zero placed is no
// text at no place.
type placed struct {
	text string
	of   *origin
	from int // the byte of the origin at which it begins
}

// origin is what a placed text was cut from: one text, or a line and those that
// it goes on in.
type origin struct {
	pieces []piece
	last   int // the piece that the last place was in
	at, n  int // a byte of that piece that was asked for, and the characters before it
}

// piece is a part of an origin that stood on one line.
type piece struct {
	text   string
	from   int // the first byte in the origin
	line   int // its number, 0 of a text that has none
	indent int // characters of the line before it
}

// column returns the text with places such as "column 4", counted in
// characters from 1.
func column(text string) placed {
	return placed{text: text, of: &origin{pieces: []piece{{text: text}}}}
}

// enough reports whether so much is wrong that the rest is not read.
func enough(v *servicecoin.Violations) bool { return v.Len() >= servicecoin.MaxViolations }

// piece returns the index of the piece that byte i lies in.
func (o *origin) piece(i int) int {
	return max(0, sort.Search(len(o.pieces), func(n int) bool { return o.pieces[n].from > i })-1)
}

// place returns the place of byte i, for people. It counts on from the last one
// that was asked for, since violations come mostly in order.
func (o *origin) place(i int) string {
	n := o.piece(i)
	p := o.pieces[n]
	if i -= p.from; n != o.last || i < o.at {
		o.last, o.at, o.n = n, 0, 0
	}
	o.n += utf8.RuneCountInString(p.text[o.at:i])
	o.at = i
	if p.line == 0 {
		return fmt.Sprintf("column %d", o.n+1)
	}
	return fmt.Sprintf("line %d, column %d", p.line, o.n+1+p.indent)
}

// at is the place of byte i, for people.
func (p placed) at(i int) string {
	if p.of == nil {
		return ""
	}
	return p.of.place(p.from + i)
}

// place is where it begins.
func (p placed) place() string { return p.at(0) }

// line is the number of the line on which it begins, 0 if there are none.
func (p placed) line() int {
	if p.of == nil {
		return 0
	}
	return p.of.pieces[p.of.piece(p.from)].line
}

// folds yields the parts of a whole line that go on from the line before.
func (p placed) folds(yield func(placed) bool) {
	if p.of == nil {
		return
	}
	for _, x := range p.of.pieces[1:] {
		if !yield(p.slice(x.from, x.from+len(x.text))) {
			return
		}
	}
}

// slice returns the bytes from i up to j.
func (p placed) slice(i, j int) placed {
	return placed{text: p.text[i:j], of: p.of, from: p.from + i}
}

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

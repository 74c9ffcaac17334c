// Package lines reads what rules, windows, rotations and iCalendar files are made
// of: text that knows its place, lines that are folded, their names, parameters and
// values, and lists of bounded length. Each form is read here, once.
package lines

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

// Placed is a text, and where it stood in what was read. The zero placed is no
// text at no place.
type Placed struct {
	Text string
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

// Column returns the text with places such as "column 4", counted in
// characters from 1.
func Column(text string) Placed {
	return Placed{Text: text, of: &origin{pieces: []piece{{text: text}}}}
}

// Enough reports whether so much is wrong that the rest is not read.
func Enough(v *servicecoin.Violations) bool { return v.Len() >= servicecoin.MaxViolations }

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

// At is the place of byte i, for people.
func (p Placed) At(i int) string {
	if p.of == nil {
		return ""
	}
	return p.of.place(p.from + i)
}

// Place is where it begins.
func (p Placed) Place() string { return p.At(0) }

// Line is the number of the line on which it begins, 0 if there are none.
func (p Placed) Line() int {
	if p.of == nil {
		return 0
	}
	return p.of.pieces[p.of.piece(p.from)].line
}

// Folds yields the parts of a whole line that go on from the line before.
func (p Placed) Folds(yield func(Placed) bool) {
	if p.of == nil {
		return
	}
	for _, x := range p.of.pieces[1:] {
		if !yield(p.Slice(x.from, x.from+len(x.text))) {
			return
		}
	}
}

// Slice returns the bytes from i up to j.
func (p Placed) Slice(i, j int) Placed {
	return Placed{Text: p.Text[i:j], of: p.of, from: p.from + i}
}

// Split yields the parts between the separators.
func (p Placed) Split(sep byte) func(yield func(Placed) bool) {
	return func(yield func(Placed) bool) {
		for from := 0; ; {
			n := strings.IndexByte(p.Text[from:], sep)
			if n < 0 {
				yield(p.Slice(from, len(p.Text)))
				return
			}
			if !yield(p.Slice(from, from+n)) {
				return
			}
			from += n + 1
		}
	}
}

// Cut returns what is before the first separator and what is after it.
func (p Placed) Cut(sep byte) (before, after Placed, found bool) {
	n := strings.IndexByte(p.Text, sep)
	if n < 0 {
		return p, Placed{}, false
	}
	return p.Slice(0, n), p.Slice(n+1, len(p.Text)), true
}

// Trim returns what is between spaces.
func (p Placed) Trim() Placed {
	from := len(p.Text) - len(strings.TrimLeft(p.Text, Spaces))
	return p.Slice(from, from+len(strings.Trim(p.Text, Spaces)))
}

// Spaces are what may stand between words.
const Spaces = " \t\r\n"

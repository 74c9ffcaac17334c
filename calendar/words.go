package calendar

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

// fieldsOf returns the words between spaces and line ends: no more than somebody
// looks at, and one that is too many.
func fieldsOf(p placed) []placed {
	const most = 200
	var out []placed
	for i := 0; i < len(p.text) && len(out) <= most; {
		if strings.IndexByte(spaces, p.text[i]) >= 0 {
			i++
			continue
		}
		end := len(p.text)
		if n := strings.IndexAny(p.text[i:], spaces); n >= 0 {
			end = i + n
		}
		out = append(out, p.slice(i, end))
		i = end
	}
	return out
}

// mergeAt adds the violations of an error at the place of a word, or at a column
// of it.
func mergeAt(v *servicecoin.Violations, word placed, err error) {
	if err == nil {
		return
	}
	var inner servicecoin.Violations
	inner.Merge("", err)
	v.Merge("", placedAt(word, inner.Err()))
}

// placedAt moves violations whose paths are columns of a word to the places of
// the text around it.
func placedAt(word placed, err error) error {
	invalid, ok := err.(*servicecoin.InvalidError) //nolint:errorlint // just made, not wrapped
	if !ok {
		return err
	}
	out := &servicecoin.InvalidError{}
	for _, x := range invalid.Violations {
		place := word.place()
		if n, err := strconv.Atoi(strings.TrimPrefix(x.Path, "column ")); err == nil {
			at := 0
			for ; n > 1 && at < len(word.text); n-- {
				_, size := utf8.DecodeRuneInString(word.text[at:])
				at += size
			}
			place = word.at(at)
		}
		x.Path = place
		out.Violations = append(out.Violations, x)
	}
	return out
}

// plainLine reports whether a text has no control characters.
func plainLine(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

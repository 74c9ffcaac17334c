package lines

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

// Words returns the words between spaces and line ends: no more than somebody
// looks at, and one that is too many.
func Words(p Placed) []Placed {
	const most = 200
	var out []Placed
	for i := 0; i < len(p.Text) && len(out) <= most; {
		if strings.IndexByte(Spaces, p.Text[i]) >= 0 {
			i++
			continue
		}
		end := len(p.Text)
		if n := strings.IndexAny(p.Text[i:], Spaces); n >= 0 {
			end = i + n
		}
		out = append(out, p.Slice(i, end))
		i = end
	}
	return out
}

// MergeAt adds the violations of an error at the place of a word, or at a column
// of it.
func MergeAt(v *servicecoin.Violations, word Placed, err error) {
	if err == nil {
		return
	}
	var inner servicecoin.Violations
	inner.Merge("", err)
	v.Merge("", placedAt(word, inner.Err()))
}

// placedAt moves violations whose paths are columns of a word to the places of
// the text around it.
func placedAt(word Placed, err error) error {
	invalid, ok := err.(*servicecoin.InvalidError) //nolint:errorlint // just made, not wrapped
	if !ok {
		return err
	}
	out := &servicecoin.InvalidError{}
	for _, x := range invalid.Violations {
		place := word.Place()
		if n, err := strconv.Atoi(strings.TrimPrefix(x.Path, "column ")); err == nil {
			at := 0
			for ; n > 1 && at < len(word.Text); n-- {
				_, size := utf8.DecodeRuneInString(word.Text[at:])
				at += size
			}
			place = word.At(at)
		}
		x.Path = place
		out.Violations = append(out.Violations, x)
	}
	return out
}

// IsPlain reports whether a text has no control characters.
func IsPlain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

package exchange

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

func isNotFound(err error) bool { return errors.Is(err, servicecoin.ErrNotFound) }

// Sides returns the sides with the word of each for a column.
func Sides() []struct {
	Side Side
	Word string
} {
	return []struct {
		Side Side
		Word string
	}{{Management, "kept"}, {Operations, "run"}, {Adoption, "used"}}
}

// WriteText writes the review for a terminal or a letter: a block for each service,
// a line for each side.
func (s Spin) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w) // keeps the first error until Flush
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
	name := s.Customer.Name
	if name == "" {
		name = string(s.Customer.ID)
	}
	p("%s, %s", name, s.Month)
	for _, part := range s.Whole {
		for _, l := range part.Figures.Lines() {
			p(" · %s", l.Text)
		}
	}
	p("\n%s\n", s.Sentence())
	for _, r := range s.Rows {
		p("\n%s\n", r.Name)
		for _, x := range Sides() {
			var words []string
			for _, l := range Lines(r.Parts, x.Side) {
				words = append(words, l.Text)
			}
			if len(words) == 0 {
				words = []string{"nothing is known"}
			}
			p("  %-5s %s\n", x.Word, strings.Join(words, "; "))
		}
	}
	if len(s.Balance) > 0 {
		p("\nOut of balance\n")
		for _, b := range s.Balance {
			p("  - %s\n", b.Text)
		}
	}
	return out.Flush()
}

// Percent says a percentage in words, "unknown" for none.
func Percent(d decimal.NullDecimal) string {
	if !d.Valid {
		return "unknown"
	}
	return d.Decimal.Round(3).String() + " %"
}

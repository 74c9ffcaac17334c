// Package csvfile reads CSV files that come from outside: with a byte order mark
// or without, fields in quotes or not. Whatever is wrong with a file is a violation
// with its line and column.
package csvfile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

// Limits of a file, beyond which it is refused.
const (
	MaxBytes   = 256 << 20
	MaxRows    = 1_000_000
	MaxColumns = 1000
)

// Row is a line of the file: a record below the header.
type Row struct {
	Line   int // where it begins, from 1
	fields []string
	column map[string]int
}

// Field returns the field of a column, "" of one that the file does not have. It
// holds until the next row.
func (r Row) Field(column string) string {
	i, ok := r.column[column]
	if !ok {
		return ""
	}
	return r.fields[i]
}

// At names a field, for violations: "line 12, BilledCost".
func (r Row) At(column string) string { return fmt.Sprintf("line %d, %s", r.Line, column) }

// Read reads a file with a header, which has the needed columns in any order, and
// calls row for each record below it; what row finds wrong it adds to v. The error
// is an [*servicecoin.InvalidError] with what is wrong, after a hundred violations
// of which reading ends, or that of r.
func Read(r io.Reader, needed []string, row func(v *servicecoin.Violations, r Row)) error {
	var v servicecoin.Violations
	limited := &io.LimitedReader{R: r, N: MaxBytes + 1}
	file := csv.NewReader(withoutMark(limited, &v))
	file.FieldsPerRecord = -1
	file.ReuseRecord = true
	head, err := file.Read()
	switch {
	case v.Err() != nil:
		return v.Err()
	case errors.Is(err, io.EOF):
		v.Add("", "empty", "", "the file has no header")
		return v.Err()
	case err != nil:
		return wrong(&v, err)
	}
	column, width := header(&v, head, needed), len(head)
	if err := v.Err(); err != nil {
		return err
	}
	for n := 0; v.Len() < servicecoin.MaxViolations; {
		record, err := file.Read()
		if limited.N == 0 {
			v.Add("", "too-long", "", fmt.Sprintf("has more than %d bytes", MaxBytes))
			break
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if err := wrong(&v, err); !errors.Is(err, servicecoin.ErrInvalid) {
				return err
			}
			continue // with the next line
		}
		line, _ := file.FieldPos(0)
		if n++; n > MaxRows {
			v.Add(fmt.Sprintf("line %d", line), "too-many", "", fmt.Sprintf("must be one of at most %d rows", MaxRows))
			break
		}
		if len(record) != width {
			v.Add(fmt.Sprintf("line %d", line), "columns", "", fmt.Sprintf("has %d columns, the header has %d", len(record), width))
			continue
		}
		if i := slices.IndexFunc(record, func(s string) bool { return !utf8.ValidString(s) }); i >= 0 {
			line, col := file.FieldPos(i)
			v.Add(fmt.Sprintf("line %d, column %d", line, col), "bad-text", record[i], "must be UTF-8")
			continue
		}
		row(&v, Row{Line: line, fields: record, column: column})
	}
	return v.Err()
}

// withoutMark takes a byte order mark away before anything else sees it, and
// refuses that of another encoding.
func withoutMark(r io.Reader, v *servicecoin.Violations) io.Reader {
	b := bufio.NewReader(r)
	begin, _ := b.Peek(3) // an error comes again where it is read
	switch {
	case bytes.Equal(begin, []byte("\ufeff")):
		_, _ = b.Discard(len(begin)) // was looked at just now
	case bytes.HasPrefix(begin, []byte{0xff, 0xfe}), bytes.HasPrefix(begin, []byte{0xfe, 0xff}):
		v.Add("line 1, column 1", "bad-text", "", "must be UTF-8: the file begins as UTF-16 does")
	}
	return b
}

// header finds the columns by name.
func header(v *servicecoin.Violations, head, needed []string) map[string]int {
	column := map[string]int{}
	if !v.Limit("line 1", len(head), MaxColumns) {
		return column
	}
	for i, name := range head {
		name = strings.TrimSpace(name)
		if _, again := column[name]; again {
			v.Add("line 1", "duplicate-column", name, "names two columns")
		}
		column[strings.Clone(name)] = i
	}
	for _, name := range needed {
		if _, ok := column[name]; !ok {
			v.Add("line 1", "missing-column", "", "has no column "+name)
		}
	}
	return column
}

// wrong adds what the CSV reader says of a file, and returns all that is wrong;
// another error it returns as it is.
func wrong(v *servicecoin.Violations, err error) error {
	bad, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return err
	}
	text := "must be CSV: " + bad.Err.Error()
	switch {
	case errors.Is(bad.Err, csv.ErrBareQuote):
		text = `must have its quotes doubled, and stand in quotes: there is a " in it`
	case errors.Is(bad.Err, csv.ErrQuote):
		text = `must have its quotes doubled, and a comma behind the last one: there is a " too few or too many`
	}
	if bad.StartLine != bad.Line {
		text += fmt.Sprintf(", in the row that begins in line %d", bad.StartLine)
	}
	v.Add(fmt.Sprintf("line %d, column %d", bad.Line, max(1, bad.Column)), "syntax", "", text)
	return v.Err()
}

package usagefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

// column is one of the file: what it is called in an event, "" for what is not read.
type column struct{ name, written string }

// header reads the first line of a CSV file.
func (f *file) header() (reader, error) {
	var v servicecoin.Violations
	head, err := f.lines.next()
	switch {
	case errors.Is(err, io.EOF):
		v.Add("", "empty", "", "the file has no header")
		return nil, v.Err()
	case err != nil:
		return nil, err
	case head.long:
		v.Add("line 1", "too-long", "", fmt.Sprintf("has more than %d bytes", MaxLine))
		return nil, v.Err()
	}
	at := fmt.Sprintf("line %d", head.number)
	if f.separator = f.o.Separator; f.separator == 0 {
		f.separator = separator(head.text)
	}
	cells, wrong := split(head.text, f.separator)
	if wrong != nil {
		v.Add(fmt.Sprintf("%s, column %d", at, wrong.Column), wrong.Code, wrong.Value, wrong.Text)
		return nil, v.Err()
	}
	if !v.Limit(at, len(cells), MaxColumns) {
		return nil, v.Err()
	}
	for _, c := range cells {
		f.columns = append(f.columns, f.column(&v, fmt.Sprintf("%s, column %d", at, c.column), strings.TrimSpace(c.text)))
	}
	for _, name := range []string{"id", "time"} {
		if !slices.ContainsFunc(f.columns, func(c column) bool { return c.name == name }) {
			v.Add(at, "missing-column", name, "has no column "+name)
		}
	}
	for name, given := range map[string]string{"source": f.o.Defaults.Source, "type": f.o.Defaults.Type} {
		if given == "" && !slices.ContainsFunc(f.columns, func(c column) bool { return c.name == name }) {
			v.Add(at, "missing-column", name, "has no column "+name)
		}
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	return f.row, nil
}

// separator returns which of three a header has most of.
func separator(head []byte) rune {
	best, most := ',', bytes.Count(head, []byte(","))
	for _, c := range ";\t" {
		if n := bytes.Count(head, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// column finds out what a column is.
func (f *file) column(v *servicecoin.Violations, at, written string) column {
	c := column{name: written, written: written}
	if name, given := f.o.Columns[written]; given {
		c.name = name
	}
	switch {
	case c.name == "" && written == "":
		v.Add(at, "required", "", "has no name")
	case c.name == "":
	case !known(c.name):
		v.Add(at, "unknown-column", written, "is no part of an event: it is called as in JSON, or fields.NAME, or dimensions.NAME")
	case slices.ContainsFunc(f.columns, func(x column) bool { return x.name == c.name }):
		v.Add(at, "duplicate-column", written, "is there twice")
	}
	return c
}

// known reports whether an event has a part of that name.
func known(name string) bool {
	for _, begin := range []string{"fields.", "dimensions."} {
		if strings.HasPrefix(name, begin) {
			return len(name) > len(begin) && len(name) <= len(begin)+servicecoin.MaxIDBytes
		}
	}
	return slices.Contains([]string{"customer", "id", "source", "type", "subject", "time", "end", "open", "value", "does", "of.source", "of.id", "recordedAt"}, name)
}

// row reads a line of CSV.
func (f *file) row(l line, e *entry) {
	cells, wrong := split(l.text, f.separator)
	if wrong != nil {
		e.faults = append(e.faults, *wrong)
		return
	}
	if len(cells) != len(f.columns) {
		text := fmt.Sprintf("has %d columns, the header has %d", len(cells), len(f.columns))
		if len(cells) > len(f.columns) && f.separator == ',' {
			text += "; a number with a comma in it counts as two"
		}
		e.fault(0, "", "columns", "", text)
		return
	}
	for i, c := range cells {
		if name := f.columns[i].name; name != "" && name != "recordedAt" {
			e.put(name, c.text, c.column)
		}
	}
}

// cell is a field of a line, and where it begins.
type cell struct {
	text   string
	column int // in characters, from 1
}

// split takes a line of CSV apart. A field in quotes ends in its line: no part of an event
// has a line break in it.
func split(text []byte, separator rune) ([]cell, *Fault) {
	if !utf8.Valid(text) {
		at := 0
		for at < len(text) {
			r, n := utf8.DecodeRune(text[at:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			at += n
		}
		return nil, &Fault{utf8.RuneCount(text[:at]) + 1, servicecoin.Violation{Code: "bad-text", Text: "must be UTF-8"}}
	}
	var cells []cell
	rest, at := string(text), 1
	for {
		c := cell{column: at}
		var raw string
		if quoted := strings.TrimLeft(rest, " "); strings.HasPrefix(quoted, `"`) && separator != '"' {
			inside, n, ok := unquote(quoted)
			behind := strings.TrimLeft(quoted[n:], " ")
			if !ok || behind != "" && !strings.HasPrefix(behind, string(separator)) {
				why := "must have its quotes doubled, and a separator behind the last one: there is a \" too few or too many"
				return nil, &Fault{at, servicecoin.Violation{Code: "syntax", Text: why}}
			}
			c.text = inside
			raw = rest[:len(rest)-len(behind)]
			rest = behind
		} else {
			end := strings.IndexRune(rest, separator)
			if end < 0 {
				end = len(rest)
			}
			raw, rest = rest[:end], rest[end:]
			c.text = strings.TrimSpace(raw)
		}
		cells = append(cells, c)
		if rest == "" {
			return cells, nil
		}
		if len(cells) > MaxColumns {
			return cells, nil
		}
		rest = rest[utf8.RuneLen(separator):]
		at += utf8.RuneCountInString(raw) + 1
	}
}

// unquote reads a field in quotes, and tells how long it is with them.
func unquote(text string) (inside string, n int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '"' {
			b.WriteByte('"')
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return b.String(), len(text), false
}

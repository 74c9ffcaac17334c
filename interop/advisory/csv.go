package advisory

import (
	"fmt"
	"strings"
)

// cell is a field of a CSV file, and where it stands.
type cell struct {
	text string
	at   int
}

// table reads CSV as RFC 4180 has it, with the line ends of any system. Empty lines are no
// rows.
type table struct {
	text string
	pos  int
	row  []cell
}

// next reads a row, which holds until the next one; nil is the end.
func (t *table) next() ([]cell, *fault) {
	for t.pos < len(t.text) && t.lineEnd() > 0 {
		t.pos += t.lineEnd()
	}
	if t.pos >= len(t.text) {
		return nil, nil
	}
	t.row = t.row[:0]
	for {
		c, f := t.cell()
		if f != nil {
			return nil, f
		}
		t.row = append(t.row, c)
		if len(t.row) > maxColumns {
			return nil, &fault{c.at, "too-many", fmt.Sprintf("the row has more than %d fields", maxColumns)}
		}
		if t.pos < len(t.text) && t.text[t.pos] == ',' {
			t.pos++
			continue
		}
		t.pos += t.lineEnd()
		return t.row, nil
	}
}

const maxColumns = 1000

// lineEnd returns how many bytes of a line end stand here.
func (t *table) lineEnd() int {
	rest := t.text[t.pos:]
	switch {
	case strings.HasPrefix(rest, "\r\n"):
		return len("\r\n")
	case strings.HasPrefix(rest, "\n"), rest == "\r":
		return 1
	}
	return 0
}

func (t *table) cell() (cell, *fault) {
	c := cell{at: t.pos}
	if t.pos < len(t.text) && t.text[t.pos] == '"' {
		return t.quoted(c)
	}
	end := strings.IndexAny(t.text[t.pos:], ",\n\"")
	if end < 0 {
		end = len(t.text) - t.pos
	}
	c.text = t.text[t.pos : t.pos+end]
	t.pos += end
	if t.pos < len(t.text) && t.text[t.pos] == '"' {
		return c, &fault{t.pos, "syntax", "is no CSV: a field with a quote inside stands in quotes, with the quote doubled"}
	}
	if !strings.HasPrefix(t.text[t.pos:], ",") && strings.HasSuffix(c.text, "\r") {
		c.text, t.pos = c.text[:len(c.text)-1], t.pos-1
	}
	return c, nil
}

func (t *table) quoted(c cell) (cell, *fault) {
	t.pos++
	begin, doubled := t.pos, false
	for {
		n := strings.IndexByte(t.text[t.pos:], '"')
		if n < 0 {
			return c, &fault{c.at, "syntax", fmt.Sprintf("is no CSV: the quote that opens here is never closed; the file ends in line %d", strings.Count(t.text, "\n")+1)}
		}
		t.pos += n + 1
		if t.pos >= len(t.text) || t.text[t.pos] != '"' {
			break
		}
		doubled = true
		t.pos++
	}
	c.text = t.text[begin : t.pos-1]
	if doubled {
		c.text = strings.ReplaceAll(c.text, `""`, `"`)
	}
	if t.pos < len(t.text) && t.text[t.pos] != ',' && t.lineEnd() == 0 {
		return c, &fault{t.pos, "syntax", "is no CSV: a comma or the end of the line follows a closing quote"}
	}
	return c, nil
}

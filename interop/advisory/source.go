package advisory

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

// source is the text of a file, and where its lines begin.
type source struct {
	text  string
	lines []int // offsets of the first byte of each line but the first
}

const mark = "\ufeff"

// open checks what holds for every file: its length, and that it is UTF-8. A byte order
// mark in front is left out.
func open(file []byte, most int) (*source, error) {
	s := &source{}
	if len(file) > most {
		var v servicecoin.Violations
		v.Add("", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(file), most))
		return nil, v.Err()
	}
	s.text = strings.TrimPrefix(string(file), mark)
	for n := range len(s.text) {
		if s.text[n] == '\n' {
			s.lines = append(s.lines, n+1)
		}
	}
	if strings.HasPrefix(s.text, "\xff\xfe") || strings.HasPrefix(s.text, "\xfe\xff") {
		return nil, s.wrong(&fault{0, "bad-text", "must be UTF-8: the file begins as UTF-16 does"})
	}
	if !utf8.ValidString(s.text) {
		at := 0
		for at < len(s.text) {
			r, size := utf8.DecodeRuneInString(s.text[at:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			at += size
		}
		return nil, s.wrong(&fault{at, "bad-text", "must be UTF-8"})
	}
	if strings.TrimLeft(s.text, space) == "" {
		return nil, s.wrong(&fault{len(s.text), "empty", "there is nothing in the file"})
	}
	return s, nil
}

// space is what may stand around JSON, and before a list.
const space = " \t\r\n"

// line returns the line of a place, from 1.
func (s *source) line(at int) int { return sort.SearchInts(s.lines, at+1) + 1 }

// place names a place as people find it in an editor: columns are characters, from 1.
func (s *source) place(at int) string {
	at = min(at, len(s.text))
	line, begin := s.line(at), 0
	if line > 1 {
		begin = s.lines[line-2]
	}
	return fmt.Sprintf("line %d, column %d", line, utf8.RuneCountInString(s.text[begin:at])+1)
}

// offset returns the place of a line and a column, as other parsers tell them.
func (s *source) offset(line, column int) int {
	at := 0
	if line > 1 && line-2 < len(s.lines) {
		at = s.lines[line-2]
	}
	for n := 1; n < column && at < len(s.text) && s.text[at] != '\n'; n++ {
		_, size := utf8.DecodeRuneInString(s.text[at:])
		at += size
	}
	return at
}

// json reports whether the text is JSON, by its first character.
func (s *source) json() bool {
	begin := strings.TrimLeft(s.text, space)
	return begin != "" && (begin[0] == '{' || begin[0] == '[')
}

// fault is what ends the reading of a file, and where.
type fault struct {
	at   int
	code string
	text string
}

// wrong makes an error of a fault; nil stays nil.
func (s *source) wrong(f *fault) error {
	if f == nil {
		return nil
	}
	var v servicecoin.Violations
	v.Add(s.place(f.at), f.code, "", f.text)
	return v.Err()
}

package runbookmd

import (
	"bytes"
	"slices"
	"strings"
)

// lineIndex holds where each line begins, and where the file ends. A line ends
// with LF, CR LF or a single CR; the first one begins behind a byte order mark.
type lineIndex []int

func indexLines(source []byte) lineIndex {
	index := lineIndex{}
	start := 0
	if bytes.HasPrefix(source, []byte(bom)) {
		start = len(bom)
	}
	for i := start; i < len(source); i++ {
		switch {
		case source[i] == '\n', source[i] == '\r' && (i+1 == len(source) || source[i+1] != '\n'):
			index = append(index, start)
			start = i + 1
		}
	}
	if start < len(source) {
		index = append(index, start)
	}
	return append(index, len(source))
}

func (x lineIndex) count() int { return len(x) - 1 }

// at returns the line, from 0, in which a byte stands; the end of the file stands
// in the last one.
func (x lineIndex) at(offset int) int {
	n, found := slices.BinarySearch(x, offset)
	if !found {
		n--
	}
	return max(0, min(n, x.count()-1))
}

// of returns a line with its end.
func (x lineIndex) of(source []byte, line int) []byte { return source[x[line]:x[line+1]] }

// text returns a line without its end.
func (x lineIndex) text(source []byte, line int) []byte {
	return bytes.TrimRight(x.of(source, line), "\r\n")
}

// ending returns what the first line ends with, "\n" where there is none.
func (x lineIndex) ending(source []byte) string {
	if x.count() == 0 {
		return "\n"
	}
	first := x.of(source, 0)
	switch {
	case bytes.HasSuffix(first, []byte("\r\n")):
		return "\r\n"
	case bytes.HasSuffix(first, []byte("\r")):
		return "\r"
	default:
		return "\n"
	}
}

func isBlank(line []byte) bool { return len(bytes.Trim(line, " \t\r\n\v\f")) == 0 }

// unix returns a text whose lines end with LF.
func unix(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// column returns how wide the beginning of a line is; a tab goes on to the next
// multiple of four.
func column(text []byte) int {
	col := 0
	for _, c := range text {
		if c == '\t' {
			col += 4 - col%4
		} else {
			col++
		}
	}
	return col
}

// dedent cuts up to so many columns of blanks and quote marks from the beginning
// of a line.
func dedent(line []byte, columns int) []byte {
	col := 0
	for i, c := range line {
		if col >= columns {
			return line[i:]
		}
		switch c {
		case ' ', '>':
			col++
		case '\t':
			col += 4 - col%4
		default:
			return line[i:]
		}
	}
	return line[len(line):]
}

// blanked returns what stands before the lines that follow the first one of an
// item: quote marks and blanks are kept, everything else becomes a blank.
func blanked(prefix []byte) string {
	var b strings.Builder
	for _, r := range string(prefix) {
		switch r {
		case '>', ' ', '\t':
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

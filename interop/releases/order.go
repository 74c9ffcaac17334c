package releases

import (
	"cmp"
	"strings"
)

// CompareVersions orders versions, and names of lines, by their numbers: 1.9 before 1.10.
// A leading v does not count, missing numbers are below all others (1.27 before 1.27.0),
// and words come before numbers: 1.27.0-rc.1 and 1.27.0rc1 before 1.27.0. It orders all
// texts, and finds only the same ones equal, but for the leading v and leading zeros.
func CompareVersions(a, b string) int {
	a, b = strings.TrimPrefix(a, "v"), strings.TrimPrefix(b, "v")
	for a != "" || b != "" {
		var x, y part
		x, a = cut(a)
		y, b = cut(b)
		if c := x.compare(y); c != 0 {
			return c
		}
	}
	return 0
}

// part is a number or a word of a version.
type part struct {
	rank int // word, end, number
	text string
}

const (
	word = iota
	end
	number
)

// cut takes the first part off a version: a run of digits, or of what is between.
func cut(s string) (part, string) {
	s = strings.TrimPrefix(s, ".")
	if s == "" {
		return part{rank: end}, ""
	}
	digit := isDigit(s[0])
	n := 1
	for n < len(s) && isDigit(s[n]) == digit && s[n] != '.' {
		n++
	}
	if digit {
		return part{number, strings.TrimLeft(s[:n], "0")}, s[n:]
	}
	return part{word, s[:n]}, s[n:]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (p part) compare(q part) int {
	if p.rank == number && q.rank == number {
		return cmp.Or(cmp.Compare(len(p.text), len(q.text)), cmp.Compare(p.text, q.text))
	}
	return cmp.Or(cmp.Compare(p.rank, q.rank), cmp.Compare(p.text, q.text))
}

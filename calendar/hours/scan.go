package hours

import (
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// The words, signs and times that the text form of hours is made of.

// syntaxError says what was expected where.
type syntaxError struct {
	pos  int
	text string
}

// found returns the word, or sign, at pos for a message.
func (p *hoursParser) found(pos int) string {
	rest := p.text[pos:]
	if n := strings.IndexAny(rest, " \t;,-"); n > 0 {
		rest = rest[:n]
	} else if n == 0 {
		rest = rest[:1]
	}
	return rest
}

func (p *hoursParser) skipRule() {
	for quoted := false; p.pos < len(p.text) && (quoted || p.text[p.pos] != ';'); p.pos++ {
		quoted = quoted != (p.text[p.pos] == '"')
	}
}

func (p *hoursParser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

// peek returns the next sign after spaces, 0 at the end.
func (p *hoursParser) peek() byte {
	p.space()
	if p.pos == len(p.text) {
		return 0
	}
	return p.text[p.pos]
}

// sign takes the next sign if it is this one.
func (p *hoursParser) sign(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.pos++
	return true
}

// word returns the next word in small letters without taking it, "" if the
// next sign is no letter.
func (p *hoursParser) word() string {
	p.space()
	n := p.pos
	for n < len(p.text) && (p.text[n]|0x20) >= 'a' && (p.text[n]|0x20) <= 'z' {
		n++
	}
	return strings.ToLower(p.text[p.pos:n])
}

// digits takes the next digits, at most four.
func (p *hoursParser) digits() string {
	p.space()
	n := p.pos
	for n < len(p.text) && n < p.pos+4 && wall.Digits(p.text[n:n+1]) {
		n++
	}
	digits := p.text[p.pos:n]
	p.pos = n
	return digits
}

func (p *hoursParser) expected(format string, args ...any) *syntaxError {
	p.space()
	return &syntaxError{p.pos, "expected " + fmt.Sprintf(format, args...)}
}

// times reads spans with commas between them.
func (p *hoursParser) times() ([]calendar.ClockSpan, *syntaxError) {
	var spans []calendar.ClockSpan
	for more := true; more; {
		s, err := p.span()
		if err != nil {
			return nil, err
		}
		if spans = append(spans, s); len(spans) > MaxSpans {
			return nil, p.expected("at most %d spans", MaxSpans)
		}
		before := p.pos
		if more = p.sign(','); more && p.word() != "" && !p.atSun() {
			p.pos = before // a rule that adds to this one: end says so
			more = false
		}
	}
	return spans, nil
}

func (p *hoursParser) atSun() bool {
	return slices.Contains([]string{"sunrise", "sunset", "dawn", "dusk"}, p.word())
}

func (p *hoursParser) span() (s calendar.ClockSpan, err *syntaxError) {
	if s.Open, err = p.time(); err != nil {
		return s, err
	}
	if !p.sign('-') {
		return s, p.expected("a hyphen and the time at which it closes")
	}
	at := p.pos
	if s.Close, err = p.time(); err != nil {
		return s, err
	}
	if s.Open == calendar.EndOfDay {
		return s, &syntaxError{at, "expected an opening before 24:00, which is 00:00 of the next day"}
	}
	return s, nil
}

func (p *hoursParser) time() (calendar.Clock, *syntaxError) {
	p.space()
	start := p.pos
	if p.atSun() {
		return 0, p.expected("a time such as 09:00: times of the sun are not read")
	}
	wrong := &syntaxError{start, "expected a time such as 09:00"}
	for p.pos < len(p.text) && p.pos < start+len("00:00:00") && (p.text[p.pos] == ':' || wall.Digits(p.text[p.pos:p.pos+1])) {
		p.pos++
	}
	c, err := calendar.ParseClock(p.text[start:p.pos])
	if err != nil {
		if p.pos > start && strings.Contains(p.text[start:p.pos], ":") {
			wrong.text = "expected a time from 00:00 to 24:00; a night is written 22:00-06:00"
		}
		return 0, wrong
	}
	return c, nil
}

package hours

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Parse reads hours as people write them on a door, in the form of
// OpenStreetMap's opening_hours:
//
//	Mo-Fr 09:00-12:30,13:30-18:00; Sa 10:00-14:00; Dec 24-26 off; PH off
//
// The zone and the list of holidays are not part of the text: set
// [Hours.Zone] and [Hours.Holidays]. The grammar, in which words may be written
// in capitals or not and spaces may stand between all signs:
//
//	hours   = rule *( ";" rule )
//	rule    = weekly / dated / holiday / break      ; in this order, see below
//	weekly  = "24/7" / "off" / [ days ] times / days "off"
//	dated   = dates ( times / "off" ) [ name ]      ; a special day
//	holiday = "PH" ( times / "off" )
//	break   = dates times "off" [ name ]
//	days    = ( day [ "-" day ] / "PH" ) *( "," days )
//	day     = "Mo" / "Tu" / "We" / "Th" / "Fr" / "Sa" / "Su"
//	dates   = date [ "-" ( date / number ) ] *( "," dates )
//	date    = [ year ] month number                 ; without a year: every year
//	month   = "Jan" / "Feb" / … / "Dec"
//	times   = time "-" time *( "," times )
//	time    = hour ":" minute [ ":" second ]        ; 00:00 to 24:00
//	name    = %x22 *( any character but %x22 ) %x22
//
// A span that does not end after it begins runs past midnight (22:00-06:00). A
// later rule replaces what an earlier one said of the same weekday or date, as
// in OpenStreetMap. Since [Hours] have a fixed order, so have the rules: weekly
// ones, dates, PH, dates that hold even on holidays, breaks. "closed" reads as
// "off". A holiday that is listed is closed whether the text says "PH off" or
// not. What else OpenStreetMap knows (weeks, seasons, the n-th weekday of a
// month, school holidays, times of the sun, open ends) is refused.
//
// The error is an [*servicecoin.InvalidError] with one violation for each rule
// that cannot be read; its path is the place, "column 7", counted in
// characters from 1. Hours that are never open can be read, and are refused by
// [Hours.Validate].
func Parse(text string) (Hours, error) {
	p := hoursParser{text: text}
	if len(text) > maxHoursText {
		p.v.Add("", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(text), maxHoursText))
		return Hours{}, p.v.Err()
	}
	place := lines.Column(text)
	for !lines.Enough(&p.v) {
		if err := p.rule(); err != nil {
			p.v.Add(place.At(err.pos), "syntax", p.found(err.pos), err.text)
			p.skipRule()
		}
		if p.pos == len(text) {
			break
		}
		p.pos++ // the semicolon
	}
	if err := p.v.Err(); err != nil {
		return Hours{}, err
	}
	return p.h, nil
}

const maxHoursText = 64 << 10

// stage is how far the rules have come in their order.
type stage int

const (
	inWeek stage = iota
	inDates
	inHolidays
	inDatesAfterHolidays
	inBreaks
)

type hoursParser struct {
	text  string
	pos   int
	stage stage
	h     Hours
	v     servicecoin.Violations
}

func isOff(word string) bool { return word == "off" || word == "closed" }

// off takes "off".
func (p *hoursParser) off() bool {
	word := p.word()
	if !isOff(word) {
		return false
	}
	p.pos += len(word)
	return true
}

// rule reads one rule up to its semicolon or the end.
func (p *hoursParser) rule() *syntaxError {
	p.space()
	start := p.pos
	word := p.word()
	switch {
	case weekdayOf(word) >= 0 || word == "ph":
		return p.onDays(start)
	case monthOf(word) > 0 || p.atYear():
		return p.onDates(start)
	case isOff(word):
		p.pos += len(word)
		return p.week(start, allDays(), nil)
	case strings.HasPrefix(p.text[p.pos:], "24/7"):
		p.pos += len("24/7")
		return p.week(start, allDays(), []calendar.ClockSpan{calendar.AllDay()})
	case p.pos < len(p.text) && wall.Digits(p.text[p.pos:p.pos+1]):
		spans, err := p.times()
		if err != nil {
			return err
		}
		return p.week(start, allDays(), spans)
	case word == "sh" || word == "week" || word == "easter":
		return p.expected("weekdays, dates or PH; %q is not read here", p.found(p.pos))
	}
	return p.expected("weekdays, dates, PH, times or 24/7")
}

// atYear reports whether a year comes next: four digits and no colon.
func (p *hoursParser) atYear() bool {
	rest := p.text[p.pos:]
	return len(rest) > 4 && wall.Digits(rest[:4]) && rest[4] != ':'
}

// week ends a weekly rule.
func (p *hoursParser) week(start int, days []time.Weekday, spans []calendar.ClockSpan) *syntaxError {
	if p.stage > inWeek {
		return &syntaxError{start, "expected weekly hours before dates and PH: what comes later replaces them"}
	}
	if err := p.end(); err != nil {
		return err
	}
	for d := range p.h.Weekly {
		if slices.Contains(days, time.Weekday(d)) {
			p.h.Weekly[d] = slices.Clone(spans)
		}
	}
	return nil
}

// onDays reads a rule that begins with weekdays or PH.
func (p *hoursParser) onDays(start int) *syntaxError {
	var days []time.Weekday
	holidays := false
	for more := true; more; more = p.sign(',') {
		word := p.word()
		first := weekdayOf(word)
		switch {
		case word == "ph":
			holidays = true
			p.pos += len(word)
			continue
		case first < 0:
			return p.expected("a weekday, Mo to Su, or PH")
		}
		p.pos += len(word)
		last := first
		if p.sign('-') {
			if last = weekdayOf(p.word()); last < 0 {
				return p.expected("a weekday, Mo to Su")
			}
			p.pos += len("Mo")
		}
		for d := first; ; d = (d + 1) % 7 {
			days = append(days, d)
			if d == last {
				break
			}
		}
	}
	var spans []calendar.ClockSpan
	if !p.off() {
		var err *syntaxError
		if p.peek() == '[' {
			return p.expected("times or off; the n-th weekday of a month is not read")
		}
		if spans, err = p.times(); err != nil {
			return err
		}
	}
	if holidays && p.stage >= inHolidays {
		return &syntaxError{start, "expected PH once, after the weekly hours and before the breaks"}
	}
	if len(days) > 0 {
		if err := p.week(start, days, spans); err != nil {
			return err
		}
	} else if err := p.end(); err != nil {
		return err
	}
	if holidays {
		p.stage, p.h.OnHolidays = inHolidays, slices.Clone(spans)
	}
	return nil
}

// onDates reads a rule that begins with dates.
func (p *hoursParser) onDates(start int) *syntaxError {
	var list []Dates
	for more := true; more; more = p.sign(',') {
		d, err := p.dates()
		if err != nil {
			return err
		}
		list = append(list, d)
	}
	if weekdayOf(p.word()) >= 0 {
		return p.expected("times or off; weekdays of a season are not read")
	}
	var spans []calendar.ClockSpan
	isBreak := false
	if !p.off() {
		var err *syntaxError
		if spans, err = p.times(); err != nil {
			return err
		}
		isBreak = p.off()
	}
	name, err := p.name()
	if err != nil {
		return err
	}
	if err := p.end(); err != nil {
		return err
	}
	if isBreak {
		p.stage = inBreaks
		for _, d := range list {
			p.h.Breaks = append(p.h.Breaks, Break{Name: name, Dates: d, Hours: slices.Clone(spans)})
		}
		return nil
	}
	if p.stage == inBreaks {
		return &syntaxError{start, "expected this rule before the breaks, which are cut out of all of it"}
	}
	if p.stage = max(p.stage, inDates); p.stage == inHolidays {
		p.stage = inDatesAfterHolidays
	}
	for _, d := range list {
		p.h.Special = append(p.h.Special, SpecialDay{
			Name: name, Dates: d, Hours: slices.Clone(spans), EvenOnHolidays: p.stage == inDatesAfterHolidays,
		})
	}
	return nil
}

// name reads a quoted name, if there is one.
func (p *hoursParser) name() (string, *syntaxError) {
	if !p.sign('"') {
		return "", nil
	}
	start := p.pos
	n := strings.IndexByte(p.text[start:], '"')
	if n < 0 {
		p.pos = len(p.text)
		return "", p.expected(`a quotation mark at the end of the name`)
	}
	p.pos += n + 1
	name := p.text[start : start+n]
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > lines.MaxName {
		return "", &syntaxError{start, fmt.Sprintf("expected a name of at most %d characters", lines.MaxName)}
	}
	return name, nil
}

// end checks that the rule ends here.
func (p *hoursParser) end() *syntaxError {
	switch c := p.peek(); {
	case c == 0 || c == ';':
		return nil
	case c == ',':
		return p.expected("a semicolon: rules that add to others are not read")
	case c == '+':
		return p.expected("a semicolon or the end: an open end is not read")
	case c == '"':
		return p.expected("a semicolon or the end: a name stands after dates only")
	case isOff(p.word()):
		return p.expected("a semicolon or the end: times are cut out of dates only, so write the hours that remain")
	}
	return p.expected("a semicolon or the end")
}

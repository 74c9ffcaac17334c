package workday

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// Parse reads a rule as people write it:
//
//	FREQ=MONTHLY;BYMONTHDAY=-1 on or before a working day
//	3 working days after FREQ=MONTHLY;BYDAY=2TU from 2026-01-01
//	1 working day before FREQ=MONTHLY;BYMONTHDAY=1 on or after a working day
//	FREQ=WEEKLY;BYDAY=MO only on a working day
//
// with words in capitals or not: first the shift, if there is one, then the repeat
// as an RRULE has it, which stands without spaces, then in any order the roll and
// the date from which on it holds. The error is an [*servicecoin.InvalidError] with
// every violation; its path is the place, "column 14", counted in characters from 1,
// or the field where the place is right and the whole is not.
func Parse(text string) (Rule, error) {
	var v servicecoin.Violations
	const most = 10_000
	if len(text) > most {
		v.Add("", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(text), most))
		return Rule{}, v.Err()
	}
	whole := lines.Column(text)
	p := phrase{v: &v, words: lines.Words(whole), end: whole.Slice(len(text), len(text))}
	r := p.rule()
	if v.Len() == 0 {
		v.Merge("", r.Validate())
	}
	if err := v.Err(); err != nil {
		return Rule{}, err
	}
	return r, nil
}

// phrase is a text that is being read, word by word.
type phrase struct {
	v     *servicecoin.Violations
	words []lines.Placed
	end   lines.Placed // behind the last word
}

// next returns the next word, in small letters, without taking it.
func (p *phrase) next() string {
	if len(p.words) == 0 {
		return ""
	}
	return strings.ToLower(p.words[0].Text)
}

// take takes a word.
func (p *phrase) take() lines.Placed {
	if len(p.words) == 0 {
		return p.end
	}
	word := p.words[0]
	p.words = p.words[1:]
	return word
}

// says takes words that must come now.
func (p *phrase) says(words ...string) bool {
	for _, w := range words {
		if p.next() != w {
			at := p.take()
			p.v.Add(at.Place(), "syntax", at.Text, "must be "+w)
			return false
		}
		p.take()
	}
	return true
}

func (p *phrase) rule() Rule {
	var r Rule
	if word := p.next(); word != "" && strings.Trim(word, "0123456789") == "" {
		if !p.shift(&r) {
			return r
		}
	}
	word := p.take()
	repeat, err := recur.ParseRepeat(word.Text)
	lines.MergeAt(p.v, word, err)
	r.Repeat = repeat
	rolled := false
	for len(p.words) > 0 && p.v.Len() == 0 {
		switch word := p.take(); strings.ToLower(word.Text) {
		case "from":
			if at := p.take(); r.From.IsZero() {
				d, err := calendar.ParseDate(at.Text)
				lines.MergeAt(p.v, at, err)
				r.From = d
				continue
			}
			p.v.Add(word.Place(), "duplicate", word.Text, "must stand once")
		case "on", "only":
			if rolled {
				p.v.Add(word.Place(), "duplicate", word.Text, "must stand once")
				continue
			}
			rolled = true
			p.roll(&r, strings.ToLower(word.Text))
		default:
			p.v.Add(word.Place(), "syntax", word.Text, "must be from and a date, or one of: on or after a working day, on or before a working day, only on a working day")
		}
	}
	return r
}

// shift takes "3 working days after".
func (p *phrase) shift(r *Rule) bool {
	r.Shift = lines.ReadNumber(p.v, p.take(), lines.Limit{From: 1, To: maxShift})
	if !p.says("working") {
		return false
	}
	if word := p.take(); !strings.EqualFold(word.Text, "day") && !strings.EqualFold(word.Text, "days") {
		p.v.Add(word.Place(), "syntax", word.Text, "must be day or days")
		return false
	}
	switch word := p.take(); strings.ToLower(word.Text) {
	case "after":
	case "before":
		r.Shift = -r.Shift
	default:
		p.v.Add(word.Place(), "syntax", word.Text, "must be after or before")
		return false
	}
	return true
}

// roll takes what comes after "on" or "only".
func (p *phrase) roll(r *Rule, word string) {
	if word == "only" {
		r.Roll = OnlyOn
		p.says("on", "a", "working", "day")
		return
	}
	if !p.says("or") {
		return
	}
	switch word := p.take(); strings.ToLower(word.Text) {
	case "after":
		r.Roll = OnOrAfter
	case "before":
		r.Roll = OnOrBefore
	default:
		p.v.Add(word.Place(), "syntax", word.Text, "must be after or before")
		return
	}
	p.says("a", "working", "day")
}

// String returns the rule as [Parse] reads it.
func (r Rule) String() string {
	var b strings.Builder
	if r.Shift != 0 {
		n, side, days := r.Shift, "after", "days"
		if n < 0 {
			n, side = -n, "before"
		}
		if n == 1 {
			days = "day"
		}
		b.WriteString(strconv.Itoa(n) + " working " + days + " " + side + " ")
	}
	b.WriteString(r.Repeat.String())
	switch r.Roll {
	case OnOrAfter, OnOrBefore:
		b.WriteString(" on or " + string(r.Roll) + " a working day")
	case OnlyOn:
		b.WriteString(" only on a working day")
	}
	if !r.From.IsZero() {
		b.WriteString(" from " + r.From.String())
	}
	return b.String()
}

// MarshalText writes what String returns, and refuses an invalid rule.
func (r Rule) MarshalText() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return []byte(r.String()), nil
}

// UnmarshalText reads what [Parse] reads.
func (r *Rule) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

package calendar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// ParseRotation reads a rotation as people write it:
//
//	weekly from 2026-01-05 09:00 Europe/Berlin: anna, ben, carla;
//	from 2026-03-02 09:00: anna, carla, dora
//
// The grammar, in which spaces and line ends may stand between words:
//
//	rotation = turns [ "on" days ] [ missing ] "from" date time [ zone ] ":" members *( ";" change )
//	turns    = "hourly" / "daily" / "weekly" / "monthly" / "yearly" / "every" number units
//	units    = "hours" / "days" / "weeks" / "months" / "years"
//	days     = as ParseWeekdays reads them           ; only these are worked, and count
//	missing  = "clamp" / "skip" / "overflow"         ; see MissingDay
//	change   = "from" date time ":" members          ; from then on, see RosterChange
//	members  = member *( "," member )
//	member   = id / "-"                              ; "-": a turn of nobody
//
// An id with spaces around it, or with one of , ; : " in it, stands in double
// quotes, in which \" and \\ are a quote and a backslash. The error is an
// [*servicecoin.InvalidError] with every violation; its path is the place,
// "column 7", counted in characters from 1, or the field where the place is right
// and the whole is not: "changes[1].from" of a change that is out of order.
func ParseRotation(text string) (Rotation, error) {
	var v servicecoin.Violations
	if len(text) > maxRuleText {
		v.Add("", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(text), maxRuleText))
		return Rotation{}, v.Err()
	}
	var r Rotation
	for i, part := range partsOf(column(text), ';', MaxRosterChanges+2) {
		if i > MaxRosterChanges+1 {
			v.Add(part.place(), "too-many", "", fmt.Sprintf("must be one of at most %d changes", MaxRosterChanges))
			break
		}
		if i > 0 && strings.TrimSpace(part.text) == "" {
			continue // a semicolon at the end
		}
		if enough(&v) {
			break
		}
		head, members, found := cutMembers(part)
		if !found {
			v.Add(part.place(), "syntax", strings.TrimSpace(part.text), "must have a colon, and members after it")
		}
		words := wordReader{v: &v, words: fieldsOf(head), end: head.at(len(head.text))}
		if i == 0 {
			words.rotation(&r)
			r.Members = readMembers(&v, members)
			continue
		}
		var c RosterChange
		if words.expect("from") {
			c.From = words.localTime()
		}
		words.done()
		c.Members = readMembers(&v, members)
		r.Changes = append(r.Changes, c)
	}
	if v.Err() == nil {
		v.Merge("", r.Validate())
	}
	if err := v.Err(); err != nil {
		return Rotation{}, err
	}
	return r, nil
}

// partsOf returns the parts between separators that are not in quotes; the last
// one is the rest, if there are more than so many.
func partsOf(p placed, sep byte, most int) []placed {
	var out []placed
	from, quoted := 0, false
	for i := 0; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == sep && !quoted && len(out) < most:
			out = append(out, p.slice(from, i))
			from = i + 1
		}
	}
	return append(out, p.slice(from, len(p.text)))
}

// cutMembers parts at the first colon that ends a word.
func cutMembers(p placed) (head, members placed, found bool) {
	for i := range len(p.text) {
		if p.text[i] == ':' && (i+1 == len(p.text) || strings.IndexByte(spaces, p.text[i+1]) >= 0) {
			return p.slice(0, i), p.slice(i+1, len(p.text)), true
		}
	}
	return p, p.slice(len(p.text), len(p.text)), false
}

// readMembers reads ids with commas between them.
func readMembers(v *servicecoin.Violations, p placed) []servicecoin.PersonID {
	if strings.TrimSpace(p.text) == "" {
		return nil
	}
	var out []servicecoin.PersonID
	for i, part := range partsOf(p, ',', MaxMembers) {
		if enough(v) {
			return out
		}
		if i == MaxMembers {
			v.Add(part.place(), "too-many", "", fmt.Sprintf("must be one of at most %d members", MaxMembers))
			return out
		}
		part = part.trim()
		text := part.text
		id, ok := text, true
		switch {
		case text == "-":
			id = ""
		case strings.HasPrefix(text, `"`):
			id, ok = unquote(text)
		default:
			ok = text != "" && !strings.ContainsAny(text, `":`)
		}
		if !ok {
			v.Add(part.place(), "syntax", text, `must be an id, one in double quotes, or - for nobody`)
		}
		out = append(out, servicecoin.PersonID(id))
	}
	return out
}

// unquote reads a text in double quotes.
func unquote(text string) (string, bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), i == len(text)-1 && b.Len() > 0
		case '\\':
			if i++; i == len(text) || text[i] != '"' && text[i] != '\\' {
				return "", false
			}
		}
		b.WriteByte(text[i])
	}
	return "", false
}

// wordReader takes words one after the other.
type wordReader struct {
	v     *servicecoin.Violations
	words []placed
	end   string // the place after the last one
	wrong bool   // something was complained of: the rest is not looked at
}

func (w *wordReader) complain(want string) {
	if w.wrong {
		return
	}
	w.wrong = true
	if len(w.words) == 0 {
		w.v.Add(w.end, "syntax", "", "must be "+want)
		return
	}
	w.v.Add(w.words[0].place(), "syntax", w.words[0].text, "must be "+want)
}

// peek returns the next word in small letters, "" if there is none.
func (w *wordReader) peek() string {
	if len(w.words) == 0 || w.wrong {
		return ""
	}
	return strings.ToLower(w.words[0].text)
}

func (w *wordReader) take() placed {
	word := w.words[0]
	w.words = w.words[1:]
	return word
}

// expect takes a word.
func (w *wordReader) expect(word string) bool {
	if w.peek() != word {
		w.complain(word)
		return false
	}
	w.take()
	return true
}

func (w *wordReader) done() {
	if len(w.words) > 0 {
		w.complain("a colon, and members after it")
	}
}

// rotation reads what is before the members.
func (w *wordReader) rotation(r *Rotation) {
	r.Length = 1
	switch word := w.peek(); {
	case slices.Contains(turnUnits(), TurnUnit(word)):
		r.Unit = TurnUnit(word)
		w.take()
	case word == "every":
		w.take()
		w.every(r)
	default:
		w.complain("hourly, daily, weekly, monthly, yearly or every")
	}
	if w.peek() == "on" {
		if w.take(); len(w.words) == 0 {
			w.complain("days such as Mo-Fr")
		} else {
			word := w.take()
			days, err := ParseWeekdays(word.text)
			mergeAt(w.v, word, err)
			r.Days = days
		}
	}
	switch missing := MissingDay(w.peek()); missing {
	case ClampDay, SkipMonth, OverflowDay:
		r.Missing = missing
		w.take()
	}
	if w.peek() != "from" {
		w.complain("from and a date, with clamp, skip or overflow before it; days have no spaces between them, as in Mo,Tu")
		return
	}
	w.take()
	r.Start = w.localTime()
	if len(w.words) > 0 && !w.wrong {
		word := w.take()
		if _, ok := (zones{}).named(word.text); !ok {
			w.v.Add(word.place(), "unknown-zone", word.text, "is not a zone of the tz database")
		}
		r.Zone = word.text
	}
	w.done()
}

// every reads "2 weeks".
func (w *wordReader) every(r *Rotation) {
	if len(w.words) == 0 || !digits(w.words[0].text) {
		w.complain("a number")
		return
	}
	r.Length = readNumber(w.v, w.take(), limit{from: 1, to: MaxTurnLength})
	unit := strings.TrimSuffix(w.peek(), "s")
	at := slices.Index([]string{"hour", "day", "week", "month", "year"}, unit)
	if at < 0 {
		w.complain("hours, days, weeks, months or years")
		return
	}
	w.take()
	r.Unit = turnUnits()[at]
}

// localTime reads a date and a time.
func (w *wordReader) localTime() LocalTime {
	if len(w.words) > 0 && strings.ContainsAny(w.words[0].text, "Tt") && !w.wrong {
		word := w.take()
		l, err := ParseLocalTime(strings.ToUpper(word.text))
		mergeAt(w.v, word, err)
		return l
	}
	if len(w.words) < 2 {
		w.complain("a date and a time such as 2026-01-05 09:00")
		return LocalTime{}
	}
	var l LocalTime
	var err error
	day, clock := w.take(), w.take()
	l.Date, err = ParseDate(day.text)
	mergeAt(w.v, day, err)
	l.Clock, err = ParseClock(clock.text)
	mergeAt(w.v, clock, err)
	return l
}

// String returns the rotation as [ParseRotation] reads it, with each change on a
// line of its own.
func (r Rotation) String() string {
	var b strings.Builder
	at := slices.Index(turnUnits(), r.Unit)
	if at < 0 || r.Length == 1 {
		b.WriteString(string(r.Unit))
	} else {
		units := [...]string{"hours", "days", "weeks", "months", "years"}
		b.WriteString("every " + strconv.Itoa(r.Length) + " " + units[at])
	}
	if r.Days != 0 {
		b.WriteString(" on " + r.Days.String())
	}
	if r.Missing != "" {
		b.WriteString(" " + string(r.Missing))
	}
	writeFrom := func(l LocalTime) { b.WriteString("from " + l.Date.String() + " " + l.Clock.String()) }
	b.WriteByte(' ')
	writeFrom(r.Start)
	if r.Zone != "" {
		b.WriteString(" " + r.Zone)
	}
	writeMembers(&b, r.Members)
	for _, c := range r.Changes {
		b.WriteString(";\n")
		writeFrom(c.From)
		writeMembers(&b, c.Members)
	}
	return b.String()
}

func writeMembers(b *strings.Builder, members []servicecoin.PersonID) {
	b.WriteByte(':')
	for i, id := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		text := string(id)
		switch {
		case text == "":
			text = "-"
		case text == "-" || strings.ContainsAny(text, `,;:"\`) || strings.TrimSpace(text) != text:
			text = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		}
		b.WriteString(" " + text)
	}
}

package rota

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Parse reads a rotation as people write it:
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
//	change   = "from" date time ":" members          ; from then on, see Change
//	members  = member *( "," member )
//	member   = id / "-"                              ; "-": a turn of nobody
//
// An id with spaces around it, or with one of , ; : " in it, stands in double
// quotes, in which \" and \\ are a quote and a backslash. The error is an
// [*servicecoin.InvalidError] with every violation; its path is the place,
// "column 7", counted in characters from 1, or the field where the place is right
// and the whole is not: "changes[1].from" of a change that is out of order.
func Parse(text string) (Rotation, error) {
	var v servicecoin.Violations
	if len(text) > lines.MaxText {
		v.Add("", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(text), lines.MaxText))
		return Rotation{}, v.Err()
	}
	var r Rotation
	for i, part := range partsOf(lines.Column(text), ';', MaxChanges+2) {
		if i > MaxChanges+1 {
			v.Add(part.Place(), "too-many", "", fmt.Sprintf("must be one of at most %d changes", MaxChanges))
			break
		}
		if i > 0 && strings.TrimSpace(part.Text) == "" {
			continue // a semicolon at the end
		}
		if lines.Enough(&v) {
			break
		}
		head, members, found := cutMembers(part)
		if !found {
			v.Add(part.Place(), "syntax", strings.TrimSpace(part.Text), "must have a colon, and members after it")
		}
		words := wordReader{v: &v, words: lines.Words(head), end: head.At(len(head.Text))}
		if i == 0 {
			words.rotation(&r)
			r.Members = readMembers(&v, members)
			continue
		}
		var c Change
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
func partsOf(p lines.Placed, sep byte, most int) []lines.Placed {
	var out []lines.Placed
	from, quoted := 0, false
	for i := 0; i < len(p.Text); i++ {
		switch c := p.Text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == sep && !quoted && len(out) < most:
			out = append(out, p.Slice(from, i))
			from = i + 1
		}
	}
	return append(out, p.Slice(from, len(p.Text)))
}

// cutMembers parts at the first colon that ends a word.
func cutMembers(p lines.Placed) (head, members lines.Placed, found bool) {
	for i := range len(p.Text) {
		if p.Text[i] == ':' && (i+1 == len(p.Text) || strings.IndexByte(lines.Spaces, p.Text[i+1]) >= 0) {
			return p.Slice(0, i), p.Slice(i+1, len(p.Text)), true
		}
	}
	return p, p.Slice(len(p.Text), len(p.Text)), false
}

// readMembers reads ids with commas between them.
func readMembers(v *servicecoin.Violations, p lines.Placed) []servicecoin.PersonID {
	if strings.TrimSpace(p.Text) == "" {
		return nil
	}
	var out []servicecoin.PersonID
	for i, part := range partsOf(p, ',', MaxMembers) {
		if lines.Enough(v) {
			return out
		}
		if i == MaxMembers {
			v.Add(part.Place(), "too-many", "", fmt.Sprintf("must be one of at most %d members", MaxMembers))
			return out
		}
		part = part.Trim()
		text := part.Text
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
			v.Add(part.Place(), "syntax", text, `must be an id, one in double quotes, or - for nobody`)
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
	words []lines.Placed
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
	w.v.Add(w.words[0].Place(), "syntax", w.words[0].Text, "must be "+want)
}

// peek returns the next word in small letters, "" if there is none.
func (w *wordReader) peek() string {
	if len(w.words) == 0 || w.wrong {
		return ""
	}
	return strings.ToLower(w.words[0].Text)
}

func (w *wordReader) take() lines.Placed {
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
	case slices.Contains(turnUnits(), Unit(word)):
		r.Unit = Unit(word)
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
			days, err := calendar.ParseWeekdays(word.Text)
			lines.MergeAt(w.v, word, err)
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
		if _, ok := (wall.Zones{}).Named(word.Text); !ok {
			w.v.Add(word.Place(), "unknown-zone", word.Text, "is not a zone of the tz database")
		}
		r.Zone = word.Text
	}
	w.done()
}

// every reads "2 weeks".
func (w *wordReader) every(r *Rotation) {
	if len(w.words) == 0 || !wall.Digits(w.words[0].Text) {
		w.complain("a number")
		return
	}
	r.Length = lines.ReadNumber(w.v, w.take(), lines.Limit{From: 1, To: MaxLength})
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
func (w *wordReader) localTime() calendar.LocalTime {
	if len(w.words) > 0 && strings.ContainsAny(w.words[0].Text, "Tt") && !w.wrong {
		word := w.take()
		l, err := calendar.ParseLocalTime(strings.ToUpper(word.Text))
		lines.MergeAt(w.v, word, err)
		return l
	}
	if len(w.words) < 2 {
		w.complain("a date and a time such as 2026-01-05 09:00")
		return calendar.LocalTime{}
	}
	var l calendar.LocalTime
	var err error
	day, clock := w.take(), w.take()
	l.Date, err = calendar.ParseDate(day.Text)
	lines.MergeAt(w.v, day, err)
	l.Clock, err = calendar.ParseClock(clock.Text)
	lines.MergeAt(w.v, clock, err)
	return l
}

// String returns the rotation as [Parse] reads it, with each change on a
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
	writeFrom := func(l calendar.LocalTime) { b.WriteString("from " + l.Date.String() + " " + l.Clock.String()) }
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

package servicecoin

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/internal/iso4217"
)

// Reader is for whom a [Trace] is told in words.
type Reader struct {
	Zone    *time.Location         // by whose clock times are told; nil is UTC
	Service func(ServiceID) string // what a service is called, "" for one that they are not told of; nil: by its id
}

// Quantity is a number of something, as a part of a [Saying]. It is told with its
// thousands apart, and by its unit: an amount with the digits of its currency
// ("17.40 EUR"), seconds as a length of time ("1 h 25 min"), a percentage to at
// most four places ("99.858 %"), one of something without its plural ("1 document").
type Quantity struct {
	Value decimal.NullDecimal
	Unit  string
}

// Saying is what a figure is called in a sentence for people. The zero Saying says
// nothing: see [Trace.Tell].
type Saying struct {
	text  string
	parts []any
	sum   bool
	skip  bool
}

// Say returns a sentence in which each %v stands for a part, that is told to whoever
// reads it: a time.Time by their clock, a [ServiceID] by the name that they know, a
// [Quantity] with its unit, a text with the instants and months in it by their clock. A part may be a Saying itself. What has a method Words() string is told by it, and
// everything else as package fmt prints it.
func Say(text string, parts ...any) Saying { return Saying{text: text, parts: parts} }

// Equals returns the same sentence as a calculation whose result is the figure:
// "1 000 documents at 0.09 EUR each = 90.00 EUR".
func (s Saying) Equals() Saying {
	s.sum = true
	return s
}

// Skip is the saying of a figure that people need not be told: what it is made of
// is told in its place.
func Skip() Saying { return Saying{skip: true} }

// Told is a [Trace] in words for people: see [Trace.Tell].
type Told struct {
	Text   string // in plain words, from a capital letter on
	Figure string // with its unit; "unknown" if it is undefined, "" if the trace is of something that happened
	Sum    bool   // the text is a calculation, the figure what it comes to
	From   []Key  // for links: the text does not name them
	Parts  []Told
}

// Tell returns the trace as people read it: sentences in place of labels, times by the
// clock of the reader, numbers grouped and with their unit or currency, services by
// the names that the reader knows, and neither digests nor the kinds and ids of records. It is beside the exact form, which does
// not change: JSON and [Trace.String] are what recomputes, and do not depend on who
// reads them.
//
// A trace without Plain (made by a host, or read from JSON) is told by its label,
// in which instants and months are told by the reader's clock, too.
func (t Trace) Tell(to Reader) Told {
	told := Told{Text: t.Plain.tell(to), Sum: t.Plain.sum, From: t.From}
	if told.Text == "" {
		told.Text = strings.NewReplacer("{", "", "}", "", `"`, "", "[", "", "]", "").Replace(to.plainText(t.Label))
	}
	told.Text = capital(told.Text)
	if t.Value.Valid || t.Unit != "" {
		told.Figure = Quantity{t.Value, t.Unit}.Words()
	}
	for _, p := range t.Parts {
		part := p.Tell(to)
		if !p.Plain.skip {
			told.Parts = append(told.Parts, part)
			continue
		}
		told.From = append(slices.Clip(told.From), part.From...)
		told.Parts = append(told.Parts, part.Parts...)
	}
	return told
}

// Line is the figure in one line, without its parts.
func (t Told) Line() string {
	switch {
	case t.Figure == "":
		return t.Text
	case t.Sum:
		return t.Text + " = " + t.Figure
	}
	return t.Text + ": " + t.Figure
}

// String renders it as an indented outline, a line a figure.
func (t Told) String() string {
	var b strings.Builder
	t.write(&b, 0)
	return b.String()
}

func (t Told) write(b *strings.Builder, depth int) {
	b.WriteString(strings.Repeat("  ", depth) + t.Line() + "\n")
	for _, p := range t.Parts {
		p.write(b, depth+1)
	}
}

func (s Saying) tell(to Reader) string {
	if len(s.parts) == 0 {
		return s.text
	}
	words := make([]any, len(s.parts))
	for i, p := range s.parts {
		words[i] = to.words(p)
	}
	return fmt.Sprintf(s.text, words...)
}

// words tells a part of a sentence.
func (r Reader) words(part any) any {
	switch x := part.(type) {
	case time.Time:
		return r.stamp(x)
	case ServiceID:
		if r.Service == nil {
			return string(x)
		}
		if name := r.Service(x); name != "" {
			return name
		}
		return "a service"
	case Saying:
		return x.tell(r)
	case string:
		return r.plainText(x)
	case interface{ Words() string }:
		return x.Words()
	}
	return part
}

func (r Reader) stamp(t time.Time) string {
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2 Jan 2006, 15:04")
}

// Words returns the quantity for people: see [Quantity].
func (q Quantity) Words() string {
	if !q.Value.Valid {
		return "unknown"
	}
	d := q.Value.Decimal
	digits, money := iso4217.Digits(q.Unit)
	switch {
	case money:
		return grouped(d, digits) + " " + q.Unit
	case q.Unit == "s":
		return lengthWords(d)
	case q.Unit == "%":
		return grouped(share(d), 0) + " %"
	}
	const places = 6
	d = d.Round(places)
	unit := q.Unit
	if d.Equal(decimal.NewFromInt(1)) {
		unit = one(unit)
	}
	return strings.TrimSpace(grouped(d, 0) + " " + unit)
}

// share is a percentage to so many places that people read it. What is not the
// whole does not become it by rounding.
func share(d decimal.Decimal) decimal.Decimal {
	const places = 4
	whole := decimal.NewFromInt(100)
	rounded := d.Round(places)
	if rounded.Equal(whole) && d.LessThan(whole) {
		return d.Truncate(places)
	}
	return rounded
}

// one is the name of one of something.
func one(unit string) string {
	switch {
	case unit == "people":
		return "person"
	case strings.HasSuffix(unit, "ies"):
		return strings.TrimSuffix(unit, "ies") + "y"
	case strings.HasSuffix(unit, "ss"):
		return unit
	}
	return strings.TrimSuffix(unit, "s")
}

// grouped prints a number with its thousands apart, and at least so many decimals.
func grouped(d decimal.Decimal, least int) string {
	whole, rest, _ := strings.Cut(d.Abs().String(), ".")
	var b strings.Builder
	if d.IsNegative() {
		b.WriteString("−")
	}
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteRune('\u202f') // a narrow space at which no line ends
		}
		b.WriteRune(c)
	}
	rest += strings.Repeat("0", max(0, least-len(rest)))
	if rest != "" {
		b.WriteString("." + rest)
	}
	return b.String()
}

// lengthWords prints a length of time as people say it.
func lengthWords(seconds decimal.Decimal) string {
	sign := ""
	if seconds.IsNegative() {
		sign, seconds = "−", seconds.Neg()
	}
	const minute, hour, day = 60, 60 * 60, 24 * 60 * 60
	whole := seconds.Round(0).IntPart()
	if whole < minute {
		return sign + grouped(seconds.Round(3), 0) + " s"
	}
	type part struct {
		of   int64
		unit string
	}
	parts := []part{{whole / hour, "h"}, {whole % hour / minute, "min"}, {whole % minute, "s"}}
	if whole >= 2*day {
		parts = []part{{whole / day, "days"}, {whole % day / hour, "h"}, {whole % hour / minute, "min"}}
	}
	var words []string
	for _, p := range parts {
		if p.of > 0 {
			words = append(words, grouped(decimal.NewFromInt(p.of), 0)+" "+p.unit)
		}
	}
	return sign + strings.Join(words, " ")
}

func capital(text string) string {
	if text == "" || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// plainText tells a text in which there may be words for programs: instants, days
// and months are told by the reader's clock, digests are left out.
func (r Reader) plainText(text string) string {
	var words []string
	for word := range strings.FieldsSeq(text) {
		core := strings.Trim(word, "[](){},;:\"")
		told, ok := r.plainWord(core)
		switch {
		case ok && told != "":
			lead, tail, _ := strings.Cut(word, core)
			if strings.Contains(lead, "[") { // the end of a half-open interval
				tail = strings.ReplaceAll(tail, ")", "")
			}
			word = strings.ReplaceAll(lead, "[", "") + told + tail
		case ok: // a digest: it and its name are left out
			if n := len(words); n > 0 && words[n-1] == "digest" {
				words = words[:n-1]
			}
			if n := len(words); n > 0 {
				words[n-1] = strings.TrimRight(words[n-1], ",")
			}
			continue
		}
		words = append(words, word)
	}
	return strings.TrimRight(strings.Join(words, " "), " ,:")
}

// plainWord tells a word that was written for programs: nothing for a digest. It is
// false for every other word.
func (r Reader) plainWord(word string) (told string, ok bool) {
	if from, until, two := strings.Cut(word, "/"); two {
		from, first := r.plainWord(from)
		until, second := r.plainWord(until)
		return from + " to " + until, first && second && from != "" && until != ""
	}
	if at, err := time.Parse(time.RFC3339, word); err == nil {
		return r.stamp(at), true
	}
	if at, err := time.Parse(time.DateOnly, word); err == nil {
		return at.Format("2 Jan 2006"), true
	}
	if at, err := time.Parse("2006-01", word); err == nil {
		return at.Format("January 2006"), true
	}
	const fewest = 12
	return "", len(word) >= fewest && strings.Trim(word, "0123456789abcdef") == "" && strings.ContainsAny(word, "0123456789") && strings.ContainsAny(word, "abcdef")
}

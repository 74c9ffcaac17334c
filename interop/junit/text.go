package junit

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// decoded gives the text of a report as UTF-8, without its byte order mark. UTF-16 is
// known by its mark, or by the zeros between its first letters.
func decoded(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, buffer)
	head, err := b.Peek(4) //nolint:mnd // two characters of UTF-16
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	skip, big, wide := 0, false, false
	switch {
	case len(head) >= 3 && head[0] == 0xef && head[1] == 0xbb && head[2] == 0xbf: //nolint:mnd // the mark
		skip = 3
	case len(head) >= 2 && head[0] == 0xff && head[1] == 0xfe: //nolint:mnd // the mark
		skip, wide = 2, true
	case len(head) >= 2 && head[0] == 0xfe && head[1] == 0xff: //nolint:mnd // the mark
		skip, wide, big = 2, true, true
	case len(head) >= 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0: //nolint:mnd // two characters
		wide = true
	case len(head) >= 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0: //nolint:mnd // two characters
		wide, big = true, true
	}
	if _, err := b.Discard(skip); err != nil {
		return nil, err
	}
	if wide {
		return &utf16Reader{r: b, big: big}, nil
	}
	return b, nil
}

// utf16Reader reads UTF-16 as UTF-8.
type utf16Reader struct {
	r    *bufio.Reader
	big  bool
	rest []byte
	held uint16
	has  bool
}

func (u *utf16Reader) unit() (uint16, error) {
	if u.has {
		u.has = false
		return u.held, nil
	}
	var two [2]byte
	if _, err := io.ReadFull(u.r, two[:]); errors.Is(err, io.ErrUnexpectedEOF) {
		return utf8.RuneError, nil // half a character at the end
	} else if err != nil {
		return 0, err
	}
	if u.big {
		return uint16(two[0])<<8 | uint16(two[1]), nil
	}
	return uint16(two[1])<<8 | uint16(two[0]), nil
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.rest) < len(p) {
		unit, err := u.unit()
		if err != nil {
			if len(u.rest) > 0 && errors.Is(err, io.EOF) {
				break
			}
			return 0, err
		}
		c := rune(unit)
		if utf16.IsSurrogate(c) {
			low, err := u.unit()
			switch {
			case err != nil:
				c = utf8.RuneError
			default:
				if c = utf16.DecodeRune(c, rune(low)); c == utf8.RuneError {
					u.held, u.has = low, true
				}
			}
		}
		u.rest = utf8.AppendRune(u.rest, c)
	}
	n := copy(p, u.rest)
	u.rest = append(u.rest[:0], u.rest[n:]...)
	return n, nil
}

// clean takes out of a text what is no character, and the colours of a terminal; a message
// keeps its lines, a name is one.
func clean(text string, lines bool) string {
	plain := true
	for n := range len(text) {
		if c := text[n]; c < ' ' && (c != '\n' || !lines) || c >= utf8.RuneSelf || c == 0x7f {
			plain = false
			break
		}
	}
	if plain {
		return strings.TrimSpace(text)
	}
	var b strings.Builder
	b.Grow(len(text))
	for n := 0; n < len(text); {
		c, size := utf8.DecodeRuneInString(text[n:])
		switch {
		case c == 0x1b: // a sequence of a terminal: ESC [ … letter
			if n+1 < len(text) && text[n+1] == '[' {
				end := n + 2 //nolint:mnd // past ESC [
				for end < len(text) && (text[end] < '@' || text[end] > '~') {
					end++
				}
				n = min(end+1, len(text))
				continue
			}
		case c == utf8.RuneError && size == 1, c == 0xfffe, c == 0xffff:
			b.WriteRune(utf8.RuneError)
		case c == '\n' && lines, c == '\t' && lines:
			b.WriteRune(c)
		case c == '\n', c == '\t', c == '\r' && !lines:
			b.WriteByte(' ')
		case c == '\r':
		case c < ' ' || c >= 0x7f && c < 0xa0:
		default:
			b.WriteRune(c)
		}
		n += size
	}
	return strings.TrimSpace(b.String())
}

// cut shortens a text to a number of bytes, between characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// message makes a text of a failure fit.
func message(text string) string {
	text = clean(text, true)
	if len(text) > MaxMessage {
		text = cut(text, MaxMessage) + "…"
	}
	return text
}

// number reads a number of a report: 0.5, 1,234.5 and 0,5, 1.4e-05. A comma is of
// thousands if three digits follow each, and a point comes after or there are several.
func number(text string) (float64, bool) {
	const most = 40
	text = strings.TrimSpace(text)
	text = strings.TrimSuffix(text, "s")
	if text == "" || len(text) > most {
		return 0, false
	}
	if commas := strings.Count(text, ","); commas > 0 {
		whole, _, point := strings.Cut(text, ".")
		parts := strings.Split(whole, ",")
		thousands := strings.Contains(whole, ",") && (point || commas > 1)
		for _, p := range parts[1:] {
			thousands = thousands && len(p) == 3
		}
		switch {
		case thousands:
			text = strings.ReplaceAll(text, ",", "")
		case commas == 1 && !point:
			text = strings.Replace(text, ",", ".", 1)
		case commas == 1 && strings.IndexByte(text, '.') < strings.IndexByte(text, ','): // 1.234,5
			text = strings.Replace(strings.ReplaceAll(text, ".", ""), ",", ".", 1)
		default:
			return 0, false
		}
	}
	if strings.ContainsAny(text, "xX_pPnN") { // not 0x1p3, inf or nan
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// longest is what a test is believed to take.
const longest = 30 * 24 * time.Hour

// took reads a duration in a unit, and says whether it can be believed.
func took(text string, unit time.Duration) (time.Duration, bool) {
	f, ok := number(text)
	if !ok {
		return 0, false
	}
	return within(f, unit)
}

func within(f float64, unit time.Duration) (time.Duration, bool) {
	if !(f >= 0) || f > float64(longest/unit) {
		return 0, false
	}
	return time.Duration(f * float64(unit)), true
}

// when reads a time as tools write it. One without a zone is taken as UTC; one before 1990
// is a default of somebody's clock, and no time. It says whether the text can be read.
func when(text string) (time.Time, bool) {
	const most = 64
	text = strings.TrimSpace(text)
	if len(text) > most {
		return time.Time{}, false
	}
	if at, ok := iso(text); ok {
		return sane(at), true
	}
	for _, layout := range []string{time.RFC1123, time.RFC1123Z, time.UnixDate, time.ANSIC, time.RubyDate, "2006/01/02 15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return sane(at), true
		}
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && !strings.ContainsAny(text, "xXpPnN") {
		if at, _ := epoch(f); !at.IsZero() {
			return at, true
		}
	}
	return time.Time{}, false
}

func sane(at time.Time) time.Time {
	const first, last = 1990, 9999
	if at.Year() < first || at.Year() > last {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Microsecond)
}

// epoch reads a number as an instant: milliseconds, or else seconds, whichever lies
// between 2001 and 2100. It says whether they were seconds.
func epoch(f float64) (at time.Time, seconds bool) {
	const first, last = 978_307_200, 4_102_444_800 // in seconds
	switch {
	case f >= first*1000 && f < last*1000:
		return time.UnixMilli(int64(f)).UTC(), false
	case f >= first && f < last:
		return time.UnixMicro(int64(f * 1e6)).UTC(), true
	}
	return time.Time{}, false
}

// iso reads 2006-01-02T15:04:05, with a blank for the T, a point or a comma before a
// fraction of any length, and Z, +01, +0100, +01:00 or nothing for the zone.
func iso(text string) (time.Time, bool) {
	const day, second = len("2006-01-02"), len("2006-01-02T15:04:05")
	if len(text) == day {
		at, err := time.Parse(time.DateOnly, text)
		return at, err == nil
	}
	if len(text) < second || text[day] != 'T' && text[day] != ' ' && text[day] != 't' {
		return time.Time{}, false
	}
	at, err := time.Parse(time.DateTime, text[:day]+" "+text[day+1:second])
	if err != nil {
		return time.Time{}, false
	}
	rest := text[second:]
	if rest != "" && (rest[0] == '.' || rest[0] == ',') {
		nanos, unit := 0, 100_000_000
		rest = rest[1:]
		for rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			nanos += int(rest[0]-'0') * unit
			unit /= 10
			rest = rest[1:]
		}
		at = at.Add(time.Duration(nanos))
	}
	rest = strings.TrimSpace(rest)
	rest = strings.TrimSpace(strings.TrimSuffix(rest, "UTC"))
	if rest == "" || rest == "Z" || rest == "z" {
		return at, true
	}
	for _, layout := range []string{"-07:00", "-0700", "-07"} {
		if zone, err := time.Parse(layout, rest); err == nil {
			_, offset := zone.Zone()
			return at.Add(-time.Duration(offset) * time.Second), true
		}
	}
	return time.Time{}, false
}

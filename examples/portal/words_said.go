package main

import (
	"regexp"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// Texts that records keep, the reason of a credit, say, are written for programs,
// too: their times are in UTC and in full. People read the same in their own words.
var (
	writtenPeriod  = regexp.MustCompile(`(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)`)
	writtenInstant = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`)
	writtenDate    = regexp.MustCompile(`\b\d{4}-\d\d(?:-\d\d)?\b`)
	writtenDigest  = regexp.MustCompile(`,? digest [0-9a-f]{8,64}\b`)
)

// said makes a text of the library one for people of a zone.
func said(loc *time.Location) func(string) string {
	instant := func(text string) string {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return text
		}
		return t.In(loc).Format(stampLayout)
	}
	return func(text string) string {
		text = writtenDigest.ReplaceAllString(text, "")
		text = writtenPeriod.ReplaceAllString(text, "$1 to $2")
		text = writtenInstant.ReplaceAllStringFunc(text, instant)
		return writtenDate.ReplaceAllStringFunc(text, func(date string) string {
			if m, err := calendar.ParseMonth(date); err == nil {
				return monthWords(m)
			}
			if d, err := calendar.ParseDate(date); err == nil {
				return d.In(time.UTC).Start.Format("2 Jan 2006")
			}
			return date
		})
	}
}

// cutLast cuts a text at the last separator.
func cutLast(text, separator string) (before, after string) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):]
	}
	return text, ""
}

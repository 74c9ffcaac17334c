package main

import (
	"regexp"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
)

// Explanations are written for programs, too: their times are in UTC and in full,
// and a digest names the events. People read the same in their own words.
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

// creditRecord is the kind of an [sla.CreditLine], whose id is promise, month and
// edition.
const creditRecord = "sla.credit"

// sourceOf names a record behind a figure, with a link where there is a page; an
// empty name for what says nothing to people.
func sourceOf(k servicecoin.Key, title string, who person) source {
	switch k.Kind {
	case incident.IncidentRecord:
		return source{incidentPath(who, k.ID), title}
	case metering.MeterRecord, cost.RowRecord: // the usage is linked, and the row's label says where it stands
		return source{}
	case rating.VersionRecord:
		id, version := cutLast(k.ID, "/")
		return source{Name: "price list, " + id + ", version " + version}
	case creditRecord:
		rest, _ := cutLast(k.ID, "/")
		promise, text := cutLast(rest, "/")
		if m, err := calendar.ParseMonth(text); err == nil {
			return source{customerPath(k.Customer, "availability", promise, text), "the report of " + monthWords(m)}
		}
	}
	return source{Name: k.Kind + " " + k.ID}
}

// cutLast cuts a text at the last separator.
func cutLast(text, separator string) (before, after string) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):]
	}
	return text, ""
}

// Package incidentfile reads a public list of incidents in CSV, as
// corpus/gcp-incidents-2022-2023.csv has it: the columns id, begin, end,
// status_impact, service and locations in any order, others are passed over.
package incidentfile

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/examples/csvfile"
)

// The impacts that the list knows.
const (
	Information = "SERVICE_INFORMATION"
	Disruption  = "SERVICE_DISRUPTION"
	Outage      = "SERVICE_OUTAGE"
)

// Several is the service name of incidents that name none in particular.
const Several = "Multiple Products"

// Incident is one line of the file.
type Incident struct {
	Line      int // where it begins, from 1
	ID        string
	Span      calendar.Interval
	Impact    string
	Service   string
	Locations []string
}

// At reports whether the incident lists the location; "" is anywhere.
func (i Incident) At(location string) bool {
	return location == "" || slices.Contains(i.Locations, location)
}

// List is a whole file.
type List []Incident

// Open reads a file; see [Read].
func Open(path string) (List, error) {
	f, err := os.Open(path) //nolint:gosec // G304: the file is the user's own choice
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// Read reads the list, or reports everything that is wrong with it at once.
func Read(r io.Reader) (List, error) {
	var list List
	ids := map[string]int{}
	err := csvfile.Read(r, []string{"id", "begin", "end", "status_impact", "service", "locations"}, func(v *servicecoin.Violations, row csvfile.Row) {
		i := parse(v, row)
		if first, again := ids[i.ID]; again {
			v.Add(row.At("id"), "duplicate", i.ID, fmt.Sprintf("stands in line %d already", first))
		}
		ids[i.ID] = i.Line
		list = append(list, i)
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// maxLocations is how many locations one incident lists.
const maxLocations = 1000

func parse(v *servicecoin.Violations, row csvfile.Row) Incident {
	field := func(column string) string { return strings.Clone(row.Field(column)) }
	i := Incident{Line: row.Line, ID: field("id"), Impact: field("status_impact"), Service: field("service")}
	v.ID(row.At("id"), i.ID)
	v.ID(row.At("service"), i.Service)
	switch i.Impact {
	case Information, Disruption, Outage:
	default:
		v.Add(row.At("status_impact"), "unknown", i.Impact, "is none of SERVICE_INFORMATION, SERVICE_DISRUPTION and SERVICE_OUTAGE")
	}
	begin, ok := instant(v, row, "begin")
	end, ended := instant(v, row, "end")
	if ok && ended && end.Before(begin) {
		v.Add(row.At("end"), "reversed", field("end"), "lies before the begin "+field("begin"))
	}
	i.Span = calendar.Between(begin, end)
	locations := field("locations")
	if !v.Limit(row.At("locations"), strings.Count(locations, ";")+1, maxLocations) {
		return i
	}
	for l := range strings.SplitSeq(locations, ";") {
		if l = strings.TrimSpace(l); l != "" {
			i.Locations = append(i.Locations, l)
		}
	}
	return i
}

func instant(v *servicecoin.Violations, row csvfile.Row, column string) (time.Time, bool) {
	text := row.Field(column)
	if text == "" {
		v.Add(row.At(column), "required", "", "must be set: an incident without an "+column+" cannot be counted")
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.UTC().Year() < 1 || t.IsZero() {
		v.Add(row.At(column), "bad-time", text, "must be an RFC 3339 instant, after the first of the year 1")
		return time.Time{}, false
	}
	return t, true
}

// Services returns the names of all services in byte order, without [Several].
func (l List) Services() []string {
	var names []string
	for _, i := range l {
		if i.Service != Several {
			names = append(names, i.Service)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Coverage returns the span for which the list is complete: from its first
// begin to its last end.
func (l List) Coverage() calendar.Interval {
	var all calendar.Interval
	for n, i := range l {
		if n == 0 || i.Span.Start.Before(all.Start) {
			all.Start = i.Span.Start
		}
		if n == 0 || i.Span.End.After(all.End) {
			all.End = i.Span.End
		}
	}
	return all
}

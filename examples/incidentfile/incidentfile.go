// Package incidentfile reads a public list of incidents in CSV, as
// corpus/gcp-incidents-2022-2023.csv has it: the columns id, begin, end,
// status_impact, service and locations in any order, others are passed over.
package incidentfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
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
	var v servicecoin.Violations
	file := csv.NewReader(r)
	file.FieldsPerRecord = -1
	head, err := file.Read()
	if errors.Is(err, io.EOF) {
		v.Add("", "empty", "", "the file has no header")
		return nil, v.Err()
	}
	if err != nil {
		return nil, err
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff")
	column := map[string]int{}
	for _, name := range []string{"id", "begin", "end", "status_impact", "service", "locations"} {
		column[name] = slices.Index(head, name)
		if column[name] < 0 {
			v.Add("line 1", "missing-column", "", "has no column "+name)
		}
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	var list List
	ids := map[string]int{}
	for {
		row, err := file.Read()
		if errors.Is(err, io.EOF) {
			return list, v.Err()
		}
		if err != nil {
			return nil, err
		}
		line, _ := file.FieldPos(0)
		if len(row) != len(head) {
			v.Add(fmt.Sprintf("line %d", line), "columns", "", fmt.Sprintf("has %d columns, the header has %d", len(row), len(head)))
			continue
		}
		i := parse(&v, line, func(name string) string { return row[column[name]] })
		if first, again := ids[i.ID]; again {
			v.Add(at(line, "id"), "duplicate", i.ID, fmt.Sprintf("stands in line %d already", first))
		}
		ids[i.ID] = line
		list = append(list, i)
	}
}

func at(line int, column string) string { return fmt.Sprintf("line %d, %s", line, column) }

func parse(v *servicecoin.Violations, line int, field func(string) string) Incident {
	i := Incident{Line: line, ID: field("id"), Impact: field("status_impact"), Service: field("service")}
	v.ID(at(line, "id"), i.ID)
	v.ID(at(line, "service"), i.Service)
	switch i.Impact {
	case Information, Disruption, Outage:
	default:
		v.Add(at(line, "status_impact"), "unknown", i.Impact, "is none of SERVICE_INFORMATION, SERVICE_DISRUPTION and SERVICE_OUTAGE")
	}
	begin, ok := instant(v, line, "begin", field("begin"))
	end, ended := instant(v, line, "end", field("end"))
	if ok && ended && end.Before(begin) {
		v.Add(at(line, "end"), "reversed", field("end"), "lies before the begin "+field("begin"))
	}
	i.Span = calendar.Between(begin, end)
	for l := range strings.SplitSeq(field("locations"), ";") {
		if l = strings.TrimSpace(l); l != "" {
			i.Locations = append(i.Locations, l)
		}
	}
	return i
}

func instant(v *servicecoin.Violations, line int, column, text string) (time.Time, bool) {
	if text == "" {
		v.Add(at(line, column), "required", "", "must be set: an incident without an "+column+" cannot be counted")
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		v.Add(at(line, column), "bad-time", text, "must be an RFC 3339 instant")
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

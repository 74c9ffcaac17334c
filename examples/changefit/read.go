package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/operations/change"
)

// planned is the change that is asked about.
type planned struct {
	uid, name string
	plan      change.Plan
	services  []servicecoin.ServiceID
}

// readChange reads the one event of a file.
func readChange(path string, loc *time.Location) (planned, error) {
	data, err := readFile(path)
	if err != nil {
		return planned{}, err
	}
	begins := linesOf(data, "BEGIN:VEVENT")
	events, err := ical.Read(bytes.NewReader(data), loc)
	switch {
	case err != nil:
		return planned{}, fmt.Errorf("%s: %w", path, err)
	case len(begins) > 1:
		return planned{}, fmt.Errorf("%s: line %d: begins a second VEVENT: the change is one", path, begins[1])
	case len(begins) == 1 && len(events) == 0:
		return planned{}, fmt.Errorf("%s: line %d: the change is cancelled", path, begins[0])
	case len(events) == 0:
		return planned{}, fmt.Errorf("%s: has no VEVENT", path)
	case len(events) > 1 || events[0].Dates.Yearly():
		return planned{}, fmt.Errorf("%s: line %d: the change repeats, and has to come once", path, events[0].Line)
	}
	e := events[0]
	if e.Unended && e.Dates.IsZero() {
		return planned{}, fmt.Errorf("%s: line %d: the change has neither DTEND nor DURATION", path, e.Line)
	}
	back, err := rollback(e)
	if err != nil {
		return planned{}, fmt.Errorf("%s: %w", path, err)
	}
	span := e.During
	for days := range e.Times(loc, calendar.Between(time.Time{}, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))) {
		span = days
	}
	if span.Duration()+back <= 0 {
		return planned{}, fmt.Errorf("%s: line %d: the change takes no time", path, e.Line)
	}
	return planned{
		uid: e.UID, name: cmp.Or(e.Summary, e.UID), services: servicesOf(e.Categories),
		plan: change.Plan{Start: span.Start, Length: calendar.Within(span.Duration()), WayBack: calendar.Within(back)},
	}, nil
}

// rollback reads X-ROLLBACK, the length of the way back: real time, nothing where it
// is missing.
func rollback(e ical.Event) (time.Duration, error) {
	p, is := e.Property("X-ROLLBACK")
	if !is {
		return 0, nil
	}
	text := strings.TrimSpace(p.Text())
	d, err := duration(text)
	if err != nil {
		return 0, fmt.Errorf("%s: X-ROLLBACK %q: %w", p.Place, text, err)
	}
	return d, nil
}

func duration(text string) (time.Duration, error) {
	const longest = 366 * 24 * time.Hour
	if strings.HasPrefix(text, "-") {
		return 0, errors.New("must not be negative")
	}
	var d calendar.Duration
	err := json.Unmarshal([]byte(strconv.Quote(strings.TrimPrefix(text, "+"))), &d)
	switch length, is := d.Get(); {
	case err != nil || !is:
		return 0, errors.New("must be a duration such as PT1H30M")
	case length > longest:
		return 0, errors.New("must be 366 days at most")
	default:
		return length, nil
	}
}

// servicesOf returns the categories that are services.
func servicesOf(categories []string, but ...string) []servicecoin.ServiceID {
	var out []servicecoin.ServiceID
	for _, c := range categories {
		if !slices.ContainsFunc(but, func(word string) bool { return strings.EqualFold(word, c) }) {
			out = append(out, servicecoin.ServiceID(c))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, ical.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

// linesOf returns on which lines a text stands, alone, in capitals or not.
func linesOf(data []byte, text string) []int {
	var out []int
	for n, line := range strings.Split(string(data), "\n") {
		if strings.EqualFold(strings.TrimSpace(line), text) {
			out = append(out, n+1)
		}
	}
	return out
}

// longestRollback returns the longest way back that a file names: so much earlier
// may end what still reaches a time. What cannot be read is complained of later.
func longestRollback(data []byte) time.Duration {
	var longest time.Duration
	whole := strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "").Replace(string(data))
	for line := range strings.Lines(whole) {
		if name, _, _ := strings.Cut(line, ":"); strings.HasPrefix(strings.ToUpper(name), "X-ROLLBACK") {
			d, _ := duration(strings.TrimSpace(line[strings.LastIndexByte(line, ':')+1:]))
			longest = max(longest, d)
		}
	}
	return longest
}

package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/operations/change"
)

// row is one reason.
type row struct {
	rule   change.Rule
	with   string
	during calendar.Interval
	text   string
}

// tentative is the rule of what only warns.
const tentative change.Rule = "tentative"

type answer struct {
	rows   []row
	notes  []string
	starts []change.Start
	until  time.Time
}

func (a answer) fits() bool {
	return !slices.ContainsFunc(a.rows, func(r row) bool { return r.rule != tentative })
}

func (a answer) sort() {
	slices.SortStableFunc(a.rows, func(x, y row) int {
		return cmp.Or(x.during.Start.Compare(y.during.Start), x.during.End.Compare(y.during.End), cmp.Compare(x.rule, y.rule), cmp.Compare(x.with, y.with))
	})
}

func (a answer) writeCSV(out io.Writer, loc *time.Location) error {
	lines := [][]string{{"rule", "with", "start", "end", "text"}}
	for _, r := range a.rows {
		lines = append(lines, []string{
			string(r.rule), csvfile.Cell(r.with), r.during.Start.In(loc).Format(time.RFC3339), r.during.End.In(loc).Format(time.RFC3339), csvfile.Cell(r.text),
		})
	}
	return csv.NewWriter(out).WriteAll(lines)
}

func (a answer) writeText(out io.Writer, loc *time.Location) error {
	show := func(t time.Time) string { return t.In(loc).Format("Mon 2 Jan 2006 15:04:05 MST") }
	var b strings.Builder
	for _, r := range a.rows {
		fmt.Fprintf(&b, "%s, from %s to %s: %s.\n", r.rule, show(r.during.Start), show(r.during.End), r.text)
	}
	var starts []string
	for _, s := range a.starts {
		starts = append(starts, show(s.At))
	}
	switch {
	case a.fits():
		b.WriteString("The change fits.\n")
	case len(starts) == 0:
		fmt.Fprintf(&b, "No start until %s fits.\n", show(a.until))
	default:
		fmt.Fprintf(&b, "earliest starts that fit: %s\n", strings.Join(starts, "; "))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

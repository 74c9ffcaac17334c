package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/servicecoin/servicecoin/calendar"
)

// writeCSV writes a row for each line.
func writeCSV(out io.Writer, rows []row) error {
	w := bufio.NewWriter(out)
	fmt.Fprintln(w, "line,published,planned,next,lead,eol,phase")
	for _, r := range rows {
		fmt.Fprintf(w, "%s,%d,%d,%s,%s,%s,%s\n", cell(r.line), r.published, r.planned, day(r.next), r.lead, day(r.eol), r.phase)
	}
	return w.Flush()
}

// day is a day as it is written, "" where there is none.
func day(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// cell writes a text as RFC 4180 says: in quotes if it has a comma, a quote or a line end.
func cell(text string) string {
	if !strings.ContainsAny(text, ",\"\r\n") {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}

// writeText writes a table for people.
func writeText(out io.Writer, rows []row, asOf calendar.Date) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "Release lines as of %s.\n\n", asOf)
	const width, padding = 0, 2
	t := tabwriter.NewWriter(w, width, width, padding, ' ', 0)
	fmt.Fprintln(t, "line\treleases\tplanned\tnext\tchanges taken until\tsupport\tends after")
	for _, r := range rows {
		lead := "-"
		if r.lead != "" {
			lead = r.lead + " days before"
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\t%s\t%s\n", printable(r.line), r.published, r.planned,
			cmp.Or(day(r.next), "-"), lead, r.phase, cmp.Or(day(r.eol), "-"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return w.Flush()
}

// printable is a text as a terminal may have it: on one line, without control characters.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, text)
}

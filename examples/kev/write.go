package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/servicecoin/servicecoin/calendar"
)

// writeCSV writes a row for each vendor. Names stand as they are: see the usage.
func writeCSV(out io.Writer, rows []row) error {
	w := bufio.NewWriter(out)
	fmt.Fprintln(w, "vendor,entries,past,soon,impossible,medianDays")
	for _, r := range rows {
		fmt.Fprintf(w, "%s,%d,%d,%d,%d,%s\n", cell(r.vendor), r.entries, r.past, r.soon, r.impossible, r.median())
	}
	return w.Flush()
}

// cell writes a text as RFC 4180 says: in quotes if it has a comma, a quote or a line end.
func cell(text string) string {
	if !strings.ContainsAny(text, ",\"\r\n") {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}

// writeText writes a table for people, with a sum below it.
func writeText(out io.Writer, rows []row, asOf calendar.Date) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "Known exploited vulnerabilities as of %s, by vendor.\n\n", asOf)
	const width, padding = 0, 2
	t := tabwriter.NewWriter(w, width, width, padding, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "entries\tpast due\tdue soon\timpossible\tmedian days\t  vendor")
	sum := row{vendor: "all"}
	for _, r := range rows {
		writeRow(t, r)
		sum.entries, sum.past, sum.soon, sum.impossible = sum.entries+r.entries, sum.past+r.past, sum.soon+r.soon, sum.impossible+r.impossible
		sum.days = append(sum.days, r.days...)
	}
	writeRow(t, sum)
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nDue soon: on that day or in the %d days after it. Impossible: due before it was added to the list.\n", soonDays)
	return w.Flush()
}

func writeRow(w io.Writer, r row) {
	median := r.median()
	if median == "" {
		median = "-"
	}
	fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%s\t  %s\n", r.entries, r.past, r.soon, r.impossible, median, printable(r.vendor))
}

// printable is a name as a terminal may have it: on one line, without control characters.
func printable(name string) string {
	if name == "" {
		return "(no name)"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, name)
}

package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/servicecoin/servicecoin/operations/release"
)

// stamp writes an instant, "" for none.
func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05Z")
}

// row is a line of the answer.
func row(name, state string, c release.TestCounts, newest time.Time) []string {
	return []string{name, state, strconv.Itoa(c.Passed), strconv.Itoa(c.Failed), strconv.Itoa(c.Skipped), stamp(newest)}
}

func writeCSV(out io.Writer, cells []release.Cell, unmapped []release.UnmappedTest) error {
	w := csv.NewWriter(out)
	rows := [][]string{{"feature", "state", "passed", "failed", "skipped", "newest"}}
	for n := range cells {
		c := &cells[n]
		rows = append(rows, row(string(c.Feature), string(c.State), c.Counts, c.Newest))
	}
	for _, u := range unmapped {
		rows = append(rows, row(u.Called, "unmapped", u.Counts, u.Newest))
	}
	return w.WriteAll(rows)
}

// writeText writes a table for people.
func writeText(out io.Writer, cells []release.Cell, unmapped []release.UnmappedTest, version string, at time.Time) error {
	const gap = 2
	w := tabwriter.NewWriter(out, 0, 0, gap, ' ', 0)
	fmt.Fprintf(w, "version %s, as of %s\n\nfeature\tstate\tmust be\tpassed\tfailed\tskipped\tnewest\twhy\n", version, stamp(at))
	holds, demanded := 0, 0
	for n := range cells {
		c := &cells[n]
		must := "yes"
		if c.Optional {
			must = "no"
		} else if demanded++; c.Holds() {
			holds++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", c.Feature, c.State, must, c.Counts.Passed, c.Counts.Failed, c.Counts.Skipped, stamp(c.Newest), c.Why)
	}
	fmt.Fprintf(w, "\n%d of %d features that must be proven are.\n", holds, demanded)
	for n := range cells {
		c := &cells[n]
		if len(c.Failing) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s fails in\n", c.Feature)
		for _, name := range c.Failing {
			fmt.Fprintf(w, "  %s\n", name)
		}
		if c.MoreFailing > 0 {
			fmt.Fprintf(w, "  and %d more\n", c.MoreFailing)
		}
	}
	const most = 50
	if len(unmapped) > 0 {
		fmt.Fprintf(w, "\nThese tests prove no feature:\n")
	}
	for n, u := range unmapped {
		if n == most {
			fmt.Fprintf(w, "  and %d more: see -format csv\n", len(unmapped)-most)
			break
		}
		fmt.Fprintf(w, "  %s\t%d passed, %d failed, %d skipped\t%s\n", u.Called, u.Counts.Passed, u.Counts.Failed, u.Counts.Skipped, stamp(u.Newest))
	}
	return w.Flush()
}

package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/advisory"
)

// row is what is counted of a vendor.
type row struct {
	vendor                          string
	entries, past, soon, impossible int
	days                            []int // from being added to being due, of the possible ones
}

// soonDays is how many days after the day are soon.
const soonDays = 14

// count counts the entries that were added by a day, vendor by vendor in byte order.
func count(entries []advisory.KEVEntry, asOf calendar.Date) []row {
	soon := days(asOf) + soonDays
	rows := map[string]*row{}
	for _, e := range entries {
		if e.Added.Compare(asOf) > 0 {
			continue
		}
		vendor := strings.TrimSpace(e.Vendor)
		r, ok := rows[vendor]
		if !ok {
			r = &row{vendor: strings.Clone(vendor)}
			rows[vendor] = r
		}
		r.entries++
		switch {
		case e.Due.Compare(asOf) < 0:
			r.past++
		case days(e.Due) <= soon:
			r.soon++
		}
		if e.Due.Compare(e.Added) < 0 {
			r.impossible++
		} else {
			r.days = append(r.days, days(e.Due)-days(e.Added))
		}
	}
	out := make([]row, 0, len(rows))
	for _, r := range rows {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b row) int { return cmp.Compare(a.vendor, b.vendor) })
	return out
}

// days numbers the days of the calendar.
func days(d calendar.Date) int {
	const day = 24 * 60 * 60
	seconds := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix()
	return int(seconds / day) // whole: midnights of UTC
}

// median returns the middle of the days, "" of none; between two it ends in .5, or is
// whole.
func (r row) median() string {
	n := len(r.days)
	if n == 0 {
		return ""
	}
	slices.Sort(r.days)
	if n%2 == 1 {
		return strconv.Itoa(r.days[n/2])
	}
	sum := r.days[n/2-1] + r.days[n/2]
	if sum%2 == 1 {
		return strconv.Itoa(sum/2) + ".5"
	}
	return strconv.Itoa(sum / 2)
}

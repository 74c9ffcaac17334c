package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// useFrame is the period that the charts of a page are over, in windows of one length,
// and the period before: a day by hours, a month by days, a quarter by weeks, a year by
// months.
type useFrame struct {
	By     metering.Stretch
	During calendar.Interval
	Last   calendar.Interval // the period before
	Period string            // what it is called: "November 2026"
	Prior  string            // what the one before is called
	Within string            // "in" such a period, or "on" such a day
	Bar    string            // what a bar is: "day"
	Slots  int               // how many bars there is room for
	Every  int               // how many bars there are from one tick to the next

	Back, On string // ways to the period before and to the next; "": there is none

	month calendar.Month
	day   calendar.Date // of a day by hours
	loc   *time.Location
}

const byParameter = "by"

// framing is a way to divide a period.
type framing struct {
	by     metering.Stretch
	called string
	within string
	slots  int
	every  int
}

// framings are all of them.
func framings() []framing {
	return []framing{
		{metering.Hourly, "a day by hours", "on", 24, 6},
		{metering.Daily, "a month by days", "in", 31, 7},
		{metering.Weekly, "a quarter by weeks", "in", 14, 2},
		{metering.Monthly, "a year by months", "in", 12, 3},
	}
}

// useFrame reads which period is asked for, and in which windows.
func (p *portal) useFrame(r *http.Request, m monthly, c client) (useFrame, error) {
	f := useFrame{By: metering.Stretch(r.URL.Query().Get(byParameter)), month: m.Month, loc: c.zone()}
	var bad servicecoin.Violations
	now := p.store.Now()
	if f.By == "" {
		f.By = metering.Daily
	}
	if !slices.ContainsFunc(framings(), func(x framing) bool { return x.by == f.By }) {
		bad.Add(byParameter, "unknown", string(f.By), "must be hour, day, week or month")
		return f, bad.Err()
	}
	f.day = m.Month.Last()
	if today := calendar.DateOf(now, f.loc); today.Compare(f.day) < 0 {
		f.day = today
	}
	if text := r.URL.Query().Get("day"); text != "" {
		var err error
		if f.day, err = calendar.ParseDate(text); err != nil {
			bad.Merge("day", err)
			return f, bad.Err()
		}
		switch start := f.day.In(f.loc).Start; {
		case start.After(now):
			bad.Add("day", "to-come", text, "is still to come")
		case calendar.MonthOf(start, f.loc).Compare(earliestMonth()) < 0:
			bad.Add("day", "too-early", text, "is before anything is known")
		}
		if err := bad.Err(); err != nil {
			return f, err
		}
		f.month = calendar.MonthOf(f.day.In(f.loc).Start, f.loc)
	}
	first, err := p.known(r.Context(), c)
	if err != nil {
		return f, err
	}
	f.lay()
	if !first.IsZero() && first.In(f.loc).Start.Before(f.During.Start) {
		f.Back = m.Here + "?" + f.queryAt(-1, r.URL.Query().Get("group"))
	}
	if f.During.End.Before(now) {
		f.On = m.Here + "?" + f.queryAt(1, r.URL.Query().Get("group"))
	}
	return f, nil
}

// step moves a frame by periods.
func (f *useFrame) step(n int) useFrame {
	const quarter = 3
	to := *f
	if f.By == metering.Hourly {
		to.day = f.day.AddDays(n)
		to.month = calendar.MonthOf(to.day.In(f.loc).Start, f.loc)
		return to
	}
	if f.By == metering.Weekly {
		to.month = f.quarter().Add(n * quarter)
		return to
	}
	if f.By == metering.Monthly {
		to.month = calendar.Month{Year: f.month.Year + n, Month: time.January}
		return to
	}
	to.month = f.month.Add(n)
	return to
}

// quarter is the first month of the one that the month lies in.
func (f *useFrame) quarter() calendar.Month {
	const quarter = 3
	return f.month.Add(-(int(f.month.Month-time.January) % quarter))
}

// period returns the interval of a frame, and what it is called.
func (f *useFrame) period() (calendar.Interval, string) {
	const quarter = 3
	months := func(from calendar.Month, n int) calendar.Interval {
		return calendar.Between(from.In(f.loc).Start, from.Add(n-1).In(f.loc).End)
	}
	if f.By == metering.Hourly {
		during := f.day.In(f.loc)
		return during, during.Start.In(f.loc).Format("Mon 2 Jan 2006")
	}
	if f.By == metering.Weekly {
		first := f.quarter()
		return months(first, quarter), fmt.Sprintf("quarter %d of %d", int(first.Month)/quarter+1, first.Year)
	}
	if f.By == metering.Monthly {
		return months(calendar.Month{Year: f.month.Year, Month: time.January}, 12), strconv.Itoa(f.month.Year) //nolint:mnd // of a year
	}
	return f.month.In(f.loc), monthWords(f.month)
}

// lay finds the period, the one before, and how its chart is divided.
func (f *useFrame) lay() {
	f.During, f.Period = f.period()
	before := f.step(-1)
	f.Last, f.Prior = before.period()
	f.Bar = string(f.By)
	for _, x := range framings() {
		if x.by == f.By {
			f.Within, f.Slots, f.Every = x.within, x.slots, x.every
		}
	}
}

// window says which window of the frame one is: of a bar, and as the mark below it.
func (f *useFrame) window(i int, x calendar.Interval) (name, tick string) {
	t := x.Start.In(f.loc)
	if f.By == metering.Hourly {
		return t.Format("15:04"), t.Format("15:04")
	}
	if f.By == metering.Weekly {
		return "from " + t.Format("Mon 2 Jan"), t.Format("2 Jan")
	}
	if f.By == metering.Monthly {
		return t.Format("January"), t.Format("Jan")
	}
	return t.Format("Mon 2 Jan"), strconv.Itoa(i + 1)
}

// query is what the address of the same period says, in other windows or groups.
func (f *useFrame) query(by metering.Stretch, group string) string {
	q := url.Values{"month": {f.month.String()}}
	if by != metering.Daily {
		q.Set(byParameter, string(by))
	}
	if by == metering.Hourly {
		q.Set("day", f.day.String())
	}
	if group != "" {
		q.Set("group", group)
	}
	return q.Encode()
}

// queryAt is what the address of another period says.
func (f *useFrame) queryAt(n int, group string) string {
	other := f.step(n)
	return other.query(f.By, group)
}

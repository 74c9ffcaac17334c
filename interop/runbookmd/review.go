package runbookmd

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// Review says when the file was last read by somebody who knows, and how often
// that has to be: last_reviewed_on and review_in of the front matter.
type Review struct {
	Last   calendar.Date // zero: nobody says
	Months int           // of the interval; both 0: nobody says
	Days   int
}

// Due returns the day on which it has to be reviewed again, and false if nobody
// says. Months are those of the calendar: six months after 31 August is the last
// of February.
func (r Review) Due() (calendar.Date, bool) {
	if r.Last.IsZero() || r.Months == 0 && r.Days == 0 {
		return calendar.Date{}, false
	}
	return r.Last.AddMonths(r.Months).AddDays(r.Days), true
}

// Overdue reports whether the day on which it had to be reviewed has begun: a file
// reviewed on 18 July every 6 months is overdue since 18 January. One that says
// nothing never is.
func (r Review) Overdue(today calendar.Date) bool {
	due, ok := r.Due()
	return ok && today.Compare(due) >= 0
}

var interval = regexp.MustCompile(`^(\d{1,4})\s*(day|week|month|year)s?$`)

// Review reads the review of the front matter. What cannot be read is left out and
// a [Finding].
func (d *Document) Review() Review {
	review, _ := d.review()
	return review
}

func (d *Document) review() (review Review, bad []string) {
	for _, key := range []string{"last_reviewed_on", "last_reviewed", "reviewed"} {
		text, ok := d.Meta(key)
		if !ok || text == "" {
			continue
		}
		day, _, _ := strings.Cut(text, "T")
		date, err := calendar.ParseDate(strings.TrimSpace(day))
		if err != nil {
			bad = append(bad, key+" is no date as 2026-01-31")
			continue
		}
		review.Last = date
		break
	}
	for _, key := range []string{"review_in", "review_every"} {
		text, ok := d.Meta(key)
		if !ok || text == "" {
			continue
		}
		m := interval.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
		if m == nil {
			bad = append(bad, key+` is no interval as "6 months"`)
			continue
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			bad = append(bad, key+` is no interval as "6 months"`)
			continue
		}
		switch m[2] {
		case "day":
			review.Days = n
		case "week":
			review.Days = 7 * n
		case "month":
			review.Months = n
		case "year":
			review.Months = 12 * n
		}
		break
	}
	return review, bad
}

func (d *Document) reviewFindings() {
	_, bad := d.review()
	for _, text := range bad {
		d.find(d.lines.at(d.front.span.From)+1, FoundReview, text)
	}
}

// Every returns the interval as a length of time that a run book can take: a month
// is counted as the days that it has after the last review, or 30 where nobody
// says when that was.
func (r Review) Every() calendar.Duration {
	if r.Months == 0 && r.Days == 0 {
		return calendar.Duration{}
	}
	if due, ok := r.Due(); ok {
		from, to := r.Last.At(calendar.StartOfDay, time.UTC), due.At(calendar.StartOfDay, time.UTC)
		return calendar.Within(to.Sub(from))
	}
	const day = 24 * time.Hour
	return calendar.Within(time.Duration(30*r.Months+r.Days) * day)
}

package releases

import (
	"strings"
)

// ReadOpenStackCycle reads the schedule.yaml of an OpenStack cycle: milestones, each of
// which belongs to a week from Monday to Friday. One that goes over several weeks is one
// milestone for each of them.
func ReadOpenStackCycle(file []byte) (*Schedule, error) {
	return whole(file, (*source).yaml, object, func(r *reader, root *node, out *Schedule) {
		cycle := root.get("cycle")
		if cycle.kind == absent {
			r.wrong(cycle, "required", "must be a list of weeks")
		}
		starts := map[string]bool{}
		for _, x := range r.objects(cycle) {
			week := Milestone{Week: r.str(x.get("name")), From: r.date(x.get("start")), To: r.date(x.get("end")), At: x.line}
			if x.get("start").none() || x.get("end").none() {
				r.wrong(x, "required", "a week must have a start and an end")
				continue
			}
			if week.To.Compare(week.From) < 0 {
				r.odd(x.line, x.path(), ComplaintContradiction, "the week ends on %s, before it begins on %s", week.To, week.From)
			}
			if starts[week.From.String()] {
				r.odd(x.line, x.path(), ComplaintDuplicate, "another week begins on %s, too", week.From)
			}
			starts[week.From.String()] = true
			for _, group := range []string{"x-project", "project-specific"} {
				for _, y := range r.list(x.get(group)) {
					m := week
					m.Name, m.Group, m.At = r.must(y), group, y.line
					out.Milestones = append(out.Milestones, m)
				}
			}
		}
		// The promise of the whole: two weeks, which are milestones of their own.
		for _, key := range []string{"start-week", "release-week"} {
			x := root.get(key)
			if x.none() {
				continue
			}
			day := r.date(x)
			if !day.IsZero() && !starts[day.String()] {
				r.odd(x.line, x.path(), ComplaintContradiction, "no week of the cycle begins on %s", day)
			}
			const friday = 4
			to := day
			if !day.IsZero() {
				to = day.AddDays(friday)
			}
			out.Milestones = append(out.Milestones, Milestone{Name: key, From: day, To: to, Group: "cycle", At: x.line})
		}
	})
}

// ReadOpenStackDeliverable reads the deliverable of a series, deliverables/SERIES/NAME.yaml:
// the versions, without days, for the file has none. A version "…-eol" or "…-eom" is the
// mark of an end.
func ReadOpenStackDeliverable(file []byte) (*Schedule, error) {
	return whole(file, (*source).yaml, object, func(r *reader, root *node, out *Schedule) {
		out.Title = r.str(root.get("launchpad", "storyboard", "team"))
		l := Line{Name: out.Title, At: root.line}
		seen := map[string]int{}
		for _, x := range r.objects(root.get("releases")) {
			rel := Release{Version: r.must(x.get("version")), At: x.line}
			rel.Ends = strings.HasSuffix(rel.Version, "-eol") || strings.HasSuffix(rel.Version, "-eom") || strings.HasSuffix(rel.Version, "-em")
			if at, twice := seen[rel.Version]; twice {
				r.odd(x.line, x.path(), ComplaintDuplicate, "%s stands in line %d, too", short(rel.Version), at)
			}
			seen[rel.Version] = x.line
			l.Releases = append(l.Releases, rel)
		}
		out.Lines = []Line{l}
	})
}

// ReadOpenStackSeries reads series_status.yaml: the series with the phase that each is in
// and the one to come. Its name is the release id where there is one (2024.2), and the
// name (dalmatian) the code name.
func ReadOpenStackSeries(file []byte) (*Schedule, error) {
	return whole(file, (*source).yaml, list, func(r *reader, root *node, out *Schedule) {
		out.Title = "OpenStack"
		for _, x := range r.objects(root) {
			l := Line{
				Name: r.str(x.get("release-id")), Codename: r.must(x.get("name")), Status: r.must(x.get("status")), At: x.line,
				Released: r.date(x.get("initial-release")), End: When{Date: r.date(x.get("eol-date"))},
			}
			if l.Name == "" {
				l.Name, l.Codename = l.Codename, ""
			}
			if slurp := x.get("slurp"); !slurp.none() {
				l.LongTerm = r.when(slurp)
			}
			if next := x.get("next-phase"); r.is(next, object) {
				l.Next = &Phase{Status: r.must(next.get("status")), Date: r.date(next.get("date"))}
				if l.Status == "end of life" {
					r.odd(next.line, next.path(), ComplaintContradiction, "%s is at its end of life, and has a next phase", short(l.Name))
				}
			}
			if !l.End.Date.IsZero() && l.Status != "end of life" {
				r.odd(x.line, x.path(), ComplaintContradiction, "%s has an end of life, and the status %s", short(l.Name), short(l.Status))
			}
			if l.End.Date.IsZero() && l.Status == "end of life" {
				l.End = When{Yes: true}
			}
			r.inOrder(x, l.Name, named{"its release", l.Released}, named{"its end", l.End.Date})
			out.Lines = append(out.Lines, l)
		}
		r.sameLines(out.Lines)
	})
}

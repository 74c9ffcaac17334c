package releases

import (
	"cmp"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin/calendar"
)

// ReadKubernetes reads the schedule.yaml of Kubernetes: its minor releases, the patches
// that came and those that are to come. "next" may be one release or a list. A missing day
// is the zero one, a release without a target is complained of; a day that is none, a
// line or a release without a name, or no list of schedules cannot be read.
func ReadKubernetes(file []byte) (*Schedule, error) {
	return whole(file, (*source).yaml, object, func(r *reader, root *node, out *Schedule) {
		schedules := root.get("schedules")
		if schedules.kind == absent {
			r.wrong(schedules, "required", "must be a list of release lines")
		}
		for _, x := range r.objects(schedules) {
			out.Lines = append(out.Lines, r.kubernetesLine(x))
		}
		r.sameLines(out.Lines)
	})
}

func (r *reader) kubernetesLine(x *node) Line {
	l := Line{
		Name: r.must(x.get("release")), Released: r.date(x.get("releaseDate")), At: x.line,
		Maintenance: When{Date: r.date(x.get("maintenanceModeStartDate"))},
		End:         When{Date: r.date(x.get("endOfLifeDate"))},
	}
	next := x.get("next")
	switch {
	case next.none():
	case next.kind == object:
		l.Releases = append(l.Releases, r.kubernetesRelease(next, true))
	default:
		for _, y := range r.objects(next) {
			l.Releases = append(l.Releases, r.kubernetesRelease(y, true))
		}
	}
	for _, y := range r.objects(x.get("previousPatches")) {
		l.Releases = append(l.Releases, r.kubernetesRelease(y, false))
	}
	slices.SortStableFunc(l.Releases, func(a, b Release) int { return cmp.Compare(a.At, b.At) })
	r.lineContradicts(x, l)
	return l
}

func (r *reader) kubernetesRelease(x *node, planned bool) Release {
	out := Release{
		Version: r.must(x.get("release")), Planned: planned, At: x.line, Note: r.str(x.get("note")),
		Deadline: r.date(x.get("cherryPickDeadline")), Target: r.date(x.get("targetDate")),
	}
	switch {
	case x.get("targetDate").none():
		r.odd(x.line, x.path(), ComplaintMissing, "%s has no target date: it is not counted", short(out.Version))
	case !out.Deadline.IsZero() && out.Deadline.Compare(out.Target) > 0:
		r.odd(x.line, x.path(), ComplaintContradiction, "%s takes changes until %s, which is after its target %s", short(out.Version), out.Deadline, out.Target)
	}
	return out
}

// lineContradicts tells what in a line cannot all be right.
func (r *reader) lineContradicts(x *node, l Line) {
	name, path := short(l.Name), x.path()
	before := func(a, b calendar.Date, format string) {
		if !a.IsZero() && !b.IsZero() && a.Compare(b) < 0 {
			r.odd(x.line, path, ComplaintContradiction, format, name, a, b)
		}
	}
	before(l.End.Date, l.Maintenance.Date, "%s ends on %s, before its maintenance begins on %s")
	before(l.End.Date, l.Released, "%s ends on %s, before it is released on %s")
	before(l.Maintenance.Date, l.Released, "%s is in maintenance from %s, before it is released on %s")
	var first, last *Release // by target: of all, of those that came
	for n := range l.Releases {
		rel := &l.Releases[n]
		if rel.Target.IsZero() {
			continue
		}
		if first == nil || rel.Target.Compare(first.Target) < 0 {
			first = rel
		}
		if !rel.Planned && (last == nil || rel.Target.Compare(last.Target) > 0) {
			last = rel
		}
		if !strings.HasPrefix(strings.TrimPrefix(rel.Version, "v"), strings.TrimPrefix(l.Name, "v")+".") {
			r.odd(rel.At, path, ComplaintContradiction, "%s is no version of %s", short(rel.Version), name)
		}
	}
	if first != nil && !l.Released.IsZero() && l.Released.Compare(first.Target) > 0 {
		r.odd(x.line, path, ComplaintContradiction, "%s is released on %s, after its own %s on %s", name, l.Released, short(first.Version), first.Target)
	}
	for n := range l.Releases {
		rel := &l.Releases[n]
		if rel.Planned && last != nil && !rel.Target.IsZero() && rel.Target.Compare(last.Target) <= 0 {
			r.odd(rel.At, path, ComplaintContradiction, "%s is to come on %s, %s came on %s", short(rel.Version), rel.Target, short(last.Version), last.Target)
		}
		if rel.Planned && !l.End.Date.IsZero() && rel.Target.Compare(l.End.Date) > 0 {
			r.odd(rel.At, path, ComplaintContradiction, "%s is to come on %s, %s ends on %s", short(rel.Version), rel.Target, name, l.End.Date)
		}
	}
	r.versionsOf(path, l)
}

// versionsOf tells of versions that stand twice, and of higher ones that came earlier.
func (r *reader) versionsOf(path string, l Line) {
	seen := make(map[string]int, len(l.Releases))
	ordered := make([]Release, 0, len(l.Releases))
	for _, rel := range l.Releases {
		key := strings.TrimPrefix(rel.Version, "v")
		if at, twice := seen[key]; twice {
			r.odd(rel.At, path, ComplaintDuplicate, "%s stands in line %d, too: each is counted", short(rel.Version), at)
			continue
		}
		seen[key] = rel.At
		if !rel.Target.IsZero() {
			ordered = append(ordered, rel)
		}
	}
	slices.SortStableFunc(ordered, func(a, b Release) int { return CompareVersions(a.Version, b.Version) })
	for n := 1; n < len(ordered); n++ {
		a, b := ordered[n-1], ordered[n]
		if b.Target.Compare(a.Target) < 0 {
			r.odd(b.At, path, ComplaintOrder, "%s has the target %s, %s before it %s", short(b.Version), b.Target, short(a.Version), a.Target)
		}
	}
}

// sameLines tells of lines that stand twice.
func (r *reader) sameLines(lines []Line) {
	seen := make(map[string]int, len(lines))
	for _, l := range lines {
		key := strings.TrimPrefix(l.Name, "v")
		if at, twice := seen[key]; twice {
			r.odd(l.At, "", ComplaintDuplicate, "%s stands in line %d, too", short(l.Name), at)
			continue
		}
		seen[key] = l.At
	}
}

// ReadKubernetesEnds reads the eol.yaml of Kubernetes: the branches that are out of
// support, with their last patches. An end that was not kept is told by its note alone.
func ReadKubernetesEnds(file []byte) (*Schedule, error) {
	return whole(file, (*source).yaml, object, func(r *reader, root *node, out *Schedule) {
		branches := root.get("branches")
		if branches.kind == absent {
			r.wrong(branches, "required", "must be a list of branches")
		}
		for _, x := range r.objects(branches) {
			l := Line{
				Name: r.must(x.get("release")), End: When{Date: r.date(x.get("endOfLifeDate"))},
				Final: r.str(x.get("finalPatchRelease")), Note: r.str(x.get("note")), At: x.line,
			}
			if l.End.Date.IsZero() && x.get("endOfLifeDate").none() {
				r.odd(x.line, x.path(), ComplaintMissing, "%s has no end of life", short(l.Name))
			}
			out.Lines = append(out.Lines, l)
		}
		r.sameLines(out.Lines)
	})
}

// ReadKubernetesExceptions reads the exceptions.yaml of a release of Kubernetes: what was
// let through its freezes, and what was not.
func ReadKubernetesExceptions(file []byte) (*Schedule, error) {
	return whole(file, (*source).yaml, object, func(r *reader, root *node, out *Schedule) {
		for _, freeze := range root.items {
			for _, x := range r.objects(freeze) {
				e := Exception{
					Name: r.must(x.get("name")), Issue: r.str(x.get("issue")), Freeze: freeze.key, At: x.line,
					Requested: r.date(x.get("date_requested")), Reviewed: r.date(x.get("date_reviewed")), Decision: r.str(x.get("status")),
				}
				if days, ok := e.Days(); ok && days < 0 {
					r.odd(x.line, x.path(), ComplaintContradiction, "%s is reviewed on %s, before it is asked for on %s", short(e.Name), e.Reviewed, e.Requested)
				}
				out.Exceptions = append(out.Exceptions, e)
			}
		}
	})
}

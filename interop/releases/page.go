package releases

import (
	"cmp"
	"regexp"
	"strings"
)

// ReadKubernetesPage reads the README of a release of Kubernetes: the milestones of its
// summary and of its timeline, which are Markdown. A cell without a day is complained of
// and left out. Days and times are compared with each other where a cell has several: the
// day of the week, two zones, the summary and the timeline.
func ReadKubernetesPage(file []byte) (*Schedule, error) {
	s, err := open(file)
	if err != nil {
		return nil, err
	}
	p := &page{out: &Schedule{}, columns: map[string]int{}}
	fenced := false
	for n, line := range s.lines() {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if !fenced {
			p.line(n+1, line)
		}
		if len(p.out.Milestones) > maxMilestones {
			return nil, (&fault{n + 1, "", "too-many", "there are too many milestones"}).err()
		}
	}
	if len(p.out.Milestones) == 0 {
		return nil, (&fault{1, "", "required", "there is no table of milestones with the columns What and When"}).err()
	}
	p.twice()
	return p.done(p.out)
}

const maxMilestones = 2000

// page is what was read so far.
type page struct {
	reader

	out     *Schedule
	heading string
	columns map[string]int // of the table that is read; empty outside of one with What and When
	year    int            // of the day before, for those without
}

var (
	inlineLink    = regexp.MustCompile(`\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])?`)
	summaryLine   = regexp.MustCompile(`^\s*[-*] \*\*(.+?)\*\*:\s*(.*)$`)
	summaryWeek   = regexp.MustCompile(`^(?i)(week \d+)\s*[—–-]\s*`)
	separatorLine = regexp.MustCompile(`^[\s|:-]+$`)
)

// plain takes links and emphasis off a text.
func plain(s string) string {
	for range 3 { // links stand inside of brackets
		s = inlineLink.ReplaceAllString(s, "$1")
	}
	return strings.Join(strings.Fields(strings.NewReplacer("**", "", "`", "").Replace(s)), " ")
}

func (p *page) line(at int, line string) {
	const longest = 4000
	if len(line) > longest {
		line = ""
	}
	trimmed := strings.TrimSpace(line)
	if !strings.HasPrefix(trimmed, "|") {
		clear(p.columns)
		if title, ok := strings.CutPrefix(trimmed, "# "); ok && p.out.Title == "" {
			p.out.Title = plain(title)
		}
		if strings.HasPrefix(trimmed, "#") {
			p.heading = plain(strings.TrimLeft(trimmed, "# "))
		}
		if m := summaryLine.FindStringSubmatch(line); m != nil {
			p.summary(at, m[1], m[2])
		}
		return
	}
	cells := strings.Split(strings.Trim(trimmed, "|"), "|")
	for n := range cells {
		cells[n] = plain(cells[n])
	}
	switch {
	case len(p.columns) == 0:
		for n, c := range cells {
			p.columns[strings.ToLower(c)] = n
		}
		_, what := p.columns["what"]
		_, when := p.columns["when"]
		if !what || !when {
			p.columns = map[string]int{"": -1} // another table
		}
	case !separatorLine.MatchString(trimmed) && p.columns[""] == 0:
		p.row(at, cells)
	}
}

func (p *page) row(at int, cells []string) {
	cell := func(name string) string {
		if n, ok := p.columns[name]; ok && n < len(cells) {
			return cells[n]
		}
		return ""
	}
	p.add(Milestone{Name: cell("what"), Who: cell("who"), Week: strings.ToLower(cell("week")), Group: p.heading, At: at}, cell("when"))
}

func (p *page) summary(at int, when, what string) {
	m := Milestone{Name: plain(what), Group: p.heading, Summary: true, At: at}
	if week := summaryWeek.FindStringSubmatch(m.Name); week != nil {
		m.Name, m.Week = m.Name[len(week[0]):], strings.ToLower(week[1])
	}
	before := len(p.found)
	p.add(m, plain(when))
	if len(p.found) == before+1 && p.found[before].Code == ComplaintUnread {
		p.found = p.found[:before] // a list of other things: only what has a day is meant
	}
}

func (p *page) add(m Milestone, when string) {
	if m.Name == "" {
		return
	}
	w := whens{page: p, at: m.At, name: m.Name}
	if !w.read(when) {
		p.odd(m.At, m.Name, ComplaintUnread, "%s: %q is no day that can be read", short(m.Name), short(when))
		return
	}
	m.From, m.To, m.Time = w.from, w.to, w.time
	p.out.Milestones = append(p.out.Milestones, m)
}

// twice tells of milestones that have another day in the summary than in the timeline.
func (p *page) twice() {
	timeline := map[string][]Milestone{}
	for _, m := range p.out.Milestones {
		if !m.Summary {
			timeline[bare(m.Name)] = append(timeline[bare(m.Name)], m)
		}
	}
	for _, m := range p.out.Milestones {
		same := timeline[bare(m.Name)]
		if !m.Summary || len(same) != 1 {
			continue
		}
		other := same[0]
		switch {
		case m.From != other.From:
			p.odd(m.At, m.Name, ComplaintContradiction, "%s is on %s in the summary and on %s in line %d", short(m.Name), m.From, other.From, other.At)
		case !m.Time.IsZero() && !other.Time.IsZero() && !m.Time.Equal(other.Time):
			p.odd(m.At, m.Name, ComplaintContradiction, "%s is at %s in the summary and at %s in line %d", short(m.Name),
				m.Time.Format("15:04"), other.Time.Format("15:04 MST"), other.At)
		}
	}
}

// bare is a name without the words in which the summary and the timeline differ.
func bare(name string) string {
	name = strings.ToLower(name)
	for _, prefix := range []string{"begin ", "kubernetes ", "start of "} {
		name = strings.TrimPrefix(name, prefix)
	}
	return cmp.Or(strings.TrimSpace(name), name)
}

package releases

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin/calendar"
)

// named is a day that a line of a schedule has, with its name for people.
type named struct {
	name string
	date calendar.Date
}

// inOrder tells of days that should follow each other and do not; those that are missing
// are left out.
func (r *reader) inOrder(x *node, name string, days ...named) {
	days = slices.DeleteFunc(days, func(d named) bool { return d.date.IsZero() })
	for n := 1; n < len(days); n++ {
		if a, b := days[n-1], days[n]; b.date.Compare(a.date) < 0 {
			r.odd(x.line, x.path(), ComplaintContradiction, "%s: %s on %s is before %s on %s", short(name), b.name, b.date, a.name, a.date)
		}
	}
}

// ReadEndOfLife reads a product of endoflife.date: its release cycles and until when they
// are supported. Both names of the ends are known: eoas or support, eoes or
// extendedSupport. Where they are true or false, that is what is known of them.
func ReadEndOfLife(file []byte) (*Schedule, error) {
	s, err := open(file)
	if err != nil {
		return nil, err
	}
	// On the site the same text stands between two lines of hyphens, with prose below.
	if body, ok := strings.CutPrefix(s.text, "---\n"); ok {
		if end := strings.Index(body, "\n---\n"); end >= 0 {
			s.text = "---\n" + body[:end+1]
		}
	}
	root, err := s.yaml()
	if err != nil {
		return nil, err
	}
	r, out := &reader{}, &Schedule{}
	if !r.root(root, object) {
		return r.done(out)
	}
	out.Title = r.str(root.get("title"))
	cycles := root.get("releases")
	if cycles.kind == absent {
		r.wrong(cycles, "required", "must be a list of release cycles")
	}
	for _, x := range r.objects(cycles) {
		out.Lines = append(out.Lines, r.endOfLifeLine(x))
	}
	r.sameLines(out.Lines)
	return r.done(out)
}

func (r *reader) endOfLifeLine(x *node) Line {
	l := Line{
		Name: r.must(x.get("releaseCycle", "cycle")), Codename: r.str(x.get("codename")), At: x.line,
		Released: r.date(x.get("releaseDate")), LongTerm: r.when(x.get("lts")),
		Active: r.when(x.get("eoas", "support")), End: r.when(x.get("eol")), Final: r.str(x.get("latest")),
	}
	if x.get("eol").none() {
		r.odd(x.line, x.path(), ComplaintMissing, "%s does not say when it ends", short(l.Name))
	}
	extended := When{}
	if y := x.get("eoes", "extendedSupport"); !y.none() {
		extended = r.when(y)
		l.Ends = append(l.Ends, Ending{y.key, extended})
	}
	if l.Final != "" {
		rel := Release{Version: l.Final, Target: r.date(x.get("latestReleaseDate")), At: x.get("latest").line}
		l.Releases = append(l.Releases, rel)
		if !rel.Target.IsZero() && !l.Released.IsZero() && rel.Target.Compare(l.Released) < 0 {
			r.odd(x.line, x.path(), ComplaintContradiction, "%s: its newest release %s on %s is before it was released on %s",
				short(l.Name), short(rel.Version), rel.Target, l.Released)
		}
	}
	r.inOrder(x, l.Name,
		named{"its release", l.Released}, named{"the end of active support", l.Active.Date},
		named{"its end", l.End.Date}, named{"the end of extended support", extended.Date})
	return l
}

// ReadUbuntu reads the table of releases that Debian and Ubuntu ship as ubuntu.csv (and
// debian.csv): rows may be shorter than the header, and "LTS" behind a version says that
// it is supported for long; it stays in the name.
func ReadUbuntu(file []byte) (*Schedule, error) {
	s, err := open(file)
	if err != nil {
		return nil, err
	}
	rows := csv.NewReader(strings.NewReader(s.text))
	rows.FieldsPerRecord = -1
	rows.ReuseRecord = true
	r, out := &reader{}, &Schedule{}
	var header []string
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line := 1
			if bad, ok := errors.AsType[*csv.ParseError](err); ok {
				line = bad.Line
			}
			return nil, (&fault{line, "", "syntax", "is no CSV: " + err.Error()}).err()
		}
		line, _ := rows.FieldPos(0)
		if header == nil {
			header = slices.Clone(row)
			if f := ubuntuHeader(header, line); f != nil {
				return nil, f.err()
			}
			continue
		}
		if len(row) > len(header) {
			return nil, (&fault{line, "", "too-many", "the row has more fields than the header"}).err()
		}
		out.Lines = append(out.Lines, r.ubuntuLine(header, row, line))
	}
	r.sameLines(out.Lines)
	return r.done(out)
}

// ubuntuHeader checks that the columns are there once, without which nothing is told.
func ubuntuHeader(header []string, line int) *fault {
	const most = 50
	if len(header) > most {
		return &fault{line, "", "too-many", "the header has too many columns"}
	}
	for n, name := range header {
		if slices.Contains(header[:n], name) {
			return &fault{line, short(name), "duplicate", "the column stands there twice"}
		}
	}
	for _, name := range []string{"version", "series", "release", "eol"} {
		if !slices.Contains(header, name) {
			return &fault{line, name, "required", "the header does not have this column"}
		}
	}
	return nil
}

func (r *reader) ubuntuLine(header, row []string, line int) Line {
	l := Line{At: line}
	x := &node{kind: object, line: line}
	for n, value := range row {
		y := &node{kind: text, line: line, text: strings.Clone(value), parent: x, key: header[n]}
		switch name := header[n]; {
		case name == "version":
			l.Name = r.str(y)
		case name == "codename":
			l.Codename = r.str(y)
		case name == "series":
			l.Note = r.str(y)
		case name == "created":
			l.Created = r.date(y)
		case name == "release":
			l.Released = r.date(y)
		case name == "eol":
			l.End = When{Date: r.date(y)}
		case strings.HasPrefix(name, "eol-") && !y.none():
			l.Ends = append(l.Ends, Ending{name, When{Date: r.date(y)}})
		}
	}
	if l.Name == "" {
		l.Name = l.Note // Debian's unstable has no version
	}
	if l.Name == "" {
		r.wrong(&node{line: line}, "required", "the row has neither a version nor a series")
	}
	if strings.HasSuffix(l.Name, " LTS") {
		l.LongTerm.Yes = true
	} else {
		l.LongTerm.No = true
	}
	r.inOrder(x, l.Name, named{"the start of work", l.Created}, named{"its release", l.Released}, named{"its end", l.End.Date})
	return l
}

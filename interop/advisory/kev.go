package advisory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// The limits of a list of exploited vulnerabilities.
const (
	MaxKEVBytes   = 256 << 20
	MaxKEVEntries = 1_000_000

	maxEntryNodes = 10_000 // values of one entry
)

// KEV is CISA's list of known exploited vulnerabilities, or one in its form.
type KEV struct {
	Title    string     `json:"title,omitempty"`
	Version  string     `json:"version,omitempty"`  // of the catalogue, "" in CSV
	Released time.Time  `json:"released,omitzero"`  // zero in CSV
	Entries  []KEVEntry `json:"entries"`            // all of them, as they stand in the list
	Findings []Finding  `json:"findings,omitempty"` // what is odd: a count, entries that are left out
}

// KEVEntry is an entry of the list, as it stands there.
type KEVEntry struct {
	Line       int           `json:"line"` // where it begins, from 1
	CVE        string        `json:"cve"`
	Vendor     string        `json:"vendor"`
	Product    string        `json:"product"`
	Name       string        `json:"name"`
	Added      calendar.Date `json:"added,omitzero"` // zero: it does not say
	Text       string        `json:"text"`
	Action     string        `json:"action"`
	Due        calendar.Date `json:"due,omitzero"` // zero: it does not say
	Ransomware string        `json:"ransomware"`   // Known, or Unknown
	Notes      string        `json:"notes"`
	CWEs       []string      `json:"cwes,omitempty"`
}

// ReadKEV reads the list as JSON or as CSV, whichever the file holds. Four columns are
// needed, cveID, vendorProject, dateAdded and dueDate; any of their values may be missing.
// The error is an [*servicecoin.InvalidError] whose paths are lines and columns.
func ReadKEV(file []byte) (*KEV, error) {
	s, err := open(file, MaxKEVBytes)
	if err != nil {
		return nil, err
	}
	l := &kevReader{reader: reader{source: s}, out: &KEV{}}
	if s.json() {
		err = s.wrong(l.json())
	} else {
		err = s.wrong(l.csv())
	}
	l.v.Merge("", err)
	if err := l.v.Err(); err != nil {
		return nil, err
	}
	l.find()
	return l.out, nil
}

type kevReader struct {
	reader

	out   *KEV
	count node
}

func (l *kevReader) json() *fault {
	p := &parser{text: l.text, most: maxEntryNodes}
	listed := false
	if p.peek() != '{' {
		return p.fault("bad-type", "the catalogue must be an object")
	}
	f := p.object(func(key string, at int) *fault {
		p.nodes = 0
		if key == "vulnerabilities" && p.peek() == '[' {
			listed = true
			return p.list(func() *fault { return l.entry(p) })
		}
		n, f := p.value()
		if f != nil {
			return f
		}
		switch key {
		case "vulnerabilities":
			return &fault{n.at, "bad-type", "vulnerabilities must be a list, it is " + n.kind.String()}
		case "title":
			l.out.Title = l.str(n, key)
		case "catalogVersion":
			l.out.Version = l.str(n, key)
		case "dateReleased":
			l.out.Released = l.time(n, key)
		case "count":
			if l.is(n, key, number) {
				l.count = n
			}
		}
		return nil
	})
	if f != nil {
		return f
	}
	if f := p.end(); f != nil {
		return f
	}
	if !listed {
		return &fault{strings.IndexByte(l.text, '{'), "required", "the catalogue has no list of vulnerabilities"}
	}
	return nil
}

// entry reads one entry of JSON.
func (l *kevReader) entry(p *parser) *fault {
	p.nodes = 0
	n, f := p.value()
	switch {
	case f != nil:
		return f
	case n.kind != object:
		l.wrong(n, "bad-type", "", "an entry must be an object, it is "+n.kind.String())
		return l.enough(n.at)
	}
	e := KEVEntry{Line: l.line(n.at)}
	for _, x := range fields(&e) {
		*x.text = l.str(n.get(x.name), x.name)
	}
	e.Added, e.Due = l.date(n.get("dateAdded"), "dateAdded"), l.date(n.get("dueDate"), "dueDate")
	if cwes := n.get("cwes"); cwes.kind == text {
		e.CWEs = parts(cwes.text, ",")
	} else {
		e.CWEs = l.strs(cwes, "cwes")
	}
	return l.keep(e, n.at)
}

// enough ends the reading where more would be of no use.
func (l *kevReader) enough(at int) *fault {
	if l.v.Len() >= servicecoin.MaxViolations-1 {
		return &fault{at, "too-many", "so much is wrong that the rest was not read"}
	}
	return nil
}

func (l *kevReader) keep(e KEVEntry, at int) *fault {
	if len(l.out.Entries) >= MaxKEVEntries {
		return &fault{at, "too-many", fmt.Sprintf("has more than %d entries", MaxKEVEntries)}
	}
	if l.v.Len() == 0 {
		l.out.Entries = append(l.out.Entries, e)
	}
	return l.enough(at)
}

// field is a text of an entry.
type field struct {
	name string
	text *string
}

func fields(e *KEVEntry) [8]field {
	return [8]field{
		{"cveID", &e.CVE},
		{"vendorProject", &e.Vendor},
		{"product", &e.Product},
		{"vulnerabilityName", &e.Name},
		{"shortDescription", &e.Text},
		{"requiredAction", &e.Action},
		{"knownRansomwareCampaignUse", &e.Ransomware},
		{"notes", &e.Notes},
	}
}

// parts cuts a text at a separator, without spaces and what is empty.
func parts(s, separator string) []string {
	var out []string
	for part := range strings.SplitSeq(s, separator) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func (l *kevReader) csv() *fault {
	t := &table{text: l.text, pos: len(l.text) - len(strings.TrimLeft(l.text, space))}
	head, f := t.next()
	if f != nil {
		return f
	}
	column, f := columns(head)
	if f != nil {
		return f
	}
	width := len(head)
	for {
		row, f := t.next()
		switch {
		case f != nil || row == nil:
			return f
		case len(row) > width:
			return &fault{row[width].at, "columns", fmt.Sprintf("the row has %d fields, the header has %d", len(row), width)}
		case len(row) < width:
			last := row[len(row)-1]
			return &fault{l.rowEnd(t, last), "columns", fmt.Sprintf("the row ends after %d fields, the header has %d", len(row), width)}
		}
		of := func(name string) node {
			i, ok := column[name]
			if !ok {
				return node{}
			}
			return node{kind: text, at: row[i].at, text: row[i].text}
		}
		e := KEVEntry{Line: l.line(row[0].at), CWEs: parts(of("cwes").text, ",")}
		for _, x := range fields(&e) {
			*x.text = of(x.name).text
		}
		e.Added, e.Due = l.date(of("dateAdded"), "dateAdded"), l.date(of("dueDate"), "dueDate")
		if f := l.keep(e, row[0].at); f != nil {
			return f
		}
	}
}

// rowEnd is where a row ends that has too few fields.
func (l *kevReader) rowEnd(t *table, last cell) int {
	return last.at + len(strings.TrimRight(l.text[last.at:t.pos], "\r\n"))
}

// columns finds the columns by name.
func columns(head []cell) (map[string]int, *fault) {
	column := make(map[string]int, len(head))
	for i, c := range head {
		name := strings.TrimSpace(c.text)
		if _, again := column[name]; again && name != "" {
			return nil, &fault{c.at, "duplicate", "the column " + short(name) + " stands there twice"}
		}
		column[name] = i
	}
	for _, name := range []string{"cveID", "vendorProject", "dateAdded", "dueDate"} {
		if _, ok := column[name]; !ok {
			return nil, &fault{head[0].at, "missing-column", "the header has no column " + name}
		}
	}
	return column, nil
}

// find says what is odd of the list.
func (l *kevReader) find() {
	if l.count.kind == number {
		n, err := strconv.ParseFloat(l.count.text, 64)
		if err != nil || n != float64(len(l.out.Entries)) {
			l.f.add(l.line(l.count.at), FoundCount, fmt.Sprintf("count says %s, the list has %d entries", cut(l.count.text), len(l.out.Entries)))
		}
	}
	lines := make(map[string]int, len(l.out.Entries))
	for _, e := range l.out.Entries {
		switch first, again := lines[e.CVE]; {
		case e.lacks() != "":
			l.f.add(e.Line, FoundDateless, fmt.Sprintf("%s has no %s: it is left out", e.name(), e.lacks()))
		case e.CVE == "":
			l.f.add(e.Line, FoundNameless, "an entry has no cveID: it counts as one of its own")
		case again:
			l.f.add(e.Line, FoundRepeated, fmt.Sprintf("%s stands there again: the one of line %d counts", cut(e.CVE), first))
		default:
			lines[e.CVE] = e.Line
		}
	}
	l.out.Findings = l.f.all()
}

func cut(s string) string {
	const most = 60
	if r := []rune(s[:min(len(s), 4*most)]); len(s) > most && len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func (e *KEVEntry) name() string {
	if e.CVE == "" {
		return "an entry"
	}
	return cut(e.CVE)
}

// lacks names the dates that an entry does not have.
func (e *KEVEntry) lacks() string {
	switch {
	case e.Added.IsZero() && e.Due.IsZero():
		return "dateAdded and no dueDate"
	case e.Added.IsZero():
		return "dateAdded"
	case e.Due.IsZero():
		return "dueDate"
	}
	return ""
}

// Counted returns the entries that have both dates, of one cveID the first of these; one
// without a cveID is one of its own. What is left out is among the findings.
func (k *KEV) Counted() []KEVEntry {
	seen := make(map[string]bool, len(k.Entries))
	out := make([]KEVEntry, 0, len(k.Entries))
	for _, e := range k.Entries {
		if e.lacks() != "" || e.CVE != "" && seen[e.CVE] {
			continue
		}
		seen[e.CVE] = true
		out = append(out, e)
	}
	return out
}

// Bulletins returns what the list says as bulletins of the source "kev", one for each
// cveID. An entry that lacks a date is one, too; one without a cveID is none.
func (k *KEV) Bulletins() []patch.Bulletin {
	counted := k.Counted()
	seen := make(map[string]bool, len(k.Entries))
	for _, e := range counted {
		seen[e.CVE] = true
	}
	for _, e := range k.Entries {
		if !seen[e.CVE] {
			seen[e.CVE] = true
			counted = append(counted, e)
		}
	}
	out := make([]patch.Bulletin, 0, len(counted))
	for _, e := range counted {
		if e.CVE != "" {
			out = append(out, e.bulletin())
		}
	}
	return out
}

// SourceKEV is the source of the bulletins of a [KEV].
const SourceKEV = "kev"

func (e *KEVEntry) bulletin() patch.Bulletin {
	b := patch.Bulletin{
		Source: SourceKEV, ID: strings.TrimSpace(e.CVE), Title: strings.TrimSpace(e.Name), Text: strings.TrimSpace(e.Text),
		Exploited: e.Added, Due: e.Due, Ransomware: strings.EqualFold(strings.TrimSpace(e.Ransomware), "known"),
	}
	for _, note := range parts(e.Notes, ";") {
		if address(note) {
			b.References = append(b.References, note)
		} else {
			b.Text = strings.TrimSpace(b.Text + "\n\n" + note)
		}
	}
	slices.Sort(b.References)
	b.References = slices.Compact(b.References)
	c := patch.Component{Vendor: strings.TrimSpace(e.Vendor), Name: strings.TrimSpace(e.Product)}
	if c.Name == "" {
		c.Name = c.Vendor
	}
	if c.Name != "" {
		b.Products = []patch.Product{{Component: c, Remedy: strings.TrimSpace(e.Action)}}
	}
	return b
}

// address reports whether a text is an address of the web and nothing else.
func address(s string) bool {
	return (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")) && !strings.ContainsAny(s, space)
}

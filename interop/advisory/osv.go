package advisory

import (
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/version"
)

// MaxBytes is how long an OSV record and a CSAF document may be.
const MaxBytes = 32 << 20

// SourceOSV is the source of the bulletins of an [OSV].
const SourceOSV = "osv"

// OSV is a record in the Open Source Vulnerability format.
type OSV struct {
	Schema   string         `json:"schema,omitempty"` // its version, "" where the record does not say
	Bulletin patch.Bulletin `json:"bulletin"`
	Related  []string       `json:"related,omitempty"` // ids of other flaws: no names of this one
	Findings []Finding      `json:"findings,omitempty"`
}

// Bulletins returns the one bulletin of the record.
func (o *OSV) Bulletins() []patch.Bulletin { return []patch.Bulletin{o.Bulletin} }

// ReadOSV reads a record, in JSON or YAML as the file has it. Events become spans of
// versions; what cannot be said of versions (ranges of commits) is open to a person, and a
// finding. The error is an [*servicecoin.InvalidError] whose paths are lines and columns.
func ReadOSV(file []byte) (*OSV, error) {
	s, err := open(file, MaxBytes)
	if err != nil {
		return nil, err
	}
	root, f := s.parse()
	if f != nil {
		return nil, s.wrong(f)
	}
	r := &osvReader{reader: reader{source: s}, out: &OSV{}}
	r.read(root)
	if err := r.v.Err(); err != nil {
		return nil, err
	}
	r.out.Findings = r.f.all()
	return r.out, nil
}

type osvReader struct {
	reader

	out *OSV
}

func (r *osvReader) read(n node) {
	if n.kind != object {
		r.wrong(n, "bad-type", "", "a record must be an object, it is "+n.kind.String())
		return
	}
	b := &r.out.Bulletin
	r.out.Schema = r.str(n.get("schema_version"), "schema_version")
	if major, _, _ := strings.Cut(r.out.Schema, "."); major != "" && major != "1" && major != "0" {
		r.wrong(n.get("schema_version"), "bad-version", r.out.Schema, "only version 1 of the format is known")
		return
	}
	r.out.Related = r.strs(n.get("related"), "related")
	b.Source, b.ID = SourceOSV, r.str(n.get("id"), "id")
	if b.ID == "" {
		r.wrong(n, "required", "", "the record has no id")
	}
	b.Aliases = r.strs(n.get("aliases"), "aliases")
	b.Published, b.Modified = r.time(n.get("published"), "published"), r.time(n.get("modified"), "modified")
	b.Withdrawn = r.time(n.get("withdrawn"), "withdrawn")
	b.Title, b.Text = r.words(b, n)
	for _, x := range r.list(n.get("references"), "references") {
		if link := r.str(x.get("url"), "url"); link != "" {
			b.References = append(b.References, link)
		}
	}
	r.severity(n)
	affected := r.list(n.get("affected"), "affected")
	for _, a := range affected {
		r.affected(a)
	}
	r.fit(b, r.line(n.at))
}

// words returns title and text. A record without a summary is called by the first sentence
// of its details.
func (r *osvReader) words(b *patch.Bulletin, n node) (title, text string) {
	title, text = strings.TrimSpace(r.str(n.get("summary"), "summary")), strings.TrimSpace(r.str(n.get("details"), "details"))
	if title == "" {
		title = sentence(text)
	}
	if title == "" {
		title = b.ID
	}
	return title, text
}

// sentence returns the first sentence of a text, on one line.
func sentence(text string) string {
	first, _, _ := strings.Cut(text, "\n\n")
	first = strings.Join(strings.Fields(first), " ")
	if end := strings.Index(first, ". "); end > 0 {
		first = first[:end+1]
	}
	return first
}

// severity takes the vectors of the record and of what is affected, or else the word of its
// database.
func (r *osvReader) severity(n node) {
	b := &r.out.Bulletin
	scores := r.list(n.get("severity"), "severity")
	for _, a := range r.list(n.get("affected"), "affected") {
		scores = append(scores, r.list(a.get("severity"), "severity")...)
	}
	for _, s := range scores {
		vector, kind := strings.TrimSpace(r.str(s.get("score"), "score")), r.str(s.get("type"), "type")
		score, severity, err := Score(vector)
		switch {
		case kind == "Ubuntu" || !strings.HasPrefix(kind, "CVSS"):
			if w := word(vector); w != "" && !b.Score.Valid && !b.Severity.AtLeast(w) {
				b.Severity = w
			}
		case err != nil:
			r.f.add(r.line(s.at), FoundVector, "a severity is no vector that can be read: "+cut(vector))
		default:
			rate(b, vector, score, severity)
		}
	}
	if b.Score.Valid || b.Severity != "" {
		return
	}
	words := []node{n.get("database_specific", "severity")}
	for _, a := range r.list(n.get("affected"), "affected") {
		words = append(words, a.get("database_specific", "severity"), a.get("ecosystem_specific", "severity"))
	}
	for _, w := range words {
		if w.kind != text && w.kind != plain {
			continue
		}
		if s := word(w.text); s != "" && (b.Severity == "" || !b.Severity.AtLeast(s)) {
			b.Severity = s
		}
	}
}

// affected reads what a record says of one package.
func (r *osvReader) affected(a node) {
	b := &r.out.Bulletin
	p := patch.Product{Component: r.component(a.get("package")), Versions: r.strs(a.get("versions"), "versions")}
	if p.PURL == "" && p.Name == "" {
		r.f.add(r.line(a.at), FoundNameless, "something is affected that has no name: ranges of commits alone, say")
		return
	}
	commits, ranges := false, r.list(a.get("ranges"), "ranges")
	for _, x := range ranges {
		switch kind := r.str(x.get("type"), "type"); kind {
		case "SEMVER":
			p.Scheme = version.SemVer
		case "ECOSYSTEM":
		case "GIT":
			commits = true
			continue
		default:
			r.f.add(r.line(x.at), FoundRange, "a range is of the type "+short(kind)+", which is not known")
			commits = true
			continue
		}
		spans, f := r.spans(&p, r.list(x.get("events"), "events"))
		if f != "" {
			r.f.add(r.line(x.at), FoundRange, f)
		}
		p.Spans = append(p.Spans, spans...)
	}
	if !a.get("ecosystem_specific", "custom_ranges").none() {
		r.f.add(r.line(a.at), FoundRange, "ranges that only its ecosystem understands stand beside the others, and are not read")
	}
	if len(p.Spans) == 0 && len(p.Versions) == 0 {
		switch {
		case commits:
			r.f.add(r.line(a.at), FoundRange, "which versions are affected is told by commits alone: it is open")
			p.Standing = patch.Open
		case len(ranges) > 0:
			r.f.add(r.line(a.at), FoundRange, "its ranges hold no version: it is left out")
			return
		default:
			r.f.add(r.line(a.at), FoundRange, "it is not told which versions are affected: it is open")
			p.Standing = patch.Open
		}
	}
	p.Remedy = remedy(p.Spans)
	b.Products = append(b.Products, split(p)...)
}

// remedy tells in which versions the flaw is mended.
func remedy(spans []patch.Span) string {
	var fixed []string
	for _, s := range spans {
		if s.Fixed != "" {
			fixed = append(fixed, s.Fixed)
		}
	}
	if len(fixed) == 0 {
		return ""
	}
	const most = 20
	if len(fixed) > most {
		fixed = append(fixed[:most:most], "…")
	}
	return "update to " + strings.Join(fixed, ", ")
}

// component reads a package: by its package URL if it has a good one, or else by one made of
// its ecosystem and name.
func (r *osvReader) component(n node) patch.Component {
	if !r.is(n, "package", object) {
		return patch.Component{}
	}
	where, name := strings.TrimSpace(r.str(n.get("ecosystem"), "ecosystem")), strings.TrimSpace(r.str(n.get("name"), "name"))
	c := patch.Component{Name: name}
	if given := r.str(n.get("purl"), "purl"); given != "" {
		text, _, ok := unversioned(given)
		if ok {
			return patch.Component{PURL: text}
		}
		r.f.add(r.line(n.at), FoundPURL, "is no package URL: "+cut(given))
	}
	if e, ok := ecosystemOf(where); ok && name != "" {
		if made := e.purl(name); valid(made) {
			return patch.Component{PURL: made}
		}
	} else if name != "" {
		r.f.add(r.line(n.at), FoundEcosystem, "the ecosystem "+short(where)+" is not known: the package is known by its name alone")
	}
	return c
}

func valid(purl string) bool {
	_, err := patch.ParsePURL(purl)
	return err == nil
}

// split parts a product that has more spans or versions than one can hold.
func split(p patch.Product) []patch.Product {
	const spans, versions = 200, 2000
	var out []patch.Product
	for len(p.Spans) > spans || len(p.Versions) > versions {
		q := p
		q.Spans, q.Versions = p.Spans[:min(spans, len(p.Spans))], p.Versions[:min(versions, len(p.Versions))]
		p.Spans, p.Versions = p.Spans[len(q.Spans):], p.Versions[len(q.Versions):]
		out = append(out, q)
	}
	if len(p.Spans) > 0 || len(p.Versions) > 0 || len(out) == 0 {
		out = append(out, p)
	}
	return slices.Clip(out)
}

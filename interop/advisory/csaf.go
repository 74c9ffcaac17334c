package advisory

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/operations/patch"
)

// SourceCSAF is the source of the bulletins of a [CSAF].
const SourceCSAF = "csaf"

// CSAF is a document of the Common Security Advisory Framework 2.0, VEX among them.
type CSAF struct {
	ID        string    `json:"id"` // by which its publisher tracks it
	Title     string    `json:"title"`
	Category  string    `json:"category"` // free text: not all are profiles of the standard
	Publisher string    `json:"publisher,omitempty"`
	Status    string    `json:"status,omitempty"`  // draft, interim or final
	Version   string    `json:"version,omitempty"` // of the document: a number, or three
	Revisions int       `json:"revisions,omitempty"`
	Released  time.Time `json:"released,omitzero"` // at first
	Current   time.Time `json:"current,omitzero"`
	TLP       string    `json:"tlp,omitempty"` // to whom it may be shown; "" is not given

	Products      int            `json:"products"` // in the tree, without those of relationships
	Relationships int            `json:"relationships"`
	Statuses      map[string]int `json:"statuses,omitempty"`     // entries by status: known_affected
	Remediations  map[string]int `json:"remediations,omitempty"` // by category: vendor_fix, none_available

	Flaws    []patch.Bulletin `json:"flaws,omitempty"` // one for each vulnerability
	Findings []Finding        `json:"findings,omitempty"`
}

// Bulletins returns one bulletin for each vulnerability of the document. Its id is that of
// the document and of the vulnerability, with a slash between them.
func (c *CSAF) Bulletins() []patch.Bulletin { return c.Flaws }

// ReadCSAF reads a document of version 2.0; of another version it says which one it is. The
// error is an [*servicecoin.InvalidError] whose paths are lines and columns.
func ReadCSAF(file []byte) (*CSAF, error) {
	s, err := open(file, MaxBytes)
	if err != nil {
		return nil, err
	}
	p := &parser{text: s.text, most: maxNodes}
	root, f := p.document()
	if f != nil {
		return nil, s.wrong(f)
	}
	r := &csafReader{reader: reader{source: s}, out: &CSAF{Statuses: map[string]int{}, Remediations: map[string]int{}}, ids: map[string]bool{}}
	r.read(root)
	if err := r.v.Err(); err != nil {
		return nil, err
	}
	r.out.Findings = r.f.all()
	return r.out, nil
}

type csafReader struct {
	reader

	out      *CSAF
	tree     tree
	severity patch.Severity // of the document
	links    []string       // of the document
	ids      map[string]bool
}

func (r *csafReader) read(n node) {
	doc := n.get("document")
	if !r.is(n, "the document", object) || !r.is(doc, "document", object) {
		if r.v.Len() == 0 {
			r.wrong(n, "required", "", "there is no document: this is no CSAF")
		}
		return
	}
	switch v := r.str(doc.get("csaf_version"), "csaf_version"); v {
	case "2.0":
	case "":
		r.wrong(doc, "required", "", "the document has no csaf_version")
		return
	default:
		r.wrong(doc.get("csaf_version"), "bad-version", v, "is CSAF "+cut(v)+": only 2.0 is known")
		return
	}
	r.facts(doc)
	r.tree = tree{r: &r.reader, products: map[string]product{}, groups: map[string][]string{}}
	r.tree.read(n.get("product_tree"))
	r.out.Products, r.out.Relationships = r.tree.count, r.tree.relationships
	for i, v := range r.list(n.get("vulnerabilities"), "vulnerabilities") {
		b := r.vulnerability(v, i)
		r.fit(&b, r.line(v.at))
		r.out.Flaws = append(r.out.Flaws, b)
	}
}

// facts reads what the document says of itself.
func (r *csafReader) facts(doc node) {
	c, tracking := r.out, doc.get("tracking")
	c.ID = strings.TrimSpace(r.str(tracking.get("id"), "id"))
	if c.ID == "" {
		r.wrong(doc, "required", "", "the document has no tracking id")
	}
	c.Title, c.Category = r.str(doc.get("title"), "title"), r.str(doc.get("category"), "category")
	c.Publisher = r.str(doc.get("publisher", "name"), "name")
	c.Status, c.Version = r.str(tracking.get("status"), "status"), r.str(tracking.get("version"), "version")
	c.Revisions = len(r.list(tracking.get("revision_history"), "revision_history"))
	c.Released = r.time(tracking.get("initial_release_date"), "initial_release_date")
	c.Current = r.time(tracking.get("current_release_date"), "current_release_date")
	c.TLP = r.str(doc.get("distribution", "tlp", "label"), "label")
	r.severity = word(r.str(doc.get("aggregate_severity", "text"), "text"))
	r.links = r.urls(doc)
}

func (r *csafReader) urls(n node) []string {
	var out []string
	for _, x := range r.list(n.get("references"), "references") {
		if link := r.str(x.get("url"), "url"); link != "" {
			out = append(out, link)
		}
	}
	return out
}

func (r *csafReader) vulnerability(n node, place int) patch.Bulletin {
	b := patch.Bulletin{Source: SourceCSAF, Published: r.out.Released, Modified: r.out.Current, Title: strings.TrimSpace(r.str(n.get("title"), "title"))}
	if b.Title == "" {
		b.Title = strings.TrimSpace(r.out.Title)
	}
	own := r.names(&b, n)
	if own == "" {
		own = strconv.Itoa(place + 1)
		r.f.add(r.line(n.at), FoundNameless, "a vulnerability has neither a CVE nor another id: it is known by its place")
	}
	b.ID = r.out.ID + "/" + own
	for again := 2; r.ids[b.ID]; again++ {
		b.ID = fmt.Sprintf("%s/%s/%d", r.out.ID, own, again)
	}
	r.ids[b.ID] = true
	b.Text = r.notes(n)
	b.References = append(append(b.References, r.urls(n)...), r.links...)
	r.scores(&b, n)
	remedies := r.remedies(n)
	for _, id := range slices.Sorted(maps.Keys(remedies.none)) {
		if _, ok := r.tree.products[id]; ok {
			b.Text = strings.TrimSpace(b.Text + "\n\n" + remedies.none[id])
			break // they are all alike but for the product
		}
	}
	b.Products = r.products(n, remedies.of)
	return b
}

// names takes CVE and ids, and returns the one by which the vulnerability is known in the
// document. Ids that name a flaw all over the world are aliases; those of a vendor's tracker
// are not, for one may be of several flaws.
func (r *csafReader) names(b *patch.Bulletin, n node) (own string) {
	own = strings.TrimSpace(r.str(n.get("cve"), "cve"))
	if own != "" {
		b.Aliases = append(b.Aliases, own)
	}
	for _, x := range r.list(n.get("ids"), "ids") {
		id := strings.TrimSpace(r.str(x.get("text"), "text"))
		system := r.str(x.get("system_name"), "system_name")
		switch {
		case id == "":
			continue
		case address(id):
			b.References = append(b.References, id)
		case worldly(id):
			b.Aliases = append(b.Aliases, id)
		}
		if own == "" {
			own = strings.TrimSpace(system + " " + id)
		}
	}
	b.Aliases = unique(b.Aliases)
	return own
}

// worldly reports whether an id is of a register of flaws.
func worldly(id string) bool {
	for _, prefix := range []string{"CVE-", "GHSA-", "GO-", "PYSEC-", "RUSTSEC-", "EUVD-", "GCVE-", "OSV-", "DSA-", "DLA-", "USN-"} {
		if strings.HasPrefix(id, prefix) {
			return true
		}
	}
	return false
}

// notes returns what describes the vulnerability: what is called its description, or else
// its summary, or else what there is.
func (r *csafReader) notes(n node) string {
	by := map[string][]string{}
	for _, x := range r.list(n.get("notes"), "notes") {
		if s := strings.TrimSpace(r.str(x.get("text"), "text")); s != "" {
			kind := r.str(x.get("category"), "category")
			by[kind] = append(by[kind], s)
		}
	}
	for _, kind := range []string{"description", "summary", "details", "general", "other", "faq"} {
		if len(by[kind]) > 0 {
			return strings.Join(by[kind], "\n\n")
		}
	}
	return ""
}

// scores takes the score of the newest CVSS, the highest that a product has; where there is
// none the word of the vulnerability's impact, or that of the document.
func (r *csafReader) scores(b *patch.Bulletin, n node) {
	for _, x := range r.list(n.get("scores"), "scores") {
		for _, kind := range []string{"cvss_v2", "cvss_v3"} {
			if c := x.get(kind); r.is(c, kind, object) {
				r.score(b, c)
			}
		}
	}
	if b.Score.Valid {
		return
	}
	for _, x := range r.list(n.get("threats"), "threats") {
		if r.str(x.get("category"), "category") != "impact" {
			continue
		}
		if s := word(r.str(x.get("details"), "details")); s != "" && (b.Severity == "" || s.AtLeast(b.Severity)) {
			b.Severity = s
		}
	}
	if b.Severity == "" {
		b.Severity = r.severity
	}
}

func (r *csafReader) score(b *patch.Bulletin, c node) {
	vector := strings.TrimSpace(r.str(c.get("vectorString"), "vectorString"))
	score, severity, err := Score(vector)
	var given decimal.NullDecimal
	if base := c.get("baseScore"); r.is(base, "baseScore", number) {
		const most = 8 // bytes: 10, 9.8
		if d, err := decimal.NewFromString(base.text); err == nil && len(base.text) <= most {
			given = decimal.NewNullDecimal(d)
		}
		if given.Valid && patch.SeverityOf(given) == patch.Unknown {
			r.wrong(base, "out-of-range", base.text, "baseScore must be from 0 to 10")
			return
		}
	}
	switch {
	case err != nil && given.Valid:
		r.f.add(r.line(c.at), FoundVector, short(vector)+" is no vector that can be read: the score is the one that is given")
		s := patch.SeverityOf(given)
		if c.get("version").text == "2.0" {
			s = severity2(given.Decimal)
		}
		rate(b, cut(vector), given.Decimal, s)
	case err != nil:
		r.f.add(r.line(c.at), FoundVector, short(vector)+" is no vector that can be read, and there is no score")
	default:
		if given.Valid && !given.Decimal.Equal(score) {
			r.f.add(r.line(c.at), FoundVector, fmt.Sprintf("the vector %s has the score %s, %s is given", vector, score, given.Decimal))
		}
		rate(b, vector, score, severity)
	}
}

// remedies is what is to be done, by product.
type remedies struct {
	of   map[string]string
	none map[string]string // that there is no remedy, and why
}

func (r *csafReader) remedies(n node) remedies {
	out := remedies{of: map[string]string{}, none: map[string]string{}}
	list := r.list(n.get("remediations"), "remediations")
	kinds := []string{"vendor_fix", "mitigation", "workaround", "no_fix_planned", "none_available"}
	for _, x := range list {
		r.out.Remediations[r.str(x.get("category"), "category")]++
	}
	for _, kind := range kinds {
		for _, x := range list {
			if x.get("category").text != kind {
				continue
			}
			words := strings.TrimSpace(r.str(x.get("details"), "details"))
			if link := r.str(x.get("url"), "url"); link != "" && !strings.Contains(words, link) {
				words = strings.TrimSpace(words + " " + link)
			}
			into := out.of
			switch kind {
			case "no_fix_planned":
				into, words = out.none, strings.TrimSpace("No fix is planned. "+words)
			case "none_available":
				into, words = out.none, strings.TrimSpace("There is no remedy yet. "+words)
			case "mitigation", "workaround":
				words = strings.TrimSpace("Only a " + kind + ": " + words)
			}
			for _, id := range r.tree.named(x) {
				if old := into[id]; old != "" && !strings.Contains(old, words) {
					into[id] = old + "\n" + words
				} else if old == "" {
					into[id] = words
				}
			}
		}
	}
	return out
}

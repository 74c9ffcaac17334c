package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/version"
)

// importPage is the form of a bulletin that is imported by hand.
type importPage struct {
	page

	Here       string
	Bulletin   patch.Bulletin // what the form begins with
	Rows       []productFields
	Severities []patch.Severity
	Schemes    []option
	Standings  []option
}

// productFields are the fields of one product.
type productFields struct {
	N                                       int
	PURL, Vendor, Name, Scheme, Standing    string
	Introduced, Fixed, Last, Remedy, Called string
}

// productRows is how many products the form has room for.
const productRows = 3

// fitsForm reports whether the form has room for all that a bulletin says.
func fitsForm(b *patch.Bulletin) bool {
	return len(b.Products) <= productRows && !slices.ContainsFunc(b.Products, func(x patch.Product) bool {
		return len(x.Spans) > 1 || len(x.Versions) > 0 || x.Version != ""
	})
}

// Aliases and References are one a line.
func (v importPage) Aliases() string { return strings.Join(v.Bulletin.Aliases, "\n") }

// References are one a line.
func (v importPage) References() string { return strings.Join(v.Bulletin.References, "\n") }

// Score is the score as text, "" where there is none.
func (v importPage) Score() string {
	if !v.Bulletin.Score.Valid {
		return ""
	}
	return v.Bulletin.Score.Decimal.String()
}

// Day is a day as its field has it.
func (v importPage) Day(name string) string {
	d := v.Bulletin.Due
	if name == "exploited" {
		d = v.Bulletin.Exploited
	}
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func (p *portal) showImport(w http.ResponseWriter, r *http.Request) error {
	var b patch.Bulletin
	if name := r.URL.Query().Get("of"); name != "" {
		a, err := p.named(r.Context(), name)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(r.URL.Query().Get("n"))
		if err != nil || n < 0 || n >= len(a.Bulletins) {
			return noPage(r)
		}
		if b = a.Bulletins[n]; !fitsForm(&b) {
			return noPage(r)
		}
	}
	return p.importForm(w, r, b, nil, nil)
}

func (p *portal) importForm(w http.ResponseWriter, r *http.Request, b patch.Bulletin, f *form, problems error) error {
	v := importPage{
		page: p.page(r, "Import a bulletin", changesPath), Here: "import", Bulletin: b, Severities: patch.Severities(),
		Schemes:   []option{{"", "that of the package URL"}, {string(version.SemVer), "SemVer"}, {string(version.Maven), "Maven"}, {string(version.PyPI), "Python"}},
		Standings: []option{{string(patch.Affected), "affected"}, {string(patch.Fixed), "mended in"}, {string(patch.NotAffected), "not affected"}, {string(patch.Open), "under investigation"}},
	}
	for n := range productRows {
		row := productFields{N: n, Standing: string(patch.Affected), Called: "Product " + itoa(n+1)}
		if n < len(b.Products) {
			x := b.Products[n]
			row.PURL, row.Vendor, row.Name, row.Scheme, row.Remedy = x.PURL, x.Vendor, x.Name, string(x.Scheme), x.Remedy
			if x.Standing != "" {
				row.Standing = string(x.Standing)
			}
			if len(x.Spans) > 0 {
				row.Introduced, row.Fixed, row.Last = x.Spans[0].Introduced, x.Spans[0].Fixed, x.Spans[0].Last
			}
		}
		v.Rows = append(v.Rows, row)
	}
	if problems != nil {
		v.again(f, problems)
	}
	return p.render(w, r, "patch_import.html", problem.Status(problems), v)
}

// readBulletin reads the form.
func (p *portal) readBulletin(f *form) patch.Bulletin {
	b := patch.Bulletin{
		Source: f.text("source"), ID: f.text("bulletin"), Aliases: f.lines("aliases"), Title: f.text("title"), Text: f.text("text"),
		Severity: patch.Severity(f.text("severity")), Vector: f.text("vector"), Published: p.timeIn(f, "published"), Exploited: f.dateIn("exploited"), Due: f.dateIn("due"),
		Ransomware: f.text("ransomware") != "", References: f.lines("references"),
	}
	f.at("id", "bulletin")
	if text := f.text("score"); text != "" {
		const most = 20
		d, err := decimal.NewFromString(text)
		if err != nil || len(text) > most {
			f.bad.Add("score", "bad-number", text, "must be a number from 0 to 10, as 7.5")
		} else {
			b.Score = servicecoin.Some(d)
		}
	}
	if f.text("withdrawn") != "" {
		b.Withdrawn = p.store.Now()
	}
	for n := range productRows {
		field := func(name string) string { return name + "-" + itoa(n) }
		x := patch.Product{
			Component: patch.Component{PURL: f.text(field("purl")), Vendor: f.text(field("vendor")), Name: f.text(field("name")), Scheme: version.Scheme(f.text(field("scheme")))},
			Standing:  patch.Standing(f.text(field("standing"))), Remedy: f.text(field("remedy")),
		}
		span := patch.Span{Introduced: f.text(field("introduced")), Fixed: f.text(field("fixed")), Last: f.text(field("last"))}
		if span != (patch.Span{}) {
			x.Spans = []patch.Span{span}
		}
		if x.PURL+x.Vendor+x.Name+x.Remedy == "" && x.Spans == nil {
			continue
		}
		path := "products[" + itoa(len(b.Products)) + "]"
		for _, name := range []string{"purl", "vendor", "name", "scheme", "standing", "remedy"} {
			f.at(path+"."+name, field(name))
		}
		for _, name := range []string{"introduced", "fixed", "last"} {
			f.at(path+".spans[0]."+name, field(name))
		}
		f.at(path, field("purl"))
		b.Products = append(b.Products, x)
	}
	return b
}

func (p *portal) importBulletin(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	b := p.readBulletin(f)
	again := func(err error) error { return p.importForm(w, r, b, f, f.err(err)) }
	if f.bad.Err() != nil { // ask the rules all the same, to hear of everything at once
		return again(b.Validate())
	}
	done, err := p.Advisories().Import(r.Context(), viewer(r).actor(), b)
	if err != nil {
		return p.finish(w, r, err, "", again)
	}
	a, err := p.Advisories().Get(r.Context(), done.Advisory)
	word := "advisory-changed"
	switch done.Outcome {
	case patch.New:
		if len(a.Bulletins) == 1 {
			word = "advisory-new"
		}
	case patch.Same:
		word = "advisory-same"
	case patch.Changed, patch.Withdrawn:
	}
	return p.finish(w, r, err, confirmed(flawPath(&a), word), again)
}

package release

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin/internal/document"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// CertificateText is a certificate to be read and printed.
type CertificateText struct {
	Certificate Certificate
	Body        CertificateBody
	Platform    string                   // its name for people; "": its id
	Feature     func(f FeatureID) string // the names of features; nil: their ids
}

// WriteMarkdown writes the certificate as CommonMark with tables.
func (t CertificateText) WriteMarkdown(w io.Writer) error {
	_, err := io.WriteString(w, certificateForm().Markdown(t.blocks()))
	return err
}

// WriteHTML writes the certificate as a page of its own that can be printed: no script,
// nothing from elsewhere.
func (t CertificateText) WriteHTML(w io.Writer) error {
	_, err := io.WriteString(w, certificateForm().HTML(t.title(), t.blocks()))
	return err
}

func certificateForm() document.Form {
	return document.Form{
		Keep:  "()#&!|",
		Style: "body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;width:100%}td,th{border:1px solid #999;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}dt{font-weight:bold}",
	}
}

func (t CertificateText) name(f FeatureID) string {
	if t.Feature != nil {
		if name := t.Feature(f); name != "" {
			return name
		}
	}
	return string(f)
}

func (t CertificateText) title() string {
	platform := t.Platform
	if platform == "" {
		platform = string(t.Certificate.Platform)
	}
	return fmt.Sprintf("Certificate of %s %s", platform, t.Certificate.Version)
}

func (t CertificateText) blocks() []document.Block {
	c, b := &t.Certificate, &t.Body
	list := []document.Block{{Heading: 1, Text: t.title()}}
	says := "All that is demanded of this version is proven, or somebody stands for it."
	if !c.Certified {
		says = "This version is certified no more: see what changed."
	}
	list = append(list, document.Block{Text: says})
	var terms document.Block
	terms.Term("Edition", strconv.Itoa(c.Edition))
	terms.Term("Issued", lifecycle.Stamp(c.IssuedAt)+" by "+c.IssuedBy.String())
	terms.Term("Superseded", lifecycle.Stamp(c.SupersededAt))
	terms.Term("Build", b.Build)
	terms.Term("Demanded", fmt.Sprintf("%d features: %d proven, %d waived", c.Features, c.Proven, c.Waived))
	terms.Term("Digest", "SHA-256 "+c.Digest)
	list = append(list, terms)
	if len(c.Changed) > 0 {
		list = append(list, document.Block{Heading: 2, Text: "What changed since the edition before"})
		rows := [][]string{{"Feature", "Was", "Is", "Since", "Why"}}
		for _, x := range c.Changed {
			why := x.Why
			if len(x.Failing) > 0 {
				why += ": " + strings.Join(x.Failing, ", ")
			}
			rows = append(rows, []string{t.name(x.Feature), string(x.From), string(x.To), lifecycle.Stamp(x.Since), why})
		}
		list = append(list, document.Block{Table: rows})
		if c.MoreChanged > 0 {
			list = append(list, document.Block{Text: fmt.Sprintf("And %d more.", c.MoreChanged)})
		}
	}
	list = append(list, document.Block{Heading: 2, Text: "Features"}, document.Block{Table: t.features()}, document.Block{Heading: 2, Text: "Evidence"})
	rows := [][]string{{"Report", "Environment", "Ran", "Passed", "Failed", "Skipped", "SHA-256"}}
	for n := range b.Evidence {
		e := &b.Evidence[n]
		name := e.Name
		if name == "" {
			name = e.Form
		}
		rows = append(rows, []string{
			name, e.Environment, lifecycle.Stamp(e.run().At), strconv.Itoa(e.Counts.Passed), strconv.Itoa(e.Counts.Failed + e.Wholes), strconv.Itoa(e.Counts.Skipped), e.Report,
		})
	}
	return append(list, document.Block{Table: rows})
}

func (t CertificateText) features() [][]string {
	rows := [][]string{{"Feature", "Demanded", "State", "Passed", "Failed", "Skipped", "Newest", "Why"}}
	for n := range t.Body.Cells {
		x := &t.Body.Cells[n]
		demanded := "yes"
		if x.Optional {
			demanded = "no"
		}
		state := string(x.State)
		if x.Was != "" {
			state += " (" + string(x.Was) + ")"
		}
		rows = append(rows, []string{
			t.name(x.Feature), demanded, state, strconv.Itoa(x.Counts.Passed), strconv.Itoa(x.Counts.Failed), strconv.Itoa(x.Counts.Skipped), lifecycle.Stamp(x.Newest), x.Why,
		})
	}
	return rows
}

// Package spinhtml shows a Spin as a fragment of a page. It is apart from package
// exchange so that a program without pages has no html/template in it.
package spinhtml

import (
	"html/template"
	"io"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
)

// Write writes the review as a fragment of a page, without styles: a table with a
// row for each service and a column for each side, in which every figure opens its
// evidence in words, by the clock of the customer. All that people wrote is escaped. Classes begin with "spin"; a tone
// (good, warn, bad, unknown) never stands without its words.
func Write(w io.Writer, s exchange.Spin) error {
	reader := readerOf(s)
	t, err := template.New("spin").Funcs(template.FuncMap{
		"lines": exchange.Lines,
		"sides": func() []exchange.Side {
			return []exchange.Side{exchange.Management, exchange.Operations, exchange.Adoption}
		},
		"told": func(t servicecoin.Trace) servicecoin.Told { return t.Tell(reader) },
		"class": func(t exchange.Tone) string {
			if t == exchange.Plain {
				return "plain"
			}
			return string(t)
		},
	}).Parse(text)
	if err != nil {
		return err
	}
	return t.Execute(w, s)
}

// readerOf is whoever looks at the customer's month: by the customer's clock, and with
// the names that its services have in it.
func readerOf(s exchange.Spin) servicecoin.Reader {
	names := map[servicecoin.ServiceID]string{}
	for _, row := range s.Rows {
		names[row.Service] = row.Name
	}
	zone, err := s.Customer.Location()
	if err != nil { // a zone that this machine does not know
		zone = time.UTC
	}
	return servicecoin.Reader{Zone: zone, Service: func(id servicecoin.ServiceID) string { return names[id] }}
}

const text = `<section class="spin">
<h2>{{or .Customer.Name .Customer.ID}}, {{.Month}}</h2>
<p class="spin-sentence">{{.Sentence}}</p>
{{range .Whole}}{{range .Figures.Lines}}<p class="spin-total">{{.Text}}</p>{{end}}{{end}}
<table class="spin-table">
<caption>What was promised and kept, how it was run, and how it was used</caption>
<thead><tr><th scope="col">Service</th><th scope="col">Kept</th><th scope="col">Run</th><th scope="col">Used</th></tr></thead>
<tbody>{{range $row := .Rows}}
<tr><th scope="row">{{.Name}}</th>
{{range sides}}<td>{{range lines $row.Parts .}}<p class="spin-{{class .Tone}}">{{.Text}}</p>
{{if .Evidence}}<details><summary>what it is made of</summary><ul>{{range .Evidence}}{{template "told" (told .)}}{{end}}</ul></details>{{end}}{{end}}</td>
{{end}}</tr>{{end}}
</tbody></table>
{{if .Balance}}<h3>Out of balance</h3><ul class="spin-balance">{{range .Balance}}<li>{{.Text}}</li>{{end}}</ul>{{end}}
</section>
{{define "told"}}<li>{{.Line}}{{if .Parts}}<ul>{{range .Parts}}{{template "told" .}}{{end}}</ul>{{end}}</li>{{end}}`

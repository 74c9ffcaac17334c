// Package spinhtml shows a Spin as a fragment of a page. It is apart from package
// exchange so that a program without pages has no html/template in it.
package spinhtml

import (
	"html/template"
	"io"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
)

// Write writes the review as a fragment of a page, without styles: a table with a
// row for each service and a column for each side, in which every figure opens its
// evidence. All that people wrote is escaped. Classes begin with "spin"; a tone
// (good, warn, bad, unknown) never stands without its words.
func Write(w io.Writer, s exchange.Spin) error {
	t, err := template.New("spin").Funcs(template.FuncMap{
		"lines": exchange.Lines,
		"sides": func() []exchange.Side {
			return []exchange.Side{exchange.Management, exchange.Operations, exchange.Adoption}
		},
		"value": traceValue,
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

func traceValue(t servicecoin.Trace) string {
	if !t.Value.Valid {
		return "unknown"
	}
	return strings.TrimSpace(t.Value.Decimal.String() + " " + t.Unit)
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
{{if .Evidence}}<details><summary>what it is made of</summary><ul>{{range .Evidence}}{{template "trace" .}}{{end}}</ul></details>{{end}}{{end}}</td>
{{end}}</tr>{{end}}
</tbody></table>
{{if .Balance}}<h3>Out of balance</h3><ul class="spin-balance">{{range .Balance}}<li>{{.Text}}</li>{{end}}</ul>{{end}}
</section>
{{define "trace"}}<li>{{.Label}}{{if or .Value.Valid .Unit}}: {{value .}}{{end}}{{if .Parts}}<ul>{{range .Parts}}{{template "trace" .}}{{end}}</ul>{{end}}</li>{{end}}`

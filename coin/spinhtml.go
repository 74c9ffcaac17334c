package coin

import (
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/sla"
)

// WriteHTML writes the review as a fragment of a page, without styles: a table
// with a row for each service and a column for each side, in which every figure
// opens its evidence. All that people wrote is escaped. Classes begin with
// "spin"; a tone (good, warn, bad, unknown) never stands without its word.
func (s Spin) WriteHTML(w io.Writer) error {
	t, err := template.New("spin").Funcs(template.FuncMap{
		"join":  func(list []string) string { return strings.Join(list, "; ") },
		"words": func(side interface{ words() []string }) []string { return side.words() },
		"value": traceValue,
		"clock": func(t time.Time) string { return clockOr(t, "now") },
		"total": func() string { return amountOr(s.Total.Defined(), s.Total.String()) },
		"tone":  Promised.tone,
		"said":  Promised.words,
	}).Parse(spinTemplate)
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

func (p Promised) tone() string {
	switch p.Verdict {
	case sla.Kept, sla.OnCourse:
		return "good"
	case sla.AtRisk:
		return "warn"
	case sla.Broken:
		return "bad"
	case sla.Unknown:
	}
	return "unknown"
}

const spinTemplate = `<section class="spin">
<h2>{{or .Customer.Name .Customer.ID}}, {{.Month}}</h2>
<p class="spin-sentence">{{.Sentence}}</p>
{{if .Statement}}<p class="spin-total">{{.Statement}} of statement: <strong>{{total}}</strong></p>{{end}}
<table class="spin-table">
<caption>What was promised and kept, how it was run, and how it was used</caption>
<thead><tr><th scope="col">Service</th><th scope="col">Kept</th><th scope="col">Run</th><th scope="col">Used</th></tr></thead>
<tbody>{{range .Rows}}
<tr><th scope="row">{{.Name}}</th>
<td>{{range .Kept.Promises}}<p class="spin-{{tone .}}">{{said .}}</p>{{else}}<p class="spin-unknown">nothing was promised</p>{{end}}
{{with .Kept.Trace}}<details><summary>how it is computed</summary><ul>{{range .}}{{template "trace" .}}{{end}}</ul></details>{{end}}</td>
<td><p>{{join (words .Run)}}</p>
{{with .Run.Incidents}}<details><summary>the incidents</summary><ul>{{range .}}<li>{{or .Headline .Incident}}: {{.Level}}, {{clock .From}} to {{clock .Until}}</li>{{end}}</ul></details>{{end}}</td>
<td><p>{{join (words .Used)}}</p>
{{with .Used.Trace}}<details><summary>what it is made of</summary><ul>{{range .}}{{template "trace" .}}{{end}}</ul></details>{{end}}</td></tr>{{end}}
</tbody></table>
{{if .Balance}}<h3>Out of balance</h3><ul class="spin-balance">{{range .Balance}}<li>{{.Text}}</li>{{end}}</ul>{{end}}
</section>
{{define "trace"}}<li>{{.Label}}: {{value .}}{{if .Parts}}<ul>{{range .Parts}}{{template "trace" .}}{{end}}</ul>{{end}}</li>{{end}}`

package inventory

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

// PrometheusOptions say how targets are read. A nil *PrometheusOptions is the zero one.
type PrometheusOptions struct {
	// Scope stands in front of every id: the name of the server.
	Scope string
}

// PrometheusTarget is a target that is scraped.
type PrometheusTarget struct {
	Thing // its state is the target as the server tells it

	Job      string            `json:"job"`
	Instance string            `json:"instance"`
	Health   string            `json:"health"`            // up, down or unknown
	Scraped  time.Time         `json:"scraped,omitzero"`  // the last time; zero: never
	Failing  bool              `json:"failing,omitempty"` // the last time it could not be scraped
	Pool     string            `json:"pool,omitempty"`    // of targets that are scraped alike
	Labels   map[string]string `json:"labels"`
}

// PrometheusTargets are what a server scrapes, and what it does not.
type PrometheusTargets struct {
	Active  []PrometheusTarget `json:"active"`
	Dropped int                `json:"dropped"` // discovered, and left out by a rule of relabelling
	Remarks []Remark           `json:"remarks,omitempty"`
}

// ReadPrometheusTargets reads the answer of a server to /api/v1/targets. The error is an
// [*servicecoin.InvalidError] whose paths are lines and columns.
func ReadPrometheusTargets(file []byte, o *PrometheusOptions) (*PrometheusTargets, error) {
	doc, err := configuration.Parse(file)
	if err != nil {
		return nil, err
	}
	p := &prometheusReader{out: &PrometheusTargets{}}
	if o != nil {
		p.scope = o.Scope
	}
	p.read(doc)
	if err := p.result(); err != nil {
		return nil, err
	}
	p.out.Remarks = p.told()
	return p.out, nil
}

// PrometheusTypeName is the name of the type of targets.
const PrometheusTypeName configuration.TypeName = "prometheus.target"

// PrometheusType returns the type of targets. When one was scraped and how long that took is
// noise, and so are the labels that it was discovered with: those that are left are compared.
func PrometheusType() configuration.Type {
	return configuration.Type{Name: PrometheusTypeName, Title: "Prometheus target", Rules: configuration.Rules{List: []configuration.Rule{
		{Path: "/lastScrape", Ignore: true},
		{Path: "/lastScrapeDuration", Ignore: true},
		{Path: "/discoveredLabels", Ignore: true},
		{Path: "/scrapeInterval", Units: configuration.TimeUnits()},
		{Path: "/scrapeTimeout", Units: configuration.TimeUnits()},
	}}}
}

type prometheusReader struct {
	reader

	out *PrometheusTargets
}

func (p *prometheusReader) read(doc configuration.Value) {
	status, data := textOf(doc.Member("status")), doc.Member("data")
	switch {
	case status == "error":
		p.wrong(doc.Member("status"), "unexpected", "the server answered with an error")
		return
	case status != "success" || data.Kind() != configuration.Object || data.Member("activeTargets").IsZero() && data.Member("droppedTargets").IsZero():
		p.wrong(doc, "required", "has no status and no targets: this is no answer of /api/v1/targets")
		return
	}
	names := map[string]int{}
	var found []PrometheusTarget
	for _, m := range p.list(data, "activeTargets") {
		if x, ok := p.target(m.Value); ok {
			names[x.Name]++
			found = append(found, x)
		}
	}
	for _, x := range found {
		if names[x.Name] > 1 { // further labels tell them apart
			x.Name += rest(x.Labels)
		}
		if x.ID = p.id(x.Name); p.keep(&x.Thing) {
			p.out.Active = append(p.out.Active, x)
		}
	}
	p.out.Dropped = len(p.list(data, "droppedTargets"))
	told := 0
	for _, m := range data.Member("droppedTargetCounts").Members() {
		n, _ := whole(m.Value)
		told += n
	}
	if told > p.out.Dropped { // the server keeps so many of them as it is told to
		p.out.Dropped = told
	}
}

func (p *prometheusReader) target(n configuration.Value) (PrometheusTarget, bool) {
	x := PrometheusTarget{Labels: map[string]string{}, Health: textOf(n.Member("health")), Pool: textOf(n.Member("scrapePool")), Failing: textOf(n.Member("lastError")) != ""}
	for _, m := range n.Member("labels").Members() {
		x.Labels[m.Name] = textOf(m.Value)
	}
	x.Job, x.Instance = x.Labels["job"], x.Labels["instance"]
	x.Place, x.Type, x.State = n.Position(), PrometheusTypeName, n
	x.Name = x.Job + "/" + x.Instance
	if x.Job == "" || x.Instance == "" {
		p.remark(x.Place, ToldUnread, "a target is left out that has no job or no instance among its labels")
		return x, false
	}
	switch x.Health {
	case "up", "down", "unknown":
	default:
		p.remark(x.Place, ToldUnknown, short(x.Name)+" has a health that is not known")
	}
	if scraped := textOf(n.Member("lastScrape")); scraped != "" {
		at, err := time.Parse(time.RFC3339Nano, scraped)
		if err != nil {
			p.remark(n.Member("lastScrape").Position(), ToldUnread, "the last scrape of "+short(x.Name)+" is no instant as RFC 3339 has it")
		} else {
			x.Scraped = at.UTC() // the first instant of the year 1 is the zero one
		}
	}
	if seconds, _ := n.Member("lastScrapeDuration").Scalar(); n.Member("lastScrapeDuration").Kind() == configuration.Number {
		const day = 86_400
		if d, err := strconv.ParseFloat(seconds, 64); err != nil || d > day || d < 0 {
			p.remark(n.Member("lastScrapeDuration").Position(), ToldCount, "the last scrape of "+short(x.Name)+" took no such number of seconds: it is left to its state")
		}
	}
	x.Secrets = secretsOfTarget(n)
	return x, true
}

// secretsOfTarget returns where credentials stand: in addresses with a user or a query, and
// in the labels that such a query is made of.
func secretsOfTarget(n configuration.Value) []string {
	var out []string
	for _, name := range []string{"scrapeUrl", "globalUrl", "lastError"} {
		text := textOf(n.Member(name))
		for word := range strings.FieldsSeq(text) {
			u, err := url.Parse(strings.Trim(word, `"':,`))
			if strings.Contains(word, "://") && (err != nil || u.User != nil || u.RawQuery != "") {
				out = append(out, pointer(name))
				break
			}
		}
	}
	for _, m := range n.Member("discoveredLabels").Members() {
		if strings.HasPrefix(m.Name, "__param_") {
			out = append(out, pointer("discoveredLabels", m.Name))
		}
	}
	return out
}

// rest writes the labels beside job and instance, as PromQL does.
func rest(labels map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != "job" && name != "instance" {
			parts = append(parts, fmt.Sprintf("%s=%q", name, labels[name]))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// Sweeps returns the targets as what was found at an instant: when the server was asked.
func (p *PrometheusTargets) Sweeps(at time.Time) []configuration.Sweep {
	var found []configuration.Observation
	for n := range p.Active {
		found = append(found, p.Active[n].Observation(configuration.Look{}))
	}
	return sweeps(found, at, "prometheus")
}

// Drafts returns the targets as what is desired: what is scraped today. Like says what is
// said of all.
func (p *PrometheusTargets) Drafts(like configuration.Described) []configuration.Draft {
	var out []configuration.Draft
	for n := range p.Active {
		out = append(out, p.Active[n].Draft(like))
	}
	return out
}

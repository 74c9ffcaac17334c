package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/version"
)

// rules are a file of rules, as of one version.
type rules struct {
	release.ProofRules

	waivers         []release.ProofWaiver
	versionProperty string
}

const mostRules = 1 << 20 // bytes of a file

// readRules reads a file of rules for a version.
func readRules(path, of string) (rules, error) {
	file, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return rules{}, errors.Unwrap(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, mostRules+1))
	if err != nil {
		return rules{}, err
	}
	if len(data) > mostRules {
		return rules{}, fmt.Errorf("has more than the %d bytes that are allowed", mostRules)
	}
	r := reader{version: of}
	if strings.TrimSpace(string(data)) == "" {
		return rules{}, errors.New("is empty: see -help for an example")
	}
	root, err := document(data)
	if err != nil {
		return rules{}, err
	}
	if root == nil {
		return rules{}, errors.New("is empty: see -help for an example")
	}
	r.root(root)
	return r.rules, r.v.Err()
}

// document reads the YAML.
func document(data []byte) (root *yaml.Node, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			root, err = nil, fmt.Errorf("is no YAML: %v", broken)
		}
	}()
	var doc yaml.Node
	if err := yaml.Load(data, &doc); err != nil {
		if where, ok := errors.AsType[*yaml.LoadError](err); ok {
			return nil, fmt.Errorf("line %d: is no YAML: %s", where.Mark.Line, where.Message)
		}
		return nil, fmt.Errorf("is no YAML: %w", err)
	}
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		return doc.Content[0], nil
	}
	return nil, nil
}

// reader reads the nodes of a file, and gathers what is wrong.
type reader struct {
	rules

	version string
	v       servicecoin.Violations
	maxAge  calendar.Duration
	lines   map[release.FeatureID]int
}

// wrong adds what is wrong at a place, with its line.
func (r *reader) wrong(n *yaml.Node, path, code, text string) {
	if path != "" {
		path = " " + path
	}
	value := ""
	if n.Kind == yaml.ScalarNode {
		value = n.Value
	}
	r.v.Add(fmt.Sprintf("line %d%s", n.Line, path), code, value, text)
}

// fields calls a function for each field of a mapping; another one is unknown, and one that
// is there twice is wrong.
func (r *reader) fields(n *yaml.Node, path string, known map[string]func(value *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		r.wrong(n, path, "bad-type", "must be fields with values")
		return
	}
	seen := map[string]bool{}
	for k := 0; k+1 < len(n.Content); k += 2 {
		name, value := n.Content[k], n.Content[k+1]
		where := strings.Trim(path+"."+name.Value, ".")
		do, ok := known[name.Value]
		switch {
		case !ok:
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			r.v.Add(fmt.Sprintf("line %d %s", name.Line, where), "unknown", name.Value, "must be one of "+strings.Join(names, ", "))
		case seen[name.Value]:
			r.v.Add(fmt.Sprintf("line %d %s", name.Line, where), "duplicate", name.Value, "stands there twice")
		default:
			do(value, where)
		}
		seen[name.Value] = true
	}
}

// text reads a text.
func (r *reader) text(n *yaml.Node, path string) string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.wrong(n, path, "bad-type", "must be a text")
		return ""
	}
	return n.Value
}

// texts reads a text or a list of them.
func (r *reader) texts(n *yaml.Node, path string) []string {
	if n.Kind != yaml.SequenceNode {
		return []string{r.text(n, path)}
	}
	var list []string
	for k, x := range n.Content {
		list = append(list, r.text(x, fmt.Sprintf("%s[%d]", path, k)))
	}
	if len(list) == 0 {
		r.wrong(n, path, "required", "must not be empty")
	}
	return list
}

func (r *reader) root(n *yaml.Node) {
	r.lines = map[release.FeatureID]int{}
	var features *yaml.Node
	at := ""
	r.fields(n, "", map[string]func(*yaml.Node, string){
		"features":         func(x *yaml.Node, path string) { features, at = x, path },
		"max-age":          func(x *yaml.Node, path string) { r.maxAge = r.age(x, path) },
		"flaky":            func(x *yaml.Node, path string) { r.Flaky = release.FlakyPolicy(r.word(x, path, "proves", "breaks")) },
		"incomplete":       func(x *yaml.Node, path string) { r.Cut = release.CutPolicy(r.word(x, path, "proves", "nothing")) },
		"version-property": func(x *yaml.Node, path string) { r.versionProperty = r.text(x, path) },
	})
	switch {
	case features == nil:
		if n.Kind == yaml.MappingNode {
			r.wrong(n, "features", "required", "must be there")
		}
		return
	case features.Kind != yaml.SequenceNode || len(features.Content) == 0:
		r.wrong(features, at, "bad-type", "must be a list of features")
		return
	}
	for k, x := range features.Content {
		r.feature(x, fmt.Sprintf("%s[%d]", at, k))
	}
}

func (r *reader) word(n *yaml.Node, path string, words ...string) string {
	text := r.text(n, path)
	if !slices.Contains(words, text) {
		r.wrong(n, path, "unknown", "must be "+strings.Join(words, " or "))
	}
	return text
}

// feature reads a feature.
func (r *reader) feature(n *yaml.Node, path string) {
	p := release.Proof{MaxAge: r.maxAge}
	stage, from := stages[len(stages)-3], ""
	var tests *yaml.Node
	var waiver *release.ProofWaiver
	r.fields(n, path, map[string]func(*yaml.Node, string){
		"feature": func(x *yaml.Node, path string) {
			p.Feature = release.FeatureID(r.text(x, path))
			if first, ok := r.lines[p.Feature]; ok {
				r.wrong(x, path, "duplicate", fmt.Sprintf("is that of line %d", first))
			}
			r.lines[p.Feature] = x.Line
		},
		"stage":       func(x *yaml.Node, path string) { stage = r.stage(x, path) },
		"proven-from": func(x *yaml.Node, path string) { from = r.from(x, path) },
		"max-age":     func(x *yaml.Node, path string) { p.MaxAge = r.age(x, path) },
		"tests":       func(x *yaml.Node, path string) { tests, p.Tests = x, r.patterns(x, path) },
		"waived":      func(x *yaml.Node, path string) { waiver = r.waived(x, path) },
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	if p.Feature == "" {
		r.wrong(n, path+".feature", "required", "must be there")
	}
	if tests == nil {
		r.wrong(n, path+".tests", "required", "must say which tests prove it")
	}
	switch {
	case stage == "" || stage == "removed" || from == "never":
		p.Optional = true
	case from != "":
		p.Optional = slices.Index(stages, stage) < slices.Index(stages, from)
	}
	r.Proofs = append(r.Proofs, p)
	if waiver != nil {
		waiver.Feature = p.Feature
		r.waivers = append(r.waivers, *waiver)
	}
}

// stages are the stages of a feature, in their order.
var stages = []string{"pre-alpha", "alpha", "beta", "generally-available", "deprecated", "removed"} //nolint:gochecknoglobals // a list of words

// stageOf is a stage as people write it; "" is none.
func stageOf(text string) string {
	text = strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(strings.TrimSpace(text)))
	switch text {
	case "ga", "general", "general-availability", "stable":
		return "generally-available"
	}
	if slices.Contains(stages, text) {
		return text
	}
	return ""
}

func (r *reader) oneStage(n *yaml.Node, path string) string {
	text := r.text(n, path)
	s := stageOf(text)
	if s == "" {
		r.wrong(n, path, "unknown", "must be one of "+strings.Join(stages, ", "))
	}
	return s
}

// stage reads the stage, or the versions from which on it has each; "" is none yet.
func (r *reader) stage(n *yaml.Node, path string) string {
	if n.Kind != yaml.MappingNode {
		return r.oneStage(n, path)
	}
	of, err := version.ParseLoose(r.version)
	if err != nil {
		return "" // the flag was read before
	}
	last, found := version.Version{}, ""
	for k := 0; k+1 < len(n.Content); k += 2 {
		name, value := n.Content[k], n.Content[k+1]
		where := path + "." + name.Value
		s := r.oneStage(value, where)
		from, err := version.ParseLoose(name.Value)
		if err != nil {
			r.wrong(name, where, "bad-version", "must be a version, as 8.4.0")
			continue
		}
		if from.Compare(of) <= 0 && (found == "" || from.Compare(last) >= 0) {
			last, found = from, s
		}
	}
	return found
}

func (r *reader) from(n *yaml.Node, path string) string {
	if n.Kind == yaml.ScalarNode && n.Value == "never" {
		return "never"
	}
	return r.oneStage(n, path)
}

// patterns reads what proves a feature. A list of texts in a pattern makes several of it.
func (r *reader) patterns(n *yaml.Node, path string) []release.TestPattern {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	var out []release.TestPattern
	for k, x := range list {
		where := path
		if n.Kind == yaml.SequenceNode {
			where = fmt.Sprintf("%s[%d]", path, k)
		}
		out = append(out, r.pattern(x, where)...)
	}
	if len(out) == 0 {
		r.wrong(n, path, "required", "must say which tests prove it")
	}
	return out
}

func (r *reader) pattern(n *yaml.Node, path string) []release.TestPattern {
	out := []release.TestPattern{{}}
	const most = 1000
	set := func(field func(*release.TestPattern) *string) func(*yaml.Node, string) {
		return func(x *yaml.Node, path string) {
			texts := r.texts(x, path)
			if len(texts)*len(out) > most {
				r.wrong(x, path, "too-many", fmt.Sprintf("makes more than %d patterns", most))
				return
			}
			var next []release.TestPattern
			for _, p := range out {
				for _, text := range texts {
					if text == "" {
						r.wrong(x, path, "required", "must not be empty")
					}
					q := p
					*field(&q) = text
					next = append(next, q)
				}
			}
			out = next
		}
	}
	r.fields(n, path, map[string]func(*yaml.Node, string){
		"suite":   set(func(p *release.TestPattern) *string { return &p.Suite }),
		"package": set(func(p *release.TestPattern) *string { return &p.Package }),
		"class":   set(func(p *release.TestPattern) *string { return &p.Class }),
		"name":    set(func(p *release.TestPattern) *string { return &p.Name }),
		"property": func(x *yaml.Node, path string) {
			for _, text := range r.texts(x, path) {
				if !strings.Contains(text, "=") {
					r.wrong(x, path, "bad-pattern", `must be "key=value"`)
				}
			}
			set(func(p *release.TestPattern) *string { return &p.Property })(x, path)
		},
	})
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		r.wrong(n, path, "required", "must name a suite, a package, a class, a name or a property")
	}
	return out
}

// waived reads who stands for what is not proven.
func (r *reader) waived(n *yaml.Node, path string) *release.ProofWaiver {
	w := &release.ProofWaiver{}
	until := n
	r.fields(n, path, map[string]func(*yaml.Node, string){
		"by":  func(x *yaml.Node, path string) { w.By = servicecoin.PersonID(r.text(x, path)) },
		"why": func(x *yaml.Node, path string) { w.Why = r.text(x, path) },
		"until": func(x *yaml.Node, path string) {
			until = x
			text := r.text(x, path)
			var err error
			if w.Until, err = time.Parse(time.DateOnly, text); err != nil {
				if w.Until, err = time.Parse(time.RFC3339, text); err != nil {
					r.wrong(x, path, "bad-time", "must be a day or an instant, as 2026-06-30 or 2026-06-30T12:00:00Z")
				}
			}
		},
	})
	for _, f := range []struct {
		name  string
		given bool
	}{{"by", w.By != ""}, {"until", !w.Until.IsZero() || until != n}, {"why", w.Why != ""}} {
		if !f.given && n.Kind == yaml.MappingNode {
			r.wrong(n, path+"."+f.name, "required", "must be there")
		}
	}
	return w
}

// age reads 30d, 12h, 2w, or P30D.
func (r *reader) age(n *yaml.Node, path string) calendar.Duration {
	text := r.text(n, path)
	d, ok := lengthOf(text)
	if !ok || d <= 0 {
		r.wrong(n, path, "bad-duration", "must be a length of time, as 30d, 12h, 2w or P30D")
		return calendar.Duration{}
	}
	return calendar.Within(d)
}

func lengthOf(text string) (time.Duration, bool) {
	const day, most, longest = 24 * time.Hour, 10, 100 * 365 * 24 * time.Hour
	if len(text) > most*2 || text == "" {
		return 0, false
	}
	if text[0] == 'P' {
		var d calendar.Duration
		quoted, err := json.Marshal(text)
		if err != nil || json.Unmarshal(quoted, &d) != nil {
			return 0, false
		}
		return d.Get()
	}
	units := map[byte]time.Duration{'w': 7 * day, 'd': day, 'h': time.Hour, 'm': time.Minute, 's': time.Second}
	unit, ok := units[text[len(text)-1]]
	n, err := strconv.Atoi(text[:len(text)-1])
	if !ok || err != nil || n < 0 || time.Duration(n) > longest/unit {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// sameVersion reports whether two texts are of one version.
func sameVersion(a, b string) bool {
	p, errA := version.ParseLoose(strings.TrimSpace(a))
	q, errB := version.ParseLoose(b)
	if errA != nil || errB != nil {
		return strings.TrimSpace(a) == b
	}
	return p.Compare(q) == 0
}

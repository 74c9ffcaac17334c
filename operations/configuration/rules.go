package configuration

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Rules say what counts as a difference. The zero Rules are plain: everything does.
type Rules struct {
	List []Rule `json:"list,omitempty"`
	// OnlyDesired leaves out what is observed and not desired, in objects and in lists,
	// where no rule says otherwise.
	OnlyDesired bool `json:"onlyDesired,omitempty"`
}

// Rule says how what stands at a path is compared. Where several rules hold for a
// path, each setting is that of the last one which has it.
type Rule struct {
	// Path is a JSON pointer; "*" is any one segment. Segments of members of a list are
	// their index, or what its key says: "/spec/ports/443,UDP/name".
	Path string `json:"path"`
	// Below lets the rule hold for all that is below the path, too.
	Below bool `json:"below,omitempty"`

	// Ignore leaves out whatever differs at the path and below it. What is missing as a
	// whole is told as a whole, with what would be ignored in it.
	Ignore bool `json:"ignore,omitempty"`
	// Secret keeps what stands at the path as a keyed digest: see [Sealer].
	Secret bool `json:"secret,omitempty"`
	// Key names the fields by which the members of the list at the path are told apart,
	// in any order. Without one they are told by their place.
	Key []KeyField `json:"key,omitempty"`
	// Set takes the list at the path for a set of scalars: neither order nor number counts.
	Set bool `json:"set,omitempty"`
	// Members says whether what is observed and not desired counts, in the object or the
	// list at the path.
	Members Members `json:"members,omitempty"`
	// Tolerance is how far apart two numbers may be, and Percent how far from the desired
	// one: one of both suffices.
	Tolerance decimal.Decimal `json:"tolerance"`
	Percent   decimal.Decimal `json:"percent"`
	// Fold takes upper and lower case of texts for the same.
	Fold bool `json:"fold,omitempty"`
	// Units are what words behind numbers mean, as factors of one of them: with
	// {"": 1, "m": 0.001}, "500m" is 0.5. Numbers with such words, and without, are
	// compared by what they amount to. See [KubernetesUnits], [TimeUnits], [ByteUnits].
	Units map[string]decimal.Decimal `json:"units,omitempty"`
	// Default is what an absent member of an object stands for.
	Default Value `json:"default,omitzero"`
	// Empty takes null, {}, [] and "" for the same.
	Empty Empty `json:"empty,omitempty"`
	// Severity is how bad a difference at the path is.
	Severity Severity `json:"severity,omitempty"`
}

// KeyField is a field that members of a list are told by.
type KeyField struct {
	Name string `json:"name"`
	// Default is the text of a field that is absent.
	Default string `json:"default,omitempty"`
}

// Members says whether members count that are observed and not desired.
type Members string

// What is observed and not desired.
const (
	Exclusive Members = "exclusive" // is unexpected
	Open      Members = "open"      // is nothing to tell of, unless nothing is what is desired
)

// Empty says what nothing is the same as.
type Empty string

// What null, {}, [] and "" are the same as.
const (
	EmptyEqual  Empty = "equal"  // each other
	EmptyAbsent Empty = "absent" // each other, and what is absent
)

// Severity is how bad a difference is.
type Severity string

// The severities.
const (
	Info     Severity = "info"
	Warning  Severity = "warning"
	Critical Severity = "critical"
)

// Severities returns all severities, the least first.
func Severities() []Severity { return []Severity{Info, Warning, Critical} }

// Limits of rules.
const (
	mostRules  = 500
	mostFields = 10
	mostUnits  = 100
	mostText   = 200 // characters of a word or a name
)

// Validate reports every violation.
func (r Rules) Validate() error {
	var v servicecoin.Violations
	if !v.Limit("list", len(r.List), mostRules) {
		return v.Err()
	}
	for n := range r.List {
		r.List[n].validate(&v, fmt.Sprintf("list[%d]", n))
	}
	return v.Err()
}

func (r *Rule) validate(v *servicecoin.Violations, path string) {
	pattern(v, path+".path", r.Path)
	if v.Limit(path+".key", len(r.Key), mostFields) {
		seen := map[string]bool{}
		for n, f := range r.Key {
			at := fmt.Sprintf("%s.key[%d]", path, n)
			v.Text(at+".name", f.Name, 0, mostText)
			v.Text(at+".default", f.Default, 0, mostText)
			if seen[f.Name] {
				v.Add(at+".name", "duplicate", f.Name, "stands twice in the key")
			}
			seen[f.Name] = true
		}
	}
	if r.Set && len(r.Key) > 0 {
		v.Add(path+".set", "contradiction", "", "members with a key are no set of scalars")
	}
	if r.Members != "" && r.Members != Exclusive && r.Members != Open {
		v.Add(path+".members", "unknown", string(r.Members), "must be exclusive or open")
	}
	if r.Empty != "" && r.Empty != EmptyEqual && r.Empty != EmptyAbsent {
		v.Add(path+".empty", "unknown", string(r.Empty), "must be equal or absent")
	}
	if r.Severity != "" && !slices.Contains(Severities(), r.Severity) {
		v.Add(path+".severity", "unknown", string(r.Severity), "must be info, warning or critical")
	}
	const whole, places = 30, 18
	factor := func(path string, d decimal.Decimal, least int) {
		v.Number(path, d, whole, places)
		if d.Sign() < least {
			v.Add(path, "out-of-range", "", map[int]string{0: "must not be negative", 1: "must be above zero"}[least])
		}
	}
	factor(path+".tolerance", r.Tolerance, 0)
	factor(path+".percent", r.Percent, 0)
	if v.Limit(path+".units", len(r.Units), mostUnits) {
		for _, word := range slices.Sorted(maps.Keys(r.Units)) {
			at := path + ".units." + word
			v.Text(at, word, 0, mostText)
			factor(at, r.Units[word], 1)
			if word != "" && !unitWord(word) {
				v.Add(at, "bad-format", word, "must have no digits, signs, points and spaces")
			}
		}
	}
	if depth(&r.Default) > mostSegments || len(r.Default.String()) > mostDefault {
		v.Add(path+".default", "too-large", "", fmt.Sprintf("has at most %d bytes, and %d levels", mostDefault, mostSegments))
	}
}

const mostDefault = 10_000

func depth(v *Value) int {
	most := 0
	for n := range v.members {
		most = max(most, 1+depth(&v.members[n].Value))
	}
	return most
}

// Comparer compares by rules. It never changes, and several goroutines may use it.
type Comparer struct {
	root  *node
	rules []Rule
}

// node is a place in the tree of the paths of rules.
type node struct {
	named map[string]*node
	any   *node // behind "*"
	rules []int // that end here
}

// Compile checks the rules, and returns what compares by them.
func (r Rules) Compile() (*Comparer, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	c := &Comparer{}
	if r.OnlyDesired {
		c.add(nil, Rule{Below: true, Members: Open})
	}
	for _, rule := range r.List {
		names, err := SplitPointer(rule.Path)
		if err != nil {
			return nil, err
		}
		rule.Key, rule.Units = slices.Clone(rule.Key), maps.Clone(rule.Units)
		c.add(names, rule)
	}
	return c, nil
}

func (c *Comparer) add(names []string, rule Rule) {
	c.rules = append(c.rules, rule)
	at := &c.root
	for _, name := range names {
		if *at == nil {
			*at = &node{}
		}
		if name == "*" {
			at = &(*at).any
			continue
		}
		if (*at).named == nil {
			(*at).named = map[string]*node{}
		}
		next := (*at).named[name]
		if next == nil {
			next = &node{}
			(*at).named[name] = next
		}
		at = &next
	}
	if *at == nil {
		*at = &node{}
	}
	(*at).rules = append((*at).rules, len(c.rules)-1)
}

// state is what the rules say of a place in a value.
type state struct {
	nodes []*node // places in the tree of paths that are met here
	below []int   // rules that hold for all below it, too, in order
	rule  *Rule   // all settings that hold here; nil: none
	deep  *Rule   // those that hold for what is below, where no path says more
}

// start returns the state of the whole value.
func (c *Comparer) start() state {
	if c == nil || c.root == nil {
		return state{}
	}
	return c.enter(state{}, []*node{c.root})
}

// step returns the state of a member.
func (c *Comparer) step(st *state, name string) state {
	if len(st.nodes) == 0 {
		return state{below: st.below, rule: st.deep, deep: st.deep}
	}
	var nodes []*node
	for _, n := range st.nodes {
		if n.any != nil {
			nodes = append(nodes, n.any)
		}
		if next := n.named[name]; next != nil {
			nodes = append(nodes, next)
		}
	}
	if len(nodes) == 0 {
		return state{below: st.below, rule: st.deep, deep: st.deep}
	}
	return c.enter(*st, nodes)
}

// enter returns the state at nodes below a state.
func (c *Comparer) enter(up state, nodes []*node) state {
	st := state{nodes: nodes, below: up.below, rule: up.deep, deep: up.deep}
	var here []int
	for _, n := range nodes {
		here = append(here, n.rules...)
	}
	if len(here) == 0 {
		return st
	}
	slices.Sort(here)
	if len(here) == 1 && len(up.below) == 0 {
		st.rule = &c.rules[here[0]]
	} else {
		st.rule = c.merge(here, up.below)
	}
	inherited := slices.DeleteFunc(here, func(n int) bool { return !c.rules[n].Below })
	if len(inherited) == 0 {
		return st
	}
	st.deep = c.merge(inherited, up.below)
	st.below = slices.Concat(up.below, inherited)
	slices.SortFunc(st.below, cmp.Compare)
	return st
}

// merge returns the settings of rules, the last of which counts.
func (c *Comparer) merge(a, b []int) *Rule {
	all := slices.Concat(a, b)
	slices.Sort(all)
	var m Rule
	for _, n := range all {
		r := &c.rules[n]
		m.Ignore = m.Ignore || r.Ignore
		m.Secret = m.Secret || r.Secret
		m.Fold = m.Fold || r.Fold
		switch {
		case len(r.Key) > 0:
			m.Key, m.Set = r.Key, false
		case r.Set:
			m.Key, m.Set = nil, true
		}
		m.Members = cmp.Or(r.Members, m.Members)
		m.Empty = cmp.Or(r.Empty, m.Empty)
		m.Severity = cmp.Or(r.Severity, m.Severity)
		if r.Tolerance.Sign() > 0 || r.Percent.Sign() > 0 {
			m.Tolerance, m.Percent = r.Tolerance, r.Percent
		}
		if len(r.Units) > 0 {
			m.Units = r.Units
		}
		if r.Default.kind != Absent {
			m.Default = r.Default
		}
	}
	return &m
}

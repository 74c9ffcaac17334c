package catalog_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
)

// vector is a case of testdata/vectors/graph.json. Edges lead from the one that
// comes before to the one that comes after; dependsOn from the one that needs to
// the one that is needed.
type vector struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Quirk  bool   `json:"quirk"`
	Source string `json:"source"`
	Note   string `json:"note"`
	Input  struct {
		Nodes     []id            `json:"nodes"`
		Services  []id            `json:"services"`
		Declared  []id            `json:"declared"`
		Edges     [][2]id         `json:"edges"`
		DependsOn [][2]id         `json:"dependsOn"`
		Levels    map[id]int      `json:"businessImpact"`
		From      json.RawMessage `json:"from"`
		Failed    json.RawMessage `json:"failed"`
		Down      json.RawMessage `json:"down"`
		Add       [2]id           `json:"add"`
		Order     []id            `json:"order"`
		Tie       string          `json:"tie"`
	} `json:"input"`
	Expect struct {
		OK          *bool             `json:"ok"`
		Valid       bool              `json:"valid"`
		Order       []json.RawMessage `json:"order"`
		Missing     []id              `json:"missing"`
		Cycle       json.RawMessage   `json:"cycle"`
		Cycles      [][]id            `json:"cycles"`
		Unorderable [][]id            `json:"unorderable"`
		Components  [][]id            `json:"components"`
		Reached     []id              `json:"reached"`
		Implied     []id              `json:"implied"`
		Impacted    []id              `json:"impacted"`
		Affected    []id              `json:"affected"`
		Impact      []id              `json:"impact"`
		Transitive  map[id]int        `json:"transitiveDependenciesOf"`
		AnyValid    *bool             `json:"anyValidOrder"`
		Needs       *int              `json:"dependencyCount"`
		Edges       *int              `json:"edgeCount"` // of a kind that is asked elsewhere
	} `json:"expect"`
}

type id = servicecoin.ServiceID

// elsewhere lists the kinds of the file that this package has no question for,
// and why.
func elsewhere() map[string]string {
	return map[string]string{
		"graph.topo-order-stable":    "its tie rule is another one (level by level, by number): ours is inherited level, then id",
		"graph.tie-rule":             "tells how other libraries break ties",
		"graph.transitive-reduction": "no question of a catalogue needs it",
		"graph.edges-within":         "a picture of the graph is the host's; every edge is a Dependency that it holds",
	}
}

// quirks is the policy for the cases of each kind that only their source
// behaves like.
func quirks() map[string]string {
	return map[string]string{
		"graph.order-with-cycles": "the null place is a step of several services, which are named",
		"graph.topo-order":        "the order follows from the dependencies, whatever the source makes of it",
		"graph.scc":               "components of one are no finding",
		"graph.impact":            "over hard dependencies, nobody twice",
		"restore.order":           "our own rule: the lowest inherited level, then the id, a cycle is one step",
	}
}

func checks() map[string]func(*testing.T, vector) {
	return map[string]func(*testing.T, vector){
		"restore.order":            checkRestoreOrder,
		"graph.impact":             checkImpact,
		"graph.reach":              checkReach,
		"graph.implied-nodes":      checkImplied,
		"graph.scc":                checkComponents,
		"graph.order-with-cycles":  checkOrderWithCycles,
		"graph.would-create-cycle": checkClosesCycle,
		"graph.topo-order":         checkOrder,
		"graph.topo-valid":         checkValid,
		"graph.order-check":        checkGivenOrder,
	}
}

func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors/graph.json")
	require.NoError(t, err)
	var cases []vector
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&cases))
	require.NotEmpty(t, cases)
	passed, quirk, other := 0, 0, 0
	for _, c := range cases {
		if why, ok := elsewhere()[c.Kind]; ok {
			t.Logf("%s, %s: left out: %s", c.ID, c.Kind, why)
			other++
			continue
		}
		check, ok := checks()[c.Kind]
		require.True(t, ok, "no check for kind %s of case %s", c.Kind, c.ID)
		if c.Quirk {
			require.Contains(t, quirks(), c.Kind, "a quirk needs a named policy")
			quirk++
		}
		if t.Run(c.ID, func(t *testing.T) { check(t, c) }) {
			passed++
		}
	}
	t.Logf("graph.json: %d cases, %d passed (%d of them quirks, by a named policy), none refused, %d of kinds that are asked elsewhere", len(cases), passed, quirk, other)
}

// graph maps a case: an edge [a,b] says that b needs a.
func (c vector) graph() *catalog.Graph {
	var services []catalog.Service
	for _, n := range slices.Concat(c.Input.Nodes, c.Input.Services, c.Input.Declared) {
		services = append(services, catalog.Service{ID: n, Level: c.Input.Levels[n]})
	}
	var dependencies []catalog.Dependency
	for _, e := range c.Input.Edges {
		dependencies = append(dependencies, catalog.Hard(e[1], e[0]))
	}
	for _, e := range c.Input.DependsOn {
		dependencies = append(dependencies, catalog.Hard(e[0], e[1]))
	}
	return catalog.NewGraph(services, dependencies)
}

// places maps the order that is expected: a place is one service, several that
// come together, or null for several that its source does not name.
func (c vector) places(t *testing.T) [][]id {
	t.Helper()
	list := [][]id{}
	cyclic := c.Expect.Unorderable
	for _, raw := range c.Expect.Order {
		var one id
		var several []id
		switch {
		case string(raw) == "null":
			several, cyclic = cyclic[0], cyclic[1:]
		case json.Unmarshal(raw, &one) == nil:
			several = []id{one}
		default:
			require.NoError(t, json.Unmarshal(raw, &several))
		}
		list = append(list, several)
	}
	return list
}

func steps(p catalog.Plan) [][]id {
	list := [][]id{}
	for _, s := range p.Steps {
		list = append(list, s.Services)
	}
	return list
}

func checkRestoreOrder(t *testing.T, c vector) {
	g := c.graph()
	p := g.RestoreOrder()
	want := c.places(t)
	if len(c.Expect.Cycles) > 0 && !slices.ContainsFunc(want, func(s []id) bool { return len(s) > 1 }) {
		require.Equal(t, slices.Concat(want...), slices.Concat(steps(p)...), "one by one")
	} else {
		require.Equal(t, want, steps(p))
	}
	if len(c.Expect.Cycles) > 0 {
		require.Equal(t, c.Expect.Cycles, g.Cycles())
	}
	require.Equal(t, c.Expect.Missing, unknown(p.Findings))
}

func unknown(findings []catalog.Finding) (list []id) {
	for _, f := range findings {
		if f.Code == catalog.UnknownService {
			list = append(list, f.Service)
		}
	}
	return list
}

// checkImpact takes the words for what fails and for who is hit as they come.
func checkImpact(t *testing.T, c vector) {
	var failed []id
	for _, raw := range []json.RawMessage{c.Input.From, c.Input.Failed, c.Input.Down} {
		var one id
		var several []id
		if json.Unmarshal(raw, &one) == nil {
			failed = append(failed, one)
		} else if json.Unmarshal(raw, &several) == nil {
			failed = append(failed, several...)
		}
	}
	require.NotEmpty(t, failed)
	var got []id
	for _, h := range c.graph().Impact(failed...).Down {
		got = append(got, h.Service)
	}
	want := slices.Concat(c.Expect.Impacted, c.Expect.Affected, c.Expect.Impact)
	want = slices.DeleteFunc(want, func(s id) bool { return slices.Contains(failed, s) })
	require.ElementsMatch(t, want, got)
}

// checkReach follows edges forward: to those that need what is reached.
func checkReach(t *testing.T, c vector) {
	var from id
	require.NoError(t, json.Unmarshal(c.Input.From, &from))
	got := []id{from}
	for _, h := range c.graph().Impact(from).Down {
		got = append(got, h.Service)
	}
	require.ElementsMatch(t, c.Expect.Reached, got)
}

func checkImplied(t *testing.T, c vector) {
	require.Len(t, c.graph().Reach(c.Input.Declared[0]).Hard, *c.Expect.Needs, "what is not declared is needed all the same")
	require.Equal(t, c.Expect.Implied, unknown(c.graph().Findings()))
}

// checkComponents compares those of more than one: a component of one that does
// not need itself is no finding.
func checkComponents(t *testing.T, c vector) {
	want := slices.DeleteFunc(slices.Clone(c.Expect.Components), func(s []id) bool { return len(s) == 1 })
	require.ElementsMatch(t, want, c.graph().Cycles())
}

func checkOrderWithCycles(t *testing.T, c vector) {
	require.Equal(t, "numeric ascending", c.Input.Tie, "of one digit, that is by id")
	require.Equal(t, c.places(t), steps(c.graph().RestoreOrder()))
	require.ElementsMatch(t, c.Expect.Unorderable, c.graph().Cycles())
}

func checkClosesCycle(t *testing.T, c vector) {
	var want bool
	require.NoError(t, json.Unmarshal(c.Expect.Cycle, &want))
	// the edge [a,b] says that b needs a
	require.Equal(t, want, c.graph().ClosesCycle(c.Input.Add[1], c.Input.Add[0]))
}

func checkOrder(t *testing.T, c vector) {
	g := c.graph()
	if !*c.Expect.OK {
		var cycle []id
		require.NoError(t, json.Unmarshal(c.Expect.Cycle, &cycle))
		slices.Sort(cycle)
		require.Equal(t, [][]id{cycle}, g.Cycles())
		return
	}
	require.Equal(t, c.places(t), steps(g.RestoreOrder()))
	for s, want := range c.Expect.Transitive {
		require.Len(t, g.Reach(s).Hard, want)
	}
}

func checkValid(t *testing.T, c vector) {
	require.True(t, *c.Expect.AnyValid)
	p := c.graph().RestoreOrder()
	require.Len(t, p.Steps, len(c.Input.Nodes))
	for _, e := range c.Input.Edges {
		first, ok := p.Position(e[0])
		require.True(t, ok)
		second, ok := p.Position(e[1])
		require.True(t, ok)
		require.Less(t, first, second, "%s before %s", e[0], e[1])
	}
}

func checkGivenOrder(t *testing.T, c vector) {
	require.Equal(t, c.Expect.Valid, len(c.graph().CheckOrder(c.Input.Order)) == 0)
}

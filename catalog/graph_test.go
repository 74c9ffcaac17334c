package catalog_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
)

// estates draws small catalogues: unassessed services, services that do not run,
// cycles, groups, soft dependencies, unknown references.
func estates(t *rapid.T) ([]catalog.Service, []catalog.Dependency) {
	n := rapid.IntRange(0, 9).Draw(t, "services")
	var services []catalog.Service
	for i := range n {
		s := catalog.Service{ID: id(fmt.Sprintf("s%d", i)), Level: rapid.IntRange(0, 3).Draw(t, "level")}
		if rapid.IntRange(0, 9).Draw(t, "planned") == 0 {
			s.State = catalog.ServicePlanned
		}
		services = append(services, s)
	}
	var dependencies []catalog.Dependency
	for range rapid.IntRange(0, 14).Draw(t, "dependencies") {
		node := func(label string) id { return id(fmt.Sprintf("s%d", rapid.IntRange(0, n).Draw(t, label))) } // s<n> is unknown
		d := catalog.Dependency{Service: node("service"), Strength: rapid.SampledFrom([]catalog.Strength{catalog.HardDependency, catalog.HardDependency, catalog.SoftDependency, ""}).Draw(t, "strength")}
		for range rapid.IntRange(1, 3).Draw(t, "needs") {
			d.Needs = append(d.Needs, node("need"))
		}
		slices.Sort(d.Needs)
		d.Needs = slices.Compact(d.Needs)
		d.AtLeast = rapid.IntRange(0, len(d.Needs)).Draw(t, "at least")
		dependencies = append(dependencies, d)
	}
	return services, dependencies
}

// model answers the same questions slowly, straight from the definitions.
type model struct {
	services     map[id]catalog.Service
	dependencies []catalog.Dependency
}

func modelOf(services []catalog.Service, dependencies []catalog.Dependency) model {
	m := model{map[id]catalog.Service{}, dependencies}
	for _, s := range services {
		m.services[s.ID] = s
	}
	return m
}

func (m model) running(s id) bool {
	x, ok := m.services[s]
	return ok && (x.State == "" || x.State.Runs())
}

// met reports whether what of a dependency can be there at all is there.
func (m model) met(d catalog.Dependency, there func(id) bool) bool {
	all, have := 0, 0
	for _, n := range d.Needs {
		if m.running(n) {
			all++
			if there(n) {
				have++
			}
		}
	}
	least := d.AtLeast
	if least == 0 {
		least = all
	}
	return have >= min(least, all)
}

func (m model) ready(s id, there func(id) bool) bool {
	for _, d := range m.dependencies {
		if d.Service == s && d.Strength != catalog.SoftDependency && !m.met(d, there) {
			return false
		}
	}
	return true
}

// level is the lowest of all that need s over hard dependencies.
func (m model) level(s id) int {
	seen := map[id]bool{s: true}
	for changed := true; changed; {
		changed = false
		for _, d := range m.dependencies {
			if d.Strength == catalog.SoftDependency || !m.running(d.Service) || seen[d.Service] {
				continue
			}
			if slices.ContainsFunc(d.Needs, func(n id) bool { return seen[n] && m.running(n) }) {
				seen[d.Service] = true
				changed = true
			}
		}
	}
	level := 0
	for x := range seen {
		if l := m.services[x].Level; l > 0 && (level == 0 || l < level) {
			level = l
		}
	}
	return level
}

// before is the order among what can be restored next.
func (m model) before(a, b []id) int {
	rank := func(s id) int {
		if l := m.level(s); l > 0 {
			return l
		}
		return 1 << 30
	}
	return cmp.Or(cmp.Compare(rank(a[0]), rank(b[0])), cmp.Compare(a[0], b[0]))
}

func TestRestoreOrderIsWhatItSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		services, dependencies := estates(t)
		m := modelOf(services, dependencies)
		g := catalog.NewGraph(services, dependencies)
		p := g.RestoreOrder()
		done := map[id]bool{}
		there := func(s id) bool { return done[s] }
		circular := func(step catalog.Step, s id) bool {
			return slices.Contains(step.Services, s) && slices.ContainsFunc(g.Cycles(), func(c []id) bool { return slices.Equal(c, step.Services) })
		}
		wave := map[id]int{}
		for place, step := range p.Steps {
			// Everything that could come here, its circle included.
			candidates := [][]id{}
			for _, other := range p.Steps[place:] {
				together := func(s id) bool { return done[s] || circular(other, s) }
				if !slices.ContainsFunc(other.Services, func(s id) bool { return !m.ready(s, together) }) {
					candidates = append(candidates, other.Services)
				}
			}
			require.NotEmpty(t, candidates)
			require.Equal(t, slices.MinFunc(candidates, m.before), step.Services, "step %d", place)
			require.Equal(t, m.level(step.Services[0]), step.Level)
			if len(step.Services) > 1 {
				for _, s := range step.Services {
					require.False(t, m.ready(s, there), "%s waits for nobody and is in a circle", s)
				}
			}
			for _, s := range step.Services {
				require.False(t, done[s], "%s comes twice", s)
				done[s] = true
				wave[s] = step.Wave
				at, ok := p.Position(s)
				require.True(t, ok)
				require.Equal(t, place+1, at)
			}
		}
		for s := range m.services {
			require.Equal(t, m.running(s), done[s], "%s is lost, or does not run", s)
		}
		// A wave is the earliest: everything before it is enough, one less is not.
		for _, step := range p.Steps {
			for less, enough := range map[int]bool{0: true, 1: step.Wave == 1} {
				before := func(s id) bool { return done[s] && wave[s] < step.Wave-less || circular(step, s) }
				if ok := !slices.ContainsFunc(step.Services, func(s id) bool { return !m.ready(s, before) }); ok != enough {
					t.Fatalf("%v: with the waves before %d enough: %t", step, step.Wave-less, ok)
				}
			}
		}
		require.Empty(t, checked(g.CheckOrder(slices.Concat(stepsOf(p)...))), "its own order passes")
	})
}

func stepsOf(p catalog.Plan) [][]id { return steps(p) }

func checked(findings []catalog.Finding) []catalog.Finding {
	return slices.DeleteFunc(findings, func(f catalog.Finding) bool { return f.Code != catalog.TooEarly && f.Code != catalog.LeftOut })
}

func TestCyclesAreThoseThatWait(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		services, dependencies := estates(t)
		m := modelOf(services, dependencies)
		cycles := catalog.NewGraph(services, dependencies).Cycles()
		// With nothing but what waits for nobody, exactly what rests on a circle is left.
		done := map[id]bool{}
		there := func(s id) bool { return done[s] }
		grow := func() {
			for changed := true; changed; {
				changed = false
				for s := range m.services {
					if m.running(s) && !done[s] && m.ready(s, there) {
						done[s], changed = true, true
					}
				}
			}
		}
		grow()
		all := len(done) == len(slices.DeleteFunc(slices.Clone(services), func(s catalog.Service) bool { return !m.running(s.ID) }))
		require.Equal(t, all, len(cycles) == 0)
		for _, c := range cycles {
			for _, s := range c {
				require.False(t, done[s], "%s needs no circle", s)
			}
		}
		for _, c := range cycles {
			for _, s := range c {
				done[s] = true
			}
		}
		grow()
		for s := range m.services {
			require.Equal(t, m.running(s), done[s], "%s is not reached even with the circles", s)
		}
	})
}

func TestTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	t.Parallel()
	services, dependencies := estate(300, 7)
	dependencies = append(dependencies, catalog.Hard("service-0000000", "service-0000299"), catalog.AtLeast(1, "service-0000100", "service-0000200", "service-0000201", "nobody"), catalog.Soft("service-0000010", "service-0000020"))
	answer := func() string {
		g := catalog.NewGraph(services, dependencies)
		text, err := json.Marshal([]any{g.RestoreOrder(), g.Impact("service-0000005", "service-0000200"), g.Reach("service-0000250"), g.Cycles()})
		require.NoError(t, err)
		return string(text)
	}
	want := answer()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		random.Shuffle(len(services), func(i, j int) { services[i], services[j] = services[j], services[i] })
		random.Shuffle(len(dependencies), func(i, j int) { dependencies[i], dependencies[j] = dependencies[j], dependencies[i] })
		if answer() != want {
			t.Fatal("another order of the input gives another answer")
		}
	}
}

func TestImpactIsWhatItSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		services, dependencies := estates(t)
		m := modelOf(services, dependencies)
		g := catalog.NewGraph(services, dependencies)
		var failed []id
		for range rapid.IntRange(1, 2).Draw(t, "failures") {
			failed = append(failed, id(fmt.Sprintf("s%d", rapid.IntRange(0, len(services)).Draw(t, "failed"))))
		}
		impact := g.Impact(failed...)
		spread := func(from map[id]bool, soft bool) map[id]bool {
			hit := map[id]bool{}
			for s := range from {
				hit[s] = true
			}
			for changed := true; changed; {
				changed = false
				for _, d := range dependencies {
					isSoft := d.Strength == catalog.SoftDependency
					if _, known := m.services[d.Service]; hit[d.Service] || known && !m.running(d.Service) || isSoft && !soft {
						continue
					}
					left := 0
					for _, n := range d.Needs {
						if !hit[n] {
							left++
						}
					}
					least := d.AtLeast
					if least == 0 {
						least = len(d.Needs)
					}
					if left < least {
						hit[d.Service], changed = true, true
					}
				}
			}
			return hit
		}
		sources := map[id]bool{}
		for _, f := range failed {
			sources[f] = true
		}
		down := spread(sources, false)
		lesser := spread(down, true)
		var got, gotLesser []id
		for _, h := range impact.Down {
			got = append(got, h.Service)
			checkPath(t, dependencies, h, failed, false)
		}
		for _, h := range impact.Degraded {
			gotLesser = append(gotLesser, h.Service)
			checkPath(t, dependencies, h, failed, true)
		}
		var want, wantLesser []id
		for s := range lesser {
			switch {
			case sources[s]:
			case down[s]:
				want = append(want, s)
			default:
				wantLesser = append(wantLesser, s)
			}
		}
		require.ElementsMatch(t, want, got)
		require.ElementsMatch(t, wantLesser, gotLesser)
		checkWeakened(t, m, impact.Weakened, down)
	})
}

// checkWeakened compares with what every group has left, straight from the
// definition.
func checkWeakened(t *rapid.T, m model, got []catalog.Weakened, down map[id]bool) {
	line := func(w catalog.Weakened) string { return fmt.Sprint(w.Service, w.Lost, w.Left, w.Needed, w.Soft) }
	want, have := map[string]bool{}, map[string]bool{}
	for _, d := range m.dependencies {
		_, known := m.services[d.Service]
		if d.AtLeast == 0 || d.AtLeast == len(d.Needs) || down[d.Service] || known && !m.running(d.Service) {
			continue
		}
		w := catalog.Weakened{Service: d.Service, Needed: d.AtLeast, Soft: d.Strength == catalog.SoftDependency}
		for _, n := range d.Needs {
			if down[n] {
				w.Lost = append(w.Lost, n)
			} else {
				w.Left = append(w.Left, n)
			}
		}
		if len(w.Lost) > 0 && w.Spare() >= 0 {
			want[line(w)] = true
		}
	}
	for _, w := range got {
		have[line(w)] = true
	}
	require.Equal(t, want, have)
}

// One of two lines is lost: nothing goes down, and there is nothing to fall back on.
func TestLostRedundancy(t *testing.T) {
	t.Parallel()
	services := []catalog.Service{{ID: "net"}, {ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "web"}}
	g := catalog.NewGraph(services, []catalog.Dependency{catalog.AtLeast(1, "net", "a", "b"), catalog.AtLeast(1, "web", "a", "b", "c")})
	impact := g.Impact("a")
	require.Empty(t, impact.Down)
	require.Equal(t, []catalog.Weakened{
		{Service: "net", Lost: []id{"a"}, Left: []id{"b"}, Needed: 1}, {Service: "web", Lost: []id{"a"}, Left: []id{"b", "c"}, Needed: 1},
	}, impact.Weakened)
	require.Zero(t, impact.Weakened[0].Spare())
	require.Equal(t, 1, impact.Weakened[1].Spare())
	impact = g.Impact("a", "b")
	require.Equal(t, "net", string(impact.Down[0].Service))
	require.Equal(t, []catalog.Weakened{{Service: "web", Lost: []id{"a", "b"}, Left: []id{"c"}, Needed: 1}}, impact.Weakened)
	require.Equal(t, []catalog.Weakened{}, g.Impact("c", "nobody").Weakened[1:])
}

// checkPath walks a path along dependencies.
func checkPath(t *rapid.T, dependencies []catalog.Dependency, h catalog.Hit, ends []id, soft bool) {
	require.Equal(t, h.Service, h.Path[0])
	require.Contains(t, ends, h.Path[len(h.Path)-1])
	for i := range len(h.Path) - 1 {
		require.True(t, slices.ContainsFunc(dependencies, func(d catalog.Dependency) bool {
			return d.Service == h.Path[i] && slices.Contains(d.Needs, h.Path[i+1]) && (soft || d.Strength != catalog.SoftDependency)
		}), "%v", h.Path)
	}
}

func TestReachIsImpactSeenFromTheOtherSide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		services, dependencies := estates(t)
		plain := slices.DeleteFunc(dependencies, func(d catalog.Dependency) bool { return d.AtLeast > 0 })
		for i := range services {
			services[i].State = catalog.ServiceLive
		}
		g := catalog.NewGraph(services, plain)
		for _, s := range services {
			reach := g.Reach(s.ID)
			for _, h := range reach.Hard {
				require.Equal(t, h.Service, h.Path[len(h.Path)-1])
				require.Equal(t, s.ID, h.Path[0])
				back := g.Impact(h.Service).Down
				i := slices.IndexFunc(back, func(b catalog.Hit) bool { return b.Service == s.ID })
				require.GreaterOrEqual(t, i, 0, "%s rests on %s", s.ID, h.Service)
				require.Len(t, h.Path, len(back[i].Path), "both are shortest")
			}
			for _, h := range reach.Soft {
				i := slices.IndexFunc(g.Impact(h.Service).Degraded, func(b catalog.Hit) bool { return b.Service == s.ID })
				require.GreaterOrEqual(t, i, 0, "%s rests softly on %s", s.ID, h.Service)
			}
		}
	})
}

func TestClosesCycle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		services, dependencies := estates(t)
		plain := slices.DeleteFunc(dependencies, func(d catalog.Dependency) bool { return d.AtLeast > 0 })
		for i := range services {
			services[i].State = catalog.ServiceLive
		}
		g := catalog.NewGraph(services, plain)
		if len(g.Cycles()) > 0 || len(services) == 0 {
			return
		}
		a, b := rapid.SampledFrom(services).Draw(t, "a").ID, rapid.SampledFrom(services).Draw(t, "b").ID
		after := catalog.NewGraph(services, append(plain, catalog.Hard(a, b)))
		require.Equal(t, len(after.Cycles()) > 0, g.ClosesCycle(a, b))
	})
}

func TestAHashIsNoId(t *testing.T) {
	t.Parallel()
	require.False(t, catalog.FoundByHashAlone())
}

func codes(findings []catalog.Finding) (list []string) {
	for _, f := range findings {
		list = append(list, string(f.Code)+" "+string(f.Service))
	}
	return list
}

func hours(n int) calendar.Duration { return calendar.Within(time.Duration(n) * time.Hour) }

package catalog_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
)

func recovering(name id, level, rto, takes int) catalog.Service {
	s := catalog.Service{ID: name, Level: level}
	if rto >= 0 {
		s.Recovery.RTO = hours(rto)
	}
	if takes >= 0 {
		s.Recovery.Takes = hours(takes)
	}
	return s
}

// erp needs the database and one of two lines, the database needs storage.
func datacentre() ([]catalog.Service, []catalog.Dependency) {
	services := []catalog.Service{
		recovering("erp", 1, 4, 1), recovering("database", 3, -1, 2), recovering("storage", 0, 8, 3),
		recovering("line-a", 2, -1, 9), recovering("line-b", 2, -1, 1), recovering("wiki", 4, -1, -1),
	}
	dependencies := []catalog.Dependency{
		catalog.Hard("erp", "database"), catalog.Hard("database", "storage"),
		catalog.AtLeast(1, "erp", "line-a", "line-b"), catalog.Soft("erp", "wiki"),
	}
	return services, dependencies
}

func TestRecoveryTargets(t *testing.T) {
	t.Parallel()
	p := catalog.NewGraph(datacentre()).RestoreOrder()
	back := map[id]string{}
	for _, s := range p.Steps {
		back[s.Services[0]] = s.Back.String()
	}
	require.Equal(t, map[id]string{"storage": "3h0m0s", "database": "5h0m0s", "line-a": "9h0m0s", "line-b": "1h0m0s", "erp": "6h0m0s", "wiki": "undefined"}, back)
	require.Equal(t, [][]id{{"line-a"}, {"line-b"}, {"storage"}, {"database"}, {"erp"}, {"wiki"}}, steps(p))
	want := []catalog.Finding{
		{Code: catalog.TargetLooser, Service: "storage", Services: []id{"erp", "database", "storage"}, Text: "storage may take 8h0m0s, and erp, which rests on it, must be back within 4h0m0s"},
		{Code: catalog.TargetMissed, Service: "erp", Services: []id{"erp", "database", "storage"}, Text: "erp is to be back within 4h0m0s, and takes 6h0m0s over erp → database → storage"},
	}
	if diff := cmp.Diff(want, p.Findings); diff != "" {
		t.Error(diff)
	}
}

func TestMissingDurations(t *testing.T) {
	t.Parallel()
	services, dependencies := datacentre()
	services[1].Recovery.Takes = calendar.Duration{}
	services = append(services, recovering("mail", 5, 1, -1))
	p := catalog.NewGraph(services, dependencies).RestoreOrder()
	require.Equal(t, []string{"rto-looser storage", "rto-unproven erp"}, codes(p.Findings), "3 h + ? + 1 h is 4 h at the least: neither kept nor missed")
	require.Equal(t, []id{"erp", "mail"}, p.Findings[1].Services)
	services[0].Recovery.RTO = hours(3)
	p = catalog.NewGraph(services, dependencies).RestoreOrder()
	require.Equal(t, []string{"rto-looser storage", "rto-missed erp", "rto-unproven mail"}, codes(p.Findings), "what is known is too much already")
	require.Contains(t, p.Findings[1].Text, "at least 4h0m0s")
}

func TestACircleTakesAsLongAsAllOfIt(t *testing.T) {
	t.Parallel()
	g := catalog.NewGraph(
		[]catalog.Service{recovering("a", 1, 5, 2), recovering("b", 2, -1, 3), recovering("c", 2, -1, 1), recovering("d", 1, 100, 1)},
		[]catalog.Dependency{catalog.Hard("a", "b"), catalog.Hard("b", "a", "c"), catalog.Hard("d", "b")},
	)
	p := g.RestoreOrder()
	require.Equal(t, [][]id{{"c"}, {"a", "b"}, {"d"}}, steps(p))
	require.Equal(t, []int{1, 2, 3}, []int{p.Steps[0].Wave, p.Steps[1].Wave, p.Steps[2].Wave})
	require.Equal(t, "6h0m0s", p.Steps[1].Back.String())
	require.Equal(t, []string{"cycle a", "rto-missed a"}, codes(p.Findings))
	require.Equal(t, []id{"a", "c"}, p.Findings[1].Services)
	require.Equal(t, "a needs b first, and they need it", p.Findings[0].Text)
}

func TestTraceOfAPlace(t *testing.T) {
	t.Parallel()
	p := catalog.NewGraph(datacentre()).RestoreOrder()
	trace, ok := p.Trace("database")
	require.True(t, ok)
	require.Equal(t, `place of database among 6, in wave 2: 4 [@provider/catalog.service/database]
  level inherited, needed by erp → database: 1 [@provider/catalog.service/erp]
  waits for storage: 3 [@provider/catalog.service/storage]
  back after the loss, over database → storage: 18000 s
`, trace.String())
	trace, ok = p.Trace("erp")
	require.True(t, ok)
	require.Equal(t, `place of erp among 6, in wave 3: 5 [@provider/catalog.service/erp]
  its own level: 1 [@provider/catalog.service/erp]
  waits for database: 4 [@provider/catalog.service/database]
  waits for so many: 1
    line-a can serve: 1 [@provider/catalog.service/line-a]
    line-b can serve: 2 [@provider/catalog.service/line-b]
  back after the loss, over erp → database → storage: 21600 s
`, trace.String())
	_, ok = p.Trace("nobody")
	require.False(t, ok)
	text, err := json.Marshal(p)
	require.NoError(t, err)
	var read catalog.Plan
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, p.Steps, read.Steps)
	place, ok := read.Position("erp")
	require.True(t, ok)
	require.Equal(t, 5, place)
	_, ok = read.Trace("erp")
	require.False(t, ok, "a plan that was read does not know why")
}

func TestFindings(t *testing.T) {
	t.Parallel()
	services := []catalog.Service{
		{ID: "a", Level: 3}, {ID: "a", Level: 2, State: catalog.ServiceRetired}, {ID: "b"}, {ID: "old", State: catalog.ServiceRetired}, {ID: "soon", State: catalog.ServicePlanned}, {ID: "self", Level: 1},
	}
	g := catalog.NewGraph(services, []catalog.Dependency{
		catalog.Hard("a", "zz", "old"), catalog.Soft("b", "zz", "soon"), catalog.Hard("self", "self"), catalog.Hard("stranger", "a"), catalog.Hard("soon", "b"),
	})
	require.Equal(t, []string{"cycle self", "described-twice a", "not-running old", "unknown stranger", "unknown zz"}, codes(g.Findings()))
	for _, f := range g.Findings() {
		t.Log(f)
	}
	require.Equal(t, []id{"a", "b"}, g.Findings()[4].Services)
	for _, order := range [][]int{{3, 2, 5}, {5, 3, 2}, {2, 5, 3}, {0, 2, 5}} {
		var twice []catalog.Service
		for _, level := range order {
			twice = append(twice, catalog.Service{ID: "a", Level: level})
		}
		require.Equal(t, 2, catalog.NewGraph(twice, nil).RestoreOrder().Steps[0].Level)
	}
	// What Validate would refuse is answered all the same.
	odd := catalog.NewGraph(services, []catalog.Dependency{catalog.AtLeast(2, "a", "b", "b", "b"), {Service: "b", Needs: []id{"self"}, AtLeast: -7}})
	require.Equal(t, [][]id{{"self"}, {"b"}, {"a"}}, steps(odd.RestoreOrder()))
	require.Len(t, odd.Impact("b").Down, 1)
	twice := catalog.NewGraph([]catalog.Service{{ID: "a"}, {ID: "b"}, {ID: "c"}}, []catalog.Dependency{catalog.AtLeast(2, "a", "b", "b", "c")})
	require.Equal(t, [][]id{{"b"}, {"c"}, {"a"}}, steps(twice.RestoreOrder()), "one that is named twice is one")
	p := g.RestoreOrder()
	require.Equal(t, [][]id{{"self"}, {"a"}, {"b"}}, steps(p))
	require.Equal(t, 2, p.Steps[1].Level, "the worse of the two counts")
	require.Equal(t, catalog.NotAssessed, p.Findings[len(p.Findings)-1].Code)
	require.Equal(t, 5, g.Len())
	_, ok := p.Position("old")
	require.False(t, ok)
	impact := g.Impact("zz")
	require.Equal(t, hits("a zz", "stranger a zz"), impact.Down)
	require.Equal(t, hits("b zz"), impact.Degraded, "what is planned is not hit")
	require.Empty(t, g.Impact("who").Down)
	require.Empty(t, g.Reach("who").Hard)
	all := slices.Collect(impact.All())
	require.Equal(t, []id{"zz"}, all[0].Path)
	require.Len(t, all, 3)
	for range impact.All() {
		break
	}
}

func TestImpactGoesTheShortestWay(t *testing.T) {
	t.Parallel()
	var services []catalog.Service
	for _, n := range []id{"shop", "web", "cache", "api", "database", "storage", "mail"} {
		services = append(services, catalog.Service{ID: n})
	}
	g := catalog.NewGraph(services, []catalog.Dependency{
		catalog.Hard("shop", "web", "api"), catalog.Hard("web", "cache"), catalog.Hard("cache", "database"),
		catalog.Hard("api", "database"), catalog.Hard("database", "storage"), catalog.Soft("mail", "shop"), catalog.Soft("cache", "mail"),
	})
	impact := g.Impact("storage")
	require.Equal(t, hits("database storage", "api database storage", "cache database storage", "shop api database storage", "web cache database storage"), impact.Down)
	require.Equal(t, hits("mail shop api database storage"), impact.Degraded)
	require.Equal(t, hits("cache mail", "web cache mail", "shop web cache mail"), g.Impact("mail").Degraded)
	reach := g.Reach("mail")
	require.Empty(t, reach.Hard)
	require.Equal(t, []id{"mail", "shop", "api", "database", "storage"}, reach.Soft[len(reach.Soft)-1].Path)
	// By the degraded one it is two steps, by those that are down it would be four.
	g2 := catalog.NewGraph(services, []catalog.Dependency{
		catalog.Hard("web", "storage"), catalog.Hard("cache", "web"), catalog.Hard("api", "cache"), catalog.Soft("shop", "api"),
		catalog.Soft("mail", "storage"), catalog.Hard("shop", "mail"),
	})
	require.Equal(t, hits("mail storage", "shop mail storage"), g2.Impact("storage").Degraded)
	// Degraded chains do not run ahead of what is down.
	g3 := catalog.NewGraph(services, []catalog.Dependency{
		catalog.Hard("web", "storage"), catalog.Soft("mail", "storage"), catalog.Hard("cache", "mail"), catalog.Hard("api", "cache"), catalog.Soft("shop", "api", "web"),
	})
	require.Equal(t, hits("mail storage", "cache mail storage", "shop web storage", "api cache mail storage"), g3.Impact("storage").Degraded)
	both := g.Impact("storage", "api", "storage")
	require.Equal(t, []id{"api", "storage"}, both.Of)
	require.Equal(t, hits("database storage", "shop api", "cache database storage", "web cache database storage"), both.Down)
}

// hits writes hits by their paths.
func hits(paths ...string) (list []catalog.Hit) {
	for _, p := range paths {
		h := catalog.Hit{}
		for name := range strings.FieldsSeq(p) {
			h.Path = append(h.Path, id(name))
		}
		h.Service, h.Distance = h.Path[0], len(h.Path)-1
		list = append(list, h)
	}
	return list
}

func TestCheckOrderOfARunBook(t *testing.T) {
	t.Parallel()
	g := catalog.NewGraph(datacentre())
	require.Equal(t, []string{"left-out line-a", "left-out wiki", "too-early database", "too-early erp", "unknown fax"},
		codes(g.CheckOrder([]id{"database", "erp", "storage", "line-b", "fax", "erp"})))
	found := g.CheckOrder([]id{"storage", "database", "line-b", "erp", "line-a", "wiki"})
	require.Empty(t, found, "one of the lines is enough")
	circle := catalog.NewGraph([]catalog.Service{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}}, []catalog.Dependency{
		catalog.Hard("a", "b"), catalog.Hard("b", "a", "c"), catalog.AtLeast(1, "d", "a", "b"),
	})
	require.Empty(t, circle.CheckOrder([]id{"c", "b", "d", "a"}), "in a circle nobody is too early")
	require.Empty(t, circle.CheckOrder([]id{"c", "a", "b", "d"}))
	require.Equal(t, []string{"too-early b", "too-early d"}, codes(circle.CheckOrder([]id{"d", "b", "a", "c"})))
	require.Equal(t, []id{"c"}, circle.CheckOrder([]id{"d", "b", "a", "c"})[0].Services)
}

func TestEmptyGraph(t *testing.T) {
	t.Parallel()
	g := catalog.NewGraph(nil, nil)
	text, err := json.Marshal([]any{g.RestoreOrder(), g.Impact("x"), g.Reach("x"), g.Cycles()})
	require.NoError(t, err)
	require.JSONEq(t, `[{"steps":[]},{"of":["x"],"down":[],"degraded":[],"weakened":[]},{"of":"x","hard":[],"soft":[]},[]]`, string(text))
	require.Empty(t, g.Findings())
	var p catalog.Plan
	_, ok := p.Position("x")
	require.False(t, ok)
}

func TestLongChains(t *testing.T) {
	t.Parallel()
	const n = 20_000
	services := make([]catalog.Service, n)
	var dependencies []catalog.Dependency
	name := func(i int) id { return id(time.Unix(int64(i), 0).UTC().Format(time.RFC3339)) }
	for i := range services {
		services[i] = catalog.Service{ID: name(i), Recovery: catalog.Recovery{RTO: hours(1), Takes: hours(24 * 365 * 90)}}
		if i > 0 {
			dependencies = append(dependencies, catalog.Hard(name(i-1), name(i)))
		}
	}
	p := catalog.NewGraph(services, dependencies).RestoreOrder()
	require.Equal(t, n, p.Steps[n-1].Wave)
	require.Len(t, p.Findings, n+1, "all miss their target, and none is assessed")
	require.Equal(t, "876000h0m0s", p.Steps[n-1].Back.String(), "a hundred years stand for all that is longer")
	hit := catalog.NewGraph(services, dependencies).Impact(name(n - 1)).Down[n-2]
	require.Equal(t, n-1, hit.Distance)
	require.Len(t, hit.Path, 100)
	require.Equal(t, []id{name(0), name(98), name(n - 1)}, []id{hit.Path[0], hit.Path[98], hit.Path[99]})
	closed := catalog.NewGraph(services, append(dependencies, catalog.Hard(name(n-1), name(0))))
	require.Len(t, closed.Cycles(), 1)
	require.Len(t, closed.RestoreOrder().Steps, 1)
}

package catalog_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
)

// A graph that is large enough for every shortcut: few of many are equally near,
// and many of many; a way is longer than what is written out of it.
func TestLargeGraphs(t *testing.T) {
	t.Parallel()
	const count, long = 13_000, 250
	name := func(n int) servicecoin.ServiceID { return servicecoin.ServiceID(fmt.Sprintf("s%05d", n)) }
	var services []catalog.Service
	var dependencies []catalog.Dependency
	for n := range count {
		services = append(services, catalog.Service{ID: name(n)})
		switch {
		case n == 0:
		case n < long: // a chain: each needs the one before
			dependencies = append(dependencies, catalog.Hard(name(n), name(n-1)))
		case n < long+3: // few need the middle of it
			dependencies = append(dependencies, catalog.Hard(name(n), name(30)))
		case n == long+3: // of three that are equally near, this one is found last
			dependencies = append(dependencies, catalog.Hard(name(n), name(5000)))
		case n == count-2:
			dependencies = append(dependencies, catalog.Hard(name(n), name(1)))
		default: // and many the first
			dependencies = append(dependencies, catalog.Hard(name(n), name(0)))
		}
	}
	ways := func(hits []catalog.Hit) map[servicecoin.ServiceID]catalog.Hit {
		m := map[servicecoin.ServiceID]catalog.Hit{}
		for _, h := range hits {
			m[h.Service] = h
		}
		require.Len(t, m, len(hits))
		return m
	}
	listed := catalog.NewGraph(services, dependencies)
	slices.Reverse(services)
	slices.Reverse(dependencies)
	for _, g := range []*catalog.Graph{listed, catalog.NewGraph(services, dependencies)} {
		require.Empty(t, g.Findings())
		down := g.Impact(name(0)).Down
		require.Len(t, down, count-1)
		require.True(t, slices.IsSortedFunc(down, func(a, b catalog.Hit) int {
			if a.Distance != b.Distance {
				return a.Distance - b.Distance
			}
			return slices.Compare([]servicecoin.ServiceID{a.Service}, []servicecoin.ServiceID{b.Service})
		}), "the nearest first, then by id")
		way := func(from, nodes int) []servicecoin.ServiceID { // down the chain, to the first
			var path []servicecoin.ServiceID
			for n := from; len(path) < nodes-1; n-- {
				path = append(path, name(n))
			}
			return append(path, name(0))
		}
		of := ways(down)
		for n, nodes := range map[int]int{1: 2, 98: 99, 99: 100, 100: 100, 101: 100, 200: 100, long - 1: 100} {
			require.Equal(t, catalog.Hit{Service: name(n), Path: way(n, nodes), Distance: n}, of[name(n)], n)
		}
		require.Equal(t, append([]servicecoin.ServiceID{name(long + 1)}, way(30, 31)...), of[name(long+1)].Path)
		require.Equal(t, []servicecoin.ServiceID{name(count - 1), name(0)}, of[name(count-1)].Path)

		rests := ways(g.Reach(name(long - 1)).Hard)
		require.Len(t, rests, long-1)
		for n, distance := range map[int]int{long - 2: 1, long - 100: 99, long - 101: 100, 0: long - 1} {
			h := rests[name(n)]
			require.Equal(t, distance, h.Distance)
			require.Equal(t, []servicecoin.ServiceID{name(long - 1), name(n)}, []servicecoin.ServiceID{h.Path[0], h.Path[len(h.Path)-1]})
			require.Len(t, h.Path, min(distance+1, 100))
			require.Equal(t, name(n+1), h.Path[max(len(h.Path)-2, 0)], "the end at the service that is needed is whole")
		}
		plan := g.RestoreOrder()
		require.Len(t, plan.Steps, count)
		require.Equal(t, long, plan.Steps[long-1].Wave)
		require.Len(t, plan.Findings, 1, "nobody has assessed them")
	}
}

// A circle is found behind a service that is not running, and in a listing
// whose owners come in order.
func TestCirclesInListings(t *testing.T) {
	t.Parallel()
	services := []catalog.Service{{ID: "a"}, {ID: "b"}, {ID: "c", State: catalog.ServiceRetired}, {ID: "d"}}
	g := catalog.NewGraph(services, []catalog.Dependency{catalog.Hard("a", "b", "c"), catalog.Hard("b", "a"), catalog.Hard("d", "a")})
	require.Equal(t, [][]servicecoin.ServiceID{{"a", "b"}}, g.Cycles())
	g = catalog.NewGraph(services, []catalog.Dependency{catalog.Hard("a", "c"), catalog.Hard("c", "a"), catalog.Hard("d", "a")})
	require.Empty(t, g.Cycles(), "what does not run waits for nobody")
}

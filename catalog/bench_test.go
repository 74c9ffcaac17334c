package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
)

// estate makes n services with three hard dependencies each on earlier ones, a
// tenth of them on one of 200 that many share, in random order.
func estate(n int, seed uint64) ([]catalog.Service, []catalog.Dependency) {
	random := rand.New(rand.NewPCG(seed, 1))
	services := make([]catalog.Service, n)
	dependencies := make([]catalog.Dependency, 0, 3*n)
	id := func(i int) servicecoin.ServiceID { return servicecoin.ServiceID(fmt.Sprintf("service-%07d", i)) }
	for i := range services {
		services[i] = catalog.Service{ID: id(i), Level: 1 + random.IntN(5)}
		for range min(i, 3) {
			needs := random.IntN(i)
			if random.IntN(10) == 0 {
				needs = random.IntN(min(i, 200))
			}
			dependencies = append(dependencies, catalog.Hard(id(i), services[needs].ID))
		}
	}
	random.Shuffle(n, func(i, j int) { services[i], services[j] = services[j], services[i] })
	random.Shuffle(len(dependencies), func(i, j int) { dependencies[i], dependencies[j] = dependencies[j], dependencies[i] })
	return services, dependencies
}

func BenchmarkGraph(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		services, dependencies := estate(n, 1)
		b.Run(fmt.Sprintf("build/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				catalog.NewGraph(services, dependencies)
			}
		})
		listed, arranged := slices.Clone(services), slices.Clone(dependencies)
		slices.SortFunc(listed, func(a, b catalog.Service) int { return strings.Compare(string(a.ID), string(b.ID)) })
		slices.SortFunc(arranged, func(a, b catalog.Dependency) int { return strings.Compare(string(a.Service), string(b.Service)) })
		b.Run(fmt.Sprintf("build from a listing/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				catalog.NewGraph(listed, arranged)
			}
		})
		g := catalog.NewGraph(services, dependencies)
		b.Run(fmt.Sprintf("restore/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if p := g.RestoreOrder(); len(p.Steps) != n {
					b.Fatal(len(p.Steps))
				}
			}
		})
		b.Run(fmt.Sprintf("impact of what all rest on/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if i := g.Impact("service-0000000"); len(i.Down) != n-1 {
					b.Fatal(len(i.Down))
				}
			}
		})
		b.Run(fmt.Sprintf("impact of a leaf/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Impact(services[n/2].ID)
			}
		})
		b.Run(fmt.Sprintf("reach/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Reach(services[n/2].ID)
			}
		})
	}
}

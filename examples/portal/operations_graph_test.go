package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
)

// What is drawn is what is there: each service once, nothing over anything else, and
// a need below what needs it.
func TestPictureOfTheGraph(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var services []catalog.Service
		var needs []catalog.Dependency
		n := 1 + random.IntN(14)
		id := func(i int) servicecoin.ServiceID { return servicecoin.ServiceID(fmt.Sprintf("s%d", i)) }
		for i := range n {
			services = append(services, catalog.Service{ID: id(i), Name: strings.Repeat("Long name ", 1+i%3)})
		}
		cyclic := random.IntN(3) == 0
		edges := map[string]bool{}
		for range random.IntN(20) {
			a, b := random.IntN(n), random.IntN(n)
			if a > b && !cyclic {
				a, b = b, a
			}
			needs = append(needs, catalog.Hard(id(a), id(b)))
			if a != b {
				edges[fmt.Sprint(a, b)] = true
			}
		}
		pic, ok := draw(services, needs)
		require.True(t, ok)
		require.Len(t, pic.Nodes, n)
		require.Len(t, pic.Edges, len(edges))
		top := map[servicecoin.ServiceID]int{}
		for i, a := range pic.Nodes {
			top[a.ID] = a.Y
			require.True(t, a.X >= 0 && a.X+a.W <= pic.Width && a.Y >= 0 && a.Y+a.H <= pic.Height)
			for _, b := range pic.Nodes[:i] {
				require.True(t, a.X+a.W <= b.X || b.X+b.W <= a.X || a.Y+a.H <= b.Y || b.Y+b.H <= a.Y, "boxes do not overlap")
			}
			for _, line := range a.Lines {
				require.LessOrEqual(t, len([]rune(line.Text)), lineChars)
			}
		}
		for _, d := range needs {
			if !cyclic && d.Service != d.Needs[0] {
				require.Less(t, top[d.Service], top[d.Needs[0]])
			}
		}
	}
	_, ok := draw(make([]catalog.Service, mostDrawn+1), nil)
	require.False(t, ok)
	_, ok = draw(nil, nil)
	require.False(t, ok)
}

func TestDependenciesAreDrawn(t *testing.T) {
	t.Parallel()
	r := demoPortal(t).as("ben")
	body := r.page("/dependencies")
	require.Equal(t, 9, strings.Count(body, `class="box `))
	require.Contains(t, body, `href="/dependencies?fails=line-a"`)
	require.Contains(t, body, `class="edge soft"`)
	require.Contains(t, body, ">1 of 2</text>")
	require.Contains(t, body, "needs 1 of Line of carrier A and Line of carrier B", "the same in words")

	body = r.page("/dependencies?fails=line-a")
	require.Contains(t, body, "Nothing else goes down.")
	require.Contains(t, body, "Network goes on with Line of carrier B, but its redundancy is lost: if that fails, too, it goes down.")
	require.Contains(t, body, "no redundancy</tspan>")
	require.Contains(t, body, "None: nobody has a subscription to it")
	body = r.page("/dependencies?fails=storage")
	for _, want := range []string{"3 customers", "Alder Hospital", "Order entry → Database platform → Storage", ">down</tspan>", "/customers/birch/subscriptions/"} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, body, "Redundancy that is lost")
	require.Contains(t, r.page("/dependencies?fails=mail"), "works with less</tspan>")
	status, _ := r.get("/dependencies?" + url.Values{"fails": {"none"}}.Encode())
	require.Equal(t, 404, status)
}

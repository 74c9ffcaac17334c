package catalog

import (
	"fmt"

	"github.com/servicecoin/servicecoin"
)

// CheckOrder judges an order that somebody else has made, a run book say: which
// service comes before what it needs, which one is left out or unknown. Of
// services that wait for each other no order is right, so none of them comes too
// early for another. A service that is named twice counts where it comes first.
func (g *Graph) CheckOrder(order []servicecoin.ServiceID) []Finding {
	found := []Finding{}
	w := g.walk(g.circles)
	came := make([]bool, len(g.ids))
	for _, id := range order {
		n, ok := g.find(id)
		switch {
		case !ok || int(n) >= g.declared:
			found = append(found, Finding{Code: UnknownService, Service: id, Text: fmt.Sprintf("%s is in the order, and nobody describes it", id)})
			continue
		case came[n] || !g.runs[n]:
			continue
		}
		came[n] = true
		var missing []int32
		for _, r := range g.hard(n) {
			if *w.remaining(r) <= 0 {
				continue
			}
			for _, m := range g.members.of(r) {
				if g.running(m) && !came[m] && w.headOf(m) != w.headOf(n) {
					missing = append(missing, m)
				}
			}
		}
		if len(missing) > 0 {
			names := g.names(missing)
			found = append(found, Finding{Code: TooEarly, Service: id, Services: names, Text: fmt.Sprintf("%s comes before %s, which it needs", id, joined(names))})
		}
		for _, r := range g.back.of(n) {
			if *w.remaining(r) > 0 && (w.head == nil || w.headOf(g.owner(r)) != w.headOf(n)) {
				*w.remaining(r)--
			}
		}
	}
	for n := range num(g.declared) {
		if g.runs[n] && !came[n] {
			found = append(found, Finding{Code: LeftOut, Service: g.ids[n], Text: fmt.Sprintf("%s is not in the order", g.ids[n])})
		}
	}
	sortFindings(found)
	return found
}

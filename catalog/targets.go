package catalog

import (
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// targets sets when each step is back, and finds the recovery targets that are
// missed, that cannot be checked, and that are looser than that of what rests on
// them.
func (p *Plan) targets(heads []int32) {
	g := p.graph
	if g.rto == nil {
		return
	}
	f := g.finish(len(heads))
	p.after = f.after
	for i, head := range heads {
		if f.exact[head] {
			p.Steps[i].Back = lasting(f.back[head])
		}
	}
	tight, _ := g.inherit(g.rto)
	var found []Finding
	var unproven []servicecoin.ServiceID
	for n := range num(g.declared) {
		if !g.runs[n] {
			continue
		}
		id, own := g.ids[n], int64(g.rto[n])-1
		if own < 0 {
			continue
		}
		head := f.headOf(n)
		switch back := f.back[head]; {
		case back > own:
			way := g.names(p.critical(n))
			found = append(found, Finding{
				Code: TargetMissed, Service: id, Services: way,
				Text: fmt.Sprintf("%s is to be back within %v, and takes %s over %s", id, lasting(own), f.text(head), chain(way)),
			})
		case !f.exact[head]:
			unproven = append(unproven, id)
		}
		if tightest := int64(tight[n].value) - 1; tightest < own {
			way := g.names(tight.way(n))
			found = append(found, Finding{
				Code: TargetLooser, Service: id, Services: way,
				Text: fmt.Sprintf("%s may take %v, and %s, which rests on it, must be back within %v", id,
					lasting(own), way[0], lasting(tightest)),
			})
		}
	}
	if len(unproven) > 0 {
		found = append(found, Finding{
			Code: TargetUnproven, Service: unproven[0], Services: unproven,
			Text: "it is not known how long it takes until these are back, and they have a target: " + joined(unproven),
		})
	}
	p.Findings = append(p.Findings, found...)
	sortFindings(p.Findings)
}

// finished is when what is back, after the loss.
type finished struct {
	*walk

	back  []int64 // head → seconds, at the least
	exact []bool  // head → whether all durations that count are known
	after []int32 // head → the node that it waited for last; -1: nothing
}

// finish restores everything with enough hands: a service begins when the last
// of what it needs is back, in the order in which they come back. A missing
// duration counts nothing, so that the sum is what it takes at the least; a
// circle takes as long as all of it one after the other.
func (g *Graph) finish(steps int) finished {
	f := finished{
		walk: g.walk(g.circles), back: make([]int64, len(g.ids)), exact: make([]bool, len(g.ids)), after: make([]int32, len(g.ids)),
	}
	doubtful := make([]bool, len(g.ids)) // something that it waited for is not exact
	ready := make(heap, 0, steps)
	start := func(n, after int32, at int64) {
		f.after[n], f.exact[n] = after, !doubtful[n]
		var one [1]int32
		for _, m := range f.together(n, one[:0]) {
			if g.takes[m] == 0 {
				f.exact[n] = false
				continue
			}
			at += int64(g.takes[m]) - 1
		}
		f.back[n] = at
		ready.push(item{at, n})
	}
	f.heads(func(n int32) { start(n, -1, 0) })
	var one [1]int32
	for len(ready) > 0 {
		now := ready.pop()
		for _, n := range f.together(now.node, one[:0]) {
			for _, r := range f.walk.back.of(n) {
				if o := f.headOf(f.owner(r)); *f.remaining(r) > 0 && o != now.node && !f.exact[now.node] {
					doubtful[o] = true
				}
			}
		}
		f.release(now.node, func(o int32) { start(o, now.node, now.rank) })
	}
	return f
}

// lasting returns seconds as a duration, a hundred years for all that is more.
func lasting(seconds int64) calendar.Elapsed {
	return calendar.Took(time.Duration(min(seconds, longest)) * time.Second)
}

// text returns the length of the way, "at least" where a duration is missing.
func (f *finished) text(head int32) string {
	length := lasting(f.back[head]).String()
	if !f.exact[head] {
		return "at least " + length
	}
	return length
}

// critical returns the way that decides when a service is back: the service, the
// one that it waited for last, and so on, the first hundred.
func (p *Plan) critical(n int32) []int32 {
	head := func(n int32) int32 {
		first, _ := p.graph.find(p.Steps[p.place[n]].Services[0])
		return first
	}
	list := []int32{n}
	if p.after == nil {
		return list
	}
	for n = p.after[head(n)]; n >= 0 && len(list) < maxPath; n = p.after[head(n)] {
		list = append(list, n)
	}
	return list
}

package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Plan is the order in which services are restored after the loss of
// everything.
type Plan struct {
	Steps []Step `json:"steps"`
	// Findings are those of the graph, and what the plan itself shows: services
	// without a level, recovery targets that it misses.
	Findings []Finding `json:"findings,omitempty"`

	graph  *Graph
	place  []int32 // node → its step
	levels inherited
	after  []int32 // node → the last of its needs that came back; nil without durations
}

// Step is one service that is restored, or several that wait for each other
// and are restored together.
type Step struct {
	Services []servicecoin.ServiceID `json:"services"` // sorted
	// Level is the lowest number among the service's own and those of all that
	// rests on it, over hard dependencies; 0: none of them is assessed.
	Level int `json:"level"`
	// Wave is the earliest round in which it can be restored, from 1: everything
	// of a wave can be restored at the same time.
	Wave int `json:"wave"`
	// Back is how long after the loss it is back at the earliest, if each step
	// takes as long as said and no hand is missing; undefined if a duration on the
	// way is.
	Back calendar.Elapsed `json:"backSeconds"`
}

// String returns "storage (level 1, wave 2)".
func (s Step) String() string {
	names := make([]string, len(s.Services))
	for i, id := range s.Services {
		names[i] = string(id)
	}
	level := "level not assessed"
	if s.Level > 0 {
		level = fmt.Sprintf("level %d", s.Level)
	}
	return fmt.Sprintf("%s (%s, wave %d)", strings.Join(names, " + "), level, s.Wave)
}

// RestoreOrder returns the order in which services are restored: what a service
// needs comes before it; among what can be next, the lowest inherited level comes
// first, then the smallest id, byte by byte. A service inherits the lowest number
// of all that needs it over hard dependencies, so storage below the most critical
// service is as critical. What nobody has assessed comes last. Of a group of which
// some must be there, all inherit, and the first that are back will do. Soft
// dependencies do not bind. Services that wait for each other are one step;
// nothing else is lost by it.
func (g *Graph) RestoreOrder() Plan {
	p := Plan{graph: g, place: make([]int32, len(g.ids))}
	var order []int32
	p.levels, order = g.inherit(g.level)
	for n := range num(g.declared) {
		if g.runs[n] && p.levels[n].value == 0 {
			order = append(order, n) // nobody has assessed it: last
		}
	}
	w := g.walk(g.circles)
	for n := range w.nodes {
		w.nodes[n].level = p.levels[n].value
	}
	total := w.count()
	p.Steps = make([]Step, 0, total)
	names := make([]servicecoin.ServiceID, 0, g.declared) // of all steps, so that none needs its own
	heads := make([]int32, 0, total)
	ready := newSmallest(g.declared)
	var one [1]int32
	// What a service needs has its level or a lower one, so level by level will do.
	for begin, end := 0, 0; begin < len(order); begin = end {
		level := p.levels[order[begin]].value
		for ; end < len(order) && p.levels[order[end]].value == level; end++ {
			if n := order[end]; w.headOf(n) == n && w.nodes[n].pending == 0 {
				ready.add(n)
			}
		}
		push := func(n int32) {
			if w.nodes[n].level == level {
				ready.add(n)
			}
		}
		for head, ok := ready.pop(); ok; head, ok = ready.pop() {
			step, first := num(len(heads)), len(names)
			for _, n := range w.together(head, one[:0]) {
				names = append(names, g.ids[n])
				p.place[n] = step
			}
			p.Steps = append(p.Steps, Step{Services: names[first:len(names):len(names)], Level: int(level), Wave: int(w.nodes[head].wave) + 1})
			heads = append(heads, head)
			w.release(head, push)
		}
	}
	g.waves(&p)
	p.Findings = g.Findings()
	p.unassessed()
	p.targets(heads)
	return p
}

// waves sets the wave of each step anew where some of a group will do: it is one
// more than the last that the step waits for, not of those that come first in the
// order of the plan, but in the order of waves.
func (g *Graph) waves(p *Plan) {
	if len(g.extra) == 0 {
		return
	}
	w := g.walk(g.circles)
	queue := make([]int32, 0, len(p.Steps))
	push := func(n int32) { queue = append(queue, n) }
	w.heads(push)
	for wave, begin := 1, 0; begin < len(queue); wave++ {
		end := len(queue)
		for _, head := range queue[begin:end] {
			p.Steps[p.place[head]].Wave = wave
			w.release(head, push)
		}
		begin = end
	}
}

func (p *Plan) unassessed() {
	begin := len(p.Steps)
	for begin > 0 && p.Steps[begin-1].Level == 0 {
		begin-- // they come last
	}
	var list []servicecoin.ServiceID
	for _, s := range p.Steps[begin:] {
		list = append(list, s.Services...)
	}
	if len(list) > 0 {
		p.Findings = append(p.Findings, Finding{Code: NotAssessed, Service: list[0], Services: list, Text: "nobody has said how bad the loss of " + joined(list) + " is"})
	}
}

// inherited is a value that goes down from a service to all that it needs, if
// it is the smallest to come.
type inherited []handed

type handed struct {
	value uint32 // 0: none
	from  int32  // the one that needs the node and hands the value down; itself: it is its own
	giver int32  // whose own it is
}

// inherit hands every value down, and returns the nodes that have one then, the
// smallest value first. It goes from the smallest value to the largest, and over
// all nodes of one value at the same time, so that each node gets its value by the
// shortest way from the nearest that has it.
func (g *Graph) inherit(own []uint32) (inherited, []int32) {
	h := make(inherited, len(g.ids))
	givers := g.byValue(own)
	order := make([]int32, 0, g.declared)
	for at := 0; at < len(givers); {
		value := own[givers[at]]
		begin := len(order)
		for ; at < len(givers) && own[givers[at]] == value; at++ {
			if n := givers[at]; h[n].value == 0 {
				h[n] = handed{value, n, n}
				order = append(order, n)
			}
		}
		for i := begin; i < len(order); i++ {
			order = g.hand(h, order[i], order)
		}
	}
	return h, order
}

// byValue returns the nodes that run and have a value, sorted by value and by
// number: byte by byte, from the lowest.
func (g *Graph) byValue(own []uint32) []int32 {
	list := make([]int32, 0, g.declared)
	all := uint32(0)
	for n := range num(g.declared) {
		if own[n] > 0 && g.runs[n] {
			list = append(list, n)
			all |= own[n]
		}
	}
	other := make([]int32, len(list))
	for shift := 0; shift < 32 && all>>shift > 0; shift += 8 {
		var next [256]int
		for _, n := range list {
			next[own[n]>>shift&0xff]++
		}
		sum := 0
		for i := range next {
			next[i], sum = sum, sum+next[i]
		}
		for _, n := range list {
			place := &next[own[n]>>shift&0xff]
			other[*place] = n
			*place++
		}
		list, other = other, list
	}
	return list
}

// hand gives a node's value to what it needs and has none.
func (g *Graph) hand(h inherited, n int32, queue []int32) []int32 {
	value := h[n].value
	give := func(list []int32) {
		for _, m := range list {
			if h[m].value == 0 && g.running(m) {
				h[m] = handed{value, n, h[n].giver}
				queue = append(queue, m)
			}
		}
	}
	give(g.members.of(n))
	for _, r := range g.further(n) {
		if !g.soft(r) {
			give(g.members.of(r))
		}
	}
	return queue
}

// way returns the nodes from the one whose value n has down to n; of more than a
// hundred the first one and those next to n.
func (h inherited) way(n int32) []int32 {
	if h[n].value == 0 {
		return []int32{n}
	}
	giver := h[n].giver
	var list []int32
	for ; n != giver && len(list) < maxPath-1; n = h[n].from {
		list = append(list, n)
	}
	list = append(list, giver)
	slices.Reverse(list)
	return list
}

// Position returns the place of a service in the plan, from 1, false if it is not
// in it.
func (p *Plan) Position(id servicecoin.ServiceID) (int, bool) {
	if p.graph == nil {
		i := slices.IndexFunc(p.Steps, func(s Step) bool { return slices.Contains(s.Services, id) })
		return i + 1, i >= 0
	}
	n, ok := p.graph.find(id)
	if !ok || !p.graph.running(n) {
		return 0, false
	}
	return int(p.place[n]) + 1, true
}

// Trace explains why a service has its place: from whom it has its level and
// over which services, and for what it waits. It is false for a service that is
// not in the plan, and for a plan that was read from JSON, which does not know.
func (p *Plan) Trace(id servicecoin.ServiceID) (servicecoin.Trace, bool) {
	place, ok := p.Position(id)
	if !ok || p.graph == nil {
		return servicecoin.Trace{}, false
	}
	g := p.graph
	n, _ := g.find(id)
	step := p.Steps[place-1]
	t := servicecoin.Trace{
		Label: fmt.Sprintf("place of %s among %d, in wave %d", id, len(p.Steps), step.Wave),
		Plain: servicecoin.Say("place of %v among %v, in round %v", id, len(p.Steps), step.Wave),
		Value: whole(place), From: []servicecoin.Key{ServiceKey(id)},
	}
	level := servicecoin.Trace{Label: "nobody has assessed it, or what rests on it: it comes last"}
	if way := p.levels.way(n); step.Level > 0 {
		level.Label, level.Value = "its own level", whole(step.Level)
		level.Plain = servicecoin.Say("how soon it is needed (1 is soonest)")
		if len(way) > 1 {
			level.Label = "level inherited, needed by " + chain(g.names(way))
			level.Plain = servicecoin.Say("how soon it is needed (1 is soonest), since others rest on it (%v)", path(g.names(way)))
		}
		level.From = []servicecoin.Key{ServiceKey(g.ids[way[0]])}
	}
	t.Parts = append(t.Parts, level)
	if len(step.Services) > 1 {
		t.Parts = append(t.Parts, servicecoin.Trace{
			Label: "restored together, since they wait for each other: " + joined(step.Services),
			Plain: servicecoin.Say("restored together, since they wait for each other: %v", together(step.Services)),
		})
	}
	for _, r := range g.hard(n) {
		t.Parts = append(t.Parts, p.waits(r)...)
	}
	if back, ok := step.Back.Get(); ok {
		t.Parts = append(t.Parts, servicecoin.Trace{
			Label: "back after the loss, over " + chain(g.names(p.critical(n))),
			Plain: servicecoin.Say("back after all is lost, by way of %v", path(g.names(p.critical(n)))),
			Value: servicecoin.Some(decimal.NewFromInt(int64(back / time.Second))), Unit: "s",
		})
	}
	return t, true
}

// waits explains what one requirement waits for.
func (p *Plan) waits(r int32) []servicecoin.Trace {
	g := p.graph
	var parts []servicecoin.Trace
	for _, m := range g.members.of(r) {
		t := servicecoin.Trace{Label: "waits for " + string(g.ids[m]), Plain: servicecoin.Say("it waits for %v, which has the place", g.ids[m]), From: []servicecoin.Key{ServiceKey(g.ids[m])}}
		switch {
		case !g.running(m):
			t.Label = string(g.ids[m]) + " is needed, and not in the plan"
			t.Plain = servicecoin.Say("%v is needed, and is not in service", g.ids[m])
		case !g.plain(r):
			t.Label = string(g.ids[m]) + " can serve"
			t.Plain = servicecoin.Say("%v can serve, which has the place", g.ids[m])
			fallthrough
		default:
			t.Value = whole(int(p.place[m]) + 1)
		}
		parts = append(parts, t)
	}
	if g.plain(r) {
		return parts
	}
	return []servicecoin.Trace{{Label: "waits for so many", Plain: servicecoin.Say("how many of these it waits for"), Value: whole(int(g.needed(r))), Parts: parts}}
}

func whole(n int) decimal.NullDecimal { return servicecoin.Some(decimal.NewFromInt(int64(n))) }

// path is chain with the names that a reader knows.
func path(ids []servicecoin.ServiceID) servicecoin.Saying {
	const few, last = 6, 2
	if len(ids) <= few+last+1 {
		return named(ids, " → ")
	}
	return servicecoin.Say("%v → (%v more) → %v", named(ids[:few], " → "), len(ids)-few-last, named(ids[len(ids)-last:], " → "))
}

// together is joined with the names that a reader knows.
func together(ids []servicecoin.ServiceID) servicecoin.Saying {
	const few = 5
	if len(ids) <= few {
		return named(ids, ", ")
	}
	return servicecoin.Say("%v, %v more", named(ids[:few], ", "), len(ids)-few)
}

func named(ids []servicecoin.ServiceID, between string) servicecoin.Saying {
	parts := make([]any, len(ids))
	for i, id := range ids {
		parts[i] = id
	}
	return servicecoin.Say(strings.TrimSuffix(strings.Repeat("%v"+between, len(ids)), between), parts...)
}

// chain writes a way for people, without the middle of a long one.
func chain(ids []servicecoin.ServiceID) string {
	const few, last = 6, 2
	var b strings.Builder
	for i, id := range ids {
		if len(ids) > few+last+1 && i >= few && i < len(ids)-last {
			if i == few {
				fmt.Fprintf(&b, " → (%d more)", len(ids)-few-last)
			}
			continue
		}
		if i > 0 {
			b.WriteString(" → ")
		}
		b.WriteString(string(id))
	}
	return b.String()
}

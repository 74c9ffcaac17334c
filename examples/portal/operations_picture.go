package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
)

// picture is what rests on what, level by level: what people work with is at the top,
// and every need is below what needs it. It is drawn to fit a telephone as long as
// no level has more than three services.
type picture struct {
	Width, Height int
	Nodes         []pictureNode
	Edges         []pictureEdge
	Marks         []pictureMark
}

type pictureNode struct {
	ID         servicecoin.ServiceID
	Name       string
	Lines      []pictureLine // the name, in lines that fit
	X, Y, W, H int
	Tone       string // the class of what a failure does to it, "" for nothing
	State      string // the same in a word
	StateY     int
	CX         int
}

type pictureLine struct {
	Y    int
	Text string
}

type pictureEdge struct {
	D    string
	Soft bool
}

// pictureMark is how many of a group are needed.
type pictureMark struct {
	X, Y int
	Text string
}

const (
	mostDrawn  = 60 // services; more of them are a table
	boxWidth   = 108
	boxHeight  = 54
	dotWidth   = 8 // of an edge that passes a level
	gapWidth   = 8
	gapHeight  = 42
	leastWidth = 340
	lineChars  = 16
)

// layout is a picture while it is laid out. A node of a number beyond the services is
// a bend: where an edge passes a level.
type layout struct {
	services []catalog.Service
	to       [][]int // needs of each service
	level    []int
	chains   [][]int // of each edge: its nodes from the top to the bottom
	soft     []bool
	rows     [][]int
	at       map[int]int // x of the middle of a node
}

type pair struct{ from, to int }

// draw lays the services out; ok is false where there are too many, or none.
func draw(services []catalog.Service, needs []catalog.Dependency) (pic picture, ok bool) {
	if len(services) == 0 || len(services) > mostDrawn {
		return picture{}, false
	}
	l := layout{services: services, to: make([][]int, len(services)), at: map[int]int{}}
	place := map[servicecoin.ServiceID]int{}
	for n, s := range services {
		place[s.ID] = n
	}
	hard := map[pair]bool{}
	for _, d := range needs {
		from, known := place[d.Service]
		for _, id := range d.Needs {
			to, there := place[id]
			if !known || !there || from == to {
				continue
			}
			x := pair{from, to}
			hard[x] = hard[x] || d.Strength != catalog.SoftDependency
			if !slices.Contains(l.to[from], to) {
				l.to[from] = append(l.to[from], to)
			}
		}
	}
	l.levels()
	l.bends(hard)
	l.arrange()
	return l.picture(needs, place), true
}

// levels puts each service below all that need it: by the longest way. An edge that
// closes a circle is left out of that.
func (l *layout) levels() {
	const fresh, open, done = 0, 1, 2
	state := make([]int, len(l.to))
	var order []int
	closes := map[pair]bool{}
	var visit func(n int)
	visit = func(n int) {
		state[n] = open
		for _, m := range l.to[n] {
			switch state[m] {
			case fresh:
				visit(m)
			case open:
				closes[pair{n, m}] = true
			}
		}
		state[n] = done
		order = append(order, n)
	}
	for n := range l.to {
		if state[n] == fresh {
			visit(n)
		}
	}
	l.level = make([]int, len(l.to))
	for _, n := range slices.Backward(order) {
		for _, m := range l.to[n] {
			if !closes[pair{n, m}] {
				l.level[m] = max(l.level[m], l.level[n]+1)
			}
		}
	}
}

// bends makes a chain of each edge, with a bend on every level that it passes.
func (l *layout) bends(hard map[pair]bool) {
	next := len(l.services)
	l.rows = make([][]int, slices.Max(l.level)+1)
	for n, level := range l.level {
		l.rows[level] = append(l.rows[level], n)
	}
	for n := range l.to {
		slices.Sort(l.to[n])
		for _, m := range l.to[n] {
			chain := []int{n}
			for level := l.level[n] + 1; level < l.level[m]; level++ {
				l.rows[level] = append(l.rows[level], next)
				chain = append(chain, next)
				next++
			}
			l.chains = append(l.chains, append(chain, m))
			l.soft = append(l.soft, !hard[pair{n, m}])
		}
	}
}

// arrange brings each level into an order in which few edges cross: what belongs
// together comes to lie below each other.
func (l *layout) arrange() {
	above, below := map[int][]int{}, map[int][]int{}
	for _, c := range l.chains {
		for i := range len(c) - 1 {
			below[c[i]], above[c[i+1]] = append(below[c[i]], c[i+1]), append(above[c[i+1]], c[i])
		}
	}
	l.spread()
	const sweeps = 6
	for sweep := range sweeps {
		for i := range l.rows {
			row, beside := l.rows[i], above
			if sweep%2 == 1 {
				row, beside = l.rows[len(l.rows)-1-i], below
			}
			middle := func(n int) int {
				sum := 0
				for _, m := range beside[n] {
					sum += l.at[m]
				}
				if len(beside[n]) == 0 {
					return l.at[n]
				}
				return sum / len(beside[n])
			}
			slices.SortStableFunc(row, func(a, b int) int { return cmp.Compare(middle(a), middle(b)) })
			l.spread()
		}
	}
}

func (l *layout) widthOf(n int) int {
	if n < len(l.services) {
		return boxWidth
	}
	return dotWidth
}

func (l *layout) rowWidth(row []int) int {
	w := gapWidth * (len(row) - 1)
	for _, n := range row {
		w += l.widthOf(n)
	}
	return w
}

func (l *layout) width() int {
	w := leastWidth
	for _, row := range l.rows {
		w = max(w, l.rowWidth(row)+4)
	}
	return w
}

// spread gives each node its place, level by level around the middle.
func (l *layout) spread() {
	width := l.width()
	for _, row := range l.rows {
		x := (width - l.rowWidth(row)) / 2
		for _, n := range row {
			l.at[n] = x + l.widthOf(n)/2
			x += l.widthOf(n) + gapWidth
		}
	}
}

func levelTop(level int) int { return 2 + level*(boxHeight+gapHeight) }

// picture turns places into shapes.
func (l *layout) picture(needs []catalog.Dependency, place map[servicecoin.ServiceID]int) picture {
	pic := picture{Width: l.width(), Height: levelTop(len(l.rows)-1) + boxHeight + 2}
	for n, s := range l.services {
		y := levelTop(l.level[n])
		node := pictureNode{ID: s.ID, Name: s.Name, X: l.at[n] - boxWidth/2, Y: y, W: boxWidth, H: boxHeight, CX: l.at[n], StateY: y + boxHeight - 6}
		lines := inLines(s.Name)
		for i, text := range lines {
			node.Lines = append(node.Lines, pictureLine{Y: y + boxHeight/2 + 4 + 7*(2*i-len(lines)+1), Text: text})
		}
		pic.Nodes = append(pic.Nodes, node)
	}
	out, in := l.ports(0), l.ports(1)
	for n, c := range l.chains {
		pic.Edges = append(pic.Edges, pictureEdge{D: l.curve(c, out[n], in[n]), Soft: l.soft[n]})
	}
	for _, d := range needs {
		if n, known := place[d.Service]; known && d.AtLeast > 0 && d.AtLeast < len(d.Needs) {
			pic.Marks = append(pic.Marks, pictureMark{X: l.at[n] + boxWidth/2 - 2, Y: levelTop(l.level[n]) + boxHeight + 13, Text: fmt.Sprintf("%d of %d", d.AtLeast, len(d.Needs))})
		}
	}
	return pic
}

// curve is the way of an edge: from the foot of its upper box over its bends to the
// top of its lower one.
func (l *layout) curve(chain []int, from, to int) string {
	x, y := from, levelTop(l.level[chain[0]])+boxHeight
	var d strings.Builder
	fmt.Fprintf(&d, "M%d %d", x, y)
	for i, n := range chain[1:] {
		toX, top := l.at[n], levelTop(l.level[chain[0]]+i+1)
		last := i == len(chain)-2
		if last {
			toX, top = to, levelTop(l.level[n])
		}
		fmt.Fprintf(&d, " C%d %d %d %d %d %d", x, (y+top)/2, toX, (y+top)/2, toX, top)
		if x, y = toX, top+boxHeight; !last {
			fmt.Fprintf(&d, " L%d %d", x, y)
		}
	}
	return d.String()
}

// ports says where each edge leaves its upper box (end 0) or meets its lower one (end
// 1): side by side, in the order of where they come from or lead to.
func (l *layout) ports(end int) []int {
	byNode := map[int][]int{}
	pick := func(c []int, other int) int {
		if end == 0 {
			return c[other]
		}
		return c[len(c)-1-other]
	}
	for n, c := range l.chains {
		byNode[pick(c, 0)] = append(byNode[pick(c, 0)], n)
	}
	x := make([]int, len(l.chains))
	for node, list := range byNode {
		slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(l.at[pick(l.chains[a], 1)], l.at[pick(l.chains[b], 1)]) })
		step := min(14, (boxWidth-20)/len(list))
		for i, n := range list {
			x[n] = l.at[node] + step*(2*i-len(list)+1)/2
		}
	}
	return x
}

// inLines breaks a name into two lines at most, each of which fits into a box.
func inLines(name string) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(name) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= lineChars:
			*last += " " + word
		case len(lines) < 2:
			lines = append(lines, word)
		default:
			*last += " " + word
		}
	}
	for i := range lines {
		lines[i] = cut(lines[i], lineChars)
	}
	return lines
}

// mark says in the picture what a failure does.
func (pic *picture) mark(impact catalog.Impact) {
	tone, word := map[servicecoin.ServiceID]string{}, map[servicecoin.ServiceID]string{}
	for _, w := range impact.Weakened {
		tone[w.Service], word[w.Service] = "weak", "less to spare"
		if w.Spare() == 0 {
			word[w.Service] = "no redundancy"
		}
	}
	for _, h := range impact.Degraded {
		tone[h.Service], word[h.Service] = "less", "works with less"
	}
	for _, h := range impact.Down {
		tone[h.Service], word[h.Service] = "down", "down"
	}
	for _, s := range impact.Of {
		tone[s], word[s] = "failed", "fails"
	}
	for i := range pic.Nodes {
		n := &pic.Nodes[i]
		if n.Tone, n.State = tone[n.ID], word[n.ID]; n.State == "" {
			continue
		}
		for j := range n.Lines { // room for the word below the name
			n.Lines[j].Y -= 8
		}
	}
}

package catalog

// item is a node in a heap: the smallest rank comes first, then the smallest
// node.
type item struct {
	rank int64
	node int32
}

func (a item) before(b item) bool {
	return a.rank < b.rank || a.rank == b.rank && a.node < b.node
}

// heap is a binary heap.
type heap []item

func (h *heap) push(x item) {
	list := append(*h, x)
	i := len(list) - 1
	for i > 0 {
		up := (i - 1) / 2
		if list[up].before(x) {
			break
		}
		list[i] = list[up]
		i = up
	}
	list[i] = x
	*h = list
}

func (h *heap) pop() item {
	list := *h
	first, last := list[0], list[len(list)-1]
	list = list[:len(list)-1]
	*h = list
	i := 0
	for {
		down := 2*i + 1
		if down >= len(list) {
			break
		}
		if down+1 < len(list) && list[down+1].before(list[down]) {
			down++
		}
		if last.before(list[down]) {
			break
		}
		list[i] = list[down]
		i = down
	}
	if len(list) > 0 {
		list[i] = last
	}
	return first
}

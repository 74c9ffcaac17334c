package runbook

import "sync"

// Plans keeps some of the plans that runs go by, so that not every verb reads and
// decodes one. They are known by the digest of what is stored, which stands in the
// run: what a digest stands for never changes, whichever store it was read from. The
// values of parameters are no part of it; they can be erased, and are read each time.
//
// It is bounded, safe for concurrent use, and ready as it is. Do not copy it.
type Plans struct {
	mu    sync.Mutex
	kept  map[string]*pinned
	order []string // the oldest first
	size  int      // bytes of what is stored
}

// The bounds of what is kept. What is read of JSON takes several times its size.
const (
	mostKept      = 64
	mostKeptBytes = 2 << 20
)

func (c *Plans) get(digest string) *pinned {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[digest]
}

func (c *Plans) keep(x *pinned) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept[x.digest] != nil {
		return
	}
	if c.kept == nil {
		c.kept = map[string]*pinned{}
	}
	c.kept[x.digest] = x
	c.order = append(c.order, x.digest)
	c.size += len(x.body)
	for len(c.order) > mostKept || c.size > mostKeptBytes && len(c.order) > 1 {
		c.size -= len(c.kept[c.order[0]].body)
		delete(c.kept, c.order[0])
		c.order = c.order[1:]
	}
}

package runbook

import "github.com/servicecoin/servicecoin/store"

// EntryKind lets tests do to stored entries what nobody should.
func EntryKind() store.Kind[Entry] { return entries }

// Kept returns how many plans are kept, and how many bytes they have in the store.
func (c *Plans) Kept() (many, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.kept {
		bytes += len(x.body)
	}
	if len(c.order) != len(c.kept) || bytes != c.size {
		return -1, -1
	}
	return len(c.kept), bytes
}

// RunKind lets tests write runs as they are stored, and read them.
func RunKind() store.Kind[Run] { return runs }

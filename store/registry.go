package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/servicecoin/servicecoin"
)

// The store remembers the indexes of every kind in records of its own, in the
// provider's partition, so that every backend does so without a method for it.
const registryKind = "store.kind"

// indexed is one remembered index.
type indexed struct {
	Name    string `json:"name"`
	Columns string `json:"columns"`
	Ready   bool   `json:"ready"` // every record is in it
}

// remembered is what the store knows of a kind.
type remembered struct {
	Indexes  []indexed `json:"indexes"`
	Progress string    `json:"progress,omitempty"` // of a Reindex under way
}

// registry caches what was checked. A kind is checked once per store, on first
// use; an index that is not ready is looked up again until it is.
type registry struct {
	mu    sync.RWMutex
	known map[string]*checked
}

// checked is a kind that this store has compared with what is remembered.
type checked struct {
	signature string // what the program declares
	memory    remembered
	readOnly  bool // seen by a reader, who did not register what the program adds
}

func newRegistry() *registry { return &registry{known: map[string]*checked{}} }

func (r *registry) get(name string) *checked {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.known[name]
}

func (r *registry) set(name string, c *checked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[name] = c
}

func registryKey(kind string) Key {
	return Key{Customer: servicecoin.Provider, Kind: registryKind, ID: kind}
}

func fingerprint(list []indexed) string {
	var b strings.Builder
	for _, x := range list {
		b.WriteString(x.Name + "\x00" + x.Columns + "\x00")
	}
	return b.String()
}

// declaration is what the program says of a kind.
type declaration struct {
	kind      string
	indexes   []indexed
	signature string
	foreign   bool // a name of the library, without its right
}

// ready checks the declared indexes of a kind against the remembered ones.
// writing registers what is new; slot > 0 demands that this index is complete.
func (s *Store) ready(ctx context.Context, d declaration, slot int, writing bool) error {
	if c := s.kinds.get(d.kind); c != nil {
		if c.signature != d.signature {
			return fmt.Errorf("%w: kind %s is declared twice with different indexes", servicecoin.ErrRefused, d.kind)
		}
		if (slot == 0 || c.memory.Indexes[slot-1].Ready) && (!writing || !c.readOnly) {
			return nil // most calls end here
		}
	}
	c, err := s.look(ctx, d, writing)
	if err != nil || c == nil {
		return err
	}
	s.kinds.set(d.kind, c)
	if slot > 0 && !c.memory.Indexes[slot-1].Ready {
		return fmt.Errorf("%w: index %s of kind %s does not hold the older records yet: run store.Reindex, or the Reindex of the package whose kind it is",
			servicecoin.ErrRefused, d.indexes[slot-1].Name, d.kind)
	}
	return nil
}

// look is called for a kind that this store has not checked yet, or whose index
// was not complete: it reads what is remembered and compares it with the declared
// indexes. When writing it also remembers the indexes that the program adds. It
// returns nil where no record of the kind was ever written.
func (s *Store) look(ctx context.Context, d declaration, writing bool) (*checked, error) {
	for {
		memory, version, err := s.recall(ctx, d.kind)
		if err != nil {
			return nil, err
		}
		if version == 0 && !writing {
			return nil, nil //nolint:nilnil // no record of this kind exists: nothing to check
		}
		if err := compare(d.kind, d.indexes, memory.Indexes); err != nil {
			return nil, err
		}
		adds := version == 0 || len(d.indexes) > len(memory.Indexes)
		for i := len(memory.Indexes); i < len(d.indexes); i++ {
			x := d.indexes[i]
			x.Ready = version == 0 // a new kind has no older records
			memory.Indexes = append(memory.Indexes, x)
		}
		if adds && writing {
			err := s.remember(ctx, d.kind, memory, version)
			if errors.Is(err, servicecoin.ErrExists) || errors.Is(err, servicecoin.ErrConflict) {
				continue // another program was first: compare with its entry
			}
			if err != nil {
				return nil, err
			}
		}
		return &checked{signature: d.signature, memory: memory, readOnly: adds && !writing}, nil
	}
}

// recall reads what the store remembers of a kind; version 0 is nothing.
func (s *Store) recall(ctx context.Context, kind string) (remembered, Version, error) {
	var m remembered
	d, err := s.get(ctx, registryKey(kind))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return m, 0, nil
	}
	if err != nil {
		return m, 0, err
	}
	if err := json.Unmarshal(d.Body, &m); err != nil {
		return m, 0, &servicecoin.KeyError{Key: d.Key, Err: err}
	}
	return m, d.Version, nil
}

func (s *Store) remember(ctx context.Context, kind string, m remembered, version Version) error {
	w, err := rememberedWrite(kind, m, version)
	if err != nil {
		return err
	}
	return s.backend.Commit(ctx, Commit{Writes: []Write{w}})
}

func rememberedWrite(kind string, m remembered, version Version) (Write, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return Write{}, err
	}
	return Write{Document: Document{Key: registryKey(kind), Body: body}, Expect: version}, nil
}

// compare refuses indexes that are declared otherwise than they are stored.
func compare(kind string, declared, stored []indexed) error {
	for i, x := range stored {
		if i >= len(declared) {
			if x.Ready {
				return fmt.Errorf("%w: kind %s has an index %s in the store that this program does not keep up",
					servicecoin.ErrNewer, kind, x.Name)
			}
			continue
		}
		if d := declared[i]; d.Name != x.Name || d.Columns != x.Columns {
			return fmt.Errorf("%w: slot %d of kind %s is %s(%s) in the store and %s(%s) in the program; indexes are appended, never changed",
				servicecoin.ErrRefused, i+1, kind, x.Name, x.Columns, d.Name, d.Columns)
		}
	}
	return nil
}

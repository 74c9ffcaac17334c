package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// AnyKind is a [Kind] of whatever type of record.
type AnyKind interface {
	reindex(ctx context.Context, s *Store) (int, error)
}

// Reindex brings every record of the kinds, and of the store's own, of all
// customers into the indexes that the program declares, and into its shape; then
// the new indexes can be listed by. It returns how many records it rewrote. Run it
// after the last program of the older release has gone, for the host's own kinds;
// the library's packages have a Reindex of their own for theirs
// ([incident.Reindex]). It can be interrupted and called again: it goes on where
// it was.
//
//	n, err := store.Reindex(ctx, s, Notes, Drafts)
//
// [incident.Reindex]: https://pkg.go.dev/github.com/servicecoin/servicecoin/incident#Reindex
func Reindex(ctx context.Context, s *Store, kinds ...AnyKind) (int, error) {
	if err := s.err(); err != nil {
		return 0, err
	}
	if s.alone() {
		return 0, fmt.Errorf("%w: Reindex makes commits of its own and cannot be part of a unit or transaction", servicecoin.ErrRefused)
	}
	var bad servicecoin.Violations
	for i, k := range kinds {
		if k == nil {
			bad.Add(fmt.Sprintf("kinds[%d]", i), "required", "", "is nil")
		}
	}
	if err := bad.Err(); err != nil {
		return 0, err
	}
	rewritten := 0
	for _, k := range append(slices.Clip(kinds), parkedEvents) {
		n, err := k.reindex(ctx, s)
		rewritten += n
		if err != nil {
			return rewritten, err
		}
	}
	return rewritten, nil
}

func (k Kind[T]) reindex(ctx context.Context, s *Store) (int, error) {
	c := Of(s.For(servicecoin.Provider), k)
	if err := c.start(ctx, 0, true); err != nil {
		return 0, err
	}
	rewritten := 0
	for {
		memory, version, err := s.recall(ctx, k.Name)
		if err != nil {
			return rewritten, err
		}
		n, done, err := c.reindexPage(ctx, memory, version)
		rewritten += n
		if errors.Is(err, servicecoin.ErrConflict) && ctx.Err() == nil {
			continue // a record changed, or another Reindex moved on: read again
		}
		if err != nil || done {
			return rewritten, err
		}
	}
}

// reindexPage rewrites one page and stores how far it came in the same commit.
func (c Collection[T]) reindexPage(ctx context.Context, memory remembered, version Version) (n int, done bool, err error) {
	const page = 32 // of 32 kB each at most, to stay within a commit
	s := c.view.store
	q := Query{Everyone: true, Kind: c.kind.Name, Limit: page}
	if memory.Progress != "" {
		if q.After, err = parseProgress(memory.Progress); err != nil {
			return 0, false, err
		}
	}
	docs, err := s.backend.Find(ctx, q)
	if err != nil {
		return 0, false, err
	}
	var commit Commit
	size := 0
	for i, d := range docs {
		w, err := c.rewrite(d)
		if err != nil {
			return 0, false, err
		}
		if w == nil {
			continue
		}
		if size += len(w.Body) + Slots*MaxIndex; size > MaxCommit/2 && i > 0 {
			docs = docs[:i]
			break
		}
		commit.Writes = append(commit.Writes, *w)
	}
	if done = len(docs) == 0; done {
		memory.Progress = ""
		for i := range memory.Indexes {
			memory.Indexes[i].Ready = true
		}
	} else {
		memory.Progress = progress(docs[len(docs)-1].Key)
	}
	own, err := rememberedWrite(c.kind.Name, memory, version)
	if err != nil {
		return 0, false, err
	}
	n = len(commit.Writes)
	commit.Writes = append(commit.Writes, own)
	if err := s.backend.Commit(ctx, commit); err != nil {
		return 0, false, err
	}
	return n, done, nil
}

// rewrite returns the write that brings a document into the declared shape and
// indexes, nil where the document is in them.
func (c Collection[T]) rewrite(d Document) (*Write, error) {
	record, err := c.kind.read(d)
	if err != nil {
		return nil, err
	}
	next, err := c.kind.write(d.Key.Customer, record)
	if err != nil {
		return nil, err
	}
	same := next.Shape == d.Shape
	for i := range next.Index {
		same = same && slices.Equal(next.Index[i], d.Index[i])
	}
	if same {
		return nil, nil //nolint:nilnil // nothing to write is no error
	}
	return &Write{Document: next, Expect: d.Version, Was: &d.Index}, nil
}

// progress is the key of the last record that is done, as text.
func progress(k Key) string {
	b, _ := json.Marshal(k) //nolint:errchkjson // three strings always marshal
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseProgress(text string) (*Cursor, error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	var c Cursor
	return &c, json.Unmarshal(b, &c.Key)
}

package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

func brokenListings() map[string]brokenBackend {
	ascends := onFind("always ascends", func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error) {
		q.Descending = false
		return b.Find(ctx, q)
	})
	return map[string]brokenBackend{
		"find/by id": ascends,
		"find/by index": onFind("sorts by letters, not bytes", func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error) {
			docs, err := b.Find(ctx, q)
			slices.SortStableFunc(docs, func(x, y store.Document) int {
				return strings.Compare(strings.ToLower(string(x.Index[1])), strings.ToLower(string(y.Index[1])))
			})
			return docs, err
		}),
		"find/not in the index": onFind("lists documents without a value first", func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error) {
			docs, err := b.Find(ctx, q)
			if q.Slot == 0 || err != nil {
				return docs, err
			}
			all := q
			all.Slot, all.From, all.To, all.After = 0, nil, nil, nil
			rest, err := b.Find(ctx, all)
			return append(slices.DeleteFunc(rest, func(d store.Document) bool { return d.Index[q.Slot-1] != nil }), docs...), err
		}),
		"find/ranges": onFind("includes the end", func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error) {
			if q.To != nil {
				q.To = append(slices.Clone(q.To), 0)
			}
			return b.Find(ctx, q)
		}),
		"find/pages": onFind("goes on behind the cursor's value", func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error) {
			docs, err := b.Find(ctx, q)
			if q.After != nil && q.Slot > 0 {
				docs = slices.DeleteFunc(docs, func(d store.Document) bool { return bytes.Equal(d.Index[q.Slot-1], q.After.Index) })
			}
			return docs, err
		}),
		"find/moved": onCommit("leaves documents at their first place", func(ctx context.Context, b store.Backend, c store.Commit) error {
			for i, w := range c.Writes {
				if d, err := b.Get(ctx, w.Key); err == nil {
					c.Writes[i].Index = d.Index
				}
			}
			return b.Commit(ctx, c)
		}),
		"find/customers apart": onFind("matches the begin of a customer's id", func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error) {
			if q.Everyone {
				return b.Find(ctx, q)
			}
			limit, customer := q.Limit, q.Customer
			q.Everyone, q.Customer, q.Limit = true, "", store.MaxPage
			docs, err := b.Find(ctx, q)
			docs = slices.DeleteFunc(docs, func(d store.Document) bool { return !strings.HasPrefix(string(d.Key.Customer), string(customer)) })
			return docs[:min(limit, len(docs))], err
		}),
		"find/everyone": onFind("sorts everyone's by value before customer", func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error) {
			docs, err := b.Find(ctx, q)
			if q.Everyone && q.Slot > 0 {
				slices.SortStableFunc(docs, func(x, y store.Document) int { return bytes.Compare(x.Index[q.Slot-1], y.Index[q.Slot-1]) })
			}
			return docs, err
		}),
		"find/whole documents": onFind("lists without versions", func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error) {
			docs, err := b.Find(ctx, q)
			for i := range docs {
				docs[i].Version = 0
			}
			return docs, err
		}),
		"typed/pages": ascends,
		"typed/across": onFind("lists one customer where all were asked for", func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error) {
			if q.Everyone {
				q.Everyone, q.Customer, q.After = false, servicecoin.Provider, nil
			}
			return b.Find(ctx, q)
		}),
	}
}

func brokenFeeds() map[string]brokenBackend {
	return map[string]brokenBackend{
		"events": with("keeps seconds", func() double {
			return double{events: func(ctx context.Context, b store.Backend, f store.Feed) ([]store.Event, error) {
				events, err := b.Events(ctx, f)
				for i := range events {
					events[i].At = events[i].At.Truncate(time.Second)
				}
				return events, err
			}}
		}),
		"events/pages": with("filters a page after it was cut", func() double {
			return double{events: func(ctx context.Context, b store.Backend, f store.Feed) ([]store.Event, error) {
				events, err := b.Events(ctx, store.Feed{Everyone: true, After: f.After, Limit: f.Limit})
				if !f.Everyone {
					events = slices.DeleteFunc(events, func(e store.Event) bool { return e.Subject.Customer != f.Customer })
				}
				return events, err
			}}
		}),
		"events/refused": onCommit("stores events before it looks at the writes", func(ctx context.Context, b store.Backend, c store.Commit) error {
			if err := b.Commit(ctx, store.Commit{Events: c.Events}); err != nil {
				return err
			}
			c.Events = nil
			return b.Commit(ctx, c)
		}),
		"typed/view": with("shows everybody's events", func() double {
			return double{events: func(ctx context.Context, b store.Backend, f store.Feed) ([]store.Event, error) {
				return b.Events(ctx, store.Feed{Everyone: true, After: f.After, Limit: f.Limit})
			}}
		}),
	}
}

// hostDB is memory with one transaction of the host at a time beside it: the
// transaction works on a copy, and at its end repeats its commits on the
// original.
type hostDB struct {
	store.Backend

	writer chan struct{} // holds one token while nobody writes
	log    []store.Commit
	tx     transaction
}

// transaction is how a broken one differs from a sound one.
type transaction struct {
	straight   bool  // commits inside go straight to the original
	keeps      bool  // a rollback keeps what was done
	spoilt     bool  // a refused commit spoils the transaction
	silent     bool  // it does not say that it is joined
	waitError  error // what a waiting write answers
	overtaking bool  // plain writes do not wait, and positions are given early
}

func (h *hostDB) Commit(ctx context.Context, c store.Commit) error {
	if ctx.Err() != nil {
		return h.Backend.Commit(ctx, c)
	}
	if !h.tx.overtaking {
		select {
		case <-h.writer:
			defer func() { h.writer <- struct{}{} }()
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return h.tx.waitError
		}
	}
	err := h.Backend.Commit(ctx, c)
	if err == nil {
		h.log = append(h.log, c)
	}
	return err
}

// Events shows the event called old at the position that a sequence gave it.
func (h *hostDB) Events(ctx context.Context, f store.Feed) ([]store.Event, error) {
	if !h.tx.overtaking {
		return h.Backend.Events(ctx, f)
	}
	events, err := h.Backend.Events(ctx, store.Feed{Everyone: true, Limit: store.MaxPage})
	for i := range events {
		events[i].Position = 2
		if events[i].ID == "old" {
			events[i].Position = 1
		}
	}
	return slices.DeleteFunc(events, func(e store.Event) bool { return e.Position <= f.After }), err
}

type inside struct {
	store.Backend

	h      *hostDB
	mu     sync.Mutex
	log    []store.Commit
	spoilt error
}

func (i *inside) Joined() bool { return !i.h.tx.silent }

func (i *inside) Commit(ctx context.Context, c store.Commit) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.spoilt != nil {
		return i.spoilt
	}
	err := i.Backend.Commit(ctx, c)
	if err == nil {
		i.log = append(i.log, c)
	} else if i.h.tx.spoilt {
		i.spoilt = err
	}
	return err
}

func hosted(change func(*transaction)) storetest.Harness {
	tx := transaction{waitError: servicecoin.ErrBusy}
	if change != nil {
		change(&tx)
	}
	return storetest.Harness{
		Open: func(testing.TB) store.Backend {
			h := &hostDB{Backend: memory.New(), writer: make(chan struct{}, 1), tx: tx}
			h.writer <- struct{}{}
			return h
		},
		Begin: func(tb testing.TB, b store.Backend) storetest.Tx {
			h := b.(*hostDB)
			<-h.writer
			replay := func(to store.Backend, log []store.Commit) error {
				for _, c := range log {
					if err := to.Commit(context.Background(), c); err != nil {
						return err
					}
				}
				return nil
			}
			var copied store.Backend = memory.New()
			if err := replay(copied, h.log); err != nil {
				tb.Fatal(err)
			}
			if tx.straight {
				copied = h.Backend
			}
			in := &inside{Backend: copied, h: h}
			commit := func() error {
				defer func() { h.writer <- struct{}{} }()
				if tx.straight {
					return nil
				}
				h.log = append(h.log, in.log...)
				return replay(h.Backend, in.log)
			}
			return storetest.Tx{Backend: in, Commit: commit, Rollback: func() error {
				if tx.keeps {
					return commit()
				}
				h.writer <- struct{}{}
				return nil
			}}
		},
	}
}

func brokenTransactions() map[string]brokenBackend {
	return map[string]brokenBackend{
		"joined/commit":        {What: "shows what the host has not committed", Harness: hosted(func(t *transaction) { t.straight = true })},
		"joined/rollback":      {What: "keeps what the host rolls back", Harness: hosted(func(t *transaction) { t.keeps = true })},
		"joined/refused":       {What: "spoils the host's transaction when it refuses", Harness: hosted(func(t *transaction) { t.spoilt = true })},
		"joined/says so":       {What: "does not say that it is inside", Harness: hosted(func(t *transaction) { t.silent = true })},
		"joined/waiting write": {What: "answers a wait with the context's error", Harness: hosted(func(t *transaction) { t.waitError = context.DeadlineExceeded })},
		"joined/feed":          {What: "gives positions before the commit", Harness: hosted(func(t *transaction) { t.overtaking = true })},
	}
}

package storetest_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
	"github.com/servicecoin/servicecoin/suitetest"
)

// double overrides methods of a backend.
type double struct {
	store.Backend

	get    func(ctx context.Context, b store.Backend, k store.Key) (store.Document, error)
	find   func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error)
	commit func(ctx context.Context, b store.Backend, c store.Commit) error
	events func(ctx context.Context, b store.Backend, f store.Feed) ([]store.Event, error)
	forget func(ctx context.Context, b store.Backend, c servicecoin.CustomerID, before store.Position) error
}

func (d double) Get(ctx context.Context, k store.Key) (store.Document, error) {
	if d.get == nil {
		return d.Backend.Get(ctx, k)
	}
	return d.get(ctx, d.Backend, k)
}

func (d double) Find(ctx context.Context, q store.Query) ([]store.Document, error) {
	if d.find == nil {
		return d.Backend.Find(ctx, q)
	}
	return d.find(ctx, d.Backend, q)
}

func (d double) Commit(ctx context.Context, c store.Commit) error {
	if d.commit == nil {
		return d.Backend.Commit(ctx, c)
	}
	return d.commit(ctx, d.Backend, c)
}

func (d double) Events(ctx context.Context, f store.Feed) ([]store.Event, error) {
	if d.events == nil {
		return d.Backend.Events(ctx, f)
	}
	return d.events(ctx, d.Backend, f)
}

func (d double) Forget(ctx context.Context, c servicecoin.CustomerID, before store.Position) error {
	if d.forget == nil {
		return d.Backend.Forget(ctx, c, before)
	}
	return d.forget(ctx, d.Backend, c, before)
}

// brokenBackend is a harness with a fault, and the fault in words.
type brokenBackend = suitetest.Broken[storetest.Harness]

func with(name string, fault func() double) brokenBackend {
	return brokenBackend{What: name, Harness: storetest.Harness{Open: func(testing.TB) store.Backend {
		d := fault()
		if d.Backend == nil {
			d.Backend = memory.New()
		}
		return d
	}}}
}

func onCommit(name string, fault func(ctx context.Context, b store.Backend, c store.Commit) error) brokenBackend {
	return with(name, func() double { return double{commit: fault} })
}

func onFind(name string, fault func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error)) brokenBackend {
	return with(name, func() double { return double{find: fault} })
}

// The faults that several cases catch.

func splits() brokenBackend {
	return onCommit("stores the writes of a commit one by one", func(ctx context.Context, b store.Backend, c store.Commit) error {
		if err := b.Commit(ctx, store.Commit{Checks: c.Checks, Events: c.Events}); err != nil {
			return err
		}
		for _, w := range c.Writes {
			if err := b.Commit(ctx, store.Commit{Writes: []store.Write{w}}); err != nil {
				return err
			}
		}
		return nil
	})
}

func ignoresChecks() brokenBackend {
	return onCommit("ignores checks", func(ctx context.Context, b store.Backend, c store.Commit) error {
		time.Sleep(time.Millisecond) // so that others read meanwhile
		c.Checks = nil
		return b.Commit(ctx, c)
	})
}

// forces compares versions first and writes later, without a lock in between.
func forces() brokenBackend {
	return onCommit("compares the version and writes later, without a lock", func(ctx context.Context, b store.Backend, c store.Commit) error {
		for i, w := range c.Writes {
			d, _ := b.Get(ctx, w.Key)
			if d.Version != w.Expect {
				return &servicecoin.KeyError{Key: w.Key, Err: servicecoin.ErrConflict}
			}
			time.Sleep(time.Millisecond)
			d, _ = b.Get(ctx, w.Key)
			c.Writes[i].Expect = d.Version
		}
		c.Checks = nil
		return b.Commit(ctx, c)
	})
}

func checksEarly(absent bool) brokenBackend {
	return onCommit("looks at checks before it locks", func(ctx context.Context, b store.Backend, c store.Commit) error {
		for _, x := range c.Checks {
			if d, _ := b.Get(ctx, x.Key); d.Version != x.Version {
				return servicecoin.ErrConflict
			}
		}
		time.Sleep(time.Millisecond)
		c.Checks = slices.DeleteFunc(slices.Clone(c.Checks), func(x store.Check) bool { return !absent || x.Version == 0 })
		return b.Commit(ctx, c)
	})
}

func overwrites() brokenBackend {
	return onCommit("inserts over what is there", func(ctx context.Context, b store.Backend, c store.Commit) error {
		time.Sleep(time.Millisecond) // so that others read meanwhile
		for i, w := range c.Writes {
			if d, err := b.Get(ctx, w.Key); err == nil && w.Expect == 0 {
				c.Writes[i].Expect = d.Version
			}
		}
		return b.Commit(ctx, c)
	})
}

func keepsDeleted() brokenBackend {
	return onCommit("keeps what is deleted", func(ctx context.Context, b store.Backend, c store.Commit) error {
		for i, w := range c.Writes {
			if d, err := b.Get(ctx, w.Key); err == nil && w.Delete && d.Version == w.Expect {
				c.Writes[i].Document, c.Writes[i].Delete = d, false
			}
		}
		return b.Commit(ctx, c)
	})
}

func raisesShape() brokenBackend {
	return onCommit("overwrites newer shapes", func(ctx context.Context, b store.Backend, c store.Commit) error {
		for i, w := range c.Writes {
			if d, err := b.Get(ctx, w.Key); err == nil && d.Shape > w.Shape {
				c.Writes[i].Shape = d.Shape
			}
		}
		return b.Commit(ctx, c)
	})
}

// losesKind drops the writes of one kind.
func losesKind(name, kind string) brokenBackend {
	return onCommit(name, func(ctx context.Context, b store.Backend, c store.Commit) error {
		c.Writes = slices.DeleteFunc(slices.Clone(c.Writes), func(w store.Write) bool { return w.Key.Kind == kind })
		return b.Commit(ctx, c)
	})
}

func losesLastWrite() brokenBackend {
	return onCommit("loses the last of several writes", func(ctx context.Context, b store.Backend, c store.Commit) error {
		if n := len(c.Writes); n > 1 {
			c.Writes = c.Writes[:n-1]
		}
		return b.Commit(ctx, c)
	})
}

func forgetsNothing() brokenBackend {
	return with("forgets nothing", func() double {
		return double{forget: func(context.Context, store.Backend, servicecoin.CustomerID, store.Position) error { return nil }}
	})
}

// restarts gives versions from 1 again after a deletion or Forget.
func restarts() brokenBackend {
	return with("counts versions from 1 again", func() double {
		var mu sync.Mutex
		offset := map[store.Key]store.Version{}
		return double{
			get: func(ctx context.Context, b store.Backend, k store.Key) (store.Document, error) {
				mu.Lock()
				defer mu.Unlock()
				d, err := b.Get(ctx, k)
				d.Version -= offset[k]
				return d, err
			},
			commit: func(ctx context.Context, b store.Backend, c store.Commit) error {
				mu.Lock()
				defer mu.Unlock()
				for i, w := range c.Writes {
					if w.Expect > 0 {
						c.Writes[i].Expect += offset[w.Key]
					}
				}
				for i, x := range c.Checks {
					c.Checks[i].Version += offset[x.Key]
				}
				err := b.Commit(ctx, c)
				for _, w := range c.Writes {
					if w.Delete && err == nil {
						offset[w.Key] = w.Expect + 1
					}
				}
				return err
			},
			forget: func(ctx context.Context, b store.Backend, c servicecoin.CustomerID, before store.Position) error {
				docs, err := b.Find(ctx, store.Query{Customer: c, Kind: "thing", Limit: 100})
				if err != nil {
					return err
				}
				for _, d := range docs {
					offset[d.Key] = d.Version
				}
				return b.Forget(ctx, c, before)
			},
		}
	})
}

// busyListings holds a lock from the first page of a listing to its last.
func busyListings(reads bool) brokenBackend {
	return with("keeps a lock while a listing is open", func() double {
		var mu sync.Mutex
		open := 0
		held := func(kind string) error {
			mu.Lock()
			defer mu.Unlock()
			if open > 0 && kind == "note" {
				return servicecoin.ErrBusy
			}
			return nil
		}
		d := double{find: func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error) {
			docs, err := b.Find(ctx, q)
			mu.Lock()
			defer mu.Unlock()
			if full := len(docs) == q.Limit; full && q.After == nil {
				open++
			} else if !full && q.After != nil {
				open--
			}
			return docs, err
		}}
		if reads {
			d.get = func(ctx context.Context, b store.Backend, k store.Key) (store.Document, error) {
				if err := held(k.Kind); err != nil {
					return store.Document{}, err
				}
				return b.Get(ctx, k)
			}
			return d
		}
		d.commit = func(ctx context.Context, b store.Backend, c store.Commit) error {
			if err := held(c.Writes[0].Key.Kind); err != nil {
				return err
			}
			return b.Commit(ctx, c)
		}
		return d
	})
}

// sequence gives positions before the commit and shows events when it is done.
func sequence() brokenBackend {
	return with("gives positions before the commit", func() double {
		var mu sync.Mutex
		var next store.Position
		var shown []store.Event
		return double{
			commit: func(_ context.Context, _ store.Backend, c store.Commit) error {
				mu.Lock()
				for i := range c.Events {
					next++
					c.Events[i].Position = next
				}
				wait := time.Duration(next%5) * time.Millisecond
				mu.Unlock()
				time.Sleep(wait)
				mu.Lock()
				defer mu.Unlock()
				shown = append(shown, c.Events...)
				slices.SortFunc(shown, func(a, b store.Event) int { return int(a.Position - b.Position) })
				return nil
			},
			events: func(_ context.Context, _ store.Backend, f store.Feed) ([]store.Event, error) {
				mu.Lock()
				defer mu.Unlock()
				page := slices.DeleteFunc(slices.Clone(shown), func(e store.Event) bool { return e.Position <= f.After })
				return page[:min(len(page), f.Limit)], nil
			},
		}
	})
}

// shares hands out the same bytes to everybody.
func shares() brokenBackend {
	return with("hands out its own bytes", func() double {
		var mu sync.Mutex
		kept := map[store.Key]store.Document{}
		return double{get: func(ctx context.Context, b store.Backend, k store.Key) (store.Document, error) {
			mu.Lock()
			defer mu.Unlock()
			if d, ok := kept[k]; ok {
				return d, nil
			}
			d, err := b.Get(ctx, k)
			kept[k] = d
			return d, err
		}}
	})
}

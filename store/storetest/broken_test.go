package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/storetest"
	"github.com/servicecoin/servicecoin/suitetest"
)

// Each case must fail on a backend that is broken in just the way that its
// sentence forbids.
func TestBrokenBackendsFail(t *testing.T) {
	t.Parallel()
	suitetest.RunBroken(t, storetest.Cases(), hosted(nil), brokenBackends())
}

func brokenBackends() map[string]brokenBackend {
	all := map[string]brokenBackend{
		"get": with("loses the shape", func() double {
			return double{get: func(ctx context.Context, b store.Backend, k store.Key) (store.Document, error) {
				d, err := b.Get(ctx, k)
				d.Shape = 0
				return d, err
			}}
		}),
		"get/odd ids": with("folds the case of ids", func() double {
			fold := func(k store.Key) store.Key { k.ID = strings.ToLower(k.ID); return k }
			return double{
				get: func(ctx context.Context, b store.Backend, k store.Key) (store.Document, error) {
					return b.Get(ctx, fold(k))
				},
				commit: func(ctx context.Context, b store.Backend, c store.Commit) error {
					for i := range c.Writes {
						c.Writes[i].Key = fold(c.Writes[i].Key)
					}
					return b.Commit(ctx, c)
				},
			}
		}),
		"copies":                shares(),
		"commit/all or nothing": splits(),
		"commit/exists":         overwrites(),
		"commit/conflict": onCommit("writes whatever the version", func(ctx context.Context, b store.Backend, c store.Commit) error {
			for i, w := range c.Writes {
				d, _ := b.Get(ctx, w.Key)
				c.Writes[i].Expect = d.Version
			}
			return b.Commit(ctx, c)
		}),
		"commit/checks":   ignoresChecks(),
		"commit/newer":    raisesShape(),
		"commit/delete":   keepsDeleted(),
		"commit/versions": restarts(),
		"commit/key error": onCommit("does not say which key", func(ctx context.Context, b store.Backend, c store.Commit) error {
			err := b.Commit(ctx, c)
			if e, ok := errors.AsType[*servicecoin.KeyError](err); ok {
				return e.Err
			}
			return err
		}),
		"commit/limits": onCommit("cuts a large commit into small ones", func(ctx context.Context, b store.Backend, c store.Commit) error {
			for len(c.Writes) > store.MaxParts {
				if err := b.Commit(ctx, store.Commit{Writes: c.Writes[:store.MaxParts]}); err != nil {
					return err
				}
				c.Writes = c.Writes[store.MaxParts:]
			}
			return b.Commit(ctx, c)
		}),
		"cancelled": onCommit("does not look at the context", func(ctx context.Context, b store.Backend, c store.Commit) error {
			return b.Commit(context.WithoutCancel(ctx), c)
		}),
		"certain": onCommit("answers the plain error of the context", func(ctx context.Context, b store.Backend, c store.Commit) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return b.Commit(ctx, c)
		}),
		"forget": forgetsNothing(),
		"forget/before": with("forgets every event", func() double {
			return double{forget: func(ctx context.Context, b store.Backend, c servicecoin.CustomerID, _ store.Position) error {
				return b.Forget(ctx, c, 0)
			}}
		}),
		"forget/versions": restarts(),
		"events/gap-safe": sequence(),
		"race/one record": forces(),
		"race/insert":     overwrites(),
		"race/write skew": checksEarly(false),
		"race/absence":    checksEarly(true),
		"race/many keys": onCommit("deadlocks where commits cross", func(ctx context.Context, b store.Backend, c store.Commit) error {
			time.Sleep(100 * time.Microsecond) // so that they do cross
			err := b.Commit(ctx, c)
			if errors.Is(err, servicecoin.ErrConflict) {
				return errors.New("deadlock detected")
			}
			return err
		}),
		"typed/update": onCommit("acknowledges a commit that it has not stored", func(ctx context.Context, b store.Backend, c store.Commit) error {
			if len(c.Events) == 1 && strings.HasSuffix(string(c.Events[0].Actor.ID), "-7") {
				return nil
			}
			return b.Commit(ctx, c)
		}),
		"typed/answer lost":         overwrites(),
		"typed/forget":              forgetsNothing(),
		"typed/nested find":         busyListings(true),
		"unit/write skew":           ignoresChecks(),
		"unit/own writes":           keepsDeleted(),
		"unit/find none and insert": overwrites(),
		"unit/mixture": with("shows every version as the first", func() double {
			return double{get: func(ctx context.Context, b store.Backend, k store.Key) (store.Document, error) {
				d, err := b.Get(ctx, k)
				d.Version = min(d.Version, 1)
				return d, err
			}}
		}),
		"unit/two kinds and customers": onCommit("stores the first write even if the rest fails", func(ctx context.Context, b store.Backend, c store.Commit) error {
			if len(c.Writes) > 1 {
				c.Writes, c.Events = c.Writes[:1], c.Events[:1]
			}
			return b.Commit(ctx, c)
		}),
		"typed/commit in a find loop": busyListings(false),
		"kind/shapes":                 raisesShape(),
		"kind/new index": onCommit("loses the second index value", func(ctx context.Context, b store.Backend, c store.Commit) error {
			for i := range c.Writes {
				c.Writes[i].Index[1] = nil
			}
			return b.Commit(ctx, c)
		}),
		"kind/changed index": losesKind("does not remember indexes", "store.kind"),
		"kind/declaration": onCommit("takes what is invalid for done", func(ctx context.Context, b store.Backend, c store.Commit) error {
			if err := b.Commit(ctx, c); !errors.Is(err, servicecoin.ErrInvalid) {
				return err
			}
			return nil
		}),
		"kind/reindex resumes": onFind("shows a full page without its middle", func(ctx context.Context, b store.Backend, q store.Query) ([]store.Document, error) {
			docs, err := b.Find(ctx, q)
			if q.Everyone && len(docs) > 2 {
				docs = slices.Delete(docs, 1, 2)
			}
			return docs, err
		}),
		"consumer/exactly once": losesLastWrite(),
		"consumer/crash":        losesLastWrite(),
		"consumer/lease": with("does not keep the lease", func() double {
			return double{get: func(ctx context.Context, b store.Backend, k store.Key) (store.Document, error) {
				d, err := b.Get(ctx, k)
				if k.Kind == "store.consumer" {
					d.Body = bytes.ReplaceAll(d.Body, []byte(`"until":"2026`), []byte(`"until":"1026`))
				}
				return d, err
			}}
		}),
		"consumer/racing": forces(),
		"consumer/poison": losesKind("loses what is parked", "store.parked"),
		"consumer/emits": onCommit("loses events beside writes", func(ctx context.Context, b store.Backend, c store.Commit) error {
			if len(c.Writes) > 0 {
				c.Events = nil
			}
			return b.Commit(ctx, c)
		}),
		"consumer/forgotten": ignoresChecks(),
		"consumer/idle": with("shows ten events a page", func() double {
			return double{events: func(ctx context.Context, b store.Backend, f store.Feed) ([]store.Event, error) {
				f.Limit = min(f.Limit, 10)
				return b.Events(ctx, f)
			}}
		}),
		"consumer/together": losesLastWrite(),
		"consumer/refused":  losesKind("loses what is parked", "store.parked"),
		"consumer/parts":    losesLastWrite(),
	}
	maps.Copy(all, brokenConsumers())
	maps.Copy(all, brokenListings())
	maps.Copy(all, brokenFeeds())
	maps.Copy(all, brokenTransactions())
	return all
}

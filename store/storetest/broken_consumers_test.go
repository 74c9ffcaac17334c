package storetest_test

import (
	"context"
	"regexp"

	"github.com/servicecoin/servicecoin/store"
)

// losesField drops a field of a consumer's place.
func losesField(name, pattern string) brokenBackend {
	field := regexp.MustCompile(pattern)
	return onCommit(name, func(ctx context.Context, b store.Backend, c store.Commit) error {
		for i, w := range c.Writes {
			if w.Key.Kind == "store.consumer" {
				c.Writes[i].Body = field.ReplaceAll(w.Body, nil)
			}
		}
		return b.Commit(ctx, c)
	})
}

func brokenConsumers() map[string]brokenBackend {
	tenEvents := with("shows ten events a page", func() double {
		return double{events: func(ctx context.Context, b store.Backend, f store.Feed) ([]store.Event, error) {
			f.Limit = min(f.Limit, 10)
			return b.Events(ctx, f)
		}}
	})
	return map[string]brokenBackend{
		"consumer/lists":             losesField("loses which rules are done", `"done":\[[^]]*\],`),
		"consumer/lacking rule":      losesKind("loses what is parked", "store.parked"),
		"consumer/gone rule":         losesKind("loses what is parked", "store.parked"),
		"consumer/large parked":      losesKind("loses what is parked", "store.parked"),
		"consumer/erased under way":  losesField("loses which event is under way", `"at":[0-9]*,`),
		"consumer/fast clock":        losesLastWrite(),
		"consumer/length of a lease": losesField("loses how long a lease was given for", `"lease":[0-9]*,`),
		"consumer/backoff":           losesField("loses when the next try is", `"next":"[^"]*",`),
		"consumer/drain":             losesLastWrite(),
		"consumer/break": onCommit("loses events beside writes", func(ctx context.Context, b store.Backend, c store.Commit) error {
			if len(c.Writes) > 0 {
				c.Events = nil
			}
			return b.Commit(ctx, c)
		}),
		"consumer/health": tenEvents,
		"consumer/older place": with("gives every document the newest shape", func() double {
			return double{get: func(ctx context.Context, b store.Backend, k store.Key) (store.Document, error) {
				d, err := b.Get(ctx, k)
				if k.Kind == "store.consumer" {
					d.Shape = 1
				}
				return d, err
			}}
		}),
	}
}

package meteringtest_test

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// heap is a store's own and wrong way from events and facts to what stands: all that
// was added, in the order in which it came.
type heap struct {
	mu     sync.Mutex
	list   []metering.Event
	batch  map[metering.EventKey]int // in which an event came
	writes int
}

// folds lists what a timeline of its own makes of events and facts, which come in the
// order of their arrival.
func folds(name string, timeline func(h *heap, known []metering.Event) []metering.Entry) brokenStore {
	return foldsBy(name, metering.Event.About, timeline)
}

func foldsBy(name string, about func(e metering.Event) metering.EventKey, timeline func(h *heap, known []metering.Event) []metering.Entry) brokenStore {
	return brokenStore{name: name, fault: func(d *double) {
		h := &heap{batch: map[metering.EventKey]int{}}
		d.appends = h.appends
		d.forget = func(ctx context.Context, s metering.EventStore, c servicecoin.CustomerID) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.list = slices.DeleteFunc(h.list, func(e metering.Event) bool { return e.Customer == c })
			return s.Forget(ctx, c)
		}
		d.scan = func(ctx context.Context, _ metering.EventStore, q metering.Query) iter.Seq2[metering.Event, error] {
			return h.scan(ctx, q, about, timeline)
		}
	}}
}

func (h *heap) appends(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.writes++
	for _, e := range events {
		receipt, err := s.Append(ctx, []metering.Event{e})
		if err != nil {
			return receipt, err
		}
		if receipt.Added > 0 {
			h.list = append(h.list, e)
			h.batch[metering.KeyOf(e)] = h.writes
		}
	}
	again, err := s.Append(ctx, events)
	again.Added = again.Repeats
	again.Repeats = 0
	return again, err
}

func (h *heap) scan(ctx context.Context, q metering.Query, about func(e metering.Event) metering.EventKey, timeline func(h *heap, known []metering.Event) []metering.Entry) iter.Seq2[metering.Event, error] {
	return metering.Pages(ctx, q, func(_ context.Context, q metering.Query, after *metering.Cursor) ([]metering.Event, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		known := map[metering.EventKey][]metering.Event{}
		for _, e := range h.list {
			known[about(e)] = append(known[about(e)], e)
		}
		var entries []metering.Entry
		for _, list := range known {
			entries = append(entries, timeline(h, list)...)
		}
		entries = slices.DeleteFunc(entries, func(e metering.Entry) bool { return e.Customer != q.Customer || e.Type != q.Type })
		var page []metering.Event
		for _, e := range metering.Stand(entries, q.KnownBefore) {
			if q.During.Contains(e.Time) && (after == nil || metering.CursorOf(e).Compare(*after) > 0) && len(page) < metering.PageSize {
				page = append(page, e)
			}
		}
		return page, nil
	})
}

// some leaves out facts.
func some(known []metering.Event, keep func(i int, f metering.Event) bool) []metering.Event {
	var list []metering.Event
	for i, e := range known {
		if e.Does == metering.Happen || keep(i, e) {
			list = append(list, e)
		}
	}
	return list
}

// last is what stands at last, since then.
func last(entries []metering.Entry) []metering.Entry {
	if len(entries) > 0 && !entries[len(entries)-1].Gone {
		return entries[len(entries)-1:]
	}
	return nil
}

// event returns the event itself, and whether it is there.
func event(known []metering.Event) (metering.Event, bool) {
	at := slices.IndexFunc(known, func(e metering.Event) bool { return e.Does == metering.Happen })
	if at < 0 {
		return metering.Event{}, false
	}
	return known[at], true
}

func brokenFacts() map[string]brokenStore {
	return map[string]brokenStore{
		"facts/history": {name: "tells the last first", fault: func(d *double) {
			d.history = func(ctx context.Context, s metering.EventStore, key metering.EventKey) ([]metering.Event, error) {
				list, err := s.History(ctx, key)
				slices.Reverse(list)
				return list, err
			}
		}},
		"facts/void": folds("goes on listing what is voided", func(_ *heap, known []metering.Event) []metering.Entry {
			return metering.Timeline(some(known, func(_ int, f metering.Event) bool { return f.Does != metering.Void }))
		}),
		"facts/correct": folds("corrects an event where it stood", func(_ *heap, known []metering.Event) []metering.Entry {
			known = slices.Clone(known)
			e, _ := event(known)
			for i := range known {
				if known[i].Does == metering.Correct {
					known[i].Time = e.Time
				}
			}
			return metering.Timeline(known)
		}),
		"facts/zeros": folds("voids no event that has zeros at its end", func(_ *heap, known []metering.Event) []metering.Entry {
			e, _ := event(known)
			return metering.Timeline(some(known, func(_ int, f metering.Event) bool {
				return f.Does != metering.Void || !strings.HasSuffix(e.Value.Decimal.StringFixed(-e.Value.Decimal.Exponent()), "00000")
			}))
		}),
		"facts/close":                folds("closes what has an end", closesAll),
		"facts/any order":            folds("holds facts in the order in which they came", arrived),
		"facts/before their event":   folds("loses what comes before its event", eventFirst),
		"facts/batches":              folds("does not look for events in the batch at hand", earlierBatch),
		"facts/repeat":               {name: "lets a fact's second content count", fault: secondCounts},
		"facts/late":                 folds("passes over a fact that is older than one that is there", onlyNewer),
		"facts/known before":         folds("knows an event as it stands now", func(_ *heap, known []metering.Event) []metering.Entry { return last(metering.Timeline(known)) }),
		"facts/own customer":         foldsBy("applies facts to the events of everybody", anybody, ofAnybody),
		"facts/intervals and fields": changes("keeps one field", func(e *metering.Event) { e.Fields = e.Fields[:min(1, len(e.Fields))] }),
		"facts/forget":               {name: "forgets no fact that waits for its event", fault: keepsWaiting},
	}
}

func closesAll(_ *heap, known []metering.Event) []metering.Entry {
	e, there := event(known)
	if !there {
		return nil
	}
	known = slices.Clone(known)
	for i, f := range known {
		if f.Does == metering.Close {
			known[i] = e
			known[i].Source, known[i].ID, known[i].Does, known[i].Of, known[i].RecordedAt = f.Source, f.ID, metering.Correct, f.Of, f.RecordedAt
			known[i].Open, known[i].End = false, f.Time
		}
	}
	return metering.Timeline(known)
}

func arrived(_ *heap, known []metering.Event) []metering.Entry {
	known = slices.Clone(known)
	for i := 1; i < len(known); i++ {
		if before := known[i-1].RecordedAt; known[i].Does != metering.Happen && !known[i].RecordedAt.After(before) {
			known[i].RecordedAt = before.Add(1)
		}
	}
	return metering.Timeline(known)
}

func eventFirst(_ *heap, known []metering.Event) []metering.Entry {
	at := slices.IndexFunc(known, func(e metering.Event) bool { return e.Does == metering.Happen })
	return metering.Timeline(some(known, func(i int, _ metering.Event) bool { return i > at }))
}

func earlierBatch(h *heap, known []metering.Event) []metering.Entry {
	e, _ := event(known)
	return metering.Timeline(some(known, func(_ int, f metering.Event) bool { return h.batch[metering.KeyOf(f)] != h.batch[metering.KeyOf(e)] }))
}

func onlyNewer(_ *heap, known []metering.Event) []metering.Entry {
	var newest metering.Event
	return metering.Timeline(some(known, func(_ int, f metering.Event) bool {
		if f.RecordedAt.Before(newest.RecordedAt) {
			return false
		}
		newest = f
		return true
	}))
}

func anybody(e metering.Event) metering.EventKey { return metering.EventKey{Ref: e.About().Ref} }

func ofAnybody(_ *heap, known []metering.Event) []metering.Entry {
	var entries []metering.Entry
	for _, e := range known {
		if e.Does == metering.Happen {
			facts := slices.DeleteFunc(slices.Clone(known), func(f metering.Event) bool { return f.Does == metering.Happen })
			entries = append(entries, metering.Timeline(append(facts, e))...)
		}
	}
	return entries
}

// secondCounts puts another fact beside one that is in conflict.
func secondCounts(d *double) {
	d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
		receipt, err := s.Append(ctx, events)
		for _, x := range receipt.Exceptions {
			if f := events[x.Index]; x.Outcome == metering.Conflict && f.Does != metering.Happen {
				f.ID = "second " + f.ID
				if _, err := s.Append(ctx, []metering.Event{f}); err != nil {
					return receipt, err
				}
			}
		}
		return receipt, err
	}
}

// keepsWaiting appends again what waited for an event.
func keepsWaiting(d *double) {
	h := &heap{batch: map[metering.EventKey]int{}}
	d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.list = append(h.list, events...)
		return s.Append(ctx, events)
	}
	d.forget = func(ctx context.Context, s metering.EventStore, c servicecoin.CustomerID) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		var waiting []metering.Event
		for _, f := range h.list {
			there := slices.ContainsFunc(h.list, func(e metering.Event) bool { return metering.KeyOf(e) == f.About() })
			if f.Does != metering.Happen && f.Customer == c && !there {
				waiting = append(waiting, f)
			}
		}
		_, err := s.Append(ctx, waiting)
		if err := cmp.Or(err, s.Forget(ctx, c)); err != nil {
			return err
		}
		_, err = s.Append(ctx, waiting)
		return err
	}
}

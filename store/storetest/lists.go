package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

func listCases() []Case {
	return []Case{
		{Name: "consumer/lists", Sentence: "A list of rules that loses, reorders, gains or renames some in the middle of an event makes each effect once, and progress goes to its rule.", Run: caseLists},
		{Name: "consumer/lacking rule", Sentence: "What a rule would have answered that the replica at work lacks is parked, and made up for by one that has it.", Run: caseLacking},
		{Name: "consumer/gone rule", Sentence: "Parked events of a rule that is gone are refused on Retry, until a rule is said to have been it; they can be discarded.", Run: caseGone},
		{Name: "consumer/older place", Sentence: "A place that an older release stored is read: the rules before the next one are done.", Run: caseOlderPlace},
		{Name: "consumer/erased under way", Sentence: "What is kept of an event under way is of that event alone, though it is erased.", Run: caseErasedUnderWay},
		{Name: "consumer/large parked", Sentence: "An event can be parked and retried whatever its data.", Run: caseLargeParked},
	}
}

// workshop makes rules whose effects are notes with a count: a, b, c and d, of
// which b takes two parts. Each fails where stop says so: "b" or "b/x", the rule
// with where it was to go on.
type workshop struct {
	t    testing.TB
	s    *store.Store
	name string
	stop string
}

var errStopped = errors.New("storetest: the rule stops here")

// rule returns a rule by its letter; "B" is b by its later name.
func (w *workshop) rule(letter string) store.Rule {
	r := store.Rule{Name: letter, On: []string{"thing.done"}}
	if letter == "B" {
		r.Name, r.Was = "later", []string{"b"}
	}
	letter = strings.ToLower(letter)
	r.Do = func(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
		at := letter
		if from != "" {
			at += "/" + from
		}
		if at != letter && at != "b/x" {
			w.t.Errorf("%s: rule %s goes on at %q, which is another one's", w.name, letter, from)
		}
		if at == w.stop {
			return "", errStopped
		}
		c := store.Of(tx.For(e.Subject.Customer), notes())
		id := w.name + " " + e.ID + " " + at
		_, err := c.Update(ctx, id, func(n *note) ([]store.Event, error) { n.N++; return nil, nil })
		if errors.Is(err, servicecoin.ErrNotFound) {
			err = c.Insert(ctx, note{ID: id, N: 1})
		}
		if at == "b" {
			return "x", err
		}
		return "", err
	}
	return r
}

// run drains a consumer with a list of rules, up to where one of them stops.
func (w *workshop) run(list string) {
	w.t.Helper()
	var rules []store.Rule
	for _, letter := range list {
		rules = append(rules, w.rule(string(letter)))
	}
	c, err := store.NewConsumer(w.s, w.name, rules, &store.ConsumerOptions{Holder: "one", Tries: 50, Backoff: store.AtOnce})
	if err != nil {
		w.t.Fatal(err)
	}
	for range 40 {
		done, err := c.Step(w.t.Context(), 10)
		if errors.Is(err, errStopped) && w.stop != "" {
			return
		}
		if err != nil {
			w.t.Fatalf("%s, %q: %v", w.name, list, err)
		}
		if done.Effects+done.Skipped+done.Parked == 0 {
			return
		}
	}
	w.t.Fatalf("%s, %q: does not come to an end", w.name, list)
}

// once checks that each part of the rules was made once for an event.
func (w *workshop) once(event, list string) {
	w.t.Helper()
	for _, letter := range strings.ToLower(list) {
		parts := []string{string(letter)}
		if letter == 'b' {
			parts = append(parts, "b/x")
		}
		for _, part := range parts {
			n, err := store.Of(w.s.For(acme), notes()).Get(w.t.Context(), w.name+" "+event+" "+part)
			if err != nil || n.N != 1 {
				w.t.Errorf("%s: %s answered %s %d times (%v)", w.name, part, event, n.N, err)
			}
		}
	}
}

// lists are what may become of abc.
func lists() []string {
	return []string{
		"abc", "acb", "bac", "bca", "cab", "cba", // reordered
		"bc", "ac", "ab", "a", "b", "c", // lost
		"dabc", "adbc", "abdc", "abcd", // gained
		"aBc", "cBa", "Bc", "dBca", "d", // renamed, and several at once
	}
}

func caseLists(t testing.TB, h Harness) {
	s := store.New(h.Open(t), &store.Options{Now: newClock().Now})
	record(t, s, "thing.done", 2)
	for _, stop := range []string{"a", "b", "b/x", "c"} {
		for _, list := range lists() {
			w := &workshop{t: t, s: s, name: strings.ReplaceAll(stop, "/", "") + list, stop: stop}
			w.run("abc") // up to the stop, at the first event
			w.stop = ""
			w.run(list)
			for _, event := range []string{"thing.done0000", "thing.done0001"} {
				w.once(event, list)
			}
			w.run("abcd") // the older list is back, and makes up for what that one lacked
			for _, event := range []string{"thing.done0000", "thing.done0001"} {
				w.once(event, "abc")
			}
		}
	}
}

func caseLacking(t testing.TB, h Harness) {
	clock := newClock()
	s := store.New(h.Open(t), &store.Options{Now: clock.Now})
	w := &workshop{t: t, s: s, name: "exchange"}
	w.run("ab") // both rules are known, nothing has happened
	record(t, s, "thing.done", 3)
	w.run("a") // an older replica
	parked := 0
	c := consumer(t, s, nil, w.rule("a"))
	for item, err := range c.Parked().Items(t.Context()) {
		if err != nil || item.Value.Rule != "b" || !item.Value.Owed {
			t.Errorf("parked: %+v (%v)", item.Value, err)
		}
		parked++
	}
	equal(t, "left to the newer replica", parked, 3)
	w.run("ab")
	for i := range 3 {
		w.once("thing.done"+number(i), "ab")
	}
	for item, err := range c.Parked().Items(t.Context()) {
		t.Errorf("still parked: %+v (%v)", item.Value, err)
	}
	// Gone for long, it is gone for good.
	clock.Add(49 * time.Hour)
	w.run("a")
	e := happened(acme, "much later")
	e.Name = "thing.done"
	if err := s.For(acme).Record(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	w.run("a")
	for item, err := range c.Parked().Items(t.Context()) {
		t.Errorf("parked for a rule that has been gone for days: %+v (%v)", item.Value, err)
	}
	w.once("much later", "a")
}

func caseGone(t testing.TB, h Harness) {
	s := store.New(h.Open(t), &store.Options{Now: newClock().Now})
	record(t, s, "thing.done", 2)
	w := &workshop{t: t, s: s, name: "exchange", stop: "b/x"}
	options := &store.ConsumerOptions{Tries: 1, Holder: "one"}
	drain(t, consumer(t, s, options, w.rule("a"), w.rule("b")), errStopped)
	w.stop = ""
	keys := func(c *store.Consumer) []store.Key {
		var list []store.Key
		for item, err := range c.Parked().Items(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, item.Key)
		}
		return list
	}
	without := consumer(t, s, options, w.rule("a"))
	drain(t, without)
	list := keys(without)
	if len(list) != 2 {
		t.Fatalf("parked: %v", list)
	}
	if err := without.Retry(t.Context(), list[0]); !errors.Is(err, servicecoin.ErrRefused) || !strings.Contains(err.Error(), "no rule b") {
		t.Errorf("retry for a rule that is gone: %v", err)
	}
	renamed := consumer(t, s, options, w.rule("a"), w.rule("B"))
	retried := ""
	for item, err := range renamed.Parked().Items(t.Context()) {
		if err == nil && item.Key == list[0] {
			retried = item.Value.Event.ID
		}
	}
	if err := renamed.Retry(t.Context(), list[0]); err != nil {
		t.Errorf("retry by the rule's later name: %v", err)
	}
	if err := without.Discard(t.Context(), list[1]); err != nil {
		t.Errorf("discard: %v", err)
	}
	equal(t, "still parked", len(keys(without)), 0)
	w.once(retried, "ab")
}

// olderPlace is what the release before kept: it has done a, and b up to x.
const olderPlace = `{"name":"exchange","position":%d,"holder":"gone","until":"2026-05-01T12:00:10Z","rule":%q,"from":"x"}`

func caseOlderPlace(t testing.TB, h Harness) {
	for _, list := range []string{"abc", "cab", "aBc", "ac"} {
		b, clock := h.Open(t), newClock()
		s := store.New(b, &store.Options{Now: clock.Now})
		record(t, s, "thing.done", 2)
		w := &workshop{t: t, s: s, name: "exchange"}
		events, err := s.Events(t.Context(), 0, 1)
		if err != nil || len(events) != 1 {
			t.Fatal(err)
		}
		// The older release had made a, and the first part of b.
		for _, id := range []string{"a", "b"} {
			if err := store.Of(s.For(acme), notes()).Insert(t.Context(), note{ID: "exchange thing.done0000 " + id, N: 1}); err != nil {
				t.Fatal(err)
			}
		}
		place := store.Document{
			Key:  store.Key{Customer: servicecoin.Provider, Kind: "store.consumer", ID: "exchange"},
			Body: fmt.Appendf(nil, olderPlace, events[0].Position-1, "b"),
		}
		if err := b.Commit(t.Context(), store.Commit{Writes: []store.Write{{Document: place}}}); err != nil {
			t.Fatal(err)
		}
		if _, err := consumer(t, s, nil, w.rule("a")).Step(t.Context(), 10); !errors.Is(err, servicecoin.ErrBusy) {
			t.Errorf("the older release's lease: %v, want ErrBusy", err)
		}
		clock.Add(11 * time.Second)
		w.run(list)
		if list == "ac" { // which of the two are done with the first event is not known: a person decides
			w.once("thing.done0001", "ac")
			var rules []string
			for item, err := range consumer(t, s, nil, w.rule("a")).Parked().Items(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				rules = append(rules, fmt.Sprint(item.Value.Rule, item.Value.Tries, item.Value.From))
			}
			slices.Sort(rules)
			equal(t, "parked", strings.Join(rules, " "), "a1 b0x c1")
			continue
		}
		w.once("thing.done0000", strings.ReplaceAll(list, "cab", "ab"))
		w.once("thing.done0001", list)
		d, err := b.Get(t.Context(), place.Key)
		if err != nil || d.Shape == 0 {
			t.Errorf("the place has shape %d (%v): an older replica would go on with it", d.Shape, err)
		}
	}
}

func caseErasedUnderWay(t testing.TB, h Harness) {
	s := store.New(h.Open(t), &store.Options{Now: newClock().Now})
	first := happened(globex, "of another customer")
	first.Name = "thing.done"
	if err := s.For(globex).Record(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	record(t, s, "thing.done", 1)
	w := &workshop{t: t, s: s, name: "exchange", stop: "b/x"}
	w.run("abc")
	w.stop = ""
	if err := s.Forget(t.Context(), actor(), globex); err != nil {
		t.Fatal(err)
	}
	w.run("abc")
	w.once("thing.done0000", "abc")
	for n, err := range store.Of(s.For(globex), notes()).Find(store.All()).All(t.Context()) {
		t.Errorf("a record of who was forgotten: %v (%v)", n.ID, err)
	}
}

func caseLargeParked(t testing.TB, h Harness) {
	s := store.New(h.Open(t), &store.Options{Now: newClock().Now})
	sent := map[string]string{
		"large":  `"` + strings.Repeat("<", store.MaxDocument-2) + `"`,
		"binary": "\x00\xff no JSON",
		"none":   "",
	}
	for _, id := range []string{"large", "binary", "none"} {
		e := happened(acme, id)
		e.Name, e.Data = "thing.done", []byte(sent[id])
		if err := s.For(acme).Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	fails, got := true, map[string]string{}
	rule := store.Rule{Name: "one", On: []string{"thing.done"}, Do: func(_ context.Context, _ *store.Store, e store.Event, _ string) (string, error) {
		if fails {
			return "", errStopped
		}
		got[e.ID] = string(e.Data)
		return "", nil
	}}
	c := consumer(t, s, &store.ConsumerOptions{Tries: 1}, rule)
	done := drain(t, c, errStopped)
	equal(t, "parked", done.Parked, 3)
	fails = false
	for item, err := range c.Parked().Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Retry(t.Context(), item.Key); err != nil {
			t.Error(err)
		}
	}
	for id, want := range sent {
		if got[id] != want {
			t.Errorf("the retried event %s has %d bytes of data, want %d", id, len(got[id]), len(want))
		}
	}
}

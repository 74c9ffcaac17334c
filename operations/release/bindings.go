package release

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// KeepBinding adds a binding, or replaces the one of its id. Its API stays; so does what was
// told of it. A new one has to follow the newest revision of its API at once. Open works go
// with the owner.
func (n *APIs) KeepBinding(ctx context.Context, by servicecoin.Actor, b Binding) (Binding, error) {
	if err := n.view.Ask(ctx, by, VerbKeepBinding, BindingRecord, string(b.ID)); err != nil {
		return Binding{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) { v.Merge("", b.Validate()) })
	if err != nil {
		return Binding{}, err
	}
	b.KeptAt, b.Behind = at, nil
	e, err := store.Happened(by, EventBindingKept, BindingChanged{API: b.API, Binding: b.ID, Owner: b.Owner, Own: b.Version, Range: b.Range})
	if err != nil {
		return Binding{}, err
	}
	err = n.view.Do(ctx, func(tx store.View) error {
		m := n.On(tx)
		a, err := m.API(ctx, b.API)
		if err != nil {
			return unknown(err, "api", string(b.API))
		}
		was, err := store.Of(tx, bindings).Item(ctx, string(b.ID))
		switch {
		case errors.Is(err, servicecoin.ErrNotFound):
			if err := m.begin(ctx, a, b); err != nil {
				return err
			}
		case err != nil:
			return err
		case was.Value.API != b.API:
			return n.refuse(BindingRecord, string(b.ID), VerbKeepBinding, "it is a binding of "+string(was.Value.API)+", and stays so")
		case was.Value.Owner != b.Owner:
			if err := m.hand(ctx, a, b); err != nil {
				return err
			}
		}
		b.Behind = was.Value.Behind
		return store.Of(tx, bindings).Put(ctx, b, was.Version, e)
	})
	return b, err
}

// of returns the bindings of an API.
func (n *APIs) of(ctx context.Context, id APIID) ([]Binding, error) {
	var list []Binding
	for b, err := range n.Of(id).All(ctx) {
		if err != nil {
			return nil, err
		}
		if list = append(list, b); len(list) >= maxBindings {
			break
		}
	}
	return list, nil
}

// begin opens the work of a new binding for the newest version that came, and refuses one
// more than an API may have.
func (n *APIs) begin(ctx context.Context, a API, b Binding) error {
	list, err := n.of(ctx, a.ID)
	if err != nil {
		return err
	}
	var v servicecoin.Violations
	if !v.Limit("api", len(list)+1, maxBindings) {
		return v.Err()
	}
	all, err := n.Revisions(ctx, a.ID)
	if err != nil || b.Stability == Deprecated {
		return err
	}
	for _, r := range slices.Backward(all) {
		if r.prerelease() || b.From != "" && compare(r.Version, b.From) < 0 {
			continue
		}
		if !r.Gone {
			_, err = n.openFor(ctx, a, b, r)
		}
		return err
	}
	return nil
}

// maxHanded is how many works of a binding change at once; more stay as they are.
const maxHanded = 80

// hand gives the open works of a binding to its owner.
func (n *APIs) hand(ctx context.Context, a API, b Binding) error {
	owner := b.Owner
	if owner == "" {
		owner = a.Owner
	}
	return n.eachOpen(ctx, b.ID, func(t *Trial) bool {
		if t.Work.Owner == owner {
			return false
		}
		work := *t.Work
		work.Owner = owner
		t.Work = &work
		return true
	})
}

// Tried is what came of trying a binding with a version of the platform.
type Tried struct {
	Binding BindingID
	Version string // of the platform
	Own     string // of the binding; "": the one that it has
	Passed  bool
	Proof   string // the digest of a test report, or where it lies
	Note    string
	At      time.Time // when it was tried; zero: now
}

// Report says what came of trying a binding. The newest report counts; one that is older
// than what is known is refused. It ends the work to try it, whatever came of it: a binding
// that is broken stays behind. One that works ends the work for older versions of the line,
// too.
func (n *APIs) Report(ctx context.Context, by servicecoin.Actor, x Tried) (Trial, error) {
	id := store.JoinID(string(x.Binding), Canonical(x.Version))
	if err := n.view.Ask(ctx, by, VerbReport, TrialRecord, id); err != nil {
		return Trial{}, err
	}
	now := n.view.Now()
	if x.At.IsZero() {
		x.At = now
	}
	at, err := lifecycle.Check(by, now, func(v *servicecoin.Violations) {
		v.ID("binding", string(x.Binding))
		readVersion(v, "version", x.Version)
		v.Text("own", x.Own, 0, maxName)
		v.Text("proof", x.Proof, 0, maxItem)
		v.Text("note", x.Note, 0, maxItem)
		v.Time("at", x.At)
		if x.At.After(now) {
			v.Add("at", "out-of-order", lifecycle.Stamp(x.At), "must not be after now")
		}
	})
	if err != nil {
		return Trial{}, err
	}
	var out Trial
	err = n.view.Do(ctx, func(tx store.View) error {
		b, err := store.Of(tx, bindings).Get(ctx, string(x.Binding))
		if err != nil {
			return unknown(err, "binding", string(x.Binding))
		}
		item, err := store.Of(tx, trials).Item(ctx, id)
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		t := item.Value
		if err != nil {
			t = Trial{API: b.API, Binding: b.ID, Version: x.Version}
		}
		r := BindingReport{Own: x.Own, Passed: x.Passed, Proof: x.Proof, Note: x.Note, By: by, At: servicecoin.Instant(x.At)}
		if r.Own == "" {
			r.Own = b.Version
		}
		if t.Report != nil && r.At.Before(t.Report.At) {
			return n.refuse(TrialRecord, id, VerbReport, "it was tried again at "+lifecycle.Stamp(t.Report.At))
		}
		news := BindingChanged{API: b.API, Binding: b.ID, Owner: b.Owner, Version: x.Version, Own: r.Own, Text: x.Note, Proof: x.Proof, Replaced: t.Report}
		t.Report = &r
		t.Work = t.ended(followup.Done, outcome(r), at)
		name := EventBindingTested
		if !r.Passed {
			name = EventBindingBroken
		}
		e, err := store.Happened(by, name, news)
		if err != nil {
			return err
		}
		out = t
		if r.Passed {
			if err := n.On(tx).spare(ctx, t, at); err != nil {
				return err
			}
		}
		return store.Of(tx, trials).Put(ctx, t, item.Version, e)
	})
	return out, err
}

// spare drops the open works for older versions of a line, of which a newer one works: who
// runs the line can take that.
func (n *APIs) spare(ctx context.Context, works Trial, at time.Time) error {
	return n.eachOpen(ctx, works.Binding, func(t *Trial) bool {
		if lineNumbers(t.Version) != lineNumbers(works.Version) || compare(t.Version, works.Version) >= 0 {
			return false
		}
		t.Work = t.ended(followup.Dropped, "it works with "+works.Version+" of the same line", at)
		return true
	})
}

// eachOpen changes the open works of a binding, as many as have room in a commit.
func (n *APIs) eachOpen(ctx context.Context, b BindingID, change func(t *Trial) bool) error {
	var changed []store.Item[Trial]
	for item, err := range store.Of(n.view, trials).Find(store.By("binding", store.Text(b))).Items(ctx) {
		if err != nil {
			return err
		}
		if item.Value.open() && len(changed) < maxHanded && change(&item.Value) {
			changed = append(changed, item)
		}
	}
	for _, item := range changed {
		if err := store.Of(n.view, trials).Put(ctx, item.Value, item.Version); err != nil {
			return err
		}
	}
	return nil
}

func outcome(r BindingReport) string {
	if r.Passed {
		return "it works"
	}
	return "it does not work"
}

// ended is the work of a trial, done or dropped if it was open.
func (t Trial) ended(to followup.State, text string, at time.Time) *followup.FollowUp {
	if !t.open() {
		return t.Work
	}
	return &followup.List{*t.Work}.End(0, to, text, at)[0]
}

// PutOff moves the day by which a binding is to be tried. What was promised first stays.
func (n *APIs) PutOff(ctx context.Context, by servicecoin.Actor, b BindingID, text string, due time.Time, why string) (Trial, error) {
	check := func(v *servicecoin.Violations, at time.Time) {
		v.Time("due", due)
		v.Text("why", why, 1, maxItem)
		if !due.IsZero() && due.Before(at) {
			v.Add("due", "out-of-order", lifecycle.Stamp(due), "must not have passed")
		}
	}
	return n.changeWork(ctx, by, VerbMoveWork, EventWorkMoved, b, text, why, check, func(t *Trial, at time.Time) error {
		const most = 50
		if len(t.Work.Moves) >= most {
			return n.refuse(TrialRecord, trials.ID(*t), VerbMoveWork, "it was put off too often")
		}
		work := followup.List{*t.Work}.Move(0, by, at, due, why)[0]
		t.Work = &work
		return nil
	})
}

// Drop says that a binding need not be tried with a version. What is known of it stays as
// it is: it may go on to be behind.
func (n *APIs) Drop(ctx context.Context, by servicecoin.Actor, b BindingID, text, why string) (Trial, error) {
	check := func(v *servicecoin.Violations, _ time.Time) { v.Text("why", why, 1, maxItem) }
	return n.changeWork(ctx, by, VerbDropWork, EventWorkDropped, b, text, why, check, func(t *Trial, at time.Time) error {
		t.Work = t.ended(followup.Dropped, why, at)
		return nil
	})
}

func (n *APIs) changeWork(ctx context.Context, by servicecoin.Actor, verb, name string, b BindingID, text, why string, check func(v *servicecoin.Violations, at time.Time), do func(t *Trial, at time.Time) error) (Trial, error) {
	id := store.JoinID(string(b), Canonical(text))
	if err := n.view.Ask(ctx, by, verb, TrialRecord, id); err != nil {
		return Trial{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) { check(v, servicecoin.Instant(n.view.Now())) })
	if err != nil {
		return Trial{}, err
	}
	return store.Of(n.view, trials).Update(ctx, id, func(t *Trial) ([]store.Event, error) {
		if !t.open() {
			return nil, n.refuse(TrialRecord, id, verb, "nothing is to be done")
		}
		if err := do(t, at); err != nil {
			return nil, err
		}
		e, err := store.Happened(by, name, BindingChanged{API: t.API, Binding: t.Binding, Owner: t.Work.Owner, Version: t.Version, Text: why, Since: calendar.DateOf(t.Work.Due, time.UTC)})
		return []store.Event{e}, err
	})
}

// TendedBindings is what came of tending bindings.
type TendedBindings struct {
	Behind  []BindingID `json:"behind,omitempty"`  // that are told to be behind now, and were not, or for another version
	Current []BindingID `json:"current,omitempty"` // that are not any more
}

const everyBinding = "" // what is asked for is no single one

// Tend does what time asks for: it tells of bindings that are behind, once for each version
// that they miss, and of those that are not any more, and drops the works for versions that
// nobody has to follow any more. The host calls it, once a day or more often.
func (n *APIs) Tend(ctx context.Context, by servicecoin.Actor) (TendedBindings, error) {
	var done TendedBindings
	if err := n.view.Ask(ctx, by, VerbTend, BindingRecord, everyBinding); err != nil {
		return done, err
	}
	if _, err := lifecycle.Check(by, n.view.Now(), nil); err != nil {
		return done, err
	}
	for a, err := range n.All().All(ctx) {
		if err != nil {
			return done, err
		}
		board, err := n.Board(ctx, a.ID)
		if err != nil {
			return done, err
		}
		for k := range board.Standings {
			if err := n.forgo(ctx, &board, &board.Standings[k]); err != nil {
				return done, err
			}
			if err := n.tend(ctx, by, &board.Standings[k], &done); err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// forgo drops the open works of a binding for versions that do not count any more.
func (n *APIs) forgo(ctx context.Context, board *Board, s *Standing) error {
	known, counts := map[string]bool{}, map[string]bool{}
	for _, r := range board.Revisions {
		known[Canonical(r.Version)] = true
	}
	for _, c := range s.Cells {
		counts[Canonical(c.Version)] = true
	}
	if len(known) == len(counts) {
		return nil
	}
	at := servicecoin.Instant(n.view.Now())
	return n.view.Do(ctx, func(tx store.View) error {
		return n.On(tx).eachOpen(ctx, s.Binding.ID, func(t *Trial) bool {
			if v := Canonical(t.Version); !known[v] || counts[v] {
				return false
			}
			t.Work = t.ended(followup.Dropped, "nobody has to follow "+t.Version+" any more", at)
			return true
		})
	})
}

func (n *APIs) tend(ctx context.Context, by servicecoin.Actor, s *Standing, done *TendedBindings) error {
	told := s.Binding.Behind
	if told == nil && s.Missing == "" || told != nil && told.Version == s.Missing {
		return nil
	}
	at := servicecoin.Instant(n.view.Now())
	_, err := store.Of(n.view, bindings).Update(ctx, string(s.Binding.ID), func(b *Binding) ([]store.Event, error) {
		news := BindingChanged{API: b.API, Binding: b.ID, Owner: b.Owner, Version: s.Missing, Since: s.Since, Days: s.Days}
		name := EventBindingBehind
		if b.Behind = nil; s.Missing != "" {
			b.Behind = &ToldBehind{s.Missing, s.Since, at}
		} else {
			name = EventBindingCurrent
		}
		e, err := store.Happened(by, name, news)
		return []store.Event{e}, err
	})
	switch {
	case err != nil:
	case s.Missing != "":
		done.Behind = append(done.Behind, s.Binding.ID)
	default:
		done.Current = append(done.Current, s.Binding.ID)
	}
	return err
}

package patchroom

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// InRing is how the targets of a ring stand to the flaws that their cycle mends.
type InRing struct {
	Ring  int
	Name  string
	Tally patch.Tally
}

// ByRing says how the targets of a cycle stand at an instant, ring by ring, by what had
// been seen by then: a target is compliant when it is so to each of the cycle's advisories
// that applies to it.
func (n Nouns) ByRing(ctx context.Context, at time.Time, id patch.CycleID) ([]InRing, error) {
	c, err := n.Cycles().Get(ctx, id)
	if err != nil {
		return nil, err
	}
	rings := make([]InRing, len(c.Rings))
	for k := range rings {
		rings[k] = InRing{Ring: k, Name: c.Rings[k].Name}
	}
	in := map[patch.Ref]int{}
	for j, err := range n.Cycles().Jobs(c).All(ctx) {
		if err != nil {
			return nil, err
		}
		for _, t := range j.Tasks {
			if j.Customer != "" {
				in[patch.Ref{Customer: j.Customer, ID: t.Target}] = j.Ring
			}
		}
	}
	worst := map[patch.Ref]patch.Condition{}
	list, err := n.known(ctx, c.Advisories)
	if err != nil {
		return nil, exchange.UnlessGone(err)
	}
	by, err := n.look(ctx, "")
	if err != nil {
		return nil, err
	}
	all, err := n.standings(ctx, at, by, list)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		for _, r := range s.Now.Rows {
			ref := patch.Ref{Customer: r.Customer, ID: r.Target}
			if was, ok := worst[ref]; !ok || worse(r.Condition, was) {
				worst[ref] = r.Condition
			}
		}
	}
	for ref, ring := range in {
		if condition, applies := worst[ref]; applies {
			rings[ring].Tally = rings[ring].Tally.With(condition)
		}
	}
	return rings, nil
}

// Took is how long it took from when the flaw was known, as the policy has it, to when the
// last target was seen to have it mended; false while one is not.
func (n Nouns) Took(s Standing) (time.Duration, bool) {
	known := n.Policy.KnownAt(&s.Advisory)
	if known.IsZero() || s.Now.Complete.IsZero() || s.Now.Complete.Before(known) {
		return 0, false
	}
	return s.Now.Complete.Sub(known), true
}

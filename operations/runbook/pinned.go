package runbook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// pinned is what is stored of a plan when a run begins, and never again: all of it
// but the values of the parameters, which can be erased and are kept apart.
type pinned struct {
	Plan

	Apart bool `json:"apart,omitempty"` // there are values

	body   []byte
	digest string // of body: [Run.Pinned]
}

// planValues are the values of a plan's parameters.
type planValues struct {
	Run    RunID  `json:"run"`
	Values Values `json:"values,omitempty"`
	Erased bool   `json:"erased,omitempty"`
}

// pin returns what is stored of a plan.
func pin(p Plan) (pinned, error) {
	x := pinned{Plan: p, Apart: len(p.Values) > 0}
	x.Values = nil
	body, err := json.Marshal(x)
	return x.of(body), err
}

func readPinned(body []byte) (pinned, error) {
	var x pinned
	err := json.Unmarshal(body, &x)
	return x.of(body), err
}

func (x pinned) of(body []byte) pinned {
	sum := sha256.Sum256(body)
	x.body, x.digest = body, hex.EncodeToString(sum[:])
	return x
}

// with returns the plan with its values.
func (x pinned) with(v planValues) Plan {
	p := x.Plan
	p.Values, p.Erased = v.Values, v.Erased
	return p
}

// pin stores the plan of a run that begins.
func (r *Run) pin(ctx context.Context, tx store.View, p Plan) error {
	x, err := pin(p)
	if err != nil {
		return &servicecoin.KeyError{Key: tx.Key(PlanRecord, string(p.Run)), Err: err}
	}
	r.Pinned = x.digest
	if err := store.Of(tx, plans).Insert(ctx, x); err != nil || !x.Apart {
		return err
	}
	return store.Of(tx, valuesOfPlans).Insert(ctx, planValues{Run: p.Run, Values: p.Values})
}

// planOf returns what a run goes by. Nobody may change it: it is shared.
func (n *Runs) planOf(ctx context.Context, r *Run) (Plan, error) {
	x := n.o.Plans.get(r.Pinned)
	if x == nil {
		read, err := store.Of(n.view, plans).Get(ctx, string(r.ID))
		if err != nil {
			return Plan{}, err
		}
		read.ways = waysOf(read.Steps)
		x = &read
		if x.digest == r.Pinned {
			n.o.Plans.keep(x)
		}
	}
	return n.valued(ctx, *x)
}

// valued reads the values of a plan, if it has any.
func (n *Runs) valued(ctx context.Context, x pinned) (Plan, error) {
	if !x.Apart {
		return x.Plan, nil
	}
	v, err := store.Of(n.view, valuesOfPlans).Get(ctx, string(x.Run))
	return x.with(v), err
}

// forgetValues erases the values of a plan.
func (n *Runs) forgetValues(ctx context.Context, id RunID) error {
	_, err := store.Of(n.view, valuesOfPlans).Update(ctx, string(id), func(v *planValues) ([]store.Event, error) {
		v.Values, v.Erased = nil, true
		return nil, nil
	})
	if errors.Is(err, servicecoin.ErrNotFound) { // it never had any
		return nil
	}
	return err
}

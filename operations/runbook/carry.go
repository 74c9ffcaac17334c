package runbook

import (
	"context"
	"errors"

	"github.com/servicecoin/servicecoin"
)

// Carry answers [EventActionRequested]: it asks the runner for one attempt of an
// action, if that is still waited for, and reports what came of it. A result that
// breaks a rule is reported as a failure. An error of the runner is returned, so that
// the exchange calls again; nothing is reported then.
func (n *Runs) Carry(ctx context.Context, by servicecoin.Actor, runner Runner, id RunID, where At) error {
	t, waited, err := n.task(ctx, id, where)
	if err != nil || !waited {
		return err
	}
	result, err := runner.Do(ctx, t)
	if err != nil || result.Accepted {
		return err
	}
	_, err = n.Report(ctx, by, id, Reported{At: where, Result: result})
	if errors.Is(err, servicecoin.ErrInvalid) {
		result = Result{Failed: true, Text: "the result breaks a rule: " + err.Error()}
		_, err = n.Report(ctx, by, id, Reported{At: where, Result: result})
	}
	if errors.Is(err, servicecoin.ErrRefused) { // the run has ended meanwhile
		return nil
	}
	return err
}

// CarryCancel answers [EventActionCancelled]: it tells the runner which attempts are
// not waited for any more.
func (n *Runs) CarryCancel(ctx context.Context, runner Runner, id RunID, tasks []Wanted) error {
	var errs error
	for _, w := range tasks {
		t, _, err := n.task(ctx, id, At{Step: w.Step, Attempt: w.Attempt})
		if err == nil {
			err = runner.Cancel(ctx, t)
		}
		errs = errors.Join(errs, err)
	}
	return errs
}

// task returns an attempt of an action, and whether it is waited for.
func (n *Runs) task(ctx context.Context, id RunID, where At) (Task, bool, error) {
	r, err := n.Get(ctx, id)
	if err != nil {
		return Task{}, false, err
	}
	p, err := n.planOf(ctx, &r)
	if err != nil {
		return Task{}, false, err
	}
	t, waited := r.Task(p, where)
	return t, waited, nil
}

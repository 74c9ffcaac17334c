package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/coin/runbookroom"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/store"
)

// machineRoom stands for the host's automation of run books: what automated steps ask
// for. Each attempt is done once, however often it is asked for; what takes a while is
// taken on, and told by report later, also after a restart.
type machineRoom struct {
	store *store.Store
	takes time.Duration // what takes a while; 0: nothing does
}

// roomJob is an attempt that was asked for.
type roomJob struct {
	Key       string          `json:"key"`
	Run       runbook.RunID   `json:"run"`
	Step      runbook.StepID  `json:"step"`
	Attempt   int             `json:"attempt"`
	Action    string          `json:"action"`
	Begun     time.Time       `json:"begun"`
	Waits     bool            `json:"waits,omitempty"` // it was taken on, and is not told yet
	Cancelled bool            `json:"cancelled,omitempty"`
	Result    *runbook.Result `json:"result,omitempty"`
}

var roomJobs = store.Kind[roomJob]{
	Name: "portal.roomJob", ID: func(j roomJob) string { return j.Key },
	Indexes: []store.Index[roomJob]{{Name: "waiting", Columns: "m", Of: func(j roomJob) store.Tuple {
		if !j.Waits {
			return nil
		}
		return store.Tuple{store.Time(j.Begun)}
	}}},
}

// The actions of the machine room.
const (
	actSnapshot = "take-snapshot" // takes a while
	actRestore  = "restore-data"  // takes a while
	actSwitch   = "switch-over"
	actRestart  = "restart"
	actLag      = "measure-lag"
	actUpdate   = "apply-updates" // fails the first time: the package server is busy
	actDrop     = "drop-snapshot"
)

// outcome is what comes of an attempt.
func (j roomJob) outcome(drill bool) runbook.Result {
	r := runbook.Result{}
	switch j.Action {
	case actSnapshot:
		r.Text, r.Outputs = "The snapshot is complete and can be read.", map[string]string{"snapshot": "snap-" + j.Begun.UTC().Format("20060102-1504"), "size": "41.6"}
	case actRestore:
		r.Text, r.Outputs = "41.6 GB were written and compared.", map[string]string{"rows": "1204118"}
	case actSwitch:
		r.Text, r.Outputs = "The standby has taken over.", map[string]string{"primary": "db-2"}
	case actRestart:
		r.Text = "All four processes are up."
	case actLag:
		r.Text, r.Outputs = "Measured over 30 seconds.", map[string]string{"lag": "0.4"}
	case actDrop:
		r.Text = "The snapshot is gone."
	case actUpdate:
		if j.Attempt == 1 {
			return runbook.Result{Failed: true, Text: "The package server answered 503: nothing was changed."}
		}
		r.Text, r.Outputs = "14 packages updated, no restart is pending.", map[string]string{"packages": "14"}
	default:
		return runbook.Result{Failed: true, Text: "The machine room knows no action " + j.Action + "."}
	}
	if drill {
		r.Text += " On the exercise machines."
	}
	return r
}

// Do implements runbook.Runner.
func (m machineRoom) Do(ctx context.Context, t runbook.Task) (runbook.Result, error) {
	c := store.Of(m.store.For(servicecoin.Provider), roomJobs)
	j, err := c.Get(ctx, t.Key)
	if errors.Is(err, servicecoin.ErrNotFound) {
		j = roomJob{Key: t.Key, Run: t.Run, Step: t.Step, Attempt: t.Attempt, Action: t.Action, Begun: m.store.Now()}
		result := j.outcome(t.Drill)
		j.Result, j.Waits = &result, m.takes > 0 && slices.Contains([]string{actSnapshot, actRestore}, t.Action)
		err = kept(c.Insert(ctx, j))
	}
	switch {
	case err != nil:
		return runbook.Result{}, err
	case j.Waits:
		return runbook.Result{Accepted: true}, nil
	case j.Result == nil:
		return runbook.Result{Failed: true, Text: "It was cancelled."}, nil
	}
	return *j.Result, nil
}

// Cancel implements runbook.Runner.
func (m machineRoom) Cancel(ctx context.Context, t runbook.Task) error {
	_, err := store.Of(m.store.For(servicecoin.Provider), roomJobs).Update(ctx, t.Key, func(j *roomJob) ([]store.Event, error) {
		if j.Waits {
			j.Waits, j.Cancelled, j.Result = false, true, nil
		}
		return nil, nil
	})
	if errors.Is(err, servicecoin.ErrNotFound) { // it was never taken on
		return nil
	}
	return err
}

// report tells the runs what came of what was taken on and is done by now.
func (m machineRoom) report(ctx context.Context, runs *runbook.Runs) error {
	c := store.Of(m.store.For(servicecoin.Provider), roomJobs)
	waiting, err := collect(c.Find(store.By("waiting").To(store.Time(m.store.Now().Add(-m.takes)))).All(ctx))
	for _, j := range waiting {
		_, told := runs.Report(ctx, servicecoin.Program("machine room"), j.Run, runbook.Reported{At: runbook.At{Step: j.Step, Attempt: j.Attempt}, Result: *j.Result})
		if told != nil && !errors.Is(told, servicecoin.ErrRefused) { // the run has ended meanwhile
			err = errors.Join(err, fmt.Errorf("%s of run %s: %w", j.Action, j.Run, told))
			continue
		}
		_, done := c.Update(ctx, j.Key, func(j *roomJob) ([]store.Event, error) {
			j.Waits = false
			return nil, nil
		})
		err = errors.Join(err, done)
	}
	return err
}

// scenarios are the occasions for which this provider has run books.
func scenarios() []runbook.Scenario {
	return []runbook.Scenario{runbook.Start, runbook.Stop, runbook.Failover, runbook.Restore, runbook.Patch, runbook.Diagnose, runbook.CustomerHandOver}
}

// freshFor is how long after its last exercise a run book is fresh.
const freshFor = 90 * day

// runbooks says what the coin has to know of run books and checklists.
func (p *portal) runbooks(takes time.Duration) runbookroom.Options {
	p.room = machineRoom{p.store, takes}
	return runbookroom.Options{
		Library: runbook.LibraryOptions{Scenarios: scenarios(), FourEyes: true},
		Runner:  p.room, Within: calendar.Within(freshFor),
		Checklists: runbook.ChecklistOptions{FourEyes: true, Timetable: func(context.Context, runbook.Template, calendar.Interval) (*hours.Timetable, error) {
			return p.desk.open, nil // worked out for the years around
		}},
	}
}

// tick does what time does to runs: waits end, limits pass, the machine room tells.
func (p *portal) tick(ctx context.Context) error {
	const most = 50
	_, err := p.Runbooks().Lapse(ctx, servicecoin.Program("portal"), most)
	return errors.Join(err, p.room.report(ctx, p.Runs()))
}

// configuration is what this provider knows of a customer's environment, as run books
// read it: who it is, and what it has of each service.
func (p *portal) configuration(ctx context.Context, id servicecoin.CustomerID) (runbook.Configuration, error) {
	c, err := p.host.customer(ctx, id)
	if err != nil {
		return nil, err
	}
	return p.recordsOf(ctx, c)
}

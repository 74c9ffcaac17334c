package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/workday"
	"github.com/servicecoin/servicecoin/coin/patchroom"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

const (
	serverPatch   = servicecoin.RunbookID("server-patch")
	patchingModel = change.ModelID("patching")
	nginxCycle    = patch.CycleID("nginx-november")
	opensslCycle  = patch.CycleID("openssl-critical")
)

// patchBook is how one server is patched.
func patchBook() runbook.Book {
	const m = time.Minute
	install := risky(hand("install", "Bring {{target}} up to date", "```sh\nssh {{target}} sudo update --stay-on-branch\n```\n\nIt takes a snapshot before.", 20*m), "The server is away for a minute", byHand("Go back to the snapshot:\n\n```sh\nssh {{target}} sudo update --back\n```"))
	return runbook.Book{
		ID: serverPatch, Title: english("Patch a server"), Scenario: runbook.Patch, Services: []servicecoin.ServiceID{"erp"}, Roles: roles()[:1], ReviewEvery: calendar.Within(180 * day),
		Purpose:    english("One server of a patch cycle, in its slot."),
		Parameters: []runbook.Parameter{{Name: patchroom.Parameter, Type: runbook.Text, Text: english("Which server")}},
		Steps:      []runbook.Step{install, look("answers", "It answers", "Open its first page.", runbook.Verification{LookAt: english("How long the page takes"), Expect: runbook.Expectation{Is: runbook.AtMost, Value: "3"}, Unit: "s"}, 5*m)},
	}
}

// patchingAllowed publishes the run book, and approves the model that the changes of
// cycles are made from.
func (d demo) patchingAllowed(ctx context.Context) error {
	lib, control := d.Library(), d.Control()
	if _, err := lib.Published(ctx, serverPatch); errors.Is(err, servicecoin.ErrNotFound) {
		d.turn(d.at(34, 13, 0))
		if err := d.written(ctx, patchBook()); err != nil {
			return err
		}
		d.turn(d.at(34, 15, 0))
		if _, err := lib.Publish(ctx, servicecoin.Person(ada), serverPatch, 1); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	d.turn(d.at(33, 9, 0))
	_, err := control.DraftModel(ctx, servicecoin.Person(cleo), patchingModel, change.ModelTerms{
		Name: "Patch servers and appliances", Services: []servicecoin.ServiceID{"erp", "files", "network"}, Runbook: serverPatch, Version: 1,
		Risk: change.Risk{Likelihood: 1, Impact: 1, Level: 1, Matrix: "default", Note: "One at a time, each with its way back"}, Longest: calendar.Within(5 * time.Hour), Expires: d.now.Add(300 * day).UTC(), Most: 5,
	})
	if err := doneBefore(err); err != nil {
		return err
	}
	d.turn(d.at(32, 9, 0))
	_, err = control.ApproveModel(ctx, servicecoin.Person(ada), patchingModel, "Done every month, ring by ring")
	return doneBefore(err)
}

func (d demo) advisory(ctx context.Context, name string) (patch.AdvisoryID, error) {
	a, err := d.Advisories().Named(ctx, name)
	return a.ID, err
}

// patchCycles tells of a cycle that is under way, of one that is planned and cannot reach
// everybody in time, and of the one that comes every month.
func (d demo) patchCycles(ctx context.Context) error {
	for _, part := range []func(context.Context) error{d.patchingAllowed, d.underWay, d.plannedTight, d.everyMonth} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	d.turn(d.now)
	return d.drain(ctx)
}

func (d demo) underWay(ctx context.Context) error {
	flaw, err := d.advisory(ctx, "CVE-2026-40118")
	if err != nil {
		return err
	}
	d.turn(d.evening(-9, 11, 0)) // well before, whatever is closed meanwhile
	start := d.evening(-4, 12, 0)
	_, _, err = d.Patches().Plan(ctx, servicecoin.Person(dana), nginxCycle, patch.Terms{
		Name: "nginx 1.28.2", Why: "Requests of others can be smuggled in; 1.28.2 mends that", Advisories: []patch.AdvisoryID{flaw}, Model: string(patchingModel), Runbook: serverPatch, Implementers: []servicecoin.PersonID{dana},
		During: calendar.Between(start, start.Add(14*day)), Length: 45 * time.Minute, WayBack: 15 * time.Minute, AtOnce: 1,
		Rings: []patch.Ring{
			{Name: "Pilot", Select: patch.Selector{"environment": "test"}, Soak: 54 * time.Hour, Gate: patch.Gate{NoIncident: true, Verified: true, GoAhead: true}},
			{Name: "First customers", Number: 4, Soak: 12 * time.Hour, Gate: patch.Gate{MaxFailures: 1, Verified: true}},
			{Name: "All others", Gate: patch.Gate{MaxFailures: 1}},
		},
	}, nil)
	if err := doneBefore(err); err != nil {
		return fmt.Errorf("cycle %s of the demonstration: %w", nginxCycle, err)
	}
	d.turn(d.evening(-9, 12, 0))
	_, err = d.Cycles().Begin(ctx, servicecoin.Person(dana), nginxCycle, "")
	if err := doneBefore(err); err != nil {
		return err
	}
	if err := d.drain(ctx); err != nil {
		return err
	}
	jobs, err := d.jobsOf(ctx, nginxCycle)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.Ring == 0 {
			if err := d.patched(ctx, j); err != nil {
				return err
			}
		}
	}
	newer := []servicecoin.ConfigurationID{"alder-web-test"}
	if err := d.looks(ctx, d.evening(-3, 1, 30), 3, newer); err != nil {
		return err
	}
	d.turn(d.evening(-1, 9, 0))
	_, err = d.Cycles().GoAhead(ctx, servicecoin.Person(ada), nginxCycle, "The test server had two quiet days")
	if err := doneBefore(err); err != nil {
		return err
	}
	if err := d.tended(ctx, d.evening(-1, 9, 30)); err != nil {
		return err
	}
	for _, j := range jobs {
		if j.Ring == 1 && j.Customer == "alder" { // nobody has begun that of Birch
			if err := d.patched(ctx, j); err != nil {
				return err
			}
		}
	}
	return d.looks(ctx, d.now.Add(-3*time.Hour), 0, append(newer, "alder-app-1"))
}

// tended lets time do what it does to cycles.
func (d demo) tended(ctx context.Context, at time.Time) error {
	d.turn(at)
	done, err := d.Patches().Tend(ctx, servicecoin.Program("portal"))
	for _, x := range done.Failed {
		err = errors.Join(err, fmt.Errorf("%s: %w", x.Name, x.Err))
	}
	return errors.Join(err, d.drain(ctx))
}

func (d demo) jobsOf(ctx context.Context, id patch.CycleID) ([]patch.Job, error) {
	c, err := d.Cycles().Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return collect(d.Cycles().Jobs(c).All(ctx))
}

// patched begins a job by its change, or where that is not to be begun by a word, and
// works on its targets: one is put back, one is not finished.
func (d demo) patched(ctx context.Context, j patch.Job) error {
	begun := j.During.Start
	d.turn(begun)
	j, err := d.Cycles().Job(ctx, j.ID)
	if err != nil {
		return err
	}
	if j.Change != "" {
		_, err := d.Control().Start(ctx, servicecoin.Person(dana), j.Change)
		if err := doneBefore(err); err != nil {
			return err
		}
	}
	if err := d.drain(ctx); err != nil {
		return err
	}
	for _, t := range j.Tasks {
		d.turn(begun.Add(time.Minute))
		_, err := d.Cycles().Report(ctx, servicecoin.Person(dana), j.ID, patch.Report{Target: t.Target, Result: patch.Running})
		if err := doneBefore(err); err != nil {
			return err
		}
		switch t.Target {
		case "alder-web-2": // the maker is asked
		case "alder-web-1":
			err = d.ran(ctx, j.ID, t, "9.4", patch.Report{Target: t.Target, Result: patch.PutBack, Why: "its first page took 9 seconds"})
		default:
			err = d.ran(ctx, j.ID, t, "1.2", patch.Report{Target: t.Target, Result: patch.Done})
		}
		if err := doneBefore(err); err != nil {
			return err
		}
	}
	return nil
}

// ran goes through the run of a target, if it has one, and says what came of it.
func (d demo) ran(ctx context.Context, job patch.JobID, t patch.Task, took string, came patch.Report) error {
	runs, id := d.Runs(), patchroom.RunOf(job, t.Target, 1)
	start := t.Slot.Start.Add(2 * time.Minute)
	r, err := runs.Get(ctx, id)
	if err == nil && !r.State.Terminal() {
		for n, do := range []func(context.Context, *runbook.Runs, runbook.RunID) error{
			takesUp(dana, "install"), finishes(dana, "install", "", runbook.Evidence{Text: "nginx " + nginxAfter}), measures(dana, "answers", took),
		} {
			d.turn(start.Add(time.Duration(n*8) * time.Minute))
			if err := doneBefore(do(ctx, runs, id)); err != nil {
				return err
			}
		}
		d.turn(start.Add(30 * time.Minute))
		if came.Result == patch.Done {
			err = succeeds(dana, "")(ctx, runs, id)
		} else if r, err = runs.Abort(ctx, servicecoin.Person(dana), id, came.Why); err == nil && len(r.Undo) > 0 {
			d.turn(start.Add(40 * time.Minute))
			err = finishes(dana, r.Undo[0].ID, "It is as before")(ctx, runs, id)
		}
		if err := doneBefore(err); err != nil {
			return err
		}
		if err := d.drain(ctx); err != nil {
			return err
		}
	} else if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	d.turn(start.Add(41 * time.Minute))
	_, err = d.Cycles().Report(ctx, servicecoin.Person(dana), job, came)
	return err
}

// plannedTight plans what cannot be done everywhere before its deadline.
func (d demo) plannedTight(ctx context.Context) error {
	flaw, err := d.advisory(ctx, "CVE-2026-44890")
	if err != nil {
		return err
	}
	d.turn(d.now.Add(-50 * time.Minute))
	start := d.now.Add(2 * time.Hour).Truncate(time.Hour)
	_, _, err = d.Patches().Plan(ctx, servicecoin.Person(cleo), opensslCycle, patch.Terms{
		Name: "openssl 3.5.5", Why: "Memory of servers can be read from outside, and it is done", Advisories: []patch.AdvisoryID{flaw}, Model: string(patchingModel), Runbook: serverPatch, Implementers: []servicecoin.PersonID{cleo},
		During: calendar.Between(start, start.Add(5*day)), Length: 90 * time.Minute, WayBack: 30 * time.Minute, AtOnce: 1,
		Rings: []patch.Ring{
			{Name: "Pilot", Select: patch.Selector{"environment": "test"}, Gate: patch.Gate{NoIncident: true}},
			{Name: "Production", Gate: patch.Gate{MaxFailures: 1, Verified: true}},
		},
	}, nil)
	return doneBefore(err)
}

// everyMonth keeps the routine.
func (d demo) everyMonth(ctx context.Context) error {
	rule, err := workday.Parse("3 working days after FREQ=MONTHLY;BYDAY=2TU")
	if err != nil {
		return err
	}
	d.turn(d.at(31, 11, 0))
	_, err = d.Cycles().KeepRoutine(ctx, servicecoin.Person(ada), patch.Routine{
		ID: "monthly", Rule: rule, At: calendar.ClockAt(18, 0), Zone: deskZone, For: calendar.Within(10 * day), Lead: calendar.Within(7 * day), Select: patch.Selector{"type": "host"},
		Terms: patch.Terms{
			Name: "Monthly patches of servers", Why: "What makers published on the second Tuesday", Model: string(patchingModel), Runbook: serverPatch, Implementers: []servicecoin.PersonID{dana}, Length: time.Hour, WayBack: 20 * time.Minute, AtOnce: 1,
			Rings: []patch.Ring{{Name: "Pilot", Select: patch.Selector{"environment": "test"}, Soak: 48 * time.Hour, Gate: patch.Gate{NoIncident: true, GoAhead: true}}, {Name: "Production", Gate: patch.Gate{MaxFailures: 1}}},
		},
	})
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/operations/change"
)

// changeWindows are when changes may happen, as people say it; of all services, and of
// some.
func changeWindows() map[change.WindowID]struct {
	times    string
	services []servicecoin.ServiceID
} {
	return map[change.WindowID]struct {
		times    string
		services []servicecoin.ServiceID
	}{
		"evening":  {`19:00-23:30 Europe/Berlin from 2024-01-01 "Evening"`, nil},
		"sunday":   {`Su 00:00-06:00 Europe/Berlin from 2024-01-07 "Night to Sunday"`, nil},
		"saturday": {`Sa 13:00-19:00 Europe/Berlin from 2024-01-06 "Saturday, for the network"`, []servicecoin.ServiceID{"network", "line-a", "line-b"}},
	}
}

// changeTimes says when changes may happen, and when not, and writes down what is done
// again and again.
func (d demo) changeTimes(ctx context.Context) error {
	control := d.Control()
	d.turn(d.now.Add(-40 * day))
	for _, id := range sortedKeys(changeWindows()) {
		x := changeWindows()[id]
		times, err := recur.ParseWindow(x.times)
		if err != nil {
			return err
		}
		if err := control.KeepWindow(ctx, servicecoin.Person(ada), change.Window{ID: id, Name: times.Name, Times: times, Services: x.services}); err != nil {
			return err
		}
	}
	closing := d.evening(18, 0, 0)
	if _, err := control.DeclareFreeze(ctx, servicecoin.Person(ada), change.Declare{
		ID: "accounts", Name: "Accounts are closed", During: calendar.Between(closing, closing.Add(6*day)),
		Services: []servicecoin.ServiceID{"erp", "database"}, Through: []change.Kind{change.Emergency}, Why: "Customers close their books; order entry stands still as it is",
	}); err != nil {
		return err
	}
	for _, id := range sortedKeys(d.changeModels()) {
		if _, err := control.Model(ctx, id); !errors.Is(err, servicecoin.ErrNotFound) {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := control.DraftModel(ctx, servicecoin.Person(cleo), id, d.changeModels()[id]); err != nil {
			return err
		}
	}
	d.turn(d.now.Add(-39 * day))
	if m, err := control.Model(ctx, "signin-certificate"); err != nil || m.State != change.ModelDraft {
		return err
	}
	_, err := control.ApproveModel(ctx, servicecoin.Person(ada), "signin-certificate", "Done eleven times without a fault; the way back is tried out")
	return err
}

// changeModels are standard changes: one is approved, the other waits for that.
func (d demo) changeModels() map[change.ModelID]change.ModelTerms {
	low := change.Risk{Likelihood: 1, Impact: 1, Level: 1, Matrix: "default", Note: "Both certificates are valid at the same time"}
	return map[change.ModelID]change.ModelTerms{
		"signin-certificate": {
			Name: "Renew the certificate of sign-in", Services: []servicecoin.ServiceID{"signin"}, Risk: low, Most: 3,
			Longest: calendar.Within(time.Hour), Expires: d.now.Add(200 * day).UTC(),
			Steps: []string{"Lay the new certificate beside the old one", "Point the first node to it, sign in as a test", "Point the second node to it"},
		},
		"files-room": {
			Name: "Give a folder more room", Services: []servicecoin.ServiceID{"files"}, Risk: low, Most: 5,
			Longest: calendar.Within(30 * time.Minute), Expires: d.now.Add(365 * day).UTC(),
			Steps: []string{"Look whether the disk has twice the room that is asked for", "Raise the limit of the folder", "Save a file as a test"},
		},
	}
}

// evening is a time of an evening in Berlin, so many days after today.
func (d demo) evening(days, hour, minute int) time.Time {
	loc, err := time.LoadLocation(deskZone)
	if err != nil {
		loc = time.UTC
	}
	y, m, today := d.now.In(loc).Date()
	return time.Date(y, m, today+days, hour, minute, 0, 0, loc).UTC()
}

// deed is what somebody did to a change at a time. It is done once: a start that was
// killed in between goes on after the last one that is on record.
type deed struct {
	at   time.Time
	verb string
	do   func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error)
}

// tale is the story of a change.
type tale struct {
	request change.Request
	by      servicecoin.PersonID // who drafts it
	at      time.Time
	deeds   []deed
}

// tell lets a change happen at the desk, deed by deed, and the exchange follow it.
func (d demo) tell(ctx context.Context, t tale) error {
	control, id := d.Control(), t.request.ID
	x, err := control.Get(ctx, id)
	if errors.Is(err, servicecoin.ErrNotFound) {
		d.turn(t.at)
		x, err = control.Draft(ctx, servicecoin.Person(t.by), t.request)
	}
	if err != nil {
		return fmt.Errorf("change %s of the demonstration: %w", id, err)
	}
	done := map[string]int{}
	for _, e := range x.History {
		done[e.Verb]++
	}
	for _, deed := range t.deeds {
		if done[deed.verb] > 0 {
			done[deed.verb]--
			continue
		}
		d.turn(deed.at)
		_, err := deed.do(ctx, control, id)
		if errors.Is(err, servicecoin.ErrRefused) && deed.verb == change.VerbSchedule {
			break // on some days of the year something is in its way: it stays approved
		}
		if err != nil {
			return fmt.Errorf("change %s of the demonstration, %s: %w", id, deed.verb, err)
		}
		if err := d.drain(ctx); err != nil {
			return err
		}
	}
	d.turn(d.now)
	return nil
}

// The deeds.
func submits(by servicecoin.PersonID, at time.Time) deed {
	return deed{at, change.VerbSubmit, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
		return c.Submit(ctx, servicecoin.Person(by), id)
	}}
}

func assigns(to servicecoin.PersonID, at time.Time) deed {
	return deed{at, change.VerbAssign, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
		return c.Assign(ctx, servicecoin.Person(ada), id, to)
	}}
}

func assesses(by servicecoin.PersonID, at time.Time, likelihood, impact int, note string) deed {
	return deed{at, change.VerbAssess, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
		return c.Assess(ctx, servicecoin.Person(by), id, change.Judged{Likelihood: likelihood, Impact: impact, Note: note})
	}}
}

func agrees(by servicecoin.PersonID, at time.Time, reason string) deed {
	return deed{at, change.VerbVote, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
		return c.Vote(ctx, servicecoin.Person(by), id, change.Cast{Choice: change.VoteYes, Reason: reason})
	}}
}

func schedules(at time.Time) deed {
	return deed{at, change.VerbSchedule, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
		return c.Schedule(ctx, servicecoin.Person(ada), id)
	}}
}

func begins(by servicecoin.PersonID, at time.Time) deed {
	return deed{at, change.VerbStart, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
		return c.Start(ctx, servicecoin.Person(by), id)
	}}
}

func implements(by servicecoin.PersonID, at time.Time, outcome string) deed {
	return deed{at, change.VerbImplement, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
		return c.Implement(ctx, servicecoin.Person(by), id, outcome)
	}}
}

func rollsBack(by servicecoin.PersonID, at, restored time.Time, reason string) deed {
	return deed{at, change.VerbRollBack, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
		return c.RollBack(ctx, servicecoin.Person(by), id, reason, restored)
	}}
}

func reviews(at time.Time, text string, lessons ...string) deed {
	return deed{at, change.VerbReview, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
		return c.WriteReview(ctx, servicecoin.Person(ada), id, text, lessons...)
	}}
}

func adds(owner servicecoin.PersonID, at, due time.Time, text string) deed {
	return deed{at, change.VerbAddFollowUp, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
		return c.AddFollowUp(ctx, servicecoin.Person(ada), id, followup.Task{Owner: owner, Due: due, Text: text})
	}}
}

func closes(at time.Time) deed {
	return deed{at, change.VerbClose, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
		return c.Close(ctx, servicecoin.Person(ada), id)
	}}
}

func preapproves(at time.Time, model change.ModelID) deed {
	return deed{at, change.VerbPreapprove, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
		return c.Preapprove(ctx, servicecoin.Person(cleo), id, model)
	}}
}

// work is what a change of the demonstration does.
func workOn(start time.Time, length, back time.Duration, rollback string, steps []string, services ...servicecoin.ServiceID) change.Work {
	return change.Work{
		Scope: change.Scope{Services: services}, Steps: steps,
		Plan: change.Plan{Start: start, Length: calendar.Within(length), WayBack: calendar.Within(back), Rollback: rollback},
	}
}

// down adds a time in which a service is expected not to be there.
func down(w change.Work, service servicecoin.ServiceID, after, length time.Duration) change.Work {
	w.Plan.Downtime = append(w.Plan.Downtime, change.Downtime{Service: service, After: calendar.Within(after), Length: calendar.Within(length)})
	return w
}

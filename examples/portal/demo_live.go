package main

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
)

// act is what somebody did at the desk so long after an incident began.
type act struct {
	after time.Duration
	do    func(ctx context.Context, d demo, id servicecoin.IncidentID) error
}

// live lets an incident happen at the desk, step by step, so that the exchange
// writes the letters about it; ada sends those that wait half a minute after
// each step but the last. A start that was killed in between goes on after the
// last step that is in the timeline.
func (d demo) live(ctx context.Context, id servicecoin.IncidentID, r incident.Report, acts ...act) error {
	r.ID, r.DetectedAt = id, r.Began
	for n := range r.Effects {
		r.Effects[n].From = r.Began
	}
	i, err := d.Desk().Get(ctx, id)
	if errors.Is(err, servicecoin.ErrNotFound) {
		d.turn(r.Began.Add(2 * time.Minute))
		i, err = d.Desk().Open(ctx, servicecoin.Program("monitoring"), r)
	}
	if err != nil {
		return err
	}
	told := len(i.Timeline) - 1 // opening leaves one entry
	for n, a := range acts {
		at := r.Began.Add(a.after)
		if n >= told {
			d.turn(at)
			if err := a.do(ctx, d, id); err != nil {
				return err
			}
		}
		if err := d.drain(ctx); err != nil {
			return err
		}
		d.turn(at.Add(30 * time.Second))
		if n < len(acts)-1 {
			if err := d.sendDrafts(ctx); err != nil {
				return err
			}
		}
	}
	d.turn(d.now)
	return nil
}

// sendDrafts sends what waits to be sent, as a service manager would who found
// it right.
func (d demo) sendDrafts(ctx context.Context) error {
	for _, x := range customersOfDemo() {
		drafts, err := collect(d.Letters(x.client.ID).Drafts().All(ctx))
		if err != nil {
			return err
		}
		for _, l := range drafts {
			if _, err := d.Letters(x.client.ID).Send(ctx, servicecoin.Person(ada), l.ID, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func acknowledges(by servicecoin.PersonID) func(context.Context, demo, servicecoin.IncidentID) error {
	return func(ctx context.Context, d demo, id servicecoin.IncidentID) error {
		_, err := d.Desk().Acknowledge(ctx, servicecoin.Person(by), id)
		return err
	}
}

func tells(text string, next time.Duration) func(context.Context, demo, servicecoin.IncidentID) error {
	return func(ctx context.Context, d demo, id servicecoin.IncidentID) error {
		_, err := d.Desk().Note(ctx, servicecoin.Person(ada), id, incident.Message{Text: text, Audience: incident.Public, NextUpdateBy: d.when.Add(next)})
		return err
	}
}

func notes(by servicecoin.PersonID, text string) func(context.Context, demo, servicecoin.IncidentID) error {
	return func(ctx context.Context, d demo, id servicecoin.IncidentID) error {
		_, err := d.Desk().Note(ctx, servicecoin.Person(by), id, incident.Message{Text: text})
		return err
	}
}

func resolves(by servicecoin.PersonID, text string) func(context.Context, demo, servicecoin.IncidentID) error {
	return func(ctx context.Context, d demo, id servicecoin.IncidentID) error {
		_, err := d.Desk().Resolve(ctx, servicecoin.Person(by), id, incident.Resolution{Text: text})
		return err
	}
}

func follows(owner servicecoin.PersonID, due time.Duration, text string) func(context.Context, demo, servicecoin.IncidentID) error {
	return func(ctx context.Context, d demo, id servicecoin.IncidentID) error {
		_, err := d.Desk().AddFollowUp(ctx, servicecoin.Person(ada), id, owner, d.when.Add(due), text)
		return err
	}
}

// recently tells of the last outage, which was worked on at the desk.
func (d demo) recently(ctx context.Context) error {
	const m, h = time.Minute, time.Hour
	return d.live(ctx, "mail-queue",
		incident.Report{Title: "Outgoing mail stuck in the queue", Headline: "Mail is not delivered", Description: "The queue holds 41,000 messages.", Began: d.at(9, 10, 5), Impact: 1, Urgency: 2, Effects: on(incident.Outage, "mail")},
		act{12 * m, acknowledges(cleo)},
		act{14 * m, tells("Mail is accepted, but not delivered. Nothing is lost.", 20*m)},
		act{30 * m, notes(cleo, "A certificate of the relay expired in the night.")},
		act{48 * m, resolves(cleo, "Certificate renewed; the queue emptied within ten minutes")},
		act{2 * h, follows(cleo, 5*day, "Alarm three weeks before any certificate expires")},
		act{3 * h, follows(ben, 20*day, "Renewal without hands")},
	)
}

// present tells what is going on: the last letters about it are drafts yet.
func (d demo) present(ctx context.Context) error {
	return d.live(ctx, "files-upload",
		incident.Report{Title: "Uploads of large files break off", Headline: "Large files cannot be uploaded", Description: "Above 2 GB, from two of three gateways.", Began: d.now.Add(-100 * time.Minute), Impact: 2, Urgency: 3, Effects: on(incident.Disruption, "files")},
		act{8 * time.Minute, acknowledges(ben)},
		act{15 * time.Minute, tells("Files above 2 GB cannot be uploaded. Smaller ones are fine.", time.Hour)},
		act{65 * time.Minute, notes(ben, "Gateway 2 drops connections after 60 s; 3 looks the same.")},
		act{70 * time.Minute, tells("One of the gateways is being replaced. Until then, please send large files in parts.", time.Hour)},
	)
}

// reported tells what people of customers said themselves: one is answered, one waits.
func (d demo) reported(ctx context.Context) error {
	for _, x := range []struct {
		at      time.Duration // ago
		problem incident.Problem
		answer  string
	}{
		{
			50 * time.Hour,
			incident.Problem{ID: "told-signin", Customer: "cedar", Service: "signin", Level: incident.Degradation, Title: "Signing in takes a minute before ten", Text: "On Mondays most of all. After ten it is quick again."},
			"We see it, too: everybody's accounts are brought up to date at nine. From Thursday on that is done at night.",
		},
		{
			35 * time.Minute,
			incident.Problem{ID: "told-mail", Customer: "alder", Service: "mail", Level: incident.Disruption, Title: "Some of us get every mail twice", Text: "The ward on the second floor, since they came in this morning."},
			"",
		},
	} {
		if _, err := d.Desk().Get(ctx, x.problem.ID); !errors.Is(err, servicecoin.ErrNotFound) {
			if err != nil {
				return err
			}
			continue
		}
		d.turn(d.now.Add(-x.at))
		x.problem.Began = d.when.Add(-2 * time.Hour)
		if _, err := d.Desk().Report(ctx, servicecoin.Client(memberOf(x.problem.Customer)), x.problem); err != nil {
			return err
		}
		if x.answer == "" {
			continue
		}
		d.turn(d.when.Add(20 * time.Minute))
		if _, err := d.Desk().Acknowledge(ctx, servicecoin.Person(cleo), x.problem.ID); err != nil {
			return err
		}
		d.turn(d.when.Add(40 * time.Minute))
		if _, err := d.Desk().Note(ctx, servicecoin.Person(cleo), x.problem.ID, incident.Message{Text: x.answer, Audience: incident.ToReporter}); err != nil {
			return err
		}
	}
	d.turn(d.now)
	return nil
}

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
)

// step is something that people did so long after an incident began.
type step struct {
	after time.Duration
	do    func(i *incident.Incident, at time.Time) error
}

// incident tells a past incident by the rules themselves and takes it in whole,
// so that a start which is killed leaves no half of one.
func (d demo) incident(ctx context.Context, id servicecoin.IncidentID, r incident.Report, steps ...step) error {
	r.ID, r.DetectedAt = id, r.Began
	for n := range r.Effects {
		r.Effects[n].From = r.Began
	}
	i, err := incident.Open(servicecoin.Program("monitoring"), r.Began.Add(2*time.Minute), r)
	for _, s := range steps {
		if err == nil {
			err = s.do(&i, r.Began.Add(s.after))
		}
	}
	if err != nil {
		return fmt.Errorf("incident %s of the demonstration: %w", id, err)
	}
	d.turn(d.now)
	return kept(d.Desk().Record(ctx, servicecoin.Program("portal"), i))
}

func acknowledge(by servicecoin.PersonID) func(*incident.Incident, time.Time) error {
	return func(i *incident.Incident, at time.Time) error { return i.Acknowledge(servicecoin.Person(by), at) }
}

func tell(text string, next time.Duration) func(*incident.Incident, time.Time) error {
	return func(i *incident.Incident, at time.Time) error {
		m := incident.Message{Text: text, Audience: incident.Public}
		if next > 0 {
			m.NextUpdateBy = at.Add(next)
		}
		return i.Note(servicecoin.Person(ada), at, m)
	}
}

func resolve(by servicecoin.PersonID, text string) func(*incident.Incident, time.Time) error {
	return func(i *incident.Incident, at time.Time) error {
		return i.Resolve(servicecoin.Person(by), at, incident.Resolution{Text: text})
	}
}

func followUp(owner servicecoin.PersonID, due time.Duration, text string) func(*incident.Incident, time.Time) error {
	return func(i *incident.Incident, at time.Time) error {
		return i.AddFollowUp(servicecoin.Person(ada), at, owner, at.Add(due), text)
	}
}

func done(number int, outcome string) func(*incident.Incident, time.Time) error {
	return func(i *incident.Incident, at time.Time) error {
		return i.CompleteFollowUp(servicecoin.Person(ben), at, number, outcome)
	}
}

func closed(i *incident.Incident, at time.Time) error { return i.Close(servicecoin.Person(ada), at) }

func cancelled(i *incident.Incident, at time.Time) error {
	return i.Cancel(servicecoin.Person(cleo), at, "The probe itself had lost its line; no user noticed anything")
}

func on(level incident.Level, services ...servicecoin.ServiceID) []incident.Effect {
	var list []incident.Effect
	for _, s := range services {
		list = append(list, incident.Effect{Service: s, Level: level})
	}
	return list
}

// past tells what is over.
func (d demo) past(ctx context.Context) error {
	const m, h = time.Minute, time.Hour
	for id, tale := range map[servicecoin.IncidentID]struct {
		report incident.Report
		steps  []step
	}{
		"mail-index": {
			incident.Report{Title: "Mailboxes slow after an index rebuild", Headline: "Mailboxes answer slowly", Began: d.at(84, 7, 10), Impact: 3, Urgency: 2, Effects: on(incident.Degradation, "mail")},
			[]step{{6 * m, acknowledge(ben)}, {10 * m, tell("Opening a mailbox takes up to a minute. Nothing is lost.", h)}, {52 * m, resolve(ben, "The rebuild was stopped; it runs at night now")}, {3 * h, closed}},
		},
		"erp-disk": {
			incident.Report{Title: "Order entry fails, disk of the database is full", Headline: "Orders cannot be entered", Began: d.at(71, 13, 2), Impact: 1, Urgency: 1, Effects: on(incident.Outage, "erp", "database")},
			[]step{
				{4 * m, acknowledge(ben)},
				{9 * m, tell("Orders cannot be entered. We are making room on a disk.", 30*m)},
				{36 * m, tell("The disk is being enlarged, which takes until about half past two.", 45*m)},
				{85 * m, resolve(ben, "Disk enlarged, old write-ahead logs removed")},
				{26 * h, followUp(ben, 14*day, "Alarm at 80 % of every database disk")},
				{26 * h, followUp(cleo, 21*day, "Logs are removed once they are archived")},
				{9 * day, done(1, "Alarms are there and were tried out")},
				{15 * day, done(2, "Removed each night; checked for a week")},
				{16 * day, closed},
			},
		},
		"signin-north": {
			incident.Report{Title: "Second factor not accepted at site north", Headline: "Sign-in fails at site north", Began: d.at(58, 8, 31), Impact: 2, Urgency: 2, Effects: []incident.Effect{{Service: "signin", Level: incident.Disruption, Locations: []string{"north"}}}},
			[]step{{11 * m, acknowledge(cleo)}, {15 * m, tell("At site north the second factor is refused. The other sites are fine.", 30*m)}, {37 * m, resolve(cleo, "A clock was four minutes fast")}, {2 * h, followUp(cleo, 10*day, "All clocks follow the same two servers")}, {6 * day, done(1, "Done, and watched by monitoring")}, {7 * day, closed}},
		},
		"network-line": {
			incident.Report{Title: "Both lines to the internet down", Headline: "No internet access", Began: d.at(47, 16, 48), Impact: 1, Urgency: 1, Effects: on(incident.Outage, "network")},
			[]step{{3 * m, acknowledge(ben)}, {5 * m, tell("All sites are without internet. Our carrier is working on it.", 30*m)}, {24 * m, resolve(ben, "The carrier took back a change")}, {day, followUp(ada, 60*day, "A second carrier, on another route")}},
		},
		"files-quota": {
			incident.Report{Title: "Saving fails in folders near their limit", Headline: "Some folders cannot be saved to", Began: d.at(33, 9, 15), Impact: 3, Urgency: 3, Effects: on(incident.Disruption, "files")},
			[]step{{40 * m, acknowledge(cleo)}, {50 * m, tell("Folders above 90 % of their size refuse new files.", 2*h)}, {3*h + 5*m, resolve(cleo, "A limit was counted twice")}, {5 * h, closed}},
		},
		"database-switch": {
			incident.Report{Title: "Database switched to the standby, programs had to reconnect", Headline: "Order entry was slow for a while", Began: d.at(20, 11, 20), Impact: 2, Urgency: 2, Effects: on(incident.Degradation, "database", "erp")},
			[]step{{7 * m, acknowledge(ben)}, {28 * m, resolve(ben, "Switched back after a new power supply")}, {4 * h, closed}},
		},
		"network-note": {
			incident.Report{Title: "Carrier tells of work on the line at night", Headline: "Work on a line in the coming night, without interruption", Began: d.at(5, 14, 0), Effects: on(incident.Information, "network")},
			[]step{{m * 3, acknowledge(ben)}, {16 * h, resolve(ben, "The work is done")}, {17 * h, closed}},
		},
		"signin-probe": {
			incident.Report{Title: "Probe reports sign-in as down", Began: d.at(3, 4, 12), Effects: on(incident.Outage, "signin")},
			[]step{{9 * m, cancelled}},
		},
	} {
		if err := d.incident(ctx, id, tale.report, tale.steps...); err != nil {
			return err
		}
	}
	return nil
}

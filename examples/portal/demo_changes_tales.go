package main

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/change"
)

// changed tells of the changes of the last weeks, before the incidents are told that
// came of some of them.
func (d demo) changed(ctx context.Context) error {
	const m = time.Minute
	release, signin, gateways, certificate := d.evening(-14, 20, 15), d.evening(-11, 19, 30), d.evening(-1, 19, 30), d.evening(-24, 19, 15)
	relay, renewed := d.at(9, 10, 30), d.evening(-6, 19, 5)
	for _, t := range []tale{
		{
			request: change.Request{
				ID: "erp-release", Kind: change.Normal, Title: "Release 8.4 of order entry", Reason: "Delivery notes with two addresses, which Alder and Birch have asked for",
				Headline: "Order entry gets a new release", CommittedAt: release.Add(-9 * day), RequestedBy: cleo,
				Work: down(workOn(release, 45*m, 30*m, "Put release 8.3 back; the tables are the same", []string{"Take the users' sessions over", "Install the release on both nodes", "Enter and cancel an order as a test"}, "erp"), "erp", 5*m, 20*m),
			},
			by: cleo, at: release.Add(-9 * day),
			deeds: []deed{
				submits(cleo, release.Add(-8*day)), assigns(ben, release.Add(-8*day)), assesses(ada, release.Add(-7*day), 2, 2, "Same tables, tried out for a week"),
				agrees(ada, release.Add(-6*day), "The test run was clean"), agrees(dana, release.Add(-6*day), "Nothing of the network is touched"),
				schedules(release.Add(-5 * day)), begins(ben, release.Add(2*m)), implements(ben, release.Add(38*m), "Done as planned; the test order went through"), closes(release.Add(3 * day)),
			},
		},
		{
			request: change.Request{
				ID: "signin-upgrade", Kind: change.Normal, Title: "New version of the sign-in program", Reason: "The old one gets no fixes from the new year on", Headline: "Sign-in is brought up to date", CommittedAt: signin.Add(-15 * day),
				Work: withTrigger(down(workOn(signin, 60*m, 30*m, "Start the old nodes again; accounts are not touched", []string{"Stop the first node", "Install the new version", "Sign in with and without a second factor", "The same with the second node"}, "signin"), "signin", 0, 30*m), "More than 1 of 100 sign-ins fails for five minutes"),
			},
			by: ben, at: signin.Add(-9 * day),
			deeds: []deed{
				submits(ben, signin.Add(-8*day)), assigns(ben, signin.Add(-8*day)), assesses(ada, signin.Add(-7*day), 2, 3, "Everything rests on it"),
				agrees(cleo, signin.Add(-6*day), "The way back was tried out"), agrees(emil, signin.Add(-5*day), "Better now than in Advent"),
				schedules(signin.Add(-4 * day)), begins(ben, signin.Add(m)),
				{signin.Add(26 * m), change.VerbFallBack, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
					return c.FallBack(ctx, servicecoin.Person(ben), id, "4 of 100 sign-ins failed from the first minute on")
				}},
				rollsBack(ben, signin.Add(49*m), signin.Add(41*m), "Second factors by letter were refused by the new version"),
				reviews(signin.Add(2*day), "The new version reads the codes of second factors by letter in another way. Nobody had tried those.", "Every kind of second factor is tried out before a change, by letter too", "The first node serves one customer for a day before the second follows"),
				adds(ben, signin.Add(2*day), signin.Add(25*day), "Ask the maker for a version that reads codes by letter"), adds(cleo, signin.Add(2*day), signin.Add(9*day), "A test account for each kind of second factor"),
			},
		},
		{
			request: change.Request{
				ID: "files-gateways", Kind: change.Normal, Title: "Gateways of the file share get their yearly firmware", Reason: "The maker closes two holes", Headline: "Maintenance of the file share", CommittedAt: gateways.Add(-12 * day),
				Work: workOn(gateways, 90*m, 45*m, "Start from the other half of the flash, which has the old firmware", []string{"Gateway 1, and a test", "Gateway 2, and a test", "Gateway 3, and a test"}, "files"),
			},
			by: emil, at: gateways.Add(-10 * day),
			deeds: []deed{
				submits(emil, gateways.Add(-9*day)), assigns(emil, gateways.Add(-9*day)), assesses(ada, gateways.Add(-8*day), 1, 2, "One gateway at a time; two carry all of it"),
				agrees(ben, gateways.Add(-7*day), "As every year"), schedules(gateways.Add(-6 * day)),
				begins(emil, gateways.Add(3*m)), implements(emil, gateways.Add(81*m), "All three run the new firmware"),
				{gateways.Add(83 * m), change.VerbWatch, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
					return c.Watch(ctx, servicecoin.Person(emil), id, gateways.Add(4*day))
				}},
			},
		},
		{
			request: change.Request{
				ID: "mail-relay", Kind: change.Emergency, Title: "Certificate of the mail relay is renewed by hand", Reason: "It expired; no mail goes out", Implementers: []servicecoin.PersonID{cleo},
				Work: workOn(relay, 20*m, 10*m, "Lay the old certificate back; nothing is worse than before", []string{"Make a new certificate", "Lay it on both relays", "Send a mail outside"}, "mail"),
			},
			by: cleo, at: relay,
			deeds: []deed{
				assesses(cleo, relay.Add(2*m), 1, 2, "It cannot get worse"),
				{relay.Add(4 * m), change.VerbStartUnapproved, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
					return c.StartUnapproved(ctx, servicecoin.Person(cleo), id, "Mail stands still for everybody")
				}},
				implements(cleo, relay.Add(21*m), "Mail goes out again"),
			},
		},
		d.standard("signin-cert-october", certificate, rollsBack(cleo, certificate.Add(31*m), certificate.Add(28*m), "The chain was not complete; the old certificate is in place again"),
			reviews(certificate.Add(2*day), "The maker of certificates had changed the one between. The chain is now looked at first.", "Look at the whole chain before laying it out"), closes(certificate.Add(3*day))),
		d.standard("signin-cert-november", renewed, implements(cleo, renewed.Add(24*m), "Valid for another quarter"), closes(renewed.Add(day))),
	} {
		if err := d.tell(ctx, t); err != nil {
			return err
		}
	}
	return d.found(ctx)
}

func withTrigger(w change.Work, trigger string) change.Work {
	w.Plan.Trigger = trigger
	return w
}

// standard is a change that was made from the model, and how it ended.
func (d demo) standard(id servicecoin.ChangeID, at time.Time, ends ...deed) tale {
	terms := d.changeModels()["signin-certificate"]
	w := workOn(at, 30*time.Minute, 15*time.Minute, "Point both nodes to the old certificate", terms.Steps, terms.Services...)
	return tale{
		request: change.Request{ID: id, Kind: change.Standard, Title: terms.Name, Reason: "The old one expires", Implementers: []servicecoin.PersonID{cleo}, Work: w},
		by:      cleo, at: at.Add(-4 * day),
		deeds: append([]deed{preapproves(at.Add(-4*day+time.Hour), "signin-certificate"), schedules(at.Add(-4*day + 2*time.Hour)), begins(cleo, at.Add(time.Minute))}, ends...),
	}
}

// found tells of a change that nobody had asked for, and that came to light by the
// incident that it caused.
func (d demo) found(ctx context.Context) error {
	control, by := d.Control(), servicecoin.Person(ada)
	const id = servicecoin.ChangeID("database-power")
	if _, err := control.Get(ctx, id); !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	d.turn(d.at(19, 9, 0))
	_, err := control.Discover(ctx, by, change.Found{
		ID: id, Title: "A power supply of the database was replaced by day", Reason: "Seen in the log of the rack after the database had switched to the standby",
		Scope: change.Scope{Services: []servicecoin.ServiceID{"database"}}, Seen: d.at(20, 11, 18),
	})
	if err == nil {
		_, err = control.SuspectIncident(ctx, by, id, "database-switch", d.at(20, 11, 20))
	}
	if err == nil {
		_, err = control.ConfirmIncident(ctx, by, id, "database-switch", "The switch came two minutes after the supply was pulled")
	}
	d.turn(d.now)
	return err
}

// toChange tells of what lies ahead.
func (d demo) toChange(ctx context.Context) error {
	const m = time.Minute
	network, index, move := d.evening(8, 21, 0), d.evening(8, 21, 30), d.evening(13, 20, 30)
	for _, t := range []tale{
		{
			request: change.Request{
				ID: "network-core", Kind: change.Normal, Title: "Second core switch takes over the routes", Reason: "The first one is nine years old", Headline: "The network is renewed",
				Work: withTrigger(down(workOn(network, 60*m, 30*m, "Give the routes back to the first switch", []string{"Tell the carriers", "Move the routes one by one", "Look at every site for ten minutes"}, "network"), "network", 10*m, 20*m), "A site is not reached five minutes after its route moved"),
			},
			by: dana, at: d.at(6, 9, 0),
			deeds: []deed{
				submits(dana, d.at(6, 9, 20)), assigns(dana, d.at(6, 10, 0)), assesses(ada, d.at(5, 9, 0), 2, 3, "Everybody rests on it; each route goes back in a minute"),
				agrees(ada, d.at(4, 9, 0), "Well before the freeze"), agrees(ben, d.at(4, 13, 0), "The way back was tried out in the cellar"), schedules(d.at(3, 9, 0)),
			},
		},
		{
			request: change.Request{
				ID: "database-index", Kind: change.Normal, Title: "Indexes of the database platform are built anew", Reason: "Order entry got slower by a third since summer", Headline: "The database is tidied up",
				Work: workOn(index, 75*m, 15*m, "Drop the new indexes; the old ones stay until the end", []string{"Build beside the old ones", "Compare the plans of the ten slowest queries", "Drop the old ones"}, "database"),
			},
			by: cleo, at: d.at(3, 9, 0),
			deeds: []deed{
				submits(cleo, d.at(3, 9, 30)), assigns(cleo, d.at(3, 10, 0)), assesses(ben, d.at(2, 9, 0), 2, 2, "It takes the disks, and nothing else"),
				agrees(emil, d.at(1, 14, 0), "Overdue"),
			},
		},
		{
			request: change.Request{
				ID: "erp-move", Kind: change.Normal, Title: "Order entry of Alder moves to its own database", Reason: "Their reports slow everybody down", Headline: "Order entry gets a database of its own",
				Work: down(workOn(move, 80*m, 60*m, "Point order entry to the old database; it is kept for a week", []string{"Stop order entry", "Copy", "Start it on the new database"}, "erp"), "erp", 0, 80*m),
			},
			by: ben, at: d.at(3, 13, 0),
			deeds: []deed{
				submits(ben, d.at(3, 13, 30)), assigns(ben, d.at(3, 14, 0)), assesses(ada, d.at(3, 15, 0), 1, 2, "Copied twice as a test"),
				{d.at(2, 8, 0), change.VerbAskConsent, func(ctx context.Context, c *change.Control, id servicecoin.ChangeID) (change.Change, error) {
					return c.AskConsent(ctx, servicecoin.Person(ada), id, "alder", change.MustConsent, d.evening(6, 18, 0))
				}},
				agrees(ada, d.at(2, 9, 0), "If Alder agrees"),
			},
		},
		{
			request: change.Request{
				ID: "line-b-router", Kind: change.Normal, Title: "Router of carrier B is replaced", Reason: "The carrier takes the old model back at the end of the quarter",
				Work: workOn(d.evening(15, 19, 30), 60*m, 30*m, "Plug the old router in again", []string{"Move all routes to line A", "Replace the router", "Move half of the routes back"}, "line-b"),
			},
			by: dana, at: d.at(1, 9, 0),
			deeds: []deed{submits(dana, d.at(1, 9, 30))},
		},
		{
			request: change.Request{
				ID: "mail-archive", Kind: change.Normal, Title: "Mail archive keeps twelve years", Reason: "Cedar is asked to by law",
				Work: change.Work{Scope: change.Scope{Services: []servicecoin.ServiceID{"mail"}}},
			},
			by: cleo, at: d.at(1, 11, 0),
		},
	} {
		if err := d.tell(ctx, t); err != nil {
			return err
		}
	}
	next := d.evening(4, 19, 15)
	s := d.standard("signin-cert-next", next)
	s.at, s.deeds = d.at(2, 9, 0), []deed{preapproves(d.at(2, 10, 0), "signin-certificate"), schedules(d.at(2, 11, 0))}
	return d.tell(ctx, s)
}

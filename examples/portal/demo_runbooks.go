package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// recordsOf are the records of a customer's environment: "customer", and one for each
// service that it has, by the id of the service.
func (p *portal) recordsOf(ctx context.Context, c servicecoin.Customer) (runbook.Configuration, error) {
	records := runbook.Configuration{}
	body, err := json.Marshal(map[string]string{"id": string(c.ID), "name": c.Name, "zone": c.Zone})
	if err != nil {
		return nil, err
	}
	records["customer"] = body
	for s, err := range p.Subscriptions(c.ID).List().All(ctx) {
		if err != nil {
			return nil, err
		}
		if s.State != catalog.SubscriptionActive {
			continue
		}
		body, err := json.Marshal(map[string]any{"offering": s.Offering, "subscription": s.ID, "parameters": s.Parameters, "outputs": s.Outputs})
		if err != nil {
			return nil, err
		}
		records[string(s.Service)] = body
	}
	return records, nil
}

func english(text string) servicecoin.Texts {
	if text == "" {
		return nil
	}
	return servicecoin.Texts{"en": text}
}

// hand is a step that somebody does by hand.
func hand(id runbook.StepID, title, text string, takes time.Duration) runbook.Step {
	return runbook.Step{ID: id, Kind: runbook.ManualStep, Title: english(title), Text: english(text), Role: "operator", Expected: calendar.Within(takes)}
}

// machine is a step that the machine room does.
func machine(id runbook.StepID, title, text string, a runbook.Action, takes time.Duration) runbook.Step {
	s := hand(id, title, text, takes)
	s.Kind, s.Action = runbook.AutomatedStep, &a
	return s
}

// look is a verification.
func look(id runbook.StepID, title, text string, v runbook.Verification, takes time.Duration) runbook.Step {
	s := hand(id, title, text, takes)
	s.Kind, s.Verification = runbook.VerificationStep, &v
	return s
}

func gate(id runbook.StepID, role, title, text string) runbook.Step {
	return runbook.Step{ID: id, Kind: runbook.ApprovalStep, Title: english(title), Text: english(text), Approval: &runbook.Approval{Role: role}}
}

func risky(s runbook.Step, hazard string, undo *runbook.Undo) runbook.Step {
	s.Hazard, s.Undo = english(hazard), undo
	return s
}

func after(s runbook.Step, ids ...runbook.StepID) runbook.Step {
	s.After = ids
	return s
}

// atOnce waits for nothing: somebody else can do it meanwhile.
func atOnce(s runbook.Step) runbook.Step {
	s.AtStart = true
	return s
}

func byHand(text string) *runbook.Undo { return &runbook.Undo{Text: english(text)} }

func input(name, value string) runbook.Input {
	return runbook.Input{Name: name, Type: runbook.Text, Value: value}
}

// people of a book.
func roles() []runbook.Role {
	return []runbook.Role{
		{Name: "operator", Text: english("Has the desk, or is on call")},
		{Name: string(manager), Text: english("Answers for what is promised to the customer")},
	}
}

// bookOfDemo is a run book and when it was written: so many days ago.
type bookOfDemo struct {
	runbook.Book

	ago int
}

// booksOfDemo are the run books that are published, called ones first.
func booksOfDemo() []bookOfDemo {
	const m = time.Minute
	limit := calendar.Within(10 * m)
	customer := runbook.Parameter{Name: "customer", Type: runbook.Text, Text: english("Whose data it is"), From: &runbook.Source{Record: "customer", Path: "/name"}}
	restart := func(id runbook.StepID, title, what string) runbook.Step {
		return machine(id, title, "", runbook.Action{Name: actRestart, Inputs: []runbook.Input{input("what", what)}, Limit: limit, Retries: 1}, m)
	}
	lag := look("lag", "The standby keeps up", "", runbook.Verification{
		LookAt: english("How far the standby is behind"), Expect: runbook.Expectation{Is: runbook.AtMost, Value: "5"}, Unit: "s", Action: &runbook.Action{Name: actLag, Outputs: []string{"lag"}, Limit: limit},
	}, m)
	return []bookOfDemo{
		{runbook.Book{
			ID: "database-failover", Title: english("Hand the database to its standby"), Scenario: runbook.Failover, Services: []servicecoin.ServiceID{"database"},
			Purpose: english("The primary is gone, or about to be patched. Programs reconnect by themselves within a minute."), Roles: roles()[:1], ReviewEvery: calendar.Within(180 * day),
			Parameters: []runbook.Parameter{{Name: "reason", Type: runbook.Choice, Choices: []string{"planned", "outage"}, Default: "outage", Text: english("Why it is done: of a planned one the standby is waited for")}},
			Steps: []runbook.Step{
				lag,
				risky(machine("switch", "Hand over", "Nobody can write for about twenty seconds. It is {{reason}}.", runbook.Action{Name: actSwitch, Inputs: []runbook.Input{input("reason", "{{reason}}")}, Outputs: []string{"primary"}, Limit: limit}, 2*m),
					"What is not on the standby yet is lost", byHand("Once the old primary is up again and level, hand over once more: it is symmetrical.")),
				look("answers", "It answers", "Sign in to order entry and look at any order.", runbook.Verification{LookAt: english("How long a page takes"), Expect: runbook.Expectation{Is: runbook.AtMost, Value: "3"}, Unit: "s"}, 2*m),
			},
		}, 118},
		{runbook.Book{
			ID: "database-restore", Title: english("Restore a customer's database"), Scenario: runbook.Restore, Services: []servicecoin.ServiceID{"database"},
			Purpose: english("Somebody deleted what they should not have, or a disk is gone.\n\nIt takes one customer's data back to a moment. All others go on working."), Roles: roles(), ReviewEvery: calendar.Within(180 * day),
			Preconditions: []servicecoin.Texts{english("The customer has asked for it in writing, and knows that everything after the moment is lost"), english("You are on the jump host, with the key of the month")},
			Parameters: []runbook.Parameter{
				customer,
				{Name: "site", Type: runbook.Text, Text: english("Where its programs run"), From: &runbook.Source{Record: "erp", Path: "/parameters/site"}},
				{Name: "database", Type: runbook.Text, Default: "its database", Text: english("Where that is reached, as it is recorded"), From: &runbook.Source{Record: "instance", Path: "/address"}},
				{Name: "moment", Type: runbook.Instant, Text: english("The moment that the data is taken back to")},
				{Name: "rows", Type: runbook.Number, Default: "1000000", Text: english("How many orders there are at least, as the customer says")},
				{Name: "password", Type: runbook.Secret, Text: english("Of the backup store")},
			},
			Steps: []runbook.Step{
				hand("tell", "Tell {{customer}} that it begins", "Call the person who asked. Say that order entry will be closed for about an hour, and when you call again.", 5*m),
				atOnce(machine("snapshot", "Keep what is there now", "So that there is a way back.", runbook.Action{Name: actSnapshot, Inputs: []runbook.Input{input("of", "{{customer}}"), {Name: "password", Type: runbook.Secret, Value: "{{password}}"}}, Outputs: []string{"snapshot", "size"}, Limit: calendar.Within(20 * m)}, 6*m)),
				atOnce(hand("others", "Keep an eye on everybody else", "The disks are shared: while data is read or written, the other customers must not become slow. Look at the page times every ten minutes until it is over.", time.Hour)),
				after(gate("go", string(manager), "Go, or not", "Is the moment right? Has the customer said so? After this their data of today is overwritten."), "tell", "snapshot"),
				risky(hand("close", "Close order entry at site {{site}}", "```sh\nsite {{site}} close erp --reason \"restore\"\nsite {{site}} sessions erp   # must come to 0\n```\n\nWait until nobody is signed in.", 5*m),
					"{{customer}} cannot enter orders", byHand("Open it again:\n\n```sh\nsite {{site}} open erp\n```")),
				risky(machine("restore", "Take the data back to {{moment}}", "", runbook.Action{Name: actRestore, Inputs: []runbook.Input{input("of", "{{customer}}"), {Name: "moment", Type: runbook.Instant, Value: "{{moment}}"}, {Name: "password", Type: runbook.Secret, Value: "{{password}}"}}, Outputs: []string{"rows"}, Limit: calendar.Within(time.Hour)}, 35*m),
					"Everything that {{customer}} entered after the moment is overwritten", &runbook.Undo{Action: &runbook.Action{Name: actRestore, Inputs: []runbook.Input{input("from", "snapshot")}, Limit: calendar.Within(time.Hour)}}),
				look("count", "The orders are all there", "On {{database}}:\n\n```sql\nselect count(*) from orders;\n```", runbook.Verification{LookAt: english("How many orders there are"), Expect: runbook.Expectation{Is: runbook.Between, Low: "{{rows}}", High: "9999999"}, Unit: "orders"}, 3*m),
				after(lag, "restore"),
				after(runbook.Step{
					ID: "right", Kind: runbook.DecisionStep, Title: english("Does the customer find what they miss?"), Text: english("Let them look at the orders of the last day before the moment, on the read-only address."), Role: "operator",
					Decision: &runbook.Decision{Branches: []runbook.Branch{
						{Answer: "yes", Text: english("open for everybody"), Steps: []runbook.StepID{"open"}},
						{Answer: "no", Text: english("look for a better moment together"), Steps: []runbook.StepID{"again"}},
					}},
				}, "count", "lag"),
				after(hand("open", "Open order entry", "```sh\nsite {{site}} open erp\n```", 2*m), "right"),
				after(hand("again", "Agree on another moment", "End this run as failed, and start another one with the new moment.", 10*m), "right"),
				after(hand("end", "Tell {{customer}} how it went", "By mail, with the moment and the number of orders.", 5*m), "open", "again", "others"),
			},
		}, 115},
		{runbook.Book{
			ID: "erp-start", Title: english("Start order entry"), Scenario: runbook.Start, Services: []servicecoin.ServiceID{"erp"},
			Purpose: english("After a power cut, or when it was stopped on purpose. The database and sign-in are up already."), Roles: roles()[:1], ReviewEvery: calendar.Within(365 * day),
			Steps: []runbook.Step{
				hand("below", "What it needs is up", "Look at the status page: network, sign-in and database have to be green.", 2*m),
				restart("programs", "Start the four processes", "erp"),
				{ID: "warm", Kind: runbook.WaitStep, Title: english("Let it fill its caches"), Wait: &runbook.Wait{For: calendar.Within(3 * m)}},
				look("page", "It is quick", "Open the list of orders.", runbook.Verification{LookAt: english("How long the list takes"), Expect: runbook.Expectation{Is: runbook.AtMost, Value: "2"}, Unit: "s"}, m),
			},
		}, 40},
		{runbook.Book{
			ID: "database-patch", Title: english("Patch the database platform"), Scenario: runbook.Patch, Services: []servicecoin.ServiceID{"database", "storage"},
			Purpose: english("In the window on the second Saturday. One machine after the other, the standby first."), Roles: append(roles()[:1], runbook.Role{Name: databaseAdmin, Text: english("Knows what the platform bears")}), ReviewEvery: calendar.Within(90 * day),
			Preconditions: []servicecoin.Texts{english("It is within the window, and nothing is going on at the desk")},
			Steps: []runbook.Step{
				machine("standby", "Patch the standby", "", runbook.Action{Name: actUpdate, Inputs: []runbook.Input{input("host", "db-2")}, Outputs: []string{"packages"}, Limit: calendar.Within(40 * m)}, 15*m),
				after(gate("go", databaseAdmin, "Go on with the primary?", "The standby has been patched and is level."), "standby"),
				{ID: "over", Kind: runbook.CallStep, Title: english("Hand over to the standby"), Call: &runbook.Call{Book: "database-failover", Values: []runbook.Argument{{Name: "reason", Value: "planned"}}}},
				risky(machine("primary", "Patch the old primary", "", runbook.Action{Name: actUpdate, Inputs: []runbook.Input{input("host", "db-1")}, Outputs: []string{"packages"}, Limit: calendar.Within(40 * m), Retries: 1}, 15*m),
					"There is no standby meanwhile", byHand("Take back the packages: `apt-get install` with the versions of the list before.")),
				hand("note", "Write the versions into the log of the month", "Of both machines, from `apt list --installed`.", 5*m),
			},
		}, 60},
		{runbook.Book{
			ID: "mail-handover", Title: english("Hand mail over to a new customer"), Scenario: runbook.CustomerHandOver, Services: []servicecoin.ServiceID{"mail"},
			Purpose: english("The mailboxes are there. From here on they are the customer's."), Roles: roles()[:1], ReviewEvery: calendar.Within(180 * day),
			Parameters: []runbook.Parameter{customer, {Name: "address", Type: runbook.Text, Text: english("Where its mail is"), From: &runbook.Source{Record: "mail", Path: "/outputs/address"}}},
			Steps: []runbook.Step{
				hand("sign", "Sign in as the first mailbox of {{customer}}", "At {{address}}", 3*m),
				look("both", "Mail arrives both ways", "Send one out and one in.", runbook.Verification{LookAt: english("Which of the two arrived"), Expect: runbook.Expectation{Is: runbook.Equals, Value: "both"}}, 10*m),
				hand("call", "Go through it with the owner", "Half an hour on the telephone: mailboxes, groups, what to do when something is wrong.", 30*m),
			},
		}, 25},
		{runbook.Book{
			ID: "signin-diagnose", Title: english("Why nobody can sign in"), Scenario: runbook.Diagnose, Services: []servicecoin.ServiceID{"signin"},
			Purpose: english("People say that their password is wrong, and it is not."), ReviewEvery: calendar.Within(60 * day),
			Steps: []runbook.Step{
				{ID: "clock", Kind: runbook.ManualStep, Title: english("Compare the clocks"), Text: english("Two minutes are too much for the second factor.\n\n```sh\nfor h in idp-1 idp-2; do ssh $h date -u; done\n```"), Expected: calendar.Within(5 * m)},
				{ID: "certificate", Kind: runbook.ManualStep, Title: english("Look at the certificate"), Text: english("Until when does it hold?"), Expected: calendar.Within(5 * m)},
			},
		}, 112},
	}
}

// draftOfDemo is a run book that is not ready.
func draftOfDemo() runbook.Book {
	return runbook.Book{
		ID: "files-restore", Title: english("Restore a folder"), Scenario: runbook.Restore, Services: []servicecoin.ServiceID{"files"}, Roles: roles()[:1],
		Purpose: english("Somebody deleted a folder, and the bin is empty."),
		Steps: []runbook.Step{
			hand("find", "Find the folder in the backup of {{night}}", "", 5*time.Minute),
			risky(hand("write", "Write it back", "Beside the old one, never over it.", 20*time.Minute), "It may fill the disk", nil),
			after(hand("ask", "Ask whether it is the right one", "", 5*time.Minute), "writes"),
		},
	}
}

// library writes and publishes the run books: ben writes, ada reads and publishes.
func (d demo) library(ctx context.Context) error {
	lib := d.Library()
	for n, b := range booksOfDemo() {
		if _, err := lib.Published(ctx, b.ID); !errors.Is(err, servicecoin.ErrNotFound) {
			if err != nil {
				return err
			}
			continue
		}
		d.turn(d.at(b.ago, 13, n))
		if err := d.written(ctx, b.Book); err != nil {
			return err
		}
		d.turn(d.at(b.ago, 15, n))
		if _, err := lib.Publish(ctx, servicecoin.Person(ada), b.ID, 1); err != nil {
			return err
		}
	}
	if err := d.revised(ctx); err != nil {
		return err
	}
	d.turn(d.at(4, 16, 0))
	return d.written(ctx, draftOfDemo())
}

// written drafts a book, once.
func (d demo) written(ctx context.Context, b runbook.Book) error {
	last, err := d.Library().Versions(b.ID).Page(ctx, "", 1)
	if err != nil || len(last.Items) > 0 {
		return err
	}
	_, err = d.Library().Draft(ctx, servicecoin.Person(ben), b)
	return err
}

// revised makes the second version of one: what the drill has shown.
func (d demo) revised(ctx context.Context) error {
	const id = "erp-start"
	lib := d.Library()
	b, err := lib.Published(ctx, id)
	if err != nil || b.Version > 1 {
		return err
	}
	d.turn(d.at(18, 10, 0))
	draft, err := lib.Get(ctx, id, 2) // a start that was killed in between
	if errors.Is(err, servicecoin.ErrNotFound) {
		b.Steps[0].Text = english("Look at the status page: network, sign-in and database have to be green. The database needs its standby, too.")
		b.Steps[2].Wait = &runbook.Wait{For: calendar.Within(2 * time.Minute)}
		b.Steps = append(b.Steps, hand("desk", "Tell the desk that it is up", "They close the incident, if there is one.", time.Minute))
		draft, err = lib.Draft(ctx, servicecoin.Person(cleo), b)
	}
	if err != nil {
		return err
	}
	d.turn(d.at(18, 12, 0))
	_, err = lib.Publish(ctx, servicecoin.Person(ben), id, draft.Version)
	return err
}

// move is something that somebody does at a run so long after it began.
type move struct {
	after time.Duration
	do    func(ctx context.Context, runs *runbook.Runs, id runbook.RunID) error
}

// told lets a run happen. A start that was killed in between goes on after the last
// entry.
func (d demo) told(ctx context.Context, began time.Time, by servicecoin.PersonID, x runbook.Beginning, moves ...move) error {
	runs := d.Runs()
	r, err := runs.Get(ctx, x.ID)
	if errors.Is(err, servicecoin.ErrNotFound) {
		d.turn(began)
		if x.Customer != "" {
			if x.Configuration, err = d.configuration(ctx, x.Customer); err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
				return err
			}
		}
		r, err = runs.Start(ctx, servicecoin.Person(by), x)
	}
	if err != nil {
		return err
	}
	last, err := d.lastEntry(ctx, r)
	if err != nil || r.State.Terminal() {
		return err
	}
	for _, m := range moves {
		at := began.Add(m.after)
		if at.After(last) {
			d.turn(at)
			if err := m.do(ctx, runs, x.ID); err != nil {
				return err
			}
		}
		d.turn(at.Add(time.Second))
		if err := d.drain(ctx); err != nil { // the machine room
			return err
		}
	}
	d.turn(d.now)
	return nil
}

func (d demo) lastEntry(ctx context.Context, r runbook.Run) (time.Time, error) {
	at := r.StartedAt
	for e, err := range d.Runs().Entries(r.ID).All(ctx) {
		if err != nil {
			return at, err
		}
		l, err := e.Read()
		if err != nil {
			return at, err
		}
		at = l.Fact.At
	}
	return at, nil
}

func takesUp(by servicecoin.PersonID, step runbook.StepID) func(context.Context, *runbook.Runs, runbook.RunID) error {
	return func(ctx context.Context, runs *runbook.Runs, id runbook.RunID) error {
		_, err := runs.Begin(ctx, servicecoin.Person(by), id, runbook.At{Step: step})
		return err
	}
}

func finishes(by servicecoin.PersonID, step runbook.StepID, note string, evidence ...runbook.Evidence) func(context.Context, *runbook.Runs, runbook.RunID) error {
	return func(ctx context.Context, runs *runbook.Runs, id runbook.RunID) error {
		_, err := runs.Finish(ctx, servicecoin.Person(by), id, runbook.Finished{At: runbook.At{Step: step}, Note: note, Evidence: evidence})
		return err
	}
}

func measures(by servicecoin.PersonID, step runbook.StepID, value string) func(context.Context, *runbook.Runs, runbook.RunID) error {
	return func(ctx context.Context, runs *runbook.Runs, id runbook.RunID) error {
		_, err := runs.Measure(ctx, servicecoin.Person(by), id, runbook.Measured{At: runbook.At{Step: step}, Value: value})
		return err
	}
}

func saysGo(by servicecoin.PersonID, step runbook.StepID) func(context.Context, *runbook.Runs, runbook.RunID) error {
	return func(ctx context.Context, runs *runbook.Runs, id runbook.RunID) error {
		_, err := runs.Approve(ctx, servicecoin.Person(by), id, runbook.Approved{At: runbook.At{Step: step}, Go: true})
		return err
	}
}

func succeeds(by servicecoin.PersonID, note string) func(context.Context, *runbook.Runs, runbook.RunID) error {
	return func(ctx context.Context, runs *runbook.Runs, id runbook.RunID) error {
		_, err := runs.Succeed(ctx, servicecoin.Person(by), id, note)
		return err
	}
}

// runsOfDemo are a drill that went well, a patch that was given up, and what is going
// on.
func (d demo) runsOfDemo(ctx context.Context) error {
	const m = time.Minute
	photo := runbook.Evidence{File: &runbook.File{SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Name: "sessions-at-zero.jpg", Size: 184_220}}
	restore := func(id runbook.RunID, c servicecoin.CustomerID, at time.Time, drill bool, note string) runbook.Beginning {
		return runbook.Beginning{ID: id, Book: "database-restore", Values: runbook.Values{"moment": at.UTC().Format(time.RFC3339)}, NewRun: runbook.NewRun{Drill: drill, Customer: c, Note: note}}
	}
	drill := d.at(12, 13, 0)
	if err := d.told(ctx, drill, cleo, restore("restore-drill", "alder", drill.Add(-20*time.Hour), true, "The drill of the quarter, on the exercise machines."),
		move{2 * m, takesUp(cleo, "tell")}, move{3 * m, takesUp(cleo, "snapshot")}, move{4 * m, takesUp(ben, "others")}, move{5 * m, finishes(cleo, "tell", "Olga Lind knows that it is an exercise.")},
		move{12 * m, saysGo(ada, "go")}, move{13 * m, takesUp(cleo, "close")}, move{17 * m, finishes(cleo, "close", "", photo, runbook.Evidence{Text: "0 sessions"})},
		move{18 * m, takesUp(cleo, "restore")}, move{52 * m, takesUp(cleo, "count")}, move{54 * m, measures(cleo, "count", "1204118")}, move{56 * m, takesUp(ben, "lag")},
		move{60 * m, func(ctx context.Context, runs *runbook.Runs, id runbook.RunID) error {
			_, err := runs.Answer(ctx, servicecoin.Person(cleo), id, runbook.Answered{At: runbook.At{Step: "right"}, Answer: "yes", Note: "Looked at 20 orders together."})
			return err
		}},
		move{61 * m, takesUp(cleo, "open")}, move{64 * m, finishes(cleo, "open", "")}, move{65 * m, finishes(ben, "others", "Nothing above 1.2 s.")}, move{66 * m, takesUp(cleo, "end")}, move{70 * m, finishes(cleo, "end", "", runbook.Evidence{Link: "https://wiki.example/drills/2026-4"})},
		move{71 * m, succeeds(cleo, "One hour and ten minutes: within the promise of four hours.")},
	); err != nil {
		return err
	}
	for n, at := range []time.Time{d.at(38, 6, 30), d.at(17, 6, 0), d.at(9, 6, 10)} {
		if err := d.told(ctx, at, ben, runbook.Beginning{ID: runbook.RunID([]string{"start-1", "start-2", "start-3"}[n]), Book: "erp-start"},
			move{m, takesUp(ben, "below")}, move{time.Duration(2+n) * m, finishes(ben, "below", "")}, move{4*m + 30*time.Second, takesUp(ben, "programs")},
			move{8 * m, func(ctx context.Context, runs *runbook.Runs, id runbook.RunID) error {
				_, err := runs.Lapse(ctx, servicecoin.Program("portal"), id)
				return err
			}},
			move{9 * m, takesUp(ben, "page")}, move{9*m + 40*time.Second, measures(ben, "page", []string{"1.4", "1.1", "1.7"}[n])},
			move{10 * m, func(ctx context.Context, runs *runbook.Runs, id runbook.RunID) error {
				r, err := runs.Get(ctx, id)
				if err != nil || r.Version < 2 {
					return err
				}
				return finishes(ben, "desk", "")(ctx, runs, id)
			}},
			move{11 * m, succeeds(ben, "")},
		); err != nil {
			return err
		}
	}
	patch := d.at(10, 21, 0)
	if err := d.told(ctx, patch, ben, runbook.Beginning{ID: "patch-november", Book: "database-patch"},
		move{m, takesUp(ben, "standby")}, move{20 * m, func(ctx context.Context, runs *runbook.Runs, id runbook.RunID) error { // the first attempt fails
			_, err := runs.Retry(ctx, servicecoin.Person(ben), id, runbook.At{Step: "standby"})
			return err
		}},
		move{40 * m, saysGo(emil, "go")}, move{42 * m, takesUp(ben, "over/lag")}, move{44 * m, takesUp(ben, "over/switch")}, move{47 * m, measures(ben, "over/answers", "2.2")},
		move{50 * m, func(ctx context.Context, runs *runbook.Runs, id runbook.RunID) error {
			_, err := runs.Abort(ctx, servicecoin.Person(ben), id, "The carrier announces work on both lines in twenty minutes: not tonight.")
			return err
		}},
		move{75 * m, finishes(ben, "undo:over/switch", "Handed back; db-1 is the primary again.")},
	); err != nil {
		return err
	}
	now := d.now.Add(-80 * m)
	return d.told(ctx, now, ben, restore("restore-birch", "birch", now.Add(-15*time.Hour), false, "Pavel Birch wrote at eight: the orders of last night are gone."),
		move{m, takesUp(ben, "snapshot")}, move{3 * m, takesUp(ben, "tell")}, move{9 * m, finishes(ben, "tell", "Spoke to Pavel Birch; he closes order entry on his side at noon.", runbook.Evidence{Text: "Told by telephone, agrees"})},
		move{10 * m, takesUp(ben, "others")},
		move{15 * m, func(ctx context.Context, runs *runbook.Runs, id runbook.RunID) error {
			_, err := runs.HandOver(ctx, servicecoin.Person(ben), id, cleo, "I am at the dentist until two. All that is missing is the go.")
			return err
		}},
	)
}

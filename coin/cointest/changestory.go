package cointest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/coin/changeroom"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/sla"
)

const (
	upgrade = servicecoin.ChangeID("upgrade")
	book    = servicecoin.RunbookID("upgrade-database")
)

func words(text string) servicecoin.Texts { return servicecoin.Texts{"en": text} }

// changeStory tells one change: asked for, judged, approved by others, announced, run by
// its run book, found wrong, put back, reviewed, and counted.
func changeStory(p *provider) {
	p.brings = func(s catalog.SubscriptionChanged) (bundle.Bundle, error) {
		b, err := comes(s)
		b.Promises[0].Terms.Exclusions.NoticeSeconds = 7 * 24 * 3600
		return b, err
	}
	p.orders()
	p.writesABook()
	p.asks()
	p.judges()
	p.approves()
	p.works()
	p.putsBack()
	p.learns()
}

// writesABook publishes the run book of the change.
func (p *provider) writesABook() {
	p.t.Helper()
	ctx := p.t.Context()
	b := runbook.Book{
		ID: book, Title: words("Upgrade the database"), Purpose: words("Brings a new release to the database."), Services: []servicecoin.ServiceID{database}, Scenario: runbook.Patch,
		Parameters: []runbook.Parameter{{Name: "release", Type: runbook.Text}},
		Steps: []runbook.Step{
			{ID: "snapshot", Kind: runbook.AutomatedStep, Title: words("Take a snapshot"), Action: &runbook.Action{Name: "snapshot", Outputs: []string{"id"}}},
			{
				ID: "install", Kind: runbook.ManualStep, Title: words("Install {{release}}"), Text: words("Run the installer."), Hazard: words("The database is away."),
				Expected: calendar.Within(30 * time.Minute), Undo: &runbook.Undo{Text: words("Restore the snapshot.")},
			},
			{
				ID: "answer", Kind: runbook.VerificationStep, Title: words("How long does an answer take?"),
				Verification: &runbook.Verification{LookAt: words("The dashboard"), Expect: runbook.Expectation{Is: runbook.AtMost, Value: "200"}, Unit: "ms"},
			},
		},
	}
	_, err := p.Library().Draft(ctx, ada(), b)
	p.must(err)
	published, err := p.Library().Publish(ctx, ada(), book, 1)
	p.must(err)
	same(p.t, "state of the book", runbook.Published, published.State)
}

// asks drafts and submits the change, for a night in February.
func (p *provider) asks() {
	p.t.Helper()
	ctx := p.t.Context()
	now := p.at(time.January, 20, 9, 0)
	control := p.Control()
	_, err := control.Draft(ctx, ada(), change.Request{
		ID: upgrade, Title: "Database 17", Reason: "16 is out of support", Headline: "Order entry is maintained", Kind: change.Normal, CommittedAt: now.Add(-24 * time.Hour),
		Work: change.Work{
			Scope: change.Scope{Services: []servicecoin.ServiceID{database, erp}}, Runbook: book, Version: 1,
			Plan: change.Plan{
				Start: time.Date(2026, time.February, 3, 22, 0, 0, 0, time.UTC), Length: calendar.Within(2 * time.Hour), WayBack: calendar.Within(time.Hour),
				Rollback: "restore the snapshot", Trigger: "answers take longer than 200 ms",
				Downtime: []change.Downtime{{Service: erp, Length: calendar.Within(time.Hour)}},
			},
		},
	})
	p.must(err)
	_, err = control.Submit(ctx, ada(), upgrade)
	p.must(err)
	_, err = control.Assign(ctx, ada(), upgrade, "ingo")
	p.must(err)
}

// judges finds out how bad it may go, what it collides with, and which promise would not
// leave its downtime out.
func (p *provider) judges() {
	p.t.Helper()
	ctx, control := p.t.Context(), p.Control()
	x, err := control.Assess(ctx, servicecoin.Person("carl"), upgrade, change.Judged{Likelihood: 2})
	p.must(err)
	same(p.t, "reach", change.Reach{Services: 2, Customers: 1}, *x.Risk.Reach)
	same(p.t, "risk", [3]int{2, 2, 2}, [3]int{x.Risk.Likelihood, x.Risk.Impact, x.Risk.Level})

	_, err = control.Discover(ctx, ada(), change.Found{ID: "old", Title: "a setting", Reason: "the audit saw it", Scope: x.Scope, Seen: p.clock().Add(-time.Hour)})
	p.must(err)
	history, err := control.HistoryOf(ctx, x)
	p.must(err)
	same(p.t, "history", [2]int{0, 1}, [2]int{history.Failed.Count, history.Failed.N})

	freeze, err := control.DeclareFreeze(ctx, ada(), change.Declare{Name: "carnival", During: calendar.Between(x.Plan.Start.Add(-time.Hour), x.Plan.Start.Add(time.Hour)), Why: "nobody is there"})
	p.must(err)
	standing, err := control.Standing(ctx, upgrade)
	p.must(err)
	same(p.t, "fits", false, standing.Fits())
	same(p.t, "rule", change.RuleFreeze, standing.Fit.Obstacles[0].Rule)
	same(p.t, "whom it concerns", []servicecoin.CustomerID{acme}, standing.Customers)
	_, err = control.LiftFreeze(ctx, ada(), freeze.ID, "they are")
	p.must(err)

	uncovered, err := p.Uncovered(ctx, x)
	p.must(err)
	same(p.t, "not left out", 0, len(uncovered))
	late := x
	late.Plan = late.Plan.At(p.clock().Add(time.Hour))
	uncovered, err = p.Uncovered(ctx, late)
	p.must(err)
	if len(uncovered) != 1 || !strings.Contains(uncovered[0].Why, "announced") {
		p.t.Errorf("a downtime that is announced an hour before: %+v", uncovered)
	}
}

// approves votes; the exchange announces it.
func (p *provider) approves() {
	p.t.Helper()
	ctx, control := p.t.Context(), p.Control()
	if _, err := control.Vote(ctx, servicecoin.Person("ingo"), upgrade, change.Cast{Choice: change.VoteYes, Reason: "I do it"}); !errors.Is(err, servicecoin.ErrRefused) {
		p.t.Errorf("who does it votes: %v", err)
	}
	for _, by := range []servicecoin.PersonID{"bea", "dora"} {
		_, err := control.Vote(ctx, servicecoin.Person(by), upgrade, change.Cast{Choice: change.VoteYes, Reason: "it is due"})
		p.must(err)
	}
	p.exchange()
	_, err := control.Schedule(ctx, ada(), upgrade)
	p.must(err)
	p.exchange()
	n, err := p.Notices(acme).Get(ctx, upgrade)
	p.must(err)
	same(p.t, "notice", []any{change.NoticeAnnounced, "Order entry is maintained", []servicecoin.ServiceID{erp}}, []any{n.State, n.Headline, n.Services})
	same(p.t, "downtime", 1, len(n.Downtime))
	if _, err := p.Notices("globex").Get(ctx, upgrade); !errors.Is(err, servicecoin.ErrNotFound) {
		p.t.Errorf("whom it does not concern is told: %v", err)
	}
}

// works begins the change and its run book, until a verification fails.
func (p *provider) works() {
	p.t.Helper()
	ctx, control, runs, ingo := p.t.Context(), p.Control(), p.Runs(), servicecoin.Person("ingo")
	p.at(time.February, 3, 22, 0)
	_, err := control.Start(ctx, ingo, upgrade)
	p.must(err)
	_, lacks, err := runs.Prepare(ctx, runbook.Beginning{ID: "night", Book: book})
	p.must(err)
	same(p.t, "missing", 1, len(lacks))
	_, err = runs.Start(ctx, ingo, runbook.Beginning{ID: "night", Book: book, Values: runbook.Values{"release": "17.2"}, NewRun: runbook.NewRun{Change: upgrade}})
	p.must(err)
	_, err = runs.Begin(ctx, ingo, "night", runbook.At{Step: "snapshot"})
	p.must(err)
	p.runner.Script("snapshot", runbook.Result{Text: "taken", Outputs: map[string]string{"id": "snap-1"}})
	p.exchange()
	p.at(time.February, 3, 22, 10)
	_, err = runs.Begin(ctx, ingo, "night", runbook.At{Step: "install"})
	p.must(err)
	p.at(time.February, 3, 22, 40)
	_, err = runs.Finish(ctx, ingo, "night", runbook.Finished{At: runbook.At{Step: "install"}, Evidence: []runbook.Evidence{{Text: "installer: done"}}})
	p.must(err)
	r, err := runs.Measure(ctx, ingo, "night", runbook.Measured{At: runbook.At{Step: "answer"}, Value: "950", Note: "slow"})
	p.must(err)
	if _, err := runs.Succeed(ctx, ingo, "night", ""); !errors.Is(err, servicecoin.ErrRefused) {
		p.t.Errorf("a run whose verification failed succeeds: %v", err)
	}
	same(p.t, "state of the run", runbook.Running, r.State)
	_, err = p.Desk().Open(ctx, ada(), incident.Report{ID: "slow", Title: "Order entry is slow", Effects: []incident.Effect{{Service: erp, Level: incident.Disruption, From: p.clock()}}})
	p.must(err)
	p.exchange()
	x, err := control.Get(ctx, upgrade)
	p.must(err)
	if len(x.Incidents) != 1 || x.Incidents[0].Standing != change.Suspected {
		p.t.Errorf("an incident in the time of the change: %+v", x.Incidents)
	}
}

// putsBack undoes what was done, in reverse, and says when service was as before.
func (p *provider) putsBack() {
	p.t.Helper()
	ctx, control, runs, ingo := p.t.Context(), p.Control(), p.Runs(), servicecoin.Person("ingo")
	_, err := control.FallBack(ctx, ingo, upgrade, "answers take 950 ms")
	p.must(err)
	r, err := runs.Abort(ctx, ingo, "night", "answers take 950 ms")
	p.must(err)
	same(p.t, "to be undone", 1, len(r.Undo))
	p.at(time.February, 3, 23, 30)
	r, err = runs.Finish(ctx, ingo, "night", runbook.Finished{At: runbook.At{Step: r.Undo[0].ID}, Evidence: []runbook.Evidence{{Text: "restored snap-1"}}})
	p.must(err)
	same(p.t, "the run is over", true, r.State.Terminal())
	verdict, err := runs.Verify(ctx, "night")
	p.must(err)
	same(p.t, "the chain is sound", true, verdict.Sound())
	_, err = p.Desk().Resolve(ctx, ada(), "slow", incident.Resolution{Text: "put back"})
	p.must(err)
	_, err = control.RollBack(ctx, ingo, upgrade, "answers took 950 ms", p.clock().Add(-5*time.Minute))
	p.must(err)
	p.exchange()
	n, err := p.Notices(acme).Get(ctx, upgrade)
	p.must(err)
	same(p.t, "notice", change.NoticePutBack, n.State)
}

// learns reviews the change, and counts it.
func (p *provider) learns() {
	p.t.Helper()
	ctx, control := p.t.Context(), p.Control()
	p.at(time.February, 5, 9, 0)
	_, err := control.ConfirmIncident(ctx, ada(), upgrade, "slow", "it came with the new release")
	p.must(err)
	if _, err := control.Close(ctx, ada(), upgrade); !errors.Is(err, servicecoin.ErrRefused) {
		p.t.Errorf("what went wrong is closed without a review: %v", err)
	}
	_, err = control.WriteReview(ctx, servicecoin.Person("carl"), upgrade, "the index was missing", "measure on a copy first")
	p.must(err)
	_, err = control.AddFollowUp(ctx, ada(), upgrade, followup.Task{Owner: "ingo", Due: p.clock().Add(48 * time.Hour), Text: "build the index"})
	p.must(err)
	_, err = control.CompleteFollowUp(ctx, ada(), upgrade, 1, "built")
	p.must(err)
	_, err = control.Close(ctx, ada(), upgrade)
	p.must(err)
	figures, delivery, _, err := control.Figures(ctx, calendar.Between(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), p.clock()))
	p.must(err)
	same(p.t, "failed", [2]int{1, 2}, [2]int{figures.Failed.Count, figures.Failed.N})
	same(p.t, "unauthorised", [2]int{1, 2}, [2]int{figures.Unauthorised.Count, figures.Unauthorised.N})
	same(p.t, "time to restore", calendar.Took(45*time.Minute), delivery.Recovery)

	// The announced hour is left out of the promise, what came after it is not.
	month := calendar.Month{Year: 2026, Month: time.February}
	for promise, err := range p.Keeper(acme).Promises(erp).All(ctx) {
		p.must(err)
		report, err := p.Keeper(acme).Month(ctx, promise.ID, month)
		p.must(err)
		same(p.t, "left out", "3600", report.Figures.Excluded.String())
		same(p.t, "excluded by", true, slices.ContainsFunc(report.Facts.Exclusions, func(e sla.Exclusion) bool { return e.From == change.Key(upgrade) }))
		same(p.t, "counted", "540", report.Figures.Down.String()) // 30 minutes of a disruption at 0.3: after the hour
	}
	spin, err := p.Spin(ctx, acme, month)
	p.must(err)
	for _, row := range spin.Rows {
		if row.Service == erp {
			same(p.t, "put back", 1, exchange.Of[changeroom.Changed](row.Parts).PutBack)
		}
	}
	p.must(p.Forget(ctx, ada(), acme))
	_, err = p.Notices(acme).Get(ctx, upgrade)
	same(p.t, "forgotten", true, errors.Is(err, servicecoin.ErrNotFound))
}

// changeAfterTheMonth tells of a change whose end is told once the month has its report:
// what was left out for its sake is another time, and the month is due again.
func changeAfterTheMonth(p *provider) {
	ctx, control := p.t.Context(), p.Control()
	p.orders()
	p.writesABook()
	p.asks()
	_, err := control.Assess(ctx, servicecoin.Person("carl"), upgrade, change.Judged{Likelihood: 1, Impact: 1})
	p.must(err)
	for _, by := range []servicecoin.PersonID{"bea", "dora"} {
		_, err := control.Vote(ctx, servicecoin.Person(by), upgrade, change.Cast{Choice: change.VoteYes, Reason: "it is due"})
		p.must(err)
	}
	_, err = control.Schedule(ctx, ada(), upgrade)
	p.must(err)
	start := p.at(time.February, 3, 22, 0)
	_, err = control.Start(ctx, servicecoin.Person("ingo"), upgrade)
	p.must(err)
	p.at(time.March, 2, 9, 0)
	p.exchange()
	month := calendar.Month{Year: 2026, Month: time.February}
	closed, err := p.CloseMonth(ctx, ada(), acme, month)
	p.must(err)
	same(p.t, "left out", "3600", closed.Closed[0].Report.Figures.Excluded.String())
	_, err = control.Fail(ctx, servicecoin.Person("ingo"), upgrade, "nobody finished it")
	p.must(err)
	_, err = control.RollBack(ctx, servicecoin.Person("ingo"), upgrade, "it was over after ten minutes", start.Add(10*time.Minute))
	p.must(err)
	p.exchange()
	again, err := p.CloseDue(ctx, ada(), acme)
	p.must(err)
	if len(again) != 1 {
		p.t.Fatalf("%d months are due again", len(again))
	}
	same(p.t, "left out then", "600", again[0].Report.Figures.Excluded.String())
}

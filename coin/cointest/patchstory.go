package cointest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/patchroom"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

const (
	patching = servicecoin.RunbookID("patch-server")
	cycleID  = patch.CycleID("openssl")
)

// flaws is the policy by which the provider mends.
func flaws() patchroom.Options {
	return patchroom.Options{Policy: patch.Policy{
		Name: "house", OnList: true, Rules: []patch.Rule{{AtLeast: patch.Critical, Within: patch.Clocked(96 * time.Hour)}, {AtLeast: patch.Low, Within: patch.Clocked(30 * 24 * time.Hour)}},
	}}
}

// patchStory tells one flaw: an advisory comes in, its targets are found, and patched ring
// by ring, in windows, by changes of a model and runs of a run book; observed again, and
// told how many were compliant in time.
func patchStory(p *provider) {
	p.orders()
	p.allowsPatching()
	p.hasServers()
	a := p.hears()
	p.plansCycle(a)
	p.patchesPilot()
	p.patchesRest()
	p.wasInTime(a)
	p.must(p.Forget(p.t.Context(), ada(), acme))
	p.nothingIsLeft()
}

// allowsPatching publishes the run book, and approves the model and the windows.
func (p *provider) allowsPatching() {
	p.t.Helper()
	ctx, control := p.t.Context(), p.Control()
	p.at(time.January, 20, 9, 0)
	_, err := p.Library().Draft(ctx, ada(), runbook.Book{
		ID: patching, Title: words("Patch a server"), Purpose: words("Brings a server up to date."), Services: []servicecoin.ServiceID{erp}, Scenario: runbook.Patch,
		Parameters: []runbook.Parameter{{Name: patchroom.Parameter, Type: runbook.Text}},
		Steps: []runbook.Step{
			{ID: "install", Kind: runbook.ManualStep, Title: words("Install on {{target}}"), Text: words("Run the installer."), Undo: &runbook.Undo{Text: words("Go back.")}},
			{
				ID: "answers", Kind: runbook.VerificationStep, Title: words("Does it answer?"),
				Verification: &runbook.Verification{LookAt: words("The page"), Expect: runbook.Expectation{Is: runbook.Equals, Value: "yes"}},
			},
		},
	})
	p.must(err)
	_, err = p.Library().Publish(ctx, ada(), patching, 1)
	p.must(err)
	_, err = control.DraftModel(ctx, ada(), "patching", change.ModelTerms{
		Name: "Patches", Services: []servicecoin.ServiceID{erp, database}, Runbook: patching, Version: 1, Risk: change.Risk{Matrix: "default", Likelihood: 1, Impact: 1, Level: 1},
		Longest: calendar.Within(6 * time.Hour), Expires: p.clock().AddDate(1, 0, 0), Most: 3,
	})
	p.must(err)
	_, err = control.ApproveModel(ctx, servicecoin.Person("bea"), "patching", "we do it every month")
	p.must(err)
	for n, day := range []int{3, 4, 5} { // nights of February, from ten to two
		start := time.Date(2026, time.February, day, 22, 0, 0, 0, time.UTC)
		p.must(control.KeepWindow(ctx, ada(), change.Window{ID: change.WindowID(fmt.Sprintf("night-%d", n)), Name: "night", During: calendar.Between(start, start.Add(4*time.Hour))}))
	}
}

func running(version string) configuration.Value {
	v, err := configuration.Parse(fmt.Appendf(nil, `{"host":"x","components":["pkg:generic/openssl@%s"]}`, version))
	if err != nil {
		return configuration.Value{}
	}
	return v
}

// hasServers records four servers, of which one is a test server, and looks at three.
func (p *provider) hasServers() {
	p.t.Helper()
	for n := range 4 {
		environment := "production"
		if n == 0 {
			environment = "test"
		}
		_, err := p.Configuration(acme).Record(p.t.Context(), ada(), configuration.Draft{
			ID: server(n), Desired: running("3.0.13"), Described: configuration.Described{Name: fmt.Sprintf("Server %d", n), Type: "server", Environment: environment, Service: erp, Owner: configuration.OfCustomer},
		}, configuration.Why{})
		p.must(err)
	}
	p.at(time.January, 31, 9, 0)
	p.seesVersion("3.0.13", 0, 1, 2)
}

func server(n int) servicecoin.ConfigurationID {
	return servicecoin.ConfigurationID(fmt.Sprintf("server-%d", n))
}

func (p *provider) seesVersion(version string, servers ...int) {
	p.t.Helper()
	for _, n := range servers {
		_, err := p.Configuration(acme).Observe(p.t.Context(), servicecoin.Program("agent"), configuration.Observation{
			Item: server(n), State: running(version), Look: configuration.Look{At: p.clock(), By: "agent"},
		})
		p.must(err)
	}
	p.exchange()
}

// hears imports what is published of the flaw: twice, under two names.
func (p *provider) hears() patch.AdvisoryID {
	p.t.Helper()
	ctx := p.t.Context()
	p.at(time.February, 2, 9, 0)
	b := patch.Bulletin{
		Source: "osv", ID: "GHSA-1", Aliases: []string{"CVE-2026-1"}, Title: "Memory is read", Score: servicecoin.Some(decimal.RequireFromString("9.8")), Published: p.clock(),
		Products: []patch.Product{{Component: patch.Component{PURL: "pkg:generic/openssl", Scheme: "semver"}, Spans: []patch.Span{{Introduced: "3.0.0", Fixed: "3.0.14"}}}},
	}
	first, err := p.Advisories().Import(ctx, servicecoin.Program("feed"), b)
	p.must(err)
	b.Source, b.ID, b.Aliases = "csaf", "CVE-2026-1", nil
	second, err := p.Advisories().Import(ctx, servicecoin.Program("feed"), b)
	p.must(err)
	same(p.t, "one flaw", first.Advisory, second.Advisory)
	found, err := p.Patches().Targets(ctx, nil, first.Advisory)
	p.must(err)
	same(p.t, "targets", 4, len(found))
	same(p.t, "deadline", p.clock().Add(96*time.Hour), found[0].Deadline)
	same(p.t, "seen", []bool{true, false}, []bool{found[0].Seen, found[3].Seen})
	s, err := p.Patches().Standing(ctx, p.clock(), acme, first.Advisory)
	p.must(err)
	same(p.t, "how they stand", patch.Tally{Applicable: 4, NonCompliant: 3, Unknown: 1}, s.Now.Tally)
	return first.Advisory
}

func cycleTerms(a patch.AdvisoryID) patch.Terms {
	return patch.Terms{
		Name: "OpenSSL 3.0.14", Why: "CVE-2026-1 reads memory", Advisories: []patch.AdvisoryID{a}, Model: "patching", Runbook: patching,
		Implementers: []servicecoin.PersonID{"ingo"},
		During:       calendar.Between(time.Date(2026, time.February, 2, 12, 0, 0, 0, time.UTC), time.Date(2026, time.February, 10, 0, 0, 0, 0, time.UTC)),
		Length:       time.Hour, WayBack: 15 * time.Minute, AtOnce: 2,
		Rings: []patch.Ring{
			{Name: "test", Select: patch.Selector{"environment": "test"}, Soak: 12 * time.Hour, Gate: patch.Gate{GoAhead: true, NoIncident: true}},
			{Name: "production", Gate: patch.Gate{Verified: true}},
		},
	}
}

// plansCycle places the targets, and asks for the changes.
func (p *provider) plansCycle(a patch.AdvisoryID) {
	p.t.Helper()
	ctx := p.t.Context()
	plan, err := p.Patches().Preview(ctx, cycleTerms(a), nil)
	p.must(err)
	same(p.t, "slots", 4, len(plan.Slots))
	same(p.t, "missed", 0, len(plan.Missed))
	_, _, err = p.Patches().Plan(ctx, ada(), cycleID, cycleTerms(a), nil)
	p.must(err)
	p.exchange()
	if _, err := p.Control().Get(ctx, patchroom.ChangeOf("openssl.1.1")); !errors.Is(err, servicecoin.ErrNotFound) {
		p.t.Errorf("a change before the cycle begins: %v", err)
	}
	_, err = p.Cycles().Begin(ctx, ada(), cycleID, "")
	p.must(err)
	p.exchange()
	for _, j := range p.jobs() {
		x, err := p.Control().Get(ctx, j.Change)
		p.must(err)
		same(p.t, "change of "+string(j.ID)+j.Stuck, change.Scheduled, x.State)
		same(p.t, "its model", change.ModelID("patching"), x.Model.ID)
		same(p.t, "its scope", len(j.Tasks), len(x.Scope.Records))
		n, err := p.Notices(acme).Get(ctx, j.Change)
		p.must(err)
		same(p.t, "notice", change.NoticeAnnounced, n.State)
	}
}

func (p *provider) jobs() []patch.Job {
	p.t.Helper()
	c, err := p.Cycles().Get(p.t.Context(), cycleID)
	p.must(err)
	var list []patch.Job
	for j, err := range p.Cycles().Jobs(c).All(p.t.Context()) {
		p.must(err)
		list = append(list, j)
	}
	return list
}

func (p *provider) advances() patch.Cycle {
	p.t.Helper()
	done, err := p.Patches().Tend(p.t.Context(), servicecoin.Program("clock"))
	p.must(err)
	same(p.t, "what could not be tended", 0, len(done.Failed))
	p.exchange()
	c, err := p.Cycles().Get(p.t.Context(), cycleID)
	p.must(err)
	return c
}

// runs works on the run of a target, which answers or not.
func (p *provider) patches(target servicecoin.ConfigurationID, answers string) {
	p.t.Helper()
	ctx, runs, ingo := p.t.Context(), p.Runs(), servicecoin.Person("ingo")
	id := runbook.RunID("")
	for _, j := range p.jobs() {
		for _, t := range j.Tasks {
			if t.Target == target {
				id = runbook.RunID(t.Run)
			}
		}
	}
	_, err := runs.Begin(ctx, ingo, id, runbook.At{Step: "install"})
	p.must(err)
	_, err = runs.Finish(ctx, ingo, id, runbook.Finished{At: runbook.At{Step: "install"}, Evidence: []runbook.Evidence{{Text: "installed"}}})
	p.must(err)
	r, err := runs.Measure(ctx, ingo, id, runbook.Measured{At: runbook.At{Step: "answers"}, Value: answers})
	p.must(err)
	if answers == "yes" && !r.State.Terminal() {
		_, err = runs.Succeed(ctx, ingo, id, "")
		p.must(err)
	}
	if answers != "yes" {
		r, err := runs.Abort(ctx, ingo, id, "it does not answer")
		p.must(err)
		_, err = runs.Finish(ctx, ingo, id, runbook.Finished{At: runbook.At{Step: r.Undo[0].ID}})
		p.must(err)
	}
	verdict, err := runs.Verify(ctx, id)
	p.must(err)
	same(p.t, "the evidence is sound", true, verdict.Sound())
	p.exchange()
}

// patchesPilot patches the test server, and lets the others go ahead.
func (p *provider) patchesPilot() {
	p.t.Helper()
	ctx, ingo := p.t.Context(), servicecoin.Person("ingo")
	pilot, rest := p.jobs()[0], p.jobs()[1]
	p.at(time.February, 3, 22, 0)
	_, err := p.Control().Start(ctx, ingo, pilot.Change)
	p.must(err)
	p.exchange()
	same(p.t, "under way", patch.Running, p.jobs()[0].Tasks[0].Result)
	p.at(time.February, 3, 22, 30)
	p.patches(server(0), "yes")
	same(p.t, "done", patch.Done, p.jobs()[0].Tasks[0].Result)
	x, err := p.Control().Get(ctx, pilot.Change)
	p.must(err)
	same(p.t, "its change", change.Implemented, x.State)
	c := p.advances()
	same(p.t, "it soaks", patch.RingSoaking, c.Progress[0].State)

	// An incident on the service halts it, and nothing of the next ring begins.
	_, err = p.Desk().Open(ctx, ada(), incident.Report{ID: "slow", Title: "Slow", Effects: []incident.Effect{{Service: erp, Level: incident.Degradation, From: p.clock()}}})
	p.must(err)
	p.exchange()
	c = p.advances()
	same(p.t, "halted", patch.CycleHalted, c.State)
	p.at(time.February, 4, 22, 0)
	_, err = p.Control().Start(ctx, ingo, rest.Change)
	if !errors.Is(err, servicecoin.ErrRefused) || !strings.Contains(err.Error(), "incident slow is open") {
		p.t.Errorf("a change of a halted cycle begins: %v", err)
	}
	_, err = p.Desk().Resolve(ctx, ada(), "slow", incident.Resolution{Text: "it was the network"})
	p.must(err)
	_, err = p.Cycles().Resume(ctx, ada(), cycleID, "it was the network")
	p.must(err)
	_, err = p.Cycles().GoAhead(ctx, servicecoin.Person("bea"), cycleID, "the test server is fine")
	p.must(err)
	p.exchange()
	same(p.t, "the ring", 1, p.advances().Ring)
}

// patchesRest begins the second ring: one server does not answer, and is put back.
func (p *provider) patchesRest() {
	p.t.Helper()
	ctx, ingo := p.t.Context(), servicecoin.Person("ingo")
	for _, j := range p.jobs()[1:] {
		p.now = j.During.Start
		_, err := p.Control().Start(ctx, ingo, j.Change)
		p.must(err)
		p.exchange()
		for _, t := range j.Tasks {
			p.patches(t.Target, map[bool]string{true: "no", false: "yes"}[t.Target == server(3)])
		}
	}
	c := p.advances()
	same(p.t, "halted", `ring "production": 1 failed, its gate allows 0; the last: server-3: its run was aborted, and undone`, c.Halted)
	b, err := p.Cycles().Board(ctx, cycleID)
	p.must(err)
	same(p.t, "board", patch.Counts{Done: 3, PutBack: 1}, b.Total)
	_, err = p.Cycles().Resume(ctx, ada(), cycleID, "the vendor is asked")
	p.must(err)
	p.exchange()
	c = p.advances()
	same(p.t, "waits", true, c.State == patch.CycleRunning && slices.ContainsFunc(c.Progress[1].Waiting, func(w string) bool { return strings.Contains(w, "not seen since") }))
	// A look that the exchange has not come to yet says nothing, least of all that the old
	// version runs still.
	p.now = p.now.Add(time.Hour)
	_, err = p.Configuration(acme).Observe(ctx, servicecoin.Program("agent"), configuration.Observation{Item: server(1), State: running("3.0.14"), Look: configuration.Look{At: p.clock(), By: "agent"}})
	p.must(err)
	_, err = p.Patches().Tend(ctx, servicecoin.Program("clock"))
	p.must(err)
	b, err = p.Cycles().Board(ctx, cycleID)
	p.must(err)
	same(p.t, "board before the exchange", []any{patch.CycleRunning, 3}, []any{b.Cycle.State, b.Total.Done})
	// What is said to be done is seen: but for one, on which the old version runs.
	p.now = p.now.Add(time.Hour)
	p.seesVersion("3.0.14", 0, 1)
	p.seesVersion("3.0.13", 2, 3)
	c = p.advances()
	same(p.t, "halted again", patch.CycleHalted, c.State)
	b, err = p.Cycles().Board(ctx, cycleID)
	p.must(err)
	same(p.t, "what was said is not so", patch.Counts{Done: 2, Failed: 1, PutBack: 1}, b.Total)
	_, err = p.Cycles().Resume(ctx, ada(), cycleID, "it waits for a restart")
	p.must(err)
	p.exchange()
	same(p.t, "finished", patch.CycleFinished, p.advances().State)
}

// wasInTime asks how many were compliant when the time to mend it was over.
func (p *provider) wasInTime(a patch.AdvisoryID) {
	p.t.Helper()
	ctx := p.t.Context()
	deadline := time.Date(2026, time.February, 6, 9, 0, 0, 0, time.UTC)
	p.now = deadline.Add(time.Hour)
	p.seesVersion("3.0.14", 2)
	_, err := p.Patches().Exemptions(acme).Grant(ctx, ada(), server(3), a, deadline.AddDate(0, 1, 0), "the vendor has no fix for it")
	p.must(err)
	s, err := p.Patches().Standing(ctx, p.clock(), acme, a)
	p.must(err)
	same(p.t, "deadline", deadline, s.Deadline.At)
	same(p.t, "now", patch.Tally{Applicable: 4, Compliant: 3, Exempt: 1}, s.Now.Tally)
	same(p.t, "at the deadline", patch.Tally{Applicable: 4, Compliant: 2, NonCompliant: 2}, s.AtDeadline.Tally)
	kept, of, over := s.Kept()
	same(p.t, "kept", "2 4 true", fmt.Sprint(kept, of, over))
	found, err := p.Patches().Targets(ctx, nil, a)
	p.must(err)
	same(p.t, "what is exempt is not planned", 0, len(found))
	rings, err := p.Patches().ByRing(ctx, p.clock(), cycleID)
	p.must(err)
	same(p.t, "by ring", []patchroom.InRing{
		{Ring: 0, Name: "test", Tally: patch.Tally{Applicable: 1, Compliant: 1}}, {Ring: 1, Name: "production", Tally: patch.Tally{Applicable: 3, Compliant: 2, Exempt: 1}},
	}, rings)
	_, whole := p.Patches().Took(s)
	same(p.t, "the last one is mended", false, whole)
	spin, err := p.Spin(ctx, acme, calendar.Month{Year: 2026, Month: time.February})
	p.must(err)
	for _, row := range spin.Rows {
		if row.Service == erp {
			same(p.t, "told", "patches: 3 of 4 in place", exchange.Of[patchroom.Patched](row.Parts).Lines()[0].Text)
		}
	}
	told := 0
	for _, j := range p.jobs() {
		n, err := p.Notices(acme).Get(ctx, j.Change)
		p.must(err)
		told += map[bool]int{true: 1}[n.State == change.NoticeOver || n.State == change.NoticeUnderWay]
	}
	same(p.t, "customers are told of each", len(p.jobs()), told)
}

func (p *provider) nothingIsLeft() {
	p.t.Helper()
	ctx := p.t.Context()
	b, err := p.Cycles().Board(ctx, cycleID)
	p.must(err)
	same(p.t, "how many stays", 4, b.Total.Total())
	for _, r := range b.Rings {
		for _, j := range r.Jobs {
			if j.Customer != "" || j.Tasks[0].Target != "" {
				p.t.Errorf("a job of who is forgotten: %+v", j)
			}
		}
	}
	found, err := p.Patches().Targets(ctx, nil)
	p.must(err)
	same(p.t, "targets", 0, len(found))
}

// replanStory tells of a deadline that is brought forward: slots, changes and notices
// follow.
func replanStory(p *provider) {
	ctx := p.t.Context()
	p.orders()
	p.allowsPatching()
	p.hasServers()
	a := p.hears()
	terms := cycleTerms(a)
	terms.During.Start = time.Date(2026, time.February, 4, 12, 0, 0, 0, time.UTC)
	terms.Rings[0].Soak = 0
	_, _, err := p.Patches().Plan(ctx, ada(), cycleID, terms, nil)
	p.must(err)
	_, err = p.Cycles().Begin(ctx, ada(), cycleID, "")
	p.must(err)
	p.exchange()
	before := p.jobs()
	same(p.t, "first slot", time.Date(2026, time.February, 4, 22, 0, 0, 0, time.UTC), before[0].During.Start)
	done, err := p.Patches().Tend(ctx, servicecoin.Program("clock"))
	p.must(err)
	same(p.t, "planned anew for nothing", 0, len(done.Replanned))

	// It is exploited: the list gives the day before the night.
	day, err := calendar.ParseDate("2026-02-04")
	p.must(err)
	_, err = p.Advisories().Import(ctx, servicecoin.Program("feed"), patch.Bulletin{Source: "kev", ID: "CVE-2026-1", Exploited: day, Due: day, Products: []patch.Product{{Component: patch.Component{Name: "openssl"}}}})
	p.must(err)
	done, err = p.Patches().Tend(ctx, servicecoin.Program("clock"))
	p.must(err)
	same(p.t, "planned anew", []patch.CycleID{cycleID}, done.Replanned)
	p.exchange()
	after := p.jobs()
	same(p.t, "edition", 2, after[0].From)
	for _, j := range before {
		x, err := p.Control().Get(ctx, j.Change)
		p.must(err)
		same(p.t, "change of what was planned", change.Cancelled, x.State)
		n, err := p.Notices(acme).Get(ctx, j.Change)
		p.must(err)
		same(p.t, "its notice", change.NoticeCancelled, n.State)
	}
	for _, j := range after {
		x, err := p.Control().Get(ctx, j.Change)
		p.must(err)
		same(p.t, "change of what is planned"+j.Stuck, change.Scheduled, x.State)
	}
	c, err := p.Cycles().Cancel(ctx, ada(), cycleID, "the vendor took it back")
	p.must(err)
	same(p.t, "missed", 1, c.Missed)
	p.exchange()
	x, err := p.Control().Get(ctx, after[0].Change)
	p.must(err)
	same(p.t, "change of a cycle that is cancelled", change.Cancelled, x.State)
}

// togetherStory tells of two customers whose servers have the same names, patched in the
// same night by the same person: each is told of its own.
func togetherStory(p *provider) {
	ctx := p.t.Context()
	p.orders()
	p.allowsPatching()
	p.hasServers()
	_, err := p.Configuration("globex").Record(ctx, ada(), configuration.Draft{
		ID: server(0), Desired: running("3.0.12"), Described: configuration.Described{Name: "Theirs", Type: "server", Environment: "test", Service: erp, Owner: configuration.OfCustomer},
	}, configuration.Why{})
	p.must(err)
	p.at(time.February, 2, 8, 0)
	a, err := p.Advisories().Import(ctx, servicecoin.Program("feed"), patch.Bulletin{Source: "osv", ID: "GHSA-1", Title: "Memory is read", Severity: patch.Critical, Published: p.clock(), Products: []patch.Product{
		{Component: patch.Component{PURL: "pkg:generic/openssl", Scheme: "semver"}, Spans: []patch.Span{{Fixed: "3.0.14"}}},
	}})
	p.must(err)
	_, _, err = p.Patches().Plan(ctx, ada(), cycleID, cycleTerms(a.Advisory), nil)
	p.must(err)
	_, err = p.Cycles().Begin(ctx, ada(), cycleID, "")
	p.must(err)
	p.exchange()
	pilots := 0
	for _, j := range p.jobs() {
		x, err := p.Control().Get(ctx, j.Change)
		p.must(err)
		same(p.t, "change"+j.Stuck, change.Scheduled, x.State)
		same(p.t, "whose", []servicecoin.CustomerID{j.Customer}, x.Scope.Customers)
		_, err = p.Notices(acme).Get(ctx, j.Change)
		same(p.t, "told", j.Customer == acme, err == nil)
		if j.Ring == 0 {
			pilots++
			same(p.t, "at once", time.Date(2026, time.February, 3, 22, 0, 0, 0, time.UTC), j.During.Start)
		}
	}
	same(p.t, "jobs of the first ring", 2, pilots)
	p.must(p.Forget(ctx, ada(), "globex"))
	for _, j := range p.jobs() {
		x, err := p.Control().Get(ctx, j.Change)
		p.must(err)
		text, err := json.Marshal(x)
		p.must(err)
		if strings.Contains(string(text), "globex") {
			p.t.Errorf("the change names who is forgotten: %s", text)
		}
		if j.Customer == "" {
			same(p.t, "nor what was theirs", []servicecoin.ConfigurationID{"forgotten"}, x.Scope.Records)
		}
	}
}

package cointest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/changeroom"
	"github.com/servicecoin/servicecoin/coin/configurationroom"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

const (
	machine  = servicecoin.ConfigurationID("db-1")
	larger   = servicecoin.ChangeID("larger")
	restores = servicecoin.RunbookID("restore-database")
)

// recorded are the types of configuration items.
func recorded() []configuration.Type {
	return []configuration.Type{{
		Name: "server", Title: "Server", Fresh: calendar.Within(48 * time.Hour),
		Attributes: []configuration.Attribute{{Path: "/host", Kind: configuration.Text, Required: true}},
		Rules: configuration.Rules{List: []configuration.Rule{
			{Path: "/password", Secret: true}, {Path: "/cpus", Severity: configuration.Critical},
		}},
	}}
}

func state(cpus int, more string) configuration.Value {
	v, err := configuration.Parse(fmt.Appendf(nil, `{"host":"db-1.example","cpus":%d,"password":"hunter2"%s}`, cpus, more))
	if err != nil {
		return configuration.Value{}
	}
	return v
}

// configurationStory tells one item: recorded, changed by an approved change that
// explains it and lets it become desired, then by nobody's word; read by a run book,
// reviewed with the customer, and forgotten.
func configurationStory(p *provider) {
	p.orders()
	p.records()
	p.explains()
	p.comesToLight()
	p.reads()
	p.handsOver()
	p.forgetsItems()
}

// records writes down what there is, and looks at it.
func (p *provider) records() {
	p.t.Helper()
	p.at(time.January, 20, 9, 0)
	p.record(acme, machine)
	p.record("globex", machine) // who calls a machine of its own the same
	p.at(time.January, 20, 10, 0)
	same(p.t, "findings", 0, len(p.look(2, "").Open))
	same(p.t, "standing", configuration.InLine, p.item(acme).Standing(p.clock()))
	_, err := p.Configuration(acme).Record(p.t.Context(), ada(), configuration.Draft{
		Desired: state(1, ""), Described: configuration.Described{Name: "x", Type: "server", Service: "nothing"},
	}, configuration.Why{})
	same(p.t, "a service that is not there", true, errors.Is(err, servicecoin.ErrNotFound))
}

func (p *provider) record(customer servicecoin.CustomerID, id servicecoin.ConfigurationID) {
	p.t.Helper()
	_, err := p.Configuration(customer).Record(p.t.Context(), ada(), configuration.Draft{
		ID: id, Desired: state(2, ""), Described: configuration.Described{Name: "Database machine", Type: "server", Environment: "production", Service: erp},
	}, configuration.Why{})
	p.must(err)
}

// look observes the customer's machine.
func (p *provider) look(cpus int, more string) configuration.Drift {
	p.t.Helper()
	d, err := p.Configuration(acme).Observe(p.t.Context(), servicecoin.Program("agent"), configuration.Observation{
		Item: machine, State: state(cpus, more), Look: configuration.Look{At: p.clock(), By: "agent"},
	})
	p.must(err)
	p.exchange()
	return d
}

func (p *provider) item(customer servicecoin.CustomerID) configuration.Item {
	p.t.Helper()
	i, err := p.Configuration(customer).Item(p.t.Context(), machine)
	p.must(err)
	return i
}

// allow brings a change of records to have its place, from ten o'clock on of a day in
// February, for two hours.
func (p *provider) allow(id servicecoin.ChangeID, day int, records ...servicecoin.ConfigurationID) {
	p.t.Helper()
	ctx, control := p.t.Context(), p.Control()
	scope := change.Scope{Services: []servicecoin.ServiceID{erp}, Records: records}
	if len(records) > 0 { // others have machines of these names
		scope.Customers = []servicecoin.CustomerID{acme}
	}
	_, err := control.Draft(ctx, ada(), change.Request{
		ID: id, Title: "More processors", Reason: "it is slow", Kind: change.Normal,
		Work: change.Work{Scope: scope, Steps: []string{"add them"}, Plan: change.Plan{
			Start: time.Date(2026, time.February, day, 10, 0, 0, 0, time.UTC), Length: calendar.Within(2 * time.Hour), WayBack: calendar.Within(time.Hour), Rollback: "take them away",
		}},
	})
	p.must(err)
	_, err = control.Submit(ctx, ada(), id)
	p.must(err)
	_, err = control.Assign(ctx, ada(), id, "ingo")
	p.must(err)
	_, err = control.Assess(ctx, servicecoin.Person("carl"), id, change.Judged{Likelihood: 1, Impact: 1})
	p.must(err)
	for _, by := range []servicecoin.PersonID{"bea", "dora"} {
		_, err := control.Vote(ctx, servicecoin.Person(by), id, change.Cast{Choice: change.VoteYes, Reason: "fine"})
		p.must(err)
	}
	_, err = control.Schedule(ctx, ada(), id)
	p.must(err)
}

// explains does an approved change, which explains what is found after it, and lets it
// become desired.
func (p *provider) explains() {
	p.t.Helper()
	ctx, control, ingo := p.t.Context(), p.Control(), servicecoin.Person("ingo")
	p.at(time.February, 2, 9, 0)
	p.look(2, "")
	p.allow(larger, 3, machine)
	p.at(time.February, 3, 10, 0)
	_, err := control.Start(ctx, ingo, larger)
	p.must(err)
	p.at(time.February, 3, 10, 30)
	d := p.look(4, "")
	same(p.t, "origin while it is done", configuration.ByChange, d.Open[0].Origin)
	same(p.t, "change", larger, d.Open[0].Change)
	p.at(time.February, 3, 11, 0)
	_, err = control.Implement(ctx, ingo, larger, "")
	p.must(err)
	p.exchange()
	i := p.item(acme)
	same(p.t, "standing after it", configuration.Unknown, i.Standing(p.clock()))
	same(p.t, "since", &configuration.Outdated{At: p.clock(), Change: larger}, i.Outdated)
	same(p.t, "the other's machine", true, p.item("globex").Outdated == nil)
	same(p.t, "due to be looked at", 1, p.lookAgain(4))
	same(p.t, "standing when it was looked at", configuration.Drifted, p.item(acme).Standing(p.clock()))

	if _, err := p.Configuration(acme).Accept(ctx, ada(), machine, configuration.Acceptance{Findings: []int{1}, Change: "nothing"}); !errors.Is(err, servicecoin.ErrRefused) {
		p.t.Errorf("accepted through no change: %v", err)
	}
	i, err = p.Configuration(acme).Accept(ctx, ada(), machine, configuration.Acceptance{Findings: []int{1}, Change: larger})
	p.must(err)
	same(p.t, "version", 2, i.Version)
	same(p.t, "standing when it is desired", configuration.InLine, i.Standing(p.clock()))
	for x, err := range control.Recent().All(ctx) {
		p.must(err)
		if x.Unauthorised {
			p.t.Errorf("%s was recorded as not asked for", x.ID)
		}
	}
}

// lookAgain looks at what nobody knows, and finds so many processors; the machine of the
// other customer cannot be reached.
func (p *provider) lookAgain(cpus int) int {
	p.t.Helper()
	eyes := configuration.NewMemoryObserver(p.clock)
	eyes.Set(machine, state(cpus, ""))
	done, err := p.Configurations().LookAgain(p.t.Context(), servicecoin.Program("night"), eyes, "", 1)
	p.must(err)
	same(p.t, "failed", 0, len(done.Failed))
	p.exchange()
	return done.Items
}

// comesToLight finds what was changed without a change: it is recorded as one, once, and
// waits for a review.
func (p *provider) comesToLight() {
	p.t.Helper()
	ctx, control := p.t.Context(), p.Control()
	p.at(time.February, 5, 9, 0)
	d := p.look(8, `,"swap":true`)
	same(p.t, "origin", configuration.Unauthorised, d.Open[0].Origin)
	id := changeroom.Discovered(acme, machine, d.Open[0].Number)
	x, err := control.Get(ctx, id)
	p.must(err)
	same(p.t, "not asked for", true, x.Unauthorised && x.NeedsReview())
	same(p.t, "scope", change.Scope{Services: []servicecoin.ServiceID{erp}, Records: []servicecoin.ConfigurationID{machine}, Customers: []servicecoin.CustomerID{acme}}, x.Scope)
	same(p.t, "it explains nothing", false, x.MayBeDone())
	p.at(time.February, 5, 10, 0)
	p.look(16, `,"swap":true`)
	found := 0
	for x, err := range control.Recent().All(ctx) {
		p.must(err)
		if x.Unauthorised {
			found++
		}
	}
	same(p.t, "recorded once", 1, found)
	text, err := json.Marshal(x)
	p.must(err)
	if strings.Contains(string(text), "hunter2") {
		p.t.Errorf("the change says what is secret: %s", text)
	}
	_, err = p.Configuration(acme).Accept(ctx, ada(), machine, configuration.Acceptance{Findings: []int{d.Open[0].Number}, Change: id})
	same(p.t, "what nobody had asked for lets nothing become desired", true, errors.Is(err, servicecoin.ErrRefused))

	spin, err := p.Spin(ctx, acme, calendar.Month{Year: 2026, Month: time.February})
	p.must(err)
	codes := []string{}
	for _, b := range spin.Balance {
		codes = append(codes, b.Code)
	}
	same(p.t, "out of balance", true, slices.Contains(codes, configurationroom.Unauthorised))
	for _, row := range spin.Rows {
		if row.Service == erp {
			f := exchange.Of[configurationroom.Stood](row.Parts)
			same(p.t, "drifting", [3]int{1, 1, 0}, [3]int{f.Drifting, f.Unauthorised, f.Unknown})
			same(p.t, "words", "configuration: 1 otherwise than recorded, 1 changed without an approved change", f.Lines()[0].Text)
		}
	}
	p.at(time.February, 6, 9, 0)
	same(p.t, "findings when it is as it was", 0, len(p.look(4, "").Open))
	_, err = control.WriteReview(ctx, servicecoin.Person("carl"), id, "somebody tried something", "ask first")
	p.must(err)
	_, err = control.Close(ctx, ada(), id)
	p.must(err)
}

// reads fills a run book from the configuration, and finds it stale once that changed.
func (p *provider) reads() {
	p.t.Helper()
	ctx := p.t.Context()
	from := func(path string) *runbook.Source { return &runbook.Source{Record: "server", Path: path} }
	_, err := p.Library().Draft(ctx, ada(), runbook.Book{
		ID: restores, Title: words("Restore the database"), Purpose: words("Brings it back."), Services: []servicecoin.ServiceID{erp}, Scenario: runbook.Restore,
		Parameters: []runbook.Parameter{
			{Name: "host", Type: runbook.Text, From: from("/host")},
			{Name: "password", Type: runbook.Text, Optional: true, From: from("/password")},
		},
		Steps: []runbook.Step{{ID: "restore", Kind: runbook.ManualStep, Title: words("Restore {{host}}"), Text: words("Run it on {{host}}, not {{password}}.")}},
	})
	p.must(err)
	b, err := p.Library().Publish(ctx, ada(), restores, 1)
	p.must(err)
	x, err := p.Runbooks().Fill(ctx, runbook.Beginning{Book: restores, NewRun: runbook.NewRun{Customer: acme}})
	p.must(err)
	plan, lacks, err := p.Runs().Prepare(ctx, x)
	p.must(err)
	same(p.t, "missing", 0, len(lacks))
	same(p.t, "filled in", runbook.Values{"host": "db-1.example"}, plan.Values)
	p.readsWhatIsCalled()
	_, lacks, err = p.Runs().Prepare(ctx, runbook.Beginning{Book: restores})
	p.must(err)
	same(p.t, "missing where nobody fills it in", 1, len(lacks))

	p.at(time.February, 6, 10, 0)
	stale := func() []runbook.Staleness {
		around, err := p.Runbooks().Surroundings(ctx, []runbook.Book{b})
		p.must(err)
		return runbook.Stale(b, p.clock(), around)
	}
	same(p.t, "stale before", 0, len(stale()))
	_, err = p.Configuration(acme).Revise(ctx, ada(), configuration.Draft{ID: machine, Desired: state(4, `,"swap":false`), Described: p.item(acme).Described}, configuration.Why{Change: larger})
	p.must(err)
	same(p.t, "stale after", []runbook.Staleness{{Code: runbook.RecordChanged, Of: "server", Since: p.clock()}}, stale())
}

// readsWhatIsCalled fills a run book whose called book reads the configuration; what is
// handed in stays.
func (p *provider) readsWhatIsCalled() {
	p.t.Helper()
	ctx := p.t.Context()
	_, err := p.Library().Draft(ctx, ada(), runbook.Book{
		ID: "all", Title: words("Restore everything"), Purpose: words("After a fire."), Services: []servicecoin.ServiceID{erp}, Scenario: runbook.Restore,
		Steps: []runbook.Step{{ID: "database", Kind: runbook.CallStep, Title: words("The database"), Call: &runbook.Call{Book: restores}}},
	})
	p.must(err)
	_, err = p.Library().Publish(ctx, ada(), "all", 1)
	p.must(err)
	for host, given := range map[string]runbook.Configuration{"db-1.example": nil, "db-9.example": {"server": json.RawMessage(`{"host":"db-9.example"}`)}} {
		x, err := p.Runbooks().Fill(ctx, runbook.Beginning{Book: "all", Configuration: given, NewRun: runbook.NewRun{Customer: acme}})
		p.must(err)
		plan, _, err := p.Runs().Prepare(ctx, x)
		p.must(err)
		same(p.t, "filled in below", runbook.Values{"database/host": host}, plan.Values)
	}
	if _, err := p.Runbooks().Fill(ctx, runbook.Beginning{Book: "nothing"}); !errors.Is(err, servicecoin.ErrNotFound) {
		p.t.Errorf("a book that is not there: %v", err)
	}
}

// handsOver has a second person approve what holds, and tells what changed since.
func (p *provider) handsOver() {
	p.t.Helper()
	ctx, register := p.t.Context(), p.Configuration(acme)
	_, err := register.TakeBaseline(ctx, ada(), configuration.Taking{ID: "first", Name: "As taken over", At: time.Date(2026, time.January, 31, 0, 0, 0, 0, time.UTC)})
	p.must(err)
	if _, err := register.ApproveBaseline(ctx, ada(), "first", ""); !errors.Is(err, servicecoin.ErrRefused) {
		p.t.Errorf("who took it approves it: %v", err)
	}
	_, err = register.ApproveBaseline(ctx, servicecoin.Person("bea"), "first", "")
	p.must(err)
	since, err := register.Since(ctx, "first")
	p.must(err)
	same(p.t, "differs since", 1, len(since))
	same(p.t, "places", 2, len(since[0].Differences)) // the processors that were accepted, and the swap
	document, err := register.HandOver(ctx, "Hand-over")
	p.must(err)
	var page strings.Builder
	p.must(document.WriteHTML(&page))
	same(p.t, "a secret is in it", false, strings.Contains(page.String(), "hunter2"))
}

// forgetsItems erases the customer, while news of its drift is on its way.
func (p *provider) forgetsItems() {
	p.t.Helper()
	ctx := p.t.Context()
	p.at(time.February, 7, 9, 0)
	d, err := p.Configuration(acme).Observe(ctx, servicecoin.Program("agent"), configuration.Observation{
		Item: machine, State: state(64, ""), Look: configuration.Look{At: p.clock(), By: "agent"},
	})
	p.must(err)
	p.must(p.Forget(ctx, ada(), acme))
	p.exchange()
	_, err = p.Configuration(acme).Item(ctx, machine)
	same(p.t, "forgotten", true, errors.Is(err, servicecoin.ErrNotFound))
	p.namesNobody(acme)
	for s, err := range p.Configuration(acme).Baselines().All(ctx) {
		p.must(err)
		p.t.Errorf("baseline %s is left", s.ID)
	}
	_, err = p.Control().Get(ctx, changeroom.Discovered(acme, machine, d.Open[0].Number))
	same(p.t, "nothing is made of what was on its way", true, errors.Is(err, servicecoin.ErrNotFound))
	same(p.t, "the other's machine", configuration.NeverSeen, p.item("globex").Standing(p.clock()))
}

// namesNobody looks whether a change that came to light names a customer that is
// forgotten.
func (p *provider) namesNobody(customer servicecoin.CustomerID) {
	p.t.Helper()
	for x, err := range p.Control().Recent().All(p.t.Context()) {
		p.must(err)
		if text, err := json.Marshal(x); err != nil || x.Unauthorised && strings.Contains(string(text), string(customer)) {
			p.t.Errorf("%s names %s (%v)", x.ID, customer, err)
		}
	}
}

// emergencyStory tells of work that begins before it is approved: it explains what is
// found, and lets nothing become desired before somebody has said yes.
func emergencyStory(p *provider) {
	ctx, control, ingo := p.t.Context(), p.Control(), servicecoin.Person("ingo")
	p.orders()
	p.at(time.January, 20, 9, 0)
	p.record(acme, machine)
	p.look(2, "")
	now := p.at(time.February, 3, 10, 0)
	_, err := control.Draft(ctx, ada(), change.Request{
		ID: "now", Title: "More processors at once", Reason: "all is slow", Kind: change.Emergency,
		Work: change.Work{Scope: change.Scope{Services: []servicecoin.ServiceID{erp}}, Steps: []string{"add them"}, Plan: change.Plan{
			Start: now, Length: calendar.Within(time.Hour), WayBack: calendar.Within(time.Hour), Rollback: "take them away",
		}},
	})
	p.must(err)
	_, err = control.Assign(ctx, ada(), "now", "ingo")
	p.must(err)
	_, err = control.Assess(ctx, servicecoin.Person("carl"), "now", change.Judged{Likelihood: 1, Impact: 1})
	p.must(err)
	_, err = control.StartUnapproved(ctx, ingo, "now", "all is slow")
	p.must(err)
	p.at(time.February, 3, 10, 30)
	d := p.look(4, "")
	same(p.t, "origin", configuration.ByChange, d.Open[0].Origin)
	accept := func() error {
		_, err := p.Configuration(acme).Accept(ctx, ada(), machine, configuration.Acceptance{Findings: []int{1}, Change: "now"})
		return err
	}
	same(p.t, "accepted before it is approved", true, errors.Is(accept(), servicecoin.ErrRefused))
	for _, by := range []servicecoin.PersonID{"bea", "dora"} {
		_, err := control.Vote(ctx, servicecoin.Person(by), "now", change.Cast{Choice: change.VoteYes, Reason: "it had to be"})
		p.must(err)
	}
	p.must(accept())
}

// manyItems does a change on a service that has more items than a commit has room for.
func manyItems(p *provider) {
	const each = 60
	ctx, control, ingo := p.t.Context(), p.Control(), servicecoin.Person("ingo")
	p.orders()
	p.at(time.January, 20, 9, 0)
	customers := []servicecoin.CustomerID{acme, "globex", "initech"}
	for _, who := range customers {
		for n := range each {
			p.record(who, servicecoin.ConfigurationID(fmt.Sprintf("m-%02d", n)))
		}
	}
	p.allow("all", 3)
	p.at(time.February, 3, 10, 0)
	_, err := control.Start(ctx, ingo, "all")
	p.must(err)
	ended := p.at(time.February, 3, 10, 30)
	_, err = control.RollBack(ctx, ingo, "all", "no", time.Time{})
	p.must(err)
	p.exchange()
	for _, who := range customers {
		n := 0
		for i, err := range p.Configuration(who).Items().All(ctx) {
			p.must(err)
			if i.Outdated != nil && i.Outdated.At.Equal(ended) {
				n++
			}
		}
		same(p.t, "to be looked at again", each, n)
	}
}

package cointest

import (
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/workday"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// cycleStaysStory tells that a cycle which is planned anew is for the targets that were
// picked for it, also when its advisory turns out to be another one.
func cycleStaysStory(p *provider) {
	ctx := p.t.Context()
	p.orders()
	p.allowsPatching()
	p.hasServers()
	p.at(time.February, 2, 8, 0)
	elder, err := p.Advisories().Import(ctx, ada(), patch.Bulletin{Source: "host", ID: "OURS-1", Severity: patch.Low})
	p.must(err)
	a := p.hears()
	terms := cycleTerms(a)
	_, _, err = p.Patches().Plan(ctx, ada(), cycleID, terms, patch.Selector{"environment": "test"})
	p.must(err)
	_, err = p.Patches().Exemptions(acme).Grant(ctx, ada(), server(1), a, p.clock().AddDate(0, 1, 0), "it is switched off")
	p.must(err)

	// Ours is theirs: the older one stays.
	joined, err := p.Advisories().Import(ctx, ada(), patch.Bulletin{Source: "host", ID: "OURS-1", Severity: patch.Low, Aliases: []string{"CVE-2026-1"}})
	p.must(err)
	same(p.t, "which stays", elder.Advisory, joined.Advisory)
	c, plan, err := p.Patches().Replan(ctx, ada(), cycleID, "the windows moved")
	p.must(err)
	same(p.t, "targets", 1, c.Targets)
	same(p.t, "slots", 1, len(plan.Slots))
	same(p.t, "whose", server(0), plan.Slots[0].Target)
	s, err := p.Patches().Standing(ctx, p.clock(), acme, a)
	p.must(err)
	same(p.t, "what was exempted is", patch.Tally{Applicable: 4, NonCompliant: 2, Exempt: 1, Unknown: 1}, s.Now.Tally)

	// Said to be done, and not seen since: the gate waits, whatever the flaw is called.
	_, err = p.Cycles().Begin(ctx, ada(), cycleID, "")
	p.must(err)
	j := p.jobs()[0]
	for _, result := range []patch.Result{patch.Running, patch.Done} {
		_, err = p.Cycles().Report(ctx, ada(), j.ID, patch.Report{Target: server(0), Result: result})
		p.must(err)
	}
	c, err = p.Cycles().Get(ctx, cycleID)
	p.must(err)
	c.Rings[0].Gate.Verified = true
	facts, err := p.Cycles().Facts(ctx, c)
	p.must(err)
	same(p.t, "not seen since", 1, facts.Unseen)

	// One that is retired stood as it did at the deadline.
	deadline := p.clock().Add(96 * time.Hour)
	p.at(time.February, 7, 9, 0)
	_, err = p.Configuration(acme).Retire(ctx, ada(), server(2), configuration.Why{})
	p.must(err)
	s, err = p.Patches().Standing(ctx, p.clock(), acme, a)
	p.must(err)
	same(p.t, "deadline", deadline, s.Deadline.At)
	same(p.t, "now", 3, s.Now.Tally.Applicable)
	same(p.t, "at the deadline", 4, s.AtDeadline.Tally.Applicable)
	p.at(time.February, 2, 9, 0)

	// Of a cycle without advisories, those that had no slot are its, too.
	terms.Advisories, terms.Rings, terms.Length = nil, []patch.Ring{{Name: "test", Select: patch.Selector{"environment": "test"}}}, 5*time.Hour
	c, _, err = p.Patches().Plan(ctx, ada(), "monthly", terms, patch.Selector{"type": "server"})
	p.must(err)
	same(p.t, "none has a slot", 3, c.Missed)
	c, _, err = p.Patches().Replan(ctx, ada(), "monthly", "there may be windows now")
	p.must(err)
	same(p.t, "they are its targets still", 3, c.Targets)
}

// routineStory tells of a routine that is planned when it begins, and not before: late, if
// nobody tended it, but never in the past, and once.
func routineStory(p *provider) {
	ctx := p.t.Context()
	p.orders()
	p.allowsPatching()
	p.hasServers()
	rule, err := workday.Parse("FREQ=WEEKLY;BYDAY=TU")
	p.must(err)
	terms := cycleTerms("")
	terms.Advisories, terms.During, terms.Rings = nil, calendar.Interval{}, []patch.Ring{{Name: "all"}}
	p.at(time.January, 31, 12, 0)
	_, err = p.Cycles().KeepRoutine(ctx, ada(), patch.Routine{
		ID: "weekly", Rule: rule, At: calendar.ClockAt(20, 0), For: calendar.Within(3 * 24 * time.Hour), Lead: calendar.Within(0), Terms: terms,
	})
	p.must(err)
	tend := func() []patch.CycleID {
		p.t.Helper()
		done, err := p.Patches().Tend(ctx, servicecoin.Program("clock"))
		p.must(err)
		same(p.t, "what could not be tended", 0, len(done.Failed))
		return done.Planned
	}
	p.at(time.February, 3, 19, 59)
	same(p.t, "before its time", []patch.CycleID(nil), tend())
	now := p.at(time.February, 3, 23, 30)
	same(p.t, "in its time", []patch.CycleID{"weekly.2026-02-03"}, tend())
	same(p.t, "once", []patch.CycleID(nil), tend())
	c, err := p.Cycles().Get(ctx, "weekly.2026-02-03")
	p.must(err)
	same(p.t, "targets", 4, c.Targets)
	for j, err := range p.Cycles().Jobs(c).All(ctx) {
		p.must(err)
		if j.During.Start.Before(now) {
			p.t.Errorf("a slot in the past: %v", j.During)
		}
	}
	_, err = p.Cycles().Get(ctx, "weekly.2026-01-27")
	if !errors.Is(err, servicecoin.ErrNotFound) {
		p.t.Errorf("planned before it was kept: %v", err)
	}
}

package patch_test

import (
	"context"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// Does this flaw concern what we run, and by when must it be mended?
func Example() {
	ctx, ada := context.Background(), servicecoin.Person("ada")
	now := time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	advisories := patch.NewAdvisories(s.For(servicecoin.Provider))

	_, err := advisories.Import(ctx, ada, patch.Bulletin{
		Source: "osv", ID: "GO-2023-1800", Aliases: []string{"CVE-2023-33189"}, Severity: patch.Critical,
		Products: []patch.Product{{Component: patch.Component{PURL: "pkg:golang/github.com/pomerium/pomerium"}, Spans: []patch.Span{{Fixed: "0.17.4"}}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := advisories.Named(ctx, "CVE-2023-33189")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Match(patch.Component{PURL: "pkg:golang/github.com/pomerium/pomerium@v0.17.3"}))
	policy := patch.Policy{Name: "house", Rules: []patch.Rule{{AtLeast: patch.Critical, Within: patch.Clocked(72 * time.Hour)}}}
	deadline, err := policy.Deadline(&a, &hours.Timetable{}, time.UTC)
	fmt.Println(deadline.At, err)
	// Output:
	// vulnerable osv GO-2023-1800: affected: v0.17.3 is before 0.17.4
	// 2026-03-09 12:00:00 +0000 UTC <nil>
}

// When is each server patched, what halts the rest, and who goes on?
func ExampleCycles() {
	ctx, ada := context.Background(), servicecoin.Person("ada")
	now := time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	cycles := patch.NewCycles(s.For(servicecoin.Provider), nil)

	terms := patch.Terms{
		Name: "OpenSSL 3.0.14", Why: "CVE-2026-1", Length: time.Hour, During: calendar.Between(now, now.Add(48*time.Hour)),
		Rings: []patch.Ring{{Name: "pilot", Number: 1}, {Name: "all"}},
	}
	night := calendar.SetOf(calendar.Between(now.Add(10*time.Hour), now.Add(14*time.Hour)))
	_, plan, err := cycles.Plan(ctx, ada, "openssl", terms, patch.Want{
		Targets: []patch.Target{{ID: "db-1", Customer: "alder"}, {ID: "db-2", Customer: "alder"}, {ID: "web-1", Customer: "birch"}},
		Keep:    []patch.Redundant{{Name: "a pair", Members: []patch.Ref{{Customer: "alder", ID: "db-1"}, {Customer: "alder", ID: "db-2"}}, Keep: 1}},
		Free:    func(servicecoin.CustomerID, servicecoin.ServiceID) (calendar.Set, error) { return night, nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, slot := range plan.Slots {
		fmt.Println(terms.Rings[slot.Ring].Name, slot.Target, slot.During.Start.Format("15:04"))
	}
	if _, err := cycles.Begin(ctx, ada, "openssl", ""); err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range []patch.Report{{Target: "db-1", Result: patch.Running}, {Target: "db-1", Result: patch.Failed, Why: "no space left"}} {
		if _, err := cycles.Report(ctx, ada, "openssl.1.1", r); err != nil {
			fmt.Println(err)
			return
		}
	}
	c, err := cycles.Get(ctx, "openssl")
	fmt.Println(c.State, c.Halted, err)
	_, err = cycles.Report(ctx, ada, "openssl.1.2", patch.Report{Target: "db-2", Result: patch.Running})
	fmt.Println(err)
	// Output:
	// pilot db-1 22:00
	// all db-2 23:00
	// all web-1 23:00
	// halted ring "pilot": 1 failed, its gate allows 0; the last: db-1: no space left <nil>
	// refused: cycle.report openssl.1.2: db-2 is not begun: the cycle is halted: ring "pilot": 1 failed, its gate allows 0; the last: db-1: no space left
}

// Was it mended in time? By what was seen, and not by what somebody says.
func ExampleComply() {
	friday := time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)
	is := patch.Component{PURL: "pkg:generic/openssl", Scheme: "semver"}
	flaw, err := patch.NewAdvisory("a-1", friday, patch.Bulletin{Source: "osv", ID: "CVE-2026-1", Products: []patch.Product{{Component: is, Spans: []patch.Span{{Fixed: "3.0.14"}}}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	saw := func(target servicecoin.ConfigurationID, version string, hours int) patch.Sighting {
		return patch.Sighting{Target: target, Component: patch.Component{PURL: is.PURL, Version: version}, At: friday.Add(time.Duration(hours) * time.Hour)}
	}
	look := patch.Look{
		At: friday.Add(72 * time.Hour), Advisory: &flaw, Fresh: 24 * time.Hour,
		Targets:   []patch.Target{{ID: "db-1", Components: []patch.Component{is}}, {ID: "db-2", Components: []patch.Component{is}}, {ID: "web-1", Components: []patch.Component{is}}},
		Sightings: []patch.Sighting{saw("db-1", "3.0.14", 60), saw("db-2", "3.0.13", 70), saw("web-1", "3.0.14", 1)},
	}
	c, err := patch.Comply(look)
	for _, r := range c.Rows {
		fmt.Println(r.Target, r.Condition, "-", r.Why)
	}
	fmt.Printf("%+v %v\n", c.Tally, err)
	// Output:
	// db-1 compliant - osv CVE-2026-1: outside of what is affected: 3.0.14
	// db-2 nonCompliant - osv CVE-2026-1: affected: 3.0.13 is before 3.0.14
	// web-1 unknown - it was seen last at 2026-03-06T13:00:00Z
	// {Applicable:3 Compliant:1 NonCompliant:1 Exempt:0 Unknown:1} <nil>
}

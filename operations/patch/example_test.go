package patch_test

import (
	"context"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
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

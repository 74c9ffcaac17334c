package release_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin/operations/release"
)

// A binding of an API with 200 versions, half of which were tried.
func BenchmarkStandingOf(b *testing.B) {
	var revisions []release.Revision
	var trials []release.Trial
	for n := range 200 {
		v := fmt.Sprintf("8.%d.%d", n/10, n%10)
		revisions = append(revisions, release.Revision{API: orders, Version: v, Released: date(time.January, 1).AddDays(n), Document: strconv.Itoa(n)})
		if n%2 == 0 {
			trials = append(trials, release.Trial{Binding: "b", Version: v, Report: &release.BindingReport{Passed: n%3 > 0}})
		}
	}
	binding := release.Binding{ID: "b", API: orders, Stability: release.Stable, Range: ">=8.3 <8.15"}
	b.ReportAllocs()
	for b.Loop() {
		if s := release.StandingOf(binding, revisions, trials, date(time.December, 1), time.Time{}); len(s.Cells) != 200 {
			b.Fatal(len(s.Cells))
		}
	}
}

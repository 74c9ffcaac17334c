package release_test

import (
	"fmt"
	"iter"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
)

// manyProofs are 500 features in four styles: by class, by how names begin, by what stands
// in them, and by a property.
func manyProofs() release.ProofRules {
	var rules release.ProofRules
	for n := range 500 {
		p := release.Proof{Feature: release.FeatureID(fmt.Sprintf("feature-%03d", n)), MaxAge: calendar.Within(30 * 24 * time.Hour)}
		p.Tests = []release.TestPattern{{Class: fmt.Sprintf("shop.feature%03d.*", n)}}
		switch n % 4 {
		case 1:
			p.Tests = []release.TestPattern{{Name: fmt.Sprintf("TestFeature%03d/*", n)}}
		case 2:
			p.Tests = []release.TestPattern{{Name: fmt.Sprintf("*Feature%03d*case*", n)}}
		case 3:
			p.Tests = []release.TestPattern{{Property: fmt.Sprintf("requirement=REQ-%03d", n)}, {Package: fmt.Sprintf("shop.feature%03d", n), Name: "*"}}
		}
		rules.Proofs = append(rules.Proofs, p)
	}
	return rules
}

// manyResults yields the results of a report, in one value that is used again.
func manyResults(version, count int) iter.Seq[*release.TestResult] {
	return func(yield func(*release.TestResult) bool) {
		var r release.TestResult
		for n := range count {
			f := n % 500
			r = release.TestResult{
				Suite: fmt.Sprintf("shop/feature%03d", f), Package: fmt.Sprintf("shop.feature%03d", f), Class: fmt.Sprintf("shop.feature%03d.SuiteTest", f),
				Name: fmt.Sprintf("TestFeature%03d/case %d", f, n), Outcome: release.TestPassed, At: march(1 + version%20), Properties: []string{fmt.Sprintf("requirement=REQ-%03d", f)},
			}
			if n%97 == 0 {
				r.Outcome = release.TestFailed
			}
			if !yield(&r) {
				return
			}
		}
	}
}

// BenchmarkMatrix puts 100,000 results into a matrix of 500 features × 50 versions.
func BenchmarkMatrix(b *testing.B) {
	const versions, results = 50, 100_000
	var before, after runtime.MemStats
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&before)
		b.StartTimer()
		p, err := release.NewProver(manyProofs())
		if err != nil {
			b.Fatal(err)
		}
		var sheets []*release.Sheet
		for v := range versions {
			s := release.NewSheet(p, fmt.Sprintf("8.%d.0", v), "", march(25))
			s.Add(release.TestRun{Report: strconv.Itoa(v), At: march(1)}, manyResults(v, results/versions))
			sheets = append(sheets, s)
		}
		m := release.NewMatrix(march(25), sheets)
		b.StopTimer()
		runtime.ReadMemStats(&after)
		if len(m.Rows) != 500 || len(m.Rows[0].Cells) != versions || m.Rows[1].Cells[0].Counts.Passed == 0 {
			b.Fatal(len(m.Rows))
		}
		b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/1e6, "MB-allocated/matrix")
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-heap")
		runtime.KeepAlive(sheets)
		b.StartTimer()
	}
}

// BenchmarkProves finds what one result proves among 500 features, by the index and by
// trying every pattern.
func BenchmarkProves(b *testing.B) {
	rules := manyProofs()
	var results []*release.TestResult
	for r := range manyResults(1, 500) {
		c := *r
		results = append(results, &c)
	}
	b.Run("index", func(b *testing.B) {
		p, err := release.NewProver(rules)
		if err != nil {
			b.Fatal(err)
		}
		s := release.NewSheet(p, "1.0.0", "", time.Time{})
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			s.Add(release.TestRun{Report: "r"}, func(yield func(*release.TestResult) bool) { yield(results[n%len(results)]) })
		}
	})
	b.Run("naive", func(b *testing.B) {
		var list []*release.Prover
		for _, x := range rules.Proofs {
			p, err := release.NewProver(release.ProofRules{Proofs: []release.Proof{x}})
			if err != nil {
				b.Fatal(err)
			}
			list = append(list, p)
		}
		for n := 0; b.Loop(); n++ {
			for _, p := range list {
				p.Proves(results[n%len(results)])
			}
		}
	})
}

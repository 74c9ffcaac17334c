package junit_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin/interop/junit"
	"github.com/servicecoin/servicecoin/operations/release"
)

// BenchmarkRead reads a report of 100,000 tests of each form.
func BenchmarkRead(b *testing.B) {
	const n = 100_000
	var x, g, p, c strings.Builder
	x.WriteString("<testsuite>\n")
	fmt.Fprintf(&p, "TAP version 14\n1..%d\n", n)
	c.WriteString(`{"results":{"tool":{"name":"x"},"tests":[`)
	for k := range n {
		name := fmt.Sprintf("TestFeature%d/case %d", k%500, k)
		fmt.Fprintf(&x, "<testcase classname=\"orders.pkg%d\" name=\"%s\" time=\"0.012\" timestamp=\"2026-01-02T10:00:00Z\"></testcase>\n", k%50, name)
		for _, action := range []string{"run", "output", "output", "pass"} {
			fmt.Fprintf(&g, `{"Time":"2026-01-02T10:00:00.123456789Z","Action":"%s","Package":"orders/pkg%d","Test":"%s"`, action, k%50, name)
			if action == "output" {
				fmt.Fprintf(&g, `,"Output":"--- PASS: %s (0.00s)\n"`, name)
			}
			g.WriteString("}\n")
		}
		fmt.Fprintf(&p, "ok %d - %s\n", k+1, name)
		if k > 0 {
			c.WriteString(",")
		}
		fmt.Fprintf(&c, `{"name":"%s","status":"passed","duration":12,"suite":"orders.pkg%d"}`+"\n", name, k%50)
	}
	x.WriteString("</testsuite>\n")
	c.WriteString("]}}")
	for _, form := range []struct{ name, text string }{{"JUnit", x.String()}, {"GoTest", g.String()}, {"TAP", p.String()}, {"CTRF", c.String()}} {
		b.Run(form.name, func(b *testing.B) {
			b.SetBytes(int64(len(form.text)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := junit.Read(strings.NewReader(form.text), nil)
				if err != nil || len(r.Cases) != n {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMatrixOfReports reads 50 reports of 2,000 tests each, one after the other, into
// a matrix of 500 features × 50 versions.
func BenchmarkMatrixOfReports(b *testing.B) {
	const versions, tests, features = 50, 2000, 500
	var rules release.ProofRules
	for n := range features {
		rules.Proofs = append(rules.Proofs, release.Proof{Feature: release.FeatureID(fmt.Sprintf("feature-%03d", n)), Tests: []release.TestPattern{{Name: fmt.Sprintf("TestFeature%03d/*", n)}}})
	}
	var reports []string
	size := 0
	for v := range versions {
		var x strings.Builder
		x.WriteString("<testsuite>\n")
		for k := range tests {
			fmt.Fprintf(&x, "<testcase classname=\"orders.pkg%d\" name=\"TestFeature%03d/case %d\" time=\"0.012\" timestamp=\"2026-01-%02dT10:00:00Z\"></testcase>\n", k%50, k%features, k, 1+v%28)
		}
		x.WriteString("</testsuite>\n")
		reports = append(reports, x.String())
		size += x.Len()
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var before, after runtime.MemStats
	for b.Loop() {
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&before)
		b.StartTimer()
		p, err := release.NewProver(rules)
		if err != nil {
			b.Fatal(err)
		}
		var sheets []*release.Sheet
		for v, text := range reports {
			r, err := junit.Read(strings.NewReader(text), nil)
			if err != nil {
				b.Fatal(err)
			}
			s := release.NewSheet(p, fmt.Sprintf("8.%d.0", v), "", time.Time{})
			s.Add(r.Run(), r.Results())
			sheets = append(sheets, s)
		}
		m := release.NewMatrix(time.Time{}, sheets)
		b.StopTimer()
		runtime.ReadMemStats(&after)
		if len(m.Rows) != features || m.Rows[0].Cells[0].State != release.IsProven {
			b.Fatal(len(m.Rows))
		}
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-heap")
		b.StartTimer()
	}
}

package junit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/servicecoin/servicecoin/interop/junit"
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

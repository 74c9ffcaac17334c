package usagefile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/usagefile"
)

// A file of 10,000 events from its bytes to a store that does nothing, and an event of it.
func BenchmarkRead(b *testing.B) {
	const n = 10_000
	var rows, lines strings.Builder
	rows.WriteString("id,source,type,subject,time,value,dimensions.region\n")
	for i := range n {
		fmt.Fprintf(&rows, "%d,hv,vm.ran,vm%d,2026-01-08T12:00:00Z,0.%04d,eu\n", i, i%50, i)
		fmt.Fprintf(&lines, `{"id":"%d","source":"hv","type":"vm.ran","subject":"vm%d","time":"2026-01-08T12:00:00Z","value":"0.%04d","dimensions":{"region":"eu"}}`+"\n", i, i%50, i)
	}
	for name, text := range map[string]string{"csv": rows.String(), "jsonl": lines.String()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				report, err := usagefile.Read(strings.NewReader(text), nil, func(events []metering.Event) (metering.Receipt, error) {
					return metering.Receipt{Added: len(events)}, nil
				})
				if err != nil || report.Added != n {
					b.Fatal(report, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
		})
	}
}

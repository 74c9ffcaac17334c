package grant_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/grant"
)

// workload is twenty grants that begin over time, and quantities of windows of five
// minutes that use them up.
func workload(grants, windows int) (grant.Account, []grant.Usage) {
	const step = 5 * time.Minute
	a := grant.Account{During: calendar.Between(epoch, epoch.Add(time.Duration(windows)*step))}
	for i := range grants {
		from := epoch.Add(time.Duration(i*windows/grants) * step)
		a.Grants = append(a.Grants, grant.Grant{ID: grant.ID(fmt.Sprintf("g%03d", i)), Amount: decimal.New(int64(windows)*3, -1), Priority: i % 3, From: from, Until: from.AddDate(0, 2, 0)})
	}
	usage := make([]grant.Usage, windows)
	for i := range usage {
		at := epoch.Add(time.Duration(i) * step)
		usage[i] = grant.Usage{During: calendar.Between(at, at.Add(step)), Quantity: decimal.New(int64(i%977)*1001+1, -5)}
	}
	return a, usage
}

func BenchmarkBurn(b *testing.B) {
	for _, size := range []struct {
		grants, windows int
		renewal         *grant.Renewal
		name            string
	}{{20, 100_000, nil, "plain"}, {20, 100_000, &grant.Renewal{Every: calendar.Period{Days: 1}}, "daily"}, {1, 1000, nil, "plain"}} {
		a, usage := workload(size.grants, size.windows)
		for i := range a.Grants {
			a.Grants[i].Renewal = size.renewal
		}
		b.Run(fmt.Sprintf("grants=%d/windows=%d/%s", size.grants, size.windows, size.name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Burn(usage); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The workload burns most of what there is, so that it measures what it says.
func TestWorkloadBurns(t *testing.T) {
	t.Parallel()
	a, usage := workload(20, 100_000)
	r, err := a.Burn(usage)
	require.NoError(t, err)
	require.Greater(t, len(r.Segments), 20)
	exhausted := 0
	for _, l := range r.Lines {
		if l.Burnt.IsPositive() {
			exhausted++
		}
	}
	require.Greater(t, exhausted, 10)
}

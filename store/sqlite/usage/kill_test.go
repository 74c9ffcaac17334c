package usage_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store/sqlite/usage"
)

// killsVariable says how many kills a long run has.
const killsVariable = "SERVICECOIN_TEST_KILLS"

const killBatch = 40

// killed is the batch of a name and a number: events over some days, the first of which
// is voided, the second corrected and the third voided before it came; the fourth of the
// batch before is voided, some of its events come again, and one with another value.
func killed(name string, n int) []metering.Event {
	source := name + "-" + strconv.Itoa(n)
	events := batch(source, killBatch)
	for i := range events {
		events[i].Value = servicecoin.Some(decimal.NewFromInt(1))
		events[i].Time = events[i].Time.AddDate(0, 0, n/8+i%3)
	}
	fact := func(id string, does metering.Act, of metering.Ref) metering.Event {
		return metering.Event{Customer: "acme", Source: source, ID: id, Does: does, Of: of, RecordedAt: day.Add(time.Hour)}
	}
	corrects := fact("corrects 1", metering.Correct, metering.Ref{Source: source, ID: "1"})
	corrects.Type, corrects.Time, corrects.Value = "vm.ran", day.AddDate(0, 0, 40), servicecoin.Some(decimal.NewFromInt(5))
	list := append([]metering.Event{fact("voids 2", metering.Void, metering.Ref{Source: source, ID: "2"})}, events...)
	list = append(list, fact("voids 0", metering.Void, metering.Ref{Source: source, ID: "0"}), corrects)
	if n > 0 {
		before := name + "-" + strconv.Itoa(n-1)
		list = append(list, fact("voids 3 of the one before", metering.Void, metering.Ref{Source: before, ID: "3"}))
		again := batch(before, killBatch)[10:16]
		for i := range again {
			again[i].Value = servicecoin.Some(decimal.NewFromInt(1))
			again[i].Time = again[i].Time.AddDate(0, 0, (n-1)/8+(10+i)%3)
		}
		again[0].Value = servicecoin.Some(decimal.NewFromInt(7))
		list = append(list, again...)
	}
	return list
}

func appendForever(ctx context.Context, path string) error {
	s, err := usage.Open(ctx, path, nil)
	if err != nil {
		return err
	}
	s.Limit(killBatch*5, killBatch*50)
	name := strconv.Itoa(os.Getpid())
	for n := 0; ; n++ {
		receipt, err := s.Append(ctx, killed(name, n))
		if err != nil {
			return err
		}
		if n > 0 && (receipt.Repeats != 5 || receipt.Conflicts != 1) || receipt.Refused > 0 {
			return fmt.Errorf("receipt: %+v", receipt)
		}
		fmt.Println(name, n)
	}
}

// A process that appends and seals is killed in the middle of it, again and again: every
// acknowledged event counts exactly once, in listings and in totals, and no half of any
// batch does.
func TestKilled(t *testing.T) {
	t.Parallel()
	kills := 20
	if text := os.Getenv(killsVariable); text != "" {
		var err error
		kills, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	path := filepath.Join(t.TempDir(), "killed.db")
	acknowledged := map[string]int{} // the last number of each process
	random := rand.New(rand.NewPCG(rand.Uint64(), 1))
	for range kills {
		last, name := lifeOf(t, path, time.Duration(random.IntN(60_000))*time.Microsecond)
		if name != "" {
			acknowledged[name] = last
		}
		counted(t, path, acknowledged)
	}
	t.Logf("%d processes were killed, which had appended something", len(acknowledged))
}

// lifeOf lets a process append for so long after its first batch.
func lifeOf(t *testing.T, path string, long time.Duration) (last int, name string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), fileVariable+"="+path)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	var end *time.Timer
	for lines.Scan() {
		require.NotContains(t, lines.Text(), "failed")
		_, err := fmt.Sscan(lines.Text(), &name, &last)
		require.NoError(t, err)
		if end == nil {
			end = time.AfterFunc(long, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait()
	if end != nil {
		end.Stop()
	}
	return last, name
}

// counted compares what is stored with what was acknowledged.
func counted(t *testing.T, path string, acknowledged map[string]int) {
	t.Helper()
	s, err := usage.Open(t.Context(), path, nil)
	require.NoError(t, err)
	verified(t, s, "acme")
	stands := map[string]int{}
	sum, events := decimal.Zero, 0
	for _, e := range list(t, s, all()) {
		stands[e.Source]++
		events++
		sum = sum.Add(e.Value.Decimal)
	}
	const without = killBatch - 2 // two were voided
	for name, last := range acknowledged {
		for n := 0; n <= last; n++ {
			want := without
			if stands[name+"-"+strconv.Itoa(n+1)] > 0 {
				want--
			}
			require.Equal(t, want, stands[name+"-"+strconv.Itoa(n)], "%s-%d of %d", name, n, last)
			delete(stands, name+"-"+strconv.Itoa(n-1))
		}
	}
	for source, n := range stands { // the last ones of each, and those that nobody heard of
		require.Contains(t, []int{without, without - 1}, n, "half of %s", source)
	}
	m := sums("vm.ran", day, day.AddDate(1, 0, 0))
	measured, err := s.Measure(t.Context(), m)
	require.NoError(t, err)
	if events > 0 {
		require.Equal(t, []string{metering.Plain(sum) + " of " + strconv.Itoa(events)}, values(measured, m.Meter, "acme"))
	}
	require.NoError(t, s.Close())
}

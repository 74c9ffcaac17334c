package usage_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
	"github.com/servicecoin/servicecoin/store/postgres/usage"
)

// The test binary runs itself as another process, which appends until it is killed.
const (
	dsnVariable   = "SERVICECOIN_TEST_USAGE_DSN"
	fromVariable  = "SERVICECOIN_TEST_USAGE_FROM"
	killsVariable = "SERVICECOIN_TEST_KILLS" // how often; default 20
)

func TestMain(m *testing.M) {
	dsn := os.Getenv(dsnVariable)
	if dsn == "" {
		os.Exit(m.Run())
	}
	fmt.Println("failed:", appendForever(context.Background(), dsn))
	os.Exit(1)
}

// appendForever appends batch after batch, and prints the number of each that is stored. One
// that may not be is appended again.
func appendForever(ctx context.Context, dsn string) error {
	from, err := strconv.Atoi(os.Getenv(fromVariable))
	if err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return err
	}
	s, err := usage.New(ctx, pool, nil)
	for err != nil && strings.Contains(err.Error(), "terminat") {
		s, err = usage.New(ctx, pool, nil)
	}
	if err != nil {
		return err
	}
	for n := from; ; n++ {
		for tries := 0; ; tries++ {
			_, err := s.Append(ctx, disturbed(n))
			if err == nil {
				break
			}
			if tries > 50 {
				return err
			}
		}
		fmt.Println(n)
	}
}

// disturbed is the n-th batch: two hours of usage of two customers, some of it late by three
// days, some voided or corrected by facts that come later, or came before, some repeated, and
// some in conflict.
func disturbed(n int) []metering.Event {
	at := day.Add(time.Duration(n) * 2 * time.Hour)
	name := func(n, i int) string { return fmt.Sprintf("%d-%d", n, i) }
	event := func(n, i int) metering.Event {
		at := day.Add(time.Duration(n)*2*time.Hour + time.Duration(i)*time.Minute)
		if i%10 == 3 {
			at = at.AddDate(0, 0, -3)
		}
		return metering.Event{
			Customer: []servicecoin.CustomerID{"acme", "globex"}[i%2], Source: "s", ID: name(n, i), Type: []string{"vm.ran", "vm.slept"}[i%3%2],
			Subject: "vm" + strconv.Itoa(i), Time: at, Value: servicecoin.Some(decimal.New(int64(n*100+i), -2)), RecordedAt: at.Add(time.Hour),
		}
	}
	var list []metering.Event
	for i := range 40 {
		list = append(list, event(n, i))
	}
	fact := func(i int, does metering.Act, of metering.Event) {
		e := metering.Event{Does: does}
		if does == metering.Correct {
			e = of
			e.Does, e.Value = does, servicecoin.Some(decimal.New(int64(n), 0))
		}
		e.Customer, e.Source, e.ID, e.Of, e.RecordedAt = of.Customer, "desk", name(n, i), metering.Ref{Source: of.Source, ID: of.ID}, at.Add(2*time.Hour)
		list = append(list, e)
	}
	fact(0, metering.Void, event(n-1, 7))
	fact(1, metering.Correct, event(n-14, 8)) // of a day that is sealed
	fact(2, metering.Void, event(n+1, 5))     // of an event that is still to come
	fact(3, metering.Correct, event(n, 11))
	list = append(list, event(n-1, 0), event(n-1, 12))
	other := event(n-2, 0)
	other.Subject = "another"
	return append(list, other)
}

// A process that appends and seals is killed at any moment, and its connections are
// ended: every acknowledged event is there once, in listings and in totals.
func TestKills(t *testing.T) {
	rounds := 20
	if text := os.Getenv(killsVariable); text != "" {
		var err error
		rounds, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	d := open(t)
	o := d.schema(t, "servicecoin")
	d.must(t, "GRANT SELECT ON servicecoin.migrations TO collector")
	s, err := usage.New(t.Context(), d.app(t), o)
	require.NoError(t, err)
	model := metering.NewMemoryStore()
	stored, again := -1, 0
	for round := range rounds {
		acknowledged := killed(t, d, stored+1, round)
		for n := stored + 1; n <= acknowledged; n++ {
			_, err := model.Append(t.Context(), disturbed(n))
			require.NoError(t, err)
		}
		stored = max(stored, acknowledged)
		known, err := s.History(t.Context(), metering.KeyOf(disturbed(stored + 1)[1]))
		require.NoError(t, err)
		for _, e := range known {
			if e.Does == metering.Happen { // nobody was told of it; the next process sends it again
				again++
				stored++
				_, err := model.Append(t.Context(), disturbed(stored))
				require.NoError(t, err)
			}
		}
		same(t, s, model, stored)
	}
	var packed, waiting int
	require.NoError(t, d.owner.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM servicecoin.usage_days), (SELECT count(DISTINCT last_day) FROM servicecoin.usage_log)").Scan(&packed, &waiting))
	t.Logf("%d kills, %d batches, of which %d were stored and not acknowledged; %d packed days, %d in the log", rounds, stored+1, again, packed, waiting)
	if stored > 24 {
		require.Positive(t, packed, "days were sealed meanwhile")
	}
}

// killed lets a process append, kills it some time after its first batch, and returns the
// last batch that it has acknowledged.
func killed(t *testing.T, d database, from, round int) int {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), dsnVariable+"="+pgtest.As(d.dsn, "collector")+" application_name=killed", fromVariable+"="+strconv.Itoa(from))
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	last := from - 1
	var once sync.Once
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		require.NotContains(t, lines.Text(), "failed")
		last, err = strconv.Atoi(lines.Text())
		require.NoError(t, err)
		once.Do(func() {
			random := rand.New(rand.NewPCG(uint64(round), 1))
			if round%3 == 2 {
				_, err := d.owner.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'killed' AND datname = current_database()")
				require.NoError(t, err)
			}
			time.AfterFunc(time.Duration(random.IntN(150_000))*time.Microsecond, func() { _ = cmd.Process.Kill() }) // it may be any moment
		})
	}
	_ = cmd.Wait()
	require.Eventually(t, func() bool { // the server ends what it was sent before the process died
		var left int
		err := d.owner.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'killed' AND datname = current_database()").Scan(&left)
		return err == nil && left == 0
	}, time.Minute, time.Millisecond)
	return last
}

// same compares a store with what it should hold after so many batches.
func same(t *testing.T, s *usage.Store, model metering.EventStore, batches int) {
	t.Helper()
	ctx := t.Context()
	days, err := metering.Daily.Split(calendar.Between(day.AddDate(0, 0, -5), day.AddDate(0, 0, batches/12+2)), time.UTC)
	require.NoError(t, err)
	for _, c := range []servicecoin.CustomerID{"acme", "globex"} {
		differences, err := s.Verify(ctx, c)
		require.NoError(t, err)
		require.Empty(t, differences)
		for _, kind := range []string{"vm.ran", "vm.slept"} {
			q := metering.Query{Customer: c, Type: kind, During: calendar.Between(days[0].Start, days[len(days)-1].End)}
			want, err := model.Digest(ctx, q)
			require.NoError(t, err)
			got, err := s.Digest(ctx, q)
			require.NoError(t, err)
			require.Equal(t, want, got)
			got, err = metering.DigestOf(s.Scan(ctx, q))
			require.NoError(t, err)
			require.Equal(t, want, got, "what is listed")
		}
	}
	for _, a := range []metering.Aggregation{metering.Count, metering.Sum, metering.Max} {
		for _, kind := range []string{"vm.ran", "vm.slept"} {
			m := metering.Measurement{Meter: metering.Meter{ID: "m", Name: "M", Type: kind, Aggregation: a, Unit: "u"}, Windows: days}
			want, err := model.Measure(ctx, m)
			require.NoError(t, err)
			got, err := s.Measure(ctx, m)
			require.NoError(t, err)
			require.Len(t, got.Cells, len(want.Cells))
			for i := range want.Cells {
				w, g := &want.Cells[i], &got.Cells[i]
				require.Equal(t, []any{w.Customer, w.Window, w.Events, w.Value().Decimal.String()}, []any{g.Customer, g.Window, g.Events, g.Value().Decimal.String()})
			}
		}
	}
}

// The server is cut off as by a power cut while somebody appends and seals.
func TestServerCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short: it takes some seconds")
	}
	server := pgtest.StartDurable(t)
	d := openOn(t, server)
	app := d.app(t)
	s, err := usage.New(t.Context(), app, d.schema(t, "servicecoin"))
	require.NoError(t, err)
	model := metering.NewMemoryStore()
	stored := -1
	for range 3 {
		begun := make(chan struct{})
		ended := make(chan int)
		from := stored + 1
		go func() {
			n := from
			for ; ; n++ {
				if _, err := s.Append(t.Context(), disturbed(n)); err != nil {
					break
				}
				if n == from+20 {
					close(begun)
				}
			}
			ended <- n - 1
		}()
		<-begun
		server.Crash(t)
		acknowledged := <-ended
		app.Reset()
		for ; stored < acknowledged; stored++ {
			_, err := model.Append(t.Context(), disturbed(stored+1))
			require.NoError(t, err)
		}
		receipt, err := s.Append(t.Context(), disturbed(stored+1)) // it may have been stored
		require.NoError(t, err)
		stored++
		_, err = model.Append(t.Context(), disturbed(stored))
		require.NoError(t, err)
		same(t, s, model, stored)
		t.Logf("%d batches; the one that was cut off: %+v", stored, receipt)
	}
}

package patch_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// bench is cycles over a store in memory, with a clock and a world that are set.
type bench struct {
	t      *testing.T
	now    time.Time
	s      *store.Store
	cycles *patch.Cycles
	open   []servicecoin.IncidentID
	stands map[servicecoin.ConfigurationID]patch.Condition
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, now: friday(), stands: map[servicecoin.ConfigurationID]patch.Condition{}}
	b.s = store.New(memory.New(), &store.Options{Now: func() time.Time { return b.now }})
	b.cycles = patch.NewCycles(b.s.For(servicecoin.Provider), &patch.CycleOptions{World: b})
	return b
}

func (b *bench) Incidents(context.Context, []servicecoin.ServiceID) ([]servicecoin.IncidentID, error) {
	return b.open, nil
}

func (b *bench) Stand(context.Context, patch.Cycle, patch.Job) (map[servicecoin.ConfigurationID]patch.Condition, error) {
	return b.stands, nil
}

func ada() servicecoin.Actor { return servicecoin.Person("ada") }

func node(n int, customer servicecoin.CustomerID, ring string) patch.Target {
	return patch.Target{
		ID: servicecoin.ConfigurationID(fmt.Sprintf("node-%d", n)), Customer: customer, Service: "erp", Labels: map[string]string{"ring": ring},
		Deadline: friday().Add(72 * time.Hour),
	}
}

// nodes are three targets of the pilot and four of all others, of two customers.
func nodes() []patch.Target {
	return []patch.Target{
		node(1, "alder", "pilot"), node(2, "alder", "pilot"), node(3, "birch", "pilot"),
		node(4, "alder", "rest"), node(5, "alder", "rest"), node(6, "birch", "rest"), node(7, "birch", "rest"),
	}
}

func terms() patch.Terms {
	return patch.Terms{
		Name: "OpenSSL", Why: "CVE-2026-1 is critical", Advisories: []patch.AdvisoryID{"a-1"}, Model: "patching", During: calendar.Between(friday(), friday().Add(10*24*time.Hour)),
		Length: time.Hour, WayBack: 20 * time.Minute,
		Rings: []patch.Ring{
			{Name: "pilot", Select: patch.Selector{"ring": "pilot"}, Soak: 4 * time.Hour, Gate: patch.Gate{NoIncident: true, GoAhead: true}},
			{Name: "all", Gate: patch.Gate{MaxFailures: 1, Verified: true}},
		},
	}
}

func always(during calendar.Interval) func(servicecoin.CustomerID, servicecoin.ServiceID) (calendar.Set, error) {
	return func(servicecoin.CustomerID, servicecoin.ServiceID) (calendar.Set, error) {
		return calendar.SetOf(during), nil
	}
}

func (b *bench) plan(targets ...patch.Target) patch.Cycle {
	b.t.Helper()
	c, _, err := b.cycles.Plan(b.t.Context(), ada(), "openssl", terms(), patch.Want{Targets: targets, Free: always(terms().During)})
	require.NoError(b.t, err)
	return c
}

func (b *bench) begin(reason string) patch.Cycle {
	b.t.Helper()
	c, err := b.cycles.Begin(b.t.Context(), ada(), "openssl", reason)
	require.NoError(b.t, err)
	return c
}

// job returns the job of a target that stands.
func (b *bench) job(target servicecoin.ConfigurationID) patch.Job {
	b.t.Helper()
	c, err := b.cycles.Get(b.t.Context(), "openssl")
	require.NoError(b.t, err)
	var found patch.Job
	for j, err := range b.cycles.Jobs(c).All(b.t.Context()) {
		require.NoError(b.t, err)
		for _, t := range j.Tasks {
			if t.Target == target {
				found = j
			}
		}
	}
	require.NotEmpty(b.t, found.ID, "no job of %s", target)
	return found
}

func (b *bench) says(target servicecoin.ConfigurationID, result patch.Result, why string) error {
	b.t.Helper()
	_, err := b.cycles.Report(b.t.Context(), ada(), b.job(target).ID, patch.Report{Target: target, Result: result, Why: why})
	return err
}

func (b *bench) done(targets ...servicecoin.ConfigurationID) {
	b.t.Helper()
	for _, target := range targets {
		require.NoError(b.t, b.says(target, patch.Running, ""))
		require.NoError(b.t, b.says(target, patch.Done, ""))
	}
}

func (b *bench) advance() patch.Cycle {
	b.t.Helper()
	c, err := b.cycles.Advance(b.t.Context(), servicecoin.Program("exchange"), "openssl")
	require.NoError(b.t, err)
	return c
}

func refused(t *testing.T, err error, why string) {
	t.Helper()
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, why)
}

func TestRingsFollowEachOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.plan(nodes()...)
	require.Equal(t, patch.CyclePlanned, c.State)
	require.Equal(t, []int{3, 4, 0}, []int{c.Plan[0].Placed, c.Plan[1].Placed, c.Missed})
	refused(t, b.says("node-1", patch.Running, ""), "the cycle is planned")
	b.begin("")
	refused(t, b.says("node-4", patch.Running, ""), `its ring, "all", waits for "pilot"`)
	b.done("node-1", "node-2")
	require.Equal(t, patch.RingOpen, b.advance().Progress[0].State)
	b.done("node-3")
	c = b.advance()
	require.Equal(t, patch.RingSoaking, c.Progress[0].State)
	require.Equal(t, []string{"a person to say go"}, c.Progress[0].Waiting)
	b.now = b.now.Add(5 * time.Hour)
	require.Equal(t, 0, b.advance().Ring, "nobody said go")
	_, err := b.cycles.GoAhead(t.Context(), servicecoin.Program("cron"), "openssl", "it is fine")
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = b.cycles.GoAhead(t.Context(), ada(), "openssl", "the pilot is calm")
	require.NoError(t, err)
	c = b.advance()
	require.Equal(t, []any{1, patch.RingPassed, patch.RingOpen}, []any{c.Ring, c.Progress[0].State, c.Progress[1].State})
	_, err = b.cycles.GoAhead(t.Context(), ada(), "openssl", "again")
	refused(t, err, "waits for nobody's word")

	b.done("node-4", "node-5", "node-6", "node-7")
	c = b.advance()
	require.Equal(t, []string{"4 of those that are done were not seen since"}, c.Progress[1].Waiting)
	for _, target := range nodes() {
		b.stands[target.ID] = patch.Compliant
	}
	c = b.advance()
	require.Equal(t, patch.CycleFinished, c.State)
	require.Equal(t, c, b.advance(), "what is finished does not advance")
	require.Equal(t, []string{
		"cycle.planned", "cycle.begun", "ring.settled", "cycle.goneAhead", "ring.passed", "ring.opened", "ring.settled", "ring.passed", "cycle.finished",
	}, b.told("cycle.", "ring."))
}

// told returns the names of events that begin so, in order, but for advances that only say
// what is waited for.
func (b *bench) told(prefixes ...string) []string {
	b.t.Helper()
	events, err := b.s.Events(b.t.Context(), 0, 1000)
	require.NoError(b.t, err)
	var names []string
	for _, e := range events {
		for _, p := range prefixes {
			if strings.HasPrefix(e.Name, p) {
				names = append(names, e.Name)
			}
		}
	}
	return names
}

func TestAGateHalts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plan(nodes()...)
	b.begin("")
	b.done("node-1")
	require.NoError(t, b.says("node-2", patch.Running, ""))
	require.ErrorIs(t, b.says("node-2", patch.Failed, ""), servicecoin.ErrInvalid, "a failure says why")
	require.NoError(t, b.says("node-2", patch.Failed, "the package has a conflict"))
	c, err := b.cycles.Get(t.Context(), "openssl")
	require.NoError(t, err)
	require.Equal(t, patch.CycleHalted, c.State)
	require.Equal(t, `ring "pilot": 1 failed, its gate allows 0; the last: node-2: the package has a conflict`, c.Halted)
	refused(t, b.says("node-3", patch.Running, ""), "the cycle is halted")
	require.NoError(t, b.says("node-2", patch.PutBack, "restored the snapshot"), "what is begun is ended")
	_, err = b.cycles.Resume(t.Context(), servicecoin.Program("cron"), "openssl", "go on")
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "a person resumes it")
	_, err = b.cycles.Resume(t.Context(), ada(), "openssl", "")
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "and says why")
	c, err = b.cycles.Resume(t.Context(), ada(), "openssl", "the conflict is of that node alone")
	require.NoError(t, err)
	require.Equal(t, 1, c.Progress[0].Forgiven)
	b.done("node-3")

	b.open = []servicecoin.IncidentID{"inc-1"}
	require.Equal(t, `ring "pilot": incident inc-1 is open on its services`, b.advance().Halted)
	_, err = b.cycles.Resume(t.Context(), ada(), "openssl", "it is another matter")
	require.NoError(t, err)
	require.Equal(t, patch.CycleRunning, b.advance().State, "the incident that was known halts it no more")
	b.open = append(b.open, "inc-2")
	require.Equal(t, patch.CycleHalted, b.advance().State)
}

func TestWhatIsSeenOtherwiseHasFailed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	list := nodes()[3:]
	b.plan(list...)
	b.begin("")
	_, err := b.cycles.GoAhead(t.Context(), ada(), "openssl", "there is no pilot")
	require.NoError(t, err)
	require.Equal(t, 1, b.advance().Ring, "a ring without targets passes, and soaks not at all")
	b.done("node-4", "node-5", "node-6")
	b.stands["node-4"], b.stands["node-5"], b.stands["node-6"] = patch.NonCompliant, patch.Compliant, patch.NonCompliant
	c := b.advance()
	require.Equal(t, patch.CycleHalted, c.State, "two are more than one")
	board, err := b.cycles.Board(t.Context(), "openssl")
	require.NoError(t, err)
	require.Equal(t, patch.Counts{Pending: 1, Done: 1, Failed: 2}, board.Total)
	require.Equal(t, 2, c.Progress[1].Failed)
}

func TestResults(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plan(nodes()...)
	b.begin("")
	refused(t, b.says("node-1", patch.Done, ""), "node-1 is pending, and cannot be done then")
	require.ErrorIs(t, b.says("node-1", "gone", ""), servicecoin.ErrInvalid)
	require.NoError(t, b.says("node-1", patch.Running, ""))
	require.NoError(t, b.says("node-1", patch.Running, ""), "the same once more")
	require.NoError(t, b.says("node-1", patch.Restarting, ""))
	j := b.job("node-1")
	require.Equal(t, patch.Counts{Pending: 1, Restarting: 1}, j.Counts(b.now), "a restart is waited for")
	require.Equal(t, patch.RingOpen, b.advance().Progress[0].State)
	require.NoError(t, b.says("node-1", patch.Done, ""))
	require.NoError(t, b.says("node-2", patch.Skipped, "it is switched off"))
	refused(t, b.says("node-2", patch.Running, ""), "node-2 is skipped")
	_, err := b.cycles.Report(t.Context(), ada(), j.ID, patch.Report{Target: "node-9", Result: patch.Running})
	refused(t, err, "node-9 is no target of it")
	require.Len(t, b.told("job."), 4, "who says the same again tells nothing")
	b.now = b.now.Add(20 * 24 * time.Hour)
	late := b.job("node-3")
	require.Equal(t, 1, late.Counts(b.now).Late)
}

func TestWhoIsMissedIsToldBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	want := patch.Want{Targets: nodes(), Free: func(c servicecoin.CustomerID, _ servicecoin.ServiceID) (calendar.Set, error) {
		if c == "birch" {
			return calendar.SetOf(calendar.Between(friday().Add(80*time.Hour), friday().Add(90*time.Hour))), nil
		}
		return calendar.SetOf(terms().During), nil
	}}
	c, plan, err := b.cycles.Plan(t.Context(), ada(), "openssl", terms(), want)
	require.NoError(t, err)
	require.Len(t, plan.Missed, 5, "the second ring waits for birch, too")
	missed, err := b.cycles.Missed(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, plan.Missed, missed)
	_, err = b.cycles.Begin(t.Context(), ada(), "openssl", "")
	refused(t, err, "5 of 7 targets have no slot before their deadline")
	b.begin("birch knows")
	_, _, err = b.cycles.Plan(t.Context(), ada(), "openssl", terms(), want)
	require.ErrorIs(t, err, servicecoin.ErrExists)
}

func TestPlannedAnew(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plan(nodes()...)
	b.begin("")
	b.done("node-1")
	require.NoError(t, b.says("node-2", patch.Skipped, "it is switched off"))
	stays, moves := b.job("node-1"), b.job("node-4")
	b.now = b.now.Add(30 * time.Hour)
	list := append(nodes(), node(8, "alder", "rest"))
	c, plan, err := b.cycles.Replan(t.Context(), ada(), "openssl", "the deadline was brought forward", patch.Want{Targets: list[1:], Free: always(terms().During)})
	require.NoError(t, err)
	require.Equal(t, 2, c.Edition)
	require.Len(t, plan.Slots, 7, "all but the one that is done")
	for _, s := range plan.Slots {
		require.False(t, s.During.Start.Before(b.now), "nothing is planned in the past: %v", s)
	}
	require.Equal(t, stays.ID, b.job("node-1").ID)
	require.NotEqual(t, stays.ID, b.job("node-2").ID, "what was skipped has another slot")
	require.NotEqual(t, moves.ID, b.job("node-4").ID)
	require.Equal(t, 1, b.job("node-8").Ring)
	_, err = b.cycles.Report(t.Context(), ada(), moves.ID, patch.Report{Target: "node-4", Result: patch.Running})
	refused(t, err, "it has another slot")
	var replaced []patch.JobID
	for j, err := range b.cycles.Replaced("openssl", 2).All(t.Context()) {
		require.NoError(t, err)
		replaced = append(replaced, j.ID)
	}
	require.Contains(t, replaced, moves.ID)
	require.NotContains(t, replaced, stays.ID)

	// A ring that is over takes nothing more: what would be its is the next one's.
	b.done("node-2", "node-3")
	_, err = b.cycles.GoAhead(t.Context(), ada(), "openssl", "fine")
	require.NoError(t, err)
	b.advance()
	b.now = b.now.Add(4 * time.Hour)
	require.Equal(t, 1, b.advance().Ring)
	list = append(list, node(9, "birch", "pilot"))
	_, _, err = b.cycles.Replan(t.Context(), ada(), "openssl", "one more was found", patch.Want{Targets: list, Free: always(terms().During)})
	require.NoError(t, err)
	require.Equal(t, 1, b.job("node-9").Ring)
}

// TestHalfPlanned kills planning in the middle: nobody sees what it left, and the next
// attempt takes it away.
func TestHalfPlanned(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plan(nodes()...)
	b.begin("")
	before, cutOff := b.job("node-4"), 0
	for calls := range 12 {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		want := patch.Want{Targets: nodes(), Free: always(terms().During)}
		view := b.s.For(servicecoin.Provider)
		cut := patch.NewCycles(view, nil)
		countdown := &cutting{Context: ctx, after: calls * 3, n: &n, cancel: cancel}
		c, _, err := cut.Replan(countdown, ada(), "openssl", "again", want)
		cancel()
		if err == nil {
			require.Greater(t, c.Edition, 1)
			continue
		}
		cutOff++
		got, err := b.cycles.Get(t.Context(), "openssl")
		require.NoError(t, err)
		if got.Edition == 1 {
			require.Equal(t, before.ID, b.job("node-4").ID)
		}
	}
	require.Greater(t, cutOff, 3)
	c, _, err := b.cycles.Replan(t.Context(), ada(), "openssl", "at last", patch.Want{Targets: nodes(), Free: always(terms().During)})
	require.NoError(t, err)
	seen := map[servicecoin.ConfigurationID]int{}
	for j, err := range b.cycles.Jobs(c).All(t.Context()) {
		require.NoError(t, err)
		require.Zero(t, j.Until)
		for _, task := range j.Tasks {
			seen[task.Target]++
		}
	}
	require.Len(t, seen, 7)
	for id, n := range seen {
		require.Equal(t, 1, n, id)
	}
}

// cutting is a context that is cancelled after it was asked so many times.
type cutting struct {
	context.Context //nolint:containedctx // it is one

	after  int
	n      *int
	cancel context.CancelFunc
}

func (c *cutting) Err() error {
	if *c.n++; *c.n > c.after {
		c.cancel()
	}
	return c.Context.Err()
}

func TestWhatIsNoCycle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	bad := terms()
	bad.Name, bad.WayBack, bad.Advisories = "", 2*time.Hour, []patch.AdvisoryID{"a-1", "a-1", ""}
	_, _, err := b.cycles.Plan(t.Context(), ada(), "openssl", bad, patch.Want{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	for _, text := range []string{"name", "wayBack", "advisories[1]", "advisories[2]"} {
		require.ErrorContains(t, err, text)
	}
	worse := bad
	worse.During, worse.Rings = calendar.Interval{}, []patch.Ring{{Soak: -1}}
	for _, text := range []string{"name", "wayBack", "advisories[1]", "during", "rings[0].name", "rings[0].soak"} {
		require.ErrorContains(t, worse.Validate(), text, "all at once")
		_, _, err = b.cycles.Plan(t.Context(), ada(), "openssl", worse, patch.Want{})
		require.ErrorContains(t, err, text)
	}
	require.NoError(t, terms().Validate())
	worse.Rings = make([]patch.Ring, 10_000)
	require.ErrorContains(t, worse.Validate(), "rings")
	require.NotContains(t, worse.Validate().Error(), "rings[0]", "what is too many is not looked at")
	blind := terms()
	blind.Advisories = nil
	_, _, err = b.cycles.Plan(t.Context(), ada(), "openssl", blind, patch.Want{})
	require.ErrorContains(t, err, "a cycle without advisories wants no version that could be seen")
	_, _, err = b.cycles.Plan(t.Context(), ada(), "openssl", terms(), patch.Want{Targets: nodes()})
	require.ErrorContains(t, err, "free")
	_, err = b.cycles.Get(t.Context(), "openssl")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

func TestManyTargets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var list []patch.Target
	for n := range 3000 {
		x := node(n, servicecoin.CustomerID(fmt.Sprintf("c-%02d", n%7)), "rest")
		x.Deadline = friday().Add(time.Minute)
		list = append(list, x)
	}
	c := b.plan(list...)
	require.Equal(t, 3000, c.Missed)
	tasks := 0
	for j, err := range b.cycles.Jobs(c).All(t.Context()) {
		require.NoError(t, err)
		require.LessOrEqual(t, len(j.Tasks), 200)
		tasks += len(j.Tasks)
	}
	require.Equal(t, 3000, tasks)
	missed, err := b.cycles.Missed(t.Context(), c)
	require.NoError(t, err)
	require.Len(t, missed, 3000)
}

func TestForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plan(nodes()...)
	b.begin("")
	b.done("node-1", "node-3")
	before, err := b.cycles.Board(t.Context(), "openssl")
	require.NoError(t, err)
	require.NoError(t, b.cycles.Forget(t.Context(), ada(), "birch"))
	after, err := b.cycles.Board(t.Context(), "openssl")
	require.NoError(t, err)
	require.Equal(t, before.Total.Total(), after.Total.Total())
	require.Equal(t, patch.Counts{Pending: 3, Done: 2, Skipped: 2}, after.Total, "nobody waits for what is theirs")
	for _, r := range after.Rings {
		for _, j := range r.Jobs {
			require.NotEqual(t, servicecoin.CustomerID("birch"), j.Customer)
			for _, task := range j.Tasks {
				require.NotContains(t, []servicecoin.ConfigurationID{"node-3", "node-6", "node-7"}, task.Target)
			}
		}
	}
	for j, err := range b.cycles.OfCustomer("birch").All(t.Context()) {
		t.Errorf("%v %v", j, err)
	}
}

func TestBound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plan(nodes()...)
	j := b.job("node-1")
	_, err := b.cycles.Bind(t.Context(), ada(), j.ID, "chg-1", "it collides")
	require.NoError(t, err)
	got, err := b.cycles.OfChange(t.Context(), "chg-1")
	require.NoError(t, err)
	require.Equal(t, []any{j.ID, "it collides"}, []any{got.ID, got.Stuck})
	_, err = b.cycles.Bind(t.Context(), ada(), j.ID, "chg-2", "")
	refused(t, err, "it is change chg-1 already")
	_, err = b.cycles.OfChange(t.Context(), "chg-2")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	why, err := b.cycles.Keeps(t.Context(), got)
	require.NoError(t, err)
	require.Equal(t, "the cycle is planned", why)
}

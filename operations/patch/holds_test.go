package patch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// TestNobodyLookedInBetween: two looks that find the same say nothing of the months between
// them.
func TestNobodyLookedInBetween(t *testing.T) {
	t.Parallel()
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return hour(1000) }})
	seen := patch.NewSightings(s.For("alder"))
	tz := patch.Component{Name: "tzdata", Version: "2026a"}
	require.NoError(t, seen.See(t.Context(), ada(), patch.Spotted{Target: "node-1", At: hour(1), Components: []patch.Component{openssl("3.0.14"), tz}}))
	back := patch.Spotted{Target: "node-1", At: hour(500), Before: hour(2), Lost: true, Components: []patch.Component{openssl("3.0.14"), tz}}
	require.NoError(t, seen.See(t.Context(), ada(), back))
	require.NoError(t, seen.See(t.Context(), ada(), back), "the same look once more")
	list, err := seen.Of(t.Context(), "node-1", hour(510), hour(500))
	require.NoError(t, err)
	require.Len(t, list, 4)
	for at, want := range map[int]patch.Condition{1: patch.Compliant, 13: patch.Compliant, 15: patch.NotKnown, 300: patch.NotKnown, 499: patch.NotKnown, 500: patch.Compliant, 510: patch.Compliant} {
		got, err := patch.Comply(patch.Look{
			At: hour(at), Advisory: leak(t), Sightings: list, Fresh: 12 * time.Hour,
			Targets: []patch.Target{{ID: "node-1", Customer: "alder", Components: []patch.Component{openssl("")}}},
		})
		require.NoError(t, err)
		require.Equal(t, want, got.Rows[0].Condition, "at %d: %s", at, got.Rows[0].Why)
	}
	events, err := s.For("alder").Events(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, events, 1, "no other version was seen")
}

// TestAnExemptionThatIsGrantedAgain: what held before still did.
func TestAnExemptionThatIsGrantedAgain(t *testing.T) {
	t.Parallel()
	now := friday()
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	x := patch.NewExemptions(s.For("alder"))
	for _, at := range []int{0, 30, 100} { // for a day and a half each
		now = hour(at)
		_, err := x.Grant(t.Context(), ada(), "node-1", "a-1", hour(at+36), "it is switched off")
		require.NoError(t, err)
	}
	var list []patch.Exemption
	for e, err := range x.Of("a-1").All(t.Context()) {
		require.NoError(t, err)
		list = append(list, e)
	}
	require.Len(t, list, 3)
	for at, want := range map[int]patch.Condition{10: patch.Exempt, 29: patch.Exempt, 30: patch.Exempt, 65: patch.Exempt, 66: patch.NonCompliant, 99: patch.NonCompliant, 100: patch.Exempt, 136: patch.NonCompliant} {
		got, err := patch.Comply(patch.Look{
			At: hour(at), Advisory: leak(t), Targets: []patch.Target{{ID: "node-1", Customer: "alder", Components: []patch.Component{openssl("")}}},
			Sightings: []patch.Sighting{{Target: "node-1", Component: openssl("3.0.1"), At: friday()}}, Exemptions: list,
		})
		require.NoError(t, err)
		require.Equal(t, want, got.Rows[0].Condition, "at %d", at)
	}
	held, err := x.Get(t.Context(), "node-1", "a-1")
	require.NoError(t, err)
	require.Equal(t, hour(136), held.Until)
}

// TestWhatFailsIsRecorded: however much is said of a job's targets, and in whatever letters.
func TestWhatFailsIsRecorded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var list []patch.Target
	for n := range 200 {
		x := node(n, "alder", "rest")
		x.ID, x.Service = servicecoin.ConfigurationID(fmt.Sprintf("%s-%03d", strings.Repeat("n", 190), n)), servicecoin.ServiceID(strings.Repeat("s", 200))
		list = append(list, x)
	}
	b.plan(list...)
	b.begin("")
	b.advance()
	_, err := b.cycles.GoAhead(t.Context(), ada(), "openssl", "there is no pilot")
	require.NoError(t, err)
	require.Equal(t, 1, b.advance().Ring)
	id := b.job(list[0].ID).ID
	for _, result := range []patch.Result{patch.Running, patch.Failed} {
		var reports []patch.Report
		for _, x := range list {
			reports = append(reports, patch.Report{Target: x.ID, Result: result, Why: strings.Repeat("<漢", 200), Run: strings.Repeat("r", 200)})
		}
		_, err := b.cycles.Report(t.Context(), ada(), id, reports...)
		require.NoError(t, err)
	}
	c, err := b.cycles.Get(t.Context(), "openssl")
	require.NoError(t, err)
	require.Equal(t, patch.CycleHalted, c.State)
	require.Equal(t, 200, c.Progress[1].Failed)
}

// TestWhatIsSkippedElsewhere: a target that has another slot is skipped there.
func TestWhatIsSkippedElsewhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plan(nodes()...)
	b.begin("")
	old := b.job("node-4")
	_, _, err := b.cycles.Replan(t.Context(), ada(), "openssl", "again", patch.Want{Targets: nodes(), Free: always(terms().During)})
	require.NoError(t, err)
	_, err = b.cycles.Report(t.Context(), ada(), old.ID, patch.Report{Target: "node-4", Result: patch.Skipped, Why: "it is switched off"})
	refused(t, err, "it has another slot")
	require.NoError(t, b.says("node-4", patch.Skipped, "it is switched off"))
}

// TestWhatFailsInARingThatPassed is forgiven with all others, when a person resumes.
func TestWhatFailsInARingThatPassed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plan(nodes()...)
	b.begin("")
	b.done("node-1", "node-2", "node-3")
	_, err := b.cycles.GoAhead(t.Context(), ada(), "openssl", "fine")
	require.NoError(t, err)
	b.advance()
	b.now = b.now.Add(5 * time.Hour)
	require.Equal(t, 1, b.advance().Ring)
	require.NoError(t, b.says("node-1", patch.Failed, "it does not start any more"))
	c, err := b.cycles.Resume(t.Context(), ada(), "openssl", "it is of that node alone")
	require.NoError(t, err)
	require.Equal(t, 1, c.Progress[0].Forgiven)
	require.NoError(t, b.says("node-2", patch.Failed, "nor does this one"))
	c, err = b.cycles.Get(t.Context(), "openssl")
	require.NoError(t, err)
	require.Contains(t, c.Halted, `ring "pilot": 1 failed, its gate allows 0`)
}

// TestACycleHasRoomForItsEnd: however long its history is, it can be halted and cancelled;
// and a pilot that lacks something of each target is no reason to plan nothing.
func TestACycleHasRoomForItsEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	list := nodes()
	for n := range 500 {
		x := node(100+n, "alder", "rest")
		x.Labels["host"] = fmt.Sprintf("%d%s", n, strings.Repeat("h", 490))
		list = append(list, x)
	}
	c := b.plan(list...)
	require.Len(t, c.Plan[0].Lacks, 101)
	require.Equal(t, "and 401 more", c.Plan[0].Lacks[100])
	b.begin("")
	long := strings.Repeat("<", 8000)
	var err error
	for range 30 {
		b.now = b.now.Add(time.Minute)
		_, err = b.cycles.Halt(t.Context(), ada(), "openssl", long)
		require.NoError(t, err)
		if _, err = b.cycles.Resume(t.Context(), ada(), "openssl", "go on"); err != nil {
			break
		}
	}
	require.ErrorContains(t, err, "too-large", "it ends some time")
	_, err = b.cycles.Cancel(t.Context(), ada(), "openssl", long)
	require.NoError(t, err)
}

package adoption_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
)

var (
	nine     = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	ada      = servicecoin.Person("ada")
	bob      = servicecoin.Client("bob")
	exchange = servicecoin.Program("exchange")
)

func after(minutes int) time.Time { return nine.Add(time.Duration(minutes) * time.Minute) }

const (
	ordering  = "before ordering"
	firstUse  = "before first use"
	firstDays = "within 30 days of first use"
)

func template() adoption.Template {
	return adoption.Template{
		Service: "mail", Title: "Mail",
		Points: []adoption.Point{{Name: ordering}, {Name: firstUse, WithinDays: 14}, {Name: firstDays, WithinDays: 30}},
		Prerequisites: []adoption.Prerequisite{
			{ID: "training", Text: "Somebody was trained", Due: firstDays, Force: adoption.Warning, Owner: adoption.CustomerSide},
			{ID: "contract", Text: "The contract is signed", Due: ordering, Force: adoption.Blocking, Owner: adoption.CustomerSide, Wanted: "the signed contract"},
			{ID: "domain", Text: "The domain is verified", Due: firstUse, Force: adoption.Blocking, Owner: adoption.CustomerSide},
			{ID: "firewall", Text: "The ports are open", Due: firstUse, Force: adoption.Blocking, Owner: adoption.ProviderSide},
			{ID: "owner", Text: "Somebody owns the service", Due: ordering, Force: adoption.Warning, Owner: adoption.CustomerSide},
		},
	}
}

// way is the template as it is published: its points.
func way() adoption.Template {
	t := template()
	t.Prerequisites = nil
	return t
}

func begun(t require.TestingT) adoption.Onboarding {
	o, err := adoption.Begin(exchange, nine, "sub-1", template())
	require.NoError(t, err)
	return o
}

func said(text string) adoption.Evidence { return adoption.Evidence{Text: text} }

func refused(t *testing.T, err error, from, text string) {
	t.Helper()
	r, ok := errors.AsType[*servicecoin.RefusedError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, from, r.From)
	require.Contains(t, r.Error(), text)
	require.Equal(t, "sub-1", r.Subject.ID)
}

func TestReachNamesEachBlocker(t *testing.T) {
	t.Parallel()
	o := begun(t)
	err := o.Reach(ada, after(1), firstUse)
	refused(t, err, "running", "contract (The contract is signed), due before ordering; domain (The domain is verified), due before first use; firewall")
	require.NotContains(t, err.Error(), "training")
	require.NotContains(t, err.Error(), "owner (", "a warning blocks nothing")
	require.Empty(t, o.Reached)

	refused(t, o.Reach(ada, after(1), ordering), "running", "contract")
	require.NoError(t, o.Meet(bob, after(2), "contract", said("signed on paper, number 4711")))
	require.NoError(t, o.Reach(ada, after(3), ordering))
	require.Equal(t, []adoption.PrerequisiteID{"owner"}, o.Reached[0].Warnings, "it passes, and what was missing is kept")
	refused(t, o.Reach(ada, after(4), ordering), "running", "lies behind")

	require.NoError(t, o.Meet(bob, after(5), "domain", adoption.Evidence{Link: "https://example.org/verified"}))
	require.NoError(t, o.Meet(ada, after(6), "firewall", said("change 12")))
	require.NoError(t, o.Reach(exchange, after(7), firstUse))
	require.NoError(t, o.Reach(exchange, after(8), firstDays))
	require.Equal(t, adoption.Complete, o.State)
	require.Equal(t, after(8), o.EndedAt)
	require.Equal(t, []adoption.PrerequisiteID{"owner", "training"}, o.Reached[2].Warnings)
	require.Empty(t, o.Tasks(after(9)), "nothing is to be done once it is over")
	require.NoError(t, o.Validate())
	refused(t, o.Meet(bob, after(9), "training", said("x")), "complete", "nothing changes any more")
}

func TestALaterPointLeavesTheEarlierBehind(t *testing.T) {
	t.Parallel()
	o := begun(t)
	for _, id := range []adoption.PrerequisiteID{"contract", "domain", "firewall"} {
		require.NoError(t, o.Meet(ada, after(1), id, said("x")))
	}
	require.NoError(t, o.Reach(ada, after(2), firstUse))
	refused(t, o.Reach(ada, after(3), ordering), "running", `"before ordering" lies behind`)
	require.Equal(t, after(2), o.Checklist(after(3)).Points[0].ReachedAt)
	require.Equal(t, 2, o.Progress(after(3)).Behind)
}

func TestExpiredEvidenceIsUnmetAtThatTime(t *testing.T) {
	t.Parallel()
	o := begun(t)
	e := said("certificate")
	e.Expires = after(60)
	require.NoError(t, o.Meet(bob, after(10), "contract", e))
	i, ok := o.Item("contract")
	require.True(t, ok)
	require.Equal(t, adoption.Open, i.Status(after(9)), "not yet given")
	require.Equal(t, adoption.Met, i.Status(after(10)))
	require.Equal(t, adoption.Met, i.Status(after(60).Add(-time.Microsecond)))
	require.Equal(t, adoption.Expired, i.Status(after(60)), "at that instant it proves nothing")

	refused(t, o.Reach(ada, after(60), ordering), "running", "contract (The contract is signed), due before ordering, expired at 2026-03-01T10:00:00Z")
	require.Equal(t, adoption.Progress{Total: 5, Open: 4, Expired: 1, Blocking: 3, Points: 3}, o.Progress(after(60)))
	ahead := o
	require.NoError(t, ahead.Reach(ada, after(59), ordering))
	// A point that was reached in time stays; the next one asks again.
	require.NoError(t, ahead.Meet(bob, after(61), "domain", said("x")))
	require.NoError(t, ahead.Meet(ada, after(61), "firewall", said("x")))
	refused(t, ahead.Reach(ada, after(62), firstUse), "running", "contract")
	require.NoError(t, ahead.Meet(bob, after(63), "contract", said("renewed")))
	require.NoError(t, ahead.Reach(ada, after(64), firstUse))
}

func TestWhatIsDueNext(t *testing.T) {
	t.Parallel()
	o := begun(t)
	ids := func(tasks []adoption.Task) (list []adoption.PrerequisiteID) {
		for _, x := range tasks {
			list = append(list, x.ID)
		}
		return list
	}
	require.Equal(t, []adoption.PrerequisiteID{"contract", "owner", "domain", "firewall", "training"}, ids(o.Tasks(after(1))))
	step, ok := o.Next(after(1))
	require.True(t, ok)
	require.Equal(t, ordering, step.Point.Name)
	require.Zero(t, step.DueBy, "no day is set")
	require.Equal(t, []adoption.PrerequisiteID{"contract", "owner"}, ids(step.Tasks))
	require.True(t, step.Blocked())
	require.False(t, o.Late(after(99999999)))
	require.Equal(t, []adoption.PrerequisiteID{"contract"}, ids(o.Blockers(ordering, after(1))))
	require.Equal(t, []adoption.PrerequisiteID{"owner"}, ids(o.Warnings(ordering, after(1))))
	require.Empty(t, o.Blockers("no such point", after(1)))

	require.NoError(t, o.Meet(bob, after(2), "contract", said("x")))
	step, _ = o.Next(after(2))
	require.False(t, step.Blocked())
	require.NoError(t, o.Reach(ada, after(3), ordering))
	step, _ = o.Next(after(4))
	by := after(3).AddDate(0, 0, 14)
	require.Equal(t, by, step.DueBy, "so many days after the point before it")
	require.Equal(t, []adoption.PrerequisiteID{"owner", "domain", "firewall"}, ids(step.Tasks), "what was left behind is still to be done")
	require.False(t, o.Late(by), "at that instant it is not late yet")
	require.True(t, o.Late(by.Add(time.Microsecond)))

	want := adoption.Progress{Total: 5, Met: 1, Open: 4, Blocking: 2, Points: 3, Behind: 1}
	require.Equal(t, want, o.Progress(after(4)))
}

// evidence calls each verb of a prerequisite.
func evidence() map[string]func(o *adoption.Onboarding, at time.Time) error {
	return map[string]func(o *adoption.Onboarding, at time.Time) error{
		adoption.VerbMeetPrerequisite: func(o *adoption.Onboarding, at time.Time) error {
			e := said("x")
			e.Expires = at.Add(10 * time.Minute)
			return o.Meet(ada, at, "contract", e)
		},
		adoption.VerbWaivePrerequisite: func(o *adoption.Onboarding, at time.Time) error {
			return o.Waive(ada, at, "contract", "an old customer")
		},
		adoption.VerbWithdrawPrerequisite: func(o *adoption.Onboarding, at time.Time) error { return o.Withdraw(ada, at, "contract", "forged") },
	}
}

// The table of prerequisites is what the methods do: every status, every verb.
func TestPrerequisiteTransitionsAreTheTable(t *testing.T) {
	t.Parallel()
	ways := map[adoption.Status]struct {
		verb string
		at   int
	}{
		adoption.Open: {"", 2}, adoption.Met: {adoption.VerbMeetPrerequisite, 2}, adoption.Expired: {adoption.VerbMeetPrerequisite, 30}, adoption.Waived: {adoption.VerbWaivePrerequisite, 2},
	}
	allowed := map[string]adoption.Status{}
	for _, x := range adoption.PrerequisiteTransitions() {
		require.NotEmpty(t, x.Guards)
		allowed[string(x.From)+" "+x.Verb] = x.To
	}
	tried := 0
	for _, from := range adoption.Statuses() {
		for verb, call := range evidence() {
			o := begun(t)
			way := ways[from]
			if way.verb != "" {
				require.NoError(t, evidence()[way.verb](&o, after(1)))
			}
			i, _ := o.Item("contract")
			require.Equal(t, from, i.Status(after(way.at)))
			before := o
			err := call(&o, after(way.at))
			tried++
			if to, ok := allowed[string(from)+" "+verb]; ok {
				require.NoError(t, err, "%s when %s", verb, from)
				i, _ = o.Item("contract")
				require.Equal(t, to, i.Status(after(way.at)))
				require.NoError(t, o.Validate())
				continue
			}
			refused(t, err, string(from), "is allowed when it is")
			require.Empty(t, cmp.Diff(before, o), "a refused verb changes nothing")
		}
	}
	require.Equal(t, 12, tried)
}

// The table of onboardings is what the methods do: every state, every verb.
func TestTransitionsAreTheTable(t *testing.T) {
	t.Parallel()
	paths := map[adoption.State]func(o *adoption.Onboarding) error{
		adoption.Running:   func(*adoption.Onboarding) error { return nil },
		adoption.Complete:  func(o *adoption.Onboarding) error { return o.Reach(ada, after(2), firstDays) },
		adoption.Cancelled: func(o *adoption.Onboarding) error { return o.Cancel(ada, after(2), "left") },
	}
	calls := map[string]func(o *adoption.Onboarding) error{
		adoption.VerbReachPoint + " running":         func(o *adoption.Onboarding) error { return o.Reach(ada, after(3), firstUse) },
		adoption.VerbReachPoint + " complete":        func(o *adoption.Onboarding) error { return o.Reach(ada, after(3), firstDays) },
		adoption.VerbCancelOnboarding + " cancelled": func(o *adoption.Onboarding) error { return o.Cancel(ada, after(3), "left") },
	}
	allowed := map[string]bool{}
	for _, x := range adoption.Transitions() {
		require.NotEmpty(t, x.Guards)
		allowed[fmt.Sprintf("%s %s %s", x.From, x.Verb, x.To)] = true
	}
	require.Len(t, paths, len(adoption.States()))
	for _, from := range adoption.States() {
		for name, call := range calls {
			o := begun(t)
			for _, id := range []adoption.PrerequisiteID{"contract", "domain", "firewall"} {
				require.NoError(t, o.Waive(ada, after(1), id, "x"))
			}
			require.NoError(t, paths[from](&o))
			require.Equal(t, from, o.State)
			before := o
			err := call(&o)
			if allowed[string(from)+" "+name] {
				require.NoError(t, err)
				require.Equal(t, name, strings.Fields(name)[0]+" "+string(o.State))
				require.Equal(t, o.State.Terminal(), !o.EndedAt.IsZero())
				require.NoError(t, o.Validate())
				continue
			}
			refused(t, err, string(from), "is allowed when it is running")
			require.Empty(t, cmp.Diff(before, o), "a refused verb changes nothing")
		}
	}
}

func TestGuards(t *testing.T) {
	t.Parallel()
	dated := func(e adoption.Evidence, at time.Time) adoption.Evidence { e.Expires = at; return e }
	for name, c := range map[string]struct {
		do   func(o *adoption.Onboarding) error
		want error
		text string
	}{
		"met before it began": {func(o *adoption.Onboarding) error { return o.Meet(bob, after(-1), "contract", said("x")) }, servicecoin.ErrRefused, "began at"},
		"reached before":      {func(o *adoption.Onboarding) error { return o.Reach(ada, after(-1), ordering) }, servicecoin.ErrRefused, "not yet where"},
		"no time":             {func(o *adoption.Onboarding) error { return o.Meet(bob, time.Time{}, "contract", said("x")) }, servicecoin.ErrInvalid, "at"},
		"nobody":              {func(o *adoption.Onboarding) error { return o.Reach(servicecoin.Actor{}, after(1), ordering) }, servicecoin.ErrInvalid, "by.kind"},
		"an unknown one":      {func(o *adoption.Onboarding) error { return o.Meet(bob, after(1), "pony", said("x")) }, servicecoin.ErrInvalid, "prerequisite"},
		"an unknown point":    {func(o *adoption.Onboarding) error { return o.Reach(ada, after(1), "someday") }, servicecoin.ErrInvalid, "point"},
		"no evidence":         {func(o *adoption.Onboarding) error { return o.Meet(bob, after(1), "contract", said(" ")) }, servicecoin.ErrInvalid, "evidence.text"},
		"a link that runs": {func(o *adoption.Onboarding) error {
			return o.Meet(bob, after(1), "contract", adoption.Evidence{Link: "javascript:alert(1)"})
		}, servicecoin.ErrInvalid, "evidence.link"},
		"a relative link": {func(o *adoption.Onboarding) error {
			return o.Meet(bob, after(1), "contract", adoption.Evidence{Link: "/etc/passwd"})
		}, servicecoin.ErrInvalid, "evidence.link"},
		"a huge text": {func(o *adoption.Onboarding) error {
			return o.Meet(bob, after(1), "contract", said(strings.Repeat("x", 1001)))
		}, servicecoin.ErrInvalid, "evidence.text"},
		"expired when given": {func(o *adoption.Onboarding) error {
			return o.Meet(bob, after(1), "contract", dated(said("x"), after(1)))
		}, servicecoin.ErrInvalid, "evidence.expires"},
		"older than the last": {func(o *adoption.Onboarding) error {
			return errors.Join(o.Meet(bob, after(9), "contract", said("x")), o.Meet(bob, after(8), "contract", said("y")))
		}, servicecoin.ErrRefused, "it changed later"},
		"the provider's own":   {func(o *adoption.Onboarding) error { return o.Meet(bob, after(1), "firewall", said("x")) }, servicecoin.ErrRefused, "the provider sees to it"},
		"waived by a customer": {func(o *adoption.Onboarding) error { return o.Waive(bob, after(1), "contract", "I say so") }, servicecoin.ErrRefused, "by a person of the provider"},
		"waived by a program":  {func(o *adoption.Onboarding) error { return o.Waive(exchange, after(1), "contract", "rule 7") }, servicecoin.ErrRefused, "by a person of the provider"},
		"waived for nothing":   {func(o *adoption.Onboarding) error { return o.Waive(ada, after(1), "contract", " ") }, servicecoin.ErrInvalid, "reason"},
		"a waiver taken back": {func(o *adoption.Onboarding) error {
			return errors.Join(o.Waive(ada, after(1), "contract", "x"), o.Withdraw(bob, after(2), "contract", "no"))
		}, servicecoin.ErrRefused, "taken back by a person of the provider"},
		"withdrawn for nothing": {func(o *adoption.Onboarding) error {
			return errors.Join(o.Meet(bob, after(1), "contract", said("x")), o.Withdraw(bob, after(2), "contract", ""))
		}, servicecoin.ErrInvalid, "reason"},
		"cancelled for nothing": {func(o *adoption.Onboarding) error { return o.Cancel(ada, after(1), "") }, servicecoin.ErrInvalid, "reason"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := begun(t)
			err := c.do(&o)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.text)
			require.NoError(t, o.Validate())
		})
	}
}

// An onboarding that did not come out of the rules is looked at as a whole.
func TestOnboardingValidates(t *testing.T) {
	t.Parallel()
	o := begun(t)
	o.Service, o.State, o.BegunBy = "", "lost", servicecoin.Actor{}
	o.Items[0].Evidence = adoption.Evidence{At: after(-5), By: ada}
	o.Items[0].Waiver = adoption.Waiver{At: after(1)}
	o.Reached = []adoption.Reached{{Point: firstUse, At: after(5)}, {Point: ordering, At: after(4)}, {Point: "x", At: after(6)}}
	require.Subset(t, codes(o.Validate()), []string{
		"service required", "state unknown", "begunBy.kind unknown", "items[0].evidence.text required", "items[0].evidence.at out-of-order",
		"items[0] contradiction", "reached[1].point out-of-order", "reached[1].at out-of-order", "reached[2].point unknown",
	})
	o = begun(t)
	o.State = adoption.Complete
	require.Equal(t, []string{"state contradiction", "endedAt contradiction"}, codes(o.Validate()))
}

// Whatever is tried, in any order: an onboarding stays valid, an error changes
// nothing, and no point was ever reached over an unmet blocking prerequisite.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	actors := []servicecoin.Actor{ada, bob, exchange}
	ids := []adoption.PrerequisiteID{"contract", "domain", "firewall", "owner", "training"}
	rapid.Check(t, func(t *rapid.T) {
		o := begun(t)
		now := 0
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now += rapid.IntRange(-1, 5).Draw(t, "minutes")
			at := after(now)
			by := rapid.SampledFrom(actors).Draw(t, "by")
			id := rapid.SampledFrom(ids).Draw(t, "id")
			before, err := json.Marshal(o)
			require.NoError(t, err)
			blocked, reached := map[string]bool{}, len(o.Reached)
			for _, p := range o.Points {
				blocked[p.Name] = len(o.Blockers(p.Name, at)) > 0
			}
			switch rapid.IntRange(0, 4).Draw(t, "verb") {
			case 0:
				e := said("x")
				if rapid.Bool().Draw(t, "expires") {
					e.Expires = at.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "for")) * time.Minute)
				}
				err = o.Meet(by, at, id, e)
			case 1:
				err = o.Waive(by, at, id, "x")
			case 2:
				err = o.Withdraw(by, at, id, "x")
			case 3:
				err = o.Reach(by, at, rapid.SampledFrom(o.Points).Draw(t, "point").Name)
			case 4:
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					err = o.Cancel(by, at, "x")
				}
			}
			if err != nil {
				same, _ := json.Marshal(o)
				require.Equal(t, string(before), string(same), "%v", err)
			}
			if len(o.Reached) > reached {
				require.False(t, blocked[o.Reached[reached].Point])
			}
			require.NoError(t, o.Validate())
			p := o.Progress(at)
			require.Equal(t, p.Total, p.Met+p.Waived+p.Open+p.Expired)
			if !o.State.Terminal() {
				require.Len(t, o.Tasks(at), p.Open+p.Expired)
			}
		}
	})
}

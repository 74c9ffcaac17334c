package incident_test

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
	"github.com/servicecoin/servicecoin/incident"
)

var (
	nine = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	ada  = servicecoin.Person("ada")
)

func after(minutes int) time.Time { return nine.Add(time.Duration(minutes) * time.Minute) }

func opened(t require.TestingT) incident.Incident {
	i, err := incident.Open(ada, nine, incident.Report{
		ID: "i1", Title: "Mail is down", Headline: "Mail does not work",
		Effects: []incident.Effect{{Service: "mail", Level: incident.Outage, From: nine}}, Began: nine,
	})
	require.NoError(t, err)
	return i
}

// verbs calls each verb that changes the state, at a time.
func verbs() map[string]func(i *incident.Incident, at time.Time) error {
	return map[string]func(i *incident.Incident, at time.Time) error{
		incident.VerbAcknowledge: func(i *incident.Incident, at time.Time) error { return i.Acknowledge(ada, at) },
		incident.VerbHold:        func(i *incident.Incident, at time.Time) error { return i.Hold(ada, at, "the vendor looks at it") },
		incident.VerbResume:      func(i *incident.Incident, at time.Time) error { return i.Resume(ada, at) },
		incident.VerbResolve: func(i *incident.Incident, at time.Time) error {
			return i.Resolve(ada, at, incident.Resolution{Text: "restarted"})
		},
		incident.VerbReopen: func(i *incident.Incident, at time.Time) error { return i.Reopen(ada, at, "again") },
		incident.VerbClose:  func(i *incident.Incident, at time.Time) error { return i.Close(ada, at) },
		incident.VerbCancel: func(i *incident.Incident, at time.Time) error { return i.Cancel(ada, at, "a false alarm") },
	}
}

// The table of transitions is what the methods do: every state, every verb.
func TestTransitionsAreTheTable(t *testing.T) {
	t.Parallel()
	paths := map[incident.State][]string{
		incident.Reported: {}, incident.Acknowledged: {incident.VerbAcknowledge}, incident.Pending: {incident.VerbAcknowledge, incident.VerbHold},
		incident.Resolved: {incident.VerbResolve}, incident.Closed: {incident.VerbResolve, incident.VerbClose}, incident.Cancelled: {incident.VerbCancel},
	}
	allowed := map[string]incident.State{}
	for _, x := range incident.Transitions() {
		allowed[string(x.From)+" "+x.Verb] = x.To
	}
	require.Len(t, paths, len(incident.States()))
	tried := 0
	for state, path := range paths {
		for verb, call := range verbs() {
			i := opened(t)
			for n, v := range path {
				require.NoError(t, verbs()[v](&i, after(n+1)))
			}
			require.Equal(t, state, i.State)
			before := i
			err := call(&i, after(60))
			tried++
			if to, ok := allowed[string(state)+" "+verb]; ok {
				require.NoError(t, err, "%s in %s", verb, state)
				require.Equal(t, to, i.State)
				require.Len(t, i.Timeline, len(before.Timeline)+1, "every change leaves an entry")
				require.NoError(t, i.Validate())
				continue
			}
			refused, ok := errors.AsType[*servicecoin.RefusedError](err)
			require.True(t, ok, "%s in %s: %v", verb, state, err)
			require.Equal(t, string(state), refused.From)
			require.NotEmpty(t, refused.Why)
			require.Empty(t, cmp.Diff(before, i), "a refused verb changes nothing")
		}
	}
	require.Equal(t, len(incident.States())*len(verbs()), tried)
}

func TestGuards(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(i *incident.Incident) error
		want error
		text string
	}{
		"acknowledged before it was reported": {func(i *incident.Incident) error { return i.Acknowledge(ada, after(-1)) }, servicecoin.ErrRefused, "not yet where it is since"},
		"no time":                             {func(i *incident.Incident) error { return i.Acknowledge(ada, time.Time{}) }, servicecoin.ErrInvalid, "at"},
		"nobody":                              {func(i *incident.Incident) error { return i.Acknowledge(servicecoin.Actor{}, after(1)) }, servicecoin.ErrInvalid, "by.kind"},
		"resolved without a resolution":       {func(i *incident.Incident) error { return i.Resolve(ada, after(1), incident.Resolution{}) }, servicecoin.ErrInvalid, "resolution"},
		"restored before it began": {func(i *incident.Incident) error {
			return i.Resolve(ada, after(9), incident.Resolution{Text: "x", Restored: after(-5)})
		}, servicecoin.ErrRefused, "it began at"},
		"restored in the future": {func(i *incident.Incident) error {
			return i.Resolve(ada, after(9), incident.Resolution{Text: "x", Restored: after(10)})
		}, servicecoin.ErrInvalid, "restored"},
		"held without a reason": {func(i *incident.Incident) error {
			return errors.Join(i.Acknowledge(ada, after(1)), i.Hold(ada, after(2), " "))
		}, servicecoin.ErrInvalid, "reason"},
		"an effect before it began": {func(i *incident.Incident) error {
			return i.Affect(ada, after(1), incident.Effect{Service: "web", Level: incident.Outage, From: after(-1)})
		}, servicecoin.ErrInvalid, "effects[0].from"},
		"an effect in the future": {func(i *incident.Incident) error {
			return i.Affect(ada, after(1), incident.Effect{Service: "web", Level: incident.Outage, From: after(5)})
		}, servicecoin.ErrInvalid, "effects[0].from"},
		"a reversed effect": {func(i *incident.Incident) error {
			return i.Affect(ada, after(9), incident.Effect{Service: "web", Level: incident.Outage, From: after(5), Until: after(4)})
		}, servicecoin.ErrInvalid, "effects[0].until"},
		"an internal promise": {func(i *incident.Incident) error {
			return i.Note(ada, after(1), incident.Message{Text: "x", NextUpdateBy: after(30)})
		}, servicecoin.ErrInvalid, "nextUpdateBy"},
		"a promise in the past": {func(i *incident.Incident) error {
			return i.Note(ada, after(1), incident.Message{Text: "x", Audience: incident.Public, NextUpdateBy: after(0)})
		}, servicecoin.ErrInvalid, "nextUpdateBy"},
		"a follow-up of nobody":  {func(i *incident.Incident) error { return i.AddFollowUp(ada, after(1), "", after(60), "x") }, servicecoin.ErrInvalid, "owner"},
		"a follow-up due before": {func(i *incident.Incident) error { return i.AddFollowUp(ada, after(1), "bob", after(0), "x") }, servicecoin.ErrInvalid, "due"},
		"an unknown follow-up":   {func(i *incident.Incident) error { return i.CompleteFollowUp(ada, after(1), 7, "x") }, servicecoin.ErrInvalid, "number"},
		"a huge text": {func(i *incident.Incident) error {
			return i.Note(ada, after(1), incident.Message{Text: strings.Repeat("x", 5000)})
		}, servicecoin.ErrInvalid, "text"},
		"closed with open follow-ups": {func(i *incident.Incident) error {
			return errors.Join(i.AddFollowUp(ada, after(1), "bob", after(60), "write it down"), i.Resolve(ada, after(2), incident.Resolution{Text: "x"}), i.Close(ada, after(3)))
		}, servicecoin.ErrRefused, "1 of bob"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := opened(t)
			err := c.do(&i)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.text)
			require.NoError(t, i.Validate())
		})
	}
}

func TestFollowUpsAreFollowedUp(t *testing.T) {
	t.Parallel()
	i := opened(t)
	require.NoError(t, i.AddFollowUp(ada, after(1), "bob", after(60), "write it down"))
	require.NoError(t, i.AddFollowUp(ada, after(1), "eve", after(30), "order a disk"))
	require.Empty(t, i.OverdueFollowUps(after(30)), "at the instant it is due, it is not overdue")
	require.Len(t, i.OverdueFollowUps(after(31)), 1)
	require.NoError(t, i.MoveFollowUp(ada, after(31), 2, after(90), "out of stock"))
	require.Empty(t, i.OverdueFollowUps(after(31)))
	require.Equal(t, after(30), i.FollowUps[1].FirstDue, "the first promise stays")
	require.Equal(t, "out of stock", i.FollowUps[1].Moves[0].Reason)
	require.NoError(t, i.CompleteFollowUp(ada, after(40), 1, "done"))
	require.ErrorIs(t, i.DropFollowUp(ada, after(41), 1, "no"), servicecoin.ErrRefused)
	require.NoError(t, i.DropFollowUp(ada, after(41), 2, "not needed any more"))
	require.NoError(t, i.Resolve(ada, after(50), incident.Resolution{Text: "x"}))
	require.NoError(t, i.Close(ada, after(51)))
	require.ErrorIs(t, i.AddFollowUp(ada, after(52), "bob", after(60), "too late"), servicecoin.ErrRefused)
}

func TestMetricsAreUndefinedUntilTheyAreKnown(t *testing.T) {
	t.Parallel()
	i := opened(t)
	_, ok := i.TimeToAcknowledge()
	require.False(t, ok)
	_, ok = i.TimeToRestore()
	require.False(t, ok)
	require.NoError(t, i.Resolve(ada, after(20), incident.Resolution{Text: "x", Restored: after(15)}))
	_, ok = i.TimeToAcknowledge()
	require.False(t, ok, "resolving does not hide that nobody acknowledged")
	d, ok := i.TimeToRestore()
	require.True(t, ok)
	require.Equal(t, 15*time.Minute, d)
	require.Equal(t, after(15), i.Effects[0].Until)
}

func TestPromisedUpdates(t *testing.T) {
	t.Parallel()
	i := opened(t)
	say := func(at, next int) {
		m := incident.Message{Text: "working on it", Audience: incident.Public}
		if next > 0 {
			m.NextUpdateBy = after(next)
		}
		require.NoError(t, i.Note(ada, after(at), m))
	}
	say(1, 30)
	say(30, 60) // at the very instant: kept
	say(61, 90) // a minute late: missed
	require.Equal(t, incident.Adherence{Kept: 1, Missed: 1, Pending: 1}, incident.Adhered(i.PromisedUpdates(after(70))...))
	next, ok := i.NextUpdate(after(70))
	require.True(t, ok)
	require.Equal(t, after(90), next)
	require.NoError(t, i.Resolve(ada, after(80), incident.Resolution{Text: "x"}))
	require.Equal(t, incident.Adherence{Kept: 2, Missed: 1}, incident.Adhered(i.PromisedUpdates(after(200))...), "the end keeps the promise")
	require.Equal(t, incident.Adherence{Pending: 1}, incident.Adhered(i.PromisedUpdates(after(2))...), "as it was known then")
}

// Nothing internal gets out: every text of an incident is marked, and only what
// is meant for customers is found in the projection.
func TestPublicLeaksNothing(t *testing.T) {
	t.Parallel()
	secret := func(n int) string { return fmt.Sprintf("SECRET%d", n) }
	i, err := incident.Open(servicecoin.Person(servicecoin.PersonID(secret(4))), nine, incident.Report{
		ID: "i1", Title: secret(1), Description: secret(2), Headline: "open 1", Assignee: servicecoin.PersonID(secret(3)),
		Effects: []incident.Effect{{Service: "mail", Level: incident.Outage, From: nine}},
	})
	require.NoError(t, err)
	by := servicecoin.Actor{Kind: servicecoin.Human, ID: servicecoin.PersonID(secret(5)), OnBehalfOf: servicecoin.PersonID(secret(6))}
	require.NoError(t, i.Note(by, after(1), incident.Message{Text: secret(7)}))
	require.NoError(t, i.Note(by, after(2), incident.Message{Text: "open 2", Audience: incident.Public, NextUpdateBy: after(30)}))
	require.NoError(t, i.Acknowledge(by, after(3)))
	require.NoError(t, i.Hold(by, after(4), secret(8)))
	require.NoError(t, i.AddFollowUp(by, after(5), servicecoin.PersonID(secret(9)), after(60), secret(10)))
	require.NoError(t, i.MoveFollowUp(by, after(6), 1, after(70), secret(11)))
	require.NoError(t, i.CompleteFollowUp(by, after(7), 1, secret(12)))
	require.NoError(t, i.DeclareMajor(by, after(8), secret(13)))
	require.NoError(t, i.Resolve(by, after(9), incident.Resolution{Text: secret(14)}))
	require.NoError(t, i.Reopen(by, after(10), secret(15)))
	require.NoError(t, i.Redate(by, after(11), after(-9), secret(16)))
	all, err := json.Marshal(i)
	require.NoError(t, err)
	for n := range 16 {
		require.Contains(t, string(all), secret(n+1), "the test does not mark this field any more")
	}
	public, err := json.Marshal(i.Public())
	require.NoError(t, err)
	require.NotContains(t, string(public), "SECRET")
	require.Contains(t, string(public), "open 1")
	require.Contains(t, string(public), "open 2")
	require.Empty(t, i.Public().For("web").Effects)
	require.Len(t, i.Public().For("mail").Effects, 1)
}

// Whatever is tried, in any order: an incident stays valid, and an error
// changes nothing.
func TestAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		i := opened(t)
		names := []string{
			incident.VerbAcknowledge, incident.VerbHold, incident.VerbResume, incident.VerbResolve, incident.VerbReopen, incident.VerbClose, incident.VerbCancel,
			incident.VerbAffect, incident.VerbNote, incident.VerbAddFollowUp, incident.VerbCompleteFollowUp,
		}
		more := verbs()
		more[incident.VerbAffect] = func(i *incident.Incident, at time.Time) error {
			return i.Affect(ada, at, incident.Effect{Service: "web", Level: incident.Disruption, From: at.Add(-time.Minute)})
		}
		more[incident.VerbNote] = func(i *incident.Incident, at time.Time) error { return i.Note(ada, at, incident.Message{Text: "x"}) }
		more[incident.VerbAddFollowUp] = func(i *incident.Incident, at time.Time) error {
			return i.AddFollowUp(ada, at, "bob", at.Add(time.Hour), "x")
		}
		more[incident.VerbCompleteFollowUp] = func(i *incident.Incident, at time.Time) error { return i.CompleteFollowUp(ada, at, 1, "x") }
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			before, err := json.Marshal(i)
			require.NoError(t, err)
			verb := rapid.SampledFrom(names).Draw(t, "verb")
			err = more[verb](&i, after(rapid.IntRange(-5, 100).Draw(t, "at")))
			if err != nil {
				now, _ := json.Marshal(i)
				require.Equal(t, string(before), string(now), "%s: %v", verb, err)
			}
			require.NoError(t, i.Validate(), "after %s", verb)
		}
	})
}

package incident_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

type office struct {
	*incident.Desk
	store *store.Store
	now   *time.Time
}

func newOffice(t *testing.T) office {
	t.Helper()
	now, n := nine, 0
	s := store.New(memory.New(), &store.Options{
		Now: func() time.Time { return now }, NewID: func() string { n++; return fmt.Sprintf("id%d", n) },
	})
	return office{incident.New(s.For(servicecoin.Provider), nil), s, &now}
}

func outage(service servicecoin.ServiceID, from time.Time) incident.Effect {
	return incident.Effect{Service: service, Level: incident.Outage, From: from}
}

func (o office) effects(t *testing.T, service servicecoin.ServiceID, from, to int) (list []string) {
	t.Helper()
	found, err := o.Effects(t.Context(), service, calendar.Between(after(from), after(to)))
	require.NoError(t, err)
	for _, s := range found {
		for _, e := range s.Effects {
			until := "…"
			if !e.Until.IsZero() {
				until = e.Until.Format("15:04")
			}
			list = append(list, fmt.Sprintf("%s %s-%s", s.Incident, e.From.Format("15:04"), until))
		}
	}
	return list
}

func TestEffectsOfAService(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	a, err := o.Open(ctx, ada, incident.Report{ID: "a", Title: "a", Effects: []incident.Effect{outage("mail", nine), outage("web", nine)}})
	require.NoError(t, err)
	*o.now = after(60)
	_, err = o.Open(ctx, ada, incident.Report{ID: "b", Title: "b", Effects: []incident.Effect{outage("mail", after(60))}})
	require.NoError(t, err)
	require.Equal(t, []string{"a 09:00-…", "b 10:00-…"}, o.effects(t, "mail", 0, 120))
	require.Equal(t, []string{"a 09:00-…"}, o.effects(t, "mail", 0, 60), "half-open")
	require.Empty(t, o.effects(t, "mail", -60, 0))
	require.Empty(t, o.effects(t, "ma", 0, 120))
	*o.now = after(90)
	_, err = o.Resolve(ctx, ada, a.ID, incident.Resolution{Text: "x", Restored: after(30)})
	require.NoError(t, err)
	require.Equal(t, []string{"b 10:00-…"}, o.effects(t, "mail", 30, 120), "half-open")
	require.Equal(t, []string{"a 09:00-09:30"}, o.effects(t, "web", 0, 120))
	_, err = o.Cancel(ctx, ada, "b", "a false alarm")
	require.NoError(t, err)
	require.Equal(t, []string{"a 09:00-09:30"}, o.effects(t, "mail", 0, 120))
	_, err = o.Affect(ctx, ada, "a", incident.Effect{Number: 1, Service: "mail", Level: incident.Disruption, From: nine, Until: after(10)})
	require.NoError(t, err)
	require.Equal(t, []string{"a 09:00-09:10"}, o.effects(t, "mail", 0, 120))
}

func TestListings(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	for n := range 5 {
		*o.now = after(n)
		_, err := o.Open(ctx, ada, incident.Report{ID: servicecoin.IncidentID(strconv.Itoa(n)), Title: "x"})
		require.NoError(t, err)
	}
	*o.now = after(10)
	_, err := o.Acknowledge(ctx, ada, "1")
	require.NoError(t, err)
	_, err = o.Resolve(ctx, ada, "2", incident.Resolution{Text: "x"})
	require.NoError(t, err)
	_, err = o.AddFollowUp(ctx, ada, "2", "bob", after(60), "x")
	require.NoError(t, err)
	_, err = o.AddFollowUp(ctx, ada, "0", "bob", after(30), "x")
	require.NoError(t, err)
	names := func(seq func(func(incident.Incident, error) bool)) (list []string) {
		for i, err := range seq {
			require.NoError(t, err)
			list = append(list, string(i.ID))
		}
		return list
	}
	require.Equal(t, []string{"4", "3", "2", "1", "0"}, names(o.Recent().All(ctx)))
	require.Equal(t, []string{"4", "3", "1", "0"}, names(o.Live().All(ctx)))
	require.Equal(t, []string{"2"}, names(o.InState(incident.Resolved).All(ctx)))
	require.Equal(t, []string{"0", "2"}, names(o.OpenFollowUps().All(ctx)))
	require.Equal(t, []string{"0"}, names(o.WithOverdueFollowUps(after(45)).All(ctx)))
	page, err := o.Recent().Page(ctx, "", 2)
	require.NoError(t, err)
	next, err := o.Recent().Page(ctx, page.Next, 2)
	require.NoError(t, err)
	require.Equal(t, servicecoin.IncidentID("2"), next.Items[0].Value.ID)
}

func TestSixteenAtOnce(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	s := store.New(memory.New(), nil)
	desk := incident.New(s.For(servicecoin.Provider), nil)
	_, err := desk.Open(ctx, ada, incident.Report{ID: "a", Title: "x"})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 5 {
				if _, err := desk.Note(ctx, ada, "a", incident.Message{Text: "x"}); err != nil {
					t.Errorf("note: %v", err)
				}
			}
		})
	}
	wg.Wait()
	i, err := desk.Get(ctx, "a")
	require.NoError(t, err)
	require.Len(t, i.Timeline, 81)
	_, err = o.Get(ctx, "a")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

func TestRecordTakesInWhatIsWhole(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	i := opened(t)
	require.NoError(t, i.Resolve(ada, after(30), incident.Resolution{Text: "x"}))
	require.NoError(t, o.Record(ctx, ada, i))
	require.ErrorIs(t, o.Record(ctx, ada, i), servicecoin.ErrExists)
	require.Equal(t, []string{"i1 09:00-09:30"}, o.effects(t, "mail", 0, 120))
	i.ID, i.RestoredAt = "i2", after(-10)
	require.ErrorIs(t, o.Record(ctx, ada, i), servicecoin.ErrInvalid)
}

func TestForbidden(t *testing.T) {
	t.Parallel()
	var asked []string
	s := store.New(memory.New(), &store.Options{Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.Verb+" "+a.Subject.ID)
		return servicecoin.ErrForbidden
	}})
	desk, letters := incident.New(s.For(servicecoin.Provider), nil), incident.NewLetters(s.For("acme"))
	_, err := desk.Open(t.Context(), ada, incident.Report{ID: "a", Title: "x"})
	require.ErrorIs(t, err, servicecoin.ErrForbidden)
	_, err = desk.Resolve(t.Context(), ada, "a", incident.Resolution{Text: "x"})
	require.ErrorIs(t, err, servicecoin.ErrForbidden)
	_, err = letters.Send(t.Context(), ada, "c", "")
	require.ErrorIs(t, err, servicecoin.ErrForbidden)
	require.Equal(t, []string{"incident.open a", "incident.resolve a", "communication.send c"}, asked)
	events, err := s.Events(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Empty(t, events)
}

func TestLetters(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	letters := incident.NewLetters(o.store.For("acme"))
	draft, err := letters.Draft(ctx, servicecoin.Program("exchange"), incident.Addressee{Incident: "a", Path: []servicecoin.ServiceID{"shop", "mail"}}, incident.Letter{Subject: "Mail", Body: "Down.", NextUpdateBy: after(60)})
	require.NoError(t, err)
	require.Equal(t, servicecoin.CustomerID("acme"), draft.Customer)
	_, err = letters.Send(ctx, servicecoin.Program("exchange"), draft.ID, "")
	require.ErrorIs(t, err, servicecoin.ErrRefused, "a program needs a policy")
	_, err = letters.Send(ctx, servicecoin.Client("eve"), draft.ID, "")
	require.ErrorIs(t, err, servicecoin.ErrRefused, "the provider speaks")
	*o.now = after(90)
	_, err = letters.Send(ctx, ada, draft.ID, "")
	require.ErrorIs(t, err, servicecoin.ErrRefused, "the promise has passed")
	_, err = letters.Edit(ctx, ada, draft.ID, incident.Letter{Subject: "Mail", Body: "Still down.", NextUpdateBy: after(120)})
	require.NoError(t, err)
	sent, err := letters.Send(ctx, ada, draft.ID, "")
	require.NoError(t, err)
	require.Equal(t, incident.Sent, sent.State)
	_, err = letters.Discard(ctx, ada, draft.ID, "no")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = letters.On(o.store.For("globex")).Get(ctx, draft.ID)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	for range letters.Drafts().All(ctx) {
		t.Error("nothing waits to be sent")
	}
}

// Walk finds what is about each of some incidents, however many others lie between them.
func TestWalkLetters(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	letters := incident.NewLetters(o.store.For("acme"))
	want := map[servicecoin.IncidentID]int{}
	var ids []servicecoin.IncidentID
	for n := range 200 {
		id := servicecoin.IncidentID(fmt.Sprintf("i%03d", n))
		for range n % 3 {
			_, err := letters.Draft(ctx, ada, incident.Addressee{Incident: id}, incident.Letter{Subject: "s", Body: "b"})
			require.NoError(t, err)
		}
		if n < 5 || n%50 == 4 || n == 101 || n == 199 {
			ids, want[id] = append(ids, id), n%3
		}
	}
	ids = append(ids, "nobody knows it", ids[3], "i0041")
	found := map[servicecoin.IncidentID]int{}
	require.NoError(t, letters.Walk(ctx, ids, func(c *incident.Communication) { found[c.Incident]++ }))
	maps.DeleteFunc(want, func(_ servicecoin.IncidentID, n int) bool { return n == 0 })
	require.Equal(t, want, found)
	require.NoError(t, letters.Walk(ctx, nil, func(*incident.Communication) { t.Error("nothing was asked for") }))
}

var update = flag.Bool("update", false, "rewrite the golden files")

// The names and payloads of events are API.
func TestEventsAreAPI(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	must := func(_ any, err error) { t.Helper(); require.NoError(t, err) }
	must(o.Open(ctx, ada, incident.Report{ID: "a", Title: "x", Effects: []incident.Effect{outage("mail", nine)}}))
	*o.now = after(10)
	must(o.Assess(ctx, ada, "a", 1, 2))
	must(o.Assign(ctx, ada, "a", "bob"))
	must(o.Describe(ctx, ada, "a", incident.Description{Title: "y"}))
	must(o.DeclareMajor(ctx, ada, "a", "many"))
	must(o.Affect(ctx, ada, "a", outage("web", after(5))))
	must(o.Redate(ctx, ada, "a", after(-5), "the logs"))
	must(o.Acknowledge(ctx, ada, "a"))
	must(o.Hold(ctx, ada, "a", "vendor"))
	must(o.Resume(ctx, ada, "a"))
	must(o.Note(ctx, ada, "a", incident.Message{Text: "x"}))
	must(o.AddFollowUp(ctx, ada, "a", "bob", after(60), "x"))
	must(o.AddFollowUp(ctx, ada, "a", "bob", after(60), "y"))
	must(o.MoveFollowUp(ctx, ada, "a", 1, after(90), "x"))
	must(o.CompleteFollowUp(ctx, ada, "a", 1, "x"))
	must(o.DropFollowUp(ctx, ada, "a", 2, "x"))
	must(o.Resolve(ctx, ada, "a", incident.Resolution{Text: "x"}))
	must(o.Reopen(ctx, ada, "a", "again"))
	must(o.Resolve(ctx, ada, "a", incident.Resolution{Text: "x"}))
	must(o.Close(ctx, ada, "a"))
	must(o.Open(ctx, ada, incident.Report{ID: "b", Title: "x", Effects: []incident.Effect{outage("mail", after(10))}}))
	must(o.Cancel(ctx, ada, "b", "x"))
	i := opened(t)
	must(nil, o.Record(ctx, ada, i))
	letters := incident.NewLetters(o.store.For("acme"))
	for _, id := range []incident.CommunicationID{"c", "d"} {
		must(letters.Draft(ctx, ada, incident.Addressee{ID: id, Incident: "a"}, incident.Letter{Subject: "s", Body: "b"}))
	}
	must(letters.Edit(ctx, ada, "c", incident.Letter{Subject: "s", Body: "b"}))
	must(letters.Send(ctx, ada, "c", ""))
	must(letters.Discard(ctx, ada, "d", "no"))
	events, err := o.store.Events(ctx, 0, 100)
	require.NoError(t, err)
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%s %s %s\n", e.Name, e.Subject, e.Data)
	}
	const golden = "testdata/events.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

// What happened in an interval is found, however long it lasted, by an oracle that
// looks at everything.
func TestEffectsOfAnyLength(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := nine.AddDate(3, 0, 0)
		desk := incident.New(store.New(memory.New(), &store.Options{Now: func() time.Time { return now }}).For(servicecoin.Provider), nil)
		hours := rapid.SampledFrom([]int{1, 23, 24, 25, 24 * 31, 24 * 32, 24*32 + 1, 24 * 200})
		var all []incident.Effect
		for n := range rapid.IntRange(1, 12).Draw(t, "incidents") {
			e := incident.Effect{Service: "mail", Level: incident.Outage, From: nine.Add(time.Duration(rapid.IntRange(0, 24*300).Draw(t, "from")) * time.Hour)}
			r := incident.Report{ID: servicecoin.IncidentID(strconv.Itoa(n)), Title: "x", Effects: []incident.Effect{e}}
			if rapid.IntRange(0, 4).Draw(t, "ended") > 0 {
				r.Effects[0].Until = e.From.Add(time.Duration(hours.Draw(t, "hours")) * time.Hour)
			}
			i, err := desk.Open(context.Background(), ada, r)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, i.Effects[0])
		}
		for range 5 {
			from := nine.Add(time.Duration(rapid.IntRange(-10, 24*310).Draw(t, "start")) * time.Hour)
			during := calendar.Between(from, from.Add(time.Duration(hours.Draw(t, "length"))*time.Hour))
			want := 0
			for _, e := range all {
				if e.Overlaps(during) {
					want++
				}
			}
			found, err := desk.Effects(context.Background(), "mail", during)
			if err != nil || len(found) != want {
				t.Fatalf("%d found in %s, not %d (%v)", len(found), during, want, err)
			}
		}
	})
}

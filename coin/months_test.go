package coin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/slaroom"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// world is a coin with a clock that is set by hand, and a promise of 99.9 % on
// each of two services to acme.
type world struct {
	*coin.Coin

	exchange *store.Consumer
	now      time.Time
}

func newWorld(tb require.TestingT) *world {
	w := &world{now: time.Date(2026, 1, 30, 0, 0, 0, 0, time.UTC)}
	var services catalog.MemoryDirectory
	services.Set("mail", "Mail", "acme")
	services.Set("files", "Files", "acme")
	var err error
	w.Coin, err = coin.New(store.New(memory.New(), &store.Options{Now: func() time.Time { return w.now }}), &services, nil)
	require.NoError(tb, err)
	w.exchange, err = w.Exchange(nil)
	require.NoError(tb, err)
	for _, s := range []servicecoin.ServiceID{"mail", "files"} {
		_, err := w.Keeper("acme").Make(context.Background(), ada, promiseOn(s, w.now))
		require.NoError(tb, err)
	}
	return w
}

func promiseOn(s servicecoin.ServiceID, now time.Time) sla.Promise {
	d := decimal.RequireFromString
	return sla.Promise{
		ID: servicecoin.PromiseID(s), Service: s, Objective: d("99.9"), Terms: sla.Terms{Weights: sla.Weights{"outage": d("1"), "disruption": d("0.5")}},
		Bands: sla.Bands{{Below: d("99.9"), Credit: d("10")}, {Below: d("99"), Credit: d("25")}}, ValidFrom: now.AddDate(-1, 0, 0),
	}
}

// dry steps the exchange until it does nothing.
func (w *world) dry(tb require.TestingT) {
	for {
		done, err := w.exchange.Step(context.Background(), 100)
		require.NoError(tb, err)
		if done.Effects+done.Skipped == 0 {
			return
		}
	}
}

// settled holds every report that was issued against the facts as they are now.
func (w *world) settled(tb require.TestingT) {
	ctx := context.Background()
	w.dry(tb)
	_, err := w.CloseDue(ctx, ada, "acme")
	require.NoError(tb, err)
	keeper := w.Keeper("acme")
	for _, p := range []servicecoin.PromiseID{"mail", "files"} {
		for m := january.Add(-2); m.Compare(january.Add(12)) < 0; m = m.Next() {
			standing, err := keeper.Standing(ctx, p, m)
			require.NoError(tb, err)
			if standing.Edition == 0 {
				continue
			}
			var issued sla.Report
			for r, err := range keeper.Reports(m).All(ctx) {
				require.NoError(tb, err)
				if r.Promise.ID == p && r.State == sla.Issued {
					issued = r
				}
			}
			draft, err := keeper.Month(ctx, p, m)
			require.NoError(tb, err)
			require.Equal(tb, draft.Figures.Down.String(), issued.Figures.Down.String(), "%s in %s, edition %d", p, m, issued.Edition)
			require.True(tb, standing.Credited.Equal(draft.Figures.Credit.Decimal), "%s in %s: credited %s, %s is due", p, m, standing.Credited, draft.Figures.Credit.Decimal)
		}
	}
}

// What is taken away from a month that was closed while an incident was live is
// found, however it is taken away.
func TestMonthsClosedWhileAnIncidentIsLive(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	began := time.Date(2026, 1, 30, 0, 0, 0, 0, time.UTC)
	at := func(month, day int) time.Time { return time.Date(2026, time.Month(month), day, 0, 0, 0, 0, time.UTC) }
	live := func(w *world, effects ...incident.Effect) func(servicecoin.IncidentID) error {
		return func(id servicecoin.IncidentID) error {
			_, err := w.Desk().Affect(ctx, ada, id, effects...)
			return err
		}
	}
	for name, change := range map[string]func(*world) func(servicecoin.IncidentID) error{
		"restored earlier": func(w *world) func(servicecoin.IncidentID) error {
			return func(id servicecoin.IncidentID) error {
				_, err := w.Desk().Resolve(ctx, ada, id, incident.Resolution{Text: "Over for long", Restored: began.Add(18 * time.Minute)})
				return err
			}
		},
		"ended earlier": func(w *world) func(servicecoin.IncidentID) error {
			return live(w, incident.Effect{Number: 1, Service: "mail", Level: incident.Outage, From: began, Until: began.Add(time.Hour)})
		},
		"moved": func(w *world) func(servicecoin.IncidentID) error {
			return live(w, incident.Effect{Number: 1, Service: "mail", Level: incident.Outage, From: at(3, 4), Until: at(3, 5)})
		},
		"less bad": func(w *world) func(servicecoin.IncidentID) error {
			return live(w, incident.Effect{Number: 1, Service: "mail", Level: incident.Disruption, From: began})
		},
		"less bad for a while": func(w *world) func(servicecoin.IncidentID) error {
			return live(w, incident.Effect{Number: 1, Service: "mail", Level: incident.Outage, From: began, Until: at(2, 10)},
				incident.Effect{Service: "mail", Level: incident.Disruption, From: at(2, 10)})
		},
		"another service": func(w *world) func(servicecoin.IncidentID) error {
			return live(w, incident.Effect{Number: 1, Service: "files", Level: incident.Outage, From: began})
		},
		"another service as well": func(w *world) func(servicecoin.IncidentID) error {
			return live(w, incident.Effect{Service: "files", Level: incident.Outage, From: began, Until: at(2, 20)})
		},
		"called off": func(w *world) func(servicecoin.IncidentID) error {
			return func(id servicecoin.IncidentID) error {
				_, err := w.Desk().Cancel(ctx, ada, id, "A false alarm")
				return err
			}
		},
		"another incident from long ago": func(w *world) func(servicecoin.IncidentID) error {
			return func(servicecoin.IncidentID) error {
				_, err := w.Desk().Open(ctx, ada, incident.Report{Title: "Slow", Began: began.AddDate(0, -1, 0), Effects: []incident.Effect{
					{Service: "files", Level: incident.Disruption, From: began.AddDate(0, -1, 0)},
				}})
				return err
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			i, err := w.Desk().Open(ctx, ada, incident.Report{Title: "Down", Effects: []incident.Effect{{Service: "mail", Level: incident.Outage, From: w.now}}})
			require.NoError(t, err)
			for m := january; m.Month < time.March; m = m.Next() {
				w.now = m.In(time.UTC).End.AddDate(0, 0, 1)
				w.dry(t)
				_, err := w.CloseMonth(ctx, ada, "acme", m)
				require.NoError(t, err)
			}
			w.now = at(3, 5)
			require.NoError(t, change(w)(i.ID))
			w.settled(t)
			// It stays right when it is over.
			w.now = at(3, 6)
			if name != "restored earlier" && name != "called off" {
				_, err = w.Desk().Resolve(ctx, ada, i.ID, incident.Resolution{Text: "Over"})
				require.NoError(t, err)
			}
			w.settled(t)
		})
	}
}

// While nothing of a month that is over changes, nothing is due.
func TestALiveIncidentMarksNoRunningMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hour := w.now.Add(-time.Hour)
	_, err := w.Desk().Open(t.Context(), ada, incident.Report{Title: "Down", Began: hour, Effects: []incident.Effect{{Service: "mail", Level: incident.Outage, From: hour}}})
	require.NoError(t, err)
	w.dry(t)
	for m, err := range w.Keeper("acme").Due().All(t.Context()) {
		require.NoError(t, err)
		t.Errorf("%s of %s is due", m.Month, m.Promise)
	}
}

// Whatever happens to incidents, in whatever order months are closed and the
// exchange runs: in the end each report says what the facts say.
func TestReportsFollowTheFacts(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		var ids []servicecoin.IncidentID
		levels := []incident.Level{incident.Outage, incident.Disruption}
		effect := func() incident.Effect {
			e := incident.Effect{
				Number: rapid.IntRange(0, 3).Draw(t, "number"), Service: rapid.SampledFrom([]servicecoin.ServiceID{"mail", "files"}).Draw(t, "service"),
				Level: rapid.SampledFrom(levels).Draw(t, "level"), From: w.now.AddDate(0, 0, -rapid.IntRange(0, 70).Draw(t, "ago")),
			}
			if rapid.Bool().Draw(t, "ended") {
				e.Until = e.From.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "hours")) * time.Hour)
			}
			return e
		}
		for range rapid.IntRange(3, 25).Draw(t, "steps") {
			var err error
			some := func() servicecoin.IncidentID { return rapid.SampledFrom(ids).Draw(t, "incident") }
			act := rapid.IntRange(0, 9).Draw(t, "act")
			if len(ids) == 0 && act > 2 && act < 8 {
				act = 0
			}
			switch act {
			case 0, 1:
				e := effect()
				e.Number = 0
				var i incident.Incident
				i, err = w.Desk().Open(ctx, ada, incident.Report{Title: "Down", Began: e.From.AddDate(0, 0, -rapid.IntRange(0, 40).Draw(t, "before")), Effects: []incident.Effect{e}})
				if err == nil {
					ids = append(ids, i.ID)
				}
			case 2:
				w.now = w.now.AddDate(0, 0, rapid.IntRange(1, 20).Draw(t, "days"))
			case 3, 4:
				_, err = w.Desk().Affect(ctx, ada, some(), effect())
			case 5:
				_, err = w.Desk().Resolve(ctx, ada, some(), incident.Resolution{Text: "Over", Restored: w.now.AddDate(0, 0, -rapid.IntRange(0, 60).Draw(t, "ago"))})
			case 6:
				_, err = w.Desk().Reopen(ctx, ada, some(), "It was not over")
			case 7:
				_, err = w.Desk().Cancel(ctx, ada, some(), "It was none")
			case 8:
				_, err = w.CloseMonth(ctx, ada, "acme", calendar.MonthOf(w.now, time.UTC).Add(-rapid.IntRange(1, 2).Draw(t, "months")))
			case 9:
				_, err = w.exchange.Step(ctx, rapid.IntRange(1, 5).Draw(t, "events"))
			}
			if err != nil && !errors.Is(err, servicecoin.ErrRefused) && !errors.Is(err, servicecoin.ErrInvalid) {
				t.Fatal(err)
			}
		}
		w.settled(t)
	})
}

// A promise that cannot be closed keeps no other from it, and is named.
func TestOnePromiseThatCannotBeClosed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	broken := errors.New("the monitor is away")
	var services catalog.MemoryDirectory
	now := time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC)
	c, err := coin.New(store.New(memory.New(), &store.Options{Now: func() time.Time { return now }}), &services, &coin.Options{
		Covered: func(_ context.Context, s servicecoin.ServiceID, during calendar.Interval) (calendar.Set, error) {
			if s == "files" {
				return calendar.Set{}, broken
			}
			return calendar.SetOf(during), nil
		},
	})
	require.NoError(t, err)
	for _, s := range []servicecoin.ServiceID{"archive", "files", "mail"} {
		_, err := c.Keeper("acme").Make(ctx, ada, promiseOn(s, now))
		require.NoError(t, err)
	}
	done, err := c.CloseMonth(ctx, ada, "acme", january)
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "promise files on files, 2026-01")
	open, ok := errors.AsType[*slaroom.NotClosed](err)
	require.True(t, ok)
	require.Equal(t, servicecoin.PromiseID("files"), open.Promise)
	require.Len(t, done.Closed, 2)
	require.Len(t, done.Open, 1)

	// The same where months are closed again.
	for _, p := range []servicecoin.PromiseID{"archive", "files", "mail"} {
		require.NoError(t, c.Keeper("acme").MarkDue(ctx, ada, p, january, servicecoin.Key{Customer: "acme", Kind: "k", ID: "x"}))
	}
	_, err = c.CloseDue(ctx, ada, "acme")
	require.NoError(t, err, "files has no report yet, and is left to CloseMonth")
	var due []servicecoin.PromiseID
	for m, err := range c.Keeper("acme").Due().All(ctx) {
		require.NoError(t, err)
		due = append(due, m.Promise)
	}
	require.Equal(t, []servicecoin.PromiseID{"files"}, due)
}

// The second day of a month is no time for a verdict.
func TestSpinOfARunningMonth(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	december := calendar.Month{Year: 2026, Month: time.December}
	w.now = time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC)
	spin, err := w.Spin(ctx, "acme", december)
	require.NoError(t, err)
	require.Equal(t, "The three sides are in balance.", spin.Sentence())
	p := exchange.Of[slaroom.Kept](spin.Rows[0].Parts).Promises[0]
	require.Equal(t, sla.OnCourse, p.Verdict)
	require.Equal(t, "100", p.Known.Decimal.String())
	require.Equal(t, "2678.4", p.Left.String(), "the budget of a month")

	i, err := w.Desk().Open(ctx, ada, incident.Report{Title: "Down", Effects: []incident.Effect{{Service: "mail", Level: incident.Outage, From: w.now}}})
	require.NoError(t, err)
	said := func(took time.Duration) string {
		w.now = time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC).Add(took)
		spin, err := w.Spin(ctx, "acme", december)
		require.NoError(t, err)
		return spin.Sentence()
	}
	require.Equal(t, "Mail has been available for 99.497 % so far: if it goes on like that, the promised 99.9 % will be missed.", said(10*time.Minute))
	require.Equal(t, "Mail has been available for 97.059 % so far, 99.9 % were promised: a credit of 10 % is expected.", said(time.Hour))
	_, err = w.Desk().Resolve(ctx, ada, i.ID, incident.Resolution{Text: "Over"})
	require.NoError(t, err)

	w.now = time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC)
	require.Contains(t, said(31*24*time.Hour), "a credit of 10 % is expected.")
	_, err = w.CloseMonth(ctx, ada, "acme", december)
	require.NoError(t, err)
	require.Equal(t, "Mail was available for 99.866 %, 99.9 % were promised: a credit of 10 % is due.", said(31*24*time.Hour))

	// Something is known to have happened, and the terms say nothing of it.
	w.now = time.Date(2027, 1, 10, 0, 0, 0, 0, time.UTC)
	_, err = w.Desk().Open(ctx, ada, incident.Report{Title: "Odd", Effects: []incident.Effect{{Service: "mail", Level: incident.Information, From: w.now.Add(-time.Hour)}}, Began: w.now.Add(-time.Hour)})
	require.NoError(t, err)
	spin, err = w.Spin(ctx, "acme", december.Next())
	require.NoError(t, err)
	require.Equal(t, []sla.Level{"information"}, exchange.Of[slaroom.Kept](spin.Rows[1].Parts).Promises[0].Uncounted)
	require.Equal(t, "Mail: what happened does not count, since the promise gives it no weight: information.", spin.Sentence())
}
